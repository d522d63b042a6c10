// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How a rule set comes into force. Read from the bottom: pk_fence_apply, then pk_apply_build (no
 * fence stands) and pk_apply_change (one does); both prepare a bank and end in one switch. So does
 * pk_apply_edit, which makes the set to come from the live one, where edit.c has no shorter way.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/macro.h"
#include "kernel/ahead.h"
#include "kernel/attach.h"
#include "kernel/bank.h"
#include "kernel/conn_table.h"
#include "kernel/conntrack.h"
#include "kernel/detach.h"
#include "kernel/edit.h"
#include "kernel/fault.h"
#include "kernel/guards.h"
#include "kernel/hook.h"
#include "kernel/object.h"
#include "kernel/slots.h"
#include "kernel/standing.h"
#include "kernel/state.h"
#include "kernel/sys.h"
#include "kernel/zones.h"

/* One change. Everything it makes is given back by pk_apply_done, but for the bank. */
struct pk_apply {
    struct pk_fence f;
    const struct pk_apply_options *o;
    struct pk_diags *d;
    struct pk_arena arena;
    uint64_t word;               /* as found */
    struct pk_seat seat, before; /* of the live set, and of the one before it */
    unsigned bank;               /* to be filled */
    struct pk_live live;
    struct pk_stored stored[2]; /* of the live set and the one before, if there are */
    uint32_t first_slot;        /* below it slots may be those of a set that cannot be read */
    const struct pk_ruleset *rs[PK_FAMILY_N];
    const uint32_t *from[PK_FAMILY_N]; /* an edit knows which rules stay (slots.h) */
    struct pk_slot_plan plan;
    bool counted; /* the counters of the plan are there */
    struct pk_image image;
    struct pk_buf store;
    struct pk_engine engine;
    struct pk_ahead *ahead;   /* whose maps these are; NULL: nobody's */
    bool tracks;              /* the set to come asks for connection tracking */
    uint64_t held;            /* pk_ctl.conntrack as found */
    bool made;                /* the table of connections was not there */
    struct pk_zones zones[2]; /* as found, and as they are to be */
};

static void pk_apply_done(struct pk_apply *a)
{
    pk_standing_done(&a->f);
    pk_stored_done(&a->stored[0]);
    pk_stored_done(&a->stored[1]);
    pk_image_done(&a->image);
    pk_buf_done(&a->store);
    pk_engine_done(&a->engine);
    pk_arena_done(&a->arena);
}

static int pk_apply_unread(struct pk_apply *a, struct pk_seat at, int r)
{
    pk_error(a->d, PK_K_DAMAGED, PK_NOWHERE, "`picket detach`, then apply again",
             "the rule set kept in %s/bank%u cannot be read back: %s", a->f.pins.path, at.bank,
             strerror(-r));
    return r;
}

/* A store that another picket wrote in another form is no damage: its slots are left alone. */
static int pk_apply_read_set(struct pk_apply *a, struct pk_seat at, struct pk_stored *ret)
{
    int r = at.bank < PK_BANKS ? pk_stored_open(&a->f.pins, at, PK_STORE_TEXTS, ret) : 0;

    if (r && r != -ENOMEM && pk_standing_by_other(&a->f, at.bank)) {
        a->first_slot = (uint32_t)a->f.ctl->n_chunks * PK_CHUNK;
        return 0;
    }
    return r ? pk_apply_unread(a, at, r) : 0;
}

/* Nothing can be kept of what cannot be read: neither a family that is not given, nor a count. */
static int pk_apply_take_over(struct pk_apply *a, const struct pk_ruleset *const given[PK_FAMILY_N])
{
    for (int i = 0; i < PK_FAMILY_N; i++)
        if (!given[i]) {
            pk_error(a->d, PK_K_OTHER_ABI, PK_NOWHERE,
                     "give files of both families, which takes the fence over without a gap",
                     "the rule set in force was put there by another version of picket, in a form "
                     "that this version cannot read: one family of it cannot be kept");
            return -EPROTO;
        }
    pk_warn(a->d, PK_K_COUNTERS_LOST, PK_NOWHERE, NULL,
            "the rule set in force was put there by another version of picket, in a form that this "
            "version cannot read: all counters start at zero");
    return 0;
}

