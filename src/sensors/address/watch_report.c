// SPDX-License-Identifier: GPL-2.0-or-later
/* Findings of one entry of a table each; watch_joins.c makes those of several. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "base/macro.h"
#include "sensors/address/address.h"
#include "sensors/address/space.h"
#include "sensors/address/watch.h"

#define TEXT_MAX 1024u
#define DUID_EPOCH 946684800 /* 2000-01-01 (RFC 8415, 11.2) */

enum { DUID_LLT = 1, DUID_EN = 2, DUID_LL = 3, DUID_UUID = 4, ETHERNET = 1 };

/* Of a prefix the text only counts addresses, which would be news all the time. */
static bool is_news(struct pk_seen_table *told, const struct pk_finding *f)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(4 * TEXT_MAX);
    struct pk_watch_told *t;
    struct pk_u128 key;

    pk_buf_fmt(&b, "%d %d %s %s %s", f->kind, f->certainty, f->subject, f->value ? f->value : "",
               f->kind == PK_FINDING_PREFIX ? "" : f->text);
    if (b.failed)
        return true;
    key = pk_hash128(b.data, b.len);
    t = pk_seen_get(told, &key);
    if (!t || t->said)
        return false;
    return t->said = true;
}

int pk_watch_emit(const struct pk_watch_report *r, const struct pk_seen *s, struct pk_finding *f)
{
    f->where = r->where;
    pk_seen_evidence(s, f);
    if (r->redact->on) {
        f->where = "capture";
        f->first = f->last = PK_WHEN_UNKNOWN;
        f->answer_kind = PK_ANSWER_NONE; /* no rule is for a stand-in */
    }
    return r->told && !is_news(r->told, f) ? 0 : pk_findings_add(r->to, f);
}

static void reason(struct pk_finding *f, const char *why)
{
    for (size_t i = 0; i < PK_REASONS_MAX; i++)
        if (!f->reasons[i]) {
            f->reasons[i] = why;
            return;
        }
}

static const char *address_text(const struct pk_watch_report *r, struct pk_u128 a,
                                char buf[static 46])
{
    return pk_address_text(pk_redact_address(r->redact, a), buf);
}

/* "00:1b:38:12:34:56 (Compal Information)" */
static void mac_and_vendor(const struct pk_watch_report *r, uint64_t mac, struct pk_buf *b)
{
    const struct pk_vendor_block *block = pk_vendor_of(r->vendors, mac);
    char text[18];

    pk_buf_str(b, pk_mac_text(pk_redact_mac(r->redact, mac), text));
    if (block && block->name)
        pk_buf_fmt(b, " (%s)", block->name);
}

/* How sure it is that the address has this MAC in it, and why. */
static void confirmed(const struct pk_watch_report *r, const struct pk_watch_address *a,
                      const struct pk_verdict *v, struct pk_finding *f)
{
    const struct pk_vendor_block *block = pk_vendor_of(r->vendors, a->mac);
    bool sure;

    if (a->flags & PK_WATCH_LINK_MAC)
        reason(f, "its packets come from that MAC");
    if (a->flags & PK_WATCH_ND_MAC)
        reason(f, "neighbour discovery gives it that MAC");
    if (pk_seen_find(&r->watch->macs, &a->mac))
        reason(f, "DHCPv6 names that MAC");
    sure = f->reasons[0];
    f->certainty = sure ? PK_CERTAIN : v->certainty;
    if (!sure && v->iid == PK_IID_EUI64 && block && block->name) {
        f->certainty = PK_STRONG;
        reason(f, "ff:fe in place, the u bit, and a block that is registered");
    } else if (!sure) {
        reason(f, v->reason);
    }
    if (a->flags & PK_WATCH_ND_OTHER) {
        f->certainty = sure ? PK_STRONG : PK_WEAK;
        reason(f, "neighbour discovery gives it another MAC");
    }
}

struct vendor_price {
    struct pk_u128 name; /* its hash: each block has a copy of it */
    struct pk_space space;
};

/* A vendor's price takes a walk over all blocks of all vendors: once for each. */
static bool space_of(const struct pk_watch_report *r, const struct pk_verdict *v,
                     struct pk_space *ret)
{
    const struct pk_vendor_block *block = pk_vendor_of(r->vendors, v->mac);
    struct vendor_price *p = NULL;

