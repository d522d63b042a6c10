// SPDX-License-Identifier: GPL-2.0-or-later
/* ifupdown (interfaces(5)) and dhcpcd (dhcpcd.conf(5)): lines of words. */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "sensors/address/managers.h"

#define INTERFACES "/etc/network/interfaces"
#define DHCPCD "/etc/dhcpcd.conf"

struct ifupdown {
    const struct pk_tree *t;
    const struct pk_inet6_link *l;
    struct pk_manager *m;
    const char *path;
    bool ours, found; /* within a stanza of the interface's IPv6 */
};

static void in_stanza(struct ifupdown *u, const char *key, char *rest)
{
    const char *value = pk_next_word(&rest);

    if (!strcmp(key, "privext") && value) {
        u->m->temporary = *value == '2'   ? PK_TEMPORARY_USED
                          : *value == '1' ? PK_TEMPORARY_UNUSED
                                          : PK_TEMPORARY_OFF;
        pk_manager_said(u->t, u->m, key, value);
    }
}

/* A stanza ends where another word of this list begins. */
static bool begins(const char *key)
{
    static const char *const words[] = {"auto",   "mapping",  "source",       "source-directory",
                                        "rename", "template", "no-auto-down", "no-scripts"};

    for (size_t i = 0; i < PK_ARRAY_SIZE(words); i++)
        if (!strcmp(key, words[i]))
            return true;
    return !strncmp(key, "allow-", 6);
}

/* "iface eth0 inet6 auto" */
static void stanza(struct ifupdown *u, char *rest)
{
    const char *name = pk_next_word(&rest), *family = pk_next_word(&rest),
               *method = pk_next_word(&rest);

    u->ours = name && family && method && !strcmp(name, u->l->name) && !strcmp(family, "inet6");
    if (!u->ours)
        return;
    u->found = true;
    u->m->file = pk_arena_strdup(u->t->arena, u->path);
    pk_manager_said(u->t, u->m, "inet6", method);
}

static int read_interfaces(struct ifupdown *u, const char *path)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(PK_TREE_FILE_MAX);
    int r = pk_tree_read(u->t, path, &text);
    char *at = text.data, *line, *key;

    u->path = path;
    u->ours = false;
    while (!r && (line = pk_next_line(&at))) {
        key = pk_next_word(&line);
        if (!key || *key == '#')
            continue;
        if (!strcmp(key, "iface"))
            stanza(u, line);
        else if (begins(key))
            u->ours = false;
        else if (u->ours)
            in_stanza(u, key, line);
    }
    return r;
}

/* Debian's interfaces has "source /etc/network/interfaces.d/" with one or another pattern. */
int pk_manager_ifupdown(const struct pk_tree *t, const struct pk_inet6_link *l,
                        struct pk_manager *m)
{
    static const char *const dirs[] = {INTERFACES ".d", NULL};
    struct ifupdown u = {.t = t, .l = l, .m = m};
    struct pk_tree_names files;
    int r;

    m->kind = PK_MANAGER_IFUPDOWN;
    if (read_interfaces(&u, INTERFACES))
        return 0;
    r = pk_tree_list(t, dirs, "", &files);
    for (size_t i = 0; !r && i < files.n; i++)
        read_interfaces(&u, files.path[i]);
    return r ? r : u.found;
}

struct dhcpcd {
    const struct pk_tree *t;
    const struct pk_inet6_link *l;
    struct pk_manager *m;
    bool ours, denied; /* in the part for all interfaces, or for this one */
};

static bool named(char *words, const char *name)
{
    const char *word;

    while ((word = pk_next_word(&words)))
        if (!fnmatch(word, name, 0))
            return true;
    return false;
}

static void slaac(struct dhcpcd *c, char *rest)
{
    const char *how = pk_next_word(&rest), *also = pk_next_word(&rest);

    if (!how)
        return;
    c->m->iid = !strcmp(how, "private") ? PK_MANAGER_OPAQUE
                : !strcmp(how, "token") ? PK_MANAGER_TOKEN
                                        : PK_MANAGER_EUI64;
    c->m->temporary = also && !strcmp(also, "temporary") ? PK_TEMPORARY_USED : PK_TEMPORARY_OFF;
    pk_manager_said(c->t, c->m, "slaac", how);
    if (also)
        pk_manager_said(c->t, c->m, "slaac", also);
}

static void dhcpcd_line(struct dhcpcd *c, const char *key, char *rest)
{
    const char *value;

    if (!strcmp(key, "interface")) {
        c->ours = named(rest, c->l->name);
    } else if (!strcmp(key, "ssid") || !strcmp(key, "profile")) {
        c->ours = false;
    } else if (!strcmp(key, "denyinterfaces")) {
        c->denied |= named(rest, c->l->name);
    } else if (!strcmp(key, "allowinterfaces")) {
        c->denied |= !named(rest, c->l->name);
    } else if (c->ours && !strcmp(key, "slaac")) {
        slaac(c, rest);
    } else if (c->ours && !strcmp(key, "duid")) {
        value = pk_next_word(&rest);
        c->m->duid = value && !strcmp(value, "uuid") ? PK_DUID_OPAQUE : PK_DUID_WITH_MAC;
        pk_manager_said(c->t, c->m, key, value ? value : "llt");
    }
}

/* It takes every interface that nobody denies it, so it counts only where it runs or has run. */
int pk_manager_dhcpcd(const struct pk_tree *t, const struct pk_inet6_link *l, struct pk_manager *m)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(PK_TREE_FILE_MAX);
    struct dhcpcd c = {.t = t, .l = l, .m = m, .ours = true};
    char *at, *line, *key;

    if (pk_tree_read(t, DHCPCD, &text))
        return 0;
    *m = (struct pk_manager){.kind = PK_MANAGER_DHCPCD,
                             .file = DHCPCD,
                             .iid = PK_MANAGER_EUI64,
                             .temporary = PK_TEMPORARY_OFF};
    at = text.data;
    while ((line = pk_next_line(&at))) {
        key = pk_next_word(&line);
        if (key && *key != '#')
            dhcpcd_line(&c, key, line);
    }
    m->certain = pk_tree_has(t, "/run/dhcpcd/pid") || pk_tree_has(t, "/run/dhcpcd.pid");
    return !c.denied;
}
