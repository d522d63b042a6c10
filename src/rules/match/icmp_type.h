// SPDX-License-Identifier: GPL-2.0-or-later
/* What --icmp-type and --icmpv6-type have in common: a type and a range of codes, by name or
 * number. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "rules/option.h"

struct pk_icmp_type {
    uint8_t type, code_lo, code_hi;
    bool invert;
};

struct pk_icmp_name {
    const char *name;
    struct pk_icmp_type type;
};

/*
 * The argument of `use`: a name or an unambiguous beginning of one, in any case; or "type",
 * "type/code" or "type/code:code". `any`: the type that stands for all types and codes, or -1.
 * A range of codes is refused unless it is one code or all, since iptables-save 1.8.9 prints it as
 * its first code, that is as another rule. 0 or -EINVAL (diagnosed).
 */
int pk_icmp_type_parse(const struct pk_option_use *use, const struct pk_icmp_name *names, size_t n,
                       int any, struct pk_icmp_type *ret);

/* "8", "3/1" */
void pk_icmp_type_print(const struct pk_icmp_type *t, struct pk_buf *out);

/* For finish(): 0 or -EINVAL (diagnosed) if the option with id 0 was not given. */
int pk_icmp_type_require(const struct pk_option_use *use, const char *match, const char *option);
