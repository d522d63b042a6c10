// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/out.h"
#include "cli/codes.h"

void pk_cli_begin(struct pk_cli *c, const char *verb)
{
    *c = (struct pk_cli){.verb = verb, .obj = json_object()};
}

static bool take_one(const struct pk_args *a, const struct pk_option_def *o, pk_cli_take_fn *take,
                     void *arg)
{
    int r = take ? take(arg, a, o) : 0;

    if (!r)
        fprintf(stderr, "picket %s: %s: takes no such word (see: picket help %s)\n", a->verb,
                a->value, a->verb);
    return r > 0;
}

bool pk_cli_args(struct pk_cli *c, const struct pk_option_def *options, int argc, char **argv,
                 pk_cli_take_fn *take, void *arg)
{
    const struct pk_option_def *o;
    struct pk_args a;
    enum pk_arg kind;

    pk_args_begin(&a, options, argc, argv);
    while ((kind = pk_args_next(&a, &o)) == PK_ARG_OPTION || kind == PK_ARG_WORD) {
        if (kind == PK_ARG_WORD)
            o = NULL;
        if (o && pk_option_is(o, "json")) {
            c->json = true;
        } else if (!take_one(&a, o, take, arg)) {
            c->exit = PK_EXIT_USAGE;
            return false;
        }
    }
    c->exit = kind == PK_ARG_BAD ? PK_EXIT_USAGE : PK_EXIT_DONE;
    return kind == PK_ARG_END;
}

int pk_cli_missing(const struct pk_cli *c, const char *word)
{
    fprintf(stderr, "picket %s: needs a%s %s (see: picket help %s)\n", c->verb,
            strchr("AEIOaeio", *word) ? "n" : "", word, c->verb);
    return PK_EXIT_USAGE;
}

static json_t *diag_json(const struct pk_diag *i)
{
    char code[16];
    json_t *o;

    snprintf(code, sizeof(code), "PK%04u", i->code);
    o = json_pack("{s:s,s:s,s:o}", "code", code, "severity",
                  i->severity == PK_ERROR ? "error" : "warning", "text", pk_json_text(i->text));
    if (i->hint)
        json_object_set_new(o, "hint", pk_json_text(i->hint));
    if (i->file)
        json_object_set_new(o, "file", pk_json_text(i->file));
    if (i->line)
        json_object_set_new(o, "line", json_integer(i->line));
    if (i->column)
        json_object_set_new(o, "column", json_integer(i->column));
    return o;
}

static int print_json(struct pk_cli *c, enum pk_exit exit)
{
    json_t *list = json_array();
    char schema[64];

    for (size_t i = 0; i < c->d.n; i++)
        json_array_append_new(list, diag_json(&c->d.items[i]));
    json_object_set_new(c->obj, "diagnostics", list);
    if (c->d.n_dropped)
        json_object_set_new(c->obj, "diagnostics_dropped",
                            json_integer((json_int_t)c->d.n_dropped));
    json_object_set_new(c->obj, "exit", json_integer(exit));
    snprintf(schema, sizeof(schema), "picket.%s/1", c->verb);
    if (c->listed)
        return pk_json_list_end(schema, PK_TAKE_PTR(c->obj), stdout);
    if (c->line)
        return pk_json_print_line(schema, PK_TAKE_PTR(c->obj), stdout);
    return pk_json_print(schema, PK_TAKE_PTR(c->obj), stdout);
}

int pk_cli_list(struct pk_cli *c, const char *name, json_t *item)
{
    int r = 0;

    if (!c->listed) {
        r = pk_json_list_begin(name, stdout);
        c->listed = 1;
    }
    if (!r && item) {
        r = pk_json_list_item(item, c->listed == 1, stdout);
        c->listed = 2;
    }
    return r;
}

int pk_cli_end(struct pk_cli *c, enum pk_exit exit)
{
    int r = 0;

    if (c->json)
        r = print_json(c, exit);
    else
        pk_diags_print(&c->d, stderr);
    if (fflush(stdout) || ferror(stdout))
        r = -EIO;
    if (r) {
        fprintf(stderr, "picket %s: cannot write the answer: %s\n", c->verb, strerror(-r));
        return PK_EXIT_SYSTEM;
    }
    return exit;
}

