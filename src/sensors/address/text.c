// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Written for lists of many million lines: a line without a colon is looked at with memchr() only,
 * unless it is of a length that the spellings without colons have.
 */
#include "sensors/address/text.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* One more than the digit; 0: none. */
static const uint8_t digits[256] = {
    ['0'] = 1,  ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
    ['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

/* 0 to 15, or more: no hexadecimal digit. */
static inline unsigned hex(char c)
{
    return digits[(unsigned char)c] - 1u;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* What an address does not touch: part of a name or number. */
static bool in_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           (unsigned char)c >= 0x80;
}

/* A number of at most `max`, without leading zeros to spare. NULL: none. */
static const char *number(const char *p, const char *end, uint32_t max, uint32_t *ret)
{
    const char *start = p;
    uint32_t v = 0;

    while (p < end && is_digit(*p) && v <= max)
        v = v * 10 + (uint32_t)(*p++ - '0');
    if (p == start || v > max || (*start == '0' && p > start + 1))
        return NULL;
    *ret = v;
    return p;
}

static const char *dotted(const char *p, const char *end, uint32_t *ret)
{
    uint32_t v = 0, octet;

    for (unsigned i = 0; i < 4; i++) {
        if (i && (p == end || *p++ != '.'))
            return NULL;
        p = number(p, end, 255, &octet);
        if (!p)
            return NULL;
        v = v << 8 | octet;
    }
    if (p < end && (is_digit(*p) || (*p == '.' && p + 1 < end && is_digit(p[1]))))
        return NULL;
    *ret = v;
    return p;
}

/* Groups as they come. */
struct groups {
    uint16_t group[8];
    unsigned n;
    int gap; /* groups before "::"; -1: none */
};

/* Up to four hexadecimal digits; NULL: none, or more. */
static inline const char *group(const char *p, const char *end, uint32_t *ret)
{
    const char *start = p;
    uint32_t v = 0;

    for (; p < end && hex(*p) < 16 && p < start + 4; p++)
        v = v << 4 | hex(*p);
    if (p == start || (p < end && hex(*p) < 16))
        return NULL;
    *ret = v;
    return p;
}

/* One group, or the last two as dotted decimals. */
static inline const char *element(const char *p, const char *end, struct groups *g)
{
    const char *start = p;
    uint32_t v;

    p = group(p, end, &v);
    if (p && p < end && *p == '.' && g->n <= 6) {
        const char *after = dotted(start, end, &v);

        if (after) {
            g->group[g->n++] = (uint16_t)(v >> 16);
            g->group[g->n++] = (uint16_t)v;
            return after;
        }
    }
    if (p)
        g->group[g->n++] = (uint16_t)v;
    return p;
}

/*
 * The separator `sep` before a next group, once or, for the gap, twice. A separator before nothing
 * ends the address and is not part of it.
 */
static inline const char *separator(const char *p, const char *end, char sep, struct groups *g,
                                    bool *more)
{
    *more = false;
    if (p == end || *p != sep || p + 1 == end)
        return p;
    if (p[1] == sep) {
        if (g->gap >= 0)
            return NULL;
        g->gap = (int)g->n;
        *more = p + 2 < end && hex(p[2]) < 16;
        return p + 2;
    }
    *more = hex(p[1]) < 16;
    return *more ? p + 1 : p;
}

static struct pk_u128 address_of(const struct groups *g)
{
    uint64_t half[2] = {0, 0};
    unsigned at = 0;

    for (unsigned i = 0; i < g->n; i++, at++) {
        if ((int)i == g->gap)
            at += 8 - g->n;
        half[at / 4] |= (uint64_t)g->group[i] << (48 - 16 * (at & 3));
    }
    return (struct pk_u128){half[0], half[1]};
}

/* ".0.2.256" behind a group: more than a port. */
static bool broken_ipv4(const char *p, const char *end)
{
    const char *start = p + 1;

    if (*p != '.')
        return false;
    for (p = start; p < end && is_digit(*p);)
        p++;
    return p > start && p + 1 < end && *p == '.' && is_digit(p[1]);
}

/* The address that begins at `p`, with `sep` between its groups. NULL: none does. */
static inline const char *address(const char *p, const char *end, char sep, struct pk_u128 *ret)
{
    struct groups g = {.n = 0, .gap = -1};
    bool more = true;

    if (*p == sep) {
        p = separator(p, end, sep, &g, &more);
        if (!p || g.gap < 0)
            return NULL;
    }
    while (more && g.n < 8) {
        unsigned before = g.n;

        p = element(p, end, &g);
        if (!p)
            return NULL;
        if (g.n > before + 1 || g.n == 8)
            break;
        p = separator(p, end, sep, &g, &more);
        if (!p)
            return NULL;
    }
    if (g.gap < 0 ? g.n != 8 : g.n > 7)
        return NULL;
    if (p < end && (in_word(*p) || broken_ipv4(p, end) ||
                    (*p == sep && p + 1 < end && (hex(p[1]) < 16 || p[1] == sep))))
        return NULL;
    *ret = address_of(&g);
    return p;
}

static bool zone_char(char c)
{
    return in_word(c) || c == '-' || c == '.' || c == '@' || c == '~' || c == '+';
}

/* %zone, /bits, ]:port or .port behind an address. */
static const char *suffix(const char *p, const char *end, bool bracket,
                          struct pk_address_found *ret)
{
    const char *next;
    uint32_t v;

    ret->bits = 128;
    ret->port = 0;
    ret->zone = NULL;
    ret->zone_len = 0;
    if (p == end)
        return p;
    if (*p == '%' && p + 1 < end && zone_char(p[1])) {
        ret->zone = ++p;
        while (p < end && zone_char(*p))
            p++;
        ret->zone_len = (size_t)(p - ret->zone);
    }
    if (p < end && *p == '/' && (next = number(p + 1, end, 128, &v))) {
        ret->bits = (uint8_t)v;
        p = next;
    }
    if (bracket && p < end && *p == ']')
        p++;
    else if (bracket || p == end || *p != '.')
        return p;
    if (p + 1 < end && (*p == ':' || *p == '.') && (next = number(p + 1, end, 65535, &v)) && v) {
        ret->port = (uint16_t)v;
        p = next;
    }
    return p;
}

/* 32 hexadecimal digits without anything between them. */
static const char *bare(const char *p, const char *end, struct pk_u128 *ret)
{
    uint64_t half[2] = {0, 0};

    if (end - p < 32)
        return NULL;
    for (unsigned i = 0; i < 32; i++) {
        if (hex(p[i]) > 15)
            return NULL;
        half[i / 16] = half[i / 16] << 4 | hex(p[i]);
    }
    if (p + 32 < end && in_word(p[32]))
        return NULL;
    *ret = (struct pk_u128){half[0], half[1]};
    return p + 32;
}

/* 32 digits from the last to the first, each with a dot behind (RFC 3596). */
static const char *arpa(const char *p, const char *end, struct pk_u128 *ret)
{
    static const char domain[] = "ip6.arpa";
    uint64_t half[2] = {0, 0};

    if (end - p < 64 + (ptrdiff_t)sizeof(domain) - 1)
        return NULL;
    for (unsigned i = 0; i < 32; i++) {
        if (hex(p[2 * i]) > 15 || p[2 * i + 1] != '.')
            return NULL;
        half[i < 16] |= (uint64_t)hex(p[2 * i]) << (4 * (i & 15));
    }
    p += 64;
    if (strncasecmp(p, domain, sizeof(domain) - 1))
        return NULL;
    *ret = (struct pk_u128){half[0], half[1]};
    return p + sizeof(domain) - 1;
}

/* As Windows spells it in paths: 2001-db8--1, with "s" for "%" before a zone. */
static const char *literal(const char *p, const char *end, struct pk_u128 *ret)
{
    static const char domain[] = ".ipv6-literal.net";
    const char *after = address(p, end, '-', ret);

    if (!after || end - after < (ptrdiff_t)sizeof(domain) - 1 ||
        strncasecmp(after, domain, sizeof(domain) - 1))
        return NULL;
    return after + sizeof(domain) - 1;
}

static bool starts(const char *line, const char *p)
{
    return p == line || !in_word(p[-1]);
}

/* The spellings without colons, in a text in which there is none. */
static const char *find_odd(const char *at, const char *end, struct pk_address_found *ret)
{
    const char *p = at, *after;
    struct pk_u128 a;

    while (p < end && end - p > 2) {
        if (starts(at, p) && (hex(*p) < 16 || *p == '-') &&
            ((after = bare(p, end, &a)) || (after = arpa(p, end, &a)) ||
             (after = literal(p, end, &a)))) {
            *ret = (struct pk_address_found){.address = a, .bits = 128, .at = p};
            return after;
        }
        while (p < end && (in_word(*p) || *p == '.' || *p == '-'))
            p++;
        while (p < end && !in_word(*p) && *p != '-')
            p++;
    }
    return NULL;
}

/* The end of what could belong to an address. */
static const char *run_end(const char *p, const char *end)
{
    while (p < end && (hex(*p) < 16 || *p == ':'))
        p++;
    return p;
}

static const char *take(const char *line, const char *p, const char *end,
                        struct pk_address_found *ret)
{
    struct pk_u128 a;
    const char *after;

    if (*p != ':' && p >= line + 2 && p[-1] == ':' && p[-2] == ':')
        return NULL; /* of a name: std::bad::cafe */
    after = address(p, end, ':', &a);
    if (!after)
        return NULL;
    ret->address = a;
    ret->at = p;
    return suffix(after, end, p > line && p[-1] == '[', ret);
}

const char *pk_address_find(const char *at, const char *end, struct pk_address_found *ret)
{
    const char *line = at, *colon, *p, *after;

    while (at < end && (colon = memchr(at, ':', (size_t)(end - at)))) {
        for (p = colon; p > at && hex(p[-1]) < 16;)
            p--;
        /* "src:2001:db8::1": what stands before the colon is a name that ends like a number */
        if (!starts(line, p) || (p == colon && colon + 1 < end && colon[1] != ':'))
            p = colon + 1;
        after = p < end && (hex(*p) < 16 || *p == ':') ? take(line, p, end, ret) : NULL;
        if (after)
            return after;
        at = p > colon ? p : run_end(colon, end);
    }
    if (at < end && end - at >= 18)
        return find_odd(at, end, ret);
    return NULL;
}

const char *pk_address_line_end(const char *line, const char *end)
{
    const char *p = line;

    while (p < end && (p = memchr(p, '#', (size_t)(end - p)))) {
        if (p == line || p[-1] == ' ' || p[-1] == '\t')
            return p;
        p++;
    }
    return end;
}

int pk_address_parse(const char *s, struct pk_address_found *ret)
{
    const char *end = s + strlen(s), *after;
    struct pk_address_found f;

    after = pk_address_find(s, end, &f);
    if (!after || after != end || f.at != s + (*s == '['))
        return -EINVAL;
    *ret = f;
    return 0;
}
