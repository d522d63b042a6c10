// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a stateful rule set costs real TCP: new connections per second (short requests to nginx) and
 * bulk transfer (iperf3), behind each hook of picket, iptables-legacy and nft, and behind nothing.
 *
 *        CPU of the bench (B)                     another CPU (A)
 *   +------------------------+      veth      +-----------------------+
 *   | client, iperf3 -c      | s0 ======== r0 | the subject           |
 *   | r0's receive softirq   |                | nginx, iperf3 -s      |
 *   +------------------------+                +-----------------------+
 */
#include <errno.h>
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
#define PK_STATE_WARM 0.2
#define PK_STATE_SECONDS 1.0
#define PK_STATE_SECONDS_QUICK 0.25
#define PK_STATE_SUBJECTS 6

static const struct pk_bench_workload pk_state_workload = {
    "stateful", "established first, 100 networks blocked, three services", NULL, PK_STATE_BLOCKED,
    true};

static int pk_state_nft_start(struct pk_bench_rig *rig);

static const struct pk_bench_subject pk_state_subjects[PK_STATE_SUBJECTS] = {
    {"no firewall", .bare = true, .start = pk_bench_nothing, .judged = pk_bench_none_judged},
    {"picket netfilter", .start = pk_bench_picket_start, .judged = pk_bench_none_judged,
     .stop = pk_bench_picket_stop, .arg = "netfilter"},
    {"picket tc", .start = pk_bench_picket_start, .judged = pk_bench_none_judged,
     .stop = pk_bench_picket_stop, .arg = "tc"},
    {"picket xdp", .start = pk_bench_picket_start, .judged = pk_bench_none_judged,
     .stop = pk_bench_picket_stop, .arg = "xdp"},
    {"iptables-legacy", .start = pk_bench_iptables_start, .judged = pk_bench_none_judged,
     .arg = "legacy"},
    {"nft", .start = pk_state_nft_start, .judged = pk_bench_none_judged},
};

struct pk_state_rig {
    struct pk_bench_rig rig;
    struct pk_serve serve;
    char address[16];
};

struct pk_state {
    struct pk_bench *b;
    struct pk_bench_set set;
    struct pk_state_rig rigs[PK_STATE_SUBJECTS];
    uint64_t *done; /* requests answered; shared with the client */
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

/* The same as somebody who knows nftables writes it: sets, and no chain without a use. */
static int pk_state_nft_start(struct pk_bench_rig *rig)
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

static int pk_state_open(struct pk_state *s, unsigned k, struct pk_diags *d)
{
    const struct pk_bench_subject *subject = &pk_state_subjects[k];
    struct pk_state_rig *x = &s->rigs[k];
    int r;

    x->rig = (struct pk_bench_rig){.subject = subject,
                                   .set = subject->bare ? NULL : &s->set,
                                   .family = PK_IPV4,
                                   .ns = PK_NETNS_NONE};
    if (!pk_bench_wanted(s->b, subject, &pk_state_workload)) {
        x->rig.state = PK_BENCH_SKIPPED;
        snprintf(x->rig.why, sizeof(x->rig.why), "not asked for");
        return 0;
    }
    r = pk_bench_rig_open(s->b, &x->rig, d);
    if (r || x->rig.state != PK_BENCH_READY)
        return r;
    r = pk_bench_rig_address(s->b, &x->rig, k, x->address);
    if (!r)
        r = pk_state_forget(&x->rig.ns);
    if (!r)
        r = pk_serve_start(s->b, &x->rig, x->address, &x->serve);
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

/* Requests answered per second, each on a connection of its own. */
static int pk_state_requests(struct pk_state *s, struct pk_state_rig *x, double *ret)
{
    pid_t client = pk_http_ask(&s->b->out, x->address, s->b->cpu, s->done);
    uint64_t done;
    double start;

    if (client < 0)
        return client;
    pk_state_pause(PK_STATE_WARM);
    done = __atomic_load_n(s->done, __ATOMIC_RELAXED);
    start = pk_bench_clock();
    pk_state_pause(s->b->wish.ms < 80 ? PK_STATE_SECONDS_QUICK : PK_STATE_SECONDS);
    done = __atomic_load_n(s->done, __ATOMIC_RELAXED) - done;
    *ret = (double)done / (pk_bench_clock() - start);
    pk_http_end(&client);
    return 0;
}

static void pk_state_measure(struct pk_state *s, struct pk_state_rig *x, struct pk_bench_tcp *t)
{
    int r = pk_state_requests(s, x, &t->requests[t->n]);

    if (!r)
        r = pk_serve_bulk(s->b, &x->rig, x->address, &t->bits[t->n]);
    if (!r) {
        t->n++;
        return;
    }
    t->state = PK_BENCH_FAILED;
    snprintf(t->why, sizeof(t->why), "%s", x->rig.why[0] ? x->rig.why : strerror(-r));
}

static void pk_state_rounds(struct pk_state *s)
{
    struct pk_bench *b = s->b;

    for (unsigned i = 0; i < b->wish.rounds && !pk_bench_stopping(); i++)
        for (unsigned k = 0; k < PK_STATE_SUBJECTS && !pk_bench_stopping(); k++) {
            struct pk_bench_tcp *t = &b->tcp[k];
            char what[96];

            snprintf(what, sizeof(what), "requests and bulk TCP, round %u: %s", i + 1,
                     t->subject->name);
            pk_bench_progress(what, (double)(i * PK_STATE_SUBJECTS + k) /
                                        (b->wish.rounds * PK_STATE_SUBJECTS));
            if (t->state == PK_BENCH_READY)
                pk_state_measure(s, &s->rigs[k], t);
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
        pk_serve_stop(&s->rigs[k].serve);
        pk_bench_rig_close(&s->rigs[k].rig);
    }
    pk_buf_done(&s->set.text);
    munmap(s->done, sizeof(*s->done));
}

int pk_bench_stateful(struct pk_bench *b, struct pk_diags *d)
{
    _pk_free_ struct pk_state *s = calloc(1, sizeof(*s));
    int r;

    b->tcp = calloc(PK_STATE_SUBJECTS, sizeof(*b->tcp));
    if (!s || !b->tcp)
        return -ENOMEM;
    s->b = b;
    s->set = (struct pk_bench_set){.workload = &pk_state_workload,
                                   .family = PK_IPV4,
                                   .n = PK_STATE_BLOCKED,
                                   .text = PK_BUF_INIT(65536)};
    for (unsigned k = 0; k < PK_STATE_SUBJECTS; k++)
        s->rigs[k].rig.ns = PK_NETNS_NONE;
    s->done =
        mmap(NULL, sizeof(*s->done), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (s->done == MAP_FAILED)
        return -ENOMEM;
    pk_state_rules(&s->set.text);
    r = s->set.text.failed ? s->set.text.failed : pk_state_run(s, d);
    pk_state_close(s);
    pk_live_p(&b->sender);
    pk_netns_done(&b->out);
    return r;
}
