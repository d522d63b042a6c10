// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The set is changed while packets flow: a child sends without a pause and counts what arrives, the
 * parent swaps. Packets of both families go to a port that both sets let in, so that every one that
 * is missing was lost by a swap. An SSH session that was open before is used again when all is
 * done.
 */
#include "cli/demo/demo.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macro.h"
#include "cli/demo/show.h"

#define PK_DEMO_SWAPS 20
#define PK_DEMO_SWAPS_SECONDS 10.0 /* fewer swaps then, on a slow machine; at least two */
#define PK_DEMO_STREAM_PORT 443
#define PK_DEMO_GAP_NS 100000
#define PK_DEMO_STREAM_MAX 1000000u /* an end, should the parent vanish */
#define PK_DEMO_DRAIN_MS 200
#define PK_DEMO_TALK_MS 2000
#define PK_DEMO_OFFICE "192.0.2.2"
#define PK_DEMO_SSH_PORT 22
#define PK_DEMO_PSH_ACK 0x18

struct pk_demo_stream {
    int fd[PK_FAMILY_N]; /* the client's, connected */
    int heard;           /* the server's */
    int orders, report;  /* pipes */
};

struct pk_demo_tally {
    uint64_t sent, received;
};

int pk_demo_apply(struct pk_demo *d, unsigned set)
{
    static const char *const devs[] = {PK_DEMO_DEV};
    struct pk_apply_options o = {.hook = d->hook, .hook_given = d->hook != PK_ATTACH_AUTO};
    unsigned open;

    if (d->hook == PK_ATTACH_TC || d->hook == PK_ATTACH_XDP) {
        o.devs = devs;
        o.n_devs = PK_ARRAY_SIZE(devs);
        o.devs_given = true;
    }
    d->standing = true;
    return pk_fence_apply(d->sets[set].rs, &o, &open, &d->c.d);
}

static uint64_t pk_demo_drain(int fd)
{
    uint64_t n = 0;
    char buf[64];

    while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) >= 0)
        n++;
    return n;
}

/* The child. It ends when the parent closes its end of `orders`, or is gone. */
static void pk_demo_stream(const struct pk_demo_stream *s)
{
    struct pollfd orders = {.fd = s->orders, .events = POLLIN};
    struct pollfd heard = {.fd = s->heard, .events = POLLIN};
    const struct timespec gap = {.tv_nsec = PK_DEMO_GAP_NS};
    struct pk_demo_tally t = {0};

    while (ppoll(&orders, 1, &gap, NULL) == 0 && t.sent < PK_DEMO_STREAM_MAX) {
        if (send(s->fd[t.sent % PK_FAMILY_N], "x", 1, 0) == 1)
            t.sent++;
        t.received += pk_demo_drain(s->heard);
    }
    while (t.received < t.sent && poll(&heard, 1, PK_DEMO_DRAIN_MS) > 0)
        t.received += pk_demo_drain(s->heard);
    _exit(write(s->report, &t, sizeof(t)) == sizeof(t) ? 0 : 1);
}

static int pk_demo_stream_open(struct pk_demo *d, struct pk_demo_stream *s)
{
    static const char *const from[] = {PK_DEMO_OFFICE, "2001:db8:1::2"};
    static const char *const to[] = {"192.0.2.1", "2001:db8:1::1"};
    static const int af[] = {AF_INET, AF_INET6};
    struct sockaddr_storage a;
    int f, room = 1 << 20;

    s->heard = d->listeners[PK_DEMO_LISTENERS - 1];
    setsockopt(s->heard, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
    pk_demo_drain(s->heard);
    for (f = 0; f < PK_FAMILY_N; f++) {
        socklen_t len = pk_demo_sockaddr(to[f], PK_DEMO_STREAM_PORT, &a);

        s->fd[f] = pk_demo_socket(d, af[f], SOCK_DGRAM, 0, from[f]);
        if (s->fd[f] < 0)
            return s->fd[f];
        if (connect(s->fd[f], (struct sockaddr *)&a, len) < 0)
            return -errno;
    }
    return 0;
}

/* An even number of swaps, so that the first set is live again and the second the one before. */
static int pk_demo_swap_all(struct pk_demo *d, unsigned *ret)
{
    double end = pk_demo_clock() + PK_DEMO_SWAPS_SECONDS;
    unsigned i = 0;
    int r = 0;

    while (i < PK_DEMO_SWAPS && pk_demo_clock() < end && !pk_demo_stopped && !r) {
        r = pk_demo_apply(d, 1);
        if (!r)
            r = pk_demo_apply(d, 0);
        i += 2;
        pk_demo_show_swapping(d, i);
    }
    *ret = i;
    return r ? r : pk_demo_stopped ? -EINTR : 0;
}

/* `orders` and `report` as from pipe(2). */
static int pk_demo_swap_under(struct pk_demo *d, struct pk_demo_stream *s, int orders[2],
                              int report[2], struct pk_demo_swaps *ret)
{
    struct pk_demo_tally t = {0};
    pid_t pid;
    int r, status;

    s->orders = orders[0];
    s->report = report[1];
    pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0) {
        close(orders[1]);
        signal(SIGINT, SIG_IGN); /* the parent is told, and ends the child */
        pk_demo_stream(s);
    }
    ret->seconds = pk_demo_clock();
    r = pk_demo_swap_all(d, &ret->swaps);
    ret->seconds = pk_demo_clock() - ret->seconds;
    close(orders[1]);
    orders[1] = -1;
    if (read(report[0], &t, sizeof(t)) != sizeof(t) && !r)
        r = -EIO;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    ret->sent = t.sent;
    ret->received = t.received;
    return r;
}

