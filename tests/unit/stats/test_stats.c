/* The functions of src/stats where reference vectors do not reach: their edges. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "stats/dist.h"
#include "stats/gof.h"
#include "stats/interval.h"
#include "stats/moments.h"
#include "stats/proportion.h"
#include "stats/quantile.h"
#include "stats/steady.h"
#include "stats/survival.h"

static void edges(void **state)
{
    (void)state;
    double one[] = {3}, two[] = {4, 1}, bad[] = {1, -1, 2};
    assert_true(isnan(moments_mean(one, 0)) && isnan(moments_sd(one, 1)) && isnan(quantile_hf7(one, 0, 0.5)));
    assert_true(moments_mean(one, 1) == 3 && median(one, 1) == 3 && median(two, 2) == 2.5);
    struct interval i = interval_mean(one, 1, 0.95);
    assert_true(i.estimate == 3 && isnan(i.lo) && isnan(i.hi) && i.n == 1);
    i = interval_ratio(one, NULL, 1, 0.95);
    assert_true(fabs(i.estimate - 3) < 1e-15 && isnan(i.lo));
    i = interval_ratio(bad, NULL, 3, 0.95);
    assert_true(isnan(i.estimate) && isnan(i.lo) && isnan(i.hi));
    assert_true(isnan(interval_ratio(one, NULL, 0, 0.95).estimate));
    double equal[] = {499.9, 499.9, 499.9};
    i = interval_ratio(equal, NULL, 3, 0.95);
    assert_true(i.estimate == 499.9 && i.lo == 499.9 && i.hi == 499.9);
}

static void a_share_has_ends_and_may_not_be(void **state)
{
    (void)state;
    struct interval (*const all[])(size_t k, size_t n, double c) = {proportion_wilson, proportion_clopper_pearson,
                                                                    proportion_jeffreys};
    for (size_t f = 0; f < 3; f++) {
        assert_true(isnan(all[f](0, 0, 0.95).lo) && isnan(all[f](2, 1, 0.95).hi));
        for (size_t k = 0; k <= 7; k++) {
            struct interval i = all[f](k, 7, 0.9), mirror = all[f](7 - k, 7, 0.9);
            assert_true(i.n == 7 && i.lo >= 0 && i.lo < i.hi && i.hi <= 1);
            assert_true(fabs(i.lo + mirror.hi - 1) < 1e-9); /* what is not so has the mirrored interval */
            assert_true(all[f](k, 7, 0.99).hi >= i.hi && all[f](k, 7, 0.99).lo <= i.lo);
        }
    }
    for (size_t n = 1; n < 300; n++)
        assert_true(proportion_wilson(0, n, 0.95).lo == 0 && proportion_wilson(n, n, 0.95).hi == 1);
    assert_true(proportion_clopper_pearson(0, 9, 0.95).lo == 0 && proportion_jeffreys(0, 9, 0.95).lo > 0);
}

/* n values 1 … n in an order that a multiplication mixes; n + 1 is a prime. */
static void mixed_times(struct survival_time *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = (struct survival_time){(double)((i + 1) * 37 % (n + 1)), true};
}

static struct steady_section sectioned(const struct survival_time *x, size_t n, double p)
{
    struct survival_time sorted[256];
    struct survival_point curve[256];
    memcpy(sorted, x, n * sizeof *x);
    size_t points = survival_curve(sorted, n, curve);
    return survival_section_quantile(x, n, curve, points, p, 10, 0, 0.95);
}

static void nothing_cut_off_changes_nothing(void **state)
{
    (void)state;
    struct survival_time x[250];
    double plain[250], sorted[250];
    mixed_times(x, 250);
    for (size_t i = 0; i < 250; i++)
        sorted[i] = plain[i] = x[i].t;
    quantile_sort(sorted, 250);
    for (int k = 1; k < 100; k++) {
        struct steady_section a = sectioned(x, 250, k / 100.0),
                              b = steady_section_quantile(plain, sorted, 250, k / 100.0, 10, 0, 0.95);
        assert_true(a.q == b.q && a.lo == b.lo && a.hi == b.hi && a.half_p == b.half_p && a.m == b.m);
    }
}

