/* The CSV export of random records, read back by our own strict reader: rectangular, named columns, the values of the record. */
#include "fixture.h"

#include "exchange/rows_csv.h"
#include "format/csv.h"
#include "record/metric.h"

static size_t column(const struct csv *c, const char *name)
{
    for (size_t i = 0; i < c->n_fields; i++)
        if (span_eq_z(c->field[i], name))
            return i;
    fail_msg("no column %s", name);
    return 0;
}

static void field_is_int(struct span field, int64_t v, bool there)
{
    char text[32] = "";
    if (there)
        snprintf(text, sizeof text, "%lld", (long long)v);
    assert_true(span_eq_z(field, text));
}

static void field_is_double(struct span field, double v)
{
    char text[64];
    if (!isfinite(v)) {
        assert_int_equal(field.len, 0);
        return;
    }
    assert_true(field.len && field.len < sizeof text);
    snprintf(text, sizeof text, "%.*s", (int)field.len, field.at);
    double read = strtod(text, NULL);
    assert_true(fabs(read - v) <= 1e-8 * fabs(v));
}

/* The exported text of a result with these requests. */
static void export_of(struct request *requests, size_t n, struct str *out)
{
    struct scratch scratch;
    struct run run = {.arm = "solo", .state = RUN_COMPLETE, .requests = requests, .n_requests = n};
    struct err e = ERR_INIT;
    char name[96];
    scratch_make(&scratch);
    struct store *s = fixture_create(&scratch);
    write_run(s, &run);
    snprintf(name, sizeof name, "%s/export.csv", scratch.dir);
    FILE *file = fopen(name, "w");
    must(export_all(s, export_rows_csv, file, &e), &e);
    assert_int_equal(fclose(file), 0);
    must(file_read(name, 1 << 24, out, &e), &e);
    fixture_close(s);
    scratch_remove(&scratch);
}

static void usual_request(struct rng *g, struct request *r, int64_t seq)
{
    any_request(g, r, seq);
    mono_ns t = 1000 * NS_PER_S;
    for (int i = 0; i < STAMP_COUNT; i++) {
        t += (mono_ns)rng_below(g, 1u << 28);
        r->stamp[i] = chance(g, 0.2) ? MONO_NONE : t;
    }
    r->rtt_ns = 50000;
    r->engine.queued_ns = r->engine.prefill_start_ns = r->engine.prefill_end_ns = MONO_NONE;
    for (size_t i = 0; i < r->engine.n; i++)
        r->engine.token_ns[i] = t + (mono_ns)i;
    r->usage = (struct usage){3000, -1, 1000, 1500, 20, 30, -1, -1};
}

static void rows_hold_the_record(void **state)
{
    (void)state;
    struct rng g = rng_stream(6, "csv");
    struct request requests[40];
    struct str text = STR_INIT;
    struct csv *c = xcalloc(1, sizeof *c);
    struct err e = ERR_INIT;
    for (int i = 0; i < 40; i++)
        usual_request(&g, &requests[i], i);
    export_of(requests, 40, &text);
    csv_init(c, "export", text.at, text.len, ',');
    assert_int_equal(csv_next(c, &e), 1);
    size_t width = c->n_fields, outcome = column(c, "outcome"), sent = column(c, "sent_ns"),
           chunks = column(c, "chunks"), tokens = column(c, "completion_tokens"), ttft = column(c, "ttft [ms]"),
           e2e = column(c, "e2e [ms]"), load = column(c, "server_load_ns");
    for (int i = 0; i < 40; i++) {
        const struct request *r = &requests[i];
        must(csv_next(c, &e) == 1 ? 0 : -1, &e);
        assert_int_equal(c->n_fields, width);
        assert_true(span_eq_z(c->field[outcome], outcome_word(r->outcome)));
        field_is_int(c->field[sent], r->stamp[STAMP_SENT], r->stamp[STAMP_SENT] != MONO_NONE);
        field_is_int(c->field[chunks], (int64_t)r->chunks.n, true);
        field_is_int(c->field[tokens], 30, true);
        field_is_int(c->field[load], 0, false);
        field_is_double(c->field[ttft], metric_find("ttft")->of_request(r));
        field_is_double(c->field[e2e], metric_find("e2e")->of_request(r));
    }
    assert_int_equal(csv_next(c, &e), 0);
    csv_release(c);
    free(c);
    str_release(&text);
    for (int i = 0; i < 40; i++)
        request_release(&requests[i]);
}

static void formulas_and_controls_are_disarmed(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
        size_t n;
    } cases[] = {{"=1+1", "'=1+1", 4},
                 {"@SUM(A1)", "'@SUM(A1)", 8},
                 {"\tx", "'\tx", 2},
                 {"-5", "'-5", 2},
                 {"a,\"b\"\nc", "a,\"b\"\nc", 7},
                 {"bad\xFF", "bad\xEF\xBF\xBD", 4},
                 {"z\0z", "z\xEF\xBF\xBDz", 3},
                 {"plain", "plain", 5}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct request r;
        struct str text = STR_INIT;
        struct csv *c = xcalloc(1, sizeof *c);
        struct err e = ERR_INIT;
        request_init(&r);
        str_add(&r.error, cases[i].in, cases[i].n);
        export_of(&r, 1, &text);
        csv_init(c, "export", text.at, text.len, ',');
        assert_int_equal(csv_next(c, &e), 1);
        size_t error = column(c, "error");
        must(csv_next(c, &e) == 1 ? 0 : -1, &e);
        if (!span_eq_z(c->field[error], cases[i].out))
            fail_msg("%s came as %.*s", cases[i].in, (int)c->field[error].len, c->field[error].at);
        csv_release(c);
        free(c);
        str_release(&text);
        request_release(&r);
    }
}

static void a_full_disk_is_an_error(void **state)
{
    (void)state;
    struct scratch scratch;
    struct err e = ERR_INIT;
    scratch_make(&scratch);
    struct store *s = fixture_create(&scratch);
    FILE *out = fopen("/dev/full", "w");
    if (!out)
        skip();
    assert_int_equal(export_all(s, export_rows_csv, out, &e), ERR_IO);
    fclose(out);
    fixture_close(s);
    scratch_remove(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_hold_the_record),
        cmocka_unit_test(formulas_and_controls_are_disarmed),
        cmocka_unit_test(a_full_disk_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
