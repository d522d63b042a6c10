// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Orphans: a pinned netfilter link keeps its network namespace alive for ever, with everything in
 * it. A namespace is taken for dead when nobody can reach it any more: no thread is in it, no mount
 * and no open descriptor of a process refers to it. A socket alone does not count.
 *
 * A process may be closed to us even as root, if it has capabilities that we lack
 * (ptrace_may_access in kernel/ptrace.c). Then the inode of its /proc/PID/net/dev, which is one per
 * network namespace, is compared with those of processes that are open to us; if none has it,
 * nothing is removed. The descriptors of such a process stay unknown.
 *
 * From the first PID namespace every process can be seen; from another one only fences that were
 * made there are looked at, since of others the processes may be out of sight.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/macro.h"
#include "kernel/mount.h"
#include "kernel/standing.h"
#include "kernel/sys.h"

#define PK_SUSPECTS_MAX 1024
#define PK_CLOSED_MAX 256
#define PK_FIRST_PIDNS 0xeffffffcu /* PROC_PID_INIT_INO, include/linux/proc_ns.h */

/* A fence of another namespace. */
struct pk_suspect {
    char name[24];
    uint64_t netns_ino;
    bool alive;
};

/* A process that is closed to us, by the namespace-wide inode of its net/dev. */
struct pk_closed {
    uint64_t dev_ino;
    bool known; /* an open process is in the same namespace */
};

struct pk_sweep {
    int root;
    uint64_t pidns_ino;
    struct pk_suspect *suspect;
    size_t n;
    struct pk_closed closed[PK_CLOSED_MAX];
    size_t n_closed;
    bool blind; /* some process may be anywhere */
};

/* Of any picket: netns_ino and pidns_ino keep their places. */
static int pk_suspect_ctl(int root, const char *name, struct pk_ctl *ret)
{
    _pk_close_ int dir = openat(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

    return dir < 0 ? -errno : pk_standing_ctl(dir, ret);
}

/* A directory's stream from a descriptor that stays the caller's. */
static DIR *pk_list(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);

    if (!list)
        pk_close_p(&fd);
    return list;
}

static bool pk_sweep_sees(const struct pk_sweep *s, const struct pk_ctl *ctl)
{
    return s->pidns_ino == PK_FIRST_PIDNS || s->pidns_ino == ctl->pidns_ino;
}

static void pk_sweep_suspects(struct pk_sweep *s, const char *own)
{
    DIR *list = pk_list(s->root, ".");
    struct dirent *e;
    struct pk_ctl ctl = {0};

    while (list && s->n < PK_SUSPECTS_MAX && (e = readdir(list))) {
        struct pk_suspect *x = &s->suspect[s->n];
        size_t len = strlen(e->d_name);

        if (e->d_name[0] == '.' || !strcmp(e->d_name, own) || len >= sizeof(x->name) ||
            pk_suspect_ctl(s->root, e->d_name, &ctl) || !pk_sweep_sees(s, &ctl))
            continue;
        memcpy(x->name, e->d_name, len + 1);
        x->netns_ino = ctl.netns_ino;
        s->n++;
    }
    if (list)
        closedir(list);
}

/* An inode of another file system may look like one: that only keeps a fence longer. */
static void pk_seen_ino(struct pk_sweep *s, uint64_t ino)
{
    for (size_t i = 0; i < s->n; i++)
        s->suspect[i].alive |= s->suspect[i].netns_ino == ino;
}

/* Marks every "net:[4026531840]" in a text as alive. */
static void pk_seen_text(struct pk_sweep *s, const char *text)
{
    uint64_t ino;

    for (const char *at = text; (at = strstr(at, "net:[")); at++)
        if (sscanf(at, "net:[%" SCNu64 "]", &ino) == 1)
            pk_seen_ino(s, ino);
}

static int pk_seen_link(struct pk_sweep *s, int dir, const char *name)
{
    char text[64];
    ssize_t n = readlinkat(dir, name, text, sizeof(text) - 1);

    if (n < 0)
        return -errno;
    text[n] = 0;
    pk_seen_text(s, text);
    return 0;
}

static void pk_seen_threads(struct pk_sweep *s, int proc)
{
    DIR *list = pk_list(proc, "task");
    struct dirent *e;
    char path[64];

    while (list && (e = readdir(list))) {
        snprintf(path, sizeof(path), "%.20s/ns/net", e->d_name);
        if (e->d_name[0] != '.')
            (void)!pk_seen_link(s, dirfd(list), path);
    }
    if (list)
        closedir(list);
}

/*
 * The link of a descriptor may say where the namespace was mounted instead of which it is; its
 * fdinfo names the inode, without asking a file system that may not answer.
 */
static void pk_seen_descriptor(struct pk_sweep *s, int dir, const char *name)
{
    char text[512];
    uint64_t ino;
    _pk_close_ int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    const char *at;

    if (n < 0)
        return;
    text[n] = 0;
    at = strstr(text, "\nino:");
    if (at && sscanf(at, "\nino: %" SCNu64, &ino) == 1)
        pk_seen_ino(s, ino);
}

