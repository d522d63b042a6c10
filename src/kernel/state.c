// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/state.h"

#include <errno.h>
#include <sys/random.h>

#include "base/macro.h"
#include "kernel/codes.h"
#include "kernel/sys.h"
#include "state/table.h"

static int pk_state_same(const struct pk_ctl *ctl, uint32_t max, struct pk_diags *d)
{
    if (!max || max == ctl->state_max)
        return 0;
    pk_error(d, PK_K_STANDING, PK_NOWHERE, "leave --state-max out, or `picket detach` first",
             "the table of connections was made for %u, and cannot change its size",
             ctl->state_max);
    return -EEXIST;
}

int pk_state_make(struct pk_fence *f, uint32_t max, bool *ret_new, struct pk_diags *d)
{
    uint32_t entries = max ? max : PK_STATE_DEFAULT, buckets = pk_state_buckets_for(entries);
    struct pk_state_seed seed;
    int r;

    *ret_new = false;
    if (f->ctl->state_buckets && !f->ctl->state_epoch) /* of a writer that was killed */
        pk_state_unmake(f);
    if (f->ctl->state_buckets)
        return pk_state_same(f->ctl, max, d);
    if (getrandom(&seed, sizeof(seed), 0) < 0)
        return pk_sys_error(d, -errno, "cannot draw a seed");
    (void)!pk_sys_unpin(f->pins.dir, pk_map_name(PK_MAP_STATE)); /* likewise */
    r = pk_maps_state(&f->maps, &f->pins, buckets);
    if (r)
        return pk_sys_error(d, r, "cannot make a table for %u connections, %u MiB", entries,
                            (unsigned)((uint64_t)buckets * sizeof(struct pk_state_bucket) >> 20));
    f->ctl->state_seed = seed;
    f->ctl->state_max = entries;
    f->ctl->state_buckets = buckets;
    *ret_new = true;
    return 0;
}

void pk_state_unmake(struct pk_fence *f)
{
    f->ctl->state_buckets = f->ctl->state_max = 0;
    (void)!pk_sys_unpin(f->pins.dir, pk_map_name(PK_MAP_STATE));
    pk_close_p(&f->maps.fd[PK_MAP_STATE]);
    f->maps.fd[PK_MAP_STATE] = -1;
}

struct pk_state_config pk_state_config_of(const struct pk_ctl *ctl)
{
    return (struct pk_state_config){
        .rules = PK_STATE_RULES, .seed = ctl->state_seed, .buckets = ctl->state_buckets};
}
