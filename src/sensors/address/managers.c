// SPDX-License-Identifier: GPL-2.0-or-later
#include "sensors/address/managers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/macro.h"

int pk_manager_of(const struct pk_tree *t, const struct pk_inet6_link *l, struct pk_manager *ret)
{
    static pk_manager_fn *const ask[] = {pk_manager_networkmanager, pk_manager_networkd,
                                         pk_manager_ifupdown, pk_manager_dhcpcd};
    struct pk_manager best = {.kind = PK_MANAGER_KERNEL}, m;

    /* One that says itself that it is in charge counts before one whose files only match. */
    for (size_t i = 0; i < PK_ARRAY_SIZE(ask) && !l->loopback; i++) {
        int r;

        m = (struct pk_manager){.kind = PK_MANAGER_KERNEL};
        r = ask[i](t, l, &m);
        if (r < 0)
            return r;
        if (r && (best.kind == PK_MANAGER_KERNEL || (m.certain && !best.certain)))
            best = m;
    }
    *ret = best;
    return 0;
}

void pk_manager_said(const struct pk_tree *t, struct pk_manager *m, const char *key,
                     const char *value)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(4096);

    if (m->said)
        pk_buf_fmt(&b, "%s, ", m->said);
    pk_buf_fmt(&b, "%s=%s", key, value);
    if (!b.failed)
        m->said = pk_arena_strdup(t->arena, b.data);
}

bool pk_manager_mac_is(const struct pk_inet6_link *l, const char *mac)
{
    char now[18], factory[18];
    const uint8_t *a = l->hwaddr, *b = l->permanent;

    snprintf(now, sizeof(now), "%02x:%02x:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3], a[4], a[5]);
    snprintf(factory, sizeof(factory), "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3],
             b[4], b[5]);
    return l->hwaddr_len == 6 && (!strcasecmp(mac, now) || !strcasecmp(mac, factory));
}

const char *pk_manager_name(enum pk_manager_kind k)
{
    static const char *const names[PK_MANAGER_N] = {
        [PK_MANAGER_KERNEL] = "kernel",
        [PK_MANAGER_IFUPDOWN] = "ifupdown",
        [PK_MANAGER_NETWORKMANAGER] = "NetworkManager",
        [PK_MANAGER_NETWORKD] = "systemd-networkd",
        [PK_MANAGER_DHCPCD] = "dhcpcd",
    };

    return names[k];
}

const char *pk_manager_iid_name(enum pk_manager_iid m)
{
    static const char *const names[] = {
        [PK_MANAGER_ASKS_KERNEL] = "kernel",
        [PK_MANAGER_EUI64] = "eui64",
        [PK_MANAGER_OPAQUE] = "opaque",
        [PK_MANAGER_TOKEN] = "token",
    };

    return names[m];
}

const char *pk_temporary_name(enum pk_manager_temporary t)
{
    static const char *const names[] = {
        [PK_TEMPORARY_OF_KERNEL] = "kernel",
        [PK_TEMPORARY_OFF] = "off",
        [PK_TEMPORARY_UNUSED] = "unused",
        [PK_TEMPORARY_USED] = "used",
    };

    return names[t];
}
