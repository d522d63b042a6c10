// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The paper's DDoS (Miano et al., CCR 2019, section 5): a flood against 1,000 rules that drop by
 * source, protocol and source port, and what a web server on the receiving core still serves.
 *
 *        CPU of the bench (B)                       another CPU (A)
 *   +------------------------+      veth      +--------------------------------+
 *   | flood, paced           |                | NAPI thread of r0: the subject |
 *   | honest client          | s0 ======== r0 | web server                     |
 *   +------------------------+                +--------------------------------+
 *
 * The flood is paced, so that the client has its share of B and each subject the same flood: shares
 * of what XDP_DROP takes of the generator alone over the same wire. Server and receiver compete for
 * A, and the receiver comes first, as softirqs do. At 0.8 it needs most of A only to take frames
 * off the ring and drop them: what the server then has is little more than what the kernel keeps
 * for ordinary tasks (sched_rt_runtime_us, 5 %), whoever drops. At the lower rates there is more to
 * share.
 */
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/macro.h"
#include "cli/bench/bench.h"
#include "cli/bench/http.h"
#include "cli/codes.h"
#include "kernel/napi.h"

#define PK_DDOS_RULES 1000u
#define PK_DDOS_BURST 2048u /* frames in one system call, each of which makes its pages anew */
#define PK_DDOS_SECONDS 1.0 /* of one measurement, after */
#define PK_DDOS_WARM 0.8    /* seconds, so that lost SYNs have come round */
#define PK_DDOS_SECONDS_QUICK 0.3
#define PK_DDOS_SUBJECTS 6 /* the first of which has no flood */
#define PK_DDOS_FLOODS (1 + (PK_DDOS_SUBJECTS - 1) * PK_ARRAY_SIZE(pk_ddos_shares))

static const double pk_ddos_shares[] = {0.25, 0.5, 0.8};

static struct pk_bench_rule pk_ddos_rule(enum pk_family f, uint64_t i, unsigned n)
{
    struct pk_bench_rule r = pk_bench_rule_any();
    uint16_t port = (uint16_t)(1024 + pk_bench_pick(i, 1, 4096));

    r.src = pk_bench_source(f, i, 32);
    r.proto = IPPROTO_UDP;
    r.sport = (struct pk_bench_ports){port, port, false};
    return r;
}

static const struct pk_bench_workload pk_ddos_workload = {
    "ddos", "1,000 sources with protocol and port", pk_ddos_rule, PK_DDOS_RULES, true};

/* What the bare program drops counts as dropped by rule. */
static int pk_ddos_drop_judged(struct pk_bench_rig *rig, uint64_t *ret_policy, uint64_t *ret_rules)
{
    *ret_policy = 0;
    return pk_live_dropped(rig->sender, ret_rules);
}

static const struct pk_bench_subject pk_ddos_subjects[PK_DDOS_SUBJECTS] = {
    {"no flood", .bare = true, .start = pk_bench_nothing, .judged = pk_bench_none_judged},
    {"XDP_DROP", .bare = true, .start = pk_bench_drop_udp_start, .judged = pk_ddos_drop_judged},
    {"picket xdp", .start = pk_bench_picket_start, .judged = pk_bench_picket_judged,
     .stop = pk_bench_picket_stop, .arg = "xdp"},
    {"picket netfilter", .start = pk_bench_picket_start, .judged = pk_bench_picket_judged,
     .stop = pk_bench_picket_stop, .arg = "netfilter"},
    {"iptables-legacy", .start = pk_bench_iptables_start, .judged = pk_bench_iptables_judged,
     .arg = "legacy"},
    {"ipset", .start = pk_bench_ipset_start, .judged = pk_bench_iptables_judged, .arg = "legacy"},
};

/* One subject's rig with its server. */
struct pk_ddos_rig {
    struct pk_bench_rig rig;
    pid_t server;
    char address[16]; /* the server's */
};

struct pk_ddos {
    struct pk_bench *b;
    struct pk_bench_set set;
    struct pk_ddos_rig rigs[PK_DDOS_SUBJECTS];
    uint64_t *done; /* requests answered; shared with the client */
    int cpu;        /* that receives and serves */
};

