// SPDX-License-Identifier: GPL-2.0-or-later
/* Reading, filtering and counting; classify_show.c prints. */
#include "sensors/address/classify.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "capture/layers.h"
#include "sensors/address/codes.h"

#define PROGRESS_LINES (1u << 18)
#define TIDY_MIN (1u << 20) /* addresses */

static bool within(const struct pk_address_found *prefix, struct pk_u128 a)
{
    unsigned bits = prefix->bits;
    uint64_t hi = bits >= 64 ? ~0ULL : bits ? ~0ULL << (64 - bits) : 0;
    uint64_t lo = bits > 64 ? ~0ULL << (128 - bits) : 0;

    return !((a.hi ^ prefix->address.hi) & hi) && !((a.lo ^ prefix->address.lo) & lo);
}

static bool wanted(const struct pk_classify *c, struct pk_u128 a, const struct pk_verdict *v)
{
    return (!c->kinds || c->kinds >> v->kind & 1) && (!c->iids || c->iids >> v->iid & 1) &&
           (!c->within.bits || within(&c->within, a));
}

/* A block that somebody registered, and the u bit, agree. */
static void look_up(const struct pk_classify *c, struct pk_verdict *v)
{
    const struct pk_vendor_block *b;

    if (v->iid != PK_IID_EUI64 || !c->vendors.loaded)
        return;
    b = pk_vendor_of(&c->vendors, v->mac);
    v->certainty = b && b->name ? PK_STRONG : PK_WEAK;
    v->reason = b && b->name ? "ff:fe in place, the u bit, and a block that is registered"
                             : "ff:fe in place and the u bit, but of no block that is registered";
}

static int judge(struct pk_classify *c, const struct pk_address_found *f)
{
    struct pk_verdict v;

    pk_address_judge(f->address, &v);
    if (!c->statistics && !c->map) /* of the address itself nothing is told */
        look_up(c, &v);
    if (!wanted(c, f->address, &v))
        return 0;
    pk_address_count(&c->tally, &v);
    return c->statistics || c->map ? 0 : pk_classify_print(c, f, &v);
}

/* Whether addresses wait for the end. */
static bool collects(const struct pk_classify *c)
{
    return c->unique || c->entropy || c->map;
}

static int one(struct pk_classify *c, const struct pk_address_found *f)
{
    c->tally.addresses++;
    if (collects(c))
        return pk_address_list_add(&c->list, f->address);
    return judge(c, f);
}

struct reading {
    struct pk_classify *c;
    const struct pk_input *in;
    const char *path;
    bool told;     /* progress is shown */
    size_t tidied; /* packets: how many different ones there were when that was looked at */
};

static void progress(struct reading *r)
{
    if (r->c->tally.lines % PROGRESS_LINES || !isatty(STDERR_FILENO))
        return;
    r->told = true;
    if (r->in->size)
        fprintf(stderr, "\r%s: %3.0f %%", r->path, 100 * (double)r->in->read / (double)r->in->size);
    else
        fprintf(stderr, "\r%s: %llu lines", r->path, (unsigned long long)r->c->tally.lines);
}

static int text_line(void *arg, const char *p, const char *end)
{
    struct reading *r = arg;
    struct pk_address_found f;
    int error = 0;

    r->c->tally.lines++;
    progress(r);
    end = pk_address_line_end(p, end);
    while (!error && (p = pk_address_find(p, end, &f)))
        error = one(r->c, &f);
    return error;
}

static uint64_t be64(const char *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return __builtin_bswap64(v);
}

static int record(void *arg, const char *p, const char *end)
{
    struct reading *r = arg;
    struct pk_address_found f = {.address = {be64(p), be64(p + 8)}, .bits = 128};

    r->c->tally.lines++;
    progress(r);
    return one(r->c, &f);
}

/* Packets have few addresses, each many times: the list is tidied when it has doubled. */
static void tidy(struct reading *r)
{
    struct pk_address_list *l = &r->c->list;

    if (l->n < 2 * PK_MAX(r->tidied, TIDY_MIN))
        return;
    pk_address_list_unique(l);
    r->tidied = l->n;
}

static int header(void *arg, const struct pk_ipv6 *h)
{
    struct reading *r = arg;
    struct pk_address_found src = {.address = h->src, .bits = 128},
                            dst = {.address = h->dst, .bits = 128};
    int error = one(r->c, &src);

    return error ? error : one(r->c, &dst);
}

static int capture(struct pk_classify *c, const char *path)
{
    const struct pk_input none = {.fd = -1};
    struct reading r = {.c = c, .in = &none, .path = path};
    _pk_capture_ struct pk_capture *from = NULL;
    struct pk_capture_packet p;
    enum pk_unread unread;
    int error = pk_capture_open(path, c->d, &from), n = 0;

    c->captures = true;
    while (!error && (n = pk_capture_next(from, &p)) > 0) {
        c->tally.lines++;
        progress(&r);
        error = pk_layers(&p, header, &r, &unread);
        tidy(&r);
    }
    if (r.told)
        fprintf(stderr, "\r\033[K");
    if (error || !n)
        return error;
    pk_error(c->d, PK_D_ADDRESS_INPUT, (struct pk_place){.file = (char *)path}, NULL, "%s",
             pk_capture_trouble(from));
    return n;
}

static int input(struct pk_classify *c, const char *path)
{
    struct pk_input in = {.fd = -1, .binary = c->binary};
    struct reading r = {.c = c, .in = &in, .path = strcmp(path, "-") ? path : "standard input"};
    int error = pk_input_open(&in, path);

    if (!error) {
        error = pk_input_lines(&in, c->binary ? record : text_line, &r);
        pk_input_close(&in);
    }
    if (r.told)
        fprintf(stderr, "\r\033[K");
    if (!error)
        return 0;
    pk_error(c->d, PK_D_ADDRESS_INPUT, (struct pk_place){.file = (char *)r.path},
             error == -EBADMSG ? "--binary takes 16 bytes an address" : NULL, "cannot read it: %s",
             error == -EBADMSG ? "the last record is not whole" : strerror(-error));
    return error;
}

static int word(struct pk_classify *c, const char *w)
{
    struct pk_address_found f;

    if (!pk_address_parse(w, &f))
        return one(c, &f);
    return !c->binary && pk_capture_likely(w) ? capture(c, w) : input(c, w);
}

/* What was collected, each once, in the order of the addresses; what is not wanted is left out. */
static int collected(struct pk_classify *c)
{
    struct pk_address_found f = {.bits = 128};
    struct pk_address_list *l = &c->list;
    size_t kept = 0;
    int r = 0;

    pk_address_list_unique(l);
    for (size_t i = 0; i < l->n && !r; i++) {
        uint64_t taken = c->tally.taken;

        f.address = l->item[i];
        r = judge(c, &f);
        if (c->tally.taken > taken)
            l->item[kept++] = f.address;
    }
    l->n = kept;
    return r;
}

int pk_classify_words(struct pk_classify *c, char *const *words, size_t n)
{
    struct pk_address_found f;
    int r = 0;

    c->card = n == 1 && !pk_address_parse(words[0], &f) && !collects(c);
    pk_classify_begin(c);
    for (size_t i = 0; i < n && !r; i++)
        r = word(c, words[i]);
    if (!r && collects(c))
        r = collected(c);
    return r;
}
