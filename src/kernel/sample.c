// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/sample.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "kernel/guards.h"
#include "kernel/links.h"
#include "kernel/slots.h"
#include "kernel/standing.h"
#include "kernel/sys.h"

#define PK_COPY_TRIES 16 /* counts that change under the copy */
#define PK_DUMP_TRIES 8  /* interfaces that come and go make a dump begin anew */

uint64_t pk_fence_generation(const struct pk_fence *f)
{
    return pk_word_generation(pk_standing_word(f));
}

static int pk_map_id(int fd, uint32_t *ret)
{
    struct bpf_map_info info = {0};
    uint32_t len = sizeof(info);
    int r = bpf_obj_get_info_by_fd(fd, &info, &len);

    if (!r)
        *ret = info.id;
    return r;
}

bool pk_fence_stands(const struct pk_fence *f)
{
    _pk_close_ int fd = -1;
    uint32_t mine, pinned;

    return pk_fence_generation(f) && !pk_maps_pinned(f->pins.dir, PK_MAP_CTL, &fd) &&
           !pk_map_id(fd, &pinned) && !pk_map_id(f->maps.fd[PK_MAP_CTL], &mine) && pinned == mine;
}

static uint32_t pk_sample_rules(const struct pk_live *live, int family)
{
    const struct pk_ruleset *rs = live->family[family];

    return rs && rs->given ? rs->n_rules : 0;
}

/* Rules of a family, then its policies, then the other family. */
static int pk_sample_read(struct pk_fence *f, const struct pk_live *live, uint32_t *slot,
                          struct pk_counters *value)
{
    int r = pk_fence_gather(f);
    size_t n = 0;

    for (int i = 0; i < PK_FAMILY_N; i++) {
        if (!live->family[i] || !live->family[i]->given)
            continue;
        memcpy(slot + n, live->slot[i], pk_sample_rules(live, i) * sizeof(*slot));
        n += pk_sample_rules(live, i);
        memcpy(slot + n, live->policy_slot[i], sizeof(live->policy_slot[i]));
        n += PK_HOOK_N;
    }
    return r ? r : pk_slots_read(&f->maps, slot, n, value);
}

int pk_fence_sample(struct pk_fence *f, const struct pk_live *live,
                    struct pk_counters *const rule[PK_FAMILY_N],
                    struct pk_counters policy[PK_FAMILY_N][PK_HOOK_N])
{
    size_t most = PK_FAMILY_N * PK_HOOK_N + (size_t)pk_sample_rules(live, PK_IPV4) +
                  pk_sample_rules(live, PK_IPV6);
    _pk_free_ struct pk_counters *value = calloc(most, sizeof(*value));
    _pk_free_ uint32_t *slot = calloc(most, sizeof(*slot));
    const struct pk_counters *from = value;
    int r = value && slot ? pk_sample_read(f, live, slot, value) : -ENOMEM;

    if (r)
        return r;
    /* the slots of a set that is neither live nor the one before may be another set's by now */
    if (pk_fence_generation(f) > live->good_until)
        return -ESTALE;
    for (int i = 0; i < PK_FAMILY_N; i++) {
        if (!live->family[i] || !live->family[i]->given)
            continue;
        memcpy(rule[i], from, pk_sample_rules(live, i) * sizeof(*from));
        from += pk_sample_rules(live, i);
        memcpy(policy[i], from, sizeof(policy[i]));
        from += PK_HOOK_N;
    }
    return 0;
}

static void pk_rtt_sum(struct pk_rtt *to, const struct pk_rtt *from)
{
    to->halves += from->halves;
    to->units += from->units;
    for (uint32_t i = 0; i < PK_RTT_SIZES; i++)
        to->size[i] += from->size[i];
    to->begun += from->begun;
}

/* `value` and `taken` have room for so many CPUs. One that counts just now is copied again. */
static int pk_rtt_read(int fd, uint32_t side, size_t cpus, struct pk_rtt *value, bool *taken,
                       struct pk_rtt *ret)
{
    bool all = false;

    memset(taken, 0, cpus * sizeof(*taken));
    for (int i = 1; !all && i <= PK_COPY_TRIES; i++) {
        int r = bpf_map_lookup_elem(fd, &side, value);

        if (r)
            return r;
        all = true;
        for (size_t c = 0; c < cpus; c++) {
            bool whole = value[c].halves == value[c].begun || i == PK_COPY_TRIES;

            if (whole && !taken[c])
                pk_rtt_sum(ret, &value[c]);
            taken[c] |= whole;
            all &= taken[c];
        }
    }
    return 0;
}

