// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connections that stay under a flood of SYNs: 10,000 of them, on which a client asks in turn, and
 * 100,000 SYNs a second of sources that are made up, to a port that the rules close, and to the one
 * that is open, where each makes an entry.
 *
 *        CPU of the bench (B)                       another CPU (A)
 *   +------------------------+      veth      +--------------------------------+
 *   | flood, paced           | s0 ======== r0 | NAPI thread of r0: the subject |
 *   +------------------------+                | server; client (at s0)         |
 *                                             +--------------------------------+
 *
 * Client and server keep A busy with what the flood leaves of it: what they carry says what the
 * flood takes. The bare program drops all SYNs, whatever their port: the connections were there
 * before.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/macro.h"
#include "cli/bench/bench.h"
#include "cli/bench/http.h"
#include "cli/bench/talk.h"
#include "cli/codes.h"
#include "kernel/napi.h"

#define PK_SYN_RATE 100000.0 /* a second */
#define PK_SYN_BURST PK_LIVE_BATCH
#define PK_SYN_CLOSED 81
#define PK_SYN_WARM 0.3 /* seconds, before */
#define PK_SYN_SECONDS 2.0
#define PK_SYN_SECONDS_QUICK 0.3
#define PK_SYN_CONNECT 60.0 /* seconds until all connections stand, and */
#define PK_SYN_LAST 10.0    /* for one more to answer at the end */

static const struct pk_bench_subject pk_syn_subjects[] = {
    {"no firewall", .bare = true, .start = pk_bench_nothing, .judged = pk_bench_none_judged},
    {"XDP_DROP", .bare = true, .start = pk_bench_nothing, .judged = pk_bench_none_judged},
    {"picket xdp", .start = pk_bench_picket_start, .judged = pk_bench_none_judged,
     .stop = pk_bench_picket_stop, .arg = "xdp"},
    {"picket tc", .start = pk_bench_picket_start, .judged = pk_bench_none_judged,
     .stop = pk_bench_picket_stop, .arg = "tc"},
    {"picket netfilter", .start = pk_bench_picket_start, .judged = pk_bench_none_judged,
     .stop = pk_bench_picket_stop, .arg = "netfilter"},
    {"iptables-legacy", .start = pk_bench_iptables_start, .judged = pk_bench_none_judged,
     .arg = "legacy"},
    {"nft", .start = pk_bench_stateful_nft_start, .judged = pk_bench_none_judged},
};
#define PK_SYN_BARE 1 /* of them */
#define PK_SYN_SUBJECTS PK_ARRAY_SIZE(pk_syn_subjects)

static const struct {
    const char *name;
    uint16_t port;
} pk_syn_floods[] = {{"closed", PK_SYN_CLOSED}, {"open", PK_TALK_PORT}};
/* No firewall has no flood, the others have each. */
#define PK_SYN_LINES (1 + (PK_SYN_SUBJECTS - 1) * PK_ARRAY_SIZE(pk_syn_floods))

struct pk_syn_rig {
    struct pk_bench_rig rig;
    pid_t server, client;          /* the client is stopped while others are measured */
    struct pk_talk_shared *shared; /* with it */
    char address[16];              /* the server's */
};

struct pk_syn {
    struct pk_bench *b;
    struct pk_bench_set set;
    struct pk_syn_rig rigs[PK_SYN_SUBJECTS];
    struct pk_talk_shared *shared; /* one for each rig */
};

static uint64_t pk_syn_answers(const struct pk_syn_rig *x)
{
    return __atomic_load_n(&x->shared->answers, __ATOMIC_RELAXED);
}

/* Waits until the client has all its connections. 0 or -errno. */
static int pk_syn_connected(struct pk_syn_rig *x)
{
    double end = pk_bench_clock() + PK_SYN_CONNECT;

    while (!pk_syn_answers(x)) {
        if (pk_bench_clock() > end || pk_bench_stopping())
            return -ETIMEDOUT;
        pk_bench_flood(&x->rig, 0, 0, pk_bench_clock() + 0.01);
    }
    return kill(x->client, SIGSTOP) < 0 ? -errno : 0;
}

static int pk_syn_talk(struct pk_syn *s, struct pk_syn_rig *x)
{
    int cpu = s->b->other_cpu, r = pk_napi_thread(&x->rig.ns, PK_BENCH_IN, cpu);

    if (r)
        return r;
    x->server = pk_talk_serve(&x->rig.ns, cpu);
    if (x->server < 0)
        return x->server;
    x->client = pk_talk_ask(&s->b->out, x->address, cpu, x->shared);
    r = x->client < 0 ? x->client : pk_syn_connected(x);
    if (!r && x->rig.subject == &pk_syn_subjects[PK_SYN_BARE])
        r = pk_bench_drop_syn_start(&x->rig); /* no connection would come to be behind it */
    return r;
}

