// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What somebody who knows nftables would write by hand for the same verdicts: one set, one rule.
 * The honest rival: a hash of concatenated fields costs the same however many elements it has. Of
 * the workloads, only lists of exact tuples and of sources fit into one set.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "cli/bench/bench.h"
#include "cli/bench/tool.h"

#define PK_NFT_OUTPUT_MAX ((size_t)1 << 20)

bool pk_bench_nft_fits(const struct pk_bench_workload *w)
{
    return !strcmp(w->name, "blocklist") || !strcmp(w->name, "five-tuple");
}

static void pk_nft_element(const struct pk_bench_rule *r, enum pk_family f, bool tuple,
                           struct pk_buf *out)
{
    pk_bench_net_text(&r->src, f, true, out);
    if (!tuple)
        return;
    pk_buf_str(out, " . ");
    pk_bench_net_text(&r->dst, f, true, out);
    pk_buf_fmt(out, " . %s . %u . %u", r->proto == IPPROTO_TCP ? "tcp" : "udp", r->sport.from,
               r->dport.from);
}

static void pk_nft_text(const struct pk_bench_set *s, struct pk_buf *out)
{
    bool tuple = !strcmp(s->workload->name, "five-tuple"), v6 = s->family == PK_IPV6;
    const char *addr = v6 ? "ipv6_addr" : "ipv4_addr", *ip = v6 ? "ip6" : "ip";
    unsigned i;

    pk_buf_fmt(out, "table %s bench {\n counter hit {}\n counter miss {}\n set s {\n  type %s", ip,
               addr);
    if (tuple)
        pk_buf_fmt(out, " . %s . inet_proto . inet_service . inet_service\n", addr);
    else
        pk_buf_str(out, "\n  flags interval\n  auto-merge\n");
    pk_buf_str(out, "  elements = {\n");
    for (i = 0; i < s->n; i++) {
        pk_nft_element(&s->rules[i], s->family, tuple, out);
        pk_buf_str(out, ",\n");
    }
    pk_buf_str(out,
               "  }\n }\n chain input {\n  type filter hook input priority 0; policy drop;\n  ");
    pk_buf_fmt(out, "%s saddr", ip);
    if (tuple)
        pk_buf_fmt(out, " . %s daddr . meta l4proto . th sport . th dport", ip);
    pk_buf_str(out, " @s counter name hit drop\n  counter name miss drop\n }\n}\n");
}

/* nft with its words; argv[0] is put in. 0 or -errno. */
static int pk_nft(struct pk_bench_rig *rig, char *argv[], const struct pk_buf *in)
{
    _pk_buf_ struct pk_buf err = PK_BUF_INIT(4096);
    struct pk_tool_run run = {.argv = argv, .in = in, .err = &err};
    char path[512];
    int r;

    if (!pk_tool_find("nft", path))
        return pk_bench_rig_missing(rig, "not installed: nft");
    argv[0] = path;
    r = pk_bench_rig_tool(rig, &run);
    argv[0] = NULL;
    if (r < 0)
        return pk_bench_rig_failed(rig, "nft: %s", strerror(-r));
    return r ? pk_bench_rig_failed(rig, "nft: exit %d: %s", r, pk_tool_line(&err)) : 0;
}

int pk_bench_nft_load(struct pk_bench_rig *rig, const struct pk_buf *text)
{
    char *argv[] = {NULL, "-f", "-", NULL};

    return pk_nft(rig, argv, text);
}

int pk_bench_nft_start(struct pk_bench_rig *rig)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(PK_BENCH_TEXT_MAX);

    pk_nft_text(rig->set, &text);
    return text.failed ? text.failed : pk_bench_nft_load(rig, &text);
}

int pk_bench_nft_append(struct pk_bench_rig *rig, unsigned k, double *ret_wall)
{
    bool tuple = !strcmp(rig->set->workload->name, "five-tuple"), v6 = rig->family == PK_IPV6;
    char element[160],
        *argv[] = {NULL, "add", "element", v6 ? "ip6" : "ip", "bench", "s", element, NULL};
    double before = rig->wall;
    int r;

    snprintf(element, sizeof(element), v6 ? "{ 2001:db8:ffff::%x%s }" : "{ 192.0.2.%u%s }",
             k % 250 + 1,
             !tuple ? ""
             : v6   ? " . fd00::1 . tcp . 3 . 4"
                    : " . 10.0.0.1 . tcp . 3 . 4");
    r = pk_nft(rig, argv, NULL);
    *ret_wall = rig->wall - before;
    return r;
}

/* "counter NAME {" … "packets N bytes M" */
static int pk_nft_counter(const char *text, const char *name, uint64_t *ret)
{
    char head[32];
    const char *s;

    snprintf(head, sizeof(head), "counter %s {", name);
    s = text ? strstr(text, head) : NULL;
    s = s ? strstr(s, "packets ") : NULL;
    if (!s)
        return -EPROTO;
    *ret = strtoull(s + strlen("packets "), NULL, 10);
    return 0;
}

/*
 * `reset` and not `list`, for which nft would first fetch all elements of all sets (3 s for
 * 100,000): so what it prints comes on top of what was read before.
 */
int pk_bench_nft_judged(struct pk_bench_rig *rig, uint64_t *ret_policy, uint64_t *ret_rules)
{
    _pk_buf_ struct pk_buf out = PK_BUF_INIT(PK_NFT_OUTPUT_MAX);
    char path[512], *argv[] = {path, "reset", "counters", NULL};
    struct pk_tool_run run = {.argv = argv, .out = &out};
    uint64_t miss, hit;
    int r;

    if (!pk_tool_find("nft", path))
        return -ENOENT;
    r = pk_tool_run(&rig->ns, &run);
    if (r)
        return r < 0 ? r : -EIO;
    r = pk_nft_counter(out.data, "miss", &miss);
    if (!r)
        r = pk_nft_counter(out.data, "hit", &hit);
    if (r)
        return r;
    *ret_policy = rig->policy + miss;
    *ret_rules = rig->rules + hit;
    return 0;
}
