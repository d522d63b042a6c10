// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The measured rates as a drawing for a README: one panel for each workload, family and kind of
 * traffic; ratio to XDP_DROP against the number of rules, both axes logarithmic, so that a cost
 * that does not grow is a level line and one that grows with the rules falls. Subjects differ by
 * colour and by mark. No background, and colours for a light and a dark page
 * (prefers-color-scheme).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/macro.h"
#include "cli/bench/bench.h"
#include "cli/cli.h"

#define PK_SVG_MAX ((size_t)4 << 20)
#define PK_SVG_COLUMNS 3u
#define PK_SVG_LEFT 54.0   /* of a panel: room for the labels of its axis */
#define PK_SVG_TOP 26.0    /* for its title */
#define PK_SVG_WIDTH 206.0 /* of its field */
#define PK_SVG_HEIGHT 170.0
#define PK_SVG_LABEL 42     /* the width of "10,000" */
#define PK_SVG_CELL_W 276.0 /* from panel to panel */
#define PK_SVG_CELL_H 240.0
#define PK_SVG_LEGEND 54.0

/* Log10 without libm: numbers of rules and ratios of a chart need four digits. */
static double pk_svg_log10(double v)
{
    double y = 0, step = 1;

    while (v >= 10) {
        v /= 10;
        y++;
    }
    while (v < 1) {
        v *= 10;
        y--;
    }
    for (unsigned i = 0; i < 24; i++) { /* bit by bit: squaring doubles the logarithm */
        v *= v;
        step /= 2;
        if (v >= 10) {
            v /= 10;
            y += step;
        }
    }
    return y;
}

struct pk_svg_style {
    const char *subject, *light, *dark, *mark; /* mark: a path around 0,0 */
};

static const struct pk_svg_style pk_svg_styles[] = {
    {"picket xdp", "#0550ae", "#79c0ff", "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0"},
    {"picket tc", "#1b7c83", "#56d4dd", "M-3.5-3.5h7v7h-7z"},
    {"picket netfilter", "#1a7f37", "#56d364", "M0-4.5L4.5 3.5h-9z"},
    {"picket lbvs", "#6e7781", "#8b949e", "M0-4.5L4.5 0L0 4.5L-4.5 0z"},
    {"nft set", "#9a6700", "#e3b341", "M-4-3.5h8L0 4.5z"},
    {"ipset", "#bf3989", "#f778ba", "M-1.5-4h3v2.5h2.5v3h-2.5v2.5h-3v-2.5h-2.5v-3h2.5z"},
    {"bpfilter", "#57606a", "#c9d1d9", "M-4-4h2.5l5.5 5.5v2.5h-2.5l-5.5-5.5z"},
    {"iptables-legacy", "#bc4c00", "#ffa657", "M-2-4.5h4v9h-4z"},
    {"iptables-nft", "#8250df", "#d2a8ff", "M-4.5-2h9v4h-9z"},
};

struct pk_svg {
    const struct pk_bench *b;
    struct pk_buf out;
    double x_from, x_to; /* logarithms of the numbers of rules */
    double y_from;       /* logarithm of the least ratio shown; the axis ends at 1 */
    double left, top;    /* of the panel's field */
};

static double pk_svg_x(const struct pk_svg *s, double rules)
{
    return s->left +
           (pk_svg_log10(rules) - s->x_from) / (s->x_to - s->x_from) * (PK_SVG_WIDTH - 24) + 12;
}

static double pk_svg_y(const struct pk_svg *s, double ratio)
{
    double y = PK_MAX(pk_svg_log10(ratio), s->y_from);

    return s->top + y / s->y_from * PK_SVG_HEIGHT;
}

static bool pk_svg_shown(const struct pk_bench_cell *c)
{
    return c->n_samples && !c->subject->bare;
}

/* The range of both axes: whole decades of ratios, at least two. */
static void pk_svg_range(struct pk_svg *s)
{
    double least = 0.01, v;
    size_t k;

    s->x_from = 9;
    s->x_to = 0;
    for (k = 0; k < s->b->n_cells; k++) {
        const struct pk_bench_cell *c = &s->b->cells[k];

        v = pk_svg_log10(c->n_rules);
        s->x_from = PK_MIN(s->x_from, v);
        s->x_to = PK_MAX(s->x_to, v);
        v = pk_svg_shown(c) ? pk_bench_stat(s->b, c).ratio : 1;
        least = v > 0 ? PK_MIN(least, v) : least;
    }
    if (s->x_to - s->x_from < 0.1) {
        s->x_from -= 0.5;
        s->x_to += 0.5;
    }
    for (s->y_from = -2; pk_svg_log10(least) < s->y_from && s->y_from > -6; s->y_from--)
        ;
}

