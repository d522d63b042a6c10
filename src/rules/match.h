// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One definition per match: how it is parsed, checked, printed, evaluated and compiled. To add one,
 * write rules/match/x.c (and x.bpf.h beside it if a residual step is needed) and list it in
 * rules/match/list.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "rules/conntrack.h"
#include "rules/leaf.h"
#include "rules/option.h"
#include "rules/ruleset.h"

/* The packet as an evaluator sees it: its fields and, for residual matches, its bytes. */
struct pk_view {
    const struct pk_packet *p;
    const uint8_t *ip;             /* from the start of the IP header */
    size_t len;                    /* bytes that can be read there: at most p->len */
    const struct pk_conntrack *ct; /* NULL: connection tracking has no entry for it */
    const uint8_t *mac;            /* its source MAC address; NULL: no Ethernet header */
};

/*
 * Compilation proceeds once per layer-4 status, match by match in the order written. `ctx->status`
 * is the status being compiled; a match narrows ctx->leaf (pk_compile_and, pk_compile_step) and
 * answers PK_YES (the leaf may go on), PK_NO (under this status the rule never matches) or
 * PK_HOTDROP (under this status a packet that got here is dropped).
 * multiport --ports splits the branch in two disjoint ones (pk_compile_either).
 */
struct pk_compile;

struct pk_match_def {
    const char *name;
    unsigned families; /* bit PK_IPV4, bit PK_IPV6 */
    unsigned hooks;    /* bits of enum pk_hook: the only ones it can be asked at; 0: all */
    size_t info_size;
    const struct pk_option *options; /* ends with a zero one */
    bool conntrack;          /* asks Linux's connection tracking: on the netfilter hook only */
    int (*init)(void *info); /* defaults; may be NULL */
    int (*parse)(struct pk_option_use *use, void *info); /* one option; errors through use->d */
    int (*finish)(struct pk_option_use *use, const struct pk_rule *r,
                  void *info); /* what is missing */
    void (*print)(const struct pk_rule *r, const void *info,
                  struct pk_buf *out); /* " --dport 80" */
    enum pk_answer (*eval)(const void *info, const struct pk_view *v);
    enum pk_answer (*compile)(const void *info, struct pk_compile *ctx);
};

const struct pk_match_def *pk_match_find(const char *name, enum pk_family family);
const struct pk_match_def *const *pk_match_list(void); /* NULL-terminated */

/* Test-only definitions are appended at run time by a test before it parses; never in picket. */
int pk_match_register(const struct pk_match_def *def);

struct pk_target_def {
    const char *name;
    unsigned families;
    size_t info_size;
    const struct pk_option *options;
    int (*init)(void *info);
    int (*parse)(struct pk_option_use *use, void *info);
    int (*finish)(struct pk_option_use *use, const struct pk_rule *r, void *info);
    void (*print)(const struct pk_rule *r, const void *info, struct pk_buf *out);
    enum pk_action action; /* what the walk does after the effect; PK_ACT_NONE: goes on */
    int (*compile)(const void *info, struct pk_step *effect); /* 0: no effect step, 1: filled */
};

const struct pk_target_def *pk_target_find(const char *name, enum pk_family family);
int pk_target_register(const struct pk_target_def *def);
