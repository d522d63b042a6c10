// SPDX-License-Identifier: GPL-2.0-or-later
/* Diagnostic codes of the compiler. Append only. */
#pragma once

enum {
    PK_CODE_LOOP = 1101,      /* chains call each other in a circle */
    PK_CODE_DEPTH = 1102,     /* more jumps on the stack than PK_DEPTH_MAX */
    PK_CODE_WALK = 1103,      /* one packet could need too many steps */
    PK_CODE_MEMORY = 1104,    /* the image is larger than allowed */
    PK_CODE_INTERVALS = 1105, /* a field is cut into too many intervals */
    PK_CODE_ESSENTIAL = 1201, /* warning: IPv6 would lose what it cannot live without */
    PK_CODE_DUPLICATE = 1202, /* warning: the same rule stands earlier in the chain */
    PK_CODE_SHADOWED = 1203,  /* warning: an earlier rule decides every packet of this one */
    PK_CODE_UNEQUAL = 1204,   /* warning: IPv4 and IPv6 differ where they need not */
    PK_CODE_NEVER = 1205,     /* warning: no packet can match this rule */
};
