// SPDX-License-Identifier: GPL-2.0-or-later
#include "harness.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/macro.h"
#include "classify/compile.h"
#include "classify/flow.h"
#include "datapath/abi/gather.h"

#define IMAGE_SIZE (1u << 25)
#define BANK 1u /* its image does not stand at offset 0 */
#define FRAME_MAX 4096
#define FLOWS 64u /* few, so that they push each other out */

/* One object: its programs' maps and the memory of its image. */
struct side {
    struct bpf_object *object, *gather;
    int image_fd, counters_fd, reasons_fd, ifnames_fd, test_fd;
    int chunk_fd[H_SLOTS / PK_CHUNK];
    uint8_t *image;
    uint32_t section_size;
};

enum { SIDE_NF, SIDE_TC, SIDE_XDP, SIDES };

struct harness {
    struct side side[SIDES];
    int prog_fd[H_PROGS];
    int n_cpus;
    int first; /* side: not SIDE_NF where the kernel has no netfilter programs */
    bool cast; /* the kernel has bpf_rdonly_cast() */
    uint32_t epoch;
    struct pk_u128 name[2];
};

static const int side_of[H_PROGS] = {SIDE_NF, SIDE_TC, SIDE_TC, SIDE_XDP};
static const char *const prog_name[H_PROGS] = {"nf_judge", "tc_ingress_judge", "tc_egress_judge",
                                               "xdp_judge"};
static const char *const walk_name[H_PROGS] = {"nf_walk", "tc_walk", "tc_walk", "xdp_walk"};
static const enum pk_prog_slot slot_of[H_PROGS] = {PK_PROG_NF, PK_PROG_TC_INGRESS,
                                                   PK_PROG_TC_EGRESS, PK_PROG_XDP};

const char *h_name(enum h_prog p)
{
    return prog_name[p];
}

/* libbpf 1.1 does not know netfilter programs by name. */
static void set_netfilter_types(struct bpf_object *o)
{
    struct bpf_program *p;

    bpf_object__for_each_program(p, o)
    {
        if (strcmp(bpf_program__section_name(p), "netfilter"))
            continue;
        bpf_program__set_type(p, (enum bpf_prog_type)32);
        bpf_program__set_expected_attach_type(p, (enum bpf_attach_type)45);
    }
}

static int bind_image(struct side *s, bool cast)
{
    LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
    struct bpf_map *map = bpf_object__find_map_by_name(s->object, ".data.image");
    size_t size;
    struct pk_config *config;

    config = (struct pk_config *)bpf_map__initial_value(
        bpf_object__find_map_by_name(s->object, ".rodata"), &size);
    config->image_mask = IMAGE_SIZE - 1;
    config->area = pk_engine_area(IMAGE_SIZE);
    config->guard_all = 1;
    config->flow_mask = FLOWS - 1;
    config->cast = cast;
    s->image_fd =
        bpf_map_create(BPF_MAP_TYPE_ARRAY, "pk_image", 4, IMAGE_SIZE + PK_IMAGE_SLACK, 1, &opts);
    if (s->image_fd < 0)
        return -errno;
    s->image = mmap(NULL, IMAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, s->image_fd, 0);
    if (s->image == MAP_FAILED)
        return -errno;
    s->section_size = bpf_map__value_size(map);
    return bpf_map__reuse_fd(map, s->image_fd);
}

static int new_chunk(void)
{
    return bpf_map_create(BPF_MAP_TYPE_ARRAY, "pk_chunk", 4, sizeof(struct pk_count),
                          PK_CHUNK * (uint32_t)libbpf_num_possible_cpus(), NULL);
}

/* Made here, since libbpf 1.1 cannot resize the inner map of the object's own. */
static int bind_counters(struct side *s)
{
    LIBBPF_OPTS(bpf_map_create_opts, opts, .inner_map_fd = (uint32_t)new_chunk());
    int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "counters", 4, 4, PK_CHUNKS_MAX, &opts);
    int r = fd < 0 ? fd : 0;

    if (!r)
        r = bpf_map__reuse_fd(bpf_object__find_map_by_name(s->object, "counters"), fd);
    close((int)opts.inner_map_fd);
    close(fd);
    return r;
}

static int make_chunks(struct side *s)
{
    uint32_t i;

    for (i = 0; i < H_SLOTS / PK_CHUNK; i++) {
        s->chunk_fd[i] = new_chunk();
        if (s->chunk_fd[i] < 0 || bpf_map_update_elem(s->counters_fd, &i, &s->chunk_fd[i], BPF_ANY))
            return -errno;
    }
    return 0;
}

