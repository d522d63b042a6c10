// SPDX-License-Identifier: BSD-2-Clause
/* The tables of common.h. The compiler computes them. */
#include "common.h"

#define R4(F, i) F(i), F((i) + 1), F((i) + 2), F((i) + 3)
#define R16(F, i) R4(F, i), R4(F, (i) + 4), R4(F, (i) + 8), R4(F, (i) + 12)
#define R64(F, i) R16(F, i), R16(F, (i) + 16), R16(F, (i) + 32), R16(F, (i) + 48)
#define R256(F, i) R64(F, i), R64(F, (i) + 64), R64(F, (i) + 128), R64(F, (i) + 192)
#define R1024(F, i) R256(F, i), R256(F, (i) + 256), R256(F, (i) + 512), R256(F, (i) + 768)

/* i: sign and 10 bits. RUN: how many bits of the regime are equal; the 1 behind the xor ends it. */
#define RUN(i) (__builtin_clz((((uint32_t)(i) ^ (uint32_t)(i) << 1) & 0x3ff) << 22 | 1 << 21) + 1)
#define REGIME(i) ((i)&0x200 ? RUN(i) - 1 : -RUN(i))
#define EXPONENT(i) ((i) << RUN(i) >> 7 & 3)
#define DROP(i) (RUN(i) > 7 ? 0 : POSIT_IN_TABLE + RUN(i) + 4)
#define SCALE(i) (RUN(i) > 7 ? 0 : (4 * REGIME(i) + EXPONENT(i)) ^ ((i)&0x400 ? -1 : 0))

/* j: 4r + e + 64. The regime is r + 1 ones and a zero, or -r zeros and a one. */
#define HEAD_REGIME(j) ((j) / 4 - POSIT_COMMON_SCALE / 4)
#define HEAD_WIDTH(j) (HEAD_REGIME(j) < 0 ? 4 - HEAD_REGIME(j) : 5 + HEAD_REGIME(j))
#define HEAD_BITS(j)                                                                               \
    (HEAD_REGIME(j) < 0 ? UINT32_C(1) << 2 : ((UINT32_C(2) << (HEAD_REGIME(j) & 31)) - 1) << 3)

/* i: 2 (scale + 64), and 1 if negative: then the code has the scale's complement. */
#define CODE_SCALE(i) ((i)&1 ? 2 * POSIT_COMMON_SCALE - 1 - (i) / 2 : (i) / 2)
#define WIDTH(i) HEAD_WIDTH(CODE_SCALE(i))
#define HEAD_CODE(i)                                                                               \
    ((HEAD_BITS(CODE_SCALE(i)) | CODE_SCALE(i) % 4) << (32 - WIDTH(i)) | (uint32_t)((i)&1) << 31)
#define HEAD(i) ((uint64_t)HEAD_CODE(i) << 32)

#define ZEROS(i) ((i) == 0 ? 8 : __builtin_clz((i) | 1) - 24)
#define SKIP(i) (ZEROS(i) + 2)

const struct posit_tables posit_tables = {
    .drop = {R1024(DROP, 0), R1024(DROP, 1024)},
    .scale = {R1024(SCALE, 0), R1024(SCALE, 1024)},
    .head = {R256(HEAD, 0)},
    .width = {R256(WIDTH, 0)},
    .skip = {R256(SKIP, 0)},
    .lead = {{UINT64_C(1) << 62, UINT64_C(2) << 62}, {UINT64_C(1) << 61, UINT64_C(6) << 61}},
};

const uint8_t posit_byte_zeros[256] = {R256(ZEROS, 0)};
