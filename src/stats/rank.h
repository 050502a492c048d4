/* rank.h: tests and estimates by order alone. Two samples x and y are independent runs; paired ones are blocks. NaN where a
 * value is not finite or there are too few. Where ties forbid the exact law only the normal one is given. */
#ifndef STATS_RANK_H
#define STATS_RANK_H

#include <stddef.h>

#include "stats/interval.h"

struct rank_test {
    double statistic;
    double p_exact;  /* two-sided; NaN with ties or over the limit of the exact law */
    double p_normal; /* two-sided; variance corrected for ties, correction for continuity; 1 when nothing varies */
};
enum { RANK_EXACT_PAIRS = 100000 };

/* U of x: pairs with x > y, ties half (Mann and Whitney 1947). Exact for n m up to RANK_EXACT_PAIRS. */
struct rank_test rank_mann_whitney(const double *x, size_t n, const double *y, size_t m);
/* The least two-sided p that samples of these sizes can give: 2 / C(n + m, n). */
double rank_mann_whitney_min_p(double n, double m);

struct rank_shift {
    double shift;  /* median of all x[i] - y[j] (Hodges and Lehmann 1963) */
    double lo, hi; /* of those differences, by inverting U (Moses; Hollander and Wolfe 1999, section 4.3) */
    double
        actual_conf; /* attained with values that do not tie; below `confidence` only where the samples are too small */
};
/* Exact ranks for n m up to RANK_EXACT_PAIRS, else by the normal law. No array of n m differences is made: memory n + m, time
 * (n + m) log. */
struct rank_shift rank_hodges_lehmann(const double *x, size_t n, const double *y, size_t m, double confidence);

/* P(x > y) - P(x < y) over all pairs (Cliff 1993); (delta + 1) / 2 is A12 of Vargha and Delaney (2000). */
double rank_cliff_delta(const double *x, size_t n, const double *y, size_t m);

#endif
