/* Does a series wander, and what a design does about it. */
#ifndef STATS_DRIFT_H
#define STATS_DRIFT_H

#include <stddef.h>

/* Slopes are per place in the series, x = 0, 1, 2, … */
struct drift_trend {
    double tau, tau_p;               /* Kendall's tau-b against the order, two-sided p */
    double sen, sen_lo, sen_hi;      /* median of all pairs' slopes and its 95 % interval */
    double slope, slope_se, slope_p; /* least squares; p by t with n - 2 degrees: for independent errors */
};
/* tau (Kendall 1945): p exact for n <= 33 without ties and where at most one pair is out of order, else normal with the
 * variance for ties (Kendall 1970, chapter 4), without continuity correction. Slopes: Sen 1968, equation 2.6. All NaN
 * with n < 3; tau NaN for equal values. Allocates n (n - 1) / 2 values while it works; without memory the median slope
 * is NaN. */
void drift_trend(const double *y, size_t n, struct drift_trend *out);

struct drift_abba {
    double a_mean, b_mean;
    double diff; /* mean of (B + B - A - A) / 2 over the blocks of four: what grows linearly with time cancels */
};
/* order: one 'A' or 'B' for each of the n values; block_diffs takes n / 4 values. NaN when n is not a multiple of four, a
 * block has not two of each, or n is 0. */
struct drift_abba drift_abba(const char *order, const double *y, size_t n, double *block_diffs);

#endif
