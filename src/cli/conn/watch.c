// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>

#include "base/buf.h"
#include "base/out.h"
#include "cli/codes.h"
#include "cli/conn/conn.h"

#define PAUSE_MS 1000
#define EVENTS_SYSCTL "/proc/sys/net/netfilter/nf_conntrack_events"

struct watch {
    struct pk_cli *c;
    const struct pk_conn_wish *wish;
    uint64_t n, lost; /* events shown; times that some were lost */
};

/* One JSON document a line. */
static int print_line(json_t *o)
{
    int r = o && !json_object_set_new(o, "schema", json_string("picket.conn-event/1")) &&
                    !json_dumpf(o, stdout, JSON_COMPACT | JSON_SORT_KEYS) && putchar('\n') != EOF
                ? 0
                : -EIO;

    json_decref(o);
    return r;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int show(void *arg, enum pk_conn_event e, const struct pk_conn *conn)
{
    struct watch *w = arg;

    if (w->wish->count && w->n == w->wish->count)
        return 0;
    w->n++;
    if (w->c->json)
        return print_line(json_pack("{s:s,s:f,s:o}", "event", pk_conn_event_name(e), "time", now(),
                                    "connection", pk_conn_json(conn)));
    pk_conn_print(conn, pk_conn_event_name(e));
    return 0;
}

static int show_loss(struct watch *w)
{
    w->lost++;
    if (w->c->json)
        return print_line(json_pack("{s:s,s:f}", "event", "lost", "time", now()));
    puts("lost    events came faster than they were read; some are missing here");
    return 0;
}

/* nf_conntrack_events 0: nothing is told to anybody. It may not be there to be read. */
static void warn_mute(struct pk_cli *c)
{
    _pk_buf_ struct pk_buf text = {.data = NULL};

    if (!pk_file_read(EVENTS_SYSCTL, 16, &text) && text.len && text.data[0] == '0')
        pk_warn(&c->d, PK_D_NO_EVENTS, PK_NOWHERE, "sysctl net.netfilter.nf_conntrack_events=1",
                "Linux is told to tell nobody of connections: no event will come");
}

/* A descriptor that is readable when somebody wants this to end. */
static int end_signal(void)
{
    sigset_t set;
    int fd;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL))
        return -errno;
    fd = signalfd(-1, &set, SFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static bool enough(const struct watch *w)
{
    return w->wish->count && w->n >= w->wish->count;
}

/* What Linux tells, when it does; the own table once a second. */
static int follow(struct watch *w, struct pk_conn_watch *events, int end)
{
    struct pollfd p[] = {{.fd = events->fd, .events = POLLIN}, {.fd = end, .events = POLLIN}};
    int r = 0;

    while (!r && !enough(w)) {
        if (fflush(stdout))
            return -EIO;
        if (poll(p, 2, events->fd < 0 ? PAUSE_MS : -1) < 0 && errno != EINTR)
            return -errno;
        if (p[1].revents)
            return 0;
        r = pk_conn_watch_read(events, &w->wish->filter, show, w);
        if (r == -ENOBUFS)
            r = show_loss(w);
        if (r == -ESTALE)
            pk_error(&w->c->d, PK_D_NONE_STANDS, PK_NOWHERE, NULL,
                     "the fence has been taken down, and its table of connections with it");
    }
    return r;
}

enum pk_exit pk_conn_follow(struct pk_cli *c, const struct pk_conn_source *s,
                            const struct pk_conn_wish *wish)
{
    _pk_conn_watch_ struct pk_conn_watch events = {.fd = -1};
    struct watch w = {.c = c, .wish = wish};
    _pk_close_ int end = end_signal();
    int r = end < 0
                ? end
                : pk_conn_watch_open(s, wish->events ? wish->events : (1u << PK_CONN_EVENTS) - 1,
                                     &events, &c->d);

    if (!s->fence)
        warn_mute(c);
    if (!r && !c->json)
        pk_conn_print_head(true);
    if (!r)
        r = follow(&w, &events, end);
    c->line = true;
    json_object_set_new(c->obj, "events", json_integer((json_int_t)w.n));
    json_object_set_new(c->obj, "lost", json_integer((json_int_t)w.lost));
    return r ? pk_cli_refused(c, r, "cannot watch connections") : PK_EXIT_DONE;
}
