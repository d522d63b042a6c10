// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One tracked connection as a record, whoever tracks it; what selects connections; and those who
 * hand them out, one after the other, so that a table of millions is never in memory as a whole:
 *
 *   ctnetlink.c     Linux's table of this network namespace
 *   sockdiag.c      its sockets: what goes on here, tracked or not
 *   conn_table.c    the fence's own table (tc, XDP); conn_table_watch.c: what happens in it
 *   conn_seed.c     what goes on, for a table that begins empty
 *   conn_source.c   the table that the rules judge by
 *
 * A record is a copy: the connection may have changed, or be gone, when it is looked at.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "datapath/abi/ctl.h"
#include "packet/packet.h"
#include "rules/conntrack.h"

enum pk_conn_dir { PK_CONN_ORIG, PK_CONN_REPLY, PK_CONN_DIRS };

struct pk_conn {
    uint8_t family, proto;
    uint8_t state;                   /* of TCP, SCTP and DCCP, as Linux numbers it; else 0 */
    bool counted;                    /* whether `count` is known (nf_conntrack_acct) */
    uint32_t status;                 /* enum ip_conntrack_status: PK_CTF_* and more */
    uint32_t expires, mark, id;      /* seconds from now */
    struct pk_u128 addr[PK_CT_ENDS]; /* as in struct pk_packet */
    /* ICMP: at the source its identifier, at the destination type << 8 | code */
    uint16_t port[PK_CT_ENDS];
    uint16_t zone[PK_CONN_DIRS];
    uint8_t tcp_scale[PK_CONN_DIRS], tcp_flags[PK_CONN_DIRS]; /* IP_CT_TCP_FLAG_* */
    uint32_t sctp_tag[PK_CONN_DIRS]; /* that packets of a direction carry */
    char helper[16];
    struct pk_count count[PK_CONN_DIRS];
};

bool pk_conn_has_ports(uint8_t proto);
static inline bool pk_conn_is_icmp(uint8_t proto)
{
    return proto == 1 || proto == 58;
}

/* "ESTABLISHED"; NULL: the protocol has no states, or not this one. */
const char *pk_conn_state_name(uint8_t proto, uint8_t state);
/* Bit k of a status: "SEEN_REPLY"; NULL: it has none for people. */
const char *pk_conn_status_name(unsigned k);

/* Which connections; all zero but for `proto` and `zone`: any. PK_CONN_ANY is that. */
struct pk_conn_filter {
    int proto, zone;   /* -1: any */
    unsigned families; /* bit per family; 0: any */
    struct {
        bool given;
        enum pk_family family;
        struct pk_u128 addr, mask; /* the address is masked already */
    } net[PK_CT_ENDS];
    struct {
        bool given;
        uint16_t lo, hi;
    } port[PK_CT_ENDS];
    struct pk_conn_states {
        uint16_t tcp, sctp, dccp; /* bit per state */
    } states;
    uint32_t status_set, status_clear; /* bits that are, and that are not */
    uint32_t mark, mark_mask;
};

#define PK_CONN_ANY ((struct pk_conn_filter){.proto = -1, .zone = -1})

/* Whether replies come as one expects who sees what the originator sends: no NAT. */
bool pk_conn_mirrored(const struct pk_conn *c);

bool pk_conn_filter_any(const struct pk_conn_filter *f);
bool pk_conn_matches(const struct pk_conn_filter *f, const struct pk_conn *c);
/* A name of one state, added to those asked for. False: no protocol has it. */
bool pk_conn_state_add(const char *name, size_t len, struct pk_conn_states *states);
/* A name of one bit, or "UNREPLIED", likewise. */
bool pk_conn_status_add(const char *name, size_t len, struct pk_conn_filter *f);

/* Gets a connection. 0: go on; -errno: no more, and the caller answers that. */
typedef int pk_conn_fn(void *arg, const struct pk_conn *c);

struct pk_conn_level {
    uint64_t count, max;
};

/*
 * Linux's table, in the network namespace of the calling thread. 0, or -errno (diagnosed unless
 * `fn` said it). Connections that come and go meanwhile may be missed, or met twice.
 */
struct pk_diags;
int pk_ctnl_each(const struct pk_conn_filter *f, pk_conn_fn *fn, void *arg, struct pk_diags *d);
/* Deletes those that match; `fn` gets each that was there to be deleted. */
int pk_ctnl_delete(const struct pk_conn_filter *f, pk_conn_fn *fn, void *arg, struct pk_diags *d);
int pk_ctnl_level(struct pk_conn_level *ret);

/* Makes entries. -EEXIST: there is one; -ENOMEM: the table is full; -errno. */
struct mnl_socket;
struct pk_ctnl_adder {
    struct mnl_socket *nl;
};
int pk_ctnl_add_open(struct pk_ctnl_adder *ret);
void pk_ctnl_add_close(struct pk_ctnl_adder *x);
int pk_ctnl_add(struct pk_ctnl_adder *x, const struct pk_conn *c);

/*
 * TCP sockets that are connected or about to be, and connected UDP sockets. `expires` is 0: a
 * socket does not know how long it would be remembered. 0 or -errno (diagnosed unless `fn` said
 * it).
 */
int pk_sockdiag_each(pk_conn_fn *fn, void *arg, struct pk_diags *d);

/*
 * What goes on in this network namespace, for a table of one's own that begins empty, at hooks that
 * see packets as they are on the wire: Linux's table, then sockets. Each is its own mirror image,
 * since one that goes through NAT is given as two: as its originator sees it, and as its replier
 * does. `expires` is 0 if only the state says how long it lives; windows are not known, so that the
 * first packet of each side has to tell them. A connection may come twice: the first knows more.
 */
int pk_conn_seed(pk_conn_fn *fn, void *arg, struct pk_diags *d);
/*
 * The same for Linux's table, when tracking has just begun: sockets that it does not know get an
 * entry. Without, their next packets would be NEW (nf_conntrack_tcp_loose), and a rule set that
 * takes of those only SYN would cut what was there before it. 0 or -errno (diagnosed).
 */
int pk_conn_seed_kernel(struct pk_diags *d);

/* What Linux tells while it happens. An owned object. */
enum pk_conn_event { PK_CONN_NEW, PK_CONN_UPDATE, PK_CONN_DESTROY, PK_CONN_EVENTS };
const char *pk_conn_event_name(enum pk_conn_event e);

struct pk_ctnl_watch;
typedef int pk_conn_event_fn(void *arg, enum pk_conn_event e, const struct pk_conn *c);

/* `events`: bit per event. */
int pk_ctnl_watch_open(unsigned events, struct pk_ctnl_watch **ret, struct pk_diags *d);
void pk_ctnl_watch_close(struct pk_ctnl_watch **w);
/* Readable when there is something to read. */
int pk_ctnl_watch_fd(const struct pk_ctnl_watch *w);
/*
 * Hands out what has come. 0; -ENOBUFS: events were lost, since nobody read for too long, and what
 * comes from now on is whole again; -errno.
 */
int pk_ctnl_watch_read(struct pk_ctnl_watch *w, const struct pk_conn_filter *f,
                       pk_conn_event_fn *fn, void *arg);

#define _pk_ctnl_watch_ __attribute__((cleanup(pk_ctnl_watch_close)))
