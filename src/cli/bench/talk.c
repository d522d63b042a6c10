// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/bench/talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/macro.h"
#include "cli/bench/http.h"

#define PK_TALK_EVENTS 64
#define PK_TALK_AT_ONCE 64u                        /* connections that wait for an answer */
#define PK_TALK_FILES (PK_TALK_CONNECTIONS + 4096) /* and what the bench has open */

static bool pk_talk_files(void)
{
    const struct rlimit l = {PK_TALK_FILES, PK_TALK_FILES};

    return setrlimit(RLIMIT_NOFILE, &l) == 0;
}

static bool pk_talk_watch(int epoll, int fd, uint32_t number)
{
    struct epoll_event e = {.events = EPOLLIN, .data.u32 = number};

    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

/* A connection is known by its descriptor, and the listener by its own. */
static void pk_talk_answer(int fd)
{
    static const char page[PK_TALK_PAGE];
    char asked[16];
    ssize_t n = read(fd, asked, sizeof(asked));

    if (n == 0 || (n < 0 && errno != EAGAIN) ||
        (n > 0 && send(fd, page, sizeof(page), MSG_NOSIGNAL) < 0))
        close(fd);
}

static void pk_talk_server(int listener)
{
    struct epoll_event events[PK_TALK_EVENTS];
    int epoll = epoll_create1(EPOLL_CLOEXEC), fd;

    if (!pk_talk_files() || epoll < 0 || !pk_talk_watch(epoll, listener, (uint32_t)listener))
        return;
    for (;;) {
        int n = epoll_wait(epoll, events, PK_TALK_EVENTS, -1);

        for (int i = 0; i < n; i++) {
            if (events[i].data.u32 != (uint32_t)listener) {
                pk_talk_answer((int)events[i].data.u32);
                continue;
            }
            fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd >= 0 && !pk_talk_watch(epoll, fd, (uint32_t)fd))
                close(fd);
        }
    }
}

pid_t pk_talk_serve(const struct pk_netns *ns, int cpu)
{
    return pk_http_start(ns, cpu, PK_TALK_PORT, pk_talk_server);
}

static int pk_talk_connect(const struct sockaddr_in *to)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Asks on the next connection that has not ended. */
static void pk_talk_next(const int *fds, uint32_t *next)
{
    for (unsigned i = 0; i < PK_TALK_CONNECTIONS; i++) {
        int fd = fds[*next];

        *next = (*next + 1) % PK_TALK_CONNECTIONS;
        if (fd >= 0 && send(fd, "?", 1, MSG_NOSIGNAL) == 1)
            return;
    }
}

/* Each answer lets the next connection ask: one that is cut off is missed among `each`. */
static void pk_talk_round(int epoll, int *fds, struct pk_talk_shared *s)
{
    struct epoll_event events[PK_TALK_EVENTS];
    size_t got[PK_TALK_CONNECTIONS] = {0};
    char page[PK_TALK_PAGE];
    uint32_t next = 0;

    for (unsigned i = 0; i < PK_TALK_AT_ONCE; i++)
        pk_talk_next(fds, &next);
    for (;;) {
        int n = epoll_wait(epoll, events, PK_TALK_EVENTS, -1);

        for (int i = 0; i < n; i++) {
            uint32_t k = events[i].data.u32;
            ssize_t bytes = recv(fds[k], page, sizeof(page), MSG_DONTWAIT);

            if (bytes <= 0) {
                close(fds[k]);
                fds[k] = -1;
            } else if ((got[k] += (size_t)bytes) < PK_TALK_PAGE) {
                continue;
            } else {
                got[k] = 0;
                s->each[k]++;
                s->answers++;
            }
            pk_talk_next(fds, &next);
        }
    }
}

static void pk_talk_client(const char *server, struct pk_talk_shared *s)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PK_TALK_PORT)};
    static int fds[PK_TALK_CONNECTIONS];
    int epoll = epoll_create1(EPOLL_CLOEXEC);

    if (epoll < 0 || inet_pton(AF_INET, server, &to.sin_addr) != 1)
        return;
    for (uint32_t i = 0; i < PK_TALK_CONNECTIONS; i++) {
        fds[i] = pk_talk_connect(&to);
        if (fds[i] < 0 || !pk_talk_watch(epoll, fds[i], i))
            return;
        s->connected++;
    }
    pk_talk_round(epoll, fds, s);
}

pid_t pk_talk_ask(const struct pk_netns *ns, const char *server, int cpu,
                  struct pk_talk_shared *shared)
{
    pid_t pid = pk_http_fork(ns, cpu);

    if (pid)
        return pid;
    if (pk_talk_files())
        pk_talk_client(server, shared);
    _exit(1);
}
