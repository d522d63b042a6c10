// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Interface identifiers that are stable on one network and tell nothing (RFC 7217): the hash of the
 * prefix, the interface, the network, a counter and a secret.
 *
 *      RFC    SHA-256 of   prefix (8) | interface | 00 | network | 00 | counter (1) | secret
 *             and of it the last 8 bytes (section 5: from the least significant bit)
 *
 *      Linux  one compression of SHA-1, not finished, of this block of 64 bytes
 *             secret (16) | prefix (8) | permanent hardware address (32) | counter (1) | 00 (7)
 *             and of its state the first two words, as the machine stores them
 *             (ipv6_generate_stable_address() in net/ipv6/addrconf.c)
 *
 * A reserved identifier (RFC 5453) is passed over by counting on, as a duplicate on the link would
 * be.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PK_IID_SECRET_MIN 16u /* bytes: section 5 asks for 128 bits */
#define PK_IID_SECRET_MAX 1024u
#define PK_IID_HWADDR_MAX 32u /* MAX_ADDR_LEN of linux/netdevice.h */
#define PK_IID_RETRIES 3u     /* IDGEN_RETRIES, also the kernel's default of idgen_retries */

struct pk_iid_secret {
    uint8_t bytes[PK_IID_SECRET_MAX];
    size_t len;
};

/* What identifies the interface and the network. They hold no NUL: it ends them in the hash. */
struct pk_iid_names {
    const char *interface, *network; /* network may be NULL: none */
};

/*
 * `*counter` is where to begin: how many addresses were found to be duplicates; on success it is
 * what the identifier was made with. 0; -ERANGE: the counter ends at 255.
 */
int pk_iid_opaque(uint64_t prefix, const struct pk_iid_names *names,
                  const struct pk_iid_secret *secret, unsigned *counter, uint64_t *ret);

/* As Linux: a secret of 16 bytes; `hwaddr` is the permanent one, all zero if there is none. */
int pk_iid_linux(uint64_t prefix, const uint8_t hwaddr[static PK_IID_HWADDR_MAX],
                 const uint8_t secret[static PK_IID_SECRET_MIN], unsigned *counter, uint64_t *ret);

/* "00:1b:..", up to 32 bytes; the rest is zero. 0 or -EINVAL. */
int pk_iid_hwaddr(const char *s, uint8_t ret[static PK_IID_HWADDR_MAX]);

/*
 * A secret as text: an IPv6 address, as the kernel's stable_secret is written, or hexadecimal
 * digits with blanks and line ends anywhere. 0; -EINVAL: neither; -ERANGE: too short or too long.
 */
int pk_iid_secret_parse(const char *text, size_t len, struct pk_iid_secret *ret);
