// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a stateful rule set costs real TCP: new connections per second (short requests to nginx) and
 * bulk transfer (iperf3), behind each hook of picket, iptables-legacy and nft, and behind nothing.
 *
 *      veth: client, iperf3 -c at s0; the subject, nginx, iperf3 -s at r0
 *
 *      CPU of the bench: client, nginx, both ends' receive softirqs; iperf3 -c
 *      another CPU:      iperf3 -s
 *
 * Client and nginx share one CPU and keep it busy, and a second is one of their CPU time, which
 * softirqs are part of (but where CONFIG_IRQ_TIME_ACCOUNTING is set, which Debian does not): so the
 * requests of a second say what a connection costs in all, wherever its packets are judged, and
 * whatever else runs on that CPU. On two CPUs the slower one would say, and wake-ups of the other.
 * What a machine does besides (its caches, its other guests) still moves such a figure by a tenth
 * within a second, far more than the subjects differ. So each round has many short slices, subjects
 * in turn and back, and their sum counts.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/macro.h"
#include "cli/bench/bench.h"
#include "cli/bench/http.h"
#include "cli/bench/serve.h"

#define PK_STATE_BLOCKED 100u
#define PK_STATE_WARM 0.02 /* seconds until all connections go again, before */
#define PK_STATE_SLICE 0.1 /* seconds that are counted, */
#define PK_STATE_SLICES 8u /* so often in a round */
#define PK_STATE_SLICES_QUICK 2u
#define PK_STATE_SUBJECTS 7

const struct pk_bench_workload pk_bench_stateful_workload = {
    "stateful", "established first, 100 networks blocked, three services", NULL, PK_STATE_BLOCKED,
    true};

static const struct pk_bench_subject pk_state_subjects[PK_STATE_SUBJECTS] = {
    {"no firewall", .bare = true, .start = pk_bench_nothing, .judged = pk_bench_none_judged},
    {"picket netfilter", .start = pk_bench_picket_start, .judged = pk_bench_none_judged,
     .stop = pk_bench_picket_stop, .arg = "netfilter"},
    {"picket tc", .start = pk_bench_picket_start, .judged = pk_bench_none_judged,
     .stop = pk_bench_picket_stop, .arg = "tc"},
    {"picket xdp", .start = pk_bench_picket_start, .judged = pk_bench_none_judged,
     .stop = pk_bench_picket_stop, .arg = "xdp"},
    /* What XDP itself costs, before it judges anything. */
    {"XDP_PASS", .bare = true, .start = pk_bench_drop_udp_start, .judged = pk_bench_none_judged},
    {"iptables-legacy", .start = pk_bench_iptables_start, .judged = pk_bench_none_judged,
     .arg = "legacy"},
    {"nft", .start = pk_bench_stateful_nft_start, .judged = pk_bench_none_judged},
};

struct pk_state_rig {
    struct pk_bench_rig rig;
    struct pk_serve serve;
    char address[16];
    pid_t client;             /* stopped while others are measured */
    uint64_t *done;           /* requests answered; shared with it */
    double requests, seconds; /* of this round's slices; seconds of CPU time */
};

struct pk_state {
    struct pk_bench *b;
    struct pk_bench_set set;
    struct pk_state_rig rigs[PK_STATE_SUBJECTS];
    uint64_t *done; /* one for each rig */
};

/* A web server's rules as one finds them, with a block list as fail2ban leaves one. */
static void pk_state_rules(struct pk_buf *out)
{
    pk_buf_str(out, "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
                    "-A INPUT -i lo -j ACCEPT\n"
                    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
                    "-A INPUT -m conntrack --ctstate INVALID -j DROP\n"
                    "-A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT\n");
    for (unsigned i = 0; i < PK_STATE_BLOCKED; i++)
        pk_buf_fmt(out, "-A INPUT -s 198.18.%u.0/24 -j DROP\n", i);
    pk_buf_str(out,
               "-A INPUT -s 203.0.113.0/24 -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW "
               "-j ACCEPT\n"
               "-A INPUT -p tcp -m conntrack --ctstate NEW -m multiport --dports 80,443,5201 "
               "-j ACCEPT\nCOMMIT\n");
}

int pk_bench_stateful_set(struct pk_bench_set *ret)
{
    *ret = (struct pk_bench_set){.workload = &pk_bench_stateful_workload,
                                 .family = PK_IPV4,
                                 .n = PK_STATE_BLOCKED,
                                 .text = PK_BUF_INIT(65536)};
    pk_state_rules(&ret->text);
    return ret->text.failed;
}

