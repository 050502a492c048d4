/* relation.c: see relation.h. */
#include "stats/relation.h"

#include <math.h>

#include "stats/moments.h"

struct sums {
    double xx, yy, xy; /* about the means */
};

static struct sums sums_of(const double *x, const double *y, size_t n)
{
    double mx = moments_mean(x, n), my = moments_mean(y, n);
    struct sums s = {0, 0, 0};
    for (size_t i = 0; i < n; i++) {
        s.xx += (x[i] - mx) * (x[i] - mx);
        s.yy += (y[i] - my) * (y[i] - my);
        s.xy += (x[i] - mx) * (y[i] - my);
    }
    return s;
}

double relation_correlation(const double *x, const double *y, size_t n)
{
    struct sums s = sums_of(x, y, n);
    return n > 1 && s.xx > 0 && s.yy > 0 ? s.xy / sqrt(s.xx * s.yy) : NAN;
}

struct relation_line relation_line(const double *x, const double *y, size_t n)
{
    struct relation_line l = {NAN, NAN, NAN};
    struct sums s = sums_of(x, y, n);
    if (n < 2 || !(s.xx > 0))
        return l;
    l.slope = s.xy / s.xx;
    l.intercept = moments_mean(y, n) - l.slope * moments_mean(x, n);
    l.r2 = s.yy > 0 ? s.xy * s.xy / (s.xx * s.yy) : NAN;
    return l;
}
