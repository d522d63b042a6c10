// SPDX-License-Identifier: GPL-2.0-or-later
/* What DHCPv6 clients keep: dhclient's leases; dhclient's, dhcpcd's and systemd-networkd's DUID. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "sensors/address/audit.h"
#include "sensors/address/lines.h"
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
    return at && pk_duid_quoted(at, at + strlen(at), 0, &l->duid) ? add(a, l) : 0;
}

/* Its state of a link: DHCP6_CLIENT_DUID=DUID-LLT:... */
static int networkd_line(struct pk_audit *a, struct pk_audit_lease *l, const char *line)
{
    struct pk_line_told told;

    pk_line_tells(line, line + strlen(line), &told);
    if (strncmp(line, "DHCP6_CLIENT_DUID=", 18) || !told.n_duids)
        return 0;
    l->duid = told.duid[0];
    return add(a, l);
}

typedef int line_fn(struct pk_audit *a, struct pk_audit_lease *l, const char *line);

static int read_leases(struct pk_audit *a, const char *path, line_fn *take)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(PK_TREE_FILE_MAX);
    char *at, *line;
    int r = 0;

    if (pk_tree_read(&a->tree, path, &text))
        return 0;
    at = text.data;
    for (unsigned n = 1; !r && (line = pk_next_line(&at)); n++) {
        struct pk_audit_lease l = {.file = path, .line = n};

        r = take(a, &l, line);
    }
    return r;
}

static int read_duid(struct pk_audit *a, const char *path)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(PK_TREE_FILE_MAX);
    struct pk_audit_lease l = {.file = path, .line = 1};

    if (pk_tree_read(&a->tree, path, &text) || !text.len ||
        !pk_duid_hex(text.data, text.data + text.len, &l.duid))
        return 0;
    return add(a, &l);
}

int pk_audit_leases(struct pk_audit *a)
{
    static const char *const dirs[] = {"/var/lib/dhcp", "/var/lib/NetworkManager", NULL},
                             *const states[] = {"/run/systemd/netif/links", NULL},
                             *const duids[] = {"/var/lib/dhcpcd/duid", "/etc/dhcpcd.duid"};
    struct pk_tree_names files;
    int r = pk_tree_list(&a->tree, dirs, "", &files);

    for (size_t i = 0; !r && i < files.n; i++)
        if (strstr(files.path[i], "/dhclient6"))
            r = read_leases(a, files.path[i], dhclient_line);
    if (!r)
        r = pk_tree_list(&a->tree, states, "", &files);
    for (size_t i = 0; !r && i < files.n; i++)
        r = read_leases(a, files.path[i], networkd_line);
    for (size_t i = 0; !r && i < PK_ARRAY_SIZE(duids); i++)
        r = read_duid(a, duids[i]);
    return r;
}
