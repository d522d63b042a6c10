// SPDX-License-Identifier: GPL-2.0-or-later
/* Codes of diagnostics of this room. Append only; a code keeps its meaning for ever. */
#pragma once

enum pk_telemetry_code {
    PK_T_EXPRESSION = 950, /* a selector or query is not understood */
    PK_T_NOT_COUNTER,      /* a function of counters is asked of a gauge */
    PK_T_ANSWER_MAX,       /* more steps or series than an answer may have */
    PK_T_METRIC = 2700,    /* a metric's name, label, scale or error bound cannot be */
    PK_T_OPEN,             /* the store cannot be opened */
    PK_T_FOREIGN,          /* the file is no store, or one of another format */
    PK_T_LOCKED,           /* another process writes to the store */
    PK_T_FULL,             /* no space left */
    PK_T_DAMAGED,          /* the store has bytes that were not written so */
    PK_T_SYSTEM,           /* reading or writing the store failed */
    PK_T_SERIES_MAX,       /* no room for another series */
    PK_T_SERIES_DIFFERS,   /* the series is known with another kind, scale or bound */
    PK_T_OLD_POINT,        /* a point that is not newer than the series' last */
    PK_T_READ_ONLY,        /* the store was opened for reading */
    PK_T_MEMORY,           /* out of memory */
    PK_T_REMOTE,           /* the receiver cannot be reached, or refused what was sent */
    PK_T_REMOTE_STATE,     /* what was sent cannot be remembered */
};
