/* series.c: adapters of what looks at values in the order of time: dependence, warm-up, drift, arrivals; keys as in the file
 * of vectors. */
#include <math.h>
#include <string.h>

#include "stats/dist.h"
#include "stats/drift.h"
#include "stats/gof.h"
#include "stats/moments.h"
#include "stats/omission.h"
#include "stats/quantile.h"
#include "stats/renewal.h"
#include "stats/series.h"
#include "stats/steady.h"
#include "vectors/adapter.h"

static double *ascending(struct vector *v, struct numbers x)
{
    double *sorted = vector_memory(v, (x.n + 1) * sizeof *sorted);
    memcpy(sorted, x.at, x.n * sizeof *sorted);
    quantile_sort(sorted, x.n);
    return sorted;
}

static void run_acf(struct vector *v)
{
    struct numbers x = vector_numbers(v, "data");
    size_t lags = vector_count(v, "lags");
    if (!vector_affords(v, (double)(lags + 1) * (double)(x.n + 1)))
        return;
    double *r = vector_memory(v, (lags + 1) * sizeof *r);
    series_acf(x.at, x.n, lags, r);
    vector_give_numbers(v, "acf", r, lags + 1);
}

static void run_ljung_box(struct vector *v)
{
    struct numbers x = vector_numbers(v, "data");
    size_t lags = vector_count(v, "m");
    if (!vector_affords(v, (double)lags * (double)x.n))
        return;
    struct series_ljung_box l = series_ljung_box(x.at, x.n, lags);
    vector_give(v, "Q", l.q);
    vector_give(v, "p", l.p);
}

static void run_ess(struct vector *v)
{
    struct numbers x = vector_numbers(v, "data");
    if (!vector_affords(v, (double)x.n * (double)x.n)) /* a series may remember all of itself */
        return;
    struct series_ess e = series_ess(x.at, x.n);
    vector_give(v, "iact", e.tau);
    vector_give(v, "ess", e.n_eff);
    vector_give(v, "cut_lag", (double)e.cut);
}

static void run_ess_exceedance(struct vector *v)
{
    struct numbers x = vector_numbers(v, "data");
    if (!vector_affords(v, (double)x.n * (double)x.n))
        return;
    struct series_exceedance e = series_exceedance(x.at, ascending(v, x), x.n, vector_number(v, "p"));
    vector_give(v, "n_exceed", (double)e.n);
    vector_give(v, "iact", e.tau);
    vector_give(v, "effective_exceedances", e.m);
}

static void run_batch_means(struct vector *v)
{
    struct numbers x = vector_numbers(v, "data");
    size_t batch = vector_count(v, "batch"), batches = batch ? x.n / batch : 0, n = batches * batch;
    struct interval i = steady_batch_means(x.at, n, batches, 0.95);
    vector_give(v, "n_batches", (double)i.n);
    vector_give(v, "mean", i.estimate);
    vector_give(v, "se", (i.hi - i.lo) / 2 / dist_t_quantile(0.975, (double)batches - 1));
    vector_give(v, "naive_se", moments_sd(x.at, n) / sqrt((double)n));
}

static void run_mser5(struct vector *v)
{
    struct numbers x = vector_numbers(v, "data");
    size_t m = x.n / STEADY_MSER_BATCH;
    double *means = vector_memory(v, (m + 1) * sizeof *means), *all = vector_memory(v, (m + 1) * sizeof *all);
    struct steady_mser s = steady_mser5(x.at, x.n, all);
    for (size_t i = 0; i < m; i++)
        means[i] = moments_mean(x.at + i * STEADY_MSER_BATCH, STEADY_MSER_BATCH);
    vector_give_numbers(v, "batch_means", means, m);
    vector_give_numbers(v, "mser", all, m / 2 + 1);
    vector_give(v, "d_batches", (double)(s.truncate / STEADY_MSER_BATCH));
    vector_give(v, "truncate_points", (double)s.truncate);
}

static void run_trend(struct vector *v)
{
    struct numbers y = vector_numbers(v, "data");
    struct drift_trend t;
    if (!vector_affords(v, 10 * (double)y.n * (double)y.n)) /* the slopes of all pairs are sorted */
        return;
    drift_trend(y.at, y.n, &t);
    vector_give(v, "kendall_tau_b", t.tau);
    vector_give(v, "p", t.tau_p);
    vector_give(v, "theil_sen_slope", t.sen);
    vector_give(v, "slope_lo", t.sen_lo);
    vector_give(v, "slope_hi", t.sen_hi);
    vector_give(v, "ols_slope", t.slope);
    vector_give(v, "ols_se", t.slope_se);
    vector_give(v, "ols_p", t.slope_p);
}

