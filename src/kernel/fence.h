// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fence in the kernel: its pins, programs, maps and links, and how they are changed. The only
 * room that calls bpf(2) and netlink.
 *
 * Pins: /sys/fs/bpf/picket/<netns cookie>/ in the mount namespace of PID 1, so that they outlive
 * `ip netns exec`:
 *
 *   ctl  counters  reasons  ifnames  guards  progs_nf  progs_tc  progs_xdp  prog_*  link_*
 *   bank0/{image,store}  bank1/{…}  bank2/{…}
 *
 * A directory lock (flock) admits one writer. A writer fills a bank that is neither live nor the
 * one before, then stores the word (abi/ctl.h). A killed writer leaves the live bank as it was.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"
#include "classify/compile.h"
#include "datapath/abi/ctl.h"
#include "rules/edit.h"
#include "rules/ruleset.h"

enum pk_attach_kind { PK_ATTACH_AUTO, PK_ATTACH_NETFILTER, PK_ATTACH_TC, PK_ATTACH_XDP };

struct pk_fence; /* an open fence: pinned maps mapped or held by fd. Owned. */

#define PK_STATE_MOST (16u << 20) /* connections */

/*
 * What is to be changed of the time-outs and strictness of the fence's own table of connections; it
 * stays so until it is changed again, or the fence is taken down. All zero: nothing.
 */
struct pk_state_wish {
    uint32_t seconds[PK_TIMEOUTS]; /* enum pk_state_timeout; 0: as it is */
    enum { PK_LIBERAL_AS_IS, PK_LIBERAL_ON, PK_LIBERAL_OFF } liberal;
};
#define PK_STATE_TIMEOUT_MOST 31536000u /* seconds: a year */

/* Its name for people, as Linux's sysctl; NULL: it has none. Its default, in seconds. */
const char *pk_state_timeout_name(unsigned timeout);
uint32_t pk_state_timeout_usual(unsigned timeout);

/*
 * The zone of connections that are seen at an interface, or with a VLAN tag: connections in two
 * zones are two, whatever their addresses and ports. Kept like the time-outs.
 */
struct pk_zone {
    char dev[16];  /* a guarded interface; "" of a VLAN */
    uint16_t vlan; /* its number, that of the outermost tag; it comes before the interface's */
    uint16_t zone; /* 0: as if nothing had been said */
};

struct pk_apply_options {
    enum pk_attach_kind hook;
    const char *const *devs; /* n_devs interface names; 0: the whole network namespace */
    size_t n_devs;
    bool devs_given, hook_given; /* false: keep what the standing fence has */
    bool counters;               /* load counters of the rule set into the rules' slots */
    size_t memory_max;           /* of the image; 0: PK_IMAGE_MAX */
    uint32_t state_max;          /* connections that are tracked; 0: as it is, or the default */
    struct pk_state_wish state;
    const struct pk_zone *zones; /* n_zones that are to be changed */
    size_t n_zones;
    enum pk_classifier classifier;
    struct pk_ahead *ahead; /* pk_fence_ahead(), or NULL */
};

/*
 * Begins, in a thread, to load the programs of a fence that does not stand yet, while the caller
 * reads and compiles a rule set of about `text` bytes: neither waits for the other. Nothing can be
 * seen of it; what cannot be done ahead is done, and diagnosed, by pk_fence_apply with these
 * options. NULL: it is not worth while.
 */
struct pk_ahead *pk_fence_ahead(const struct pk_apply_options *o, size_t text);
void pk_ahead_free(struct pk_ahead **a);

/* One attachment, for status. */
struct pk_attachment {
    char dev[16];   /* "" for netfilter */
    char where[24]; /* "INPUT ipv4", "ingress", "egress", "xdp" */
    char how[24];   /* "netfilter link", "tcx", "clsact", "xdp native", "xdp generic" */
    uint32_t link_id, prog_id;
    bool alive; /* false: its interface is gone */
};

struct pk_live {
    struct pk_ruleset *family[PK_FAMILY_N]; /* in the caller's arena; `given` false: open */
    uint32_t *slot[PK_FAMILY_N];            /* counter slot by ordinal */
    uint32_t policy_slot[PK_FAMILY_N][PK_HOOK_N];
    size_t added, gone; /* rules that came and went, one by one, since the set was compiled */
    uint64_t generation;
    uint64_t good_until; /* after that generation its counter slots may be another set's */
    struct pk_u128 id;
    int64_t applied_at; /* seconds since the epoch */
    enum pk_classifier classifier;
    struct pk_plan plan; /* of the set as it was compiled, without what came and went since */
};

