// SPDX-License-Identifier: GPL-2.0-or-later
/* Findings that several addresses make together: both sort the addresses once. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/macro.h"
#include "sensors/address/address.h"
#include "sensors/address/watch.h"

#define TEXT_MAX 1024u
#define PREFIXES_SHOWN 4

typedef const struct pk_watch_address *address;

/* One that no two hosts have by numbering: long and not written by people. */
static bool is_own(address a)
{
    return a->mac || a->iid == PK_IID_RANDOM;
}

/* Low bytes, ports and words are many hosts' (RFC 7721, 4.2): only with one MAC are they one's. */
static uint64_t second_identifier(address a)
{
    return is_own(a) ? 0 : a->nd_mac;
}

/* Whether the low 64 bits tell a host: not where they are a protocol's, or anybody's. */
static bool tells(address a)
{
    return a->iid != PK_IID_NONE && a->iid != PK_IID_TEREDO && a->iid != PK_IID_IANA &&
           a->iid != PK_IID_ROUTER_ANYCAST && a->iid != PK_IID_SUBNET_ANYCAST &&
           (is_own(a) || a->nd_mac);
}

static bool all(address a)
{
    return true;
}

static int compare(uint64_t x, uint64_t y)
{
    return x < y ? -1 : x > y;
}

static int by_host(const void *p, const void *q)
{
    address a = *(const address *)p, b = *(const address *)q;
    int c = compare(a->address.lo, b->address.lo);

    if (!c)
        c = compare(second_identifier(a), second_identifier(b));
    return c ? c : compare(a->address.hi, b->address.hi);
}

static int by_prefix(const void *p, const void *q)
{
    address a = *(const address *)p, b = *(const address *)q;
    int c = compare(a->address.hi, b->address.hi);

    return c ? c : compare(a->address.lo, b->address.lo);
}

/* Those that are wanted, in order: *ret, and their number in *n. */
static int sorted(const struct pk_watch *w, bool (*wanted)(address),
                  int (*order)(const void *, const void *), address **ret, size_t *n)
{
    const struct pk_watch_address *a = w->addresses.entry;
    address *list = calloc(w->addresses.n + 1, sizeof(address));
    size_t kept = 0;

    if (!list)
        return -ENOMEM;
    for (size_t i = 0; i < w->addresses.n; i++)
        if (wanted(&a[i]))
            list[kept++] = &a[i];
    qsort(list, kept, sizeof(address), order);
    *ret = list;
    *n = kept;
    return 0;
}

static bool is_link_local(address a)
{
    return a->kind == PK_AK_LINK_LOCAL;
}

static void why_one_host(const address *a, size_t n, struct pk_finding *f)
{
    bool mac = true, seen = true;

    for (size_t i = 0; i < n; i++) {
        mac &= a[i]->nd_mac && a[i]->nd_mac == a[0]->nd_mac;
        seen &= (a[i]->flags & (PK_WATCH_LINK_MAC | PK_WATCH_ND_MAC)) != 0;
    }
    f->certainty = mac || seen ? PK_CERTAIN : PK_STRONG;
    f->reasons[0] = mac    ? "neighbour discovery gives all of them one MAC"
                    : seen ? "each is confirmed to have its own MAC in it"
                           : "64 bits that no two hosts have by numbering";
    if (is_link_local(a[0]) || is_link_local(a[n - 1]))
        f->reasons[1] = "link-local, too: it will be so on the next network";
}

/* n addresses of one host, under as many prefixes. */
static int same_iid(const struct pk_watch_report *r, const address *a, size_t n)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(TEXT_MAX);
    struct pk_finding f = {.kind = PK_FINDING_SAME_IID};
    struct pk_seen seen = a[0]->seen;
    char iid[46], text[46], mac[18];

    pk_buf_fmt(&b, "one host under %zu prefixes:", n);
    for (size_t i = 0; i < n && i < PREFIXES_SHOWN; i++)
        pk_buf_fmt(
            &b, "%s %s/64", i ? "," : "",
            pk_address_text((struct pk_u128){pk_redact_prefix(r->redact, a[i]->address.hi)}, text));
    if (n > PREFIXES_SHOWN)
        pk_buf_fmt(&b, " and %zu more", n - PREFIXES_SHOWN);
    for (size_t i = 1; i < n; i++) {
        if (i < PK_EVIDENCE_MAX)
            seen.packet[i] = a[i]->seen.packet[0];
        seen.first = PK_MIN(seen.first, a[i]->seen.first);
        seen.last = PK_MAX(seen.last, a[i]->seen.last);
    }
    seen.times = n;
    why_one_host(a, n, &f);
    f.subject =
        pk_address_text((struct pk_u128){0, pk_redact_iid(r->redact, a[0]->address.lo)}, iid);
    f.value = a[0]->mac ? pk_mac_text(pk_redact_mac(r->redact, a[0]->mac), mac) : NULL;
    f.text = b.data;
    return b.failed ? b.failed : pk_watch_emit(r, &seen, &f);
}

