// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses as text. By hand: lists of millions are printed, and inet_ntop() is what they waited
 * for. */
#include "sensors/address/address.h"

static const char digit[] = "0123456789abcdef";

const char *pk_mac_text(uint64_t mac, char buf[static 18])
{
    char *p = buf;

    for (int shift = 44; shift >= 0; shift -= 8) {
        *p++ = digit[mac >> shift & 15];
        *p++ = digit[mac >> (shift - 4) & 15];
        *p++ = shift > 4 ? ':' : 0;
    }
    return buf;
}

/* A number up to 255. */
static char *decimal(char *p, uint32_t v)
{
    if (v > 99)
        *p++ = digit[v / 100];
    if (v > 9)
        *p++ = digit[v / 10 % 10];
    *p++ = digit[v % 10];
    return p;
}

static char *dotted(char *p, uint32_t a)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        p = decimal(p, a >> shift & 0xff);
        *p++ = shift ? '.' : 0;
    }
    return p;
}

const char *pk_ipv4_text(uint32_t a, char buf[static 16])
{
    dotted(buf, a);
    return buf;
}

static char *group(char *p, uint32_t v)
{
    if (v > 0xfff)
        *p++ = digit[v >> 12];
    if (v > 0xff)
        *p++ = digit[v >> 8 & 15];
    if (v > 0xf)
        *p++ = digit[v >> 4 & 15];
    *p++ = digit[v & 15];
    return p;
}

/* The longest run of zero groups, the first of several, two at least: [*ret, *ret + length). */
static unsigned longest_gap(const uint32_t g[8], unsigned *ret)
{
    unsigned best = 1, run = 0;

    *ret = 8;
    for (unsigned i = 0; i < 8; i++) {
        run = g[i] ? 0 : run + 1;
        if (run > best) {
            best = run;
            *ret = i + 1 - run;
        }
    }
    return *ret < 8 ? best : 0;
}

/* RFC 5952. Of ipv4-mapped addresses the last 32 bits are dotted (its section 5). */
const char *pk_address_text(struct pk_u128 a, char buf[static 46])
{
    bool mapped = !a.hi && a.lo >> 32 == 0xffff;
    unsigned gap, gap_len, i;
    uint32_t g[8];
    char *p = buf;

    for (i = 0; i < 4; i++) {
        g[i] = a.hi >> (48 - 16 * i) & 0xffff;
        g[4 + i] = a.lo >> (48 - 16 * i) & 0xffff;
    }
    gap_len = longest_gap(g, &gap);
    for (i = 0; i < (mapped ? 6 : 8);) {
        if (i == gap) {
            *p++ = ':';
            *p++ = ':';
            i += gap_len;
            continue;
        }
        if (i && i != gap + gap_len)
            *p++ = ':';
        p = group(p, g[i++]);
    }
    if (mapped) {
        *p++ = ':';
        dotted(p, (uint32_t)a.lo);
    } else {
        *p = 0;
    }
    return buf;
}
