// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/mount.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macro.h"
#include "kernel/sys.h"

/* Where one may stand; the second is for systems whose /sys has no room for a mount. */
static const char *const pk_bpffs_places[] = {"/sys/fs/bpf", "/run/picket-bpf"};

/* The unique id of the first mount a process sees: equal ids, equal mount namespace (and root). */
static int pk_mount_id(const char *pid, unsigned long *ret)
{
    char path[64];
    FILE *f;
    int n;

    snprintf(path, sizeof(path), "/proc/%.20s/mountinfo", pid);
    f = fopen(path, "re");
    if (!f)
        return -errno;
    n = fscanf(f, "%lu ", ret);
    fclose(f);
    return n == 1 ? 0 : -ENODATA;
}

static int pk_mount_ns_of(const char *pid, int *ret)
{
    char path[64];
    int fd;

    snprintf(path, sizeof(path), "/proc/%.20s/ns/mnt", pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    *ret = fd;
    return 0;
}

/* Another process that lives where PID 1 lives, and into which we may look. */
static int pk_mount_ns_neighbour(unsigned long id, int *ret)
{
    DIR *proc = opendir("/proc");
    struct dirent *e;
    unsigned long other = 0;
    int r = -EACCES;

    if (!proc)
        return -errno;
    while (r && (e = readdir(proc))) {
        if (e->d_name[0] < '0' || e->d_name[0] > '9')
            continue;
        if (!pk_mount_id(e->d_name, &other) && other == id && !pk_mount_ns_of(e->d_name, ret))
            r = 0;
    }
    closedir(proc);
    return r;
}

/*
 * Opening /proc/1/ns/mnt is refused when PID 1 has capabilities that we lack (ptrace_may_access in
 * kernel/ptrace.c), even to root; its mount ids can be read all the same.
 */
static int pk_mount_ns_open(int *ret)
{
    unsigned long id = 0;
    int r = pk_mount_ns_of("1", ret);

    if (r != -EACCES && r != -EPERM)
        return r;
    return pk_mount_id("1", &id) ? r : pk_mount_ns_neighbour(id, ret);
}

static bool pk_mount_ns_same(void)
{
    unsigned long mine = 0, first = 0;

    return !pk_mount_id("self", &mine) && !pk_mount_id("1", &first) && mine == first;
}

static int pk_bpffs_at(const char *path, int *ret)
{
    struct statfs fs;
    int fd;

    if (statfs(path, &fs) || (unsigned long)fs.f_type != BPF_FS_MAGIC)
        return -ENOENT;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    *ret = fd;
    return 0;
}

/* Under a lock on the empty place: of two at once, the second would hide what the first pins. */
static int pk_bpffs_mount(const char *path, int *ret)
{
    _pk_close_ int place = -1;
    int r;

    if (mkdir(path, 0700) && errno != EEXIST)
        return -errno;
    place = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (place < 0 || flock(place, LOCK_EX))
        return -errno;
    r = pk_bpffs_at(path, ret);
    if (r != -ENOENT)
        return r;
    if (mount("bpf", path, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700"))
        return -errno;
    return pk_bpffs_at(path, ret);
}

/* In the child, in PID 1's mount namespace. Returns the place's number or -errno. */
static int pk_bpffs_find(bool create, int *ret)
{
    int r = -ENOENT;

    for (int i = 0; i < (int)PK_ARRAY_SIZE(pk_bpffs_places); i++) {
        r = pk_bpffs_at(pk_bpffs_places[i], ret);
        if (r != -ENOENT)
            return r ? r : i;
    }
    for (int i = 0; create && i < (int)PK_ARRAY_SIZE(pk_bpffs_places); i++) {
        r = pk_bpffs_mount(pk_bpffs_places[i], ret);
        if (!r)
            return i;
    }
    return r;
}

/* What the child says: a place and, beside it, its descriptor; or which step failed, and how. */
enum pk_mount_step { PK_MOUNT_ENTER, PK_MOUNT_FIND };

struct pk_mount_answer {
    int step, result;
};

struct pk_mount_message {
    struct pk_mount_answer answer;
    struct iovec iov;
    struct msghdr msg;
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
};

static void pk_mount_message_init(struct pk_mount_message *m)
{
    memset(m, 0, sizeof(*m));
    m->iov = (struct iovec){&m->answer, sizeof(m->answer)};
    m->msg.msg_iov = &m->iov;
    m->msg.msg_iovlen = 1;
    m->msg.msg_control = m->control.bytes;
    m->msg.msg_controllen = sizeof(m->control.bytes);
}

static void pk_mount_send(int sock, struct pk_mount_answer answer, int fd)
{
    struct pk_mount_message m;
    struct cmsghdr *c;

    pk_mount_message_init(&m);
    m.answer = answer;
    if (fd < 0) {
        m.msg.msg_controllen = 0;
    } else {
        c = CMSG_FIRSTHDR(&m.msg);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &fd, sizeof(int));
    }
    (void)!sendmsg(sock, &m.msg, MSG_NOSIGNAL);
}

static int pk_mount_receive(int sock, struct pk_mount_answer *ret, int *ret_fd)
{
    struct pk_mount_message m;
    struct cmsghdr *c;
    int fd = -1;

    pk_mount_message_init(&m);
    if (recvmsg(sock, &m.msg, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(m.answer))
        return -EIO;
    c = CMSG_FIRSTHDR(&m.msg);
    if (c && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(&fd, CMSG_DATA(c), sizeof(int));
    *ret = m.answer;
    *ret_fd = fd;
    return 0;
}

/* Only system calls from here on: the parent may have had threads. */
static void __attribute__((noreturn)) pk_mount_child(int sock, int ns, bool same, bool create)
{
    struct pk_mount_answer a = {.step = PK_MOUNT_ENTER};
    int fd = -1;

    if (setns(ns, CLONE_NEWNS) && !same)
        a.result = -errno;
    else
        a = (struct pk_mount_answer){PK_MOUNT_FIND, pk_bpffs_find(create, &fd)};
    pk_mount_send(sock, a, fd);
    _exit(0);
}

static int pk_mount_ask(int ns, bool create, struct pk_mount_answer *ret, int *ret_fd)
{
    bool same = pk_mount_ns_same();
    int pair[2], r;
    pid_t child;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
        return -errno;
    child = fork();
    if (child == 0)
        pk_mount_child(pair[1], ns, same, create);
    r = child < 0 ? -errno : 0;
    close(pair[1]);
    if (!r)
        r = pk_mount_receive(pair[0], ret, ret_fd);
    close(pair[0]);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    return r;
}

static int pk_mount_no_ns(struct pk_diags *d, int r)
{
    pk_error(d, PK_K_MOUNT_NS, PK_NOWHERE,
             "run it as root, with CAP_SYS_ADMIN, CAP_SYS_CHROOT and CAP_SYS_PTRACE and a mounted "
             "/proc",
             "cannot enter the mount namespace of PID 1, where the fence is pinned: %s",
             strerror(-r));
    return r == -ENOENT ? -EIO : r; /* ENOENT would say that there is no fence; nobody has looked */
}

static int pk_mount_no_fs(struct pk_diags *d, int r)
{
    if (r == -EPERM || r == -EACCES)
        return pk_sys_error(d, r, "cannot use the BPF file system, where the fence is pinned");
    pk_error(d, PK_K_NO_BPFFS, PK_NOWHERE,
             "mount one: mount -t bpf bpf /sys/fs/bpf (the kernel needs CONFIG_BPF_SYSCALL)",
             "no BPF file system is mounted, and none could be: %s", strerror(-r));
    return r;
}

int pk_bpffs_open(bool create, struct pk_bpffs *ret, struct pk_diags *d)
{
    struct pk_mount_answer a = {0};
    _pk_close_ int ns = -1;
    int fd = -1, r;

    r = pk_mount_ns_open(&ns);
    if (!r)
        r = pk_mount_ask(ns, create, &a, &fd);
    if (r)
        return pk_mount_no_ns(d, r);
    if (a.step == PK_MOUNT_ENTER)
        return pk_mount_no_ns(d, a.result);
    if (a.result == -ENOENT && !create)
        return -ENOENT;
    if (a.result < 0)
        return pk_mount_no_fs(d, a.result);
    if (fd < 0)
        return pk_mount_no_fs(d, -EMFILE);
    *ret = (struct pk_bpffs){fd, pk_bpffs_places[a.result]};
    return 0;
}
