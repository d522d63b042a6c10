// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What stands in the pins of a bank, written to by somebody: a store and the changes over it, both
 * with the right sum. The first byte chooses which bytes of two that are whole are overwritten.
 * What passes the checks is read as `save` and `rule` read it: it may be nonsense, but nothing
 * outside is touched.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/macro.h"
#include "kernel/bank.h"
#include "kernel/stored.h"
#include "kernel/sys.h"
#include "rules/text.h"

#define BYTES 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two whole ones, and a copy of each to write to. */
static struct pk_buf store = {.max = BYTES}, changes = {.max = BYTES};
static uint64_t store_copy[BYTES / 8], changes_copy[BYTES / 8];

static const char text[] = "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n"
                           ":OUTPUT ACCEPT [0:0]\n:a - [0:0]\n-A INPUT -j a\n-A INPUT -p 6\n"
                           "-A a -s ::/0 -j DROP\n-A a -p udp\n-A a\nCOMMIT\n";

/* What opens pins: nobody asks for it here. */
int pk_pins_bank(const struct pk_pins *p, unsigned bank, bool make, int *ret)
{
    return -ENOENT;
}

int pk_sys_pinned(int dir, const char *name, int *ret)
{
    return -ENOENT;
}

int pk_sys_map_mmap(int fd, size_t len, bool write, void **ret)
{
    return -ENOENT;
}

int pk_sys_map_mmap_at(int fd, size_t offset, size_t len, bool write, void **ret)
{
    return -ENOENT;
}

size_t pk_map_bytes(int fd)
{
    return 0;
}

static void expect(bool holds)
{
    if (!holds)
        abort();
}

static void make_store(struct pk_arena *a)
{
    const struct pk_ruleset *rs[PK_FAMILY_N];
    static uint32_t slot[8] = {6, 7, 8, 9, 10, 11};
    struct pk_slots slots = {.rule = {slot, slot}};
    const struct pk_compile_options o = {0};
    const struct pk_store_meta meta = {.generation = 5};
    struct pk_image image;
    _pk_diags_ struct pk_diags d = {0};

    for (int f = 0; f < PK_FAMILY_N; f++) {
        const struct pk_read_options o = {.format = PK_TEXT_SAVE, .family = f};
        char line[sizeof(text)];
        struct pk_read read;

        memcpy(line, text, sizeof(text));
        if (f == PK_IPV4)
            memcpy(strstr(line, "-s ::/0"), "       ", 7);
        expect(!pk_text_read(line, strlen(line), "fuzz", &o, a, &read, &d));
        rs[f] = read.family[f];
    }
    expect(!pk_compile(rs, &slots, &o, &image, &d));
    expect(!pk_store_write(rs, &slots, &image, &meta, &store));
    pk_image_done(&image);
}

static void make_changes(void)
{
    struct pk_added added[] = {
        {.text = "-p udp -j DROP", .file = "picket rule", .chain = 0, .before = 1, .slot = 12},
        {.text = "-p tcp", .file = "picket rule", .chain = 0, .before = 2, .slot = 13},
        {.text = "", .file = "x", .chain = 3, .before = 5, .slot = 14},
    };
    struct pk_gone gone[] = {{1, {1, 2}}, {3, {3, 4}}};
    struct pk_changes c = {.generation = 6, .part = {{added, 3, gone, 2}, {added + 1, 1, gone, 1}}};

    expect(!pk_changes_write(&c, &changes));
}

/* Overwrites at most `size` bytes: runs of two bytes that say where, one how many, and these. */
static void overwrite(void *bytes, size_t len, const uint8_t *data, size_t size)
{
    while (size > 3) {
        size_t at = (size_t)(data[0] | data[1] << 8), n = PK_MIN((size_t)data[2] % 9, size - 3);

        if (at < len)
            memcpy((char *)bytes + at, data + 3, PK_MIN(n, len - at));
        data += 3 + n;
        size -= 3 + n;
    }
}

/* The sums are made to fit. */
static void seal_store(void *bytes, size_t len)
{
    struct pk_store_head *h = bytes;
    const size_t skip = offsetof(struct pk_store_head, rules_sum);

    if (h->size > len || h->texts > h->size || h->rules > h->texts || h->rules < sizeof(*h))
        return;
    h->rules_sum = pk_sum64((char *)h + h->rules, h->texts - h->rules, PK_STORE_MAGIC);
    h->texts_sum = pk_sum64((char *)h + h->texts, h->size - h->texts, PK_STORE_MAGIC);
    h->sum = pk_sum64((char *)h + skip, h->rules - skip, PK_STORE_MAGIC);
}

/* Magic, sum, size, the rest. */
static void seal_changes(uint64_t *head, size_t len)
{
    uint32_t size = (uint32_t)head[2];

    if (size > 16 && size <= len)
        head[1] = pk_sum64(head + 2, size - 16, PK_CHANGES_MAGIC);
}

static void read_all(struct pk_stored *s, unsigned outline)
{
    _pk_arena_ struct pk_arena a = {0};
    struct pk_live live;

    (void)pk_stored_id(s);
    (void)pk_stored_ends(s);
    (void)!pk_stored_read(s, outline, &a, &live);
    for (int f = 0; f < PK_FAMILY_N; f++) {
        struct pk_ruleset *rs;

        if (!pk_stored_chains(s, (enum pk_family)f, &a, &rs))
            expect(rs->n_chains >= PK_HOOK_N && !rs->n_rules);
        if (s->head->family[f].given && !pk_stored_added(s, (enum pk_family)f, &a, &rs))
            expect(rs->n_rules == s->changes.part[f].n_added);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pk_arena forever;
    struct pk_stored s = {0};
    bool over;

    if (!store.len) {
        make_store(&forever);
        make_changes();
    }
    if (!size)
        return 0;
    over = data[0] & 1;
    memcpy(store_copy, store.data, store.len);
    memcpy(changes_copy, changes.data, changes.len);
    overwrite(over ? changes_copy : store_copy, over ? changes.len : store.len, data + 1, size - 1);
    seal_store(store_copy, store.len);
    seal_changes(changes_copy, changes.len);
    if (pk_store_check(store_copy, store.len, PK_STORE_TEXTS, &s.head))
        return 0;
    if (!pk_changes_read(changes_copy, changes.len, s.head, &s.arena, &s.changes))
        read_all(&s, data[0] >> 1 & 3);
    pk_arena_done(&s.arena);
    return 0;
}
