/* Quantiles by their published definitions (Hyndman and Fan 1996). */
#ifndef STATS_QUANTILE_H
#define STATS_QUANTILE_H

#include <stddef.h>

/* Ascending, in place. NaN must not be among the values. */
void quantile_sort(double *x, size_t n);
/* Type 7 (linear interpolation, the default of R and NumPy) of ascending values; 0 <= p <= 1; NaN when n is
 * 0. */
double quantile_hf7(const double *sorted, size_t n, double p);
/* The middle value, or the mean of the middle two. Sorts x in place. */
double median(double *x, size_t n);

#endif
