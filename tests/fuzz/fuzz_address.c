// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Addresses in text that is anything. Each one found lies in the text, has a verdict, and is found
 * again, alone, in its own spelling. MACs and DUIDs beside them are no more than there is room for.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sensors/address/address.h"
#include "sensors/address/lines.h"
#include "sensors/address/space.h"
#include "sensors/address/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "address: %s\n", what);
    abort();
}

static void check(const struct pk_address_found *f, const char *text, const char *end)
{
    static const struct pk_vendors none;
    struct pk_address_found again;
    struct pk_space space;
    struct pk_verdict v;
    char buf[46];

    expect(f->at >= text && f->at < end, "outside of the text");
    expect(!f->zone || (f->zone > f->at && f->zone + f->zone_len <= end), "zone outside");
    pk_address_judge(f->address, &v);
    expect(v.reason && v.kind < PK_AK_N && v.iid < PK_IID_N, "no verdict");
    if (pk_space_of(&v, &none, &space))
        expect(space.addresses >= 1, "nothing to scan");
    expect(!pk_address_parse(pk_address_text(f->address, buf), &again), "own spelling is not read");
    expect(pk_u128_equal(again.address, f->address), "own spelling is another address");
}

static void check_beside(const char *text, const char *end)
{
    struct pk_line_told told;
    uint64_t mac;

    pk_line_tells(text, end, &told);
    expect(told.n_macs <= PK_LINE_MACS && told.n_duids <= PK_LINE_DUIDS, "more than there is room");
    for (size_t i = 0; i < told.n_duids; i++)
        expect(pk_duid_mac(&told.duid[i], &mac) && !(mac >> 48), "a DUID without a MAC");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size); /* of exactly this size: reading past it is seen */
    const char *p = text, *next, *end;
    struct pk_address_found f;

    if (!text)
        return 0;
    memcpy(text, data, size);
    end = pk_address_line_end(text, text + size);
    for (; p && (next = pk_address_find(p, end, &f)); p = next) {
        expect(next > p && next <= end, "no step on");
        check(&f, text, end);
    }
    check_beside(text, text + size);
    free(text);
    return 0;
}
