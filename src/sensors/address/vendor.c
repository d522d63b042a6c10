// SPDX-License-Identifier: GPL-2.0-or-later
#include "sensors/address/vendor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/macro.h"
#include "sensors/address/codes.h"

#define REGISTRY_MAX (64u << 20)
#define BLOCKS_MAX (1u << 20)

static uint64_t mask_of(unsigned bits)
{
    return ~0ULL << (48 - bits) & 0xffffffffffff;
}

static size_t home(uint64_t prefix, unsigned bits, size_t places)
{
    return pk_mix64(prefix << 6 | bits) & (places - 1);
}

static struct pk_vendor_block *place_of(struct pk_vendor_block *place, size_t places,
                                        uint64_t prefix, unsigned bits)
{
    size_t i = home(prefix, bits, places);

    while (place[i].bits && (place[i].prefix != prefix || place[i].bits != bits))
        i = (i + 1) & (places - 1);
    return &place[i];
}

static int grow(struct pk_vendors *v)
{
    size_t places = v->places ? 2 * v->places : 1024, i;
    struct pk_vendor_block *more;

    if (v->n >= BLOCKS_MAX)
        return -E2BIG;
    more = calloc(places, sizeof(*more));
    if (!more)
        return -ENOMEM;
    for (i = 0; i < v->places; i++)
        if (v->place[i].bits)
            *place_of(more, places, v->place[i].prefix, v->place[i].bits) = v->place[i];
    free(v->place);
    v->place = more;
    v->places = places;
    return 0;
}

static int block_at(struct pk_vendors *v, uint64_t prefix, unsigned bits,
                    struct pk_vendor_block **ret)
{
    int r = 2 * v->n >= v->places ? grow(v) : 0;
    struct pk_vendor_block *b;

    if (r)
        return r;
    b = place_of(v->place, v->places, prefix, bits);
    if (!b->bits) {
        b->prefix = prefix;
        b->bits = (uint8_t)bits;
        v->n++;
    }
    *ret = b;
    return 0;
}

/* A block, and the note on the one of 24 bits around it that it must be looked for. */
static int block(struct pk_vendors *v, uint64_t prefix, unsigned bits, struct pk_vendor_block **ret)
{
    int r = block_at(v, prefix & mask_of(24), 24, ret);

    if (r || bits == 24)
        return r;
    (*ret)->divided = true;
    return block_at(v, prefix, bits, ret);
}

/* One field of RFC 4180, without its quotes, into `out`. Where the next begins; NULL: the last. */
static const char *csv_field(const char *p, const char *end, struct pk_buf *out)
{
    bool quoted = p < end && *p == '"';

    pk_buf_reset(out);
    for (p += quoted; p < end; p++) {
        if (quoted && *p == '"') {
            if (p + 1 == end || p[1] != '"') {
                quoted = false;
                continue;
            }
            p++;
        } else if (!quoted && *p == ',') {
            return p + 1;
        }
        pk_buf_char(out, *p);
    }
    return NULL;
}

/* 6, 7 or 9 hexadecimal digits. 0: it is none of these. */
static unsigned assignment(const char *s, size_t len, uint64_t *ret)
{
    uint64_t v = 0;

    if (len != 6 && len != 7 && len != 9)
        return 0;
    for (size_t i = 0; i < len; i++) {
        const char *digits = "0123456789abcdef", *d = strchr(digits, s[i] | 0x20);

        if (!s[i] || !d || !*d)
            return 0;
        v = v << 4 | (uint64_t)(d - digits);
    }
    *ret = v << (48 - 4 * len);
    return (unsigned)(4 * len);
}

/* "MA-L","00D0EF","IGT","Las Vegas..."; a name may span lines only inside quotes, and none does. */
static int registry_line(struct pk_vendors *v, const char *p, const char *end, struct pk_buf *field)
{
    struct pk_vendor_block *b;
    uint64_t prefix;
    unsigned bits;
    int r;

    p = csv_field(p, end, field);
    if (!p)
        return 0;
    p = csv_field(p, end, field);
    bits = field->failed ? 0 : assignment(field->data ? field->data : "", field->len, &prefix);
    if (!p || !bits)
        return 0;
    csv_field(p, end, field);
    if (field->failed || !field->len)
        return field->failed;
    r = block(v, prefix, bits, &b);
    if (r || b->name)
        return r;
    while (field->len && field->data[field->len - 1] == ' ')
        field->len--;
    b->name = pk_arena_strndup(&v->arena, field->data, field->len);
    v->n_names++;
    return b->name ? 0 : -ENOMEM;
}

