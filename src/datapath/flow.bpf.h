// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The flow cache in the kernel (classify/flow.h): `recall` before the walk, `learn` after it. A hit
 * costs no function call; with return thunks (Spectre, SRSO) each of those is several nanoseconds.
 *
 * The including hook has defined pk_interfaces(key, p, wanted): it writes down what tells the
 * wanted interfaces (PK_FW_IIF, PK_FW_OIF) apart, or returns 0 if the key has no room for it.
 */
#pragma once

#include "datapath/env.bpf.h"
#include "datapath/flow_table.bpf.h"

/*
 * What is written down of a walk that has not ended. Whoever has taken it keeps the pointer: a
 * program may end on another CPU than it began on (nf_hook_run_bpf() does not pin it).
 */
struct pk_flow_draft {
    struct pk_flow flow; /* the first: a walk knows of nothing else */
    __u32 taken;         /* 1: by a walk */
    __u32 epoch;
    __u32 is_short; /* key4 is its key */
    __u32 pad;
    union {
        struct pk_flow_key key;
        struct pk_flow_key4 key4;
    };
};

/*
 * A walk that is not to be remembered writes too, into the second: nobody reads it. The verifier
 * would else prove the walk twice, with a draft and without.
 */
struct pk_flow_drafts {
    struct pk_flow_draft draft[2];
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct pk_flow_drafts);
} flow_draft SEC(".maps");

_Static_assert(PK_REASON_MAX <= 64, "pk_flow_what() has six bits for it");
_Static_assert(PK_CHUNK *PK_CHUNKS_MAX <= PK_FLOW_FIRST + 1, "and so many for a slot");

#define PK_FLOW_NONE 0xffffffffu /* no entry */

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

static __always_inline __u64 pk_flow_hash_of(enum pk_flow_form form, const void *key)
{
    if (form == PK_FLOW_SHORT)
        return pk_flow_hash4(key, pk_config.flow_seed);
    return pk_flow_hash(key, pk_config.flow_seed);
}

/* Whether an entry is that of a flow, and of the rule set in force. */
static __always_inline int pk_flow_is(enum pk_flow_form form, void *entry, const void *key,
                                      __u32 epoch)
{
    int equal =
        form == PK_FLOW_SHORT ? pk_flow_key4_equal(entry, key) : pk_flow_key_equal(entry, key);

    return pk_flow_end(form, entry)->epoch == epoch && equal;
}

/* The long key. 0: packets of this kind are not remembered. */
static __always_inline int pk_flow_key(struct pk_flow_key *k, const struct pk_packet *p, __u32 hook,
                                       const __u64 mask[PK_FLOW_WORDS])
{
    pk_flow_key_make(k, p, hook, 0, mask);
    return !mask[PK_FW_INTERFACES] || pk_interfaces(k, p, mask[PK_FW_INTERFACES]);
}

/*
 * Counts a packet of the flow in entry `i`, whose count was `count` before its key was compared.
 * The reason that it leaves by; PK_REASON_N: somebody has written to the entry since.
 */
static __always_inline enum pk_reason pk_flow_hit(enum pk_flow_form form, struct pk_flow_end *end,
                                                  __u32 i, __u64 count, __u32 bytes)
{
    enum pk_reason reason = pk_flow_reason(pk_volatile(end->what));
    int counted;

    if (count & PK_FLOW_BUSY || reason >= PK_REASON_N || bytes > PK_FLOW_BYTES_MOST)
        return PK_REASON_N;
    if (pk_flow_packets(count) < PK_FLOW_PACKETS)
        counted = __sync_bool_compare_and_swap(&end->count, count, count + PK_FLOW_PACKET + bytes);
    else if (form == PK_FLOW_SHORT)
        counted = pk_flow_move_short(i, count, bytes);
    else
        counted = pk_flow_move_long(i, count, bytes);
    return counted ? reason : PK_REASON_N;
}

/* The number of another entry of its set that has the flow; or of none. */
static __always_inline __u32 pk_flow_other(enum pk_flow_form form, const void *key, __u64 hash,
                                           __u32 epoch)
{
    __u32 set = pk_flow_set_of(hash), n, i;
    void *f;

    for (i = 1; i < PK_FLOW_WAYS; i++) {
        n = set + pk_flow_way(hash, i);
        f = pk_flow_entry(form, n);
        if (!f || pk_flow_is(form, f, key, epoch))
            return n;
    }
    return PK_FLOW_NONE;
}

/*
 * Global functions, since few packets need them, and the verifier proves them once, not for each
 * way of parsing.
 */
PK_GLOBAL __u32 pk_flow_other_long(const struct pk_flow_key *k, __u64 hash, __u32 epoch)
{
    return k ? pk_flow_other(PK_FLOW_LONG, k, hash, epoch) : PK_FLOW_NONE;
}

PK_GLOBAL __u32 pk_flow_other_short(const struct pk_flow_key4 *k, __u64 hash, __u32 epoch)
{
    return k ? pk_flow_other(PK_FLOW_SHORT, k, hash, epoch) : PK_FLOW_NONE;
}

/* The reason by which the last packet with this key left, counted; PK_REASON_N: not known. */
static __always_inline enum pk_reason pk_flow_recall(enum pk_flow_form form, const void *key,
                                                     __u32 bytes, __u32 epoch)
{
    __u64 hash = pk_flow_hash_of(form, key);
    __u32 n = pk_flow_set_of(hash) + pk_flow_way(hash, 0);
    void *f = pk_flow_entry(form, n);
    __u64 count;

    if (!f || !epoch)
        return PK_REASON_N;
    count = pk_volatile(pk_flow_end(form, f)->count); /* before the key: see pk_flow_hit() */
    if (!pk_flow_is(form, f, key, epoch)) {
        n = form == PK_FLOW_SHORT ? pk_flow_other_short(key, hash, epoch)
                                  : pk_flow_other_long(key, hash, epoch);
        f = pk_flow_entry(form, n);
        if (!f)
            return PK_REASON_N;
        count = pk_volatile(pk_flow_end(form, f)->count);
        if (!pk_flow_is(form, f, key, epoch))
            return PK_REASON_N;
    }
    return pk_flow_hit(form, pk_flow_end(form, f), n, count, bytes);
}

