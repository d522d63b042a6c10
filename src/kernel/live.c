// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/live.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "datapath/objects.h"

#define PK_LIVE_LOOPBACK 1 /* the index of every namespace's loopback */

struct pk_live_sender {
    struct bpf_object *object;
    int send_fd, drop_fd, dropped_fd, flows_fd, cursor_fd;
};

static int pk_live_quiet(enum libbpf_print_level level, const char *fmt, va_list args)
{
    return 0; /* what libbpf would say is told through diagnostics */
}

int pk_live_fill(struct pk_live_sender *s, unsigned table, const struct pk_bench_flow *flows)
{
    unsigned i, key;

    for (i = 0; i < PK_BENCH_FLOWS; i++) {
        key = table * PK_BENCH_FLOWS + i;
        if (bpf_map_update_elem(s->flows_fd, &key, &flows[i], BPF_ANY) < 0)
            return -errno;
    }
    return 0;
}

int pk_live_select(struct pk_live_sender *s, unsigned table)
{
    struct pk_bench_cursor c = {.table = table};
    uint32_t key = 0;

    return bpf_map_update_elem(s->cursor_fd, &key, &c, BPF_ANY) < 0 ? -errno : 0;
}

static int pk_live_program(const struct pk_live_sender *s, const char *name)
{
    struct bpf_program *p = bpf_object__find_program_by_name(s->object, name);

    return p ? bpf_program__fd(p) : -ENOENT;
}

static int pk_live_load(struct pk_live_sender *s)
{
    int r;

    s->object = bpf_object__open_mem(pk_object_bench.data, pk_object_bench.size, NULL);
    if (!s->object)
        return -errno;
    r = bpf_object__load(s->object);
    if (r < 0)
        return r;
    s->send_fd = pk_live_program(s, "pk_bench_send");
    s->drop_fd = pk_live_program(s, "pk_bench_drop");
    s->dropped_fd = bpf_object__find_map_fd_by_name(s->object, "dropped");
    s->flows_fd = bpf_object__find_map_fd_by_name(s->object, "flows");
    s->cursor_fd = bpf_object__find_map_fd_by_name(s->object, "cursor");
    if (s->send_fd < 0 || s->drop_fd < 0 || s->dropped_fd < 0 || s->flows_fd < 0 ||
        s->cursor_fd < 0)
        return -ENOENT;
    r = bpf_xdp_attach(PK_LIVE_LOOPBACK, s->send_fd, XDP_FLAGS_SKB_MODE, NULL);
    return r < 0 ? r : 0;
}

int pk_live_new(struct pk_live_sender **ret, struct pk_diags *d)
{
    struct pk_live_sender *s = calloc(1, sizeof(*s));
    libbpf_print_fn_t print;
    int r;

    if (!s)
        return -ENOMEM;
    print = libbpf_set_print(pk_live_quiet);
    r = pk_live_load(s);
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

int pk_live_drop_attach(struct pk_live_sender *s, unsigned ifindex)
{
    int r = bpf_xdp_attach((int)ifindex, s->drop_fd,
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