/* The same as somebody who knows nftables writes it: sets, and no chain without a use. */
int pk_bench_stateful_nft_start(struct pk_bench_rig *rig)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(65536);

    pk_buf_str(&text, "table ip bench {\n set blocked {\n  type ipv4_addr\n  flags interval\n"
                      "  elements = { ");
    for (unsigned i = 0; i < PK_STATE_BLOCKED; i++)
        pk_buf_fmt(&text, "198.18.%u.0/24, ", i);
    pk_buf_str(&text, "}\n }\n chain input {\n"
                      "  type filter hook input priority 0; policy drop;\n"
                      "  iif lo accept\n  ct state established,related accept\n"
                      "  ct state invalid drop\n  icmp type echo-request accept\n"
                      "  ip saddr @blocked drop\n"
                      "  ip saddr 203.0.113.0/24 tcp dport 22 ct state new accept\n"
                      "  tcp dport { 80, 443, 5201 } ct state new accept\n }\n"
                      " chain forward { type filter hook forward priority 0; policy drop; }\n}\n");
    return text.failed ? text.failed : pk_bench_nft_load(rig, &text);
}

/*
 * An answered request would leave a socket for a minute and an entry for two, and this has tens of
 * thousands. Linux's tracking may not be loaded yet.
 */
static int pk_state_forget(const struct pk_netns *ns)
{
    int r = pk_netns_sysctl(ns, "netfilter/nf_conntrack_tcp_timeout_time_wait", "1");

    r = r == -ENOENT ? 0 : r;
    return r ? r : pk_netns_sysctl(ns, "ipv4/tcp_max_tw_buckets", "64");
}

/* It stops until its turn comes. */
static int pk_state_client(struct pk_state *s, struct pk_state_rig *x)
{
    x->client = pk_http_ask(&s->b->out, x->address, s->b->cpu, x->done);
    if (x->client < 0)
        return x->client;
    return kill(x->client, SIGSTOP) < 0 ? -errno : 0;
}

int pk_bench_stateful_rig(struct pk_bench *b, struct pk_bench_rig *rig, unsigned k,
                          char address[static 16], struct pk_diags *d)
{
    int r;

    rig->family = PK_IPV4;
    if (!pk_bench_wanted(b, rig->subject, &pk_bench_stateful_workload)) {
        rig->state = PK_BENCH_SKIPPED;
        snprintf(rig->why, sizeof(rig->why), "not asked for");
        return 0;
    }
    r = pk_bench_rig_open(b, rig, d);
    if (r || rig->state != PK_BENCH_READY)
        return r;
    r = pk_bench_rig_address(b, rig, k, address);
    if (r)
        pk_bench_rig_failed(rig, "cannot give it addresses: %s", strerror(-r));
    return 0;
}

static int pk_state_open(struct pk_state *s, unsigned k, struct pk_diags *d)
{
    struct pk_state_rig *x = &s->rigs[k];
    int r;

    x->rig.subject = &pk_state_subjects[k];
    x->rig.set = x->rig.subject->bare ? NULL : &s->set;
    r = pk_bench_stateful_rig(s->b, &x->rig, k, x->address, d);
    if (r || x->rig.state != PK_BENCH_READY)
        return r;
    r = pk_state_forget(&x->rig.ns);
    if (!r)
        r = pk_serve_start(s->b, &x->rig, x->address, &x->serve);
    if (!r)
        r = pk_state_client(s, x);
    if (r && x->rig.state == PK_BENCH_READY)
        pk_bench_rig_failed(&x->rig, "cannot set the servers up: %s", strerror(-r));
    return 0;
}

static void pk_state_pause(double seconds)
{
    struct timespec t = {.tv_sec = (time_t)seconds,
                         .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};

    clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

/* Seconds of CPU time that a process has had, to the nanosecond. */
static double pk_state_cpu(pid_t pid)
{
    struct timespec t = {0};
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t) < 0)
        return 0;
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Requests answered in a while, each on a connection of its own. */
static void pk_state_slice(struct pk_state_rig *x)
{
    uint64_t done;
    double cpu;

    kill(x->client, SIGCONT);
    pk_state_pause(PK_STATE_WARM);
    done = __atomic_load_n(x->done, __ATOMIC_RELAXED);
    cpu = pk_state_cpu(x->client) + pk_state_cpu(x->serve.nginx);
    pk_state_pause(PK_STATE_SLICE);
    x->requests += (double)(__atomic_load_n(x->done, __ATOMIC_RELAXED) - done);
    x->seconds += pk_state_cpu(x->client) + pk_state_cpu(x->serve.nginx) - cpu;
    kill(x->client, SIGSTOP);
}

