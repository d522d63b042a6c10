// SPDX-License-Identifier: GPL-2.0-or-later
/* Counting, for programs of a bank and for those that run without an image. */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "datapath/abi/ctl.h"

/* A global function: not static, not inlined; the verifier proves it once, for any arguments. */
#define PK_GLOBAL __attribute__((noinline))

#define pk_volatile(x) (*(volatile __typeof__(x) *)&(x))

struct pk_chunk {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, PK_CHUNK); /* times the CPUs: the loader's */
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(struct pk_count));
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __uint(max_entries, PK_CHUNKS_MAX);
    __type(key, __u32);
    __array(values, struct pk_chunk);
} counters SEC(".maps");

static __always_inline void pk_count_add(struct pk_count *c, __u64 packets, __u64 bytes)
{
    __sync_fetch_and_add(&c->packets, packets);
    __sync_fetch_and_add(&c->bytes, bytes);
}

static __always_inline void pk_count_all(__u32 slot, __u64 packets, __u64 bytes)
{
    __u32 chunk = slot / PK_CHUNK;
    __u32 i = bpf_get_smp_processor_id() * PK_CHUNK + slot % PK_CHUNK;
    struct pk_count *c;
    void *map;

    map = bpf_map_lookup_elem(&counters, &chunk);
    if (!map)
        return;
    c = bpf_map_lookup_elem(map, &i);
    if (c)
        pk_count_add(c, packets, bytes);
}

static __always_inline void pk_count(__u32 slot, __u32 bytes)
{
    pk_count_all(slot, 1, bytes);
}
