// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/clsact.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <time.h>

#include "kernel/fault.h"
#include "kernel/links.h"
#include "kernel/sys.h"

/* First of all: a filter before ours that says OK would let a packet pass around the fence. */
#define PK_CLSACT_HANDLE 1
#define PK_CLSACT_PRIORITY 1

static struct bpf_tc_hook pk_clsact_hook(uint32_t ifindex, bool ingress)
{
    pk_sys_quiet();
    return (struct bpf_tc_hook){
        .sz = sizeof(struct bpf_tc_hook),
        .ifindex = (int)ifindex,
        .attach_point = ingress ? BPF_TC_INGRESS : BPF_TC_EGRESS,
    };
}

int pk_clsact_find(uint32_t ifindex, bool ingress, uint32_t *ret_prog_id)
{
    struct bpf_tc_hook hook = pk_clsact_hook(ifindex, ingress);
    LIBBPF_OPTS(bpf_tc_opts, o, .handle = PK_CLSACT_HANDLE, .priority = PK_CLSACT_PRIORITY);
    int r = bpf_tc_query(&hook, &o);

    if (r)
        return r == -EINVAL ? -ENOENT : r; /* EINVAL: no clsact qdisc */
    *ret_prog_id = o.prog_id;
    return 0;
}

/* ENOENT: the kernel has looked for the module, and nothing could load it. */
static int pk_clsact_failed(const char *dev, int r, const char *what, const char *module,
                            struct pk_diags *d)
{
    if (r != -ENOENT)
        return pk_sys_error(d, r, "%s: cannot add a %s", dev, what);
    pk_error(
        d, PK_K_NO_HOOK, PK_NOWHERE,
        "modprobe -a sch_ingress cls_bpf, from the package of this kernel's modules; Linux 6.6 "
        "and later do without",
        "%s: cannot add a %s: this kernel has not got its module %s", dev, what, module);
    return r;
}

static int pk_clsact_occupied(uint32_t ifindex, const char *dev, bool ingress, int r,
                              struct pk_diags *d)
{
    const char *where = ingress ? "ingress" : "egress";
    char name[16];
    uint32_t id;

    if (!pk_clsact_find(ifindex, ingress, &id)) {
        pk_sys_prog_name(id, name);
        pk_error(d, PK_K_OCCUPIED, PK_NOWHERE,
                 "picket replaces nobody's program: remove it (tc filter del dev IF "
                 "ingress|egress prio 1), or use another hook",
                 "%s %s: tc priority %d is taken by program %u (%s)", dev, where,
                 PK_CLSACT_PRIORITY, id, name);
        return -EBUSY;
    }
    if (r == -EEXIST || r == -EINVAL) {
        pk_error(d, PK_K_OCCUPIED, PK_NOWHERE,
                 "see `tc filter show dev IF ingress` (or egress); remove it, or use another hook",
                 "%s %s: tc priority %d is taken by a filter of another kind", dev, where,
                 PK_CLSACT_PRIORITY);
        return -EBUSY;
    }
    return pk_clsact_failed(dev, r, "tc filter", "cls_bpf", d);
}

int pk_clsact_attach(int prog, uint32_t ifindex, const char *dev, bool ingress, bool *ret_made,
                     struct pk_diags *d)
{
    struct bpf_tc_hook hook = pk_clsact_hook(ifindex, ingress);
    LIBBPF_OPTS(bpf_tc_opts, o, .handle = PK_CLSACT_HANDLE, .priority = PK_CLSACT_PRIORITY,
                .prog_fd = prog);
    int made = pk_fault(), r;

    if (!made)
        made = bpf_tc_hook_create(&hook);
    if (made && made != -EEXIST)
        return pk_clsact_failed(dev, made, "clsact qdisc", "sch_ingress", d);
    r = pk_fault();
    if (!r)
        r = bpf_tc_attach(&hook, &o);
    if (r) {
        r = pk_clsact_occupied(ifindex, dev, ingress, r, d);
        if (!made)
            pk_clsact_remove(ifindex);
        return r;
    }
    *ret_made = !made;
    return 0;
}

int pk_clsact_detach(uint32_t ifindex, bool ingress)
{
    struct bpf_tc_hook hook = pk_clsact_hook(ifindex, ingress);
    LIBBPF_OPTS(bpf_tc_opts, o, .handle = PK_CLSACT_HANDLE, .priority = PK_CLSACT_PRIORITY);
    int r = pk_fault();

    return r ? r : bpf_tc_detach(&hook, &o);
}

/* What a dump told of one side of the qdisc. */
struct pk_clsact_seen {
    bool any;
    uint32_t handle; /* of the first filter */
};

/* A priority is announced with handle 0 before its filters, which come in the order they run in. */
static int pk_clsact_seen(const struct nlmsghdr *n, void *data)
{
    const struct tcmsg *tc = mnl_nlmsg_get_payload(n);
    struct pk_clsact_seen *seen = data;

    if (n->nlmsg_type != RTM_NEWTFILTER)
        return MNL_CB_OK;
    seen->any = true;
    if (!seen->handle)
        seen->handle = tc->tcm_handle;
    return MNL_CB_OK;
}

/* The filters of one side of the qdisc. */
static int pk_clsact_ask(uint32_t ifindex, uint32_t side, struct pk_clsact_seen *seen)
{
    const struct tcmsg tc = {.tcm_ifindex = (int)ifindex,
                             .tcm_parent = TC_H_MAKE(TC_H_CLSACT, side)};

    return pk_rtnl_list(RTM_GETTFILTER, &tc, sizeof(tc), pk_clsact_seen, seen);
}

int pk_clsact_first(uint32_t ifindex, bool ingress, bool *ret)
{
    struct pk_clsact_seen seen = {0};
    int r = pk_clsact_ask(ifindex, ingress ? TC_H_MIN_INGRESS : TC_H_MIN_EGRESS, &seen);

    if (!r)
        *ret = seen.handle == PK_CLSACT_HANDLE;
    return r;
}

int pk_clsact_remove(uint32_t ifindex)
{
    struct bpf_tc_hook hook = pk_clsact_hook(ifindex, true);
    struct pk_clsact_seen seen = {0};
    int r = pk_clsact_ask(ifindex, TC_H_MIN_INGRESS, &seen);

    if (!r)
        r = pk_clsact_ask(ifindex, TC_H_MIN_EGRESS, &seen);
    if (r || seen.any)
        return r;
    hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS; /* both: the qdisc itself */
    return bpf_tc_hook_destroy(&hook);
}
