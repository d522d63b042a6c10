// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rule files of both formats. What is read must be printed, read and printed again to the same
 * bytes, and must not differ from itself.
 *
 * The first byte of the input says how it is read; the rest is the file.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "rules/diff.h"
#include "rules/text.h"

#define OUTPUT_MAX ((size_t)16 << 20)
#define ARENA_MAX ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void save(const struct pk_ruleset *rs, struct pk_buf *out)
{
    struct pk_save_options o = {.counters = true};

    pk_ruleset_save(rs, &o, out);
}

static void same_again(const struct pk_ruleset *rs)
{
    _pk_arena_ struct pk_arena a = {.max = ARENA_MAX};
    _pk_diags_ struct pk_diags d = {0};
    _pk_buf_ struct pk_buf first = PK_BUF_INIT(OUTPUT_MAX), second = PK_BUF_INIT(OUTPUT_MAX);
    struct pk_read_options o = {
        .format = PK_TEXT_SAVE, .family = (int)rs->family, .counters = true};
    struct pk_read read;
    struct pk_change *changes;
    size_t n;
    int err;

    save(rs, &first);
    if (first.failed)
        return;
    err = pk_text_read(first.data, first.len, "again", &o, &a, &read, &d);
    if (err == -ENOMEM)
        return;
    must(!err && read.family[rs->family]);
    save(read.family[rs->family], &second);
    must(!second.failed && first.len == second.len && !memcmp(first.data, second.data, first.len));
    if (!pk_ruleset_diff(rs, read.family[rs->family], &a, &changes, &n))
        must(n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _pk_arena_ struct pk_arena a = {.max = ARENA_MAX};
    _pk_diags_ struct pk_diags d = {0};
    struct pk_read read = {0};
    struct pk_read_options o = {0};
    int err;

    if (!size)
        return 0;
    o.format = data[0] % 3;
    o.family = (int)(data[0] / 3 % 3) - 1;
    o.counters = data[0] & 0x80;
    err = pk_text_read((const char *)data + 1, size - 1, "fuzz", &o, &a, &read, &d);
    must(err == 0 || err == -ENOMEM || (err == -EINVAL && d.n_errors));
    for (int i = 0; i < PK_FAMILY_N && !err; i++)
        if (read.family[i])
            same_again(read.family[i]);
    return 0;
}