/* Opens the standing fence of this network namespace. 0; -ENOENT: none stands; -errno (diagnosed).
 */
int pk_fence_open(struct pk_fence **ret, struct pk_diags *d);
void pk_fence_close(struct pk_fence **f);

/* The live set (or, before = true, the one before it: -ENOENT if none), read back from its store.
 * Without an arena only what is no rule's, which costs no parsing. */
int pk_fence_read(struct pk_fence *f, bool before, struct pk_arena *a, struct pk_live *ret,
                  struct pk_diags *d);
/* The live set with all of its chains, and of its rules the text, place and counter alone. */
int pk_fence_outline(struct pk_fence *f, struct pk_arena *a, struct pk_live *ret,
                     struct pk_diags *d);

/*
 * Packets of flows that are in the flow cache are counted there (classify/flow.h). This tells all
 * counters of all packets that were judged before; packets may be judged meanwhile. 0 or -errno.
 */
int pk_fence_gather(struct pk_fence *f);
/*
 * Counters, summed over CPUs: rule[n_rules] by ordinal; exact as of the last pk_fence_gather, or
 * later. -ESTALE: two changes have come since the set was read; read it again.
 */
int pk_fence_counters(struct pk_fence *f, const struct pk_live *live, enum pk_family family,
                      struct pk_counters *rule, struct pk_counters policy[PK_HOOK_N]);

/* reasons[PK_WHERE_N][PK_REASON_N] */
int pk_fence_reasons(struct pk_fence *f, struct pk_count reasons[PK_WHERE_N][PK_REASON_N]);

struct pk_fence_info {
    enum pk_attach_kind hook;
    struct pk_attachment *attachments; /* owned by the info */
    size_t n_attachments;
    char (*devs)[16]; /* guarded; none: the whole namespace */
    size_t n_devs;
    int conntrack; /* held on for the rule set (1), not any more (0), or not asked for (-1) */
    size_t image_bytes, store_bytes, counter_bytes, flow_bytes; /* image: of the whole engine */
    size_t state_bytes;                                         /* of the table of connections */
    uint32_t state_max; /* that it is made for; 0: there is none */
    struct pk_state_rules state_rules;
    struct pk_zone *zones; /* owned by the info */
    size_t n_zones;
    uint64_t cookie;
    char path[64];
};
int pk_fence_info(struct pk_fence *f, struct pk_fence_info *ret, struct pk_diags *d);
void pk_fence_info_done(struct pk_fence_info *i);
#define _pk_fence_info_ __attribute__((cleanup(pk_fence_info_done)))

/*
 * Puts a rule set in force: builds the fence if none stands, else writes the next bank and
 * switches. rs[f] NULL: that family stays as it is. All or nothing: on failure (diagnosed) the
 * fence is as it was. *ret_open gets the families that remain open (bit per family).
 */
int pk_fence_apply(const struct pk_ruleset *const rs[PK_FAMILY_N], const struct pk_apply_options *o,
                   unsigned *ret_open, struct pk_diags *d);
/* What pk_fence_edit did. */
struct pk_fence_edited {
    unsigned number;        /* of the rule in its chain, from 1 */
    const char *gone, *new; /* the rules' texts, in the caller's arena; NULL: none */
    uint64_t generation;
    struct pk_u128 id;
};

/*
 * Changes one rule of the live set, read when no other writer can be at work. The other rules keep
 * their counters; a new one starts at 0. All or nothing, as above. 0; -ENOENT: no fence stands, or
 * (diagnosed) what is to be changed is not there; -errno (diagnosed).
 */
int pk_fence_edit(const struct pk_edit *e, struct pk_arena *texts, struct pk_fence_edited *ret,
                  struct pk_diags *d);
/* Back to the set before; it then becomes the live one, and the live one the one before. */
int pk_fence_undo(struct pk_diags *d);
/* Removes every trace. -ENOENT if none stands. */
int pk_fence_detach(struct pk_diags *d);
/* Removes pins of network namespaces that no process, mount or descriptor refers to. How many. */
int pk_fence_sweep(struct pk_diags *d);

/* What this kernel offers, probed (never guessed from a version), for status and errors. */
struct pk_probe {
    bool btf, netfilter_link, tcx, xdp_link, rdonly_cast, kern_ctx, bpf_loop;
};
void pk_probe_run(struct pk_probe *ret);