    if (v->iid == PK_IID_EUI64 && block && block->name) {
        struct pk_u128 name = pk_hash128(block->name, strlen(block->name));

        p = pk_seen_get(r->prices, &name);
    }
    if (p && p->space.known) {
        *ret = p->space;
        return true;
    }
    if (!pk_space_of(v, r->vendors, ret))
        return false;
    if (p)
        p->space = *ret;
    return true;
}

/* What it costs to find its siblings in one subnet. */
static void price(const struct pk_watch_report *r, const struct pk_verdict *v, struct pk_buf *b)
{
    struct pk_space space;

    if (!space_of(r, v, &space))
        return;
    pk_buf_str(b, "; a scan for it tries ");
    pk_space_text(space.addresses, b);
    pk_buf_str(b, " addresses, ");
    pk_space_time(space.addresses, r->rate, b);
}

static int address_mac(const struct pk_watch_report *r, const struct pk_watch_address *a)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(TEXT_MAX);
    struct pk_finding f = {.kind = PK_FINDING_ADDRESS_MAC};
    char address[46], mac[18];
    struct pk_verdict v;

    pk_address_judge(a->address, &v);
    confirmed(r, a, &v, &f);
    pk_buf_str(&b, v.iid == PK_IID_EUI64_LOCAL ? "has in it the local MAC " : "has in it the MAC ");
    mac_and_vendor(r, a->mac, &b);
    price(r, &v, &b);
    f.subject = address_text(r, a->address, address);
    f.value = pk_mac_text(pk_redact_mac(r->redact, a->mac), mac);
    f.text = b.data;
    return b.failed ? b.failed : pk_watch_emit(r, &a->seen, &f);
}

/* The types that RFC 4443 lets a host leave out; "packet too big" must go out. */
static void silence(const struct pk_watch_report *r, const struct pk_watch_address *a,
                    struct pk_finding *f, struct pk_buf *b)
{
    char address[46];
    int type = a->errors & 1 << 1 ? 1 : a->errors & 1 << 3 ? 3 : a->errors & 1 << 4 ? 4 : 0;

    if (!type)
        return;
    pk_buf_fmt(b, "-A OUTPUT -s %s/128 -p ipv6-icmp -m icmp6 --icmpv6-type %d -j DROP",
               address_text(r, a->address, address), type);
    f->answer_kind = PK_ANSWER_RULE;
    f->answer = b->data;
}

static void error_names(unsigned errors, struct pk_buf *b)
{
    static const char *const names[] = {NULL, "destination unreachable", "packet too big",
                                        "time exceeded", "parameter problem"};
    const char *between = "";

    for (unsigned t = 1; t < PK_ARRAY_SIZE(names); t++)
        if (errors >> t & 1) {
            pk_buf_fmt(b, "%s%s", between, names[t]);
            between = ", ";
        }
}

static int error_mac(const struct pk_watch_report *r, const struct pk_watch_address *a)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(TEXT_MAX), rule = PK_BUF_INIT(TEXT_MAX);
    struct pk_finding f = {.kind = PK_FINDING_ERROR_MAC};
    char address[46], mac[18];
    struct pk_verdict v;

    pk_address_judge(a->address, &v);
    confirmed(r, a, &v, &f);
    pk_buf_str(&b, "gives the MAC ");
    mac_and_vendor(r, a->mac, &b);
    pk_buf_str(&b, " to whoever makes it send an error: ");
    error_names(a->errors, &b);
    silence(r, a, &f, &rule);
    f.subject = address_text(r, a->address, address);
    f.value = pk_mac_text(pk_redact_mac(r->redact, a->mac), mac);
    f.text = b.data;
    return b.failed || rule.failed ? -ENOMEM : pk_watch_emit(r, &a->seen, &f);
}

/*
 * A group is of the low 24 bits of some address. Those of the reporter's MAC, or of an EUI-64
 * address of its own, are no chance; others are half of an identifier that may be of any kind.
 */
