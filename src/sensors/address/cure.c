// SPDX-License-Identifier: GPL-2.0-or-later
#include "sensors/address/cure.h"

#include <linux/if_addr.h>
#include <string.h>

#include "base/macro.h"

#define SYSCTL_FILE "/etc/sysctl.d/60-ipv6-addresses.conf"
#define CONF "/proc/sys/net/ipv6/conf/"

void pk_shell_quote(const char *s, struct pk_buf *out)
{
    pk_buf_char(out, '\'');
    for (; *s; s++)
        if (*s == '\'')
            pk_buf_str(out, "'\\''");
        else
            pk_buf_char(out, *s);
    pk_buf_char(out, '\'');
}

/* "FORMAT" with each % replaced by the word, quoted; ends the line. */
static void command(struct pk_buf *out, const char *format, const char *word)
{
    for (; *format; format++)
        if (*format == '%')
            pk_shell_quote(word, out);
        else
            pk_buf_char(out, *format);
    pk_buf_char(out, '\n');
}

/* One secret for each interface; it is in the file before it is used. */
static void kernel_stable(const struct pk_audit_link *l, struct pk_buf *out)
{
    const char *name = l->l->name;

    pk_buf_str(out,
               "secret=$(od -An -N16 -tx2 /dev/urandom | tr -d '\\n' | tr ' ' : | cut -c2-)\n");
    pk_buf_str(out, "(umask 077; printf 'net/ipv6/conf/%s/stable_secret = %s\\n' ");
    command(out, "% \"$secret\" >>" SYSCTL_FILE ")", name);
    pk_buf_str(out, "printf '%s\\n' \"$secret\" >" CONF);
    command(out, "%/stable_secret", name);
}

static void kernel_temporary(const struct pk_audit_link *l, struct pk_buf *out)
{
    const char *name = l->l->name;

    pk_buf_str(out, "printf 'net/ipv6/conf/%s/use_tempaddr = 2\\n' ");
    command(out, "% >>" SYSCTL_FILE, name);
    command(out, "echo 2 >" CONF "%/use_tempaddr", name);
}

static void kernel_duid(const struct pk_audit_link *l, struct pk_buf *out)
{
    command(out, "# dhclient knows no other DUIDs: take dhcpcd with \"duid uuid\" for %",
            l->l->name);
}

static void kernel_apply(const struct pk_audit_link *l, struct pk_buf *out)
{
    if (l->manager.kind != PK_MANAGER_IFUPDOWN || !l->manager.file)
        return;
    pk_buf_str(out, "# ifupdown: write \"privext 2\" below \"iface ");
    pk_buf_text(out, l->l->name, strlen(l->l->name));
    pk_buf_str(out, " inet6\" of ");
    pk_buf_text(out, l->manager.file, strlen(l->manager.file));
    pk_buf_str(out, " (0 on a server)\n");
}

/* The word after "nmcli connection modify": a uuid, or the id of a keyfile without one. */
static void nmcli(const struct pk_audit_link *l, const char *settings, struct pk_buf *out)
{
    pk_buf_str(out, "nmcli connection modify ");
    pk_shell_quote(l->manager.name ? l->manager.name : l->l->name, out);
    pk_buf_fmt(out, " %s\n", settings);
}

static void netplan(const struct pk_audit_link *l, const char *setting, struct pk_buf *out)
{
    _pk_buf_ struct pk_buf word = PK_BUF_INIT(4096);

    pk_buf_fmt(&word, "%s.%s", l->manager.node, setting);
    if (!word.failed)
        command(out, "netplan set %", word.data);
}

static void nm_stable(const struct pk_audit_link *l, struct pk_buf *out)
{
    if (l->manager.netplan)
        netplan(l, "ipv6-address-generation=stable-privacy", out);
    else
        nmcli(l, "ipv6.addr-gen-mode stable-privacy", out);
}

static void nm_temporary(const struct pk_audit_link *l, struct pk_buf *out)
{
    if (l->manager.netplan)
        netplan(l, "ipv6-privacy=true", out);
    else
        nmcli(l, "ipv6.ip6-privacy 2", out);
}

static void nm_duid(const struct pk_audit_link *l, struct pk_buf *out)
{
    nmcli(l, "ipv6.dhcp-duid stable-uuid ipv6.dhcp-iaid stable", out);
}

static void nm_apply(const struct pk_audit_link *l, struct pk_buf *out)
{
    if (l->manager.netplan)
        pk_buf_str(out, "netplan apply\n");
    else
        command(out, "nmcli connection up %", l->manager.name ? l->manager.name : l->l->name);
}