void pk_cli_done(struct pk_cli *c)
{
    json_decref(c->obj);
    pk_diags_done(&c->d);
    pk_arena_done(&c->arena);
}

void pk_cli_say(const struct pk_cli *c, const char *fmt, ...)
{
    va_list ap;

    if (c->json)
        return;
    fprintf(stderr, "picket %s: ", c->verb);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

/* By the codes and not by errno: bpf(2), too, says EINVAL and E2BIG. Below 2000: input and
 * compiling. */
static bool blames_input(const struct pk_diags *d)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->items[i].severity == PK_ERROR)
            return d->items[i].code < 2000;
    return false;
}

static const char *refused_mend(int r)
{
    switch (-r) {
    case EPERM:
    case EACCES:
        return "run it as root";
    case ENOMEM:
        return "free memory, or raise the memory limit of this control group";
    case ESTALE:
        return "somebody changes the fence again and again: try it again";
    default:
        return NULL;
    }
}

enum pk_exit pk_cli_refused(struct pk_cli *c, int r, const char *what)
{
    if (!c->d.n_errors)
        pk_error(&c->d, PK_D_REFUSED, PK_NOWHERE, refused_mend(r), "%s: %s", what, strerror(-r));
    return blames_input(&c->d) ? PK_EXIT_USAGE : PK_EXIT_SYSTEM;
}

const char *pk_family_name(enum pk_family f)
{
    return f == PK_IPV4 ? "ipv4" : "ipv6";
}

const char *pk_family_title(enum pk_family f)
{
    return f == PK_IPV4 ? "IPv4" : "IPv6";
}

const char *pk_action_name(enum pk_action a)
{
    static const char *const names[] = {
        [PK_ACT_NONE] = "none",     [PK_ACT_ACCEPT] = "ACCEPT", [PK_ACT_DROP] = "DROP",
        [PK_ACT_RETURN] = "RETURN", [PK_ACT_JUMP] = "jump",     [PK_ACT_GOTO] = "goto"};

    return a < PK_ARRAY_SIZE(names) ? names[a] : "?";
}

const char *pk_hook_name(int hook)
{
    static const char *const names[PK_HOOK_N] = {"INPUT", "FORWARD", "OUTPUT"};

    return hook >= 0 && hook < PK_HOOK_N ? names[hook] : "?";
}

const char *pk_attach_name(enum pk_attach_kind k)
{
    static const char *const names[] = {"auto", "netfilter", "tc", "xdp"};

    return k < PK_ARRAY_SIZE(names) ? names[k] : "?";
}

json_t *pk_json_text(const char *s)
{
    struct pk_buf b = PK_BUF_INIT((size_t)1 << 20);
    json_t *t;

    pk_buf_text(&b, s, strnlen(s, b.max / 4));
    pk_buf_add(&b, "", 0);
    t = b.failed ? NULL : json_stringn(b.data, b.len);
    pk_buf_done(&b);
    return t;
}

json_t *pk_json_lines(const char *text, size_t len)
{
    json_t *list = json_array();

    while (len) {
        size_t n = strcspn(text, "\n");
        struct pk_buf b = PK_BUF_INIT((size_t)1 << 20);

        pk_buf_text(&b, text, n);
        pk_buf_add(&b, "", 0);
        json_array_append_new(list, b.failed ? NULL : json_stringn(b.data, b.len));
        pk_buf_done(&b);
        n += n < len;
        text += n;
        len -= n;
    }
    return list;
}

json_t *pk_json_rule(const struct pk_rule *r)
{
    return json_pack("{s:o,s:o,s:o,s:i}", "chain", pk_json_text(r->chain->name), "text",
                     pk_json_text(r->text), "file", pk_json_text(r->file), "line", (int)r->line);
}

json_t *pk_json_id(struct pk_u128 id)
{
    char hex[33];

    snprintf(hex, sizeof(hex), "%016" PRIx64 "%016" PRIx64, (uint64_t)id.hi, (uint64_t)id.lo);
    return json_string(hex);
}

json_t *pk_json_count(uint64_t packets, uint64_t bytes)
{
    return json_pack("{s:I,s:I}", "packets", (json_int_t)packets, "bytes", (json_int_t)bytes);
}
