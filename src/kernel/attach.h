// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Dispatchers to hooks. An attachment is a pinned link, or a clsact filter where the kernel has no
 * tcx.
 */
#pragma once

#include "base/diag.h"
#include "kernel/fence.h"
#include "kernel/maps.h"
#include "kernel/object.h"

struct pk_attach {
    const struct pk_pins *pins;
    const struct pk_maps *maps;
    enum pk_attach_kind hook;
    struct pk_progs dispatch;
};

int pk_dispatch_pin(const struct pk_attach *a, struct pk_diags *d);
/* Those of a standing fence; a slot that the hook does not need, or that is missing, stays -1. */
void pk_dispatch_open(const struct pk_pins *p, struct pk_progs *ret);

/*
 * Makes every attachment that the fence should have and has not: all at first, later those of
 * interfaces that went and came back. Somebody else's program at our place is refused by its id and
 * name. On failure (diagnosed) what was made stays, for the caller to remove with the fence.
 */
int pk_attach_all(const struct pk_attach *a, struct pk_diags *d);

/*
 * Says which guarded interfaces stand on or under others (stacked.h): PK_ERROR refuses. Netfilter
 * sees a packet once, whatever it passes.
 */
int pk_attach_stacked(const struct pk_attach *a, enum pk_severity severity, struct pk_diags *d);

/* Of a standing fence: attachments of interfaces that went and came back are made again. */
int pk_attach_heal(const struct pk_pins *p, const struct pk_maps *m, enum pk_attach_kind hook,
                   struct pk_diags *d);

/* Takes down what is not a link. Links go with their pins (pk_pins_clear). */
void pk_attach_drop(const struct pk_pins *p, const struct pk_maps *m);

/* For status; *ret is owned by the caller. */
int pk_attach_list(const struct pk_attach *a, struct pk_attachment **ret, size_t *ret_n);
