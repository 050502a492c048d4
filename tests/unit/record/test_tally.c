/* The tally of a run, against values worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "record/tally.h"

#define MS NS_PER_MS
#define US (NS_PER_MS / 1000)

static void close_to(double value, double expected)
{
    if (fabs(value - expected) > 1e-9 * fmax(1, fabs(expected)))
        fail_msg("%.12g, not %.12g", value, expected);
}

/* ---- durations --------------------------------------------------------------------------------------------------- */

static void one_duration_comes_back(void **state)
{
    static const struct {
        int64_t ns;
        double back;
    } rows[] = {
        {INT64_MIN, 0},
        {-5, 0},
        {0, 0},
        {63, 63},
        {64, 64},
        {127, 127}, /* exact */
        {128, 128.5},
        {129, 128.5}, /* a bucket of two, */
        {255, 254.5},
        {256, 257.5}, /* of four from 256 on, */
        {1000, 1003.5},
        {1007, 1003.5},
        {1008, 1011.5},                /* of eight from 512 on */
        {1 << 20, (1 << 20) + 8191.5}, /* of 2^14 */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct durations d = {0};
        durations_add(&d, rows[i].ns);
        close_to(durations_quantile_ns(&d, 0.5), rows[i].back);
        close_to(durations_quantile_ns(&d, 1), rows[i].back);
    }
}

static void no_duration_is_far_off(void **state)
{
    struct rng g = rng_stream(7, "durations");
    (void)state;
    for (int i = 0; i < 20000; i++) {
        struct durations d = {0};
        int64_t ns = (int64_t)(rng_u64(&g) >> (1 + rng_below(&g, 62)));
        durations_add(&d, i ? ns : INT64_MAX);
        double back = durations_quantile_ns(&d, 0.99);
        assert_true(fabs(back - (double)(i ? ns : INT64_MAX)) <= (double)(i ? ns : INT64_MAX) / 128);
    }
}

static void quantiles_are_nearest_ranks(void **state)
{
    struct durations d = {0};
    (void)state;
    assert_true(isnan(durations_quantile_ns(&d, 0.5)));
    for (int i = 100; i >= 1; i--)
        durations_add(&d, i);
    close_to(durations_quantile_ns(&d, 0.5), 50);
    close_to(durations_quantile_ns(&d, 0.501), 51);
    close_to(durations_quantile_ns(&d, 0.99), 99);
    close_to(durations_quantile_ns(&d, 1), 100);
    close_to(durations_quantile_ns(&d, 1e-9), 1);
}

/* ---- a run ------------------------------------------------------------------------------------------------------- */

/* Planned at 1 s, sent lag_us later, done e2e_ms after that, with two chunks that the app saw 10 and 20 us late, the
 * second without a stamp. */
static void request_of(struct request *r, int64_t seq, int64_t lag_us, int64_t e2e_ms)
{
    request_init(r);
    r->seq = seq;
    r->stamp[STAMP_PLANNED] = NS_PER_S;
    r->stamp[STAMP_SENT] = NS_PER_S + lag_us * US;
    r->stamp[STAMP_DONE] = r->stamp[STAMP_SENT] + e2e_ms * MS;
    r->usage.completion_tok = 7;
    chunk_list_init(&r->chunks, 2);
    chunk_list_add(&r->chunks, (struct chunk){.t_ns = 100, .app_ns = 100 + 100, .flags = CHUNK_MERGED});
    chunk_list_add(&r->chunks, (struct chunk){.t_ns = 100, .app_ns = 100 + 50, .flags = CHUNK_UNSTAMPED});
    chunk_list_add(&r->chunks, (struct chunk){0}); /* no room: dropped */
}

