// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/sys.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/macro.h"
#include "kernel/fault.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

#ifdef PK_FAULTS
static long pk_fault_env(const char *name)
{
    const char *s = getenv(name);

    return s ? strtol(s, NULL, 10) : 0;
}

int pk_fault(void)
{
    static long n;

    n++;
    if (n == pk_fault_env("PK_KILL_AT"))
        kill(getpid(), SIGKILL);
    return n == pk_fault_env("PK_FAIL_AT") ? -ENOMEM : 0;
}
#endif

/* libbpf 1.x returns -errno from its calls; a raw syscall(2) returns -1. */
static int pk_sys_result(int r, int *ret_fd)
{
    if (r < 0)
        return r;
    *ret_fd = r;
    return 0;
}

int pk_sys_map_create(const struct pk_map_spec *spec, int inner, int *ret)
{
    LIBBPF_OPTS(bpf_map_create_opts, o, .map_flags = spec->flags);
    int r = pk_fault();

    if (r)
        return r;
    if (inner >= 0)
        o.inner_map_fd = (uint32_t)inner;
    return pk_sys_result(bpf_map_create(spec->type, spec->name, spec->key_size, spec->value_size,
                                        spec->max_entries, &o),
                         ret);
}

/*
 * The kernel finds a lock in a map's value by its type: as much of it as is needed. *ret_key and
 * *ret_value: the types' numbers.
 */
static int pk_btf_locked(struct btf *b, uint32_t size, int *ret_key, int *ret_value)
{
    int lock, r = 0;

    *ret_key = btf__add_int(b, "unsigned int", 4, 0);
    lock = btf__add_struct(b, "bpf_spin_lock", 4);
    if (*ret_key < 0 || lock < 0)
        return -ENOMEM;
    r = btf__add_field(b, "val", *ret_key, 0, 0);
    *ret_value = r ? r : btf__add_struct(b, "locked", size);
    if (*ret_value < 0)
        return *ret_value;
    r = btf__add_field(b, "lock", lock, 0, 0);
    return r ? r : btf__load_into_kernel(b);
}

static void pk_btf_p(struct btf **b)
{
    btf__free(*b);
}

int pk_sys_map_create_locked(const struct pk_map_spec *spec, int *ret)
{
    LIBBPF_OPTS(bpf_map_create_opts, o, .map_flags = spec->flags);
    __attribute__((cleanup(pk_btf_p))) struct btf *b = NULL;
    int key, value, r = pk_fault();

    if (r)
        return r;
    b = btf__new_empty();
    if (!b)
        return -errno;
    r = pk_btf_locked(b, spec->value_size, &key, &value);
    if (r)
        return r;
    o.btf_fd = (uint32_t)btf__fd(b);
    o.btf_key_type_id = (uint32_t)key;
    o.btf_value_type_id = (uint32_t)value;
    return pk_sys_result(bpf_map_create(spec->type, spec->name, spec->key_size, spec->value_size,
                                        spec->max_entries, &o),
                         ret);
}

int pk_sys_map_update(int map, const void *key, const void *value)
{
    int r = pk_fault();

    return r ? r : bpf_map_update_elem(map, key, value, BPF_ANY);
}

int pk_sys_map_delete(int map, const void *key)
{
    int r = pk_fault();

    return r ? r : bpf_map_delete_elem(map, key);
}

int pk_sys_map_update_batch(int map, const void *keys, const void *values, uint32_t n)
{
    int r = pk_fault();

    return r ? r : bpf_map_update_batch(map, keys, values, &n, NULL);
}

int pk_sys_map_mmap_at(int map, size_t at, size_t len, bool write, void **ret)
{
    int prot = write ? PROT_READ | PROT_WRITE : PROT_READ;
    void *p = mmap(NULL, len, prot, MAP_SHARED, map, (off_t)at);

    if (p == MAP_FAILED)
        return -errno;
    *ret = p;
    return 0;
}

int pk_sys_map_mmap(int map, size_t len, bool write, void **ret)
{
    return pk_sys_map_mmap_at(map, 0, len, write, ret);
}

