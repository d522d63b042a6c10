// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/conn_table.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/diag.h"
#include "base/macro.h"
#include "datapath/abi/forget.h"
#include "kernel/fault.h"
#include "kernel/linked.h"
#include "kernel/sample.h"
#include "kernel/sys.h"
#include "state/view.h"

#define PK_TABLE_PART 256u /* buckets that are read at a time */

uint32_t pk_table_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return pk_state_tick((uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec);
}

bool pk_table_conn(const struct pk_state_bucket *b, unsigned way, uint32_t now, struct pk_conn *ret)
{
    const struct pk_state_entry *e = &b->entry[way];
    /* What -m conntrack would be told of it. */
    const struct pk_track t = {
        .seen.key = e->key, .orig = e->orig, .until = b->until[way], .now = now};
    struct pk_conn c = {.family = e->key.family,
                        .proto = e->key.proto,
                        .status = e->status,
                        .expires = pk_track_expires(&t),
                        .id = e->born,
                        .zone = {e->key.zone, e->key.zone}};

    if (!b->until[way] || !pk_state_lives(b->until[way], now) || e->key.family >= PK_FAMILY_N)
        return false;
    for (unsigned end = 0; end < PK_CT_ENDS; end++) {
        c.addr[end] = pk_track_addr(&t, end);
        c.port[end] = (uint16_t)pk_track_port(&t, end);
    }
    if (c.proto == IPPROTO_TCP) {
        c.state = e->tcp.state;
        for (int dir = 0; dir < PK_CONN_DIRS; dir++) {
            c.tcp_scale[dir] = e->tcp.seen[dir].scale;
            c.tcp_flags[dir] = e->tcp.seen[dir].flags;
        }
    }
    if (c.proto == IPPROTO_SCTP) {
        c.state = e->sctp.state;
        for (int dir = 0; dir < PK_CONN_DIRS; dir++)
            c.sctp_tag[dir] = e->sctp.vtag[dir];
    }
    *ret = c;
    return true;
}

int pk_table_read(const struct pk_fence *f, uint32_t from, uint32_t to, pk_table_fn *fn, void *arg)
{
    LIBBPF_OPTS(bpf_map_batch_opts, o, .elem_flags = BPF_F_LOCK);
    _pk_free_ struct pk_state_bucket *b = calloc(PK_TABLE_PART, sizeof(*b));
    _pk_free_ uint32_t *keys = calloc(PK_TABLE_PART, sizeof(*keys));
    uint32_t at = from - 1, done = from; /* a batch begins behind its first key */

    if (!b || !keys)
        return -ENOMEM;
    while (done < to) {
        uint32_t n = PK_MIN(PK_TABLE_PART, to - done);
        int r =
            bpf_map_lookup_batch(f->maps.fd[PK_MAP_STATE], done ? &at : NULL, &at, keys, b, &n, &o);

        if (r && errno != ENOENT) /* which says that this was the last part */
            return -errno;
        if (!n)
            return -EIO;
        r = fn(arg, done, b, n);
        if (r)
            return r;
        done += n;
    }
    return 0;
}

struct pk_table_each {
    const struct pk_conn_filter *filter;
    pk_conn_fn *fn;
    void *arg;
    uint32_t now;
    bool told;  /* the error is fn's */
    int forget; /* program, or -1 */
};

/* 1: it was there to be deleted; 0: it was not any more; -errno. */
static int pk_table_forget(int prog, uint32_t bucket, unsigned way, const struct pk_state_entry *e)
{
    struct pk_forget f = {.key = e->key, .bucket = bucket, .way = way, .born = e->born};
    LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = &f, .data_size_in = sizeof(f), .repeat = 1);

    int r = pk_fault();

    if (!r && bpf_prog_test_run_opts(prog, &o) < 0)
        r = -errno;
    return r ? r : o.retval == PK_FORGET_DONE;
}

static int pk_table_give(struct pk_table_each *x, uint32_t bucket, const struct pk_state_bucket *b,
                         unsigned way)
{
    struct pk_conn c;
    int r;

    if (!pk_table_conn(b, way, x->now, &c) || !pk_conn_matches(x->filter, &c))
        return 0;
    if (x->forget >= 0) {
        r = pk_table_forget(x->forget, bucket, way, &b->entry[way]);
        if (r <= 0)
            return r;
    }
    r = x->fn(x->arg, &c);
    x->told = r != 0;
    return r;
}

