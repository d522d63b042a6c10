// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Running another program, or this one, in a rig's network namespace: never elsewhere, never longer
 * than a limit, and with what it cost.
 */
#pragma once

#include <stdbool.h>

#include "base/buf.h"
#include "kernel/netns.h"

#define PK_TOOL_TIMEOUT_MS 90000
#define PK_TOOL_SELF "/proc/self/exe"

/* A tool in $PICKET_PEERS (unpacked packages, or one folder) or in the search path. */
bool pk_tool_find(const char *tool, char path[static 512]);

struct pk_tool_run {
    char *const *argv;        /* argv[0]: its path */
    const struct pk_buf *in;  /* standard input, or NULL */
    struct pk_buf *out, *err; /* what it printed, or NULL */
    double wall, cpu;         /* seconds from exec to exit; of user and kernel */
    void (*tick)(void *arg);  /* called every few milliseconds while it runs, or NULL */
    void *arg;
};

/*
 * The exit status, or -errno (-ETIMEDOUT: it was killed). All tools but Picket itself get a /run of
 * their own, since /run/xtables.lock is one for the whole machine.
 */
int pk_tool_run(const struct pk_netns *ns, struct pk_tool_run *run);

/* The first line of what was printed, for people. */
const char *pk_tool_line(struct pk_buf *err);
