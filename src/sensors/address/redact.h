// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A report that may be handed on: what identifies is replaced by a keyed hash of itself. The same
 * thing has the same stand-in wherever it stands, so that the report still shows what belongs
 * together; who has the key can find out which thing it is, and nobody else can.
 *
 *      MAC, and EUI-64   the vendor's half stays, the device's is replaced
 *      network           link-local stays; others become 2001:db8: or fd00: and a hash
 *      identifier        low bytes stay, all others that are not EUI-64 are replaced
 *      DUID, name        a hash
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/u128.h"
#include "sensors/address/address.h"

struct pk_redact {
    bool on; /* else everything is as it is */
    struct pk_u128 key;
};

/* A key of the file's bytes, at least 16 of them. 0, -EINVAL: too few, or -errno. */
int pk_redact_key_file(struct pk_redact *r, const char *path);
/* A random key that nobody keeps. 0 or -errno. */
int pk_redact_key_random(struct pk_redact *r);

struct pk_u128 pk_redact_address(const struct pk_redact *r, struct pk_u128 a);
uint64_t pk_redact_prefix(const struct pk_redact *r, uint64_t hi);
uint64_t pk_redact_iid(const struct pk_redact *r, uint64_t iid);
uint64_t pk_redact_mac(const struct pk_redact *r, uint64_t mac);
/* 24 bits: the device's half of a MAC, one to one. */
uint32_t pk_redact_device(const struct pk_redact *r, uint32_t device);
/* Text or bytes, as 16 digits. */
void pk_redact_bytes(const struct pk_redact *r, const void *data, size_t len, struct pk_buf *out);
