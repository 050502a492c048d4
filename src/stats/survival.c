/* survival.c: see survival.h. */
#include "stats/survival.h"

#include <math.h>
#include <stdlib.h>

static const double fuzz = 1e-9; /* a share that is reached but for rounding is reached */

static int by_time(const void *a, const void *b)
{
    const struct survival_time *x = a, *y = b;
    return (x->t > y->t) - (x->t < y->t);
}

size_t survival_curve(struct survival_time *x, size_t n, struct survival_point *out)
{
    size_t points = 0;
    double share = 1;
    if (n)
        qsort(x, n, sizeof *x, by_time);
    for (size_t i = 0; i < n;) {
        size_t ended = 0, at_risk = n - i;
        double t = x[i].t;
        for (; i < n && x[i].t == t; i++)
            ended += x[i].ended;
        if (!ended)
            continue;
        share *= (double)(at_risk - ended) / (double)at_risk;
        out[points++] = (struct survival_point){t, share};
    }
    return points;
}

double survival_quantile(const struct survival_point *curve, size_t points, double p)
{
    for (size_t i = 0; i < points; i++)
        if (curve[i].share <= 1 - p + fuzz)
            return curve[i].t;
    return INFINITY;
}

/* The share that takes longer than t. */
static double share_after(const struct survival_point *curve, size_t points, double t)
{
    size_t low = 0, high = points;
    while (low < high) { /* the first point after t */
        size_t mid = low + (high - low) / 2;
        if (curve[mid].t <= t)
            low = mid + 1;
        else
            high = mid;
    }
    return low ? curve[low - 1].share : 1;
}

/* The last time by which no more than a share p has ended; the first at least, INFINITY beyond the curve. */
static double lower_end(const struct survival_point *curve, size_t points, double p)
{
    if (isinf(survival_quantile(curve, points, p)))
        return INFINITY;
    double t = curve[0].t;
    for (size_t i = 0; i < points && curve[i].share >= 1 - p - fuzz; i++)
        t = curve[i].t;
    return t;
}

struct steady_section survival_section_quantile(const struct survival_time *x, size_t n,
                                                const struct survival_point *curve, size_t points, double p,
                                                size_t sections, double least, double confidence)
{
    struct steady_section s = {NAN, NAN, NAN, NAN, NAN, NAN};
    double shares[STEADY_MAX_BATCHES];
    if (sections < 2 || sections > STEADY_MAX_BATCHES || n < sections || !(p > 0 && p < 1))
        return s;
    size_t length = n / sections;
    double q = survival_quantile(curve, points, p), above = share_after(curve, points, q);
    for (size_t j = 0; j < sections; j++) {
        shares[j] = 0;
        for (size_t i = j * length; i < (j + 1) * length; i++)
            if (x[i].ended)
                shares[j] += x[i].t > q;
            else /* what is cut off after q lies above it; before, with the share that goes on from there */
                shares[j] += x[i].t >= q ? 1 : above / share_after(curve, points, x[i].t);
        shares[j] /= (double)length;
    }
    s = steady_section_of_shares(shares, sections, n, isinf(q) ? 1 - above : p, least, confidence);
    s.q = q;
    s.lo = lower_end(curve, points, p - s.half_p);
    s.hi = survival_quantile(curve, points, p + s.half_p);
    return s;
}
