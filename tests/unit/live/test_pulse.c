/* The pulse against the same numbers taken from all values at once, and read while it beats. */
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "live/pulse.h"

static struct request request_of(double ttft_ms, double tpot_ms, double lag_us)
{
    struct request r;
    request_init(&r);
    r.outcome = OUTCOME_OK;
    r.usage.completion_tok = 11;
    r.stamp[STAMP_PLANNED] = 100 * NS_PER_S;
    r.stamp[STAMP_SENT] = r.stamp[STAMP_PLANNED] + (mono_ns)(lag_us * 1e3);
    r.stamp[STAMP_FIRST_TOKEN] = r.stamp[STAMP_SENT] + (mono_ns)(ttft_ms * 1e6);
    r.stamp[STAMP_LAST_TOKEN] = r.stamp[STAMP_FIRST_TOKEN] + (mono_ns)(tpot_ms * 1e7);
    r.stamp[STAMP_DONE] = r.stamp[STAMP_LAST_TOKEN];
    return r;
}

static struct pulse *pulse_new(void)
{
    struct pulse *p = malloc(sizeof *p);
    pulse_reset(p);
    return p;
}

static void near(double value, double expected)
{
    if (!(fabs(value / expected - 1) <= 1.0 / 128 + 1e-9))
        fail_msg("%g, not %g", value, expected);
}

/* Values 1 … 1000 in any order: their ranks are known. */
static void counts_and_quantiles(void **state)
{
    struct pulse *p = pulse_new();
    struct live_view v = {0};
    struct rng g = rng_stream(5, "pulse");
    int order[1000];
    (void)state;
    for (int i = 0; i < 1000; i++)
        order[i] = i + 1;
    rng_shuffle(&g, order, 1000, sizeof order[0]);
    for (int i = 0; i < 1000; i++) {
        struct request r = request_of(order[i], order[i] / 100.0, order[i] * 10);
        pulse_add(p, &r);
    }
    struct request failed = request_of(1e5, 1e5, 1), warm = request_of(1e5, 1e5, 1e6);
    failed.outcome = OUTCOME_RESET;
    warm.flags = REQUEST_WARMUP;
    pulse_add(p, &failed);
    pulse_add(p, &warm);
    pulse_read(p, &v);
    assert_int_equal(v.ended, 1001);
    assert_int_equal(v.warmup, 1);
    assert_int_equal(v.by_outcome[OUTCOME_OK], 1000);
    assert_int_equal(v.by_outcome[OUTCOME_RESET], 1);
    assert_int_equal(v.ttft.n, 1000); /* of completed ones */
    assert_int_equal(v.send_lag.n, 1001);
    near(v.ttft.p50_ns, 500e6);
    near(v.ttft.p90_ns, 900e6);
    near(v.ttft.p99_ns, 990e6);
    near(v.tpot.p50_ns, 5e6);
    near(v.tpot.p99_ns, 9.9e6);
    near(v.send_lag.p50_ns, 5e6);
    pulse_reset(p);
    pulse_read(p, &v);
    assert_int_equal(v.ended + v.warmup + v.ttft.n + v.tpot.n + v.send_lag.n, 0);
    assert_true(isnan(v.rate) && isnan(v.ttft.p50_ns));
    free(p);
}

/* Three requests that end 1, 2 and 4 s after the first was planned. */
static void the_rate_of_what_ended(void **state)
{
    struct pulse *p = pulse_new();
    struct live_view v = {0};
    (void)state;
    for (int i = 2; i >= 0; i--) {
        struct request r = request_of(1, 1, 1);
        r.stamp[STAMP_PLANNED] = (10 + i) * NS_PER_S;
        r.stamp[STAMP_DONE] = (10 + (1 << i)) * NS_PER_S;
        pulse_add(p, &r);
    }
    pulse_read(p, &v);
    near(v.rate, 0.75);
    free(p);
}

/* A request without stamps, or with absurd ones of a file, is counted and measured nowhere. */
static void stamps_that_are_missing(void **state)
{
    struct pulse *p = pulse_new();
    struct live_view v = {0};
    struct request none, absurd = request_of(1, 1, 1);
    (void)state;
    request_init(&none);
    none.outcome = OUTCOME_OK;
    absurd.stamp[STAMP_FIRST_TOKEN] = INT64_MAX;
    absurd.stamp[STAMP_SENT] = INT64_MIN + 1;
    pulse_add(p, &none);
    pulse_add(p, &absurd);
    pulse_read(p, &v);
    assert_int_equal(v.ended, 2);
    assert_int_equal(v.ttft.n, 0);
    free(p);
}

enum { MANY = 20000 };

static void *add_many(void *pulse)
{
    struct request r = request_of(1, 1, 1);
    for (int i = 0; i < MANY; i++)
        pulse_add(pulse, &r);
    return NULL;
}

/* Counts only grow, and at the end none is missing. */
static void read_while_it_beats(void **state)
{
    struct pulse *p = pulse_new();
    struct live_view v = {0};
    pthread_t t;
    (void)state;
    pthread_create(&t, NULL, add_many, p);
    for (int64_t before = 0; v.ended < MANY; before = v.ended) {
        pulse_read(p, &v);
        assert_true(v.ended >= before);
    }
    pthread_join(t, NULL);
    pulse_read(p, &v);
    assert_int_equal(v.ended, MANY);
    assert_int_equal(v.tpot.n, MANY);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_and_quantiles),
        cmocka_unit_test(the_rate_of_what_ended),
        cmocka_unit_test(stamps_that_are_missing),
        cmocka_unit_test(read_while_it_beats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
