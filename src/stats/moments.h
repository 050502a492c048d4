/* stats: pure functions on arrays of numbers.
 *
 * Owns: moments, quantiles, distributions, intervals, tests, resampling, steady state; each checked against reference
 * vectors (src/vectors).
 * Must not know: what the numbers mean, where they come from, any other room.
 *
 * moments.h: mean, standard deviation and what follows from powers. NaN where they are not defined (n = 0; n < 2). A NaN
 * among the values gives NaN: who calls decides what a missing value means. */
#ifndef STATS_MOMENTS_H
#define STATS_MOMENTS_H

#include <stddef.h>

double moments_mean(const double *x, size_t n);
/* Divides by n - 1. Two passes with the rounding error of the mean taken out again (Chan, Golub, LeVeque
 * 1983, eq. 1.7), so that numbers far from zero lose no digits. */
double moments_sd(const double *x, size_t n);

struct moments_shape {
    double skewness; /* g1 = m3 / m2^1.5 of the central moments divided by n; NaN when all values are equal */
    double kurtosis; /* excess, g2 = m4 / m2^2 - 3 (both: Joanes and Gill 1998) */
};
struct moments_shape moments_shape(const double *x, size_t n);
/* exp(mean of log) and n / sum(1 / x); NaN unless every value is > 0. */
double moments_geomean(const double *x, size_t n);
double moments_hmean(const double *x, size_t n);

struct moments_sums {
    double n, mean, m2; /* m2: sum of squares about the mean */
};
/* Of two disjoint samples together (Chan, Golub, LeVeque 1979). */
struct moments_sums moments_merge(struct moments_sums a, struct moments_sums b);

#endif
