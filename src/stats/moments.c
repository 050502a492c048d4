/* moments.c: see moments.h. */
#include "stats/moments.h"

#include <math.h>

/* Pairwise sum of x - shift: the error grows with log n (Higham 1993). */
static double sum_from(const double *x, size_t n, double shift)
{
    if (n <= 16) {
        double s = 0;
        for (size_t i = 0; i < n; i++)
            s += x[i] - shift;
        return s;
    }
    return sum_from(x, n / 2, shift) + sum_from(x + n / 2, n - n / 2, shift);
}

double moments_mean(const double *x, size_t n)
{
    if (!n)
        return NAN;
    double rough = sum_from(x, n, 0) / (double)n;
    return rough + sum_from(x, n, rough) / (double)n;
}

double moments_sd(const double *x, size_t n)
{
    if (n < 2)
        return NAN;
    double mean = moments_mean(x, n), squares = 0, rest = 0;
    for (size_t i = 0; i < n; i++) {
        double d = x[i] - mean;
        squares += d * d;
        rest += d;
    }
    return sqrt((squares - rest * rest / (double)n) / ((double)n - 1));
}
