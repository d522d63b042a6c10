// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "cli/args.h"
#include "cli/record/record.h"

int64_t pk_record_stamp(int64_t now, int64_t last)
{
    int64_t t = now - now % PK_RECORD_GRAIN;

    if (t > last)
        return t;
    return last > INT64_MAX - PK_RECORD_GRAIN ? INT64_MAX : last + PK_RECORD_GRAIN;
}

int pk_record_age(const char *s, int64_t *ret)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}, {'y', 31557600}};
    size_t digits = strspn(s, "0123456789");
    int64_t v = 0;

    if (!digits)
        return -EINVAL;
    for (size_t i = 0; i < digits; i++)
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, s[i] - '0', &v))
            return -ERANGE;
    if (!s[digits] && !v) {
        *ret = 0;
        return 0;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
        if (s[digits] == units[i].unit && !s[digits + 1])
            return __builtin_mul_overflow(v, units[i].seconds * 1000000000, ret) ? -ERANGE : 0;
    return -EINVAL;
}