/* bpf(2) takes a path only (BPF_F_PATH_FD came with 6.5), so the directory is named through /proc.
 */
static int pk_sys_path(int dir, const char *name, char ret[static 64])
{
    int n = snprintf(ret, 64, "/proc/self/fd/%d/%s", dir, name);

    return n < 0 || n >= 64 ? -ENAMETOOLONG : 0;
}

int pk_sys_pin(int dir, const char *name, int fd)
{
    char path[64];
    int r = pk_sys_path(dir, name, path);

    if (!r)
        r = pk_fault();
    return r ? r : bpf_obj_pin(fd, path);
}

int pk_sys_unpin(int dir, const char *name)
{
    int r = pk_fault();

    if (r)
        return r;
    return unlinkat(dir, name, 0) && errno != ENOENT ? -errno : 0;
}

int pk_sys_pinned(int dir, const char *name, int *ret)
{
    char path[64];
    int r = pk_sys_path(dir, name, path);

    return r ? r : pk_sys_result(bpf_obj_get(path), ret);
}

/*
 * BPF_LINK_CREATE as the kernel lays it out (include/uapi/linux/bpf.h, 6.6): the union at offset 16
 * differs by attach type and is longer than the one of the headers this is built with.
 */
struct pk_link_attr {
    uint32_t prog_fd, target, attach_type, flags;
    union {
        struct {
            uint32_t pf, hook;
            int32_t priority;
            uint32_t flags;
        } netfilter;
        struct {
            uint32_t relative, pad;
            uint64_t expected_revision;
        } tcx;
        uint64_t rest[4];
    };
};

static int pk_sys_link(const struct pk_link_attr *attr, int *ret)
{
    int fd, r = pk_fault();

    if (r)
        return r;
    fd = (int)syscall(SYS_bpf, BPF_LINK_CREATE, attr, sizeof(*attr));
    return pk_sys_result(fd < 0 ? -errno : fd, ret);
}

int pk_sys_link_netfilter(int prog, uint32_t pf, uint32_t hook, int32_t priority, int *ret)
{
    struct pk_link_attr a = {.prog_fd = (uint32_t)prog, .attach_type = PK_BPF_NETFILTER};

    a.netfilter.pf = pf;
    a.netfilter.hook = hook;
    a.netfilter.priority = priority;
    return pk_sys_link(&a, ret);
}

/*
 * First in the line (BPF_F_BEFORE with no relative): a program that answers anything but TCX_NEXT
 * ends the run, so that one before ours could let a packet pass around the fence.
 */
int pk_sys_link_tcx(int prog, uint32_t ifindex, bool ingress, int *ret)
{
    struct pk_link_attr a = {
        .prog_fd = (uint32_t)prog,
        .target = ifindex,
        .attach_type = ingress ? PK_BPF_TCX_INGRESS : PK_BPF_TCX_EGRESS,
        .flags = 1u << 3, /* BPF_F_BEFORE */
    };

    return pk_sys_link(&a, ret);
}

int pk_sys_link_xdp(int prog, uint32_t ifindex, uint32_t flags, int *ret)
{
    struct pk_link_attr a = {
        .prog_fd = (uint32_t)prog, .target = ifindex, .attach_type = BPF_XDP, .flags = flags};

    return pk_sys_link(&a, ret);
}

int pk_sys_link_state(int link, struct pk_link_state *ret)
{
    struct bpf_link_info info = {0};
    uint32_t len = sizeof(info);
    int r = bpf_obj_get_info_by_fd(link, &info, &len);

    if (r)
        return r;
    /* tcx.ifindex stands at the same place as xdp.ifindex */
    *ret = (struct pk_link_state){info.id, info.prog_id, info.xdp.ifindex};
    return 0;
}

int pk_sys_prog_id(int prog, uint32_t *ret)
{
    struct bpf_prog_info info = {0};
    uint32_t len = sizeof(info);
    int r = bpf_obj_get_info_by_fd(prog, &info, &len);

    if (r)
        return r;
    *ret = info.id;
    return 0;
}

