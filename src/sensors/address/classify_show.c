// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What `picket address classify` prints. A line of JSON is the record of an address; a document has
 * the same records in an array.
 */
#include "sensors/address/classify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/out.h"
#include "sensors/address/codes.h"
#include "sensors/address/map.h"
#include "sensors/address/space.h"

#define LINE_MAX_BYTES 65536u

static const struct pk_vendor_block *vendor(const struct pk_classify *c, const struct pk_verdict *v)
{
    return pk_iid_has_mac(v->iid) ? pk_vendor_of(&c->vendors, v->mac) : NULL;
}

/* "PK_MA": the registry that gives blocks of this size. */
static const char *registry(unsigned bits)
{
    return bits == 36 ? "MA-S" : bits == 28 ? "MA-M" : "MA-L";
}

static void json_text(struct pk_buf *b, const char *key, const char *s, size_t len)
{
    _pk_buf_ struct pk_buf safe = PK_BUF_INIT(LINE_MAX_BYTES);

    pk_buf_text(&safe, s, len);
    pk_buf_fmt(b, ",\"%s\":\"", key);
    for (size_t i = 0; i < safe.len; i++) {
        if (safe.data[i] == '"' || safe.data[i] == '\\')
            pk_buf_char(b, '\\');
        pk_buf_char(b, safe.data[i]);
    }
    pk_buf_char(b, '"');
    b->failed = b->failed ? b->failed : safe.failed;
}

static void json_embedded(const struct pk_classify *c, const struct pk_verdict *v, struct pk_buf *b)
{
    const struct pk_vendor_block *block = vendor(c, v);
    char mac[18], ipv4[16];

    if (pk_iid_has_mac(v->iid))
        pk_buf_fmt(b, ",\"mac\":\"%s\"", pk_mac_text(v->mac, mac));
    if (block && block->name)
        json_text(b, "vendor", block->name, strlen(block->name));
    if (block && block->since)
        json_text(b, "not_older_than", block->since, strlen(block->since));
    if (v->has_ipv4)
        pk_buf_fmt(b, ",\"ipv4\":\"%s\"", pk_ipv4_text(v->ipv4, ipv4));
    if (v->port)
        pk_buf_fmt(b, ",\"port\":%u", v->port);
}

static void json_line(const struct pk_classify *c, const struct pk_address_found *f,
                      const struct pk_verdict *v, struct pk_buf *b)
{
    struct pk_space space;
    char text[46];

    pk_buf_fmt(b, "{\"address\":\"%s\",\"kind\":\"%s\",\"scope\":\"%s\",\"reachable\":%s",
               pk_address_text(f->address, text), pk_address_kind_name(v->kind),
               pk_address_scope_name(v->scope), v->reachable ? "true" : "false");
    if (f->zone)
        json_text(b, "zone", f->zone, f->zone_len);
    if (f->bits != 128)
        pk_buf_fmt(b, ",\"prefix_length\":%u", f->bits);
    pk_buf_fmt(b, ",\"iid\":\"%s\",\"certainty\":\"%s\"", pk_iid_name(v->iid),
               pk_certainty_name(v->certainty));
    json_text(b, "reason", v->reason, strlen(v->reason));
    json_embedded(c, v, b);
    for (int a = 0; a < PK_ATTACKS; a++)
        pk_buf_fmt(b, "%s\"%s\":\"%s\"", a ? "," : ",\"exposed\":{",
                   pk_attack_name((enum pk_attack)a), pk_exposure_name(v->exposed[a]));
    pk_buf_char(b, '}');
    if (pk_space_of(v, &c->vendors, &space))
        pk_buf_fmt(b, ",\"space\":%.17g", space.addresses);
    pk_buf_char(b, '}');
}

