/* proportion.c: see proportion.h. */
#include "stats/proportion.h"

#include <math.h>

#include "stats/dist.h"

static struct interval share_of(size_t k, size_t n)
{
    double share = n && k <= n ? (double)k / (double)n : NAN;
    return (struct interval){.estimate = share, .lo = NAN, .hi = NAN, .n = n};
}

/* The square of the z with P(|Z| <= z) = confidence: it is chi-square with one degree of freedom, and that law only grows.
 * 1500 is beyond the smallest tail that a double holds. */
static double z_squared(double confidence)
{
    double low = 0, high = 1500;
    for (int i = 0; i < 200 && high - low > 1e-15 * high; i++) {
        double mid = low + (high - low) / 2;
        if (dist_gamma_q(0.5, mid / 2) > 1 - confidence)
            low = mid;
        else
            high = mid;
    }
    return low + (high - low) / 2;
}

struct interval proportion_wilson(size_t k, size_t n, double confidence)
{
    struct interval i = share_of(k, n);
    if (isnan(i.estimate))
        return i;
    double whole = (double)n, p = i.estimate, z2 = z_squared(confidence);
    double middle = (p + z2 / (2 * whole)) / (1 + z2 / whole);
    double half = sqrt(z2 * (p * (1 - p) / whole + z2 / (4 * whole * whole))) / (1 + z2 / whole);
    i.lo = k ? fmax(0, middle - half) : 0; /* exact at both ends, whatever the rounding */
    i.hi = k < n ? fmin(1, middle + half) : 1;
    return i;
}

struct interval proportion_clopper_pearson(size_t k, size_t n, double confidence)
{
    struct interval i = share_of(k, n);
    double tail = (1 - confidence) / 2, yes = (double)k, no = (double)n - yes;
    if (isnan(i.estimate))
        return i;
    i.lo = k ? dist_betainc_inv(tail, yes, no + 1) : 0;
    i.hi = k < n ? dist_betainc_inv(1 - tail, yes + 1, no) : 1;
    return i;
}

struct interval proportion_jeffreys(size_t k, size_t n, double confidence)
{
    struct interval i = share_of(k, n);
    double tail = (1 - confidence) / 2, yes = (double)k + 0.5, no = (double)n - (double)k + 0.5;
    if (isnan(i.estimate))
        return i;
    i.lo = dist_betainc_inv(tail, yes, no);
    i.hi = dist_betainc_inv(1 - tail, yes, no);
    return i;
}

static struct interval around(struct interval i, double middle, double whole, double z2)
{
    double half = sqrt(z2 * middle * (1 - middle) / whole);
    i.lo = fmax(0, middle - half);
    i.hi = fmin(1, middle + half);
    return i;
}

struct interval proportion_agresti_coull(size_t k, size_t n, double confidence)
{
    struct interval i = share_of(k, n);
    if (isnan(i.estimate))
        return i;
    double z2 = z_squared(confidence), whole = (double)n + z2;
    return around(i, ((double)k + z2 / 2) / whole, whole, z2);
}

struct interval proportion_normal(size_t k, size_t n, double confidence)
{
    struct interval i = share_of(k, n);
    return isnan(i.estimate) ? i : around(i, i.estimate, (double)n, z_squared(confidence));
}
