// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/bank.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"
#include "kernel/ahead.h"
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

/* A map of one element with these bytes in it. */
static int pk_blob_map(const char *name, const void *data, size_t len, int *ret)
{
    const struct pk_map_spec spec = {name, BPF_MAP_TYPE_ARRAY, 4, (uint32_t)len, 1, BPF_F_MMAPABLE};
    _pk_close_ int fd = -1;
    void *mem;
    int r = pk_sys_map_create(&spec, -1, &fd);

    if (!r)
        r = pk_sys_map_mmap(fd, len, true, &mem);
    if (r)
        return r;
    memcpy(mem, data, len);
    munmap(mem, len);
    *ret = PK_TAKE_FD(fd);
    return 0;
}

size_t pk_map_bytes(int fd)
{
    struct bpf_map_info info = {0};
    uint32_t len = sizeof(info);

    return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.value_size;
}

/*
 * Bytes of a new engine's map: areas with a quarter to spare for sets that grow, as long as it can
 * have three.
 */
uint64_t pk_engine_size(size_t image)
{
    uint64_t most = (uint64_t)image + image / 4 + 4096, size = 65536;

    while (pk_engine_area(size) < most && size < PK_ENGINE_SHARED)
        size *= 2;
    while (pk_engine_area(size) < image)
        size *= 2;
    return size;
}

static bool pk_bank_taken(const struct pk_engine *e, unsigned bank)
{
    return bank == pk_word_live(e->word) || bank == pk_word_before(e->word);
}

/* A bank of the live engine, if the image fits there. */
static bool pk_engine_reuse(const struct pk_engine *e, size_t image, unsigned *ret_bank)
{
    unsigned first = pk_engine_of(pk_word_live(e->word)) * PK_ENGINE_BANKS;

    if (!e->size || image > pk_engine_area(e->size))
        return false;
    for (unsigned i = 0; i < pk_engine_areas(e->size); i++) {
        if (pk_bank_taken(e, first + i))
            continue;
        *ret_bank = first + i;
        return true;
    }
    return false;
}

/* The first bank of an engine in which neither the live set nor the one before stands. */
static unsigned pk_engine_next(const struct pk_engine *e)
{
    unsigned n = 0;

    while (n == pk_engine_of(pk_word_live(e->word)) || n == pk_engine_of(pk_word_before(e->word)))
        n++;
    return n * PK_ENGINE_BANKS; /* two are taken at most */
}

void pk_engine_open(const struct pk_pins *p, uint64_t word, struct pk_engine *ret)
{
    struct pk_engine e = {.word = word, .image = -1};
    _pk_close_ int dir = -1;

    if (pk_word_generation(word) && !pk_pins_bank(p, pk_word_live(word), false, &dir) &&
        !pk_sys_pinned(dir, "image", &e.image))
        e.size = pk_map_bytes(e.image) - PK_IMAGE_SLACK;
    *ret = e;
}

void pk_engine_done(struct pk_engine *e)
{
    pk_close_p(&e->image);
    e->size = 0;
}

unsigned pk_engine_bank(struct pk_engine *e, size_t image)
{
    unsigned bank;

    if (pk_engine_reuse(e, image, &bank))
        return bank;
    pk_engine_done(e);
    return pk_engine_next(e);
}

