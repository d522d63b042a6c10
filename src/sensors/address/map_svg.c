// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The map as a drawing: a row for each prefix; a cell for each kind of identifier, the fuller the
 * larger its share; a strip of the digits below the prefix, the fuller the less guessable. Below it
 * a bar for each vendor. Two colours, for a light and a dark page (prefers-color-scheme); cells say
 * in words what they are (title).
 */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/macro.h"
#include "sensors/address/map.h"
#include "sensors/address/space.h"

#define EDGE 16.0
#define TOP 120.0 /* above the rows: title and slanted heads */
#define LABEL_W 190.0
#define COUNT_W 62.0
#define KIND_W 40.0
#define DIGIT_W 13.0
#define GAP 22.0
#define SEARCH_W 178.0
#define ROW_H 22.0
#define NAME_W 320.0 /* of a vendor */
#define VENDOR_W 300.0

struct drawing {
    const struct pk_map *m;
    double rate;
    struct pk_buf *out;
    int kind[PK_IID_N]; /* those that are there */
    int n_kinds;
    unsigned digits;
    double kinds_at, digits_at, search_at, width, height;
};

static void escaped(struct pk_buf *out, const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        switch (s[i]) {
        case '&':
            pk_buf_str(out, "&amp;");
            break;
        case '<':
            pk_buf_str(out, "&lt;");
            break;
        case '>':
            pk_buf_str(out, "&gt;");
            break;
        default:
            pk_buf_char(out, s[i]);
        }
}

/* Text of any origin, at most `max` bytes of it. */
static void write_text(struct drawing *d, double x, double y, const char *class, const char *s,
                       size_t max)
{
    _pk_buf_ struct pk_buf safe = PK_BUF_INIT(4096);

    pk_buf_text(&safe, s, strnlen(s, max));
    pk_buf_fmt(d->out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">", class, x, y);
    escaped(d->out, safe.data ? safe.data : "", safe.len);
    pk_buf_str(d->out, "</text>\n");
}

