// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Remote write against a receiver in memory that takes points as Prometheus does: whole requests,
 * each series in the order of time, exact repetitions of the newest point aside. It fails in every
 * way there is, at every place; in the end it has each point once.
 */
#include "telemetry/remote.h"

#include <errno.h>
#include <unistd.h>

#include "model.h"
#include "telemetry/codes.h"

#define SECOND INT64_C(1000000000)
#define START (INT64_C(1700000000) * SECOND)
#define SERIES 5
#define POINTS 3000
#define TEXT 200

static char folder[] = "/tmp/picket-remote-XXXXXX", path[64], state_path[80];

/* What a receiver has. */
struct receiver {
    struct {
        char labels[TEXT];
        size_t n;
        int64_t ms[POINTS];
        double v[POINTS];
    } series[SERIES];
    size_t n_series, n_requests;
    size_t fail_at; /* the request that goes wrong; 0: none */
    enum { LOST_REQUEST, LOST_REPLY, ERROR_500, BUSY_429, GONE, REFUSED, FAILURES } how;
    size_t fail_for; /* requests from then on */
    size_t kill;     /* the process is killed when this request's answer should come */
    unsigned waited;
    bool bounded; /* refuses what is an hour older than the newest it has, as Prometheus does */
    int64_t newest;
};

static struct receiver *receiver;
static bool killed;

static void remove_files(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-lock", "-push", "-push-journal"};

    for (size_t i = 0; i < PK_ARRAY_SIZE(ends); i++) {
        char name[80];

        snprintf(name, sizeof(name), "%s%s", path, ends[i]);
        unlink(name);
    }
}

/* --- a reader of protobuf, written from its documentation --- */

struct wire {
    const uint8_t *p, *end;
};

static uint64_t get_varint(struct wire *w)
{
    uint64_t v = 0;

    for (unsigned shift = 0;; shift += 7) {
        assert_true(w->p < w->end && shift < 64);
        v |= (uint64_t)(*w->p & 0x7f) << shift;
        if (*w->p++ < 0x80)
            return v;
    }
}

/* The next field, which must be of this kind. */
static struct wire get_message(struct wire *w, unsigned field)
{
    struct wire in;
    uint64_t len;

    assert_int_equal(get_varint(w), field << 3 | 2);
    len = get_varint(w);
    assert_true(len <= (uint64_t)(w->end - w->p));
    in = (struct wire){w->p, w->p + len};
    w->p += len;
    return in;
}

static void get_label(struct wire in, char *text, size_t size)
{
    struct wire name = get_message(&in, 1), value = get_message(&in, 2);
    size_t n = strlen(text);

    assert_ptr_equal(in.p, in.end);
    snprintf(text + n, size - n, "%.*s=%.*s;", (int)(name.end - name.p), (const char *)name.p,
             (int)(value.end - value.p), (const char *)value.p);
}

static void get_sample(struct wire in, int64_t *ms, double *v)
{
    assert_int_equal(get_varint(&in), 1 << 3 | 1);
    assert_true(in.end - in.p >= 8);
    memcpy(v, in.p, 8);
    in.p += 8;
    assert_int_equal(get_varint(&in), 2 << 3);
    *ms = (int64_t)get_varint(&in);
    assert_ptr_equal(in.p, in.end);
}

static size_t series_of(struct receiver *r, const char *labels)
{
    for (size_t i = 0; i < r->n_series; i++)
        if (!strcmp(r->series[i].labels, labels))
            return i;
    assert_true(r->n_series < SERIES);
    snprintf(r->series[r->n_series].labels, TEXT, "%s", labels);
    return r->n_series++;
}

/* One TimeSeries. False: a point is not newer than the last. */
static bool take_series(struct receiver *r, struct wire in)
{
    char labels[TEXT] = "";
    size_t at;

    while (in.p < in.end && *in.p == (1 << 3 | 2))
        get_label(get_message(&in, 1), labels, sizeof(labels));
    at = series_of(r, labels);
    while (in.p < in.end) {
        size_t n = r->series[at].n;
        int64_t ms;
        double v;

        get_sample(get_message(&in, 2), &ms, &v);
        if (n && ms <= r->series[at].ms[n - 1]) {
            if (ms == r->series[at].ms[n - 1] && v == r->series[at].v[n - 1])
                continue;
            return false;
        }
        if (r->bounded && ms < r->newest - 3600000)
            return false;
        r->newest = PK_MAX(r->newest, ms);
        assert_true(n < POINTS);
        r->series[at].ms[n] = ms;
        r->series[at].v[n] = v;
        r->series[at].n++;
    }
    return true;
}

/* All of a request or nothing. */
static bool take_request(const void *body, size_t len)
{
    struct receiver *next = malloc(sizeof(*next));
    struct wire w = {body, (const uint8_t *)body + len};
    bool good = true;

    assert_non_null(next);
    *next = *receiver;
    while (w.p < w.end && good)
        good = take_series(next, get_message(&w, 1));
    if (good)
        *receiver = *next;
    free(next);
    return good;
}

