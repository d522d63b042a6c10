// SPDX-License-Identifier: GPL-2.0-or-later
/* `picket address`: its actions and their options. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sensors/address/audit_verb.h"
#include "sensors/address/classify.h"
#include "sensors/address/codes.h"
#include "sensors/address/iid_make.h"
#include "sensors/address/space.h"
#include "sensors/address/watch_verb.h"

#define PROBES_PER_SECOND 10000.0

static const struct pk_option_def options[] = {
    {"kind", 0, "KINDS", "classify, map: only these, as global,unique-local"},
    {"iid", 0, "KINDS", "classify, map: only these identifiers, as eui64,low-byte"},
    {"in", 0, "PREFIX", "classify, map: only addresses in it"},
    {"unique", 'u', NULL, "classify: each once, in order"},
    {"statistics", 's', NULL, "classify: counts and no addresses"},
    {"entropy", 0, "BITS", "classify: how guessable each prefix of so many bits is"},
    {"binary", 0, NULL, "classify, map: files are of 16 bytes an address"},
    {"svg", 0, NULL, "map: a drawing"},
    {"bits", 0, "BITS", "map: by prefixes of so many bits (default: 64)"},
    {"format", 0, "FORMAT", "table or jsonl, and csv, openmetrics or rules"},
    {"root", 0, "DIR", "audit: look for configuration files below it"},
    {"also", 0, "FILE", "audit: look into this log or list, too; again for more"},
    {"fix-script", 0, "FILE", "audit: write the commands that mend it; nothing is run"},
    {"vendor", 0, "NAME", "space: of the vendor whose name begins so"},
    {"rate", 0, "PROBES", "probes a second of the scanner (default: 10000)"},
    {"interface-id", 0, "ID", "iid: what identifies the interface: its name, or a MAC"},
    {"network-id", 0, "ID", "iid: what identifies the network, as an SSID"},
    {"secret-file", 0, "FILE", "iid: the secret: 32 hexadecimal digits or more"},
    {"conflicts", 0, "N", "iid: how many addresses were found to be duplicates"},
    {"kernel", 0, NULL, "iid: as Linux makes them (addr_gen_mode 2 and 3)"},
    {"mac-dates", 0, "FILE", "since when blocks of MACs are given (see picket(1))"},
    {"redact", 0, NULL, "watch: what identifies is replaced by keyed hashes"},
    {"key", 0, "FILE", "watch --redact: their key (default: a random one)"},
    {"packets", 0, "N", "watch: end after so many"},
    PK_COMMON_OPTIONS,
};

_Static_assert(PK_ARRAY_SIZE(options) <= 32, "a bit each in `given`");

enum { CLASSIFY, MAP, SPACE, WATCH, IID, AUDIT, ACTIONS };

/* What each takes. */
static const struct {
    const char *name, *options;
} actions[ACTIONS] = {
    [CLASSIFY] = {"classify",
                  " kind iid in unique statistics entropy binary format rate mac-dates "},
    [MAP] = {"map", " kind iid in binary rate svg bits "},
    [SPACE] = {"space", " vendor rate "},
    [WATCH] = {"watch", " format redact key packets rate "},
    [IID] = {"iid", " interface-id network-id secret-file conflicts kernel "},
    [AUDIT] = {"audit", " format root also fix-script "},
};

struct address {
    int action;     /* -1: not said yet */
    uint32_t given; /* a bit for each of `options`, by its place */
    struct pk_classify classify;
    struct pk_watch_options watch;
    struct pk_iid_ask iid;
    struct pk_audit_ask audit;
    const char *vendor, *format;
    char **word;
    size_t n;
};

static int say(const char *word, const char *what)
{
    fprintf(stderr, "picket address: %s: %s\n", word, what);
    return -1;
}

/* "a,b": a bit for each name. */
static int take_names(const char *list, int n, const char *(*name)(int), uint64_t *ret)
{
    size_t len;

    for (; *list; list += len + (list[len] == ',')) {
        int k = 0;

        len = strcspn(list, ",");
        while (k < n && (strlen(name(k)) != len || memcmp(name(k), list, len)))
            k++;
        if (k == n)
            return say(list, "no such kind (see picket(1), address)");
        *ret |= 1ULL << k;
    }
    return 1;
}

static const char *kind_name(int k)
{
    return pk_address_kind_name((enum pk_address_kind)k);
}

static const char *iid_name(int k)
{
    return pk_iid_name((enum pk_iid_kind)k);
}

static int take_number(const char *word, double max, double *ret)
{
    char *end;

    errno = 0;
    *ret = strtod(word, &end);
    if (errno || end == word || *end || !(*ret >= 1 && *ret <= max))
        return say(word, "no number that can be taken");
    return 1;
}

static int take_entropy(struct pk_classify *c, const char *word)
{
    double bits;
    int r = take_number(word, 124, &bits);

    c->entropy = (unsigned)bits;
    return r < 0 || c->entropy % 4 ? say(word, "bits of a prefix in steps of 4, 4 to 124") : r;
}

