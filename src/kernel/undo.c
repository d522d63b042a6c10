// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "kernel/bank.h"
#include "kernel/conntrack.h"
#include "kernel/standing.h"
#include "kernel/sys.h"

static int pk_undo_check(struct pk_fence *f, struct pk_seat at, struct pk_diags *d)
{
    unsigned before = at.bank;
    _pk_stored_ struct pk_stored s = {0};
    int r;

    if (before >= PK_BANKS) {
        pk_error(d, PK_K_NO_BEFORE, PK_NOWHERE, "undo goes back one change, and there was only one",
                 "there is no rule set before the live one");
        return -ENOENT;
    }
    r = pk_stored_open(&f->pins, at, PK_STORE_TEXTS, &s);
    if (r && pk_standing_by_other(f, before))
        r = 0; /* its programs read it no more than we can */
    if (!r && !pk_bank_ready(&f->maps, before, (enum pk_attach_kind)f->ctl->hook))
        r = -EBADMSG;
    if (r)
        pk_error(d, PK_K_DAMAGED, PK_NOWHERE, "apply its file again",
                 "the rule set before the live one is not whole: %s", strerror(-r));
    return r;
}

/* The set before still stands in its bank, programs and counters and all: only the word changes. */
int pk_fence_undo(struct pk_diags *d)
{
    _pk_standing_ struct pk_fence f = PK_FENCE_NONE;
    struct pk_seat live, before;
    uint64_t word;
    int r = pk_pins_lock(false, &f.pins, d);

    if (!r)
        r = pk_standing_open(&f, d);
    if (r)
        return r;
    word = pk_standing_word(&f);
    live = pk_standing_live(&f, word);
    before = pk_standing_before(&f, word);
    r = pk_undo_check(&f, before, d);
    if (r)
        return r;
    r = pk_standing_grace(&f); /* nobody may remember a flow under the epoch that comes now */
    if (!r && !pk_standing_by_other(&f, before.bank))
        r = pk_bank_renew(&f.pins, before, (uint32_t)(pk_word_generation(word) + 1));
    if (r)
        return pk_sys_error(d, r, "cannot write to the set before the live one");
    pk_conntrack_keep(f.ctl, pk_word_generation(word) + 1);
    pk_standing_switch(&f, before, live, true);
    return 0;
}