static int pk_syn_open(struct pk_syn *s, unsigned k, struct pk_diags *d)
{
    struct pk_syn_rig *x = &s->rigs[k];
    int r;

    x->rig.subject = &pk_syn_subjects[k];
    x->rig.set = x->rig.subject->bare ? NULL : &s->set;
    r = pk_bench_stateful_rig(s->b, &x->rig, k, x->address, d);
    if (r || x->rig.state != PK_BENCH_READY)
        return r;
    r = pk_syn_talk(s, x);
    if (r == -ESRCH) /* the receiver's NAPI thread */
        pk_bench_rig_missing(&x->rig, PK_BENCH_UNSEEN);
    else if (r)
        pk_bench_rig_failed(&x->rig, "%u of %u connections: %s", x->shared->connected,
                            PK_TALK_CONNECTIONS, strerror(-r));
    return 0;
}

/* SYNs to one port of a rig's server, each of another source. */
static int pk_syn_aim(struct pk_syn *s, const struct pk_syn_rig *x, uint16_t port, uint64_t seed)
{
    struct pk_bench_flow4 *slots = pk_live_slots4(s->b->sender);
    struct pk_bench_flow4 to = {.dport = htons(port), .proto = IPPROTO_TCP};

    if (inet_pton(AF_INET, x->address, &to.daddr) != 1)
        return -EINVAL;
    for (unsigned i = 0; i < PK_BENCH_SLOTS; i++)
        slots[i] = to;
    return pk_live_order(s->b->sender, PK_BENCH_SPOOFED, seed);
}

static struct pk_syn_rig *pk_syn_rig_of(struct pk_syn *s, const struct pk_bench_carried *c)
{
    return &s->rigs[c->subject - pk_syn_subjects];
}

static int pk_syn_measure(struct pk_syn *s, struct pk_bench_carried *c, uint64_t seed)
{
    double rate = 0, start, seconds = s->b->wish.ms < 80 ? PK_SYN_SECONDS_QUICK : PK_SYN_SECONDS;
    struct pk_syn_rig *x = pk_syn_rig_of(s, c);
    uint64_t answers, sent;
    int r;

    for (size_t i = 0; i < PK_ARRAY_SIZE(pk_syn_floods); i++)
        if (!strcmp(c->flood, pk_syn_floods[i].name)) {
            r = pk_syn_aim(s, x, pk_syn_floods[i].port, seed);
            if (r)
                return r;
            rate = PK_SYN_RATE;
        }
    kill(x->client, SIGCONT);
    c->sent += pk_bench_flood(&x->rig, PK_SYN_BURST, rate, pk_bench_clock() + PK_SYN_WARM);
    answers = pk_syn_answers(x);
    start = pk_bench_clock();
    sent = pk_bench_flood(&x->rig, PK_SYN_BURST, rate, start + seconds);
    answers = pk_syn_answers(x) - answers;
    seconds = pk_bench_clock() - start;
    kill(x->client, SIGSTOP);
    c->sent += sent;
    c->answers[c->n] = (double)answers / seconds;
    c->offered[c->n++] = (double)sent / seconds;
    return 0;
}

/* How many connections answer once more. */
static unsigned pk_syn_alive(struct pk_syn_rig *x)
{
    static uint32_t before[PK_TALK_CONNECTIONS];
    double end = pk_bench_clock() + PK_SYN_LAST;
    unsigned alive = 0, last;

    memcpy(before, x->shared->each, sizeof(before));
    kill(x->client, SIGCONT);
    while (alive < PK_TALK_CONNECTIONS && pk_bench_clock() < end && !pk_bench_stopping()) {
        pk_bench_flood(&x->rig, 0, 0, pk_bench_clock() + 0.01);
        last = alive;
        alive = 0;
        for (unsigned i = 0; i < PK_TALK_CONNECTIONS; i++)
            alive += __atomic_load_n(&x->shared->each[i], __ATOMIC_RELAXED) != before[i];
        if (alive > last)
            end = pk_bench_clock() + PK_SYN_LAST;
    }
    kill(x->client, SIGSTOP);
    return alive;
}

