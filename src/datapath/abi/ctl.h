// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the BPF programs and the kernel room agree on, besides the image.
 *
 * The frame is frozen: what is attached, and what every picket must find, whichever built the
 * fence. Dispatchers stay as they are for as long as the fence stands, and a newer picket takes it
 * over by an ordinary change: a bank with programs of its own, and the word (docs/adr/0007). Of
 * the frame are
 *
 *   the word and struct pk_ctl, with its size and what `delta`, `quiet` and `unused` say;
 *   pk_prog_index();
 *   enum pk_prog_slot, append only
 *   the pins ctl, guards, progs_nf, progs_tc, progs_xdp, prog_*, link_*, bank*
 *   the map "guards"; the place of a clsact filter (kernel/clsact.c)
 *
 * A picket that finds another PK_FRAME_ABI refuses to touch the fence, but for detach.
 */
#pragma once

#include <linux/types.h>

#include "base/u128.h"
#include "state/rules.h"

#define PK_FRAME_ABI 1

/*
 * All else belongs to the programs of a bank and may differ from one bank to the next. Change this
 * number with the image, the store, the maps of data, or what the rule language has: a picket that
 * finds rules in a store which it cannot read then says that another version wrote them. A map of
 * data ("counters", "reasons", "ifnames", "zones") keeps its shape and meaning under its name for
 * ever, and PK_STORE_MAGIC stands for the store's form and for "counters": whoever can read a store
 * can read its counters, and hands them on. What must differ gets another name, or another magic.
 */
#ifdef PK_NEXT_ABI /* a test build: another picket, with a map renamed */
#define PK_DATAPATH_ABI 1000
#define PK_REASONS reasons_next
#else
#define PK_DATAPATH_ABI 7
#define PK_REASONS reasons
#endif

/*
 * The one word. Every program reads it first; one store of it switches all chains, hooks and
 * families. bits 0..7 the live bank, 8..15 the bank of the set before (PK_BANK_NONE: none), 16..63
 * the generation, which only grows.
 *
 * Generation 0: the fence does not stand. Its links are being made or taken down, and a dispatcher
 * that reads it lets the packet pass without a look at the bank; so the first set comes into force,
 * and the last one goes, on all hooks at once.
 */
#define PK_BANKS 16
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

/*
 * What the word has no room for: which delta stands over the live set's image, and which over that
 * of the set before. Like the images, they are numbered by place; 0: none. An entry is written
 * before its word is, and not again before every program has ended that read the word of it
 * (pk_ctl.quiet).
 */
#define PK_WORDS_KEPT 8u

static inline __u32 pk_delta_live(__u16 entry)
{
    return entry & 0xff;
}

static inline __u32 pk_delta_before(__u16 entry)
{
    return entry >> 8;
}

static inline __u16 pk_delta_make(__u32 live, __u32 before)
{
    return (__u16)(before << 8 | live);
}

/* Map "ctl": one element, mmapable. */
struct pk_ctl {
    __u64 word;
    __u64 frame;     /* PK_FRAME_ABI */
    __u64 netns_ino; /* the namespace the fence stands in: for finding orphans */
    __u64 netns_cookie;
    __u64 n_chunks;   /* counter chunks that exist */
    __u64 hook;       /* enum pk_attach_kind the fence was built for */
    __u64 pidns_ino;  /* whose processes its maker could see: orphans are looked for there only */
    __u64 guard_all;  /* 1: the whole network namespace */
    __u64 split_word; /* only the test build PK_SPLIT_SWITCH uses it */
    __u64 bank_abi[PK_BANKS];         /* PK_DATAPATH_ABI of the picket that filled it */
    __u64 engine_build[PK_BANKS / 4]; /* pk_object_build() of its programs */
    __u64 quiet;                /* a generation: no program runs any more that read an older word */
    __u16 delta[PK_WORDS_KEPT]; /* of generation g: element g % PK_WORDS_KEPT (pk_delta_live) */
    __u64 freed; /* the last generation that may lack a counter of the one before it */
    /* Not 0: connection tracking is held on, and sets up to this generation may ask for it. */
    __u64 conntrack;
    __u64 unused; /* counter slots from here on were never any rule's; 0: not known */
    /* The map "state" (state/state.h), on tc and XDP; what its entries stand under does not change.
     */
    struct pk_state_seed state_seed;
    __u32 state_buckets;       /* 0: there is none */
    __u32 state_max;           /* connections that it is made for */
    __u8 state_asks[PK_BANKS]; /* the families, as bits, whose rules ask for a state */
    __u32 state_epoch;         /* grows when some family asks that did not before */
    __u32 state_zones;         /* elements of the map "zones": 0: nobody looks there */
    /* Of all banks. Zero: no picket that knows them has set them. */
    struct pk_state_rules state_rules;
    __u64 rsvd[8];
};