static void pk_seen_descriptors(struct pk_sweep *s, int proc)
{
    DIR *list = pk_list(proc, "fdinfo");
    struct dirent *e;

    while (list && (e = readdir(list)))
        if (e->d_name[0] != '.')
            pk_seen_descriptor(s, dirfd(list), e->d_name);
    if (list)
        closedir(list);
}

static void pk_seen_mounts(struct pk_sweep *s, int proc)
{
    int fd = openat(proc, "mountinfo", O_RDONLY | O_CLOEXEC);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
    _pk_free_ char *line = NULL;
    size_t cap = 0;

    if (!f) {
        pk_close_p(&fd);
        return;
    }
    while (getline(&line, &cap, f) > 0)
        pk_seen_text(s, line);
    fclose(f);
}

static void pk_closed_add(struct pk_sweep *s, int proc)
{
    struct stat st;

    if (fstatat(proc, "net/dev", &st, 0) || s->n_closed == PK_CLOSED_MAX)
        s->blind = true;
    else
        s->closed[s->n_closed++] = (struct pk_closed){.dev_ino = st.st_ino};
}

static void pk_closed_know(struct pk_sweep *s, int proc)
{
    struct stat st;

    if (s->n_closed && !fstatat(proc, "net/dev", &st, 0))
        for (size_t i = 0; i < s->n_closed; i++)
            s->closed[i].known |= s->closed[i].dev_ino == st.st_ino;
}

/* The second round only compares with the closed processes that the first one met. */
static void pk_sweep_process(struct pk_sweep *s, int proc, int round)
{
    int r = pk_seen_link(s, proc, "ns/net");

    if (round == 1) {
        if (!r)
            pk_closed_know(s, proc);
        return;
    }
    if (r == -EACCES || r == -EPERM)
        pk_closed_add(s, proc);
    pk_seen_threads(s, proc);
    pk_seen_descriptors(s, proc);
    pk_seen_mounts(s, proc);
}

static void pk_sweep_processes(struct pk_sweep *s, int round)
{
    DIR *list = pk_list(AT_FDCWD, "/proc");
    struct dirent *e;

    s->blind |= !list;
    while (list && (e = readdir(list))) {
        int proc;

        if (e->d_name[0] < '0' || e->d_name[0] > '9')
            continue;
        proc = openat(dirfd(list), e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (proc < 0)
            continue; /* it has ended */
        pk_sweep_process(s, proc, round);
        close(proc);
    }
    if (list)
        closedir(list);
}

/* If nobody is changing it now. No packet meets a fence half removed: there are none any more. */
static int pk_sweep_remove(struct pk_sweep *s, const struct pk_suspect *x)
{
    _pk_close_ int dir = openat(s->root, x->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0 || flock(dir, LOCK_EX | LOCK_NB))
        return -EBUSY;
    return pk_pins_remove(s->root, x->name);
}

static int pk_sweep_orphans(struct pk_sweep *s, struct pk_diags *d)
{
    int n = 0;

    pk_sweep_processes(s, 0);
    if (s->n_closed)
        pk_sweep_processes(s, 1);
    for (size_t i = 0; i < s->n_closed; i++)
        s->blind |= !s->closed[i].known;
    for (size_t i = 0; !s->blind && i < s->n; i++) {
        int r = s->suspect[i].alive ? -EBUSY : pk_sweep_remove(s, &s->suspect[i]);

        if (r && r != -EBUSY)
            pk_warn(d, PK_K_SYSTEM, PK_NOWHERE, NULL,
                    "the fence of a network namespace that is gone (%s) cannot be removed: %s",
                    s->suspect[i].name, strerror(-r));
        n += !r;
    }
    return n;
}

static int pk_sweep_run(struct pk_sweep *s, int base, struct pk_diags *d)
{
    char own[24];
    uint64_t cookie;
    int r = pk_sys_netns_cookie(&cookie), n;

    if (!r)
        r = pk_sys_ns_ino("/proc/self/ns/pid", &s->pidns_ino);
    if (r)
        return pk_sys_error(d, r, "cannot look for fences of namespaces that are gone");
    snprintf(own, sizeof(own), "%" PRIu64, cookie);
    pk_sweep_suspects(s, own);
    n = s->n ? pk_sweep_orphans(s, d) : 0;
    if (n)
        (void)!unlinkat(base, "picket", AT_REMOVEDIR); /* if it is empty now */
    return n;
}

int pk_fence_sweep(struct pk_diags *d)
{
    struct pk_bpffs fs;
    struct pk_sweep *s;
    int r = pk_bpffs_open(false, &fs, d);

    if (r)
        return r == -ENOENT ? 0 : r;
    s = calloc(1, sizeof(*s));
    if (s)
        s->suspect = calloc(PK_SUSPECTS_MAX, sizeof(*s->suspect));
    if (s)
        s->root = openat(fs.fd, "picket", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (!s || !s->suspect)
        r = pk_sys_error(d, -ENOMEM, "cannot look for fences of namespaces that are gone");
    else if (s->root >= 0)
        r = pk_sweep_run(s, fs.fd, d);
    if (s) {
        pk_close_p(&s->root);
        free(s->suspect);
    }
    free(s);
    close(fs.fd);
    return r;
}