static const char *const flow_maps[] = {"flows_long", "flows_long_far", "flows_short",
                                        "flows_short_far"};

/* The program that tells counters, with the object's maps. */
static int open_gather(struct side *s, const char *path)
{
    int r;

    s->gather = bpf_object__open_file(path, NULL);
    if (!s->gather)
        return -errno;
    r = bpf_map__reuse_fd(bpf_object__find_map_by_name(s->gather, "counters"), s->counters_fd);
    for (size_t i = 0; i < PK_ARRAY_SIZE(flow_maps) && !r; i++)
        r = bpf_map__reuse_fd(bpf_object__find_map_by_name(s->gather, flow_maps[i]),
                              bpf_object__find_map_fd_by_name(s->object, flow_maps[i]));
    return r ? r : bpf_object__load(s->gather);
}

static int open_side(struct side *s, const char *path, bool cast)
{
    const struct pk_ctl ctl = {.word = pk_word_make(1, BANK, PK_BANK_NONE)};
    uint32_t zero = 0, i;
    int r;

    s->object = bpf_object__open_file(path, NULL);
    if (!s->object)
        return -errno;
    set_netfilter_types(s->object);
    r = bind_image(s, cast);
    for (i = 0; i < PK_ARRAY_SIZE(flow_maps) && !r; i++)
        r = bpf_map__set_max_entries(bpf_object__find_map_by_name(s->object, flow_maps[i]),
                                     FLOWS * (uint32_t)libbpf_num_possible_cpus());
    if (!r)
        r = bind_counters(s);
    if (!r)
        r = bpf_object__load(s->object);
    if (r)
        return r;
    s->counters_fd = bpf_object__find_map_fd_by_name(s->object, "counters");
    s->reasons_fd = bpf_object__find_map_fd_by_name(s->object, "reasons");
    s->ifnames_fd = bpf_object__find_map_fd_by_name(s->object, "ifnames");
    s->test_fd = bpf_object__find_map_fd_by_name(s->object, "test_counters");
    r = bpf_map_update_elem(bpf_object__find_map_fd_by_name(s->object, "ctl"), &zero, &ctl, 0);
    if (!r)
        r = make_chunks(s);
    return r;
}

/* The judge goes on to its walk by the program array. */
static int open_prog(struct harness *h, int i)
{
    struct bpf_object *o = h->side[side_of[i]].object;
    uint32_t key = pk_prog_index(BANK, PK_PROG_WALK(slot_of[i]));
    int walk = bpf_program__fd(bpf_object__find_program_by_name(o, walk_name[i]));

    h->prog_fd[i] = bpf_program__fd(bpf_object__find_program_by_name(o, prog_name[i]));
    return bpf_map_update_elem(bpf_object__find_map_fd_by_name(o, "progs"), &key, &walk, BPF_ANY);
}

/* Netfilter programs came with Linux 6.4, bpf_rdonly_cast() with 6.2. */
static void ask_kernel(struct harness *h)
{
    struct btf *btf = btf__load_vmlinux_btf();
    bool nf = btf && btf__find_by_name_kind(btf, "bpf_nf_link", BTF_KIND_STRUCT) > 0;

    h->first = nf ? SIDE_NF : SIDE_TC;
    h->cast = btf && btf__find_by_name_kind(btf, "bpf_rdonly_cast", BTF_KIND_FUNC) > 0;
    btf__free(btf);
}

bool h_has(const struct harness *h, enum h_prog p)
{
    return side_of[p] >= h->first;
}

struct harness *h_open(const char *nf, const char *tc, const char *xdp, const char *gather)
{
    const char *const path[SIDES] = {nf, tc, xdp};
    struct harness *h = calloc(1, sizeof(*h));
    int i, r;

    if (!h)
        return NULL;
    h->n_cpus = libbpf_num_possible_cpus();
    ask_kernel(h);
    for (i = h->first; i < SIDES; i++) {
        r = open_side(&h->side[i], path[i], h->cast);
        if (!r)
            r = open_gather(&h->side[i], gather);
        if (r) {
            fprintf(stderr, "%s: %s\n", path[i], strerror(-r));
            h_close(h);
            return NULL;
        }
    }
    for (i = 0; i < H_PROGS; i++) {
        if (h_has(h, (enum h_prog)i) && open_prog(h, i)) {
            perror(prog_name[i]);
            h_close(h);
            return NULL;
        }
    }
    return h;
}

