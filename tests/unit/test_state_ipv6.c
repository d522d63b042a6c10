// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of connections and IPv6: ICMPv6, extension headers, fragments behind them. */
#include "talk_fixture.h"

/* Of an ICMPv6 message without extension headers. */
static void sum_icmpv6(struct talk_packet *p)
{
    uint32_t s = 58 + (uint32_t)p->len - 40;

    p->b[42] = p->b[43] = 0;
    for (size_t i = 8; i < p->len; i += 2)
        s += (uint32_t)p->b[i] << 8 | p->b[i + 1];
    s = (s & 0xffff) + (s >> 16);
    s = ~(s + (s >> 16)) & 0xffff;
    p->b[42] = (uint8_t)(s >> 8);
    p->b[43] = (uint8_t)s;
}

static struct talk_packet icmpv6(uint8_t type)
{
    struct talk_packet p = {.b = {0x60, 0, 0, 0, 0, 8, 58, 255}, .len = 48};

    p.b[8] = p.b[24] = 0xfd;
    p.b[23] = 1;
    p.b[39] = 2;
    p.b[40] = type;
    p.b[45] = 3;
    sum_icmpv6(&p);
    return p;
}

static void test_icmpv6(void **state)
{
    struct talk_packet answer = icmpv6(129);
    struct talk *t = *state;

    for (unsigned type = 128; type < 256; type++) {
        bool untracked = (type >= 130 && type <= 136) || type == 143;
        bool asks = type == 128 || type == 139;

        assert_int_equal(told(t, icmpv6((uint8_t)type)), untracked ? PK_CTS_UNTRACKED
                                                         : asks    ? NEW
                                                                   : INV);
    }
    answer.b[23] = 2;
    answer.b[39] = 1;
    assert_int_equal(told(t, answer), EST);
}

/* An error about a packet behind an extension header; the checksum covers the addresses. */
static void test_error_ipv6(void **state)
{
    struct talk_packet about = icmpv6(128), e = icmpv6(1);
    struct talk *t = *state;

    assert_int_equal(told(t, about), NEW);
    e.b[23] = 9; /* from a router to the host that asked */
    e.b[39] = 1;
    talk_put(&e, about.b, about.len);
    e.b[5] = (uint8_t)(8 + about.len);
    e.b[45] = 0;
    assert_int_equal(told(t, e), INV);
    sum_icmpv6(&e);
    assert_int_equal(told(t, e), REL);
}

/* RFC 4861, 4.5: from a router on the link, to the host that had sent what it has as an option. */
static struct talk_packet redirect(const struct talk_packet *about)
{
    const uint8_t option[8] = {4, 7};
    struct talk_packet p = icmpv6(137);
    uint8_t targets[32] = {0xfe, 0x80, [15] = 9};

    p.b[8] = 0xfe;
    p.b[9] = 0x80;
    p.b[39] = 1; /* to the host that asked */
    memcpy(targets + 16, about->b + 24, 16);
    talk_put(&p, targets, sizeof(targets));
    talk_put(&p, option, sizeof(option));
    talk_put(&p, about->b, about->len);
    p.b[5] = (uint8_t)(p.len - 40);
    sum_icmpv6(&p);
    return p;
}

static void test_redirect(void **state)
{
    static const struct {
        uint8_t at, value;
    } unsound[] = {{7, 254}, {8, 0xfd}, {9, 0xc0}, {41, 1}, {80, 1}, {81, 0}, {39, 2}};
    struct talk_packet about = icmpv6(128);
    struct talk *t = *state;

    assert_int_equal(told(t, redirect(&about)), INV); /* about nothing */
    assert_int_equal(told(t, about), NEW);
    assert_int_equal(told(t, redirect(&about)), REL);
    for (size_t i = 0; i < sizeof(unsound) / sizeof(*unsound); i++) {
        struct talk_packet p = redirect(&about);

        p.b[unsound[i].at] = unsound[i].value;
        sum_icmpv6(&p);
        assert_int_equal(told(t, p), INV);
    }
    about.len = 39; /* its header is not all there */
    assert_int_equal(told(t, redirect(&about)), INV);
}

/* "No next header" is nothing to track, whatever follows it. */
static void test_no_next_header(void **state)
{
    struct talk_packet nothing = icmpv6(128);

    nothing.b[6] = 59;
    assert_int_equal(told(*state, nothing), INV);
}

/* Behind `headers` destination options of 8 bytes; then, if `id`, a fragment header. One of them. */
static struct talk_packet behind(unsigned headers, uint16_t id, uint16_t offset, bool more)
{
    struct talk_packet p = {.b = {0x60, 0, 0, 0, 0, 0, headers ? 60 : 44, 64}, .len = 40};
    const uint8_t fragment[8] = {6, 0, (uint8_t)(offset >> 8), (uint8_t)((offset & 0xf8) | more),
                                 0, 0, (uint8_t)(id >> 8),     (uint8_t)id};
    const uint8_t syn[20] = {0x9c, 0x40, 0, 80, 0, 0, 3, 232, [12] = 0x50, S, 0xff, 0xff};
    const uint8_t zeros[20] = {0};

    p.b[8] = p.b[24] = 0xfd;
    p.b[23] = 1;
    p.b[39] = 2;
    for (unsigned i = 1; i <= headers; i++) {
        uint8_t options[8] = {i < headers ? 60 : id ? 44 : 6, 0, 1, 4};

        talk_put(&p, options, 8);
    }
    if (id)
        talk_put(&p, fragment, 8);
    talk_put(&p, offset ? zeros : syn, 20);
    p.b[5] = (uint8_t)(p.len - 40);
    return p;
}

/*
 * An extension header alone says nothing of fragments: taken for one, a segment with destination
 * options switched the checks of its connection's windows off.
 */
static void test_extension_headers_are_no_fragments(void **state)
{
    struct talk *t = *state;

    assert_int_equal(told(t, behind(2, 0, 0, false)), NEW);
    assert_false(talk_entry(t, NULL)->tcp.seen[0].flags & PK_TCPF_LIBERAL);
    assert_int_equal(told(t, behind(2, 7, 0, false)), NEW); /* whole, though it has the header */
    assert_false(talk_entry(t, NULL)->tcp.seen[0].flags & PK_TCPF_LIBERAL);
}

/* A fragment header is found, also behind others. */
static void test_fragments_ipv6(void **state)
{
    struct talk *t = *state;

    for (unsigned headers = 0; headers < 4; headers++) {
        uint16_t id = (uint16_t)(100 + headers);

        assert_int_equal(told(t, behind(headers, id, 24, false)), INV);
        assert_int_equal(told(t, behind(headers, id, 0, true)), NEW);
        assert_int_equal(told(t, behind(headers, id, 24, false)), NEW);
        assert_int_equal(told(t, behind(headers, id + 10, 24, false)), INV);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_icmpv6),
        CASE(test_error_ipv6),
        CASE(test_redirect),
        CASE(test_no_next_header),
        CASE(test_extension_headers_are_no_fragments),
        CASE(test_fragments_ipv6),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
