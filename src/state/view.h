// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is known of the packet under way: what was read of it (seen.h), and what the table says of
 * it (track.h). Shared by user space and BPF.
 */
#pragma once

#include "rules/conntrack.h"
#include "state/rules.h"

enum pk_seen_kind {
    PK_SEEN_INVALID,   /* belongs to nothing and begins nothing */
    PK_SEEN_UNTRACKED, /* neighbour discovery and the like */
    PK_SEEN_OPENS,     /* may belong to a connection, or begin one */
    PK_SEEN_ANSWERS,   /* may belong to one only */
    PK_SEEN_ERROR,     /* ICMP says that a packet of one, which it carries, has failed */
    PK_SEEN_FRAGMENT,  /* a later fragment: `key` is that of the datagram */
};

/* Which of a TCP segment's flags decides: get_conntrack_index(). */
enum pk_tcp_kind {
    PK_TCP_SYN,
    PK_TCP_SYNACK,
    PK_TCP_FIN,
    PK_TCP_ACK,
    PK_TCP_RST,
    PK_TCP_NOTHING,
    PK_TCP_KINDS
};

#define PK_FLAG_FIN 0x01u
#define PK_FLAG_SYN 0x02u
#define PK_FLAG_RST 0x04u
#define PK_FLAG_ACK 0x10u
#define PK_FLAG_URG 0x20u

/*
 * The chunks of SCTP that change a state: rows of pk_sctp_table; and others. In what a packet was
 * seen to have, ABORT and SHUTDOWN COMPLETE are two kinds each: RFC 9260, 8.5.1 checks their tags
 * by their flag T.
 */
enum pk_sctp_kind {
    PK_SCTP_END,
    PK_SCTP_INIT,
    PK_SCTP_INIT_ACK,
    PK_SCTP_ABORT,
    PK_SCTP_SHUTDOWN,
    PK_SCTP_SHUTDOWN_ACK,
    PK_SCTP_ERROR,
    PK_SCTP_COOKIE_ECHO,
    PK_SCTP_COOKIE_ACK,
    PK_SCTP_SHUTDOWN_COMPLETE,
    PK_SCTP_HEARTBEAT,
    PK_SCTP_HEARTBEAT_ACK,
    PK_SCTP_ABORT_T,
    PK_SCTP_SHUTDOWN_COMPLETE_T,
    PK_SCTP_DATA,
    PK_SCTP_OTHER,
    PK_SCTP_KINDS
};

#define PK_SCTP_BIT(kind) (1u << (PK_SCTP_##kind))

struct pk_seen {
    struct pk_state_key key;
    __u8 kind;      /* enum pk_seen_kind */
    __u8 from;      /* the end of the key that sends, also of an error */
    __u8 segment;   /* enum pk_tcp_kind */
    __u8 tcp_flags; /* PK_FLAG_* */
    __u8 options;   /* of a SYN: PK_TCPF_WINDOW_SCALE, PK_TCPF_SACK_PERM */
    __u8 scale;     /* of a SYN */
    __u8 has_options;
    __u8 partial; /* the first fragment of a datagram: its length is not known */
    union {
        struct {
            __u32 seq, ack;
            __u32 end;  /* seq + length, SYN and FIN */
            __u32 sack; /* the highest right edge of a SACK block; else ack */
        };
        struct {
            __u32 vtag, init_tag; /* of SCTP; the latter of INIT and INIT ACK */
            __u32 chunks;         /* those that change a state, 4 bits each, the first one lowest */
            __u32 kinds;          /* bit per enum pk_sctp_kind, of all chunks */
        };
    };
    __u16 win; /* not scaled */
    __u16 pad;
    __u32 ident; /* of the datagram, if `partial` or a later fragment */
};

_Static_assert(sizeof(struct pk_seen) == 72, "shared with BPF");

enum pk_track_entry {
    PK_TRACK_NONE, /* the packet is INVALID, or UNTRACKED if `info` says so */
    PK_TRACK_KNOWN,
    PK_TRACK_NEW, /* it will have one, if it is accepted */
};

/* What an SCTP packet makes of its association (sctp.h), before the entry is locked. */
struct pk_track_sctp {
    struct pk_state_sctp was, is;
    __u8 dir;     /* of the packet: 0 the originator's, 1 the reply's */
    __u8 kept;    /* the entry's time runs on */
    __u8 assured; /* a handshake has been completed */
    __u8 end;     /* enum pk_tcp_end */
};

/* What is known of the packet under way. */
struct pk_track {
    struct pk_seen seen;
    __u64 hash;
    __u32 now; /* tick */
    __u32 bucket, way;
    __u32 info;   /* PK_CT_* */
    __u32 entry;  /* enum pk_track_entry */
    __u32 status; /* PK_CTF_* */
    __u32 until;  /* tick; 0: the entry is gone or not there yet */
    __u32 orig;   /* the end of the key that has begun */
    __u16 pushed; /* bit per enum pk_state_evicted: an entry that was not held has given way */
    __u16 looked; /* 0: no entry was needed; else 1 + those that live in the key's first bucket */
    __u32 epoch;  /* see pk_state_entry */
    __u32 at;     /* the time, as in rtt.h */
    __u32 rtt;    /* of the half of a handshake that the packet ends; 0: of none */
    __u16 begun;  /* by the hook's first program (datapath/track.bpf.h); the second goes on */
    __u16 own;    /* the host itself sends it */
    struct pk_track_sctp sctp;
};

_Static_assert(sizeof(struct pk_track) == 160, "shared with BPF");

/*
 * What -m conntrack asks of the entry. Ports in the place of what the protocol has: ICMP has an
 * identifier and, at the destination, type and code (nf_conntrack_invert_icmp_tuple()).
 */
static inline __u32 pk_track_end(const struct pk_track *t, __u32 end)
{
    return (end == PK_CT_ORIGSRC || end == PK_CT_REPLDST ? t->orig : t->orig ^ 1) & 1;
}

static inline struct pk_u128 pk_track_addr(const struct pk_track *t, __u32 end)
{
    return t->seen.key.addr[pk_track_end(t, end)];
}

static inline __u32 pk_track_icmp(const struct pk_state_key *k, __u32 end)
{
    __u32 type = k->port[1] >> 8;

    switch (end) {
    case PK_CT_ORIGSRC:
    case PK_CT_REPLSRC:
        return k->port[0];
    case PK_CT_ORIGDST:
        return k->port[1];
    }
    if (k->proto == 1)
        type = type == 8 ? 0 : type + 1;
    else
        type++;
    return type << 8 | (k->port[1] & 0xff);
}

static inline __u32 pk_track_port(const struct pk_track *t, __u32 end)
{
    if (t->seen.key.family & PK_STATE_FRAGMENT)
        return 0;
    if (t->seen.key.proto == 1 || t->seen.key.proto == 58)
        return pk_track_icmp(&t->seen.key, end);
    return t->seen.key.port[pk_track_end(t, end)];
}

/* Seconds that the entry lasts. */
static inline __u32 pk_track_expires(const struct pk_track *t)
{
    return pk_state_lives(t->until, t->now) ? pk_state_seconds(t->until - t->now) : 0;
}
