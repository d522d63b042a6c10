// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connection tracking of our own, for the hooks that stand before Linux's: what is known of one
 * connection, and the table that connections stand in. Shared by user space and BPF. The machine
 * that changes an entry is track.h; docs/adr/0011 says why all of it is as it is.
 *
 * The table is an array of buckets, each with a lock, PK_STATE_WAYS places and, before them, what a
 * search needs. An entry stands in one of the two buckets that its key's hash names, most often in
 * the first; a bucket says whether any of its keys ever had to go to its second one, so that a new
 * connection most often touches one place in memory. Nothing sweeps: a place whose time has run out
 * is free, and so is one that was never used (`until` 0). To delete an entry is to store 0 there,
 * under the lock.
 *
 *            tag 0..7     until 0..7       entry 0 ... entry 7
 *      +----+----+-------+---------------+----------- - - ------+
 *      |lock|held| 8 x16 |    8 x 32     |       8 x 112        |
 *      +----+----+-------+---------------+----------- - - ------+
 *
 * A place may be given away to a new connection, the one that ends soonest first, unless its bit in
 * `held` is set: ASSURED (a handshake that was completed, a UDP stream) and not closed. So a
 * flood of packets from made-up addresses drives out half-open connections and nothing else. If all
 * sixteen places are held, the packet that needs a new one is dropped, as Linux does at
 * nf_conntrack_max.
 *
 * Memory: 119 bytes a place.
 */
#pragma once

#include "packet/packet.h"

#define PK_STATE_WAYS 8u

/*
 * Time in the table: ticks of 2^27 ns (134 ms) of CLOCK_MONOTONIC, plus 1 so that none is 0. They
 * last for nine years of uptime; then free places would look taken.
 */
#define PK_STATE_TICK_SHIFT 27u

static inline __u32 pk_state_tick(__u64 ns)
{
    return (__u32)(ns >> PK_STATE_TICK_SHIFT) + 1;
}

/* Seconds to ticks, rounded up, and back, rounded down. */
#define PK_STATE_TICKS(s)                                                                          \
    ((__u32)(((__u64)(s)*1000000000ULL + ((1ULL << PK_STATE_TICK_SHIFT) - 1)) >>                   \
             PK_STATE_TICK_SHIFT))

static inline __u32 pk_state_seconds(__u32 ticks)
{
    return (__u32)(((__u64)ticks << PK_STATE_TICK_SHIFT) / 1000000000ULL);
}

/*
 * What tells connections apart; both directions have the same key, and no NAT stands between them.
 * `end` 0 is the smaller one (address, then port), and for ICMP, where the two directions have
 * different types, the one that asks.
 *
 *                       port[0]              port[1]
 *     TCP, UDP, ...     of end 0             of end 1
 *     ICMP, ICMPv6      identifier           type of the request << 8 | code
 *     GRE version 1     0 of the source, of the destination the call's number
 *     anything else     0                    0
 *
 * So that later fragments, which have no ports, have the state of their datagram's first one, there
 * are entries for datagrams, in one direction: family | PK_STATE_FRAGMENT, the addresses from
 * source to destination, and the identification in place of the ports.
 */
#define PK_STATE_FRAGMENT 0x80u
struct pk_state_key {
    struct pk_u128 addr[2]; /* as in struct pk_packet */
    __u16 port[2];          /* host order */
    __u8 proto;
    __u8 family; /* enum pk_family; | PK_STATE_FRAGMENT */
    __u16 zone;  /* of where it was seen (datapath/track.bpf.h); 0 unless the user maps that */
};

/* One direction of a TCP connection: struct ip_ct_tcp_state. Sequence numbers in host order. */
struct pk_state_tcp_end {
    __u32 end;    /* of what was sent: the highest sequence number + length */
    __u32 maxend; /* the highest that the other end's window lets it send */
    __u32 maxwin; /* the largest window that it has offered; 0: nothing is known of it yet */
    __u32 maxack; /* the highest it has acknowledged */
    __u8 scale;
    __u8 flags; /* PK_TCPF_* */
    __u16 at;   /* half of a time stamp: rtt.h */
};

/* IP_CT_TCP_FLAG_* of linux/netfilter/nf_conntrack_tcp.h. */
#define PK_TCPF_WINDOW_SCALE 0x01u
#define PK_TCPF_SACK_PERM 0x02u
#define PK_TCPF_CLOSE_INIT 0x04u
#define PK_TCPF_LIBERAL 0x08u
#define PK_TCPF_UNACKED 0x10u /* data were sent that nobody has acknowledged */
#define PK_TCPF_MAXACK_SET 0x20u
#define PK_TCPF_CHALLENGE_ACK 0x40u
#define PK_TCPF_SIMULTANEOUS 0x80u

/* enum tcp_conntrack, with its numbers. */
enum pk_tcp_state {
    PK_TCP_NONE,
    PK_TCP_SYN_SENT,
    PK_TCP_SYN_RECV,
    PK_TCP_ESTABLISHED,
    PK_TCP_FIN_WAIT,
    PK_TCP_CLOSE_WAIT,
    PK_TCP_LAST_ACK,
    PK_TCP_TIME_WAIT,
    PK_TCP_CLOSE,
    PK_TCP_SYN_SENT2,
    PK_TCP_STATES,
};

/* struct ip_ct_tcp. Directions: 0 the originator's, 1 the reply's. */
struct pk_state_tcp {
    struct pk_state_tcp_end seen[2];
    __u32 last_seq, last_ack, last_end;
    __u16 last_win;
    __u8 last_wscale;
    __u8 last_flags;
    __u8 state; /* enum pk_tcp_state */
    __u8 last_dir;
    __u8 last_index; /* enum pk_tcp_kind (track.h) */
    __u8 retrans;
};

