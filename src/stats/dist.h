/* Distributions: the regularised incomplete beta and gamma functions, the inverse of the first, and Student's t
 * through it. */
#ifndef STATS_DIST_H
#define STATS_DIST_H

/* I_x(a, b), a and b > 0, 0 <= x <= 1. Continued fraction of DLMF 8.17.22, evaluated by Lentz's method. */
double dist_betainc(double x, double a, double b);
/* The x with I_x(a, b) = p. Bisection on a logarithmic scale at both ends: slow (some 100 evaluations) and
 * never lost. */
double dist_betainc_inv(double p, double a, double b);
/* The t with P(T <= t) = p for df > 0 degrees of freedom, df need not be whole (Abramowitz and Stegun 26.7.1
 * inverted). */
double dist_t_quantile(double p, double df);
/* P(a, x) and Q(a, x) = 1 - P(a, x), a > 0, x >= 0: the gamma law's P(X <= x) and P(X > x) with shape a and scale 1;
 * chi-square with df degrees is P(df/2, x/2). Series DLMF 8.7.1 below a + 1, continued fraction DLMF 8.9.2 above, so
 * that neither tail is found by subtraction where it is small. NaN outside the domain. */
double dist_gamma_p(double a, double x);
double dist_gamma_q(double a, double x);

#endif