static void a_run_of_four(void **state)
{
    struct run_tally t = {0};
    struct health h = {.loop_busy = 0.5};
    struct request r[4];
    (void)state;
    request_of(&r[0], 0, 100, 30);
    request_of(&r[1], 1, 300, 10);
    request_of(&r[2], 2, 200, 500);
    request_of(&r[3], 3, 0, 0);
    r[2].outcome = OUTCOME_RESET; /* it took 500 ms to fail: no latency */
    r[2].usage.completion_tok = -1;
    r[3].outcome = OUTCOME_UNSENT;
    r[3].stamp[STAMP_SENT] = r[3].stamp[STAMP_DONE] = MONO_NONE;
    for (int i = 3; i >= 0; i--)
        run_tally_add(&t, &r[i]);
    run_tally_fill_health(&t, &h);
    assert_int_equal(t.counter.counts.planned, 4);
    assert_int_equal(t.counter.counts.completed, 2);
    assert_int_equal(t.counter.counts.failed, 1);
    assert_int_equal(t.counter.counts.unsent, 1);
    assert_int_equal(t.counter.counts.by_outcome[OUTCOME_RESET], 1);
    assert_true(run_counts_balance(&t.counter.counts));
    close_to(run_tally_median_e2e_ms(&t), 20); /* of 10 and 30 */
    close_to(h.send_lag_p50_us, 200);          /* of 100, 200 and 300 */
    close_to(h.send_lag_p99_us, 298);
    close_to(h.app_delay_p50_us, 0.1);
    close_to(h.app_delay_p99_us, 0.1); /* the unstamped ones have none */
    assert_int_equal(h.chunks, 8);
    assert_int_equal(h.merged, 4);
    assert_int_equal(h.unstamped, 4);
    assert_int_equal(h.dropped_chunks, 4);
    close_to(h.loop_busy, 0.5); /* not ours */
    close_to(t.completion_tok, 21);
    assert_null(t.stamps_fault);
    for (int i = 0; i < 4; i++)
        request_release(&r[i]);
    run_tally_release(&t);
}

static void of_nothing(void **state)
{
    struct run_tally t = {0};
    struct health h;
    (void)state;
    run_tally_fill_health(&t, &h);
    assert_true(isnan(h.send_lag_p99_us) && isnan(h.app_delay_p99_us) && isnan(run_tally_median_e2e_ms(&t)));
    assert_int_equal(h.chunks, 0);
    run_tally_release(&t);
}

/* Requests come in the order in which they ended; the first fault is that of the smallest number. */
static void the_first_fault_is_by_number(void **state)
{
    static const int64_t order[] = {5, 3, 4, 0};
    struct run_tally t = {0};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct request r;
        request_of(&r, order[i], 1, 1);
        if (order[i] == 3)
            r.stamp[STAMP_SENT] = r.stamp[STAMP_PLANNED] - 1;
        else if (order[i])
            r.stamp[STAMP_DONE] = r.stamp[STAMP_SENT] - 1;
        run_tally_add(&t, &r);
        request_release(&r);
    }
    assert_string_equal(t.stamps_fault, "planned > sent");
    assert_int_equal(t.stamps_fault_seq, 3);
    run_tally_release(&t);
}

/* Thousands in an order of any kind; one number missing, given twice, or absurd breaks the identity. */
static void numbers_in_any_order(void **state)
{
    enum { N = 5000 };
    struct request r;
    (void)state;
    request_init(&r);
    for (int broken = 0; broken < 4; broken++) {
        struct request_counter c = {0};
        for (int64_t i = 0; i < N; i++) {
            r.seq = i * 1231 % N; /* 1231 is prime to 5000 */
            if (r.seq == 4321)
                r.seq = broken == 1 ? 4322 : broken == 2 ? N : broken == 3 ? INT64_C(1) << 60 : r.seq;
            request_counter_add(&c, &r);
        }
        assert_int_equal(run_counts_balance(&c.counts), !broken);
        assert_int_equal(c.counts.completed, broken == 0 || broken == 2 ? N : N - 1);
        request_counter_release(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_duration_comes_back),
        cmocka_unit_test(no_duration_is_far_off),
        cmocka_unit_test(quantiles_are_nearest_ranks),
        cmocka_unit_test(a_run_of_four),
        cmocka_unit_test(of_nothing),
        cmocka_unit_test(the_first_fault_is_by_number),
        cmocka_unit_test(numbers_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
