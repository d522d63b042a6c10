// SPDX-License-Identifier: GPL-2.0-or-later
#include "telemetry/moment.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/macro.h"

#define SECOND INT64_C(1000000000)

static const struct {
    const char *name;
    int64_t ns;
} units[] = {
    {"y", 31536000 * SECOND}, {"w", 604800 * SECOND}, {"d", 86400 * SECOND},
    {"h", 3600 * SECOND},     {"m", 60 * SECOND},     {"s", SECOND},
    {"ms", 1000000},          {"us", 1000},           {"ns", 1},
};

static bool pk_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* `digits` digits at *s; false: there are others. */
static bool pk_digits(const char **s, unsigned digits, int *ret)
{
    int v = 0;

    for (unsigned i = 0; i < digits; i++, ++*s) {
        if (!pk_is_digit(**s))
            return false;
        v = 10 * v + (**s - '0');
    }
    *ret = v;
    return true;
}

/* A fraction of a second in ns, if one stands here: 1 to 9 digits. */
static bool pk_fraction(const char **s, int64_t *ret)
{
    int64_t unit = SECOND, v = 0;

    *ret = 0;
    if (**s != '.')
        return true;
    for (++*s; pk_is_digit(**s) && unit > 1; ++*s)
        v += (**s - '0') * (unit /= 10);
    *ret = v;
    return unit < SECOND && !pk_is_digit(**s);
}

static int pk_join_ns(int64_t seconds, int64_t ns, int64_t *ret)
{
    int64_t v;

    if (__builtin_mul_overflow(seconds, SECOND, &v) || __builtin_add_overflow(v, ns, &v))
        return -ERANGE;
    *ret = v;
    return 0;
}

/* The index of the unit at s, and its length. Two letters are looked for first: m is not ms. */
static size_t pk_unit_at(const char *s, size_t *ret_len)
{
    for (size_t len = 2; len; len--)
        for (size_t i = 0; i < PK_ARRAY_SIZE(units); i++)
            if (strlen(units[i].name) == len && !strncmp(s, units[i].name, len)) {
                *ret_len = len;
                return i;
            }
    return PK_ARRAY_SIZE(units);
}

int pk_duration_parse(const char *s, int64_t *ret, const char **ret_end)
{
    size_t least = 0; /* the unit that may come next */
    int64_t sum = 0;

    if (!pk_is_digit(*s))
        return -EINVAL;
    while (pk_is_digit(*s)) {
        int64_t v = 0;
        size_t unit, len;

        for (; pk_is_digit(*s); s++)
            if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *s - '0', &v))
                return -ERANGE;
        unit = pk_unit_at(s, &len);
        if (unit < least || unit == PK_ARRAY_SIZE(units))
            return -EINVAL;
        if (__builtin_mul_overflow(v, units[unit].ns, &v) || __builtin_add_overflow(sum, v, &sum))
            return -ERANGE;
        least = unit + 1;
        s += len;
    }
    if (!ret_end && *s)
        return -EINVAL;
    *ret = sum;
    if (ret_end)
        *ret_end = s;
    return 0;
}

/* Behind "now", or a sign alone. */
static int pk_relative(const char *s, int64_t now, int64_t *ret)
{
    int64_t by = 0, v;
    int r = *s ? pk_duration_parse(s + 1, &by, NULL) : 0;

    if (r || (*s && *s != '+' && *s != '-'))
        return r ? r : -EINVAL;
    if (*s == '-' ? __builtin_sub_overflow(now, by, &v) : __builtin_add_overflow(now, by, &v))
        return -ERANGE;
    *ret = v;
    return 0;
}

static int pk_epoch(const char *s, int64_t *ret)
{
    int64_t seconds = 0, ns;

    if (!pk_is_digit(*s))
        return -EINVAL;
    for (; pk_is_digit(*s); s++)
        if (__builtin_mul_overflow(seconds, 10, &seconds) ||
            __builtin_add_overflow(seconds, *s - '0', &seconds))
            return -ERANGE;
    if (!pk_fraction(&s, &ns) || *s)
        return -EINVAL;
    return pk_join_ns(seconds, ns, ret);
}

