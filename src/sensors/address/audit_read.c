// SPDX-License-Identifier: GPL-2.0-or-later
/* The host as the kernel and the files of its managers have it. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "sensors/address/audit.h"
#include "sensors/address/codes.h"

#define CONF "/proc/sys/net/ipv6/conf/"
#define KNOB_MAX 256u

/* Always of this host: below --root there are only files. */
static int knob_text(const char *link, const char *knob, char ret[static KNOB_MAX])
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(KNOB_MAX - 1);
    char path[128];
    int r;

    snprintf(path, sizeof(path), CONF "%s/%s", link, knob);
    r = pk_file_read(path, KNOB_MAX - 1, &b);
    if (!r)
        snprintf(ret, KNOB_MAX, "%s", b.data ? b.data : "");
    return r;
}

static long knob(const char *link, const char *name)
{
    char text[KNOB_MAX];

    return knob_text(link, name, text) ? -1 : strtol(text, NULL, 10);
}

/* EIO: no secret was ever set (addrconf_sysctl_stable_secret()). */
static enum pk_secret_state secret_of(const char *link, uint8_t ret[static PK_IID_SECRET_MIN])
{
    char text[KNOB_MAX];
    int r = knob_text(link, "stable_secret", text);

    text[r ? 0 : strcspn(text, "\n")] = '\0';
    if (!r && inet_pton(AF_INET6, text, ret) == 1)
        return PK_SECRET_KNOWN;
    return r == -EACCES || r == -EPERM ? PK_SECRET_HIDDEN : PK_SECRET_NONE;
}

/* An interface without a secret uses that of `default` (ipv6_generate_stable_address()). */
static void read_sysctl(const char *link, struct pk_audit_sysctl *s)
{
    *s = (struct pk_audit_sysctl){
        .use_tempaddr = (int)knob(link, "use_tempaddr"),
        .accept_ra = (int)knob(link, "accept_ra"),
        .autoconf = (int)knob(link, "autoconf"),
        .forwarding = (int)knob(link, "forwarding"),
        .disabled = (int)knob(link, "disable_ipv6"),
        .retries = PK_IID_RETRIES,
        .temp_valid = knob(link, "temp_valid_lft"),
        .temp_preferred = knob(link, "temp_prefered_lft"),
    };
    s->secret_state = secret_of(link, s->secret);
    if (s->secret_state == PK_SECRET_NONE)
        s->secret_state = secret_of("default", s->secret);
}

static bool asked_for(const char *name, char *const *only, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(only[i], name))
            return true;
    return !n;
}

static int all_are_there(const struct pk_audit *a, char *const *only, size_t n)
{
    int r = 0;

    for (size_t i = 0; i < n; i++) {
        size_t k = 0;

        while (k < a->inet6.n_links && strcmp(a->inet6.links[k].name, only[i]))
            k++;
        if (k < a->inet6.n_links)
            continue;
        pk_error(a->tree.d, PK_D_AUDIT_LINK, PK_NOWHERE, "see: ip link", "%s: no such interface",
                 only[i]);
        r = -ENODEV;
    }
    return r;
}

static int read_addresses(struct pk_audit *a, struct pk_audit_link *l)
{
    size_t n = 0;

    for (size_t i = 0; i < a->inet6.n_addresses; i++)
        n += a->inet6.addresses[i].link == l->l->index;
    l->addresses = pk_arena_array(a->tree.arena, struct pk_audit_address, n ? n : 1);
    if (!l->addresses)
        return -ENOMEM;
    for (size_t i = 0; i < a->inet6.n_addresses; i++)
        if (a->inet6.addresses[i].link == l->l->index)
            l->addresses[l->n++].a = &a->inet6.addresses[i];
    return 0;
}

/* Any address of the global space with the label of most (RFC 6724, 2.1). Nothing is sent to it. */
static void mark_source(struct pk_audit_link *l)
{
    const struct pk_u128 outside = {0x2000000000000000, 1};
    struct pk_u128 source;

    if (pk_inet6_source(l->l->name, outside, &source))
        return;
    for (size_t i = 0; i < l->n; i++)
        l->addresses[i].source |= pk_u128_equal(l->addresses[i].a->address, source);
}

static int read_link(struct pk_audit *a, const struct pk_inet6_link *from)
{
    struct pk_audit_link *l = &a->links[a->n++];
    int r;

    l->l = from;
    read_sysctl(from->name, &l->sysctl);
    r = pk_manager_of(&a->tree, from, &l->manager);
    if (!r)
        r = read_addresses(a, l);
    if (!r && !from->loopback)
        mark_source(l);
    return r;
}

int pk_audit_read(struct pk_audit *a, char *const *only, size_t n)
{
    int r = pk_inet6_read(&a->inet6);

    if (r)
        return r;
    r = all_are_there(a, only, n);
    a->links = pk_arena_array(a->tree.arena, struct pk_audit_link, a->inet6.n_links + 1);
    if (!r && !a->links)
        r = -ENOMEM;
    for (size_t i = 0; !r && i < a->inet6.n_links; i++)
        if (asked_for(a->inet6.links[i].name, only, n))
            r = read_link(a, &a->inet6.links[i]);
    if (!r && a->inet6.left_out)
        pk_warn(a->tree.d, PK_D_AUDIT_LINK, PK_NOWHERE, NULL,
                "%zu interfaces, addresses or neighbours more than can be kept: not looked at",
                a->inet6.left_out);
    return r;
}
