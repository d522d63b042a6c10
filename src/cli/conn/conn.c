// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of tracked connections: list, count, delete, watch. */
#include "cli/conn/conn.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/codes.h"
#include "cli/current.h"

const struct pk_option_def pk_options_conn[] = {
    {"proto", 'p', "PROTO", "of this protocol: a name or number"},
    {"src", 's', "NET", "whose originator is there: an address, or as 192.0.2.0/24"},
    {"dst", 'd', "NET", "that the originator addressed so"},
    {"reply-src", 0, "NET", "whose replies come from there: other than --dst behind DNAT"},
    {"reply-dst", 0, "NET", "whose replies go there: other than --src behind SNAT"},
    {"sport", 0, "PORT", "from this port, or range LOW:HIGH, of the originator"},
    {"dport", 0, "PORT", "to this port or range"},
    {"state", 0, "LIST", "in one of these states of TCP, SCTP or DCCP: as ESTABLISHED,TIME_WAIT"},
    {"status", 0, "LIST",
     "with all of these: SEEN_REPLY, UNREPLIED, ASSURED, SRC_NAT, DST_NAT, ..."},
    {"mark", 0, "N", "with this mark, or MARK/MASK"},
    {"zone", 0, "N", "in this zone, in either direction"},
    {"family", 0, "FAMILY", "ipv4 or ipv6"},
    {"event", 0, "LIST", "watch: only new, update or destroy"},
    {"count", 0, "N", "watch: end after so many events"},
    {"all", 0, NULL, "delete: every connection, when nothing above is given"},
    PK_COMMON_OPTIONS,
};

enum { LIST, COUNT, DELETE, WATCH, ACTIONS };

static const char *const actions[ACTIONS] = {"list", "count", "delete", "watch"};

struct conn {
    struct pk_cli *c;
    struct pk_conn_source source;
    struct pk_conn_wish wish;
    int action;       /* -1: not said yet */
    const char *only; /* the last option that one action alone takes, and that action */
    int only_action;
    uint64_t n;
};

static int take_action(struct conn *x, const char *word)
{
    for (int i = 0; x->action < 0 && i < ACTIONS; i++)
        if (!strcmp(word, actions[i])) {
            x->action = i;
            return 1;
        }
    if (x->action >= 0)
        return 0;
    fprintf(stderr, "picket conn: %s: no such action: list, count, delete or watch\n", word);
    return -1;
}

static int take(void *arg, const struct pk_args *a, const struct pk_option_def *o)
{
    struct conn *x = arg;

    if (!o)
        return take_action(x, a->value);
    if (pk_option_is(o, "event") || pk_option_is(o, "count") || pk_option_is(o, "all")) {
        x->only = o->name;
        x->only_action = pk_option_is(o, "all") ? DELETE : WATCH;
    }
    return pk_conn_take(&x->wish, a, o);
}

static bool args_fit(struct conn *x)
{
    if (x->action < 0)
        x->action = LIST;
    if (x->only && x->only_action != x->action) {
        fprintf(stderr, "picket conn: --%s: only %s takes it\n", x->only, actions[x->only_action]);
        return false;
    }
    if (x->action != DELETE || x->wish.all || !pk_conn_filter_any(&x->wish.filter))
        return true;
    fprintf(stderr, "picket conn: delete: say which, or --all for every connection\n");
    return false;
}

static int show(void *arg, const struct pk_conn *conn)
{
    struct conn *x = arg;

    if (x->c->json)
        return pk_cli_list(x->c, "connections", pk_conn_json(conn));
    if (!x->n++)
        pk_conn_print_head(false);
    pk_conn_print(conn, NULL);
    return ferror(stdout) ? -EIO : 0;
}

static int count(void *arg, const struct pk_conn *conn)
{
    struct conn *x = arg;

    x->n++;
    return 0;
}

static enum pk_exit list(struct conn *x)
{
    int r = x->c->json ? pk_cli_list(x->c, "connections", NULL) : 0;

    if (!r)
        r = pk_conn_each(&x->source, &x->wish.filter, show, x, &x->c->d);
    if (r)
        return pk_cli_refused(x->c, r, "cannot list connections");
    if (!x->n)
        pk_cli_say(x->c, "no such connections");
    return PK_EXIT_DONE;
}

/* Without a selection Linux knows the number; with one, they are looked at. */
static enum pk_exit how_many(struct conn *x)
{
    bool any = pk_conn_filter_any(&x->wish.filter);
    struct pk_conn_level level = {0};
    int r = pk_conn_level(&x->source, &level);

    if (!r && !any)
        r = pk_conn_each(&x->source, &x->wish.filter, count, x, &x->c->d);
    if (r)
        return pk_cli_refused(x->c, r, "cannot count connections");
    if (any)
        x->n = level.count;
    json_object_set_new(x->c->obj, "count", json_integer((json_int_t)x->n));
    json_object_set_new(x->c->obj, "max", json_integer((json_int_t)level.max));
    if (!x->c->json)
        printf("%" PRIu64 " connection%s%s; there is room for %" PRIu64 "\n", x->n,
               x->n == 1 ? "" : "s", any ? "" : " of these", level.max);
    return PK_EXIT_DONE;
}

static enum pk_exit delete (struct conn *x) {
    int r = pk_conn_delete(&x->source, &x->wish.filter, count, x, &x->c->d);

    json_object_set_new(x->c->obj, "deleted", json_integer((json_int_t)x->n));
    if (!x->c->json) printf("%" PRIu64 " connection%s deleted\n", x->n, x->n == 1 ? "" : "s");
    if (r) return pk_cli_refused(x->c, r, "not all were deleted");
    return x->n ? PK_EXIT_DONE : PK_EXIT_NO;
}

static enum pk_exit run(struct conn *x)
{
    int r = pk_cli_sweep(x->c);

    if (!r)
        r = pk_conn_source_open(&x->source, &x->c->d);
    if (r)
        return pk_cli_refused(x->c, r, "cannot look at connections");
    json_object_set_new(x->c->obj, "table", json_string(x->source.fence ? "picket" : "linux"));
    json_object_set_new(x->c->obj, "action", json_string(actions[x->action]));
    switch (x->action) {
    case COUNT:
        return how_many(x);
    case DELETE:
        return delete (x);
    case WATCH:
        return pk_conn_follow(x->c, &x->source, &x->wish);
    default:
        return list(x);
    }
}

int pk_cli_conn(int argc, char **argv)
{
    _pk_cli_ struct pk_cli c;
    enum pk_exit exit;
    struct conn x = {.c = &c, .wish.filter = PK_CONN_ANY, .action = -1};

    pk_cli_begin(&c, "conn");
    if (!pk_cli_args(&c, pk_options_conn, argc, argv, take, &x))
        return c.exit;
    if (!args_fit(&x))
        return PK_EXIT_USAGE;
    exit = run(&x);
    pk_conn_source_close(&x.source);
    return pk_cli_end(&c, exit);
}
