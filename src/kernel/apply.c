// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a rule set comes into force. Read from the bottom: pk_fence_apply, then pk_apply_build (no
 * fence stands) and pk_apply_change (one does); both prepare a bank and end in one switch.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/macro.h"
#include "kernel/attach.h"
#include "kernel/bank.h"
#include "kernel/fault.h"
#include "kernel/guards.h"
#include "kernel/probe.h"
#include "kernel/slots.h"
#include "kernel/standing.h"
#include "kernel/sys.h"

/* One change. Everything it makes is given back by pk_apply_done, but for the bank. */
struct pk_apply {
    struct pk_fence f;
    const struct pk_apply_options *o;
    struct pk_diags *d;
    struct pk_arena arena;
    uint64_t word; /* as found */
    unsigned bank; /* to be filled */
    struct pk_live live;
    struct pk_stored stored[2]; /* of the live set and the one before, if there are */
    const struct pk_ruleset *rs[PK_FAMILY_N];
    struct pk_slot_plan plan;
    struct pk_image image;
    struct pk_buf store;
    int image_map;
};

static void pk_apply_done(struct pk_apply *a)
{
    pk_standing_done(&a->f);
    pk_stored_done(&a->stored[0]);
    pk_stored_done(&a->stored[1]);
    pk_image_done(&a->image);
    pk_buf_done(&a->store);
    pk_close_p(&a->image_map);
    pk_arena_done(&a->arena);
}

/* What stands: its rules and the slots that it and the set before it use. */
static int pk_apply_read(struct pk_apply *a)
{
    const unsigned bank[2] = {pk_word_live(a->word), pk_word_before(a->word)};
    int r = pk_fence_read(&a->f, false, &a->arena, &a->live, a->d);

    for (int i = 0; !r && i < 2; i++) {
        if (bank[i] >= PK_BANKS)
            continue;
        r = pk_bank_store(&a->f.pins, bank[i], &a->stored[i]);
        if (r)
            pk_error(a->d, PK_K_DAMAGED, PK_NOWHERE, "`picket detach`, then apply again",
                     "the rule set kept in %s/bank%u cannot be read back: %s", a->f.pins.path,
                     bank[i], strerror(-r));
    }
    return r;
}

static int pk_apply_slots(struct pk_apply *a, const struct pk_ruleset *const given[PK_FAMILY_N])
{
    struct pk_slot_request q = {
        .live = a->stored[0].head ? &a->live : NULL,
        .used = {a->stored[0].head, a->stored[1].head},
        .n_chunks = (uint32_t)a->f.ctl->n_chunks,
    };
    int r;

    for (int i = 0; i < PK_FAMILY_N; i++) {
        q.rs[i] = a->rs[i];
        q.counters[i] = a->o->counters && given[i];
    }
    r = pk_slots_plan(&q, &a->arena, &a->plan);
    if (r == -ENOSPC)
        pk_error(a->d, PK_K_TOO_MANY, PK_NOWHERE, "use fewer rules",
                 "the rules of this set and of the one before need more than %u counters",
                 PK_CHUNK * PK_CHUNKS_MAX);
    else if (r)
        pk_sys_error(a->d, r, "cannot number the rules' counters");
    return r;
}

static int pk_apply_store(struct pk_apply *a)
{
    const struct pk_store_meta meta = {
        .id = a->image.head->id,
        .generation = pk_word_generation(a->word) + 1,
        .applied_at = (int64_t)time(NULL),
    };
    int r;

    a->store = PK_BUF_INIT(PK_STORE_MAX);
    r = pk_store_write(a->rs, &a->plan.slots, &meta, &a->store);
    return r ? pk_sys_error(a->d, r, "cannot write down the rule set") : 0;
}

/* Everything that can fail for the rules' sake, before anything is touched. */
static int pk_apply_compile(struct pk_apply *a, const struct pk_ruleset *const given[PK_FAMILY_N])
{
    size_t most = a->o->memory_max ? a->o->memory_max : PK_IMAGE_MAX;
    int r;

    for (int i = 0; i < PK_FAMILY_N; i++)
        a->rs[i] = given[i] ? given[i] : a->live.family[i];
    r = pk_apply_slots(a, given);
    if (!r)
        r = pk_compile(a->rs, &a->plan.slots, most, &a->image, a->d);
    return r ? r : pk_apply_store(a);
}

