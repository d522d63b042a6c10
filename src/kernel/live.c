// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/live.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/macro.h"
#include "kernel/linked.h"
#include "kernel/sys.h"

#define PK_LIVE_LOOPBACK 1 /* the index of every namespace's loopback */
#define PK_LIVE_LEN4 (PK_BENCH_SLOTS * sizeof(struct pk_bench_flow4))
#define PK_LIVE_LEN6 (PK_BENCH_SLOTS * sizeof(struct pk_bench_flow6))

struct pk_live_sender {
    int send_fd, drop_fd[PK_LIVE_DROPS], dropped_fd, cursor_fd;
    struct pk_bench_flow4 *slots4; /* mapped */
    struct pk_bench_flow6 *slots6;
};

struct pk_bench_flow4 *pk_live_slots4(struct pk_live_sender *s)
{
    return s->slots4;
}

struct pk_bench_flow6 *pk_live_slots6(struct pk_live_sender *s)
{
    return s->slots6;
}

int pk_live_order(struct pk_live_sender *s, enum pk_bench_order order, uint64_t seed)
{
    struct pk_bench_cursor c = {.state = seed, .order = order};
    uint32_t key = 0;

    return bpf_map_update_elem(s->cursor_fd, &key, &c, BPF_ANY) < 0 ? -errno : 0;
}

static int pk_live_program(const struct pk_bound *b, const char *name, int *ret)
{
    const struct pk_linked_prog *p = pk_linked_find(b->object, name);

    return p ? pk_bound_load(b, p, NULL, ret, NULL) : -ENOENT;
}

static const char *const pk_live_drops[PK_LIVE_DROPS] = {
    [PK_LIVE_DROP_ALL] = "pk_bench_drop",
    [PK_LIVE_DROP_UDP] = "pk_bench_drop_udp",
    [PK_LIVE_DROP_SYN] = "pk_bench_drop_syn",
};

static int pk_live_programs(struct pk_live_sender *s, const struct pk_bound *b, bool ipv6)
{
    int r = pk_live_program(b, ipv6 ? "pk_bench_send6" : "pk_bench_send4", &s->send_fd);

    for (int i = 0; i < PK_LIVE_DROPS && !r; i++)
        r = pk_live_program(b, pk_live_drops[i], &s->drop_fd[i]);
    return r;
}

static int pk_live_map(const struct pk_bound *b, const char *name, int *ret)
{
    *ret = fcntl(pk_bound_map(b, name), F_DUPFD_CLOEXEC, 3);
    return *ret < 0 ? -errno : 0;
}

static int pk_live_maps(struct pk_live_sender *s, const struct pk_bound *b)
{
    int r = pk_live_map(b, "dropped", &s->dropped_fd);

    if (!r)
        r = pk_live_map(b, "cursor", &s->cursor_fd);
    if (!r)
        r = pk_sys_map_mmap(pk_bound_map(b, "slots4"), PK_LIVE_LEN4, true, (void **)&s->slots4);
    return r ? r
             : pk_sys_map_mmap(pk_bound_map(b, "slots6"), PK_LIVE_LEN6, true, (void **)&s->slots6);
}

static int pk_live_load(struct pk_live_sender *s, bool ipv6)
{
    _pk_bound_ struct pk_bound b = PK_BOUND_NONE;
    int r = pk_bound_make(&b, &pk_linked_bench, &(struct pk_bind){.image = -1});

    if (!r)
        r = pk_live_programs(s, &b, ipv6);
    if (!r)
        r = pk_live_maps(s, &b);
    return r ? r : bpf_xdp_attach(PK_LIVE_LOOPBACK, s->send_fd, XDP_FLAGS_SKB_MODE, NULL);
}

int pk_live_new(bool ipv6, struct pk_live_sender **ret, struct pk_diags *d)
{
    struct pk_live_sender *s = malloc(sizeof(*s));
    int r;

    if (!s)
        return -ENOMEM;
    *s = (struct pk_live_sender){-1, {-1, -1, -1}, -1, -1, NULL, NULL};
    pk_sys_quiet();
    r = pk_live_load(s, ipv6);
    if (r) {
        pk_error(d, PK_K_LIVE_FRAMES, PK_NOWHERE,
                 "run as root, on Linux 5.18 or later with BPF enabled",
                 "the kernel refused the packet sender: %s", strerror(-r));
        pk_live_free(&s);
        return r;
    }
    *ret = s;
    return 0;
}

void pk_live_free(struct pk_live_sender **s)
{
    if ((*s)->slots4)
        munmap((*s)->slots4, PK_LIVE_LEN4);
    if ((*s)->slots6)
        munmap((*s)->slots6, PK_LIVE_LEN6);
    pk_close_p(&(*s)->send_fd);
    for (int i = 0; i < PK_LIVE_DROPS; i++)
        pk_close_p(&(*s)->drop_fd[i]);
    pk_close_p(&(*s)->dropped_fd);
    pk_close_p(&(*s)->cursor_fd);
    free(*s);
    *s = NULL;
}

int pk_live_send(struct pk_live_sender *s, unsigned ifindex, const void *frame, size_t len,
                 unsigned n)
{
    struct xdp_md ctx = {.data_end = (__u32)len, .ingress_ifindex = ifindex};
    LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame, .data_size_in = (__u32)len, .ctx_in = &ctx,
                .ctx_size_in = sizeof(ctx), .repeat = (int)n, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);

    return bpf_prog_test_run_opts(s->send_fd, &o) < 0 ? -errno : 0;
}

int pk_live_drop_attach(struct pk_live_sender *s, unsigned ifindex, enum pk_live_drop what)
{
    int r = bpf_xdp_attach((int)ifindex, s->drop_fd[what],
                           XDP_FLAGS_UPDATE_IF_NOEXIST | XDP_FLAGS_DRV_MODE, NULL);

    return r < 0 ? r : 0;
}

int pk_live_dropped(struct pk_live_sender *s, uint64_t *ret)
{
    int i, n = libbpf_num_possible_cpus();
    _pk_free_ uint64_t *values = n > 0 ? calloc((size_t)n, sizeof(*values)) : NULL;
    uint32_t key = 0;

    if (!values)
        return n > 0 ? -ENOMEM : n;
    if (bpf_map_lookup_elem(s->dropped_fd, &key, values) < 0)
        return -errno;
    *ret = 0;
    for (i = 0; i < n; i++)
        *ret += values[i];
    return 0;
}
