// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What finding an address costs who scans for it: the arithmetic of RFC 7707, section 4, for the
 * 64 bits of one subnet. Nothing is ever sent.
 */
#pragma once

#include "base/buf.h"
#include "sensors/address/address.h"
#include "sensors/address/vendor.h"

struct pk_space {
    double addresses;  /* to try, at most */
    const char *known; /* what the scanner must know for that */
};

/* `vendors` may be empty: a block is then one of 2^24. False: there is nothing to scan for. */
bool pk_space_of(const struct pk_verdict *v, const struct pk_vendors *vendors,
                 struct pk_space *ret);

/* "2^24" where it is a power of two, else "163,840" or "2^27.6". */
void pk_space_text(double addresses, struct pk_buf *out);
/* How long that takes at a rate a second, as people say it: "28 min", "58 years". */
void pk_space_time(double addresses, double rate, struct pk_buf *out);