/* enum sctp_conntrack, with its numbers. */
enum pk_sctp_state {
    PK_SCTP_NONE,
    PK_SCTP_CLOSED,
    PK_SCTP_COOKIE_WAIT,
    PK_SCTP_COOKIE_ECHOED,
    PK_SCTP_ESTABLISHED,
    PK_SCTP_SHUTDOWN_SENT,
    PK_SCTP_SHUTDOWN_RECD,
    PK_SCTP_SHUTDOWN_ACK_SENT,
    PK_SCTP_HEARTBEAT_SENT,
    PK_SCTP_STATES,
};

/* struct ip_ct_sctp. Directions: 0 the originator's, 1 the reply's. */
struct pk_state_sctp {
    __u32 vtag[2]; /* that packets of a direction carry, in host order; 0: not known yet */
    __u8 state;    /* enum pk_sctp_state */
    __u8 init;     /* bit per direction: an INIT came that way, and no handshake has ended since */
    __u8 probed;   /* bit per direction: a HEARTBEAT with another tag came that way last */
    __u8 pad;
};

struct pk_state_udp {
    __u32 stream_at; /* a tick: a flow of both directions that lasts longer is a stream */
};

struct pk_state_fragment {
    __u32 info; /* PK_CT_* of the first one */
    __u32 status;
};

struct pk_state_entry {
    struct pk_state_key key;
    __u32 status; /* PK_CTF_* of rules/conntrack.h */
    __u32 born;   /* tick */
    __u8 orig;    /* which of the key's ends has begun: 0 or 1 */
    __u8 epoch;   /* of its last packet; between two epochs nobody was looking */
    __u8 pad[2];
    union {
        struct pk_state_tcp tcp;
        struct pk_state_sctp sctp;
        struct pk_state_udp udp;
        struct pk_state_fragment fragment;
    };
};

/* In `held`: a key whose first bucket this is may stand in its second. Stays, once it is so. */
#define PK_STATE_SPILLED (1u << PK_STATE_WAYS)

#ifdef __bpf__ /* whose includer has linux/bpf.h */
#define PK_STATE_LOCK struct bpf_spin_lock
#else
#define PK_STATE_LOCK __u32
#endif

/* An element of the map "state", an array. */
struct pk_state_bucket {
    PK_STATE_LOCK lock;
    __u32 held; /* bit i: place i is not given away while its time lasts; PK_STATE_SPILLED */
    __u16 tag[PK_STATE_WAYS];
    __u32 until[PK_STATE_WAYS]; /* tick; 0: free */
    struct pk_state_entry entry[PK_STATE_WAYS];
};

_Static_assert(sizeof(struct pk_state_key) == 40, "shared with BPF");
_Static_assert(sizeof(struct pk_state_tcp) == 60, "shared with BPF");
_Static_assert(sizeof(struct pk_state_entry) == 112, "shared with BPF");
_Static_assert(sizeof(struct pk_state_bucket) == 952, "shared with BPF");

/* 1: the time of a place still runs; without a branch, of which the verifier would follow both. */
static inline __u32 pk_state_lives(__u32 until, __u32 now)
{
    return (now - until) >> 31;
}

/* The secret that a table's hash is made with (pk_ctl.state_seed); fixed while the table stands. */
struct pk_state_seed {
    __u64 a, b;
};

static inline __u64 pk_state_mix(__u64 h, __u64 word, const struct pk_state_seed *seed)
{
    h = (h ^ word) * (seed->a | 1);
    h = (h ^ h >> 32) * (seed->b | 1);
    return h ^ h >> 29;
}

/*
 * Two multiplications by secret numbers a word: a difference that passes one of them unchanged (in
 * the highest bit) does not pass both, so that nobody without the secret can make keys that meet.
 */
static inline __u64 pk_state_hash(const struct pk_state_key *k, const struct pk_state_seed *seed)
{
    __u64 h = pk_state_mix(seed->a ^ seed->b,
                           (__u64)k->port[0] << 48 | (__u64)k->port[1] << 32 |
                               (__u32)k->zone << 16 | (__u32)(k->proto << 8) | k->family,
                           seed);

    h = pk_state_mix(h, k->addr[0].lo, seed);
    h = pk_state_mix(h, k->addr[1].lo, seed);
    if (k->family == PK_IPV4)
        return h;
    h = pk_state_mix(h, k->addr[0].hi, seed);
    return pk_state_mix(h, k->addr[1].hi, seed);
}

/* The two buckets, of `n`, that the entry of a hash may stand in: `second` is 0 or 1. */
static inline __u32 pk_state_bucket_of(__u64 hash, __u32 n, int second)
{
    __u64 half = second ? hash >> 32 : hash & 0xffffffff;

    return (__u32)(half * n >> 32);
}

/* What a bucket keeps of the hash: a search compares no other entries. */
static inline __u16 pk_state_tag(__u64 hash)
{
    return (__u16)(hash >> 24);
}

static inline int pk_state_key_equal(const struct pk_state_key *a, const struct pk_state_key *b)
{
    return a->addr[0].lo == b->addr[0].lo && a->addr[1].lo == b->addr[1].lo &&
           a->port[0] == b->port[0] && a->port[1] == b->port[1] && a->proto == b->proto &&
           a->addr[0].hi == b->addr[0].hi && a->addr[1].hi == b->addr[1].hi &&
           a->family == b->family && a->zone == b->zone;
}
