/* The shift of pairs: two arms in the same blocks. By order alone and exact, so that five values are judged as what they
 * are. */
#ifndef STATS_PAIRED_H
#define STATS_PAIRED_H

#include <stddef.h>

enum { PAIRED_EXACT = 200 }; /* more differences: normal law */

struct paired_shift {
    double shift;       /* median of all (d[i] + d[j]) / 2, i <= j (Hodges and Lehmann 1963) */
    double lo, hi;      /* of those, by inverting the signed-rank test (Tukey; Hollander and Wolfe 1999, section 3.3) */
    double actual_conf; /* attained without ties; below `confidence` only where there are too few differences */
    double statistic;   /* the smaller sum of ranks of one sign */
    double p; /* two-sided signed-rank test (Wilcoxon 1945) over all changes of sign, with the ranks as they are:
                           exact with ties too; zeros are left out; 1 when nothing is left */
};
/* Of the differences d[0 … n). NaN with n = 0, where one is not finite, or without memory. Allocates while it works. */
struct paired_shift paired_shift(const double *d, size_t n, double confidence);
/* The least p that n differences can give: 2^(1 - n), at most 1. */
double paired_min_p(double n);
/* How many of the ordered means (d[i] + d[j]) / 2 the test at this level, two-sided, leaves outside on each side: it says
 * «different, above 0» when the one of that number, from 1, is above 0. 0: so few differences never give such a p. */
size_t paired_outside(size_t n, double alpha);

#endif
