/* relation.h: how two values of each of n things go together. NaN with fewer than two things or where one value does not vary. */
#ifndef STATS_RELATION_H
#define STATS_RELATION_H

#include <stddef.h>

/* Product-moment correlation (Pearson 1896). */
double relation_correlation(const double *x, const double *y, size_t n);

struct relation_line {
    double slope, intercept; /* least squares of y on x (Legendre 1805) */
    double r2;               /* share of y's variation that the line has: the squared correlation */
};
struct relation_line relation_line(const double *x, const double *y, size_t n);

#endif
