// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/hook.h"

#include <errno.h>

#include "base/macro.h"
#include "kernel/codes.h"
#include "kernel/probe.h"

const char *pk_hook_word(enum pk_attach_kind hook)
{
    static const char *const name[] = {"auto", "netfilter", "tc", "xdp"};

    return (unsigned)hook < PK_ARRAY_SIZE(name) ? name[hook] : "?";
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
            pk_hook_word(hook));
        return -EINVAL;
    }
    return 0;
}

int pk_hook_choose(const struct pk_apply_options *o, enum pk_attach_kind *ret, struct pk_diags *d)
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
