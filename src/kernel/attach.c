// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/attach.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/netfilter.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "kernel/bank.h"
#include "kernel/clsact.h"
#include "kernel/guards.h"
#include "kernel/probe.h"
#include "kernel/stacked.h"
#include "kernel/sys.h"
#include "kernel/zones.h"

/*
 * Right before the filter tables of iptables and nftables (NF_IP_PRI_FILTER, NF_IP6_PRI_FILTER),
 * not beside them: a BPF program gets no priority that anything else has (nf_hook_entries_grow,
 * EBUSY).
 */
#define PK_NF_PRIORITY (-1)
/* How often a place that is still held by a link of a process that was just killed is asked for. */
#define PK_ATTACH_TRIES 8

static const struct pk_nf_spot {
    const char *pin, *where;
    uint32_t pf, hook;
} pk_nf_spots[] = {
    {"link_nf_ipv4_input", "INPUT ipv4", NFPROTO_IPV4, NF_INET_LOCAL_IN},
    {"link_nf_ipv4_forward", "FORWARD ipv4", NFPROTO_IPV4, NF_INET_FORWARD},
    {"link_nf_ipv4_output", "OUTPUT ipv4", NFPROTO_IPV4, NF_INET_LOCAL_OUT},
    {"link_nf_ipv6_input", "INPUT ipv6", NFPROTO_IPV6, NF_INET_LOCAL_IN},
    {"link_nf_ipv6_forward", "FORWARD ipv6", NFPROTO_IPV6, NF_INET_FORWARD},
    {"link_nf_ipv6_output", "OUTPUT ipv6", NFPROTO_IPV6, NF_INET_LOCAL_OUT},
};

static const char *const pk_dispatch_pins[PK_PROGS] = {
    [PK_PROG_NF] = "prog_nf",
    [PK_PROG_TC_INGRESS] = "prog_tc_ingress",
    [PK_PROG_TC_EGRESS] = "prog_tc_egress",
    [PK_PROG_XDP] = "prog_xdp",
};

/* Places on a device, by slot. */
static const struct pk_dev_spot {
    const char *pin, *where;
} pk_dev_spots[PK_PROGS] = {
    [PK_PROG_TC_INGRESS] = {"link_tc_ingress", "ingress"},
    [PK_PROG_TC_EGRESS] = {"link_tc_egress", "egress"},
    [PK_PROG_XDP] = {"link_xdp", "xdp"},
};

int pk_dispatch_pin(const struct pk_attach *a, struct pk_diags *d)
{
    for (int s = 0; s < PK_PROGS; s++) {
        int r = a->dispatch.fd[s] < 0
                    ? 0
                    : pk_sys_pin(a->pins->dir, pk_dispatch_pins[s], a->dispatch.fd[s]);

        if (r)
            return pk_sys_error(d, r, "cannot pin %s/%s", a->pins->path, pk_dispatch_pins[s]);
    }
    return 0;
}

void pk_dispatch_open(const struct pk_pins *p, struct pk_progs *ret)
{
    *ret = PK_PROGS_NONE;
    for (int s = 0; s < PK_PROGS; s++)
        (void)!pk_sys_pinned(p->dir, pk_dispatch_pins[s], &ret->fd[s]);
}

static void pk_dev_pin(int slot, uint32_t ifindex, char ret[static 40])
{
    snprintf(ret, 40, "%s_%u", pk_dev_spots[slot].pin, ifindex);
}

/* A pinned link that still holds; ifindex 0 for netfilter. */
static bool pk_link_alive(const struct pk_pins *p, const char *pin, uint32_t ifindex)
{
    _pk_close_ int link = -1;
    struct pk_link_state st;

    if (pk_sys_pinned(p->dir, pin, &link) || pk_sys_link_state(link, &st))
        return false;
    return !ifindex || st.ifindex == ifindex;
}

