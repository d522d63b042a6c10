// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/fence.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/macro.h"
#include "classify/flow.h"
#include "kernel/attach.h"
#include "kernel/bank.h"
#include "kernel/conntrack.h"
#include "kernel/guards.h"
#include "kernel/slots.h"
#include "kernel/standing.h"
#include "kernel/state.h"
#include "kernel/sys.h"
#include "kernel/zones.h"

/* A reader that meets writer after writer gives up after so many. */
#define PK_READ_TRIES 64

uint64_t pk_standing_word(const struct pk_fence *f)
{
    return __atomic_load_n(&f->ctl->word, __ATOMIC_SEQ_CST);
}

static __u16 pk_standing_delta(const struct pk_fence *f, uint64_t word)
{
    return f->ctl->delta[pk_word_generation(word) % PK_WORDS_KEPT];
}

struct pk_seat pk_standing_live(const struct pk_fence *f, uint64_t word)
{
    return (struct pk_seat){pk_word_live(word), pk_delta_live(pk_standing_delta(f, word))};
}

struct pk_seat pk_standing_before(const struct pk_fence *f, uint64_t word)
{
    return (struct pk_seat){pk_word_before(word), pk_delta_before(pk_standing_delta(f, word))};
}

int pk_standing_grace(struct pk_fence *f)
{
    uint64_t generation = pk_word_generation(pk_standing_word(f));
    int r = pk_grace();

    if (!r)
        f->ctl->quiet = generation;
    return r;
}

int pk_standing_settle(struct pk_fence *f)
{
    uint64_t next = pk_word_generation(pk_standing_word(f)) + 1;

    return next - f->ctl->quiet < PK_WORDS_KEPT ? 0 : pk_standing_grace(f);
}

int pk_standing_release(struct pk_fence *f)
{
    int r = f->ctl->freed <= f->ctl->quiet ? 0 : pk_standing_grace(f);

    if (!r)
        r = pk_fence_gather(f);
    /* a program may have taken counts from an entry before that, and be about to tell them */
    return r ? r : pk_standing_grace(f);
}

static void pk_standing_store(struct pk_fence *f, uint64_t word)
{
    __atomic_store_n(&f->ctl->word, word, __ATOMIC_SEQ_CST);
#ifdef PK_SPLIT_SWITCH /* the fault that the swap test must notice */
    (void)!pk_grace();
    __atomic_store_n(&f->ctl->split_word, word, __ATOMIC_SEQ_CST);
#endif
}

static unsigned pk_standing_asks(const struct pk_fence *f, unsigned bank)
{
    return bank < PK_BANKS ? f->ctl->state_asks[bank] : 0;
}

void pk_standing_switch(struct pk_fence *f, struct pk_seat live, struct pk_seat before, bool frees)
{
    uint64_t next = pk_word_generation(pk_standing_word(f)) + 1;

    if (frees)
        f->ctl->freed = next;
    if (pk_standing_asks(f, live.bank) & ~pk_standing_asks(f, before.bank))
        f->ctl->state_epoch++;
    f->ctl->delta[next % PK_WORDS_KEPT] = pk_delta_make(live.delta, before.delta);
    pk_standing_store(f, pk_word_make(next, live.bank, before.bank));
}

void pk_standing_fall(struct pk_fence *f)
{
    uint64_t w = pk_standing_word(f);

    pk_standing_store(f, pk_word_make(0, pk_word_live(w), pk_word_before(w)));
}

void pk_standing_unmap(struct pk_fence *f)
{
    if (f->ctl)
        munmap(f->ctl, sizeof(*f->ctl));
    f->ctl = NULL;
    pk_close_p(&f->gather);
    pk_maps_done(&f->maps);
}

void pk_standing_done(struct pk_fence *f)
{
    pk_standing_unmap(f);
    pk_pins_done(&f->pins);
}

int pk_standing_map(struct pk_fence *f, struct pk_diags *d)
{
    void *mem;
    int r = pk_sys_map_mmap(f->maps.fd[PK_MAP_CTL], sizeof(*f->ctl), true, &mem);

    if (r)
        return pk_sys_error(d, r, "cannot map %s/ctl", f->pins.path);
    f->ctl = mem;
    return 0;
}

static int pk_standing_other(uint64_t frame, struct pk_diags *d)
{
    pk_error(d, PK_K_OTHER_ABI, PK_NOWHERE,
             "take it down with `picket detach` (this one can), then apply again",
             "the standing fence was built by another version of picket, and its frame is not one "
             "that this version knows (%" PRIu64 ", not %d)",
             frame, PK_FRAME_ABI);
    return -EPROTO;
}

int pk_standing_ctl(int dir, struct pk_ctl *ret)
{
    _pk_close_ int fd = -1;
    uint32_t zero = 0;
    int r = pk_maps_pinned(dir, PK_MAP_CTL, &fd);

    return r ? r : bpf_map_lookup_elem(fd, &zero, ret);
}

