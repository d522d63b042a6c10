// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connections that stay, for `picket bench --syn`: a server that answers each byte with 1 KiB, and
 * a client that asks them all in turn, some at a time. Both are processes of their own on one CPU,
 * which die with the bench.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "kernel/netns.h"

#define PK_TALK_CONNECTIONS 10000u
#define PK_TALK_PORT 80
#define PK_TALK_PAGE 1024u

/* Shared with the client, which alone writes it. */
struct pk_talk_shared {
    uint64_t answers;                   /* of all */
    uint32_t connected;                 /* connections, when it began to ask */
    uint32_t each[PK_TALK_CONNECTIONS]; /* answers of each */
};

/* Listens on every address of the namespace before it returns. The process or -errno. */
pid_t pk_talk_serve(const struct pk_netns *ns, int cpu);
/* Connects to a server, an IPv4 address, and asks until it is ended. The process or -errno. */
pid_t pk_talk_ask(const struct pk_netns *ns, const char *server, int cpu,
                  struct pk_talk_shared *shared);
