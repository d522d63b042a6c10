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

/*
 * Tables of pk_config.flow_mask + 1 entries, one for each possible CPU; the loader sets the size.
 * An array that could be mapped begins at a page, so that entries are cache lines; another begins
 * behind its kernel object, and each entry would be two.
 */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, PK_FLOW_WAYS);
    __type(key, __u32);
    __type(value, struct pk_flow_entry);
} flows SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, PK_FLOW_WAYS);
    __type(key, __u32);
    __type(value, struct pk_flow_far);
} flows_far SEC(".maps");

/*
 * What is written down of a walk that has not ended. Whoever has taken it keeps the pointer: a
 * program may end on another CPU than it began on (nf_hook_run_bpf() does not pin it).
 */
struct pk_flow_draft {
    struct pk_flow flow; /* the first: a walk knows of nothing else */
    __u32 taken;         /* 1: by a walk */
    __u32 epoch;
    struct pk_flow_key key;
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct pk_flow_draft);
} flow_draft SEC(".maps");

_Static_assert(PK_REASON_MAX <= 64, "pk_flow_head() has six bits for it");

#define PK_FLOW_NONE 0xffffffffu /* no entry */

#define pk_volatile(x) (*(volatile __typeof__(x) *)&(x))

/* Entry 0 of the set that a hash leads to, in the tables of all CPUs. */
static __always_inline __u32 pk_flow_set_of(__u64 hash)
{
    __u32 entries = pk_config.flow_mask + 1;

    return bpf_get_smp_processor_id() * entries + ((__u32)hash & (entries - 1) & -PK_FLOW_WAYS);
}

static __always_inline const struct pk_image_head *pk_head(__u32 image)
{
    return pk_at(image, 0);
}

/*
 * 1: the key is made. 0: packets of this kind are not remembered, and none is under dense rows:
 * they are there to be measured.
 */
static __always_inline int pk_flow_key(struct pk_flow_key *k, const struct pk_packet *p, __u32 hook,
                                       __u32 image)
{
    const struct pk_family_tab *t = &pk_head(image)->family[p->family == PK_IPV6];

    if (t->present != PK_FORM_TREE)
        return 0;
    pk_flow_key_make(k, p, hook, 0, t->mask);
    return !t->mask[PK_FW_INTERFACES] || pk_interfaces(k, p, t->mask[PK_FW_INTERFACES]);
}

/*
 * Counts what stands behind the near counters of entry `i`. 0: somebody has written to it since its
 * head was read. They are copied before anything is counted: they may change while read. A global
 * function, since so much is seldom counted.
 */
PK_GLOBAL int pk_flow_replay_far(__u32 i, __u32 head, __u32 bytes)
{
    __u32 n = pk_flow_counters(head) - PK_FLOW_NEAR, k;
    struct pk_flow_entry *f = bpf_map_lookup_elem(&flows, &i);
    struct pk_flow_far *far = bpf_map_lookup_elem(&flows_far, &i);
    struct pk_flow_far copy;

    if (!f || !far)
        return 0;
#pragma unroll
    for (k = 0; k < PK_FLOW_SLOTS - PK_FLOW_NEAR; k++)
        copy.slot[k] = pk_volatile(far->slot[k]);
    if (pk_volatile(f->head) != head)
        return 0;
#pragma unroll /* Linux 6.1 refuses what clang makes of the loop: it falls through to its start */
    for (k = 0; k < PK_FLOW_SLOTS - PK_FLOW_NEAR; k++)
        if (k < n)
            pk_count(copy.slot[k], bytes);
    return 1;
}

/*
 * Counts what the walk of the flow in `f`, entry `i`, has counted. PK_REASON_N: somebody has
 * written to it since its head was read.
 */
static __always_inline enum pk_reason pk_flow_replay(const struct pk_flow_entry *f, __u32 i,
                                                     __u32 head, __u32 bytes)
{
    __u32 n = pk_flow_counters(head), one = pk_volatile(f->slot[0]), two = pk_volatile(f->slot[1]);
    enum pk_reason reason = pk_flow_reason(head);

    if (head & PK_FLOW_BUSY || pk_volatile(f->head) != head || reason >= PK_REASON_N)
        return PK_REASON_N;
    if (n > PK_FLOW_NEAR && !pk_flow_replay_far(i, head, bytes))
        return PK_REASON_N;
    if (n)
        pk_count(one, bytes);
    if (n > 1)
        pk_count(two, bytes);
    return reason;
}

static __always_inline int pk_flow_is(const struct pk_flow_entry *f, const struct pk_flow_key *k,
                                      __u32 epoch)
{
    return f->epoch == epoch && pk_flow_key_equal(&f->key, k);
}

/*
 * The number of another entry of its set that has the flow; or of none. A global function, since
 * few packets need it, and the verifier proves it once, not for each way of parsing.
 */
