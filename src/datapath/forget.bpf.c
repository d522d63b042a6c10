// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Deletes one connection from the fence's own table: user space can only replace a whole bucket,
 * and what packets do to its other places meanwhile would be undone. Run by BPF_PROG_TEST_RUN,
 * attached nowhere; the "frame" is a struct pk_forget, the verdict an enum pk_forget_answer.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "datapath/abi/forget.h"

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct pk_state_bucket);
} state SEC(".maps");

SEC("xdp")
int pk_forget(struct xdp_md *ctx)
{
    const struct pk_forget *data = (void *)(long)ctx->data;
    int answer = PK_FORGET_GONE;
    struct pk_state_bucket *b;
    struct pk_forget f;
    __u32 way;

    if ((const void *)(data + 1) > (void *)(long)ctx->data_end)
        return PK_FORGET_GONE;
    f = *data;
    way = f.way & (PK_STATE_WAYS - 1);
    b = bpf_map_lookup_elem(&state, &f.bucket);
    if (!b)
        return PK_FORGET_GONE;
    bpf_spin_lock(&b->lock);
    if (b->until[way] && b->entry[way].born == f.born &&
        pk_state_key_equal(&b->entry[way].key, &f.key)) {
        b->until[way] = 0;
        b->held &= ~(1u << way);
        answer = PK_FORGET_DONE;
    }
    bpf_spin_unlock(&b->lock);
    return answer;
}

char LICENSE[] SEC("license") = "GPL";
