// SPDX-License-Identifier: GPL-2.0-or-later
#include "sensors/address/watch_verb.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "capture/capture.h"
#include "capture/codes.h"
#include "sensors/address/codes.h"
#include "sensors/address/watch.h"

#define PROGRESS_PACKETS (1u << 18)

/* How often findings are told live, and at most this part of the time goes into looking for them.
 */
#define NS_PER_S INT64_C(1000000000)
#define TELL_NS NS_PER_S
#define TELL_PART 20

struct watching {
    struct pk_cli *c;
    const struct pk_watch_options *o;
    struct pk_watch watch;
    struct pk_vendors vendors;
    struct pk_redact redact;
    struct pk_capture *capture;
    struct pk_findings *to;
    bool live;                 /* findings are told as they are made */
    struct pk_seen_table told; /* those that were */
    uint64_t told_packets;     /* how many there were then */
    int64_t tell_at;           /* ns, monotonic: not before */
    uint64_t packets, unread[PK_UNREAD_N];
};

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    stopped = 1;
}

/* SA_RESETHAND: a second signal ends the program even if the report takes long. */
static void catch_signals(void)
{
    const struct sigaction sa = {.sa_handler = stop, .sa_flags = SA_RESETHAND};

    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
}

/* An interface of that name is meant before a file of it: ./eth0 is the file. */
static int open_input(struct watching *w)
{
    const char *input = w->o->input;

    if (!if_nametoindex(input))
        return pk_capture_open(input, &w->c->d, &w->capture);
    catch_signals();
    w->live = true;
    return pk_capture_live(input, &stopped, &w->c->d, &w->capture);
}

static void progress(const struct watching *w, bool end)
{
    if (w->packets < PROGRESS_PACKETS || (!end && w->packets % PROGRESS_PACKETS) ||
        !isatty(STDERR_FILENO))
        return;
    if (end)
        fputs("\r\033[K", stderr);
    else
        fprintf(stderr, "\r%s: %" PRIu64 " packets", w->o->input, w->packets);
}

static int64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static int find(struct watching *w)
{
    const struct pk_watch_report report = {.watch = &w->watch,
                                           .vendors = &w->vendors,
                                           .redact = &w->redact,
                                           .rate = w->o->rate,
                                           .where = w->o->input,
                                           .to = w->to,
                                           .told = w->live ? &w->told : NULL};

    return pk_watch_report(&report);
}

/* What is new since the last time. */
static int tell(struct watching *w)
{
    int64_t begin = now();
    int r;

    if (begin < w->tell_at || w->packets == w->told_packets)
        return 0;
    r = find(w);
    w->tell_at = begin + PK_MAX(TELL_NS, (now() - begin) * TELL_PART);
    w->told_packets = w->packets;
    return r ? r : fflush(stdout) ? -EIO : 0;
}

static void take(struct watching *w, const struct pk_capture_packet *p)
{
    enum pk_unread unread;

    pk_layers(p, pk_watch_header, &w->watch, &unread);
    w->unread[unread]++;
    w->packets++;
}

/* Until the end. 0 or -errno; *ret: what the capture ended with. */
static int take_all(struct watching *w, int *ret)
{
    struct pk_capture_packet p;
    int r = 1, e = 0;

    while (!e && (!w->o->packets || (double)w->packets < w->o->packets)) {
        r = pk_capture_next(w->capture, &p);
        if (r > 0)
            take(w, &p);
        else if (r != -EAGAIN)
            break;
        if (w->live)
            e = tell(w);
        else
            progress(w, false);
    }
    progress(w, true);
    *ret = r == -EAGAIN ? 0 : PK_MIN(r, 0);
    return e;
}

/* What the capture ended with, if not well: diagnosed, and what was read before stands. */
static int read_to_end(struct watching *w, int r)
{
    const struct pk_place at = {w->o->input, 0, 0};

    if (r == -ENODATA) {
        pk_warn(&w->c->d, PK_D_CAPTURE_CUT, at, NULL, "%s", pk_capture_trouble(w->capture));
        return 0;
    }
    if (r < 0)
        pk_error(&w->c->d, PK_D_CAPTURE_DAMAGED, at, "what stands before it was read", "%s",
                 pk_capture_trouble(w->capture));
    return r;
}

static int prepare(struct watching *w)
{
    uint64_t seed = 0;
    int r = pk_vendors_load(&w->vendors, PK_VENDOR_DIR, &w->c->d);

    if (r && r != -ENOENT)
        return r;
    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
        return -EIO;
    pk_watch_init(&w->watch, seed);
    pk_seen_table_init(&w->told, PK_WATCH_ADDRESSES_MAX, sizeof(struct pk_watch_told),
                       sizeof(struct pk_u128), seed);
    if (!w->o->redact)
        return 0;
    r = w->o->key ? pk_redact_key_file(&w->redact, w->o->key) : pk_redact_key_random(&w->redact);
    if (r)
        pk_error(&w->c->d, PK_D_WATCH_KEY, ((struct pk_place){w->o->key, 0, 0}),
                 "as: head -c 32 /dev/urandom > key", "no key: %s",
                 r == -EINVAL ? "it has less than 16 bytes" : strerror(-r));
    return r;
}

