// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NetworkManager (1.42): the connection's keyfile, and the defaults of NetworkManager.conf. A
 * keyfile without addr-gen-mode has default-or-eui64, which is EUI-64 unless those defaults say
 * otherwise; connections that were made by nmcli or a desktop have stable-privacy written in them.
 */
#include <errno.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "sensors/address/managers.h"

#define KEY_MAX 128

/* What files say of one connection, or, of all, the defaults. */
struct nm {
    const struct pk_tree *t;
    const struct pk_inet6_link *l;
    bool managed, seen;
    char uuid[KEY_MAX], id[KEY_MAX], interface[KEY_MAX], type[KEY_MAX], mac[KEY_MAX];
    char iid[KEY_MAX], privacy[KEY_MAX], duid[KEY_MAX], token[KEY_MAX], wanted[KEY_MAX];
};

static void keep(char to[static KEY_MAX], const char *value)
{
    snprintf(to, KEY_MAX, "%s", value);
}

static void device(void *arg, const char *section, const char *key, const char *value)
{
    struct nm *n = arg;

    if (strcmp(section, "device"))
        return;
    n->seen = true;
    if (!strcmp(key, "managed"))
        n->managed = !strcmp(value, "true") || !strcmp(value, "1");
    if (!strcmp(key, "connection-uuid"))
        keep(n->wanted, value);
}

/* [connection] and [connection-NAME]; such with match-device= come after this and are not judged.
 */
static void defaults(void *arg, const char *section, const char *key, const char *value)
{
    struct nm *n = arg;

    if (strcmp(section, "connection"))
        return;
    if (!strcmp(key, "ipv6.addr-gen-mode"))
        keep(n->iid, value);
    if (!strcmp(key, "ipv6.ip6-privacy"))
        keep(n->privacy, value);
    if (!strcmp(key, "ipv6.dhcp-duid"))
        keep(n->duid, value);
}

static void connection(void *arg, const char *section, const char *key, const char *value)
{
    struct nm *n = arg;
    const struct {
        const char *section, *key;
        char *to;
    } keys[] = {
        {"connection", "uuid", n->uuid},
        {"connection", "id", n->id},
        {"connection", "interface-name", n->interface},
        {"connection", "type", n->type},
        {"ethernet", "mac-address", n->mac},
        {"wifi", "mac-address", n->mac},
        {"ipv6", "addr-gen-mode", n->iid},
        {"ipv6", "ip6-privacy", n->privacy},
        {"ipv6", "dhcp-duid", n->duid},
        {"ipv6", "token", n->token},
    };

    for (size_t i = 0; i < PK_ARRAY_SIZE(keys); i++)
        if (!strcmp(section, keys[i].section) && !strcmp(key, keys[i].key))
            keep(keys[i].to, value);
}

/* 3: it is the one that is active; 2: it names the interface; 1: it is for any of its type. */
static int fits(const struct nm *n, const char *wanted)
{
    bool ethernet = !strcmp(n->type, "ethernet") || !strcmp(n->type, "802-3-ethernet");

    if (*wanted && *n->uuid) /* netplan's have none, and NetworkManager makes one up */
        return strcmp(wanted, n->uuid) ? 0 : 3;
    if (*n->interface)
        return strcmp(n->interface, n->l->name) ? 0 : 2;
    if (*n->mac)
        return pk_manager_mac_is(n->l, n->mac) ? 2 : 0;
    return ethernet && n->l->type == ARPHRD_ETHER;
}

static int find_connection(const struct nm *of, const char *wanted, struct nm *ret,
                           const char **ret_file)
{
    static const char *const dirs[] = {"/etc/NetworkManager/system-connections",
                                       "/run/NetworkManager/system-connections",
                                       "/usr/lib/NetworkManager/system-connections", NULL};
    struct pk_tree_names files;
    int best = 0, r = pk_tree_list(of->t, dirs, "", &files);

    for (size_t i = 0; !r && i < files.n; i++) {
        struct nm n = {.t = of->t, .l = of->l};

        if (pk_tree_ini(of->t, files.path[i], connection, &n) || fits(&n, wanted) <= best)
            continue;
        best = fits(&n, wanted);
        *ret = n;
        *ret_file = files.path[i];
    }
    return r ? r : best;
}

/* Later files count before earlier ones (NetworkManager.conf(5)). */
static int read_defaults(struct nm *d)
{
    static const char *const vendor[] = {"/run/NetworkManager/conf.d",
                                         "/usr/lib/NetworkManager/conf.d", NULL},
                             *const admin[] = {"/etc/NetworkManager/conf.d", NULL};
    struct pk_tree_names files;
    int r = pk_tree_list(d->t, vendor, ".conf", &files);

    for (size_t i = 0; !r && i < files.n; i++)
        pk_tree_ini(d->t, files.path[i], defaults, d);
    pk_tree_ini(d->t, "/etc/NetworkManager/NetworkManager.conf", defaults, d);
    if (!r)
        r = pk_tree_list(d->t, admin, ".conf", &files);
    for (size_t i = 0; !r && i < files.n; i++)
        pk_tree_ini(d->t, files.path[i], defaults, d);
    return r;
}

