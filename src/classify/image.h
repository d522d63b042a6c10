// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The image: a compiled rule set as one flat run of bytes, both families, every chain. User space
 * writes it (compile.c) and copies it into a map; the BPF program reads it (walk.h). All offsets
 * are in bytes from the start of the map; 0 means absent, since a head stands there.
 *
 *   +--------+-------------------+-------------------+--------+-------+-----------+
 *   | head   | lookup tables of  | lists and rows of | leaves | steps | family 1… |
 *   |        | family 0's fields | family 0          |        |       |           |
 *   +--------+-------------------+-------------------+--------+-------+-----------+
 *
 * A field's value is looked up (directly, or by binary search over the starts of its elementary
 * intervals) and gives the offset of a row. A row has one bit per leaf of the family, sparse, as a
 * tree of 64 branches a node: one `struct pk_group` per 64^3 leaves, the top, says which of its 64
 * groups are not zero and where they stand, one after the other; a group says the same of its 64
 * words. Equal rows, and equal runs of groups or words, are stored once. The candidate is the first
 * leaf, at or after the cursor and before the chain's end, whose bit is set in the rows of all
 * fields.
 *
 * Bits stand in the order of the leaves, but for those of long runs of leaves that all end the walk
 * or their chain: these stand so that rows have their bits together, and the candidate is the least
 * leaf of all bits in the run (order.h, docs/adr/0012).
 *
 * Most leaves need no bit: they ask for an address or a port that few others ask for, whose value
 * leads to a short list of them (struct pk_list_tab; docs/adr/0014).
 *
 * With --classifier lbvs a row is *dense* instead: the plain bit vector of linear bit-vector search
 * (Lakshman and Stiliadis, SIGCOMM 1998; bpf-iptables, CCR 2019), in blocks of PK_BLOCK_WORDS
 * words, zero ones and all. The candidate is found by looking through all of them, and no flow is
 * remembered.
 *
 * Chains are runs of leaves; a jump moves the cursor, as in the kernel's own walk, so that user
 * chains are never copied and every rule keeps its one counter (docs/adr/0003).
 *
 * A *delta* is an image of its own, of the few rules that were added since the image under it was
 * compiled. Each of its leaves says before which leaf of that image it stands, and a bit for each
 * leaf of that image says whether its rule is gone. Chains have the same numbers in both
 * (docs/adr/0009).
 */
#pragma once

#include <linux/types.h>

#include "packet/packet.h"
#include "rules/field.h"

#define PK_FLOW_WORDS 6 /* of a key of the flow cache (flow.h) */
#define PK_FLOW_MASKS 4 /* hooks and one more: a power of two */

#define PK_IMAGE_MAGIC 0x31676d4974656b63ULL /* "cketImg1" */

enum pk_method {
    PK_M_DIRECT = 1,    /* __u32 [n], the row of each value; a value >= n has the last one */
    PK_M_SEARCH32 = 2,  /* struct pk_key32 [n], ascending, the first 0; the last key <= value */
    PK_M_SEARCH128 = 3, /* struct pk_key128 [n], likewise */
};

/* A key and the offset of its row, in one cache line. The row stands first in each kind. */
struct pk_key32 {
    __u32 row, key;
};

struct pk_key128 {
    __u32 row, pad;
    struct pk_u128 key;
};

/* Bytes from one row of a field to the next. */
static inline __u32 pk_row_width(enum pk_method method)
{
    return method == PK_M_SEARCH32    ? sizeof(struct pk_key32)
           : method == PK_M_SEARCH128 ? sizeof(struct pk_key128)
                                      : sizeof(__u32);
}

/* What rules are searched with: the compiler's own choice, or plain linear bit-vector search. */
enum pk_classifier { PK_CLASSIFIER_AUTO, PK_CLASSIFIER_LBVS, PK_CLASSIFIER_N };