/* A bank that a dead writer left may have been live a moment ago: its last packets first. */
static int pk_apply_sweep_bank(struct pk_apply *a)
{
    int r = 0;

    if (pk_bank_dirty(&a->f.pins, a->bank)) {
        r = pk_grace();
        if (!r)
            r = pk_bank_clear(&a->f.pins, &a->f.maps, a->bank);
    }
    return r ? pk_sys_error(a->d, r, "cannot clear what an interrupted change left") : 0;
}

static int pk_apply_fill(struct pk_apply *a)
{
    const struct pk_bank_set set = {
        .bank = a->bank,
        .hook = (enum pk_attach_kind)a->f.ctl->hook,
        .guard_all = a->f.ctl->guard_all,
        .image = &a->image,
        .store = &a->store,
    };
    int r = pk_apply_sweep_bank(a);

    if (!r)
        r = pk_slots_prepare(&a->f.maps, a->f.ctl, &a->plan, a->d);
    if (!r)
        r = pk_ifnames_fill(&a->f.maps, a->f.ctl->guard_all, a->d);
    return r ? r : pk_bank_fill(&a->f.pins, &a->f.maps, &set, &a->image_map, a->d);
}

/*
 * The switch, and then, when no packet can be in it any more, an end to the set before the one
 * before. What fails there is left to the next writer: the new set is in force.
 */
static void pk_apply_switch(struct pk_apply *a)
{
    unsigned live = pk_word_live(a->word), gone = pk_word_before(a->word);
    bool first = !pk_word_generation(a->word);

    (void)!pk_fault();
    pk_standing_switch(
        &a->f, pk_word_make(pk_word_generation(a->word) + 1, a->bank, first ? PK_BANK_NONE : live));
    if (!first && gone < PK_BANKS && !pk_grace())
        (void)!pk_bank_clear(&a->f.pins, &a->f.maps, gone);
}

static bool pk_devs_differ(const struct pk_apply *a, const struct pk_guard *guards, size_t n)
{
    const struct pk_apply_options *o = a->o;

    for (size_t i = 0; i < o->n_devs; i++) {
        size_t k = 0;

        while (k < n && strcmp(guards[k].name, o->devs[i]))
            k++;
        if (k == n)
            return true;
    }
    for (size_t k = 0; k < n; k++) {
        size_t i = 0;

        while (i < o->n_devs && strcmp(guards[k].name, o->devs[i]))
            i++;
        if (i == o->n_devs)
            return true;
    }
    return false;
}

static const char *pk_hook_name(enum pk_attach_kind hook)
{
    static const char *const name[] = {"auto", "netfilter", "tc", "xdp"};

    return (unsigned)hook < PK_ARRAY_SIZE(name) ? name[hook] : "?";
}

/* Another place would judge packets twice, or not at all, for a moment: refused by name. */
static int pk_apply_same(struct pk_apply *a)
{
    enum pk_attach_kind stands = (enum pk_attach_kind)a->f.ctl->hook;
    _pk_free_ struct pk_guard *guards = NULL;
    size_t n = 0;
    int r;

    if (a->o->hook_given && a->o->hook != PK_ATTACH_AUTO && a->o->hook != stands) {
        pk_error(a->d, PK_K_STANDING, PK_NOWHERE, "`picket detach` first, or leave --hook out",
                 "the standing fence uses --hook %s, not %s", pk_hook_name(stands),
                 pk_hook_name(a->o->hook));
        return -EEXIST;
    }
    r = a->o->devs_given ? pk_guards_read(&a->f.maps, &guards, &n) : 0;
    if (r)
        return pk_sys_error(a->d, r, "cannot read which interfaces are guarded");
    if (a->o->devs_given && pk_devs_differ(a, guards, n)) {
        pk_error(a->d, PK_K_STANDING, PK_NOWHERE, "`picket detach` first, or leave --dev out",
                 "the standing fence guards other interfaces than those named");
        return -EEXIST;
    }
    return 0;
}

/* Attachments of interfaces that went and came back. */
static int pk_apply_heal(struct pk_apply *a)
{
    struct pk_attach at = {&a->f.pins, &a->f.maps, (enum pk_attach_kind)a->f.ctl->hook,
                           PK_PROGS_NONE};
    int r;

    pk_dispatch_open(&a->f.pins, &at.dispatch);
    r = pk_attach_all(&at, a->d);
    pk_progs_done(&at.dispatch);
    return r;
}

static int pk_apply_change(struct pk_apply *a, const struct pk_ruleset *const given[PK_FAMILY_N])
{
    int r = pk_apply_same(a);

    a->word = pk_standing_word(&a->f);
    a->bank = pk_bank_free(a->word);
    if (!r)
        r = pk_apply_read(a);
    if (!r)
        r = pk_apply_compile(a, given);
    if (!r)
        r = pk_apply_heal(a);
    if (!r)
        r = pk_apply_fill(a);
    if (!r)
        pk_apply_switch(a);
    return r;
}

