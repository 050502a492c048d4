/* Dependence, drift, outliers, early stopping and coordinated omission where the reference vectors do not reach. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats/drift.h"
#include "stats/earlystop.h"
#include "stats/omission.h"
#include "stats/outlier.h"
#include "stats/series.h"

static const double same[] = {2, 2, 2, 2, 2};

static void dependence_is_nan_where_nothing_varies(void **state)
{
    (void)state;
    double r[4];
    series_acf(same, 5, 3, r);
    assert_true(isnan(r[0]) && isnan(r[3]));
    series_acf(same, 0, 0, r);
    assert_true(isnan(r[0]));
    series_acf((const double[]){1, 3}, 2, 3, r); /* -1 · 1 over 1 + 1; nothing beyond */
    assert_true(r[0] == 1 && r[1] == -0.5 && r[2] == 0 && r[3] == 0);
    assert_true(isnan(series_ljung_box(same, 5, 1).q) && isnan(series_ljung_box((const double[]){1, 3}, 2, 2).p));
    assert_true(isnan(series_ljung_box((const double[]){1, 3}, 2, 0).q));
    struct series_ljung_box l = series_ljung_box((const double[]){1, 3}, 2, 1); /* 2 · 4 · 0.25 / 1 */
    assert_true(l.q == 2 && fabs(l.p - erfc(1)) < 1e-15);                       /* chi-square of one degree */
    assert_true(isnan(series_ess(same, 5).tau) && isnan(series_ess(same, 1).n_eff) && isnan(series_ess(same, 0).tau));
    struct series_ess e = series_ess((const double[]){1, 3, 1, 3}, 4); /* r_1 = -3/4, r_2 = 1/2: cut at once */
    assert_true(e.tau == 1 && e.n_eff == 4 && e.cut == 1);
    e = series_ess((const double[]){1, 1, 1, 5, 5, 5}, 6); /* r_1 = 1/2, r_2 = 0, r_3 = -1/2: one pair */
    assert_true(fabs(e.tau - 2) < 1e-15 && fabs(e.n_eff - 3) < 1e-14 && e.cut == 3);
}

static void exceedances_of_nothing_and_of_equal_values(void **state)
{
    (void)state;
    struct series_exceedance e = series_exceedance(same, same, 5, 0.9);
    assert_true(e.n == 0 && isnan(e.tau) && e.m == 0);
    e = series_exceedance(same, same, 0, 0.9);
    assert_true(e.n == 0 && e.m == 0);
    const double x[] = {9, 1, 8, 2, 7, 3}, sorted[] = {1, 2, 3, 7, 8, 9}; /* every second one is above 3 */
    e = series_exceedance(x, sorted, 6, 0.5);
    assert_true(e.n == 3 && e.tau == 1 && e.m == 3);
}

static void a_trend_needs_three_values(void **state)
{
    (void)state;
    struct drift_trend t;
    drift_trend((const double[]){1, 2}, 2, &t);
    assert_true(isnan(t.tau) && isnan(t.sen) && isnan(t.slope));
    drift_trend((const double[]){1, 2, 4}, 3, &t); /* slopes 1, 2, 3/2; one order of six: p 2/6 */
    assert_true(t.tau == 1 && fabs(t.tau_p - 1.0 / 3) < 1e-15 && t.sen == 1.5 && t.sen_lo == 1 && t.sen_hi == 2);
    assert_true(fabs(t.slope - 1.5) < 1e-15 && fabs(t.slope_se - sqrt(1.0 / 12)) < 1e-15);
    drift_trend(same, 5, &t);
    assert_true(isnan(t.tau) && t.sen == 0 && t.slope == 0 && isnan(t.slope_p));
    drift_trend((const double[]){3, 2, 1, 1}, 4, &t); /* a tie: five pairs of six fall, the normal law */
    assert_true(fabs(t.tau + 5 / sqrt(30)) < 1e-15 && t.tau_p > 0.05 && t.tau_p < 0.1);
}

static void a_long_series_in_perfect_order_has_the_exact_p(void **state)
{
    (void)state;
    double y[40];
    struct drift_trend t;
    for (int i = 0; i < 40; i++)
        y[i] = -i;
    drift_trend(y, 40, &t);
    assert_true(t.tau == -1 && fabs(t.tau_p / (2 * exp(-lgamma(41))) - 1) < 1e-12);
    y[0] = -1.5; /* one pair out of order: 40 of 40! orders are as far */
    drift_trend(y, 40, &t);
    assert_true(fabs(t.tau_p / (2 * exp(-lgamma(40))) - 1) < 1e-12);
}