static void answer(struct pk_remote_reply *ret, long status, const char *text)
{
    ret->status = status;
    snprintf(ret->text, sizeof(ret->text), "%s", text);
}

static void store_request(const void *body, size_t len, struct pk_remote_reply *ret)
{
    if (take_request(body, len))
        answer(ret, 204, "");
    else
        answer(ret, 400, "out of order sample");
}

static void receive(void *arg, const void *body, size_t len, struct pk_remote_reply *ret)
{
    size_t now = ++receiver->n_requests;

    if (killed)
        return;
    if (!receiver->fail_at || now < receiver->fail_at ||
        now >= receiver->fail_at + receiver->fail_for) {
        store_request(body, len, ret);
    } else {
        switch (receiver->how) {
        case LOST_REPLY:
        case ERROR_500:
            store_request(body, len, ret);
            answer(ret, receiver->how == ERROR_500 ? 500 : 0, "cut off");
            break;
        case BUSY_429:
            answer(ret, 429, "slowly");
            ret->wait = 7;
            break;
        case REFUSED:
            answer(ret, 422, "not these");
            break;
        default:
            answer(ret, 0, "cut off");
        }
    }
}

/* The same, and then nothing more comes through: as if the process had been killed there. */
static void receive_and_die(void *arg, const void *body, size_t len, struct pk_remote_reply *ret)
{
    receive(arg, body, len, ret);
    if (receiver->n_requests == receiver->kill) {
        killed = true;
        answer(ret, 0, "killed");
    }
}

static void wait_for(void *arg, unsigned seconds)
{
    receiver->waited += seconds;
}

static struct pk_tsdb *open_store(bool read_only)
{
    const struct pk_tsdb_options o = {.read_only = read_only};
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

static int64_t time_of(size_t s, size_t i)
{
    return START + (int64_t)i * (int64_t)(s + 1) * SECOND + (int64_t)s * 1000000;
}

static double value_of(size_t s, size_t i)
{
    return s == 1 ? (double)(i * 1000) : (double)(s * 100000 + i) / 7;
}

/* Points [from, to) of each series. */
static void store_points(size_t from, size_t to)
{
    static const char *const texts[SERIES] = {"a{z=\"1\"}", "b_total{A=\"x\",b=\"y\"}", "c",
                                              "d{e=\"\"}", "e"};
    struct pk_tsdb *db = open_store(false);
    _pk_diags_ struct pk_diags d = {0};
    _pk_arena_ struct pk_arena a = {0};

    for (size_t s = 0; s < SERIES; s++) {
        struct pk_series *series;
        struct pk_metric m;

        assert_int_equal(pk_metric_parse(texts[s], &a, &m, &d), 0);
        m.spec.counter = s == 1;
        assert_int_equal(pk_tsdb_series(db, &m, &d, &series), 0);
        for (size_t i = from; i < to; i++) {
            union pk_value v = {.gauge = value_of(s, i)};

            if (s == 1)
                v.counter = (uint64_t)value_of(s, i);
            assert_int_equal(pk_tsdb_add(db, series, time_of(s, i), v, &d), 0);
        }
    }
    close_store(&db);
}

static int push(struct pk_remote_done *done, unsigned *code)
{
    static const struct pk_selector all = {.name = ""};
    const struct pk_remote r = {.url = "http://here",
                                .state = state_path,
                                .selector = &all,
                                .from = INT64_MIN,
                                .to = INT64_MAX,
                                .send = receiver->kill ? receive_and_die : receive,
                                .wait = wait_for};
    struct pk_tsdb *db = open_store(true);
    _pk_diags_ struct pk_diags d = {0};
    int err = pk_remote_push(db, &r, done, &d);

    *code = d.n ? d.items[0].code : 0;
    close_store(&db);
    return err;
}

/* The receiver has the first n points of each series, each once. */
static void check_all(size_t n)
{
    static const char *const labels[SERIES] = {"__name__=a;z=1;", "A=x;__name__=b_total;b=y;",
                                               "__name__=c;", "__name__=d;", "__name__=e;"};

    assert_int_equal(receiver->n_series, SERIES);
    for (size_t s = 0; s < SERIES; s++) {
        size_t at = series_of(receiver, labels[s]);

        assert_int_equal(receiver->series[at].n, n);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(receiver->series[at].ms[i], time_of(s, i) / 1000000);
            assert_true(receiver->series[at].v[i] == value_of(s, i));
        }
    }
}

static void begin(void)
{
    remove_files();
    memset(receiver, 0, sizeof(*receiver));
    killed = false;
}

static void test_all_arrive(void **state)
{
    struct pk_remote_done done;
    unsigned code;

    begin();
    store_points(0, 2000);
    assert_int_equal(push(&done, &code), 0);
    assert_int_equal(done.points, SERIES * 2000);
    assert_int_equal(done.batches, 2);
    assert_int_equal(done.same_ms + done.again, 0);
    check_all(2000);
    assert_int_equal(push(&done, &code), 0);
    assert_int_equal(done.points, 0);
    store_points(2000, 2100);
    assert_int_equal(push(&done, &code), 0);
    assert_int_equal(done.points, SERIES * 100);
    check_all(2100);
}