/* Whose it is must be known before anything else of it is believed. */
static int pk_standing_frame(const struct pk_pins *p, struct pk_diags *d)
{
    struct pk_ctl ctl = {0};
    int r = pk_standing_ctl(p->dir, &ctl);

    if (r == -EPROTO || (!r && ctl.frame != PK_FRAME_ABI))
        return pk_standing_other(ctl.frame, d);
    return r && r != -ENOENT ? pk_sys_error(d, r, "cannot read %s/ctl", p->path) : r;
}

int pk_standing_open(struct pk_fence *f, struct pk_diags *d)
{
    int r = pk_standing_frame(&f->pins, d);

    if (r)
        return r;
    r = pk_maps_open(&f->pins, &f->maps);
    if (r == -EPROTO)
        return pk_standing_other(PK_FRAME_ABI, d);
    if (r)
        return r == -ENOENT ? r : pk_sys_error(d, r, "cannot open %s", f->pins.path);
    r = pk_standing_map(f, d);
    if (r)
        return r;
    return pk_word_generation(pk_standing_word(f)) ? 0 : -ENOENT;
}

/* What of the frame is as this picket knows it: enough to stop judging, and to find the filters. */
void pk_standing_open_other(struct pk_fence *f)
{
    _pk_diags_ struct pk_diags unseen = {0};

    if (!pk_maps_pinned(f->pins.dir, PK_MAP_CTL, &f->maps.fd[PK_MAP_CTL]))
        (void)!pk_standing_map(f, &unseen);
    (void)!pk_maps_pinned(f->pins.dir, PK_MAP_GUARDS, &f->maps.fd[PK_MAP_GUARDS]);
}

bool pk_standing_by_other(const struct pk_fence *f, unsigned bank)
{
    return f->ctl->bank_abi[bank] != PK_DATAPATH_ABI;
}

int pk_fence_open(struct pk_fence **ret, struct pk_diags *d)
{
    _pk_standing_ struct pk_fence f = PK_FENCE_NONE;
    struct pk_fence *owned;
    int r = pk_pins_open(&f.pins, d);

    if (!r)
        r = pk_standing_open(&f, d);
    if (r)
        return r;
    owned = malloc(sizeof(*owned));
    if (!owned)
        return pk_sys_error(d, -ENOMEM, "cannot open the fence");
    *owned = f;
    f = PK_FENCE_NONE;
    *ret = owned;
    return 0;
}

void pk_fence_close(struct pk_fence **f)
{
    if (!*f)
        return;
    pk_standing_done(*f);
    free(*f);
    *f = NULL;
}

/* `outline`: of which families, as pk_stored_read() has it. */
static int pk_fence_read_set(struct pk_fence *f, struct pk_seat at, unsigned outline,
                             struct pk_arena *a, struct pk_live *ret)
{
    _pk_stored_ struct pk_stored s = {0};
    int r = pk_stored_open(&f->pins, at, a ? PK_STORE_TEXTS : PK_STORE_CHAINS, &s);

    if (!r && a)
        r = pk_stored_read(&s, outline, a, ret);
    else if (!r)
        pk_stored_tell(&s, ret);
    return r;
}

/* A writer may switch, and then fill the very bank we read: what was read counts if the word held.
 */
static int pk_fence_read_as(struct pk_fence *f, bool before, unsigned outline, struct pk_arena *a,
                            struct pk_live *ret, struct pk_diags *d)
{
    struct pk_live live = {0};
    struct pk_seat at = {0};
    int r = -EBUSY;

    for (int i = 0; i < PK_READ_TRIES; i++) {
        uint64_t word = pk_standing_word(f);

        at = before ? pk_standing_before(f, word) : pk_standing_live(f, word);
        if (!pk_word_generation(word) || at.bank >= PK_BANKS)
            return -ENOENT;
        r = pk_fence_read_set(f, at, outline, a, &live);
        if (pk_standing_word(f) != word)
            continue;
        if (r)
            break;
        if (!before)
            live.generation = pk_word_generation(word);
        live.good_until = pk_word_generation(word) + !before;
        *ret = live;
        return 0;
    }
    if (r == -ENOMEM)
        return pk_sys_error(d, r, "cannot read the rule set back");
    if (pk_standing_by_other(f, at.bank)) {
        pk_error(d, PK_K_OTHER_ABI, PK_NOWHERE,
                 "`picket apply` with a file of each family takes the fence over without a gap",
                 "the rule set in force was put there by another version of picket, in a form "
                 "that this version cannot read");
        return -EPROTO;
    }
    pk_error(d, PK_K_DAMAGED, PK_NOWHERE,
             "somebody wrote to the pins below it: `picket detach`, then apply again",
             "the rule set kept in %s cannot be read back: %s", f->pins.path, strerror(-r));
    return r ? r : -EBUSY;
}

int pk_fence_read(struct pk_fence *f, bool before, struct pk_arena *a, struct pk_live *ret,
                  struct pk_diags *d)
{
    return pk_fence_read_as(f, before, 0, a, ret, d);
}

int pk_fence_outline(struct pk_fence *f, struct pk_arena *a, struct pk_live *ret,
                     struct pk_diags *d)
{
    return pk_fence_read_as(f, false, (1u << PK_FAMILY_N) - 1, a, ret, d);
}

