// SPDX-License-Identifier: GPL-2.0-or-later
/* One thing is sent from the client, and what comes back is compared with what was foretold. */
#include "cli/demo/demo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/macro.h"

/* Silence is a fact only after a while; an answer over this wire takes microseconds. */
#define PK_DEMO_SILENCE_MS 120
#define PK_DEMO_ANSWER_MS 2000
#define PK_DEMO_RAW_PORT 40000
#define PK_DEMO_SYN 2

static struct pk_u128 pk_demo_number(const char *addr)
{
    struct pk_u128 v = {0};
    uint8_t b[16];
    unsigned i;

    if (inet_pton(AF_INET, addr, b) == 1) {
        for (i = 0; i < 4; i++)
            v.lo = v.lo << 8 | b[i];
    } else if (inet_pton(AF_INET6, addr, b) == 1) {
        for (i = 0; i < 8; i++) {
            v.hi = v.hi << 8 | b[i];
            v.lo = v.lo << 8 | b[i + 8];
        }
    }
    return v;
}

static uint16_t pk_demo_port_of(int fd)
{
    struct sockaddr_storage s = {0};
    socklen_t len = sizeof(s);

    if (getsockname(fd, (struct sockaddr *)&s, &len) < 0)
        return 0;
    /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage): what getsockname() fills is not seen */
    return ntohs(s.ss_family == AF_INET ? ((struct sockaddr_in *)&s)->sin_port
                                        : ((struct sockaddr_in6 *)&s)->sin6_port);
}

static bool pk_demo_wait(int fd, short events, int ms)
{
    struct pollfd p = {.fd = fd, .events = events};

    return poll(&p, 1, ms) > 0;
}

static enum pk_demo_outcome pk_demo_connect(int fd, const struct sockaddr_storage *to,
                                            socklen_t len, int ms)
{
    struct linger at_once = {.l_onoff = 1};
    int error = 0;
    socklen_t n = sizeof(error);

    /* closed by RST: nothing of this probe is under way when the next one counts */
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    if (connect(fd, (const struct sockaddr *)to, len) < 0 && errno != EINPROGRESS)
        return errno == ECONNREFUSED ? PK_DEMO_REFUSED : PK_DEMO_SILENCE;
    if (!pk_demo_wait(fd, POLLOUT, ms))
        return PK_DEMO_SILENCE;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n);
    return error == ECONNREFUSED ? PK_DEMO_REFUSED : error ? PK_DEMO_SILENCE : PK_DEMO_ANSWERED;
}

/* The listeners say back what they hear, and take and close what connects. */
static void pk_demo_serve(const struct pk_demo *d)
{
    struct sockaddr_storage from;
    socklen_t len;
    char buf[64];
    ssize_t n;
    size_t i;
    int fd;

    for (i = 0; i < PK_DEMO_LISTENERS; i++) {
        while ((fd = accept4(d->listeners[i], NULL, NULL, SOCK_CLOEXEC)) >= 0)
            close(fd);
        len = sizeof(from);
        while ((n = recvfrom(d->listeners[i], buf, sizeof(buf), 0, (struct sockaddr *)&from,
                             &len)) > 0) {
            sendto(d->listeners[i], buf, (size_t)n, 0, (struct sockaddr *)&from, len);
            len = sizeof(from);
        }
    }
}

static enum pk_demo_outcome pk_demo_ask(const struct pk_demo *d, int fd,
                                        const struct sockaddr_storage *to, socklen_t len, int ms)
{
    static const char question[] = "who is there?";
    char buf[64];
    int waited;

    if (connect(fd, (const struct sockaddr *)to, len) < 0 ||
        send(fd, question, sizeof(question), 0) < 0)
        return PK_DEMO_SILENCE;
    for (waited = 0; waited < ms; waited += 10) {
        pk_demo_serve(d);
        if (!pk_demo_wait(fd, POLLIN, 10))
            continue;
        if (recv(fd, buf, sizeof(buf), 0) >= 0)
            return PK_DEMO_ANSWERED;
        return errno == ECONNREFUSED ? PK_DEMO_REFUSED : PK_DEMO_SILENCE;
    }
    return PK_DEMO_SILENCE;
}

/* Sends what was judged, byte for byte but for the IP header, which is the kernel's. */
static int pk_demo_send_l4(int fd, const struct pk_build *b, const struct sockaddr_storage *to,
                           socklen_t len)
{
    uint8_t bytes[PK_BUILD_MAX];
    size_t n = pk_build_packet(b, bytes), head = b->family == PK_IPV4 ? 20 : 40;

    if (n <= head)
        return -EINVAL;
    return sendto(fd, bytes + head, n - head, 0, (const struct sockaddr *)to, len) < 0 ? -errno : 0;
}

/* A raw IPv4 socket gets the IP header too, a raw IPv6 socket does not. */
static bool pk_demo_is_reply(int fd, enum pk_family family)
{
    uint8_t b[256];
    ssize_t n = recv(fd, b, sizeof(b), 0);

    if (family == PK_IPV6)
        return n > 0 && b[0] == ICMP6_ECHO_REPLY;
    return n > 20 && b[(b[0] & 15) * 4] == ICMP_ECHOREPLY;
}