/* Series of hours go out half an hour of all after the other: none is too old when it comes. */
static void test_order(void **state)
{
    struct pk_remote_done done;
    unsigned code;

    begin();
    receiver->bounded = true;
    store_points(0, 2900);
    assert_int_equal(push(&done, &code), 0);
    check_all(2900);
}

/* A failure of each kind at each request, shorter and longer than tries last. */
static void test_failures(void **state)
{
    for (unsigned how = 0; how < FAILURES; how++)
        for (size_t at = 1; at <= 4; at++)
            for (size_t lasts = 1; lasts <= 8; lasts += 7) {
                struct pk_remote_done done;
                unsigned code;
                int r;

                begin();
                store_points(0, 2900);
                receiver->how = how;
                receiver->fail_at = at;
                receiver->fail_for = lasts;
                r = push(&done, &code);
                if (how == REFUSED && at <= 3)
                    assert_int_equal(r, -EPROTO);
                else if (at <= 3 && lasts > PK_REMOTE_TRIES && how != LOST_REPLY &&
                         how != ERROR_500)
                    assert_int_equal(r, -EHOSTUNREACH);
                else if (lasts == 1)
                    assert_int_equal(r, 0);
                assert_int_equal(code, r ? PK_T_REMOTE : 0);
                if (at <= 3 && lasts == 1 && how != REFUSED)
                    assert_int_equal(receiver->waited, how == BUSY_429 ? 7 : 1);
                receiver->fail_at = 0;
                if (r)
                    assert_int_equal(push(&done, &code), 0);
                check_all(2900);
            }
}

/* Killed after a request, whether it had come through or not, and started again. */
static void test_killed(void **state)
{
    for (size_t at = 1; at <= 3; at++)
        for (unsigned lost = 0; lost < 2; lost++) {
            struct pk_remote_done done;
            unsigned code;

            begin();
            store_points(0, 2900);
            receiver->kill = at;
            receiver->how = LOST_REQUEST;
            receiver->fail_at = lost ? at : 0;
            receiver->fail_for = 1;
            assert_int_equal(push(&done, &code), -EHOSTUNREACH);
            receiver->kill = receiver->fail_at = 0;
            killed = false;
            store_points(2900, 3000);
            assert_int_equal(push(&done, &code), 0);
            assert_int_equal(done.again, 1);
            check_all(3000);
        }
}

/* What a receiver says it knows, though it was never sent there by us, is refused: not taken for
 * stored. And again, when it is asked again. */
static void test_not_ours(void **state)
{
    struct pk_remote_done done;
    unsigned code;

    begin();
    store_points(0, 100);
    series_of(receiver, "__name__=c;");
    receiver->series[0].n = 1;
    receiver->series[0].ms[0] = time_of(2, 50) / 1000000 + 1;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(push(&done, &code), -EPROTO);
        assert_int_equal(code, PK_T_REMOTE);
        assert_int_equal(done.points, 0);
    }
}

static void test_same_millisecond(void **state)
{
    static const int64_t t[] = {0, 400000, 1000000, 1999999, 5000000, -1};
    struct pk_remote_done done;
    _pk_diags_ struct pk_diags d = {0};
    struct pk_series *series;
    struct pk_tsdb *db;
    unsigned code;

    begin();
    db = open_store(false);
    assert_int_equal(pk_tsdb_series(db, &(struct pk_metric){.name = "x"}, &d, &series), 0);
    for (size_t i = 0; t[i] >= 0; i++)
        assert_int_equal(pk_tsdb_add(db, series, t[i], (union pk_value){.gauge = (double)i}, &d),
                         0);
    close_store(&db);
    assert_int_equal(push(&done, &code), 0);
    assert_int_equal(done.points, 3);
    assert_int_equal(done.same_ms, 2);
    db = open_store(false);
    assert_int_equal(pk_tsdb_series(db, &(struct pk_metric){.name = "x"}, &d, &series), 0);
    assert_int_equal(pk_tsdb_add(db, series, 5000001, (union pk_value){.gauge = 9}, &d), 0);
    close_store(&db);
    assert_int_equal(push(&done, &code), 0);
    assert_int_equal(done.points, 0);
    assert_int_equal(done.same_ms, 1);
    assert_int_equal(receiver->series[0].n, 3);
}

static int setup(void **state)
{
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof(path), "%s/store", folder);
    snprintf(state_path, sizeof(state_path), "%s-push", path);
    receiver = calloc(1, sizeof(*receiver));
    return receiver ? 0 : -1;
}

static int teardown(void **state)
{
    remove_files();
    free(receiver);
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_arrive), cmocka_unit_test(test_order),
        cmocka_unit_test(test_failures),   cmocka_unit_test(test_killed),
        cmocka_unit_test(test_not_ours),   cmocka_unit_test(test_same_millisecond),
    };

    return cmocka_run_group_tests_name("remote", tests, setup, teardown);
}
