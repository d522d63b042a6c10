// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `picket demo`: the fence at work on real packets, in two namespaces of its own. Read in this
 * order: demo.c (the verb and its scenes), net.c (the wire), probe.c (what is sent and
 * what comes back), judge.c (what the evaluator says of it), swap.c (changing the set
 * under traffic).
 *
 *   client namespace                         server namespace, where the fence stands
 *  +-------------------------------+        +-----------------------------+
 *  | eth0  192.0.2.2   the office  |        | eth0  192.0.2.1             |
 *  |       198.51.100.23  anyone   ==========       listens: tcp 22 443   |
 *  |       203.0.113.66  known bad |  veth  |       8080, udp 53 443      |
 *  +-------------------------------+        +-----------------------------+
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "classify/eval.h"
#include "cli/cli.h"
#include "kernel/fence.h"
#include "kernel/netns.h"
#include "packet/build.h"
#include "rules/conntrack.h"

#define PK_DEMO_DEV "eth0"
#define PK_DEMO_LISTENERS 5

struct pk_demo_set {
    const struct pk_ruleset *rs[PK_FAMILY_N];
};

/* The live set and its counters, as read back from the kernel. An owned object. */
struct pk_demo_view {
    struct pk_fence *fence;
    struct pk_arena arena;
    struct pk_live live;
    struct pk_counters *rule[PK_FAMILY_N];
    struct pk_counters policy[PK_FAMILY_N][PK_HOOK_N];
};

struct pk_demo {
    struct pk_cli c;
    enum pk_attach_kind hook;
    bool tty, colour;
    struct pk_netns client, server;
    int home; /* the namespace the process came from */
    int listeners[PK_DEMO_LISTENERS];
    struct pk_demo_set sets[2];
    struct pk_demo_view view;
    bool standing;              /* a fence may stand and is to be taken down */
    unsigned said, not_as_said; /* predictions, and those that failed */
};

enum pk_demo_kind { PK_DEMO_TCP, PK_DEMO_UDP, PK_DEMO_PING, PK_DEMO_RAW };

/* One thing to send from the client. */
struct pk_demo_probe {
    const char *what;
    enum pk_demo_kind kind;
    const char *from, *to; /* addresses as text; their form tells the family */
    uint16_t port;
    uint8_t tcp_flags; /* RAW */
};

enum pk_demo_outcome { PK_DEMO_SILENCE, PK_DEMO_ANSWERED, PK_DEMO_REFUSED };

/* What was foretold by the evaluator, and what happened. */
struct pk_demo_result {
    struct pk_build build;
    struct pk_verdict verdict;
    enum pk_demo_outcome outcome;
    struct pk_counters before, after; /* of the rule or policy that decided */
    bool as_said;
};

/* One rule that was looked at. */
struct pk_demo_look {
    const struct pk_rule *rule;
    enum pk_answer answer;
    const char *why;
};

#define PK_DEMO_LOOKS_MAX 256

struct pk_demo_trace {
    struct pk_demo_look looks[PK_DEMO_LOOKS_MAX];
    size_t n;
};

/* An SSH session that is open all the while: what its rule counted, before and after it talked. */
struct pk_demo_session {
    struct pk_verdict verdict;
    struct pk_counters before, after;
    bool talks;
};

struct pk_demo_swaps {
    unsigned swaps;
    uint64_t sent, received, counted;
    double seconds;
    struct pk_demo_session session;
};

extern volatile int pk_demo_stopped; /* a signal came */

int pk_demo_load(struct pk_demo *d);
int pk_demo_wire(struct pk_demo *d);
int pk_demo_listen(struct pk_demo *d);
/* A socket in the client's namespace, bound to an address. The descriptor or -errno. */
int pk_demo_socket(struct pk_demo *d, int af, int type, int protocol, const char *from);
/* "192.0.2.1", port to a socket address. Its length, or 0. */
struct sockaddr_storage;
unsigned pk_demo_sockaddr(const char *addr, uint16_t port, struct sockaddr_storage *ret);

/* Sends; sets build, verdict, outcome and counters. 0 or -errno. */
int pk_demo_try(struct pk_demo *d, const struct pk_demo_probe *p, struct pk_demo_result *ret);

/* The same without a fence: nothing is foretold, only the outcome told. */
int pk_demo_knock(struct pk_demo *d, const struct pk_demo_probe *p, enum pk_demo_outcome *ret);
/* The first packet that a probe sends. */
struct pk_build pk_demo_build(const struct pk_demo_probe *p, uint16_t sport);

int pk_demo_look(struct pk_demo *d);  /* reads the live set */
int pk_demo_count(struct pk_demo *d); /* reads its counters */
void pk_demo_unlook(struct pk_demo *d);
/* `state`: PK_CT_NEW for the first packet of a connection, PK_CT_ESTABLISHED for the rest. */
struct pk_verdict pk_demo_judge(const struct pk_demo *d, const struct pk_build *b, uint32_t state,
                                struct pk_demo_trace *trace);
/* The counters, as last read, of what decided. */
struct pk_counters pk_demo_counters_of(const struct pk_demo *d, enum pk_family family,
                                       const struct pk_verdict *v);

int pk_demo_swap(struct pk_demo *d, struct pk_demo_swaps *ret);
int pk_demo_apply(struct pk_demo *d, unsigned set);
double pk_demo_clock(void);
