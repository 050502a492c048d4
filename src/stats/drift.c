/* drift.c: see drift.h. */
#include "stats/drift.h"

#include <math.h>
#include <stdlib.h>

#include "stats/dist.h"
#include "stats/moments.h"
#include "stats/quantile.h"

enum { EXACT_N = 33 };

/* ---- Kendall's tau ------------------------------------------------------------------------------------------- */

/* Pairs in order less pairs out of order. */
static double score(const double *y, size_t n, size_t *out_of_order)
{
    double s = 0;
    *out_of_order = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            s += (y[j] > y[i]) - (y[j] < y[i]);
            *out_of_order += y[j] < y[i];
        }
    return s;
}

/* P(a random order of n has at most c inversions), n <= EXACT_N: value i adds 0 … i - 1 of them, each as likely. */
static double inversions_cdf(size_t n, size_t c)
{
    double p[EXACT_N * (EXACT_N - 1) / 2 + 1] = {1}, next[EXACT_N * (EXACT_N - 1) / 2 + 1], sum = 0;
    for (size_t i = 2; i <= n; i++) {
        for (size_t k = 0; k <= c; k++) {
            next[k] = 0;
            for (size_t add = 0; add < i && add <= k; add++)
                next[k] += p[k - add] / (double)i;
        }
        for (size_t k = 0; k <= c; k++)
            p[k] = next[k];
    }
    for (size_t k = 0; k <= c; k++)
        sum += p[k];
    return sum;
}

struct ties {
    double pairs; /* sum of t (t - 1) / 2 */
    double cubic; /* sum of t (t - 1) (2 t + 5) */
};

static struct ties ties_of(const double *sorted, size_t n)
{
    struct ties t = {0, 0};
    for (size_t i = 0, run = 1; i < n; i += run) {
        for (run = 1; i + run < n && sorted[i + run] == sorted[i];)
            run++;
        double k = (double)run;
        t.pairs += k * (k - 1) / 2;
        t.cubic += k * (k - 1) * (2 * k + 5);
    }
    return t;
}

static void kendall(const double *y, size_t n, struct ties ties, struct drift_trend *out)
{
    double whole = (double)n, pairs = whole * (whole - 1) / 2;
    size_t down, least;
    double s = score(y, n, &down);
    least = s > 0 ? down : (size_t)(pairs - ties.pairs) - down;
    out->tau = s / sqrt(pairs * (pairs - ties.pairs)); /* 0 / 0 for equal values */
    if (ties.pairs == 0 && n <= EXACT_N)
        out->tau_p = fmin(1, 2 * inversions_cdf(n, least));
    else if (ties.pairs == 0 && least <= 1) /* 1 of n! orders, and n - 1 more */
        out->tau_p = 2 * exp(-lgamma(whole + (least ? 0 : 1)));
    else
        out->tau_p = 2 * dist_norm_sf(fabs(s) / sqrt((2 * pairs * (2 * whole + 5) - ties.cubic) / 18));
}

/* ---- slopes -------------------------------------------------------------------------------------------------- */

static void sen(const double *y, size_t n, struct ties ties, struct drift_trend *out)
{
    const double z = 1.959963984540054; /* normal quantile of 97.5 % */
    double whole = (double)n;
    size_t pairs = n * (n - 1) / 2, k = 0;
    double *slopes = malloc(pairs * sizeof *slopes);
    if (!slopes)
        return;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            slopes[k++] = (y[j] - y[i]) / (double)(j - i);
    double half = z * sqrt((whole * (whole - 1) * (2 * whole + 5) - ties.cubic) / 18), all = (double)pairs;
    out->sen = median(slopes, pairs);
    out->sen_lo = slopes[(size_t)fmax(0, rint((all - half) / 2) - 1)];
    out->sen_hi = slopes[(size_t)fmin(all - 1, rint((all + half) / 2))];
    free(slopes);
}

static void least_squares(const double *y, size_t n, struct drift_trend *out)
{
    double whole = (double)n, mid = (whole - 1) / 2, mean = moments_mean(y, n), xx = 0, xy = 0, rest = 0;
    for (size_t i = 0; i < n; i++) {
        xx += ((double)i - mid) * ((double)i - mid);
        xy += ((double)i - mid) * (y[i] - mean);
    }
    out->slope = xy / xx;
    for (size_t i = 0; i < n; i++) {
        double e = y[i] - mean - out->slope * ((double)i - mid);
        rest += e * e;
    }
    double df = whole - 2;
    out->slope_se = sqrt(rest / df / xx);
    out->slope_p = 2 * dist_t_sf(fabs(out->slope) / out->slope_se, df);
}

void drift_trend(const double *y, size_t n, struct drift_trend *out)
{
    *out = (struct drift_trend){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    double *sorted = malloc((n + 1) * sizeof *sorted);
    if (n >= 3)
        least_squares(y, n, out);
    if (n >= 3 && sorted) {
        for (size_t i = 0; i < n; i++)
            sorted[i] = y[i];
        quantile_sort(sorted, n);
        struct ties ties = ties_of(sorted, n);
        kendall(y, n, ties, out);
        sen(y, n, ties, out);
    }
    free(sorted);
}

/* ---- ABBA ---------------------------------------------------------------------------------------------------- */

struct drift_abba drift_abba(const char *order, const double *y, size_t n, double *block_diffs)
{
    const struct drift_abba none = {NAN, NAN, NAN};
    double sum[2] = {0, 0};
    if (!n || n % 4)
        return none;
    for (size_t block = 0; block < n / 4; block++) {
        double b_less_a = 0;
        size_t count[2] = {0, 0};
        for (size_t i = 4 * block; i < 4 * block + 4; i++) {
            if (order[i] != 'A' && order[i] != 'B')
                return none;
            int b = order[i] == 'B';
            count[b]++;
            sum[b] += y[i];
            b_less_a += b ? y[i] : -y[i];
        }
        if (count[0] != 2)
            return none;
        block_diffs[block] = b_less_a / 2;
    }
    double each = (double)n / 2;
    return (struct drift_abba){sum[0] / each, sum[1] / each, moments_mean(block_diffs, n / 4)};
}
