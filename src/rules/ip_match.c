// SPDX-License-Identifier: GPL-2.0-or-later
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "rules/parse.h"

/* Longest item of an address list; longer ones can only be host names (xtables_ipparse_multiple).
 */
#define ADDRESS_MAX 255u

/* Most numbers are short and decimal, and strtoumax() is slow. False: it is not such a one. */
static bool short_decimal(const char *s, uintmax_t *ret)
{
    uintmax_t v = 0;
    size_t n = 0;

    if (*s == '0' && s[1])
        return false;
    for (; n < 10 && s[n] >= '0' && s[n] <= '9'; n++)
        v = v * 10 + (unsigned char)(s[n] - '0');
    *ret = v;
    return n && !s[n];
}

static bool any_number(const char *s, uintmax_t *ret)
{
    char *end;

    if (*s < '0' || *s > '9')
        return false;
    errno = 0;
    *ret = strtoumax(s, &end, 0);
    return !*end && !errno;
}

bool pk_word_number(const char *s, uint64_t max, uint64_t *ret)
{
    uintmax_t v;

    if ((!short_decimal(s, &v) && !any_number(s, &v)) || v > max)
        return false;
    *ret = v;
    return true;
}

static struct pk_u128 from_bytes(const uint8_t b[16])
{
    struct pk_u128 v = {0};

    for (int i = 0; i < 8; i++) {
        v.hi = v.hi << 8 | b[i];
        v.lo = v.lo << 8 | b[i + 8];
    }
    return v;
}

/*
 * Four numbers with dots, each of base 0 ("010" is octal); an address may leave out the last ones
 * ("10.1" is 10.1.0.0), a mask may not. As __numeric_to_ipaddr() of libxtables.
 */
static bool ipv4_parse(const char *s, bool is_mask, struct pk_u128 *ret)
{
    char buf[ADDRESS_MAX + 1], *p = buf;
    uint64_t v = 0, byte;
    int i;

    if (strlen(s) > ADDRESS_MAX)
        return false;
    memcpy(buf, s, strlen(s) + 1);
    for (i = 0; i < 4; i++) {
        char *dot = i < 3 ? strchr(p, '.') : NULL;

        if (dot)
            *dot = '\0';
        if (!pk_word_number(p, 255, &byte))
            return false;
        v = v << 8 | byte;
        if (!dot)
            break;
        p = dot + 1;
    }
    if (i < 3 && is_mask)
        return false;
    *ret = (struct pk_u128){.lo = i < 3 ? v << 8 * (3 - i) : v};
    return true;
}

static bool ipv6_parse(const char *s, struct pk_u128 *ret)
{
    uint8_t bytes[16];

    if (inet_pton(AF_INET6, s, bytes) != 1)
        return false;
    *ret = from_bytes(bytes);
    return true;
}

/* The mask of a prefix of `bits` bits. */
static struct pk_u128 prefix_mask(enum pk_family family, unsigned bits)
{
    if (family == PK_IPV4)
        return (struct pk_u128){.lo = bits ? UINT32_MAX << (32 - bits) & UINT32_MAX : 0};
    return (struct pk_u128){
        .hi = bits == 0    ? 0
              : bits >= 64 ? UINT64_MAX
                           : UINT64_MAX << (64 - bits),
        .lo = bits <= 64 ? 0 : UINT64_MAX << (128 - bits),
    };
}

static int mask_parse(struct pk_reader *r, const struct pk_word *w, enum pk_family family,
                      const char *s, struct pk_u128 *ret)
{
    unsigned max = family == PK_IPV4 ? 32 : 128;
    uint64_t bits = max;

    if (s && (family == PK_IPV4 ? ipv4_parse(s, true, ret) : ipv6_parse(s, ret)))
        return 0;
    if (s && !pk_word_number(s, max, &bits))
        return pk_bad(r, PK_T_MASK, w,
                      family == PK_IPV4 ? "write /0 to /32, or a mask such as /255.255.255.0"
                                        : "write /0 to /128, or a mask such as /ffff::",
                      "invalid mask '%s'", s);
    *ret = prefix_mask(family, (unsigned)bits);
    return 0;
}

static int address_refuse(struct pk_reader *r, const struct pk_word *w, enum pk_family family,
                          const char *s)
{
    struct pk_u128 other;

    if (!*s)
        return pk_bad(r, PK_T_ADDRESS, w, "write addresses with one comma between them",
                      "an address is missing");
    if (family == PK_IPV6 && strchr(s, '.') && ipv4_parse(s, false, &other))
        return pk_bad(r, PK_T_FAMILY, w, "mark the rule with -4, or move it to the IPv4 file",
                      "'%s' is an IPv4 address in an IPv6 rule", s);
    if (strchr(s, '%'))
        return pk_bad(r, PK_T_ADDRESS, w,
                      "leave out '%' and the rest; name interfaces with -i or -o",
                      "'%s' is not an address: it names an interface", s);
    if (family == PK_IPV4 && ipv6_parse(s, &other))
        return pk_bad(r, PK_T_FAMILY, w, "mark the rule with -6, or move it to the IPv6 file",
                      "'%s' is an IPv6 address in an IPv4 rule", s);
    if (strspn(s, "0123456789.xX") == strlen(s) || strchr(s, ':'))
        return pk_bad(r, PK_T_ADDRESS, w,
                      family == PK_IPV4 ? "write it as 192.0.2.1, with at most a mask: /24"
                                        : "write it as 2001:db8::1, with at most a mask: /64",
                      "'%s' is not an IPv%d address", s, family == PK_IPV4 ? 4 : 6);
    return pk_bad(r, PK_T_HOSTNAME, w, "write its address",
                  "'%s' is a host or network name, and picket looks up no names", s);
}