/* All rounds of the lines `from` and up, before `to`. */
static void pk_syn_rounds_of(struct pk_syn *s, size_t from, size_t to)
{
    struct pk_bench *b = s->b;

    for (unsigned i = 0; i < b->wish.rounds; i++)
        for (size_t j = from; j < to && !pk_bench_stopping(); j++) {
            size_t k = i % 2 ? from + to - 1 - j : j;
            char what[96];

            snprintf(what, sizeof(what), "a flood of SYNs, round %u: %s", i + 1,
                     b->carried[k].subject->name);
            pk_bench_progress(what, (double)(from * b->wish.rounds + i * (to - from) + j - from) /
                                        (double)(b->wish.rounds * PK_SYN_LINES));
            if (b->carried[k].state == PK_BENCH_READY &&
                pk_syn_measure(s, &b->carried[k], i * PK_SYN_LINES + k))
                b->carried[k].state = PK_BENCH_FAILED;
        }
}

/*
 * One flood after the other, the one that makes entries last: a full table (nf_conntrack_max)
 * searches for an entry to drop (__nf_conntrack_alloc) at each SYN, even one that the rules drop.
 */
static int pk_syn_rounds(struct pk_syn *s)
{
    int back, r = pk_netns_enter(&s->b->out, &back);

    if (r)
        return r;
    pk_syn_rounds_of(s, 0, PK_SYN_SUBJECTS); /* no firewall, and the others' closed port */
    pk_syn_rounds_of(s, PK_SYN_SUBJECTS, PK_SYN_LINES);
    return pk_netns_leave(&back) < 0 ? -EIO : 0;
}

/* What is measured: a line for each subject and flood. */
static void pk_syn_plan(struct pk_syn *s)
{
    for (size_t i = 0; i < PK_SYN_LINES; i++) {
        size_t k = i ? 1 + (i - 1) % (PK_SYN_SUBJECTS - 1) : 0;
        struct pk_bench_carried *c = &s->b->carried[i];

        *c = (struct pk_bench_carried){
            .subject = &pk_syn_subjects[k],
            .flood = i ? pk_syn_floods[(i - 1) / (PK_SYN_SUBJECTS - 1)].name : "none",
            .state = s->rigs[k].rig.state,
        };
        snprintf(c->why, sizeof(c->why), "%s", s->rigs[k].rig.why);
    }
    s->b->n_carried = PK_SYN_LINES;
}

static int pk_syn_run(struct pk_syn *s, struct pk_diags *d)
{
    struct pk_bench *b = s->b;
    int r = pk_bench_sender(b, PK_IPV4, d);

    for (unsigned k = 0; k < PK_SYN_SUBJECTS && !r && !pk_bench_stopping(); k++) {
        char what[64];

        snprintf(what, sizeof(what), "%u connections: %s", PK_TALK_CONNECTIONS,
                 pk_syn_subjects[k].name);
        pk_bench_progress(what, 0);
        r = pk_syn_open(s, k, d);
    }
    if (r || pk_bench_stopping())
        return r;
    pk_syn_plan(s);
    r = pk_bench_urgent(true);
    if (!r)
        r = pk_syn_rounds(s);
    pk_bench_urgent(false);
    for (size_t i = 0; i < b->n_carried && !r; i++)
        if (b->carried[i].n)
            b->carried[i].alive = pk_syn_alive(pk_syn_rig_of(s, &b->carried[i]));
    return r;
}

static void pk_syn_close(struct pk_syn *s)
{
    for (unsigned k = 0; k < PK_SYN_SUBJECTS; k++) {
        pk_http_end(&s->rigs[k].client);
        pk_http_end(&s->rigs[k].server);
        pk_bench_rig_close(&s->rigs[k].rig);
    }
    pk_buf_done(&s->set.text);
    munmap(s->shared, PK_SYN_SUBJECTS * sizeof(*s->shared));
}

int pk_bench_syn(struct pk_bench *b, struct pk_diags *d)
{
    _pk_free_ struct pk_syn *s = calloc(1, sizeof(*s));
    int r;

    b->carried = calloc(PK_SYN_LINES, sizeof(*b->carried));
    if (!s || !b->carried)
        return -ENOMEM;
    if (b->other_cpu == b->cpu) {
        pk_error(d, PK_D_RIG, PK_NOWHERE, "run it where it may use two",
                 "the flood needs a CPU and the connections another");
        return -ENODEV;
    }
    s->b = b;
    s->shared = mmap(NULL, PK_SYN_SUBJECTS * sizeof(*s->shared), PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s->shared == MAP_FAILED)
        return -ENOMEM;
    for (unsigned k = 0; k < PK_SYN_SUBJECTS; k++)
        s->rigs[k] = (struct pk_syn_rig){.rig.ns = PK_NETNS_NONE, .shared = &s->shared[k]};
    r = pk_bench_stateful_set(&s->set);
    if (!r)
        r = pk_syn_run(s, d);
    pk_syn_close(s);
    pk_live_p(&b->sender);
    pk_netns_done(&b->out);
    return r;
}
