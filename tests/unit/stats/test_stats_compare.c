/* What vectors do not reach in comparisons, ranks, resampling, families and counts: samples that are empty, constant, tied or
 * not finite, and sizes beyond the exact laws. The vectors themselves: tests/unit/vectors. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stats/compare.h"
#include "stats/counts.h"
#include "stats/dist.h"
#include "stats/moments.h"
#include "stats/padjust.h"
#include "stats/quantile.h"
#include "stats/rank.h"
#include "stats/resample.h"
#include "stats/splitmix.h"

static const double five[] = {5, 5, 5}, mixed[] = {1, 2, 4}, bad[] = {1, NAN, 2}, endless[] = {1, INFINITY, 2};

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-12 * fmax(1, fabs(b));
}

static void tests_of_means_without_variation_or_numbers(void **state)
{
    (void)state;
    struct compare_t c = compare_welch(five, 3, five, 3, 0.95);
    assert_true(c.diff == 0 && c.lo == 0 && c.hi == 0 && isnan(c.t) && isnan(c.p) && isnan(c.df));
    c = compare_welch(five, 3, mixed, 3, 0.95); /* one constant sample is no obstacle */
    assert_true(c.df == 2 && c.p > 0 && c.lo < c.diff && c.hi > c.diff);
    c = compare_welch(mixed, 1, mixed, 3, 0.95);
    assert_true(isnan(c.lo) && isnan(c.hi) && isnan(c.p));
    assert_true(isnan(compare_welch(mixed, 0, mixed, 3, 0.95).diff));
    assert_true(isnan(compare_welch(mixed, 3, bad, 3, 0.95).diff) && isnan(compare_welch(mixed, 3, bad, 3, 0.95).p));
    c = compare_paired(mixed, mixed, 3, 0.95);
    assert_true(c.diff == 0 && c.lo == 0 && c.hi == 0 && isnan(c.p));
    assert_true(isnan(compare_paired(mixed, five, 1, 0.95).p) && isnan(compare_paired(mixed, five, 0, 0.95).diff));
    c = compare_paired(mixed, five, 3, 0.95); /* the interval is that of the mean of the differences */
    assert_true(near(c.diff, 7.0 / 3 - 5) &&
                near((c.hi - c.lo) / 2, dist_t_quantile(0.975, 2) * moments_sd(mixed, 3) / sqrt(3)));
    assert_true(near(c.p, 2 * dist_t_sf(fabs(c.t), 2)));
}

static void ratios_effects_and_equivalence_at_the_edge(void **state)
{
    (void)state;
    double about_zero[] = {-1, 0, 2};
    struct interval i = compare_ratio(mixed, 3, about_zero, 3, 0.95);
    assert_true(near(i.estimate, 7) && i.lo == -INFINITY && i.hi == INFINITY && i.n == 3);
    i = compare_ratio(five, 3, five, 2, 0.95);
    assert_true(i.estimate == 1 && i.lo == 1 && i.hi == 1 && i.n == 2);
    assert_true(isnan(compare_ratio(mixed, 1, mixed, 3, 0.95).lo) &&
                isnan(compare_ratio(mixed, 0, mixed, 3, 0.95).estimate));
    assert_true(isnan(compare_effect(five, 3, five, 3).cohen_d) && isnan(compare_effect(mixed, 1, mixed, 1).hedges_g));
    struct compare_tost t = compare_equivalence(five, 3, five, 3, -1, 1); /* nothing varies: surely inside */
    assert_true(isnan(t.p) && isnan(t.p_low));
    double x[] = {10, 11, 12, 13}, y[] = {10.5, 11.5, 12, 13.5};
    t = compare_equivalence(x, 4, y, 4, -3, 4);
    struct compare_t at_90 = compare_welch(x, 4, y, 4, 1 - 2 * t.p); /* at alpha = p the interval touches a limit */
    assert_true(t.p < 0.05 && (fabs(at_90.lo + 3) < 1e-8 || fabs(at_90.hi - 4) < 1e-8));
}