static int pk_table_part(void *arg, uint32_t first, const struct pk_state_bucket *b, uint32_t n)
{
    struct pk_table_each *x = arg;
    int r = 0;

    x->now = pk_table_now();
    for (uint32_t i = 0; i < n && !r; i++)
        for (unsigned way = 0; way < PK_STATE_WAYS && !r; way++)
            r = pk_table_give(x, first + i, &b[i], way);
    return r;
}

int pk_conn_table_each(const struct pk_fence *f, const struct pk_conn_filter *filter,
                       pk_conn_fn *fn, void *arg, struct pk_diags *d)
{
    struct pk_table_each x = {.filter = filter, .fn = fn, .arg = arg, .forget = -1};
    int r = pk_table_read(f, 0, f->ctl->state_buckets, pk_table_part, &x);

    return r && !x.told ? pk_sys_error(d, r, "cannot read the table of connections") : r;
}

int pk_conn_table_delete(const struct pk_fence *f, const struct pk_conn_filter *filter,
                         pk_conn_fn *fn, void *arg, struct pk_diags *d)
{
    struct pk_table_each x = {.filter = filter, .fn = fn, .arg = arg};
    _pk_close_ int forget = -1;
    int r = pk_linked_load(&pk_linked_forget, "pk_forget", &f->maps, &forget);

    if (r)
        return pk_sys_error(d, r, "cannot load the program that deletes connections");
    x.forget = forget;
    r = pk_table_read(f, 0, f->ctl->state_buckets, pk_table_part, &x);
    return r && !x.told ? pk_sys_error(d, r, "cannot delete connections") : r;
}

static int pk_table_count(void *arg, const struct pk_conn *c)
{
    ++*(uint64_t *)arg;
    return 0;
}

/* What the CPUs have counted; the fullest that one of them has seen. */
static int pk_table_counts(const struct pk_fence *f, struct pk_table_level *to, uint32_t *ret_high)
{
    _pk_free_ struct pk_state_counts *value = NULL;
    uint32_t zero = 0, high = 0;
    size_t cpus;
    int r = f->maps.fd[PK_MAP_STATE_COUNTS] < 0 ? -ENOENT : pk_sys_cpus(&cpus);

    if (r) /* a fence of a picket that does not know it */
        return r == -ENOENT ? 0 : r;
    value = calloc(cpus, sizeof(*value));
    if (!value)
        return -ENOMEM;
    if (bpf_map_lookup_elem(f->maps.fd[PK_MAP_STATE_COUNTS], &zero, value) < 0)
        return -errno;
    for (size_t c = 0; c < cpus; c++) {
        for (int i = 0; i < PK_EVICT_N; i++)
            to->evicted[i] += value[c].evicted[i];
        to->refused += value[c].refused;
        high = PK_MAX(high, value[c].high);
    }
    *ret_high = high;
    return 0;
}

int pk_conn_table_find(struct pk_fence *f)
{
    if (!f->ctl->state_buckets)
        return -ENOENT;
    return f->maps.fd[PK_MAP_STATE] >= 0
               ? 0
               : pk_maps_pinned(f->pins.dir, PK_MAP_STATE, &f->maps.fd[PK_MAP_STATE]);
}

int pk_fence_table_level(struct pk_fence *f, uint32_t buckets, struct pk_table_level *ret)
{
    struct pk_table_level level = {.now.max = f->ctl->state_max};
    struct pk_table_each x = {
        .filter = &PK_CONN_ANY, .fn = pk_table_count, .arg = &level.now.count, .forget = -1};
    uint32_t all = f->ctl->state_buckets, high = 0;
    uint32_t n = buckets && buckets < all ? buckets : all;
    int r = pk_conn_table_find(f);

    if (!r)
        r = pk_table_read(f, 0, n, pk_table_part, &x);
    if (!r)
        r = pk_table_counts(f, &level, &high);
    if (r)
        return r;
    level.now.count = level.now.count * all / n;
    level.high = PK_MAX((uint64_t)high * all >> PK_FILL_SHIFT, level.now.count);
    *ret = level;
    return 0;
}
