// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/bench/index.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

enum pk_bench_part { PK_BY_SRC, PK_BY_DST, PK_BY_NONE };

static enum pk_bench_part pk_bench_part(const struct pk_bench_rule *r)
{
    if (r->src.len && !r->src.not )
        return PK_BY_SRC;
    return r->dst.len && !r->dst.not ? PK_BY_DST : PK_BY_NONE;
}

static const struct pk_bench_net *pk_bench_key(const struct pk_bench_rule *r)
{
    return pk_bench_part(r) == PK_BY_DST ? &r->dst : &r->src;
}

static int pk_bench_net_compare(const struct pk_bench_net *a, const struct pk_bench_net *b)
{
    if (a->len != b->len)
        return a->len < b->len ? -1 : 1;
    if (a->hi != b->hi)
        return a->hi < b->hi ? -1 : 1;
    return (a->lo > b->lo) - (a->lo < b->lo);
}

static int pk_bench_order_compare(const void *a, const void *b, void *arg)
{
    const struct pk_bench_rule *rules = arg;
    const struct pk_bench_rule *x = &rules[*(const uint32_t *)a], *y = &rules[*(const uint32_t *)b];
    enum pk_bench_part p = pk_bench_part(x), q = pk_bench_part(y);

    if (p != q)
        return p < q ? -1 : 1;
    return p == PK_BY_NONE ? 0 : pk_bench_net_compare(pk_bench_key(x), pk_bench_key(y));
}

static void pk_bench_lens(struct pk_bench_index *x, enum pk_bench_part part, uint8_t *lens)
{
    bool used[129] = {0};
    unsigned i, n = 0;

    for (i = 0; i < x->n; i++) {
        if (pk_bench_part(&x->rules[i]) == part)
            used[pk_bench_key(&x->rules[i])->len] = true;
    }
    for (i = 0; i <= 128; i++) {
        if (used[i])
            lens[n++] = (uint8_t)i;
    }
    lens[n] = 255;
}

int pk_bench_index_make(enum pk_family f, const struct pk_bench_rule *rules, unsigned n,
                        struct pk_bench_index *ret)
{
    struct pk_bench_index x = {.rules = rules, .n = n, .family = f};
    unsigned i;

    if (!n)
        return -ENODATA;
    x.order = calloc(n, sizeof(*x.order));
    if (!x.order)
        return -ENOMEM;
    for (i = 0; i < n; i++) {
        enum pk_bench_part part = pk_bench_part(&rules[i]);

        x.order[i] = i;
        x.n_src += part == PK_BY_SRC;
        x.n_dst += part == PK_BY_DST;
    }
    x.any_src = f == PK_IPV4 ? (struct pk_bench_net){.hi = 2ULL << 62, .len = 2}
                             : (struct pk_bench_net){.hi = 0x20010db8ULL << 32, .len = 32};
    x.any_dst = f == PK_IPV4 ? (struct pk_bench_net){.hi = 10ULL << 56, .len = 8}
                             : (struct pk_bench_net){.hi = 0xfdULL << 56, .len = 8};
    qsort_r(x.order, n, sizeof(*x.order), pk_bench_order_compare, (void *)rules);
    pk_bench_lens(&x, PK_BY_SRC, x.src_lens);
    pk_bench_lens(&x, PK_BY_DST, x.dst_lens);
    *ret = x;
    return 0;
}

void pk_bench_index_done(struct pk_bench_index *x)
{
    free(x->order);
    x->order = NULL;
}

static bool pk_bench_ports_has(const struct pk_bench_ports *p, uint16_t port)
{
    return (port >= p->from && port <= p->to) != p->not ;
}

bool pk_bench_rule_has(const struct pk_bench_rule *r, const struct pk_bench_packet *p)
{
    return pk_bench_net_has(&r->src, p->src_hi, p->src_lo) &&
           pk_bench_net_has(&r->dst, p->dst_hi, p->dst_lo) && (!r->proto || r->proto == p->proto) &&
           pk_bench_ports_has(&r->sport, p->sport) && pk_bench_ports_has(&r->dport, p->dport) &&
           pk_bench_ifaces[r->iface].matches;
}

/* Whether one of the rules order[from, to), sorted by prefix, that have this prefix matches. */
static bool pk_bench_run_has(const struct pk_bench_index *x, unsigned from, unsigned to,
                             const struct pk_bench_net *net, const struct pk_bench_packet *p)
{
    unsigned lo = from, hi = to;

    while (lo < hi) {
        unsigned mid = lo + (hi - lo) / 2;

        if (pk_bench_net_compare(pk_bench_key(&x->rules[x->order[mid]]), net) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < to && !pk_bench_net_compare(pk_bench_key(&x->rules[x->order[lo]]), net); lo++) {
        if (pk_bench_rule_has(&x->rules[x->order[lo]], p))
            return true;
    }
    return false;
}

bool pk_bench_index_has(const struct pk_bench_index *x, const struct pk_bench_packet *p)
{
    struct pk_bench_net net;
    unsigned i;

    for (i = 0; x->src_lens[i] != 255; i++) {
        net = pk_bench_net_cut(p->src_hi, p->src_lo, x->src_lens[i]);
        if (pk_bench_run_has(x, 0, x->n_src, &net, p))
            return true;
    }
    for (i = 0; x->dst_lens[i] != 255; i++) {
        net = pk_bench_net_cut(p->dst_hi, p->dst_lo, x->dst_lens[i]);
        if (pk_bench_run_has(x, x->n_src, x->n_src + x->n_dst, &net, p))
            return true;
    }
    for (i = x->n_src + x->n_dst; i < x->n; i++) {
        if (pk_bench_rule_has(&x->rules[x->order[i]], p))
            return true;
    }
    return false;
}
