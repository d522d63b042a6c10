// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Expressions: what is understood and what is refused, with its column; and answers against a model
 * that keeps the points in a list and knows neither blocks nor heads.
 */
#include "telemetry/query.h"

#include <errno.h>
#include <math.h>
#include <unistd.h>

#include "model.h"
#include "telemetry/codes.h"
#include "telemetry/moment.h"

#define SECOND INT64_C(1000000000)
#define HOUR (3600 * SECOND)
#define START (INT64_C(1700000000) * SECOND - 800 * SECOND) /* a full hour */
#define POINTS 12000
#define SERIES 6

static char folder[] = "/tmp/picket-query-XXXXXX", path[64];

struct model {
    const char *text, *hook, *rule;
    bool counter;
    size_t n;
    int64_t t[POINTS];
    union pk_value v[POINTS];
};

static struct model models[SERIES] = {
    {.text = "packets_total{hook=\"input\",rule=\"1\"}", .hook = "input", .counter = true},
    {.text = "packets_total{hook=\"input\",rule=\"2\"}", .hook = "input", .counter = true},
    {.text = "packets_total{hook=\"output\",rule=\"1\"}", .hook = "output", .counter = true},
    {.text = "rtt_ms{hook=\"input\"}", .hook = "input"},
    {.text = "rtt_ms{hook=\"output\"}", .hook = "output"},
    {.text = "rtt_ms", .hook = ""},
};

/* Series of other paces; the third counter mostly rests, so whole steps have no point of it. */
static void make_points(void)
{
    for (size_t s = 0; s < SERIES; s++) {
        struct model *m = &models[s];
        int64_t t = START + (int64_t)s * 7 * SECOND;
        uint64_t total = 0;

        m->n = s == 2 ? 60 : POINTS - s * 700;
        for (size_t i = 0; i < m->n; i++) {
            t += s == 2 ? (int64_t)(1 + model_below(400)) * SECOND : SECOND;
            total = model_below(3000) ? total + model_below(1000) : model_below(10);
            m->t[i] = t;
            if (m->counter)
                m->v[i].counter = total;
            else
                m->v[i].gauge = (double)model_below(20000) / 1000 - 3;
        }
    }
}

static void store_points(void)
{
    const struct pk_tsdb_options o = {0};
    _pk_diags_ struct pk_diags d = {0};
    _pk_arena_ struct pk_arena a = {0};
    struct pk_tsdb *db;

    assert_int_equal(pk_tsdb_open(path, &o, &d, &db), 0);
    for (size_t s = 0; s < SERIES; s++) {
        struct pk_series *series;
        struct pk_metric m;

        assert_int_equal(pk_metric_parse(models[s].text, &a, &m, &d), 0);
        m.spec.counter = models[s].counter;
        assert_int_equal(pk_tsdb_series(db, &m, &d, &series), 0);
        for (size_t i = 0; i < models[s].n; i++)
            assert_int_equal(pk_tsdb_add(db, series, models[s].t[i], models[s].v[i], &d), 0);
    }
    assert_int_equal(pk_tsdb_close(&db, &d), 0);
}

/* The number of one series in [from, to), naively. */
static struct pk_number model_number(const struct model *m, enum pk_over over, int64_t from,
                                     int64_t to)
{
    struct pk_number r = {0};
    double sum = 0, least = INFINITY, most = -INFINITY, last = 0;
    uint64_t rise = 0, n = 0, before = 0;
    bool known = false, found = false;

    for (size_t i = 0; i < m->n && m->t[i] < to; i++) {
        double v = m->counter ? (double)m->v[i].counter : m->v[i].gauge;

        if (m->t[i] >= from) {
            if (known)
                rise += m->v[i].counter >= before ? m->v[i].counter - before : m->v[i].counter;
            sum += v;
            least = fmin(least, v);
            most = fmax(most, v);
            n++;
            found = true;
        }
        before = m->v[i].counter;
        last = v;
        known = true;
    }
    switch (over) {
    case PK_OVER_VALUE:
        r = pk_real(last);
        found = known;
        break;
    case PK_OVER_RATE:
        r = pk_real((double)rise / ((double)(to - from) / 1e9));
        found = known;
        break;
    case PK_OVER_INCREASE:
        r = pk_real((double)rise);
        found = known;
        break;
    case PK_OVER_MIN:
        r = pk_real(least);
        break;
    case PK_OVER_MAX:
        r = pk_real(most);
        break;
    case PK_OVER_AVG:
        r = pk_real(sum / (double)n);
        break;
    case PK_OVER_SUM:
        r = pk_real(sum);
        break;
    case PK_OVER_COUNT:
        r = pk_real((double)n);
        break;
    default:
        r = pk_real(last);
    }
    r.there = found;
    return r;
}

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * (1 + fabs(a));
}

