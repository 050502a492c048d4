/* interval.c: see interval.h. */
#include "stats/interval.h"

#include <math.h>

#include "stats/dist.h"
#include "stats/moments.h"

struct interval interval_mean(const double *x, size_t n, double confidence)
{
    struct interval i = {.estimate = moments_mean(x, n), .lo = NAN, .hi = NAN, .n = n};
    if (n < 2)
        return i;
    double half = dist_t_quantile(0.5 + confidence / 2, (double)n - 1) * moments_sd(x, n) / sqrt((double)n);
    i.lo = i.estimate - half;
    i.hi = i.estimate + half;
    return i;
}

static double ratio_at(const double *num, const double *den, size_t k)
{
    double ratio = num[k] / (den ? den[k] : 1);
    return ratio > 0 && isfinite(ratio) ? ratio : NAN;
}

/* Welford's update (1962), because the logarithms are not kept: no allocation in this room. They are taken
 * against the first ratio, so that equal ratios give exactly that ratio, and ratios close together lose no
 * digits. */
struct interval interval_ratio(const double *num, const double *den, size_t n, double confidence)
{
    double mean = 0, squares = 0, first = n ? ratio_at(num, den, 0) : NAN;
    for (size_t k = 0; k < n; k++) {
        double value = log(ratio_at(num, den, k) / first);
        double d = value - mean;
        mean += d / (double)(k + 1);
        squares += d * (value - mean);
    }
    struct interval i = {.estimate = first * exp(mean), .lo = NAN, .hi = NAN, .n = n};
    if (n < 2 || isnan(mean))
        return i;
    double sd = sqrt(squares / ((double)n - 1));
    double half = dist_t_quantile(0.5 + confidence / 2, (double)n - 1) * sd / sqrt((double)n);
    i.lo = first * exp(mean - half);
    i.hi = first * exp(mean + half);
    return i;
}