static void say(struct drawing *d, double x, double y, const char *class, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

static void say(struct drawing *d, double x, double y, const char *class, const char *fmt, ...)
{
    char text[256];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    write_text(d, x, y, class, text, sizeof(text));
}

/* A cell that is `full`, 0 to 1; what it says when pointed at. */
static void cell(struct drawing *d, double x, double y, double w, const char *class, double full,
                 const char *title)
{
    pk_buf_fmt(d->out,
               "<g><title>%s</title><rect class=\"z\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
               "height=\"%.1f\"/>",
               title, x, y, w - 2, ROW_H - 2);
    if (full > 0)
        pk_buf_fmt(d->out,
                   "<rect class=\"%s\" fill-opacity=\"%.2f\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                   "height=\"%.1f\"/>",
                   class, 0.12 + 0.88 * full, x, y, w - 2, ROW_H - 2);
    pk_buf_str(d->out, "</g>\n");
}

static bool tells_mac(int kind)
{
    return kind == PK_IID_EUI64 || kind == PK_IID_EUI64_LOCAL || kind == PK_IID_EUI64_VIRTUAL;
}

static void lay_out(struct drawing *d)
{
    const struct pk_map *m = d->m;
    size_t rows = m->n_rows + (m->others.n > 0);
    size_t vendors = m->n_vendors + (m->other_vendors > 0);

    for (int k = 0; k < PK_IID_N; k++) {
        bool there = m->others.iid[k];

        for (size_t i = 0; i < m->n_rows; i++)
            there |= m->row[i].iid[k] > 0;
        if (there)
            d->kind[d->n_kinds++] = k;
    }
    d->digits = 32 - m->bits / 4;
    d->kinds_at = EDGE + LABEL_W + COUNT_W + 10;
    d->digits_at = d->kinds_at + d->n_kinds * KIND_W + GAP;
    d->search_at = d->digits_at + d->digits * DIGIT_W + 10;
    d->width = PK_MAX(d->search_at + SEARCH_W, EDGE + NAME_W + VENDOR_W + 100);
    d->height = TOP + rows * ROW_H + 84 + (vendors ? 40 + vendors * ROW_H : 0);
}

static void head(struct drawing *d)
{
    pk_buf_fmt(
        d->out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
        "viewBox=\"0 0 %.0f %.0f\" role=\"img\" font-family=\"system-ui,sans-serif\" "
        "font-size=\"12\">\n"
        "<title>IPv6 addresses by prefix: how their identifiers are made</title>\n<style>\n"
        ":root{color-scheme:light "
        "dark}text{fill:#1f2328}.p{font-family:ui-monospace,monospace}.e{text-anchor:end}"
        ".c{text-anchor:middle}.h{font-size:16px;font-weight:600}.s{fill:#59636e}"
        ".page{fill:#fff}.z{fill:#818b981f}.k{fill:#0969da}.m{fill:#cf222e}.d{fill:#1a7f37}"
        "text.on{fill:#fff}text.mac{fill:#cf222e}\n"
        "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.s{fill:#9198a1}.page{fill:#0d1117}"
        ".z{fill:#656c7633}.k{fill:#58a6ff}.m{fill:#ff7b72}.d{fill:#3fb950}text.on{fill:#0d1117}"
        "text.mac{fill:#ff7b72}}\n</style>\n<rect class=\"page\" width=\"100%%\" "
        "height=\"100%%\"/>\n",
        d->width, d->height, d->width, d->height);
    say(d, EDGE, 30, "h", "%" PRIu64 " addresses in %" PRIu64 " prefixes of %u bits",
        d->m->addresses, d->m->prefixes, d->m->bits);
    if (d->m->without)
        say(d, EDGE, 50, "s", "and %" PRIu64 " without an identifier, as multicast", d->m->without);
    say(d, EDGE, TOP - 8, "s", "prefix");
    say(d, d->kinds_at - 10, TOP - 8, "s e", "addresses");
    for (int i = 0; i < d->n_kinds; i++)
        pk_buf_fmt(d->out,
                   "<text class=\"%s\" transform=\"translate(%.1f %.1f)rotate(-45)\">"
                   "%s</text>\n",
                   tells_mac(d->kind[i]) ? "mac" : "s", d->kinds_at + (i + 0.5) * KIND_W, TOP - 8,
                   pk_iid_name((enum pk_iid_kind)d->kind[i]));
    say(d, d->digits_at, TOP - 8, "s", "digits %u to 32", d->m->bits / 4 + 1);
    say(d, d->search_at, TOP - 8, "s", "search");
}

/* "17", "1.2k", "34M" */
static const char *short_count(uint64_t n, char buf[static 24])
{
    static const char units[] = " kMGT";
    double v = (double)n;
    size_t u = 0;

    for (; v >= 999.5 && u + 2 < sizeof(units); u++)
        v /= 1000;
    if (!u)
        snprintf(buf, 24, "%" PRIu64, n);
    else
        snprintf(buf, 24, v < 9.95 ? "%.1f%c" : "%.0f%c", v, units[u]);
    return buf;
}

static void draw_kinds(struct drawing *d, const struct pk_map_row *r, double y)
{
    char title[96], count[24];

    for (int i = 0; i < d->n_kinds; i++) {
        int k = d->kind[i];
        double share = (double)r->iid[k] / (double)r->n, x = d->kinds_at + i * KIND_W;

        snprintf(title, sizeof(title), "%s: %" PRIu64 " of %" PRIu64,
                 pk_iid_name((enum pk_iid_kind)k), r->iid[k], r->n);
        cell(d, x, y, KIND_W, tells_mac(k) ? "m" : "k", share, title);
        if (r->iid[k])
            say(d, x + KIND_W / 2 - 1, y + 14, share > 0.65 ? "c on" : "c", "%s",
                short_count(r->iid[k], count));
    }
}

static void draw_digits(struct drawing *d, const struct pk_map_row *r, double y)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(256);
    char title[64];

    if (r->bits < 0) {
        say(d, d->digits_at, y + 14, "s", "too few to tell");
        return;
    }
    for (unsigned i = 0; i < d->digits; i++) {
        double h = r->entropy[d->m->bits / 4 + i];

        snprintf(title, sizeof(title), "digit %u: %.1f of 4 bits", d->m->bits / 4 + i + 1, 4 * h);
        cell(d, d->digits_at + i * DIGIT_W, y, DIGIT_W, "d", h < 0.005 ? 0 : h, title);
    }
    pk_space_text(exp2(r->bits), &b);
    pk_buf_str(&b, ", ");
    pk_space_time(exp2(r->bits), d->rate, &b);
    say(d, d->search_at, y + 14, "", "%s", b.data ? b.data : "");
}

