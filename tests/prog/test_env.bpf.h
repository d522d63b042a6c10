// SPDX-License-Identifier: GPL-2.0-or-later
/* Included first into the programs of the test build: what the test-only effect writes to. */
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "datapath/abi/ctl.h"
#include "packet/packet.h"

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 64);
    __type(key, __u32);
    __type(value, struct pk_count);
} test_counters SEC(".maps");

static inline void pk_test_effect(__u32 i, const struct pk_packet *p)
{
    struct pk_count *c = bpf_map_lookup_elem(&test_counters, &i);

    if (!c)
        return;
    __sync_fetch_and_add(&c->packets, 1);
    __sync_fetch_and_add(&c->bytes, p->len);
}
