// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For tests of matches without the grammar: a rule from the words of its matches, a packet that is
 * in memory, and the residual steps with the test-only ones (tests/steps).
 */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/macro.h"
#include "rules/conntrack_user.h"
#include "rules/match.h"
#include "test_defs.h"

struct pk_source {
    const uint8_t *ip;
    size_t len;
    const struct pk_conntrack *ct;
    const uint8_t *mac;
};

static inline int pk_load(const struct pk_source *s, __u32 off, void *dst, __u32 len)
{
    if (off > s->len || len > s->len - off)
        return -1;
    memcpy(dst, s->ip + off, len);
    return 0;
}

static inline int pk_load_mac(const struct pk_source *s, __u8 dst[8])
{
    if (!s->mac)
        return -1;
    memcpy(dst, s->mac, 6);
    return 0;
}

static unsigned effects[64];

static void pk_test_effect(__u32 arg, const struct pk_packet *p)
{
    (void)p;
    effects[arg]++;
}

#define PK_CTX const struct pk_source
#define PK_GLOBAL static inline
#define pk_source_init(source, ctx) (*(source) = *(ctx))

#include "rules/steps.h"

struct fixture {
    struct pk_arena arena;
    struct pk_diags d;
    struct pk_rule rule;
    struct pk_match matches[8];
    uint64_t seen[8];
    enum pk_family family;
};

static inline void fixture_init(struct fixture *f, enum pk_family family, int proto)
{
    memset(f, 0, sizeof(*f));
    f->family = family;
    f->rule.matches = f->matches;
    f->rule.file = "test";
    f->rule.line = 1;
    f->rule.ip.has_proto = proto != 0;
    f->rule.ip.proto = (uint8_t)abs(proto);
    f->rule.ip.inv_proto = proto < 0;
}

static inline void fixture_done(struct fixture *f)
{
    pk_diags_done(&f->d);
    pk_arena_done(&f->arena);
}

/* Words between spaces; "..." is one word, with backslashes. */
static inline size_t split(struct pk_arena *a, const char *text, const char **words, size_t max)
{
    size_t n = 0;

    while (*text) {
        char *w = pk_arena_alloc(a, strlen(text) + 1), *to = w;
        bool quoted = *text == '"';

        for (text += quoted; *text && *text != (quoted ? '"' : ' '); text++) {
            if (quoted && *text == '\\')
                text++;
            *to++ = *text;
        }
        text += quoted && *text;
        while (*text == ' ')
            text++;
        assert_true(n < max);
        words[n++] = w;
    }
    return n;
}

static inline struct pk_option_use use_of(struct fixture *f, size_t m)
{
    return (struct pk_option_use){.seen = f->seen[m],
                                  .at = {.file = "test", .line = 1, .column = 1},
                                  .arg_at = {.file = "test", .line = 1, .column = 7},
                                  .family = f->family,
                                  .rule = &f->rule,
                                  .d = &f->d,
                                  .arena = &f->arena};
}

static inline const struct pk_option *find_option(const struct pk_match_def *def, const char *name)
{
    for (const struct pk_option *o = def->options; o->name; o++) {
        if (!strcmp(o->name, name) || (o->alias && !strcmp(o->alias, name)))
            return o;
    }
    return NULL;
}

static inline void add_match(struct fixture *f, const char *name)
{
    const struct pk_match_def *def = pk_match_find(name, f->family);

    assert_non_null(def);
    assert_true(f->rule.n_matches < PK_ARRAY_SIZE(f->matches));
    f->matches[f->rule.n_matches].def = def;
    f->matches[f->rule.n_matches].info = pk_arena_alloc(&f->arena, def->info_size);
    if (def->init)
        assert_int_equal(def->init(f->matches[f->rule.n_matches].info), 0);
    f->rule.n_matches++;
}

static inline int use_option(struct fixture *f, const char **w, bool invert, size_t *taken)
{
    size_t m = f->rule.n_matches - 1;
    struct pk_option_use use = use_of(f, m);
    int r;

    use.option = find_option(f->matches[m].def, w[0] + 2);
    if (!use.option)
        fail_msg("no option %s", w[0]);
    assert_true(!invert || use.option->invertible);
    use.args = w + 1;
    use.invert = invert;
    *taken = 1 + use.option->n_args;
    r = f->matches[m].def->parse(&use, f->matches[m].info);
    f->seen[m] |= 1ull << use.option->id;
    return r;
}

/* 0, or what a match refused with. */
static inline int parse(struct fixture *f, const char *text)
{
    const char *words[64];
    size_t n = split(&f->arena, text, words, 64), taken;
    int r = 0;

    for (size_t i = 0; i < n && !r; i += taken) {
        bool invert = !strcmp(words[i], "!");

        taken = 2;
        i += invert;
        if (!strcmp(words[i], "-m"))
            add_match(f, words[i + 1]);
        else
            r = use_option(f, words + i, invert, &taken);
    }
    for (size_t m = 0; m < f->rule.n_matches && !r; m++) {
        struct pk_option_use use = use_of(f, m);

        r = f->matches[m].def->finish(&use, &f->rule, f->matches[m].info);
    }
    return r;
}

static inline void print(const struct fixture *f, struct pk_buf *out)
{
    for (size_t m = 0; m < f->rule.n_matches; m++) {
        pk_buf_fmt(out, " -m %s", f->matches[m].def->name);
        f->matches[m].def->print(&f->rule, f->matches[m].info, out);
    }
}

static inline enum pk_answer eval_matches(const struct pk_rule *r, const struct pk_view *v)
{
    for (size_t m = 0; m < r->n_matches; m++) {
        enum pk_answer a = r->matches[m].def->eval(r->matches[m].info, v);

        if (a != PK_YES)
            return a;
    }
    return PK_YES;
}