static int take_bits(struct pk_classify *c, const char *word)
{
    double bits;
    int r = take_number(word, 64, &bits);

    c->bits = (unsigned)bits;
    return r < 0 || c->bits < 32 || c->bits % 4
               ? say(word, "bits of a prefix in steps of 4, 32 to 64")
               : r;
}

static int take_within(struct pk_classify *c, const char *word)
{
    if (!pk_address_parse(word, &c->within) && c->within.bits)
        return 1;
    return say(word, "no prefix: as 2001:db8::/32");
}

static int take_format(struct pk_classify *c, const char *word)
{
    static const char *const formats[] = {
        [PK_CLASSIFY_TABLE] = "table", [PK_CLASSIFY_JSONL] = "jsonl", [PK_CLASSIFY_CSV] = "csv"};

    for (size_t i = 0; i < PK_ARRAY_SIZE(formats); i++)
        if (!strcmp(formats[i], word)) {
            c->format = (enum pk_classify_format)i;
            return 1;
        }
    return say(word, "no format: table, csv or jsonl");
}

static int take_conflicts(struct pk_iid_ask *k, const char *word)
{
    double n = 0;

    if (strcmp(word, "0") && take_number(word, 255, &n) < 0)
        return -1;
    k->counter = (unsigned)n;
    return 1;
}

/* 0: none of iid's. */
static int take_iid(struct pk_iid_ask *k, const struct pk_option_def *o, const char *value)
{
    if (pk_option_is(o, "conflicts"))
        return take_conflicts(k, value);
    if (pk_option_is(o, "interface-id"))
        k->interface = value;
    else if (pk_option_is(o, "network-id"))
        k->network = value;
    else if (pk_option_is(o, "secret-file"))
        k->secret_file = value;
    else if (pk_option_is(o, "kernel"))
        k->linux_way = true;
    else
        return 0;
    return 1;
}

static int take_also(struct pk_audit_ask *k, const char *word)
{
    if (k->n_also == PK_AUDIT_ALSO_MAX)
        return say(word, "too many files");
    k->also[k->n_also++] = word;
    return 1;
}

static int take_option(struct address *a, const struct pk_option_def *o, const char *value)
{
    struct pk_classify *c = &a->classify;
    int r = take_iid(&a->iid, o, value);

    if (r)
        return r;
    if (pk_option_is(o, "kind"))
        return take_names(value, PK_AK_N, kind_name, &c->kinds);
    if (pk_option_is(o, "iid"))
        return take_names(value, PK_IID_N, iid_name, &c->iids);
    if (pk_option_is(o, "in"))
        return take_within(c, value);
    if (pk_option_is(o, "entropy"))
        return take_entropy(c, value);
    if (pk_option_is(o, "bits"))
        return take_bits(c, value);
    if (pk_option_is(o, "rate"))
        return take_number(value, 1e12, &c->rate);
    if (pk_option_is(o, "also"))
        return take_also(&a->audit, value);
    if (pk_option_is(o, "packets"))
        return take_number(value, 1e18, &a->watch.packets);
    a->watch.redact |= pk_option_is(o, "redact");
    if (pk_option_is(o, "key"))
        a->watch.key = value;
    if (pk_option_is(o, "format"))
        a->format = value;
    c->unique |= pk_option_is(o, "unique");
    c->statistics |= pk_option_is(o, "statistics");
    c->binary |= pk_option_is(o, "binary");
    c->svg |= pk_option_is(o, "svg");
    if (pk_option_is(o, "root"))
        a->audit.root = value;
    if (pk_option_is(o, "fix-script"))
        a->audit.fix_script = value;
    if (pk_option_is(o, "vendor"))
        a->vendor = value;
    if (pk_option_is(o, "mac-dates"))
        c->mac_dates = value;
    return 1;
}

static int take(void *arg, const struct pk_args *args, const struct pk_option_def *o)
{
    struct address *a = arg;

    if (o) {
        a->given |= 1u << (o - options);
        return take_option(a, o, args->value);
    }
    if (a->action >= 0) {
        a->word[a->n++] = (char *)args->value;
        return 1;
    }
    for (int i = 0; i < ACTIONS; i++)
        if (!strcmp(args->value, actions[i].name)) {
            a->action = i;
            return 1;
        }
    return say(args->value, "no such action: classify, map, space, watch, iid or audit");
}

/* Options may stand before the action, so they are looked at when it is known. */
static bool fits(const struct address *a)
{
    char name[32];

    for (size_t i = 0; options[i].name; i++) {
        snprintf(name, sizeof(name), " %s ", options[i].name);
        if (a->given >> i & 1 && !strstr(actions[a->action].options, name)) {
            fprintf(stderr, "picket address: --%s: not with %s\n", options[i].name,
                    actions[a->action].name);
            return false;
        }
    }
    return true;
}

static int load(struct pk_cli *c, struct pk_classify *k)
{
    int r = pk_vendors_load(&k->vendors, PK_VENDOR_DIR, &c->d);

    if (r && r != -ENOENT)
        return r;
    return k->mac_dates ? pk_vendors_dates(&k->vendors, k->mac_dates, &c->d) : 0;
}

