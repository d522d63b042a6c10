// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The linear part of an skb, read without a helper call (Linux 6.2: bpf_rdonly_cast). The verifier
 * lets programs read through the pointer; a wild one reads 0, and the bounds are ours to check.
 */
#pragma once

#include "datapath/env.bpf.h"

struct net_device;

struct sk_buff {
    struct net_device *dev;
    unsigned int len, data_len;
    unsigned char *head, *data;
    __u16 mac_header, network_header;
    unsigned long _nfct;
} __attribute__((preserve_access_index));

/* A kernel type that is nothing but one 32-bit word: what the verifier lets us read as. */
struct in_addr {
    __u32 s_addr;
} __attribute__((preserve_access_index));

extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak;

struct pk_linear {
    __u64 at;    /* address of the IP header */
    __u32 bytes; /* from there on in one run */
};

static __always_inline void pk_linear_init(struct pk_linear *l, const struct sk_buff *skb)
{
    __u64 end = (__u64)skb->data + skb->len - skb->data_len;

    l->at = (__u64)skb->head + skb->network_header;
    l->bytes = end > l->at ? (__u32)(end - l->at) : 0;
}

/* `len` is a constant; dst is aligned to its words. -1: it does not lie there whole. */
static __always_inline int pk_linear_load(const struct pk_linear *l, __u32 off, void *dst,
                                          __u32 len)
{
    __u32 id = bpf_core_type_id_kernel(struct in_addr), i;

    if (off + len > l->bytes)
        return -1;
    if (len & 3) {
#pragma unroll
        for (i = 0; i < len; i++)
            ((__u8 *)dst)[i] = *(const __u8 *)bpf_rdonly_cast((const void *)(l->at + off + i), id);
        return 0;
    }
#pragma unroll
    for (i = 0; i < len / 4; i++)
        ((__u32 *)dst)[i] =
            *(const __u32 *)bpf_rdonly_cast((const void *)(l->at + off + i * 4), id);
    return 0;
}
