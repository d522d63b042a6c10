// SPDX-License-Identifier: GPL-2.0-or-later
/* Names of the reasons for which a packet leaves the datapath: append-only, as their numbers are.
 */
#pragma once

#include "datapath/abi/ctl.h"

const char *pk_where_name(enum pk_where w);   /* "INPUT"; "-" where no chain was asked */
const char *pk_reason_name(enum pk_reason r); /* "drop-policy", for programs */
const char *pk_reason_help(enum pk_reason r); /* a few words for people */