/* Of a family that is given anew the live rules are only looked at for those that stay. */
static int pk_apply_read_live(struct pk_apply *a, const struct pk_ruleset *const given[PK_FAMILY_N])
{
    unsigned outline = 0;
    int r;

    for (int i = 0; i < PK_FAMILY_N; i++)
        outline |= (unsigned)(given[i] != NULL) << i;
    r = pk_stored_read(&a->stored[0], outline, &a->arena, &a->live);
    return r ? pk_apply_unread(a, a->seat, r) : 0;
}

/* What stands: its rules and the slots that it and the set before it use. `given` NULL: an edit. */
static int pk_apply_read(struct pk_apply *a, const struct pk_ruleset *const given[PK_FAMILY_N])
{
    int r = pk_apply_read_set(a, a->seat, &a->stored[0]);

    if (!r)
        r = pk_apply_read_set(a, a->before, &a->stored[1]);
    if (r)
        return r;
    if (!given)
        return pk_fence_read(&a->f, false, &a->arena, &a->live, a->d);
    return a->stored[0].head ? pk_apply_read_live(a, given) : pk_apply_take_over(a, given);
}

static int pk_apply_slots(struct pk_apply *a, const struct pk_ruleset *const given[PK_FAMILY_N])
{
    struct pk_slot_request q = {
        .live = a->stored[0].head ? &a->live : NULL,
        .used = {a->stored[0].head ? &a->stored[0] : NULL,
                 a->stored[1].head ? &a->stored[1] : NULL},
        .n_chunks = (uint32_t)a->f.ctl->n_chunks,
        .unused = pk_slots_unused(a->f.ctl),
        .first = a->first_slot,
    };
    int r;

    for (int i = 0; i < PK_FAMILY_N; i++) {
        q.rs[i] = a->rs[i];
        q.counters[i] = a->o->counters && given[i];
        q.from[i] = a->from[i];
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
        .classifier = a->o->classifier,
    };
    int r;

    a->store = PK_BUF_INIT(PK_STORE_MAX);
    r = pk_store_write(a->rs, &a->plan.slots, &a->image, &meta, &a->store);
    return r ? pk_sys_error(a->d, r, "cannot write down the rule set") : 0;
}

/* The families whose rules ask for a state, as bits. */
static uint8_t pk_apply_asks(const struct pk_apply *a)
{
    unsigned asks = 0;

    for (int i = 0; i < PK_FAMILY_N; i++)
        asks |= (unsigned)pk_conntrack_asked(a->rs[i]) << i;
    return (uint8_t)asks;
}

/* Whether the set to come needs a table of connections that is not there yet. */
static bool pk_apply_needs_state(const struct pk_apply *a)
{
    return a->tracks && a->f.ctl->hook != PK_ATTACH_NETFILTER && !a->f.ctl->state_buckets;
}

/* The live engine, if it is made of the programs that this picket brings. */
static void pk_apply_place(struct pk_apply *a)
{
    unsigned live = pk_word_live(a->word);
    bool ours = pk_word_generation(a->word) && !pk_standing_by_other(&a->f, live) &&
                a->f.ctl->engine_build[pk_engine_of(live)] == pk_engine_build(a->f.ctl) &&
                !pk_apply_needs_state(a);

    pk_engine_open(&a->f.pins, ours ? a->word : 0, &a->engine);
    a->engine.word = a->word;
    a->bank = pk_engine_bank(&a->engine, a->image.head->size);
}

/* Connections that nobody has tracked so far. The set is put in force in any case. */
static void pk_apply_seed(struct pk_apply *a)
{
    _pk_diags_ struct pk_diags unheard = {0};
    bool at_netfilter = a->f.ctl->hook == PK_ATTACH_NETFILTER;
    const struct pk_state_rules rules = pk_state_rules_wished(a->f.ctl, &a->o->state);
    int r = at_netfilter ? pk_conn_seed_kernel(&unheard)
                         : pk_state_fill(&a->f, &rules, &a->zones[1], &unheard);

    if (!r)
        return;
    pk_warn(a->d, PK_K_SEED, PK_NOWHERE,
            r != -ENOMEM && r != -ENOSPC
                ? "a kernel with inet_diag, tcp_diag, udp_diag and nf_conntrack_netlink can tell"
            : at_netfilter ? "raise net.netfilter.nf_conntrack_max, and detach and apply again"
                           : "detach, and apply with a larger --state-max",
            "connections of before the fence are not all known to it, so that their packets are "
            "NEW at first: %s",
            r == -ENOSPC ? "the table is full" : strerror(-r));
}

