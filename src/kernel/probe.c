// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel offers: found by asking it, never by its version. Nothing stays behind. */
#include "kernel/fence.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <unistd.h>

#include "base/macro.h"
#include "kernel/probe.h"
#include "kernel/sys.h"

/* r0 = 1; exit: NF_ACCEPT, and for tc and XDP a number that is never acted upon. */
static const struct bpf_insn pk_probe_insns[] = {
    {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1},
    {.code = BPF_JMP | BPF_EXIT},
};

static int pk_probe_load(int type, int attach_type)
{
    LIBBPF_OPTS(bpf_prog_load_opts, o, .expected_attach_type = (enum bpf_attach_type)attach_type);

    return bpf_prog_load((enum bpf_prog_type)type, "pk_probe", "GPL", pk_probe_insns,
                         PK_ARRAY_SIZE(pk_probe_insns), &o);
}

bool pk_probe_netfilter(void)
{
    _pk_close_ int fd = pk_probe_load(PK_BPF_PROG_TYPE_NETFILTER, PK_BPF_NETFILTER);

    return fd >= 0;
}

/* A kernel that knows the attach type looks for interface 0 and says ENODEV; others say EINVAL. */
bool pk_probe_tcx(void)
{
    _pk_close_ int fd = pk_probe_load(BPF_PROG_TYPE_SCHED_CLS, 0);
    _pk_close_ int link = -1;

#ifdef PK_FAULTS
    if (getenv("PK_NO_TCX"))
        return false;
#endif
    return fd >= 0 && pk_sys_link_tcx(fd, 0, true, &link) == -ENODEV;
}

static bool pk_btf_has(const struct btf *btf, const char *name, unsigned kind)
{
    return btf && btf__find_by_name_kind(btf, name, kind) > 0;
}

void pk_probe_run(struct pk_probe *ret)
{
    struct btf *btf;

    pk_sys_quiet();
    btf = btf__load_vmlinux_btf();
    *ret = (struct pk_probe){
        .btf = btf != NULL,
        .netfilter_link = pk_probe_netfilter(),
        .tcx = pk_probe_tcx(),
        .xdp_link = pk_btf_has(btf, "bpf_xdp_link", BTF_KIND_STRUCT),
        .rdonly_cast = pk_btf_has(btf, "bpf_rdonly_cast", BTF_KIND_FUNC),
        .kern_ctx = pk_btf_has(btf, "bpf_cast_to_kern_ctx", BTF_KIND_FUNC),
        .bpf_loop = libbpf_probe_bpf_helper(BPF_PROG_TYPE_SCHED_CLS, BPF_FUNC_loop, NULL) == 1,
    };
    btf__free(btf);
}
