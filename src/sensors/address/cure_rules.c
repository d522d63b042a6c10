// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rules. An ICMPv6 error is RELATED to the packet that it answers, so errors are looked at
 * before what is exempt as an answer. Packet too big passes: without it a path is a black hole (RFC
 * 4890, 4.3.1). The rules are one chain that ends in RETURN, so that the rules after it stay in
 * force.
 */
#include <linux/if_addr.h>
#include <string.h>

#include "base/macro.h"
#include "sensors/address/cure.h"

#define CHAIN "KEEP-FROM-SOURCE"

static const char head[] = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n"
                           ":OUTPUT ACCEPT [0:0]\n:" CHAIN " - [0:0]\n:NO-ERRORS - [0:0]\n";

static const char chains[] = "-A NO-ERRORS -d fe80::/10 -j RETURN\n"
                             "-A NO-ERRORS -p ipv6-icmp -m icmp6 --icmpv6-type 1 -j DROP\n"
                             "-A NO-ERRORS -p ipv6-icmp -m icmp6 --icmpv6-type 3 -j DROP\n"
                             "-A NO-ERRORS -p ipv6-icmp -m icmp6 --icmpv6-type 4 -j DROP\n"
                             "-A " CHAIN " -d fe80::/10 -j RETURN\n"
                             "-A " CHAIN " -d ff00::/8 -j RETURN\n"
                             "-A " CHAIN " -p ipv6-icmp -m icmp6 --icmpv6-type 133 -j RETURN\n"
                             "-A " CHAIN " -p ipv6-icmp -m icmp6 --icmpv6-type 134 -j RETURN\n"
                             "-A " CHAIN " -p ipv6-icmp -m icmp6 --icmpv6-type 135 -j RETURN\n"
                             "-A " CHAIN " -p ipv6-icmp -m icmp6 --icmpv6-type 136 -j RETURN\n"
                             "-A " CHAIN " -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN\n"
                             "-A " CHAIN " -j DROP\n"
                             "COMMIT\n";

/* What the kernel can take as source instead. */
static bool usable(const struct pk_audit_address *x)
{
    return x->v.scope == PK_SCOPE_GLOBAL &&
           !(x->a->flags & (IFA_F_DEPRECATED | IFA_F_TENTATIVE | IFA_F_DADFAILED));
}

/* The better one: temporary; else any that does not leak. */
static bool has_better(const struct pk_audit_link *l, const struct pk_audit_address *than)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct pk_audit_address *x = &l->addresses[i];

        if (usable(x) && (x->origin == PK_ORIGIN_TEMPORARY ||
                          (pk_audit_leaks(than) && x->origin == PK_ORIGIN_STABLE)))
            return true;
    }
    return false;
}

static bool to_keep(const struct pk_audit_link *l, const struct pk_audit_address *x)
{
    return x->v.scope == PK_SCOPE_GLOBAL && x->origin != PK_ORIGIN_TEMPORARY && has_better(l, x);
}

/* A name that iptables would take for a wildcard, or not take, goes without -o. */
static void out_of(const struct pk_audit_link *l, struct pk_buf *out)
{
    size_t len = strlen(l->l->name);

    if (strspn(l->l->name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") ==
        len)
        pk_buf_fmt(out, " -o %s", l->l->name);
}

/* Who shares the prefix sees the MAC itself: that is not the outside. */
static void jump(const struct pk_audit_link *l, const struct pk_audit_address *x, const char *chain,
                 struct pk_buf *out)
{
    struct pk_u128 prefix = {x->a->address.hi, 0};
    char text[46], around[46];

    pk_buf_fmt(out, "-A OUTPUT -s %s/128 ! -d %s/64", pk_address_text(x->a->address, text),
               pk_address_text(prefix, around));
    out_of(l, out);
    pk_buf_fmt(out, " -j %s\n", chain);
}

void pk_cure_rules(const struct pk_audit *a, struct pk_buf *out)
{
    bool begun = false;

    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < a->links[i].n; k++) {
            const struct pk_audit_link *l = &a->links[i];
            const struct pk_audit_address *x = &l->addresses[k];
            bool silent = pk_audit_leaks(x), kept = to_keep(l, x);

            if (!begun && (silent || kept))
                pk_buf_str(out, head);
            begun |= silent || kept;
            if (silent)
                jump(l, x, "NO-ERRORS", out);
            if (kept)
                jump(l, x, CHAIN, out);
        }
    if (begun)
        pk_buf_str(out, chains);
}
