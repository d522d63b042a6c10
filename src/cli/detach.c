// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>

#include "cli/cli.h"
#include "cli/current.h"

const struct pk_option_def pk_options_detach[] = {PK_COMMON_OPTIONS};

/* No fence is what was asked for, so that a second detach is done as well. */
static enum pk_exit run(struct pk_cli *c)
{
    int r = pk_cli_sweep(c);

    if (!r)
        r = pk_fence_detach(&c->d);
    if (r && r != -ENOENT)
        return pk_cli_refused(c, r, "cannot take the fence down");
    json_object_set_new(c->obj, "detached", json_boolean(r == 0));
    if (!c->json)
        puts(r ? "no fence stands: nothing to do" : "the fence is down: every packet passes");
    return PK_EXIT_DONE;
}

int pk_cli_detach(int argc, char **argv)
{
    _pk_cli_ struct pk_cli c;

    pk_cli_begin(&c, "detach");
    if (!pk_cli_args(&c, pk_options_detach, argc, argv, NULL, NULL))
        return c.exit;
    return pk_cli_end(&c, run(&c));
}
