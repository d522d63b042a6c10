// SPDX-License-Identifier: GPL-2.0-or-later
/* Which devices stand on each other, as rtnetlink tells it; kinds that a test host may not have. */
#include "kernel/stacked.h"

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define LOWER 7
#define UPPER 9

/* One link's message: `link` and `master` 0 for none. */
static struct pk_stacked told(uint32_t index, const char *kind, uint32_t link, uint32_t master,
                              bool elsewhere)
{
    char buf[512] = {0};
    struct nlmsghdr *n = mnl_nlmsg_put_header(buf);
    struct ifinfomsg *m = mnl_nlmsg_put_extra_header(n, sizeof(*m));
    struct pk_stacked s = {.ifindex = LOWER};
    struct nlattr *info;

    n->nlmsg_type = RTM_NEWLINK;
    m->ifi_index = (int)index;
    mnl_attr_put_strz(n, IFLA_IFNAME, "upper");
    if (link)
        mnl_attr_put_u32(n, IFLA_LINK, link);
    if (elsewhere)
        mnl_attr_put_u32(n, IFLA_LINK_NETNSID, 0);
    if (master)
        mnl_attr_put_u32(n, IFLA_MASTER, master);
    info = mnl_attr_nest_start(n, IFLA_LINKINFO);
    mnl_attr_put_strz(n, IFLA_INFO_KIND, kind);
    mnl_attr_nest_end(n, info);
    pk_stacked_read(n, &s);
    return s;
}

static void test_kinds(void **state)
{
    static const char *const yes[] = {"vlan", "macvlan", "macvtap", "ipvlan", "ipvtap"};
    static const char *const no[] = {"veth", "gre", "sit", "vxlan", "vlan2", ""};

    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        assert_string_equal(told(UPPER, yes[i], LOWER, 0, false).kind, yes[i]);
        assert_string_equal(told(UPPER, yes[i], LOWER, 0, false).upper, "upper");
    }
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        assert_string_equal(told(UPPER, no[i], LOWER, 0, false).kind, "");
}

static void test_others(void **state)
{
    assert_string_equal(told(UPPER, "vlan", LOWER + 1, 0, false).kind, "");
    assert_string_equal(told(UPPER, "vlan", 0, 0, false).kind, "");
    assert_string_equal(told(UPPER, "macvlan", LOWER, 0, true).kind, ""); /* of another namespace */
    assert_int_equal(told(LOWER, "veth", 0, UPPER, false).master, UPPER);
    assert_int_equal(told(UPPER, "veth", 0, LOWER, false).master, 0);
}

/* A kind that does not end is read as far as it goes. */
static void test_long_kind(void **state)
{
    assert_string_equal(told(UPPER, "vlanvlanvlanvlanvlanvlan", LOWER, 0, false).kind, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_long_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
