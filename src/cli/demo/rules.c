// SPDX-License-Identifier: GPL-2.0-or-later
/* The demo's rule sets, carried in the binary: share/demo.v4 and .v6 (meson.build embeds them). */
#include "cli/demo/demo.h"

#include <errno.h>
#include <string.h>

#include "cli/demo/embedded.h"

#define PK_DEMO_TEXT_MAX 65536u

/* The second set: staging is closed, everything else stays, byte for byte. */
static int pk_demo_close_staging(struct pk_buf *text)
{
    static const char line[] = "--dport 8080 -m comment --comment \"staging\" -j ",
                      was[] = "ACCEPT", is[] = "DROP  ";
    char *at = memmem(text->data, text->len, line, sizeof(line) - 1);

    if (!at)
        return -EINVAL;
    at += sizeof(line) - 1;
    if (memcmp(at, was, sizeof(was) - 1) != 0)
        return -EINVAL;
    memcpy(at, is, sizeof(is) - 1);
    return 0;
}

static int pk_demo_read(struct pk_demo *d, enum pk_family family, const char *file,
                        const char *text, size_t len, const struct pk_ruleset **ret)
{
    struct pk_read_options how = {.family = (int)family};
    struct pk_read read = {0};
    int r = pk_text_read(text, len, file, &how, &d->c.arena, &read, &d->c.d);

    if (r)
        return r;
    if (!read.family[family])
        return -EINVAL;
    *ret = read.family[family];
    return 0;
}

static int pk_demo_load_family(struct pk_demo *d, enum pk_family f, const struct pk_embedded *o,
                               const char *const files[2])
{
    _pk_buf_ struct pk_buf other = PK_BUF_INIT(PK_DEMO_TEXT_MAX);
    int r;

    r = pk_demo_read(d, f, files[0], o->data, o->size, &d->sets[0].rs[f]);
    if (r)
        return r;
    pk_buf_add(&other, o->data, o->size);
    if (other.failed)
        return other.failed;
    r = pk_demo_close_staging(&other);
    return r ? r : pk_demo_read(d, f, files[1], other.data, other.len, &d->sets[1].rs[f]);
}

int pk_demo_load(struct pk_demo *d)
{
    static const char *const v4[] = {"demo.v4", "demo-b.v4"}, *const v6[] = {"demo.v6",
                                                                             "demo-b.v6"};
    int r;

    r = pk_demo_load_family(d, PK_IPV4, &pk_embedded_demo_v4, v4);
    return r ? r : pk_demo_load_family(d, PK_IPV6, &pk_embedded_demo_v6, v6);
}
