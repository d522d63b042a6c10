// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/state.h"

#include <errno.h>
#include <sys/random.h>

#include "base/macro.h"
#include "kernel/codes.h"
#include "kernel/sys.h"
#include "state/table.h"

static int pk_state_same(const struct pk_ctl *ctl, uint32_t max, struct pk_diags *d)
{
    if (!max || max == ctl->state_max)
        return 0;
    pk_error(d, PK_K_STANDING, PK_NOWHERE, "leave --state-max out, or `picket detach` first",
             "the table of connections was made for %u, and cannot change its size",
             ctl->state_max);
    return -EEXIST;
}

int pk_state_make(struct pk_fence *f, uint32_t max, bool *ret_new, struct pk_diags *d)
{
    uint32_t entries = max ? max : PK_STATE_DEFAULT, buckets = pk_state_buckets_for(entries);
    struct pk_state_seed seed;
    int r;

    *ret_new = false;
    if (f->ctl->state_buckets && !f->ctl->state_epoch) /* of a writer that was killed */
        pk_state_unmake(f);
    if (f->ctl->state_buckets)
        return pk_state_same(f->ctl, max, d);
    if (getrandom(&seed, sizeof(seed), 0) < 0)
        return pk_sys_error(d, -errno, "cannot draw a seed");
    (void)!pk_sys_unpin(f->pins.dir, pk_map_name(PK_MAP_STATE)); /* likewise */
    r = pk_maps_state(&f->maps, &f->pins, buckets);
    if (r)
        return pk_sys_error(d, r, "cannot make a table for %u connections, %u MiB", entries,
                            (unsigned)((uint64_t)buckets * sizeof(struct pk_state_bucket) >> 20));
    f->ctl->state_seed = seed;
    f->ctl->state_max = entries;
    f->ctl->state_buckets = buckets;
    *ret_new = true;
    return 0;
}

void pk_state_unmake(struct pk_fence *f)
{
    f->ctl->state_buckets = f->ctl->state_max = 0;
    (void)!pk_sys_unpin(f->pins.dir, pk_map_name(PK_MAP_STATE));
    pk_close_p(&f->maps.fd[PK_MAP_STATE]);
    f->maps.fd[PK_MAP_STATE] = -1;
}

struct pk_state_config pk_state_config_of(const struct pk_ctl *ctl)
{
    return (struct pk_state_config){.seed = ctl->state_seed, .buckets = ctl->state_buckets};
}

/* Linux's sysctls net.netfilter.nf_conntrack_*, without "timeout" and with dashes. */
static const char *const pk_state_timeouts[PK_TIMEOUTS] = {
    [PK_TCP_SYN_SENT] = "tcp-syn-sent",
    [PK_TCP_SYN_RECV] = "tcp-syn-recv",
    [PK_TCP_ESTABLISHED] = "tcp-established",
    [PK_TCP_FIN_WAIT] = "tcp-fin-wait",
    [PK_TCP_CLOSE_WAIT] = "tcp-close-wait",
    [PK_TCP_LAST_ACK] = "tcp-last-ack",
    [PK_TCP_TIME_WAIT] = "tcp-time-wait",
    [PK_TCP_CLOSE] = "tcp-close",
    [PK_TIMEOUT_TCP_RETRANS] = "tcp-max-retrans",
    [PK_TIMEOUT_TCP_UNACK] = "tcp-unacknowledged",
    [PK_TIMEOUT_UDP] = "udp",
    [PK_TIMEOUT_UDP_STREAM] = "udp-stream",
    [PK_TIMEOUT_ICMP] = "icmp",
    [PK_TIMEOUT_ICMPV6] = "icmpv6",
    [PK_TIMEOUT_GRE] = "gre",
    [PK_TIMEOUT_GRE_STREAM] = "gre-stream",
    [PK_TIMEOUT_GENERIC] = "generic",
    [PK_TIMEOUT_FRAGMENT] = "fragment",
    [PK_TIMEOUT_SCTP_CLOSED] = "sctp-closed",
    [PK_TIMEOUT_SCTP_COOKIE_WAIT] = "sctp-cookie-wait",
    [PK_TIMEOUT_SCTP_COOKIE_ECHOED] = "sctp-cookie-echoed",
    [PK_TIMEOUT_SCTP_ESTABLISHED] = "sctp-established",
    [PK_TIMEOUT_SCTP_SHUTDOWN_SENT] = "sctp-shutdown-sent",
    [PK_TIMEOUT_SCTP_SHUTDOWN_RECD] = "sctp-shutdown-recd",
    [PK_TIMEOUT_SCTP_SHUTDOWN_ACK_SENT] = "sctp-shutdown-ack-sent",
    [PK_TIMEOUT_SCTP_HEARTBEAT_SENT] = "sctp-heartbeat-sent",
};

const char *pk_state_timeout_name(unsigned timeout)
{
    return pk_state_timeouts[timeout];
}

uint32_t pk_state_timeout_usual(unsigned timeout)
{
    return pk_state_seconds(PK_STATE_RULES.timeout[timeout]);
}

struct pk_state_rules pk_state_rules_of(const struct pk_ctl *ctl)
{
    return ctl->state_rules.max_retrans ? ctl->state_rules : PK_STATE_RULES;
}

struct pk_state_rules pk_state_rules_wished(const struct pk_ctl *ctl,
                                            const struct pk_state_wish *wish)
{
    struct pk_state_rules rules = pk_state_rules_of(ctl);

    for (int i = 0; i < PK_TIMEOUTS; i++)
        if (wish->seconds[i])
            rules.timeout[i] = PK_STATE_TICKS(wish->seconds[i]);
    if (wish->seconds[PK_TCP_SYN_SENT]) /* of a simultaneous open: Linux has no sysctl for it */
        rules.timeout[PK_TCP_SYN_SENT2] = rules.timeout[PK_TCP_SYN_SENT];
    if (wish->liberal)
        rules.liberal = wish->liberal == PK_LIBERAL_ON;
    return rules;
}
