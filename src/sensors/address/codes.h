// SPDX-License-Identifier: GPL-2.0-or-later
/* Codes of this sensor's diagnostics. Append only: a code keeps its meaning for ever. */
#pragma once

enum {
    PK_D_REGISTRY = 960,      /* a registry of MAC blocks, or a file of their dates */
    PK_D_ADDRESS_INPUT = 961, /* what addresses are read from */
    PK_D_ADDRESS_NONE = 962,  /* no address in what was read */
    PK_D_IID_SECRET = 970,    /* the secret of which identifiers are made */
    PK_D_IID_PREFIX = 971,    /* what they are made for */
    PK_D_AUDIT_FILE = 972,    /* a configuration file that cannot be read */
    PK_D_AUDIT_LINK = 973,    /* an interface */
    PK_D_AUDIT_FIX = 974,     /* the script of what mends it */
    PK_D_WATCH_KEY = 975,     /* --key: what is hashed with */
    PK_D_WATCH_FULL = 976,    /* more was seen than is remembered */
};
