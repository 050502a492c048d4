/* tests.c: adapters of counts, resampling, ranks, comparisons of means and families; keys as in the file of vectors. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "stats/compare.h"
#include "stats/counts.h"
#include "stats/interval.h"
#include "stats/moments.h"
#include "stats/padjust.h"
#include "stats/paired.h"
#include "stats/quantile.h"
#include "stats/rank.h"
#include "stats/resample.h"
#include "stats/splitmix.h"
#include "vectors/adapter.h"

/* ---- counts ---- */

static void run_rule_of_three(struct vector *v)
{
    double n = vector_number(v, "n");
    vector_give(v, "exact_upper", counts_zero_failures_upper(n, vector_number(v, "conf")));
    vector_give(v, "approx", 3 / n);
}

static void run_poisson_ci(struct vector *v)
{
    struct counts_interval i = counts_poisson_ci(vector_number(v, "k"), vector_number(v, "conf"));
    vector_give(v, "lo", i.lo);
    vector_give(v, "hi", i.hi);
}

static void run_two_proportion(struct vector *v)
{
    double k1 = vector_number(v, "k1"), n1 = vector_number(v, "n1"), k2 = vector_number(v, "k2");
    if (!vector_affords(v, fmax(1, 20 * fmin(n1, k1 + k2)))) /* the terms of Fisher's sum */
        return;
    struct counts_comparison c = counts_compare(k1, n1, k2, vector_number(v, "n2"));
    vector_give(v, "z", c.z);
    vector_give(v, "p", c.p);
    vector_give(v, "fisher_p", c.fisher_p);
}

/* ---- resampling ---- */

static void run_splitmix64(struct vector *v)
{
    uint64_t stream = vector_u64(v, "seed"), got[5];
    for (size_t i = 0; i < 5; i++)
        got[i] = splitmix_next(&stream);
    vector_give_u64s(v, "first5_decimal_strings", got, 5);
}

static void run_splitmix64_index(struct vector *v)
{
    uint64_t stream = vector_u64(v, "seed");
    size_t n = vector_count(v, "n"), wanted = vector_wanted(v, "idx");
    double *got = vector_memory(v, wanted * sizeof *got);
    for (size_t i = 0; i < wanted; i++)
        got[i] = (double)splitmix_index(&stream, n);
    vector_give_numbers(v, "idx", got, wanted);
}

struct quantile_of {
    double p;
    int type;
};

static double mean_of(double *x, size_t n, const void *ctx)
{
    (void)ctx;
    return moments_mean(x, n);
}

static double quantile_of(double *x, size_t n, const void *ctx)
{
    const struct quantile_of *q = ctx;
    quantile_sort(x, n);
    return quantile_hf(x, n, q->p, q->type);
}

/* Each statistic sorts its sample. */
static double resampling_steps(size_t statistics, size_t n)
{
    return (double)statistics * (double)(n + 1) * log2((double)n + 2);
}

/* "mean", "median" or "q0.9_type7"; anything else is no quantile of any type, and NaN. */
static void run_bootstrap_bca(struct vector *v)
{
    struct numbers x = vector_numbers(v, "data");
    const char *name = vector_text(v, "stat");
    struct quantile_of q = {0.5, 7};
    if (strcmp(name, "median") != 0 && sscanf(name, "q%lf_type%d", &q.p, &q.type) != 2)
        q.type = 0;
    size_t replicates = vector_count(v, "B");
    if (!vector_affords(v, resampling_steps(replicates + x.n, x.n))) /* the jackknife takes a statistic per value */
        return;
    struct bootstrap b = bootstrap_bca(x.at, x.n, strcmp(name, "mean") ? quantile_of : mean_of, &q, replicates,
                                       vector_u64(v, "seed"), vector_number(v, "conf"));
    vector_give(v, "theta", b.theta);
    vector_give(v, "boot_se", b.se);
    vector_give(v, "z0", b.z0);
    vector_give(v, "a", b.a);
    vector_give_numbers(v, "alpha", (double[]){b.alpha_lo, b.alpha_hi}, 2);
    vector_give_numbers(v, "bca", (double[]){b.bca_lo, b.bca_hi}, 2);
    vector_give_numbers(v, "percentile", (double[]){b.percentile_lo, b.percentile_hi}, 2);
    vector_give_numbers(v, "basic", (double[]){b.basic_lo, b.basic_hi}, 2);
}

