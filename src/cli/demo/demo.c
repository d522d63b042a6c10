// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/demo/demo.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"
#include "cli/demo/show.h"

volatile int pk_demo_stopped;

static void pk_demo_on_signal(int number)
{
    pk_demo_stopped = number;
}

static void pk_demo_signals(void)
{
    static const int caught[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction stop = {.sa_handler = pk_demo_on_signal}, ignore = {.sa_handler = SIG_IGN};
    size_t i;

    for (i = 0; i < PK_ARRAY_SIZE(caught); i++)
        sigaction(caught[i], &stop, NULL);
    sigaction(SIGPIPE, &ignore, NULL); /* `picket demo | head` must clean up too */
}

/* Flags of a "Christmas tree" packet: FIN, PSH and URG. */
#define PK_DEMO_XMAS 0x29
#define PK_DEMO_ACK 0x10

static const struct pk_demo_probe pk_demo_probes[] = {
    {"https from anyone", PK_DEMO_TCP, "198.51.100.23", "192.0.2.1", 443, 0},
    {"ssh from the office", PK_DEMO_TCP, "192.0.2.2", "192.0.2.1", 22, 0},
    {"ssh from anyone", PK_DEMO_TCP, "198.51.100.23", "192.0.2.1", 22, 0},
    {"https from the blocklist", PK_DEMO_TCP, "203.0.113.66", "192.0.2.1", 443, 0},
    {"telnet", PK_DEMO_TCP, "198.51.100.23", "192.0.2.1", 23, 0},
    {"xmas scan", PK_DEMO_RAW, "198.51.100.23", "192.0.2.1", 443, PK_DEMO_XMAS},
    {"reply nobody asked for", PK_DEMO_RAW, "198.51.100.23", "192.0.2.1", 50000, PK_DEMO_ACK},
    {"DNS query", PK_DEMO_UDP, "198.51.100.23", "192.0.2.1", 53, 0},
    {"UDP nobody allowed", PK_DEMO_UDP, "198.51.100.23", "192.0.2.1", 9999, 0},
    {"ping", PK_DEMO_PING, "192.0.2.2", "192.0.2.1", 0, 0},
    {"IPv6 ping", PK_DEMO_PING, "2001:db8:1::2", "2001:db8:1::1", 0, 0},
    {"IPv6 https from anyone", PK_DEMO_TCP, "2001:db8:2::23", "2001:db8:1::1", 443, 0},
    {"IPv6 ssh from anyone", PK_DEMO_TCP, "2001:db8:2::23", "2001:db8:1::1", 22, 0},
    {"IPv6 DNS query", PK_DEMO_UDP, "2001:db8:2::23", "2001:db8:1::1", 53, 0},
    {"IPv6 from the blocklist", PK_DEMO_UDP, "2001:db8:bad::66", "2001:db8:1::1", 53, 0},
};

/* Of the probes: one that is dropped in a user chain, and one at whose port nobody listens. */
#define PK_DEMO_EXPLAINED 2
#define PK_DEMO_TELNET 4

static const struct pk_demo_probe pk_demo_staging = {
    "staging, port 8080", PK_DEMO_TCP, "198.51.100.23", "192.0.2.1", 8080, 0};

static int pk_demo_scene_wire(struct pk_demo *d)
{
    int r = pk_demo_wire(d);

    if (!r)
        r = pk_netns_enter(&d->server, &d->home);
    if (!r)
        r = pk_demo_listen(d);
    if (!r)
        pk_demo_show_wire(d);
    return r;
}

static int pk_demo_scene_apply(struct pk_demo *d)
{
    double start = pk_demo_clock();
    struct pk_probe probe;
    int r = pk_demo_load(d);

    pk_probe_run(&probe);
    if (d->hook == PK_ATTACH_AUTO && !probe.netfilter_link)
        d->hook = PK_ATTACH_TC; /* which auto would take too, given an interface */
    if (!r)
        r = pk_demo_apply(d, 0);
    if (!r)
        r = pk_demo_look(d);
    if (!r)
        r = pk_demo_show_apply(d, pk_demo_clock() - start);
    return r;
}

static int pk_demo_scene_traffic(struct pk_demo *d)
{
    struct pk_demo_result res;
    size_t i;
    int r;

    pk_demo_show_list(d, "traffic");
    for (i = 0; i < PK_ARRAY_SIZE(pk_demo_probes) && !pk_demo_stopped; i++) {
        r = pk_demo_try(d, &pk_demo_probes[i], &res);
        if (r)
            return r;
        pk_demo_show_row(d, "traffic", &pk_demo_probes[i], &res);
    }
    return 0;
}

static int pk_demo_scene_explain(struct pk_demo *d)
{
    const struct pk_demo_probe *p = &pk_demo_probes[PK_DEMO_EXPLAINED];
    struct pk_demo_trace trace = {0};
    struct pk_build b = pk_demo_build(p, 40000);
    struct pk_verdict v = pk_demo_judge(d, &b, PK_CT_NEW, &trace);

    pk_demo_show_why(d, p, &v, &trace);
    return 0;
}

static int pk_demo_scene_swap(struct pk_demo *d)
{
    struct pk_demo_swaps s = {0};
    int r;

    pk_demo_show_swapping(d, 0);
    r = pk_demo_swap(d, &s);
    if (r)
        return r;
    d->said += 3;
    d->not_as_said += (s.sent != s.received || !s.sent) + (s.counted != s.sent) + !s.session.talks;
    pk_demo_show_swap(d, &s);
    return 0;
}

/* Tries one probe on the set now live and shows it; `expect` is the verdict it must give. */
static int pk_demo_one(struct pk_demo *d, const struct pk_demo_probe *p, enum pk_action expect)
{
    struct pk_demo_result res;
    int r = pk_demo_look(d);

    if (!r)
        r = pk_demo_try(d, p, &res);
    if (r)
        return r;
    if (res.verdict.action != expect && res.as_said) {
        res.as_said = false;
        d->not_as_said++;
    }
    pk_demo_show_row(d, "undo", p, &res);
    return 0;
}

/* The second set closed staging; undo brings it back into force, and undo again the first one. */
static int pk_demo_scene_undo(struct pk_demo *d)
{
    int r;

    pk_demo_show_list(d, "undo");
    r = pk_demo_one(d, &pk_demo_staging, PK_ACT_ACCEPT);
    if (!r)
        r = pk_fence_undo(&d->c.d);
    if (!r)
        r = pk_demo_one(d, &pk_demo_staging, PK_ACT_DROP);
    if (!r)
        r = pk_fence_undo(&d->c.d);
    if (!r)
        r = pk_demo_one(d, &pk_demo_staging, PK_ACT_ACCEPT);
    return r;
}

static int pk_demo_scene_detach(struct pk_demo *d)
{
    const struct pk_demo_probe *p = &pk_demo_probes[PK_DEMO_TELNET];
    enum pk_demo_outcome outcome;
    struct pk_fence *f = NULL;
    bool gone;
    int r;

    pk_demo_unlook(d);
    r = pk_fence_detach(&d->c.d);
    if (r)
        return r;
    d->standing = false;
    gone = pk_fence_open(&f, &d->c.d) == -ENOENT;
    if (f)
        pk_fence_close(&f);
    r = pk_demo_knock(d, p, &outcome);
    if (r)
        return r;
    d->said += 2;
    d->not_as_said += !gone + (outcome != PK_DEMO_REFUSED);
    pk_demo_show_detach(d, gone, p, outcome);
    return 0;
}

static int pk_demo_play(struct pk_demo *d)
{
    static int (*const scenes[])(struct pk_demo *) = {
        pk_demo_scene_wire, pk_demo_scene_apply, pk_demo_scene_traffic, pk_demo_scene_explain,
        pk_demo_scene_swap, pk_demo_scene_undo,  pk_demo_scene_detach,
    };
    size_t i;
    int r = 0;

    for (i = 0; i < PK_ARRAY_SIZE(scenes) && !r; i++) {
        r = pk_demo_stopped ? -EINTR : scenes[i](d);
        fflush(stdout);
    }
    return r;
}

static void pk_demo_clean_up(struct pk_demo *d)
{
    size_t i;

    pk_demo_unlook(d);
    if (d->standing)
        pk_fence_detach(&d->c.d);
    for (i = 0; i < PK_DEMO_LISTENERS; i++)
        pk_close_p(&d->listeners[i]);
    if (d->home >= 0)
        pk_netns_leave(&d->home);
    pk_netns_done(&d->client);
    pk_netns_done(&d->server);
}

const struct pk_option_def pk_options_demo[] = {
    {"hook", 0, "HOOK", "auto, netfilter, tc or xdp; as for apply"}, PK_COMMON_OPTIONS};

static int pk_demo_hook(const char *name, enum pk_attach_kind *ret)
{
    int k;

    for (k = PK_ATTACH_AUTO; k <= PK_ATTACH_XDP; k++) {
        if (!strcmp(name, pk_attach_name((enum pk_attach_kind)k))) {
            *ret = (enum pk_attach_kind)k;
            return 0;
        }
    }
    fprintf(stderr, "picket demo: --hook %s: not auto, netfilter, tc or xdp\n", name);
    return -EINVAL;
}

/* 0: go on; else the exit status of the verb plus one. */
static int pk_demo_arguments(struct pk_demo *d, int argc, char **argv)
{
    const struct pk_option_def *o;
    struct pk_args a;
    enum pk_arg k;
    int r = 0;

    pk_args_begin(&a, pk_options_demo, argc, argv);
    while (!r && (k = pk_args_next(&a, &o)) == PK_ARG_OPTION) {
        if (pk_option_is(o, "json"))
            d->c.json = true;
        else
            r = pk_demo_hook(a.value, &d->hook);
    }
    if (r)
        return PK_EXIT_USAGE + 1;
    if (k == PK_ARG_WORD)
        fprintf(stderr, "picket demo: %s: takes no words\n", a.value);
    if (k == PK_ARG_HELP)
        return PK_EXIT_DONE + 1;
    return k != PK_ARG_END ? PK_EXIT_USAGE + 1 : 0;
}

static int pk_demo_end(struct pk_demo *d, int r, double seconds)
{
    if (r)
        return pk_cli_end(&d->c, pk_cli_refused(&d->c, r, "demo"));
    pk_demo_show_end(d, seconds);
    return pk_cli_end(&d->c, d->not_as_said ? PK_EXIT_NO : PK_EXIT_DONE);
}

int pk_cli_demo(int argc, char **argv)
{
    struct pk_demo d = {.client = PK_NETNS_NONE,
                        .server = PK_NETNS_NONE,
                        .home = -1,
                        .listeners = {-1, -1, -1, -1, -1}};
    double start = pk_demo_clock();
    int r;

    pk_cli_begin(&d.c, "demo");
    r = pk_demo_arguments(&d, argc, argv);
    if (r) {
        pk_cli_done(&d.c);
        return r - 1;
    }
    d.tty = !d.c.json && isatty(STDOUT_FILENO);
    d.colour = d.tty && !getenv("NO_COLOR");
    pk_demo_signals();
    r = pk_demo_play(&d);
    pk_demo_clean_up(&d);
    r = pk_demo_end(&d, r, pk_demo_clock() - start);
    pk_cli_done(&d.c);
    return r;
}