static struct pk_tsdb *open_store(void)
{
    const struct pk_tsdb_options o = {.read_only = true};
    _pk_diags_ struct pk_diags d = {0};
    struct pk_tsdb *db = NULL;

    assert_int_equal(pk_tsdb_open(path, &o, &d, &db), 0);
    return db;
}

static void close_store(struct pk_tsdb **db)
{
    _pk_diags_ struct pk_diags d = {0};

    assert_int_equal(pk_tsdb_close(db, &d), 0);
}

/* Asks; the answer must be `err`. */
static struct pk_answer ask(struct pk_tsdb *db, const char *text, int64_t from, int64_t to,
                            int64_t step, struct pk_arena *a, int err)
{
    _pk_diags_ struct pk_diags d = {0};
    _pk_expr_ struct pk_expr e = {0};
    struct pk_query q = {.expr = &e, .from = from, .to = to, .step = step};
    struct pk_answer answer = {0};
    int r = pk_expr_parse(text, a, &e, &d);

    if (r)
        pk_diags_print(&d, stderr);
    assert_int_equal(r, 0);
    r = pk_query_run(db, &q, a, &answer, &d);
    if (r != err)
        pk_diags_print(&d, stderr);
    assert_int_equal(r, err);
    assert_int_equal(d.n_errors, err != 0);
    return answer;
}

static void check_series(const struct pk_answer *answer, const struct model *m, enum pk_over over)
{
    const struct pk_answer_row *row = NULL;

    for (size_t i = 0; i < answer->n_rows && !row; i++) {
        _pk_buf_ struct pk_buf text = PK_BUF_INIT(4096);

        pk_answer_text(&answer->rows[i], &text);
        if (!strcmp(text.data, m->text))
            row = &answer->rows[i];
    }
    for (size_t k = 0; k < answer->n_steps; k++) {
        int64_t from = answer->from + (int64_t)k * answer->step;
        int64_t to = PK_MIN(from + answer->step, answer->to);
        struct pk_number want = model_number(m, over, from, to);

        assert_int_equal(row && row->cell[k].there, want.there);
        if (want.there)
            assert_true(near(pk_number_double(&row->cell[k]), want.real));
    }
}

/* Each function over each series that it is for, in steps that cut blocks anywhere. */
static void test_functions(void **state)
{
    struct pk_tsdb *db = open_store();

    for (unsigned round = 0; round < 200; round++) {
        enum pk_over over = (enum pk_over)model_below(PK_OVER_N);
        bool counters = over == PK_OVER_RATE || over == PK_OVER_INCREASE || model_below(2);
        int64_t from = START - HOUR + (int64_t)model_below(5 * 3600) * SECOND;
        int64_t to = from + 1 + (int64_t)model_below(4 * 3600) * SECOND;
        int64_t step = 1 + (int64_t)model_below((uint64_t)(to - from));
        _pk_arena_ struct pk_arena a = {0};
        struct pk_answer answer;
        char text[80];

        step = PK_MAX(step, (to - from) / 1000 + 1);
        snprintf(text, sizeof(text), over ? "%s(%s)" : "%s%s", pk_over_name(over),
                 counters ? "packets_total" : "rtt_ms");
        answer = ask(db, text, from, to, step, &a, 0);
        for (size_t s = 0; s < SERIES; s++)
            if (models[s].counter == counters)
                check_series(&answer, &models[s], over);
    }
    close_store(&db);
}

