// SPDX-License-Identifier: GPL-2.0-or-later
/* For tests of the table of connections: an empty one for each, and the words for what it says. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../lib/talk.h"

#define NEW PK_CTS_NEW
#define EST PK_CTS_ESTABLISHED
#define REL PK_CTS_RELATED
#define INV PK_CTS_INVALID

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static int setup(void **state)
{
    static struct talk t;

    talk_begin(&t, 64, NULL);
    *state = &t;
    return 0;
}

static int teardown(void **state)
{
    talk_done(*state);
    return 0;
}

/* What the rules are told of a packet that they accept. */
static inline uint32_t told(struct talk *t, struct talk_packet p)
{
    return talk_say(t, &p, true);
}