static void ranks_of_ties_constants_and_nothing(void **state)
{
    (void)state;
    struct rank_test t = rank_mann_whitney(five, 3, five, 3);
    assert_true(t.statistic == 4.5 && isnan(t.p_exact) && t.p_normal == 1);
    t = rank_mann_whitney(mixed, 0, five, 3);
    assert_true(isnan(t.statistic) && isnan(t.p_exact) && isnan(t.p_normal));
    assert_true(isnan(rank_mann_whitney(bad, 3, five, 3).statistic) &&
                isnan(rank_mann_whitney(five, 3, endless, 3).p_normal));
    t = rank_mann_whitney(mixed, 1, five, 1);
    assert_true(t.statistic == 0 && t.p_exact == 1 && rank_mann_whitney_min_p(1, 1) == 1);
    assert_true(isnan(rank_mann_whitney_min_p(0, 3)) && rank_mann_whitney_min_p(1e9, 1e9) == 0);
    assert_true(rank_cliff_delta(five, 3, five, 3) == 0 && isnan(rank_cliff_delta(five, 3, five, 0)));
    assert_true(rank_cliff_delta(five, 3, mixed, 3) == 1 && rank_cliff_delta(mixed, 3, five, 3) == -1);
}

static void shifts_of_small_tied_and_large_samples(void **state)
{
    (void)state;
    struct rank_shift r = rank_hodges_lehmann(five, 3, five, 3, 0.95);
    assert_true(r.shift == 0 && r.lo == 0 && r.hi == 0 && !signbit(r.shift));
    r = rank_hodges_lehmann(mixed, 1, five, 1, 0.95); /* one difference bounds nothing at 95 %, and says so */
    assert_true(r.shift == -4 && r.lo == -4 && r.hi == -4 && r.actual_conf == 0);
    assert_true(isnan(rank_hodges_lehmann(mixed, 0, five, 3, 0.95).shift));
    assert_true(isnan(rank_hodges_lehmann(mixed, 3, endless, 3, 0.95).shift));
    assert_true(isnan(rank_hodges_lehmann(mixed, 3, five, 3, 1).lo) &&
                near(rank_hodges_lehmann(mixed, 3, five, 3, 1).shift, -3));
    double around[] = {-1, 0, 1}, zero[] = {0};
    assert_true(!signbit(rank_hodges_lehmann(around, 3, zero, 1, 0.95).shift));
    enum { N = 400 }; /* 160,000 pairs: over the exact law, which the normal one must continue */
    double x[N], y[N];
    uint64_t stream = 1;
    for (size_t i = 0; i < N; i++) {
        x[i] = (double)splitmix_index(&stream, 1000000);
        y[i] = (double)splitmix_index(&stream, 1000000) + 50000;
    }
    r = rank_hodges_lehmann(x, N, y, N, 0.95);
    struct rank_shift exact = rank_hodges_lehmann(x, 250, y, 400, 0.95); /* 100,000: the last exact one */
    assert_true(r.lo < r.shift && r.shift < r.hi && fabs(r.actual_conf - 0.95) < 1e-4 &&
                fabs(exact.actual_conf - 0.95) < 1e-4);
    assert_true((r.hi - r.lo) / (exact.hi - exact.lo) > 0.7 && (r.hi - r.lo) / (exact.hi - exact.lo) < 1.05);
    assert_true(isnan(rank_mann_whitney(x, N, y, N).p_exact));
    struct rank_test t = rank_mann_whitney(x, 250, y, 400); /* the exact law and the normal one agree there */
    assert_true(fabs(t.p_exact / t.p_normal - 1) < 0.01);
}

static double sum_or_nan(double *x, size_t n, const void *ctx)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    return sum > *(const double *)ctx ? NAN : sum;
}

static double least(double *x, size_t n, const void *ctx)
{
    (void)ctx;
    assert_true(n > 0);
    quantile_sort(x, n);
    return x[0];
}

static double first_call_is_lower(double *x, size_t n, const void *ctx)
{
    (void)x;
    (void)n;
    size_t *calls = (size_t *)(uintptr_t)ctx;
    return (*calls)++ ? 1 : 0;
}