/* The increases of all steps add up to what the counter rose by. */
static void test_increases_add_up(void **state)
{
    struct pk_tsdb *db = open_store();

    for (int64_t step = 61 * SECOND; step < 4 * HOUR; step = step * 3 + 1) {
        _pk_arena_ struct pk_arena a = {0};
        struct pk_answer answer =
            ask(db, "increase(packets_total)", START, START + 5 * HOUR, step, &a, 0);

        assert_int_equal(answer.n_rows, 3);
        for (size_t s = 0; s < 3; s++) {
            struct pk_number sum = pk_whole(0), want;

            for (size_t k = 0; k < answer.n_steps; k++)
                if (answer.rows[s].cell[k].there)
                    sum = pk_number_add(&sum, &answer.rows[s].cell[k]);
            want = model_number(&models[s], PK_OVER_INCREASE, START, START + 5 * HOUR);
            assert_true(sum.whole && pk_number_double(&sum) == want.real);
        }
    }
    close_store(&db);
}

struct fold {
    const char *text, *hook;
    double want;
};

static void test_folds(void **state)
{
    int64_t from = START + HOUR, to = START + 2 * HOUR;
    double in1 = model_number(&models[0], PK_OVER_INCREASE, from, to).real;
    double in2 = model_number(&models[1], PK_OVER_INCREASE, from, to).real;
    double out = model_number(&models[2], PK_OVER_INCREASE, from, to).real;
    const struct fold folds[] = {
        {"sum by (hook) (increase(packets_total))", "input", in1 + in2},
        {"sum without (rule) (increase(packets_total))", "output", out},
        {"avg(increase(packets_total)) by (hook)", "input", (in1 + in2) / 2},
        {"min by (hook) (increase(packets_total[1h]))", "input", fmin(in1, in2)},
        {"max by (hook) (increase({__name__=~\"packets.*\"}))", "input", fmax(in1, in2)},
        {"count by (hook) (packets_total)", "input", 2},
        {"sum(increase(packets_total{hook!='output'}))", NULL, in1 + in2},
        {"count ({hook=~`in.*|out(put)?`})", NULL, 5},
        {"count(rtt_ms{hook!~'.+'})", NULL, 1},
        {"count(rtt_ms{hook=\"\"})", NULL, 1},
    };
    struct pk_tsdb *db = open_store();

    for (size_t i = 0; i < PK_ARRAY_SIZE(folds); i++) {
        _pk_arena_ struct pk_arena a = {0};
        struct pk_answer answer = ask(db, folds[i].text, from, to, 0, &a, 0);
        bool found = false;

        for (size_t k = 0; k < answer.n_rows; k++) {
            const struct pk_answer_row *row = &answer.rows[k];

            assert_int_equal(row->n_labels, folds[i].hook ? 1 : 0);
            if (folds[i].hook && strcmp(row->labels[0].value, folds[i].hook) != 0)
                continue;
            found = true;
            assert_true(near(pk_number_double(row->cell), folds[i].want));
        }
        assert_true(found);
    }
    close_store(&db);
}

/* What cannot be asked, and what no series answers. */
static void test_limits(void **state)
{
    struct pk_tsdb *db = open_store();
    _pk_arena_ struct pk_arena a = {0};

    ask(db, "rtt_ms", START, START + 11001, 1, &a, -EINVAL);
    ask(db, "rtt_ms", START, START, 0, &a, -EINVAL);
    ask(db, "rtt_ms", INT64_MIN, INT64_MAX, 0, &a, -EINVAL);
    ask(db, "avg_over_time(rtt_ms[5m])", START, START + HOUR, SECOND, &a, -EINVAL);
    ask(db, "rate(rtt_ms)", START, START + HOUR, 0, &a, -EINVAL);
    assert_int_equal(ask(db, "rtt", START, START + HOUR, 0, &a, 0).n_rows, 0);
    assert_int_equal(ask(db, "avg_over_time(rtt_ms[5m])", START, START + HOUR, 0, &a, 0).n_steps,
                     12);
    close_store(&db);
}

