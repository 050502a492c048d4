/* uncertainty.c: see uncertainty.h. */
#include "stats/uncertainty.h"

#include <math.h>

#include "stats/dist.h"

double uncertainty_rectangular(double half_width)
{
    return half_width / sqrt(3);
}

double uncertainty_quantum(double quantum)
{
    return quantum / sqrt(12);
}

struct uncertainty uncertainty_combine(const struct uncertainty_part *parts, size_t n, double confidence)
{
    double squares = 0, fourths = 0, p = 0.5 + confidence / 2;
    for (size_t i = 0; i < n; i++) {
        double square = parts[i].u * parts[i].u;
        squares += square;
        fourths += square * square / parts[i].df;
    }
    struct uncertainty c = {.u = n ? sqrt(squares) : NAN, .df = fourths > 0 ? squares * squares / fourths : INFINITY};
    c.k = isinf(c.df) ? dist_norm_quantile(p) : dist_t_quantile(p, c.df);
    c.expanded = c.k * c.u;
    return c;
}