static int print_json(struct pk_classify *c, const struct pk_address_found *f,
                      const struct pk_verdict *v)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(LINE_MAX_BYTES);
    json_t *list;

    json_line(c, f, v, &b);
    if (b.failed)
        return b.failed;
    if (!c->document)
        return puts(b.data) < 0 ? -EIO : 0;
    list = json_object_get(c->document, "addresses");
    if (json_array_size(list) >= PK_CLASSIFY_JSON_MAX)
        return -E2BIG;
    return json_array_append_new(list, json_loadb(b.data, b.len, 0, NULL)) < 0 ? -ENOMEM : 0;
}

static int print_csv(const struct pk_address_found *f, const struct pk_verdict *v)
{
    char text[46], mac[18] = "", ipv4[16] = "";

    if (pk_iid_has_mac(v->iid))
        pk_mac_text(v->mac, mac);
    if (v->has_ipv4)
        pk_ipv4_text(v->ipv4, ipv4);
    return printf("%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s\n", pk_address_text(f->address, text),
                  pk_address_kind_name(v->kind), pk_address_scope_name(v->scope),
                  pk_iid_name(v->iid), pk_certainty_name(v->certainty), mac, ipv4,
                  pk_exposure_name(v->exposed[0]), pk_exposure_name(v->exposed[1]),
                  pk_exposure_name(v->exposed[2]), pk_exposure_name(v->exposed[3])) < 0
               ? -EIO
               : 0;
}

/* What is inside, in a few words: the MAC and who made it, or the IPv4 address and port. */
static void inside(const struct pk_classify *c, const struct pk_verdict *v, struct pk_buf *b)
{
    const struct pk_vendor_block *block = vendor(c, v);
    char mac[18], ipv4[16];

    if (pk_iid_has_mac(v->iid))
        pk_buf_str(b, pk_mac_text(v->mac, mac));
    if (v->iid == PK_IID_EUI64_VIRTUAL || v->iid == PK_IID_IANA)
        pk_buf_fmt(b, " %s", v->reason);
    else if (block && block->name)
        pk_buf_fmt(b, " %s", block->name);
    if (v->has_ipv4 && v->iid != PK_IID_EUI64_VIRTUAL)
        pk_buf_fmt(b, "%s%s", b->len ? " " : "", pk_ipv4_text(v->ipv4, ipv4));
    if (v->port)
        pk_buf_fmt(b, "%sport %u", b->len ? " " : "", v->port);
}

static int print_row(const struct pk_classify *c, const struct pk_address_found *f,
                     const struct pk_verdict *v)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(4096);
    char text[46];

    inside(c, v, &b);
    if (b.failed)
        return b.failed;
    return printf("%-39s  %-13s  %-14s  %s\n", pk_address_text(f->address, text),
                  pk_address_kind_name(v->kind), pk_iid_name(v->iid), b.data ? b.data : "") < 0
               ? -EIO
               : 0;
}

static void card_vendor(const struct pk_classify *c, const struct pk_verdict *v)
{
    const struct pk_vendor_block *b = vendor(c, v);

    if (!pk_iid_has_mac(v->iid))
        return;
    if (b && b->name)
        printf("  vendor             %s (%s)\n", b->name, registry(b->bits));
    else
        printf("  vendor             %s\n",
               c->vendors.loaded ? "of no registered block"
                                 : "not known: no registries in " PK_VENDOR_DIR " (ieee-data)");
    if (b && b->since)
        printf("  made               not before %s\n", b->since);
    else
        printf("  made               unknown%s\n", c->mac_dates ? "" : " (--mac-dates FILE)");
}

static void card_attack(const struct pk_classify *c, const struct pk_verdict *v, enum pk_attack a)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(256);
    struct pk_space space;

    printf("  %-17s  %s", pk_attack_name(a), pk_exposure_name(v->exposed[a]));
    if (a == PK_SCANNING && pk_space_of(v, &c->vendors, &space)) {
        pk_space_text(space.addresses, &b);
        pk_buf_str(&b, " addresses, ");
        pk_space_time(space.addresses, c->rate, &b);
        printf(": %s at %.0f probes/s,\n                     knowing %s", b.data, c->rate,
               space.known);
    }
    putchar('\n');
}

