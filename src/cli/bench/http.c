// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/bench/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/macro.h"

#define PK_HTTP_WORK (64u << 10) /* bytes hashed for a page, so many times: a tenth of a */
#define PK_HTTP_TIMES 8u         /* millisecond or more, as a page that a program makes */
#define PK_HTTP_PAGE 1024u

static const char pk_http_request[] = "GET / HTTP/1.0\r\nHost: bench\r\n\r\n";
static const char pk_http_head[] = "HTTP/1.0 200 OK\r\nContent-Length: 1024\r\n\r\n";

pid_t pk_http_fork(const struct pk_netns *ns, int cpu)
{
    pid_t parent = getpid(), pid = fork();
    cpu_set_t one;

    if (pid)
        return pid < 0 ? -errno : pid;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    signal(SIGINT, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_IGN);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent ||
        sched_setaffinity(0, sizeof(one), &one) < 0 || setns(ns->fd, CLONE_NEWNET) < 0)
        _exit(1);
    return 0;
}

/* Whether the client has hung up: no work is done for those of an earlier measurement. */
static bool pk_http_gone(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* Makes a page of its work and sends it. */
static void pk_http_answer(int fd, const char *work, uint64_t seed)
{
    char page[sizeof(pk_http_head) - 1 + PK_HTTP_PAGE], request[1024];
    uint64_t hash = seed;
    size_t i;

    if (read(fd, request, sizeof(request)) <= 0 || pk_http_gone(fd))
        return;
    for (i = 0; i < PK_HTTP_TIMES; i++)
        hash = pk_hash64(work, PK_HTTP_WORK, hash);
    memcpy(page, pk_http_head, sizeof(pk_http_head) - 1);
    for (i = 0; i < PK_HTTP_PAGE; i++)
        page[sizeof(pk_http_head) - 1 + i] = (char)('a' + ((hash >> i % 56) & 15));
    if (send(fd, page, sizeof(page), MSG_NOSIGNAL) < 0)
        return; /* the client is gone; the next one is not */
}

static void pk_http_server(int listener)
{
    _pk_free_ char *work = calloc(1, PK_HTTP_WORK);
    uint64_t n;

    for (n = 0; work; n++) {
        _pk_close_ int fd = accept(listener, NULL, NULL);

        if (fd >= 0)
            pk_http_answer(fd, work, n);
    }
}

static int pk_http_listen(const struct pk_netns *ns, uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    int back, fd, on = 1, r = pk_netns_enter(ns, &back);

    if (r)
        return r;
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    r = fd < 0 ? -errno : 0;
    if (!r && (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
               bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 1024) < 0))
        r = -errno;
    if (pk_netns_leave(&back) < 0 && !r)
        r = -EIO;
    if (r && fd >= 0)
        close(fd);
    return r ? r : fd;
}

pid_t pk_http_start(const struct pk_netns *ns, int cpu, uint16_t port, void (*server)(int listener))
{
    _pk_close_ int listener = pk_http_listen(ns, port);
    pid_t pid;

    if (listener < 0)
        return listener;
    pid = pk_http_fork(ns, cpu);
    if (pid)
        return pid;
    server(listener);
    _exit(1);
}

pid_t pk_http_serve(const struct pk_netns *ns, int cpu)
{
    return pk_http_start(ns, cpu, PK_HTTP_PORT, pk_http_server);
}

/* Begins a connection and has it watched. False: it could not, and is tried again later. */
static bool pk_http_begin(int epoll, const struct sockaddr_in *server)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct epoll_event e = {.events = EPOLLOUT | EPOLLRDHUP, .data.fd = fd};

    if (fd < 0)
        return false;
    if ((connect(fd, (const struct sockaddr *)server, sizeof(*server)) < 0 &&
         errno != EINPROGRESS) ||
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) < 0) {
        close(fd);
        return false;
    }
    return true;
}

/* Connected: ask. */
static void pk_http_send(int epoll, int fd)
{
    struct epoll_event e = {.events = EPOLLIN | EPOLLRDHUP, .data.fd = fd};

    if (send(fd, pk_http_request, sizeof(pk_http_request) - 1, MSG_NOSIGNAL) > 0)
        epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &e);
}

/* One event of one connection. True: it has ended. */
static bool pk_http_event(int epoll, const struct epoll_event *e, volatile uint64_t *done)
{
    char page[4096];
    ssize_t n;

    if (e->events & EPOLLOUT && !(e->events & (EPOLLERR | EPOLLHUP))) {
        pk_http_send(epoll, e->data.fd);
        return false;
    }
    n = read(e->data.fd, page, sizeof(page));
    if (n < 0 && errno == EAGAIN)
        return false;
    *done += n > (ssize_t)PK_HTTP_PAGE; /* head and page come in one segment */
    close(e->data.fd);
    return true;
}

static void pk_http_client(const char *server, volatile uint64_t *done)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PK_HTTP_PORT)};
    struct epoll_event events[PK_HTTP_CLIENTS];
    int epoll = epoll_create1(EPOLL_CLOEXEC), i, n, open = 0;

    if (epoll < 0 || inet_pton(AF_INET, server, &to.sin_addr) != 1)
        return;
    for (;;) {
        while (open < PK_HTTP_CLIENTS && pk_http_begin(epoll, &to))
            open++;
        n = epoll_wait(epoll, events, PK_HTTP_CLIENTS, 1000);
        for (i = 0; i < n; i++)
            open -= pk_http_event(epoll, &events[i], done);
    }
}

pid_t pk_http_ask(const struct pk_netns *ns, const char *server, int cpu, volatile uint64_t *done)
{
    pid_t pid = pk_http_fork(ns, cpu);

    if (pid)
        return pid;
    pk_http_client(server, done);
    _exit(1);
}

void pk_http_end(pid_t *pid)
{
    if (*pid <= 0)
        return;
    kill(*pid, SIGKILL);
    while (waitpid(*pid, NULL, 0) < 0 && errno == EINTR)
        ;
    *pid = 0;
}
