// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * systemd-networkd (252): the first .network file whose [Match] fits is the interface's; drop-ins
 * FILE.network.d are read after it. Without Token= it makes EUI-64, link-local addresses too; its
 * DUID is of type EN, made of the machine's id, unless DUIDType= says otherwise.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/macro.h"
#include "sensors/address/managers.h"

#define DIRS(suffix)                                                                               \
    {                                                                                              \
        "/etc/systemd/network" suffix, "/run/systemd/network" suffix,                              \
            "/usr/local/lib/systemd/network" suffix, "/usr/lib/systemd/network" suffix, NULL       \
    }

struct networkd {
    const struct pk_tree *t;
    const struct pk_inet6_link *l;
    struct pk_manager *m;
    bool any, fits; /* of [Match] */
};

/* "eth* !eth0": a word of those without ! fits, and none with it. */
static bool fits_name(const char *words, const char *name)
{
    bool negated = *words == '!', any = false;
    char copy[512], *at = copy, *word;

    snprintf(copy, sizeof(copy), "%s", words + negated);
    while ((word = pk_next_word(&at)))
        any |= !fnmatch(word, name, 0);
    return any != negated;
}

static bool fits_mac(const char *words, const struct pk_inet6_link *l)
{
    char copy[512], *at = copy, *word;

    snprintf(copy, sizeof(copy), "%s", words);
    while ((word = pk_next_word(&at)))
        if (pk_manager_mac_is(l, word))
            return true;
    return false;
}

/* What cannot be judged from here (Driver=, Virtualization=, ...) is taken not to fit. */
static void match(void *arg, const char *section, const char *key, const char *value)
{
    struct networkd *n = arg;

    if (strcmp(section, "Match") || !*value)
        return;
    n->any = true;
    if (!strcmp(key, "Name"))
        n->fits &= fits_name(value, n->l->name);
    else if (!strcmp(key, "MACAddress") || !strcmp(key, "PermanentMACAddress"))
        n->fits &= fits_mac(value, n->l);
    else
        n->fits = false;
}

static bool yes(const char *value)
{
    return !strcasecmp(value, "yes") || !strcasecmp(value, "true") || !strcmp(value, "1") ||
           !strcasecmp(value, "on");
}

static enum pk_manager_temporary temporary(const char *value)
{
    if (!strcmp(value, "kernel"))
        return PK_TEMPORARY_OF_KERNEL;
    if (!strcmp(value, "prefer-public"))
        return PK_TEMPORARY_UNUSED;
    return yes(value) ? PK_TEMPORARY_USED : PK_TEMPORARY_OFF;
}

/* Token=: prefixstable, prefixstable:PREFIX, eui64, static:ADDRESS or an address
 * (systemd.network(5)). */
static enum pk_manager_iid token(const char *value)
{
    if (!strncmp(value, "prefixstable", strlen("prefixstable")))
        return PK_MANAGER_OPAQUE;
    return !*value || !strcmp(value, "eui64") ? PK_MANAGER_EUI64 : PK_MANAGER_TOKEN;
}

static void setting(void *arg, const char *section, const char *key, const char *value)
{
    struct networkd *n = arg;
    bool said = true;

    if (!strcmp(section, "IPv6AcceptRA") && !strcmp(key, "Token"))
        n->m->iid = token(value);
    else if (!strcmp(section, "Network") && !strcmp(key, "IPv6PrivacyExtensions"))
        n->m->temporary = temporary(value);
    else if (strstr(section, "DHCP") && !strcmp(key, "DUIDType"))
        n->m->duid = strncmp(value, "link-layer", 10) ? PK_DUID_OPAQUE : PK_DUID_WITH_MAC;
    else
        said = !strcmp(key, "IPv6LinkLocalAddressGenerationMode") && *section == 'N';
    if (said)
        pk_manager_said(n->t, n->m, key, value);
}

/* ADMIN_STATE, NETWORK_FILE: what networkd itself keeps of each interface. */
static void state(void *arg, const char *section, const char *key, const char *value)
{
    struct networkd *n = arg;

    (void)section;
    if (!strcmp(key, "ADMIN_STATE"))
        n->m->certain = strcmp(value, "unmanaged") != 0;
    if (!strcmp(key, "NETWORK_FILE") && *value)
        n->m->file = pk_arena_strdup(n->t->arena, value);
}

static int find_file(struct networkd *n)
{
    static const char *const dirs[] = DIRS("");
    struct pk_tree_names files;
    int r = pk_tree_list(n->t, dirs, ".network", &files);

    for (size_t i = 0; !r && !n->m->file && i < files.n; i++) {
        n->any = false;
        n->fits = true;
        if (!pk_tree_ini(n->t, files.path[i], match, n) && n->any && n->fits)
            n->m->file = files.path[i];
    }
    return r;
}

static int read_settings(struct networkd *n)
{
    const char *name = strrchr(n->m->file, '/') + 1;
    char dir[4][512];
    const char *dirs[5] = {dir[0], dir[1], dir[2], dir[3], NULL};
    static const char *const of[] = DIRS("");
    struct pk_tree_names files;
    int r;

    for (int i = 0; i < 4; i++)
        snprintf(dir[i], sizeof(dir[i]), "%s/%s.d", of[i], name);
    r = pk_tree_list(n->t, dirs, ".conf", &files);
    pk_tree_ini(n->t, "/etc/systemd/networkd.conf", setting, n);
    pk_tree_ini(n->t, n->m->file, setting, n);
    for (size_t i = 0; !r && i < files.n; i++)
        pk_tree_ini(n->t, files.path[i], setting, n);
    return r;
}

int pk_manager_networkd(const struct pk_tree *t, const struct pk_inet6_link *l,
                        struct pk_manager *m)
{
    struct networkd n = {.t = t, .l = l, .m = m};
    char path[64];
    int r = 0;

    m->kind = PK_MANAGER_NETWORKD;
    m->iid = PK_MANAGER_EUI64;
    m->temporary = PK_TEMPORARY_OFF;
    m->duid = PK_DUID_OPAQUE;
    snprintf(path, sizeof(path), "/run/systemd/netif/links/%u", l->index);
    if (!pk_tree_ini(t, path, state, &n) && !m->certain)
        return 0;
    if (!m->file)
        r = find_file(&n);
    if (!r && m->file && strchr(m->file, '/')) {
        m->netplan = strstr(m->file, "-netplan-") != NULL;
        r = read_settings(&n);
    }
    return r ? r : m->file || m->certain;
}
