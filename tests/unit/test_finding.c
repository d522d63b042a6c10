// SPDX-License-Identifier: GPL-2.0-or-later
/* The finding's outputs: each one's text for known findings, hostile texts, and the bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "finding/finding.h"

#define SEEN INT64_C(1700000000123456789)

static struct pk_finding example(void)
{
    return (struct pk_finding){
        .kind = PK_FINDING_ADDRESS_MAC,
        .first = SEEN,
        .last = SEEN,
        .where = "a.pcap",
        .subject = "2001:db8::21b:38ff:fe12:3456",
        .value = "00:1b:38:12:34:56",
        .text = "its MAC is 00:1b:38:12:34:56 (Compal)",
        .certainty = PK_CERTAIN,
        .reasons = {"source of its packets at layer 2", "neighbour discovery says so"},
        .evidence = {{NULL, PK_EVIDENCE_PACKET, 12}, {NULL, PK_EVIDENCE_PACKET, 40}},
        .n_evidence = 2,
        .times = 23,
        .answer_kind = PK_ANSWER_RULE,
        .answer = "-A OUTPUT -s 2001:db8::21b:38ff:fe12:3456/128 -o eth0 -j DROP",
    };
}

struct printed {
    char *text;
    size_t len;
};

static FILE *begin(struct printed *p)
{
    FILE *to = open_memstream(&p->text, &p->len);

    assert_non_null(to);
    return to;
}

/* All of `f` in one format; the caller frees it. */
static char *print(enum pk_findings_format format, const struct pk_finding *f, size_t n)
{
    _pk_findings_ struct pk_findings *s = NULL;
    struct printed p;
    FILE *to = begin(&p);

    assert_int_equal(pk_findings_new(format, to, NULL, &s), 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(pk_findings_add(s, &f[i]), 0);
    assert_int_equal(pk_findings_end(s), 0);
    assert_int_equal(pk_findings_count(s), n);
    fclose(to);
    return p.text;
}

static void test_table(void **state)
{
    const struct pk_finding f = example();
    char *text = print(PK_FINDINGS_TABLE, &f, 1);

    assert_string_equal(
        text, "SURE     KIND         SUBJECT                                      SEEN AT\n"
              "certain  address-mac  2001:db8::21b:38ff:fe12:3456                 #12\n"
              "         its MAC is 00:1b:38:12:34:56 (Compal) (source of its packets at layer\n"
              "           2; neighbour discovery says so)\n"
              "         rule: -A OUTPUT -s 2001:db8::21b:38ff:fe12:3456/128 -o eth0 -j DROP\n");
    free(text);
}

/* Words of any length, none of which may make a line of more than 80 columns. */
static void test_table_is_no_wider(void **state)
{
    char word[300];

    for (size_t n = 1; n < sizeof(word); n++) {
        struct pk_finding f = example();
        char *text, *line;

        memset(word, n % 7 ? 'x' : '\xe9', n);
        word[n / 2] = n % 3 ? ' ' : '\n';
        word[n] = '\0';
        f.text = word;
        f.answer = word;
        f.answer_kind = PK_ANSWER_SETTING;
        text = print(PK_FINDINGS_TABLE, &f, 1);
        for (line = text; *line; line += strcspn(line, "\n") + 1)
            assert_true(strcspn(line, "\n") <= 80);
        free(text);
    }
}

static void test_json(void **state)
{
    const struct pk_finding f = example();
    char *text = print(PK_FINDINGS_JSONL, &f, 1);

    assert_string_equal(
        text, "{\"certainty\":\"certain\",\"evidence\":[{\"input\":\"a.pcap\",\"packet\":12},"
              "{\"input\":\"a.pcap\",\"packet\":40}],\"first\":\"2023-11-14T22:13:20.123456789Z\","
              "\"kind\":\"address-mac\",\"last\":\"2023-11-14T22:13:20.123456789Z\",\"number\":100,"
              "\"reasons\":[\"source of its packets at layer 2\",\"neighbour discovery says so\"],"
              "\"rule\":\"-A OUTPUT -s 2001:db8::21b:38ff:fe12:3456/128 -o eth0 -j DROP\","
              "\"schema\":\"picket.finding/1\",\"subject\":\"2001:db8::21b:38ff:fe12:3456\","
              "\"text\":\"its MAC is 00:1b:38:12:34:56 (Compal)\",\"times\":23,"
              "\"value\":\"00:1b:38:12:34:56\",\"where\":\"a.pcap\"}\n");
    free(text);
}

static void test_hostile_text(void **state)
{
    struct pk_finding f = example();
    char *text;

    f.subject = "\x1b[2Jevil\n\xff";
    f.text = "";
    text = print(PK_FINDINGS_TABLE, &f, 1);
    assert_null(strchr(text, '\x1b'));
    assert_non_null(strstr(text, "\\x1b[2Jevil\\x0a\\xff"));
    free(text);
    text = print(PK_FINDINGS_JSONL, &f, 1);
    assert_non_null(strstr(text, "\\\\x1b[2Jevil"));
    assert_ptr_equal(strchr(text, '\n') + 1, text + strlen(text));
    free(text);
}

static void test_metrics(void **state)
{
    struct pk_finding f[] = {example(), example(), example(), example()};
    char *text;

    f[0].kind = PK_FINDING_PREFIX;
    f[3].certainty = PK_WEAK;
    text = print(PK_FINDINGS_OPENMETRICS, f, PK_ARRAY_SIZE(f));
    assert_string_equal(text, "# TYPE picket_findings gauge\n"
                              "# HELP picket_findings Findings of each kind.\n"
                              "picket_findings{kind=\"address-mac\",certainty=\"weak\"} 1\n"
                              "picket_findings{kind=\"address-mac\",certainty=\"certain\"} 2\n"
                              "picket_findings{kind=\"mac-prefix\",certainty=\"certain\"} 1\n"
                              "# EOF\n");
    free(text);
}

static void test_rules_each_once(void **state)
{
    struct pk_finding f[] = {example(), example(), example(), example()};
    char *text;

    f[1].answer = "-A OUTPUT -j ACCEPT";
    f[3].answer_kind = PK_ANSWER_SETTING;
    f[3].answer = "sysctl x=1";
    text = print(PK_FINDINGS_RULES, f, PK_ARRAY_SIZE(f));
    assert_string_equal(text, "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n"
                              ":OUTPUT ACCEPT [0:0]\n"
                              "-A OUTPUT -s 2001:db8::21b:38ff:fe12:3456/128 -o eth0 -j DROP\n"
                              "-A OUTPUT -j ACCEPT\nCOMMIT\n");
    free(text);
}

/* One rule more than are kept: the last is counted, and not there. */
static void test_bound(void **state)
{
    _pk_findings_ struct pk_findings *s = NULL;
    struct pk_finding f = example();
    struct printed p;
    FILE *to = begin(&p);
    char rule[64];

    assert_int_equal(pk_findings_new(PK_FINDINGS_RULES, to, NULL, &s), 0);
    f.answer = rule;
    for (unsigned i = 0; i <= PK_FINDINGS_MAX; i++) {
        snprintf(rule, sizeof(rule), "-A OUTPUT -p tcp --dport %u -j DROP", i);
        assert_int_equal(pk_findings_add(s, &f), 0);
    }
    assert_int_equal(pk_findings_dropped(s), 1);
    f.answer = "two\nlines";
    assert_int_not_equal(pk_findings_add(s, &f), 0);
    pk_findings_free(&s);
    fclose(to);
    free(p.text);
}

static void test_document(void **state)
{
    _pk_findings_ struct pk_findings *s = NULL;
    const struct pk_finding f = example();
    json_t *list = json_array();

    assert_int_equal(pk_findings_new(PK_FINDINGS_DOCUMENT, NULL, list, &s), 0);
    assert_int_equal(pk_findings_add(s, &f), 0);
    assert_int_equal(pk_findings_end(s), 0);
    assert_int_equal(json_array_size(list), 1);
    json_decref(list);
}

static void test_when(void **state)
{
    char buf[40];

    assert_string_equal(pk_when_text(0, buf), "1970-01-01T00:00:00.000000000Z");
    assert_string_equal(pk_when_text(-1, buf), "1969-12-31T23:59:59.999999999Z");
    assert_string_equal(pk_when_text(INT64_MAX, buf), "2262-04-11T23:47:16.854775807Z");
    assert_string_equal(pk_when_text(PK_WHEN_UNKNOWN, buf), "unknown");
}

/* Each kind has a name, and the schema knows it. */
static void test_kinds_are_in_the_schema(void **state)
{
    _pk_free_ char *path = NULL;
    json_t *schema, *names;
    size_t known = 0;

    assert_true(asprintf(&path, "%s/docs/schemas/picket.finding.1.json",
                         getenv("PICKET_SOURCE") ?: ".") > 0);
    schema = json_load_file(path, 0, NULL);
    assert_non_null(schema);
    names = json_object_get(json_object_get(json_object_get(schema, "properties"), "kind"), "enum");
    for (int k = 0; k < 10000; k++) {
        const char *name = pk_finding_kind_name((enum pk_finding_kind)k);
        bool found = false;

        if (!strcmp(name, "unknown"))
            continue;
        for (size_t i = 0; i < json_array_size(names); i++)
            found |= !strcmp(json_string_value(json_array_get(names, i)), name);
        assert_true(found);
        known++;
    }
    assert_int_equal(known, json_array_size(names));
    json_decref(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),   cmocka_unit_test(test_table_is_no_wider),
        cmocka_unit_test(test_json),    cmocka_unit_test(test_hostile_text),
        cmocka_unit_test(test_metrics), cmocka_unit_test(test_rules_each_once),
        cmocka_unit_test(test_bound),   cmocka_unit_test(test_document),
        cmocka_unit_test(test_when),    cmocka_unit_test(test_kinds_are_in_the_schema),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