static void pk_state_slices(struct pk_state *s)
{
    unsigned n = s->b->wish.ms < 80 ? PK_STATE_SLICES_QUICK : PK_STATE_SLICES;

    for (unsigned k = 0; k < PK_STATE_SUBJECTS; k++)
        s->rigs[k].requests = s->rigs[k].seconds = 0;
    for (unsigned i = 0; i < n; i++)
        for (unsigned j = 0; j < PK_STATE_SUBJECTS && !pk_bench_stopping(); j++) {
            unsigned k = i % 2 ? PK_STATE_SUBJECTS - 1 - j : j;

            if (s->b->tcp[k].state == PK_BENCH_READY)
                pk_state_slice(&s->rigs[k]);
        }
}

static void pk_state_bulk(struct pk_state *s, struct pk_state_rig *x, struct pk_bench_tcp *t)
{
    int r = x->requests > 0 && x->seconds > 0
                ? pk_serve_bulk(s->b, &x->rig, x->address, &t->bits[t->n])
                : pk_bench_rig_failed(&x->rig, "no request was answered");

    if (r) {
        t->state = PK_BENCH_FAILED;
        snprintf(t->why, sizeof(t->why), "%s", x->rig.why);
        return;
    }
    t->requests[t->n++] = x->requests / x->seconds;
}

static void pk_state_rounds(struct pk_state *s)
{
    struct pk_bench *b = s->b;
    char what[96];

    for (unsigned i = 0; i < b->wish.rounds && !pk_bench_stopping(); i++) {
        snprintf(what, sizeof(what), "requests and bulk TCP, round %u", i + 1);
        pk_bench_progress(what, (double)i / b->wish.rounds);
        pk_state_slices(s);
        for (unsigned j = 0; j < PK_STATE_SUBJECTS && !pk_bench_stopping(); j++) {
            unsigned k = i % 2 ? PK_STATE_SUBJECTS - 1 - j : j;

            if (b->tcp[k].state == PK_BENCH_READY)
                pk_state_bulk(s, &s->rigs[k], &b->tcp[k]);
        }
    }
}

static int pk_state_run(struct pk_state *s, struct pk_diags *d)
{
    struct pk_bench *b = s->b;
    int r = pk_bench_sender(b, PK_IPV4, d);

    for (unsigned k = 0; k < PK_STATE_SUBJECTS && !r && !pk_bench_stopping(); k++) {
        r = pk_state_open(s, k, d);
        b->tcp[k] =
            (struct pk_bench_tcp){.subject = &pk_state_subjects[k], .state = s->rigs[k].rig.state};
        snprintf(b->tcp[k].why, sizeof(b->tcp[k].why), "%s", s->rigs[k].rig.why);
        b->n_tcp = k + 1;
    }
    if (!r)
        pk_state_rounds(s);
    return r;
}

static void pk_state_close(struct pk_state *s)
{
    for (unsigned k = 0; k < PK_STATE_SUBJECTS; k++) {
        pk_http_end(&s->rigs[k].client);
        pk_serve_stop(&s->rigs[k].serve);
        pk_bench_rig_close(&s->rigs[k].rig);
    }
    pk_buf_done(&s->set.text);
    munmap(s->done, PK_STATE_SUBJECTS * sizeof(*s->done));
}

int pk_bench_stateful(struct pk_bench *b, struct pk_diags *d)
{
    _pk_free_ struct pk_state *s = calloc(1, sizeof(*s));
    int r;

    b->tcp = calloc(PK_STATE_SUBJECTS, sizeof(*b->tcp));
    if (!s || !b->tcp)
        return -ENOMEM;
    s->b = b;
    s->done = mmap(NULL, PK_STATE_SUBJECTS * sizeof(*s->done), PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s->done == MAP_FAILED)
        return -ENOMEM;
    for (unsigned k = 0; k < PK_STATE_SUBJECTS; k++)
        s->rigs[k] = (struct pk_state_rig){.rig.ns = PK_NETNS_NONE, .done = &s->done[k]};
    r = pk_bench_stateful_set(&s->set);
    if (!r)
        r = pk_state_run(s, d);
    pk_state_close(s);
    pk_live_p(&b->sender);
    pk_netns_done(&b->out);
    return r;
}
