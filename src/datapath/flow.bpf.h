// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The flow cache in the kernel (classify/flow.h): `recall` before the walk, `learn` after it. A hit
 * costs no function call; with return thunks (Spectre, SRSO) each of those is several nanoseconds.
 *
 * The including hook has defined pk_interfaces(key, p, wanted): it writes down what tells the
 * wanted interfaces (PK_FW_IIF, PK_FW_OIF) apart, or returns 0 if the key has no room for it.
 */
#pragma once

#include "classify/flow.h"
#include "datapath/env.bpf.h"

/* Tables of pk_config.flow_mask + 1 entries, one for each possible CPU; the loader sets the size.
 */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, PK_FLOW_WAYS);
    __type(key, __u32);
    __type(value, struct pk_flow);
} flows SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct pk_flow_set);
} flow_sets SEC(".maps");

#define pk_volatile(x) (*(volatile __typeof__(x) *)&(x))

static __always_inline struct pk_flow *pk_flow_at(__u32 i)
{
    return bpf_map_lookup_elem(&flows, &i);
}

/* The number of the set that a hash leads to, in the tables of all CPUs. */
static __always_inline __u32 pk_flow_set_of(__u64 hash)
{
    __u32 sets = (pk_config.flow_mask + 1) / PK_FLOW_WAYS;

    return bpf_get_smp_processor_id() * sets + ((__u32)hash & (sets - 1));
}

static __always_inline const struct pk_image_head *pk_head(__u32 image)
{
    return pk_at(image, 0);
}

/* 1: the key is made. 0: packets of this kind are not remembered. */
static __always_inline int pk_flow_key(struct pk_flow_key *k, const struct pk_packet *p, __u32 hook,
                                       __u32 image)
{
    const struct pk_family_tab *t = &pk_head(image)->family[p->family == PK_IPV6];

    if (!t->present)
        return 0;
    pk_flow_key_make(k, p, hook, 0, t->mask);
    return !t->mask[PK_FW_INTERFACES] || pk_interfaces(k, p, t->mask[PK_FW_INTERFACES]);
}

/* The counters behind the first, copied before anything is counted: they may change while read. */
static __always_inline void pk_flow_copy(__u32 *to, const struct pk_flow *f)
{
    __u32 i;

#pragma unroll
    for (i = 1; i < PK_FLOW_SLOTS; i++)
        to[i] = pk_volatile(f->slot[i]);
}

static __always_inline int pk_flow_is(const struct pk_flow *f, const struct pk_flow_key *k,
                                      __u32 epoch)
{
    return epoch && f->epoch == epoch && pk_flow_key_equal(&f->key, k);
}

/* Counts what the walk of the flow in `f` counted. PK_REASON_N: somebody wrote to it meanwhile. */
static __always_inline enum pk_reason pk_flow_replay(struct pk_flow *f, __u32 seq, __u32 bytes)
{
    __u32 slot[PK_FLOW_SLOTS], n = f->n, i;
    enum pk_reason reason = f->reason;

    slot[0] = f->slot[0];
    if (n > 1)
        pk_flow_copy(slot, f);
    if (seq & 1 || pk_volatile(f->seq) != seq || reason >= PK_REASON_N)
        return PK_REASON_N;
    if (n)
        pk_count(slot[0], bytes);
    for (i = 1; i < PK_FLOW_SLOTS && i < n; i++)
        pk_count(slot[i], bytes);
    return reason;
}

/* The reason by which the last packet with this key left, counted; PK_REASON_N: not known. */
static __always_inline enum pk_reason pk_flow_recall(const struct pk_flow_key *k, __u32 bytes,
                                                     __u32 image)
{
    __u64 hash = pk_flow_hash(k, pk_config.flow_seed);
    __u32 set = pk_flow_set_of(hash), way, seq;
    struct pk_flow_set *tags = bpf_map_lookup_elem(&flow_sets, &set);
    struct pk_flow *f;

    if (!tags)
        return PK_REASON_N;
    way = pk_flow_way(tags->tags, pk_flow_tag(hash));
    if (way == PK_FLOW_WAYS)
        return PK_REASON_N;
    f = pk_flow_at(set * PK_FLOW_WAYS + way);
    if (!f)
        return PK_REASON_N;
    seq = pk_volatile(f->seq);
    return pk_flow_is(f, k, pk_head(image)->epoch) ? pk_flow_replay(f, seq, bytes) : PK_REASON_N;
}

/* The entry that makes room in a set, its tag written; PK_FLOW_WAYS: none does. */
static __always_inline __u32 pk_flow_room(struct pk_flow_set *s, __u32 set, __u32 tag, __u32 epoch)
{
    __u32 way = pk_flow_way(s->tags, tag), misses = s->misses++;
    struct pk_flow *f;

    if (way < PK_FLOW_WAYS)
        return way;
    way = misses % PK_FLOW_WAYS;
    f = pk_flow_at(set * PK_FLOW_WAYS + way);
    if (!f || (f->epoch == epoch && !pk_flow_pushes(misses)))
        return PK_FLOW_WAYS;
    s->tags = (s->tags & ~(0xffffULL << way * 16)) | (__u64)tag << way * 16;
    return way;
}

/*
 * Claims an entry for the walk of a packet, with its key written down. Returns its index + 1, or 0:
 * nothing is to be remembered. A global function, for the sake of the stack and the verifier.
 */
PK_GLOBAL __u32 pk_flow_claim(const struct pk_packet *p, __u32 hook, __u32 image)
{
    __u32 epoch = pk_head(image)->epoch, set, way, seq;
    struct pk_flow_set *tags;
    struct pk_flow_key k;
    struct pk_flow *f;
    __u64 hash;

    if (!p || !epoch || !pk_flow_key(&k, p, hook, image))
        return 0;
    hash = pk_flow_hash(&k, pk_config.flow_seed);
    set = pk_flow_set_of(hash);
    tags = bpf_map_lookup_elem(&flow_sets, &set);
    if (!tags)
        return 0;
    way = pk_flow_room(tags, set, pk_flow_tag(hash), epoch);
    if (way == PK_FLOW_WAYS)
        return 0;
    f = pk_flow_at(set * PK_FLOW_WAYS + way);
    if (!f)
        return 0;
    seq = pk_volatile(f->seq);
    if (seq & 1 || !__sync_bool_compare_and_swap(&f->seq, seq, seq + 1))
        return 0;
    f->epoch = epoch;
    f->key = k;
    f->n = 0;
    return set * PK_FLOW_WAYS + way + 1;
}

/* The walk has ended: its entry may be read, unless the walk saw more than the key tells. */
static __always_inline void pk_flow_learn(struct pk_flow *f, enum pk_reason reason)
{
    f->reason = reason;
    if (f->n == PK_FLOW_NOT || reason == PK_R_DROP_WALK)
        f->epoch = 0;
    __sync_fetch_and_add(&f->seq, 1);
}