static int pk_ddos_open(struct pk_ddos *s, unsigned k, struct pk_diags *d)
{
    struct pk_ddos_rig *x = &s->rigs[k];
    int r = pk_bench_rig_open(s->b, &x->rig, d);

    if (r || x->rig.state != PK_BENCH_READY)
        return r;
    r = pk_bench_rig_address(s->b, &x->rig, k, x->address);
    /* Each answered request would leave an entry for a minute, and this has tens of thousands. */
    if (!r)
        r = pk_netns_sysctl(&x->rig.ns, "ipv4/tcp_max_tw_buckets", "64");
    if (!r)
        r = pk_napi_thread(&x->rig.ns, PK_BENCH_IN, s->cpu);
    if (!r)
        x->server = pk_http_serve(&x->rig.ns, s->cpu);
    if (!r && x->server < 0)
        r = x->server;
    if (r == -ESRCH) /* the receiver's NAPI thread */
        pk_bench_rig_missing(&x->rig, PK_BENCH_UNSEEN);
    else if (r)
        pk_bench_rig_failed(&x->rig, "cannot set the server up: %s", strerror(-r));
    return 0;
}

/* One subject once: the client starts, all settles, then a while is counted. */
static int pk_ddos_measure(struct pk_ddos *s, struct pk_ddos_rig *x, double rate,
                           struct pk_bench_flood *f)
{
    uint64_t done, policy, before, rules, sent;
    bool quick = s->b->wish.ms < 80;
    double start;
    pid_t client;
    int r;

    client = pk_http_ask(&s->b->out, x->address, s->b->cpu, s->done);
    if (client < 0)
        return client;
    pk_bench_flood(&x->rig, PK_DDOS_BURST, rate,
                   pk_bench_clock() + (quick ? PK_DDOS_SECONDS_QUICK : PK_DDOS_WARM));
    r = x->rig.subject->judged(&x->rig, &policy, &before);
    done = __atomic_load_n(s->done, __ATOMIC_RELAXED);
    start = pk_bench_clock();
    sent = pk_bench_flood(&x->rig, PK_DDOS_BURST, rate,
                          start + (quick ? PK_DDOS_SECONDS_QUICK : PK_DDOS_SECONDS));
    done = __atomic_load_n(s->done, __ATOMIC_RELAXED) - done;
    start = pk_bench_clock() - start;
    pk_http_end(&client);
    if (!r)
        r = x->rig.subject->judged(&x->rig, &policy, &rules);
    if (r)
        return r;
    f->requests[f->n] = (double)done / start;
    f->offered[f->n] = (double)sent / start;
    f->judged[f->n++] = (double)(rules - before) / start;
    return 0;
}

/* What XDP_DROP takes of the generator when that is alone: the ring loses what is more. */
static double pk_ddos_most(struct pk_ddos *s)
{
    struct pk_ddos_rig *drop = &s->rigs[1];
    double start = pk_bench_clock();
    uint64_t policy, before = 0, after = 0;

    if (drop->rig.state != PK_BENCH_READY || pk_ddos_drop_judged(&drop->rig, &policy, &before))
        return 0;
    pk_bench_flood(&drop->rig, PK_DDOS_BURST, HUGE_VAL, start + PK_DDOS_SECONDS);
    if (pk_ddos_drop_judged(&drop->rig, &policy, &after))
        return 0;
    return (double)(after - before) / (pk_bench_clock() - start);
}

static int pk_ddos_rounds(struct pk_ddos *s)
{
    struct pk_bench *b = s->b;
    unsigned i, k;
    int back, r = pk_netns_enter(&b->out, &back);

    if (r)
        return r;
    b->flood_max = pk_ddos_most(s);
    for (i = 0; i < b->wish.rounds && !pk_bench_stopping(); i++) {
        for (k = 0; k < b->n_floods && !pk_bench_stopping(); k++) {
            struct pk_bench_flood *f = &b->floods[k];
            char what[96];

            snprintf(what, sizeof(what), "flood and client, round %u: %s", i + 1, f->subject->name);
            pk_bench_progress(what, (double)(i * b->n_floods + k) / (b->wish.rounds * b->n_floods));
            if (f->state == PK_BENCH_READY &&
                pk_ddos_measure(s, &s->rigs[f->subject - pk_ddos_subjects], f->share * b->flood_max,
                                f))
                f->state = PK_BENCH_FAILED;
        }
    }
    return pk_netns_leave(&back) < 0 ? -EIO : 0;
}

