// SPDX-License-Identifier: GPL-2.0-or-later
/* The live set as the kernel holds it, its counters, and what the evaluator says of a packet. */
#include "cli/demo/demo.h"

#include <errno.h>
#include <string.h>

#include "kernel/sys.h"
#include "packet/packet_user.h"

void pk_demo_unlook(struct pk_demo *d)
{
    if (d->view.fence)
        pk_fence_close(&d->view.fence);
    pk_arena_done(&d->view.arena);
    d->view = (struct pk_demo_view){0};
}

int pk_demo_look(struct pk_demo *d)
{
    struct pk_demo_view *v = &d->view;
    int f, r;

    pk_demo_unlook(d);
    r = pk_fence_open(&v->fence, &d->c.d);
    if (!r)
        r = pk_fence_read(v->fence, false, &v->arena, &v->live, &d->c.d);
    for (f = 0; f < PK_FAMILY_N && !r; f++) {
        v->rule[f] =
            pk_arena_array(&v->arena, struct pk_counters, v->live.family[f]->n_rules + (size_t)1);
        if (!v->rule[f])
            r = -ENOMEM;
    }
    return r ? r : pk_demo_count(d);
}

int pk_demo_count(struct pk_demo *d)
{
    struct pk_demo_view *v = &d->view;
    int f, r = pk_fence_gather(v->fence);

    for (f = 0; f < PK_FAMILY_N && !r; f++)
        r = pk_fence_counters(v->fence, &v->live, (enum pk_family)f, v->rule[f], v->policy[f]);
    return r;
}

struct pk_counters pk_demo_counters_of(const struct pk_demo *d, enum pk_family family,
                                       const struct pk_verdict *v)
{
    if (v->rule)
        return d->view.rule[family][v->rule->ordinal];
    return d->view.policy[family][PK_INPUT];
}

static void pk_demo_note(void *arg, const struct pk_rule *r, enum pk_answer answer, const char *why)
{
    struct pk_demo_trace *t = arg;

    if (t->n < PK_DEMO_LOOKS_MAX)
        t->looks[t->n++] = (struct pk_demo_look){r, answer, why};
}

struct pk_verdict pk_demo_judge(const struct pk_demo *d, const struct pk_build *b, uint32_t state,
                                struct pk_demo_trace *trace)
{
    const struct pk_conntrack ct = {.entry = 1, .info = state, .proto = b->proto};
    uint8_t bytes[PK_BUILD_MAX];
    struct pk_packet packet = {0};
    size_t len = pk_build_packet(b, bytes);
    struct pk_view view = {.p = &packet, .ip = bytes, .len = len, .ct = &ct};

    pk_packet_parse(bytes, len, &packet);
    packet.iif = pk_sys_name_pack(PK_DEMO_DEV);
    return pk_eval(d->view.live.family[b->family], PK_INPUT, &view, NULL,
                   trace ? pk_demo_note : NULL, trace);
}
