// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/detach.h"

#include <errno.h>

#include "kernel/attach.h"
#include "kernel/conntrack.h"
#include "kernel/sys.h"

void pk_detach_tracking(struct pk_fence *f)
{
    if (f->ctl->conntrack && !pk_conntrack_release())
        f->ctl->conntrack = 0;
}

void pk_detach_parts(struct pk_fence *f)
{
    if (f->ctl)
        pk_standing_fall(f);
    if (f->ctl)
        pk_detach_tracking(f);
    if (f->maps.fd[PK_MAP_GUARDS] >= 0)
        pk_attach_drop(&f->pins, &f->maps);
}

int pk_fence_detach(struct pk_diags *d)
{
    _pk_standing_ struct pk_fence f = PK_FENCE_NONE;
    _pk_diags_ struct pk_diags unseen = {0}; /* another version's fence is taken down as well */
    int r = pk_pins_lock(false, &f.pins, d);

    if (r)
        return r;
    r = pk_standing_open(&f, &unseen);
    if (r == -EPROTO)
        pk_standing_open_other(&f);
    else if (r && r != -ENOENT)
        pk_warn(d, PK_K_DAMAGED, PK_NOWHERE, NULL, "the fence was not whole; its pins are removed");
    pk_detach_parts(&f);
    r = pk_pins_clear(&f.pins);
    return r ? pk_sys_error(d, r, "cannot remove %s", f.pins.path) : 0;
}
