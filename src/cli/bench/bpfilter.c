// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bpfilter, if its bfcli is installed: one chain on the rig's interface (XDP), one rule a rule, as
 * its users write them. Its chains are pinned in the BPF file system that is mounted, by name, so
 * each rig has a name of its own and takes it away.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"
#include "cli/bench/bench.h"

#define PK_BPFILTER_OUTPUT_MAX ((size_t)128 << 20)

bool pk_bench_bpfilter_fits(const struct pk_bench_workload *w)
{
    return !strcmp(w->name, "five-tuple");
}

static void pk_bpfilter_name(const struct pk_bench_rig *rig, char ret[static 32])
{
    snprintf(ret, 32, "bench_%d_%u", (int)getpid(), rig->out_ifindex);
}

static void pk_bpfilter_text(const struct pk_bench_rig *rig, struct pk_buf *out)
{
    const char *ip = rig->family == PK_IPV6 ? "ip6" : "ip4";
    char name[32];
    unsigned i;

    pk_bpfilter_name(rig, name);
    pk_buf_fmt(out, "chain %s BF_HOOK_XDP{ifindex=%u} DROP\n", name, rig->in_ifindex);
    for (i = 0; i < rig->set->n; i++) {
        const struct pk_bench_rule *r = &rig->set->rules[i];
        const char *l4 = r->proto == IPPROTO_TCP ? "tcp" : "udp";

        pk_buf_fmt(out, "rule %s.saddr eq ", ip);
        pk_bench_net_text(&r->src, rig->family, true, out);
        pk_buf_fmt(out, " %s.daddr eq ", ip);
        pk_bench_net_text(&r->dst, rig->family, true, out);
        pk_buf_fmt(out, " %s.sport eq %u %s.dport eq %u counter DROP\n", l4, r->sport.from, l4,
                   r->dport.from);
    }
}

/* bfcli with its words; argv[0] is put in. 0 or -errno. */
static int pk_bpfilter(struct pk_bench_rig *rig, char *argv[], const struct pk_buf *in,
                       struct pk_buf *out)
{
    _pk_buf_ struct pk_buf err = PK_BUF_INIT(4096);
    struct pk_tool_run run = {.argv = argv, .in = in, .out = out, .err = &err};
    char path[512];
    int r;

    if (!pk_tool_find("bfcli", path))
        return pk_bench_rig_missing(rig, "not installed: bfcli");
    argv[0] = path;
    r = pk_bench_rig_tool(rig, &run);
    argv[0] = NULL;
    if (r < 0)
        return pk_bench_rig_failed(rig, "bfcli: %s", strerror(-r));
    return r ? pk_bench_rig_failed(rig, "bfcli: exit %d: %s", r, pk_tool_line(&err)) : 0;
}

int pk_bench_bpfilter_start(struct pk_bench_rig *rig)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(PK_BENCH_TEXT_MAX);
    char *argv[] = {NULL, "chain", "set", "--from-file", "/dev/stdin", NULL};

    pk_bpfilter_text(rig, &text);
    return text.failed ? text.failed : pk_bpfilter(rig, argv, &text, NULL);
}

/* "counters policy N packets …" of the chain; "counters N packets …" of each rule. */
int pk_bench_bpfilter_judged(struct pk_bench_rig *rig, uint64_t *ret_policy, uint64_t *ret_rules)
{
    _pk_buf_ struct pk_buf out = PK_BUF_INIT(PK_BPFILTER_OUTPUT_MAX);
    static const char policy[] = "counters policy ", rule[] = "counters ";
    char name[32], *argv[] = {NULL, "chain", "get", "--name", name, NULL};
    const char *s;
    int r;

    pk_bpfilter_name(rig, name);
    r = pk_bpfilter(rig, argv, NULL, &out);
    s = r || !out.data ? NULL : strstr(out.data, policy);
    if (!s)
        return r ? r : -EPROTO;
    *ret_policy = strtoull(s + sizeof(policy) - 1, NULL, 10);
    for (s++, *ret_rules = 0; (s = strstr(s, rule)); s++)
        *ret_rules += strtoull(s + sizeof(rule) - 1, NULL, 10);
    return 0;
}

void pk_bench_bpfilter_stop(struct pk_bench_rig *rig)
{
    char name[32], *argv[] = {NULL, "chain", "flush", "--name", name, NULL};

    pk_bpfilter_name(rig, name);
    if (rig->state != PK_BENCH_MISSING && rig->state != PK_BENCH_SKIPPED)
        pk_bpfilter(rig, argv, NULL, NULL);
}
