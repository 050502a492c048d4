/* Warm-up, precision and tail verdicts of a load run, by series whose answers are known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "load/draw.h"
#include "load/window.h"
#include "stats/dist.h"

enum { N = 2000 };

static void exponential(double *x, size_t n, const char *name)
{
    struct rng r = rng_stream(1, name);
    for (size_t i = 0; i < n; i++)
        x[i] = 100 + 10 * draw_exponential(&r);
}

/* 20 batches of 5 whose means alternate 9 and 11: mean 10, sd of means sqrt(20/19), half width t(.975, 19) sd / sqrt(20). */
static void the_mean_is_known_by_its_batches(void **state)
{
    (void)state;
    double x[100];
    for (size_t i = 0; i < 100; i++)
        x[i] = 10 + (i / 5 % 2 ? 1 : -1) + (i % 5 == 0 ? 0.2 : -0.05);
    struct window_precision_rule rule = {WINDOW_MEAN, 0.05, 0.9, 0};
    struct window_precision p;
    window_precision(&rule, x, 100, &p);
    double half = dist_t_quantile(0.975, 19) * sqrt(20.0 / 19) / sqrt(20);
    assert_true(fabs(p.estimate - 10) < 1e-12 && fabs(p.hi - 10 - half) < 1e-9 && fabs(10 - p.lo - half) < 1e-9);
    assert_true(fabs(p.relative - half / 10) < 1e-9 && p.reached && p.n == 100 && p.values_needed == 100);
    rule.relative = half / 10 / 2; /* half as wide takes four times as many */
    window_precision(&rule, x, 100, &p);
    assert_true(!p.reached && fabs(p.values_needed - 400) <= 1);
}

static void the_median_has_the_lopsided_half_that_is_worse(void **state)
{
    (void)state;
    double x[N];
    exponential(x, N, "median");
    struct window_precision_rule rule = {WINDOW_MEDIAN, 0.01, 0.95, 0};
    struct window_precision p;
    window_precision(&rule, x, N, &p);
    assert_true(fabs(p.estimate - (100 + 10 * log(2))) < 0.7 && p.lo < p.estimate && p.hi > p.estimate && p.reached);
    assert_true(p.relative == fmax(p.hi - p.estimate, p.estimate - p.lo) / p.estimate);
    for (size_t i = 0; i < 100; i++) /* one step in the middle: the sections' shares are 0 or 1 */
        x[i] = i < 50 ? 1 : 2;
    rule.confidence = 0.999;
    window_precision(&rule, x, 100, &p);
    assert_true(!p.reached && isinf(p.relative) && isnan(p.values_needed));
}

static void there_is_no_interval_before_the_first_look(void **state)
{
    (void)state;
    double x[200];
    exponential(x, 200, "few");
    struct window_precision_rule rule = {WINDOW_MEAN, 0.5, 0.95, 0};
    struct window_precision p;
    window_precision(&rule, x, 49, &p);
    assert_true(!p.reached && isnan(p.relative) && isnan(p.estimate));
    window_precision(&rule, x, 50, &p);
    assert_true(p.reached);
    rule.min_n = 120;
    window_precision(&rule, x, 119, &p);
    assert_false(p.reached);
    window_precision(&rule, x, 120, &p);
    assert_true(p.reached);
    assert_true(window_next_look(&rule, 0) == 120 && window_next_look(&rule, 119) == 120);
    assert_true(window_next_look(&rule, 120) == 180 && window_next_look(&rule, 1001) == 1501);
    rule.min_n = 10;
    assert_int_equal(window_next_look(&rule, 0), 50);
    double zeros[100] = {0}; /* no relative width of 0: NaN, not reached */
    window_precision(&rule, zeros, 100, &p);
    assert_true(!p.reached && isnan(p.relative) && isnan(p.values_needed));
}

static void a_rule_of_precision_has_sane_numbers(void **state)
{
    (void)state;
    struct window_precision_rule rule = {WINDOW_MEAN, 0.05, 0.95, 0};
    assert_int_equal(window_precision_check(&rule, NULL), 0);
    const double bad_relative[] = {0, -1, 1, NAN, 1e12}, bad_confidence[] = {0.49, 1, NAN, -1};
    struct err e = ERR_INIT;
    for (size_t i = 0; i < 5; i++) {
        rule.relative = bad_relative[i];
        assert_int_equal(window_precision_check(&rule, &e), ERR_USAGE);
    }
    assert_non_null(strstr(e.text, "like 0.05"));
    rule.relative = 0.05;
    rule.confidence = 0.999;
    assert_int_equal(window_precision_check(&rule, NULL), 0);
    for (size_t i = 0; i < 4; i++) {
        rule.confidence = bad_confidence[i];
        assert_int_equal(window_precision_check(&rule, NULL), ERR_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mean_is_known_by_its_batches),
        cmocka_unit_test(the_median_has_the_lopsided_half_that_is_worse),
        cmocka_unit_test(there_is_no_interval_before_the_first_look),
        cmocka_unit_test(a_rule_of_precision_has_sane_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
