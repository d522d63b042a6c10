// SPDX-License-Identifier: GPL-2.0-or-later
/* What the files that judge interface identifiers share: iid.c asks the others in turn. */
#pragma once

#include "sensors/address/address.h"

/* Modified EUI-64 (RFC 4291, appendix A). True: it was one, and `v` says which. */
bool pk_iid_eui64(uint64_t iid, struct pk_verdict *v);
/* Numbers that people write: ports, words, few bytes, repetitions. Likewise. */
bool pk_iid_port(uint64_t iid, struct pk_verdict *v);
bool pk_iid_wordy(uint64_t iid, struct pk_verdict *v);
bool pk_iid_pattern(uint64_t iid, struct pk_verdict *v);

static inline bool pk_iid_is(struct pk_verdict *v, enum pk_iid_kind k, enum pk_certainty c,
                             const char *reason)
{
    v->iid = k;
    v->certainty = c;
    v->reason = reason;
    return true;
}

static inline uint32_t pk_iid_word(uint64_t iid, unsigned i)
{
    return (uint32_t)(iid >> (48 - 16 * i) & 0xffff);
}

/* The number that these hexadecimal digits are if read as decimal ones; above 9999: they cannot. */
static inline uint32_t pk_read_decimal(uint32_t word)
{
    uint32_t v = 0;

    for (int shift = 12; shift >= 0; shift -= 4) {
        uint32_t digit = word >> shift & 15;

        if (digit > 9)
            return UINT32_MAX;
        v = v * 10 + digit;
    }
    return v;
}
