// SPDX-License-Identifier: GPL-2.0-or-later
#include "rules/match/number.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/match/codes.h"
#include "rules/parse.h"

bool pk_match_number(const char *s, uint32_t max, uint32_t *ret)
{
    unsigned long v;
    uint64_t plain;
    char *end;

    if (pk_word_number(s, max, &plain)) {
        *ret = (uint32_t)plain;
        return true;
    }
    errno = 0;
    v = strtoul(s, &end, 0);
    if (errno || end == s || *end || v > max)
        return false;
    *ret = (uint32_t)v;
    return true;
}

/* Everything, negated. */
static int saved_otherwise(const struct pk_option_use *use)
{
    pk_error(use->d, PK_CODE_SAVED_OTHERWISE, use->at, "take the rule out: it matches nothing",
             "iptables-save would lose ! --%s %s", use->option->name, use->args[0]);
    return -EINVAL;
}

int pk_number_parse(const struct pk_option_use *use, const char *s, uint32_t most, uint32_t *ret)
{
    char mend[64];

    if (pk_match_number(s, most, ret))
        return 0;
    snprintf(mend, sizeof(mend), "write a number from 0 to %u", most);
    pk_error(use->d, PK_CODE_NUMBER, use->arg_at, mend, "\"%s\" is not a number that --%s takes", s,
             use->option->name);
    return -EINVAL;
}

bool pk_number_range_all(const struct pk_number_range *r)
{
    return r->lo == 0 && r->hi == UINT32_MAX;
}

int pk_number_range_parse_to(const struct pk_option_use *use, uint32_t most,
                             int (*one)(const struct pk_option_use *use, const char *s,
                                        uint32_t most, uint32_t *ret),
                             struct pk_number_range *ret)
{
    struct pk_number_range r = {.hi = most, .invert = use->invert};
    const char *low = use->args[0], *colon = strchr(low, ':');
    const char *high = colon ? colon + 1 : low;
    int e = 0;

    if (colon)
        low = pk_arena_strndup(use->arena, low, (size_t)(colon - low));
    if (!low)
        return -ENOMEM;
    if (!colon || *low)
        e = one(use, low, most, &r.lo);
    if (!e && (!colon || *high))
        e = one(use, high, most, &r.hi);
    if (!e)
        *ret = r;
    return e;
}

int pk_number_range_parse(const struct pk_option_use *use, struct pk_number_range *ret)
{
    struct pk_number_range r;
    int e = pk_number_range_parse_to(use, UINT32_MAX, pk_number_parse, &r);

    if (!e && r.invert && pk_number_range_all(&r))
        return saved_otherwise(use);
    if (!e)
        *ret = r;
    return e;
}

void pk_number_range_print(const char *option, const struct pk_number_range *r, struct pk_buf *out)
{
    if (pk_number_range_all(r))
        return;
    pk_buf_fmt(out, "%s --%s %u", r->invert ? " !" : "", option, r->lo);
    if (r->lo != r->hi)
        pk_buf_fmt(out, ":%u", r->hi);
}

bool pk_number_range_has(const struct pk_number_range *r, uint32_t v)
{
    return (v >= r->lo && v <= r->hi) != r->invert;
}

int pk_number_option_parse(const struct pk_option_use *use, struct pk_number_option *ret)
{
    uint32_t v;
    int e = pk_number_parse(use, use->args[0], UINT32_MAX, &v);

    if (e)
        return e;
    *ret = (struct pk_number_option){v, true, use->invert};
    return 0;
}

void pk_number_option_print(const char *option, const struct pk_number_option *o,
                            struct pk_buf *out)
{
    if (o->given)
        pk_buf_fmt(out, "%s --%s %u", o->invert ? " !" : "", option, o->value);
}

bool pk_number_option_fits(const struct pk_number_option *o, uint32_t v)
{
    return !o->given || (v == o->value) != o->invert;
}

