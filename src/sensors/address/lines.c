// SPDX-License-Identifier: GPL-2.0-or-later
#include "sensors/address/lines.h"

#include <string.h>

#include "base/macro.h"

enum { DUID_LLT = 1, DUID_LL = 3, ETHERNET = 1 };

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The number that n digits of a base are, or -1. */
static int number(const char *s, const char *end, int n, int base)
{
    int v = 0;

    if (end - s < n)
        return -1;
    for (int i = 0; i < n; i++) {
        int d = digit(s[i]);

        if (d < 0 || d >= base)
            return -1;
        v = v * base + d;
    }
    return v;
}

static uint64_t mac_of(const uint8_t *b)
{
    uint64_t v = 0;

    for (size_t i = 0; i < 6; i++)
        v = v << 8 | b[i];
    return v;
}

bool pk_duid_mac(const struct pk_duid *d, uint64_t *ret)
{
    const uint8_t *b = d->bytes;
    size_t at = d->len == 14 ? 8 : 4;

    if ((d->len != 14 && d->len != 10) || b[0] || b[1] != (d->len == 14 ? DUID_LLT : DUID_LL) ||
        b[2] || b[3] != ETHERNET)
        return false;
    *ret = mac_of(b + at);
    return true;
}

bool pk_duid_quoted(const char *s, const char *end, size_t skip, struct pk_duid *ret)
{
    size_t n = 0;

    ret->len = 0;
    s = memchr(s, '"', (size_t)(end - s));
    if (!s)
        return false;
    for (s++; s < end && *s != '"' && ret->len < PK_DUID_BYTES; n++) {
        int byte = *s == '\\' ? number(s + 1, end, 3, 8) : -1;

        if (byte < 0)
            s += *s == '\\' && end - s > 1;
        if (n >= skip)
            ret->bytes[ret->len++] = (uint8_t)(byte >= 0 ? byte : *s);
        s += byte >= 0 ? 4 : 1;
    }
    return ret->len >= 2;
}

/* All with one separator, or none. */
size_t pk_duid_hex(const char *s, const char *end, struct pk_duid *ret)
{
    const char *begin = s;
    char between = '\0';
    int byte;

    ret->len = 0;
    while (ret->len < PK_DUID_BYTES && (byte = number(s, end, 2, 16)) >= 0) {
        ret->bytes[ret->len++] = (uint8_t)byte;
        s += 2;
        if (ret->len == 1 && s < end && (*s == ':' || *s == '-'))
            between = *s;
        if (between && (end - s < 3 || *s != between || digit(s[1]) < 0))
            break;
        s += between != '\0';
    }
    return (size_t)(s - begin);
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == ':' ||
           c == '_' || c == '.';
}

static void add_duid(const struct pk_duid *d, struct pk_line_told *ret)
{
    uint64_t mac;

    if (ret->n_duids < PK_LINE_DUIDS && pk_duid_mac(d, &mac))
        ret->duid[ret->n_duids++] = *d;
}

/* systemd's: the type in words, and (before 254) two bytes too many at the end. */
static const char *of_networkd(const char *p, const char *end, struct pk_line_told *ret)
{
    static const struct {
        const char *text;
        uint8_t type;
        size_t len;
    } types[] = {{"DUID-LLT:", DUID_LLT, 14}, {"DUID-LL:", DUID_LL, 10}};
    struct pk_duid rest, d = {.len = 0};

    for (size_t i = 0; i < PK_ARRAY_SIZE(types); i++) {
        size_t n = strlen(types[i].text), read;

        if ((size_t)(end - p) < n || memcmp(p, types[i].text, n))
            continue;
        read = pk_duid_hex(p + n, end, &rest);
        if (rest.len + 2 >= types[i].len) {
            d.len = types[i].len;
            d.bytes[1] = types[i].type;
            memcpy(d.bytes + 2, rest.bytes, d.len - 2);
            add_duid(&d, ret);
        }
        return p + n + read;
    }
    return NULL;
}

static const char *of_word(const char *p, const char *end, struct pk_line_told *ret)
{
    struct pk_duid d;
    size_t read = pk_duid_hex(p, end, &d);

    if (p + read < end && is_word(p[read]))
        return p; /* longer than what was read: something else */
    if (d.len == 6 && ret->n_macs < PK_LINE_MACS && read == 17)
        ret->mac[ret->n_macs++] = mac_of(d.bytes);
    add_duid(&d, ret);
    return p + read;
}

/* ISC's: words before quotes. */
static void of_dhcpd(const char *line, const char *end, struct pk_line_told *ret)
{
    static const struct {
        const char *text;
        size_t skip;
    } words[] = {{"server-duid ", 0}, {"ia-na ", 4}, {"ia-ta ", 4}, {"ia-pd ", 4}};

    for (size_t i = 0; i < PK_ARRAY_SIZE(words); i++) {
        const char *at = memmem(line, (size_t)(end - line), words[i].text, strlen(words[i].text));
        struct pk_duid d;

        if (at && pk_duid_quoted(at, end, words[i].skip, &d))
            add_duid(&d, ret);
    }
}

void pk_line_tells(const char *line, const char *end, struct pk_line_told *ret)
{
    const char *p = line;

    ret->n_macs = ret->n_duids = 0;
    while (p < end) {
        const char *next = *p == 'D' ? of_networkd(p, end, ret) : NULL;

        if (!next && digit(*p) >= 0)
            next = of_word(p, end, ret);
        p = next ? next : p;
        while (p < end && is_word(*p))
            p++;
        while (p < end && !is_word(*p))
            p++;
    }
    if (memchr(line, '"', (size_t)(end - line)))
        of_dhcpd(line, end, ret);
}
