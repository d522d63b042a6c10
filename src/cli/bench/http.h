// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A small web server and an honest client, for `picket bench --ddos`: processes of their own, each
 * on one CPU, which die with the bench. One connection a request; the server works on each page, so
 * that its CPU, which also receives the flood, is what limits the client.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "kernel/netns.h"

#define PK_HTTP_PORT 80
#define PK_HTTP_CLIENTS 128 /* connections at a time: a lost SYN is sent again a second later */

/* Listens on every address of the namespace before it returns. The process or -errno. */
pid_t pk_http_serve(const struct pk_netns *ns, int cpu);
/* Asks a server, an IPv4 address, for pages until it is ended; counts them in *done (shared). */
pid_t pk_http_ask(const struct pk_netns *ns, const char *server, int cpu, volatile uint64_t *done);
void pk_http_end(pid_t *pid);

/* A child in a namespace, on one CPU: 0 in it, the process in the parent, or -errno. */
pid_t pk_http_fork(const struct pk_netns *ns, int cpu);
/*
 * Such a child with a TCP socket that listens on every address of the namespace before this
 * returns; it ends when `server` does. The process or -errno.
 */
pid_t pk_http_start(const struct pk_netns *ns, int cpu, uint16_t port,
                    void (*server)(int listener));