static void tell_losses(struct watching *w)
{
    uint64_t beyond = pk_watch_beyond(&w->watch) + w->told.beyond,
             lost = pk_capture_lost(w->capture);

    if (beyond)
        pk_warn(&w->c->d, PK_D_WATCH_FULL, PK_NOWHERE, NULL,
                "more was seen than is remembered: %" PRIu64
                " times there was no room (%u addresses, %u of anything else)",
                beyond, PK_WATCH_ADDRESSES_MAX, PK_WATCH_OTHERS_MAX);
    if (lost)
        pk_warn(&w->c->d, PK_D_CAPTURE_LOST, PK_NOWHERE, NULL,
                "the kernel lost %" PRIu64 " packets that were not read in time", lost);
}

static void summary_json(const struct watching *w)
{
    json_t *unread = json_object();

    for (int u = PK_UNREAD_NOT + 1; u < PK_UNREAD_N; u++)
        json_object_set_new(unread, pk_unread_name((enum pk_unread)u),
                            json_integer((json_int_t)w->unread[u]));
    json_object_set_new(w->c->obj, "capture",
                        json_pack("{s:I,s:I,s:I,s:I,s:I,s:o}", "packets", (json_int_t)w->packets,
                                  "headers", (json_int_t)w->watch.headers, "addresses",
                                  (json_int_t)w->watch.addresses.n, "malformed",
                                  (json_int_t)w->watch.malformed, "no_room",
                                  (json_int_t)pk_watch_beyond(&w->watch), "unread", unread));
}

static void summary_text(const struct watching *w, struct pk_buf *b)
{
    pk_buf_fmt(b, "%" PRIu64 " packets, %" PRIu64 " IPv6 headers, %zu addresses", w->packets,
               w->watch.headers, w->watch.addresses.n);
    if (w->watch.malformed)
        pk_buf_fmt(b, ", %" PRIu64 " malformed messages", w->watch.malformed);
    for (int u = PK_UNREAD_NOT + 1; u < PK_UNREAD_N; u++)
        if (w->unread[u])
            pk_buf_fmt(b, ", %" PRIu64 " not read (%s)", w->unread[u],
                       pk_unread_name((enum pk_unread)u));
}

/* Counts and metrics are of all of it: they stand at the end. */
static int begin_findings(struct watching *w)
{
    json_t *list = json_array();

    w->live = w->live && !w->c->json &&
              (w->o->format == PK_FINDINGS_TABLE || w->o->format == PK_FINDINGS_JSONL);
    json_object_set_new(w->c->obj, "findings", list);
    return pk_findings_new(w->c->json ? PK_FINDINGS_DOCUMENT : w->o->format, stdout, list, &w->to);
}

static int report(struct watching *w, uint64_t *n)
{
    _pk_buf_ struct pk_buf summary = PK_BUF_INIT(4096);
    int e = find(w);

    if (!e)
        e = pk_findings_end(w->to);
    if (e)
        return e;
    *n = pk_findings_count(w->to);
    if (pk_findings_dropped(w->to))
        pk_warn(&w->c->d, PK_D_WATCH_FULL, PK_NOWHERE, NULL,
                "%" PRIu64 " findings are not in this, which holds %u", pk_findings_dropped(w->to),
                PK_FINDINGS_MAX);
    summary_json(w);
    summary_text(w, &summary);
    if (w->o->format == PK_FINDINGS_TABLE && !w->c->json)
        printf("%s%s\n", *n ? "\n" : "", summary.data ? summary.data : "");
    else
        pk_cli_say(w->c, "%s", summary.data ? summary.data : "");
    return summary.failed;
}

static int watch(struct watching *w)
{
    struct pk_cli *c = w->c;
    uint64_t findings = 0;
    int r = prepare(w), end;

    if (!r)
        r = open_input(w);
    if (!r)
        r = begin_findings(w);
    if (r)
        return pk_cli_end(c, pk_cli_refused(c, r, "watching"));
    if (if_nametoindex(w->o->input))
        pk_cli_say(c, "watching %s; Ctrl-C ends it", w->o->input);
    r = take_all(w, &end);
    end = read_to_end(w, end);
    if (!r)
        r = report(w, &findings);
    tell_losses(w);
    if (r)
        return pk_cli_end(c, pk_cli_refused(c, r, "reporting"));
    return pk_cli_end(c, end ? PK_EXIT_USAGE : findings ? PK_EXIT_NO : PK_EXIT_DONE);
}

int pk_watch_verb(struct pk_cli *c, const struct pk_watch_options *o)
{
    struct watching w = {.c = c, .o = o};
    int r = watch(&w);

    pk_capture_free(&w.capture);
    pk_findings_free(&w.to);
    pk_seen_table_done(&w.told);
    pk_watch_done(&w.watch);
    pk_vendors_done(&w.vendors);
    return r;
}