/* The table of tc and XDP; one that was just made is filled before a program knows it. */
static int pk_apply_table(struct pk_apply *a)
{
    int r = pk_state_make(&a->f, a->o->state_max, &a->made, a->d);

    if (!r && a->made)
        pk_apply_seed(a);
    return r;
}

/*
 * Before programs are loaded. Only at netfilter has Linux looked up the packet's connection before
 * the fence judges it; if its tracking is a module, that comes with the table of nf_tables.
 */
static int pk_apply_hold(struct pk_apply *a)
{
    bool begins;
    int r;

    if (!a->tracks)
        return 0;
    if (a->f.ctl->hook != PK_ATTACH_NETFILTER)
        return pk_apply_table(a);
    begins = pk_conntrack_held() != 1;
    a->f.ctl->conntrack = pk_word_generation(a->word) + 1;
    r = pk_conntrack_hold(a->d);
    if (!r && begins)
        pk_apply_seed(a);
    return r;
}

/* The change has failed: as it was found. */
static void pk_apply_unhold(struct pk_apply *a)
{
    if (a->made)
        pk_state_unmake(&a->f);
    if (a->held)
        a->f.ctl->conntrack = a->held;
    else
        pk_detach_tracking(&a->f);
}

/* At netfilter Linux's own table is used. */
static int pk_apply_state_refused(struct pk_apply *a)
{
    static const struct pk_state_wish none;
    const char *option = a->o->state_max       ? "--state-max"
                         : a->o->n_zones       ? "--state-zone"
                         : a->o->state.liberal ? "--state-liberal"
                                               : "--state-timeout";
    const char *instead = a->o->state_max ? "use sysctl net.netfilter.nf_conntrack_max"
                          : a->o->n_zones ? "use iptables -t raw -j CT --zone"
                          : a->o->state.liberal
                              ? "use sysctl net.netfilter.nf_conntrack_tcp_be_liberal"
                              : "use the sysctls net.netfilter.nf_conntrack_*_timeout*";

    if (a->f.ctl->hook != PK_ATTACH_NETFILTER ||
        (!a->o->state_max && !a->o->n_zones && !memcmp(&a->o->state, &none, sizeof(none))))
        return 0;
    pk_error(a->d, PK_K_CONNTRACK, PK_NOWHERE, instead,
             "%s is for --hook tc and xdp: at netfilter Linux's own table is used", option);
    return -EINVAL;
}

/* The zones as found, and as the change would leave them. */
static int pk_apply_zones(struct pk_apply *a)
{
    int r = pk_zones_read(&a->f.maps, &a->zones[0]);

    if (r)
        return pk_sys_error(a->d, r, "cannot read which zones there are");
    a->zones[1] = a->zones[0];
    return pk_zones_wish(&a->f.maps, a->o->zones, a->o->n_zones, &a->zones[1], a->d);
}

static void *pk_apply_count(void *arg)
{
    _pk_diags_ struct pk_diags unseen = {0};
    struct pk_apply *a = arg;

    a->counted = !pk_slots_prepare(&a->f.maps, a->f.ctl, &a->plan, &unseen);
    return NULL;
}

static int pk_apply_image(struct pk_apply *a)
{
    const struct pk_compile_options o = {.memory_max = a->o->memory_max,
                                         .classifier = a->o->classifier};
    int r = pk_compile(a->rs, &a->plan.slots, &o, &a->image, a->d);

    if (r)
        return r;
    a->image.head->epoch = (uint32_t)(pk_word_generation(a->word) + 1);
    pk_apply_place(a);
    return pk_apply_store(a);
}

/*
 * A new map of counters takes a grace period to be found, 10 ms to 15 ms, in which a large first
 * set is compiled. What goes wrong there is tried again, and diagnosed, by pk_apply_fill.
 */
static int pk_apply_image_and_counters(struct pk_apply *a)
{
    pthread_t counters;
    bool runs = a->ahead && !pthread_create(&counters, NULL, pk_apply_count, a);
    int r = pk_apply_image(a);

    if (runs)
        pthread_join(counters, NULL);
    return r;
}

