// SPDX-License-Identifier: GPL-2.0-or-later
/* -m comment: a text that is kept with the rule; every packet matches. */
#include <errno.h>
#include <string.h>

#include "rules/match/codes.h"
#include "rules/match/list.h"

#define COMMENT_MAX 255 /* XT_MAX_COMMENT_LEN - 1 */

struct comment_info {
    char text[COMMENT_MAX + 1];
};

enum { COMMENT_TEXT };

static const struct pk_option options[] = {
    {.name = "comment",
     .id = COMMENT_TEXT,
     .n_args = 1,
     .arg = "text",
     .help = "keep this text, of at most 255 bytes, with the rule"},
    {0},
};

/* iptables 1.8.9 cuts what is too long without a word; so does this, with a warning. */
static int comment_parse(struct pk_option_use *use, void *info)
{
    struct comment_info *c = info;
    const char *text = use->args[0];
    size_t len = strlen(text);

    if (strpbrk(text, "\n\r")) {
        pk_error(use->d, PK_CODE_COMMENT, use->arg_at, "write it on one line",
                 "a comment with a line break cannot stand in an iptables-save file");
        return -EINVAL;
    }
    if (len > COMMENT_MAX) {
        pk_warn(use->d, PK_CODE_COMMENT, use->arg_at, "shorten it",
                "the comment has %zu bytes; only the first %d are kept, as in iptables", len,
                COMMENT_MAX);
        len = COMMENT_MAX;
    }
    memcpy(c->text, text, len);
    return 0;
}

static int comment_finish(struct pk_option_use *use, const struct pk_rule *r, void *info)
{
    if (use->seen & 1u << COMMENT_TEXT)
        return 0;
    pk_error(use->d, PK_CODE_NEEDS_OPTION, use->at, "add --comment TEXT",
             "-m comment needs --comment");
    return -EINVAL;
}

/* xtables_save_string(): quotes unless all bytes are letters, digits, '_' or '-'. */
static void comment_print(const struct pk_rule *r, const void *info, struct pk_buf *out)
{
    static const char plain[] = "_-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const struct comment_info *c = info;
    bool quote = !c->text[0] || c->text[strspn(c->text, plain)];

    pk_buf_str(out, quote ? " --comment \"" : " --comment ");
    for (const char *p = c->text; *p; p++) {
        if (strchr("\"\\'", *p))
            pk_buf_char(out, '\\');
        pk_buf_char(out, *p);
    }
    if (quote)
        pk_buf_char(out, '"');
}

static enum pk_answer comment_eval(const void *info, const struct pk_view *v)
{
    return PK_YES;
}

static enum pk_answer comment_compile(const void *info, struct pk_compile *ctx)
{
    return PK_YES;
}

const struct pk_match_def pk_match_comment = {
    .name = "comment",
    .families = PK_BOTH_FAMILIES,
    .info_size = sizeof(struct comment_info),
    .options = options,
    .parse = comment_parse,
    .finish = comment_finish,
    .print = comment_print,
    .eval = comment_eval,
    .compile = comment_compile,
};