/* A drop-in beside the file, also where netplan writes the file itself anew. */
static void drop_in(const struct pk_audit_link *l, const char *lines, const char *name,
                    struct pk_buf *out)
{
    const char *slash = l->manager.file ? strrchr(l->manager.file, '/') : NULL;
    _pk_buf_ struct pk_buf dir = PK_BUF_INIT(8192);

    pk_buf_str(&dir, "/etc/systemd/network/");
    pk_buf_str(&dir, slash ? slash + 1 : "10-ipv6.network");
    pk_buf_str(&dir, ".d");
    if (dir.failed)
        return;
    command(out, "mkdir -p %", dir.data);
    pk_buf_fmt(out, "printf '%%s\\n' %s >", lines);
    pk_shell_quote(dir.data, out);
    pk_buf_fmt(out, "/%s\n", name);
}

static void networkd_stable(const struct pk_audit_link *l, struct pk_buf *out)
{
    drop_in(l,
            "'[Network]' 'IPv6LinkLocalAddressGenerationMode=stable-privacy' '[IPv6AcceptRA]' "
            "'Token=' 'Token=prefixstable'",
            "60-opaque.conf", out);
}

static void networkd_temporary(const struct pk_audit_link *l, struct pk_buf *out)
{
    drop_in(l, "'[Network]' 'IPv6PrivacyExtensions=yes'", "61-temporary.conf", out);
}

static void networkd_duid(const struct pk_audit_link *l, struct pk_buf *out)
{
    drop_in(l, "'[DHCPv6]' 'DUIDType=uuid'", "62-duid.conf", out);
}

static void networkd_apply(const struct pk_audit_link *l, struct pk_buf *out)
{
    pk_buf_str(out, "networkctl reload\n");
    command(out, "networkctl reconfigure %", l->l->name);
}

/* A later part for the same interface counts beside the ones before it. */
static void dhcpcd_stable(const struct pk_audit_link *l, struct pk_buf *out)
{
    pk_buf_str(out, "printf 'interface %s\\nslaac private\\n' ");
    command(out, "% >>/etc/dhcpcd.conf", l->l->name);
}

static void dhcpcd_temporary(const struct pk_audit_link *l, struct pk_buf *out)
{
    pk_buf_str(out, "printf 'interface %s\\nslaac private temporary\\n' ");
    command(out, "% >>/etc/dhcpcd.conf", l->l->name);
}

static void dhcpcd_duid(const struct pk_audit_link *l, struct pk_buf *out)
{
    (void)l;
    pk_buf_str(out, "sed -i 's/^[[:blank:]]*duid.*/duid uuid/' /etc/dhcpcd.conf\n"
                    "rm -f /var/lib/dhcpcd/duid\n");
}

static void dhcpcd_apply(const struct pk_audit_link *l, struct pk_buf *out)
{
    command(out, "dhcpcd -n %", l->l->name);
}

typedef void cure_fn(const struct pk_audit_link *l, struct pk_buf *out);

static const struct cure {
    cure_fn *stable, *temporary, *duid, *apply;
} cures[PK_MANAGER_N] = {
    [PK_MANAGER_KERNEL] = {kernel_stable, kernel_temporary, kernel_duid, kernel_apply},
    [PK_MANAGER_IFUPDOWN] = {kernel_stable, kernel_temporary, kernel_duid, kernel_apply},
    [PK_MANAGER_NETWORKMANAGER] = {nm_stable, nm_temporary, nm_duid, nm_apply},
    [PK_MANAGER_NETWORKD] = {networkd_stable, networkd_temporary, networkd_duid, networkd_apply},
    [PK_MANAGER_DHCPCD] = {dhcpcd_stable, dhcpcd_temporary, dhcpcd_duid, dhcpcd_apply},
};

static bool any_leaks(const struct pk_audit_link *l)
{
    for (size_t i = 0; i < l->n; i++)
        if (pk_audit_leaks(&l->addresses[i]))
            return true;
    return false;
}

/* Whether it takes prefixes from router advertisements: else it makes no addresses of them. */
static bool autoconfigured(const struct pk_audit_link *l)
{
    const struct pk_audit_sysctl *s = &l->sysctl;

    if (l->manager.iid != PK_MANAGER_ASKS_KERNEL)
        return true;
    return s->autoconf > 0 && (s->accept_ra == 2 || (s->accept_ra == 1 && !s->forwarding));
}

static bool setting_leaks(const struct pk_audit_link *l)
{
    const char *why;

    return pk_audit_makes_eui64(l, &why) && l->l->up && (autoconfigured(l) || any_leaks(l));
}