int pk_sys_prog_of(int array, uint32_t key, int *ret)
{
    uint32_t id;
    int fd;

    if (bpf_map_lookup_elem(array, &key, &id))
        return -errno;
    fd = bpf_prog_get_fd_by_id(id);
    if (fd < 0)
        return fd;
    *ret = fd;
    return 0;
}

void pk_sys_prog_name(uint32_t id, char ret[static 16])
{
    _pk_close_ int fd = bpf_prog_get_fd_by_id(id);
    struct bpf_prog_info info = {0};
    uint32_t len = sizeof(info);

    if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len) || !info.name[0])
        memcpy(ret, "?", 2);
    else
        memcpy(ret, info.name, 16);
}

int pk_sys_cpu_ids(size_t *ret)
{
    _pk_buf_ struct pk_buf text = {.data = NULL};
    const char *last;
    int r = pk_file_read("/sys/devices/system/cpu/possible", 4096, &text); /* as 0-3,8-11 */

    if (r)
        return r;
    last = text.data + strcspn(text.data, "\n");
    while (last > text.data && last[-1] >= '0' && last[-1] <= '9')
        last--;
    *ret = strtoul(last, NULL, 10) + 1;
    return 0;
}

int pk_sys_cpus(size_t *ret)
{
    int n;

    pk_sys_quiet();
    n = libbpf_num_possible_cpus();
    if (n < 0)
        return n;
    *ret = (size_t)n;
    return 0;
}

int pk_sys_ns_ino(const char *path, uint64_t *ret)
{
    struct stat st;

    if (stat(path, &st))
        return -errno;
    *ret = st.st_ino;
    return 0;
}

int pk_sys_netns_cookie(uint64_t *ret)
{
    _pk_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    uint64_t cookie;
    socklen_t len = sizeof(cookie);

    if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len))
        return -errno;
    *ret = cookie;
    return 0;
}

struct pk_u128 pk_sys_name_pack(const char *name)
{
    uint8_t b[16] = {0};
    struct pk_u128 v = {0, 0};

    memcpy(b, name, strnlen(name, 15));
    for (int i = 0; i < 8; i++) {
        v.hi = v.hi << 8 | b[i];
        v.lo = v.lo << 8 | b[8 + i];
    }
    return v;
}

void pk_sys_name_unpack(struct pk_u128 v, char ret[static 17])
{
    for (int i = 0; i < 8; i++) {
        ret[i] = (char)(v.hi >> (56 - 8 * i));
        ret[8 + i] = (char)(v.lo >> (56 - 8 * i));
    }
    ret[16] = 0;
}

void pk_sys_quiet(void)
{
    libbpf_set_print(NULL);
}

static const char *pk_sys_mend(int err)
{
    switch (-err) {
    case EPERM:
    case EACCES:
        return "run it as root, with CAP_BPF, CAP_NET_ADMIN and CAP_SYS_ADMIN";
    case ENOMEM:
        return "free memory, raise the memory limit of this control group, or use fewer rules";
    case E2BIG:
    case ENOSPC:
        return "a map is full: use fewer rules or interfaces";
    case EMFILE:
    case ENFILE:
        return "raise the limit of open files (ulimit -n)";
    case ENODEV:
        return "the interface has just gone: look at `ip link` and apply again";
    case EINVAL:
    case EOPNOTSUPP:
    case ENOSYS:
        return "this kernel seems to be older than Linux 6.1 or built without this part of BPF";
    default:
        return NULL;
    }
}

int pk_sys_error(struct pk_diags *d, int err, const char *fmt, ...)
{
    char what[256];
    unsigned code = err == -EPERM || err == -EACCES ? PK_K_PRIVILEGE : PK_K_SYSTEM;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    pk_error(d, err == -ENOMEM ? PK_K_MEMORY : code, PK_NOWHERE, pk_sys_mend(err), "%s: %s", what,
             strerror(-err));
    return err;
}

uint32_t pk_sys_hz(void)
{
    struct timespec tick;

    if (clock_getres(CLOCK_MONOTONIC_COARSE, &tick) || tick.tv_sec || tick.tv_nsec <= 0)
        return 100;
    return (uint32_t)((1000000000 + tick.tv_nsec / 2) / tick.tv_nsec);
}
