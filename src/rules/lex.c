// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "rules/parse.h"

/*
 * Two ways to cut a line into words.
 *
 * Save text, as add_param_to_argv() of iptables-restore does it: spaces and tabs separate; a double
 * quote opens, a backslash inside takes the next character as it is, and the closing quote ends the
 * word. Outside of quotes a backslash is a character like any other.
 *
 * Command files: the quoting of the shell and nothing else of it.
 *
 * Both refuse control characters: they would reach a terminal when the rule is shown.
 */

struct lexer {
    struct pk_reader *r;
    const char *s;
    size_t len, i;
    unsigned line, column; /* of s[i] */
    struct pk_word word;   /* the one being read; s NULL: none */
};

static struct pk_word here(const struct lexer *l)
{
    return (struct pk_word){.s = "", .line = l->line, .column = l->column};
}

static char take(struct lexer *l)
{
    char c = l->s[l->i++];

    if (c == '\n') {
        l->line++;
        l->column = 1;
    } else {
        l->column++;
    }
    return c;
}

static void open_word(struct lexer *l)
{
    if (l->word.s)
        return;
    l->word = here(l);
    l->word.s = l->r->words.text + l->r->words.used;
}

static int close_word(struct lexer *l)
{
    struct pk_words *ws = &l->r->words;

    if (!l->word.s)
        return 0;
    if (ws->n == PK_WORDS_MAX)
        return pk_bad(l->r, PK_T_LONG, &l->word, "write several shorter rules",
                      "more than %u words on one line", PK_WORDS_MAX);
    if (ws->text + ws->used - l->word.s > (ptrdiff_t)PK_WORD_MAX)
        return pk_bad(l->r, PK_T_LONG, &l->word, "write several shorter rules",
                      "a word of more than %u bytes", PK_WORD_MAX);
    ws->text[ws->used++] = '\0';
    ws->w[ws->n++] = l->word;
    l->word.s = NULL;
    return 0;
}

/* Room is certain: every byte of a word, and its end, has a byte of the line to itself. */
static void add(struct lexer *l, char c)
{
    l->r->words.text[l->r->words.used++] = c;
}

static int check_byte(struct lexer *l, char c)
{
    struct pk_word at = here(l);
    unsigned char byte = (unsigned char)c;

    if ((byte < 0x20 && c != '\t' && c != '\n') || byte == 0x7f)
        return pk_bad(l->r, PK_T_BYTE, &at, "remove it", "control character 0x%02x", byte);
    return 0;
}

/*
 * iptables-restore takes the CR for a part of the last word and refuses that. It is refused here,
 * too, but by its name; what else is wrong with the lines is then said as if it were not there.
 */
size_t pk_lex_line_end(struct pk_reader *r, const char *s, size_t len, unsigned line)
{
    const char *newline = len ? memrchr(s, '\n', len) : NULL; /* of a line that was joined */
    struct pk_word at = {.s = "", .line = line};

    if (!len || s[len - 1] != '\r')
        return len;
    at.column = (unsigned)(s + len - (newline ? newline + 1 : s));
    if (!r->crlf)
        pk_error(r->diags, PK_T_BYTE, pk_at(r, &at), "convert it: sed -i 's/\\r$//' FILE",
                 "the lines of this file end in CR LF, as on Windows");
    r->crlf = true;
    return len - 1;
}

static int check_line(struct lexer *l)
{
    struct pk_word at = here(l);

    l->r->words.n = 0;
    l->r->words.used = 0;
    if (l->len > PK_LINE_MAX)
        return pk_bad(l->r, PK_T_LONG, &at, "write several shorter rules",
                      "a line of %zu bytes; iptables-restore reads at most %u", l->len,
                      PK_LINE_MAX);
    return 0;
}

/* After the opening quote; to the closing one, inclusive. */
static int save_quoted(struct lexer *l, const struct pk_word *quote)
{
    bool escaped = false;

    while (l->i < l->len) {
        if (check_byte(l, l->s[l->i]))
            return -EINVAL;
        char c = take(l);

        if (escaped) {
            add(l, c);
            escaped = false;
        } else if (c == '\\') {
            escaped = true;
        } else if (c == '"') {
            return close_word(l);
        } else {
            add(l, c);
        }
    }
    return pk_bad(l->r, PK_T_QUOTE, quote, "close it on the same line", "this quote is not closed");
}

static int save_byte(struct lexer *l)
{
    struct pk_word at = here(l);
    char c = l->s[l->i];

    if (check_byte(l, c))
        return -EINVAL;
    if (c == ' ' || c == '\t') {
        take(l);
        return close_word(l);
    }
    open_word(l);
    take(l);
    if (c != '"') {
        add(l, c);
        return 0;
    }
    l->word.quoted = true;
    return save_quoted(l, &at);
}

/* As many bytes as have no meaning but themselves: most of a line. */
static void save_plain(struct lexer *l)
{
    struct pk_words *ws = &l->r->words;
    const char *s = l->s + l->i;
    size_t n = 0, len = l->len - l->i;

    while (n < len && (unsigned char)s[n] > ' ' && s[n] != '"' && s[n] != 0x7f)
        n++;
    if (!n)
        return;
    open_word(l);
    memcpy(ws->text + ws->used, s, n);
    ws->used += n;
    l->i += n;
    l->column += (unsigned)n;
}