/* 0 eui64, 1 stable-privacy, 2 default-or-eui64, 3 default: else the defaults, else what is said.
 */
static enum pk_manager_iid iid_of(const struct nm *n, const struct nm *d)
{
    bool open = !*n->iid || !strcmp(n->iid, "default-or-eui64") || !strcmp(n->iid, "2");
    bool stable = !strcmp(n->iid, "default") || !strcmp(n->iid, "3");
    const char *mode = (open || stable) && *d->iid ? d->iid : n->iid;

    if (!strcmp(mode, "stable-privacy") || !strcmp(mode, "1"))
        return PK_MANAGER_OPAQUE;
    if (mode == n->iid && stable)
        return PK_MANAGER_OPAQUE;
    return *n->token ? PK_MANAGER_TOKEN : PK_MANAGER_EUI64;
}

static enum pk_manager_temporary temporary_of(const struct nm *n, const struct nm *d)
{
    const char *value = *n->privacy && *n->privacy != '-' ? n->privacy : d->privacy;

    if (!*value || *value == '-')
        return PK_TEMPORARY_OF_KERNEL;
    return *value == '2'   ? PK_TEMPORARY_USED
           : *value == '1' ? PK_TEMPORARY_UNUSED
                           : PK_TEMPORARY_OFF;
}

static enum pk_manager_duid duid_of(const struct nm *n, const struct nm *d)
{
    const char *value = *n->duid ? n->duid : d->duid;

    if (!*value || !strcmp(value, "lease"))
        return PK_DUID_UNSAID;
    return strcmp(value, "ll") && strcmp(value, "llt") ? PK_DUID_OPAQUE : PK_DUID_WITH_MAC;
}

/* Its name in netplan's file: netplan-NAME.nmconnection, of a wireless one netplan-NAME-SSID. */
static void netplan_name(const struct nm *n, const char *file, char ret[static KEY_MAX])
{
    const char *name = strstr(file, "/netplan-") + strlen("/netplan-");
    size_t len = strlen(n->l->name);

    keep(ret, name);
    if (!strncmp(name, n->l->name, len) && name[len] == '-')
        ret[len] = '\0';
    else if (strstr(ret, ".nmconnection"))
        *strstr(ret, ".nmconnection") = '\0';
}

/* The section of netplan's file and the name, where dots are escaped. */
static const char *netplan_node(const struct nm *n, const char *file)
{
    static const struct {
        const char *type, *section;
    } sections[] = {{"wifi", "wifis"}, {"bridge", "bridges"}, {"bond", "bonds"}, {"vlan", "vlans"}};
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(4 * KEY_MAX);
    const char *section = "ethernets";
    char name[KEY_MAX];

    for (size_t i = 0; i < PK_ARRAY_SIZE(sections); i++)
        if (!strcmp(n->type, sections[i].type))
            section = sections[i].section;
    pk_buf_fmt(&b, "%s.", section);
    netplan_name(n, file, name);
    for (const char *p = name; *p; p++) {
        if (*p == '.')
            pk_buf_char(&b, '\\');
        pk_buf_char(&b, *p);
    }
    return b.failed ? NULL : pk_arena_strdup(n->t->arena, b.data);
}

static void fill(const struct nm *n, const struct nm *d, struct pk_manager *m)
{
    const struct {
        const char *key, *value;
    } said[] = {{"addr-gen-mode", n->iid},      {"ip6-privacy", n->privacy},
                {"dhcp-duid", n->duid},         {"token", n->token},
                {"ipv6.addr-gen-mode", d->iid}, {"ipv6.ip6-privacy", d->privacy}};

    m->iid = iid_of(n, d);
    m->temporary = temporary_of(n, d);
    m->duid = duid_of(n, d);
    m->name = pk_arena_strdup(n->t->arena, *n->uuid ? n->uuid : n->id);
    m->node = m->file && strstr(m->file, "/netplan-") ? netplan_node(n, m->file) : NULL;
    m->netplan = m->node;
    for (size_t i = 0; i < PK_ARRAY_SIZE(said); i++)
        if (*said[i].value)
            pk_manager_said(n->t, m, said[i].key, said[i].value);
}

int pk_manager_networkmanager(const struct pk_tree *t, const struct pk_inet6_link *l,
                              struct pk_manager *m)
{
    struct nm state = {.t = t, .l = l}, found = state, d = state;
    char path[64];
    int r;

    snprintf(path, sizeof(path), "/run/NetworkManager/devices/%u", l->index);
    pk_tree_ini(t, path, device, &state);
    if (state.seen && !state.managed)
        return 0;
    r = find_connection(&state, state.wanted, &found, &m->file);
    if (r < 0 || (!r && !state.seen))
        return r;
    r = read_defaults(&d);
    if (r)
        return r;
    m->kind = PK_MANAGER_NETWORKMANAGER;
    m->certain = state.seen;
    fill(&found, &d, m);
    if (!*found.uuid && *state.wanted)
        m->name = pk_arena_strdup(t->arena, state.wanted);
    return 1;
}