/*
 * bpf_object__close() unmaps its own copy of the data section by the size of the map that took its
 * place, which is larger: give it back one of the size that it had.
 */
static void forget_image(struct side *s)
{
    int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "pk_small", 4, s->section_size, 1, NULL);

    if (fd >= 0) {
        bpf_map__reuse_fd(bpf_object__find_map_by_name(s->object, ".data.image"), fd);
        close(fd);
    }
}

void h_close(struct harness *h)
{
    int i;
    size_t c;

    for (i = 0; i < SIDES; i++) {
        struct side *s = &h->side[i];

        for (c = 0; c < PK_ARRAY_SIZE(s->chunk_fd); c++)
            if (s->chunk_fd[c] > 0)
                close(s->chunk_fd[c]);
        bpf_object__close(s->gather);
        if (s->image && s->image != MAP_FAILED)
            munmap(s->image, IMAGE_SIZE);
        if (s->object) {
            forget_image(s);
            bpf_object__close(s->object);
        }
    }
    free(h);
}

static struct pk_image_head *bank_image(struct side *s)
{
    return (struct pk_image_head *)(s->image + BANK * pk_engine_area(IMAGE_SIZE));
}

/* From here on, no flow seen before is recalled. */
static void next_epoch(struct harness *h)
{
    int i;

    h->epoch++;
    for (i = h->first; i < SIDES; i++)
        bank_image(&h->side[i])->epoch = h->epoch;
}

int h_load(struct harness *h, const struct pk_image_head *image)
{
    int i;

    if (image->size > pk_engine_area(IMAGE_SIZE))
        return -E2BIG;
    for (i = h->first; i < SIDES; i++) {
        memcpy(bank_image(&h->side[i]), image, image->size);
        pk_image_place(bank_image(&h->side[i]), BANK * pk_engine_area(IMAGE_SIZE));
    }
    next_epoch(h);
    return 0;
}

int h_name_interfaces(struct harness *h, struct pk_u128 one, struct pk_u128 two)
{
    const struct pk_ifname name[2] = {{.name = one}, {.name = two}};
    uint32_t index;
    int s;

    if (pk_u128_equal(one, h->name[0]) && pk_u128_equal(two, h->name[1]))
        return 0;
    h->name[0] = one;
    h->name[1] = two;
    next_epoch(h);
    for (s = SIDE_TC; s <= SIDE_XDP; s++) {
        for (index = 1; index <= 2; index++) {
            if (bpf_map_update_elem(h->side[s].ifnames_fd, &index, &name[index - 1], BPF_ANY))
                return -errno;
        }
    }
    return 0;
}

static const uint8_t macs[12] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};

const uint8_t *h_mac(enum h_prog p)
{
    return p == H_TC_EGRESS ? NULL : macs + 6;
}

/* The frame; the innermost tag is followed by the family's ethertype. Returns its length. */
static size_t make_frame(uint8_t *frame, enum pk_family family, const uint8_t *ip, size_t len,
                         unsigned tags)
{
    uint16_t type = htons(family == PK_IPV6 ? 0x86dd : 0x0800);
    static const uint8_t tag[4] = {0x81, 0x00, 0x00, 0x0b};
    size_t at = sizeof(macs);

    memcpy(frame, macs, sizeof(macs));
    for (; tags; tags--, at += sizeof(tag))
        memcpy(frame + at, tag, sizeof(tag));
    memcpy(frame + at, &type, sizeof(type));
    memcpy(frame + at + 2, ip, len);
    return at + 2 + len;
}

/* struct nf_hook_state begins with these two bytes; the rest must be zero. */
struct nf_state {
    uint8_t hook, pf, rest[62];
};

static int run(int fd, const void *frame, size_t len, void *ctx, size_t ctx_len, uint32_t *ret)
{
    static uint8_t out[FRAME_MAX + 512];
    LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame, .data_size_in = (uint32_t)len,
                .data_out = out, .data_size_out = sizeof(out), .ctx_in = ctx,
                .ctx_size_in = (uint32_t)ctx_len, .repeat = 1);

    if (bpf_prog_test_run_opts(fd, &o))
        return -errno;
    *ret = o.retval;
    return 0;
}

