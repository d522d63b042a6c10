#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Writes tables.c: the constants of the elementary functions, from integers alone.

Every value is truncated to LIMBS 64-bit words, the most significant first, and scaled so that its
first bit is set: value = 0.m * 2^exp. Run: src/posit/gen/tables.py > src/posit/tables.c
"""
from math import isqrt

LIMBS = 16
BITS = 64 * LIMBS + 192  # 192 bits of guard: the series below lose less than 16
ONE = 1 << BITS


def atan_inverse(k, sign):
    """atan(1/k) for sign -1, atanh(1/k) for +1."""
    power, total, n, s = ONE // k, 0, 1, 1
    while power:
        total += s * (power // n)
        power //= k * k
        n, s = n + 2, s * sign
    return total


def ratio_series(num, den, sign):
    """atan(num/den) or atanh(num/den) by the plain series."""
    power, total, n, s = ONE * num // den, 0, 1, 1
    while power:
        total += s * (power // n)
        power = power * num * num // (den * den)
        n, s = n + 2, s * sign
    return total


PI = 16 * atan_inverse(5, -1) - 4 * atan_inverse(239, -1)
LN2 = 2 * atan_inverse(3, 1)
LN10 = 3 * LN2 + 2 * atan_inverse(9, 1)


def log_sixteenths(j):
    return 2 * ratio_series(abs(j - 16), j + 16, 1)


def atan_sixteenths(j):
    return PI // 4 if j == 16 else ratio_series(j, 16, -1)


def exp2_sixteenths(j):
    x = 1 << j
    scaled = x << (16 * BITS)
    for _ in range(4):
        scaled = isqrt(scaled)
    return scaled


def entry(value, indent="    "):
    exp = value.bit_length() - BITS
    shift = value.bit_length() - 64 * LIMBS
    m = value >> shift if value else 0
    words = [(m >> (64 * (LIMBS - 1 - i))) & (2**64 - 1) for i in range(LIMBS)]
    rows = [", ".join(f"0x{w:016x}" for w in words[i:i + 4]) for i in range(0, LIMBS, 4)]
    body = f",\n{indent}  ".join(rows)
    return f"{{{exp if value else 0},\n{indent} {{{body}}}}}"


def scalar(name, value, what):
    print(f"\n/* {what} */\nconst struct posit_const posit_{name} =\n    {entry(value)};")


def table(name, values, what):
    print(f"\n/* {what} */\nconst struct posit_const posit_{name}[{len(values)}] = {{")
    for v in values:
        print(f"    {entry(v)},")
    print("};")


print("""// SPDX-License-Identifier: BSD-2-Clause
/* Written by gen/tables.py; do not edit. */
#include "tables.h"

/* clang-format off */""")
scalar("half_pi", PI // 2, "pi / 2")
scalar("two_over_pi", 2 * ONE * ONE // PI, "2 / pi")
scalar("inv_pi", ONE * ONE // PI, "1 / pi")
scalar("ln2", LN2, "log(2)")
scalar("inv_ln2", ONE * ONE // LN2, "log2(e)")
scalar("ln10", LN10, "log(10)")
scalar("inv_ln10", ONE * ONE // LN10, "log10(e)")
scalar("log2_10", LN10 * ONE // LN2, "log2(10)")
table("exp2_16", [exp2_sixteenths(j) for j in range(16)], "2^(j/16), j = 0..15")
table("log_16", [log_sixteenths(j) for j in range(11, 24)], "|log(j/16)|, j = 11..23")
table("atan_16", [atan_sixteenths(j) if j else 0 for j in range(17)], "atan(j/16), j = 0..16")

INVERSES = 64
print(f"""
/* 2^64 / k, truncated, k = 2..{INVERSES - 1} */
const uint64_t posit_inverse[{INVERSES}] = {{""")
words = [0, 0] + [2**64 // k for k in range(2, INVERSES)]
for i in range(0, INVERSES, 4):
    print("    " + ", ".join(f"0x{w:016x}" for w in words[i:i + 4]) + ",")
print("};")
