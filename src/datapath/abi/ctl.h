// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the BPF programs and the kernel room agree on, besides the image. Change PK_DATAPATH_ABI
 * when any of it changes; a picket that finds another number refuses to touch the fence, but for
 * detach.
 */
#pragma once

#include <linux/types.h>

#include "base/u128.h"

#define PK_DATAPATH_ABI 1

/*
 * The one word. Every program reads it first; one store of it switches all chains, hooks and
 * families. bits 0..7 the live bank, 8..15 the bank of the set before (PK_BANK_NONE: none), 16..63
 * the generation, which only grows.
 *
 * Generation 0: the fence does not stand. Its links are being made or taken down, and a dispatcher
 * that reads it lets the packet pass without a look at the bank; so the first set comes into force,
 * and the last one goes, on all hooks at once.
 */
#define PK_BANKS 3
#define PK_BANK_NONE 0xffu

static inline __u32 pk_word_live(__u64 w)
{
    return w & 0xff;
}

static inline __u32 pk_word_before(__u64 w)
{
    return w >> 8 & 0xff;
}

static inline __u64 pk_word_generation(__u64 w)
{
    return w >> 16;
}

static inline __u64 pk_word_make(__u64 generation, __u32 live, __u32 before)
{
    return generation << 16 | (__u64)before << 8 | live;
}

/* Map "ctl": one element, mmapable. */
struct pk_ctl {
    __u64 word;
    __u64 abi;       /* PK_DATAPATH_ABI */
    __u64 netns_ino; /* the namespace the fence stands in: for finding orphans */
    __u64 netns_cookie;
    __u64 n_chunks;   /* counter chunks that exist */
    __u64 hook;       /* enum pk_attach_kind the fence was built for */
    __u64 pidns_ino;  /* whose processes its maker could see: orphans are looked for there only */
    __u64 guard_all;  /* 1: the whole network namespace */
    __u64 split_word; /* only the test build PK_SPLIT_SWITCH uses it */
    __u64 rsvd[55];
};

_Static_assert(sizeof(struct pk_ctl) == 512, "shared with BPF");

/*
 * How the loader binds a bank's programs to its image. The image is the custom data section
 * ".data.image" of the object, so that programs address it without a look-up; before loading, the
 * loader creates an mmapable array map of one element of `mask + 1 + PK_IMAGE_SLACK` bytes and
 * hands it to bpf_map__reuse_fd() for the map of that name. mask + 1 is a power of two, at least
 * 4,096 and at least the image's size: an offset is masked, then at most PK_IMAGE_SLACK bytes are
 * read there.
 */
#define PK_IMAGE_SLACK 64u

/* The loader's constants: the only content of .rodata, set before the programs are loaded. */
struct pk_config {
    __u64 image_mask;
    __u32 guard_all; /* 1: the whole network namespace; 0: the devices in "guards" */
    __u32 bank;      /* which bank these programs are for */
};

/* Slots of the program arrays: bank * PK_PROGS + one of these. One array per program type. */
enum pk_prog_slot { PK_PROG_NF, PK_PROG_TC_INGRESS, PK_PROG_TC_EGRESS, PK_PROG_XDP, PK_PROGS };

/*
 * Counters: slot s is element s % PK_CHUNK of per-CPU array number s / PK_CHUNK; the arrays hang in
 * the array of maps "counters". A rule keeps its slot for as long as it stays, through any number
 * of switches, so no count is ever copied. Adds are atomic: at LOCAL_OUT a program can be
 * interrupted by another one on the same CPU.
 */
#define PK_CHUNK 1024u
#define PK_CHUNKS_MAX 4096u

struct pk_count {
    __u64 packets, bytes;
};

/*
 * Why a packet left the datapath: per-CPU array "reasons" of struct pk_count, element
 * hook class * PK_REASON_MAX + reason. Append only: the numbers are shared with the command line
 * and metrics.
 */
enum pk_where { PK_AT_INPUT, PK_AT_FORWARD, PK_AT_OUTPUT, PK_AT_NONE, PK_WHERE_N };

enum pk_reason {
    PK_R_ACCEPT_RULE, /* a rule accepted */
    PK_R_ACCEPT_POLICY,
    PK_R_DROP_RULE,
    PK_R_DROP_POLICY,
    PK_R_DROP_HOT,       /* a match could not read its header: as iptables' hotdrop */
    PK_R_DROP_EXTHDR,    /* more than PK_EXTHDR_MAX IPv6 extension headers */
    PK_R_DROP_WALK,      /* the walk did not end: never, unless the image is damaged */
    PK_R_DROP_TAGS,      /* more than two VLAN tags: nothing behind them could be judged */
    PK_R_DROP_NO_PROG,   /* no program in the live bank: never, unless pins were tampered with */
    PK_R_PASS_OPEN,      /* the packet's family was never set */
    PK_R_PASS_NOT_IP,    /* ARP and the like; on tc and XDP */
    PK_R_PASS_UNGUARDED, /* neither interface is guarded */
    PK_R_PASS_JUDGED,    /* a forwarded packet at egress that was judged at ingress */
    PK_R_PASS_MALFORMED, /* the IP header is not one that the stack accepts: left to the stack */
    PK_REASON_N,
    PK_REASON_MAX = 64
};

/*
 * Interface names for programs that only know indexes (tc and XDP on kernels without
 * bpf_cast_to_kern_ctx): hash "ifnames", __u32 ifindex to struct pk_ifname. Filled at apply.
 */
struct pk_ifname {
    struct pk_u128 name;
    __u32 guarded; /* 1: the fence stands on it */
    __u32 pad[3];
};

/*
 * Guarded devices: hash "guards", the name as struct pk_u128 to __u32, the ifindex at attachment. A
 * program only asks whether the name is there. PK_GUARD_QDISC: picket made the device's clsact
 * qdisc.
 */
#define PK_GUARD_QDISC 0x80000000u
#define PK_GUARDS_MAX 256u
#define PK_IFNAMES_MAX 4096u
