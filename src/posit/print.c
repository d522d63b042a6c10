// SPDX-License-Identifier: BSD-2-Clause
/* Posits as decimal and hexadecimal strings. */
#include "text.h"

#include <string.h>

#include "internal.h"

/*
 * A positive decimal number 0.d1 d2 d3 ... * 10^point, d1 not 0. The longest here have 77 digits
 * before the point (2^252, between the largest posit64 and what would follow) or 252 behind it
 * (2^-252).
 */
#define DIGITS_MAX 360

struct digits {
    const char *digit; /* values, not characters */
    int count;
    int point;
};

/* Words of 32 bits: 8 are the fraction, 8 the whole number, the least significant first. */
#define WORDS 8
#define CHUNK UINT32_C(1000000000) /* digits are made nine at a time */
#define CHUNK_DIGITS 9

static void put_chunk(uint32_t chunk, char *ret)
{
    for (int i = CHUNK_DIGITS - 1; i >= 0; i--, chunk /= 10)
        ret[i] = (char)(chunk % 10);
}

/* Divides by CHUNK; returns the rest. */
static uint32_t divide_chunk(uint32_t *words, int count)
{
    uint64_t rest = 0;

    for (int i = count - 1; i >= 0; i--) {
        uint64_t part = rest << 32 | words[i];

        words[i] = (uint32_t)(part / CHUNK);
        rest = part % CHUNK;
    }
    return (uint32_t)rest;
}

