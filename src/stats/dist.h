/* Distributions: the regularised incomplete beta function, its inverse, and Student's t through it. */
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

#endif
