// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices that stand on each other. The same packet is seen on the lower one and on the upper one,
 * and the kernel notes the upper one as where it came in (skb_iif, __netif_receive_skb_core). So
 * when tc or XDP judges at the lower one, what it forwards is judged again where it leaves.
 */
#pragma once

#include <net/if.h>
#include <stdint.h>

#include "base/diag.h"

struct nlmsghdr;

struct pk_stacked {
    uint32_t ifindex;                  /* asked about */
    uint32_t master;                   /* whose port it is; 0: nobody's */
    char upper[IF_NAMESIZE], kind[16]; /* the first device on it, and of what kind; "" none */
};

/* Takes from one RTM_NEWLINK what it says of s->ifindex. */
void pk_stacked_read(const struct nlmsghdr *n, struct pk_stacked *s);

/*
 * Says of an interface that it is a port of a bridge, bond, team or VRF, or that VLANs or the like
 * stand on it. PK_ERROR: refuses with -EBUSY; PK_WARNING: warns and returns 0.
 */
int pk_stacked_check(uint32_t ifindex, const char *dev, enum pk_severity severity,
                     struct pk_diags *d);