/* Everything that can fail for the rules' sake, before anything is touched. */
static int pk_apply_compile(struct pk_apply *a, const struct pk_ruleset *const given[PK_FAMILY_N])
{
    int r;

    for (int i = 0; i < PK_FAMILY_N; i++)
        a->rs[i] = given[i] ? given[i] : a->live.family[i];
    a->tracks = pk_apply_asks(a) != 0;
    r = pk_apply_state_refused(a);
    if (!r)
        r = pk_apply_zones(a);
    if (!r)
        r = pk_apply_slots(a, given);
    return r ? r : pk_apply_image_and_counters(a);
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
    struct pk_bank_set set = {
        .bank = a->bank,
        .hook = (enum pk_attach_kind)a->f.ctl->hook,
        .guard_all = a->f.ctl->guard_all,
        .engine = &a->engine,
        .image = &a->image,
        .store = &a->store,
        .ahead = a->ahead,
    };
    int r = pk_apply_sweep_bank(a);

    if (!r)
        r = pk_apply_hold(a);
    if (!r && (pk_standing_settle(&a->f) || (a->plan.reused && pk_standing_release(&a->f))))
        r = pk_sys_error(a->d, -ENOMEM, "cannot wait for the programs that run");
    if (!r && !a->counted)
        r = pk_slots_prepare(&a->f.maps, a->f.ctl, &a->plan, a->d);
    if (!r && set.hook != PK_ATTACH_NETFILTER) /* which has the names of the kernel itself */
        r = pk_ifnames_fill(&a->f.maps, a->d);
    a->f.ctl->bank_abi[a->bank] = PK_DATAPATH_ABI;
    a->f.ctl->engine_build[pk_engine_of(a->bank)] = pk_engine_build(a->f.ctl);
    a->f.ctl->state_asks[a->bank] = pk_apply_asks(a);
    set.state = pk_state_config_of(a->f.ctl);
    return r ? r : pk_bank_fill(&a->f.pins, &a->f.maps, &set, a->d);
}

/* The last thing that can fail: programs go by the zones at once. */
static int pk_apply_map(struct pk_apply *a)
{
    int r = pk_zones_write(&a->f, &a->zones[0], &a->zones[1]);

    return r ? pk_sys_error(a->d, r, "cannot map interfaces and VLANs to zones") : 0;
}

/*
 * The switch, and then, when no packet can be in it any more, an end to the set before the one
 * before. What fails there is left to the next writer: the new set is in force.
 */
static void pk_apply_switch(struct pk_apply *a)
{
    const struct pk_state_rules rules = pk_state_rules_wished(a->f.ctl, &a->o->state);
    static const struct pk_seat none = {PK_BANK_NONE, 0};
    bool first = !pk_word_generation(a->word);
    unsigned gone = first ? PK_BANK_NONE : a->before.bank;

    (void)!pk_fault();
    a->f.ctl->state_rules = rules;
    pk_standing_switch(&a->f, (struct pk_seat){a->bank, 0}, first ? none : a->seat, !first);
    if (gone < PK_BANKS && gone != a->seat.bank && !pk_standing_grace(&a->f))
        (void)!pk_bank_clear(&a->f.pins, &a->f.maps, gone);
    if (first || !pk_standing_by_other(&a->f, a->seat.bank))
        (void)!pk_pins_prune(&a->f.pins, pk_maps_known);
}

/* Another place would judge packets twice, or not at all, for a moment: refused by name. */
static int pk_apply_same(struct pk_apply *a)
{
    enum pk_attach_kind stands = (enum pk_attach_kind)a->f.ctl->hook;

    if (a->o->hook_given && a->o->hook != PK_ATTACH_AUTO && a->o->hook != stands) {
        pk_error(a->d, PK_K_STANDING, PK_NOWHERE, "`picket detach` first, or leave --hook out",
                 "the standing fence uses --hook %s, not %s", pk_hook_word(stands),
                 pk_hook_word(a->o->hook));
        return -EEXIST;
    }
    return a->o->devs_given ? pk_guards_match(&a->f.maps, a->o->devs, a->o->n_devs, a->d) : 0;
}

/* From the sets to come, with what stands read, to the switch. */
static int pk_apply_renew(struct pk_apply *a, const struct pk_ruleset *const given[PK_FAMILY_N])
{
    int r;

    a->held = a->f.ctl->conntrack;
    r = pk_apply_compile(a, given);
    if (!r)
        r = pk_attach_heal(&a->f.pins, &a->f.maps, (enum pk_attach_kind)a->f.ctl->hook, a->d);
    if (!r)
        r = pk_maps_complete(&a->f.maps, &a->f.pins, a->d);
    if (!r)
        r = pk_apply_fill(a);
    if (!r)
        r = pk_apply_map(a);
    if (r) {
        pk_apply_unhold(a);
        return r;
    }
    pk_apply_switch(a);
    if (!a->tracks && a->held < pk_word_generation(a->word)) /* neither set asks */
        pk_detach_tracking(&a->f);
    return 0;
}