int pk_fence_rtt(const struct pk_fence *f, struct pk_rtt ret[PK_RTT_SIDES])
{
    _pk_free_ struct pk_rtt *value = NULL;
    _pk_free_ bool *taken = NULL;
    size_t cpus;
    int r = pk_sys_cpus(&cpus);

    if (r)
        return r;
    memset(ret, 0, sizeof(struct pk_rtt[PK_RTT_SIDES]));
    if (f->maps.fd[PK_MAP_RTT] < 0) /* of a picket that does not know it */
        return 0;
    value = calloc(cpus, sizeof(*value));
    taken = calloc(cpus, sizeof(*taken));
    if (!value || !taken)
        return -ENOMEM;
    for (uint32_t side = 0; !r && side < PK_RTT_SIDES; side++)
        r = pk_rtt_read(f->maps.fd[PK_MAP_RTT], side, cpus, value, taken, &ret[side]);
    return r;
}

struct pk_devices {
    const struct pk_guard *guards; /* none: all interfaces */
    size_t n_guards;
    struct pk_device *list;
    size_t n, cap;
};

static bool pk_device_wanted(const struct pk_devices *d, uint32_t ifindex)
{
    size_t i = 0;

    while (i < d->n_guards && d->guards[i].ifindex != ifindex)
        i++;
    return !d->n_guards || i < d->n_guards;
}

static int pk_device_room(struct pk_devices *d)
{
    size_t cap = PK_MAX(d->cap * 2, (size_t)16);
    struct pk_device *grown;

    if (d->n < d->cap)
        return 0;
    grown = realloc(d->list, cap * sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    d->list = grown;
    d->cap = cap;
    return 0;
}

/* Attributes are aligned to 4 bytes only, and another kernel's structure may be shorter. */
static void pk_device_stats(const struct nlattr *a, struct pk_device *ret)
{
    struct rtnl_link_stats64 s = {0};

    memcpy(&s, mnl_attr_get_payload(a), PK_MIN(sizeof(s), (size_t)mnl_attr_get_payload_len(a)));
    ret->rx_packets = s.rx_packets;
    ret->rx_bytes = s.rx_bytes;
    ret->rx_dropped = s.rx_dropped;
    ret->tx_packets = s.tx_packets;
    ret->tx_bytes = s.tx_bytes;
    ret->tx_dropped = s.tx_dropped;
}

static int pk_device_seen(const struct nlmsghdr *n, void *data)
{
    const struct ifinfomsg *link = mnl_nlmsg_get_payload(n);
    struct pk_devices *d = data;
    const struct nlattr *a;
    struct pk_device *dev;

    if (n->nlmsg_type != RTM_NEWLINK || d->n == PK_DEVICES_MAX ||
        !pk_device_wanted(d, (uint32_t)link->ifi_index))
        return MNL_CB_OK;
    if (pk_device_room(d)) {
        errno = ENOMEM;
        return MNL_CB_ERROR;
    }
    dev = &d->list[d->n++];
    *dev = (struct pk_device){.ifindex = (uint32_t)link->ifi_index};
    mnl_attr_for_each(a, n, sizeof(*link))
    {
        if (mnl_attr_get_type(a) == IFLA_IFNAME)
            snprintf(dev->name, sizeof(dev->name), "%.*s", (int)mnl_attr_get_payload_len(a),
                     mnl_attr_get_str(a));
        else if (mnl_attr_get_type(a) == IFLA_STATS64)
            pk_device_stats(a, dev);
    }
    return MNL_CB_OK;
}

static int pk_device_order(const void *a, const void *b)
{
    const struct pk_device *x = a, *y = b;

    return (x->ifindex > y->ifindex) - (x->ifindex < y->ifindex);
}

int pk_fence_devices(const struct pk_fence *f, struct pk_device **ret, size_t *ret_n)
{
    _pk_free_ struct pk_guard *guards = NULL;
    struct pk_devices d = {0};
    int r = pk_guards_read(&f->maps, &guards, &d.n_guards), tries = PK_DUMP_TRIES;

    d.guards = guards;
    if (!r)
        do {
            d.n = 0;
            r = pk_links_dump(pk_device_seen, &d);
        } while (r == -EINTR && --tries);
    if (r) {
        free(d.list);
        return r;
    }
    if (d.n)
        qsort(d.list, d.n, sizeof(*d.list), pk_device_order);
    *ret = d.list;
    *ret_n = d.n;
    return 0;
}