static void what_is_cut_off_goes_to_the_right(void **state)
{
    (void)state;
    struct survival_time x[250];
    struct steady_section all, cut;
    mixed_times(x, 250);
    all = sectioned(x, 250, 0.9);
    for (size_t i = 0; i < 250; i++) /* cut off at 240: nothing below is touched */
        x[i] = x[i].t > 240 ? (struct survival_time){240, false} : x[i];
    cut = sectioned(x, 250, 0.9);
    assert_true(cut.q == 225 && cut.q == all.q && cut.lo == all.lo && cut.m == all.m && cut.inflation == all.inflation);
    cut = sectioned(x, 250, 0.99); /* rank 248 was not seen; ten of 250 were cut off and all count as beyond */
    assert_true(isinf(cut.q) && isinf(cut.hi) && fabs(cut.m - 10 / fmax(1, cut.inflation)) < 1e-9);
    assert_true(isinf(cut.lo)); /* and that p99 is beyond is firm */
    cut = sectioned(x, 250, 0.961);
    assert_true(isinf(cut.q) && cut.lo > 230 && cut.lo <= 240);
    for (size_t i = 0; i < 250; i++)
        x[i].ended = false;
    cut = sectioned(x, 250, 0.5); /* nothing ended: firm that the median is beyond */
    assert_true(isinf(cut.q) && isinf(cut.lo) && isinf(cut.hi) && cut.m == 250 && cut.half_p == 0);
    /* one is cut off at 1 and the rest ends at 2 … 10: its share goes to each of the later ones alike */
    for (size_t i = 0; i < 10; i++)
        x[i] = (struct survival_time){(double)i + 1, i > 0};
    cut = sectioned(x, 10, 0.5);
    assert_true(cut.q == 6 && fabs(cut.inflation - (4 + 16.0 / 81 - 10 * 4.0 / 9 * 4 / 9) / 9 / 0.25) < 1e-9);
    struct survival_point all_at_10 = {10, 0};
    struct steady_section wide = survival_section_quantile(x, 10, &all_at_10, 1, 0.5, 10, 7, 0.95);
    assert_true(wide.inflation == 7 && fabs(wide.m - 5.0 / 7) < 1e-12);
    assert_true(isnan(sectioned(x, 9, 0.5).q) && isnan(sectioned(x, 10, 1).q));
}

static void t_is_symmetric_and_exact_at_one_degree(void **state)
{
    (void)state;
    for (double p = 0.01; p < 1; p += 0.01) { /* df 1 is Cauchy: t = tan(pi (p - 1/2)) */
        double want = tan(3.14159265358979323846 * (p - 0.5));
        assert_true(fabs(dist_t_quantile(p, 1) - want) <= 1e-11 * (1 + fabs(want)));
        assert_true(fabs(dist_t_quantile(p, 7.5) + dist_t_quantile(1 - p, 7.5)) < 1e-9);
    }
    assert_true(fabs(dist_t_quantile(0.975, 1e6) - 1.959966) < 1e-5); /* towards the normal */
    assert_true(isnan(dist_t_quantile(0, 3)) && isnan(dist_t_quantile(0.5, 0)));
}

static void tests_of_fit_say_nan_where_they_are_not_defined(void **state)
{
    (void)state;
    double one[] = {0.5}, zeros[] = {0, 0, 0}, same[] = {2, 2, 2, 2};
    assert_true(isnan(gof_ks_d(one, one, 0)) && gof_ks_d(one, one, 1) == 0.5);
    double low[] = {0.1, 0.4, 0.6}, high[] = {0.3, 0.5, 0.9}; /* 1/3 - 0.3, 2/3 - 0.5, and no low is over its step */
    assert_true(fabs(gof_ks_d(low, high, 3) - (2.0 / 3 - 0.5)) < 1e-15);
    assert_true(isnan(gof_ks_p(0.5, 0)) && isnan(gof_ks_p(NAN, 5)));
    assert_true(gof_ks_p(0.5, 1) == 1 && gof_ks_p(1, 1) == 0 && gof_ks_p(0, 10) == 1 && gof_ks_p(2, 10) == 0);
    assert_true(isnan(gof_dispersion(same, 1).p) && isnan(gof_dispersion(zeros, 3).p));
    assert_true(gof_dispersion(same, 4).index == 0 && gof_dispersion(same, 4).p == 0);
    assert_true(isnan(gof_acf1(same, 4).r) && isnan(gof_acf1(one, 1).p));
    assert_true(isnan(dist_gamma_p(0, 1)) && isnan(dist_gamma_q(1, -1)) && isnan(dist_gamma_p(1, NAN)));
    assert_true(dist_gamma_p(2, 0) == 0 && dist_gamma_q(2, 0) == 1 && dist_gamma_p(2, INFINITY) == 1 &&
                dist_gamma_q(2, INFINITY) == 0);
}

static void the_exact_and_the_limit_law_of_ks_meet_at_140(void **state)
{
    (void)state;
    for (double d = 0.03; d < 0.3; d += 0.01)
        assert_true(fabs(gof_ks_p(d, 140) - gof_ks_p(d * sqrt(140.0 / 141), 141)) < 1e-3);
    assert_true(fabs(gof_ks_p(2 / sqrt(140.0) - 1e-9, 140) - gof_ks_p(2 / sqrt(140.0) + 1e-9, 140)) < 1e-9);
}

