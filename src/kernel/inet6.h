// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IPv6 of the current network namespace as rtnetlink tells it: interfaces, their addresses, the
 * neighbours. Read once; an owned object. What a link has beyond the maxima is not kept, and
 * counted.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/u128.h"

#define PK_INET6_LINKS_MAX 8192u
#define PK_INET6_ADDRESSES_MAX 65536u
#define PK_INET6_NEIGHBOURS_MAX 65536u
#define PK_INET6_HWADDR_MAX 32u /* MAX_ADDR_LEN of linux/netdevice.h */
#define PK_INET6_FOREVER UINT32_MAX

struct pk_inet6_link {
    uint32_t index;
    char name[IFNAMSIZ];
    uint16_t type; /* ARPHRD_* */
    bool up, loopback, inet6;
    uint8_t hwaddr[PK_INET6_HWADDR_MAX], hwaddr_len;
    uint8_t permanent[PK_INET6_HWADDR_MAX]; /* zero: it has none, as virtual devices */
    uint8_t gen_mode;                       /* IN6_ADDR_GEN_MODE_* */
    uint64_t token;                         /* 0: none */
};

struct pk_inet6_address {
    struct pk_u128 address;
    uint32_t link, flags;      /* IFA_F_* */
    uint32_t preferred, valid; /* seconds left, or PK_INET6_FOREVER */
    uint8_t bits, protocol;    /* of the prefix; IFAPROT_*, 0 also before Linux 5.18 */
};

struct pk_inet6_neighbour {
    struct pk_u128 address;
    uint32_t link;
    uint64_t mac; /* 48 bits */
    bool router;
};

struct pk_inet6 {
    struct pk_inet6_link *links;
    struct pk_inet6_address *addresses;
    struct pk_inet6_neighbour *neighbours; /* those whose MAC is known */
    size_t n_links, n_addresses, n_neighbours;
    size_t left_out;
};

/* 0 or -errno. */
int pk_inet6_read(struct pk_inet6 *ret);
void pk_inet6_done(struct pk_inet6 *i);
#define _pk_inet6_ __attribute__((cleanup(pk_inet6_done)))

/*
 * Which source address the kernel takes for a destination by way of an interface. Nothing is sent.
 * 0 or -errno; -ENETUNREACH: there is no route.
 */
int pk_inet6_source(const char *link, struct pk_u128 to, struct pk_u128 *ret);
