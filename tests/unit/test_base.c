// SPDX-License-Identifier: GPL-2.0-or-later
#include <endian.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/hash.h"
#include "base/macro.h"
#include "base/out.h"

static void arena_is_zeroed_aligned_and_does_not_move(void **state)
{
    _pk_arena_ struct pk_arena a = {0};
    unsigned char *p[500];

    for (size_t i = 0; i < PK_ARRAY_SIZE(p); i++) {
        p[i] = pk_arena_alloc(&a, i);
        assert_non_null(p[i]);
        assert_int_equal((uintptr_t)p[i] % 16, 0);
        for (size_t k = 0; k < i; k++)
            assert_int_equal(p[i][k], 0);
        memset(p[i], (int)(i & 0xff), i);
    }
    for (size_t i = 0; i < PK_ARRAY_SIZE(p); i++)
        for (size_t k = 0; k < i; k++)
            assert_int_equal(p[i][k], i & 0xff);
}

static void arena_stops_at_its_limit(void **state)
{
    _pk_arena_ struct pk_arena a = {.max = 1024};
    size_t n = 0;

    while (pk_arena_alloc(&a, 16))
        n++;
    assert_int_equal(n, 64);
    assert_int_equal(a.used, 1024);
    assert_null(pk_arena_alloc(&a, 1));
    assert_null(pk_arena_alloc(&a, SIZE_MAX));
    assert_null(pk_arena_alloc_array(&a, SIZE_MAX / 2, 3));
    assert_null(pk_arena_strndup(&a, "x", SIZE_MAX));
}

static void arena_grows_arrays(void **state)
{
    _pk_arena_ struct pk_arena a = {0};
    size_t cap = 0, calls = 0;
    int *v = NULL, *before;

    for (int i = 0; i < 100000; i++) {
        before = v;
        v = pk_arena_grow(&a, v, (size_t)i, &cap, sizeof(*v));
        assert_non_null(v);
        calls += v != before;
        v[i] = i;
    }
    for (int i = 0; i < 100000; i++)
        assert_int_equal(v[i], i);
    assert_in_range(calls, 1, 20);
}

static void arena_that_is_full_leaves_the_array(void **state)
{
    _pk_arena_ struct pk_arena a = {.max = 100};
    size_t cap = 0;
    char *v = pk_arena_grow(&a, NULL, 0, &cap, 8);

    assert_non_null(v);
    assert_int_equal(cap, 8);
    assert_null(pk_arena_grow(&a, v, 8, &cap, 8));
    assert_int_equal(cap, 8);
}

static void arena_that_starts_again_is_zeroed(void **state)
{
    _pk_arena_ struct pk_arena a = {.max = 1 << 20};

    pk_arena_reset(&a);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 500; i++) {
            unsigned char *p = pk_arena_alloc(&a, 1000);

            assert_non_null(p);
            for (int k = 0; k < 1000; k++)
                assert_int_equal(p[k], 0);
            memset(p, 0xff, 1000);
        }
        pk_arena_reset(&a);
        assert_int_equal(a.used, 0);
    }
}

static void buf_stops_at_its_maximum(void **state)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(10);

    pk_buf_str(&b, "12345");
    pk_buf_str(&b, "67890");
    assert_int_equal(b.failed, 0);
    assert_string_equal(b.data, "1234567890");
    pk_buf_char(&b, 'x');
    assert_int_equal(b.failed, -E2BIG);
    assert_int_equal(b.len, 10);
    pk_buf_add(&b, "", 0); /* a failure stays */
    assert_int_equal(b.failed, -E2BIG);
    pk_buf_reset(&b);
    pk_buf_fmt(&b, "%s", "12345678901");
    assert_int_equal(b.failed, -E2BIG);
    assert_int_equal(b.len, 0);
    pk_buf_reset(&b);
    pk_buf_fmt(&b, "%d", 42);
    assert_string_equal(b.data, "42");
}

static void buf_without_room_takes_nothing(void **state)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(0);

    pk_buf_str(&b, "");
    assert_int_equal(b.failed, 0);
    assert_string_equal(b.data, "");
    pk_buf_char(&b, 'x');
    assert_int_equal(b.failed, -E2BIG);
}

static void buf_prints_numbers(void **state)
{
    static const uint64_t v[] = {0, 9, 10, 99, 1234567890123ULL, UINT64_MAX};
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(1000);
    char want[32];

    for (size_t i = 0; i < PK_ARRAY_SIZE(v); i++) {
        pk_buf_reset(&b);
        pk_buf_u64(&b, v[i]);
        snprintf(want, sizeof(want), "%ju", (uintmax_t)v[i]);
        assert_string_equal(b.data, want);
    }
}

