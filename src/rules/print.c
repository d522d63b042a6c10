// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules as iptables-legacy-save 1.8.9 prints them (print_rule4, print_rule6). */
#include <arpa/inet.h>
#include <string.h>

#include "rules/parse.h"

static void to_bytes(struct pk_u128 v, uint8_t b[16])
{
    for (int i = 0; i < 8; i++) {
        b[i] = (uint8_t)(v.hi >> (56 - 8 * i));
        b[i + 8] = (uint8_t)(v.lo >> (56 - 8 * i));
    }
}

static void print_address(struct pk_u128 v, enum pk_family family, struct pk_buf *out)
{
    char text[INET6_ADDRSTRLEN] = "";
    uint8_t b[16];

    to_bytes(v, b);
    if (family == PK_IPV4)
        inet_ntop(AF_INET, b + 12, text, sizeof(text));
    else
        inet_ntop(AF_INET6, b, text, sizeof(text));
    pk_buf_str(out, text);
}

/* Bits of a contiguous mask, or -1. */
static int prefix_length(struct pk_u128 mask, enum pk_family family)
{
    int width = family == PK_IPV4 ? 32 : 128, bits = 0;
    struct pk_u128 left = mask;

    if (family == PK_IPV4)
        left = (struct pk_u128){.hi = mask.lo << 32};
    while (bits < width && left.hi >> 63) {
        left.hi = left.hi << 1 | left.lo >> 63;
        left.lo <<= 1;
        bits++;
    }
    return left.hi || left.lo ? -1 : bits;
}

static void print_option(bool invert, const char *option, struct pk_buf *out)
{
    pk_buf_str(out, invert ? " ! -" : " -");
    pk_buf_str(out, option);
    pk_buf_char(out, ' ');
}

static void print_prefix(const char *option, struct pk_u128 addr, struct pk_u128 mask, bool invert,
                         enum pk_family family, struct pk_buf *out)
{
    int bits = prefix_length(mask, family);

    if (!bits && !invert)
        return;
    print_option(invert, option, out);
    print_address(addr, family, out);
    pk_buf_char(out, '/');
    if (bits < 0)
        print_address(mask, family, out);
    else
        pk_buf_u64(out, (uint64_t)bits);
}

static void print_interface(const char *option, const char *name, bool invert, struct pk_buf *out)
{
    if (!*name)
        return;
    print_option(invert, option, out);
    pk_buf_str(out, name);
}

static void print_ip(const struct pk_ip_match *ip, enum pk_family family, struct pk_buf *out)
{
    const char *name;

    print_prefix("s", ip->saddr, ip->smask, ip->inv_saddr, family, out);
    print_prefix("d", ip->daddr, ip->dmask, ip->inv_daddr, family, out);
    print_interface("i", ip->iif, ip->inv_iif, out);
    print_interface("o", ip->oif, ip->inv_oif, out);
    if (ip->proto) {
        name = pk_protocol_name(ip->proto);
        print_option(ip->inv_proto, "p", out);
        if (name)
            pk_buf_str(out, name);
        else
            pk_buf_u64(out, ip->proto);
    }
    if (ip->frag)
        pk_buf_str(out, ip->inv_frag ? " ! -f" : " -f");
}

static void print_target(const struct pk_rule *r, struct pk_buf *out)
{
    static const char *const verdicts[] = {
        [PK_ACT_ACCEPT] = "ACCEPT", [PK_ACT_DROP] = "DROP", [PK_ACT_RETURN] = "RETURN"};

    if (r->target) {
        print_option(false, "j", out);
        pk_buf_str(out, r->target->name);
        if (r->target->print)
            r->target->print(r, r->target_info, out);
    } else if (r->to) {
        print_option(false, r->action == PK_ACT_GOTO ? "g" : "j", out);
        pk_buf_str(out, r->to->name);
    } else if (r->action != PK_ACT_NONE) {
        print_option(false, "j", out);
        pk_buf_str(out, verdicts[r->action]);
    }
}

void pk_rule_print(const struct pk_rule *r, enum pk_family family, struct pk_buf *out)
{
    size_t start = out->len;

    print_ip(&r->ip, family, out);
    for (size_t i = 0; i < r->n_matches; i++) {
        print_option(false, "m", out);
        pk_buf_str(out, r->matches[i].def->name);
        if (r->matches[i].def->print)
            r->matches[i].def->print(r, r->matches[i].info, out);
    }
    print_target(r, out);
    /* Each part above starts with a space; the text of a rule does not. */
    if (out->len > start) {
        memmove(out->data + start, out->data + start + 1, out->len - start);
        out->len--;
    }
}

static void print_counters(const struct pk_counters *c, struct pk_buf *out)
{
    pk_buf_char(out, '[');
    pk_buf_u64(out, c->packets);
    pk_buf_char(out, ':');
    pk_buf_u64(out, c->bytes);
    pk_buf_char(out, ']');
}

static void save_chain_line(const struct pk_chain *c, const struct pk_save_options *o,
                            struct pk_buf *out)
{
    struct pk_counters none = {0};

    pk_buf_char(out, ':');
    pk_buf_str(out, c->name);
    if (c->hook < 0) {
        pk_buf_str(out, " - ");
        print_counters(&none, out);
    } else {
        pk_buf_str(out, c->policy == PK_ACT_DROP ? " DROP " : " ACCEPT ");
        print_counters(o && o->policy ? &o->policy[c->hook] : &c->policy_counters, out);
    }
    pk_buf_char(out, '\n');
}

static void save_rule(const struct pk_chain *c, const struct pk_rule *r,
                      const struct pk_save_options *o, struct pk_buf *out)
{
    if (o && o->counters) {
        print_counters(o->rule ? &o->rule[r->ordinal] : &r->counters, out);
        pk_buf_char(out, ' ');
    }
    pk_buf_str(out, "-A ");
    pk_buf_str(out, c->name);
    if (*r->text) {
        pk_buf_char(out, ' ');
        pk_buf_str(out, r->text);
    }
    pk_buf_char(out, '\n');
}

void pk_ruleset_save(const struct pk_ruleset *rs, const struct pk_save_options *o,
                     struct pk_buf *out)
{
    pk_buf_str(out, "*filter\n");
    for (size_t i = 0; i < rs->n_chains; i++)
        save_chain_line(rs->chains[i], o, out);
    for (size_t i = 0; i < rs->n_chains; i++)
        for (size_t j = 0; j < rs->chains[i]->n_rules; j++)
            save_rule(rs->chains[i], rs->chains[i]->rules[j], o, out);
    pk_buf_str(out, "COMMIT\n");
}
