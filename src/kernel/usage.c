// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/usage.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/macro.h"

#define PK_FDINFO_MAX 4096

uint32_t pk_map_usage_newest(void)
{
    uint32_t id = 0, next;

    while (!bpf_map_get_next_id(id, &next))
        id = next;
    return id;
}

/* "NAME:\tVALUE" of an fdinfo; 0 if it is not there. */
static uint64_t pk_fdinfo_value(const char *text, const char *name)
{
    const char *s = strstr(text, name);

    return s ? strtoull(s + strlen(name), NULL, 10) : 0;
}

static bool pk_map_per_cpu(uint64_t type)
{
    return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
           type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static int pk_map_usage_add(int fd, struct pk_map_usage *sum)
{
    _pk_buf_ struct pk_buf text = {.data = NULL};
    uint64_t bytes;
    char path[64];
    int r;

    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    r = pk_file_read(path, PK_FDINFO_MAX, &text);
    if (r)
        return r;
    bytes = pk_fdinfo_value(text.data, "memlock:");
    *(pk_map_per_cpu(pk_fdinfo_value(text.data, "map_type:")) ? &sum->per_cpu : &sum->bytes) +=
        bytes;
    return 0;
}

int pk_map_usage(uint32_t after, struct pk_map_usage *ret)
{
    struct pk_map_usage sum = {0};
    uint32_t id;
    int r = 0;

    while (!r && !bpf_map_get_next_id(after, &id)) {
        _pk_close_ int fd = bpf_map_get_fd_by_id(id);

        after = id;
        if (fd >= 0)
            r = pk_map_usage_add(fd, &sum);
        else if (fd != -ENOENT) /* gone since */
            r = fd;
    }
    if (!r)
        *ret = sum;
    return r;
}