static __always_inline struct pk_flow_drafts *pk_flow_drafts(void)
{
    __u32 zero = 0;

    return bpf_map_lookup_elem(&flow_draft, &zero);
}

/*
 * Takes the draft for a walk. 0: packets of this kind are not remembered, as none is under dense
 * rows, which are there to be measured; or this program has interrupted another walk.
 */
static __always_inline int pk_flow_take(struct pk_flow_draft *d, const struct pk_packet *p,
                                        __u32 hook, __u32 image)
{
    const struct pk_image_head *h = pk_head(image);
    const struct pk_family_tab *t;
    const __u64 *mask;

    if (!p || !h->epoch)
        return 0;
    t = &h->family[p->family == PK_IPV6];
    mask = pk_flow_mask(t, hook);
    if (t->present != PK_FORM_TREE || !pk_flow_tells(p, mask) ||
        !__sync_bool_compare_and_swap(&d->taken, 0, 1))
        return 0;
    d->is_short = pk_flow_short(p->family, mask);
    if (d->is_short) {
        pk_flow_key4_make(&d->key4, p, hook, mask);
    } else if (!pk_flow_key(&d->key, p, hook, mask)) {
        __sync_lock_test_and_set(&d->taken, 0);
        return 0;
    }
    d->epoch = h->epoch;
    d->flow.n = 0;
    return 1;
}

/*
 * A walk begins: the number of the draft in which it is to note what it counts; the second, if it
 * is not to be remembered. A global function, as is pk_flow_learn(), for the sake of the stack and
 * the verifier.
 */
PK_GLOBAL int pk_flow_begin(struct pk_flow_drafts *ds, const struct pk_packet *p, __u32 hook,
                            __u32 image)
{
    if (!ds || pk_flow_take(&ds->draft[0], p, hook, image))
        return 0;
    ds->draft[1].flow.n = PK_FLOW_NOT;
    return 1;
}

/* The entry that makes room in the set which begins at `set`; PK_FLOW_WAYS behind it: none does. */
static __always_inline __u32 pk_flow_room(enum pk_flow_form form, __u32 set, __u64 hash,
                                          __u32 epoch)
{
    __u32 i, n;
    void *f;

    for (i = 0; i < PK_FLOW_WAYS; i++) {
        n = set + pk_flow_way(hash, i);
        f = pk_flow_entry(form, n);
        if (!f || pk_flow_end(form, f)->epoch != epoch)
            return n;
    }
    return set + pk_flow_pushed(bpf_get_prandom_u32());
}

/* Marks entry `i` as being written, and tells the counters of its flow. 0: somebody writes it. */
static __always_inline int pk_flow_claim(enum pk_flow_form form, __u32 i, struct pk_flow_end *end,
                                         __u64 count)
{
    if (count & PK_FLOW_BUSY ||
        !__sync_bool_compare_and_swap(&end->count, count, pk_flow_anew(count) | PK_FLOW_BUSY))
        return 0;
    if (pk_flow_packets(count) && form == PK_FLOW_SHORT)
        pk_flow_tell_short(i, count);
    else if (pk_flow_packets(count))
        pk_flow_tell_long(i, count);
    return 1;
}

static __always_inline void pk_flow_write(enum pk_flow_form form, __u32 i,
                                          const struct pk_flow_draft *d, __u32 reason)
{
    struct pk_flow_far *far = pk_flow_far(form, i);
    void *f = pk_flow_entry(form, i);
    struct pk_flow_end *end;
    __u32 n = d->flow.n;
    __u64 count;

    if (!f || !far)
        return;
    end = pk_flow_end(form, f);
    count = pk_volatile(end->count);
    if (!pk_flow_claim(form, i, end, count))
        return;
    if (form == PK_FLOW_SHORT)
        *(struct pk_flow_key4 *)f = d->key4;
    else
        *(struct pk_flow_key *)f = d->key;
    end->epoch = d->epoch;
    end->what = pk_flow_what(reason, n, d->flow.slot[0]);
    if (n > 1)
        __builtin_memcpy(far->slot, d->flow.slot + 1, sizeof(far->slot));
    __sync_lock_test_and_set(&end->count, pk_flow_anew(count));
}

static __always_inline void pk_flow_enter(enum pk_flow_form form, const struct pk_flow_draft *d,
                                          __u32 reason)
{
    __u64 hash = pk_flow_hash_of(form, &d->key);
    __u32 set = pk_flow_set_of(hash), i = pk_flow_room(form, set, hash, d->epoch);

    if (i < set + PK_FLOW_WAYS)
        pk_flow_write(form, i, d, reason);
}

/*
 * The walk that wrote `d` has ended: what it counted is remembered, if it is to be, if there is
 * room, and if the walk saw no more of the packet than its key tells.
 */
PK_GLOBAL int pk_flow_learn(struct pk_flow_draft *d, __u32 reason)
{
    if (!d)
        return 0;
    if (d->flow.n <= PK_FLOW_SLOTS && reason != PK_R_DROP_WALK) {
        if (d->is_short)
            pk_flow_enter(PK_FLOW_SHORT, d, reason);
        else
            pk_flow_enter(PK_FLOW_LONG, d, reason);
    }
    if (d->taken)
        __sync_lock_test_and_set(&d->taken, 0);
    return 0;
}
