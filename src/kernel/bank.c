// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/bank.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"
#include "kernel/object.h"
#include "kernel/sys.h"

int pk_grace(void)
{
    static const struct pk_map_spec inner = {"grace", BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0};
    static const struct pk_map_spec outer = {"grace", BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 1, 0};
    _pk_close_ int in = -1, out = -1;
    uint32_t zero = 0;
    int r = pk_sys_map_create(&inner, -1, &in);

    if (!r)
        r = pk_sys_map_create(&outer, in, &out);
    return r ? r : pk_sys_map_update(out, &zero, &in);
}

unsigned pk_bank_free(uint64_t word)
{
    unsigned b = 0;

    while (b == pk_word_live(word) || b == pk_word_before(word))
        b++;
    return b; /* two are taken at most, so b < PK_BANKS */
}

/* A map of one element with these bytes in it, at least `size` long. */
static int pk_blob_map(const char *name, const void *data, size_t len, size_t size, int *ret)
{
    const struct pk_map_spec spec = {name, BPF_MAP_TYPE_ARRAY, 4, (uint32_t)size,
                                     1,    BPF_F_MMAPABLE};
    _pk_close_ int fd = -1;
    void *mem;
    int r = pk_sys_map_create(&spec, -1, &fd);

    if (!r)
        r = pk_sys_map_mmap(fd, size, true, &mem);
    if (r)
        return r;
    memcpy(mem, data, len);
    munmap(mem, size);
    *ret = PK_TAKE_FD(fd);
    return 0;
}

/* The mask of abi/ctl.h: an offset ANDed with it stays in the image. */
static uint64_t pk_image_mask(size_t size)
{
    uint64_t n = 4096;

    while (n < size)
        n *= 2;
    return n - 1;
}

static int pk_bank_put(const struct pk_maps *m, unsigned bank, const struct pk_progs *progs)
{
    int r = 0;

    for (uint32_t s = 0; !r && s < PK_PROGS; s++) {
        uint32_t key = bank * PK_PROGS + s;

        if (progs->fd[s] >= 0)
            r = pk_sys_map_update(m->fd[pk_prog_array((enum pk_prog_slot)s)], &key, &progs->fd[s]);
    }
    return r;
}

static int pk_bank_pin(const struct pk_pins *p, unsigned bank, int image, int store)
{
    _pk_close_ int dir = -1;
    int r = pk_pins_bank(p, bank, true, &dir);

    if (!r)
        r = pk_sys_pin(dir, "image", image);
    return r ? r : pk_sys_pin(dir, "store", store);
}

static int pk_bank_maps(const struct pk_bank_set *s, uint64_t mask, int *ret_image, int *ret_store,
                        struct pk_diags *d)
{
    const struct pk_image_head *head = s->image->head;
    int r = pk_blob_map("image", head, head->size, mask + 1 + PK_IMAGE_SLACK, ret_image);

    if (!r)
        r = pk_blob_map("store", s->store->data, s->store->len, s->store->len, ret_store);
    return r ? pk_sys_error(d, r, "cannot store a rule set of %u bytes", head->size) : 0;
}

static int pk_bank_judges(const struct pk_maps *m, const struct pk_bank_set *s, uint64_t mask,
                          int image, struct pk_progs *ret, struct pk_diags *d)
{
    const struct pk_load load = {
        .progs = pk_hook_progs(s->hook),
        .maps = m,
        .image = image,
        .config = {.image_mask = mask, .guard_all = s->guard_all, .bank = s->bank},
    };

    return pk_object_load(&load, ret->fd, d);
}

int pk_bank_fill(const struct pk_pins *p, const struct pk_maps *m, const struct pk_bank_set *s,
                 int *ret_image, struct pk_diags *d)
{
    uint64_t mask = pk_image_mask(s->image->head->size);
    _pk_progs_ struct pk_progs judges = PK_PROGS_NONE;
    _pk_close_ int image = -1, store = -1;
    int r = pk_bank_maps(s, mask, &image, &store, d);

    if (!r)
        r = pk_bank_judges(m, s, mask, image, &judges, d);
    if (r)
        return r;
    r = pk_bank_pin(p, s->bank, image, store);
    if (!r)
        r = pk_bank_put(m, s->bank, &judges);
    if (r) {
        pk_bank_clear(p, m, s->bank);
        return pk_sys_error(d, r, "cannot fill bank %u of the fence", s->bank);
    }
    if (ret_image)
        *ret_image = PK_TAKE_FD(image);
    return 0;
}

bool pk_bank_dirty(const struct pk_pins *p, unsigned bank)
{
    _pk_close_ int dir = -1;

    return pk_pins_bank(p, bank, false, &dir) == 0;
}

int pk_bank_clear(const struct pk_pins *p, const struct pk_maps *m, unsigned bank)
{
    for (uint32_t s = 0; s < PK_PROGS; s++) {
        uint32_t key = bank * PK_PROGS + s;
        int r = pk_sys_map_delete(m->fd[pk_prog_array((enum pk_prog_slot)s)], &key);

        if (r && r != -ENOENT)
            return r;
    }
    return pk_pins_bank_clear(p, bank);
}

bool pk_bank_ready(const struct pk_maps *m, unsigned bank, enum pk_attach_kind hook)
{
    unsigned need = pk_hook_progs(hook);

    for (uint32_t s = 0; s < PK_PROGS; s++) {
        uint32_t key = bank * PK_PROGS + s, id;

        if (need & 1u << s &&
            bpf_map_lookup_elem(m->fd[pk_prog_array((enum pk_prog_slot)s)], &key, &id))
            return false;
    }
    return true;
}

void pk_stored_done(struct pk_stored *s)
{
    if (s->mem)
        munmap(s->mem, s->len);
    *s = (struct pk_stored){0};
}

static size_t pk_map_bytes(int fd)
{
    struct bpf_map_info info = {0};
    uint32_t len = sizeof(info);

    return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.value_size;
}

int pk_bank_store(const struct pk_pins *p, unsigned bank, struct pk_stored *ret)
{
    _pk_stored_ struct pk_stored s = {0};
    _pk_close_ int dir = -1, fd = -1;
    size_t len;
    int r = pk_pins_bank(p, bank, false, &dir);

    if (!r)
        r = pk_sys_pinned(dir, "store", &fd);
    if (r)
        return r;
    len = pk_map_bytes(fd);
    r = pk_sys_map_mmap(fd, len, false, &s.mem);
    if (r)
        return r;
    s.len = len;
    r = pk_store_check(s.mem, s.len, &s.head);
    if (r)
        return r;
    *ret = s;
    s.mem = NULL;
    return 0;
}

void pk_bank_bytes(const struct pk_pins *p, unsigned bank, size_t *ret_image, size_t *ret_store)
{
    _pk_close_ int dir = -1, image = -1, store = -1;

    *ret_image = *ret_store = 0;
    if (pk_pins_bank(p, bank, false, &dir))
        return;
    if (!pk_sys_pinned(dir, "image", &image))
        *ret_image = pk_map_bytes(image);
    if (!pk_sys_pinned(dir, "store", &store))
        *ret_store = pk_map_bytes(store);
}
