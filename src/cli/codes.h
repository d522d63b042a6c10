// SPDX-License-Identifier: GPL-2.0-or-later
/* Codes of this room's diagnostics. Append only: a code keeps its meaning for ever. */
#pragma once

enum {
    PK_D_FILE_UNREADABLE = 900,
    PK_D_FILE_NO_FILTER = 901,
    PK_D_FILE_FAMILY_TWICE = 902,
    PK_D_FILE_OTHER_TABLES = 903,
    PK_D_ARGUMENT = 904,       /* an option's argument or a verb's word */
    PK_D_PACKET_WORDS = 905,   /* explain: the description of a packet */
    PK_D_PACKET_FRAME = 906,   /* explain: --frame */
    PK_D_HOOK_FRAMES = 907,    /* check --hook: tc and XDP judge frames */
    PK_D_HOOK_NAMES = 908,     /* check --hook: names of interfaces that appear later */
    PK_D_HOOK_CONNTRACK = 911, /* check --hook: a rule that asks for connection tracking */
    PK_D_EXPRESSION = 909,     /* posit: the expression */
    PK_D_REFUSED = 2900,       /* the kernel or the system, where its room said nothing */
    PK_D_FAMILY_OPEN = 2910,
    PK_D_NONE_STANDS = 2911,
    PK_D_NO_SET_BEFORE = 2912,
    PK_D_PRIVILEGE = 2913,
    PK_D_NOT_ATTACHED = 2914, /* status: an interface that is guarded no more */
    PK_D_CLOCK = 2915,        /* record: the clock is behind what has been recorded */
    PK_D_LIBRARY = 2916,      /* telemetry push: a library that is loaded when needed */
    PK_D_UNTRACKED = 2917,    /* status: connection tracking is not held on any more */
    PK_D_NO_EVENTS = 2918,    /* conn watch: Linux tells of no connections */
    PK_D_RIG = 2920,          /* demo, bench: their own namespaces cannot be built */
};
