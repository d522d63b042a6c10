// SPDX-License-Identifier: GPL-2.0-or-later
/* Random rule sets. */
#include <arpa/inet.h>
#include <string.h>

#include "base/macro.h"
#include "gen_values.h"

static void put_addr(struct gen *g, struct pk_u128 a, struct pk_buf *out)
{
    char text[INET6_ADDRSTRLEN];
    uint8_t b[16];

    gen_addr_bytes(g, a, b);
    inet_ntop(g->family == PK_IPV4 ? AF_INET : AF_INET6, b, text, sizeof(text));
    pk_buf_str(out, text);
}

static void put_not(struct gen *g, struct pk_buf *out)
{
    if (gen_chance(g, 20))
        pk_buf_str(out, " !");
}

static void put_prefix(struct gen *g, const char *option, struct pk_buf *out)
{
    unsigned bits = g->family == PK_IPV4 ? 32 : 128;

    put_not(g, out);
    pk_buf_fmt(out, " %s ", option);
    put_addr(g, gen_address(g), out);
    if (g->family == PK_IPV4 && gen_chance(g, 10))
        pk_buf_str(out, gen_chance(g, 50) ? "/255.0.0.255" : "/0.0.255.254");
    else if (gen_chance(g, 10))
        pk_buf_fmt(out, "/%u", gen_below(g, bits + 1));
    else
        pk_buf_fmt(out, "/%u", bits - gen_below(g, 12));
}

static void put_interface(struct gen *g, const char *option, struct pk_buf *out)
{
    const char *name = gen_devices[gen_below(g, GEN_DEVICES)];
    size_t len = strlen(name);

    put_not(g, out);
    if (gen_chance(g, 60)) {
        pk_buf_fmt(out, " %s %s", option, name);
    } else {
        len = gen_below(g, (uint32_t)PK_MIN(len, (size_t)14)) + 1;
        pk_buf_fmt(out, " %s %.*s+", option, (int)len, name);
    }
}

/*
 * A port, or a range of them as `first:last`; multiport wants first < last. Never all ports: their
 * negation is refused, since iptables-save would lose it.
 */
static void put_ports(struct gen *g, struct pk_buf *out)
{
    unsigned a = gen_port(g), b = gen_chance(g, 50) ? gen_port(g) : a + gen_below(g, 3);
    unsigned first = PK_MIN(a, b), last = PK_MAX(a, b);

    last = PK_MIN(last, first ? 65535u : 65534u);
    pk_buf_u64(out, first);
    if (first < last && gen_chance(g, 60))
        pk_buf_fmt(out, ":%u", last);
}

static void put_multiport(struct gen *g, struct pk_buf *out)
{
    static const char *const options[] = {"sports", "dports", "ports"};
    unsigned n = gen_below(g, 7) + 1, i;

    pk_buf_str(out, " -m multiport");
    put_not(g, out);
    pk_buf_fmt(out, " --%s ", options[gen_below(g, 3)]);
    for (i = 0; i < n; i++) {
        pk_buf_str(out, i ? "," : "");
        put_ports(g, out);
    }
}

/* tcp, udp, sctp, dccp: the match of the protocol's own name. */
static void put_port_match(struct gen *g, const char *name, struct pk_buf *out)
{
    pk_buf_fmt(out, " -m %s", name);
    if (gen_chance(g, 40)) {
        put_not(g, out);
        pk_buf_str(out, " --sport ");
        put_ports(g, out);
    }
    if (gen_chance(g, 60)) {
        put_not(g, out);
        pk_buf_str(out, " --dport ");
        put_ports(g, out);
    }
}

