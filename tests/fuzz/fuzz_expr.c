// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What people write to `picket telemetry`: expressions with their selectors, metrics, moments and
 * durations. What is refused must say why; a moment, a duration and a metric that are read must
 * print, and be read again as the same.
 *
 * The first byte of the input chooses the reader; the rest is its text.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "telemetry/expr.h"
#include "telemetry/moment.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "not so: %s\n", what);
    abort();
}

static void read_expr(const char *text)
{
    static const struct pk_label labels[] = {{"chain", "INPUT"}, {"family", "ipv4"}};
    const struct pk_metric m = {
        .name = "picket_rule_packets_total", .labels = labels, .n_labels = 2};
    _pk_arena_ struct pk_arena a = {0};
    _pk_diags_ struct pk_diags d = {0};
    struct pk_expr e;
    int r = pk_expr_parse(text, &a, &e, &d);

    expect(!r || r == -ENOMEM || d.n_errors > 0, "an expression is refused without a word");
    if (r)
        return;
    expect(!d.n_errors && e.over < PK_OVER_N && e.range >= 0, "an expression");
    (void)pk_selector_matches(&e.selector, &m);
    pk_expr_done(&e);
}

static void read_metric(const char *text)
{
    _pk_buf_ struct pk_buf once = PK_BUF_INIT(PK_METRIC_TEXT_MAX), twice = once;
    _pk_arena_ struct pk_arena a = {0};
    _pk_diags_ struct pk_diags d = {0};
    struct pk_metric m;

    if (pk_metric_parse(text, &a, &m, &d)) {
        expect(d.n_errors > 0, "a metric is refused without a word");
        return;
    }
    if (pk_metric_text(&m, &once, &d))
        return;
    expect(!pk_metric_parse(once.data, &a, &m, &d), "a metric's own text is refused");
    expect(!pk_metric_text(&m, &twice, &d) && !strcmp(once.data, twice.data), "a metric's text");
}

static void read_times(const char *text)
{
    char shown[PK_MOMENT_SIZE], duration[PK_DURATION_SIZE];
    int64_t t, again;

    if (!pk_moment_parse(text, INT64_C(1795332600000000000), &t))
        expect(!pk_moment_parse(pk_moment_text(t, shown), 0, &again) && again == t, "a moment");
    if (!pk_duration_parse(text, &t, NULL))
        expect(!pk_duration_parse(pk_duration_text(t, duration), &again, NULL) && again == t,
               "a duration");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(const char *) = {read_expr, read_metric, read_times};
    _pk_free_ char *text = size ? strndup((const char *)data + 1, size - 1) : NULL;

    if (text)
        readers[data[0] % PK_ARRAY_SIZE(readers)](text);
    return 0;
}