/* One attempt at one place. *ret_generic: XDP, in the kernel's generic form. */
static int pk_link_make(const struct pk_attach *a, int slot, const struct pk_nf_spot *nf,
                        uint32_t ifindex, int *ret, bool *ret_generic)
{
    int prog = a->dispatch.fd[slot], r;

    if (slot == PK_PROG_NF)
        return pk_sys_link_netfilter(prog, nf->pf, nf->hook, PK_NF_PRIORITY, ret);
    if (slot != PK_PROG_XDP)
        return pk_sys_link_tcx(prog, ifindex, slot == PK_PROG_TC_INGRESS, ret);
    r = pk_sys_link_xdp(prog, ifindex, XDP_FLAGS_DRV_MODE, ret);
    if (r != -EOPNOTSUPP && r != -EINVAL && r != -ERANGE)
        return r;
    *ret_generic = true; /* the driver has no XDP, or not for this MTU or these features */
    return pk_sys_link_xdp(prog, ifindex, XDP_FLAGS_SKB_MODE, ret);
}

static int pk_link_place(const struct pk_attach *a, int slot, const struct pk_nf_spot *nf,
                         uint32_t ifindex, const char *pin, bool *ret_generic)
{
    _pk_close_ int link = -1;
    int r = pk_link_make(a, slot, nf, ifindex, &link, ret_generic);

    /* the link of a writer that was killed goes a moment after it */
    for (int i = 1; (r == -EBUSY || r == -EEXIST) && i < PK_ATTACH_TRIES; i++)
        if (!pk_grace())
            r = pk_link_make(a, slot, nf, ifindex, &link, ret_generic);
    if (!r)
        r = pk_sys_unpin(a->pins->dir, pin); /* of an interface that is gone */
    return r ? r : pk_sys_pin(a->pins->dir, pin, link);
}

static int pk_attach_nf(const struct pk_attach *a, struct pk_diags *d)
{
    for (size_t i = 0; i < PK_ARRAY_SIZE(pk_nf_spots); i++) {
        const struct pk_nf_spot *s = &pk_nf_spots[i];
        bool generic;
        int r;

        if (pk_link_alive(a->pins, s->pin, 0))
            continue;
        r = pk_link_place(a, PK_PROG_NF, s, 0, s->pin, &generic);
        if (r == -EBUSY || r == -EEXIST) {
            pk_error(d, PK_K_OCCUPIED, PK_NOWHERE,
                     "see `nft list hooks` and `bpftool link` for it; remove it, or use --hook tc",
                     "%s: something else has priority %d of netfilter", s->where, PK_NF_PRIORITY);
            return -EBUSY;
        }
        if (r)
            return pk_sys_error(d, r, "%s: cannot attach to netfilter", s->where);
    }
    return 0;
}

static int pk_xdp_occupied(const struct pk_guard *g, int r, struct pk_diags *d)
{
    LIBBPF_OPTS(bpf_xdp_query_opts, q);
    uint32_t id;
    char name[16];

    if (bpf_xdp_query((int)g->ifindex, 0, &q))
        return pk_sys_error(d, r, "%s: cannot attach to XDP", g->name);
    id = q.prog_id ? q.prog_id : q.drv_prog_id ? q.drv_prog_id : q.skb_prog_id;
    pk_sys_prog_name(id, name);
    pk_error(d, PK_K_OCCUPIED, PK_NOWHERE,
             "picket replaces nobody's program: remove it (ip link set dev IF xdp off), or use "
             "--hook tc",
             "%s: XDP is taken by program %u (%s)", g->name, id, name);
    return -EBUSY;
}

