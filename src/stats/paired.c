/* paired.c: see paired.h. */
#include "stats/paired.h"

#include <math.h>
#include <stdlib.h>

#include "stats/dist.h"
#include "stats/quantile.h"

/* P(sum of the ranks of one sign <= limit), each sign as likely as the other. Ranks are doubled, so that ties, which share
 * the mean of their ranks, are whole numbers. `p` takes the sum of all of them + 1 values. */
static double signs_cdf(const size_t *doubled, size_t n, size_t limit, double *p)
{
    double sum = 0;
    size_t most = 0;
    p[0] = 1;
    for (size_t i = 0; i < n; i++) {
        for (size_t t = most + 1; t <= most + doubled[i]; t++)
            p[t] = 0;
        most += doubled[i];
        for (size_t t = most + 1; t-- > 0;)
            p[t] = (p[t] + (t >= doubled[i] ? p[t - doubled[i]] : 0)) / 2;
    }
    for (size_t t = 0; t <= limit && t <= most; t++)
        sum += p[t];
    return sum;
}

static double normal_cdf(double limit, const size_t *doubled, size_t n)
{
    double mean = 0, var = 0;
    for (size_t i = 0; i < n; i++) {
        mean += (double)doubled[i] / 2;
        var += (double)doubled[i] * (double)doubled[i] / 4;
    }
    return dist_norm_sf((mean - limit - 1) / sqrt(var)); /* half a rank for continuity */
}

static double cdf(const size_t *doubled, size_t n, size_t limit, double *work)
{
    return n <= PAIRED_EXACT ? signs_cdf(doubled, n, limit, work) : normal_cdf((double)limit, doubled, n);
}

static int by_size(const void *a, const void *b)
{
    double x = fabs(*(const double *)a), y = fabs(*(const double *)b);
    return (x > y) - (x < y);
}

/* Sorts d by size. */
static double test(double *d, size_t n, size_t *doubled, double *work, double *statistic)
{
    size_t k = 0, plus = 0, all = 0;
    for (size_t i = 0; i < n; i++)
        if (d[i] != 0)
            d[k++] = d[i];
    if (k)
        qsort(d, k, sizeof *d, by_size);
    for (size_t i = 0, run = 1; i < k; i += run) {
        for (run = 1; i + run < k && fabs(d[i + run]) == fabs(d[i]);)
            run++;
        for (size_t j = i; j < i + run; j++) {
            doubled[j] = 2 * i + 1 + run; /* twice the mean of i + 1 … i + run */
            plus += d[j] > 0 ? doubled[j] : 0;
            all += doubled[j];
        }
    }
    size_t least = plus < all - plus ? plus : all - plus;
    *statistic = (double)least / 2;
    return k ? fmin(1, 2 * cdf(doubled, k, least, work)) : 1;
}

/* The most that keep P(sum < outside) within alpha / 2; leaves the ranks in `doubled`. */
static size_t outside(size_t n, double alpha, size_t *doubled, double *work)
{
    size_t low = 0, high = n * (n + 1) / 4 + 1;
    for (size_t i = 0; i < n; i++)
        doubled[i] = 2 * (i + 1);
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (cdf(doubled, n, 2 * (mid - 1), work) <= alpha / 2)
            low = mid;
        else
            high = mid;
    }
    return low;
}

size_t paired_outside(size_t n, double alpha)
{
    size_t exact = n < PAIRED_EXACT ? n : PAIRED_EXACT, k = 0;
    double *work = malloc((exact * (exact + 1) + 1) * sizeof *work);
    size_t *doubled = malloc((n + 1) * sizeof *doubled);
    if (work && doubled)
        k = outside(n, alpha, doubled, work);
    free(work);
    free(doubled);
    return k;
}

static void interval(const double *d, size_t n, double confidence, double *means, size_t *doubled, double *work,
                     struct paired_shift *out)
{
    size_t all = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++)
            means[all++] = (d[i] + d[j]) / 2;
    size_t k = outside(n, 1 - confidence, doubled, work);
    k = k ? k : 1; /* too few differences: from the least to the largest */
    out->actual_conf = 1 - 2 * cdf(doubled, n, 2 * (k - 1), work);
    out->shift = median(means, all);
    out->lo = means[k - 1];
    out->hi = means[all - k];
}

struct paired_shift paired_shift(const double *d, size_t n, double confidence)
{
    struct paired_shift s = {NAN, NAN, NAN, NAN, NAN, NAN};
    for (size_t i = 0; i < n; i++)
        if (!isfinite(d[i]))
            return s;
    double *copy = malloc((n + 1) * sizeof *copy), *means = malloc((n * (n + 1) / 2 + 1) * sizeof *means);
    size_t exact = n < PAIRED_EXACT ? n : PAIRED_EXACT; /* without zeros a larger n may come under it */
    double *work = malloc((exact * (exact + 1) + 1) * sizeof *work);
    size_t *doubled = malloc((n + 1) * sizeof *doubled);
    if (n && copy && means && work && doubled) {
        for (size_t i = 0; i < n; i++)
            copy[i] = d[i];
        interval(d, n, confidence, means, doubled, work, &s);
        s.p = test(copy, n, doubled, work, &s.statistic);
    }
    free(copy);
    free(means);
    free(work);
    free(doubled);
    return s;
}

double paired_min_p(double n)
{
    return fmin(1, exp2(1 - n));
}
