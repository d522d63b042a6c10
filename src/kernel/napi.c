// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/napi.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/macro.h"

#define PK_STAT_START 22 /* the field of /proc/PID/stat with the time at which it started */

/* A sysfs of the current network namespace, mounted nowhere. Its descriptor or -errno. */
static int pk_sysfs_open(void)
{
    _pk_close_ int fs = (int)syscall(SYS_fsopen, "sysfs", FSOPEN_CLOEXEC);
    int fd;

    if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
        return -errno;
    fd = (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
    return fd < 0 ? -errno : fd;
}

static int pk_napi_set_threaded(const char *name)
{
    _pk_close_ int sys = pk_sysfs_open();
    _pk_close_ int fd = -1;
    char path[64];

    if (sys < 0)
        return sys;
    snprintf(path, sizeof(path), "class/net/%s/threaded", name);
    fd = openat(sys, path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    return write(fd, "1", 1) < 0 ? -errno : 0;
}

/* When a task started, if it is called "napi/NAME-…"; else 0. */
static unsigned long long pk_napi_started(const char *pid, const char *name)
{
    _pk_buf_ struct pk_buf text = {.data = NULL};
    char path[280], comm[32];
    unsigned field;
    char *s;

    snprintf(path, sizeof(path), "/proc/%s/stat", pid);
    snprintf(comm, sizeof(comm), "(napi/%s-", name);
    if (pk_file_read(path, 4096, &text) || !strstr(text.data, comm))
        return 0;
    s = strrchr(text.data, ')');
    for (field = 2; s && field < PK_STAT_START; field++)
        s = strchr(s + 1, ' ');
    return s ? strtoull(s, NULL, 10) : 0;
}

/* The youngest thread of a link of this name: the one just made. Its id or -ESRCH. */
static pid_t pk_napi_find(const char *name)
{
    unsigned long long start, latest = 0;
    struct dirent *e;
    pid_t found = -ESRCH;
    DIR *d = opendir("/proc");

    if (!d)
        return -errno;
    while ((e = readdir(d))) {
        start = isdigit((unsigned char)*e->d_name) ? pk_napi_started(e->d_name, name) : 0;
        if (start && start >= latest) {
            latest = start;
            found = (pid_t)strtol(e->d_name, NULL, 10);
        }
    }
    closedir(d);
    return found;
}

/* One CPU, before every ordinary task there, as a softirq would be. */
static int pk_napi_place(pid_t pid, int cpu)
{
    struct sched_param p = {.sched_priority = 1};
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    if (sched_setaffinity(pid, sizeof(one), &one) < 0 ||
        sched_setscheduler(pid, SCHED_FIFO, &p) < 0)
        return -errno;
    return 0;
}

int pk_napi_thread(const struct pk_netns *ns, const char *name, int cpu)
{
    pid_t pid;
    int back, r;

    r = pk_netns_enter(ns, &back);
    if (r)
        return r;
    r = pk_napi_set_threaded(name);
    if (pk_netns_leave(&back) < 0 && !r)
        r = -EIO;
    pid = r ? r : pk_napi_find(name);
    return pid < 0 ? pid : pk_napi_place(pid, cpu);
}