static struct pk_u128 masked(struct pk_u128 addr, struct pk_u128 mask)
{
    return (struct pk_u128){.hi = addr.hi & mask.hi, .lo = addr.lo & mask.lo};
}

static int item_parse(struct pk_reader *r, const struct pk_word *w, enum pk_family family,
                      char *item, struct pk_u128 *addr, struct pk_u128 *mask)
{
    char *slash = strrchr(item, '/');
    bool good;

    if (slash)
        *slash++ = '\0';
    if (mask_parse(r, w, family, slash, mask))
        return -EINVAL;
    *addr = (struct pk_u128){0};
    if (!mask->hi && !mask->lo)
        return 0; /* "any/0": what stands before a mask of zero is not read */
    good = family == PK_IPV4 ? ipv4_parse(item, false, addr) : ipv6_parse(item, addr);
    if (!good)
        return address_refuse(r, w, family, item);
    *addr = masked(*addr, *mask);
    return 0;
}

int pk_addr_list_parse(struct pk_reader *r, const struct pk_word *w, enum pk_family family,
                       struct pk_addr_list *ret)
{
    struct pk_addr_list list = {.n = 1};
    struct pk_word at = *w;
    char item[ADDRESS_MAX + 1];
    const char *s = w->s;

    for (const char *p = s; *p; p++)
        list.n += *p == ',';
    list.addr = pk_arena_array(r->arena, struct pk_u128, list.n);
    list.mask = pk_arena_array(r->arena, struct pk_u128, list.n);
    if (!list.addr || !list.mask)
        return -ENOMEM;
    for (unsigned i = 0; i < list.n; i++) {
        size_t len;

        s += strspn(s, " \t\n");
        len = strcspn(s, ",");
        at.column = w->column + (unsigned)(s - w->s);
        if (len > ADDRESS_MAX)
            return pk_bad(r, PK_T_ADDRESS, &at, "write one comma between addresses",
                          "an address of %zu bytes", len);
        memcpy(item, s, len);
        item[len] = '\0';
        if (item_parse(r, &at, family, item, &list.addr[i], &list.mask[i]))
            return -EINVAL;
        s += len + (s[len] == ',');
    }
    *ret = list;
    return 0;
}

int pk_protocol_parse(struct pk_reader *r, const struct pk_word *w, uint8_t *ret)
{
    char name[32];
    uint64_t v;
    int number;

    if (pk_word_number(w->s, 255, &v)) {
        *ret = (uint8_t)v;
        return 0;
    }
    if (strlen(w->s) < sizeof(name)) {
        for (size_t i = 0; i <= strlen(w->s); i++)
            name[i] = w->s[i] >= 'A' && w->s[i] <= 'Z' ? (char)(w->s[i] + 32) : w->s[i];
        number = pk_protocol_number(name);
        if (number >= 0) {
            *ret = (uint8_t)number;
            return 0;
        }
    }
    return pk_bad(r, PK_T_PROTOCOL, w, "write a name of /etc/protocols, or a number up to 255",
                  "unknown protocol '%s'", w->s);
}

static int interface_refuse(struct pk_reader *r, const struct pk_word *w, const char *hint,
                            const char *cause)
{
    return pk_bad(r, PK_T_INTERFACE, w, hint, "interface name '%s' %s", w->s, cause);
}

int pk_interface_parse(struct pk_reader *r, const struct pk_word *w, bool invert, char ret[16])
{
    size_t len = strlen(w->s);

    if (!len)
        return pk_bad(r, PK_T_INTERFACE, w, "leave the option out to mean every interface",
                      "the interface name is empty");
    if (!strcmp(w->s, "!") && !w->quoted)
        return pk_bad(r, PK_T_OPTION_INVERT, w, "write '! -i eth0', not '-i ! eth0'",
                      "'!' stands before the option");
    if (len > 15)
        return interface_refuse(r, w, "the kernel has no longer names", "is longer than 15 bytes");
    /* The kernel has no such interface, and iptables-save would print what cannot be read back. */
    if (strpbrk(w->s, "/ \t\n\""))
        return interface_refuse(r, w, "the kernel has no such name",
                                "holds a '/', a quote or a space");
    memset(ret, 0, 16);
    if (!strcmp(w->s, "+")) {
        /* A prefix of no bytes is no match at all; iptables-save does not print it. */
        if (invert)
            return interface_refuse(r, w, "leave the rule out",
                                    "with '!' matches no packet, and iptables-save loses it");
        return 0;
    }
    memcpy(ret, w->s, len);
    return 0;
}
