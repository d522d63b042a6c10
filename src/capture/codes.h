// SPDX-License-Identifier: GPL-2.0-or-later
/* Codes of this room's diagnostics. Append only: a code keeps its meaning for ever. */
#pragma once

enum {
    PK_D_CAPTURE_FILE = 980, /* cannot be read, or is no capture */
    PK_D_CAPTURE_CUT = 981,  /* ends inside a packet */
    PK_D_CAPTURE_DAMAGED = 982,
    PK_D_CAPTURE_LIVE = 2930, /* the interface cannot be opened */
    PK_D_CAPTURE_PRIVILEGE = 2931,
    PK_D_CAPTURE_LOST = 2932, /* packets that the kernel could not hand over */
};
