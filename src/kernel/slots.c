// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/slots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "kernel/sys.h"
#include "rules/diff.h"

struct pk_slot_work {
    const struct pk_slot_request *q;
    struct pk_slot_plan plan;
    uint8_t *used;   /* by slot, for the chunks that exist */
    uint32_t n_used; /* its length */
    uint32_t next;   /* all below are taken */
};

static void pk_slots_mark(struct pk_slot_work *w, uint32_t slot)
{
    if (slot < w->n_used)
        w->used[slot] = 1;
}

/* A rule that was deleted is still in the store: its slot is taken until the set is compiled anew.
 */
static void pk_slots_mark_set(struct pk_slot_work *w, const struct pk_stored *s, bool store)
{
    for (int f = 0; f < PK_FAMILY_N; f++) {
        const struct pk_store_family *family = &s->head->family[f];
        const struct pk_changes_part *changes = &s->changes.part[f];

        if (!family->given)
            continue;
        for (size_t i = 0; i < changes->n_added; i++)
            pk_slots_mark(w, changes->added[i].slot);
        for (uint32_t i = 0; store && i < family->n_rules; i++)
            pk_slots_mark(w, pk_store_rules(s->head, (enum pk_family)f)[i].slot);
        for (int h = 0; h < PK_HOOK_N; h++)
            pk_slots_mark(w, family->policy_slot[h]);
    }
}

/* The lowest free slot: ascending from call to call, so that `fresh` is sorted. */
static int pk_slots_take(struct pk_slot_work *w, struct pk_counters from, uint32_t *ret)
{
    while (w->next < w->n_used && w->used[w->next])
        w->next++;
    if (w->next >= PK_CHUNK * PK_CHUNKS_MAX)
        return -ENOSPC;
    w->plan.fresh[w->plan.n_fresh++] = (struct pk_fresh){w->next, from};
    *ret = w->next++;
    return 0;
}

static bool pk_slots_keeps(const struct pk_slot_work *w, enum pk_family f)
{
    const struct pk_live *live = w->q->live;

    return live && live->family[f] && live->family[f]->given && !w->q->counters[f];
}

static int pk_slots_rules(struct pk_slot_work *w, enum pk_family f, const uint32_t *from,
                          uint32_t *slot)
{
    const struct pk_ruleset *rs = w->q->rs[f];
    int r = 0;

    for (size_t c = 0; !r && c < rs->n_chains; c++)
        for (size_t i = 0; !r && i < rs->chains[c]->n_rules; i++) {
            const struct pk_rule *rule = rs->chains[c]->rules[i];
            uint32_t n = rule->ordinal;

            if (from && from[n] != PK_NEW)
                slot[n] = w->q->live->slot[f][from[n]];
            else
                r = pk_slots_take(w, w->q->counters[f] ? rule->counters : (struct pk_counters){0},
                                  &slot[n]);
        }
    return r;
}

static int pk_slots_policies(struct pk_slot_work *w, enum pk_family f)
{
    const struct pk_ruleset *rs = w->q->rs[f];
    struct pk_counters from = {0};
    int r = 0;

    if (pk_slots_keeps(w, f)) {
        memcpy(w->plan.slots.policy[f], w->q->live->policy_slot[f],
               sizeof(w->plan.slots.policy[f]));
        return 0;
    }
    for (int h = 0; !r && h < PK_HOOK_N; h++) {
        if (w->q->counters[f])
            from = rs->chains[h]->policy_counters;
        r = pk_slots_take(w, from, &w->plan.slots.policy[f][h]);
    }
    return r;
}

