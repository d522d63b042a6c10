// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What every program stands on: the maps, the image, the counters and the one exit.
 */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "classify/image.h"
#include "datapath/count.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile struct pk_config pk_config = {.image_mask = 4095};

/* The live rule set of this bank; see abi/ctl.h for how the loader makes it larger. */
__u8 pk_image[4096 + PK_IMAGE_SLACK] SEC(".data.image") = {1};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct pk_ctl);
} ctl SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, PK_WHERE_N *PK_REASON_MAX);
    __type(key, __u32);
    __type(value, struct pk_count);
} PK_REASONS SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 4096);
    __type(key, __u32);
    __type(value, struct pk_ifname);
} ifnames SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(map_flags, BPF_F_NO_PREALLOC);
    __uint(max_entries, 4096);
    __type(key, struct pk_u128);
    __type(value, __u32);
} guards SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
    __uint(max_entries, PK_PROG_ARRAY);
    __type(key, __u32);
    __type(value, __u32);
} progs SEC(".maps");

/* At most PK_IMAGE_SLACK bytes at `off`; a wild offset reads another place of the same image. */
static __always_inline const void *pk_at(__u32 off, __u32 size)
{
    const __u8 *image = pk_image;
    __u64 at = off & pk_config.image_mask;

    (void)size;
    __asm__ volatile("" : "+r"(image)); /* the map is larger than the array that C sees */
    return image + at;
}

static __always_inline void pk_count_reason(__u32 where, __u32 reason, __u32 bytes)
{
    __u32 i = where * PK_REASON_MAX + reason;
    struct pk_count *c = bpf_map_lookup_elem(&PK_REASONS, &i);

    if (c)
        pk_count_add(c, 1, bytes);
}

/*
 * The word, read once per packet and hook. The test build PK_SPLIT_SWITCH makes IPv6 and egress
 * follow a second word that the loader stores a moment later: the fault that the swap test must
 * notice.
 */
static __always_inline __u64 pk_word(const struct pk_ctl *c, int second)
{
#ifdef PK_SPLIT_SWITCH
    if (second)
        return *(const volatile __u64 *)&c->split_word;
#endif
    (void)second;
    return *(const volatile __u64 *)&c->word;
}

#define PK_TO_BANK(b)                                                                              \
    case b:                                                                                        \
        bpf_tail_call_static(ctx, &progs, pk_prog_index(b, slot));                                 \
        break
#define PK_TO_BANKS(b)                                                                             \
    PK_TO_BANK(b);                                                                                 \
    PK_TO_BANK((b) + 1);                                                                           \
    PK_TO_BANK((b) + 2);                                                                           \
    PK_TO_BANK((b) + 3)

/*
 * On to a bank's program. A tail call to a constant slot is a jump that the kernel patches when the
 * slot changes; to any other it goes through a retpoline, some 20 ns. Returns if there is none.
 */
static __always_inline void pk_to_bank(void *ctx, __u32 bank, const __u32 slot)
{
    switch (bank) {
        PK_TO_BANKS(0);
        PK_TO_BANKS(4);
        PK_TO_BANKS(8);
        PK_TO_BANKS(12);
    }
}

/*
 * The program of the live bank. Returns 1 if the fence does not stand (generation 0): the packet
 * passes; 0 if the bank has no program: it is dropped.
 */
static __always_inline int pk_dispatch(void *ctx, const __u32 slot, int second)
{
    __u32 zero = 0;
    struct pk_ctl *c = bpf_map_lookup_elem(&ctl, &zero);
    __u64 word = c ? pk_word(c, second) : 0;

    if (c && !pk_word_generation(word))
        return 1;
    if (c)
        pk_to_bank(ctx, pk_word_live(word), slot);
    pk_count_reason(PK_AT_NONE, PK_R_DROP_NO_PROG, 0);
    return 0;
}

#define PK_TWO_LOADS /* pk_load_far() is not pk_load() here */

/* What a program at hand reads, it reads without a call: pk_load() says so in the source. */
#define pk_missed(s) (((struct pk_source *)(s))->missed = 1, -1)

/*
 * The live bank, if it is one of this engine, and << 8 the delta over its image. 0: the word has
 * changed since the dispatcher read it, to the bank of another engine or to none; dispatch again.
 */
static __always_inline int pk_my_bank(int second, __u32 *ret)
{
    __u32 zero = 0;
    struct pk_ctl *c = bpf_map_lookup_elem(&ctl, &zero);
    __u64 word = c ? pk_word(c, second) : 0;

    *ret = pk_word_live(word);
    if (!pk_word_generation(word) || pk_engine_of(*ret) != pk_config.engine)
        return 0;
    *ret |= pk_delta_live(c->delta[pk_word_generation(word) % PK_WORDS_KEPT]) << 8;
    return 1;
}

/* Where the image of a bank of this engine begins, or the delta over it. */
static __always_inline __u32 pk_bank_image(__u32 bank)
{
    __u32 delta = bank >> 8;

    if (delta)
        return pk_config.deltas + (delta - 1) * pk_config.delta;
    return bank % PK_ENGINE_BANKS * pk_config.area;
}

#define pk_loop(n, step, walk) bpf_loop((n), (step), (walk), 0)