static enum pk_demo_outcome pk_demo_ping(int fd, const struct pk_build *b,
                                         const struct sockaddr_storage *to, socklen_t len, int ms)
{
    double until = pk_demo_clock() + ms / 1e3;

    if (pk_demo_send_l4(fd, b, to, len))
        return PK_DEMO_SILENCE;
    while (pk_demo_clock() < until) {
        if (!pk_demo_wait(fd, POLLIN, ms))
            break;
        if (pk_demo_is_reply(fd, b->family))
            return PK_DEMO_ANSWERED;
    }
    return PK_DEMO_SILENCE;
}

static bool pk_demo_is_v6(const struct pk_demo_probe *p)
{
    return strchr(p->to, ':');
}

static uint8_t pk_demo_protocol(const struct pk_demo_probe *p)
{
    switch (p->kind) {
    case PK_DEMO_UDP:
        return IPPROTO_UDP;
    case PK_DEMO_PING:
        return pk_demo_is_v6(p) ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
    default:
        return IPPROTO_TCP;
    }
}

struct pk_build pk_demo_build(const struct pk_demo_probe *p, uint16_t sport)
{
    bool v6 = pk_demo_is_v6(p);

    return (struct pk_build){
        .family = v6 ? PK_IPV6 : PK_IPV4,
        .saddr = pk_demo_number(p->from),
        .daddr = pk_demo_number(p->to),
        .proto = pk_demo_protocol(p),
        .sport = sport,
        .dport = p->port,
        .tcp_flags = p->kind == PK_DEMO_RAW ? p->tcp_flags : PK_DEMO_SYN,
        .icmp_type = v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO,
    };
}

static int pk_demo_open(struct pk_demo *d, const struct pk_demo_probe *p, struct pk_build *ret)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_RAW};
    bool raw = types[p->kind] == SOCK_RAW;
    int fd = pk_demo_socket(d, pk_demo_is_v6(p) ? AF_INET6 : AF_INET, types[p->kind],
                            raw ? pk_demo_protocol(p) : 0, p->from);

    if (fd >= 0)
        *ret = pk_demo_build(p, raw ? PK_DEMO_RAW_PORT : pk_demo_port_of(fd));
    return fd;
}

static enum pk_demo_outcome pk_demo_send(struct pk_demo *d, const struct pk_demo_probe *p, int fd,
                                         const struct pk_build *b, int ms)
{
    struct sockaddr_storage to;
    bool raw = p->kind == PK_DEMO_PING || p->kind == PK_DEMO_RAW;
    socklen_t len = pk_demo_sockaddr(p->to, raw ? 0 : p->port, &to);

    switch (p->kind) {
    case PK_DEMO_TCP:
        return pk_demo_connect(fd, &to, len, ms);
    case PK_DEMO_UDP:
        return pk_demo_ask(d, fd, &to, len, ms);
    case PK_DEMO_PING:
        return pk_demo_ping(fd, b, &to, len, ms);
    default:
        pk_demo_send_l4(fd, b, &to, len);
        /* what comes back, an RST say, has another destination port than the judged packet */
        return pk_demo_wait(fd, POLLIN, ms) ? PK_DEMO_ANSWERED : PK_DEMO_SILENCE;
    }
}

int pk_demo_try(struct pk_demo *d, const struct pk_demo_probe *p, struct pk_demo_result *ret)
{
    struct pk_demo_result res = {0};
    _pk_close_ int fd = pk_demo_open(d, p, &res.build);
    int r, ms;

    if (fd < 0)
        return fd;
    r = pk_demo_count(d);
    if (r)
        return r;
    res.verdict = pk_demo_judge(d, &res.build, PK_CT_NEW, NULL);
    res.before = pk_demo_counters_of(d, res.build.family, &res.verdict);
    ms = res.verdict.action == PK_ACT_ACCEPT ? PK_DEMO_ANSWER_MS : PK_DEMO_SILENCE_MS;
    res.outcome = pk_demo_send(d, p, fd, &res.build, ms);
    pk_demo_serve(d);
    r = pk_demo_count(d);
    if (r)
        return r;
    res.after = pk_demo_counters_of(d, res.build.family, &res.verdict);
    res.as_said = (res.verdict.action == PK_ACT_ACCEPT) == (res.outcome != PK_DEMO_SILENCE) &&
                  res.after.packets > res.before.packets;
    d->said++;
    d->not_as_said += !res.as_said;
    *ret = res;
    return 0;
}

int pk_demo_knock(struct pk_demo *d, const struct pk_demo_probe *p, enum pk_demo_outcome *ret)
{
    struct pk_build b;
    _pk_close_ int fd = pk_demo_open(d, p, &b);

    if (fd < 0)
        return fd;
    *ret = pk_demo_send(d, p, fd, &b, PK_DEMO_ANSWER_MS);
    return 0;
}