static void run_bootstrap_ratio_medians(struct vector *v)
{
    struct numbers base = vector_numbers(v, "base"), cand = vector_numbers(v, "cand");
    size_t replicates = vector_count(v, "B");
    if (!vector_affords(v, resampling_steps(replicates, base.n + cand.n)))
        return;
    struct interval i = bootstrap_ratio_medians(base.at, base.n, cand.at, cand.n, replicates, vector_u64(v, "seed"),
                                                0.95);
    vector_give(v, "point", i.estimate);
    vector_give_numbers(v, "percentile95", (double[]){i.lo, i.hi}, 2);
}

static void run_permutation_p(struct vector *v)
{
    vector_give(v, "p", permutation_p(vector_number(v, "b_extreme"), vector_number(v, "B")));
}

static void run_permutation_exact(struct vector *v)
{
    struct numbers x = vector_numbers(v, "x"), y = vector_numbers(v, "y");
    double n = (double)x.n, m = (double)y.n, ways = exp(lgamma(n + m + 1) - lgamma(n + 1) - lgamma(m + 1));
    if (ways < 2 * PERMUTATION_MAX && !vector_affords(v, n * ways)) /* more are not made */
        return;
    struct permutation p = permutation_exact(x.at, x.n, y.at, y.n);
    vector_give(v, "count", (double)p.extreme);
    vector_give(v, "total", (double)p.total);
    vector_give(v, "p", p.p);
}

/* ---- ranks ---- */

/* The law of U is one pass over its values for each value of the smaller sample. */
static double exact_law_steps(size_t n, size_t m)
{
    double pairs = (double)n * (double)m;
    return pairs <= RANK_EXACT_PAIRS ? pairs * (double)(n < m ? n : m) : 0;
}

static void run_mann_whitney(struct vector *v)
{
    struct numbers x = vector_numbers(v, "x"), y = vector_numbers(v, "y");
    if (!vector_affords(v, exact_law_steps(x.n, y.n)))
        return;
    struct rank_test t = rank_mann_whitney(x.at, x.n, y.at, y.n);
    vector_give(v, "U_x", t.statistic);
    vector_give(v, "p_exact", t.p_exact);
    vector_give(v, "p_asymptotic_cc", t.p_normal);
}

static void run_mann_whitney_min_p(struct vector *v)
{
    vector_give(v, "p", rank_mann_whitney_min_p(vector_number(v, "n1"), vector_number(v, "n2")));
}

/* The means of all pairs are sorted. */
static double pair_steps(size_t n)
{
    return 10 * (double)n * (double)n;
}

static void run_wilcoxon_signed_rank(struct vector *v)
{
    struct numbers x = vector_numbers(v, "x"), y = vector_numbers(v, "y");
    size_t n = x.n < y.n ? x.n : y.n;
    if (!vector_affords(v, pair_steps(n)))
        return;
    for (size_t i = 0; i < n; i++)
        x.at[i] -= y.at[i];
    struct paired_shift s = paired_shift(x.at, n, 0.95);
    vector_give(v, "W_min", s.statistic);
    vector_give(v, "p_exact", s.p);
}

static void run_hodges_lehmann_shift(struct vector *v)
{
    struct numbers x = vector_numbers(v, "x"), y = vector_numbers(v, "y");
    double confidence = vector_has(v, "conf") ? vector_number(v, "conf") : 0.95;
    if (!vector_affords(v, exact_law_steps(x.n, y.n)))
        return;
    struct rank_shift r = rank_hodges_lehmann(x.at, x.n, y.at, y.n, confidence);
    vector_give(v, "shift", r.shift);
    vector_give(v, "lo", r.lo);
    vector_give(v, "hi", r.hi);
    vector_give(v, "actual_conf", r.actual_conf);
}

static void run_hodges_lehmann_1(struct vector *v)
{
    struct numbers x = vector_numbers(v, "x");
    if (vector_affords(v, pair_steps(x.n)))
        vector_give(v, "pseudomedian", paired_shift(x.at, x.n, 0.95).shift);
}

/* ---- means ---- */

static void give_t(struct vector *v, struct compare_t c)
{
    vector_give(v, "t", c.t);
    vector_give(v, "df", c.df);
    vector_give(v, "p", c.p);
    vector_give(v, "diff", c.diff);
    vector_give(v, "lo", c.lo);
    vector_give(v, "hi", c.hi);
}

static void run_welch_t(struct vector *v)
{
    struct numbers x = vector_numbers(v, "x"), y = vector_numbers(v, "y");
    give_t(v, compare_welch(x.at, x.n, y.at, y.n, vector_number(v, "conf")));
}

