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

/* Sum over the groups of (sum of values)^2 / size: all of the sum of squares between them that a permutation changes. */
static double between(const double *x, const size_t *group, size_t n, const double *size, double *sum, size_t k)
{
    double total = 0;
    memset(sum, 0, k * sizeof *sum);
    for (size_t i = 0; i < n; i++)
        sum[group[i]] += x[i];
    for (size_t j = 0; j < k; j++)
        total += sum[j] * sum[j] / size[j];
    return total;
}

static void shuffle(double *x, size_t n, uint64_t *stream)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = splitmix_index(stream, i);
        double t = x[i - 1];
        x[i - 1] = x[j];
        x[j] = t;
    }
}

/* Resamples whose value is at least that of the values as they are; equal but for rounding is as extreme. */
static double count_extreme(double *x, const size_t *group, size_t n, const double *size, double *sum, size_t k,
                            size_t resamples, uint64_t seed)
{
    double seen = between(x, group, n, size, sum, k), extreme = 0;
    for (size_t i = 0; i < resamples; i++) {
        shuffle(x, n, &seed);
        extreme += between(x, group, n, size, sum, k) >= seen * (1 - 1e-12);
    }
    return extreme;
}

struct permutation_groups permutation_groups(const double *x, const size_t *group, size_t n, size_t k, size_t resamples,
                                             uint64_t seed)
{
    struct permutation_groups g = {NAN, NAN, NAN, NAN};
    double *centred = k && n > k ? calloc(n + 2 * k, sizeof *centred) : NULL, all = 0;
    if (!centred || resamples > RESAMPLE_MAX_REPLICATES) {
        free(centred);
        return g;
    }
    double *size = centred + n, *sum = size + k, mean = moments_mean(x, n), least = INFINITY;
    for (size_t i = 0; i < n; i++) {
        centred[i] = x[i] - mean; /* so that no digits are lost in the squares */
        all += centred[i] * centred[i];
        size[group[i]]++;
    }
    for (size_t j = 0; j < k; j++)
        least = fmin(least, size[j]);
    double b = least > 0 ? between(centred, group, n, size, sum, k) : NAN, within = all - b;
    if (k > 1 && within > 1e-12 * all) {
        g.df_between = (double)(k - 1);
        g.df_within = (double)(n - k);
        g.f = b / g.df_between / (within / g.df_within);
        g.p = permutation_p(count_extreme(centred, group, n, size, sum, k, resamples, seed), (double)resamples);
    }
    free(centred);
    return g;
}
