// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Moments and durations as people write them. A moment is ns since 1970 (UTC), from 1677 to 2262:
 *
 *     2026-11-22T07:30:00Z   RFC 3339, with a fraction of up to nine digits, or an offset +01:00
 *     1795332600.5           seconds since 1970
 *     now, -1h, now-90s      from now on; a duration with a sign
 *
 * A duration is one or more of a whole number and a unit, from the greatest on, as in Prometheus:
 * y (365 days), w, d, h, m, s, ms; and us, ns. Neither clock nor time zone is read here.
 */
#pragma once

#include <stdint.h>

/* 0, -EINVAL or -ERANGE. */
int pk_moment_parse(const char *s, int64_t now, int64_t *ret);

/* *ret_end is behind the last unit; NULL: the text must end there. 0, -EINVAL or -ERANGE. */
int pk_duration_parse(const char *s, int64_t *ret, const char **ret_end);

#define PK_MOMENT_SIZE 32

/* RFC 3339 in UTC, with as many digits of a fraction as it takes. */
const char *pk_moment_text(int64_t t, char ret[static PK_MOMENT_SIZE]);

/* Seconds since 1970, exactly, in decimal. */
const char *pk_seconds_text(int64_t t, char ret[static PK_MOMENT_SIZE]);

#define PK_DURATION_SIZE 64

/* "1h30m"; "0s". */
const char *pk_duration_text(int64_t d, char ret[static PK_DURATION_SIZE]);
