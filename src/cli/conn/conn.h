// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * `picket conn`: conn.c is the verb, args.c what selects connections, show.c one connection as text
 * and JSON, watch.c the events.
 */
#pragma once

#include "cli/cli.h"
#include "kernel/conn_source.h"

struct pk_conn_wish {
    struct pk_conn_filter filter;
    unsigned events; /* watch: bit per enum pk_conn_event; 0: all */
    uint64_t count;  /* watch: events after which it ends; 0: none */
    bool all;        /* delete: everything, if nothing is selected */
};

/* One option of the selection, or of a wish, as pk_cli_take_fn. */
int pk_conn_take(struct pk_conn_wish *w, const struct pk_args *a, const struct pk_option_def *o);

/*
 * One connection for people: a line of columns, and lines below it for what differs in the reply
 * direction. `event` is NULL in a list. Lines have fewer than 100 columns.
 */
void pk_conn_print_head(bool event);
void pk_conn_print(const struct pk_conn *c, const char *event);
json_t *pk_conn_json(const struct pk_conn *c);

enum pk_exit pk_conn_follow(struct pk_cli *c, const struct pk_conn_source *s,
                            const struct pk_conn_wish *w);
