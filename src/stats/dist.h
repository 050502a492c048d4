/* Distributions: the regularised incomplete beta and gamma functions with their inverses, and the laws that follow from
 * them: normal, Student's t (central and not), chi-square, binomial, Kolmogorov. `_sf` is P(X > x), `_quantile` the x with
 * P(X <= x) = p. NaN outside the domain. */
#ifndef STATS_DIST_H
#define STATS_DIST_H

/* I_x(a, b), a and b > 0; x below 0 or over 1 as there. Continued fraction of DLMF 8.17.22, evaluated by Lentz's method. */
double dist_betainc(double x, double a, double b);
/* The x with I_x(a, b) = p. Bisection on a logarithmic scale at both ends: slow (some 100 evaluations) and
 * never lost. */
double dist_betainc_inv(double p, double a, double b);
/* The t with P(T <= t) = p for df > 0 degrees of freedom, df need not be whole (Abramowitz and Stegun 26.7.1
 * inverted). */
double dist_t_quantile(double p, double df);
/* P(T > t). */
double dist_t_sf(double t, double df);
/* P(T <= t) of the noncentral law: T = (Z + nc) / sqrt(chi2(df) / df). The integral over the scale by the trapezoidal rule
 * in its logarithm, which converges geometrically (Trefethen and Weideman 2014). df >= 0.01. */
double dist_nct_cdf(double t, double df, double nc);
/* By erfc; its inverse from Abramowitz and Stegun 26.2.23 with Halley's steps until nothing changes. p = 0 and 1 give
 * the infinities. */
double dist_norm_sf(double z);
double dist_norm_quantile(double p);
/* P(X <= k) and P(X = k) of n trials (DLMF 8.17.24), whole k and n, n <= 2^53. */
double dist_binom_cdf(double k, double n, double p);
double dist_binom_pmf(double k, double n, double p);
/* The smallest whole k with P(X <= k) >= p. */
double dist_binom_quantile(double p, double n, double chance);
/* P(K > x), the limit of P(sqrt(n) D_n > x) (Kolmogorov 1933), by the series that converges at x. */
double dist_kolmogorov_sf(double x);
/* P(a, x) and Q(a, x) = 1 - P(a, x), a > 0, x >= 0: the gamma law's P(X <= x) and P(X > x) with shape a and scale 1;
 * chi-square with df degrees is P(df/2, x/2). Series DLMF 8.7.1 below a + 1, continued fraction DLMF 8.9.2 above, so
 * that neither tail is found by subtraction where it is small. NaN outside the domain. */
double dist_gamma_p(double a, double x);
double dist_gamma_q(double a, double x);
/* The x with P(a, x) = p, and that of chi-square with df degrees. Bisection as for the beta law. */
double dist_gamma_quantile(double p, double a);
double dist_chi2_quantile(double p, double df);

#endif
