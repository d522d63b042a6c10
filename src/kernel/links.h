// SPDX-License-Identifier: GPL-2.0-or-later
/* What rtnetlink lists of the current network namespace. */
#pragma once

#include <libmnl/libmnl.h>

/*
 * Calls `seen` for each RTM_NEWLINK of one dump, over a socket of its own: what is left of a dump
 * that was broken off goes with it. 0 or -errno; -EINTR: the list changed meanwhile, ask again.
 */
int pk_links_dump(mnl_cb_t seen, void *data);
/* The same of another list: RTM_GETADDR, RTM_GETNEIGH; AF_UNSPEC or a family. */
int pk_rtnl_dump(uint16_t type, uint8_t family, mnl_cb_t seen, void *data);
/* Likewise one whose request begins with the `len` bytes of `head`, at most 256. */
int pk_rtnl_list(uint16_t type, const void *head, size_t len, mnl_cb_t seen, void *data);
