// SPDX-License-Identifier: GPL-2.0-or-later
#include "telemetry/metric.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "telemetry/codes.h"

static const char name_hint[] = "a name has letters, digits and _, and begins with no digit";

static bool pk_is_name_start(char c, bool colon)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':');
}

static size_t pk_name_length(const char *s, bool colon)
{
    size_t n = 0;

    while (pk_is_name_start(s[n], colon) || (n && s[n] >= '0' && s[n] <= '9'))
        n++;
    return n;
}

static bool pk_is_name(const char *s, bool colon)
{
    size_t n = pk_name_length(s, colon);

    return n && !s[n] && n <= PK_METRIC_NAME_MAX;
}

static int pk_metric_bad(struct pk_diags *d, const char *hint, const char *what, const char *which)
{
    pk_error(d, PK_T_METRIC, PK_NOWHERE, hint, "metric: %s: %.60s", what, which);
    return -EINVAL;
}

static int pk_spec_check(const struct pk_metric *m, struct pk_diags *d)
{
    const struct pk_value_spec *s = &m->spec;

    if (!(s->error >= 0 && s->error < 1))
        return pk_metric_bad(d, "it is relative: from 0 to less than 1", "error bound", m->name);
    if (s->scale < -PK_SCALE_MAX || s->scale > PK_SCALE_MAX)
        return pk_metric_bad(d, "a power of two, from -200 to 200", "scale", m->name);
    if (s->counter && (s->scale || s->error > 0))
        return pk_metric_bad(d, "a counter is exact: scale and error bound are 0", "counter",
                             m->name);
    return 0;
}

static int pk_metric_check(const struct pk_metric *m, struct pk_diags *d)
{
    if (!pk_is_name(m->name, true))
        return pk_metric_bad(d, name_hint, "not a name", m->name);
    if (m->n_labels > PK_METRIC_LABELS_MAX)
        return pk_metric_bad(d, "32 are the most", "too many labels", m->name);
    for (size_t i = 0; i < m->n_labels; i++)
        if (!pk_is_name(m->labels[i].name, false))
            return pk_metric_bad(d, name_hint, "not a label's name", m->labels[i].name);
    return pk_spec_check(m, d);
}

static int pk_label_compare(const void *a, const void *b)
{
    return strcmp(((const struct pk_label *)a)->name, ((const struct pk_label *)b)->name);
}

static void pk_value_text(const char *s, struct pk_buf *out)
{
    pk_buf_char(out, '"');
    for (; *s; s++) {
        if (*s == '\\' || *s == '"' || *s == '\n')
            pk_buf_char(out, '\\');
        pk_buf_char(out, *s == '\n' ? 'n' : *s);
    }
    pk_buf_char(out, '"');
}

void pk_labels_text(const struct pk_label *label, size_t n, struct pk_buf *out)
{
    for (size_t i = 0; i < n; i++) {
        pk_buf_char(out, i ? ',' : '{');
        pk_buf_str(out, label[i].name);
        pk_buf_char(out, '=');
        pk_value_text(label[i].value, out);
    }
    if (n)
        pk_buf_char(out, '}');
}

int pk_metric_text(const struct pk_metric *m, struct pk_buf *out, struct pk_diags *d)
{
    struct pk_label label[PK_METRIC_LABELS_MAX];
    int r = pk_metric_check(m, d);

    if (r)
        return r;
    if (m->n_labels)
        memcpy(label, m->labels, m->n_labels * sizeof(*label));
    // cppcheck-suppress legacyUninitvar ; copied above
    qsort(label, m->n_labels, sizeof(*label), pk_label_compare);
    for (size_t i = 1; i < m->n_labels; i++)
        if (!strcmp(label[i].name, label[i - 1].name))
            return pk_metric_bad(d, "give each label once", "label twice", label[i].name);
    pk_buf_str(out, m->name);
    pk_labels_text(label, m->n_labels, out);
    if (out->failed == -E2BIG)
        return pk_metric_bad(d, "4,096 bytes are the most", "too long", m->name);
    return out->failed;
}

/* The value between quotes at *s, without its escapes; *s behind it. NULL: not one. */
static int pk_value_parse(const char **s, struct pk_arena *a, const char **ret)
{
    const char *p = *s;
    size_t n = 0;
    char *value = pk_arena_alloc(a, strlen(p) + 1);

    if (!value)
        return -ENOMEM;
    if (*p++ != '"')
        return -EINVAL;
    for (; *p && *p != '"'; p++) {
        if (*p == '\\' && p[1] != '\\' && p[1] != '"' && p[1] != 'n')
            return -EINVAL;
        if (*p == '\\')
            value[n++] = *++p == 'n' ? '\n' : *p;
        else
            value[n++] = *p;
    }
    if (!*p)
        return -EINVAL;
    *s = p + 1;
    *ret = value;
    return 0;
}

static int pk_label_parse(const char **s, struct pk_arena *a, struct pk_label *ret)
{
    size_t len = pk_name_length(*s, false);

    if (!len || (*s)[len] != '=')
        return -EINVAL;
    ret->name = pk_arena_strndup(a, *s, len);
    if (!ret->name)
        return -ENOMEM;
    *s += len + 1;
    return pk_value_parse(s, a, &ret->value);
}

/* `a="x",b="y"}` */
static int pk_labels_parse(const char **s, struct pk_arena *a, struct pk_metric *m)
{
    struct pk_label *label = pk_arena_array(a, struct pk_label, PK_METRIC_LABELS_MAX);
    int r;

    if (!label)
        return -ENOMEM;
    m->labels = label;
    while (**s != '}') {
        if (m->n_labels == PK_METRIC_LABELS_MAX)
            return -EINVAL;
        r = pk_label_parse(s, a, &label[m->n_labels++]);
        if (r)
            return r;
        if (**s == ',')
            ++*s;
        else if (**s != '}')
            return -EINVAL;
    }
    ++*s;
    return 0;
}

int pk_metric_parse(const char *text, struct pk_arena *a, struct pk_metric *ret, struct pk_diags *d)
{
    size_t len = pk_name_length(text, true);
    struct pk_metric m = {.name = pk_arena_strndup(a, text, len)};
    const char *at = text + len;
    int r = m.name ? 0 : -ENOMEM;

    if (!r && strlen(text) > PK_METRIC_TEXT_MAX)
        r = -EINVAL;
    if (!r && *at == '{') {
        at++;
        r = pk_labels_parse(&at, a, &m);
    }
    if (!r && (*at || at == text))
        r = -EINVAL;
    if (r == -EINVAL)
        return pk_metric_bad(d, "as in name{label=\"value\"}", "not understood", text);
    if (!r)
        *ret = m;
    return r;
}

static bool pk_has_label(const struct pk_metric *m, const struct pk_label *label)
{
    for (size_t i = 0; i < m->n_labels; i++)
        if (!strcmp(m->labels[i].name, label->name))
            return !strcmp(m->labels[i].value, label->value);
    return !*label->value; /* a label that is not there is an empty one */
}

bool pk_metric_matches(const struct pk_metric *m, const struct pk_metric *selector)
{
    if (*selector->name && strcmp(selector->name, m->name) != 0)
        return false;
    for (size_t i = 0; i < selector->n_labels; i++)
        if (!pk_has_label(m, &selector->labels[i]))
            return false;
    return true;
}
