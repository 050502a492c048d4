/* Intervals over runs. The unit is the run: n counts runs (blocks), never requests. */
#ifndef STATS_INTERVAL_H
#define STATS_INTERVAL_H

#include <stddef.h>

struct interval {
    double estimate; /* what the interval is of */
    double lo, hi;   /* NaN with fewer than two values */
    size_t n;
};

/* t interval of the mean: mean ± t(n-1) sd / sqrt(n) (Student 1908). */
struct interval interval_mean(const double *x, size_t n, double confidence);
/* Geometric mean of num/den with the t interval of the mean of log(num/den), taken back by exp; paired, so
 * that what hits both sides of a pair cancels. den NULL: all 1. Every ratio must be > 0, else all is NaN. */
struct interval interval_ratio(const double *num, const double *den, size_t n, double confidence);

#endif
