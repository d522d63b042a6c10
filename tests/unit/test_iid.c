// SPDX-License-Identifier: GPL-2.0-or-later
/* Opaque identifiers (sensors/address/iid_opaque.h): vectors, what changes them, reserved ones. */
#include "sensors/address/iid_opaque.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/macro.h"
#include "sensors/address/address.h"

static unsigned reserved_left; /* so many identifiers are said to be reserved */

void __real_pk_iid_judge(uint64_t iid, struct pk_verdict *v);
void __wrap_pk_iid_judge(uint64_t iid, struct pk_verdict *v);
void __wrap_pk_iid_judge(uint64_t iid, struct pk_verdict *v)
{
    __real_pk_iid_judge(iid, v);
    if (reserved_left) {
        reserved_left--;
        v->iid = PK_IID_SUBNET_ANYCAST;
    }
}

static struct pk_iid_secret secret_of(const char *text)
{
    struct pk_iid_secret s;

    assert_int_equal(pk_iid_secret_parse(text, strlen(text), &s), 0);
    return s;
}

/* What Linux 6.18 made on a veth with this stable_secret; on a machine with little-endian words. */
static void kernel_vector(void **state)
{
    struct pk_iid_secret s = secret_of("2001:db8:1:2:3:4:5:6\n");
    uint8_t hwaddr[PK_IID_HWADDR_MAX];
    unsigned counter = 0;
    uint64_t iid;

    (void)state;
    assert_int_equal(pk_iid_hwaddr("00:00:00:00:00:00", hwaddr), 0);
    assert_int_equal(pk_iid_linux(0xfe80000000000000, hwaddr, s.bytes, &counter, &iid), 0);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    assert_true(iid == 0xff05eb874e94b3ad);
#endif
    assert_int_equal(counter, 0);
}

/* Python: hashlib.sha256(prefix + b"eth0\0\0\0" + secret).digest()[-8:] */
static void rfc_vector(void **state)
{
    struct pk_iid_secret s = secret_of("2001 0db8 0001 0002 0003 0004 0005 0006");
    struct pk_iid_names names = {.interface = "eth0"};
    unsigned counter = 0;
    uint64_t iid;

    (void)state;
    assert_int_equal(pk_iid_opaque(0x20010db800000000, &names, &s, &counter, &iid), 0);
    assert_true(iid == 0x86439652aff469a5);
}

/* Each of the five that RFC 7217 names changes it. */
static void all_count(void **state)
{
    struct pk_iid_secret a = secret_of("000102030405060708090a0b0c0d0e0f"),
                         b = secret_of("000102030405060708090a0b0c0d0e0f00");
    static const struct pk_iid_names eth0 = {.interface = "eth0"}, eth1 = {.interface = "eth1"},
                                     home = {.interface = "eth0", .network = "home"},
                                     run_on = {.interface = "eth", .network = "0home"};
    const struct {
        uint64_t prefix;
        const struct pk_iid_names *names;
        const struct pk_iid_secret *secret;
        unsigned counter;
    } cases[] = {{1, &eth0, &a, 0}, {2, &eth0, &a, 0}, {1, &eth1, &a, 0},  {1, &home, &a, 0},
                 {1, &eth0, &b, 0}, {1, &eth0, &a, 1}, {1, &run_on, &a, 0}};
    uint64_t iid[PK_ARRAY_SIZE(cases)];

    (void)state;
    for (size_t i = 0; i < PK_ARRAY_SIZE(cases); i++) {
        unsigned counter = cases[i].counter;

        assert_int_equal(
            pk_iid_opaque(cases[i].prefix, cases[i].names, cases[i].secret, &counter, &iid[i]), 0);
        assert_int_equal(counter, cases[i].counter);
        for (size_t j = 0; j < i; j++)
            assert_true(iid[i] != iid[j]);
    }
}

static void reserved_are_passed_over(void **state)
{
    struct pk_iid_secret s = secret_of("000102030405060708090a0b0c0d0e0f");
    struct pk_iid_names names = {.interface = "eth0"};
    uint8_t hwaddr[PK_IID_HWADDR_MAX] = {0};
    unsigned counter = 0, direct = 2;
    uint64_t iid, wanted;

    (void)state;
    assert_int_equal(pk_iid_opaque(1, &names, &s, &direct, &wanted), 0);
    reserved_left = 2;
    assert_int_equal(pk_iid_opaque(1, &names, &s, &counter, &iid), 0);
    assert_int_equal(counter, 2);
    assert_true(iid == wanted);
    counter = 254;
    reserved_left = 2;
    assert_int_equal(pk_iid_linux(1, hwaddr, s.bytes, &counter, &iid), -ERANGE);
    assert_int_equal(counter, 254);
    assert_int_equal(reserved_left, 0);
}

static void bad_words(void **state)
{
    static const struct {
        const char *text;
        int r;
    } cases[] = {
        {"", -ERANGE},
        {"00112233", -ERANGE},
        {"000102030405060708090a0b0c0d0e0", -ERANGE},
        {"000102030405060708090a0b0c0d0e0g", -EINVAL},
        {"2001:db8::1/64", -EINVAL},
        {"2001:db8::1%eth0", -EINVAL},
        {"::1::2", -EINVAL},
    };
    struct pk_iid_secret s;
    uint8_t hwaddr[PK_IID_HWADDR_MAX];

    (void)state;
    for (size_t i = 0; i < PK_ARRAY_SIZE(cases); i++)
        assert_int_equal(pk_iid_secret_parse(cases[i].text, strlen(cases[i].text), &s), cases[i].r);
    assert_int_equal(pk_iid_hwaddr("00:1b:38:12:34:56", hwaddr), 0);
    assert_int_equal(hwaddr[2], 0x38);
    assert_int_equal(pk_iid_hwaddr("", hwaddr), -EINVAL);
    assert_int_equal(pk_iid_hwaddr("0", hwaddr), -EINVAL);
    assert_int_equal(pk_iid_hwaddr("00:", hwaddr), -EINVAL);
    assert_int_equal(pk_iid_hwaddr("00-1b", hwaddr), -EINVAL);
    assert_int_equal(pk_iid_hwaddr("00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:"
                                   "00:00:00:00:00:00:00:00:00:00:00:00",
                                   hwaddr),
                     -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernel_vector), cmocka_unit_test(rfc_vector),
        cmocka_unit_test(all_count),     cmocka_unit_test(reserved_are_passed_over),
        cmocka_unit_test(bad_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
