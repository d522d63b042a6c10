// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/text.h"

#include <string.h>

#include "base/macro.h"
#include "rules/parse.h"

static const struct pk_read_options default_options = {.family = -1};

struct pk_ruleset *pk_reader_set(struct pk_reader *r, enum pk_family family)
{
    if (!r->set[family])
        r->set[family] = pk_ruleset_new(r->arena, family);
    return r->set[family];
}

/* Is `name` one of the words of "nat, mangle"? */
static bool named(const struct pk_buf *names, const char *name)
{
    size_t len = strlen(name);

    for (const char *p = names->data; p && *p; p += strspn(p, ", ")) {
        size_t n = strcspn(p, ",");

        if (n == len && !memcmp(p, name, n))
            return true;
        p += n;
    }
    return false;
}

int pk_reader_other_table(struct pk_reader *r, const struct pk_word *name)
{
    static const char *const tables[] = {"nat", "mangle", "raw", "security"};

    for (size_t i = 0; i < PK_ARRAY_SIZE(tables); i++) {
        if (strcmp(name->s, tables[i]))
            continue;
        if (named(&r->others, name->s))
            return 0;
        if (r->others.len)
            pk_buf_str(&r->others, ", ");
        pk_buf_str(&r->others, name->s);
        r->other_tables++;
        return r->others.failed ? -ENOMEM : 0;
    }
    return pk_bad(r, PK_T_TABLE, name, "tables are filter, nat, mangle, raw and security",
                  "no table is called '%s'", name->s);
}

/* The first byte that is neither space nor comment decides. */
static enum pk_text_format format_of(const char *text, size_t len)
{
    size_t i = 0;

    while (i < len) {
        if (text[i] == '#') {
            const char *end = memchr(text + i, '\n', len - i);

            if (!end)
                break;
            i = (size_t)(end - text);
        } else if (text[i] != ' ' && text[i] != '\t' && text[i] != '\n') {
            break;
        }
        i++;
    }
    /* What starts with ':', '[' or '-' is a save file whose '*filter' was lost. */
    return i < len && strchr("*:[-", text[i]) && text[i] ? PK_TEXT_SAVE : PK_TEXT_COMMANDS;
}

static bool ends_in(const char *s, const char *tail)
{
    size_t n = strlen(s), m = strlen(tail);

    return n >= m && !strcmp(s + n - m, tail);
}

static int finish(struct pk_reader *r)
{
    for (int i = 0; i < PK_FAMILY_N; i++) {
        int err = r->set[i] ? pk_ruleset_finish(r->set[i]) : 0;

        if (!err && r->set[i])
            err = pk_ruleset_check_loops(r->set[i], r->diags);
        if (!err && r->set[i])
            err = pk_ruleset_check_hooks(r->set[i], r->diags);
        if (err == -ENOMEM)
            return err;
    }
    return 0;
}

static int read_all(struct pk_reader *r, const char *text, size_t len)
{
    size_t errors = r->diags->n_errors;
    int err;

    if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
        pk_error(r->diags, PK_T_BYTE, ((struct pk_place){r->file, 1, 1}),
                 "save the file without it, as plain text", "a byte order mark");
        return -EINVAL;
    }
    err = r->commands ? pk_command_read(r, text, len) : pk_save_read(r, text, len);
    if (!err)
        err = finish(r);
    if (err)
        return err;
    if (r->diags->n_errors == errors && !r->set[PK_IPV4] && !r->set[PK_IPV6] && !r->other_tables)
        pk_error(r->diags, PK_T_EMPTY, ((struct pk_place){.file = r->file}),
                 "an empty set is written '*filter' and 'COMMIT'",
                 "the file holds no table and no command");
    return r->diags->n_errors == errors ? 0 : -EINVAL;
}

static int result(struct pk_reader *r, struct pk_read *ret)
{
    struct pk_read read = {.other_tables = r->other_tables};

    read.other_names =
        pk_arena_strndup(r->arena, r->others.data ? r->others.data : "", r->others.len);
    if (!read.other_names)
        return -ENOMEM;
    for (int i = 0; i < PK_FAMILY_N; i++)
        read.family[i] = r->set[i];
    *ret = read;
    return 0;
}

int pk_text_read(const char *text, size_t len, const char *file, const struct pk_read_options *o,
                 struct pk_arena *a, struct pk_read *ret, struct pk_diags *d)
{
    struct pk_reader *r = pk_arena_new(a, struct pk_reader);
    enum pk_text_format format;
    int err;

    if (!r)
        return -ENOMEM;
    r->arena = a;
    r->diags = d;
    r->options = o ? o : &default_options;
    r->others = PK_BUF_INIT(256);
    r->scratch = PK_BUF_INIT(PK_LINE_MAX);
    r->file = pk_arena_strdup(a, file ? file : "");
    if (!r->file)
        return -ENOMEM;
    format = r->options->format ? r->options->format : format_of(text, len);
    r->commands = format == PK_TEXT_COMMANDS;
    r->family = r->options->family >= 0   ? (enum pk_family)r->options->family
                : ends_in(r->file, ".v6") ? PK_IPV6
                                          : PK_IPV4;
    err = read_all(r, text, len);
    if (!err)
        err = result(r, ret);
    pk_buf_done(&r->others);
    pk_buf_done(&r->scratch);
    return err;
}
