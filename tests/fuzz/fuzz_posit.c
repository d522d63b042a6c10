// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What reads foreign bytes in the posit library: decimal and hexadecimal strings, fields of 1 to 8
 * bytes, codes to be taken apart. What is read must print and be read again as the same code; sizes
 * must agree up to their rounding; what is refused must leave the result alone.
 *
 * The first byte of the input chooses the reader; the rest is its input.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "posit/posit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "not so: %s\n", what);
    abort();
}

/* The grammar, read a second time: [+-] digits [. digits] [e [+-] digits] or NaR. */
static bool is_decimal(const char *s, size_t len)
{
    size_t i = len && (s[0] == '+' || s[0] == '-'), digits = 0;

    if (len == 3 && (s[0] | 32) == 'n' && (s[1] | 32) == 'a' && (s[2] | 32) == 'r')
        return true;
    for (; i < len && s[i] >= '0' && s[i] <= '9'; i++)
        digits++;
    if (i < len && s[i] == '.')
        for (i++; i < len && s[i] >= '0' && s[i] <= '9'; i++)
            digits++;
    if (!digits)
        return false;
    if (i < len && (s[i] | 32) == 'e') {
        i += 1 + (i + 1 < len && (s[i + 1] == '+' || s[i + 1] == '-'));
        if (i >= len)
            return false;
        while (i < len && s[i] >= '0' && s[i] <= '9')
            i++;
    }
    return i == len;
}

#define SAME_AGAIN(n)                                                                              \
    static void same_again##n(posit##n x)                                                          \
    {                                                                                              \
        char text[POSIT_EXACT_SIZE];                                                               \
        posit##n back = {(uint##n##_t) ~x.bits};                                                   \
        size_t len = posit##n##_to_string(x, text);                                                \
                                                                                                   \
        expect(len < POSIT_STRING_SIZE && strlen(text) == len, "length of the shortest");          \
        expect(!posit##n##_from_string(text, len, &back) && back.bits == x.bits, "shortest");      \
        len = posit##n##_to_exact(x, text);                                                        \
        expect(len < POSIT_EXACT_SIZE && strlen(text) == len, "length of the exact");              \
        expect(!posit##n##_from_string(text, len, &back) && back.bits == x.bits, "exact");         \
        len = posit##n##_to_hex(x, text);                                                          \
        expect(!posit##n##_from_hex(text, len, &back) && back.bits == x.bits, "hex");              \
    }

/* clang-format off */
SAME_AGAIN(8)
SAME_AGAIN(16)
SAME_AGAIN(32)
SAME_AGAIN(64)
/* clang-format on */

static bool is_beside(int64_t a, int64_t b)
{
    return a == b || a - b == 1 || b - a == 1;
}

static void decimal(const char *s, size_t len)
{
    posit8 a = {0x55};
    posit16 b = {0x55};
    posit32 c = {0x55};
    posit64 d = {0x55};
    const bool good = is_decimal(s, len);

    expect(!posit8_from_string(s, len, &a) == good, "accepted by posit8");
    expect(!posit16_from_string(s, len, &b) == good, "accepted by posit16");
    expect(!posit32_from_string(s, len, &c) == good, "accepted by posit32");
    expect(!posit64_from_string(s, len, &d) == good, "accepted by posit64");
    if (!good) {
        expect(a.bits == 0x55 && b.bits == 0x55 && c.bits == 0x55 && d.bits == 0x55, "left alone");
        return;
    }
    /* Rounded twice is beside rounded once, at most. */
    expect(is_beside((int8_t)posit64_to_posit8(d).bits, (int8_t)a.bits), "posit8 and posit64");
    expect(is_beside((int16_t)posit64_to_posit16(d).bits, (int16_t)b.bits), "posit16 and posit64");
    expect(is_beside((int32_t)posit64_to_posit32(d).bits, (int32_t)c.bits), "posit32 and posit64");
    same_again8(a);
    same_again16(b);
    same_again32(c);
    same_again64(d);
}

static void hexadecimal(const char *s, size_t len)
{
    posit8 a = {0x55};
    posit64 d = {0x55};

    if (posit64_from_hex(s, len, &d))
        expect(d.bits == 0x55 && posit8_from_hex(s, len, &a) && a.bits == 0x55, "left alone");
    else
        same_again64(d);
    if (!posit8_from_hex(s, len, &a))
        expect(d.bits == a.bits, "posit8 and posit64 in hex");
}

static void bytes(const uint8_t *data, size_t len)
{
    uint8_t back[8];
    posit64 x = {0x55}, y = {0x55};

    if (posit64_read(data, len, &x)) {
        expect((len == 0 || len > 8) && x.bits == 0x55, "length refused");
        return;
    }
    expect(len >= 1 && len <= 8, "length accepted");
    posit64_write(x, back, len);
    expect(!memcmp(data, back, len) && posit64_bytes(x) <= len, "bytes");
    expect(!posit64_read_sortable(data, len, &y) && (x.bits ^ y.bits) == POSIT64_NAR, "sortable");
    expect(posit64_round_to_bytes(x, len).bits == x.bits, "rounded to its own length");
    same_again64(x);
}

static void fields(const uint8_t *data, size_t len)
{
    struct posit_fields f;
    uint64_t code = 0;
    unsigned n;

    if (len < 9)
        return;
    n = data[0];
    memcpy(&code, data + 1, sizeof(code));
    if (posit_decode_fields(n, code, &f)) {
        expect(n < 2 || n > 64 || (n < 64 && code >> n), "fields refused");
        return;
    }
    expect(n >= 2 && n <= 64 && (n == 64 || !(code >> n)), "fields accepted");
    expect(f.is_zero || f.is_nar || 1 + f.regime_width + f.exponent_width + f.fraction_width == n,
           "widths");
    expect(memchr(f.text, 0, sizeof(f.text)) && memchr(f.shortest, 0, sizeof(f.shortest)), "texts");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    if (data[0] % 4 == 0)
        bytes(data + 1, size - 1);
    else if (data[0] % 4 == 1)
        fields(data + 1, size - 1);
    else if (data[0] % 4 == 2)
        hexadecimal((const char *)data + 1, size - 1);
    else
        decimal((const char *)data + 1, size - 1);
    return 0;
}
