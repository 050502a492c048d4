/* quantile.c: see quantile.h. */
#include "stats/quantile.h"

#include <math.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void quantile_sort(double *x, size_t n)
{
    if (n)
        qsort(x, n, sizeof *x, by_value);
}

/* Hyndman and Fan 1996, definition 7: position (n - 1) p + 1. R adds a fuzz of 4 ulp before the floor, so
 * that a position that is whole but for rounding is taken as whole. */
double quantile_hf7(const double *sorted, size_t n, double p)
{
    if (!n)
        return NAN;
    double at = ((double)n - 1) * (p < 0 ? 0 : p > 1 ? 1 : p);
    double fuzz = 4 * 2.220446049250313e-16 * (at + 1);
    double low = floor(at + fuzz), part = at - low;
    size_t i = (size_t)low;
    if (fabs(part) < fuzz || i + 1 >= n)
        return sorted[i < n ? i : n - 1];
    return sorted[i] + part * (sorted[i + 1] - sorted[i]);
}

double median(double *x, size_t n)
{
    quantile_sort(x, n);
    return quantile_hf7(x, n, 0.5);
}
