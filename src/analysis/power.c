/* power.c: see power.h. */
#include "analysis/power.h"

#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "stats/dist.h"
#include "stats/moments.h"
#include "stats/paired.h"
#include "stats/power.h"
#include "stats/quantile.h"

/* ---- spread -------------------------------------------------------------------------------------------------- */

static double median_of(const struct compare_arm *arm)
{
    double *x = xmalloc((arm->n + 1) * sizeof *x);
    size_t n = 0;
    for (size_t i = 0; i < arm->n; i++)
        if (isfinite(arm->runs[i].value))
            x[n++] = arm->runs[i].value;
    double m = median(x, n);
    free(x);
    return m;
}

static double value_in(const struct compare_arm *arm, int32_t block)
{
    for (size_t i = 0; i < arm->n; i++)
        if (arm->runs[i].block == block && isfinite(arm->runs[i].value))
            return arm->runs[i].value;
    return NAN;
}

/* x[block][arm] of the blocks that have every arm, as shares of the arms' medians; how many blocks. */
static size_t whole_blocks(const struct compare_arm *arms, size_t n, const double *medians, double *x)
{
    size_t blocks = 0;
    for (size_t i = 0; i < arms[0].n; i++) {
        bool whole = arms[0].runs[i].block >= 0;
        for (size_t k = 0; k < i; k++)
            whole = whole && arms[0].runs[k].block != arms[0].runs[i].block;
        for (size_t k = 0; k < n; k++) {
            x[blocks * n + k] = value_in(&arms[k], arms[0].runs[i].block) / medians[k];
            whole = whole && isfinite(x[blocks * n + k]);
        }
        blocks += whole;
    }
    return blocks;
}

static double residual_square(const double *x, size_t blocks, size_t arms)
{
    double sum = 0, all = moments_mean(x, blocks * arms);
    double *column = xmalloc(blocks * sizeof *column);
    for (size_t k = 0; k < arms; k++) {
        for (size_t b = 0; b < blocks; b++)
            column[b] = x[b * arms + k];
        double arm = moments_mean(column, blocks);
        for (size_t b = 0; b < blocks; b++) {
            double r = column[b] - arm - moments_mean(x + b * arms, arms) + all;
            sum += r * r;
        }
    }
    free(column);
    return sum;
}

/* Sum of squares within arms; *df of it, *n values. */
static double within_square(const struct compare_arm *arms, size_t n, const double *medians, double *df, size_t *values)
{
    double sum = 0;
    *df = 0;
    *values = 0;
    for (size_t k = 0; k < n; k++) {
        struct moments_sums m = {0};
        for (size_t i = 0; i < arms[k].n; i++)
            if (isfinite(arms[k].runs[i].value))
                m = moments_merge(m, (struct moments_sums){1, arms[k].runs[i].value / medians[k], 0});
        sum += m.m2;
        *df += m.n > 1 ? m.n - 1 : 0;
        *values += (size_t)m.n;
    }
    return sum;
}

void power_spread_of(const struct compare_arm *arms, size_t n, struct power_spread *out)
{
    double *medians = xmalloc((n + 1) * sizeof *medians), square = NAN;
    *out = (struct power_spread){.base = n ? median_of(&arms[0]) : NAN, .sd = NAN, .sd_sure = NAN};
    bool shares = n > 0;
    for (size_t k = 0; k < n; k++) {
        medians[k] = median_of(&arms[k]);
        shares = shares && medians[k] > 0;
    }
    if (shares) {
        double *x = xmalloc((arms[0].n + 1) * n * sizeof *x);
        out->blocks = n > 1 ? whole_blocks(arms, n, medians, x) : 0;
        if (out->blocks > 1) {
            square = residual_square(x, out->blocks, n);
            out->df = (double)(n - 1) * (double)(out->blocks - 1);
            out->n_values = out->blocks * n;
        } else {
            out->blocks = 0;
            square = within_square(arms, n, medians, &out->df, &out->n_values);
        }
        free(x);
    }
    if (out->df > 0) {
        out->sd = sqrt(2 * square / out->df);
        out->sd_sure = out->sd * sqrt(out->df / dist_chi2_quantile(1 - POWER_SURE, out->df));
    }
    free(medians);
}

/* ---- blocks -------------------------------------------------------------------------------------------------- */

static double alpha_of(size_t family)
{
    return COMPARE_ALPHA / (double)(family ? family : 1);
}

size_t power_least_blocks(size_t family)
{
    double n = COMPARE_MIN_RUNS;
    while (paired_min_p(n) > alpha_of(family))
        n++;
    return (size_t)n;
}

double power_blocks_mde(const struct power_spread *s, size_t blocks, size_t family)
{
    if (blocks < power_least_blocks(family))
        return INFINITY;
    return power_mde_ranks(blocks, alpha_of(family), COMPARE_POWER) * s->sd_sure;
}

size_t power_blocks(const struct power_spread *s, double effect, size_t family)
{
    size_t low = power_least_blocks(family), high = POWER_MOST_BLOCKS;
    if (!(effect > 0) || !(power_blocks_mde(s, high, family) <= effect))
        return 0;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (power_blocks_mde(s, mid, family) <= effect)
            high = mid;
        else
            low = mid + 1;
    }
    return low;
}