/* A value as a number of 32 bits, in the same order; past either end, the last one there. */
static inline __u32 pk_scaled(struct pk_u128 v, struct pk_u128 base, __u32 shift)
{
    __u64 borrow = v.lo < base.lo, hi = v.hi - base.hi - borrow, lo = v.lo - base.lo;

    if (v.hi < base.hi || (v.hi == base.hi && borrow))
        return 0;
    if (shift & 64) {
        lo = hi;
        hi = 0;
    }
    shift &= 63;
    if (shift) {
        lo = lo >> shift | hi << (64 - shift);
        hi >>= shift;
    }
    return hi || lo >> 32 ? 0xffffffffu : (__u32)lo;
}

/* Where many keys are searched: between which of them a value lies that is b when it is scaled. */
struct pk_key_index {
    struct pk_u128 base;
    __u32 shift, buckets;
    __u32 key[]; /* [buckets + 1]; from key[b] to key[b + 1] */
};

/* One used field. Fields that no rule uses are not listed. KIND is always listed if any is. */
struct pk_field_tab {
    __u16 field;  /* enum pk_field */
    __u16 method; /* enum pk_method */
    __u32 n;
    __u32 rows;  /* offset of n rows, with their keys where they are searched */
    __u32 index; /* offset of a struct pk_key_index; 0: none */
};

/*
 * A field by whose values leaves are listed: each value has the leaves that are found by it, few,
 * in one place. `tab.rows` are offsets of lists; 0: none. Leaves that are listed are in no row.
 */
#define PK_LISTS 2u
#define PK_LIST_ENTRIES 16u /* of a list, at most */
#define PK_LIST_LAST 0x80000000u

struct pk_list_tab {
    struct pk_field_tab tab;
    __u32 needs; /* offset of struct pk_needs [n_leaves] of the family */
    __u32 shift; /* addresses of the other side as numbers of 32 bits: (value - base) >> shift */
    struct pk_u128 base;
};

/*
 * What tells most leaves of a list apart without a look at anything else: ranges of the other
 * address, and of the destination port, in which every packet lies that they match.
 */
struct pk_list_entry {
    __u32 leaf; /* PK_LIST_LAST: and no other follows */
    __u16 dport_lo, dport_hi;
    __u32 lo, hi;
};

/* The other fields that a listed leaf asks for: the offset of a struct pk_need_set | the field. */
struct pk_needs {
    __u32 set[PK_FIELD_N - 1]; /* 0: no more */
};
#define PK_NEED_FIELD 15u
#define PK_NEED_INTERVALS 8u /* leaves with sets of more stand in rows */

struct pk_need_set {
    __u32 n, pad[3];
    struct pk_range {
        struct pk_u128 lo, hi;
    } range[];
};

/* A node of a row: bit i of `sum` says that child i is not zero. A row is its tops[n_tops]. */
struct pk_group {
    __u64 sum;
    __u32 at; /* offset of the first child that is not zero; the others follow */
    __u32 pad;
};

/* What pk_dense_seek (walk.h) reads of a dense row at a time. */
#define PK_BLOCK_WORDS 8u
#define PK_BLOCK_LEAVES (PK_BLOCK_WORDS * 64)

struct pk_block {
    __u64 word[PK_BLOCK_WORDS];
};

enum pk_form { PK_FORM_TREE = 1, PK_FORM_DENSE = 2 };

/* A chain: a run of leaves. */
struct pk_run {
    __u32 start, end;
};

/* Base chains are the first ones, by their hooks. */
struct pk_base_chain {
    __u32 policy;  /* PK_ACT_ACCEPT or PK_ACT_DROP */
    __u32 counter; /* slot of the policy's counter */
};

