// SPDX-License-Identifier: GPL-2.0-or-later
/* The map for a terminal of 80 columns, and as JSON. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/macro.h"
#include "sensors/address/map.h"
#include "sensors/address/space.h"
#include "sensors/address/tally.h"

#define BAR 36u /* columns of the bar and of the digits below the prefix */
#define VENDOR_BAR 24u

/* What a bar of a row is made of: one letter each. */
enum part { MAC, LOCAL, IPV4, WRITTEN, RESERVED, RANDOM, PARTS };

static const char letters[PARTS] = {'M', 'L', '4', 'w', 'a', 'r'};

static enum part part_of(enum pk_iid_kind k)
{
    static const uint8_t parts[PK_IID_N] = {
        [PK_IID_ROUTER_ANYCAST] = RESERVED,
        [PK_IID_SUBNET_ANYCAST] = RESERVED,
        [PK_IID_IANA] = RESERVED,
        [PK_IID_EUI64] = MAC,
        [PK_IID_EUI64_LOCAL] = LOCAL,
        [PK_IID_EUI64_VIRTUAL] = LOCAL,
        [PK_IID_EUI64_GROUP] = RANDOM,
        [PK_IID_ISATAP] = IPV4,
        [PK_IID_TEREDO] = IPV4,
        [PK_IID_IPV4] = IPV4,
        [PK_IID_IPV4_WORDS] = IPV4,
        [PK_IID_IPV4_HIGH] = IPV4,
        [PK_IID_PORT] = WRITTEN,
        [PK_IID_PORT_HIGH] = WRITTEN,
        [PK_IID_LOW_BYTE] = WRITTEN,
        [PK_IID_WORDY] = WRITTEN,
        [PK_IID_PATTERN] = WRITTEN,
        [PK_IID_RANDOM] = RANDOM,
    };

    return (enum part)parts[k];
}

/* Columns by share; what is there at all has one, for which the longest gives. */
static void bar(const struct pk_map_row *r, unsigned width, char *ret)
{
    uint64_t count[PARTS] = {0};
    unsigned columns[PARTS] = {0}, longest = 0, all = 0;

    for (int k = 0; k < PK_IID_N; k++)
        count[part_of((enum pk_iid_kind)k)] += r->iid[k];
    for (unsigned p = 0; p < PARTS; p++) {
        columns[p] = (unsigned)((double)width * (double)count[p] / (double)r->n);
        columns[p] += count[p] && !columns[p];
        longest = count[p] > count[longest] ? p : longest;
        all += columns[p];
    }
    columns[longest] += width - all;
    for (unsigned p = 0; p < PARTS; p++) {
        memset(ret, letters[p], columns[p]);
        ret += columns[p];
    }
    *ret = '\0';
}

static void print_row(const struct pk_map *m, const struct pk_map_row *r, const char *name,
                      FILE *to)
{
    _pk_buf_ struct pk_buf space = PK_BUF_INIT(64);
    unsigned digits = 32 - m->bits / 4;
    char drawn[BAR + 1], text[33] = "";

    bar(r, BAR - digits, drawn);
    if (r->bits >= 0) {
        pk_entropy_text(r->entropy, text);
        pk_space_text(exp2(r->bits), &space);
    }
    fprintf(to, "%-24s %7" PRIu64 "  %s  %-*s  %s\n", name, r->n, drawn, (int)digits,
            text + (*text ? m->bits / 4 : 0),
            space.data        ? space.data
            : r == &m->others ? ""
                              : "few");
}

static void print_vendor(const struct pk_map *m, const char *name, uint64_t n, FILE *to)
{
    _pk_buf_ struct pk_buf safe = PK_BUF_INIT(512);
    unsigned columns = (unsigned)(VENDOR_BAR * (double)n / (double)m->macs + 0.5);

    pk_buf_text(&safe, name, strnlen(name, 42));
    fprintf(to, "%-42s %9" PRIu64 "  %.*s\n", safe.data ? safe.data : "", n, (int)columns,
            "########################");
}

