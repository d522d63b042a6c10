// SPDX-License-Identifier: GPL-2.0-or-later
/* iptables, legacy and nft, as it is installed; and ipset, whose one rule iptables-legacy has. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "cli/bench/bench.h"
#include "cli/bench/tool.h"

#define PK_IPTABLES_OUTPUT_MAX ((size_t)64 << 20)

/* "ip6tables-legacy-restore" */
static void pk_iptables_name(const struct pk_bench_rig *rig, const char *what, char ret[static 64])
{
    snprintf(ret, 64, "%s-%s-%s", rig->family == PK_IPV6 ? "ip6tables" : "iptables",
             rig->subject->arg, what);
}

/* Runs a tool of the peers with `in`; fills rig->why. argv[0] is put in. 0 or -errno. */
static int pk_iptables_feed(struct pk_bench_rig *rig, const char *tool, char *argv[],
                            const struct pk_buf *in)
{
    _pk_buf_ struct pk_buf err = PK_BUF_INIT(4096);
    struct pk_tool_run run = {.argv = argv, .in = in, .err = &err};
    char path[512];
    int r;

    if (!pk_tool_find(tool, path))
        return pk_bench_rig_missing(rig, "not installed: %s", tool);
    argv[0] = path;
    r = pk_bench_rig_tool(rig, &run);
    argv[0] = NULL;
    if (r < 0)
        return pk_bench_rig_failed(rig, "%s: %s", tool, strerror(-r));
    return r ? pk_bench_rig_failed(rig, "%s: exit %d: %s", tool, r, pk_tool_line(&err)) : 0;
}

int pk_bench_iptables_start(struct pk_bench_rig *rig)
{
    char tool[64], *argv[] = {NULL, NULL};

    pk_iptables_name(rig, "restore", tool);
    return pk_iptables_feed(rig, tool, argv, &rig->set->text);
}

/* "2001:db8:ffff::7" or "192.0.2.7": a source that no rule has. */
static void pk_iptables_source(enum pk_family f, unsigned k, char ret[static 32])
{
    snprintf(ret, 32, f == PK_IPV6 ? "2001:db8:ffff::%x" : "192.0.2.%u", k % 250 + 1);
}

int pk_bench_iptables_append(struct pk_bench_rig *rig, unsigned k, double *ret_wall)
{
    char tool[64], source[32];
    char *argv[] = {NULL,  "-A",      "INPUT", "-s", source, "-p",
                    "tcp", "--dport", "4",     "-j", "DROP", NULL};
    double before = rig->wall;
    int r;

    snprintf(tool, sizeof(tool), "%s-%s", rig->family == PK_IPV6 ? "ip6tables" : "iptables",
             rig->subject->arg);
    pk_iptables_source(rig->family, k, source);
    r = pk_iptables_feed(rig, tool, argv, NULL);
    *ret_wall = rig->wall - before;
    return r;
}

/* "[packets:bytes]" at `s`: packets. */
static uint64_t pk_iptables_packets(const char *s)
{
    return *s == '[' ? strtoull(s + 1, NULL, 10) : 0;
}

/*
 * Adds up iptables-save -c: ":INPUT DROP [p:b]" is the policy, "[p:b] -A … -j DROP" a rule. Jumps
 * to user chains judge nothing.
 */
static int pk_iptables_add_up(const char *text, uint64_t *ret_policy, uint64_t *ret_rules)
{
    static const char policy[] = ":INPUT ", verdict[] = "-j DROP";
    const char *s, *end;
    uint64_t rules = 0;
    bool found = false;

    for (s = text; s && *s; s = *end ? end + 1 : end) {
        end = s + strcspn(s, "\n");
        if (!strncmp(s, policy, sizeof(policy) - 1)) {
            *ret_policy = pk_iptables_packets(s + strcspn(s, "[\n"));
            found = true;
        } else if (end - s >= (ptrdiff_t)sizeof(verdict) &&
                   !memcmp(end - (sizeof(verdict) - 1), verdict, sizeof(verdict) - 1)) {
            rules += pk_iptables_packets(s);
        }
    }
    *ret_rules = rules;
    return found ? 0 : -EPROTO;
}

int pk_bench_iptables_judged(struct pk_bench_rig *rig, uint64_t *ret_policy, uint64_t *ret_rules)
{
    _pk_buf_ struct pk_buf out = PK_BUF_INIT(PK_IPTABLES_OUTPUT_MAX);
    char tool[64], path[512], counters[] = "-c", table[] = "-t", filter[] = "filter";
    char *argv[] = {path, counters, table, filter, NULL};
    struct pk_tool_run run = {.argv = argv, .out = &out};
    int r;

    pk_iptables_name(rig, "save", tool);
    if (!pk_tool_find(tool, path))
        return -ENOENT;
    r = pk_tool_run(&rig->ns, &run);
    if (r)
        return r < 0 ? r : -EIO;
    return pk_iptables_add_up(out.data, ret_policy, ret_rules);
}

/* An ipset has no field for the source port, so that only lists of sources can be compared. */
bool pk_bench_ipset_fits(const struct pk_bench_workload *w)
{
    return !strcmp(w->name, "blocklist") || !strcmp(w->name, "ddos");
}

/* Of networks; or of hosts with the ports that they send from. */
static void pk_ipset_text(const struct pk_bench_set *s, bool ports, struct pk_buf *out)
{
    unsigned i;

    pk_buf_fmt(out, "create bench %s family %s hashsize 16384 maxelem %u\n",
               ports ? "hash:ip,port" : "hash:net", s->family == PK_IPV6 ? "inet6" : "inet",
               s->n + 1);
    for (i = 0; i < s->n; i++) {
        pk_buf_str(out, "add -exist bench ");
        pk_bench_net_text(&s->rules[i].src, s->family, true, out);
        if (ports)
            pk_buf_fmt(out, ",udp:%u", s->rules[i].sport.from);
        pk_buf_char(out, '\n');
    }
}

int pk_bench_ipset_start(struct pk_bench_rig *rig)
{
    _pk_buf_ struct pk_buf set = PK_BUF_INIT(PK_BENCH_TEXT_MAX);
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(1024);
    char tool[64], *restore[] = {NULL, "restore", NULL}, *none[] = {NULL, NULL};
    bool ports = rig->set->workload->open;
    int r;

    pk_ipset_text(rig->set, ports, &set);
    pk_buf_fmt(&text,
               "*filter\n:INPUT %s [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
               "-A INPUT -m set --match-set bench %s -j DROP\nCOMMIT\n",
               rig->set->workload->open ? "ACCEPT" : "DROP", ports ? "src,src" : "src");
    if (set.failed || text.failed)
        return -ENOMEM;
    r = pk_iptables_feed(rig, "ipset", restore, &set);
    pk_iptables_name(rig, "restore", tool);
    return r ? r : pk_iptables_feed(rig, tool, none, &text);
}

int pk_bench_ipset_append(struct pk_bench_rig *rig, unsigned k, double *ret_wall)
{
    char source[32], *argv[] = {NULL, "add", "bench", source, NULL};
    double before = rig->wall;
    int r;

    pk_iptables_source(rig->family, k, source);
    r = pk_iptables_feed(rig, "ipset", argv, NULL);
    *ret_wall = rig->wall - before;
    return r;
}