static void pk_ddos_close(struct pk_ddos *s)
{
    unsigned k;

    for (k = 0; k < PK_DDOS_SUBJECTS; k++) {
        pk_http_end(&s->rigs[k].server);
        pk_bench_rig_close(&s->rigs[k].rig);
    }
    pk_bench_set_done(&s->set);
    munmap(s->done, sizeof(*s->done));
}

static int pk_ddos_flows(struct pk_ddos *s)
{
    struct pk_bench_cell c = {.family = PK_IPV4, .traffic = &pk_bench_traffics[1]};
    int r = pk_bench_orders(s->b);

    if (!r)
        r = pk_bench_set_make(&s->set, 1u << 1);
    return r ? r : pk_bench_cell_select(s->b, &c, &s->set.flows[1], c.traffic->zipf);
}

/* What is measured: a line for each subject and flood. */
static void pk_ddos_plan(struct pk_ddos *s)
{
    struct pk_bench *b = s->b;

    for (size_t i = 0; i < PK_DDOS_FLOODS; i++) {
        unsigned k = i ? 1 + (unsigned)(i - 1) % (PK_DDOS_SUBJECTS - 1) : 0;
        struct pk_bench_flood *f = &b->floods[i];

        *f = (struct pk_bench_flood){
            .subject = &pk_ddos_subjects[k],
            .state = s->rigs[k].rig.state,
            .share = i ? pk_ddos_shares[(i - 1) / (PK_DDOS_SUBJECTS - 1)] : 0,
        };
        snprintf(f->why, sizeof(f->why), "%s", s->rigs[k].rig.why);
    }
    b->n_floods = PK_DDOS_FLOODS;
}

static int pk_ddos_run(struct pk_ddos *s, struct pk_diags *d)
{
    unsigned k;
    int r = pk_ddos_flows(s);

    for (k = 0; k < PK_DDOS_SUBJECTS && !r && !pk_bench_stopping(); k++) {
        const struct pk_bench_subject *subject = &pk_ddos_subjects[k];

        s->rigs[k].rig = (struct pk_bench_rig){.subject = subject,
                                               .set = subject->bare ? NULL : &s->set,
                                               .family = PK_IPV4,
                                               .ns = PK_NETNS_NONE};
        r = pk_ddos_open(s, k, d);
    }
    if (!r && !pk_bench_stopping())
        pk_ddos_plan(s);
    if (!r && !pk_bench_stopping())
        r = pk_bench_urgent(true);
    if (!r && !pk_bench_stopping())
        r = pk_ddos_rounds(s);
    pk_bench_urgent(false);
    return r;
}

int pk_bench_ddos(struct pk_bench *b, struct pk_diags *d)
{
    _pk_free_ struct pk_ddos *s = calloc(1, sizeof(*s));
    unsigned k;
    int r;

    b->floods = calloc(PK_DDOS_FLOODS, sizeof(*b->floods));
    if (!s || !b->floods)
        return -ENOMEM;
    s->b = b;
    for (k = 0; k < PK_DDOS_SUBJECTS; k++)
        s->rigs[k].rig.ns = PK_NETNS_NONE;
    s->cpu = b->other_cpu;
    if (s->cpu == b->cpu) {
        pk_error(d, PK_D_RIG, PK_NOWHERE, "run it where it may use two",
                 "the flood needs a CPU and the server another");
        return -ENODEV;
    }
    s->set =
        (struct pk_bench_set){.workload = &pk_ddos_workload, .family = PK_IPV4, .n = PK_DDOS_RULES};
    s->done =
        mmap(NULL, sizeof(*s->done), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s->done == MAP_FAILED)
        return -ENOMEM;
    r = pk_bench_sender(b, PK_IPV4, d);
    if (!r)
        r = pk_ddos_run(s, d);
    pk_ddos_close(s);
    pk_live_p(&b->sender);
    pk_netns_done(&b->out);
    return r;
}
