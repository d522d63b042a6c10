// SPDX-License-Identifier: GPL-2.0-or-later
/* The interfaces of the current network namespace, as rtnetlink lists them. */
#pragma once

#include <libmnl/libmnl.h>

/*
 * Calls `seen` for each RTM_NEWLINK of one dump, over a socket of its own: what is left of a dump
 * that was broken off goes with it. 0 or -errno; -EINTR: the list changed meanwhile, ask again.
 */
int pk_links_dump(mnl_cb_t seen, void *data);
