// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/codes.h"
#include "cli/current.h"

const struct pk_option_def pk_options_undo[] = {PK_COMMON_OPTIONS};

static enum pk_exit show(struct pk_cli *c)
{
    _pk_current_ struct pk_current s = {0};
    unsigned open = 0;
    int r = pk_current_open(c, &s);

    if (r)
        return pk_cli_refused(c, r, "cannot read the fence");
    json_object_set_new(c->obj, "generation", json_integer((json_int_t)s.live.generation));
    json_object_set_new(c->obj, "id", pk_json_id(s.live.id));
    for (int f = 0; f < PK_FAMILY_N; f++)
        if (!s.live.family[f] || !s.live.family[f]->given)
            open |= 1u << f;
    pk_cli_say_open(c, open);
    if (!c->json)
        printf("back to rule set %016" PRIx64 "%016" PRIx64 ", generation %" PRIu64 "\n",
               (uint64_t)s.live.id.hi, (uint64_t)s.live.id.lo, s.live.generation);
    return PK_EXIT_DONE;
}

static enum pk_exit run(struct pk_cli *c)
{
    int r = pk_cli_sweep(c);

    if (!r)
        r = pk_fence_undo(&c->d);
    if (r == -ENOENT) {
        if (!c->d.n_errors)
            pk_error(&c->d, PK_D_NO_SET_BEFORE, PK_NOWHERE, NULL,
                     "no fence stands in this network namespace: there is nothing to go back to");
        return PK_EXIT_NO;
    }
    return r ? pk_cli_refused(c, r, "cannot go back") : show(c);
}

int pk_cli_undo(int argc, char **argv)
{
    _pk_cli_ struct pk_cli c;

    pk_cli_begin(&c, "undo");
    if (!pk_cli_args(&c, pk_options_undo, argc, argv, NULL, NULL))
        return c.exit;
    return pk_cli_end(&c, run(&c));
}
