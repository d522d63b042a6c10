// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What happens in the fence's own table: it tells nobody, so it is compared with a copy, place by
 * place. Memory: the table's own size at most, of which only the pages of buckets that were ever
 * used are touched.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "kernel/conn_table.h"
#include "kernel/sample.h"
#include "kernel/sys.h"

struct pk_table_watch {
    const struct pk_fence *fence;
    struct pk_state_bucket *before; /* [state_buckets] */
    uint32_t before_at;             /* tick when it was read */
    unsigned events;
    const struct pk_conn_filter *filter;
    pk_conn_event_fn *fn;
    void *arg;
};

/* What has never been used is left alone in both, so that its pages take no memory. */
static int pk_watch_keep(void *arg, uint32_t first, const struct pk_state_bucket *b, uint32_t n)
{
    struct pk_table_watch *w = arg;

    for (uint32_t i = 0; i < n; i++) {
        const void *before = &w->before[first + i], *now = &b[i];

        if (memcmp(before, now, sizeof(*b)))
            w->before[first + i] = b[i];
    }
    return 0;
}

int pk_table_watch_open(const struct pk_fence *f, struct pk_table_watch **ret, struct pk_diags *d)
{
    struct pk_table_watch *w = calloc(1, sizeof(*w));
    int r = -ENOMEM;

    if (w)
        w->before = calloc(f->ctl->state_buckets, sizeof(*w->before));
    if (w && w->before) {
        w->fence = f;
        w->before_at = pk_table_now();
        r = pk_table_read(f, 0, f->ctl->state_buckets, pk_watch_keep, w);
    }
    if (r) {
        pk_table_watch_close(&w);
        return pk_sys_error(d, r, "cannot copy the table of connections");
    }
    *ret = w;
    return 0;
}

void pk_table_watch_close(struct pk_table_watch **w)
{
    if (!*w)
        return;
    free((*w)->before);
    free(*w);
    *w = NULL;
}

static int pk_watch_tell(struct pk_table_watch *w, enum pk_conn_event e, const struct pk_conn *c)
{
    return w->events >> e & 1 && pk_conn_matches(w->filter, c) ? w->fn(w->arg, e, c) : 0;
}

/* One place, then and now. Its entry is another one if it was born at another time. */
static int pk_watch_place(struct pk_table_watch *w, const struct pk_state_bucket *then,
                          const struct pk_state_bucket *now, unsigned way, uint32_t tick)
{
    struct pk_conn was, is;
    bool before = pk_table_conn(then, way, w->before_at, &was);
    bool after = pk_table_conn(now, way, tick, &is);
    bool same = before && after && was.id == is.id &&
                pk_state_key_equal(&then->entry[way].key, &now->entry[way].key);
    int r = 0;

    if (same)
        return was.state != is.state || was.status != is.status
                   ? pk_watch_tell(w, PK_CONN_UPDATE, &is)
                   : 0;
    if (before) {
        was.expires = 0;
        r = pk_watch_tell(w, PK_CONN_DESTROY, &was);
    }
    return after && !r ? pk_watch_tell(w, PK_CONN_NEW, &is) : r;
}

static int pk_watch_part(void *arg, uint32_t first, const struct pk_state_bucket *b, uint32_t n)
{
    struct pk_table_watch *w = arg;
    uint32_t tick = pk_table_now();
    int r = 0;

    for (uint32_t i = 0; i < n && !r; i++)
        for (unsigned way = 0; way < PK_STATE_WAYS && !r; way++)
            r = pk_watch_place(w, &w->before[first + i], &b[i], way, tick);
    return r ? r : pk_watch_keep(arg, first, b, n);
}

int pk_table_watch_read(struct pk_table_watch *w, unsigned events, const struct pk_conn_filter *f,
                        pk_conn_event_fn *fn, void *arg)
{
    uint32_t at = pk_table_now();
    int r;

    w->events = events;
    w->filter = f;
    w->fn = fn;
    w->arg = arg;
    r = pk_table_read(w->fence, 0, w->fence->ctl->state_buckets, pk_watch_part, w);
    w->before_at = at;
    return r || pk_fence_stands(w->fence) ? r : -ESTALE;
}