static void abba_cancels_a_line_and_refuses_a_block_that_is_not_balanced(void **state)
{
    (void)state;
    double y[8], diffs[2];
    for (int i = 0; i < 8; i++)
        y[i] = 3 * i + ("ABBABAAB"[i] == 'B' ? 2 : 0);
    struct drift_abba a = drift_abba("ABBABAAB", y, 8, diffs);
    assert_true(a.diff == 2 && diffs[0] == 2 && diffs[1] == 2 && a.b_mean - a.a_mean == 2);
    assert_true(isnan(drift_abba("ABBABABB", y, 8, diffs).diff) && isnan(drift_abba("ABXA", y, 4, diffs).diff));
    assert_true(isnan(drift_abba("ABBABAAB", y, 7, diffs).diff) && isnan(drift_abba("", y, 0, diffs).diff));
}

static void outliers_of_few_and_of_equal_values(void **state)
{
    (void)state;
    struct outlier_mad m = outlier_mad(same, 0);
    assert_true(isnan(m.median) && isnan(m.z_max) && m.n_over == 0);
    m = outlier_mad(same, 1);
    assert_true(m.median == 2 && m.mad == 0 && m.z_max == 0 && m.n_far == 0);
    m = outlier_mad((const double[]){2, 2, 2, 2, 3}, 5); /* mad 0: any other value is infinitely far */
    assert_true(m.mad == 0 && isinf(m.z_max) && m.n_over == 1 && m.n_far == 1);
    m = outlier_mad((const double[]){-1, 0, 0, 1, 6}, 5); /* z = 0.67449 · 6 = 4.05: over, not far */
    assert_true(m.mad == 1 && m.n_over == 1 && m.n_far == 0);
    struct outlier_fences f = outlier_fences(same, 0);
    assert_true(isnan(f.q1) && isnan(f.mild_lo) && f.n_mild == 0);
    f = outlier_fences((const double[]){-4, 0, 1, 2, 3, 4, 9}, 7); /* quartiles 0.5 and 3.5: -4 … 8 and -8.5 … 12.5 */
    assert_true(f.mild_lo == -4 && f.mild_hi == 8 && f.severe_hi == 12.5 && f.n_mild == 1 && f.n_severe == 0);
}

static void early_stopping_refuses_what_has_no_answer(void **state)
{
    (void)state;
    double odds = 0;
    assert_true(earlystop_min_passing(0, 1, 0, 0.99, &odds) == 0 && isnan(odds));
    assert_true(earlystop_min_passing(0, 0.5, 0.5, 0.99, NULL) == 0 && earlystop_min_queries(0.5, 1) == 0);
    assert_true(earlystop_min_passing(0, 1 - 1e-14, 0, 0.99, NULL) == 0); /* over 10^14 */
    assert_int_equal(earlystop_min_passing(0, 0.5, 0, 0.4, &odds), 1);    /* I_p(1, 1) = p */
    assert_true(fabs(odds - 0.5) < 1e-15);
    /* a tolerance d lowers the share: h of p - d */
    assert_int_equal(earlystop_min_passing(3, 0.9, 0.1, 0.99, NULL), earlystop_min_passing(3, 0.8, 0, 0.99, NULL));
}

/* Ten requests a second, 0.05 s each, a stall from 0.32 to 1: the one in service at 0.3 ends at 1.03. */
static void a_stall_cuts_a_service_and_more_connections_send_on_time(void **state)
{
    (void)state;
    struct omission_case c = {10, 0.05, 0.32, 1, 1};
    double sent[6], planned[6];
    omission_latencies(&c, 6, sent, planned);
    assert_true(fabs(sent[2] - 0.05) < 1e-12 && fabs(sent[3] - 0.73) < 1e-12 && fabs(planned[3] - 0.73) < 1e-12);
    assert_true(fabs(sent[4] - 0.05) < 1e-12 && fabs(planned[4] - 0.68) < 1e-12); /* sent at 1.03, planned 0.4 */
    c.connections = 2;
    omission_latencies(&c, 6, sent, planned);
    assert_true(fabs(sent[4] - 0.68) < 1e-12 && fabs(planned[4] - 0.68) < 1e-12); /* the second one is free at 0.4 */
    assert_true(fabs(sent[5] - 0.10) < 1e-12 && fabs(planned[5] - 0.63) < 1e-12); /* sent at 1.03, behind the fifth */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dependence_is_nan_where_nothing_varies),
        cmocka_unit_test(exceedances_of_nothing_and_of_equal_values),
        cmocka_unit_test(a_trend_needs_three_values),
        cmocka_unit_test(a_long_series_in_perfect_order_has_the_exact_p),
        cmocka_unit_test(abba_cancels_a_line_and_refuses_a_block_that_is_not_balanced),
        cmocka_unit_test(outliers_of_few_and_of_equal_values),
        cmocka_unit_test(early_stopping_refuses_what_has_no_answer),
        cmocka_unit_test(a_stall_cuts_a_service_and_more_connections_send_on_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
