/* stats: pure functions on arrays of numbers.
 *
 * Owns: moments, quantiles, distributions, intervals, tests of fit, steady state; each checked against reference
 * vectors.
 * Must not know: what the numbers mean, where they come from, any other room.
 *
 * moments.h: mean and sample standard deviation. NaN where they are not defined (n = 0; n < 2). A NaN among
 * the values gives NaN: who calls decides what a missing value means. */
#ifndef STATS_MOMENTS_H
#define STATS_MOMENTS_H

#include <stddef.h>

double moments_mean(const double *x, size_t n);
/* Divides by n - 1. Two passes with the rounding error of the mean taken out again (Chan, Golub, LeVeque
 * 1983, eq. 1.7), so that numbers far from zero lose no digits. */
double moments_sd(const double *x, size_t n);

#endif
