/* The benchmark lines of a small result, byte for byte. */
#include "fixture.h"

#include "exchange/benchstat.h"
#include "record/verdict.h"

/* One request, in ms from sent: first token at 200, eleven tokens until 1200, done at 1250; a session of 2 s. */
static void write_one(struct store *s, int32_t position, int32_t block, const char *arm, enum run_state state,
                      int verdict)
{
    struct session session = {.agent = "load", .server = "a", .released_ns = 0, .ended_ns = 2 * NS_PER_S, .ok = true};
    struct request q;
    request_init(&q);
    q.stamp[STAMP_SENT] = NS_PER_S / 2;
    q.stamp[STAMP_FIRST_TOKEN] = q.stamp[STAMP_SENT] + 200 * NS_PER_MS;
    q.stamp[STAMP_LAST_TOKEN] = q.stamp[STAMP_SENT] + 1200 * NS_PER_MS;
    q.stamp[STAMP_DONE] = q.stamp[STAMP_SENT] + 1250 * NS_PER_MS;
    q.usage.completion_tok = 11;
    struct run r = {.position = position,
                    .block = block,
                    .arm = arm,
                    .state = state,
                    .verdict = verdict,
                    .verdict_why = "",
                    .sessions = &session,
                    .n_sessions = 1,
                    .requests = &q,
                    .n_requests = 1};
    write_run(s, &r);
    request_release(&q);
}

static void a_line_for_each_run_that_counts(void **state)
{
    (void)state;
    struct scratch scratch;
    struct str out = STR_INIT;
    struct err e = ERR_INIT;
    char name[96];
    scratch_make(&scratch);
    struct store *s = fixture_create(&scratch);
    write_one(s, 0, 0, "solo", RUN_COMPLETE, VERDICT_SUSPECT);
    write_one(s, 1, 0, "pair", RUN_COMPLETE, VERDICT_VOID);
    write_one(s, 2, 1, "pair", RUN_ABORTED, VERDICT_VALID);
    snprintf(name, sizeof name, "%s/export.txt", scratch.dir);
    FILE *file = fopen(name, "w");
    must(export_all(s, export_benchstat, file, &e), &e);
    assert_int_equal(fclose(file), 0);
    must(file_read(name, 1 << 20, &out, &e), &e);
    assert_string_equal(str_z(&out), "Unit ttft-ns better=lower\n"
                                     "Unit ttft.planned-ns better=lower\n"
                                     "Unit tpot-ns better=lower\n"
                                     "Unit e2e-ns better=lower\n"
                                     "Unit e2e.planned-ns better=lower\n"
                                     "Unit session.duration-ns better=lower\n"
                                     "Unit makespan-ns better=lower\n"
                                     "Unit output_rate.system-tok/s better=higher\n"
                                     "BenchmarkRun/arm=solo-1 1 200000000 ttft-ns 100000000 tpot-ns 1.25e+09 e2e-ns "
                                     "2e+09 session.duration-ns 2e+09 makespan-ns 5.5 output_rate.system-tok/s\n");
    str_release(&out);
    fixture_close(s);
    scratch_remove(&scratch);
}

static void a_disk_that_is_full_is_an_error(void **state)
{
    (void)state;
    struct scratch scratch;
    struct err e = ERR_INIT;
    scratch_make(&scratch);
    struct store *s = fixture_create(&scratch);
    FILE *full = fopen("/dev/full", "w");
    assert_non_null(full);
    assert_int_equal(export_all(s, export_benchstat, full, &e), ERR_IO);
    fclose(full);
    fixture_close(s);
    scratch_remove(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_for_each_run_that_counts),
        cmocka_unit_test(a_disk_that_is_full_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
