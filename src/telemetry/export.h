// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Points as text for other programs, each value so that it reads back bit by bit: counters as whole
 * numbers, others in the fewest digits (number.h); times exactly, to the nanosecond.
 *
 *   csv          RFC 4180 with a head line: metric,time,value; times in RFC 3339
 *   jsonl        a JSON object a line: time, name, labels, value; NaN and infinities as strings,
 *                and counters as numbers of up to 20 digits
 *   openmetrics  OpenMetrics 1.0 with time stamps: families with # TYPE and # UNIT, then # EOF
 *
 * In OpenMetrics a counter is one by its name: what ends in _total. Others, and names that series
 * of both kinds bear, are of type unknown; a unit is said if the family's name ends with it.
 */
#pragma once

#include "telemetry/select.h"
#include "telemetry/tsdb.h"

enum pk_export_format { PK_EXPORT_CSV, PK_EXPORT_JSONL, PK_EXPORT_OPENMETRICS };

/* Takes text; not 0 (-errno) ends the export. */
typedef int pk_export_fn(void *arg, const char *text, size_t len);

struct pk_export {
    enum pk_export_format format;
    const struct pk_selector *selector;
    int64_t from, to; /* ns: from <= t < to */
    pk_export_fn *write;
    void *arg;
};

struct pk_exported {
    uint64_t series, points;
};

/* 0 or -errno, with a diagnostic but for what `write` returned. */
int pk_export_run(struct pk_tsdb *db, const struct pk_export *e, struct pk_exported *ret,
                  struct pk_diags *d);
