/* Power of planned blocks: spreads by hand, and the promise of 80 % by simulation with other random numbers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/power.h"
#include "base/rng.h"
#include "stats/dist.h"
#include "stats/paired.h"
#include "stats/power.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)
enum { MOST = 64 };

static struct compare_arm arm(struct compare_run *runs, const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        runs[i] = (struct compare_run){(int32_t)i, values[i]};
    return (struct compare_arm){runs, n};
}

/* Shares 0.9 1 1.1 and 1.1 1 0.9: no arm effect, no block effect, every residual 0.1 but those of the middle. */
static void the_spread_of_blocks(void **state)
{
    (void)state;
    struct compare_run runs[2][MOST];
    const struct compare_arm arms[] = {arm(runs[0], (double[]){90, 100, 110}, 3),
                                       arm(runs[1], (double[]){220, 200, 180}, 3)};
    struct power_spread s;
    power_spread_of(arms, 2, &s);
    assert_true(s.base == 100 && s.df == 2 && s.blocks == 3 && s.n_values == 6);
    NEAR(s.sd, sqrt(2 * 0.04 / 2));
    NEAR(s.sd_sure, s.sd * sqrt(2 / (-2 * log(0.8)))); /* chi-square with two degrees is exponential */
    runs[1][0].block = 7;                              /* two whole blocks are left, and the medians stay */
    power_spread_of(arms, 2, &s);
    assert_true(s.blocks == 2 && s.df == 1 && s.n_values == 4);
    NEAR(s.sd, sqrt(2 * 4 * 0.05 * 0.05)); /* 1 1.1 / 1 0.9: residuals 0.05 */
}

static void without_whole_blocks_arms_spread_by_themselves(void **state)
{
    (void)state;
    struct compare_run runs[MOST];
    struct compare_arm one = arm(runs, (double[]){90, 100, 110, NAN}, 4);
    struct power_spread s;
    power_spread_of(&one, 1, &s);
    assert_true(s.blocks == 0 && s.df == 2 && s.n_values == 3);
    NEAR(s.sd, sqrt(2) * 0.1);
    one = arm(runs, (double[]){0, 0, 1}, 3); /* no share of nothing */
    power_spread_of(&one, 1, &s);
    assert_true(isnan(s.sd) && isnan(s.sd_sure) && power_blocks(&s, 0.05, 1) == 0);
    assert_true(isnan(power_blocks_mde(&s, 8, 1)));
    power_spread_of(&one, 0, &s);
    assert_true(isnan(s.base) && isnan(s.sd));
}

static void few_blocks_give_no_verdict(void **state)
{
    (void)state;
    const struct power_spread s = {.sd = 0.01, .sd_sure = 0.01};
    assert_int_equal(power_least_blocks(1), 6); /* 2 / 2^6 is below 0.05, 2 / 2^5 is not */
    assert_int_equal(power_least_blocks(3), 7);
    assert_int_equal(power_least_blocks(6), 8);
    assert_int_equal(power_least_blocks(7), 9);
    assert_true(isinf(power_blocks_mde(&s, 5, 1)) && isfinite(power_blocks_mde(&s, 6, 1)));
    /* All six of one sign, in 80 % of cases: P(z < d)^6 = 0.8 */
    double d = dist_norm_quantile(pow(0.8, 1.0 / 6));
    assert_true(fabs(power_blocks_mde(&s, 6, 1) / 0.01 / d - 1) < 0.03);
    assert_true(power_mde(power_paired, 6, 0.05, 0.8) < 0.85 * d); /* what the t test would have promised */
    assert_int_equal(power_blocks(&s, 0.05, 1), 6);
    assert_int_equal(power_blocks(&s, 0.00001, 1), 0);
}

static double normal(struct rng *r)
{
    return dist_norm_quantile(fmax(rng_double(r), 1e-300));
}

/* The blocks that a spread of known size asks for find the effect in 80 % of studies, of every family and size. */
static void the_blocks_keep_the_promise(void **state)
{
    (void)state;
    struct rng r = rng_stream(7, "promise");
    const struct power_spread s = {.sd = 0.05, .sd_sure = 0.05};
    for (size_t family = 1; family <= 12; family += 11)
        for (double effect = 0.03; effect < 0.08; effect += 0.02) {
            size_t n = power_blocks(&s, effect, family), found = 0;
            double d[MOST];
            assert_true(n >= power_least_blocks(family) && n <= MOST);
            for (int study = 0; study < 2000; study++) {
                for (size_t i = 0; i < n; i++)
                    d[i] = effect + 0.05 * normal(&r);
                struct paired_shift p = paired_shift(d, n, 0.95);
                found += p.p <= 0.05 / (double)family && p.shift > 0;
            }
            assert_true(found >= 1560); /* 78 %: two standard errors below 80 */
            if (n > power_least_blocks(family))
                assert_true(found <= 1800); /* and no more blocks than it takes */
        }
}

static void ranks_need_more_than_t(void **state)
{
    (void)state;
    for (size_t n = 6; n <= 60; n += 9) {
        double ranks = power_mde_ranks(n, 0.05, 0.8), t = power_mde(power_paired, (double)n, 0.05, 0.8);
        assert_true(ranks > t && ranks < 1.3 * t);
    }
    assert_true(isinf(power_mde_ranks(5, 0.05, 0.8)) && isinf(power_mde_ranks(0, 0.05, 0.8)));
    assert_true(isnan(power_mde_ranks(8, 0.05, 0.05)) && isnan(power_mde_ranks(8, 0, 0.8)));
    assert_int_equal(paired_outside(8, 0.05), 4); /* sums up to 3 have 5 of 256 */
    assert_int_equal(paired_outside(5, 0.05), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_spread_of_blocks),       cmocka_unit_test(without_whole_blocks_arms_spread_by_themselves),
        cmocka_unit_test(few_blocks_give_no_verdict), cmocka_unit_test(the_blocks_keep_the_promise),
        cmocka_unit_test(ranks_need_more_than_t),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
