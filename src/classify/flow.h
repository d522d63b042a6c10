// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The flow cache: what became of a packet, kept for the next one that no rule can tell from it.
 *
 * A walk (walk.h) depends on nothing but the packet's fields, unless it meets a leaf with residual
 * steps. So its outcome, the reason and the counters that it raised, may be remembered under those
 * bits of the fields that some rule looks at: the *key*. Bits that no rule can tell apart are
 * masked out (compile.c), so that a set of /24 prefixes needs one entry for 256 hosts, and a set
 * without ports one for all connections of two hosts. docs/adr/0008 says why, with figures.
 *
 * What -m conntrack asks most often, the state of the packet's connection and its direction, is in
 * the key as well (PK_CT_TOLD_* of rules/conntrack.h): a leaf whose steps ask nothing else is
 * remembered like one without. The connection itself is looked up for each packet, in any case.
 *
 * Entries stand in sets of PK_FLOW_WAYS, in tables of their own for each CPU: one of cache lines,
 * and one of half lines for IPv4, as long as no rule asks for an interface. The hash says which
 * entry of its set a flow would rather have; a look-up reads the others only if another flow has
 * got it. A full set gives way to one miss in eight, by lot: three flows in turn on a place for two
 * would else push each other out for ever.
 *
 * Programs of process context (OUTPUT) may be interrupted by others on the same CPU, also in the
 * middle of a write: an entry is busy while it is written, and its count is another one afterwards.
 * A hit is one compare-and-swap of that count, which fails if anything has come in between. A walk
 * notes what it counts in a draft, one for each CPU; who finds that taken is not remembered. No
 * entry is ever cleared: `epoch` is the generation of the rule set that it was made by, and never
 * comes back.
 */
#pragma once

#include "classify/image.h"
#include "packet/packet.h"

#define PK_FLOW_WAYS 8u
/* Counters that an outcome may raise; a longer walk is walked each time. */
#define PK_FLOW_SLOTS 15u
#define PK_FLOW_NOT 255u /* this walk cannot be remembered */

/* Which of the tables. */
enum pk_flow_form { PK_FLOW_LONG, PK_FLOW_SHORT };

/* What a walk has counted. */
struct pk_flow {
    __u32 n; /* counters, or PK_FLOW_NOT */
    __u32 slot[PK_FLOW_SLOTS];
};

struct pk_flow_key {
    __u64 word[PK_FLOW_WORDS];
};

/* The key of IPv4 where no rule asks for an interface: half an entry, and a table of its own. */
struct pk_flow_key4 {
    __u64 word[2]; /* addresses; as PK_FW_L4 */
};

/* What became of a flow, and how often since its counters were last told. */
struct pk_flow_end {
    __u64 count; /* PK_FLOW_PACKET and so on */
    __u32 epoch; /* of the image that made it; 0: no entry */
    __u32 what;  /* pk_flow_what() */
};

struct pk_flow_entry {
    struct pk_flow_key key;
    struct pk_flow_end end;
};

struct pk_flow_entry4 {
    struct pk_flow_key4 key;
    struct pk_flow_end end;
};

/* The counters but the first: what a hit does not read would only be in the way of the entries. */
struct pk_flow_far {
    __u32 slot[PK_FLOW_SLOTS - 1];
    __u32 pad[2];
};

/* An entry of each table. */
#define PK_FLOW_BYTES                                                                              \
    (sizeof(struct pk_flow_entry) + sizeof(struct pk_flow_entry4) + 2 * sizeof(struct pk_flow_far))

_Static_assert(sizeof(struct pk_flow_entry) == 64, "a cache line");
_Static_assert(sizeof(struct pk_flow_entry4) == 32, "half a cache line");
_Static_assert(sizeof(struct pk_flow_far) == 64, "a cache line");

/*
 * Packets of a flow are counted in its entry, which a hit reads in any case, and told to the
 * counters of its rules when there is no more room for them here, when the entry gets another flow,
 * and when somebody wants to know. One word, so that all of it changes at once:
 *
 *      63              45   44   43       32 31            0
 *     | writes so far    |busy | packets    | bytes         |
 */