static int pk_bank_put(const struct pk_maps *m, unsigned bank, const struct pk_progs *progs)
{
    int r = 0;

    for (uint32_t s = 0; !r && s < PK_PROGS; s++) {
        uint32_t key = pk_prog_index(bank, s), walk = pk_prog_index(bank, PK_PROG_WALK(s));
        int array = m->fd[pk_prog_array((enum pk_prog_slot)s)];

        if (progs->fd[s] < 0)
            continue;
        r = pk_sys_map_update(array, &walk, &progs->walk[s]);
        if (!r)
            r = pk_sys_map_update(array, &key, &progs->fd[s]);
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

int pk_engine_map(uint64_t size, int *ret)
{
    const struct pk_map_spec spec = {
        "image", BPF_MAP_TYPE_ARRAY, 4, (uint32_t)size + PK_IMAGE_SLACK, 1, BPF_F_MMAPABLE};

    return pk_sys_map_create(&spec, -1, ret);
}

int pk_engine_programs(const struct pk_maps *m, const struct pk_bank_set *s, uint64_t size,
                       int image, struct pk_progs *ret, struct pk_diags *d)
{
    struct pk_load load = {
        .progs = pk_hook_progs(s->hook),
        .maps = m,
        .image = image,
        .config = {.image_mask = size - 1,
                   .guard_all = s->guard_all,
                   .engine = pk_engine_of(s->bank),
                   .area = pk_engine_area(size),
                   .deltas = pk_engine_deltas(size),
                   .delta = pk_engine_delta(size),
                   .state = s->state},
    };
    int r = pk_maps_flows(&load.config.flow_mask);

    load.config.flow_mask--;
    load.config.hz = pk_sys_hz();
    if (!r && getrandom(&load.config.flow_seed, sizeof(load.config.flow_seed), 0) < 0)
        r = -errno;
    return r ? pk_sys_error(d, r, "cannot set up the flow cache") : pk_object_load(&load, ret, d);
}

/* The programs of the live bank, for another bank of the same engine. */
static int pk_engine_share(const struct pk_maps *m, const struct pk_bank_set *s,
                           struct pk_progs *ret)
{
    unsigned from = pk_word_live(s->engine->word), need = pk_hook_progs(s->hook);
    _pk_progs_ struct pk_progs progs = PK_PROGS_NONE;
    int r = 0;

    for (uint32_t i = 0; !r && i < PK_PROGS; i++) {
        int array = m->fd[pk_prog_array((enum pk_prog_slot)i)];

        if (!(need & 1u << i))
            continue;
        r = pk_sys_prog_of(array, pk_prog_index(from, i), &progs.fd[i]);
        if (!r)
            r = pk_sys_prog_of(array, pk_prog_index(from, PK_PROG_WALK(i)), &progs.walk[i]);
    }
    if (r)
        return r;
    *ret = progs;
    progs = PK_PROGS_NONE;
    return 0;
}

static int pk_engine_new(const struct pk_maps *m, const struct pk_bank_set *s, struct pk_progs *ret,
                         struct pk_diags *d)
{
    uint64_t size = pk_engine_size(s->image->head->size);
    int r;

    if (s->ahead && !pk_ahead_engine(s->ahead, s, ret))
        return 0;
    r = pk_engine_map(size, &s->engine->image);
    if (r)
        return pk_sys_error(d, r, "cannot make room for a rule set of %u bytes",
                            s->image->head->size);
    s->engine->size = size;
    return pk_engine_programs(m, s, size, s->engine->image, ret, d);
}

/* Writes the image into its area. */
static int pk_bank_write(const struct pk_bank_set *s)
{
    struct pk_image_head *head = s->image->head;
    uint32_t place = s->bank % PK_ENGINE_BANKS * pk_engine_area(s->engine->size);
    size_t size = s->engine->size;
    void *mem;
    int r = pk_sys_map_mmap(s->engine->image, size, true, &mem);

    if (r)
        return r;
    pk_image_place(head, place);
    memcpy((char *)mem + place, head, head->size);
    munmap(mem, size);
    return 0;
}

int pk_bank_renew(const struct pk_pins *p, struct pk_seat at, uint32_t epoch)
{
    _pk_close_ int dir = -1, image = -1;
    uint64_t size;
    size_t place;
    void *mem;
    int r = pk_pins_bank(p, at.bank, false, &dir);

    if (!r)
        r = pk_sys_pinned(dir, "image", &image);
    if (r)
        return r;
    size = pk_map_bytes(image) - PK_IMAGE_SLACK;
    place = at.delta ? pk_engine_deltas(size) + (at.delta - 1) * pk_engine_delta(size)
                     : at.bank % PK_ENGINE_BANKS * pk_engine_area(size);
    r = pk_sys_map_mmap_at(image, place, sizeof(struct pk_image_head), true, &mem);
    if (r)
        return r;
    ((struct pk_image_head *)mem)->epoch = epoch;
    munmap(mem, sizeof(struct pk_image_head));
    return 0;
}

static int pk_bank_fill_in(const struct pk_pins *p, const struct pk_maps *m,
                           const struct pk_bank_set *s, const struct pk_progs *progs)
{
    _pk_close_ int store = -1;
    int r = pk_bank_write(s);

    if (!r)
        r = pk_blob_map("store", s->store->data, s->store->len, &store);
    if (!r)
        r = pk_bank_pin(p, s->bank, s->engine->image, store);
    return r ? r : pk_bank_put(m, s->bank, progs);
}

int pk_bank_fill(const struct pk_pins *p, const struct pk_maps *m, const struct pk_bank_set *s,
                 struct pk_diags *d)
{
    _pk_progs_ struct pk_progs progs = PK_PROGS_NONE;
    int r = s->engine->size ? pk_engine_share(m, s, &progs) : pk_engine_new(m, s, &progs, d);

    if (r && !s->engine->size)
        return r;
    if (!r)
        r = pk_bank_fill_in(p, m, s, &progs);
    if (r) {
        pk_bank_clear(p, m, s->bank);
        return pk_sys_error(d, r, "cannot fill bank %u of the fence", s->bank);
    }
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
        const uint32_t key[2] = {pk_prog_index(bank, s), pk_prog_index(bank, PK_PROG_WALK(s))};

        for (int i = 0; i < 2; i++) {
            int r = pk_sys_map_delete(m->fd[pk_prog_array((enum pk_prog_slot)s)], &key[i]);

            if (r && r != -ENOENT)
                return r;
        }
    }
    return pk_pins_bank_clear(p, bank);
}

bool pk_bank_ready(const struct pk_maps *m, unsigned bank, enum pk_attach_kind hook)
{
    unsigned need = pk_hook_progs(hook);

    for (uint32_t s = 0; s < PK_PROGS; s++) {
        uint32_t key = pk_prog_index(bank, s), id;

        if (need & 1u << s &&
            bpf_map_lookup_elem(m->fd[pk_prog_array((enum pk_prog_slot)s)], &key, &id))
            return false;
    }
    return true;
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