static void run_paired_t(struct vector *v)
{
    struct numbers x = vector_numbers(v, "x"), y = vector_numbers(v, "y");
    give_t(v, compare_paired(x.at, y.at, x.n < y.n ? x.n : y.n, 0.95));
}

static void give_ratio(struct vector *v, struct interval i)
{
    vector_give(v, "ratio", i.estimate);
    vector_give(v, "lo", i.lo);
    vector_give(v, "hi", i.hi);
}

static void run_ratio_of_means_fieller(struct vector *v)
{
    struct numbers num = vector_numbers(v, "num"), den = vector_numbers(v, "den");
    give_ratio(v, compare_ratio(num.at, num.n, den.at, den.n, vector_number(v, "conf")));
}

static void run_geomean_ratio_ci(struct vector *v)
{
    struct numbers num = vector_numbers(v, "num"), den = vector_numbers(v, "den");
    give_ratio(v, interval_ratio(num.at, den.at, num.n < den.n ? num.n : den.n, vector_number(v, "conf")));
}

static void run_effect_size(struct vector *v)
{
    struct numbers x = vector_numbers(v, "x"), y = vector_numbers(v, "y");
    struct compare_effect e = compare_effect(x.at, x.n, y.at, y.n);
    double delta = rank_cliff_delta(x.at, x.n, y.at, y.n);
    vector_give(v, "cohen_d", e.cohen_d);
    vector_give(v, "hedges_g_exactJ", e.hedges_g);
    vector_give(v, "hedges_g_approxJ", e.hedges_g_approx);
    vector_give(v, "cliff_delta", delta);
    vector_give(v, "A12", (delta + 1) / 2);
}

static void run_tost_welch(struct vector *v)
{
    struct numbers x = vector_numbers(v, "x"), y = vector_numbers(v, "y");
    struct compare_tost c = compare_equivalence(x.at, x.n, y.at, y.n, vector_number(v, "low"), vector_number(v, "upp"));
    vector_give(v, "p", c.p);
    vector_give(v, "t_low", c.t_low);
    vector_give(v, "p_low", c.p_low);
    vector_give(v, "t_upp", c.t_high);
    vector_give(v, "p_upp", c.p_high);
}

/* ---- families ---- */

static void run_p_adjust(struct vector *v)
{
    static const struct {
        const char *name;
        enum padjust_method method;
    } methods[] = {{"bonferroni", PADJUST_BONFERRONI}, {"holm", PADJUST_HOLM}, {"hochberg", PADJUST_HOCHBERG},
                   {"hommel", PADJUST_HOMMEL},         {"BH", PADJUST_BH},     {"BY", PADJUST_BY}};
    struct numbers p = vector_numbers(v, "p");
    const char *name = vector_text(v, "method");
    if (!vector_affords(v, (double)p.n * (double)p.n)) /* Hommel's */
        return;
    double *adjusted = vector_memory(v, p.n * sizeof *adjusted), *reject = vector_memory(v, p.n * sizeof *reject);
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (!strcmp(methods[i].name, name)) {
            padjust(methods[i].method, p.at, p.n, adjusted);
            for (size_t k = 0; k < p.n; k++)
                reject[k] = adjusted[k] <= 0.05;
            vector_give_numbers(v, "p_adj", adjusted, p.n);
            vector_give_numbers(v, "reject_at_0.05", reject, p.n);
        }
}

const struct vector_fn vector_fns_tests[] = {
    {"rule_of_three", run_rule_of_three},
    {"poisson_ci", run_poisson_ci},
    {"two_proportion", run_two_proportion},
    {"splitmix64", run_splitmix64},
    {"splitmix64_index", run_splitmix64_index},
    {"bootstrap_bca", run_bootstrap_bca},
    {"bootstrap_ratio_medians", run_bootstrap_ratio_medians},
    {"permutation_p", run_permutation_p},
    {"permutation_exact", run_permutation_exact},
    {"mann_whitney", run_mann_whitney},
    {"mann_whitney_min_p", run_mann_whitney_min_p},
    {"wilcoxon_signed_rank", run_wilcoxon_signed_rank},
    {"hodges_lehmann_shift", run_hodges_lehmann_shift},
    {"hodges_lehmann_1", run_hodges_lehmann_1},
    {"welch_t", run_welch_t},
    {"paired_t", run_paired_t},
    {"ratio_of_means_fieller", run_ratio_of_means_fieller},
    {"geomean_ratio_ci", run_geomean_ratio_ci},
    {"effect_size", run_effect_size},
    {"tost_welch", run_tost_welch},
    {"p_adjust", run_p_adjust},
    {0},
};