static int pk_attach_link(const struct pk_attach *a, int slot, const struct pk_guard *g,
                          const char *pin, struct pk_diags *d)
{
    bool generic = false;
    int r = pk_link_place(a, slot, NULL, g->ifindex, pin, &generic);

    if (slot == PK_PROG_XDP && (r == -EBUSY || r == -EEXIST))
        return pk_xdp_occupied(g, r, d);
    if (r)
        return pk_sys_error(d, r, "%s %s: cannot attach", g->name, pk_dev_spots[slot].where);
    if (generic)
        pk_warn(d, PK_K_GENERIC_XDP, PK_NOWHERE,
                "a smaller MTU may help; otherwise --hook tc does the same for less",
                "%s: its driver takes no XDP program; it runs in the kernel's generic form",
                g->name);
    return 0;
}

static bool pk_clsact_ours(const struct pk_progs *dispatch, int slot, uint32_t ifindex)
{
    uint32_t found, ours;

    return dispatch->fd[slot] >= 0 && !pk_sys_prog_id(dispatch->fd[slot], &ours) &&
           !pk_clsact_find(ifindex, slot == PK_PROG_TC_INGRESS, &found) && found == ours;
}

/* Ours was put before all others; one that came later stands before it. */
static void pk_attach_first(int slot, const struct pk_guard *g, struct pk_diags *d)
{
    bool first;

    if (!pk_clsact_first(g->ifindex, slot == PK_PROG_TC_INGRESS, &first) && !first)
        pk_warn(d, PK_K_NOT_FIRST, PK_NOWHERE,
                "give it a lower priority (tc filter ... prio 2): what it accepts is not judged",
                "%s %s: somebody's tc filter stands before the fence's", g->name,
                pk_dev_spots[slot].where);
}

/* A writer killed before it notes that the qdisc is ours leaves an empty one, which does nothing.
 */
static int pk_attach_clsact(const struct pk_attach *a, int slot, struct pk_guard *g,
                            struct pk_diags *d)
{
    bool made = false;
    int r;

    if (pk_clsact_ours(&a->dispatch, slot, g->ifindex)) {
        pk_attach_first(slot, g, d);
        return 0;
    }
    r = pk_clsact_attach(a->dispatch.fd[slot], g->ifindex, g->name, slot == PK_PROG_TC_INGRESS,
                         &made, d);
    if (!r && made) {
        g->qdisc = true;
        r = pk_guards_put(a->maps, g);
    }
    return r;
}

static int pk_attach_dev(const struct pk_attach *a, struct pk_guard *g, struct pk_diags *d)
{
    unsigned need = pk_hook_progs(a->hook);
    int r = 0;

    for (int s = 0; !r && s < PK_PROGS; s++) {
        char pin[40];

        if (!(need & 1u << s))
            continue;
        pk_dev_pin(s, g->ifindex, pin);
        if (pk_link_alive(a->pins, pin, g->ifindex))
            continue;
        if (s != PK_PROG_XDP && !pk_probe_tcx())
            r = pk_attach_clsact(a, s, g, d);
        else
            r = pk_attach_link(a, s, g, pin, d);
    }
    return r;
}

/* An interface that came back has another index; the pins of the old one hold nothing. */
static int pk_guard_follow(const struct pk_attach *a, struct pk_guard *g, uint32_t now)
{
    char pin[40];

    for (int s = 0; s < PK_PROGS; s++) {
        if (!pk_dev_spots[s].pin)
            continue;
        pk_dev_pin(s, g->ifindex, pin);
        if (!pk_link_alive(a->pins, pin, g->ifindex))
            (void)!pk_sys_unpin(a->pins->dir, pin);
    }
    g->ifindex = now;
    g->qdisc = false;
    return pk_guards_put(a->maps, g);
}

/* Whether the device of that index is the one that was attached to: an index may be used again. */
static bool pk_guard_attached(const struct pk_attach *a, const struct pk_guard *g)
{
    unsigned need = pk_hook_progs(a->hook);
    char pin[40];

    for (int s = PK_PROG_TC_INGRESS; s < PK_PROGS; s++) {
        if (!(need & 1u << s))
            continue;
        pk_dev_pin(s, g->ifindex, pin);
        if (pk_link_alive(a->pins, pin, g->ifindex) ||
            (s != PK_PROG_XDP && pk_clsact_ours(&a->dispatch, s, g->ifindex)))
            return true;
    }
    return false;
}

