// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What may be set about tracking, at any time: time-outs and how strict it is. The defaults are
 * Linux's (nf_conntrack sysctls). Shared by user space and BPF.
 */
#pragma once

#include "state/state.h"

/* Those of TCP's states come first, by enum pk_tcp_state. */
enum pk_state_timeout {
    PK_TIMEOUT_TCP_RETRANS = PK_TCP_STATES, /* segments repeated, or a window of 0 */
    PK_TIMEOUT_TCP_UNACK,                   /* data that nobody acknowledges */
    PK_TIMEOUT_UDP,
    PK_TIMEOUT_UDP_STREAM,
    PK_TIMEOUT_ICMP,
    PK_TIMEOUT_ICMPV6,
    PK_TIMEOUT_GRE,
    PK_TIMEOUT_GRE_STREAM,
    PK_TIMEOUT_GENERIC,
    PK_TIMEOUT_FRAGMENT,
    PK_TIMEOUT_SCTP_CLOSED, /* those of SCTP's states, by enum pk_sctp_state from CLOSED on */
    PK_TIMEOUT_SCTP_COOKIE_WAIT,
    PK_TIMEOUT_SCTP_COOKIE_ECHOED,
    PK_TIMEOUT_SCTP_ESTABLISHED,
    PK_TIMEOUT_SCTP_SHUTDOWN_SENT,
    PK_TIMEOUT_SCTP_SHUTDOWN_RECD,
    PK_TIMEOUT_SCTP_SHUTDOWN_ACK_SENT,
    PK_TIMEOUT_SCTP_HEARTBEAT_SENT,
    PK_TIMEOUTS
};

struct pk_state_rules {
    __u32 timeout[PK_TIMEOUTS]; /* ticks */
    __u8 loose;                 /* nf_conntrack_tcp_loose: a segment in mid-stream may be NEW */
    __u8 liberal;               /* nf_conntrack_tcp_be_liberal: windows are not checked */
    __u8 any_rst;               /* nf_conntrack_tcp_ignore_invalid_rst */
    __u8 max_retrans;           /* nf_conntrack_tcp_max_retrans */
    __u32 pad;
};

/* What a table goes by, as long as it stands. */
struct pk_state_config {
    struct pk_state_seed seed;
    __u32 buckets; /* 0: there is no table */
    __u32 pad;
};

_Static_assert(sizeof(struct pk_state_rules) == 120, "shared with BPF");
_Static_assert(sizeof(struct pk_state_config) == 24, "shared with BPF");

/* clang-format off */
#define PK_STATE_RULES                                                                             \
    ((struct pk_state_rules){                                                                      \
        .timeout =                                                                                 \
            {                                                                                      \
                [PK_TCP_SYN_SENT] = PK_STATE_TICKS(120),                                           \
                [PK_TCP_SYN_RECV] = PK_STATE_TICKS(60),                                            \
                [PK_TCP_ESTABLISHED] = PK_STATE_TICKS(432000),                                     \
                [PK_TCP_FIN_WAIT] = PK_STATE_TICKS(120),                                           \
                [PK_TCP_CLOSE_WAIT] = PK_STATE_TICKS(60),                                          \
                [PK_TCP_LAST_ACK] = PK_STATE_TICKS(30),                                            \
                [PK_TCP_TIME_WAIT] = PK_STATE_TICKS(120),                                          \
                [PK_TCP_CLOSE] = PK_STATE_TICKS(10),                                               \
                [PK_TCP_SYN_SENT2] = PK_STATE_TICKS(120),                                          \
                [PK_TIMEOUT_TCP_RETRANS] = PK_STATE_TICKS(300),                                    \
                [PK_TIMEOUT_TCP_UNACK] = PK_STATE_TICKS(300),                                      \
                [PK_TIMEOUT_UDP] = PK_STATE_TICKS(30),                                             \
                [PK_TIMEOUT_UDP_STREAM] = PK_STATE_TICKS(120),                                     \
                [PK_TIMEOUT_ICMP] = PK_STATE_TICKS(30),                                            \
                [PK_TIMEOUT_ICMPV6] = PK_STATE_TICKS(30),                                          \
                [PK_TIMEOUT_GRE] = PK_STATE_TICKS(30),                                             \
                [PK_TIMEOUT_GRE_STREAM] = PK_STATE_TICKS(180),                                     \
                [PK_TIMEOUT_GENERIC] = PK_STATE_TICKS(600),                                        \
                [PK_TIMEOUT_FRAGMENT] = PK_STATE_TICKS(30),                                        \
                [PK_TIMEOUT_SCTP_CLOSED] = PK_STATE_TICKS(10),                                     \
                [PK_TIMEOUT_SCTP_COOKIE_WAIT] = PK_STATE_TICKS(3),                                 \
                [PK_TIMEOUT_SCTP_COOKIE_ECHOED] = PK_STATE_TICKS(3),                               \
                [PK_TIMEOUT_SCTP_ESTABLISHED] = PK_STATE_TICKS(210),                               \
                [PK_TIMEOUT_SCTP_SHUTDOWN_SENT] = PK_STATE_TICKS(3),                               \
                [PK_TIMEOUT_SCTP_SHUTDOWN_RECD] = PK_STATE_TICKS(3),                               \
                [PK_TIMEOUT_SCTP_SHUTDOWN_ACK_SENT] = PK_STATE_TICKS(3),                           \
                [PK_TIMEOUT_SCTP_HEARTBEAT_SENT] = PK_STATE_TICKS(30),                             \
            },                                                                                     \
        .loose = 1,                                                                                \
        .max_retrans = 3,                                                                          \
    })
/* clang-format on */