static bool group_mac(const struct pk_watch_report *r, const struct pk_watch_group *g,
                      struct pk_finding *f)
{
    const struct pk_watch_address *a = pk_seen_find(&r->watch->addresses, &g->key.src);

    if (g->key.mac && (g->key.mac & 0xffffff) == g->key.low) {
        f->certainty = PK_CERTAIN;
        reason(f, "the report comes from the MAC that ends so");
    } else if (a && a->mac && (a->mac & 0xffffff) == g->key.low) {
        f->certainty = PK_STRONG;
        reason(f, "the reporter's address has a MAC that ends so");
    } else {
        return false;
    }
    return true;
}

static int group(const struct pk_watch_report *r, const struct pk_watch_group *g)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(TEXT_MAX);
    struct pk_finding f = {.kind = PK_FINDING_GROUP_MAC};
    uint32_t low = pk_redact_device(r->redact, (uint32_t)g->key.low);
    const struct pk_u128 group = {0xff02ULL << 48, 0x1ffULL << 24 | low};
    char subject[46], address[46], value[12];

    if (!group_mac(r, g, &f))
        return 0;
    pk_buf_fmt(&b,
               "%s reports this group: the device's half of its MAC, and of each of its EUI-64 "
               "addresses, seen or not",
               address_text(r, g->key.src, address));
    snprintf(value, sizeof(value), "%02x:%02x:%02x", low >> 16, low >> 8 & 0xff, low & 0xff);
    f.subject = pk_address_text(group, subject);
    f.value = value;
    f.text = b.data;
    return b.failed ? b.failed : pk_watch_emit(r, &g->seen, &f);
}

static void hex(const uint8_t *p, size_t len, struct pk_buf *b)
{
    for (size_t i = 0; i < len; i++)
        pk_buf_fmt(b, "%s%02x", i ? ":" : "", p[i]);
}

static void date(uint32_t seconds, struct pk_buf *b)
{
    time_t t = (time_t)DUID_EPOCH + seconds;
    char text[16] = "";
    struct tm tm;

    if (gmtime_r(&t, &tm))
        strftime(text, sizeof(text), "%Y-%m-%d", &tm);
    pk_buf_str(b, text);
}

/* What kind it is, in words; the MAC in it, or 0. A date says too much for a redacted report. */
static uint64_t duid_text(const struct pk_watch_report *r, const struct pk_watch_duid *d,
                          struct pk_buf *b)
{
    const uint8_t *p = d->key.bytes;
    unsigned type = pk_get16(p);
    uint64_t mac = 0;

    if (type == DUID_LLT && d->key.len == 14 && pk_get16(p + 2) == ETHERNET) {
        mac = pk_get48(p + 8);
        pk_buf_str(b, "type LLT: the MAC ");
        mac_and_vendor(r, mac, b);
        pk_buf_str(b, ", and when it was made");
        if (!r->redact->on) {
            pk_buf_str(b, ": ");
            date(pk_get32(p + 4), b);
        }
    } else if (type == DUID_LL && d->key.len == 10 && pk_get16(p + 2) == ETHERNET) {
        mac = pk_get48(p + 4);
        pk_buf_str(b, "type LL: the MAC ");
        mac_and_vendor(r, mac, b);
    } else if (type == DUID_EN && d->key.len >= 6) {
        pk_buf_fmt(b, "type EN: opaque, of enterprise %u, the same on every network",
                   pk_get32(p + 2));
    } else if (type == DUID_UUID) {
        pk_buf_str(b, "type UUID: opaque, the same on every network");
    } else {
        pk_buf_fmt(b, "type %u: the same on every network", type);
    }
    return mac;
}

static int duid(const struct pk_watch_report *r, const struct pk_watch_duid *d)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(TEXT_MAX), subject = PK_BUF_INIT(TEXT_MAX);
    struct pk_finding f = {.kind = PK_FINDING_DUID, .certainty = PK_CERTAIN};
    char address[46], mac[18];
    uint64_t value;

    if (r->redact->on)
        pk_redact_bytes(r->redact, d->key.bytes, d->key.len, &subject);
    else
        hex(d->key.bytes, d->key.len, &subject);
    pk_buf_fmt(&b, "%s %s has this DUID, ", d->server ? "DHCPv6 server, told by" : "DHCPv6 client",
               address_text(r, d->src, address));
    value = duid_text(r, d, &b);
    reason(&f, "by definition (RFC 8415)");
    f.subject = subject.data;
    f.value = value ? pk_mac_text(pk_redact_mac(r->redact, value), mac) : NULL;
    f.text = b.data;
    return b.failed || subject.failed ? -ENOMEM : pk_watch_emit(r, &d->seen, &f);
}