/* tc and XDP stand on the device, whatever it is called; netfilter goes by the name alone. */
static int pk_attach_renamed(const struct pk_attach *a, struct pk_guard *g, struct pk_diags *d)
{
    char now[IF_NAMESIZE], old[IF_NAMESIZE + 1];
    int r;

    if (!if_indextoname(g->ifindex, now) || !pk_guard_attached(a, g)) {
        pk_warn(d, PK_K_DEV_GONE, PK_NOWHERE,
                "when it is back, apply again; if it has another name now, detach and apply",
                "there is no interface %s any more: nothing is judged for it", g->name);
        return 0;
    }
    memcpy(old, g->name, sizeof(old));
    r = pk_guards_rename(a->maps, g, now);
    if (!r)
        r = pk_zones_rename(a->maps, old, now);
    if (r)
        return pk_sys_error(d, r, "cannot note the new name of %s", old);
    pk_warn(d, PK_K_DEV_RENAMED, PK_NOWHERE, "rules that name it want the new name",
            "interface %s is now called %s: the fence still stands on it", old, now);
    return pk_attach_dev(a, g, d);
}

static int pk_attach_guard(const struct pk_attach *a, struct pk_guard *g, struct pk_diags *d)
{
    uint32_t now = if_nametoindex(g->name);
    int r = 0;

    if (!now)
        return pk_attach_renamed(a, g, d);
    if (now != g->ifindex)
        r = pk_guard_follow(a, g, now);
    if (r)
        return pk_sys_error(d, r, "%s: cannot note its new index", g->name);
    return a->hook == PK_ATTACH_NETFILTER ? 0 : pk_attach_dev(a, g, d);
}

int pk_attach_stacked(const struct pk_attach *a, enum pk_severity severity, struct pk_diags *d)
{
    _pk_free_ struct pk_guard *guards = NULL;
    size_t n = 0;
    int r = a->hook == PK_ATTACH_NETFILTER ? 0 : pk_guards_read(a->maps, &guards, &n), one;

    if (r)
        return pk_sys_error(d, r, "cannot read which interfaces are guarded");
    for (size_t i = 0; i < n; i++) {
        one = pk_stacked_check(guards[i].ifindex, guards[i].name, severity, d);
        r = r ? r : one; /* name them all */
    }
    return r;
}

int pk_attach_all(const struct pk_attach *a, struct pk_diags *d)
{
    _pk_free_ struct pk_guard *guards = NULL;
    size_t n = 0;
    int r = pk_guards_read(a->maps, &guards, &n);

    if (r)
        return pk_sys_error(d, r, "cannot read which interfaces are guarded");
    if (a->hook == PK_ATTACH_NETFILTER)
        r = pk_attach_nf(a, d);
    for (size_t i = 0; !r && i < n; i++)
        r = pk_attach_guard(a, &guards[i], d);
    return r;
}

int pk_attach_heal(const struct pk_pins *p, const struct pk_maps *m, enum pk_attach_kind hook,
                   struct pk_diags *d)
{
    struct pk_attach at = {p, m, hook, PK_PROGS_NONE};
    int r;

    pk_dispatch_open(p, &at.dispatch);
    r = pk_attach_stacked(&at, PK_WARNING, d); /* it came later: no reason to keep old rules */
    if (!r)
        r = pk_attach_all(&at, d);
    pk_progs_done(&at.dispatch);
    return r;
}

