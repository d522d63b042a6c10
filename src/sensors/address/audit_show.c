// SPDX-License-Identifier: GPL-2.0-or-later
/* The audit for people and as JSON. Secrets are never shown, only whether there is one. */
#include <errno.h>
#include <linux/if_addr.h>
#include <string.h>

#include "base/macro.h"
#include "base/out.h"
#include "cli/cli.h"
#include "sensors/address/audit.h"

static const char *gen_mode_name(uint8_t mode)
{
    static const char *const names[] = {"eui64", "none", "stable_secret", "random"};

    return mode < PK_ARRAY_SIZE(names) ? names[mode] : "unknown";
}

static const char *secret_name(enum pk_secret_state s)
{
    static const char *const names[] = {"none", "hidden", "known"};

    return names[s];
}

static void show_host(const struct pk_audit *a, FILE *to)
{
    _pk_table_ struct pk_table *t =
        pk_table_new((const char *const[]){"ATTACK", "THIS HOST", "BY", NULL});
    char text[46];

    for (int k = 0; t && k < PK_ATTACKS; k++) {
        pk_table_str(t, pk_attack_name((enum pk_attack)k));
        pk_table_str(t, pk_exposure_name(a->exposed[k]));
        pk_table_str(t, a->worst[k] && a->exposed[k] != PK_EXPOSED_NO
                            ? pk_address_text(a->worst[k]->a->address, text)
                            : "");
        pk_table_end_row(t);
    }
    if (t)
        pk_table_print(t, 0, to);
}

static const char *lifetime(const struct pk_audit_address *x, char buf[static 16])
{
    if (x->a->flags & IFA_F_DADFAILED)
        return "duplicate";
    if (x->a->flags & IFA_F_TENTATIVE)
        return "tentative";
    if (x->a->flags & IFA_F_DEPRECATED)
        return "deprecated";
    if (x->a->preferred == PK_INET6_FOREVER)
        return "for ever";
    snprintf(buf, 16, "%u s", x->a->preferred);
    return buf;
}

/* 80 columns, for the longest address. */
static void show_addresses(const struct pk_audit_link *l, FILE *to)
{
    char text[46], address[50], preferred[16];

    if (l->n)
        fprintf(to, "  %-43s  %-13s  %s\n", "ADDRESS", "ORIGIN", "PREFERRED");
    for (size_t i = 0; i < l->n; i++) {
        const struct pk_audit_address *x = &l->addresses[i];

        snprintf(address, sizeof(address), "%s/%u", pk_address_text(x->a->address, text),
                 x->a->bits);
        fprintf(to, x->source ? "  %-43s  %-13s  %-10s  SOURCE\n" : "  %-43s  %-13s  %s\n", address,
                pk_origin_name(x->origin), lifetime(x, preferred));
        fprintf(to, "      %s\n", x->proof);
    }
}

/* "  file: /etc/...", "  says: Token=eui64": each setting on a line. */
static void show_said(const char *what, const char *s, struct pk_buf *b)
{
    if (!s)
        return;
    pk_buf_fmt(b, "  %s: ", what);
    for (const char *comma; (comma = strstr(s, ", ")); s = comma + 2) {
        pk_buf_text(b, s, (size_t)(comma - s));
        pk_buf_str(b, "\n        ");
    }
    pk_buf_text(b, s, strlen(s));
    pk_buf_char(b, '\n');
}

static void show_link(const struct pk_audit_link *l, FILE *to)
{
    const struct pk_manager *m = &l->manager;
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(8192);

    pk_buf_fmt(&b, "\n%s: %s%s\n", l->l->name, pk_manager_name(m->kind),
               m->netplan ? " for netplan" : "");
    show_said("file", m->file, &b);
    show_said("says", m->said, &b);
    pk_buf_fmt(&b, "  kernel: addr_gen_mode %s, secret %s, use_tempaddr %d, accept_ra %d\n",
               gen_mode_name(l->l->gen_mode), secret_name(l->sysctl.secret_state),
               l->sysctl.use_tempaddr, l->sysctl.accept_ra);
    if (!b.failed)
        fputs(b.data, to);
    show_addresses(l, to);
}

