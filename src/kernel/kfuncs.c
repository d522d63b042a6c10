// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All of the kernel's types are looked through once, 5 MB in 3 ms. libbpf keeps an index of them,
 * which took 25 ms, and is asked for nothing else here.
 */
#include "kernel/kfuncs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"

#define PK_BTF_MAX ((size_t)256 << 20)

struct pk_btf_bytes {
    char *data;
    size_t len;
    bool mapped;
};

static void pk_btf_done(struct pk_btf_bytes *b)
{
    if (b->mapped)
        munmap(b->data, b->len);
    else
        free(b->data);
}

/* Before Linux 6.16 it cannot be mapped, and comes in pages. */
static int pk_btf_read(int fd, struct pk_btf_bytes *b)
{
    size_t at = 0;
    ssize_t n;

    b->data = malloc(b->len);
    if (!b->data)
        return -ENOMEM;
    while (at < b->len && (n = read(fd, b->data + at, b->len - at)) > 0)
        at += (size_t)n;
    return at < b->len ? -EIO : 0;
}

static int pk_btf_open(struct pk_btf_bytes *b)
{
    _pk_close_ int fd = open(PK_BTF_PATH, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st))
        return -errno;
    b->len = (size_t)st.st_size;
    if (b->len < sizeof(struct btf_header) || b->len > PK_BTF_MAX)
        return -EINVAL;
    b->data = mmap(NULL, b->len, PROT_READ, MAP_PRIVATE, fd, 0);
    b->mapped = b->data != MAP_FAILED;
    if (b->mapped)
        return 0;
    b->data = NULL;
    return pk_btf_read(fd, b);
}

/* Bytes of a type behind its struct btf_type. */
static size_t pk_btf_more(const struct btf_type *t)
{
    size_t n = BTF_INFO_VLEN(t->info);

    switch (BTF_INFO_KIND(t->info)) {
    case BTF_KIND_INT:
    case BTF_KIND_VAR:
    case BTF_KIND_DECL_TAG:
        return 4;
    case BTF_KIND_ARRAY:
        return sizeof(struct btf_array);
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
        return n * sizeof(struct btf_member);
    case BTF_KIND_ENUM:
        return n * sizeof(struct btf_enum);
    case BTF_KIND_ENUM64:
        return n * sizeof(struct btf_enum64);
    case BTF_KIND_FUNC_PROTO:
        return n * sizeof(struct btf_param);
    case BTF_KIND_DATASEC:
        return n * sizeof(struct btf_var_secinfo);
    default:
        return 0;
    }
}

static void pk_kfuncs_match(const char *name, uint32_t id, uint32_t *ids)
{
    for (int i = 0; i < PK_KFUNCS_MAX && pk_linked_kfuncs[i]; i++)
        if (!strcmp(name, pk_linked_kfuncs[i]))
            ids[i] = id;
}

/* Types have the numbers 1, 2, ... in the order in which they stand. */
static int pk_kfuncs_scan(const struct pk_btf_bytes *b, uint32_t *ids)
{
    struct btf_header h;
    const char *types, *strings;
    uint32_t id = 1;
    size_t at = 0;

    memcpy(&h, b->data, sizeof(h));
    if (h.magic != BTF_MAGIC || (uint64_t)h.hdr_len + h.type_off + h.type_len > b->len ||
        (uint64_t)h.hdr_len + h.str_off + h.str_len > b->len || !h.str_len)
        return -EINVAL;
    types = b->data + h.hdr_len + h.type_off;
    strings = b->data + h.hdr_len + h.str_off;
    if (strings[h.str_len - 1])
        return -EINVAL;
    for (; at + sizeof(struct btf_type) <= h.type_len; id++) {
        const struct btf_type *t = (const struct btf_type *)(types + at);

        if (BTF_INFO_KIND(t->info) == BTF_KIND_FUNC && t->name_off < h.str_len)
            pk_kfuncs_match(strings + t->name_off, id, ids);
        at += sizeof(*t) + pk_btf_more(t);
    }
    return 0;
}

int pk_kfuncs_find(uint32_t ret[static PK_KFUNCS_MAX])
{
    __attribute__((cleanup(pk_btf_done))) struct pk_btf_bytes b = {0};
    uint32_t ids[PK_KFUNCS_MAX] = {0};
    int r = pk_btf_open(&b);

    if (!r)
        r = pk_kfuncs_scan(&b, ids);
    if (r)
        return r;
    memcpy(ret, ids, sizeof(ids));
    return 0;
}
