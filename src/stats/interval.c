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

/* Welford's update (1962), because the logarithms are not kept: no allocation in this room. */
struct interval interval_ratio(const double *num, const double *den, size_t n, double confidence)
{
    double mean = 0, squares = 0;
    for (size_t k = 0; k < n; k++) {
        double ratio = num[k] / (den ? den[k] : 1);
        double value = ratio > 0 && isfinite(ratio) ? log(ratio) : NAN;
        double d = value - mean;
        mean += d / (double)(k + 1);
        squares += d * (value - mean);
    }
    struct interval i = {.estimate = n ? exp(mean) : NAN, .lo = NAN, .hi = NAN, .n = n};
    if (n < 2 || isnan(mean))
        return i;
    double sd = sqrt(squares / ((double)n - 1));
    double half = dist_t_quantile(0.5 + confidence / 2, (double)n - 1) * sd / sqrt((double)n);
    i.lo = exp(mean - half);
    i.hi = exp(mean + half);
    return i;
}
