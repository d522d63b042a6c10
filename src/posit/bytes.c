// SPDX-License-Identifier: BSD-2-Clause
/* Posits of 1 to 8 bytes: a posit64 whose last bytes are left out. */
#include "posit.h"

#include <errno.h>

#include "convert.h"
#include "internal.h"

static const uint64_t sign_bit = UINT64_C(1) << 63;

/* The posit64 of a posit of len bytes. */
static uint64_t short_code(uint64_t code, size_t len)
{
    return posit_widen(8 * (unsigned)len, code);
}

posit64 posit64_round_to_bytes(posit64 x, size_t len)
{
    if (len >= 8 || len == 0)
        return x;
    return (posit64){short_code(posit_narrow(8 * (unsigned)len, x.bits), len)};
}

/* With a constant size each is a few instructions. */
posit64 posit64_from_double_bytes(double x, size_t len)
{
    uint64_t bits = posit_double_bits(x);

    switch (len) {
    case 1:
        return (posit64){short_code(posit_from_double_bits(8, bits), 1)};
    case 2:
        return (posit64){short_code(posit_from_double_bits(16, bits), 2)};
    case 3:
        return (posit64){short_code(posit_from_double_bits(24, bits), 3)};
    case 4:
        return (posit64){short_code(posit_from_double_bits(32, bits), 4)};
    case 5:
        return (posit64){short_code(posit_from_double_bits(40, bits), 5)};
    case 6:
        return (posit64){short_code(posit_from_double_bits(48, bits), 6)};
    case 7:
        return (posit64){short_code(posit_from_double_bits(56, bits), 7)};
    default:
        return (posit64){posit_from_double_bits(64, bits)};
    }
}

size_t posit64_bytes(posit64 x)
{
    return x.bits ? 8 - (size_t)__builtin_ctzll(x.bits) / 8 : 1;
}

static void write_code(uint64_t code, uint8_t *ret, size_t len)
{
    for (size_t i = 0; i < len && i < 8; i++)
        ret[i] = (uint8_t)(code >> (56 - 8 * i));
}

static int read_code(const uint8_t *bytes, size_t len, uint64_t flip, posit64 *ret)
{
    uint64_t code = 0;

    if (len < 1 || len > 8)
        return -EINVAL;
    for (size_t i = 0; i < len; i++)
        code |= (uint64_t)bytes[i] << (56 - 8 * i);
    ret->bits = code ^ flip;
    return 0;
}

void posit64_write(posit64 x, uint8_t *ret, size_t len)
{
    write_code(x.bits, ret, len);
}

void posit64_write_sortable(posit64 x, uint8_t *ret, size_t len)
{
    write_code(x.bits ^ sign_bit, ret, len);
}

int posit64_read(const uint8_t *bytes, size_t len, posit64 *ret)
{
    return read_code(bytes, len, 0, ret);
}

int posit64_read_sortable(const uint8_t *bytes, size_t len, posit64 *ret)
{
    return read_code(bytes, len, sign_bit, ret);
}
