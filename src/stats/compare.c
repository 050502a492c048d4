/* compare.c: see compare.h. */
#include "stats/compare.h"

#include <math.h>
#include <stdlib.h>

#include "stats/dist.h"
#include "stats/moments.h"

struct error_of_mean {
    double mean, variance; /* of the mean, squared standard error */
    double df;
};

static struct error_of_mean error_of_mean(const double *x, size_t n)
{
    double sd = moments_sd(x, n);
    return (struct error_of_mean){moments_mean(x, n), sd * sd / (double)n, (double)n - 1};
}

static struct compare_t t_test(double diff, double se, double df, double confidence)
{
    struct compare_t c = {.diff = diff, .t = diff / se, .df = df};
    double half = se > 0 ? dist_t_quantile(0.5 + confidence / 2, df) * se : se; /* 0 when nothing varies, or NaN */
    c.lo = diff - half;
    c.hi = diff + half;
    if (!(se > 0))
        c.t = c.df = NAN;
    c.p = 2 * dist_t_sf(fabs(c.t), c.df);
    return c;
}

static double welch_df(struct error_of_mean a, struct error_of_mean b)
{
    double all = a.variance + b.variance;
    return all * all / (a.variance * a.variance / a.df + b.variance * b.variance / b.df);
}

struct compare_t compare_welch(const double *x, size_t n, const double *y, size_t m, double confidence)
{
    struct error_of_mean a = error_of_mean(x, n), b = error_of_mean(y, m);
    return t_test(a.mean - b.mean, sqrt(a.variance + b.variance), welch_df(a, b), confidence);
}

struct compare_t compare_paired(const double *x, const double *y, size_t n, double confidence)
{
    struct compare_t c = {NAN, NAN, NAN, NAN, NAN, NAN};
    double *d = malloc((n + 1) * sizeof *d);
    if (!d)
        return c;
    for (size_t i = 0; i < n; i++)
        d[i] = x[i] - y[i];
    struct error_of_mean e = error_of_mean(d, n);
    c = t_test(e.mean, sqrt(e.variance), e.df, confidence);
    free(d);
    return c;
}

/* The ratios r with (num - r den)^2 <= t^2 (var num + r^2 var den): between the roots of a quadratic with a > 0. */
struct interval compare_ratio(const double *num, size_t n, const double *den, size_t m, double confidence)
{
    struct error_of_mean x = error_of_mean(num, n), y = error_of_mean(den, m);
    double t = dist_t_quantile(0.5 + confidence / 2, x.df + y.df), vx = t * t * x.variance, vy = t * t * y.variance;
    double a = y.mean * y.mean - vy, b = x.mean * y.mean;
    struct interval i = {x.mean / y.mean, NAN, NAN, n < m ? n : m};
    if (isnan(vx + vy))
        return i;
    double root = sqrt(vx * y.mean * y.mean + vy * x.mean * x.mean - vx * vy);
    i.lo = a > 0 ? (b - root) / a : -INFINITY;
    i.hi = a > 0 ? (b + root) / a : INFINITY;
    return i;
}

struct compare_effect compare_effect(const double *x, size_t n, const double *y, size_t m)
{
    double a = moments_sd(x, n), b = moments_sd(y, m), v = (double)n + (double)m - 2;
    double pooled = sqrt((((double)n - 1) * a * a + ((double)m - 1) * b * b) / v);
    double d = pooled > 0 ? (moments_mean(x, n) - moments_mean(y, m)) / pooled : NAN;
    return (struct compare_effect){d, d * exp(lgamma(v / 2) - lgamma((v - 1) / 2)) / sqrt(v / 2),
                                   d * (1 - 3 / (4 * v - 1))};
}

struct compare_tost compare_equivalence(const double *x, size_t n, const double *y, size_t m, double low, double high)
{
    struct error_of_mean a = error_of_mean(x, n), b = error_of_mean(y, m);
    double diff = a.mean - b.mean, se = sqrt(a.variance + b.variance), df = welch_df(a, b);
    struct compare_tost c = {.t_low = (diff - low) / se, .t_high = (diff - high) / se};
    c.p_low = dist_t_sf(c.t_low, df);
    c.p_high = dist_t_sf(-c.t_high, df);
    c.p = c.p_low > c.p_high ? c.p_low : c.p_high; /* NaN both, or none */
    return c;
}