static void run_abba(struct vector *v)
{
    struct numbers y = vector_numbers(v, "y");
    const char *order = vector_text(v, "order");
    double *diffs = vector_memory(v, (y.n + 1) * sizeof *diffs);
    if (strlen(order) != y.n)
        return; /* a vector whose outputs are not given has failed */
    struct drift_abba a = drift_abba(order, y.at, y.n, diffs);
    vector_give(v, "A_mean", a.a_mean);
    vector_give(v, "B_mean", a.b_mean);
    vector_give(v, "diff", a.diff);
    vector_give_numbers(v, "block_diffs", diffs, y.n / 4);
}

static void run_coordinated_omission(struct vector *v)
{
    struct numbers stall = vector_numbers(v, "stall_s");
    double rate = vector_number(v, "rate_per_s"), wanted = rate * vector_number(v, "duration_s");
    struct omission_case c = {
        .rate = rate, .service_s = vector_number(v, "service_s"), .connections = vector_count(v, "connections")};
    if (stall.n != 2 || !c.connections || !(wanted >= 1 && wanted <= VECTOR_MAX_COUNT))
        return;
    size_t n = (size_t)rint(wanted);
    double *seen[2];
    c.stall_from = stall.at[0];
    c.stall_to = stall.at[1];
    for (int i = 0; i < 2; i++)
        seen[i] = vector_memory(v, n * sizeof *seen[i]);
    omission_latencies(&c, n, seen[0], seen[1]);
    vector_give(v, "n", (double)n);
    static const char *const names[2][5] = {{"send_p50", "send_p90", "send_p99", "send_max", "send_mean"},
                                            {"sched_p50", "sched_p90", "sched_p99", "sched_max", "sched_mean"}};
    for (int i = 0; i < 2; i++) {
        vector_give(v, names[i][4], moments_mean(seen[i], n));
        quantile_sort(seen[i], n);
        for (int k = 0; k < 4; k++)
            vector_give(v, names[i][k], quantile_hf(seen[i], n, (const double[]){0.5, 0.9, 0.99, 1}[k], 1));
    }
}

/* Kolmogorov's D against the exponential law of that rate; leaves x as it is. */
static double exponential_d(struct vector *v, struct numbers x, double rate)
{
    double *at = ascending(v, x);
    for (size_t i = 0; i < x.n; i++)
        at[i] = -expm1(-rate * at[i]);
    return gof_ks_d(at, at, x.n);
}

static void run_arrival_check(struct vector *v)
{
    struct numbers x = vector_numbers(v, "interarrivals");
    double mean = moments_mean(x.at, x.n), d = exponential_d(v, x, 10);
    vector_give(v, "mean", mean);
    vector_give(v, "cv2", renewal_cv2(x.at, x.n));
    vector_give(v, "ks_D_exp_fitted", exponential_d(v, x, 1 / mean));
    vector_give(v, "ks_D_exp_rate10", d);
    vector_give(v, "ks_p_exp_rate10", gof_ks_p(d, x.n));
}

static void run_acf1(struct vector *v)
{
    struct numbers x = vector_numbers(v, "data");
    struct gof_acf1 g = gof_acf1(x.at, x.n);
    vector_give(v, "r", g.r);
    vector_give(v, "lo", g.lo);
    vector_give(v, "hi", g.hi);
    vector_give(v, "p", g.p);
}

static void run_dispersion_test(struct vector *v)
{
    struct numbers counts = vector_numbers(v, "counts");
    struct gof_dispersion g = gof_dispersion(counts.at, counts.n);
    vector_give(v, "index_of_dispersion", g.index);
    vector_give(v, "chi2", g.chi2);
    vector_give(v, "df", (double)counts.n - 1);
    vector_give(v, "p_upper", g.p_upper);
}

static void run_littles_law(struct vector *v)
{
    double rate = vector_number(v, "throughput_per_s"), mean_s = vector_number(v, "mean_latency_s");
    vector_give(v, "mean_in_flight", steady_in_flight(rate, mean_s));
}

const struct vector_fn vector_fns_series[] = {
    {"acf", run_acf},
    {"acf1", run_acf1},
    {"ljung_box", run_ljung_box},
    {"ess", run_ess},
    {"ess_exceedance", run_ess_exceedance},
    {"batch_means", run_batch_means},
    {"mser5", run_mser5},
    {"trend", run_trend},
    {"abba", run_abba},
    {"coordinated_omission", run_coordinated_omission},
    {"arrival_check", run_arrival_check},
    {"dispersion_test", run_dispersion_test},
    {"littles_law", run_littles_law},
    {0},
};
