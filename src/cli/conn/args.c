// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/conn/conn.h"
#include "cli/words.h"
#include "rules/match/number.h"
#include "rules/parse.h"

static int say(const struct pk_option_def *o, const char *value, const char *what)
{
    fprintf(stderr, "picket conn: --%s %s: %s\n", o->name, value, what);
    return -1;
}

/* Decimal, 0x hexadecimal or 0 octal, up to the end or to `stop`. */
static bool number(const char *s, char stop, uint32_t max, uint32_t *ret, const char **ret_end)
{
    unsigned long long v;
    char *end;

    if (*s < '0' || *s > '9')
        return false;
    errno = 0;
    v = strtoull(s, &end, 0);
    if (errno || v > max || (*end && *end != stop))
        return false;
    *ret = (uint32_t)v;
    *ret_end = end;
    return true;
}

static int take_proto(struct pk_conn_wish *w, const char *value, const struct pk_option_def *o)
{
    int known = pk_protocol_number(value);
    const char *end;
    uint32_t v;

    if (known <= 0 && (!number(value, 0, 255, &v, &end) || known == 0))
        return say(o, value, "no protocol's name or number");
    w->filter.proto = known > 0 ? known : (int)v;
    return 1;
}

static struct pk_u128 mask_of(enum pk_family family, uint32_t bits)
{
    struct pk_u128 m = {0};

    if (family == PK_IPV4) {
        m.lo = bits ? UINT32_MAX << (32 - bits) & UINT32_MAX : 0;
        return m;
    }
    m.hi = bits >= 64 ? UINT64_MAX : bits ? UINT64_MAX << (64 - bits) : 0;
    m.lo = bits <= 64 ? 0 : bits == 128 ? UINT64_MAX : UINT64_MAX << (128 - bits);
    return m;
}

static int take_net(struct pk_conn_wish *w, enum pk_ct_end end, const char *value,
                    const struct pk_option_def *o)
{
    const char *slash = strchr(value, '/'), *after;
    size_t len = slash ? (size_t)(slash - value) : strlen(value);
    char host[64];
    enum pk_family family;
    struct pk_u128 addr, mask;
    uint32_t bits;

    if (len >= sizeof(host))
        return say(o, value, "no address or network");
    snprintf(host, sizeof(host), "%.*s", (int)len, value);
    if (pk_words_address(host, &family, &addr))
        return say(o, value, "no address or network");
    bits = family == PK_IPV4 ? 32 : 128;
    if (slash && !number(slash + 1, 0, bits, &bits, &after))
        return say(o, value, "no prefix length");
    mask = mask_of(family, bits);
    w->filter.net[end].given = true;
    w->filter.net[end].family = family;
    w->filter.net[end].mask = mask;
    w->filter.net[end].addr = (struct pk_u128){addr.hi & mask.hi, addr.lo & mask.lo};
    return 1;
}

/* As rules have it: "80", "1024:2048", either end of a range empty. */
static bool ports(const char *s, uint16_t *lo, uint16_t *hi)
{
    const char *colon = strchr(s, ':');
    char low[64];

    if (!colon) {
        bool good = pk_port_parse(s, NULL, lo);

        *hi = *lo;
        return good;
    }
    if (colon - s >= (ptrdiff_t)sizeof(low))
        return false;
    snprintf(low, sizeof(low), "%.*s", (int)(colon - s), s);
    *lo = 0;
    *hi = UINT16_MAX;
    return (!*low || pk_port_parse(low, NULL, lo)) &&
           (!colon[1] || pk_port_parse(colon + 1, NULL, hi));
}

static int take_port(struct pk_conn_wish *w, enum pk_ct_end end, const char *value,
                     const struct pk_option_def *o)
{
    uint16_t lo = 0, hi = 0;

    if (!ports(value, &lo, &hi))
        return say(o, value, "no port, nor a range of ports as 1024:2048");
    if (hi < lo)
        return say(o, value, "the range ends before it begins");
    w->filter.port[end].given = true;
    w->filter.port[end].lo = lo;
    w->filter.port[end].hi = hi;
    return 1;
}