/* What stands, as found. */
static void pk_apply_find(struct pk_apply *a)
{
    a->word = pk_standing_word(&a->f);
    a->seat = pk_standing_live(&a->f, a->word);
    a->before = pk_standing_before(&a->f, a->word);
}

static int pk_apply_change(struct pk_apply *a, const struct pk_ruleset *const given[PK_FAMILY_N])
{
    int r = pk_apply_same(a);

    pk_apply_find(a);
    if (!r)
        r = pk_apply_read(a, given);
    return r ? r : pk_apply_renew(a, given);
}

static int pk_build_ctl(struct pk_apply *a, enum pk_attach_kind hook)
{
    struct pk_ctl c = {
        .word = pk_word_make(0, PK_BANK_NONE, PK_BANK_NONE),
        .split_word = pk_word_make(0, PK_BANK_NONE, PK_BANK_NONE),
        .frame = PK_FRAME_ABI,
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
    int r = 0;

    if (a->o->ahead && !pk_ahead_maps(a->o->ahead, hook, &a->f.maps))
        a->ahead = a->o->ahead;
    else
        r = pk_maps_create(&a->f.maps, a->d);
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
    const struct pk_load load = pk_hook_dispatchers(hook, a->f.ctl->guard_all, &a->f.maps);
    int r = pk_attach_stacked(&at, PK_ERROR, a->d);

    if (!r)
        r = pk_object_load(&load, &at.dispatch, a->d);
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

    a->word = pk_word_make(0, PK_BANK_NONE, PK_BANK_NONE);
    if (!r)
        r = pk_apply_compile(a, given);
    if (!r)
        r = pk_build_hooks(a, hook); /* which waits for the kernel, while programs still load */
    if (!r)
        r = pk_apply_fill(a);
    if (!r)
        r = pk_apply_map(a);
    if (!r)
        pk_apply_switch(a);
    return r;
}

/* While the generation is 0 the dispatchers let packets pass, so the links may come one by one. */
static int pk_apply_build(struct pk_apply *a, const struct pk_ruleset *const given[PK_FAMILY_N])
{
    enum pk_attach_kind hook;
    int r = pk_hook_choose(a->o, &hook, a->d);

    if (!r)
        r = pk_apply_build_in(a, given, hook);
    if (r) {
        pk_detach_parts(&a->f);
        (void)!pk_pins_clear(&a->f.pins);
    }
    return r;
}

/* What a writer that was killed while it built or removed a fence left. The lock is kept. */
static int pk_apply_remains(struct pk_apply *a)
{
    int r;

    pk_detach_parts(&a->f);
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
        .f = PK_FENCE_NONE, .o = o, .d = d, .engine.image = -1};
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

static int pk_apply_edited(struct pk_apply *a, const struct pk_edit *e, struct pk_arena *texts,
                           struct pk_fence_edited *ret)
{
    const struct pk_ruleset *given[PK_FAMILY_N] = {NULL};
    struct pk_apply_options options = {0};
    struct pk_edited edited = {0};
    int r;

    pk_apply_find(a);
    r = pk_apply_read(a, NULL);
    if (!r)
        r = pk_edit_run(a->live.family[e->family], e, &a->arena, &edited, a->d);
    if (!r)
        r = pk_edit_tell(edited.number, edited.gone, edited.new, texts, ret);
    if (r)
        return r;
    options.classifier = a->live.classifier;
    a->o = &options;
    given[e->family] = edited.rs;
    a->from[e->family] = edited.from;
    r = pk_apply_renew(a, given);
    if (r)
        return r;
    ret->generation = pk_word_generation(a->word) + 1;
    ret->id = a->image.head->id;
    return 0;
}

int pk_apply_edit(struct pk_fence *f, const struct pk_edit *e, struct pk_arena *texts,
                  struct pk_fence_edited *ret, struct pk_diags *d)
{
    __attribute__((cleanup(pk_apply_done))) struct pk_apply a = {
        .f = *f, .d = d, .engine.image = -1};

    *f = PK_FENCE_NONE;
    return pk_apply_edited(&a, e, texts, ret);
}
