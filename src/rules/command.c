// SPDX-License-Identifier: GPL-2.0-or-later
/* Command files: lines `iptables …` and `ip6tables …` with the quoting of the shell. */
#include <string.h>

#include "base/macro.h"
#include "rules/parse.h"

/* The family of a program's name, with or without a path; -1 if it is not one. */
static int program_family(const char *s)
{
    static const char *const variants[] = {"", "-legacy", "-nft"};
    const char *name = strrchr(s, '/');
    int family;

    name = name ? name + 1 : s;
    if (!strncmp(name, "iptables", 8)) {
        family = PK_IPV4;
        name += 8;
    } else if (!strncmp(name, "ip6tables", 9)) {
        family = PK_IPV6;
        name += 9;
    } else {
        return -1;
    }
    for (size_t i = 0; i < PK_ARRAY_SIZE(variants); i++)
        if (!strcmp(name, variants[i]))
            return family;
    return -1;
}

/* The table of the line: the argument of the last -t. False: -t without one. */
static bool table_of(const struct pk_words *ws, struct pk_word *ret)
{
    *ret = (struct pk_word){.s = "filter"};
    for (unsigned i = 1; i < ws->n; i++) {
        const struct pk_word *w = &ws->w[i];

        if (w->quoted)
            continue;
        if (!strcmp(w->s, "-t") || !strcmp(w->s, "--table")) {
            if (++i == ws->n)
                return false;
            *ret = ws->w[i];
        } else if (!strncmp(w->s, "--table=", 8)) {
            *ret = *w;
            ret->s += 8;
        } else if (!strncmp(w->s, "-t", 2)) {
            *ret = *w;
            ret->s += 2;
        }
    }
    return true;
}

static int run_words(struct pk_reader *r)
{
    struct pk_line line = {.first = 1, .at = r->words.w[0]};
    int family = program_family(line.at.s);
    struct pk_word table;

    if (family < 0)
        return pk_bad(r, PK_T_PROGRAM, &line.at, "keep only lines of iptables and ip6tables",
                      "command '%s' is not run: a command file holds rules", line.at.s);
    line.family = (enum pk_family)family;
    if (!table_of(&r->words, &table))
        return pk_bad(r, PK_T_OPTION_ARG, &line.at, "write '-t filter'", "-t needs an argument");
    if (strcmp(table.s, "filter"))
        return pk_reader_other_table(r, &table);
    return pk_line_run(r, &line);
}

int pk_command_read(struct pk_reader *r, const char *text, size_t len)
{
    unsigned line = 1;
    size_t pos = 0;

    while (pos < len) {
        int err = pk_lex_command(r, text, len, &pos, &line);

        if (!err && r->words.n)
            err = run_words(r);
        if (err == -ENOMEM)
            return err;
    }
    return 0;
}