/* What the rules for the stream's port have counted, both families. */
static uint64_t pk_demo_stream_counted(struct pk_demo *d)
{
    uint64_t n = 0;
    int f;

    for (f = 0; f < PK_FAMILY_N; f++) {
        struct pk_build b = {
            .family = (enum pk_family)f, .proto = 17, .sport = 40000, .dport = PK_DEMO_STREAM_PORT};
        struct pk_verdict v;

        b.saddr = f == PK_IPV4 ? (struct pk_u128){0, 0xc0000202}
                               : (struct pk_u128){0x20010db800010000, 2};
        v = pk_demo_judge(d, &b, PK_CT_NEW, NULL);
        n += pk_demo_counters_of(d, (enum pk_family)f, &v).packets;
    }
    return n;
}

static int pk_demo_swap_stream(struct pk_demo *d, struct pk_demo_swaps *ret)
{
    struct pk_demo_stream s = {.fd = {-1, -1}};
    int orders[2] = {-1, -1}, report[2] = {-1, -1}, r;
    uint64_t before = pk_demo_stream_counted(d);
    unsigned i;

    r = pk_demo_stream_open(d, &s);
    if (!r && (pipe(orders) < 0 || pipe(report) < 0))
        r = -errno;
    if (!r)
        r = pk_demo_swap_under(d, &s, orders, report, ret);
    for (i = 0; i < 2; i++) {
        pk_close_p(&orders[i]);
        pk_close_p(&report[i]);
        pk_close_p(&s.fd[i]);
    }
    if (!r)
        r = pk_demo_look(d);
    if (!r)
        ret->counted = pk_demo_stream_counted(d) - before;
    return r;
}

/* Both ends of a connection of the office's to the server's port 22. 0 or -errno. */
static int pk_demo_session_open(struct pk_demo *d, int ret_fd[2])
{
    struct sockaddr_storage to;
    socklen_t len = pk_demo_sockaddr("192.0.2.1", PK_DEMO_SSH_PORT, &to);
    struct pollfd knock = {.fd = d->listeners[0], .events = POLLIN};
    _pk_close_ int client = pk_demo_socket(d, AF_INET, SOCK_STREAM, 0, PK_DEMO_OFFICE);
    int server;

    if (client < 0)
        return client;
    if (connect(client, (const struct sockaddr *)&to, len) < 0 && errno != EINPROGRESS)
        return -errno;
    if (poll(&knock, 1, PK_DEMO_TALK_MS) <= 0)
        return -ETIMEDOUT;
    server = accept4(d->listeners[0], NULL, NULL, SOCK_CLOEXEC);
    if (server < 0)
        return -errno;
    ret_fd[0] = PK_TAKE_FD(client);
    ret_fd[1] = server;
    return 0;
}

/* A byte from one end, and whether it comes out of the other. */
static bool pk_demo_say_to(int from, int to)
{
    struct pollfd heard = {.fd = to, .events = POLLIN};
    char byte = 0;

    return send(from, "x", 1, MSG_NOSIGNAL) == 1 && poll(&heard, 1, PK_DEMO_TALK_MS) > 0 &&
           recv(to, &byte, 1, 0) == 1 && byte == 'x';
}

/* The rule that lets the session's packets in, as the set stands that was last read. */
static struct pk_verdict pk_demo_session_judge(const struct pk_demo *d)
{
    static const struct pk_demo_probe ssh = {"",          PK_DEMO_RAW,      PK_DEMO_OFFICE,
                                             "192.0.2.1", PK_DEMO_SSH_PORT, PK_DEMO_PSH_ACK};
    struct pk_build b = pk_demo_build(&ssh, 40000);

    return pk_demo_judge(d, &b, PK_CT_ESTABLISHED, NULL);
}

static int pk_demo_session_talk(struct pk_demo *d, const int fd[2], struct pk_demo_session *ret)
{
    struct pk_verdict v = pk_demo_session_judge(d);
    int r = pk_demo_count(d);

    if (r)
        return r;
    ret->verdict = v;
    ret->before = pk_demo_counters_of(d, PK_IPV4, &v);
    ret->talks = pk_demo_say_to(fd[0], fd[1]) && pk_demo_say_to(fd[1], fd[0]);
    r = pk_demo_count(d);
    ret->after = pk_demo_counters_of(d, PK_IPV4, &v);
    ret->talks &= ret->after.packets > ret->before.packets;
    return r;
}

int pk_demo_swap(struct pk_demo *d, struct pk_demo_swaps *ret)
{
    int fd[2] = {-1, -1};
    int r = pk_demo_session_open(d, fd);

    if (!r)
        r = pk_demo_swap_stream(d, ret);
    if (!r)
        r = pk_demo_session_talk(d, fd, &ret->session);
    pk_close_p(&fd[0]);
    pk_close_p(&fd[1]);
    return r;
}
