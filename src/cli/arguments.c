// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plan.h"

static int refuse(const struct pk_args *a, const char *option, const char *mend)
{
    fprintf(stderr, "picket %s: --%s %s: %s\n", a->verb, option, a->value, mend);
    return -1;
}

int pk_hook_arg(const struct pk_args *a, enum pk_attach_kind *ret)
{
    for (int k = PK_ATTACH_AUTO; k <= PK_ATTACH_XDP; k++)
        if (!strcmp(a->value, pk_attach_name(k))) {
            *ret = k;
            return 1;
        }
    return refuse(a, "hook", "no such hook: auto, netfilter, tc or xdp");
}

int pk_classifier_arg(const struct pk_args *a, enum pk_classifier *ret)
{
    for (int k = 0; k < PK_CLASSIFIER_N; k++)
        if (!strcmp(a->value, pk_classifier_name(k))) {
            *ret = k;
            return 1;
        }
    return refuse(a, "classifier", "no such classifier: auto or lbvs");
}

int pk_memory_arg(const struct pk_args *a, size_t *ret)
{
    uint64_t v;

    if (pk_arg_size(a->value, &v))
        return refuse(a, "memory-max", "not a number of bytes, such as 65536 or 64M");
    if (!v || v > PK_IMAGE_MAX)
        return refuse(a, "memory-max", "must be from 1 to 256M");
    *ret = (size_t)v;
    return 1;
}

int pk_state_max_arg(const struct pk_args *a, uint32_t *ret)
{
    uint64_t v;

    if (pk_arg_size(a->value, &v))
        return refuse(a, "state-max", "not a number of connections, such as 262144");
    if (!v || v > PK_STATE_MOST)
        return refuse(a, "state-max", "must be from 1 to 16777216");
    *ret = (uint32_t)v;
    return 1;
}

/* The time-out of which `len` bytes of a text are the name; PK_TIMEOUTS: none. */
static unsigned timeout_of(const char *name, size_t len)
{
    unsigned i = 0;

    for (; i < PK_TIMEOUTS; i++) {
        const char *known = pk_state_timeout_name(i);

        if (known && strlen(known) == len && !memcmp(known, name, len))
            break;
    }
    return i;
}

/* NAME=SECONDS, or NAME=default. */
int pk_state_timeout_arg(const struct pk_args *a, struct pk_state_wish *ret)
{
    const char *is = strchr(a->value, '=');
    unsigned t = is ? timeout_of(a->value, (size_t)(is - a->value)) : PK_TIMEOUTS;
    unsigned long v;
    char *end;

    if (t == PK_TIMEOUTS)
        return refuse(
            a, "state-timeout",
            "not as tcp-established=7200, udp=60, icmp=default: `man picket` has the names");
    if (!strcmp(is + 1, "default")) {
        ret->seconds[t] = pk_state_timeout_usual(t);
        return 1;
    }
    v = is[1] >= '0' && is[1] <= '9' ? strtoul(is + 1, &end, 10) : 0;
    if (!v || *end || v > PK_STATE_TIMEOUT_MOST)
        return refuse(a, "state-timeout", "must be seconds, from 1 to 31536000, or default");
    ret->seconds[t] = (uint32_t)v;
    return 1;
}

int pk_state_liberal_arg(const struct pk_args *a, struct pk_state_wish *ret)
{
    bool on = !strcmp(a->value, "on");

    if (!on && strcmp(a->value, "off"))
        return refuse(a, "state-liberal", "on or off");
    ret->liberal = on ? PK_LIBERAL_ON : PK_LIBERAL_OFF;
    return 1;
}

/* dev_valid_name(): what the kernel takes for a name. */
static bool name_valid(const char *s)
{
    size_t len = strlen(s);

    if (!len || len > 15 || !strcmp(s, ".") || !strcmp(s, ".."))
        return false;
    for (; *s; s++)
        if (*s == '/' || *s == ':' || (unsigned char)*s <= ' ' || *s == 0x7f)
            return false;
    return true;
}

/* Digits that are a number from `least` to `most`; -1: they are not. */
static long number(const char *s, long least, long most)
{
    char *end;
    long v = *s >= '0' && *s <= '9' ? strtol(s, &end, 10) : -1;

    return v >= least && v <= most && !*end ? v : -1;
}

int pk_state_zone_arg(const struct pk_args *a, struct pk_zone *zones, size_t *n, size_t max)
{
    const char *is = strrchr(a->value, '=');
    long zone = is ? number(is + 1, 0, UINT16_MAX) : -1, vlan = 0;
    size_t len = is ? (size_t)(is - a->value) : 0;
    char of[16] = "";

    if (len < sizeof(of))
        memcpy(of, a->value, len);
    if (!strncmp(of, "vlan:", 5))
        vlan = number(of + 5, 1, PK_VLAN_MOST);
    if (zone < 0 || vlan < 0 || (!vlan && !name_valid(of)))
        return refuse(a, "state-zone", "not as eth0.10=1 or vlan:10=1: zones are 0 to 65535");
    if (*n >= max)
        return refuse(a, "state-zone", "too many zones");
    zones[*n] = (struct pk_zone){.vlan = (uint16_t)vlan, .zone = (uint16_t)zone};
    if (!vlan)
        memcpy(zones[*n].dev, of, sizeof(of));
    ++*n;
    return 1;
}

int pk_dev_arg(const struct pk_args *a, const char **devs, size_t *n, size_t max)
{
    if (!name_valid(a->value))
        return refuse(a, "dev", "not the name of an interface");
    if (*n >= max)
        return refuse(a, "dev", "too many interfaces");
    devs[(*n)++] = a->value;
    return 1;
}