static void pk_svg_head(struct pk_svg *s, double width, double height)
{
    size_t k;

    pk_buf_fmt(&s->out,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
               "viewBox=\"0 0 %.0f %.0f\" font-family=\"system-ui,sans-serif\" font-size=\"12\">\n"
               "<title>picket bench: packets judged, as a share of XDP_DROP, against the number of "
               "rules</title>\n<style>\ntext{fill:#424a53}.g{stroke:#d0d7de}.a{stroke:#8c959f}"
               ".l{fill:none;stroke-width:2}.e{stroke-width:1.5}\n",
               width, height, width, height);
    for (k = 0; k < PK_ARRAY_SIZE(pk_svg_styles); k++)
        pk_buf_fmt(&s->out, ".f%zu{fill:%s}.s%zu{stroke:%s}\n", k, pk_svg_styles[k].light, k,
                   pk_svg_styles[k].light);
    pk_buf_str(&s->out, "@media(prefers-color-scheme:dark){\n"
                        "text{fill:#c9d1d9}.g{stroke:#30363d}.a{stroke:#6e7681}\n");
    for (k = 0; k < PK_ARRAY_SIZE(pk_svg_styles); k++)
        pk_buf_fmt(&s->out, ".f%zu{fill:%s}.s%zu{stroke:%s}\n", k, pk_svg_styles[k].dark, k,
                   pk_svg_styles[k].dark);
    pk_buf_str(&s->out, "}\n</style>\n");
}

static void pk_svg_text(struct pk_svg *s, double x, double y, const char *anchor, const char *fmt,
                        ...) __attribute__((format(printf, 5, 6)));

static void pk_svg_text(struct pk_svg *s, double x, double y, const char *anchor, const char *fmt,
                        ...)
{
    char text[128];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    pk_buf_fmt(&s->out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", x, y, anchor,
               text);
}

static void pk_svg_line(struct pk_svg *s, const char *class, double x1, double y1, double x2,
                        double y2)
{
    pk_buf_fmt(&s->out, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
               class, x1, y1, x2, y2);
}

/* "10,000" */
static const char *pk_svg_count(unsigned n, char buf[static 16])
{
    if (n >= 1000000)
        snprintf(buf, 16, "%u,%03u,%03u", n / 1000000, n / 1000 % 1000, n % 1000);
    else if (n >= 1000)
        snprintf(buf, 16, "%u,%03u", n / 1000, n % 1000);
    else
        snprintf(buf, 16, "%u", n);
    return buf;
}

/* Grid and labels: a line a decade of ratios, a label for each number of rules. */
static void pk_svg_axes(struct pk_svg *s, const struct pk_bench_cell *head)
{
    double ratio = 1, last = 0;
    char buf[16];
    size_t k, i;

    for (int decade = 0; decade >= s->y_from; decade--, ratio /= 10) {
        double y = pk_svg_y(s, ratio);

        pk_svg_line(s, "g", s->left, y, s->left + PK_SVG_WIDTH, y);
        pk_svg_text(s, s->left - 6, y + 4, "end", "%g", ratio);
    }
    pk_svg_line(s, "a", s->left, s->top + PK_SVG_HEIGHT, s->left + PK_SVG_WIDTH,
                s->top + PK_SVG_HEIGHT);
    for (k = 0; k < s->b->n_cells; k++) {
        const struct pk_bench_cell *c = &s->b->cells[k];

        for (i = 0; i < k && s->b->cells[i].n_rules != c->n_rules; i++)
            ;
        if (i == k) {
            double x = pk_svg_x(s, c->n_rules);
            bool low = x - last < PK_SVG_LABEL; /* it would touch the last one */

            pk_svg_text(s, x, s->top + PK_SVG_HEIGHT + (low ? 28 : 16), "middle", "%s",
                        pk_svg_count(c->n_rules, buf));
            last = low ? 0 : x;
        }
    }
    pk_svg_text(s, s->left, s->top - 10, "start", "%s, %s, %s", head->workload->name,
                pk_family_title(head->family), head->traffic->name);
}

static bool pk_svg_same_panel(const struct pk_bench_cell *a, const struct pk_bench_cell *b)
{
    return a->workload == b->workload && a->family == b->family && a->traffic == b->traffic;
}

/* The cell of a panel and subject with the fewest rules above `above`. */
static const struct pk_bench_cell *pk_svg_next(const struct pk_svg *s,
                                               const struct pk_bench_cell *head,
                                               const char *subject, unsigned above)
{
    const struct pk_bench_cell *found = NULL;
    size_t k;

    for (k = 0; k < s->b->n_cells; k++) {
        const struct pk_bench_cell *c = &s->b->cells[k];

        if (pk_svg_shown(c) && pk_svg_same_panel(c, head) && !strcmp(c->subject->name, subject) &&
            c->n_rules > above && (!found || c->n_rules < found->n_rules))
            found = c;
    }
    return found;
}

