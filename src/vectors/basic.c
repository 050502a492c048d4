/* basic.c: adapters of distributions, quantiles and moments; keys as in the file of vectors. */
#include <math.h>
#include <string.h>

#include "stats/dist.h"
#include "stats/gof.h"
#include "stats/interval.h"
#include "stats/moments.h"
#include "stats/proportion.h"
#include "stats/quantile.h"
#include "stats/steady.h"
#include "stats/survival.h"
#include "vectors/adapter.h"

static void run_t_ppf(struct vector *v)
{
    vector_give(v, "t", dist_t_quantile(vector_number(v, "p"), vector_number(v, "df")));
}

static void run_norm_ppf(struct vector *v)
{
    vector_give(v, "z", dist_norm_quantile(vector_number(v, "p")));
}

static void run_norm_sf(struct vector *v)
{
    vector_give(v, "sf", dist_norm_sf(vector_number(v, "z")));
}

static void run_t_sf(struct vector *v)
{
    vector_give(v, "sf", dist_t_sf(vector_number(v, "t"), vector_number(v, "df")));
}

static void run_nct_cdf(struct vector *v)
{
    vector_give(v, "cdf", dist_nct_cdf(vector_number(v, "t"), vector_number(v, "df"), vector_number(v, "nc")));
}

static void run_chi2_ppf(struct vector *v)
{
    vector_give(v, "x", dist_chi2_quantile(vector_number(v, "p"), vector_number(v, "df")));
}

static void run_binom_cdf(struct vector *v)
{
    double k = vector_number(v, "k"), n = vector_number(v, "n"), p = vector_number(v, "p");
    vector_give(v, "cdf", dist_binom_cdf(k, n, p));
    vector_give(v, "pmf", dist_binom_pmf(k, n, p));
}

static void run_kolmogorov_sf(struct vector *v)
{
    vector_give(v, "sf", dist_kolmogorov_sf(vector_number(v, "x")));
}

static void run_betainc(struct vector *v)
{
    vector_give(v, "I", dist_betainc(vector_number(v, "x"), vector_number(v, "a"), vector_number(v, "b")));
}

static void run_betaincinv(struct vector *v)
{
    vector_give(v, "x", dist_betainc_inv(vector_number(v, "p"), vector_number(v, "a"), vector_number(v, "b")));
}

static void run_gamma_law(struct vector *v)
{
    vector_give(v, "p", dist_gamma_p(vector_number(v, "a"), vector_number(v, "x")));
    vector_give(v, "q", dist_gamma_q(vector_number(v, "a"), vector_number(v, "x")));
}

static void run_ks_p(struct vector *v)
{
    vector_give(v, "p", gof_ks_p(vector_number(v, "d"), vector_count(v, "n")));
}

/* ---- moments ---- */

static struct numbers data(struct vector *v)
{
    return vector_numbers(v, vector_has(v, "data") ? "data" : "x");
}

static void run_moments(struct vector *v)
{
    struct numbers x = data(v);
    double mean = moments_mean(x.at, x.n), sd = moments_sd(x.at, x.n);
    struct moments_shape shape = moments_shape(x.at, x.n);
    vector_give(v, "mean", mean);
    vector_give(v, "sd", sd);
    vector_give(v, "var", sd * sd);
    vector_give(v, "sem", sd / sqrt((double)x.n));
    vector_give(v, "cv", sd / mean);
    vector_give(v, "skew_g1", shape.skewness);
    vector_give(v, "exkurt_g2", shape.kurtosis);
    vector_give(v, "geomean", moments_geomean(x.at, x.n));
    vector_give(v, "hmean", moments_hmean(x.at, x.n));
    vector_give(v, "acf1", gof_acf1(x.at, x.n).r);
}

static void run_moments_merge(struct vector *v)
{
    struct moments_sums a = {vector_number(v, "nA"), vector_number(v, "meanA"), vector_number(v, "M2A")};
    struct moments_sums b = {vector_number(v, "nB"), vector_number(v, "meanB"), vector_number(v, "M2B")};
    struct moments_sums both = moments_merge(a, b);
    vector_give(v, "n", both.n);
    vector_give(v, "mean", both.mean);
    vector_give(v, "M2", both.m2);
}

static void run_mean_ci(struct vector *v)
{
    struct numbers x = data(v);
    struct interval i = interval_mean(x.at, x.n, vector_number(v, "conf"));
    vector_give(v, "lo", i.lo);
    vector_give(v, "hi", i.hi);
}

/* ---- quantiles ---- */

static void run_quantile(struct vector *v)
{
    struct numbers x = data(v), p = vector_numbers(v, "p");
    int type = (int)vector_count(v, "type");
    quantile_sort(x.at, x.n);
    for (size_t i = 0; i < p.n; i++)
        p.at[i] = quantile_hf(x.at, x.n, p.at[i], type);
    vector_give_numbers(v, "q", p.at, p.n);
}

static void run_quantile_ci_ranks(struct vector *v)
{
    struct quantile_ranks r = quantile_ci_ranks(vector_number(v, "n"), vector_number(v, "p"), vector_number(v, "conf"));
    vector_give(v, "lo_rank", r.lo);
    vector_give(v, "hi_rank", r.hi);
    vector_give(v, "coverage", r.coverage);
}

