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

struct moments_shape moments_shape(const double *x, size_t n)
{
    double mean = moments_mean(x, n), m2 = 0, m3 = 0, m4 = 0, whole = (double)n;
    for (size_t i = 0; i < n; i++) {
        double d = x[i] - mean;
        m2 += d * d / whole;
        m3 += d * d * d / whole;
        m4 += d * d * d * d / whole;
    }
    if (!(m2 > 0))
        return (struct moments_shape){NAN, NAN};
    return (struct moments_shape){m3 / (m2 * sqrt(m2)), m4 / (m2 * m2) - 3};
}

double moments_geomean(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] > 0 ? log(x[i]) : NAN;
    return n ? exp(sum / (double)n) : NAN;
}

double moments_hmean(const double *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] > 0 ? 1 / x[i] : NAN;
    return n ? (double)n / sum : NAN;
}

struct moments_sums moments_merge(struct moments_sums a, struct moments_sums b)
{
    double n = a.n + b.n, d = b.mean - a.mean;
    if (!(a.n > 0) || !(b.n > 0))
        return a.n > 0 ? a : b;
    return (struct moments_sums){n, a.mean + d * b.n / n, a.m2 + b.m2 + d * d * a.n * b.n / n};
}