/* "Z", or an offset of hours and minutes, in seconds. */
static bool pk_offset(const char *s, int *ret)
{
    char sign = *s++;
    int hours, minutes;

    *ret = 0;
    if ((sign == 'Z' || sign == 'z') && !*s)
        return true;
    if ((sign != '+' && sign != '-') || !pk_digits(&s, 2, &hours) || *s++ != ':' ||
        !pk_digits(&s, 2, &minutes) || *s || hours > 23 || minutes > 59)
        return false;
    *ret = (sign == '-' ? -60 : 60) * (60 * hours + minutes);
    return true;
}

static bool pk_date(const char **s, struct tm *ret)
{
    static const int days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap;

    if (!pk_digits(s, 4, &ret->tm_year) || *(*s)++ != '-' || !pk_digits(s, 2, &ret->tm_mon) ||
        *(*s)++ != '-' || !pk_digits(s, 2, &ret->tm_mday) || ret->tm_mon < 1 || ret->tm_mon > 12)
        return false;
    leap = ret->tm_year % 4 == 0 && (ret->tm_year % 100 != 0 || ret->tm_year % 400 == 0);
    return ret->tm_mday >= 1 && ret->tm_mday <= days[ret->tm_mon - 1] &&
           (leap || ret->tm_mon != 2 || ret->tm_mday < 29);
}

/* A leap second, 60, is the second after it. */
static bool pk_time_of_day(const char **s, struct tm *ret)
{
    return pk_digits(s, 2, &ret->tm_hour) && *(*s)++ == ':' && pk_digits(s, 2, &ret->tm_min) &&
           *(*s)++ == ':' && pk_digits(s, 2, &ret->tm_sec) && ret->tm_hour < 24 &&
           ret->tm_min < 60 && ret->tm_sec <= 60;
}

static int pk_rfc3339(const char *s, int64_t *ret)
{
    struct tm tm = {0};
    int64_t ns;
    int offset;

    if (!pk_date(&s, &tm) || (*s != 'T' && *s != 't' && *s != ' '))
        return -EINVAL;
    s++;
    if (!pk_time_of_day(&s, &tm) || !pk_fraction(&s, &ns) || !pk_offset(s, &offset))
        return -EINVAL;
    tm.tm_year -= 1900;
    tm.tm_mon--;
    return pk_join_ns(timegm(&tm) - offset, ns, ret);
}

int pk_moment_parse(const char *s, int64_t now, int64_t *ret)
{
    if (!strncmp(s, "now", 3))
        return pk_relative(s + 3, now, ret);
    if (*s == '-' || *s == '+')
        return pk_relative(s, now, ret);
    return strnlen(s, 5) == 5 && s[4] == '-' ? pk_rfc3339(s, ret) : pk_epoch(s, ret);
}

/* ".5" of 500,000,000 ns; nothing of 0. */
static void pk_fraction_text(int64_t ns, char *ret, size_t size)
{
    int n = ns ? snprintf(ret, size, ".%09" PRId64, ns) : 0;

    while (n && ret[n - 1] == '0')
        n--;
    ret[n] = 0;
}

const char *pk_moment_text(int64_t t, char ret[static PK_MOMENT_SIZE])
{
    time_t seconds = t / SECOND - (t % SECOND < 0);
    size_t n;
    struct tm tm;

    gmtime_r(&seconds, &tm);
    n = strftime(ret, PK_MOMENT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
    pk_fraction_text(t - seconds * SECOND, ret + n, PK_MOMENT_SIZE - n);
    n = strlen(ret);
    memcpy(ret + n, "Z", 2);
    return ret;
}

const char *pk_seconds_text(int64_t t, char ret[static PK_MOMENT_SIZE])
{
    uint64_t m = t < 0 ? 0 - (uint64_t)t : (uint64_t)t;
    int n = snprintf(ret, PK_MOMENT_SIZE, "%s%" PRIu64, t < 0 ? "-" : "", m / SECOND);

    pk_fraction_text((int64_t)(m % SECOND), ret + n, PK_MOMENT_SIZE - (size_t)n);
    return ret;
}

const char *pk_duration_text(int64_t d, char ret[static PK_DURATION_SIZE])
{
    size_t n = 0;

    for (size_t i = 2; i < PK_ARRAY_SIZE(units) && d > 0; i++)
        if (d >= units[i].ns) {
            n += (size_t)snprintf(ret + n, PK_DURATION_SIZE - n, "%" PRId64 "%s", d / units[i].ns,
                                  units[i].name);
            d %= units[i].ns;
        }
    if (!n)
        memcpy(ret, "0s", 3);
    return ret;
}