static bool add_event(const char *name, size_t len, unsigned *events)
{
    for (enum pk_conn_event e = 0; e < PK_CONN_EVENTS; e++)
        if (strlen(pk_conn_event_name(e)) == len && !strncmp(pk_conn_event_name(e), name, len)) {
            *events |= 1u << e;
            return true;
        }
    return false;
}

/* --state, --status, --event: words with commas between them. */
static int take_list(struct pk_conn_wish *w, const char *value, const struct pk_option_def *o)
{
    for (const char *s = value;; s++) {
        size_t len = strcspn(s, ",");
        bool known = pk_option_is(o, "state")    ? pk_conn_state_add(s, len, &w->filter.states)
                     : pk_option_is(o, "status") ? pk_conn_status_add(s, len, &w->filter)
                                                 : add_event(s, len, &w->events);

        if (!known)
            return say(o, value,
                       pk_option_is(o, "state")    ? "no state of TCP, SCTP or DCCP, as ESTABLISHED"
                       : pk_option_is(o, "status") ? "no status, as ASSURED or UNREPLIED"
                                                   : "no event: new, update or destroy");
        s += len;
        if (!*s)
            return 1;
    }
}

static int take_mark(struct pk_conn_wish *w, const char *value, const struct pk_option_def *o)
{
    const char *end;
    uint32_t mark, mask = UINT32_MAX;

    if (!number(value, '/', UINT32_MAX, &mark, &end) ||
        (*end && !number(end + 1, 0, UINT32_MAX, &mask, &end)))
        return say(o, value, "no mark, as 5 or 0x10/0xf0");
    w->filter.mark = mark & mask;
    w->filter.mark_mask = mask;
    return 1;
}

static int take_zone(struct pk_conn_wish *w, const char *value, const struct pk_option_def *o)
{
    const char *end;
    uint32_t zone;

    if (!number(value, 0, UINT16_MAX, &zone, &end))
        return say(o, value, "no zone: 0 to 65535");
    w->filter.zone = (int)zone;
    return 1;
}

static int take_family(struct pk_conn_wish *w, const char *value, const struct pk_option_def *o)
{
    for (enum pk_family f = 0; f < PK_FAMILY_N; f++)
        if (!strcmp(value, pk_family_name(f))) {
            w->filter.families = 1u << f;
            return 1;
        }
    return say(o, value, "no family: ipv4 or ipv6");
}

static int take_count(struct pk_conn_wish *w, const char *value, const struct pk_option_def *o)
{
    const char *end;
    uint32_t n;

    if (!number(value, 0, UINT32_MAX, &n, &end) || !n)
        return say(o, value, "no number of events");
    w->count = n;
    return 1;
}

int pk_conn_take(struct pk_conn_wish *w, const struct pk_args *a, const struct pk_option_def *o)
{
    static const struct {
        const char *name;
        enum pk_ct_end end;
    } nets[] = {{"src", PK_CT_ORIGSRC},
                {"dst", PK_CT_ORIGDST},
                {"reply-src", PK_CT_REPLSRC},
                {"reply-dst", PK_CT_REPLDST}};

    for (size_t i = 0; i < PK_ARRAY_SIZE(nets); i++)
        if (pk_option_is(o, nets[i].name))
            return take_net(w, nets[i].end, a->value, o);
    if (pk_option_is(o, "sport") || pk_option_is(o, "dport"))
        return take_port(w, pk_option_is(o, "sport") ? PK_CT_ORIGSRC : PK_CT_ORIGDST, a->value, o);
    if (pk_option_is(o, "all")) {
        w->all = true;
        return 1;
    }
    return pk_option_is(o, "proto")    ? take_proto(w, a->value, o)
           : pk_option_is(o, "mark")   ? take_mark(w, a->value, o)
           : pk_option_is(o, "zone")   ? take_zone(w, a->value, o)
           : pk_option_is(o, "family") ? take_family(w, a->value, o)
           : pk_option_is(o, "count")  ? take_count(w, a->value, o)
                                       : take_list(w, a->value, o);
}
