/* Does a sample follow the law it was drawn from? The law is known, not fitted: with fitted parameters every p here
 * would be too large (Lilliefors 1967). All p are of the null hypothesis; NaN where a test is not defined. */
#ifndef STATS_GOF_H
#define STATS_GOF_H

#include <stddef.h>

/* Kolmogorov's D against the uniform law, of values that were taken through their law's distribution function: the
 * largest of i/n - high(i) and low(i) - (i-1)/n. Values known exactly: both arrays are the same. Values known within
 * bounds: the bounds, each array ascending by itself; then it is the least D of all samples within them, because order
 * statistics of bounds bound the order statistics. Each in [0, 1]. NaN when n is 0. */
double gof_ks_d(const double *sorted_low, const double *sorted_high, size_t n);
/* P(D_n >= d). n <= 140: exact (Marsaglia, Tsang and Wang 2003; where n d^2 > 4 twice the one-sided sum of Smirnov,
 * which there is exact to all digits, Simard and L'Ecuyer 2011). Above: the limit law at a corrected argument (Vrbik
 * 2018), off by less than 0.00013 everywhere (against SciPy's exact values, n = 141 … 5000). */
double gof_ks_p(double d, size_t n);

struct gof_dispersion {
    double index; /* variance / mean of the counts, n - 1 below the variance: 1 for Poisson counts */
    double chi2;  /* (n - 1) index, chi-square with n - 1 degrees under the null (Fisher 1950) */
    double p_upper;
    double p; /* two-sided: twice the smaller tail */
};
/* Counts of arrivals in n windows of equal expectation against the Poisson law. NaN with n < 2 or no arrival. */
struct gof_dispersion gof_dispersion(const double *counts, size_t n);

struct gof_acf1 {
    double r, lo, hi; /* lag-1 autocorrelation (divided by n), and r ± z / sqrt(n) at 95 % */
    double p;         /* two-sided, independent values; normal with mean -1/n and variance 1/n */
};
/* Bartlett 1946 for the variance, Kendall 1954 for the bias -1/n. NaN with n < 3 or equal values. */
struct gof_acf1 gof_acf1(const double *x, size_t n);

#endif