/* At least so many: Picket refuses an empty mask. */
static void put_flag_names(struct gen *g, unsigned least, struct pk_buf *out)
{
    static const char *const names[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG"};
    unsigned set = gen_below(g, 64 - least) + least, i;
    const char *comma = "";

    for (i = 0; i < 6; i++) {
        if (!(set >> i & 1))
            continue;
        pk_buf_fmt(out, "%s%s", comma, names[i]);
        comma = ",";
    }
    if (!set)
        pk_buf_str(out, "NONE");
}

static void put_tcp(struct gen *g, struct pk_buf *out)
{
    put_port_match(g, "tcp", out);
    if (gen_chance(g, 15)) {
        put_not(g, out);
        pk_buf_str(out, " --tcp-flags ");
        put_flag_names(g, 1, out);
        pk_buf_char(out, ' ');
        put_flag_names(g, 0, out);
    } else if (gen_chance(g, 10)) {
        put_not(g, out);
        pk_buf_str(out, " --syn");
    }
    if (gen_chance(g, 5)) {
        put_not(g, out);
        pk_buf_fmt(out, " --tcp-option %u", gen_below(g, 9) + 1);
    }
}

static void put_icmp(struct gen *g, struct pk_buf *out)
{
    bool v6 = g->family == PK_IPV6;

    pk_buf_str(out, v6 ? " -m icmp6" : " -m icmp");
    put_not(g, out);
    pk_buf_fmt(out, v6 ? " --icmpv6-type %u" : " --icmp-type %u", gen_below(g, 5) + (v6 ? 128 : 3));
    if (gen_chance(g, 30))
        pk_buf_fmt(out, "/%u", gen_below(g, 4));
}

static void put_range(struct gen *g, struct pk_buf *out)
{
    struct pk_u128 a = gen_address(g), b = gen_address(g), swap;

    if (pk_u128_less(b, a)) {
        swap = a;
        a = b;
        b = swap;
    }
    pk_buf_str(out, " -m iprange");
    put_not(g, out);
    pk_buf_fmt(out, " --%s-range ", gen_chance(g, 50) ? "src" : "dst");
    put_addr(g, a, out);
    pk_buf_char(out, '-');
    put_addr(g, b, out);
}

/* The first four are -m state's, too. */
static void put_conntrack(struct gen *g, struct pk_buf *out)
{
    static const char *const states[] = {"NEW",       "INVALID", "RELATED,ESTABLISHED",
                                         "UNTRACKED", "SNAT",    "DNAT,NEW"};
    static const char *const more[] = {" --ctproto 6",
                                       " --ctdir REPLY",
                                       " --ctdir ORIGINAL",
                                       " --ctstatus ASSURED",
                                       " ! --ctstatus SEEN_REPLY,ASSURED",
                                       " --ctstatus CONFIRMED"};
    bool old = gen_chance(g, 30);

    pk_buf_str(out, old ? " -m state" : " -m conntrack");
    put_not(g, out);
    pk_buf_fmt(out, old ? " --state %s" : " --ctstate %s", states[gen_below(g, old ? 4 : 6)]);
    if (!old && gen_chance(g, 30))
        pk_buf_str(out, more[gen_below(g, 6)]);
}

/* -m ah, -m esp, and the numbers of other headers: "7" or a range. */
static void put_number(struct gen *g, const char *option, unsigned most, struct pk_buf *out)
{
    unsigned a = gen_below(g, most);

    put_not(g, out);
    pk_buf_fmt(out, " --%s %u", option, a);
    if (gen_chance(g, 30))
        pk_buf_fmt(out, ":%u", gen_below(g, most));
}

static void put_length(struct gen *g, const char *option, struct pk_buf *out)
{
    static const unsigned lengths[] = {0, 8, 12, 16, 20, 24, 28, 9};

    if (!gen_chance(g, 30))
        return;
    put_not(g, out);
    pk_buf_fmt(out, " --%s %u", option, lengths[gen_below(g, PK_ARRAY_SIZE(lengths))]);
}

static void put_route(struct gen *g, struct pk_buf *out)
{
    unsigned n = gen_below(g, 5), i;

    pk_buf_str(out, " -m rt");
    if (gen_chance(g, 40))
        put_number(g, "rt-segsleft", 4, out);
    put_length(g, "rt-len", out);
    if (gen_chance(g, 30)) {
        put_not(g, out);
        pk_buf_fmt(out, " --rt-type %u", gen_below(g, 3));
        return;
    }
    pk_buf_str(out, " --rt-type 0");
    pk_buf_str(out, gen_chance(g, 30) ? " --rt-0-res" : "");
    for (i = 0; i < n; i++)
        pk_buf_fmt(out, "%s::%u", i ? "," : " --rt-0-addrs ", gen_below(g, 2));
    if (n && gen_chance(g, 60))
        pk_buf_str(out, " --rt-0-not-strict");
}

static void put_options(struct gen *g, const char *name, struct pk_buf *out)
{
    unsigned n = gen_chance(g, 5) ? 16 : gen_below(g, 4), i, type;
    char length[] = "dst-len";

    memcpy(length, name, 3);
    pk_buf_fmt(out, " -m %s", name);
    put_length(g, length, out);
    if (n)
        pk_buf_fmt(out, " --%s-opts ", name);
    for (i = 0; i < n; i++) {
        type = gen_below(g, 3);
        pk_buf_fmt(out, "%s%u", i ? "," : "", type);
        if (type && gen_chance(g, 60))
            pk_buf_fmt(out, ":%u", gen_below(g, 3));
    }
}

static void put_header_kinds(struct gen *g, struct pk_buf *out)
{
    static const char *const names[] = {"hop",  "dst", "route", "frag",
                                        "auth", "esp", "none",  "prot"};
    unsigned set = gen_below(g, 255) + 1, i;
    const char *comma = "";

    if (gen_chance(g, 60))
        set = 1u << gen_below(g, 8) | 1u << gen_below(g, 8);
    pk_buf_str(out, " -m ipv6header");
    put_not(g, out);
    pk_buf_str(out, " --header ");
    for (i = 0; i < 8; i++) {
        if (!(set >> i & 1))
            continue;
        pk_buf_fmt(out, "%s%s", comma, names[i]);
        comma = ",";
    }
    pk_buf_str(out, gen_chance(g, 60) ? " --soft" : "");
}

static void put_frag(struct gen *g, struct pk_buf *out)
{
    pk_buf_str(out, " -m frag");
    if (gen_chance(g, 40))
        put_number(g, "fragid", 4, out);
    pk_buf_str(out, gen_chance(g, 30) ? " --fragres" : "");
    pk_buf_str(out, gen_chance(g, 30) ? " --fragfirst" : "");
    if (gen_chance(g, 40))
        pk_buf_str(out, gen_chance(g, 50) ? " --fragmore" : " --fraglast");
}

static void put_ah6(struct gen *g, struct pk_buf *out)
{
    pk_buf_str(out, " -m ah");
    if (gen_chance(g, 50))
        put_number(g, "ahspi", 4, out);
    put_length(g, "ahlen", out);
    pk_buf_str(out, gen_chance(g, 30) ? " --ahres" : "");
}

/* An extension header of IPv6 as a match; -m eui64 is refused where OUTPUT leads. */
static void put_header_match(struct gen *g, unsigned chain, struct pk_buf *out)
{
    switch (gen_below(g, 7)) {
    case 0:
        put_frag(g, out);
        break;
    case 1:
        put_route(g, out);
        break;
    case 2:
        put_options(g, "hbh", out);
        break;
    case 3:
        put_options(g, "dst", out);
        break;
    case 4:
        put_ah6(g, out);
        break;
    case 5:
        put_header_kinds(g, out);
        break;
    default:
        if (chain == PK_INPUT || chain == PK_FORWARD)
            pk_buf_str(out, " -m eui64");
        break;
    }
}

static void put_own_match(struct gen *g, uint8_t proto, struct pk_buf *out)
{
    switch (proto) {
    case TCP:
        put_tcp(g, out);
        break;
    case UDP:
        put_port_match(g, "udp", out);
        break;
    case SCTP:
        put_port_match(g, "sctp", out);
        break;
    case DCCP:
        put_port_match(g, "dccp", out);
        break;
    case ESP:
        pk_buf_str(out, " -m esp");
        put_number(g, "espspi", 4, out);
        break;
    case AH:
        if (g->family == PK_IPV6)
            break;
        pk_buf_str(out, " -m ah");
        put_number(g, "ahspi", 4, out);
        break;
    case MH:
        if (g->family == PK_IPV4)
            break;
        pk_buf_str(out, " -m mh");
        put_not(g, out);
        pk_buf_fmt(out, " --mh-type %u", gen_below(g, 4));
        break;
    case ICMP:
    case ICMP6:
        if ((proto == ICMP6) == (g->family == PK_IPV6))
            put_icmp(g, out);
        break;
    default:
        break;
    }
}

/* What every IP header has. */
static void put_ip_number(struct gen *g, uint8_t proto, struct pk_buf *out)
{
    const char *ttl = g->family == PK_IPV4 ? "ttl" : "hl";
    static const char *const how[] = {"eq", "lt", "gt"};

    switch (gen_below(g, 6)) {
    case 0:
        pk_buf_fmt(out, " -m ecn%s --ecn-ip-ect %u", gen_chance(g, 30) ? " !" : "",
                   gen_below(g, 4));
        break;
    case 1:
        if (proto == TCP)
            pk_buf_fmt(out, " -m ecn%s --ecn-tcp-ece%s", gen_chance(g, 50) ? " !" : "",
                       gen_chance(g, 50) ? " --ecn-tcp-cwr" : "");
        break;
    case 2:
        pk_buf_fmt(out, " -m dscp%s --dscp %u", gen_chance(g, 30) ? " !" : "", gen_below(g, 3));
        break;
    case 3:
        pk_buf_fmt(out, " -m tos%s --tos %u/%u", gen_chance(g, 30) ? " !" : "", gen_below(g, 8),
                   gen_below(g, 16));
        break;
    case 4:
        pk_buf_fmt(out, " -m length%s --length %u:%u", gen_chance(g, 30) ? " !" : "",
                   gen_below(g, 60), 40 + gen_below(g, 80));
        break;
    default:
        pk_buf_fmt(out, " -m %s --%s-%s %u", ttl, ttl, how[gen_below(g, 3)], 62 + gen_below(g, 4));
        break;
    }
}

static void put_test_match(struct gen *g, struct pk_buf *out)
{
    unsigned n = gen_below(g, 5) + 2;

    pk_buf_str(out, " -m testlen");
    put_not(g, out);
    pk_buf_fmt(out, " --testlen %u:%u", n, gen_below(g, n));
    if (gen_chance(g, 30))
        pk_buf_fmt(out, ":%u", gen_below(g, n));
}

/* Matches in any order: what stands behind a layer-4 match is not reached by a short header. */
static void put_matches(struct gen *g, uint8_t proto, struct pk_buf *out)
{
    bool ports = proto == TCP || proto == UDP || proto == SCTP || proto == DCCP || proto == UDPLITE;

    if (gen_chance(g, 12))
        put_range(g, out);
    if (ports && gen_chance(g, 20))
        put_multiport(g, out);
    if (g->test_steps && gen_chance(g, 12))
        put_test_match(g, out);
    if (gen_chance(g, 10))
        pk_buf_str(out, " -m comment --comment \"a 'comment'\"");
    if (gen_chance(g, 70))
        put_own_match(g, proto, out);
    if (gen_chance(g, 12))
        put_ip_number(g, proto, out);
    if (g->test_steps && gen_chance(g, 12))
        put_conntrack(g, out);
    if (gen_chance(g, 12))
        put_range(g, out);
    if (ports && gen_chance(g, 5))
        put_multiport(g, out);
    if (g->test_steps && gen_chance(g, 5))
        put_test_match(g, out);
}

static void put_protocol(struct gen *g, struct pk_buf *out)
{
    uint8_t proto = gen_protocols[gen_below(g, GEN_PROTOCOLS)];

    if (proto == ICMP6 && g->family == PK_IPV4)
        proto = ICMP;
    if (gen_chance(g, 8)) {
        pk_buf_fmt(out, " ! -p %u", proto);
        return;
    }
    pk_buf_fmt(out, " -p %u", proto);
    put_matches(g, proto, out);
}

/* INPUT has no -o and OUTPUT no -i; iptables refuses them. */
static void put_ip_part(struct gen *g, unsigned chain, struct pk_buf *out)
{
    if (gen_chance(g, 40))
        put_prefix(g, "-s", out);
    if (gen_chance(g, 40))
        put_prefix(g, "-d", out);
    if (gen_chance(g, 15) && chain != PK_OUTPUT)
        put_interface(g, "-i", out);
    if (gen_chance(g, 15) && chain != PK_INPUT)
        put_interface(g, "-o", out);
    if (gen_chance(g, 80))
        put_protocol(g, out);
    else if (g->family == PK_IPV6 && gen_chance(g, 20))
        pk_buf_str(out, " -p all");
    if (g->family == PK_IPV6 && gen_chance(g, 10))
        put_header_match(g, chain, out);
    if (g->family == PK_IPV4 && gen_chance(g, 4))
        pk_buf_str(out, gen_chance(g, 50) ? " ! -f" : " -f");
}

static void put_chain(unsigned chain, struct pk_buf *out)
{
    static const char *const base[PK_HOOK_N] = {"INPUT", "FORWARD", "OUTPUT"};

    if (chain < PK_HOOK_N)
        pk_buf_str(out, base[chain]);
    else
        pk_buf_fmt(out, "user-%u", chain - PK_HOOK_N);
}

/* User chain i is of level 1 + i * levels / chains; base chains are of level 0. */
static unsigned level(const struct gen_shape *s, unsigned chain)
{
    return chain < PK_HOOK_N ? 0 : 1 + (chain - PK_HOOK_N) * s->levels / s->chains;
}

/* A chain of a deeper level, or 0. */
static unsigned deeper(struct gen *g, const struct gen_shape *s, unsigned chain)
{
    unsigned first = PK_HOOK_N;

    while (first < PK_HOOK_N + s->chains && level(s, first) <= level(s, chain))
        first++;
    if (first == PK_HOOK_N + s->chains)
        return 0;
    return first + gen_below(g, PK_HOOK_N + s->chains - first);
}

static void put_target(struct gen *g, const struct gen_shape *s, unsigned chain, unsigned *jumps,
                       unsigned rules, struct pk_buf *out)
{
    unsigned to = *jumps < s->jumps && gen_chance(g, 100 * s->jumps / PK_MAX(rules, s->jumps))
                      ? deeper(g, s, chain)
                      : 0;

    if (to) {
        (*jumps)++;
        pk_buf_str(out, gen_chance(g, 25) ? " -g " : " -j ");
        put_chain(to, out);
    } else if (gen_chance(g, rules > 1000 ? 10 : 40)) {
        pk_buf_str(out, gen_chance(g, 50) ? " -j ACCEPT" : " -j DROP");
    } else if (gen_chance(g, 5)) {
        pk_buf_str(out, " -j RETURN");
    } else if (g->test_steps && gen_chance(g, 20)) {
        pk_buf_fmt(out, " -j TESTCOUNT --index %u", gen_below(g, 64));
    }
}

static void put_rule(struct gen *g, const struct gen_shape *s, unsigned chain, unsigned *jumps,
                     unsigned rules, struct pk_buf *out)
{
    if (!gen_chance(g, 3))
        put_ip_part(g, chain, out);
    put_target(g, s, chain, jumps, rules, out);
}

static void put_sieve_rule(struct gen *g, const struct gen_shape *s, unsigned chain,
                           unsigned *jumps, unsigned rules, struct pk_buf *out)
{
    bool source = gen_chance(g, 75);

    if (gen_chance(g, 1)) {
        put_ip_part(g, chain, out);
        put_target(g, s, chain, jumps, rules, out);
        return;
    }
    if (source)
        put_prefix(g, "-s", out);
    if (!source || gen_chance(g, 75))
        put_prefix(g, "-d", out);
    pk_buf_str(out, gen_chance(g, 50) ? " -p tcp" : " -p udp");
    if (gen_chance(g, 60)) {
        pk_buf_str(out, " --dport ");
        put_ports(g, out);
    }
    pk_buf_str(out, gen_chance(g, 5)    ? " -j RETURN"
                    : gen_chance(g, 50) ? " -j ACCEPT"
                                        : " -j DROP");
}

static void put_rules(struct gen *g, const struct gen_shape *s, unsigned chain, unsigned rules,
                      struct pk_buf *out)
{
    unsigned jumps = 0, i;

    for (i = 0; i < rules; i++) {
        pk_buf_str(out, "-A ");
        put_chain(chain, out);
        if (s->sieve)
            put_sieve_rule(g, s, chain, &jumps, rules, out);
        else
            put_rule(g, s, chain, &jumps, rules, out);
        pk_buf_char(out, '\n');
    }
}

struct gen_shape gen_shape_for(struct gen *g, unsigned rules)
{
    struct gen_shape s = {.rules = rules, .chains = gen_below(g, 13)};

    s.levels = gen_below(g, 5) + 1;
    s.jumps = gen_below(g, rules > 1000 ? 3 : 5) + 1;
    s.sieve = rules > 100 && gen_chance(g, 40); /* fewer have no run worth an order of its own */
    return s;
}

void gen_rules(struct gen *g, const struct gen_shape *s, struct pk_buf *out)
{
    unsigned n = PK_HOOK_N + s->chains, left = s->rules, chain, share;

    pk_buf_str(out,
               g->family == PK_IPV6 ? "# Generated by ip6tables-save\n*filter\n" : "*filter\n");
    for (chain = 0; chain < n; chain++) {
        pk_buf_char(out, ':');
        put_chain(chain, out);
        pk_buf_str(out, chain >= PK_HOOK_N ? " -" : gen_chance(g, 50) ? " ACCEPT" : " DROP");
        pk_buf_str(out, " [0:0]\n");
    }
    for (chain = 0; chain < n; chain++) {
        share = chain + 1 < n ? gen_below(g, 2 * left / (n - chain) + 1) : left;
        share = PK_MIN(share, left);
        left -= share;
        put_rules(g, s, chain, share, out);
    }
    pk_buf_str(out, "COMMIT\n");
}