bool pk_cure_needed(const struct pk_audit_link *l)
{
    return setting_leaks(l) || any_leaks(l) || l->manager.duid == PK_DUID_WITH_MAC;
}

void pk_cure_setting(const struct pk_audit_link *l, struct pk_buf *out)
{
    const struct cure *c = &cures[l->manager.kind];

    c->stable(l, out);
    if (!pk_audit_is_temporary(l))
        c->temporary(l, out);
    c->apply(l, out);
}

/* "2001:db8::1/64 dev 'eth0'" */
static void address_and_link(const struct pk_audit_link *l, const struct pk_audit_address *x,
                             struct pk_buf *out)
{
    char text[46];

    pk_buf_fmt(out, "%s/%u dev ", pk_address_text(x->a->address, text), x->a->bits);
    pk_shell_quote(l->l->name, out);
}

/*
 * A label that no destination has: any other address is taken before it (RFC 6724, rule 6), and no
 * router advertisement takes the label away. Deprecating it is for addresses that have no temporary
 * ones under them: those would be deprecated with it (manage_tempaddrs() in net/ipv6/addrconf.c).
 */
void pk_cure_selection(const struct pk_audit_link *l, const struct pk_audit_address *x,
                       struct pk_buf *out)
{
    char text[46];

    pk_buf_fmt(out, "ip addrlabel add prefix %s/128 label %u\n",
               pk_address_text(x->a->address, text), PK_CURE_LABEL);
    if (x->a->flags & IFA_F_MANAGETEMPADDR)
        return;
    pk_buf_str(out, "ip -6 addr change ");
    address_and_link(l, x, out);
    if (x->a->valid != PK_INET6_FOREVER)
        pk_buf_fmt(out, " valid_lft %u", x->a->valid);
    pk_buf_fmt(out, "%s preferred_lft 0\n",
               x->a->flags & IFA_F_NOPREFIXROUTE ? " noprefixroute" : "");
}

/* What was autoconfigured comes back, made anew, with the next router advertisement. A manager may
 * have taken it away before: then there is nothing to delete. */
static void cure_address(const struct pk_audit_link *l, const struct pk_audit_address *x,
                         struct pk_buf *out)
{
    bool by_hand = x->a->flags & IFA_F_PERMANENT && x->a->protocol != IFAPROT_KERNEL_RA;
    char text[46];

    if (!by_hand) {
        pk_buf_str(out, "ip -6 addr del ");
        address_and_link(l, x, out);
        pk_buf_str(out, " || true\n");
        return;
    }
    pk_buf_str(out, "# Added by hand: replace it where it is configured, by what this prints:\n");
    pk_buf_fmt(out, "#   picket address iid %s/64 --secret-file FILE --interface-id ",
               pk_address_text((struct pk_u128){x->a->address.hi, 0}, text));
    pk_buf_text(out, l->l->name, strlen(l->l->name));
    pk_buf_str(out, "\n# Until then it is not taken as source where there is another:\n");
    pk_cure_selection(l, x, out);
}

static void script_link(const struct pk_audit_link *l, struct pk_buf *out)
{
    const struct cure *c = &cures[l->manager.kind];

    pk_buf_str(out, "\n# ");
    pk_buf_text(out, l->l->name, strlen(l->l->name));
    pk_buf_fmt(out, ", managed by %s\n", pk_manager_name(l->manager.kind));
    if (setting_leaks(l))
        c->stable(l, out);
    if (!pk_audit_is_temporary(l)) {
        pk_buf_str(out, "if [ \"$temporary\" = yes ]; then\n");
        c->temporary(l, out);
        pk_buf_str(out, "fi\n");
    }
    if (l->manager.duid == PK_DUID_WITH_MAC)
        c->duid(l, out);
    c->apply(l, out);
    for (size_t i = 0; i < l->n; i++)
        if (pk_audit_leaks(&l->addresses[i]))
            cure_address(l, &l->addresses[i], out);
}

void pk_cure_script(const struct pk_audit *a, struct pk_buf *out)
{
    bool begun = false;

    for (size_t i = 0; i < a->n; i++) {
        if (!pk_cure_needed(&a->links[i]))
            continue;
        if (!begun)
            pk_buf_str(
                out, "#!/bin/sh\n"
                     "# What picket address audit proposes. Read it before it is run: connections "
                     "of the\n# addresses that it removes end.\n"
                     "set -eu\n"
                     "temporary=yes # no: on a server, which is found at its address\n");
        begun = true;
        script_link(&a->links[i], out);
    }
    if (begun)
        pk_buf_str(out, "\npicket address audit\n");
}