static void run_quantile_ci(struct vector *v)
{
    struct numbers x = data(v);
    quantile_sort(x.at, x.n);
    struct quantile_interval i = quantile_ci(x.at, x.n, vector_number(v, "p"), vector_number(v, "conf"));
    vector_give(v, "lo", i.lo);
    vector_give(v, "hi", i.hi);
    vector_give(v, "coverage", i.coverage);
}

static void run_quantile_min_n(struct vector *v)
{
    vector_give(v, "upper_one_sided", quantile_min_n(vector_number(v, "p"), vector_number(v, "conf")));
}

static void run_dkw_epsilon(struct vector *v)
{
    vector_give(v, "eps", quantile_dkw(vector_number(v, "n"), vector_number(v, "alpha")));
}

static void run_section_quantile_ci(struct vector *v)
{
    struct numbers x = data(v);
    size_t sections = vector_count(v, "sections");
    double *sorted = vector_memory(v, x.n * sizeof *sorted), *shares = vector_memory(v, sections * sizeof *shares);
    memcpy(sorted, x.at, x.n * sizeof *sorted);
    quantile_sort(sorted, x.n);
    struct steady_section s = steady_section_quantile(x.at, sorted, x.n, vector_number(v, "p"), sections, 0, 0.95);
    if (!isnan(s.q))
        steady_section_shares(x.at, x.n, sections, s.q, shares);
    vector_give(v, "q", s.q);
    vector_give_numbers(v, "section_exceed_fraction", shares, sections);
    vector_give(v, "half_width_in_p", s.half_p);
    vector_give(v, "lo", s.lo);
    vector_give(v, "hi", s.hi);
    vector_give(v, "variance_inflation", s.inflation);
    vector_give(v, "m_effective", s.m);
}

/* ---- shares ---- */

static void give_interval(struct vector *v, const char *key, struct interval i)
{
    vector_give_numbers(v, key, (double[]){i.lo, i.hi}, 2);
}

static void run_proportion_ci(struct vector *v)
{
    size_t k = vector_count(v, "k"), n = vector_count(v, "n");
    double confidence = vector_number(v, "conf");
    give_interval(v, "wilson", proportion_wilson(k, n, confidence));
    give_interval(v, "clopper_pearson", proportion_clopper_pearson(k, n, confidence));
    give_interval(v, "jeffreys", proportion_jeffreys(k, n, confidence));
    give_interval(v, "agresti_coull", proportion_agresti_coull(k, n, confidence));
    give_interval(v, "normal", proportion_normal(k, n, confidence));
}

static void run_kaplan_meier(struct vector *v)
{
    struct numbers t = vector_numbers(v, "time"), ended = vector_numbers(v, "event_1_completed_0_censored");
    struct survival_time *x = vector_memory(v, (t.n + 1) * sizeof *x);
    struct survival_point *curve = vector_memory(v, (t.n + 1) * sizeof *curve);
    if (ended.n != t.n)
        return; /* a vector whose outputs are not given has failed */
    for (size_t i = 0; i < t.n; i++) {
        /* the other way round: the order is not the caller's business */
        x[t.n - 1 - i] = (struct survival_time){t.at[i], ended.at[i] != 0};
        if (isnan(t.at[i]))
            return;
    }
    size_t points = survival_curve(x, t.n, curve);
    for (size_t i = 0; i < points; i++) {
        t.at[i] = curve[i].t;
        ended.at[i] = curve[i].share;
    }
    vector_give_numbers(v, "times", t.at, points);
    vector_give_numbers(v, "surv", ended.at, points);
    vector_give(v, "median", survival_quantile(curve, points, 0.5));
    vector_give(v, "q0.75", survival_quantile(curve, points, 0.75));
    vector_give(v, "q0.9", survival_quantile(curve, points, 0.9));
}

const struct vector_fn vector_fns_basic[] = {
    {"norm_ppf", run_norm_ppf},
    {"norm_sf", run_norm_sf},
    {"t_ppf", run_t_ppf},
    {"t_sf", run_t_sf},
    {"nct_cdf", run_nct_cdf},
    {"chi2_ppf", run_chi2_ppf},
    {"binom_cdf", run_binom_cdf},
    {"kolmogorov_sf", run_kolmogorov_sf},
    {"betainc", run_betainc},
    {"betaincinv", run_betaincinv},
    {"gamma_law", run_gamma_law},
    {"ks_p", run_ks_p},
    {"moments", run_moments},
    {"moments_merge", run_moments_merge},
    {"mean_ci", run_mean_ci},
    {"quantile", run_quantile},
    {"quantile_ci_ranks", run_quantile_ci_ranks},
    {"quantile_ci", run_quantile_ci},
    {"quantile_min_n", run_quantile_min_n},
    {"dkw_epsilon", run_dkw_epsilon},
    {"section_quantile_ci", run_section_quantile_ci},
    {"proportion_ci", run_proportion_ci},
    {"kaplan_meier", run_kaplan_meier},
    {0},
};