static int pk_slots_family(struct pk_slot_work *w, enum pk_family f, struct pk_arena *a)
{
    const struct pk_ruleset *rs = w->q->rs[f];
    uint32_t *slot = pk_arena_array(a, uint32_t, rs->n_rules + 1u);
    const uint32_t *from = w->q->from[f];
    int r;

    if (!slot)
        return -ENOMEM;
    if (!from && pk_slots_keeps(w, f)) {
        uint32_t *stays = pk_arena_array(a, uint32_t, rs->n_rules + 1u);

        r = stays ? pk_ruleset_stays(w->q->live->family[f], rs, stays) : -ENOMEM;
        if (r)
            return r;
        from = stays;
    }
    w->plan.slots.rule[f] = slot;
    r = pk_slots_rules(w, f, from, slot);
    return r ? r : pk_slots_policies(w, f);
}

static int pk_slots_start(struct pk_slot_work *w, struct pk_arena *a)
{
    const struct pk_stored *one = w->q->used[0], *two = w->q->used[1];
    size_t most = PK_FAMILY_N * PK_HOOK_N;

    for (int f = 0; f < PK_FAMILY_N; f++)
        if (w->q->rs[f])
            most += w->q->rs[f]->n_rules;
    w->n_used = w->q->n_chunks * PK_CHUNK;
    w->used = pk_arena_alloc(a, w->n_used + 1u);
    w->plan.fresh = pk_arena_array(a, struct pk_fresh, most);
    if (!w->used || !w->plan.fresh)
        return -ENOMEM;
    if (one)
        pk_slots_mark_set(w, one, true);
    if (two)
        pk_slots_mark_set(w, two, !one || one->head != two->head);
    return 0;
}

static void pk_slots_end(struct pk_slot_work *w)
{
    uint32_t n = w->q->n_chunks;

    if (w->plan.n_fresh) {
        n = PK_MAX(n, w->plan.fresh[w->plan.n_fresh - 1].slot / PK_CHUNK + 1);
        w->plan.reused = w->plan.fresh[0].slot < w->q->unused;
    }
    w->plan.n_chunks = n;
}

uint32_t pk_slots_unused(const struct pk_ctl *ctl)
{
    const uint64_t end = ctl->n_chunks * PK_CHUNK;

    return (uint32_t)(ctl->unused && ctl->unused < end ? ctl->unused : end);
}

int pk_slots_plan(const struct pk_slot_request *q, struct pk_arena *a, struct pk_slot_plan *ret)
{
    struct pk_slot_work w = {.q = q, .next = q->first};
    int r = q->n_chunks > PK_CHUNKS_MAX ? -ENOSPC : pk_slots_start(&w, a);

    for (int f = 0; !r && f < PK_FAMILY_N; f++)
        if (q->rs[f] && q->rs[f]->given)
            r = pk_slots_family(&w, (enum pk_family)f, a);
    if (r)
        return r;
    pk_slots_end(&w);
    *ret = w.plan;
    return 0;
}

int pk_slots_one(const struct pk_slot_request *q, struct pk_arena *a, struct pk_slot_plan *ret)
{
    struct pk_slot_work w = {.q = q, .next = q->first};
    uint32_t slot;
    int r = q->n_chunks > PK_CHUNKS_MAX ? -ENOSPC : pk_slots_start(&w, a);

    if (!r)
        r = pk_slots_take(&w, (struct pk_counters){0}, &slot);
    if (r)
        return r;
    pk_slots_end(&w);
    *ret = w.plan;
    return 0;
}

int pk_slots_new(const struct pk_slot_request *q, struct pk_arena *a, struct pk_slot_plan *ret)
{
    struct pk_fresh *fresh;

    if (q->n_chunks > PK_CHUNKS_MAX || q->unused >= q->n_chunks * PK_CHUNK)
        return -ENOENT;
    fresh = pk_arena_array(a, struct pk_fresh, 1);
    if (!fresh)
        return -ENOMEM;
    fresh->slot = q->unused;
    *ret = (struct pk_slot_plan){.fresh = fresh, .n_fresh = 1, .n_chunks = q->n_chunks};
    return 0;
}

