// SPDX-License-Identifier: GPL-2.0-or-later
/* Identifiers that people write: service ports, words of hexadecimal letters, repetitions. */
#include "sensors/address/iid.h"

#include "base/macro.h"

/* The ports that RFC 7707, section 4.1.1.4, names, and those that addr6 looks for. */
static bool service(uint32_t port)
{
    switch (port) {
    case 21:
    case 22:
    case 23:
    case 25:
    case 49:
    case 53:
    case 80:
    case 110:
    case 123:
    case 179:
    case 220:
    case 389:
    case 443:
    case 547:
    case 993:
    case 995:
    case 1194:
    case 3306:
    case 5060:
    case 5061:
    case 5432:
    case 6446:
    case 8080:
        return true;
    default:
        return false;
    }
}

/*
 * The port that a word is: spelt with decimal digits, or its number. Numbers of one byte would be
 * found in every plan that counts. 0: none.
 */
static uint32_t port_of(uint32_t word)
{
    uint32_t spelt = pk_read_decimal(word);

    if (service(spelt))
        return spelt;
    return word > 255 && service(word) ? word : 0;
}

static bool is_port(struct pk_verdict *v, enum pk_iid_kind k, uint32_t port)
{
    v->port = (uint16_t)port;
    return port < 100
               ? pk_iid_is(v, k, PK_WEAK, "a service's port, or a number in a row")
               : pk_iid_is(v, k, PK_STRONG, "the port of a service, and a small number or none");
}

/* The other word counts hosts or services: 16 at most, as in addr6. */
bool pk_iid_port(uint64_t iid, struct pk_verdict *v)
{
    uint32_t high = pk_iid_word(iid, 2), low = pk_iid_word(iid, 3);

    if (iid >> 32)
        return false;
    if (high <= 16 && port_of(low))
        return is_port(v, PK_IID_PORT, port_of(low));
    return low <= 16 && port_of(high) && is_port(v, PK_IID_PORT_HIGH, port_of(high));
}

/* Words of the letters a to f, with 0 for o, 1 for i and l, 5 for s. Sorted. */
static const uint16_t words[] = {
    0x0ace, 0x0add, 0x0b0b, 0x0bad, 0x0bed, 0x0bee, 0x0c0b, 0x0cab, 0x0d0c, 0x0dab, 0x0dad, 0x0ebb,
    0x0f0b, 0x0fab, 0x0fad, 0x0fed, 0x0fee, 0x10a5, 0x10ad, 0x10ca, 0x11fe, 0x1ab5, 0x1aba, 0x1ace,
    0x1dea, 0x1ead, 0x1eaf, 0x1eed, 0x5a1d, 0x5afe, 0x5e1f, 0x5ea1, 0x5eed, 0xabba, 0xabe1, 0xabed,
    0xaced, 0xb00b, 0xb00c, 0xb0de, 0xb10c, 0xbaba, 0xbabe, 0xbade, 0xbaff, 0xbe11, 0xbea5, 0xbead,
    0xbeef, 0xc001, 0xc01d, 0xc0c0, 0xc0ca, 0xc0d1, 0xc0de, 0xc0ed, 0xc0ff, 0xca11, 0xca5a, 0xca5e,
    0xcab1, 0xcafe, 0xcede, 0xceed, 0xd00d, 0xd0d0, 0xd0e5, 0xd1ce, 0xd1ed, 0xdada, 0xdea1, 0xdead,
    0xdeaf, 0xdeca, 0xdeed, 0xdef1, 0xdefe, 0xebb5, 0xf001, 0xf00d, 0xf1a7, 0xf1ea, 0xf1ed, 0xf1ee,
    0xf1fe, 0xfaca, 0xface, 0xfade, 0xfe11, 0xfee1, 0xfee5, 0xfeed,
};

static bool is_word(uint32_t w)
{
    size_t lo = 0, hi = PK_ARRAY_SIZE(words);

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;

        if (words[mid] < w)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < PK_ARRAY_SIZE(words) && words[lo] == w;
}

/* Nothing but words and zeros, before a small number or another word; one of four letters. */
bool pk_iid_wordy(uint64_t iid, struct pk_verdict *v)
{
    unsigned found = 0, whole = 0, i;
    uint32_t w;

    for (i = 0; i < 4; i++) {
        w = pk_iid_word(iid, i);
        if (!w || (i == 3 && found && w <= 0xff))
            continue;
        if (!is_word(w))
            return false;
        found++;
        whole += w > 0xfff;
    }
    if (!whole)
        return false;
    return pk_iid_is(v, PK_IID_WORDY, found > 1 ? PK_STRONG : PK_WEAK,
                     found > 1 ? "words of hexadecimal letters" : "a word of hexadecimal letters");
}

/* All four hexadecimal digits of a word alike, for each word. */
static bool digits_alike(uint64_t iid)
{
    return !((iid ^ iid >> 4) & 0x0fff0fff0fff0fff);
}

static bool digits_in_a_row(uint64_t iid)
{
    for (unsigned i = 0; i < 15; i++)
        if ((((iid >> (4 * i)) - (iid >> (4 * i + 4))) & 15) != 1)
            return false;
    return true;
}

static unsigned zero_bytes(uint64_t iid)
{
    unsigned n = 0;

    for (unsigned i = 0; i < 8; i++)
        n += !(iid >> (8 * i) & 0xff);
    return n;
}

/* Repetition by chance: 2^-32 at most. More than two zero bytes by chance: 3.3 in a million. */
bool pk_iid_pattern(uint64_t iid, struct pk_verdict *v)
{
    if ((iid >> 32) == (uint32_t)iid || digits_alike(iid))
        return pk_iid_is(v, PK_IID_PATTERN, PK_STRONG, "the same digits again and again");
    if (digits_in_a_row(iid))
        return pk_iid_is(v, PK_IID_PATTERN, PK_STRONG, "digits in a row");
    return zero_bytes(iid) > 2 && pk_iid_is(v, PK_IID_PATTERN, PK_STRONG, "mostly zero");
}
