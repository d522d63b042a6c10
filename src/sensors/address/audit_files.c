// SPDX-License-Identifier: GPL-2.0-or-later
/* What DHCPv6 clients keep: the leases of dhclient, dhclient's and dhcpcd's DUID. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "sensors/address/audit.h"
#include "sensors/address/text.h"

#define LEASES_MAX 4096u

static int add(struct pk_audit *a, const struct pk_audit_lease *lease)
{
    struct pk_audit_lease *grown;

    if (a->n_leases == LEASES_MAX)
        return 0;
    grown = pk_arena_grow(a->tree.arena, a->leases, a->n_leases, &a->cap_leases, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    a->leases = grown;
    a->leases[a->n_leases++] = *lease;
    return 0;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The number that n digits of a base are, or -1. */
static int number(const char *s, int n, int base)
{
    int v = 0;

    for (int i = 0; i < n; i++) {
        int d = digit(s[i]);

        if (d < 0 || d >= base)
            return -1;
        v = v * base + d;
    }
    return v;
}

/* dhclient's: bytes as they are or as \ooo, in quotes. False: it is none. */
static bool quoted_duid(const char *s, struct pk_audit_lease *ret)
{
    s = strchr(s, '"');
    if (!s)
        return false;
    for (s++; *s && *s != '"' && ret->duid_len < sizeof(ret->duid);) {
        int byte = *s == '\\' ? number(s + 1, 3, 8) : -1;

        if (byte >= 0) {
            ret->duid[ret->duid_len++] = (uint8_t)byte;
            s += 4;
            continue;
        }
        s += *s == '\\' && s[1];
        ret->duid[ret->duid_len++] = (uint8_t)*s++;
    }
    return ret->duid_len >= 2;
}

/* dhcpcd's: "00:01:00:01:..." */
static bool plain_duid(const char *s, struct pk_audit_lease *ret)
{
    for (int byte; ret->duid_len < sizeof(ret->duid) && (byte = number(s, 2, 16)) >= 0;) {
        ret->duid[ret->duid_len++] = (uint8_t)byte;
        s += 2;
        s += *s == ':';
    }
    return ret->duid_len >= 2;
}

static int dhclient_line(struct pk_audit *a, struct pk_audit_lease *l, const char *line)
{
    const char *at = strstr(line, "iaaddr ");
    struct pk_address_found f;

    if (at && pk_address_find(at + 7, at + strlen(at), &f)) {
        l->is_address = true;
        l->address = f.address;
        return add(a, l);
    }
    at = strstr(line, "default-duid ");
    return at && quoted_duid(at, l) ? add(a, l) : 0;
}

static int read_leases(struct pk_audit *a, const char *path)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(PK_TREE_FILE_MAX);
    char *at, *line;
    int r = 0;

    if (pk_tree_read(&a->tree, path, &text))
        return 0;
    at = text.data;
    for (unsigned n = 1; !r && (line = pk_next_line(&at)); n++) {
        struct pk_audit_lease l = {.file = path, .line = n};

        r = dhclient_line(a, &l, line);
    }
    return r;
}

static int read_duid(struct pk_audit *a, const char *path)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(PK_TREE_FILE_MAX);
    struct pk_audit_lease l = {.file = path, .line = 1};

    if (pk_tree_read(&a->tree, path, &text) || !text.data || !plain_duid(text.data, &l))
        return 0;
    return add(a, &l);
}

int pk_audit_leases(struct pk_audit *a)
{
    static const char *const dirs[] = {"/var/lib/dhcp", "/var/lib/NetworkManager", NULL},
                             *const duids[] = {"/var/lib/dhcpcd/duid", "/etc/dhcpcd.duid"};
    struct pk_tree_names files;
    int r = pk_tree_list(&a->tree, dirs, "", &files);

    for (size_t i = 0; !r && i < files.n; i++)
        if (strstr(files.path[i], "/dhclient6"))
            r = read_leases(a, files.path[i]);
    for (size_t i = 0; !r && i < PK_ARRAY_SIZE(duids); i++)
        r = read_duid(a, duids[i]);
    return r;
}