void pk_audit_show(const struct pk_audit *a, FILE *to)
{
    show_host(a, to);
    for (size_t i = 0; i < a->n; i++)
        if (!a->links[i].l->loopback && (a->links[i].n || a->n == 1))
            show_link(&a->links[i], to);
}

static json_t *exposed_json(const enum pk_exposure exposed[PK_ATTACKS])
{
    json_t *o = json_object();

    for (int k = 0; k < PK_ATTACKS; k++)
        json_object_set_new(o, pk_attack_name((enum pk_attack)k),
                            json_string(pk_exposure_name(exposed[k])));
    return o;
}

static json_t *address_json(const struct pk_audit_address *x)
{
    char text[46];
    json_t *o =
        json_pack("{s:s,s:i,s:s,s:s,s:s,s:s,s:s,s:b,s:b,s:b,s:i,s:o}", "address",
                  pk_address_text(x->a->address, text), "prefix_length", x->a->bits, "kind",
                  pk_address_kind_name(x->v.kind), "identifier", pk_iid_name(x->v.iid), "origin",
                  pk_origin_name(x->origin), "certainty", pk_certainty_name(x->certainty), "proof",
                  x->proof, "source", x->source, "deprecated", !!(x->a->flags & IFA_F_DEPRECATED),
                  "tentative", !!(x->a->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)), "protocol",
                  x->a->protocol, "attacks", exposed_json(x->v.exposed));

    if (o && pk_iid_has_mac(x->v.iid) && x->origin == PK_ORIGIN_EUI64)
        json_object_set_new(o, "mac", json_string(pk_mac_text(x->v.mac, text)));
    if (o && x->a->preferred != PK_INET6_FOREVER)
        json_object_set_new(o, "preferred", json_integer(x->a->preferred));
    if (o && x->a->valid != PK_INET6_FOREVER)
        json_object_set_new(o, "valid", json_integer(x->a->valid));
    return o;
}

static json_t *manager_json(const struct pk_manager *m)
{
    json_t *o =
        json_pack("{s:s,s:b,s:s,s:s,s:s}", "name", pk_manager_name(m->kind), "netplan", m->netplan,
                  "certainty", pk_certainty_name(m->certain ? PK_CERTAIN : PK_STRONG), "identifier",
                  pk_manager_iid_name(m->iid), "temporary", pk_temporary_name(m->temporary));

    if (o && m->file)
        json_object_set_new(o, "file", pk_json_text(m->file));
    if (o && m->said)
        json_object_set_new(o, "said", pk_json_text(m->said));
    return o;
}

static json_t *link_json(const struct pk_audit_link *l)
{
    const struct pk_audit_sysctl *s = &l->sysctl;
    json_t *list = json_array(), *o;

    for (size_t i = 0; i < l->n; i++)
        json_array_append_new(list, address_json(&l->addresses[i]));
    o = json_pack("{s:o,s:b,s:s,s:s,s:i,s:i,s:i,s:i,s:I,s:I,s:o,s:o}", "name",
                  pk_json_text(l->l->name), "up", l->l->up, "addr_gen_mode",
                  gen_mode_name(l->l->gen_mode), "secret", secret_name(s->secret_state),
                  "use_tempaddr", s->use_tempaddr, "accept_ra", s->accept_ra, "autoconf",
                  s->autoconf, "forwarding", s->forwarding, "temp_valid_lft",
                  (json_int_t)s->temp_valid, "temp_prefered_lft", (json_int_t)s->temp_preferred,
                  "manager", manager_json(&l->manager), "addresses", list);
    if (o && l->l->token) {
        char text[46];

        json_object_set_new(o, "token",
                            json_string(pk_address_text((struct pk_u128){0, l->l->token}, text)));
    }
    return o;
}

int pk_audit_json(const struct pk_audit *a, json_t *to)
{
    json_t *list = json_array();

    for (size_t i = 0; i < a->n; i++)
        if (json_array_append_new(list, link_json(&a->links[i]))) {
            json_decref(list);
            return -ENOMEM;
        }
    return json_object_set_new(to, "interfaces", list) ||
                   json_object_set_new(to, "host", exposed_json(a->exposed))
               ? -ENOMEM
               : 0;
}