typedef int line_fn(struct pk_vendors *v, const char *p, const char *end, struct pk_buf *field);

static int each_line(struct pk_vendors *v, const struct pk_buf *text, line_fn *line)
{
    _pk_buf_ struct pk_buf field = PK_BUF_INIT(1u << 16);
    const char *p = text->data, *end = p + text->len, *eol;
    int r = 0;

    for (; p < end && !r; p = eol + 1) {
        eol = memchr(p, '\n', (size_t)(end - p));
        eol = eol ? eol : end;
        r = line(v, p, eol - (eol > p && eol[-1] == '\r'), &field);
    }
    return r;
}

static int read_lines(struct pk_vendors *v, const char *path, line_fn *line)
{
    _pk_buf_ struct pk_buf text = PK_BUF_INIT(REGISTRY_MAX);
    int r = pk_file_read(path, REGISTRY_MAX, &text);

    return r || !text.len ? r : each_line(v, &text, line);
}

int pk_vendors_load(struct pk_vendors *v, const char *dir, struct pk_diags *d)
{
    static const char *const files[] = {"oui.csv", "mam.csv", "oui36.csv", "iab.csv"};
    char path[4096];
    size_t found = 0;
    int r;

    for (size_t i = 0; i < PK_ARRAY_SIZE(files); i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
        r = read_lines(v, path, registry_line);
        if (r && r != -ENOENT) {
            pk_error(d, PK_D_REGISTRY, (struct pk_place){.file = path}, NULL, "cannot read it: %s",
                     strerror(-r));
            return r;
        }
        found += !r;
    }
    v->loaded = found;
    return found ? 0 : -ENOENT;
}

/* "00:1b:38:00:00:00/24,2007-01-26,..." or "001b38/24,...": the prefix with any separators. */
static int date_line(struct pk_vendors *v, const char *p, const char *end, struct pk_buf *field)
{
    const char *slash = memchr(p, '/', (size_t)(end - p)), *comma;
    struct pk_vendor_block *b;
    unsigned bits = 0, shift = 48, digit;
    uint64_t prefix = 0;
    int r;

    comma = slash ? memchr(slash, ',', (size_t)(end - slash)) : NULL;
    if (!comma || end - comma < 11)
        return 0;
    for (; p < slash && shift; p++) {
        const char *digits = "0123456789abcdef", *at = strchr(digits, *p | 0x20);

        if (!*p || !at || !*at)
            continue;
        shift -= 4;
        prefix |= (uint64_t)(at - digits) << shift;
    }
    for (p = slash + 1; p < comma && *p >= '0' && *p <= '9' && bits < 100; p++) {
        digit = (unsigned)(*p - '0');
        bits = bits * 10 + digit;
    }
    if ((bits != 24 && bits != 28 && bits != 36) || comma[5] != '-' || comma[8] != '-')
        return 0;
    r = block(v, prefix & mask_of(bits), bits, &b);
    if (r)
        return r;
    b->since = pk_arena_strndup(&v->arena, comma + 1, 10);
    return b->since ? 0 : -ENOMEM;
}

int pk_vendors_dates(struct pk_vendors *v, const char *path, struct pk_diags *d)
{
    int r = read_lines(v, path, date_line);

    if (r)
        pk_error(d, PK_D_REGISTRY, (struct pk_place){.file = (char *)path}, NULL,
                 "cannot read it: %s", strerror(-r));
    return r;
}

void pk_vendors_done(struct pk_vendors *v)
{
    free(v->place);
    v->place = NULL;
    pk_arena_done(&v->arena);
}

const struct pk_vendor_block *pk_vendor_of(const struct pk_vendors *v, uint64_t mac)
{
    const struct pk_vendor_block *whole, *b;

    if (!v->places)
        return NULL;
    whole = place_of(v->place, v->places, mac & mask_of(24), 24);
    for (unsigned bits = 36; whole->divided && bits >= 28; bits -= 8) {
        b = place_of(v->place, v->places, mac & mask_of(bits), bits);
        if (b->bits)
            return b;
    }
    return whole->bits ? whole : NULL;
}

uint64_t pk_vendor_space(const struct pk_vendors *v, const char *name, size_t *blocks)
{
    uint64_t space = 0;
    size_t n = 0;

    for (size_t i = 0; i < v->places; i++)
        if (v->place[i].bits && v->place[i].name &&
            !strncasecmp(v->place[i].name, name, strlen(name))) {
            space += 1ULL << (48 - v->place[i].bits);
            n++;
        }
    if (blocks)
        *blocks = n;
    return space;
}
