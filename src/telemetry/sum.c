// SPDX-License-Identifier: GPL-2.0-or-later
#include "telemetry/sum.h"

#include <errno.h>
#include <math.h>

#include "base/macro.h"

#define LIMBS 16u
#define QUIRE_BYTES (8 * LIMBS)
#define QUIRE_LOWEST (-496) /* the weight of its lowest bit: 2^(16 - 8 * 64) */

/* Neumaier (1974): the low part keeps what the high part rounds away. */
void pk_sum_add_double(struct pk_sum *s, double v)
{
    double t = s->high + v;

    if (isfinite(t))
        s->low += fabs(s->high) >= fabs(v) ? (s->high - t) + v : (v - t) + s->high;
    s->high = t;
    s->kind = PK_SUM_DOUBLE;
}

/* high + low for any kind, where an exact join is not possible. */
static void pk_sum_degrade(struct pk_sum *s)
{
    double v = pk_sum_value(s);

    if (s->kind == PK_SUM_DOUBLE)
        return;
    *s = (struct pk_sum){.kind = PK_SUM_DOUBLE, .high = v};
}

/* integer * 10^by, or false if that is too large. */
static bool pk_sum_rescale(struct pk_sum *s, int to)
{
    __int128 v = s->integer;

    for (int i = s->scale; i < to; i++)
        if (__builtin_mul_overflow(v, 10, &v))
            return false;
    s->integer = v;
    s->scale = to;
    return true;
}

static bool pk_join_integer(struct pk_sum *into, const struct pk_sum *other)
{
    struct pk_sum a = *into, b = *other;
    int scale = PK_MAX(a.scale, b.scale);

    if (!pk_sum_rescale(&a, scale) || !pk_sum_rescale(&b, scale) ||
        __builtin_add_overflow(a.integer, b.integer, &a.integer))
        return false;
    *into = a;
    return true;
}

static bool pk_join_exact(struct pk_sum *into, const struct pk_sum *other)
{
    if (into->kind != other->kind)
        return false;
    if (into->kind == PK_SUM_INTEGER)
        return pk_join_integer(into, other);
    if (into->kind != PK_SUM_QUIRE || into->scale != other->scale)
        return false;
    quire64_add(&into->quire, &other->quire);
    return true;
}

void pk_sum_join(struct pk_sum *into, const struct pk_sum *other)
{
    struct pk_sum o = *other;

    if (o.kind == PK_SUM_NONE)
        return;
    if (into->kind == PK_SUM_NONE) {
        *into = o;
        return;
    }
    if (pk_join_exact(into, &o))
        return;
    pk_sum_degrade(into);
    pk_sum_degrade(&o);
    pk_sum_add_double(into, o.high);
    pk_sum_add_double(into, o.low);
}

/* m * 2^exponent rounded to nearest, ties to even; m is the magnitude with a sticky lowest bit. */
static double pk_round(unsigned __int128 m, int exponent, bool negative)
{
    double v = ldexp((double)m, exponent);

    return negative ? -v : v;
}

/*
 * integer / 10^scale, rounded once: by the machine's division where both are doubles, else the
 * quotient to 64 bits behind the point (57 significant ones at least), the rest sticky.
 */
static double pk_integer_value(__int128 integer, int scale)
{
    bool negative = integer < 0;
    unsigned __int128 m = negative ? -(unsigned __int128)integer : (unsigned __int128)integer;
    uint64_t ten = (uint64_t)pk_ten(scale);
    unsigned __int128 whole = m / ten, rest = m % ten;

    if (m >> 53 == 0)
        return (negative ? -(double)m : (double)m) / pk_ten(scale);
    if (!rest)
        return pk_round(whole, 0, negative);
    if (whole >> 60)
        return pk_round(whole << 1 | 1, -1, negative);
    rest <<= 64;
    return pk_round(whole << 64 | rest / ten | (rest % ten ? 1 : 0), -64, negative);
}

static bool pk_quire_magnitude(const quire64 *q, uint64_t ret[LIMBS])
{
    bool negative = q->limb[LIMBS - 1] >> 63;
    unsigned carry = negative;

    for (unsigned i = 0; i < LIMBS; i++) {
        ret[i] = (negative ? ~q->limb[i] : q->limb[i]) + carry;
        carry = carry && !ret[i];
    }
    return negative;
}

