// SPDX-License-Identifier: GPL-2.0-or-later
/* What the actions of `picket telemetry` share: telemetry.c reads the arguments and opens the
 * store. */
#pragma once

#include "cli/cli.h"
#include "telemetry/export.h"
#include "telemetry/query.h"
#include "telemetry/remote.h"

struct pk_telemetry_args {
    const char *db, *url;
    const char *expression; /* of query; the selector of the others, "" all */
    enum pk_export_format format;
    int64_t now, from, to, step;
    bool has_from;
};

/* Each shows its answer, and says what to exit with. The store is open for reading. */
enum pk_exit pk_telemetry_query(struct pk_cli *c, struct pk_tsdb *db, struct pk_telemetry_args *a);
enum pk_exit pk_telemetry_inspect(struct pk_cli *c, struct pk_tsdb *db,
                                  struct pk_telemetry_args *a);
enum pk_exit pk_telemetry_push(struct pk_cli *c, struct pk_tsdb *db, struct pk_telemetry_args *a);

/* [ { "name": "a", "value": "x" } ] */
json_t *pk_json_labels(const struct pk_label *label, size_t n);

/*
 * HTTP for remote write: snappy and libcurl, which are loaded when they are needed, since libcurl
 * brings thirty libraries and would take 8 ms of every start of picket. An owned object.
 */
struct pk_http;

int pk_http_open(const char *url, struct pk_diags *d, struct pk_http **ret);
/* Posts a body of protobuf, compressed. */
void pk_http_post(struct pk_http *h, const void *body, size_t len, struct pk_remote_reply *ret);
uint64_t pk_http_bytes(const struct pk_http *h); /* posted so far, compressed */
/* The URL without a user and password, by which a receiver is remembered and shown. */
const char *pk_http_name(const struct pk_http *h);
void pk_http_close(struct pk_http **h);

static inline void pk_http_p(struct pk_http **h)
{
    if (*h)
        pk_http_close(h);
}
#define _pk_http_ __attribute__((cleanup(pk_http_p)))
