/* How many runs a comparison needs, and what it can see: t tests and the signed-rank test, two-sided. Runs need not be whole
 * numbers; round up. */
#ifndef STATS_POWER_H
#define STATS_POWER_H

#include <stddef.h>

/* Probability that a test at level alpha says «different» when the effect is d standard deviations. NaN with n <= 1 or alpha
 * outside (0, 1). Noncentral t, both tails (Cohen 1988, 2.3 and 2.5). */
typedef double power_fn(double n, double d, double alpha);
/* n values in each of two groups, d standard deviations of one value apart: 2 n - 2 degrees, d sqrt(n / 2). */
power_fn power_t;
/* n differences of pairs, their mean d standard deviations of a difference from 0: n - 1 degrees, d sqrt(n). */
power_fn power_paired;

/* The n that has this power, 1 < n <= 10^7; NaN when there is none in that range (d = 0, power <= alpha). */
double power_n(power_fn *test, double d, double alpha, double power);
/* The minimum detectable effect: the d > 0 that n find with this power; NaN when power <= alpha. */
double power_mde(power_fn *test, double n, double alpha, double power);
enum { POWER_RANKED = 40, POWER_DRAWS = 4000 };
#define POWER_RANK_EFFICIENCY 0.955 /* of rank tests beside t tests, normal values: 3 / pi (Hodges and Lehmann 1956) */
/* The same for the test of paired.h, n normal differences: the exact test, whose p comes in steps, so that few pairs need
 * much more than the t test. Up to POWER_RANKED pairs by POWER_DRAWS samples of a fixed seed (the power is then off by
 * 0.6 %), above by the efficiency. INFINITY where n pairs cannot give such a p; NaN when power <= alpha, or without memory. */
double power_mde_ranks(size_t n, double alpha, double power);
/* Values until the interval of a mean is within ± rel_halfwidth of it: (z cv / rel_halfwidth)^2, rounded up; cv is the
 * standard deviation over the mean. For independent values, cv taken as known. */
double power_precision_n(double cv, double rel_halfwidth, double confidence);

#endif
