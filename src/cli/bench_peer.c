// SPDX-License-Identifier: GPL-2.0-or-later
/* iptables, legacy and nft, as it is installed: run in the cell's namespace, never elsewhere. */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macro.h"
#include "cli/bench.h"

#define PK_PEER_TIMEOUT_MS 20000
#define PK_PEER_OUTPUT_MAX (16u << 20)

/* DIR/TOOL into `path`, if it can be executed. */
static bool pk_peer_try(const char *dir, size_t len, const char *tool, char path[static 512])
{
    return snprintf(path, 512, "%.*s/%s", (int)len, dir, tool) < 512 && !access(path, X_OK);
}

/* A tool in $PICKET_PEERS (unpacked packages, or one folder) or in the search path. */
static bool pk_peer_find(const char *tool, char path[static 512])
{
    static const char *const under[] = {"bin", "usr/sbin", "sbin", "usr/bin", "."};
    const char *peers = getenv("PICKET_PEERS"), *p = getenv("PATH");
    char dir[400];
    size_t i;

    for (i = 0; peers && i < PK_ARRAY_SIZE(under); i++) {
        if (snprintf(dir, sizeof(dir), "%s/%s", peers, under[i]) < (int)sizeof(dir) &&
            pk_peer_try(dir, strlen(dir), tool, path))
            return true;
    }
    for (; p && *p; p += strcspn(p, ":"), p += *p == ':') {
        if (pk_peer_try(p, strcspn(p, ":"), tool, path))
            return true;
    }
    return false;
}

/* Unpacked packages bring their libraries along. */
static void pk_peer_set_library(const char *variable, const char *pattern)
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

/*
 * In the child: the cell's network and a /run of its own, since /run/xtables.lock is one for the
 * whole machine.
 */
static void pk_peer_exec(const struct pk_netns *ns, char *const argv[], int in, int out, int err)
{
    if (setns(ns->fd, CLONE_NEWNET) < 0 || unshare(CLONE_NEWNS) < 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", "/run", "tmpfs", 0, NULL) < 0)
        _exit(126);
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
        _exit(126);
    pk_peer_set_library("XTABLES_LIBDIR", "usr/lib/*/xtables");
    pk_peer_set_library("LD_LIBRARY_PATH", "usr/lib/*-linux-gnu*");
    execv(argv[0], argv);
    _exit(127);
}

/* Waits for a child, at most PK_PEER_TIMEOUT_MS; then kills it. Its exit status, or -errno. */
static int pk_peer_wait(pid_t pid)
{
    _pk_close_ int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int status, r = fd < 0 ? -errno : 0;

    if (!r) {
        do
            r = poll(&p, 1, PK_PEER_TIMEOUT_MS);
        while (r < 0 && errno == EINTR);
        r = r < 0 ? -errno : r == 0 ? -ETIMEDOUT : 0;
    }
    if (r)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return -errno;
    }
    if (r)
        return r;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

static int pk_peer_slurp(int fd, struct pk_buf *out)
{
    char block[65536];
    ssize_t n;

    if (lseek(fd, 0, SEEK_SET) < 0)
        return -errno;
    while ((n = read(fd, block, sizeof(block))) > 0)
        pk_buf_add(out, block, (size_t)n);
    return n < 0 ? -errno : out->failed;
}

static int pk_peer_memfd(const struct pk_buf *content)
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

/* Runs a tool in the cell's namespace. Its exit status, or -errno; `err` gets what it complained.
 */
static int pk_peer_run(const struct pk_bench_cell *c, char *const argv[], const struct pk_buf *in,
                       struct pk_buf *out, struct pk_buf *err)
{
    _pk_close_ int in_fd = pk_peer_memfd(in);
    _pk_close_ int out_fd = pk_peer_memfd(NULL);
    _pk_close_ int err_fd = pk_peer_memfd(NULL);
    pid_t pid;
    int r, status;

    if (in_fd < 0 || out_fd < 0 || err_fd < 0)
        return -EMFILE;
    pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0)
        pk_peer_exec(&c->ns, argv, in_fd, out_fd, err_fd);
    status = pk_peer_wait(pid);
    r = out ? pk_peer_slurp(out_fd, out) : 0;
    if (!r && err)
        r = pk_peer_slurp(err_fd, err);
    return r ? r : status;
}