int pk_lex_save(struct pk_reader *r, const char *s, size_t len, unsigned line, unsigned column)
{
    struct lexer l = {.r = r, .s = s, .len = len, .line = line, .column = column};

    if (check_line(&l))
        return -EINVAL;
    while (l.i < l.len) {
        save_plain(&l);
        if (l.i < l.len && save_byte(&l))
            return -EINVAL;
    }
    return close_word(&l);
}

/* What a shell would do with a character that Picket does not: NULL for none. */
static const char *shell_feature(char c, bool in_double_quotes, bool at_start)
{
    switch (c) {
    case '$':
        return "expansion with '$'";
    case '`':
        return "command substitution with '`'";
    }
    if (in_double_quotes)
        return NULL;
    switch (c) {
    case ';':
        return "a second command after ';'";
    case '|':
        return "a pipe with '|'";
    case '&':
        return "'&'";
    case '<':
    case '>':
        return "redirection with '<' or '>'";
    case '(':
    case ')':
        return "grouping with '(' or ')'";
    case '*':
    case '?':
    case '[':
        return "a file name pattern with '*', '?' or '['";
    case '{':
    case '}':
        return "'{' or '}'";
    case '~':
        return at_start ? "expansion with '~'" : NULL;
    }
    return NULL;
}

static int refuse_shell(struct lexer *l, bool in_double_quotes)
{
    const char *feature = shell_feature(l->s[l->i], in_double_quotes, !l->word.s);
    struct pk_word at = here(l);

    if (!feature)
        return check_byte(l, l->s[l->i]);
    return pk_bad(
        l->r, PK_T_SHELL, &at, "write the value itself, one command a line, or quote the character",
        "%s: a command file knows the quoting of the shell and nothing else of it", feature);
}

static int shell_single(struct lexer *l)
{
    struct pk_word quote = here(l);

    take(l);
    while (l->i < l->len && l->s[l->i] != '\n') {
        if (check_byte(l, l->s[l->i]))
            return -EINVAL;
        char c = take(l);

        if (c == '\'')
            return 0;
        add(l, c);
    }
    return pk_bad(l->r, PK_T_QUOTE, &quote, "close it on the same line",
                  "this quote is not closed");
}

static int shell_double(struct lexer *l)
{
    struct pk_word quote = here(l);

    take(l);
    while (l->i < l->len && l->s[l->i] != '\n') {
        char next = l->i + 1 < l->len ? l->s[l->i + 1] : '\0';

        if (refuse_shell(l, true))
            return -EINVAL;
        char c = take(l);

        if (c == '"')
            return 0;
        if (c == '\\' && next && strchr("$`\"\\\n", next)) {
            c = take(l);
            if (c == '\n')
                continue;
        }
        add(l, c);
    }
    return pk_bad(l->r, PK_T_QUOTE, &quote, "close it on the same line",
                  "this quote is not closed");
}

static int shell_escape(struct lexer *l)
{
    struct pk_word at = here(l);

    if (l->i + 1 >= l->len)
        return pk_bad(l->r, PK_T_QUOTE, &at, "remove it", "a backslash at the end of the file");
    if (l->s[l->i + 1] == '\n') {
        take(l);
        take(l);
        return 0;
    }
    open_word(l);
    take(l);
    if (check_byte(l, l->s[l->i]))
        return -EINVAL;
    add(l, take(l));
    return 0;
}

static int shell_byte(struct lexer *l)
{
    char c = l->s[l->i];

    if (c == '\\')
        return shell_escape(l);
    if (c == ' ' || c == '\t') {
        take(l);
        return close_word(l);
    }
    if (refuse_shell(l, false))
        return -EINVAL;
    open_word(l);
    if (c == '\'' || c == '"') {
        l->word.quoted = true;
        return c == '"' ? shell_double(l) : shell_single(l);
    }
    add(l, take(l));
    return 0;
}

/* Bytes to the end of the logical line, its newline not included. */
static size_t logical_length(const char *s, size_t len)
{
    char quote = '\0', before = ' ';
    bool comment = false;
    size_t i = 0;

    while (i < len && s[i] != '\n') {
        char c = s[i++];

        if (comment)
            continue;
        if (c == '\\' && quote != '\'' && i < len)
            i++;
        else if (quote && c == quote)
            quote = '\0';
        else if (!quote && (c == '"' || c == '\''))
            quote = c;
        else if (!quote && c == '#' && (before == ' ' || before == '\t'))
            comment = true;
        before = c;
    }
    return i;
}

static bool is_comment(const char *s, size_t len)
{
    size_t i = 0;

    while (i < len && (s[i] == ' ' || s[i] == '\t'))
        i++;
    return i < len && s[i] == '#';
}

int pk_lex_command(struct pk_reader *r, const char *text, size_t len, size_t *pos, unsigned *line)
{
    size_t n = logical_length(text + *pos, len - *pos);
    struct lexer l = {.r = r, .s = text + *pos, .len = n, .line = *line, .column = 1};
    int err;

    for (size_t i = 0; i < n; i++)
        *line += l.s[i] == '\n';
    l.len = pk_lex_line_end(r, l.s, n, *line);
    *pos += n;
    if (*pos < len) {
        ++*pos;
        ++*line;
    }
    r->words.n = 0;
    if (is_comment(l.s, n))
        return 0;
    err = check_line(&l);
    while (!err && l.i < l.len) {
        if (l.s[l.i] == '#' && !l.word.s)
            break;
        err = shell_byte(&l);
    }
    return err ? err : close_word(&l);
}
