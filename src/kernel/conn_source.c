// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/conn_source.h"

#include <errno.h>

#include "base/diag.h"
#include "kernel/conn_table.h"
#include "kernel/sample.h"

int pk_conn_source_open(struct pk_conn_source *ret, struct pk_diags *d)
{
    struct pk_fence *fence = NULL;
    int r = pk_fence_open(&fence, d);

    if (r && r != -ENOENT)
        return r;
    if (fence && pk_conn_table_find(fence))
        pk_fence_close(&fence);
    ret->fence = fence;
    return 0;
}

void pk_conn_source_close(struct pk_conn_source *s)
{
    if (s->fence)
        pk_fence_close(&s->fence);
}

int pk_conn_each(const struct pk_conn_source *s, const struct pk_conn_filter *f, pk_conn_fn *fn,
                 void *arg, struct pk_diags *d)
{
    return s->fence ? pk_conn_table_each(s->fence, f, fn, arg, d) : pk_ctnl_each(f, fn, arg, d);
}

int pk_conn_delete(const struct pk_conn_source *s, const struct pk_conn_filter *f, pk_conn_fn *fn,
                   void *arg, struct pk_diags *d)
{
    return s->fence ? pk_conn_table_delete(s->fence, f, fn, arg, d) : pk_ctnl_delete(f, fn, arg, d);
}

int pk_conn_level(const struct pk_conn_source *s, struct pk_conn_level *ret)
{
    struct pk_table_level level;
    int r = s->fence ? pk_fence_table_level(s->fence, 0, &level) : pk_ctnl_level(ret);

    if (!r && s->fence)
        *ret = level.now;
    return r;
}

int pk_conn_watch_open(const struct pk_conn_source *s, unsigned events, struct pk_conn_watch *ret,
                       struct pk_diags *d)
{
    struct pk_conn_watch w = {.fd = -1, .events = events};
    int r = s->fence ? pk_table_watch_open(s->fence, &w.seen, d)
                     : pk_ctnl_watch_open(events, &w.told, d);

    if (r)
        return r;
    if (w.told)
        w.fd = pk_ctnl_watch_fd(w.told);
    *ret = w;
    return 0;
}

void pk_conn_watch_close(struct pk_conn_watch *w)
{
    pk_ctnl_watch_close(&w->told);
    pk_table_watch_close(&w->seen);
}

int pk_conn_watch_read(struct pk_conn_watch *w, const struct pk_conn_filter *f,
                       pk_conn_event_fn *fn, void *arg)
{
    return w->seen ? pk_table_watch_read(w->seen, w->events, f, fn, arg)
                   : pk_ctnl_watch_read(w->told, f, fn, arg);
}