static const struct {
    const char *text;
    unsigned column; /* 0: understood */
} texts[] = {
    {"up", 0},
    {" sum ( up ) ", 0},
    {"sum{a=\"b\"}", 0},
    {"sum", 0},
    {"rate(x{a=\"\\\"\\\\\\n\",}[1h30m])", 0},
    {"{}", 0},
    {"", 1},
    {"x{", 3},
    {"x{a}", 4},
    {"x{a=b}", 5},
    {"x{a=\"b}", 8},
    {"x{a=\"\\d\"}", 6},
    {"x{a=~\"\\\\d\"}", 6},
    {"x{a=~\"a{2}\"}", 6},
    {"x{a=~\"(?i)a\"}", 6},
    {"x{a=~\"*\"}", 6},
    {"x{a=~\"[a\"}", 6},
    {"x{a=~\"(\"}", 6},
    {"x{a==\"b\"}", 5},
    {"x + y", 3},
    {"x offset 5m", 3},
    {"x @ 5", 3},
    {"x[5m]", 2},
    {"irate(x[5m])", 1},
    {"topk(3, x)", 1},
    {"sum(sum(x))", 5},
    {"sum by hook (x)", 8},
    {"sum by (a) (x) by (a)", 16},
    {"rate(x[5q])", 8},
    {"rate(x[0s])", 8},
    {"rate(x[1h:5m])", 10},
    {"rate(x", 7},
    {"rate(x))", 8},
    {"5", 1},
    {"x y", 3},
};

static void test_texts(void **state)
{
    for (size_t i = 0; i < PK_ARRAY_SIZE(texts); i++) {
        _pk_arena_ struct pk_arena a = {0};
        _pk_diags_ struct pk_diags d = {0};
        _pk_expr_ struct pk_expr e = {0};
        int r = pk_expr_parse(texts[i].text, &a, &e, &d);

        if (r != (texts[i].column ? -EINVAL : 0) ||
            (r && (d.n != 1 || d.items[0].column != texts[i].column))) {
            pk_diags_print(&d, stderr);
            fail_msg("%s: %d", texts[i].text, r);
        }
    }
}

/* Texts with bytes changed, cut and doubled: understood, or one diagnostic within the text. */
static void test_mangled_texts(void **state)
{
    for (unsigned round = 0; round < 50000; round++) {
        _pk_arena_ struct pk_arena a = {0};
        _pk_diags_ struct pk_diags d = {0};
        _pk_expr_ struct pk_expr e = {0};
        char text[200] = "";
        size_t n;
        int r;

        for (unsigned i = 0; i < 2; i++)
            strncat(text, texts[model_below(PK_ARRAY_SIZE(texts))].text, 60);
        n = strlen(text);
        for (unsigned i = 0; n && i < 3; i++)
            text[model_below(n)] = "\"'`\\{}()[],~!= a5*\xff"[model_below(20)];
        r = pk_expr_parse(text, &a, &e, &d);
        assert_true(r == 0 || r == -EINVAL);
        assert_int_equal(d.n, r ? 1 : 0);
        if (r)
            assert_true(d.items[0].column >= 1 && d.items[0].column <= strlen(text) + 1);
    }
}

static const struct {
    const char *text;
    int64_t want; /* INT64_MIN: refused */
} moments[] = {
    {"now", 1000 * SECOND},
    {"-1h", -2600 * SECOND},
    {"+1m30s", 1090 * SECOND},
    {"now-500ms", 999500000000},
    {"0", 0},
    {"1.5", 1500000000},
    {"1.123456789", 1123456789},
    {"1970-01-01T00:00:01Z", SECOND},
    {"1970-01-01T01:00:00.25+01:00", 250000000},
    {"1969-12-31 23:59:59-00:30", 1799 * SECOND},
    {"2000-02-29T00:00:00Z", INT64_C(951782400) * SECOND},
    {"1900-02-28T00:00:00Z", INT64_C(-2203977600) * SECOND},
    {"1900-02-29T00:00:00Z", INT64_MIN},
    {"2001-02-29T00:00:00Z", INT64_MIN},
    {"2001-13-01T00:00:00Z", INT64_MIN},
    {"2001-01-01T24:00:00Z", INT64_MIN},
    {"2001-01-01T00:00:00", INT64_MIN},
    {"2001-01-01", INT64_MIN},
    {"1.1234567891", INT64_MIN},
    {"1.", INT64_MIN},
    {"9999-01-01T00:00:00Z", INT64_MIN},
    {"99999999999", INT64_MIN},
    {"-1", INT64_MIN},
    {"-1m1h", INT64_MIN},
    {"-1x", INT64_MIN},
    {"", INT64_MIN},
    {"tomorrow", INT64_MIN},
};

