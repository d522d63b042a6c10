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

static void print_ipv4(uint32_t addr, struct pk_buf *out)
{
    for (unsigned shift = 24; shift; shift -= 8) {
        pk_buf_u64(out, addr >> shift & 255);
        pk_buf_char(out, '.');
    }
    pk_buf_u64(out, addr & 255);
}

static unsigned word_of(struct pk_u128 v, unsigned i)
{
    return (unsigned)((i < 4 ? v.hi : v.lo) >> (48 - 16 * (i % 4)) & 0xffff);
}

/* The longest run of two or more words of zero, the first of equals; *n 0: none. */
static unsigned zero_run(struct pk_u128 v, unsigned *n)
{
    unsigned at = 0, start = 0;

    *n = 1;
    for (unsigned i = 0; i < 8; i++) {
        if (word_of(v, i)) {
            start = i + 1;
        } else if (i + 1 - start > *n) {
            at = start;
            *n = i + 1 - start;
        }
    }
    *n = *n > 1 ? *n : 0;
    return at;
}

static void print_hex(unsigned word, struct pk_buf *out)
{
    for (int shift = word > 0xfff  ? 12
                     : word > 0xff ? 8
                     : word > 0xf  ? 4
                                   : 0;
         shift >= 0; shift -= 4)
        pk_buf_char(out, "0123456789abcdef"[word >> shift & 15]);
}

/* As inet_ntop(), which does a sprintf() for every word. */
static void print_ipv6(struct pk_u128 v, struct pk_buf *out)
{
    unsigned n, run = zero_run(v, &n);

    for (unsigned i = 0; i < 8; i++) {
        if (n && i == run) {
            pk_buf_str(out, i ? ":" : "::");
            i += n - 1;
            continue;
        }
        print_hex(word_of(v, i), out);
        if (i < 7)
            pk_buf_char(out, ':');
    }
}

/* inet_ntop() has other forms for what holds an IPv4 address, and they all start with zeros. */
static void print_zeros(struct pk_u128 v, struct pk_buf *out)
{
    char text[INET6_ADDRSTRLEN] = "";
    uint8_t b[16];

    to_bytes(v, b);
    inet_ntop(AF_INET6, b, text, sizeof(text));
    pk_buf_str(out, text);
}

static void print_address(struct pk_u128 v, enum pk_family family, struct pk_buf *out)
{
    if (family == PK_IPV4)
        print_ipv4((uint32_t)v.lo, out);
    else if (v.hi)
        print_ipv6(v, out);
    else
        print_zeros(v, out);
}

/* Bits of a contiguous mask, or -1. */
static int prefix_length(struct pk_u128 mask, enum pk_family family)
{
    struct pk_u128 host = {~mask.hi, ~mask.lo};

    if (family == PK_IPV4)
        host = (struct pk_u128){~(mask.lo << 32), UINT64_MAX};
    if ((host.hi && host.lo != UINT64_MAX) || host.hi & (host.hi + 1) || host.lo & (host.lo + 1))
        return -1;
    if (host.hi)
        return __builtin_clzll(host.hi);
    return host.lo ? 64 + __builtin_clzll(host.lo) : 128;
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
