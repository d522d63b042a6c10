// SPDX-License-Identifier: GPL-2.0-or-later
/* What was read and judged, as findings: what leaks now, then what will, then what others know. */
#include <errno.h>
#include <limits.h>
#include <linux/if_addr.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/macro.h"
#include "sensors/address/cure.h"

#define DUID_EPOCH INT64_C(946684800) /* 2000-01-01, RFC 8415, 11.2 */
#define TEXT_MAX (PATH_MAX + 128)

static int add(struct pk_findings *to, struct pk_finding *f)
{
    f->first = f->last = PK_WHEN_UNKNOWN;
    return pk_findings_add(to, f);
}

static int find_leak(const struct pk_audit_link *l, const struct pk_audit_address *x,
                     struct pk_findings *to)
{
    _pk_buf_ struct pk_buf cure = PK_BUF_INIT(PK_CURE_MAX);
    char text[46], mac[18];
    struct pk_finding f = {
        .kind = x->source ? PK_FINDING_SOURCE_MAC : PK_FINDING_ADDRESS_MAC,
        .where = l->l->name,
        .subject = pk_address_text(x->a->address, text),
        .value = pk_mac_text(x->v.mac, mac),
        .text = x->source ? "the address that the host shows to the outside has its MAC in it"
                          : "an address of the host has its MAC in it",
        .certainty = x->certainty,
        .reasons = {x->v.reason, x->source ? "the kernel takes it as source" : NULL},
        .answer_kind = PK_ANSWER_SETTING,
    };

    pk_cure_selection(l, x, &cure);
    f.answer = cure.data;
    return cure.failed ? cure.failed : add(to, &f);
}

static int find_guessable(const struct pk_audit_link *l, const struct pk_audit_address *x,
                          struct pk_findings *to)
{
    char text[46], said[TEXT_MAX];
    struct pk_finding f = {
        .kind = PK_FINDING_GUESSABLE,
        .where = l->l->name,
        .subject = pk_address_text(x->a->address, text),
        .value = pk_iid_name(x->v.iid),
        .text = said,
        .certainty = x->v.certainty,
        .reasons = {x->v.reason, x->proof},
    };

    snprintf(said, sizeof(said), "a scan tries this address early: its identifier is %s",
             pk_iid_name(x->v.iid));
    return add(to, &f);
}

static int find_in_addresses(const struct pk_audit_link *l, struct pk_findings *to)
{
    int r = 0;

    for (size_t i = 0; !r && i < l->n; i++) {
        const struct pk_audit_address *x = &l->addresses[i];

        if (pk_audit_leaks(x))
            r = find_leak(l, x, to);
        else if (x->v.scope == PK_SCOPE_GLOBAL && x->v.exposed[PK_SCANNING] == PK_EXPOSED_POSSIBLE)
            r = find_guessable(l, x, to);
    }
    return r;
}

static int find_setting(const struct pk_audit_link *l, struct pk_findings *to)
{
    _pk_buf_ struct pk_buf cure = PK_BUF_INIT(PK_CURE_MAX);
    const char *why = NULL;
    char said[TEXT_MAX];
    struct pk_finding f = {
        .kind = PK_FINDING_SETTING,
        .where = l->manager.file ? l->manager.file : l->l->name,
        .subject = l->l->name,
        .value = pk_manager_name(l->manager.kind),
        .text = said,
        .certainty =
            l->manager.kind == PK_MANAGER_KERNEL || l->manager.certain ? PK_CERTAIN : PK_STRONG,
        .answer_kind = PK_ANSWER_SETTING,
    };

    if (!pk_cure_needed(l) || !pk_audit_makes_eui64(l, &why))
        return 0;
    snprintf(said, sizeof(said), "%s makes addresses of the MAC here",
             l->manager.kind == PK_MANAGER_KERNEL ? "the kernel"
                                                  : pk_manager_name(l->manager.kind));
    f.reasons[0] = why;
    pk_cure_setting(l, &cure);
    f.answer = cure.data;
    return cure.failed ? cure.failed : add(to, &f);
}

/* Modes 2 and 3 have a secret; without a hardware address nothing else tells two of them apart. */
static bool one_secret(const struct pk_audit_link *a, const struct pk_audit_link *b)
{
    return a->l->gen_mode >= 2 && b->l->gen_mode >= 2 &&
           a->sysctl.secret_state == PK_SECRET_KNOWN && b->sysctl.secret_state == PK_SECRET_KNOWN &&
           !memcmp(a->sysctl.secret, b->sysctl.secret, sizeof(a->sysctl.secret)) &&
           !memcmp(a->l->permanent, b->l->permanent, sizeof(a->l->permanent));
}

