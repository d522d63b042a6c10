// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/match/icmp_type.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "rules/match/codes.h"
#include "rules/match/number.h"

/* The name that begins with `s`: 1 and *ret; 0 if there is none; -EINVAL (diagnosed) if two do. */
static int find_name(const struct pk_option_use *use, const struct pk_icmp_name *names, size_t n,
                     const struct pk_icmp_name **ret)
{
    const char *s = use->args[0];
    const struct pk_icmp_name *found = NULL;

    for (size_t i = 0; i < n; i++) {
        if (strncasecmp(names[i].name, s, strlen(s)) != 0)
            continue;
        if (found) {
            pk_error(use->d, PK_CODE_ICMP_TYPE, use->arg_at, "write more of the name",
                     "\"%s\" may be the ICMP type \"%s\" or \"%s\"", s, found->name, names[i].name);
            return -EINVAL;
        }
        found = &names[i];
    }
    *ret = found;
    return found != NULL;
}

static int bad_code(const struct pk_option_use *use)
{
    pk_error(use->d, PK_CODE_ICMP_CODE, use->arg_at,
             "write type/code or type/code:code, with numbers from 0 to 255",
             "\"%s\" has no valid ICMP code", use->args[0]);
    return -EINVAL;
}

static int parse_codes(const struct pk_option_use *use, const char *codes, struct pk_icmp_type *t)
{
    const char *colon = strchr(codes, ':');
    const char *high = colon ? colon + 1 : codes;
    uint32_t lo, hi;

    if (colon)
        codes = pk_arena_strndup(use->arena, codes, (size_t)(colon - codes));
    if (!codes)
        return -ENOMEM;
    if (!pk_match_number(codes, UINT8_MAX, &lo) || !pk_match_number(high, UINT8_MAX, &hi))
        return bad_code(use);
    t->code_lo = (uint8_t)lo;
    t->code_hi = (uint8_t)hi;
    return 0;
}

static int parse_numbers(const struct pk_option_use *use, struct pk_icmp_type *t)
{
    const char *type = use->args[0], *slash = strchr(type, '/');
    uint32_t v;

    if (slash)
        type = pk_arena_strndup(use->arena, type, (size_t)(slash - type));
    if (!type)
        return -ENOMEM;
    if (!pk_match_number(type, UINT8_MAX, &v)) {
        pk_error(use->d, PK_CODE_ICMP_TYPE, use->arg_at,
                 "write a name such as echo-request, or a number from 0 to 255",
                 "\"%s\" is not an ICMP type", use->args[0]);
        return -EINVAL;
    }
    *t = (struct pk_icmp_type){.type = (uint8_t)v, .code_hi = 255};
    return slash ? parse_codes(use, slash + 1, t) : 0;
}

/* iptables-save prints "5/1:2" as "5/1". */
static int check_saved(const struct pk_option_use *use, const struct pk_icmp_type *t)
{
    if (t->code_lo == t->code_hi || (t->code_lo == 0 && t->code_hi == 255))
        return 0;
    pk_error(use->d, PK_CODE_SAVED_OTHERWISE, use->arg_at, "write one rule for each code",
             "iptables-save would keep only the first code of \"%s\"", use->args[0]);
    return -EINVAL;
}

int pk_icmp_type_parse(const struct pk_option_use *use, const struct pk_icmp_name *names, size_t n,
                       int any, struct pk_icmp_type *ret)
{
    const struct pk_icmp_name *name;
    struct pk_icmp_type t;
    int r = find_name(use, names, n, &name);

    if (r > 0) {
        t = name->type;
        r = 0;
    } else if (r == 0) {
        r = parse_numbers(use, &t);
    }
    if (r)
        return r;
    if (t.type == any)
        t = (struct pk_icmp_type){.type = t.type, .code_hi = 255};
    t.invert = use->invert;
    r = check_saved(use, &t);
    if (r)
        return r;
    *ret = t;
    return 0;
}

void pk_icmp_type_print(const struct pk_icmp_type *t, struct pk_buf *out)
{
    pk_buf_u64(out, t->type);
    if (t->code_lo == t->code_hi)
        pk_buf_fmt(out, "/%u", t->code_lo);
}

int pk_icmp_type_require(const struct pk_option_use *use, const char *match, const char *option)
{
    if (use->seen & 1)
        return 0;
    pk_error(use->d, PK_CODE_NEEDS_OPTION, use->at, "add the option, or take the match away",
             "-m %s needs --%s", match, option);
    return -EINVAL;
}