void pk_attach_drop(const struct pk_pins *p, const struct pk_maps *m)
{
    _pk_progs_ struct pk_progs dispatch = PK_PROGS_NONE;
    _pk_free_ struct pk_guard *guards = NULL;
    size_t n = 0;

    pk_dispatch_open(p, &dispatch);
    if (pk_guards_read(m, &guards, &n))
        return;
    for (size_t i = 0; i < n; i++) {
        for (int s = PK_PROG_TC_INGRESS; s <= PK_PROG_TC_EGRESS; s++)
            if (pk_clsact_ours(&dispatch, s, guards[i].ifindex))
                (void)!pk_clsact_detach(guards[i].ifindex, s == PK_PROG_TC_INGRESS);
        if (guards[i].qdisc)
            (void)!pk_clsact_remove(guards[i].ifindex);
    }
}

static void pk_attachment_xdp(uint32_t ifindex, struct pk_attachment *at)
{
    LIBBPF_OPTS(bpf_xdp_query_opts, q);
    bool native = bpf_xdp_query((int)ifindex, 0, &q) || q.attach_mode == XDP_ATTACHED_DRV;

    snprintf(at->how, sizeof(at->how), "xdp %s", native ? "native" : "generic");
}

static void pk_attachment_dev(const struct pk_attach *a, int slot, const struct pk_guard *g,
                              struct pk_attachment *at)
{
    _pk_close_ int link = -1;
    struct pk_link_state st = {0};
    char pin[40];

    memcpy(at->dev, g->name, sizeof(at->dev));
    snprintf(at->where, sizeof(at->where), "%s", pk_dev_spots[slot].where);
    pk_dev_pin(slot, g->ifindex, pin);
    if (!pk_sys_pinned(a->pins->dir, pin, &link) && !pk_sys_link_state(link, &st)) {
        at->link_id = st.link_id;
        at->prog_id = st.prog_id;
        at->alive = st.ifindex == g->ifindex;
        snprintf(at->how, sizeof(at->how), "tcx");
    } else if (slot != PK_PROG_XDP) {
        snprintf(at->how, sizeof(at->how), "clsact");
        at->alive = pk_clsact_ours(&a->dispatch, slot, g->ifindex) &&
                    !pk_sys_prog_id(a->dispatch.fd[slot], &at->prog_id);
    }
    if (slot == PK_PROG_XDP)
        pk_attachment_xdp(g->ifindex, at);
}

static void pk_attachment_nf(const struct pk_attach *a, const struct pk_nf_spot *s,
                             struct pk_attachment *at)
{
    _pk_close_ int link = -1;
    struct pk_link_state st = {0};

    snprintf(at->where, sizeof(at->where), "%s", s->where);
    snprintf(at->how, sizeof(at->how), "netfilter link");
    at->alive = !pk_sys_pinned(a->pins->dir, s->pin, &link) && !pk_sys_link_state(link, &st);
    at->link_id = st.link_id;
    at->prog_id = st.prog_id;
}

int pk_attach_list(const struct pk_attach *a, struct pk_attachment **ret, size_t *ret_n)
{
    _pk_free_ struct pk_guard *guards = NULL;
    _pk_free_ struct pk_attachment *list = NULL;
    unsigned need = pk_hook_progs(a->hook);
    size_t n_guards = 0, n = 0;
    int r = pk_guards_read(a->maps, &guards, &n_guards);

    if (r)
        return r;
    list = calloc(PK_ARRAY_SIZE(pk_nf_spots) + n_guards * PK_PROGS, sizeof(*list));
    if (!list)
        return -ENOMEM;
    for (size_t i = 0; need & 1u << PK_PROG_NF && i < PK_ARRAY_SIZE(pk_nf_spots); i++)
        pk_attachment_nf(a, &pk_nf_spots[i], &list[n++]);
    for (size_t i = 0; i < n_guards; i++)
        for (int s = PK_PROG_TC_INGRESS; s < PK_PROGS; s++)
            if (need & 1u << s)
                pk_attachment_dev(a, s, &guards[i], &list[n++]);
    *ret = PK_TAKE_PTR(list);
    *ret_n = n;
    return 0;
}