static int failed(struct pk_cli *c, int r)
{
    if (r == -E2BIG && !c->d.n_errors)
        pk_error(&c->d, PK_D_ADDRESS_INPUT, PK_NOWHERE, "take --format jsonl for long lists",
                 "more than %u addresses in one document", PK_CLASSIFY_JSON_MAX);
    return pk_cli_end(c, pk_cli_refused(c, r, "classifying addresses"));
}

static int classify(struct pk_cli *c, struct address *a)
{
    struct pk_classify *k = &a->classify;
    static char dash[] = "-";
    int r;

    if (!a->n && isatty(STDIN_FILENO))
        return pk_cli_missing(c, "address or file");
    if (!a->n)
        a->word[a->n++] = dash;
    if (a->format && take_format(k, a->format) < 0)
        return PK_EXIT_USAGE;
    k->d = &c->d;
    k->map = a->action == MAP;
    k->document = c->json ? c->obj : NULL;
    if (c->json && !k->map) {
        json_object_set_new(c->obj, "addresses", json_array());
        json_object_set_new(c->obj, "entropy", json_array());
    }
    r = load(c, k);
    if (!r)
        r = pk_classify_words(k, a->word, a->n);
    if (!r)
        r = pk_classify_summary(k);
    if (r)
        return failed(c, r);
    if (!k->tally.addresses)
        pk_warn(&c->d, PK_D_ADDRESS_NONE, PK_NOWHERE, NULL, "there is no IPv6 address in that");
    return pk_cli_end(c, k->tally.taken ? PK_EXIT_DONE : PK_EXIT_NO);
}

static int space(struct pk_cli *c, struct address *a)
{
    struct pk_classify *k = &a->classify;
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(256);
    uint64_t addresses;
    size_t blocks;
    int r;

    if (!a->vendor || a->n)
        return pk_cli_missing(c, "--vendor NAME");
    r = load(c, k);
    if (r)
        return failed(c, r);
    addresses = pk_vendor_space(&k->vendors, a->vendor, &blocks);
    if (!blocks) {
        pk_warn(&c->d, PK_D_REGISTRY, PK_NOWHERE, k->vendors.loaded ? NULL : "install ieee-data",
                "no vendor's name begins with %s", a->vendor);
        return pk_cli_end(c, PK_EXIT_NO);
    }
    pk_space_text((double)addresses, &b);
    pk_buf_str(&b, " addresses a subnet, ");
    pk_space_time((double)addresses, k->rate, &b);
    json_object_set_new(c->obj, "blocks", json_integer((json_int_t)blocks));
    json_object_set_new(c->obj, "space", json_real((double)addresses));
    json_object_set_new(c->obj, "seconds", json_real((double)addresses / k->rate));
    if (!c->json)
        printf("%s: %zu blocks, %s at %.0f probes/s\n", a->vendor, blocks, b.data, k->rate);
    return pk_cli_end(c, PK_EXIT_DONE);
}

static int watch(struct pk_cli *c, struct address *a)
{
    struct pk_watch_options *o = &a->watch;

    if (a->n != 1)
        return pk_cli_missing(c, a->n ? "single file or interface" : "file or interface");
    if (a->format && pk_findings_format_parse(a->format, &o->format)) {
        say(a->format, "no format: table, jsonl, openmetrics or rules");
        return PK_EXIT_USAGE;
    }
    if (o->key && !o->redact)
        return pk_cli_missing(c, "--redact, which the key is for");
    o->input = a->word[0];
    o->rate = a->classify.rate;
    return pk_watch_verb(c, o);
}

static int act(struct pk_cli *c, struct address *a)
{
    switch (a->action) {
    case CLASSIFY:
    case MAP:
        return classify(c, a);
    case SPACE:
        return space(c, a);
    case WATCH:
        return watch(c, a);
    case IID:
        a->iid.prefixes = a->word;
        a->iid.n = a->n;
        return pk_iid_make(c, &a->iid);
    default:
        a->audit.format = a->format;
        a->audit.links = a->word;
        a->audit.n = a->n;
        return pk_audit_run(c, &a->audit);
    }
}

static int run(int argc, char **argv)
{
    struct address a = {.action = -1, .classify = {.rate = PROBES_PER_SECOND, .bits = 64}};
    _pk_free_ char **words = calloc((size_t)argc + 1, sizeof(*words));
    _pk_cli_ struct pk_cli c;
    int r;

    a.word = words;
    pk_cli_begin(&c, "address");
    if (!words || !pk_cli_args(&c, options, argc, argv, take, &a))
        return words ? c.exit : PK_EXIT_SYSTEM;
    if (a.action < 0)
        return pk_cli_missing(&c, "action");
    if (!fits(&a))
        return PK_EXIT_USAGE;
    r = act(&c, &a);
    pk_vendors_done(&a.classify.vendors);
    pk_address_list_done(&a.classify.list);
    return r;
}

const struct pk_verb pk_verb_address = {
    "address", run, "what IPv6 addresses give away, and what that is worth to who scans",
    "classify [ADDRESS|FILE]... | map [FILE]... | space --vendor NAME | watch FILE|INTERFACE | iid "
    "PREFIX... | "
    "audit [IF]...",
    options};
