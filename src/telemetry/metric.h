// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is measured: a name, labels, a unit, and how exactly it is kept. Its text, which is its
 * identity in the store, is that of OpenMetrics with the labels in the order of their names:
 *
 *     picket_rule_packets{hook="input",rule="3"}
 *
 * The unit is a word for people. `spec.scale` says where values lie: posits hold value * 2^-scale,
 * exact but for the rounding that `spec.error` allows; 30 suits rates in bit/s, which are then kept
 * as about Gbit/s. `spec.error` is the greatest relative error of a stored value; 0: none. A
 * counter counts up from 0 and is always exact.
 */
#pragma once

#include "base/arena.h"
#include "base/diag.h"
#include "telemetry/values.h"

#define PK_METRIC_NAME_MAX 200
#define PK_METRIC_TEXT_MAX 4096
#define PK_METRIC_LABELS_MAX 32

struct pk_label {
    const char *name, *value;
};

struct pk_metric {
    const char *name;
    const struct pk_label *labels;
    size_t n_labels;
    const char *unit; /* NULL: none */
    struct pk_value_spec spec;
};

/* Checks the metric and appends its text. 0, -EINVAL with a diagnostic, -E2BIG or -ENOMEM. */
int pk_metric_text(const struct pk_metric *m, struct pk_buf *out, struct pk_diags *d);

/* `{a="x",b="y"}`, in the order given; nothing of no labels. */
void pk_labels_text(const struct pk_label *label, size_t n, struct pk_buf *out);

/* Name and labels of a text; memory is the arena's. 0, -EINVAL with a diagnostic, or -ENOMEM. */
int pk_metric_parse(const char *text, struct pk_arena *a, struct pk_metric *ret,
                    struct pk_diags *d);

/* A selector is a metric of which only name and labels count; the name "" is any. It is parsed by
 * pk_metric_parse: `picket_rule_packets`, `{hook="input"}`, or both. */
bool pk_metric_matches(const struct pk_metric *m, const struct pk_metric *selector);
