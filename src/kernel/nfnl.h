// SPDX-License-Identifier: GPL-2.0-or-later
/* What nf_tables and conntrack share of netlink: a socket of NETLINK_NETFILTER, a message's head.
 */
#pragma once

#include <stdint.h>

#include <libmnl/libmnl.h>

/* In the network namespace of the calling thread. NULL: errno says why. */
struct mnl_socket *pk_nfnl_open(void);
void pk_nfnl_done(struct mnl_socket **nl);
#define _pk_nfnl_ __attribute__((cleanup(pk_nfnl_done)))

/* A message begins at `at`. `type`: subsystem << 8 | message; `res_id` in host order. */
struct nlmsghdr *pk_nfnl_put(void *at, unsigned type, unsigned flags, unsigned seq, unsigned family,
                             unsigned res_id);

/*
 * Hands every message of the answers to `cb` (NULL: none is expected) until the answer ends: 0, or
 * the first error, or what `cb` left in errno when it said MNL_CB_ERROR, as -errno.
 */
int pk_nfnl_answer(struct mnl_socket *nl, mnl_cb_t cb, void *arg);