_Static_assert(sizeof(struct pk_ctl) == 512, "shared with BPF");

/*
 * Banks come in fours, an *engine*: programs, loaded once, and one map in which the images of its
 * banks stand, each in an area of its own. A change within an engine loads no program; it writes an
 * image and the word. A set that outgrows its engine gets a new one.
 *
 * The map is the custom data section ".data.image" of the object, so that programs address it
 * without a look-up: an mmapable array of one element of size + PK_IMAGE_SLACK bytes. The size is a
 * power of two; an offset is masked with size - 1, then at most PK_IMAGE_SLACK bytes are read
 * there. Offsets in an image count from the start of the map (pk_image_place).
 *
 * Up to PK_ENGINE_SHARED bytes the map has three areas, which a change needs: the live set, the one
 * before, and the next one. Larger, it has one. Behind the areas PK_DELTA_PLACES deltas have room
 * (classify/delta.h), if the map is large enough for that to be of use.
 */
#define PK_IMAGE_SLACK 2048u /* at least a head */
#define PK_ENGINE_BANKS 4u
#define PK_ENGINE_SHARED (64u << 20)

static inline __u32 pk_engine_of(__u32 bank)
{
    return bank / PK_ENGINE_BANKS;
}

static inline __u32 pk_engine_areas(__u64 size)
{
    return size <= PK_ENGINE_SHARED ? 3 : 1;
}

#define PK_DELTA_PLACES 8u

/* Bytes of a delta's place, whole pages; 0: there are none. */
static inline __u32 pk_engine_delta(__u64 size)
{
    __u64 bytes = size / (8 * PK_DELTA_PLACES);

    if (bytes > 262144)
        return 262144;
    return bytes < 16384 ? 0 : (__u32)bytes;
}

/* Where the first of them begins. */
static inline __u32 pk_engine_deltas(__u64 size)
{
    return (__u32)(size - (__u64)PK_DELTA_PLACES * pk_engine_delta(size));
}

/* Bytes of an area, whole pages. */
static inline __u32 pk_engine_area(__u64 size)
{
    return pk_engine_deltas(size) / pk_engine_areas(size) & ~4095u;
}

/* The loader's constants: the only content of .rodata, set before the programs are loaded. */
struct pk_config {
    __u64 image_mask;
    __u32 guard_all; /* 1: the whole network namespace; 0: the devices in "guards" */
    __u32 engine;    /* whose programs these are */
    __u32 area;      /* bytes of an area */
    __u32 deltas;    /* where their places begin */
    __u64 flow_seed; /* of the hash of the flow cache; secret */
    __u32 flow_mask; /* entries of the flow cache for each CPU, less one */
    __u32 cast;      /* 1: the kernel has bpf_cast_to_kern_ctx() and bpf_rdonly_cast() */
    __u32 delta;     /* bytes of a place */
    __u32 hz;        /* jiffies in a second */
    struct pk_state_config state;
};

/* Slots of a bank in the program arrays, of which there is one per program type. */
enum pk_prog_slot { PK_PROG_NF, PK_PROG_TC_INGRESS, PK_PROG_TC_EGRESS, PK_PROG_XDP, PK_PROGS };

/* Where the judge of a slot goes on when it cannot recall the flow: its walk's own slot. */
#define PK_PROG_WALK(slot) ((slot) + 8u)

/* With room for hooks to come. */
#define PK_PROG_STRIDE 16u
#define PK_PROG_ARRAY (16u * PK_PROG_STRIDE)

static inline __u32 pk_prog_index(__u32 bank, __u32 slot)
{
    return bank * PK_PROG_STRIDE + slot;
}

/*
 * Counters: slot s is, for CPU c, element c * PK_CHUNK + s % PK_CHUNK of array number s / PK_CHUNK;
 * the arrays hang in the array of maps "counters". (In a per-CPU array each element is an
 * allocation of its own, and finding it costs a cache line more.) A rule keeps its slot for as long
 * as it stays, through any number of switches, so no count is ever copied. Adds are atomic: at
 * LOCAL_OUT a program can be interrupted by another one on the same CPU. Packets of a flow that is
 * in the flow cache are counted there, and here when gather.bpf.c has run.
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
    PK_R_ACCEPT_LOST,    /* accepted while connection tracking, which rules ask for, was off */
    PK_R_DROP_STATE,     /* the table of connections has no place for a new one */
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

/*
 * Which zone connections stand in: hash "zones", what is mapped to a __u32. An interface is mapped
 * by its name, and a VLAN by its number in `lo`; no name is all zero in `hi`. One element more than
 * may be used, for a name that changes.
 */
#define PK_ZONES_MAX 256u
#define PK_VLAN_MOST 4094u