static void buf_text_is_safe_to_show(void **state)
{
    static const char *const c[][2] = {
        {"plain ~", "plain ~"},
        {"\033[2J\n\t\177", "\\x1b[2J\\x0a\\x09\\x7f"},
        {"na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80",
         "na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\xc2\x9b", "\\xc2\\x9b"},                              /* CSI as a C1 control */
        {"\xc0\x80 \xe0\x80\x80", "\\xc0\\x80 \\xe0\\x80\\x80"}, /* overlong */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},                     /* a surrogate */
        {"\xf4\x90\x80\x80 \xff", "\\xf4\\x90\\x80\\x80 \\xff"},
        {"cut \xe2\x82", "cut \\xe2\\x82"},
    };
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(1000);

    for (size_t i = 0; i < PK_ARRAY_SIZE(c); i++) {
        pk_buf_reset(&b);
        pk_buf_text(&b, c[i][0], strlen(c[i][0]));
        assert_string_equal(b.data, c[i][1]);
    }
}

static void file_is_read_up_to_its_maximum(void **state)
{
    char path[] = "/tmp/picket-test-XXXXXX";
    _pk_close_ int fd = mkstemp(path);
    _pk_buf_ struct pk_buf b = {.data = NULL};

    assert_true(fd >= 0);
    assert_int_equal(pk_file_read(path, 5, &b), 0);
    assert_int_equal(b.len, 0);
    assert_string_equal(b.data, "");
    pk_buf_done(&b);
    assert_int_equal(write(fd, "hello", 5), 5);
    assert_int_equal(pk_file_read(path, 4, &b), -EFBIG);
    assert_null(b.data);
    assert_int_equal(pk_file_read(path, 5, &b), 0);
    assert_string_equal(b.data, "hello");
    unlink(path);
    assert_int_equal(pk_file_read(path, 5, &b), -ENOENT);
    assert_string_equal(b.data, "hello");
    assert_int_equal(pk_file_read("/", 5, &b), -EISDIR);
    pk_buf_done(&b);
    assert_int_equal(pk_file_read("/dev/zero", 100000, &b), -EFBIG);
}

static char *diags_text(const struct pk_diags *d)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);

    assert_non_null(f);
    pk_diags_print(d, f);
    fclose(f);
    return text;
}

static void diag_prints_place_cause_and_mend(void **state)
{
    _pk_diags_ struct pk_diags d = {0};
    struct pk_place at = {"rules.v4", 14, 9};
    _pk_free_ char *text = NULL;

    pk_error(&d, 123, at, "write -p tcp before it", "%s needs -p", "--dport");
    at.column = 0;
    pk_warn(&d, 7, at, NULL, "no column");
    at.line = 0;
    pk_warn(&d, 8, at, NULL, "no line");
    pk_error(&d, 2001, PK_NOWHERE, NULL, "nowhere \033[31m");
    text = diags_text(&d);
    assert_string_equal(text, "rules.v4:14:9: error PK0123: --dport needs -p\n"
                              "    write -p tcp before it\n"
                              "rules.v4:14: warning PK0007: no column\n"
                              "rules.v4: warning PK0008: no line\n"
                              "error PK2001: nowhere \\x1b[31m\n");
    assert_int_equal(d.n_errors, 2);
    assert_int_equal(d.n_warnings, 2);
}

static void diag_counts_what_it_does_not_keep(void **state)
{
    _pk_diags_ struct pk_diags d = {0};
    _pk_free_ char *text = NULL;

    for (unsigned i = 0; i < PK_DIAGS_MAX + 23; i++)
        pk_error(&d, 1, ((struct pk_place){"f", i + 1, 0}), NULL, "bad");
    pk_warn(&d, 2, PK_NOWHERE, NULL, "late");
    assert_int_equal(d.n, PK_DIAGS_MAX);
    assert_int_equal(d.n_dropped, 24);
    assert_int_equal(d.n_errors, PK_DIAGS_MAX + 23);
    assert_int_equal(d.n_warnings, 1);
    text = diags_text(&d);
    assert_non_null(strstr(text, "f:1000: error PK0001: bad\n"));
    assert_null(strstr(text, "f:1001:"));
    assert_non_null(
        strstr(text, "... and 24 more, not shown (1023 errors and 1 warnings in all)\n"));
}

static void diag_cuts_a_long_text(void **state)
{
    _pk_diags_ struct pk_diags d = {0};
    _pk_free_ char *s = calloc(1, 100001);

    memset(s, 'x', 100000);
    pk_error(&d, 1, ((struct pk_place){s, 1, 1}), s, "%s", s);
    assert_int_equal(d.n, 1);
    assert_in_range(strlen(d.items[0].text), 1000, 4096);
    assert_in_range(strlen(d.items[0].file), 1000, 4096);
    assert_in_range(strlen(d.items[0].hint), 1000, 4096);
}

/* The first vectors of the SipHash paper's appendix: key 00..0f, input 00 01 02 … */
static void hash_is_siphash(void **state)
{
    static const uint64_t want[] = {0x726fdb47dd0e0e31ULL, 0x74f839c593dc67fdULL};
    unsigned char in[15];

    for (unsigned i = 0; i < sizeof(in); i++)
        in[i] = (unsigned char)i;
    for (size_t i = 0; i < PK_ARRAY_SIZE(want); i++)
        assert_true(pk_hash128(in, i).hi == want[i]);
    assert_true(pk_hash128(in, 15).hi == 0xa129ca6149be45e5ULL);
    assert_true(pk_hash128(in, 15).hi != pk_hash128(in, 15).lo);
}

