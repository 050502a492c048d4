/* basic.c: adapters of distributions, quantiles and moments; keys as in the file of vectors. */
#include <math.h>

#include "stats/dist.h"
#include "stats/gof.h"
#include "stats/interval.h"
#include "stats/quantile.h"
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

static void run_mean_ci(struct vector *v)
{
    struct numbers x = vector_numbers(v, "data");
    struct interval i = interval_mean(x.at, x.n, vector_number(v, "conf"));
    vector_give(v, "lo", i.lo);
    vector_give(v, "hi", i.hi);
}

static void run_geomean_ratio_ci(struct vector *v)
{
    struct numbers num = vector_numbers(v, "num"), den = vector_numbers(v, "den");
    struct interval i = interval_ratio(num.at, den.at, num.n < den.n ? num.n : den.n, vector_number(v, "conf"));
    vector_give(v, "ratio", i.estimate);
    vector_give(v, "lo", i.lo);
    vector_give(v, "hi", i.hi);
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
    {"mean_ci", run_mean_ci},
    {"geomean_ratio_ci", run_geomean_ratio_ci},
    {0},
};