/* One batch: each update of an array of maps by itself waits for a grace period, about 7 ms. */
static int pk_chunks_hang(int counters, uint32_t first, const int *fd, uint32_t n)
{
    _pk_free_ uint32_t *key = calloc(n, sizeof(*key));
    int r;

    if (!key)
        return -ENOMEM;
    for (uint32_t i = 0; i < n; i++)
        key[i] = first + i;
    r = pk_sys_map_update_batch(counters, key, fd, n);
    if (r != -EOPNOTSUPP && r != -ENOTSUP && r != -EINVAL)
        return r;
    r = 0;
    for (uint32_t i = 0; !r && i < n; i++)
        r = pk_sys_map_update(counters, &key[i], &fd[i]);
    return r;
}

static int pk_chunks_add(const struct pk_maps *m, uint32_t first, uint32_t n)
{
    _pk_free_ int *fd = calloc(n, sizeof(*fd));
    uint32_t made = 0;
    int r = fd ? 0 : -ENOMEM;

    while (!r && made < n) {
        r = pk_maps_chunk(&fd[made]);
        made += !r;
    }
    if (!r)
        r = pk_chunks_hang(m->fd[PK_MAP_COUNTERS], first, fd, n);
    while (made)
        close(fd[--made]);
    return r;
}

static int pk_chunk_open(const struct pk_maps *m, uint32_t chunk, int *ret)
{
    uint32_t id;
    int fd, r = bpf_map_lookup_elem(m->fd[PK_MAP_COUNTERS], &chunk, &id);

    if (r)
        return r;
    fd = bpf_map_get_fd_by_id(id);
    if (fd < 0)
        return fd;
    *ret = fd;
    return 0;
}

/* Sets a run of fresh slots of one chunk, of all CPUs; the whole count goes to the first. */
static int pk_fresh_run(const struct pk_maps *m, const struct pk_fresh *run, uint32_t n,
                        size_t cpus)
{
    _pk_free_ struct pk_count *value = calloc(n * cpus, sizeof(*value));
    _pk_free_ uint32_t *key = calloc(n * cpus, sizeof(*key));
    _pk_close_ int fd = -1;
    int r = value && key ? pk_chunk_open(m, run->slot / PK_CHUNK, &fd) : -ENOMEM;

    if (r)
        return r;
    for (uint32_t i = 0; i < n; i++) {
        value[i] = (struct pk_count){run[i].from.packets, run[i].from.bytes};
        for (uint32_t cpu = 0; cpu < cpus; cpu++)
            key[cpu * n + i] = cpu * PK_CHUNK + run[i].slot % PK_CHUNK;
    }
    return pk_sys_map_update_batch(fd, key, value, (uint32_t)(n * cpus));
}

static bool pk_fresh_is_zero(const struct pk_fresh *f)
{
    return !f->from.packets && !f->from.bytes;
}

/* Slots of chunks that were just made are zero already. */
static int pk_fresh_set(const struct pk_maps *m, const struct pk_slot_plan *plan, uint32_t n_old,
                        size_t cpus)
{
    int r = 0;

    for (size_t i = 0, n; !r && i < plan->n_fresh; i += n) {
        const struct pk_fresh *run = &plan->fresh[i];
        uint32_t chunk = run->slot / PK_CHUNK;
        bool zero = true;

        for (n = 0; i + n < plan->n_fresh && run[n].slot / PK_CHUNK == chunk; n++)
            zero &= pk_fresh_is_zero(&run[n]);
        if (chunk < n_old || !zero)
            r = pk_fresh_run(m, run, (uint32_t)n, cpus);
    }
    return r;
}

int pk_slots_prepare(const struct pk_maps *m, struct pk_ctl *ctl, const struct pk_slot_plan *plan,
                     struct pk_diags *d)
{
    uint32_t old = (uint32_t)ctl->n_chunks, unused = pk_slots_unused(ctl);
    size_t cpus;
    int r = pk_sys_cpu_ids(&cpus);