static int name(const struct pk_watch_report *r, const struct pk_watch_name *n)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(TEXT_MAX), value = PK_BUF_INIT(TEXT_MAX);
    struct pk_finding f = {.kind = PK_FINDING_NAME};
    size_t len = strnlen(n->key.name, PK_DNS_NAME_MAX);
    char address[46];

    if (r->redact->on)
        pk_redact_bytes(r->redact, n->key.name, len, &value);
    else
        pk_buf_add(&value, n->key.name, len);
    pk_buf_fmt(&b, "mDNS gives it the name %s", value.data ? value.data : "");
    f.certainty = n->own ? PK_CERTAIN : PK_STRONG;
    reason(&f, n->own ? "the address itself says so" : "another address says so");
    f.subject = address_text(r, n->key.address, address);
    f.value = value.data;
    f.text = b.data;
    return b.failed || value.failed ? -ENOMEM : pk_watch_emit(r, &n->seen, &f);
}

static int absent(const struct pk_watch_report *r, const struct pk_watch_absent *a)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(TEXT_MAX), rule = PK_BUF_INIT(TEXT_MAX);
    struct pk_finding f = {.kind = PK_FINDING_PRESENCE, .certainty = PK_STRONG};
    const struct pk_u128 prefix = {pk_redact_prefix(r->redact, a->key.prefix), 0};
    char router[46], text[46], value[50];

    pk_address_text(prefix, text);
    snprintf(value, sizeof(value), "%s/64", text);
    pk_buf_fmt(&b,
               "says which addresses of %s are absent, and by its silence which are there: a "
               "host that is known by its identifier can be looked for from afar",
               value);
    pk_buf_fmt(&rule, "-A OUTPUT -s %s/128 -p ipv6-icmp -m icmp6 --icmpv6-type 1/3 -j DROP",
               address_text(r, a->key.router, router));
    reason(&f, "ICMPv6 type 1 code 3 (RFC 7721, 3.2); that it is the first hop is not proved");
    f.subject = router;
    f.value = value;
    f.text = b.data;
    f.answer_kind = PK_ANSWER_RULE;
    f.answer = rule.data;
    return b.failed || rule.failed ? -ENOMEM : pk_watch_emit(r, &a->seen, &f);
}

static int addresses(const struct pk_watch_report *r, bool errors)
{
    const struct pk_watch_address *a = r->watch->addresses.entry;
    int e = 0;

    for (size_t i = 0; i < r->watch->addresses.n && !e; i++)
        if (a[i].mac && (!errors || a[i].errors))
            e = errors ? error_mac(r, &a[i]) : address_mac(r, &a[i]);
    return e;
}

#define EACH(table, type, fn)                                                                      \
    for (size_t i = 0; i < r->watch->table.n && !e; i++)                                           \
    e = fn(r, (const struct type *)r->watch->table.entry + i)

static int each_kind(const struct pk_watch_report *r)
{
    int e = addresses(r, false);

    if (!e)
        e = pk_watch_report_iids(r);
    if (!e)
        e = addresses(r, true);
    EACH(groups, pk_watch_group, group);
    EACH(duids, pk_watch_duid, duid);
    EACH(names, pk_watch_name, name);
    EACH(absent, pk_watch_absent, absent);
    return e ? e : pk_watch_report_prefixes(r);
}

int pk_watch_report(const struct pk_watch_report *r)
{
    struct pk_watch_report own = *r;
    struct pk_seen_table prices;
    int e;

    pk_seen_table_init(&prices, PK_WATCH_OTHERS_MAX, sizeof(struct vendor_price),
                       sizeof(struct pk_u128), 0);
    own.prices = &prices;
    e = each_kind(&own);
    pk_seen_table_done(&prices);
    return e;
}
