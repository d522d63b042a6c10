// SPDX-License-Identifier: GPL-2.0-or-later
/* Points to a receiver of Prometheus remote write. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/out.h"
#include "cli/telemetry/telemetry.h"

static void post(void *arg, const void *body, size_t len, struct pk_remote_reply *ret)
{
    pk_http_post(arg, body, len, ret);
}

static void wait_for(void *arg, unsigned seconds)
{
    struct timespec left = {.tv_sec = seconds};

    nanosleep(&left, NULL);
}

static void push_json(const struct pk_remote_done *done, const struct pk_http *http, json_t *obj)
{
    json_object_set_new(
        obj, "push",
        json_pack("{s:o,s:I,s:I,s:I,s:I,s:I}", "url", pk_json_text(pk_http_name(http)), "points",
                  (json_int_t)done->points, "batches", (json_int_t)done->batches, "batches_again",
                  (json_int_t)done->again, "bytes", (json_int_t)pk_http_bytes(http),
                  "left_out_same_ms", (json_int_t)done->same_ms));
}

static void show(const struct pk_cli *c, const struct pk_remote_done *done,
                 const struct pk_http *http)
{
    char bytes[16];

    if (c->json) {
        push_json(done, http, c->obj);
        return;
    }
    printf("%" PRIu64 " points stored by %s: %" PRIu64 " batches, %s\n", done->points,
           pk_http_name(http), done->batches, pk_bytes_str(pk_http_bytes(http), bytes));
    if (done->again)
        pk_cli_say(c, "%" PRIu64 " batches were sent again", done->again);
    if (done->same_ms)
        pk_cli_say(c, "%" PRIu64 " points were left out: their millisecond has one already",
                   done->same_ms);
}

/* What a failed push has sent is shown all the same. */
static enum pk_exit push(struct pk_cli *c, struct pk_tsdb *db, struct pk_http *http,
                         const struct pk_telemetry_args *a)
{
    _pk_selector_ struct pk_selector selector = {0};
    _pk_free_ char *state = NULL;
    struct pk_remote remote = {.url = pk_http_name(http),
                               .selector = &selector,
                               .from = a->from,
                               .to = a->to,
                               .send = post,
                               .wait = wait_for,
                               .arg = http};
    struct pk_remote_done done = {0};
    int r = pk_selector_parse(a->expression, &c->arena, &selector, &c->d);

    if (asprintf(&state, "%s-push", a->db) < 0) {
        state = NULL;
        r = -ENOMEM;
    }
    remote.state = state;
    if (!r) {
        r = pk_remote_push(db, &remote, &done, &c->d);
        show(c, &done, http);
    }
    return r ? pk_cli_refused(c, r, "cannot push") : PK_EXIT_DONE;
}

enum pk_exit pk_telemetry_push(struct pk_cli *c, struct pk_tsdb *db, struct pk_telemetry_args *a)
{
    _pk_http_ struct pk_http *http = NULL;
    int r = pk_http_open(a->url, &c->d, &http);

    return r ? pk_cli_refused(c, r, "cannot push") : push(c, db, http, a);
}
