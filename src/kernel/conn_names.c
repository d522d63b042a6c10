// SPDX-License-Identifier: GPL-2.0-or-later
/* The words of conntrack(8) for what Linux numbers (linux/netfilter/nf_conntrack_*.h). */
#include <string.h>

#include "base/macro.h"
#include "kernel/conn.h"

#define PROTO_TCP 6
#define PROTO_UDP 17
#define PROTO_DCCP 33
#define PROTO_GRE 47
#define PROTO_SCTP 132
#define PROTO_UDPLITE 136

static const char *const tcp_states[] = {
    "NONE",       "SYN_SENT", "SYN_RECV",  "ESTABLISHED", "FIN_WAIT",
    "CLOSE_WAIT", "LAST_ACK", "TIME_WAIT", "CLOSE",       "SYN_SENT2",
};
static const char *const sctp_states[] = {
    "NONE",          "CLOSED",        "COOKIE_WAIT",       "COOKIE_ECHOED",  "ESTABLISHED",
    "SHUTDOWN_SENT", "SHUTDOWN_RECD", "SHUTDOWN_ACK_SENT", "HEARTBEAT_SENT", "HEARTBEAT_ACKED",
};
static const char *const dccp_states[] = {
    "NONE", "REQUEST", "RESPOND", "PARTOPEN", "OPEN", "CLOSEREQ", "CLOSING", "TIMEWAIT",
};

/* IPS_*; those that are about how Linux came to an entry are not for people. */
static const char *const status_bits[] = {
    [0] = "EXPECTED", [1] = "SEEN_REPLY", [2] = "ASSURED",        [3] = "CONFIRMED",
    [4] = "SRC_NAT",  [5] = "DST_NAT",    [10] = "FIXED_TIMEOUT", [13] = "HELPER",
    [14] = "OFFLOAD", [15] = "HW_OFFLOAD"};

static const char *const event_names[] = {
    [PK_CONN_NEW] = "new", [PK_CONN_UPDATE] = "update", [PK_CONN_DESTROY] = "destroy"};

/* Those of a protocol, n of them. */
static const char *const *states_of(uint8_t proto, size_t *ret_n)
{
    *ret_n = 0;
    if (proto == PROTO_TCP) {
        *ret_n = PK_ARRAY_SIZE(tcp_states);
        return tcp_states;
    }
    if (proto == PROTO_SCTP) {
        *ret_n = PK_ARRAY_SIZE(sctp_states);
        return sctp_states;
    }
    if (proto == PROTO_DCCP) {
        *ret_n = PK_ARRAY_SIZE(dccp_states);
        return dccp_states;
    }
    return NULL;
}

/* GRE has a key in each direction, and Linux keeps it where ports are. */
bool pk_conn_has_ports(uint8_t proto)
{
    return proto == PROTO_TCP || proto == PROTO_UDP || proto == PROTO_DCCP || proto == PROTO_GRE ||
           proto == PROTO_SCTP || proto == PROTO_UDPLITE;
}

const char *pk_conn_state_name(uint8_t proto, uint8_t state)
{
    size_t n;
    const char *const *names = states_of(proto, &n);

    return state < n ? names[state] : NULL;
}

const char *pk_conn_status_name(unsigned k)
{
    return k < PK_ARRAY_SIZE(status_bits) ? status_bits[k] : NULL;
}

const char *pk_conn_event_name(enum pk_conn_event e)
{
    return event_names[e];
}

static bool is_word(const char *name, const char *s, size_t len)
{
    return name && strlen(name) == len && !strncasecmp(name, s, len);
}

static bool add_of(uint8_t proto, const char *name, size_t len, uint16_t *bits)
{
    size_t n;
    const char *const *names = states_of(proto, &n);

    for (size_t i = 0; i < n; i++)
        if (is_word(names[i], name, len)) {
            *bits |= (uint16_t)(1u << i);
            return true;
        }
    return false;
}

bool pk_conn_state_add(const char *name, size_t len, struct pk_conn_states *states)
{
    bool tcp = add_of(PROTO_TCP, name, len, &states->tcp);
    bool sctp = add_of(PROTO_SCTP, name, len, &states->sctp);
    bool dccp = add_of(PROTO_DCCP, name, len, &states->dccp);

    return tcp || sctp || dccp;
}

bool pk_conn_status_add(const char *name, size_t len, struct pk_conn_filter *f)
{
    if (is_word("UNREPLIED", name, len)) {
        f->status_clear |= PK_CTF_SEEN_REPLY;
        return true;
    }
    for (unsigned k = 0; k < PK_ARRAY_SIZE(status_bits); k++)
        if (is_word(status_bits[k], name, len)) {
            f->status_set |= 1u << k;
            return true;
        }
    return false;
}
