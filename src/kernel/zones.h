// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The map "zones": in which zone the connections stand that are seen at an interface, or with a
 * VLAN tag (struct pk_zone of fence.h). It belongs to the fence's own table of connections, and as
 * that it is kept through any change of rules.
 */
#pragma once

#include "kernel/standing.h"

struct pk_zones {
    struct pk_zone at[PK_ZONES_MAX];
    size_t n;
};

/* As they are, in order: VLANs, then names. A fence of a picket that knows no zones has none. */
int pk_zones_read(const struct pk_maps *m, struct pk_zones *ret);
/*
 * As a change would leave them: `z` is what pk_zones_read() said. 0, or -errno (diagnosed): an
 * interface is not guarded, so that nothing is ever seen there, or they are too many.
 */
int pk_zones_wish(const struct pk_maps *m, const struct pk_zone *wish, size_t n, struct pk_zones *z,
                  struct pk_diags *d);
/* All or nothing; programs go by them at once. */
int pk_zones_write(struct pk_fence *f, const struct pk_zones *from, const struct pk_zones *to);
/* An interface has another name now. */
int pk_zones_rename(const struct pk_maps *m, const char *old, const char *now);