/* Also from a copy that was kept, and beyond the 256 bytes whose number the last word counts. */
static void hash_of_words_is_that_of_their_bytes(void **state)
{
    _Alignas(8) uint8_t bytes[80 * 8] = {0};
    struct pk_hash128 h, kept;

    pk_hash128_begin(&h);
    for (unsigned n = 0; n <= 80; n++) {
        struct pk_u128 got = pk_hash128_end(&h), want = pk_hash128(bytes, n * 8);

        assert_true(pk_u128_equal(got, want));
        if (n == 80)
            break;
        for (unsigned i = 0; i < 8; i++)
            bytes[n * 8 + i] = (uint8_t)(n * 37 + i * 11);
        kept = h;
        pk_hash128_word(&kept, le64toh(*(const uint64_t *)(const void *)(bytes + n * 8)));
        h = kept;
    }
}

static void hash_tells_apart(void **state)
{
    unsigned used[256] = {0};
    unsigned empty = 0;

    assert_true(pk_hash64("a", 1, 0) != pk_hash64("a", 1, 1));
    assert_true(pk_hash64("a", 1, 0) != pk_hash64("a\0", 2, 0));
    assert_true(pk_hash64("a", 1, 5) == pk_hash64("a", 1, 5));
    for (uint32_t i = 0; i < 4096; i++)
        used[pk_hash64(&i, sizeof(i), 0) & 255]++;
    for (size_t i = 0; i < 256; i++)
        empty += used[i] == 0;
    assert_int_equal(empty, 0); /* 16 a bucket are expected; an empty one has chance 256 e^-16 */
}

static char *table_text(struct pk_table *t, unsigned indent)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);

    assert_non_null(f);
    assert_int_equal(pk_table_print(t, indent, f), 0);
    fclose(f);
    return text;
}

static void table_aligns_and_leaves_no_blanks(void **state)
{
    _pk_table_ struct pk_table *t =
        pk_table_new((const char *const[]){"chain", "packets", "policy", NULL});
    _pk_free_ char *text = NULL;

    pk_table_str(t, "INPUT");
    pk_table_u64(t, 5);
    pk_table_str(t, "DROP");
    pk_table_end_row(t);
    pk_table_fmt(t, "%s", "a-long-name");
    pk_table_u64(t, 1234567890);
    pk_table_end_row(t); /* the last cell is missing */
    pk_table_str(t, "\xc3\xa9\n");
    pk_table_str(t, "");
    pk_table_str(t, "ACCEPT");
    pk_table_str(t, "one too many");
    pk_table_end_row(t);
    text = table_text(t, 2);
    assert_string_equal(text, "  chain           packets  policy\n"
                              "  INPUT                 5  DROP\n"
                              "  a-long-name  1234567890\n"
                              "  \xc3\xa9\\x0a                    ACCEPT\n");
}

static void bytes_have_binary_prefixes(void **state)
{
    char b[16];

    assert_string_equal(pk_bytes_str(0, b), "0 B");
    assert_string_equal(pk_bytes_str(1023, b), "1023 B");
    assert_string_equal(pk_bytes_str(1024, b), "1.0 KiB");
    assert_string_equal(pk_bytes_str(12595, b), "12.3 KiB");
    assert_string_equal(pk_bytes_str(1048575, b), "1.0 MiB");
    assert_string_equal(pk_bytes_str(UINT64_MAX, b), "16.0 EiB");
}

static void json_has_its_schema_and_sorted_keys(void **state)
{
    _pk_free_ char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);

    assert_int_equal(pk_json_print("picket.x/1", json_pack("{s:i,s:i}", "z", 1, "a", 2), f), 0);
    assert_int_equal(pk_json_print("picket.x/1", NULL, f), -ENOMEM);
    fclose(f);
    assert_string_equal(text, "{\n  \"a\": 2,\n  \"schema\": \"picket.x/1\",\n  \"z\": 1\n}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_is_zeroed_aligned_and_does_not_move),
        cmocka_unit_test(arena_stops_at_its_limit),
        cmocka_unit_test(arena_grows_arrays),
        cmocka_unit_test(arena_that_is_full_leaves_the_array),
        cmocka_unit_test(arena_that_starts_again_is_zeroed),
        cmocka_unit_test(buf_stops_at_its_maximum),
        cmocka_unit_test(buf_without_room_takes_nothing),
        cmocka_unit_test(buf_prints_numbers),
        cmocka_unit_test(buf_text_is_safe_to_show),
        cmocka_unit_test(file_is_read_up_to_its_maximum),
        cmocka_unit_test(diag_prints_place_cause_and_mend),
        cmocka_unit_test(diag_counts_what_it_does_not_keep),
        cmocka_unit_test(diag_cuts_a_long_text),
        cmocka_unit_test(hash_is_siphash),
        cmocka_unit_test(hash_tells_apart),
        cmocka_unit_test(hash_of_words_is_that_of_their_bytes),
        cmocka_unit_test(table_aligns_and_leaves_no_blanks),
        cmocka_unit_test(bytes_have_binary_prefixes),
        cmocka_unit_test(json_has_its_schema_and_sorted_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