/* One subject's line, with quartiles and marks. */
static void pk_svg_series(struct pk_svg *s, const struct pk_bench_cell *head, size_t style)
{
    const struct pk_svg_style *look = &pk_svg_styles[style];
    const struct pk_bench_cell *c = pk_svg_next(s, head, look->subject, 0);
    char class[16], op = 'M';

    if (!c)
        return;
    snprintf(class, sizeof(class), "e s%zu", style);
    pk_buf_fmt(&s->out, "<path class=\"l s%zu\" d=\"", style);
    for (; c; c = pk_svg_next(s, head, look->subject, c->n_rules), op = 'L')
        pk_buf_fmt(&s->out, "%c%.1f %.1f", op, pk_svg_x(s, c->n_rules),
                   pk_svg_y(s, pk_bench_stat(s->b, c).ratio));
    pk_buf_str(&s->out, "\"/>\n");
    for (c = pk_svg_next(s, head, look->subject, 0); c;
         c = pk_svg_next(s, head, look->subject, c->n_rules)) {
        struct pk_bench_stat t = pk_bench_stat(s->b, c);
        double x = pk_svg_x(s, c->n_rules);

        pk_svg_line(s, class, x, pk_svg_y(s, t.ratio_low), x, pk_svg_y(s, t.ratio_high));
        pk_buf_fmt(&s->out, "<path class=\"f%zu\" transform=\"translate(%.1f %.1f)\" d=\"%s\"/>\n",
                   style, x, pk_svg_y(s, t.ratio), look->mark);
    }
}

/* Names of the subjects that were measured, four a line. */
static void pk_svg_legend(struct pk_svg *s)
{
    unsigned n = 0;
    size_t style, k;

    for (style = 0; style < PK_ARRAY_SIZE(pk_svg_styles); style++) {
        unsigned row;
        double x, y;

        for (k = 0; k < s->b->n_cells &&
                    (!pk_svg_shown(&s->b->cells[k]) ||
                     strcmp(s->b->cells[k].subject->name, pk_svg_styles[style].subject));
             k++)
            ;
        if (k == s->b->n_cells)
            continue;
        x = PK_SVG_LEFT + n % 4 * 140;
        row = n / 4;
        y = 16 + 20.0 * row;
        pk_buf_fmt(&s->out, "<path class=\"f%zu\" transform=\"translate(%.1f %.1f)\" d=\"%s\"/>\n",
                   style, x, y, pk_svg_styles[style].mark);
        pk_svg_text(s, x + 10, y + 4, "start", "%s", pk_svg_styles[style].subject);
        n++;
    }
}

static void pk_svg_panel(struct pk_svg *s, unsigned number, const struct pk_bench_cell *head)
{
    unsigned row = number / PK_SVG_COLUMNS;
    size_t style;

    s->left = PK_SVG_LEFT + number % PK_SVG_COLUMNS * PK_SVG_CELL_W;
    s->top = PK_SVG_LEGEND + PK_SVG_TOP + row * PK_SVG_CELL_H;
    pk_svg_axes(s, head);
    for (style = PK_ARRAY_SIZE(pk_svg_styles); style > 0; style--)
        pk_svg_series(s, head, style - 1);
}

/* Whether a cell is the first of its panel. */
static bool pk_svg_first(const struct pk_bench *b, size_t k)
{
    size_t i;

    for (i = 0; i < k && !pk_svg_same_panel(&b->cells[i], &b->cells[k]); i++)
        ;
    return i == k;
}

int pk_bench_svg(const struct pk_bench *b, FILE *to)
{
    struct pk_svg s = {.b = b, .out = PK_BUF_INIT(PK_SVG_MAX)};
    unsigned n = 0, panels = 0, rows;
    double width, height;
    size_t k;
    int r;

    for (k = 0; k < b->n_cells; k++)
        panels += pk_svg_first(b, k);
    width = PK_MAX(PK_MIN(panels, PK_SVG_COLUMNS) * PK_SVG_CELL_W, 620.0);
    rows = (panels + PK_SVG_COLUMNS - 1) / PK_SVG_COLUMNS;
    height = PK_SVG_LEGEND + rows * PK_SVG_CELL_H + 8;
    pk_svg_range(&s);
    pk_svg_head(&s, width, height);
    pk_svg_legend(&s);
    for (k = 0; k < b->n_cells; k++) {
        if (pk_svg_first(b, k))
            pk_svg_panel(&s, n++, &b->cells[k]);
    }
    pk_svg_text(&s, PK_SVG_LEFT, height - 4, "start",
                "packets judged, as a share of a bare XDP_DROP, against the number of rules");
    pk_buf_str(&s.out, "</svg>\n");
    r = s.out.failed;
    if (!r && (fwrite(s.out.data, 1, s.out.len, to) != s.out.len || fflush(to)))
        r = -EIO;
    pk_buf_done(&s.out);
    return r;
}