#define PK_FLOW_PACKET (1ULL << 32)
#define PK_FLOW_PACKETS 4095u
#define PK_FLOW_BUSY (1ULL << 44)
#define PK_FLOW_WRITE (1ULL << 45)
#define PK_FLOW_BYTES_MOST ((1u << 20) - 1) /* of a packet; Linux's have half of it at most */

_Static_assert((__u64)PK_FLOW_PACKETS *PK_FLOW_BYTES_MOST < PK_FLOW_PACKET, "no carry");

static inline __u32 pk_flow_packets(__u64 count)
{
    return (__u32)(count >> 32) & PK_FLOW_PACKETS;
}

static inline __u32 pk_flow_bytes(__u64 count)
{
    return (__u32)count;
}

static inline __u64 pk_flow_writes(__u64 count)
{
    return count / PK_FLOW_WRITE;
}

/* When the counters have been told. */
static inline __u64 pk_flow_counted(__u64 count)
{
    return count & -PK_FLOW_BUSY;
}

/* Of the next flow in this entry. */
static inline __u64 pk_flow_anew(__u64 before)
{
    return (before & -PK_FLOW_WRITE) + PK_FLOW_WRITE;
}

/*
 *      31     26 25           22 21              0
 *     | reason  | counters      | the first       |
 */
#define PK_FLOW_FIRST ((1u << 22) - 1)

static inline __u32 pk_flow_what(__u32 reason, __u32 n, __u32 first)
{
    return reason << 26 | (n & 15) << 22 | (first & PK_FLOW_FIRST);
}

static inline __u32 pk_flow_reason(__u32 what)
{
    return what >> 26;
}

static inline __u32 pk_flow_counters(__u32 what)
{
    return what >> 22 & 15;
}

static inline __u32 pk_flow_first(__u32 what)
{
    return what & PK_FLOW_FIRST;
}

/* Words of a key. IPv4 addresses leave SADDR_HI and DADDR_HI free. */
enum {
    PK_FW_SADDR_HI,
    PK_FW_SADDR,
    PK_FW_DADDR_HI,
    PK_FW_DADDR,
    PK_FW_L4, /* from the top: source port or ICMP type and code, destination port, protocol,
                 TCP flags, connection (PK_CT_TOLD_*), status << 4 | hook << 1 | family */
    PK_FW_INTERFACES,
};

#define PK_FW_SPORT_SHIFT 48
#define PK_FW_DPORT_SHIFT 32
#define PK_FW_FLAGS_SHIFT 16
#define PK_FW_CT_SHIFT 8
#define PK_FW_CT (0xffULL << PK_FW_CT_SHIFT)
#define PK_FW_IIF 0xffffffff00000000ULL /* of INTERFACES: some rule asks for the incoming one */
#define PK_FW_OIF 0x00000000ffffffffULL
#define PK_FW_ALWAYS 0x00000000ff0000ffULL /* of L4: kept, whatever the rules look at */

/* What IPv4 and IPv6 have in common: whole, not masked. icmp is 0 unless the protocol has it, and
 * then the ports are: they share a place. */
static inline __u64 pk_flow_l4(const struct pk_packet *p, __u32 hook)
{
    return (__u64)(__u16)(p->sport | p->icmp) << PK_FW_SPORT_SHIFT |
           (__u64)p->dport << PK_FW_DPORT_SHIFT | (__u32)p->proto << 24 |
           (__u32)p->tcp_flags << PK_FW_FLAGS_SHIFT | (__u32)p->ct << PK_FW_CT_SHIFT |
           (__u32)(p->status << 4) | (__u32)(hook << 1) | p->family;
}

/* The bits of a key that rules can tell apart at a hook. */
static inline const __u64 *pk_flow_mask(const struct pk_family_tab *t, __u32 hook)
{
    return t->mask[hook & (PK_FLOW_MASKS - 1)];
}

/* Whether a key tells what the rules ask of the packet's connection; else it must be walked. */
static inline int pk_flow_tells(const struct pk_packet *p, const __u64 mask[PK_FLOW_WORDS])
{
    return !(mask[PK_FW_L4] & PK_FW_CT) || p->ct;
}

/*
 * The key of a packet. `interfaces` tells apart what the hook knows of the two interfaces (0 unless
 * mask[PK_FW_INTERFACES]).
 */