int pk_parts_parse(const struct pk_option_use *use, const struct pk_parts *p, void *array,
                   uint32_t *ret_n)
{
    const char *s = use->args[0];
    uint32_t n = 0;

    for (;; s++) {
        size_t len = strcspn(s, ",");

        if (n == p->most) {
            pk_error(use->d, p->code, use->arg_at, p->mend, "more than %u %s: \"%.*s\"", p->most,
                     p->many, (int)len, s);
            return -EINVAL;
        }
        if (!p->one(use->arena, s, len, (char *)array + n * p->size)) {
            pk_error(use->d, p->code, use->arg_at, p->mend, "\"%.*s\" is not %s", (int)len, s,
                     p->what);
            return -EINVAL;
        }
        n++;
        s += len;
        if (!*s)
            break;
    }
    *ret_n = n;
    return 0;
}

bool pk_port_parse(const char *s, const char *proto, uint16_t *ret)
{
    const struct servent *service;
    uint32_t v;

    if (pk_match_number(s, UINT16_MAX, &v)) {
        *ret = (uint16_t)v;
        return true;
    }
    service = *s ? getservbyname(s, proto) : NULL;
    if (!service)
        return false;
    *ret = ntohs((uint16_t)service->s_port);
    return true;
}

static int port_error(const struct pk_option_use *use, const char *port, const char *proto)
{
    pk_error(use->d, PK_CODE_PORT, use->arg_at,
             "write a number from 0 to 65535, or a name that /etc/services has for this protocol",
             "\"%s\" is not a port%s%s", port, proto ? " of " : "", proto ? proto : "");
    return -EINVAL;
}

int pk_ports_parse(const struct pk_option_use *use, const char *proto, bool ordered,
                   struct pk_port_range *ret)
{
    struct pk_port_range r = {.hi = 0xffff, .given = true, .invert = use->invert};
    const char *low = use->args[0], *colon = strchr(low, ':');
    const char *high = colon ? colon + 1 : low;

    if (colon)
        low = pk_arena_strndup(use->arena, low, (size_t)(colon - low));
    if (!low)
        return -ENOMEM;
    if ((!colon || *low) && !pk_port_parse(low, proto, &r.lo))
        return port_error(use, low, proto);
    if ((!colon || *high) && !pk_port_parse(high, proto, &r.hi))
        return port_error(use, high, proto);
    if (ordered && r.lo > r.hi) {
        pk_error(use->d, PK_CODE_PORT_RANGE, use->arg_at, "write the lower port first",
                 "the port range \"%s\" ends before it starts", use->args[0]);
        return -EINVAL;
    }
    *ret = r;
    return 0;
}

static bool every_port(const struct pk_port_range *r)
{
    return r->lo == 0 && r->hi == 0xffff;
}

int pk_ports_parse_saved(const struct pk_option_use *use, const char *proto, bool ordered,
                         struct pk_port_range *ret)
{
    struct pk_port_range range;
    int r = pk_ports_parse(use, proto, ordered, &range);

    if (r)
        return r;
    if (range.invert && every_port(&range))
        return saved_otherwise(use);
    *ret = range;
    return 0;
}

void pk_ports_print_saved(const char *option, const struct pk_port_range *r, struct pk_buf *out)
{
    if (!every_port(r))
        pk_ports_print(option, r, out);
}

void pk_ports_print(const char *option, const struct pk_port_range *r, struct pk_buf *out)
{
    pk_buf_str(out, r->invert ? " ! --" : " --");
    pk_buf_str(out, option);
    pk_buf_char(out, ' ');
    pk_buf_u64(out, r->lo);
    if (r->lo == r->hi)
        return;
    pk_buf_char(out, ':');
    pk_buf_u64(out, r->hi);
}

int pk_proto_require(const struct pk_option_use *use, const struct pk_rule *r, const char *match,
                     uint8_t proto, const char *proto_name)
{
    if (r->ip.has_proto && !r->ip.inv_proto && r->ip.proto == proto)
        return 0;
    pk_error(use->d, PK_CODE_NEEDS_PROTO, use->at,
             r->ip.inv_proto ? "take the ! before -p away, or take the match away"
                             : "give the rule the protocol it speaks of",
             "-m %s needs -p %s", match, proto_name);
    return -EINVAL;
}

int pk_option_refuse(const struct pk_option_use *use)
{
    pk_error(use->d, PK_CODE_NOT_SUPPORTED, use->at, "take the rule out, or write it without it",
             "--%s is not supported", use->option->name);
    return -EINVAL;
}
