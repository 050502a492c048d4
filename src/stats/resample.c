/* resample.c: see resample.h. */
#include "stats/resample.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "stats/dist.h"
#include "stats/moments.h"
#include "stats/quantile.h"
#include "stats/splitmix.h"

static void draw(uint64_t *stream, const double *x, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = x[splitmix_index(stream, n)];
}

/* Acceleration: skewness of the jackknife's influence over 6 (Efron 1987, eq. 6.6). scratch: n values. */
static double acceleration(const double *x, size_t n, resample_statistic *statistic, const void *ctx, double *left_out,
                           double *scratch)
{
    double squares = 0, cubes = 0;
    for (size_t i = 0; i < n; i++) {
        memcpy(scratch, x, i * sizeof *x);
        memcpy(scratch + i, x + i + 1, (n - i - 1) * sizeof *x);
        left_out[i] = statistic(scratch, n - 1, ctx);
    }
    double mean = moments_mean(left_out, n);
    for (size_t i = 0; i < n; i++) {
        double d = mean - left_out[i];
        squares += d * d;
        cubes += d * d * d;
    }
    return squares > 0 ? cubes / (6 * pow(squares, 1.5)) : 0;
}

static double share_below(const double *replicates, size_t n, double theta)
{
    double below = 0;
    for (size_t i = 0; i < n; i++)
        below += replicates[i] < theta ? 1 : replicates[i] == theta ? 0.5 : 0;
    return below / (double)n;
}

/* b->theta, a and the sorted replicates are there; the intervals follow. */
static void intervals(struct bootstrap *b, const double *sorted, size_t n, double confidence)
{
    double tail = (1 - confidence) / 2, z = dist_norm_quantile(1 - tail);
    b->se = moments_sd(sorted, n);
    b->z0 = dist_norm_quantile(share_below(sorted, n, b->theta));
    b->alpha_lo = dist_norm_sf(-(b->z0 + (b->z0 - z) / (1 - b->a * (b->z0 - z))));
    b->alpha_hi = dist_norm_sf(-(b->z0 + (b->z0 + z) / (1 - b->a * (b->z0 + z))));
    b->bca_lo = quantile_hf7(sorted, n, b->alpha_lo); /* an infinite z0 makes both alphas NaN, and these */
    b->bca_hi = quantile_hf7(sorted, n, b->alpha_hi);
    b->percentile_lo = quantile_hf7(sorted, n, tail);
    b->percentile_hi = quantile_hf7(sorted, n, 1 - tail);
    b->basic_lo = 2 * b->theta - b->percentile_hi;
    b->basic_hi = 2 * b->theta - b->percentile_lo;
}

static bool is_job(size_t n, size_t replicates, double confidence)
{
    return n && n <= UINT32_MAX && replicates >= 2 && replicates <= RESAMPLE_MAX_REPLICATES && confidence > 0 &&
           confidence < 1;
}

struct bootstrap bootstrap_bca(const double *x, size_t n, resample_statistic *statistic, const void *ctx,
                               size_t replicates, uint64_t seed, double confidence)
{
    struct bootstrap none = {NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN}, b = none;
    if (!is_job(n, replicates, confidence))
        return none;
    double *scratch = malloc((2 * n + replicates) * sizeof *scratch), *values = scratch ? scratch + 2 * n : NULL;
    if (!scratch)
        return none;
    memcpy(scratch, x, n * sizeof *x);
    b.theta = statistic(scratch, n, ctx);
    bool defined = !isnan(b.theta);
    for (size_t i = 0; i < replicates && defined; i++) {
        draw(&seed, x, n, scratch);
        values[i] = statistic(scratch, n, ctx);
        defined = !isnan(values[i]);
    }
    if (defined) {
        b.a = n > 1 ? acceleration(x, n, statistic, ctx, scratch + n, scratch) : 0;
        quantile_sort(values, replicates);
        intervals(&b, values, replicates, confidence);
    }
    free(scratch);
    return defined ? b : none;
}

struct interval bootstrap_ratio_medians(const double *base, size_t n_base, const double *cand, size_t n_cand,
                                        size_t replicates, uint64_t seed, double confidence)
{
    struct interval none = {NAN, NAN, NAN, 0}, i = {.n = n_base < n_cand ? n_base : n_cand};
    if (!is_job(n_base, replicates, confidence) || !is_job(n_cand, replicates, confidence))
        return none;
    double *a = malloc((n_base + n_cand + replicates) * sizeof *a);
    if (!a)
        return none;
    double *b = a + n_base, *values = b + n_cand;
    memcpy(a, base, n_base * sizeof *a);
    memcpy(b, cand, n_cand * sizeof *b);
    i.estimate = median(b, n_cand) / median(a, n_base) - 1;
    bool defined = isfinite(i.estimate);
    for (size_t k = 0; k < replicates && defined; k++) {
        draw(&seed, base, n_base, a);
        draw(&seed, cand, n_cand, b);
        values[k] = median(b, n_cand) / median(a, n_base) - 1;
        defined = !isnan(values[k]);
    }
    if (defined) {
        quantile_sort(values, replicates);
        i.lo = quantile_hf7(values, replicates, (1 - confidence) / 2);
        i.hi = quantile_hf7(values, replicates, (1 + confidence) / 2);
    }
    free(a);
    return defined ? i : none;
}

/* ---- permutations ---- */

double permutation_p(double extreme, double resamples)
{
    return extreme >= 0 && extreme <= resamples ? (extreme + 1) / (resamples + 1) : NAN;
}

/* Number of ways, or 0 when there are more than PERMUTATION_MAX. */
static size_t ways(size_t n, size_t m)
{
    double count = 1;
    for (size_t i = 1; i <= n && count <= PERMUTATION_MAX; i++)
        count = count * (double)(m + i) / (double)i; /* whole after each step */
    return count <= PERMUTATION_MAX ? (size_t)(count + 0.5) : 0;
}

/* The next choice of n among n + m places, in lexical order. */
static void next_choice(size_t *chosen, size_t n, size_t m)
{
    size_t i = n;
    while (i > 0 && chosen[i - 1] == m + i - 1)
        i--;
    if (!i)
        return;
    chosen[i - 1]++;
    for (; i < n; i++)
        chosen[i] = chosen[i - 1] + 1;
}

static double mean_difference(const double *all, const size_t *chosen, size_t n, size_t m, double total)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += all[chosen[i]];
    return fabs(sum / (double)n - (total - sum) / (double)m);
}

struct permutation permutation_exact(const double *x, size_t n, const double *y, size_t m)
{
    struct permutation p = {0, 0, NAN};
    size_t total = n && m ? ways(n < m ? n : m, n < m ? m : n) : 0;
    double *all = total ? malloc((n + m) * sizeof *all) : NULL;
    size_t *chosen = total ? malloc(n * sizeof *chosen) : NULL;
    double sum = 0, size = 0;
    if (all && chosen) {
        for (size_t i = 0; i < n + m; i++) {
            all[i] = i < n ? x[i] : y[i - n];
            sum += all[i];
            size += fabs(all[i]);
        }
        for (size_t i = 0; i < n; i++)
            chosen[i] = i;
        double seen = mean_difference(all, chosen, n, m, sum) - 1e-12 * size; /* equal but for rounding is as extreme */
        p.total = isfinite(size) ? total : 0;
        for (size_t i = 0; i < p.total; i++) {
            p.extreme += mean_difference(all, chosen, n, m, sum) >= seen;
            next_choice(chosen, n, m);
        }
        p.p = p.total ? (double)p.extreme / (double)p.total : NAN;
    }
    free(all);
    free(chosen);
    return p;
}