static void draw_row(struct drawing *d, const struct pk_map_row *r, const char *name, double y)
{
    say(d, EDGE, y + 14, "p", "%s", name);
    say(d, d->kinds_at - 10, y + 14, "e", "%" PRIu64, r->n);
    draw_kinds(d, r, y);
    if (r != &d->m->others)
        draw_digits(d, r, y);
}

static double draw_rows(struct drawing *d)
{
    double y = TOP;
    char name[50];

    for (size_t i = 0; i < d->m->n_rows; i++, y += ROW_H)
        draw_row(d, &d->m->row[i], pk_map_prefix(d->m, &d->m->row[i], name), y);
    if (d->m->others.n) {
        snprintf(name, sizeof(name), "%" PRIu64 " others", d->m->prefixes - d->m->n_rows);
        draw_row(d, &d->m->others, name, y);
        y += ROW_H;
    }
    return y;
}

static void legend(struct drawing *d, double y)
{
    pk_buf_fmt(d->out, "<rect class=\"m\" x=\"%.1f\" y=\"%.1f\" width=\"12\" height=\"12\"/>\n",
               EDGE, y - 10);
    say(d, EDGE + 18, y, "s", "a device's MAC is in the address");
    pk_buf_fmt(d->out, "<rect class=\"k\" x=\"%.1f\" y=\"%.1f\" width=\"12\" height=\"12\"/>\n",
               EDGE + 230, y - 10);
    say(d, EDGE + 248, y, "s", "all other identifiers; the fuller, the more of the prefix");
    pk_buf_fmt(d->out, "<rect class=\"d\" x=\"%.1f\" y=\"%.1f\" width=\"12\" height=\"12\"/>\n",
               EDGE, y + 10);
    say(d, EDGE + 18, y + 20, "s",
        "entropy of a digit: empty is always the same, full is as good as random");
    say(d, EDGE, y + 40, "s",
        "search: addresses to try if each digit is guessed for itself, at %.0f probes/s", d->rate);
}

static void draw_vendor(struct drawing *d, const char *name, uint64_t n, double y)
{
    double w = VENDOR_W * (double)n / (double)d->m->macs;

    write_text(d, EDGE, y + 14, "", name, 44);
    pk_buf_fmt(d->out, "<rect class=\"m\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
               EDGE + NAME_W, y, PK_MAX(w, 1.0), ROW_H - 4);
    say(d, EDGE + NAME_W + w + 6, y + 14, "", "%" PRIu64, n);
}

static void draw_vendors(struct drawing *d, double y)
{
    if (!d->m->macs)
        return;
    say(d, EDGE, y, "h", "%" PRIu64 " addresses with a MAC, by vendor", d->m->macs);
    y += 12;
    for (size_t i = 0; i < d->m->n_vendors; i++, y += ROW_H)
        draw_vendor(d, d->m->vendor[i].name, d->m->vendor[i].n, y);
    if (d->m->other_vendors)
        draw_vendor(d, "(others)", d->m->other_vendors, y);
}

void pk_map_svg(const struct pk_map *m, double rate, struct pk_buf *out)
{
    struct drawing d = {.m = m, .rate = rate, .out = out};
    double y;

    lay_out(&d);
    head(&d);
    y = draw_rows(&d) + 24;
    legend(&d, y);
    draw_vendors(&d, y + 78);
    pk_buf_str(out, "</svg>\n");
}
