// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The clsact qdisc and one filter on it, for kernels without tcx (before 6.6). Such a filter has no
 * link: it stays until somebody deletes it, whatever becomes of pins and processes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/diag.h"

/* The program at our place (handle 1, priority 1). -ENOENT: none. */
int pk_clsact_find(uint32_t ifindex, bool ingress, uint32_t *ret_prog_id);
/* Refuses (diagnosed) if anything is there. *ret_made: the qdisc was not there before. */
int pk_clsact_attach(int prog, uint32_t ifindex, const char *dev, bool ingress, bool *ret_made,
                     struct pk_diags *d);
/* Whether ours is the first: the order in which the kernel runs filters of one priority. */
int pk_clsact_first(uint32_t ifindex, bool ingress, bool *ret);
int pk_clsact_detach(uint32_t ifindex, bool ingress);
/* Removes the qdisc if no filter of anybody is left on it. */
int pk_clsact_remove(uint32_t ifindex);