PK_GLOBAL __u32 pk_flow_elsewhere(const struct pk_flow_key *k, __u64 hash, __u32 epoch)
{
    const struct pk_flow_entry *f;
    __u32 set = pk_flow_set_of(hash), n, i;

    if (!k)
        return PK_FLOW_NONE;
    for (i = 1; i < PK_FLOW_WAYS; i++) {
        n = set + pk_flow_way(hash, i);
        f = bpf_map_lookup_elem(&flows, &n);
        if (!f || pk_flow_is(f, k, epoch))
            return n;
    }
    return PK_FLOW_NONE;
}

/* The reason by which the last packet with this key left, counted; PK_REASON_N: not known. */
static __always_inline enum pk_reason pk_flow_recall(const struct pk_flow_key *k, __u32 bytes,
                                                     __u32 image)
{
    __u64 hash = pk_flow_hash(k, pk_config.flow_seed);
    __u32 n = pk_flow_set_of(hash) + pk_flow_way(hash, 0), epoch = pk_head(image)->epoch, head;
    const struct pk_flow_entry *f = bpf_map_lookup_elem(&flows, &n);

    if (!f || !epoch)
        return PK_REASON_N;
    head = pk_volatile(f->head); /* before the key: see pk_flow_replay() */
    if (!pk_flow_is(f, k, epoch)) {
        n = pk_flow_elsewhere(k, hash, epoch);
        f = bpf_map_lookup_elem(&flows, &n);
        if (!f)
            return PK_REASON_N;
        head = pk_volatile(f->head);
        if (!pk_flow_is(f, k, epoch))
            return PK_REASON_N;
    }
    return pk_flow_replay(f, n, head, bytes);
}

static __always_inline struct pk_flow_draft *pk_flow_draft(void)
{
    __u32 zero = 0;

    return bpf_map_lookup_elem(&flow_draft, &zero);
}

/*
 * A walk begins: whether it is to note what it counts in `d`. It is not if packets of this kind are
 * not remembered, nor if this program has interrupted another walk. A global function, as is
 * pk_flow_learn(), for the sake of the stack and the verifier.
 */
PK_GLOBAL int pk_flow_begin(struct pk_flow_draft *d, const struct pk_packet *p, __u32 hook,
                            __u32 image)
{
    __u32 epoch = pk_head(image)->epoch;
    struct pk_flow_key k;

    if (!d || !p || !epoch || !pk_flow_key(&k, p, hook, image) ||
        !__sync_bool_compare_and_swap(&d->taken, 0, 1))
        return 0;
    d->key = k;
    d->epoch = epoch;
    d->flow.n = 0;
    return 1;
}

/* The entry that makes room in the set which begins at `set`; PK_FLOW_WAYS behind it: none does. */
static __always_inline __u32 pk_flow_room(__u32 set, __u64 hash, __u32 epoch)
{
    const struct pk_flow_entry *f;
    __u32 i, n;

    for (i = 0; i < PK_FLOW_WAYS; i++) {
        n = set + pk_flow_way(hash, i);
        f = bpf_map_lookup_elem(&flows, &n);
        if (!f || f->epoch != epoch)
            return n;
    }
    return set + pk_flow_pushed(bpf_get_prandom_u32());
}

static __always_inline void pk_flow_write(__u32 i, const struct pk_flow_draft *d, __u32 reason)
{
    struct pk_flow_entry *f = bpf_map_lookup_elem(&flows, &i);
    struct pk_flow_far *far = bpf_map_lookup_elem(&flows_far, &i);
    __u32 head, n = d->flow.n;

    if (!f || !far)
        return;
    head = pk_volatile(f->head);
    if (head & PK_FLOW_BUSY || !__sync_bool_compare_and_swap(&f->head, head, head | PK_FLOW_BUSY))
        return;
    f->key = d->key;
    f->epoch = d->epoch;
    f->slot[0] = d->flow.slot[0];
    f->slot[1] = d->flow.slot[1];
    if (n > PK_FLOW_NEAR)
        __builtin_memcpy(far->slot, d->flow.slot + PK_FLOW_NEAR, sizeof(far->slot));
    __sync_lock_test_and_set(&f->head, pk_flow_head(head, reason, n));
}

static __always_inline void pk_flow_enter(const struct pk_flow_draft *d, __u32 reason)
{
    __u64 hash = pk_flow_hash(&d->key, pk_config.flow_seed);
    __u32 set = pk_flow_set_of(hash), i = pk_flow_room(set, hash, d->epoch);

    if (i < set + PK_FLOW_WAYS)
        pk_flow_write(i, d, reason);
}

/*
 * The walk for which `d` was taken has ended: what it counted is remembered, if there is room and
 * the walk saw no more of the packet than its key tells.
 */
PK_GLOBAL int pk_flow_learn(struct pk_flow_draft *d, __u32 reason)
{
    if (!d)
        return 0;
    if (d->flow.n <= PK_FLOW_SLOTS && reason != PK_R_DROP_WALK)
        pk_flow_enter(d, reason);
    __sync_lock_test_and_set(&d->taken, 0);
    return 0;
}
