/* compare.h: means of two samples of runs: tests, ratios, effect sizes, equivalence. NaN where a value is not defined: fewer
 * than two values, or no variation to measure against. */
#ifndef STATS_COMPARE_H
#define STATS_COMPARE_H

#include <stddef.h>

#include "stats/interval.h"

struct compare_t {
    double diff;   /* mean(x) - mean(y) */
    double lo, hi; /* t interval of it */
    double t, df;  /* against 0; NaN when both samples are constant */
    double p;      /* two-sided */
};
/* Unequal variances, degrees of freedom of Satterthwaite 1946 (Welch 1947). */
struct compare_t compare_welch(const double *x, size_t n, const double *y, size_t m, double confidence);
/* Of x[i] - y[i] (Student 1908). */
struct compare_t compare_paired(const double *x, const double *y, size_t n, double confidence);

/* mean(num) / mean(den), independent samples, with Fieller's interval (1954) in the form of Kalibera and Jones (2013): n + m - 2
 * degrees of freedom. Without bounds (infinite) when the mean of den cannot be told from 0. n of the result counts the smaller
 * sample. */
struct interval compare_ratio(const double *num, size_t n, const double *den, size_t m, double confidence);

struct compare_effect {
    double cohen_d;         /* difference of means over the pooled sd (Cohen 1988) */
    double hedges_g;        /* d times J = Gamma(v/2) / (sqrt(v/2) Gamma((v-1)/2)), v = n + m - 2 (Hedges 1981) */
    double hedges_g_approx; /* d (1 - 3 / (4 v - 1)) */
};
struct compare_effect compare_effect(const double *x, size_t n, const double *y, size_t m);

struct compare_tost {
    double t_low, p_low; /* against mean(x) - mean(y) <= low */
    double t_high, p_high;
    double p; /* the larger: below alpha, the difference lies inside low … high */
};
/* Two one-sided Welch tests (Schuirmann 1987): equivalent at alpha exactly when the 1 - 2 alpha interval is inside the limits. */
struct compare_tost compare_equivalence(const double *x, size_t n, const double *y, size_t m, double low, double high);

#endif
