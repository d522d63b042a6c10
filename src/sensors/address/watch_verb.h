// SPDX-License-Identifier: GPL-2.0-or-later
/* `picket address watch`: from a capture or an interface to findings. */
#pragma once

#include "cli/cli.h"
#include "finding/finding.h"

struct pk_watch_options {
    const char *input; /* file, "-" or interface */
    enum pk_findings_format format;
    bool redact;
    const char *key; /* of the redaction: a file; NULL: random */
    double packets;  /* end after so many; 0: all */
    double rate;     /* probes a second of the scanner */
};

/* Returns an enum pk_exit: 1 if there is anything to report. */
int pk_watch_verb(struct pk_cli *c, const struct pk_watch_options *o);
