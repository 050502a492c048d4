/* power.c: see power.h. */
#include "stats/power.h"

#include <math.h>

#include "stats/dist.h"

static double power_of(double df, double shift, double alpha)
{
    if (!(df > 0) || !(alpha > 0 && alpha < 1) || isnan(shift))
        return NAN;
    double limit = dist_t_quantile(1 - alpha / 2, df);
    return dist_nct_cdf(-limit, df, shift) + dist_nct_cdf(-limit, df, -shift); /* P(T > t) at c is P(T < -t) at -c */
}

double power_t(double n, double d, double alpha)
{
    return power_of(2 * n - 2, d * sqrt(n / 2), alpha);
}

double power_paired(double n, double d, double alpha)
{
    return power_of(n - 1, d * sqrt(n), alpha);
}

/* Both grow with what is sought. */
double power_n(power_fn *test, double d, double alpha, double power)
{
    double low = 1.01, high = 1e7;
    if (!(power > alpha && power < 1) || !(alpha > 0) || !(test(high, d, alpha) >= power))
        return NAN;
    for (int i = 0; i < 100 && high / low - 1 > 1e-12; i++) {
        double mid = sqrt(low * high);
        if (test(mid, d, alpha) < power)
            low = mid;
        else
            high = mid;
    }
    return high;
}

double power_mde(power_fn *test, double n, double alpha, double power)
{
    double low = 0, high = 1;
    if (!(power > alpha && power < 1) || !(alpha > 0) || !(n > 1))
        return NAN;
    while (test(n, high, alpha) < power && high < 1e6)
        high *= 2;
    for (int i = 0; i < 100 && high - low > 1e-12 * high; i++) {
        double mid = (low + high) / 2;
        if (test(n, mid, alpha) < power)
            low = mid;
        else
            high = mid;
    }
    return high;
}

double power_precision_n(double cv, double rel_halfwidth, double confidence)
{
    double root = dist_norm_quantile(0.5 + confidence / 2) * cv / rel_halfwidth;
    return ceil(root * root - 1e-9);
}
