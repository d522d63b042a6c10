// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/stacked.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <string.h>

#include "base/macro.h"
#include "kernel/links.h"
#include "kernel/sys.h"

/* What takes the same packet up again; a tunnel does not, since its packets are others. */
static bool pk_stacked_kind(const char *kind)
{
    static const char *const kinds[] = {"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap"};

    for (size_t i = 0; i < PK_ARRAY_SIZE(kinds); i++)
        if (!strcmp(kind, kinds[i]))
            return true;
    return false;
}

static void pk_stacked_text(const struct nlattr *a, char *ret, size_t size)
{
    size_t n = a ? strnlen(mnl_attr_get_payload(a), mnl_attr_get_payload_len(a)) : 0;

    n = PK_MIN(n, size - 1);
    if (n)
        memcpy(ret, mnl_attr_get_payload(a), n);
    ret[n] = 0;
}

static const struct nlattr *pk_stacked_kind_attr(const struct nlattr *info)
{
    const struct nlattr *a;

    if (info)
        mnl_attr_for_each_nested(a, info) if (mnl_attr_get_type(a) == IFLA_INFO_KIND) return a;
    return NULL;
}

/* A device on top names the one below by IFLA_LINK, as a veth names its peer. */
void pk_stacked_read(const struct nlmsghdr *n, struct pk_stacked *s)
{
    const struct ifinfomsg *m = mnl_nlmsg_get_payload(n);
    const struct nlattr *tb[IFLA_MAX + 1] = {0}, *a;
    char kind[16];

    mnl_attr_for_each(a, n, sizeof(*m)) if (mnl_attr_get_type(a) <= IFLA_MAX)
        tb[mnl_attr_get_type(a)] = a;
    if ((uint32_t)m->ifi_index == s->ifindex && tb[IFLA_MASTER])
        s->master = mnl_attr_get_u32(tb[IFLA_MASTER]);
    if (s->kind[0] || !tb[IFLA_LINK] || tb[IFLA_LINK_NETNSID] ||
        mnl_attr_get_u32(tb[IFLA_LINK]) != s->ifindex)
        return;
    pk_stacked_text(pk_stacked_kind_attr(tb[IFLA_LINKINFO]), kind, sizeof(kind));
    if (!pk_stacked_kind(kind))
        return;
    memcpy(s->kind, kind, sizeof(kind));
    pk_stacked_text(tb[IFLA_IFNAME], s->upper, sizeof(s->upper));
}

static int pk_stacked_seen(const struct nlmsghdr *n, void *s)
{
    pk_stacked_read(n, s);
    return MNL_CB_OK;
}

int pk_stacked_check(uint32_t ifindex, const char *dev, enum pk_severity severity,
                     struct pk_diags *d)
{
    struct pk_stacked s = {.ifindex = ifindex};
    char master[IF_NAMESIZE] = "?";
    int r = pk_links_dump(pk_stacked_seen, &s);

    if (r)
        return pk_sys_error(d, r, "cannot tell what stands on %s", dev);
    if (s.master) {
        (void)!if_indextoname(s.master, master);
        pk_diag_add(d, severity, PK_K_STACKED, PK_NOWHERE,
                    "guard that one instead (--dev), or use --hook netfilter",
                    "%s is a port of %s: what is forwarded from there would be judged twice", dev,
                    master);
    } else if (s.kind[0]) {
        pk_diag_add(d, severity, PK_K_STACKED, PK_NOWHERE,
                    "guard the devices on top of it instead (--dev), or use --hook netfilter",
                    "%s %s stands on %s: what is forwarded from there would be judged twice",
                    s.kind, s.upper, dev);
    }
    return severity == PK_ERROR && (s.master || s.kind[0]) ? -EBUSY : 0;
}