static int pk_hook_check(const struct pk_apply_options *o, enum pk_attach_kind hook,
                         struct pk_diags *d)
{
    if (hook == PK_ATTACH_NETFILTER && !pk_probe_netfilter()) {
        pk_error(d, PK_K_NO_HOOK, PK_NOWHERE,
                 "name the interfaces and use --hook tc, which Linux 6.1 has: --hook tc --dev IF",
                 "this kernel takes no BPF program at netfilter (that needs Linux 6.4, and root)");
        return -EOPNOTSUPP;
    }
    if (hook != PK_ATTACH_NETFILTER && !o->n_devs) {
        pk_error(
            d, PK_K_NEEDS_DEV, PK_NOWHERE,
            "name every interface to guard: --dev IF; only --hook netfilter can cover them all",
            "--hook %s needs --dev: it could not cover interfaces that appear later",
            pk_hook_name(hook));
        return -EINVAL;
    }
    return 0;
}

/* The exact hook where there is one (docs/adr/0002). */
static int pk_hook_choose(const struct pk_apply_options *o, enum pk_attach_kind *ret,
                          struct pk_diags *d)
{
    enum pk_attach_kind hook = o->hook_given ? o->hook : PK_ATTACH_AUTO;
    int r;

    if (hook == PK_ATTACH_AUTO)
        hook = pk_probe_netfilter() || !o->n_devs ? PK_ATTACH_NETFILTER : PK_ATTACH_TC;
    r = pk_hook_check(o, hook, d);
    if (!r)
        *ret = hook;
    return r;
}

static int pk_build_ctl(struct pk_apply *a, enum pk_attach_kind hook)
{
    struct pk_ctl c = {
        .word = pk_word_make(0, a->bank, PK_BANK_NONE),
        .split_word = pk_word_make(0, a->bank, PK_BANK_NONE),
        .abi = PK_DATAPATH_ABI,
        .netns_cookie = a->f.pins.cookie,
        .hook = hook,
        .guard_all = !a->o->n_devs,
    };
    int r = pk_sys_ns_ino("/proc/self/ns/net", (uint64_t *)&c.netns_ino);

    if (!r)
        r = pk_sys_ns_ino("/proc/self/ns/pid", (uint64_t *)&c.pidns_ino);
    if (r)
        return pk_sys_error(a->d, r, "cannot tell this namespace from others (/proc/self/ns)");
    *a->f.ctl = c;
    return 0;
}

/* Maps with their first contents, then their pins: a reader never meets an empty ctl. */
static int pk_build_maps(struct pk_apply *a, enum pk_attach_kind hook)
{
    int r = pk_maps_create(&a->f.maps, a->d);

    if (!r)
        r = pk_standing_map(&a->f, a->d);
    if (!r)
        r = pk_build_ctl(a, hook);
    if (!r)
        r = pk_guards_set(&a->f.maps, a->o->devs, a->o->n_devs, a->d);
    return r ? r : pk_maps_pin(&a->f.maps, &a->f.pins, a->d);
}

static int pk_build_hooks(struct pk_apply *a, enum pk_attach_kind hook)
{
    struct pk_attach at = {&a->f.pins, &a->f.maps, hook, PK_PROGS_NONE};
    const struct pk_load load = {
        .progs = pk_hook_progs(hook),
        .dispatchers = true,
        .maps = &a->f.maps,
        .image = a->image_map,
        .config = {.image_mask = 4095, .guard_all = a->f.ctl->guard_all ? 1 : 0},
    };
    int r = pk_object_load(&load, at.dispatch.fd, a->d);

    if (!r)
        r = pk_dispatch_pin(&at, a->d);
    if (!r)
        r = pk_attach_all(&at, a->d);
    pk_progs_done(&at.dispatch);
    return r;
}

static int pk_apply_build_in(struct pk_apply *a, const struct pk_ruleset *const given[PK_FAMILY_N],
                             enum pk_attach_kind hook)
{
    int r = pk_build_maps(a, hook);

    a->word = pk_word_make(0, a->bank, PK_BANK_NONE);
    if (!r)
        r = pk_apply_compile(a, given);
    if (!r)
        r = pk_apply_fill(a);
    if (!r)
        r = pk_build_hooks(a, hook);
    if (!r)
        pk_apply_switch(a);
    return r;
}