int pk_fence_counters(struct pk_fence *f, const struct pk_live *live, enum pk_family family,
                      struct pk_counters *rule, struct pk_counters policy[PK_HOOK_N])
{
    const struct pk_ruleset *rs = live->family[family];
    int r;

    if (!rs || !rs->given) {
        memset(policy, 0, PK_HOOK_N * sizeof(*policy));
        return 0;
    }
    r = pk_slots_read(&f->maps, live->slot[family], rs->n_rules, rule);
    if (!r)
        r = pk_slots_read(&f->maps, live->policy_slot[family], PK_HOOK_N, policy);
    /* the slots of a set that is neither live nor the one before may be another set's by now */
    return !r && pk_word_generation(pk_standing_word(f)) > live->good_until ? -ESTALE : r;
}

int pk_fence_reasons(struct pk_fence *f, struct pk_count reasons[PK_WHERE_N][PK_REASON_N])
{
    _pk_free_ struct pk_count *value = NULL;
    size_t cpus;
    int r = pk_sys_cpus(&cpus);

    if (r)
        return r;
    value = calloc(cpus, sizeof(*value));
    if (!value)
        return -ENOMEM;
    memset(reasons, 0, sizeof(struct pk_count[PK_WHERE_N][PK_REASON_N]));
    if (f->maps.fd[PK_MAP_REASONS] < 0) /* another picket's programs count elsewhere */
        return 0;
    for (uint32_t w = 0; w < PK_WHERE_N; w++)
        for (uint32_t i = 0; i < PK_REASON_N; i++) {
            uint32_t key = w * PK_REASON_MAX + i;

            r = bpf_map_lookup_elem(f->maps.fd[PK_MAP_REASONS], &key, value);
            if (r)
                return r;
            for (size_t c = 0; c < cpus; c++) {
                reasons[w][i].packets += value[c].packets;
                reasons[w][i].bytes += value[c].bytes;
            }
        }
    return 0;
}

static int pk_info_devs(struct pk_fence *f, struct pk_fence_info *info)
{
    _pk_free_ struct pk_guard *guards = NULL;
    size_t n = 0;
    int r = pk_guards_read(&f->maps, &guards, &n);

    if (r)
        return r;
    info->devs = calloc(n + 1, sizeof(*info->devs));
    if (!info->devs)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        memcpy(info->devs[i], guards[i].name, sizeof(*info->devs));
    info->n_devs = n;
    return 0;
}

static int pk_info_zones(struct pk_fence *f, struct pk_fence_info *info)
{
    struct pk_zones z;
    int r = pk_zones_read(&f->maps, &z);

    if (r || !z.n)
        return r;
    info->zones = calloc(z.n, sizeof(*info->zones));
    if (!info->zones)
        return -ENOMEM;
    memcpy(info->zones, z.at, z.n * sizeof(*z.at));
    info->n_zones = z.n;
    return 0;
}

static int pk_info_attachments(struct pk_fence *f, struct pk_fence_info *info)
{
    struct pk_attach a = {.pins = &f->pins, .maps = &f->maps, .hook = info->hook};
    int r;

    pk_dispatch_open(&f->pins, &a.dispatch);
    r = pk_attach_list(&a, &info->attachments, &info->n_attachments);
    pk_progs_done(&a.dispatch);
    return r;
}

int pk_fence_info(struct pk_fence *f, struct pk_fence_info *ret, struct pk_diags *d)
{
    struct pk_fence_info info = {
        .hook = (enum pk_attach_kind)f->ctl->hook,
        .cookie = f->pins.cookie,
    };
    uint32_t flows = 0;
    size_t cpus = 0;
    int r = pk_sys_cpu_ids(&cpus);

    if (!r)
        info.counter_bytes = f->ctl->n_chunks * PK_CHUNK * sizeof(struct pk_count) * cpus;
    if (!r)
        r = pk_maps_flows(&flows);
    info.conntrack = f->ctl->conntrack ? pk_conntrack_held() > 0 : -1;
    info.flow_bytes = flows * cpus * PK_FLOW_BYTES;
    info.state_max = f->ctl->state_max;
    info.state_rules = pk_state_rules_of(f->ctl);
    info.state_bytes = f->ctl->state_buckets * sizeof(struct pk_state_bucket);
    if (!r)
        r = pk_info_devs(f, &info);
    if (!r)
        r = pk_info_zones(f, &info);
    if (!r)
        r = pk_info_attachments(f, &info);
    if (r) {
        pk_fence_info_done(&info);
        return pk_sys_error(d, r, "cannot read the state of the fence");
    }
    memcpy(info.path, f->pins.path, sizeof(info.path));
    pk_bank_bytes(&f->pins, pk_word_live(pk_standing_word(f)), &info.image_bytes,
                  &info.store_bytes);
    *ret = info;
    return 0;
}

void pk_fence_info_done(struct pk_fence_info *i)
{
    free(i->attachments);
    free(i->devs);
    free(i->zones);
    *i = (struct pk_fence_info){0};
}