static void test_moments(void **state)
{
    for (size_t i = 0; i < PK_ARRAY_SIZE(moments); i++) {
        int64_t t = INT64_MIN;
        int r = pk_moment_parse(moments[i].text, 1000 * SECOND, &t);

        if ((moments[i].want == INT64_MIN) != (r < 0) || t != moments[i].want)
            fail_msg("%s: %d, %jd", moments[i].text, r, (intmax_t)t);
    }
    for (unsigned i = 0; i < 100000; i++) {
        int64_t t = (int64_t)model_word() >> model_below(40), again;
        char text[PK_MOMENT_SIZE];

        assert_int_equal(pk_moment_parse(pk_moment_text(t, text), 0, &again), 0);
        assert_int_equal(again, t);
        t &= INT64_MAX;
        assert_int_equal(pk_moment_parse(pk_seconds_text(t, text), 0, &again), 0);
        assert_int_equal(again, t);
        assert_int_equal(
            pk_duration_parse(pk_duration_text(t, (char[PK_DURATION_SIZE]){0}), &again, NULL), 0);
        assert_int_equal(again, t);
    }
}

/* Every double comes back bit by bit, and short ones stay short. */
static void test_numbers(void **state)
{
    static const struct {
        double v;
        const char *text;
    } some[] = {{0.1, "0.1"},
                {-0.0, "-0"},
                {1e22, "1e+22"},
                {12.345, "12.345"},
                {INFINITY, "+Inf"},
                {-INFINITY, "-Inf"},
                {NAN, "NaN"},
                {1e15, "1e+15"},
                {123456789012345, "123456789012345"},
                {5e-324, "4.94065645841247e-324"}};
    char text[PK_NUMBER_SIZE];
    struct pk_number n;

    for (size_t i = 0; i < PK_ARRAY_SIZE(some); i++)
        assert_string_equal(pk_double_text(some[i].v, text), some[i].text);
    for (unsigned i = 0; i < 200000; i++) {
        double v = model_bits(model_word());
        double back = strtod(pk_double_text(v, text), NULL);

        assert_true(isnan(v) ? isnan(back) : v == back && !signbit(v) == !signbit(back));
    }
    n = pk_whole(((__int128)UINT64_MAX + 1) * 10);
    assert_string_equal(pk_number_text(&n, text), "184467440737095516160");
    n = pk_whole((__int128)((unsigned __int128)1 << 127));
    assert_string_equal(pk_number_text(&n, text), "-170141183460469231731687303715884105728");
}

static int setup(void **state)
{
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/store", folder);
    model_begin(0x9e3779b97f4a7c15);
    make_points();
    store_points();
    return 0;
}

static int teardown(void **state)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-lock"};

    for (size_t i = 0; i < PK_ARRAY_SIZE(ends); i++) {
        char name[80];

        snprintf(name, sizeof(name), "%s%s", path, ends[i]);
        unlink(name);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions), cmocka_unit_test(test_increases_add_up),
        cmocka_unit_test(test_folds),     cmocka_unit_test(test_limits),
        cmocka_unit_test(test_texts),     cmocka_unit_test(test_mangled_texts),
        cmocka_unit_test(test_moments),   cmocka_unit_test(test_numbers),
    };

    return cmocka_run_group_tests_name("query", tests, setup, teardown);
}