static void mser5_drops_a_ramp_keeps_a_steady_series_and_says_never_settled(void **state)
{
    (void)state;
    double x[200];
    for (size_t i = 0; i < 200; i++)
        x[i] = i < 20 ? 100 - 4 * (double)i : (double)(i % 5); /* every batch of five behind the ramp has mean 2 */
    struct steady_mser s = steady_mser5(x, 200, NULL);
    assert_true(s.settled && s.truncate == 20 && s.n_batches == 40 && s.statistic == 0);
    s = steady_mser5(x + 20, 180, NULL);
    assert_true(s.settled && s.truncate == 0); /* all places tie at 0: the first wins */
    for (size_t i = 0; i < 200; i++)
        x[i] = exp(0.1 * (200 - (double)i));
    s = steady_mser5(x, 200, NULL);
    assert_true(!s.settled && s.truncate == 100);
    s = steady_mser5(x, 9, NULL);
    assert_true(!s.settled && s.truncate == 0 && s.n_batches == 1 && isnan(s.statistic));
    s = steady_mser5(x, 0, NULL);
    assert_true(!s.settled && s.truncate == 0 && s.n_batches == 0);
    double zeros[10] = {0};
    s = steady_mser5(zeros, 10, NULL);
    assert_true(s.settled && s.truncate == 0 && s.n_batches == 2 && s.statistic == 0);
}

static void intervals_of_sections_and_batches_refuse_what_has_no_answer(void **state)
{
    (void)state;
    double x[] = {1, 2, 3, 4, 5, 6, 7, 8};
    assert_true(isnan(steady_batch_means(x, 8, 0, 0.95).estimate) && isnan(steady_batch_means(x, 3, 4, 0.95).lo));
    assert_true(isnan(steady_batch_means(x, 8, STEADY_MAX_BATCHES + 1, 0.95).lo));
    assert_true(steady_batch_means(x, 8, 1, 0.95).estimate == 4.5 && isnan(steady_batch_means(x, 8, 1, 0.95).lo));
    assert_true(steady_batch_means(x, 7, 2, 0.95).estimate == 3.5); /* 1…3 and 4…6: the seventh is left out */
    double long_one[STEADY_MAX_BATCHES] = {0};
    assert_true(steady_batch_means(long_one, STEADY_MAX_BATCHES, STEADY_MAX_BATCHES, 0.95).n == STEADY_MAX_BATCHES);
    assert_true(steady_section_quantile(x, x, 8, 0.5, 8, 0, 0.95).q == 4);
    assert_true(isnan(steady_section_quantile(x, x, 8, 0.5, 1, 0, 0.95).q));
    assert_true(isnan(steady_section_quantile(x, x, 1, 0.5, 2, 0, 0.95).q));
    assert_true(isnan(steady_section_quantile(x, x, 8, 1, 2, 0, 0.95).q));
    struct steady_section s = steady_section_quantile(x, x, 8, 0.95, 2, 0,
                                                      0.95); /* no share above, and rank 8 is there */
    assert_true(s.q == 8 && s.hi == 8 && s.lo == 7 && s.inflation == 0);
    s = steady_section_quantile(x, x, 8, 0.95, 2, 1,
                                0.95); /* the same, but taken for no surer than independent values */
    assert_true(s.q == 8 && isinf(s.hi) && s.lo == 1 && s.inflation == 1 && fabs(s.m - 0.4) < 1e-12);
    s = steady_section_quantile(x, x, 8, 0.5, 2, 0, 0.95); /* shares 0 and 1: no bound at all */
    assert_true(s.q == 4 && s.lo == 1 && isinf(s.hi) && fabs(s.inflation - 8) < 1e-12 && fabs(s.m - 0.5) < 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges),
        cmocka_unit_test(a_share_has_ends_and_may_not_be),
        cmocka_unit_test(nothing_cut_off_changes_nothing),
        cmocka_unit_test(what_is_cut_off_goes_to_the_right),
        cmocka_unit_test(t_is_symmetric_and_exact_at_one_degree),
        cmocka_unit_test(tests_of_fit_say_nan_where_they_are_not_defined),
        cmocka_unit_test(the_exact_and_the_limit_law_of_ks_meet_at_140),
        cmocka_unit_test(mser5_drops_a_ramp_keeps_a_steady_series_and_says_never_settled),
        cmocka_unit_test(intervals_of_sections_and_batches_refuse_what_has_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