int h_run(struct harness *h, enum h_prog p, enum pk_hook hook, enum pk_family family,
          const uint8_t *ip, size_t len, unsigned tags)
{
    struct nf_state state = {.hook = (uint8_t)(hook + 1), .pf = family == PK_IPV6 ? 10 : 2};
    struct __sk_buff skb = {.ifindex = 1};
    uint8_t frame[FRAME_MAX];
    uint32_t ret;
    int r;

    skb.ingress_ifindex = p == H_TC_INGRESS ? 1 : hook == PK_FORWARD ? 2 : 0;
    if (len + 14 + 4 * tags > sizeof(frame))
        return -E2BIG;
    /* bpf_prog_test_run_nf() wants no Ethernet header at LOCAL_OUT. */
    if (p == H_NF && hook == PK_OUTPUT)
        memcpy(frame, ip, len);
    else
        len = make_frame(frame, family, ip, len, tags);
    if (p == H_NF)
        r = run(h->prog_fd[p], frame, len, &state, 48, &ret);
    else if (p == H_XDP)
        r = run(h->prog_fd[p], frame, len, NULL, 0, &ret);
    else
        r = run(h->prog_fd[p], frame, len, &skb, sizeof(skb), &ret);
    if (r)
        return r;
    if (p == H_NF)
        return ret == 1;
    return p == H_XDP ? ret == 2 : ret == UINT32_MAX;
}

static struct pk_counters sum(const struct harness *h, int fd, uint32_t key)
{
    struct pk_count *per_cpu = calloc((size_t)h->n_cpus, sizeof(*per_cpu));
    struct pk_counters c = {0};
    int i;

    if (per_cpu && !bpf_map_lookup_elem(fd, &key, per_cpu)) {
        for (i = 0; i < h->n_cpus; i++) {
            c.packets += per_cpu[i].packets;
            c.bytes += per_cpu[i].bytes;
        }
    }
    free(per_cpu);
    return c;
}

int h_gather(struct harness *h, enum h_prog p)
{
    const struct bpf_object *o = h->side[side_of[p]].gather;
    int r = 0, fd = bpf_program__fd(bpf_object__find_program_by_name(o, "pk_gather"));

    for (unsigned form = PK_FLOW_LONG; form <= PK_FLOW_SHORT && !r; form++) {
        struct pk_gather g = {.form = form, .sets = FLOWS * (uint32_t)h->n_cpus / PK_FLOW_WAYS};
        LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = &g, .data_size_in = sizeof(g), .repeat = 1);

        if (bpf_prog_test_run_opts(fd, &opts))
            r = -errno;
    }
    return r;
}

struct pk_counters h_counter(struct harness *h, enum h_prog p, uint32_t slot)
{
    struct pk_counters c = {0};
    struct pk_count one;

    for (uint32_t cpu = 0; cpu < (uint32_t)h->n_cpus; cpu++) {
        uint32_t key = cpu * PK_CHUNK + slot % PK_CHUNK;

        if (bpf_map_lookup_elem(h->side[side_of[p]].chunk_fd[slot / PK_CHUNK], &key, &one))
            continue;
        c.packets += one.packets;
        c.bytes += one.bytes;
    }
    return c;
}

uint64_t h_reason(struct harness *h, enum h_prog p, enum pk_where where, enum pk_reason reason)
{
    return sum(h, h->side[side_of[p]].reasons_fd, where * PK_REASON_MAX + reason).packets;
}

uint64_t h_flow_claims(struct harness *h, enum h_prog p)
{
    const struct bpf_object *o = h->side[side_of[p]].object;
    int fd = bpf_object__find_map_fd_by_name(o, "flows_long");
    int fd4 = bpf_object__find_map_fd_by_name(o, "flows_short");
    uint32_t n = FLOWS * (uint32_t)h->n_cpus, i;
    struct pk_flow_entry entry;
    struct pk_flow_entry4 entry4;
    uint64_t claims = 0;

    for (i = 0; i < n; i++) {
        if (!bpf_map_lookup_elem(fd, &i, &entry))
            claims += pk_flow_writes(entry.end.count);
        if (!bpf_map_lookup_elem(fd4, &i, &entry4))
            claims += pk_flow_writes(entry4.end.count);
    }
    return claims;
}

uint64_t h_test_counter(struct harness *h, enum h_prog p, uint32_t i)
{
    return sum(h, h->side[side_of[p]].test_fd, i).packets;
}
