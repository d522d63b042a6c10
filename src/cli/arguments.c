// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/arguments.h"

#include <stdio.h>
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

int pk_dev_arg(const struct pk_args *a, const char **devs, size_t *n, size_t max)
{
    if (!name_valid(a->value))
        return refuse(a, "dev", "not the name of an interface");
    if (*n >= max)
        return refuse(a, "dev", "too many interfaces");
    devs[(*n)++] = a->value;
    return 1;
}
