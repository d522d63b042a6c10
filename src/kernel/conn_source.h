// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The connections that a rule set of this network namespace judges by: the fence's own table, if it
 * has one (tc, XDP); else Linux's, also where no fence stands.
 */
#pragma once

#include "kernel/conn.h"
#include "kernel/fence.h"

struct pk_conn_source {
    struct pk_fence *fence; /* owned; NULL: Linux's table */
};

/* 0 or -errno (diagnosed). */
int pk_conn_source_open(struct pk_conn_source *ret, struct pk_diags *d);
void pk_conn_source_close(struct pk_conn_source *s);

/* As pk_ctnl_each() and the like have it. */
int pk_conn_each(const struct pk_conn_source *s, const struct pk_conn_filter *f, pk_conn_fn *fn,
                 void *arg, struct pk_diags *d);
int pk_conn_delete(const struct pk_conn_source *s, const struct pk_conn_filter *f, pk_conn_fn *fn,
                   void *arg, struct pk_diags *d);
int pk_conn_level(const struct pk_conn_source *s, struct pk_conn_level *ret);

/*
 * What happens. Linux tells (`fd`); the own table is looked at from time to time (`fd` -1), so that
 * what came and went in between is not seen.
 */
struct pk_table_watch;
struct pk_conn_watch {
    int fd;
    unsigned events; /* bit per enum pk_conn_event */
    struct pk_ctnl_watch *told;
    struct pk_table_watch *seen;
};

/* `s` stays open meanwhile. */
int pk_conn_watch_open(const struct pk_conn_source *s, unsigned events, struct pk_conn_watch *ret,
                       struct pk_diags *d);
void pk_conn_watch_close(struct pk_conn_watch *w);
/* As pk_ctnl_watch_read(). */
int pk_conn_watch_read(struct pk_conn_watch *w, const struct pk_conn_filter *f,
                       pk_conn_event_fn *fn, void *arg);
#define _pk_conn_watch_ __attribute__((cleanup(pk_conn_watch_close)))