static int print_card(const struct pk_classify *c, const struct pk_address_found *f,
                      const struct pk_verdict *v)
{
    char text[46], mac[18], ipv4[16];

    printf("%s\n", pk_address_text(f->address, text));
    printf("  kind               %s, scope %s, %sglobally reachable\n",
           pk_address_kind_name(v->kind), pk_address_scope_name(v->scope),
           v->reachable ? "" : "not ");
    printf("  identifier         %s, %s:\n                     %s\n", pk_iid_name(v->iid),
           pk_certainty_name(v->certainty), v->reason);
    if (pk_iid_has_mac(v->iid))
        printf("  MAC                %s\n", pk_mac_text(v->mac, mac));
    card_vendor(c, v);
    if (v->has_ipv4)
        printf("  IPv4               %s\n", pk_ipv4_text(v->ipv4, ipv4));
    if (v->port)
        printf("  port               %u\n", v->port);
    for (int a = 0; a < PK_ATTACKS; a++)
        card_attack(c, v, (enum pk_attack)a);
    return ferror(stdout) ? -EIO : 0;
}

int pk_classify_print(struct pk_classify *c, const struct pk_address_found *f,
                      const struct pk_verdict *v)
{
    if (c->document || c->format == PK_CLASSIFY_JSONL)
        return print_json(c, f, v);
    if (c->format == PK_CLASSIFY_CSV)
        return print_csv(f, v);
    return c->card ? print_card(c, f, v) : print_row(c, f, v);
}

void pk_classify_begin(struct pk_classify *c)
{
    if (c->document || c->statistics || c->map)
        return;
    if (c->format == PK_CLASSIFY_CSV)
        puts("address,kind,scope,iid,certainty,mac,ipv4,correlation,location_tracking,"
             "address_scanning,device_exploits");
    if (c->format == PK_CLASSIFY_TABLE && !c->card)
        printf("%-39s  %-13s  %-14s  %s\n", "ADDRESS", "KIND", "IDENTIFIER", "INSIDE");
}

typedef const char *name_fn(int k);

static const char *kind_name(int k)
{
    return pk_address_kind_name((enum pk_address_kind)k);
}

static const char *iid_name(int k)
{
    return pk_iid_name((enum pk_iid_kind)k);
}

static void count_table(const char *title, const uint64_t *count, int n, uint64_t of, name_fn *name)
{
    printf("%-16s  %12s  %6s\n", title, "ADDRESSES", "%");
    for (int k = 0; k < n; k++)
        if (count[k])
            printf("%-16s  %12" PRIu64 "  %6.2f\n", name(k), count[k],
                   100 * (double)count[k] / (double)of);
}

static void count_json(json_t *to, const char *key, const uint64_t *count, int n, name_fn *name)
{
    json_t *o = json_object();

    for (int k = 0; k < n; k++)
        if (count[k])
            json_object_set_new(o, name(k), json_integer((json_int_t)count[k]));
    json_object_set_new(to, key, o);
}

static void summary_json(const struct pk_classify *c)
{
    const struct pk_address_tally *t = &c->tally;
    json_t *o = json_object();

    json_object_set_new(o, "lines", json_integer((json_int_t)t->lines));
    json_object_set_new(o, "found", json_integer((json_int_t)t->addresses));
    json_object_set_new(o, "taken", json_integer((json_int_t)t->taken));
    count_json(o, "kinds", t->kind, PK_AK_N, kind_name);
    count_json(o, "identifiers", t->iid, PK_IID_N, iid_name);
    json_object_set_new(c->document, "statistics", o);
}

