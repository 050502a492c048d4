/* How much a series in the order of time remembers, and what it is worth then. The lags are in values, not in time. */
#ifndef STATS_SERIES_H
#define STATS_SERIES_H

#include <stddef.h>

/* Autocorrelations r_0 … r_lags into out (lags + 1 values): sum (x_i - mean)(x_{i+k} - mean) / sum (x_i - mean)^2, each
 * divided by n (biased; Box and Jenkins 1976, 2.1.5). 0 at lags from n on; all NaN for equal values or n = 0. */
void series_acf(const double *x, size_t n, size_t lags, double *out);

struct series_ljung_box {
    double q, p; /* Q = n (n + 2) sum r_k^2 / (n - k) over k = 1 … m, chi-square with m degrees under independence */
};
/* Ljung and Box 1978. NaN with m = 0, n <= m or equal values. */
struct series_ljung_box series_ljung_box(const double *x, size_t n, size_t m);

struct series_ess {
    double tau;   /* integrated autocorrelation time: 1 + 2 (r_1 + r_2 + …) */
    double n_eff; /* n / tau: so many independent values have a mean as sure as this one */
    size_t cut;   /* the first lag left out */
};
/* Initial positive sequence (Geyer 1992): the pairs r_1 + r_2, r_3 + r_4, … until one is <= 0 or the series ends. NaN
 * and 0 for equal values or n < 2. */
struct series_ess series_ess(const double *x, size_t n);

struct series_exceedance {
    size_t n;   /* values above the quantile */
    double tau; /* of the series of 0 and 1 that says which; NaN when all are the same */
    double m;   /* n / tau; 0 when n is 0, NaN without memory */
};
/* How many independent values above its own p quantile (Hyndman-Fan type 1) a series is worth. `sorted`: the same values
 * ascending. Allocates while it works. */
struct series_exceedance series_exceedance(const double *x, const double *sorted, size_t n, double p);

#endif