static void print_vendors(const struct pk_map *m, FILE *to)
{
    fprintf(to, "\n%-42s %9s\n", "VENDOR OF THE MAC", "ADDRESSES");
    for (size_t i = 0; i < m->n_vendors; i++)
        print_vendor(m, m->vendor[i].name, m->vendor[i].n, to);
    if (m->other_vendors)
        print_vendor(m, "(others)", m->other_vendors, to);
}

int pk_map_print(const struct pk_map *m, FILE *to)
{
    char name[50];
    int digits = 32 - (int)m->bits / 4;

    fprintf(to, "%-24s %7s  %-*s  %-*s  %s\n", "PREFIX", "ADDRS", (int)BAR - digits, "IDENTIFIERS",
            digits, "DIGITS BELOW IT", "SEARCH");
    for (size_t i = 0; i < m->n_rows; i++)
        print_row(m, &m->row[i], pk_map_prefix(m, &m->row[i], name), to);
    if (m->others.n) {
        snprintf(name, sizeof(name), "%" PRIu64 " others", m->prefixes - m->n_rows);
        print_row(m, &m->others, name, to);
    }
    fputs("\n"
          "IDENTIFIERS  M of a device's MAC; L of a local or virtual MAC; 4 has an IPv4\n"
          "             address; w written by people; a anycast, reserved; r random\n"
          "DIGITS       . always the same; 0 to 9 tenths of entropy; # as good as random\n"
          "SEARCH       addresses to try if each digit is guessed for itself; few: under\n"
          "             16 addresses were seen, which tell nothing of it\n",
          to);
    if (m->macs)
        print_vendors(m, to);
    return ferror(to) ? -EIO : 0;
}

static json_t *row_json(const struct pk_map_row *r)
{
    json_t *o = json_object(), *kinds = json_object();
    char digits[33];

    for (int k = 0; k < PK_IID_N; k++)
        if (r->iid[k])
            json_object_set_new(kinds, pk_iid_name((enum pk_iid_kind)k),
                                json_integer((json_int_t)r->iid[k]));
    json_object_set_new(o, "addresses", json_integer((json_int_t)r->n));
    json_object_set_new(o, "identifiers", kinds);
    if (r->bits >= 0) {
        pk_entropy_text(r->entropy, digits);
        json_object_set_new(o, "bits", json_real(r->bits));
        json_object_set_new(o, "digits", json_string(digits));
    }
    return o;
}

static json_t *rows_json(const struct pk_map *m)
{
    json_t *rows = json_array(), *o;
    char text[46];

    for (size_t i = 0; i < m->n_rows; i++) {
        o = row_json(&m->row[i]);
        json_object_set_new(o, "prefix", json_string(pk_address_text(m->row[i].prefix, text)));
        json_object_set_new(o, "length", json_integer(m->bits));
        json_array_append_new(rows, o);
    }
    return rows;
}

static json_t *vendors_json(const struct pk_map *m)
{
    json_t *list = json_array();

    for (size_t i = 0; i < m->n_vendors; i++) {
        _pk_buf_ struct pk_buf safe = PK_BUF_INIT(4096);

        pk_buf_text(&safe, m->vendor[i].name, strnlen(m->vendor[i].name, 512));
        json_array_append_new(list, json_pack("{s:s,s:I}", "name", safe.data ? safe.data : "",
                                              "addresses", (json_int_t)m->vendor[i].n));
    }
    return list;
}

json_t *pk_map_json(const struct pk_map *m)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:o,s:o,s:o}", "addresses", (json_int_t)m->addresses,
                     "prefixes", (json_int_t)m->prefixes, "without_identifier",
                     (json_int_t)m->without, "macs", (json_int_t)m->macs, "rows", rows_json(m),
                     "others", row_json(&m->others), "vendors", vendors_json(m));
}