/* Multiplies by CHUNK; returns what is carried out. Words below `from` are 0. */
static uint32_t multiply_chunk(uint32_t *words, int from)
{
    uint64_t carry = 0;

    for (int i = from; i < WORDS; i++) {
        carry += (uint64_t)words[i] * CHUNK;
        words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return (uint32_t)carry;
}

/* The exact digits of a magnitude, into `room` for DIGITS_MAX. */
static struct digits expand(struct posit_parts x, char *room)
{
    uint32_t words[2 * WORDS + 2] = {0};
    int zeros = __builtin_ctzll(x.sig);
    int lowest = x.scale - 63 + zeros + 32 * WORDS; /* of the bits of sig that are set */
    posit_u128 placed = (posit_u128)(x.sig >> zeros) << (lowest % 32);
    char *whole = room + 81, *end = whole;
    int top = 2 * WORDS;

    for (int i = 0; i < 3; i++)
        words[lowest / 32 + i] = (uint32_t)(placed >> (32 * i));
    while (top > WORDS) {
        if (words[top - 1] == 0) {
            top--;
            continue;
        }
        whole -= CHUNK_DIGITS;
        put_chunk(divide_chunk(words + WORDS, top - WORDS), whole);
    }

    char *point = end;

    for (int from = lowest / 32; from < WORDS;) {
        if (words[from] == 0) {
            from++;
            continue;
        }
        put_chunk(multiply_chunk(words, from), end);
        end += CHUNK_DIGITS;
    }
    while (*whole == 0)
        whole++;
    while (end[-1] == 0)
        end--;
    return (struct digits){whole, (int)(end - whole), (int)(point - whole)};
}

static int digit_at(const struct digits *x, int i)
{
    return i < x->count ? x->digit[i] : 0;
}

/* < 0, 0 or > 0 */
static int compare(const struct digits *x, const struct digits *y)
{
    int longer = x->count > y->count ? x->count : y->count;

    if (x->point != y->point)
        return x->point - y->point;
    for (int i = 0; i < longer; i++) {
        int differ = digit_at(x, i) - digit_at(y, i);

        if (differ)
            return differ;
    }
    return 0;
}

/* The next larger number of x's count of digits, into `room` for that and one more. */
static struct digits successor(const struct digits *x, char *room)
{
    struct digits ret = {room, x->count, x->point};
    int i = x->count - 1;

    memcpy(room, x->digit, (size_t)x->count);
    while (i >= 0 && room[i] == 9)
        room[i--] = 0;
    if (i >= 0) {
        room[i]++;
    } else {
        room[0] = 1;
        ret.point++;
    }
    return ret;
}

/* Is the part of x behind `count` digits more than a half of the last one, or that, and it is odd?
 */
static bool rounds_up(const struct digits *x, int count)
{
    int next = digit_at(x, count);

    if (next != 5 || count + 1 < x->count)
        return next >= 5;
    return x->digit[count - 1] & 1;
}

/*
 * The shortest number between the ties to both neighbours, the ties included if the code is even:
 * the nearest to the value of those with so few digits. If there is one of k digits, then the value
 * cut to k digits or its successor is one.
 */
static struct digits shortest(unsigned n, uint64_t magnitude, char *room)
{
    char low_room[DIGITS_MAX], high_room[DIGITS_MAX];
    uint64_t body = magnitude << (64 - n) << 1;
    uint64_t half = UINT64_C(1) << (64 - n);
    struct digits exact = expand(posit_decode_body(body), room);
    struct digits low = expand(posit_decode_body(body - half), low_room);
    struct digits high = expand(posit_decode_body(body + half), high_room);
    int edge = magnitude & 1 ? 0 : 1; /* compare() < edge: inside */

    for (int count = 1; count < exact.count; count++) {
        struct digits down = {exact.digit, count, exact.point};
        char up_room[DIGITS_MAX];
        struct digits up = successor(&down, up_room);
        bool down_fits = compare(&low, &down) < edge;
        bool up_fits = compare(&up, &high) < edge;

        if (!down_fits && !up_fits)
            continue;
        if (down_fits && (!up_fits || !rounds_up(&exact, count))) {
            exact.count = count;
            return exact;
        }
        memcpy(room, up_room, (size_t)count);
        return (struct digits){room, count, up.point};
    }
    return exact;
}

static char *put_digits(char *p, const struct digits *x, int from, int to)
{
    for (int i = from; i < to; i++)
        *p++ = (char)('0' + digit_at(x, i));
    return p;
}

static char *put_plain(char *p, const struct digits *x)
{
    if (x->point <= 0) {
        *p++ = '0';
        *p++ = '.';
        for (int i = x->point; i < 0; i++)
            *p++ = '0';
        return put_digits(p, x, 0, x->count);
    }
    p = put_digits(p, x, 0, x->point);
    if (x->count > x->point) {
        *p++ = '.';
        p = put_digits(p, x, x->point, x->count);
    }
    return p;
}

static char *put_scientific(char *p, const struct digits *x)
{
    int exponent = x->point - 1;

    p = put_digits(p, x, 0, 1);
    if (x->count > 1) {
        *p++ = '.';
        p = put_digits(p, x, 1, x->count);
    }
    *p++ = 'e';
    if (exponent < 0) {
        *p++ = '-';
        exponent = -exponent;
    }
    if (exponent >= 10)
        *p++ = (char)('0' + exponent / 10);
    *p++ = (char)('0' + exponent % 10);
    return p;
}

/* Zeros that are no digits of the number are good for a few places only. */
static bool is_plain(const struct digits *x)
{
    return x->point > -5 && x->point <= 17 && x->point - x->count <= 6;
}

static size_t print(unsigned n, uint64_t code, bool exact, char *ret)
{
    char room[DIGITS_MAX];
    char *p = ret;

    if (posit_is_special(n, code)) {
        memcpy(ret, code ? "NaR" : "0", code ? 4 : 2);
        return strlen(ret);
    }
    if (posit_is_negative(n, code))
        *p++ = '-';

    uint64_t magnitude = posit_magnitude(n, code);
    struct digits x =
        exact ? expand(posit_decode(n, magnitude), room) : shortest(n, magnitude, room);

    p = exact || is_plain(&x) ? put_plain(p, &x) : put_scientific(p, &x);
    *p = '\0';
    return (size_t)(p - ret);
}

size_t posit_print_shortest(unsigned n, uint64_t code, char *ret)
{
    return print(n, code, false, ret);
}

size_t posit_print_exact(unsigned n, uint64_t code, char *ret)
{
    return print(n, code, true, ret);
}

static size_t print_hex(unsigned n, uint64_t code, char *ret)
{
    char *p = ret;

    *p++ = '0';
    *p++ = 'x';
    for (unsigned shift = n; shift; *p++ = "0123456789abcdef"[code >> shift & 15])
        shift -= 4;
    *p = '\0';
    return (size_t)(p - ret);
}

#define PRINT(n)                                                                                   \
    size_t posit##n##_to_string(posit##n x, char *ret)                                             \
    {                                                                                              \
        return posit_print_shortest(n, x.bits, ret);                                               \
    }                                                                                              \
    size_t posit##n##_to_exact(posit##n x, char *ret)                                              \
    {                                                                                              \
        return posit_print_exact(n, x.bits, ret);                                                  \
    }                                                                                              \
    size_t posit##n##_to_hex(posit##n x, char *ret)                                                \
    {                                                                                              \
        return print_hex(n, x.bits, ret);                                                          \
    }

POSIT_SIZES(PRINT)