static double pk_quire_value(const quire64 *q, int scale)
{
    uint64_t m[LIMBS];
    bool negative, sticky = false;
    unsigned top = LIMBS - 1;
    unsigned __int128 word;

    if (quire64_is_nar(q))
        return NAN;
    negative = pk_quire_magnitude(q, m);
    while (top > 1 && !m[top])
        top--;
    for (unsigned i = 0; i + 1 < top; i++)
        sticky |= m[i] != 0;
    word = (unsigned __int128)m[top] << 64 | m[top - 1];
    return pk_round(word | sticky, QUIRE_LOWEST + 64 * ((int)top - 1) + scale, negative);
}

double pk_sum_value(const struct pk_sum *s)
{
    switch (s->kind) {
    case PK_SUM_INTEGER:
        return pk_integer_value(s->integer, s->scale);
    case PK_SUM_QUIRE:
        return pk_quire_value(&s->quire, s->scale);
    case PK_SUM_DOUBLE:
        return isfinite(s->high) ? s->high + s->low : s->high;
    case PK_SUM_NONE:
        break;
    }
    return 0;
}

bool pk_sum_is_exact(const struct pk_sum *s)
{
    return s->kind != PK_SUM_DOUBLE;
}

void pk_put_double(struct pk_buf *out, double v)
{
    uint64_t bits;
    unsigned len;

    memcpy(&bits, &v, sizeof(bits));
    len = bits ? 8 - (unsigned)__builtin_ctzll(bits) / 8 : 0;
    pk_put_u8(out, len);
    pk_put_be64(out, bits, len);
}

double pk_get_double(struct pk_reader *r)
{
    unsigned len = pk_get_u8(r);
    uint64_t bits = 0;
    double v;

    if (len > 8)
        r->bad = true;
    else
        bits = pk_get_be64(r, len);
    memcpy(&v, &bits, sizeof(v));
    return v;
}

/* Little-endian bytes of two's complement without the leading ones that only repeat the sign. */
static unsigned pk_signed_length(const uint8_t *le, unsigned len)
{
    uint8_t sign = le[len - 1] & 0x80 ? 0xff : 0;

    while (len && le[len - 1] == sign && (len == 1 ? !sign : (le[len - 2] ^ sign) < 0x80))
        len--;
    return len;
}

static void pk_quire_write(const quire64 *q, struct pk_buf *out)
{
    uint8_t le[QUIRE_BYTES];
    unsigned len, zeros = 0;

    memcpy(le, q->limb, sizeof(le));
    len = pk_signed_length(le, sizeof(le));
    while (zeros < len && !le[zeros])
        zeros++;
    pk_put_u8(out, zeros);
    pk_put_u8(out, len - zeros);
    pk_buf_add(out, le + zeros, len - zeros);
}

void pk_sum_write(const struct pk_sum *s, struct pk_buf *out)
{
    uint8_t le[sizeof(s->integer)];
    unsigned len;

    if (s->kind == PK_SUM_INTEGER) {
        memcpy(le, &s->integer, sizeof(le));
        len = pk_signed_length(le, sizeof(le));
        pk_put_u8(out, len);
        pk_buf_add(out, le, len);
    } else if (s->kind == PK_SUM_QUIRE) {
        pk_quire_write(&s->quire, out);
    } else if (s->kind == PK_SUM_DOUBLE) {
        pk_put_double(out, s->high);
        pk_put_double(out, s->low);
    }
}

/* `len` bytes into a wider little-endian number, the sign carried on. */
static void pk_signed_read(struct pk_reader *r, unsigned len, uint8_t *ret, unsigned room)
{
    const uint8_t *p = NULL;

    if (len > room)
        r->bad = true;
    else
        p = pk_get(r, len);
    if (!p)
        len = 0;
    memset(ret, len && p[len - 1] & 0x80 ? 0xff : 0, room);
    if (len)
        memcpy(ret, p, len);
}

int pk_sum_read(struct pk_reader *r, struct pk_sum *s)
{
    uint8_t le[QUIRE_BYTES] = {0};
    unsigned zeros;

    if (s->kind == PK_SUM_INTEGER) {
        pk_signed_read(r, pk_get_u8(r), (uint8_t *)&s->integer, sizeof(s->integer));
    } else if (s->kind == PK_SUM_QUIRE) {
        zeros = pk_get_u8(r);
        zeros = PK_MIN(zeros, QUIRE_BYTES);
        pk_signed_read(r, pk_get_u8(r), le + zeros, QUIRE_BYTES - zeros);
        memcpy(s->quire.limb, le, sizeof(le));
    } else if (s->kind == PK_SUM_DOUBLE) {
        s->high = pk_get_double(r);
        s->low = pk_get_double(r);
    }
    return r->bad ? -EBADMSG : 0;
}