    if (plan->n_fresh)
        unused = PK_MAX(unused, plan->fresh[plan->n_fresh - 1].slot + 1);

    if (r) {
        pk_error(d, PK_K_SYSTEM, PK_NOWHERE, "mount it: mount -t sysfs sysfs /sys",
                 "cannot tell the number of CPUs: /sys/devices/system/cpu/possible: %s",
                 strerror(-r));
        return r;
    }
    if (plan->n_chunks > old)
        r = pk_chunks_add(m, old, plan->n_chunks - old);
    if (!r) {
        ctl->unused = unused; /* before they are: a writer may be killed */
        ctl->n_chunks = plan->n_chunks;
    }
    if (!r)
        r = pk_fresh_set(m, plan, old, cpus);
    return r ? pk_sys_error(d, r, "cannot make room for the rules' counters") : 0;
}

/* Sums of chunks, each read once, however its slots are strewn over the rules. */
struct pk_chunk_sums {
    const struct pk_maps *m;
    size_t cpus;
    struct pk_count *value;                 /* [cpus][PK_CHUNK] of one chunk */
    uint32_t *key;                          /* [cpus * PK_CHUNK], of no use but to the call */
    struct pk_counters *sum[PK_CHUNKS_MAX]; /* [PK_CHUNK], once asked for; owned */
};

static void pk_chunk_add_up(const struct pk_chunk_sums *c, struct pk_counters *sum)
{
    for (size_t i = 0; i < PK_CHUNK; i++)
        for (size_t cpu = 0; cpu < c->cpus; cpu++) {
            sum[i].packets += c->value[cpu * PK_CHUNK + i].packets;
            sum[i].bytes += c->value[cpu * PK_CHUNK + i].bytes;
        }
}

static int pk_chunk_fetch(struct pk_chunk_sums *c, uint32_t chunk)
{
    _pk_free_ struct pk_counters *sum = calloc(PK_CHUNK, sizeof(*sum));
    _pk_close_ int fd = -1;
    uint32_t all = (uint32_t)(PK_CHUNK * c->cpus), n = all, batch;
    int r = sum ? pk_chunk_open(c->m, chunk, &fd) : -ENOMEM;

    if (!r)
        r = bpf_map_lookup_batch(fd, NULL, &batch, c->key, c->value, &n, NULL);
    if (r && (r != -ENOENT || n != all)) /* ENOENT: the end was reached */
        return r;
    pk_chunk_add_up(c, sum);
    c->sum[chunk] = PK_TAKE_PTR(sum);
    return 0;
}

static int pk_sums_read(struct pk_chunk_sums *c, const uint32_t *slot, size_t n,
                        struct pk_counters *ret)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t chunk = slot[i] / PK_CHUNK;
        int r = 0;

        if (chunk >= PK_CHUNKS_MAX)
            return -EINVAL;
        if (!c->sum[chunk])
            r = pk_chunk_fetch(c, chunk);
        if (r)
            return r;
        ret[i] = c->sum[chunk][slot[i] % PK_CHUNK];
    }
    return 0;
}

int pk_slots_read(const struct pk_maps *m, const uint32_t *slot, size_t n, struct pk_counters *ret)
{
    _pk_free_ struct pk_chunk_sums *c = calloc(1, sizeof(*c));
    _pk_free_ struct pk_count *value = NULL;
    _pk_free_ uint32_t *key = NULL;
    int r = c ? pk_sys_cpu_ids(&c->cpus) : -ENOMEM;

    if (r)
        return r;
    value = calloc(PK_CHUNK * c->cpus, sizeof(*value));
    key = calloc(PK_CHUNK * c->cpus, sizeof(*key));
    if (!value || !key)
        return -ENOMEM;
    c->m = m;
    c->key = key;
    c->value = value;
    r = pk_sums_read(c, slot, n, ret);
    for (size_t i = 0; i < PK_CHUNKS_MAX; i++)
        free(c->sum[i]);
    return r;
}
