// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fence's own table of connections (state/state.h) as user space reads it: in parts of 256
 * buckets (238 KiB), each bucket copied under its lock. So every entry is whole, but packets change
 * the table meanwhile.
 */
#pragma once

#include "kernel/conn.h"
#include "kernel/standing.h"
#include "state/state.h"

/*
 * Whether the fence has one; else connections are Linux's to track. One that was made after the
 * fence was opened is found by its pin. 0; -ENOENT: it has none; -errno.
 */
int pk_conn_table_find(struct pk_fence *f);

int pk_conn_table_each(const struct pk_fence *f, const struct pk_conn_filter *filter,
                       pk_conn_fn *fn, void *arg, struct pk_diags *d);
int pk_conn_table_delete(const struct pk_fence *f, const struct pk_conn_filter *filter,
                         pk_conn_fn *fn, void *arg, struct pk_diags *d);

/*
 * Fills a table that was just made, before any program knows it, with what goes on here
 * (pk_conn_seed()), in the zones that there will be. 0; -ENOSPC: not all of it; -errno.
 */
struct pk_zones;
int pk_state_fill(struct pk_fence *f, const struct pk_state_rules *rules,
                  const struct pk_zones *zones, struct pk_diags *d);

/* The tick that it is, of the clock that entries go by. */
uint32_t pk_table_now(void);
/* A place as a record. False: nobody stands there, or only fragments of a datagram. */
bool pk_table_conn(const struct pk_state_bucket *b, unsigned way, uint32_t now,
                   struct pk_conn *ret);
/* Gets the number of its first bucket, the buckets, and how many. 0, or -errno: no more. */
typedef int pk_table_fn(void *arg, uint32_t first, const struct pk_state_bucket *b, uint32_t n);
/* The buckets `from` to `to` - 1, in parts. */
int pk_table_read(const struct pk_fence *f, uint32_t from, uint32_t to, pk_table_fn *fn, void *arg);

/*
 * What came, changed and went since it was last read (conn_table_watch.c). -ESTALE: the fence has
 * been taken down, and its table with it. An owned object.
 */
struct pk_table_watch;
int pk_table_watch_open(const struct pk_fence *f, struct pk_table_watch **ret, struct pk_diags *d);
void pk_table_watch_close(struct pk_table_watch **w);
int pk_table_watch_read(struct pk_table_watch *w, unsigned events, const struct pk_conn_filter *f,
                        pk_conn_event_fn *fn, void *arg);