static void bootstraps_repeat_and_refuse(void **state)
{
    (void)state;
    double huge = 1e9, low = 9, values[] = {3, 1, 4, 1, 5};
    struct bootstrap a = bootstrap_bca(values, 5, sum_or_nan, &huge, 500, 11, 0.9), b;
    b = bootstrap_bca(values, 5, sum_or_nan, &huge, 500, 11, 0.9);
    assert_memory_equal(&a, &b, sizeof a);
    b = bootstrap_bca(values, 5, sum_or_nan, &huge, 500, 12, 0.9);
    assert_true(a.theta == 14 && b.theta == 14 && a.se != b.se && values[0] == 3);
    a = bootstrap_bca(five, 3, sum_or_nan, &huge, 100, 1, 0.95); /* constant: no width, no acceleration */
    assert_true(a.theta == 15 && a.se == 0 && a.z0 == 0 && a.a == 0 && a.bca_lo == 15 && a.bca_hi == 15);
    a = bootstrap_bca(values, 5, sum_or_nan, &low, 100, 1, 0.95); /* the statistic is not defined */
    assert_true(isnan(a.theta) && isnan(a.percentile_lo));
    double some = 15; /* of the sample it is, of some replicates not */
    assert_true(isnan(bootstrap_bca(values, 5, sum_or_nan, &some, 100, 1, 0.95).theta));
    size_t calls = 0;
    a = bootstrap_bca(values, 5, first_call_is_lower, &calls, 100, 1, 0.95); /* all replicates over theta: no BCa */
    assert_true(a.z0 == -INFINITY && a.a == 0 && isnan(a.bca_lo) && isnan(a.bca_hi) && a.percentile_lo == 1);
    assert_true(bootstrap_bca(values, 1, least, NULL, 100, 1, 0.95).bca_lo == 3);
    assert_true(isnan(bootstrap_bca(values, 0, least, NULL, 100, 1, 0.95).theta));
    assert_true(isnan(bootstrap_bca(values, 5, least, NULL, 1, 1, 0.95).theta));
    assert_true(isnan(bootstrap_bca(values, 5, least, NULL, RESAMPLE_MAX_REPLICATES + 1, 1, 0.95).theta));
    assert_true(isnan(bootstrap_bca(values, 5, least, NULL, 100, 1, 1).theta));
    struct interval i = bootstrap_ratio_medians(five, 3, five, 2, 100, 1, 0.95);
    assert_true(i.estimate == 0 && i.lo == 0 && i.hi == 0 && i.n == 2);
    double zeros[] = {0, 0, 0};
    assert_true(isnan(bootstrap_ratio_medians(zeros, 3, five, 3, 100, 1, 0.95).estimate));
    assert_true(isnan(bootstrap_ratio_medians(five, 0, five, 3, 100, 1, 0.95).lo));
}

static void permutations_count_every_split_once(void **state)
{
    (void)state;
    struct permutation p = permutation_exact(five, 3, five, 3);
    assert_true(p.extreme == 20 && p.total == 20 && p.p == 1);
    p = permutation_exact((double[]){0.1, 0.2, 0.3}, 3, (double[]){0.7, 0.8, 0.9}, 3); /* this split and its mirror */
    assert_true(p.extreme == 2 && p.total == 20);
    p = permutation_exact((double[]){0.3}, 1, (double[]){0.1, 0.2}, 2);
    assert_true(p.extreme == 2 && p.total == 3); /* 0.1 apart from the rest is as extreme, but for rounding */
    p = permutation_exact((double[]){0.7, 0.7}, 2, (double[]){0.7, 0.6, 0.3},
                          3); /* three of the seven differ by rounding */
    assert_true(p.extreme == 7 && p.total == 10);
    double many[30] = {0};
    p = permutation_exact(many, 15, many + 15, 15); /* C(30, 15) is over the limit */
    assert_true(p.total == 0 && isnan(p.p));
    assert_true(permutation_exact(many, 1, many, 29).total == 30);
    assert_true(isnan(permutation_exact(many, 0, many, 3).p) && isnan(permutation_exact(mixed, 3, endless, 3).p));
    assert_true(permutation_p(0, 0) == 1 && isnan(permutation_p(5, 4)) && isnan(permutation_p(-1, 4)));
}

