// SPDX-License-Identifier: GPL-2.0-or-later
/* Picket as a subject of its own benchmark: `picket apply` in a process of its own, as users run
 * it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "cli/bench/bench.h"
#include "cli/bench/tool.h"

/* The line that says why; warnings come before it. */
static const char *pk_picket_error(struct pk_buf *err)
{
    const char *s = err->data ? strstr(err->data, "error") : NULL;

    if (!s)
        return pk_tool_line(err);
    err->data[(size_t)(s - err->data) + strcspn(s, "\n")] = 0;
    return s;
}

/* Whether this picket's help for a verb has a word in it. */
static bool pk_picket_knows(const struct pk_bench_rig *rig, char *verb, const char *word)
{
    _pk_buf_ struct pk_buf out = PK_BUF_INIT(65536);
    char *argv[] = {PK_TOOL_SELF, "help", verb, NULL};
    struct pk_tool_run run = {.argv = argv, .out = &out};

    return !pk_tool_run(&rig->ns, &run) && out.data && strstr(out.data, word);
}

int pk_bench_picket_append(struct pk_bench_rig *rig, unsigned k, double *ret_wall)
{
    _pk_buf_ struct pk_buf err = PK_BUF_INIT(65536);
    char source[48], family[] = {'-', rig->family == PK_IPV6 ? '6' : '4', 0};
    char *argv[] = {PK_TOOL_SELF, "rule", "append",  family, "INPUT", "-s",   source,
                    "-p",         "tcp",  "--dport", "4",    "-j",    "DROP", NULL};
    struct pk_tool_run run = {.argv = argv, .err = &err};
    int r;

    if (!pk_picket_knows(rig, "rule", "append"))
        return pk_bench_rig_missing(rig, "this picket has no verb `rule`");
    snprintf(source, sizeof(source), rig->family == PK_IPV6 ? "2001:db8:ffff::%x" : "192.0.2.%u",
             k % 250 + 1);
    r = pk_tool_run(&rig->ns, &run);
    if (r)
        return pk_bench_rig_failed(rig, "%s", r < 0 ? strerror(-r) : pk_picket_error(&err));
    *ret_wall = run.wall;
    return 0;
}

int pk_bench_picket_again(struct pk_bench_rig *rig)
{
    _pk_buf_ struct pk_buf err = PK_BUF_INIT(65536);
    char hook[16], classifier[16], family[] = {'-', rig->family == PK_IPV6 ? '6' : '4', 0};
    char *argv[12] = {PK_TOOL_SELF, "apply", "--hook", hook, family, "-"};
    struct pk_tool_run run = {.argv = argv, .in = &rig->set->text, .err = &err};
    size_t n = 6;
    int r;

    snprintf(hook, sizeof(hook), "%s", rig->subject->arg);
    snprintf(classifier, sizeof(classifier), "%s",
             rig->subject->classifier ? rig->subject->classifier : "");
    if (strcmp(hook, "netfilter")) {
        argv[n++] = "--dev";
        argv[n++] = PK_BENCH_IN;
    }
    if (*classifier) {
        argv[n++] = "--classifier";
        argv[n++] = classifier;
    }
    r = pk_bench_rig_tool(rig, &run);
    if (r < 0)
        return pk_bench_rig_failed(rig, "picket apply: %s", strerror(-r));
    return r ? pk_bench_rig_failed(rig, "%s", pk_picket_error(&err)) : 0;
}

/* Opens the fence and keeps what its counters need, in the rig's namespace. */
static int pk_picket_open(struct pk_bench_rig *rig)
{
    _pk_diags_ struct pk_diags d = {0};
    int r = pk_fence_open(&rig->fence, &d);

    if (!r)
        r = pk_fence_read(rig->fence, false, &rig->arena, &rig->live, &d);
    if (r)
        return r;
    rig->counters = pk_arena_array(&rig->arena, struct pk_counters,
                                   rig->live.family[rig->family]->n_rules + 1u);
    return rig->counters ? 0 : -ENOMEM;
}

int pk_bench_picket_start(struct pk_bench_rig *rig)
{
    int back, r;

    if (rig->subject->classifier && !pk_picket_knows(rig, "apply", "--classifier"))
        return pk_bench_rig_missing(rig, "this picket has no --classifier");
    r = pk_bench_picket_again(rig);
    if (!r)
        r = pk_netns_enter(&rig->ns, &back);
    if (r)
        return r;
    r = pk_picket_open(rig);
    if (pk_netns_leave(&back) < 0 && !r)
        r = -EIO;
    return r;
}

/* Rules that jump are counted too, and are no verdicts. */
static uint64_t pk_picket_drops(const struct pk_ruleset *rs, const struct pk_counters *counters)
{
    uint64_t sum = 0;
    size_t i, k;

    for (i = 0; i < rs->n_chains; i++) {
        for (k = 0; k < rs->chains[i]->n_rules; k++) {
            const struct pk_rule *r = rs->chains[i]->rules[k];

            sum += r->action == PK_ACT_DROP ? counters[r->ordinal].packets : 0;
        }
    }
    return sum;
}

int pk_bench_picket_judged(struct pk_bench_rig *rig, uint64_t *ret_policy, uint64_t *ret_rules)
{
    struct pk_counters policy[PK_HOOK_N] = {0};
    int r = pk_fence_gather(rig->fence);

    if (!r)
        r = pk_fence_counters(rig->fence, &rig->live, rig->family, rig->counters, policy);
    if (r)
        return r;
    *ret_policy = policy[PK_INPUT].packets;
    *ret_rules = pk_picket_drops(rig->live.family[rig->family], rig->counters);
    return 0;
}

void pk_bench_picket_stop(struct pk_bench_rig *rig)
{
    _pk_diags_ struct pk_diags d = {0};
    int back;

    if (rig->fence)
        pk_fence_close(&rig->fence);
    pk_arena_done(&rig->arena);
    if (rig->state == PK_BENCH_MISSING || pk_netns_enter(&rig->ns, &back))
        return;
    pk_fence_detach(&d);
    pk_netns_leave(&back);
}
