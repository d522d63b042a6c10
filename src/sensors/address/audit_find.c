// SPDX-License-Identifier: GPL-2.0-or-later
/* What was read and judged, as findings: what leaks now, then what will, then what others know. */
#include <errno.h>
#include <linux/if_addr.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/macro.h"
#include "sensors/address/cure.h"
#include "sensors/address/text.h"

#define DUID_EPOCH INT64_C(946684800) /* 2000-01-01, RFC 8415, 11.2 */
#define TEXT_MAX 512

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

/* Type 1: hardware type, seconds since 2000, MAC; 3: without the seconds (RFC 8415, 11.2 and 11.4).
 */
static int find_duid(const struct pk_audit_lease *l, struct pk_findings *to)
{
    uint64_t type = number(l->duid, 2);
    size_t at = type == 1 ? 8 : 4;
    char mac[18], said[TEXT_MAX], when[32] = "";
    struct pk_finding f = {
        .kind = PK_FINDING_DUID,
        .where = l->file,
        .subject = type == 1 ? "DUID-LLT" : "DUID-LL",
        .value = mac,
        .text = said,
        .certainty = PK_CERTAIN,
        .reasons = {"by definition of its type"},
        .evidence = {{.unit = PK_EVIDENCE_LINE, .number = l->line}},
        .n_evidence = 1,
    };
    time_t made;
    struct tm tm;

    if (l->is_address || (type != 1 && type != 3) || l->duid_len != at + 6)
        return 0;
    pk_mac_text(number(l->duid + at, 6), mac);
    made = (time_t)(DUID_EPOCH + (int64_t)number(l->duid + 4, 4));
    if (type == 1 && gmtime_r(&made, &tm))
        strftime(when, sizeof(when), " and the day %Y-%m-%d", &tm);
    snprintf(said, sizeof(said), "DHCPv6 servers are told a MAC%s", when);
    return add(to, &f);
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

static int find_in_hosts_line(const char *line, unsigned number_of_line, struct pk_findings *to)
{
    const char *at = line, *end = pk_address_line_end(line, line + strlen(line));
    struct pk_address_found found;
    struct pk_verdict v;
    char text[46], mac[18];
    int r = 0;

    while (!r && (at = pk_address_find(at, end, &found))) {
        struct pk_finding f = {
            .kind = PK_FINDING_ADDRESS_MAC,
            .where = "/etc/hosts",
            .subject = pk_address_text(found.address, text),
            .value = mac,
            .text = "a host is known by an address that has a MAC in it",
            .evidence = {{.unit = PK_EVIDENCE_LINE, .number = number_of_line}},
            .n_evidence = 1,
        };

        pk_address_judge(found.address, &v);
        if (v.scope != PK_SCOPE_GLOBAL || !pk_iid_has_mac(v.iid) || v.iid == PK_IID_IANA)
            continue;
        pk_mac_text(v.mac, mac);
        f.certainty = v.certainty;
        f.reasons[0] = v.reason;
        r = add(to, &f);
    }
    return r;
}

static int find_in_hosts(const struct pk_audit *a, struct pk_findings *to)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(PK_TREE_FILE_MAX);
    char *at, *line;
    int r = 0;

    if (pk_tree_read(&a->tree, "/etc/hosts", &text))
        return 0;
    at = text.data;
    for (unsigned n = 1; !r && (line = pk_next_line(&at)); n++)
        r = find_in_hosts_line(line, n, to);
    return r;
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
        r = find_duid(&a->leases[i], to);
    for (size_t i = 0; !r && i < a->inet6.n_neighbours; i++)
        r = find_neighbour(&a->inet6.neighbours[i], a, to);
    return r ? r : find_in_hosts(a, to);
}
