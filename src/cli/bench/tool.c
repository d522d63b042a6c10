// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/bench/tool.h"

#include <errno.h>
#include <glob.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/macro.h"
#include "cli/bench/bench.h"

#define PK_TOOL_TICK_MS 2

/* DIR/TOOL into `path`, if it can be executed. */
static bool pk_tool_try(const char *dir, size_t len, const char *tool, char path[static 512])
{
    return snprintf(path, 512, "%.*s/%s", (int)len, dir, tool) < 512 && !access(path, X_OK);
}

bool pk_tool_find(const char *tool, char path[static 512])
{
    static const char *const under[] = {"bin", "usr/sbin", "sbin", "usr/bin", "."};
    const char *peers = getenv("PICKET_PEERS"), *p = getenv("PATH");
    char dir[400];
    size_t i;

    for (i = 0; peers && i < PK_ARRAY_SIZE(under); i++) {
        if (snprintf(dir, sizeof(dir), "%s/%s", peers, under[i]) < (int)sizeof(dir) &&
            pk_tool_try(dir, strlen(dir), tool, path))
            return true;
    }
    for (; p && *p; p += strcspn(p, ":"), p += *p == ':') {
        if (pk_tool_try(p, strcspn(p, ":"), tool, path))
            return true;
    }
    return false;
}

/* Unpacked packages bring their libraries along. */
static void pk_tool_set_library(const char *variable, const char *pattern)
{
    const char *peers = getenv("PICKET_PEERS");
    char path[512];
    glob_t g;

    if (!peers || snprintf(path, sizeof(path), "%s/%s", peers, pattern) >= (int)sizeof(path))
        return;
    if (!glob(path, GLOB_ONLYDIR, NULL, &g) && g.gl_pathc)
        setenv(variable, g.gl_pathv[0], 1);
    globfree(&g);
}

static int pk_tool_private_run(void)
{
    if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", "/run", "tmpfs", 0, NULL) < 0)
        return -errno;
    pk_tool_set_library("XTABLES_LIBDIR", "usr/lib/*/xtables");
    pk_tool_set_library("LD_LIBRARY_PATH", "usr/lib/*-linux-gnu*");
    return 0;
}

static double pk_tool_clock(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* In the child. `started` is shared with the parent. */
static void pk_tool_exec(const struct pk_netns *ns, char *const argv[], const int fd[3],
                         volatile double *started)
{
    if (setns(ns->fd, CLONE_NEWNET) < 0 || (strcmp(argv[0], PK_TOOL_SELF) && pk_tool_private_run()))
        _exit(126);
    if (dup2(fd[0], 0) < 0 || dup2(fd[1], 1) < 0 || dup2(fd[2], 2) < 0)
        _exit(126);
    *started = pk_tool_clock();
    execv(argv[0], argv);
    _exit(127);
}

/* Waits until a child ends: 0, or -ETIMEDOUT after PK_TOOL_TIMEOUT_MS, or -errno (a signal). */
static int pk_tool_await(int fd, const struct pk_tool_run *run)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    double end = pk_tool_clock() + PK_TOOL_TIMEOUT_MS / 1e3;
    int r;

    do {
        r = poll(&p, 1, run->tick ? PK_TOOL_TICK_MS : PK_TOOL_TIMEOUT_MS);
        if (r < 0 && (errno != EINTR || pk_bench_stopping()))
            return -errno;
        if (r == 0 && run->tick)
            run->tick(run->arg);
    } while (r <= 0 && pk_tool_clock() < end);
    return r > 0 ? 0 : -ETIMEDOUT;
}

/* The exit status of a child, or -errno, when it was killed. Fills the costs of `run`. */
static int pk_tool_wait(pid_t pid, struct pk_tool_run *run)
{
    _pk_close_ int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct rusage u = {0};
    int status, r = fd < 0 ? -errno : pk_tool_await(fd, run);

    run->wall = pk_tool_clock();
    if (r)
        kill(pid, SIGKILL);
    while (wait4(pid, &status, 0, &u) < 0) {
        if (errno != EINTR)
            return -errno;
    }
    run->cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
               (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
    if (r)
        return r;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

static int pk_tool_slurp(int fd, struct pk_buf *out)
{
    char block[65536];
    ssize_t n;

    if (lseek(fd, 0, SEEK_SET) < 0)
        return -errno;
    while ((n = read(fd, block, sizeof(block))) > 0)
        pk_buf_add(out, block, (size_t)n);
    return n < 0 ? -errno : out->failed;
}

static int pk_tool_memfd(const struct pk_buf *content)
{
    _pk_close_ int fd = memfd_create("picket-bench", MFD_CLOEXEC);
    size_t at = 0;

    if (fd < 0)
        return -errno;
    while (content && at < content->len) {
        ssize_t n = write(fd, content->data + at, content->len - at);

        if (n < 0)
            return -errno;
        at += (size_t)n;
    }
    if (lseek(fd, 0, SEEK_SET) < 0)
        return -errno;
    return PK_TAKE_FD(fd);
}

/* Runs the child with its three files; its exit status or -errno. */
static int pk_tool_child(const struct pk_netns *ns, struct pk_tool_run *run, const int fd[3],
                         volatile double *started)
{
    pid_t pid = fork();
    int status;

    if (pid < 0)
        return -errno;
    if (pid == 0)
        pk_tool_exec(ns, run->argv, fd, started);
    status = pk_tool_wait(pid, run);
    run->wall -= *started;
    return status;
}

int pk_tool_run(const struct pk_netns *ns, struct pk_tool_run *run)
{
    _pk_close_ int in_fd = pk_tool_memfd(run->in);
    _pk_close_ int out_fd = pk_tool_memfd(NULL);
    _pk_close_ int err_fd = pk_tool_memfd(NULL);
    const int fd[3] = {in_fd, out_fd, err_fd};
    int r = 0, status;
    double *started;

    if (in_fd < 0 || out_fd < 0 || err_fd < 0)
        return -EMFILE;
    started =
        mmap(NULL, sizeof(*started), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (started == MAP_FAILED)
        return -ENOMEM;
    *started = pk_tool_clock();
    status = pk_tool_child(ns, run, fd, started);
    munmap(started, sizeof(*started));
    if (run->out)
        r = pk_tool_slurp(out_fd, run->out);
    if (run->err)
        pk_tool_slurp(err_fd, run->err); /* as much as fits */
    return r ? r : status;
}

const char *pk_tool_line(struct pk_buf *err)
{
    if (!err->data || !err->len)
        return "it said nothing";
    err->data[strcspn(err->data, "\n")] = 0;
    return err->data;
}
