/* quantile.c: see quantile.h. */
#include "stats/quantile.h"

#include <math.h>
#include <stdlib.h>

#include "stats/dist.h"

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

double quantile_select(double *x, size_t n, size_t k)
{
    size_t lo = 0, hi = n - 1, rounds = 64;
    while (lo < hi) {
        double pivot = x[lo + (hi - lo) / 2];
        size_t i = lo, j = hi;
        if (!rounds--) { /* an order made to be slow: n log n at worst */
            quantile_sort(x + lo, hi - lo + 1);
            break;
        }
        for (;; i++, j--) {
            while (x[i] < pivot)
                i++;
            while (x[j] > pivot)
                j--;
            if (i >= j)
                break;
            double swap = x[i];
            x[i] = x[j];
            x[j] = swap;
        }
        if (k <= j) /* x[lo … j] <= pivot <= x[j + 1 … hi], and j < hi */
            hi = j;
        else
            lo = j + 1;
    }
    return x[k];
}

/* Where the value stands: at sorted[low] (0-based), `part` of the way to the next. */
struct position {
    double low, part;
};

/* Whole but for rounding: 4 ulp of the position, as R does. */
static struct position position_at(double at)
{
    double fuzz = 4 * 2.220446049250313e-16 * (fabs(at) + 1), low = floor(at + fuzz), part = at - low;
    return (struct position){low, fabs(part) < fuzz ? 0 : part};
}

/* Definitions 1 to 3 step from one observed value to the next, 4 to 9 lie between them at a + p (n + 1 - a - b). */
static struct position position_of(double n, double p, int type)
{
    static const double a_of[] = {0, 0.5, 0, 1, 1.0 / 3, 3.0 / 8}, b_of[] = {1, 0.5, 0, 1, 1.0 / 3, 3.0 / 8};
    if (type > 3) {
        double a = a_of[type - 4], b = b_of[type - 4];
        return position_at(a - 1 + p * (n + 1 - a - b));
    }
    struct position at = position_at((type == 3 ? n * p - 0.5 : n * p) - 1);
    if (type == 1)
        at.part = at.part > 0;
    else if (type == 2)
        at.part = at.part > 0 ? 1 : 0.5;
    else
        at.part = at.part > 0 || fmod(at.low, 2) == 0; /* to the even rank: 1-based low + 1 */
    return at;
}

double quantile_hf(const double *sorted, size_t n, double p, int type)
{
    if (!n || isnan(p) || type < 1 || type > 9)
        return NAN;
    struct position at = position_of((double)n, p < 0 ? 0 : p > 1 ? 1 : p, type);
    double last = (double)n - 1;
    double low = sorted[(size_t)fmin(fmax(at.low, 0), last)], high = sorted[(size_t)fmin(fmax(at.low + 1, 0), last)];
    return at.part == 0 || low == high ? low : at.part == 1 ? high : low + at.part * (high - low);
}

double quantile_hf7(const double *sorted, size_t n, double p)
{
    return quantile_hf(sorted, n, p, 7);
}

double median(double *x, size_t n)
{
    quantile_sort(x, n);
    return quantile_hf7(x, n, 0.5);
}

struct quantile_ranks quantile_ci_ranks(double n, double p, double confidence)
{
    struct quantile_ranks r = {NAN, NAN, NAN};
    double alpha = 1 - confidence;
    if (!(n >= 1) || !(p > 0 && p < 1) || !(confidence > 0 && confidence < 1))
        return r;
    r.lo = dist_binom_quantile(alpha / 2, n, p);
    r.hi = dist_binom_quantile(1 - alpha / 2, n, p) + 1;
    r.coverage = dist_binom_cdf(r.hi - 1, n, p) - dist_binom_cdf(r.lo - 1, n, p);
    return r;
}

struct quantile_interval quantile_ci(const double *sorted, size_t n, double p, double confidence)
{
    struct quantile_ranks r = quantile_ci_ranks((double)n, p, confidence);
    struct quantile_interval i = {NAN, NAN, r.coverage};
    if (isnan(r.coverage))
        return i;
    i.lo = r.lo < 1 ? -INFINITY : sorted[(size_t)r.lo - 1];
    i.hi = r.hi > (double)n ? INFINITY : sorted[(size_t)r.hi - 1];
    return i;
}

double quantile_min_n(double p, double confidence)
{
    if (!(p > 0 && p < 1) || !(confidence > 0 && confidence < 1))
        return NAN;
    return fmax(1, ceil(log1p(-confidence) / log(p) - 1e-9)); /* a whole n but for rounding is that n */
}

double quantile_dkw(double n, double alpha)
{
    return n > 0 && alpha > 0 && alpha < 1 ? sqrt(log(2 / alpha) / (2 * n)) : NAN;
}
