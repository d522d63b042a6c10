// SPDX-License-Identifier: GPL-2.0-or-later
/* A metric's text and back; what is no metric is refused; and what selectors match. */
#include "telemetry/metric.h"

#include <errno.h>

#include "model.h"

static const struct pk_label labels[] = {{"rule", "3"}, {"hook", "in\"put\\\n"}};

static void test_text(void **state)
{
    const struct pk_metric m = {.name = "packets_total", .labels = labels, .n_labels = 2};
    _pk_arena_ struct pk_arena a = {0};
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(PK_METRIC_TEXT_MAX);
    _pk_diags_ struct pk_diags d = {0};
    struct pk_metric back;

    assert_int_equal(pk_metric_text(&m, &b, &d), 0);
    assert_string_equal(b.data, "packets_total{hook=\"in\\\"put\\\\\\n\",rule=\"3\"}");
    assert_int_equal(pk_metric_parse(b.data, &a, &back, &d), 0);
    assert_string_equal(back.name, "packets_total");
    assert_int_equal(back.n_labels, 2);
    assert_string_equal(back.labels[0].value, labels[1].value);
    assert_string_equal(back.labels[1].name, "rule");
    assert_int_equal(d.n_errors, 0);
}

static void refuse(const struct pk_metric *m)
{
    _pk_buf_ struct pk_buf b = PK_BUF_INIT(PK_METRIC_TEXT_MAX);
    _pk_diags_ struct pk_diags d = {0};

    assert_int_equal(pk_metric_text(m, &b, &d), -EINVAL);
    assert_int_equal(d.n_errors, 1);
}

static void test_refused(void **state)
{
    static const struct pk_label twice[] = {{"a", "1"}, {"a", "2"}}, colon[] = {{"a:b", "1"}};
    char long_value[PK_METRIC_TEXT_MAX + 1];
    const struct pk_label large = {"a", long_value};

    memset(long_value, 'x', sizeof(long_value) - 1);
    long_value[sizeof(long_value) - 1] = '\0';
    refuse(&(struct pk_metric){.name = ""});
    refuse(&(struct pk_metric){.name = "9lives"});
    refuse(&(struct pk_metric){.name = "a b"});
    refuse(&(struct pk_metric){.name = "a", .labels = twice, .n_labels = 2});
    refuse(&(struct pk_metric){.name = "a", .labels = colon, .n_labels = 1});
    refuse(&(struct pk_metric){.name = "a", .labels = &large, .n_labels = 1});
    refuse(&(struct pk_metric){.name = "a", .n_labels = PK_METRIC_LABELS_MAX + 1});
    refuse(&(struct pk_metric){.name = "a", .spec.error = 1});
    refuse(&(struct pk_metric){.name = "a", .spec.error = -1e-9});
    refuse(&(struct pk_metric){.name = "a", .spec.error = NAN});
    refuse(&(struct pk_metric){.name = "a", .spec.scale = PK_SCALE_MAX + 1});
    refuse(&(struct pk_metric){.name = "a", .spec = {.counter = true, .error = 0.1}});
}

static void test_not_understood(void **state)
{
    static const char *const texts[] = {"",
                                        "{",
                                        "a{",
                                        "a{b}",
                                        "a{b=}",
                                        "a{b=\"}",
                                        "a{b=\"\\",
                                        "a{b=\"\\x\"}",
                                        "a{b=\"\"",
                                        "a{b=\"\"}c",
                                        "a{b=\"\"c=\"\"}",
                                        "a b",
                                        "-",
                                        "a{=\"\"}"};

    for (size_t i = 0; i < PK_ARRAY_SIZE(texts); i++) {
        _pk_arena_ struct pk_arena a = {0};
        _pk_diags_ struct pk_diags d = {0};
        struct pk_metric m;

        assert_int_equal(pk_metric_parse(texts[i], &a, &m, &d), -EINVAL);
        assert_int_equal(d.n_errors, 1);
    }
}

static void test_selectors(void **state)
{
    static const struct {
        const char *selector;
        bool matches;
    } cases[] = {{"x", true},           {"y", false},
                 {"{a=\"1\"}", true},   {"x{a=\"1\",b=\"2\"}", true},
                 {"x{a=\"2\"}", false}, {"x{c=\"\"}", true},
                 {"x{c=\"3\"}", false}, {"{}", true}};
    _pk_arena_ struct pk_arena a = {0};
    _pk_diags_ struct pk_diags d = {0};
    struct pk_metric m, s;

    assert_int_equal(pk_metric_parse("x{a=\"1\",b=\"2\"}", &a, &m, &d), 0);
    for (size_t i = 0; i < PK_ARRAY_SIZE(cases); i++) {
        assert_int_equal(pk_metric_parse(cases[i].selector, &a, &s, &d), 0);
        assert_int_equal(pk_metric_matches(&m, &s), cases[i].matches);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_not_understood),
        cmocka_unit_test(test_selectors),
    };

    return cmocka_run_group_tests_name("metric", tests, NULL, NULL);
}
