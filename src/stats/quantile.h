/* Quantiles by their published definitions (Hyndman and Fan 1996). */
#ifndef STATS_QUANTILE_H
#define STATS_QUANTILE_H

#include <stddef.h>

/* Ascending, in place. NaN must not be among the values. */
void quantile_sort(double *x, size_t n);
/* The value that sorting would put at place k < n (from 0), in linear time as a rule; the others change places (Hoare 1961,
 * FIND). NaN must not be among the values. */
double quantile_select(double *x, size_t n, size_t k);
/* Definition `type`, 1 … 9, of ascending values: 1 the nearest rank, an observed value; 7 the default of R and NumPy. p is
 * taken into 0 … 1. As in R, a position that is whole but for rounding is taken as whole. NaN when n is 0. */
double quantile_hf(const double *sorted, size_t n, double p, int type);
double quantile_hf7(const double *sorted, size_t n, double p);
/* The middle value, or the mean of the middle two. Sorts x in place. */
double median(double *x, size_t n);

struct quantile_ranks {
    double lo, hi;   /* 1-based; 0 and n + 1 stand for minus and plus infinity */
    double coverage; /* attained: P(lo <= B <= hi - 1), B binomial(n, p) */
};
/* Order statistics around the quantile p, of independent values from any law: lo = q_B(alpha/2), hi = q_B(1 - alpha/2) + 1
 * (David and Nagaraja 2003, section 7.1). NaN when n is 0 or p or confidence is not inside 0 … 1. */
struct quantile_ranks quantile_ci_ranks(double n, double p, double confidence);

struct quantile_interval {
    double lo, hi; /* infinite where the rank is beyond the data */
    double coverage;
};
struct quantile_interval quantile_ci(const double *sorted, size_t n, double p, double confidence);

/* The least n at which the largest of n independent values is over the quantile p with this confidence:
 * 1 - p^n >= confidence (Wilks 1941). */
double quantile_min_n(double p, double confidence);
/* Half width of the band around a whole distribution function of n independent values: sqrt(ln(2 / alpha) / (2 n))
 * (Dvoretzky, Kiefer and Wolfowitz 1956, constant of Massart 1990). */
double quantile_dkw(double n, double alpha);

#endif
