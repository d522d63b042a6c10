// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/current.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/codes.h"

#define COUNT_TRIES 16

/*
 * Without privilege the pins cannot even be seen, and "none stands" would be a guess. CAP_SYS_ADMIN
 * stands for both where it is given instead, as bpf_capable() in the kernel has it.
 */
static int need_privilege(struct pk_cli *c)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    uint64_t has;

    if (syscall(SYS_capget, &head, data))
        return -errno;
    has = (uint64_t)data[1].effective << 32 | data[0].effective;
    if (has >> CAP_SYS_ADMIN & 1 || has >> CAP_BPF & 1)
        return 0;
    pk_error(&c->d, PK_D_PRIVILEGE, PK_NOWHERE, "run it as root",
             "picket %s needs CAP_BPF, CAP_NET_ADMIN and CAP_SYS_ADMIN", c->verb);
    return -EPERM;
}

int pk_cli_sweep(struct pk_cli *c)
{
    int n = need_privilege(c);

    if (!n)
        n = pk_fence_sweep(&c->d);
    if (n > 0)
        pk_cli_say(c, "removed what %d dead network namespace%s left behind", n, n > 1 ? "s" : "");
    return n < 0 ? n : 0;
}

static int read_live(struct pk_cli *c, struct pk_current *s)
{
    return s->outline ? pk_fence_outline(s->fence, &c->arena, &s->live, &c->d)
                      : pk_fence_read(s->fence, false, &c->arena, &s->live, &c->d);
}

static int open_live(struct pk_cli *c, bool outline, struct pk_current *ret)
{
    _pk_current_ struct pk_current s = {.outline = outline};
    int r = pk_cli_sweep(c);

    if (!r)
        r = pk_fence_open(&s.fence, &c->d);
    if (r == -ENOENT) {
        *ret = (struct pk_current){0};
        return 0;
    }
    if (!r)
        r = read_live(c, &s);
    if (r)
        return r;
    *ret = s;
    s.fence = NULL;
    return 0;
}

int pk_current_open(struct pk_cli *c, struct pk_current *ret)
{
    return open_live(c, false, ret);
}

int pk_current_outline(struct pk_cli *c, struct pk_current *ret)
{
    return open_live(c, true, ret);
}

static int count_once(struct pk_cli *c, struct pk_current *s)
{
    for (int f = 0; f < PK_FAMILY_N; f++) {
        const struct pk_ruleset *rs = s->live.family[f];
        int r;

        if (!rs || !rs->given)
            continue;
        s->rule[f] = pk_arena_array(&c->arena, struct pk_counters, rs->n_rules);
        if (!s->rule[f])
            return -ENOMEM;
        r = pk_fence_counters(s->fence, &s->live, f, s->rule[f], s->policy[f]);
        if (r)
            return r;
    }
    return 0;
}

/* Between reading a set and its counters two changes may come; then it is another set. */
int pk_current_count(struct pk_cli *c, struct pk_current *s)
{
    int r = pk_fence_gather(s->fence);

    if (!r)
        r = count_once(c, s);
    for (int i = 1; r == -ESTALE && i < COUNT_TRIES; i++) {
        r = read_live(c, s);
        if (!r)
            r = count_once(c, s);
    }
    return r;
}

void pk_current_done(struct pk_current *s)
{
    if (s->fence)
        pk_fence_close(&s->fence);
}

void pk_cli_say_open(struct pk_cli *c, unsigned open)
{
    for (int f = 0; f < PK_FAMILY_N; f++)
        if (open & 1u << f)
            pk_warn(&c->d, PK_D_FAMILY_OPEN, PK_NOWHERE,
                    f == PK_IPV6 ? "apply an IPv6 file as well: picket apply -6 FILE"
                                 : "apply an IPv4 file as well: picket apply -4 FILE",
                    "%s is OPEN: no rules were ever set for it, every %s packet passes",
                    pk_family_title(f), pk_family_title(f));
}
