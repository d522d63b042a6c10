// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * System calls in the form this room wants them: 0 or -errno, results by pointer, every changing
 * call a point of fault injection (fault.h), pins named relative to a directory's descriptor.
 * Numbers that Debian 12's headers (6.1) lack stand here.
 */
#pragma once

#include <bpf/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/u128.h"
#include "kernel/codes.h"

#define PK_BPF_PROG_TYPE_NETFILTER 32
#define PK_BPF_NETFILTER 45
#define PK_BPF_TCX_INGRESS 46
#define PK_BPF_TCX_EGRESS 47

struct pk_map_spec {
    const char *name;
    uint32_t type, key_size, value_size, max_entries, flags;
};

/* `inner`: descriptor of the template of an array of maps, else -1. */
int pk_sys_map_create(const struct pk_map_spec *spec, int inner, int *ret);
/* An array whose values begin with a struct bpf_spin_lock. */
int pk_sys_map_create_locked(const struct pk_map_spec *spec, int *ret);
int pk_sys_map_update(int map, const void *key, const void *value);
int pk_sys_map_delete(int map, const void *key);
int pk_sys_map_update_batch(int map, const void *keys, const void *values, uint32_t n);
/* The whole single value of an mmapable array, as the kernel sees it. Unmap with munmap(*, len). */
int pk_sys_map_mmap(int map, size_t len, bool write, void **ret);
/* From a byte on that begins a page. */
int pk_sys_map_mmap_at(int map, size_t at, size_t len, bool write, void **ret);

int pk_sys_pin(int dir, const char *name, int fd);
int pk_sys_unpin(int dir, const char *name); /* 0 also if it is not there */
int pk_sys_pinned(int dir, const char *name, int *ret);

/* Links. The caller owns the descriptor; the attachment ends with the last descriptor or pin. */
int pk_sys_link_netfilter(int prog, uint32_t pf, uint32_t hook, int32_t priority, int *ret);
int pk_sys_link_tcx(int prog, uint32_t ifindex, bool ingress, int *ret);
int pk_sys_link_xdp(int prog, uint32_t ifindex, uint32_t flags, int *ret);

struct pk_link_state {
    uint32_t link_id, prog_id;
    uint32_t ifindex; /* tcx, XDP: 0 when the interface is gone */
};
int pk_sys_link_state(int link, struct pk_link_state *ret);
int pk_sys_prog_id(int prog, uint32_t *ret);
/* The program in a slot of a program array. 0, -ENOENT. */
int pk_sys_prog_of(int array, uint32_t key, int *ret);
/* Name of a loaded program, "?" if it cannot be told. */
void pk_sys_prog_name(uint32_t id, char ret[static 16]);

/* CPUs that may ever be: how many values an element of a per-CPU map has. */
/* Possible CPUs: how many values an element of a per-CPU map has; and the highest number, plus one.
 */
int pk_sys_cpus(size_t *ret);
int pk_sys_cpu_ids(size_t *ret);

/* The inode of a namespace: "/proc/self/ns/net". */
int pk_sys_ns_ino(const char *path, uint64_t *ret);
/* Identity of this network namespace, never used twice while the machine is up. */
int pk_sys_netns_cookie(uint64_t *ret);

/* A device's name as the datapath knows it. */
struct pk_u128 pk_sys_name_pack(const char *name);
void pk_sys_name_unpack(struct pk_u128 v, char ret[static 17]);
/* Jiffies in a second: the coarse clock moves once in each. */
uint32_t pk_sys_hz(void);

/* libbpf keeps what netlink tells it to itself: the caller says it in its own words. */
void pk_sys_quiet(void);

/* "WHAT: strerror" with the mend that fits the error; returns err. */
int pk_sys_error(struct pk_diags *d, int err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