static void families_keep_their_order_and_pass_over_nan(void **state)
{
    (void)state;
    double p[] = {0.04, NAN, 0.01, 0.03}, adjusted[4];
    padjust(PADJUST_HOLM, p, 4, adjusted); /* of three */
    assert_true(near(adjusted[2], 0.03) && near(adjusted[3], 0.06) && near(adjusted[0], 0.06) && isnan(adjusted[1]));
    for (enum padjust_method m = PADJUST_BONFERRONI; m <= PADJUST_BY; m++) {
        double one = 0.2, out;
        padjust(m, &one, 1, &out);
        assert_true(near(out, 0.2));
        padjust(m, &one, 0, &out);
        assert_true(near(out, 0.2)); /* untouched */
    }
}

static void counts_at_the_edge(void **state)
{
    (void)state;
    assert_true(isnan(counts_zero_failures_upper(0, 0.95)) && near(counts_zero_failures_upper(1, 0.95), 0.95));
    assert_true(isnan(counts_poisson_ci(-1, 0.95).hi) && isnan(counts_poisson_ci(3, 1).lo));
    struct counts_comparison c = counts_compare(5, 5, 7, 7);
    assert_true(isnan(c.z) && isnan(c.p) && near(c.fisher_p, 1));
    assert_true(isnan(counts_compare(6, 5, 7, 7).fisher_p) && isnan(counts_compare(0, 0, 7, 7).fisher_p));
    assert_true(isnan(counts_compare(0, 1e8, 7, 1e8).fisher_p) && isnan(counts_compare(NAN, 5, 7, 7).z));
}

/* Every place of rising, falling, equal, few and mixed values is what sorting puts there, and nothing is lost. */
static void selecting_is_sorting(void **state)
{
    (void)state;
    for (size_t n = 1; n < 70; n++)
        for (int kind = 0; kind < 5; kind++)
            for (size_t k = 0; k < n; k++) {
                double x[70], sorted[70];
                for (size_t i = 0; i < n; i++)
                    x[i] = sorted[i] = kind == 0   ? (double)i
                                       : kind == 1 ? -(double)i
                                       : kind == 2 ? 7
                                       : kind == 3 ? (double)(i * 7 % 3)
                                                   : (double)((i * 7919 + n) % 97) - 40;
                quantile_sort(sorted, n);
                assert_true(quantile_select(x, n, k) == sorted[k] && x[k] == sorted[k]);
                quantile_sort(x, n);
                assert_memory_equal(x, sorted, n * sizeof *x);
            }
}

static void quantiles_and_their_bounds_at_the_edge(void **state)
{
    (void)state;
    double x[] = {1, 2, 3}, steps[] = {-INFINITY, 1, INFINITY, INFINITY};
    for (int type = 1; type <= 9; type++) {
        assert_true(quantile_hf(x, 3, -1, type) == 1 && quantile_hf(x, 3, 2, type) == 3 &&
                    quantile_hf(x, 1, 0.3, type) == 1);
        assert_true(quantile_hf(x, 3, 0.5, type) == (type == 4 ? 1.5 : type == 3 ? 2 : 2));
        assert_true(isnan(quantile_hf(x, 0, 0.5, type)) && isnan(quantile_hf(x, 3, NAN, type)));
        assert_true(quantile_hf(steps, 4, 1, type) == INFINITY && quantile_hf(steps, 4, 0, type) == -INFINITY);
    }
    assert_true(isnan(quantile_hf(x, 3, 0.5, 0)) && isnan(quantile_hf(x, 3, 0.5, 10)));
    struct quantile_interval i = quantile_ci(x, 3, 0.5, 0.95); /* three values bound no median at 95 % */
    assert_true(i.lo == -INFINITY && i.hi == INFINITY && i.coverage == 1);
    assert_true(isnan(quantile_ci(x, 0, 0.5, 0.95).lo) && isnan(quantile_ci(x, 3, 1, 0.95).lo));
    assert_true(isnan(quantile_ci_ranks(10, 0.5, 1).lo) && quantile_min_n(0.9, 0.3439) == 4 &&
                isnan(quantile_min_n(1, 0.95)));
    assert_true(isnan(quantile_dkw(0, 0.05)) && isnan(quantile_dkw(10, 0)));
}