static int find_one_secret(const struct pk_audit *a, size_t i, struct pk_findings *to)
{
    struct pk_finding f = {
        .kind = PK_FINDING_SHARED_SECRET,
        .where = a->links[i].l->name,
        .subject = a->links[i].l->name,
        .text = "two interfaces have one secret and one permanent hardware address, or none: "
                "in one prefix they have one identifier",
        .certainty = PK_CERTAIN,
        .reasons = {"stable_secret is the same"},
    };

    for (size_t k = 0; k < i; k++)
        if (one_secret(&a->links[i], &a->links[k])) {
            f.value = a->links[k].l->name;
            return add(to, &f);
        }
    return 0;
}

static uint64_t number(const uint8_t *b, size_t n)
{
    uint64_t v = 0;

    while (n--)
        v = v << 8 | *b++;
    return v;
}

/* LLT: hardware type, seconds since 2000, MAC; LL: without the seconds (RFC 8415, 11.2 and 11.4).
 */
int pk_audit_find_duid(const struct pk_duid *d, const char *who, struct pk_finding *f,
                       struct pk_findings *to)
{
    char text[18], said[TEXT_MAX], when[32] = "";
    uint64_t mac;
    time_t made;
    struct tm tm;

    if (!pk_duid_mac(d, &mac))
        return 0;
    made = (time_t)(DUID_EPOCH + (int64_t)number(d->bytes + 4, 4));
    if (d->len == 14 && gmtime_r(&made, &tm))
        strftime(when, sizeof(when), " and the day %Y-%m-%d", &tm);
    pk_mac_text(mac, text);
    snprintf(said, sizeof(said), "%s: %s the MAC %s%s", f->where, who, text, when);
    f->kind = PK_FINDING_DUID;
    f->subject = d->len == 14 ? "DUID-LLT" : "DUID-LL";
    f->value = text;
    f->text = said;
    f->certainty = PK_CERTAIN;
    f->reasons[0] = "by definition of its type";
    return add(to, f);
}

static int find_lease(const struct pk_audit_lease *l, struct pk_findings *to)
{
    struct pk_finding f = {
        .where = l->file,
        .evidence = {{.unit = PK_EVIDENCE_LINE, .number = l->line}},
        .n_evidence = 1,
    };

    return l->is_address ? 0 : pk_audit_find_duid(&l->duid, "DHCPv6 servers are told", &f, to);
}

static const char *link_name(const struct pk_audit *a, uint32_t index)
{
    for (size_t i = 0; i < a->n; i++)
        if (a->links[i].l->index == index)
            return a->links[i].l->name;
    return NULL;
}

/* On the link everybody sees the MAC; beyond it an address tells it. */
static int find_neighbour(const struct pk_inet6_neighbour *n, const struct pk_audit *a,
                          struct pk_findings *to)
{
    struct pk_verdict v;
    char text[46], mac[18];
    struct pk_finding f = {
        .kind = PK_FINDING_ADDRESS_MAC,
        .where = link_name(a, n->link),
        .subject = pk_address_text(n->address, text),
        .value = pk_mac_text(n->mac, mac),
        .text = n->router ? "the address of a router has its MAC in it"
                          : "the address of a neighbour has its MAC in it",
        .certainty = PK_CERTAIN,
        .reasons = {"the neighbour table has the same MAC"},
    };

    pk_address_judge(n->address, &v);
    if (!f.where || v.scope != PK_SCOPE_GLOBAL || !pk_iid_has_mac(v.iid) || v.mac != n->mac)
        return 0;
    return add(to, &f);
}

int pk_audit_find(const struct pk_audit *a, struct pk_findings *to)
{
    int r = 0;

    for (size_t i = 0; !r && i < a->n; i++)
        r = find_in_addresses(&a->links[i], to);
    for (size_t i = 0; !r && i < a->n; i++) {
        r = find_setting(&a->links[i], to);
        if (!r)
            r = find_one_secret(a, i, to);
    }
    for (size_t i = 0; !r && i < a->n_leases; i++)
        r = find_lease(&a->leases[i], to);
    for (size_t i = 0; !r && i < a->inet6.n_neighbours; i++)
        r = find_neighbour(&a->inet6.neighbours[i], a, to);
    return r ? r : pk_audit_find_in_files(a, to);
}