struct pk_family_tab {
    __u32 present; /* enum pk_form of its rows; 0: never set; packets pass, counted as such */
    __u32 n_leaves;
    __u32 leaves; /* offset of struct pk_leaf_rec [n_leaves] */
    __u32 order;  /* offset of __u32 [n_leaves], the leaf of each bit; 0: bit i is leaf i's */
    __u32 n_tops; /* of a row */
    __u32 n_fields;
    __u32 depth;  /* deepest nesting of jumps, <= PK_DEPTH_MAX */
    __u32 zero;   /* always 0: a number that the verifier does not know */
    __u32 rows;   /* offset of the rows' tops, which groups follow, */
    __u32 words;  /* and words */
    __u32 chains; /* offset of a struct pk_run for each chain */
    /* What is under a delta: the family's table, its leaves, its chains. Of another image: its own.
     */
    __u32 under, under_leaves, under_chains;
    __u32 anchors;   /* of a delta with leaves: offset of __u32 [n_leaves], the leaves under it that
                        they stand before, ascending in a chain */
    __u32 gone;      /* of a delta: offset of __u64 [], a bit for each leaf under it; 0: none */
    __u32 steps;     /* that a walk may take, at most */
    __u32 visits;    /* of chains that a walk may make, at most */
    __u32 conntrack; /* 1: some rule asks for connection tracking; of a delta: see `under` */
    __u32 n_lists;
    struct pk_base_chain base[PK_HOOK_N];
    struct pk_field_tab field[PK_FIELD_N];
    struct pk_list_tab list[PK_LISTS];
    /* For each hook the bits of a flow's key that some rule can tell apart there (told.h). */
    __u64 mask[PK_FLOW_MASKS][PK_FLOW_WORDS];
};

/* Jumps on the return stack at once. Deeper nesting is refused when the rule set is compiled. */
#define PK_DEPTH_MAX 32 /* a power of two */

/* Leaves of a delta, one group of a row; with more the whole set is compiled. */
#define PK_DELTA_LEAVES 4096u
#define PK_DELTA_NODES 65536u /* of its rows, likewise */

#define PK_IN_ORDER 0xffffffffu

struct pk_leaf_rec {
    __u32 counter; /* slot, see datapath/abi/ctl.h */
    __u32 chain;   /* the number of the chain that this leaf stands in */
    __u32 target;  /* JUMP, GOTO: the number of the target chain */
    __u32 steps;   /* offset of struct pk_step [n_predicates + n_effects], 0: none */
    __u32 rule;    /* pk_rule.ordinal */
    __u8 n_predicates;
    __u8 n_effects : 6;
    __u8 sees_more : 1;    /* its steps see more of a packet than a flow's key tells (flow.h) ... */
    __u8 sees_headers : 1; /* ... or do so if the packet has IPv6 extension headers */
    __u8 action;           /* enum pk_action */
    __u8 hot;              /* statuses (PK_STATUS_BIT) that drop instead of counting */
    /* The run of leaves that it stands in, whose bits stand in any order; PK_IN_ORDER: it stands in
     * its place, and so do those up to `end`. */
    __u32 from, end;
};

struct pk_image_head {
    __u64 magic;
    __u32 abi;
    __u32 size;        /* bytes used */
    __u32 epoch;       /* the generation it came into force with; 0: remember no flow */
    __u32 delta;       /* 1: this is one */
    struct pk_u128 id; /* hash of the rule set's text, shown by status */
    struct pk_family_tab family[PK_FAMILY_N];
};

/*
 * The form of the image, for whoever finds one; kinds of steps (rules/step.h) are part of it. No
 * program asks: an image is read by the programs that its own picket brought along, which
 * pk_ctl.engine_build says, and whether another picket's store can be read says PK_DATAPATH_ABI.
 */
#define PK_IMAGE_ABI 9

_Static_assert(sizeof(struct pk_key32) == 8, "shared with BPF");
_Static_assert(sizeof(struct pk_key128) == 24, "shared with BPF");
_Static_assert(sizeof(struct pk_field_tab) == 16, "shared with BPF");
_Static_assert(sizeof(struct pk_block) == 64, "shared with BPF");
_Static_assert(sizeof(struct pk_group) == 16, "shared with BPF");
_Static_assert(sizeof(struct pk_leaf_rec) == 32, "shared with BPF");
_Static_assert(sizeof(struct pk_list_entry) == 16, "shared with BPF");
_Static_assert(sizeof(struct pk_needs) == 32, "shared with BPF");
_Static_assert(sizeof(struct pk_list_tab) == 40, "shared with BPF");
_Static_assert(sizeof(struct pk_family_tab) == 80 + 3 * 8 + 9 * 16 + 2 * 40 + 4 * 6 * 8,
               "shared with BPF");