static bool is_one_host(address a, address b)
{
    return a->address.lo == b->address.lo && second_identifier(a) == second_identifier(b);
}

int pk_watch_report_iids(const struct pk_watch_report *r)
{
    _pk_free_ address *a = NULL;
    size_t n = 0, start = 0;
    int e = sorted(r->watch, tells, by_host, &a, &n);

    for (size_t i = 1; i <= n && !e; i++) {
        if (i < n && is_one_host(a[i], a[start]))
            continue;
        if (i - start > 1)
            e = same_iid(r, a + start, i - start);
        start = i;
    }
    return e;
}

/* Of a network that the world can reach. Documentation's prefixes stand for such ones. */
static bool is_outside(address a)
{
    return a->kind == PK_AK_GLOBAL || a->kind == PK_AK_6TO4 || a->kind == PK_AK_DOCUMENTATION;
}

struct network {
    uint64_t prefix;
    unsigned bits;
    bool delegated;
};

static int exposed(const struct pk_watch_report *r, const struct network *p, address device,
                   size_t others)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(TEXT_MAX);
    struct pk_finding f = {.kind = PK_FINDING_PREFIX};
    const struct pk_u128 prefix = {pk_redact_prefix(r->redact, p->prefix), 0};
    char text[46], subject[50], mac[18];

    pk_address_text(prefix, text);
    snprintf(subject, sizeof(subject), "%s/%u", text, p->bits);
    pk_mac_text(pk_redact_mac(r->redact, device->mac), mac);
    pk_buf_fmt(&b,
               "the device with the MAC %s is found again under the next prefix, and with it the "
               "%zu other %s here, whatever %s",
               mac, others, others == 1 ? "address" : "addresses",
               others == 1 ? "its identifier is" : "their identifiers are");
    f.certainty = p->delegated ? PK_CERTAIN : PK_STRONG;
    f.reasons[0] = p->delegated ? "DHCPv6 delegated this prefix to one customer"
                                : "one network, if it is one customer's";
    f.subject = subject;
    f.value = mac;
    f.text = b.data;
    return b.failed ? b.failed : pk_watch_emit(r, &device->seen, &f);
}

/* The n addresses of one network: of whom can others be found? */
static int network(const struct pk_watch_report *r, const struct network *p, const address *a,
                   size_t n)
{
    address device = NULL;
    size_t others = 0;

    for (size_t i = 0; i < n; i++) {
        if (a[i]->iid == PK_IID_EUI64 && !device)
            device = a[i];
        others += a[i]->iid == PK_IID_RANDOM;
    }
    return device && others && is_outside(device) ? exposed(r, p, device, others) : 0;
}

/* The longest delegated prefix that has it, else its /64. */
static struct network network_of(const struct pk_watch *w, uint64_t hi)
{
    for (unsigned bits = 64; bits; bits--) {
        const struct pk_watch_prefix k = {.key = {hi & ~0ULL << (64 - bits), bits}};

        if (pk_seen_find(&w->delegated, &k.key))
            return (struct network){k.key.prefix, bits, true};
    }
    return (struct network){hi, 64, false};
}

static bool is_in(const struct network *p, address a)
{
    return !((a->address.hi ^ p->prefix) >> (64 - p->bits));
}

int pk_watch_report_prefixes(const struct pk_watch_report *r)
{
    _pk_free_ address *a = NULL;
    size_t n = 0, start = 0;
    int e = sorted(r->watch, all, by_prefix, &a, &n);

    while (start < n && !e) {
        const struct network p = network_of(r->watch, a[start]->address.hi);
        size_t end = start + 1;

        while (end < n && is_in(&p, a[end]))
            end++;
        e = network(r, &p, a + start, end - start);
        start = end;
    }
    return e;
}