static inline void pk_flow_key_make(struct pk_flow_key *k, const struct pk_packet *p, __u32 hook,
                                    __u64 interfaces, const __u64 mask[PK_FLOW_WORDS])
{
    k->word[PK_FW_SADDR_HI] = p->saddr.hi & mask[PK_FW_SADDR_HI];
    k->word[PK_FW_SADDR] = p->saddr.lo & mask[PK_FW_SADDR];
    k->word[PK_FW_DADDR_HI] = p->daddr.hi & mask[PK_FW_DADDR_HI];
    k->word[PK_FW_DADDR] = p->daddr.lo & mask[PK_FW_DADDR];
    k->word[PK_FW_L4] = pk_flow_l4(p, hook) & mask[PK_FW_L4];
    k->word[PK_FW_INTERFACES] = interfaces;
}

/* Whether packets of a family have the short key. */
static inline int pk_flow_short(__u32 family, const __u64 mask[PK_FLOW_WORDS])
{
    return family == PK_IPV4 && !mask[PK_FW_INTERFACES];
}

static inline void pk_flow_key4_make(struct pk_flow_key4 *k, const struct pk_packet *p, __u32 hook,
                                     const __u64 mask[PK_FLOW_WORDS])
{
    k->word[0] = (p->saddr.lo & mask[PK_FW_SADDR]) << 32 | (__u32)(p->daddr.lo & mask[PK_FW_DADDR]);
    k->word[1] = pk_flow_l4(p, hook) & mask[PK_FW_L4];
}

/* Multiplication and folding, with a secret seed: nobody can aim flows at one set of entries. */
static inline __u64 pk_flow_hash(const struct pk_flow_key *k, __u64 seed)
{
    __u64 h = (k->word[0] ^ seed) * 0x9e3779b97f4a7c15ULL;

    h ^= (k->word[1] + seed) * 0xbf58476d1ce4e5b9ULL;
    h += (k->word[2] ^ seed) * 0x94d049bb133111ebULL;
    h ^= (k->word[3] + (seed >> 7)) * 0xd6e8feb86659fd93ULL;
    h ^= h >> 32;
    h += (k->word[4] ^ (seed << 9)) * 0xff51afd7ed558ccdULL;
    h ^= (k->word[5] + seed) * 0xc4ceb9fe1a85ec53ULL;
    h ^= h >> 29;
    h *= seed | 1;
    return h ^ h >> 32;
}

static inline __u64 pk_flow_hash4(const struct pk_flow_key4 *k, __u64 seed)
{
    __u64 h = (k->word[0] ^ seed) * 0x9e3779b97f4a7c15ULL;

    h ^= h >> 32;
    h += (k->word[1] ^ (seed << 9)) * 0xff51afd7ed558ccdULL;
    h ^= h >> 29;
    h *= seed | 1;
    return h ^ h >> 32;
}

/* The i-th entry of its set in which a flow may stand, from the one that it would rather have. */
static inline __u32 pk_flow_way(__u64 hash, __u32 i)
{
    return ((__u32)(hash >> 61) ^ i) & (PK_FLOW_WAYS - 1);
}

/* Whether a miss may push out an entry that is in use, and which: `lot` is a random number. */
static inline __u32 pk_flow_pushed(__u32 lot)
{
    return lot & 7 ? PK_FLOW_WAYS : lot >> 3 & (PK_FLOW_WAYS - 1);
}

static inline int pk_flow_key_equal(const struct pk_flow_key *a, const struct pk_flow_key *b)
{
    __u64 d = a->word[0] ^ b->word[0];

    d |= a->word[1] ^ b->word[1];
    d |= a->word[2] ^ b->word[2];
    d |= a->word[3] ^ b->word[3];
    d |= a->word[4] ^ b->word[4];
    d |= a->word[5] ^ b->word[5];
    return !d;
}

static inline int pk_flow_key4_equal(const struct pk_flow_key4 *a, const struct pk_flow_key4 *b)
{
    return !((a->word[0] ^ b->word[0]) | (a->word[1] ^ b->word[1]));
}

/* One counter more of the walk that is under way. */
static inline void pk_flow_note(struct pk_flow *f, __u32 slot)
{
    __u32 n = f->n;

    if (n < PK_FLOW_SLOTS) {
        f->slot[n] = slot;
        f->n = n + 1;
    } else {
        f->n = PK_FLOW_NOT;
    }
}
