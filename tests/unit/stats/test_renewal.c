/* Gaps against a known law, with values computed by hand; its power and size over drawn schedules are tested with
 * load/schedule. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "stats/renewal.h"

enum { N = 100 };

static void fill(double *x, double value)
{
    for (size_t i = 0; i < N; i++)
        x[i] = value;
}

/* Gaps of 1 known to be in 0.5 … 1.5: rescaled to -log of the mean survival, 0.41483, that is 0.87988; a hundred of them
 * make eight windows of ten. D is the larger of 1 - F(1.5) = 0.22313 and F(0.5) = 0.39347. */
static void bounds_of_gaps(void **state)
{
    (void)state;
    double at[N], low[N], high[N];
    struct renewal_test t;
    fill(at, 1);
    fill(low, 0.5);
    fill(high, 1.5);
    renewal_test(at, low, high, N, 1, &t);
    assert_int_equal(t.windows, 8);
    assert_true(fabs(t.ks_d - 0.3934693402873666) < 1e-12);
    assert_true(t.ks_p < 1e-10);
    assert_true(isnan(t.acf1.p)); /* equal gaps have none */
    assert_true(t.dispersion.p < 0.01 && t.dispersion.index < 0.1);
    assert_true(fabs(t.p - fmin(1, 2 * fmin(t.ks_p, t.dispersion.p))) < 1e-15); /* two of the three are defined */
}

/* Shape 2: P(gap > x) = (1 + 2x) exp(-2x); at x = 1 it is 0.40601. */
static void another_shape(void **state)
{
    (void)state;
    double at[N], low[N], high[N];
    struct renewal_test t;
    fill(at, 1);
    fill(low, 1);
    fill(high, 1);
    renewal_test(at, low, high, N, 2, &t);
    assert_true(fabs(t.ks_d - (1 - 3 * exp(-2))) < 1e-12);
    assert_int_equal(t.windows, 9); /* of 100 · 0.90137 */
}

static void none_and_few(void **state)
{
    (void)state;
    double at[N] = {1, 3}, low[N] = {1, 3}, high[N] = {1, 3};
    struct renewal_test t;
    renewal_test(at, low, high, 0, 1, &t);
    assert_true(isnan(t.p) && isnan(t.ks_d) && t.windows == 0);
    assert_true(isnan(renewal_cv2(at, 1)));
    assert_true(fabs(renewal_cv2(at, 2) - 0.5) < 1e-12); /* variance 2, mean 2 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_of_gaps),
        cmocka_unit_test(another_shape),
        cmocka_unit_test(none_and_few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
