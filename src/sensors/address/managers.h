// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who configures an interface, and what its configuration files say of identifiers, temporary
 * addresses and DUIDs. netplan only writes files for the others, so it is told beside them.
 *
 * What a manager says is what it will do at the next chance; what the interface has now is told by
 * its addresses. The kernel's own settings (sysctl) prove nothing where a manager makes the
 * addresses: NetworkManager sets addr_gen_mode to none, systemd-networkd reads router
 * advertisements itself.
 */
#pragma once

#include "kernel/inet6.h"
#include "sensors/address/tree.h"

enum pk_manager_kind {
    PK_MANAGER_KERNEL, /* nobody else */
    PK_MANAGER_IFUPDOWN,
    PK_MANAGER_NETWORKMANAGER,
    PK_MANAGER_NETWORKD,
    PK_MANAGER_DHCPCD,
    PK_MANAGER_N
};

/* How it makes the stable identifier of an autoconfigured address. */
enum pk_manager_iid {
    PK_MANAGER_ASKS_KERNEL,
    PK_MANAGER_EUI64,
    PK_MANAGER_OPAQUE,
    PK_MANAGER_TOKEN
};
/* RFC 8981. OWN: made, but the stable address is taken as source. */
enum pk_manager_temporary {
    PK_TEMPORARY_OF_KERNEL,
    PK_TEMPORARY_OFF,
    PK_TEMPORARY_UNUSED,
    PK_TEMPORARY_USED
};
/* Of DHCPv6 (RFC 8415, section 11). */
enum pk_manager_duid { PK_DUID_UNSAID, PK_DUID_OPAQUE, PK_DUID_WITH_MAC };

struct pk_manager {
    enum pk_manager_kind kind;
    bool netplan;
    bool certain;     /* its own state says so; else its files match */
    const char *file; /* that says what follows, or NULL */
    const char *name; /* NetworkManager: of the connection, its uuid or id */
    const char *node; /* NetworkManager for netplan: "vlans.eth0\.100", as netplan(8) set has it */
    enum pk_manager_iid iid;
    enum pk_manager_temporary temporary;
    enum pk_manager_duid duid;
    const char *said; /* the settings, as in the file: "Token=eui64"; NULL: defaults */
};

/* Who is in charge of an interface. Texts are of the arena. 0 or -ENOMEM. */
int pk_manager_of(const struct pk_tree *t, const struct pk_inet6_link *l, struct pk_manager *ret);

const char *pk_manager_name(enum pk_manager_kind k);
const char *pk_manager_iid_name(enum pk_manager_iid m);
const char *pk_temporary_name(enum pk_manager_temporary t);

/*
 * Each looks whether the interface is its own, and then fills *m. 1: it is; 0: it is not; -ENOMEM.
 */
typedef int pk_manager_fn(const struct pk_tree *t, const struct pk_inet6_link *l,
                          struct pk_manager *m);
pk_manager_fn pk_manager_networkmanager, pk_manager_networkd, pk_manager_ifupdown,
    pk_manager_dhcpcd;

/* Adds "key=value" to what was said. */
void pk_manager_said(const struct pk_tree *t, struct pk_manager *m, const char *key,
                     const char *value);
/* "00:1b:38:..", in any case: is it the interface's, now or from the factory? */
bool pk_manager_mac_is(const struct pk_inet6_link *l, const char *mac);
