// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers and ports as iptables reads them; what the port matches have in common in their text. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "rules/option.h"

/*
 * As xtables_strtoui(): decimal, 0x hexadecimal, 0 octal; white space and a sign before it are
 * allowed, anything after it is not. False leaves *ret alone.
 */
bool pk_match_number(const char *s, uint32_t max, uint32_t *ret);

/* A number from lo to hi, or none of them. */
struct pk_number_range {
    uint32_t lo, hi;
    bool invert;
};

#define PK_NUMBERS_ALL ((struct pk_number_range){.hi = UINT32_MAX})

/* A number, or any but it, if `given`. */
struct pk_number_option {
    uint32_t value;
    bool given, invert;
};

/*
 * "7", "7:9", either end empty; a range that ends before it starts has no number in it, as in
 * iptables. All numbers negated are refused: iptables-save would lose it.
 */
int pk_number_range_parse(const struct pk_option_use *use, struct pk_number_range *ret);
/* " ! --fragid 7:9"; nothing for every number */
void pk_number_range_print(const char *option, const struct pk_number_range *r, struct pk_buf *out);
bool pk_number_range_all(const struct pk_number_range *r);
bool pk_number_range_has(const struct pk_number_range *r, uint32_t v);

/* One number up to `most`. 0 or -EINVAL (diagnosed). */
int pk_number_parse(const struct pk_option_use *use, const char *s, uint32_t most, uint32_t *ret);

/* The same for numbers up to `most`, each read by `one`, of which iptables-save loses none. */
int pk_number_range_parse_to(const struct pk_option_use *use, uint32_t most,
                             int (*one)(const struct pk_option_use *use, const char *s,
                                        uint32_t most, uint32_t *ret),
                             struct pk_number_range *ret);
int pk_number_option_parse(const struct pk_option_use *use, struct pk_number_option *ret);
void pk_number_option_print(const char *option, const struct pk_number_option *o,
                            struct pk_buf *out);
bool pk_number_option_fits(const struct pk_number_option *o, uint32_t v);

/* An argument with commas in it, part by part. */
struct pk_parts {
    uint32_t most;
    size_t size; /* of one in the array */
    bool (*one)(struct pk_arena *a, const char *s, size_t len, void *ret);
    int code;
    const char *mend, *many, *what; /* "more than 16 addresses", "is not an IPv6 address" */
};

/* Fills `array`, which has room for the most. 0 or -EINVAL (diagnosed). */
int pk_parts_parse(const struct pk_option_use *use, const struct pk_parts *p, void *array,
                   uint32_t *ret_n);

/*
 * A port number, or a name of /etc/services (getservbyname, so NSS may be asked) for protocol
 * `proto`
 * ("tcp"); NULL: for any.
 */
bool pk_port_parse(const char *s, const char *proto, uint16_t *ret);

struct pk_port_range {
    uint16_t lo, hi;
    bool given, invert; /* given false: lo..hi is every port */
};

#define PK_PORTS_ALL ((struct pk_port_range){.hi = 0xffff})

/*
 * The argument of --sport and --dport: "port", "low:high", either end empty. `ordered`: refuse a
 * range that ends before it starts; iptables 1.8.9 does so for tcp and sctp, while udp and dccp
 * take it for a range that no packet is in. 0 or -EINVAL (diagnosed).
 */
int pk_ports_parse(const struct pk_option_use *use, const char *proto, bool ordered,
                   struct pk_port_range *ret);
/*
 * The same for tcp and udp, which save 0:65535 as nothing at all, even with `!`: then it is
 * refused, since it would come back as a rule that matches everything.
 */
int pk_ports_parse_saved(const struct pk_option_use *use, const char *proto, bool ordered,
                         struct pk_port_range *ret);
/* " --dport 1:2"; nothing for every port */
void pk_ports_print_saved(const char *option, const struct pk_port_range *r, struct pk_buf *out);
/* " ! --dport 1:2" */
void pk_ports_print(const char *option, const struct pk_port_range *r, struct pk_buf *out);

/*
 * For finish(): the rule must name exactly this protocol, since the kernel refuses the match with
 * any other. 0 or -EINVAL (diagnosed).
 */
int pk_proto_require(const struct pk_option_use *use, const struct pk_rule *r, const char *match,
                     uint8_t proto, const char *proto_name);

/* For parse(): an option that iptables has and picket does not. -EINVAL, diagnosed. */
int pk_option_refuse(const struct pk_option_use *use);
