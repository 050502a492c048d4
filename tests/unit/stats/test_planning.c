/* Power and uncertainty where the reference vectors do not reach. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats/power.h"
#include "stats/uncertainty.h"

static void power_is_alpha_without_an_effect_and_nan_without_a_test(void **state)
{
    (void)state;
    assert_true(fabs(power_t(10, 0, 0.05) - 0.05) < 1e-12);
    assert_true(fabs(power_t(10, -0.5, 0.05) - power_t(10, 0.5, 0.05)) < 1e-12);
    assert_true(power_t(1000, 5, 0.05) > 1 - 1e-12);
    /* pairs: half the standard deviations of two groups of as many, but half the degrees of freedom */
    assert_true(power_paired(1000, 0.1, 0.05) < power_t(1000, 0.1 * sqrt(2), 0.05));
    assert_true(fabs(power_paired(1000, 0.1, 0.05) - power_t(1000, 0.1 * sqrt(2), 0.05)) < 1e-3);
    assert_true(fabs(power_paired(5, 1, 0.05) - 0.401) < 5e-4); /* R: power.t.test(5, 1, type = "paired") */
    assert_true(isnan(power_t(1, 0.5, 0.05)) && isnan(power_t(10, 0.5, 0)) && isnan(power_t(10, NAN, 0.05)));
}

static void what_is_sought_has_the_power_that_was_asked(void **state)
{
    (void)state;
    assert_true(fabs(power_t(power_n(power_t, 0.7, 0.05, 0.9), 0.7, 0.05) - 0.9) < 1e-9);
    assert_true(fabs(power_t(6, power_mde(power_t, 6, 0.05, 0.9), 0.05) - 0.9) < 1e-9);
    assert_true(power_t(2, power_mde(power_t, 2, 0.01, 0.8), 0.01) > 0.8 - 1e-9); /* far out: d is 14.1 */
    assert_true(isnan(power_n(power_t, 0, 0.05, 0.8)) && isnan(power_n(power_t, 0.5, 0.05, 0.05)) &&
                isnan(power_n(power_t, 0.5, 0.05, 1)));
    assert_true(isnan(power_mde(power_t, 1, 0.05, 0.8)) && isnan(power_mde(power_t, 5, 0.05, 0.04)) &&
                isnan(power_mde(power_t, 5, 0, 0.8)));
    assert_true(power_n(power_t, 2e-3, 0.05, 0.8) > 3e6 && isnan(power_n(power_t, 1e-3, 0.05, 0.8)));
    assert_true(power_precision_n(0, 0.1, 0.95) == 0 && isinf(power_precision_n(1, 0, 0.95)));
}

static void uncertainty_without_a_limit_of_freedom_takes_the_normal_law(void **state)
{
    (void)state;
    const struct uncertainty_part parts[] = {{3, INFINITY}, {4, INFINITY}, {0, 5}};
    struct uncertainty c = uncertainty_combine(parts, 3, 0.95);
    assert_true(c.u == 5 && isinf(c.df) && fabs(c.k - 1.959963984540054) < 1e-12 && c.expanded == c.k * c.u);
    c = uncertainty_combine(parts, 0, 0.95);
    assert_true(isnan(c.u) && isnan(c.expanded));
    c = uncertainty_combine(&parts[2], 1, 0.95);
    assert_true(c.u == 0 && c.expanded == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_is_alpha_without_an_effect_and_nan_without_a_test),
        cmocka_unit_test(what_is_sought_has_the_power_that_was_asked),
        cmocka_unit_test(uncertainty_without_a_limit_of_freedom_takes_the_normal_law),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
