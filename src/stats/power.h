/* How many runs a comparison needs, and what it can see. Two independent groups of equal size compared by Student's t,
 * two-sided; effects in standard deviations of one run. Not whole numbers of runs are allowed; round up. */
#ifndef STATS_POWER_H
#define STATS_POWER_H

/* Probability that the test at level alpha says «different» with n values in each group when the means are d standard
 * deviations apart: noncentral t with 2 n - 2 degrees and d sqrt(n / 2), both tails (Cohen 1988, 2.3). NaN with n <= 1
 * or alpha outside (0, 1). */
double power_t(double n, double d, double alpha);
/* The n per group that has this power, 1 < n <= 10^7; NaN when there is none in that range (d = 0, power <= alpha). */
double power_t_n(double d, double alpha, double power);
/* The minimum detectable effect: the d > 0 that n per group find with this power; NaN when power <= alpha. */
double power_t_mde(double n, double alpha, double power);
/* Values until the interval of a mean is within ± rel_halfwidth of it: (z cv / rel_halfwidth)^2, rounded up; cv is the
 * standard deviation over the mean. For independent values, cv taken as known. */
double power_precision_n(double cv, double rel_halfwidth, double confidence);

#endif
