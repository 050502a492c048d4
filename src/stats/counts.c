/* counts.c: see counts.h. */
#include "stats/counts.h"

#include <math.h>

#include "stats/dist.h"

double counts_zero_failures_upper(double n, double confidence)
{
    return n > 0 && confidence > 0 && confidence < 1 ? -expm1(log1p(-confidence) / n) : NAN;
}

struct counts_interval counts_poisson_ci(double k, double confidence)
{
    double tail = (1 - confidence) / 2;
    if (!(k >= 0) || !(confidence > 0 && confidence < 1))
        return (struct counts_interval){NAN, NAN};
    return (struct counts_interval){k > 0 ? dist_gamma_quantile(tail, k) : 0, dist_gamma_quantile(1 - tail, k + 1)};
}

static double log_choose(double n, double k)
{
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

/* The tables with these margins, by the number in their first cell. */
static double fisher(double k1, double n1, double k2, double n2)
{
    const double alike = 1e-7; /* tables whose chance differs by rounding alone are equally likely; R's choice too */
    double hits = k1 + k2, all = log_choose(n1 + n2, hits), sum = 0;
    double seen = log_choose(n1, k1) + log_choose(n2, k2) - all;
    for (double i = fmax(0, hits - n2); i <= fmin(hits, n1); i++) {
        double chance = log_choose(n1, i) + log_choose(n2, hits - i) - all;
        if (chance <= seen + alike)
            sum += exp(chance);
    }
    return fmin(1, sum);
}

struct counts_comparison counts_compare(double k1, double n1, double k2, double n2)
{
    const double most = 1e8; /* beyond, the exact sum is neither needed nor quick */
    struct counts_comparison c = {NAN, NAN, NAN};
    if (!(n1 > 0 && n2 > 0 && k1 >= 0 && k2 >= 0 && k1 <= n1 && k2 <= n2 && n1 + n2 <= most))
        return c;
    double pooled = (k1 + k2) / (n1 + n2), variance = pooled * (1 - pooled) * (1 / n1 + 1 / n2);
    c.z = (k1 / n1 - k2 / n2) / sqrt(variance); /* 0 / 0 when all ended alike */
    c.p = 2 * dist_norm_sf(fabs(c.z));
    c.fisher_p = fisher(k1, n1, k2, n2);
    return c;
}
