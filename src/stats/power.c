/* power.c: see power.h. */
#include "stats/power.h"

#include <math.h>
#include <stdlib.h>

#include "stats/dist.h"
#include "stats/paired.h"
#include "stats/quantile.h"
#include "stats/splitmix.h"

static double power_of(double df, double shift, double alpha)
{
    if (!(df > 0) || !(alpha > 0 && alpha < 1) || isnan(shift))
        return NAN;
    double limit = dist_t_quantile(1 - alpha / 2, df);
    return dist_nct_cdf(-limit, df, shift) + dist_nct_cdf(-limit, df, -shift); /* P(T > t) at c is P(T < -t) at -c */
}

double power_t(double n, double d, double alpha)
{
    return power_of(2 * n - 2, d * sqrt(n / 2), alpha);
}

double power_paired(double n, double d, double alpha)
{
    return power_of(n - 1, d * sqrt(n), alpha);
}

/* Both grow with what is sought. */
double power_n(power_fn *test, double d, double alpha, double power)
{
    double low = 1.01, high = 1e7;
    if (!(power > alpha && power < 1) || !(alpha > 0) || !(test(high, d, alpha) >= power))
        return NAN;
    for (int i = 0; i < 100 && high / low - 1 > 1e-12; i++) {
        double mid = sqrt(low * high);
        if (test(mid, d, alpha) < power)
            low = mid;
        else
            high = mid;
    }
    return high;
}

double power_mde(power_fn *test, double n, double alpha, double power)
{
    double low = 0, high = 1;
    if (!(power > alpha && power < 1) || !(alpha > 0) || !(n > 1))
        return NAN;
    while (test(n, high, alpha) < power && high < 1e6)
        high *= 2;
    for (int i = 0; i < 100 && high - low > 1e-12 * high; i++) {
        double mid = (low + high) / 2;
        if (test(n, mid, alpha) < power)
            low = mid;
        else
            high = mid;
    }
    return high;
}

/* By how much n values of the unit normal law must be shifted up until the test says so: minus their bounding mean. means
 * takes n (n + 1) / 2 values. */
static double shift_needed(uint64_t *stream, size_t n, size_t outside, double *means)
{
    double x[POWER_RANKED];
    size_t all = 0;
    for (size_t i = 0; i < n; i++) {
        x[i] = dist_norm_quantile(((double)(splitmix_next(stream) >> 11) + 0.5) / 9007199254740992.0);
        for (size_t j = 0; j <= i; j++)
            means[all++] = (x[i] + x[j]) / 2;
    }
    return -quantile_select(means, all, outside - 1);
}

double power_mde_ranks(size_t n, double alpha, double power)
{
    double means[POWER_RANKED * (POWER_RANKED + 1) / 2], q = NAN;
    size_t outside = paired_outside(n, alpha);
    uint64_t stream = 1945; /* every n has the same */
    if (!(power > alpha && power < 1) || !(alpha > 0))
        return NAN;
    if (!outside)
        return INFINITY;
    if (n > POWER_RANKED)
        return power_mde(power_paired, (double)n, alpha, power) / sqrt(POWER_RANK_EFFICIENCY);
    double *needed = malloc(POWER_DRAWS * sizeof *needed);
    for (size_t i = 0; needed && i < POWER_DRAWS; i++)
        needed[i] = shift_needed(&stream, n, outside, means);
    if (needed) {
        quantile_sort(needed, POWER_DRAWS);
        q = quantile_hf7(needed, POWER_DRAWS, power);
    }
    free(needed);
    return q;
}

double power_precision_n(double cv, double rel_halfwidth, double confidence)
{
    double root = dist_norm_quantile(0.5 + confidence / 2) * cv / rel_halfwidth;
    return ceil(root * root - 1e-9);
}