/* What no pin holds, and before it a word to the dispatchers. The pins are the caller's. */
static void pk_tear_down(struct pk_fence *f)
{
    uint64_t w;

    if (!f->ctl)
        return;
    w = pk_standing_word(f);
    pk_standing_switch(f, pk_word_make(0, pk_word_live(w), pk_word_before(w)));
    pk_attach_drop(&f->pins, &f->maps);
}

/* While the generation is 0 the dispatchers let packets pass, so the links may come one by one. */
static int pk_apply_build(struct pk_apply *a, const struct pk_ruleset *const given[PK_FAMILY_N])
{
    enum pk_attach_kind hook;
    int r = pk_hook_choose(a->o, &hook, a->d);

    if (!r)
        r = pk_apply_build_in(a, given, hook);
    if (r) {
        pk_tear_down(&a->f);
        (void)!pk_pins_clear(&a->f.pins);
    }
    return r;
}

/* What a writer that was killed while it built or removed a fence left. The lock is kept. */
static int pk_apply_remains(struct pk_apply *a)
{
    int r;

    pk_tear_down(&a->f);
    r = pk_pins_wipe(&a->f.pins);
    pk_standing_unmap(&a->f);
    return r ? pk_sys_error(a->d, r, "cannot clear what an interrupted change left") : 0;
}

static unsigned pk_apply_open(const struct pk_apply *a)
{
    unsigned open = 0;

    for (int i = 0; i < PK_FAMILY_N; i++)
        if (!a->rs[i] || !a->rs[i]->given)
            open |= 1u << i;
    return open;
}

int pk_fence_apply(const struct pk_ruleset *const rs[PK_FAMILY_N], const struct pk_apply_options *o,
                   unsigned *ret_open, struct pk_diags *d)
{
    __attribute__((cleanup(pk_apply_done))) struct pk_apply a = {
        .f = PK_FENCE_NONE, .o = o, .d = d, .image_map = -1};
    int r = pk_pins_lock(true, &a.f.pins, d);

    if (r)
        return r;
    r = pk_standing_open(&a.f, d);
    if (r == -ENOENT) {
        r = pk_apply_remains(&a);
        if (!r)
            r = pk_apply_build(&a, rs);
    } else if (!r) {
        r = pk_apply_change(&a, rs);
    }
    if (!r && ret_open)
        *ret_open = pk_apply_open(&a);
    return r;
}

static int pk_undo_check(struct pk_fence *f, uint64_t word, struct pk_diags *d)
{
    unsigned before = pk_word_before(word);
    _pk_stored_ struct pk_stored s = {0};
    int r;

    if (before >= PK_BANKS) {
        pk_error(d, PK_K_NO_BEFORE, PK_NOWHERE, "undo goes back one change, and there was only one",
                 "there is no rule set before the live one");
        return -ENOENT;
    }
    r = pk_bank_store(&f->pins, before, &s);
    if (!r && !pk_bank_ready(&f->maps, before, (enum pk_attach_kind)f->ctl->hook))
        r = -EBADMSG;
    if (r)
        pk_error(d, PK_K_DAMAGED, PK_NOWHERE, "apply its file again",
                 "the rule set before the live one is not whole: %s", strerror(-r));
    return r;
}

/* The set before still stands in its bank, programs and counters and all: only the word changes. */
int pk_fence_undo(struct pk_diags *d)
{
    _pk_standing_ struct pk_fence f = PK_FENCE_NONE;
    uint64_t word;
    int r = pk_pins_lock(false, &f.pins, d);

    if (!r)
        r = pk_standing_open(&f, d);
    if (r)
        return r;
    word = pk_standing_word(&f);
    r = pk_undo_check(&f, word, d);
    if (!r)
        pk_standing_switch(&f, pk_word_make(pk_word_generation(word) + 1, pk_word_before(word),
                                            pk_word_live(word)));
    return r;
}

int pk_fence_detach(struct pk_diags *d)
{
    _pk_standing_ struct pk_fence f = PK_FENCE_NONE;
    _pk_diags_ struct pk_diags unseen = {0}; /* another version's fence is taken down as well */
    int r = pk_pins_lock(false, &f.pins, d);

    if (r)
        return r;
    r = pk_standing_open(&f, &unseen);
    if (r && r != -ENOENT && r != -EPROTO)
        pk_warn(d, PK_K_DAMAGED, PK_NOWHERE, NULL, "the fence was not whole; its pins are removed");
    pk_tear_down(&f);
    r = pk_pins_clear(&f.pins);
    return r ? pk_sys_error(d, r, "cannot remove %s", f.pins.path) : 0;
}
