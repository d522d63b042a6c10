// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A match and a target that only tests have. They prove that a match which no bit vector decides,
 * and a target that does not end the walk, are one file each:
 *
 *     -m testlen [!] --testlen N:R[:H]   the packet's IP length modulo N is R; H drops the packet
 *     -j TESTCOUNT --index I             counts the packet in test counter I (0..63) and goes on
 */
#pragma once

#include "rules/match.h"

extern const struct pk_match_def pk_test_match_len;
extern const struct pk_target_def pk_test_target_count;

/* Makes both known to the grammar. Call once, before parsing. 0 or -errno. */
static inline int pk_test_register(void)
{
    int r = pk_match_register(&pk_test_match_len);

    return r ? r : pk_target_register(&pk_test_target_count);
}
