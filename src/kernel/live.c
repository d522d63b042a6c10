// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/live.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/macro.h"
#include "datapath/objects.h"
#include "kernel/sys.h"

#define PK_LIVE_LOOPBACK 1 /* the index of every namespace's loopback */
#define PK_LIVE_LEN4 (PK_BENCH_SLOTS * sizeof(struct pk_bench_flow4))
#define PK_LIVE_LEN6 (PK_BENCH_SLOTS * sizeof(struct pk_bench_flow6))

struct pk_live_sender {
    struct bpf_object *object;
    int send_fd, drop_fd, drop_udp_fd, dropped_fd, cursor_fd;
    struct pk_bench_flow4 *slots4; /* mapped */
    struct pk_bench_flow6 *slots6;
};

static int pk_live_quiet(enum libbpf_print_level level, const char *fmt, va_list args)
{
    return 0; /* what libbpf would say is told through diagnostics */
}

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

static int pk_live_program(const struct pk_live_sender *s, const char *name)
{
    struct bpf_program *p = bpf_object__find_program_by_name(s->object, name);

    return p ? bpf_program__fd(p) : -ENOENT;
}

/* The descriptor of a map; *ret, if wanted, gets its values. */
static int pk_live_map(const struct pk_live_sender *s, const char *name, size_t len, void **ret)
{
    int fd = bpf_object__find_map_fd_by_name(s->object, name);
    int r = fd >= 0 && ret ? pk_sys_map_mmap(fd, len, true, ret) : 0;

    return r ? r : fd;
}

static int pk_live_find(struct pk_live_sender *s, bool ipv6)
{
    s->send_fd = pk_live_program(s, ipv6 ? "pk_bench_send6" : "pk_bench_send4");
    s->drop_fd = pk_live_program(s, "pk_bench_drop");
    s->drop_udp_fd = pk_live_program(s, "pk_bench_drop_udp");
    s->dropped_fd = pk_live_map(s, "dropped", 0, NULL);
    s->cursor_fd = pk_live_map(s, "cursor", 0, NULL);
    if (s->send_fd < 0 || s->drop_fd < 0 || s->drop_udp_fd < 0 || s->dropped_fd < 0 ||
        s->cursor_fd < 0)
        return -ENOENT;
    if (pk_live_map(s, "slots4", PK_LIVE_LEN4, (void **)&s->slots4) < 0 ||
        pk_live_map(s, "slots6", PK_LIVE_LEN6, (void **)&s->slots6) < 0)
        return -ENOMEM;
    return 0;
}

static int pk_live_load(struct pk_live_sender *s, bool ipv6)
{
    int r;

    s->object = bpf_object__open_mem(pk_object_bench.data, pk_object_bench.size, NULL);
    if (!s->object)
        return -errno;
    r = bpf_object__load(s->object);
    if (!r)
        r = pk_live_find(s, ipv6);
    if (!r)
        r = bpf_xdp_attach(PK_LIVE_LOOPBACK, s->send_fd, XDP_FLAGS_SKB_MODE, NULL);
    return r < 0 ? r : 0;
}

int pk_live_new(bool ipv6, struct pk_live_sender **ret, struct pk_diags *d)
{
    struct pk_live_sender *s = calloc(1, sizeof(*s));
    libbpf_print_fn_t print;
    int r;

    if (!s)
        return -ENOMEM;
    print = libbpf_set_print(pk_live_quiet);
    r = pk_live_load(s, ipv6);
    libbpf_set_print(print);
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
    bpf_object__close((*s)->object);
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

int pk_live_drop_attach(struct pk_live_sender *s, unsigned ifindex, bool udp_only)
{
    int r = bpf_xdp_attach((int)ifindex, udp_only ? s->drop_udp_fd : s->drop_fd,
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