static void laws_and_moments_at_the_edge(void **state)
{
    (void)state;
    assert_true(dist_norm_quantile(0) == -INFINITY && dist_norm_quantile(1) == INFINITY &&
                isnan(dist_norm_quantile(-0.1)));
    assert_true(dist_norm_quantile(0.5) == 0 && dist_norm_sf(INFINITY) == 0 && dist_norm_sf(-INFINITY) == 1);
    assert_true(dist_t_sf(0, 3) == 0.5 && dist_t_sf(INFINITY, 3) == 0 && isnan(dist_t_sf(1, 0)) &&
                isnan(dist_t_sf(NAN, 3)));
    assert_true(isnan(dist_nct_cdf(1, 0, 0)) && isnan(dist_nct_cdf(1, 5, INFINITY)) &&
                dist_nct_cdf(INFINITY, 5, 1) == 1);
    for (double t = -4; t <= 4; t += 0.5) /* without a shift it is the central law */
        assert_true(fabs(dist_nct_cdf(t, 7.5, 0) - (1 - dist_t_sf(t, 7.5))) < 1e-13);
    assert_true(dist_chi2_quantile(0, 3) == 0 && dist_chi2_quantile(1, 3) == INFINITY &&
                isnan(dist_chi2_quantile(0.5, 0)));
    assert_true(dist_binom_cdf(-1, 5, 0.5) == 0 && dist_binom_cdf(5, 5, 0.5) == 1 &&
                dist_binom_cdf(2.5, 5, 0.5) == 0.5);
    assert_true(dist_binom_pmf(0, 5, 0) == 1 && dist_binom_pmf(5, 5, 1) == 1 && dist_binom_pmf(1.5, 5, 0.5) == 0);
    assert_true(isnan(dist_binom_cdf(1, 2.5, 0.5)) && isnan(dist_binom_pmf(1, 5, 2)) &&
                isnan(dist_binom_quantile(2, 5, 0.5)));
    assert_true(dist_binom_quantile(0, 5, 0.5) == 0 && dist_binom_quantile(1, 5, 0.5) == 5 &&
                dist_binom_quantile(0.5, 0, 0.5) == 0);
    assert_true(dist_kolmogorov_sf(0) == 1 && isnan(dist_kolmogorov_sf(NAN)) && isnan(dist_betainc(0.5, 0, 1)));
    assert_true(isnan(moments_shape(five, 3).skewness) && isnan(moments_geomean(mixed, 0)) &&
                isnan(moments_hmean(bad, 3)));
    assert_true(isnan(moments_geomean((double[]){1, 0}, 2)) && near(moments_geomean((double[]){1, 4}, 2), 2));
    struct moments_sums none = {0, NAN, NAN}, some = {3, 2, 1};
    assert_true(moments_merge(none, some).mean == 2 && moments_merge(some, none).m2 == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tests_of_means_without_variation_or_numbers),
        cmocka_unit_test(ratios_effects_and_equivalence_at_the_edge),
        cmocka_unit_test(ranks_of_ties_constants_and_nothing),
        cmocka_unit_test(shifts_of_small_tied_and_large_samples),
        cmocka_unit_test(bootstraps_repeat_and_refuse),
        cmocka_unit_test(permutations_count_every_split_once),
        cmocka_unit_test(families_keep_their_order_and_pass_over_nan),
        cmocka_unit_test(counts_at_the_edge),
        cmocka_unit_test(selecting_is_sorting),
        cmocka_unit_test(quantiles_and_their_bounds_at_the_edge),
        cmocka_unit_test(laws_and_moments_at_the_edge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