/* One prefix: its addresses, the bits of entropy below it, and each digit's as 0 to 9. */
static int entropy_row(struct pk_classify *c, const struct pk_u128 *a, size_t n)
{
    char text[46], prefix_text[50], digits[33];
    double h[32], bits = 0;
    struct pk_u128 prefix = a[0];
    json_t *o;

    pk_address_entropy(a, n, h);
    for (unsigned k = c->entropy / 4; k < 32; k++)
        bits += 4 * h[k];
    pk_entropy_text(h, digits);
    prefix.lo = c->entropy > 64 ? prefix.lo & ~0ULL << (128 - c->entropy) : 0;
    prefix.hi &= c->entropy >= 64 ? ~0ULL : ~0ULL << (64 - c->entropy);
    pk_address_text(prefix, text);
    snprintf(prefix_text, sizeof(prefix_text), "%s/%u", text, c->entropy);
    if (!c->document)
        return printf("%-24s  %9zu  %5.1f  %s\n", prefix_text, n, bits, digits) < 0 ? -EIO : 0;
    o = json_pack("{s:s,s:i,s:I,s:f,s:s}", "prefix", text, "length", (int)c->entropy, "addresses",
                  (json_int_t)n, "bits", bits, "digits", digits);
    return json_array_append_new(json_object_get(c->document, "entropy"), o) < 0 ? -ENOMEM : 0;
}

static bool same_prefix(struct pk_u128 a, struct pk_u128 b, unsigned bits)
{
    if (bits <= 64)
        return !bits || !((a.hi ^ b.hi) >> (64 - bits));
    return a.hi == b.hi && !((a.lo ^ b.lo) >> (128 - bits));
}

static int entropy(struct pk_classify *c)
{
    const struct pk_address_list *l = &c->list;
    size_t start = 0;
    int r = 0;

    if (!c->document)
        printf("\nentropy of each digit: . always the same, 0 to 9 tenths, # as good as random\n"
               "%-24s  %9s  %5s  %s\n",
               "PREFIX", "ADDRESSES", "BITS", "DIGITS");
    for (size_t i = 1; i <= l->n && !r; i++) {
        if (i < l->n && same_prefix(l->item[i], l->item[start], c->entropy))
            continue;
        r = entropy_row(c, l->item + start, i - start);
        start = i;
    }
    return r;
}

static int map_svg(const struct pk_map *m, double rate)
{
    _pk_buf_ struct pk_buf svg = PK_BUF_INIT((size_t)4 << 20);

    pk_map_svg(m, rate, &svg);
    if (svg.failed)
        return svg.failed;
    return fputs(svg.data, stdout) == EOF ? -EIO : 0;
}

static int map(struct pk_classify *c)
{
    struct pk_map m;
    int r = pk_map_build(&c->list, &c->vendors, c->bits, &m);

    if (r)
        return r;
    c->tally.taken = m.addresses;
    if (!m.addresses && c->tally.addresses)
        pk_warn(c->d, PK_D_ADDRESS_NONE, PK_NOWHERE, NULL,
                "there is nothing to map: none of the addresses has an identifier");
    if (c->document)
        return json_object_set_new(c->document, "map", pk_map_json(&m)) ? -ENOMEM : 0;
    if (!m.addresses)
        return 0;
    return c->svg ? map_svg(&m, c->rate) : pk_map_print(&m, stdout);
}

int pk_classify_summary(struct pk_classify *c)
{
    const struct pk_address_tally *t = &c->tally;

    if (c->map)
        return map(c);
    if (c->document)
        summary_json(c);
    else if (c->statistics && t->taken) {
        count_table("KIND", t->kind, PK_AK_N, t->taken, kind_name);
        putchar('\n');
        count_table("IDENTIFIER", t->iid, PK_IID_N, t->taken, iid_name);
        printf("\n%" PRIu64 " addresses of %" PRIu64 " found in %" PRIu64 " %s\n", t->taken,
               t->addresses, t->lines, c->captures ? "lines and packets" : "lines");
    }
    return c->entropy ? entropy(c) : ferror(stdout) ? -EIO : 0;
}