static int pk_peer_start(struct pk_bench_cell *c, const char *tool)
{
    _pk_buf_ struct pk_buf rules = PK_BUF_INIT(PK_PEER_OUTPUT_MAX);
    _pk_buf_ struct pk_buf err = PK_BUF_INIT(4096);
    char path[512], *argv[] = {path, NULL};
    int r;

    if (!pk_peer_find(tool, path)) {
        c->state = PK_BENCH_MISSING;
        snprintf(c->why, sizeof(c->why), "not installed: %s", tool);
        return -ENOENT;
    }
    pk_bench_rules_text(c->n_rules, &rules);
    if (rules.failed)
        return rules.failed;
    r = pk_peer_run(c, argv, &rules, NULL, &err);
    if (!r)
        return 0;
    c->state = PK_BENCH_FAILED;
    if (r < 0)
        snprintf(c->why, sizeof(c->why), "%s: %s", tool, strerror(-r));
    else
        snprintf(c->why, sizeof(c->why), "%s: exit %d: %.*s", tool, r,
                 err.data ? (int)strcspn(err.data, "\n") : 0, err.data ? err.data : "");
    return -EIO;
}

/* "[packets:bytes]" at `s`: packets. */
static uint64_t pk_peer_packets(const char *s)
{
    return *s == '[' ? strtoull(s + 1, NULL, 10) : 0;
}

/* Adds up iptables-save -c: ":INPUT DROP [p:b]" is the policy, "[p:b] -A INPUT …" a rule. */
static int pk_peer_add_up(const char *text, uint64_t *ret_policy, uint64_t *ret_rules)
{
    static const char policy[] = ":INPUT DROP ";
    uint64_t rules = 0;
    bool found = false;
    const char *s;

    for (s = text; s && *s; s = strchr(s, '\n'), s = s ? s + 1 : NULL) {
        if (!strncmp(s, policy, sizeof(policy) - 1)) {
            *ret_policy = pk_peer_packets(s + sizeof(policy) - 1);
            found = true;
        } else {
            rules += pk_peer_packets(s);
        }
    }
    *ret_rules = rules;
    return found ? 0 : -EPROTO;
}

static int pk_peer_judged(struct pk_bench_cell *c, const char *tool, uint64_t *ret_policy,
                          uint64_t *ret_rules)
{
    _pk_buf_ struct pk_buf out = PK_BUF_INIT(PK_PEER_OUTPUT_MAX);
    char path[512], counters[] = "-c", table[] = "-t", filter[] = "filter";
    char *argv[] = {path, counters, table, filter, NULL};
    int r;

    if (!pk_peer_find(tool, path))
        return -ENOENT;
    r = pk_peer_run(c, argv, NULL, &out, NULL);
    if (r)
        return r < 0 ? r : -EIO;
    return pk_peer_add_up(out.data, ret_policy, ret_rules);
}

int pk_bench_legacy_start(struct pk_bench_cell *c, struct pk_diags *d)
{
    return pk_peer_start(c, "iptables-legacy-restore");
}

int pk_bench_legacy_judged(struct pk_bench_cell *c, uint64_t *ret_policy, uint64_t *ret_rules)
{
    return pk_peer_judged(c, "iptables-legacy-save", ret_policy, ret_rules);
}

int pk_bench_nft_start(struct pk_bench_cell *c, struct pk_diags *d)
{
    return pk_peer_start(c, "iptables-nft-restore");
}

int pk_bench_nft_judged(struct pk_bench_cell *c, uint64_t *ret_policy, uint64_t *ret_rules)
{
    return pk_peer_judged(c, "iptables-nft-save", ret_policy, ret_rules);
}
