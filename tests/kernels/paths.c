// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What paths.py asks of the kernel and of the programs in it:
 *
 *     paths probe      "NAME yes" or "NAME no" for each question of pk_probe_run()
 *     paths programs   "NAME jit|interpreter direct|copied" for each of picket's judges and walks:
 *                      whether it was loaded to read the kernel's own packet (pk_config.cast)
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "datapath/abi/ctl.h"
#include "kernel/fence.h"

#define MAPS_MAX 64

/* Names in the kernel end after 15 bytes. */
static const char *const kinds[] = {"_judg", "_walk"};

static void say_probe(const char *name, bool yes)
{
    printf("%s %s\n", name, yes ? "yes" : "no");
}

static int probe(void)
{
    struct pk_probe p;

    pk_probe_run(&p);
    say_probe("btf", p.btf);
    say_probe("netfilter_link", p.netfilter_link);
    say_probe("tcx", p.tcx);
    say_probe("xdp_link", p.xdp_link);
    say_probe("rdonly_cast", p.rdonly_cast);
    say_probe("kern_ctx", p.kern_ctx);
    say_probe("bpf_loop", p.bpf_loop);
    return 0;
}

/* The loader's constants, if this is the map that holds them. */
static int read_config(uint32_t map_id, struct pk_config *ret)
{
    _pk_close_ int fd = bpf_map_get_fd_by_id(map_id);
    struct bpf_map_info info = {0};
    uint32_t len = sizeof(info), zero = 0;
    uint8_t value[4096];

    if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
        return -errno;
    if (!strstr(info.name, ".rodata") || info.value_size < sizeof(*ret) ||
        info.value_size > sizeof(value))
        return -ENOENT;
    if (bpf_map_lookup_elem(fd, &zero, value))
        return -errno;
    memcpy(ret, value, sizeof(*ret));
    return 0;
}

static bool is_ours(const char *name)
{
    for (size_t i = 0; i < PK_ARRAY_SIZE(kinds); i++)
        if (strstr(name, kinds[i]))
            return true;
    return false;
}

static int show_program(uint32_t id)
{
    _pk_close_ int fd = bpf_prog_get_fd_by_id(id);
    uint32_t map_ids[MAPS_MAX], len = sizeof(struct bpf_prog_info);
    struct bpf_prog_info info = {.nr_map_ids = MAPS_MAX, .map_ids = (uint64_t)(uintptr_t)map_ids};
    struct pk_config config = {0};

    if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
        return -errno;
    if (!is_ours(info.name))
        return 0;
    for (uint32_t i = 0; i < PK_MIN(info.nr_map_ids, MAPS_MAX); i++) {
        if (read_config(map_ids[i], &config))
            continue;
        printf("%s %s %s\n", info.name, info.jited_prog_len ? "jit" : "interpreter",
               config.cast ? "direct" : "copied");
        return 0;
    }
    return -ENOENT;
}

static int programs(void)
{
    uint32_t id = 0;

    while (!bpf_prog_get_next_id(id, &id)) {
        int r = show_program(id);

        if (r && r != -ENOENT) /* one that went in between */
            return 1;
    }
    return errno == ENOENT ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "probe"))
        return probe();
    if (argc == 2 && !strcmp(argv[1], "programs"))
        return programs();
    fprintf(stderr, "usage: paths probe|programs\n");
    return 2;
}
