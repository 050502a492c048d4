/* gof.c: see gof.h. */
#include "stats/gof.h"

#include <math.h>
#include <string.h>

#include "stats/dist.h"
#include "stats/moments.h"
#include "stats/series.h"

double gof_ks_d(const double *sorted_low, const double *sorted_high, size_t n)
{
    double d = 0;
    for (size_t i = 0; i < n; i++) {
        d = fmax(d, (double)(i + 1) / (double)n - sorted_high[i]);
        d = fmax(d, sorted_low[i] - (double)i / (double)n);
    }
    return n ? d : NAN;
}

/* With n d^2 <= 4 and n <= 140, n d <= 23.7: a matrix of at most 2*24 - 1 rows. */
enum { EXACT_N = 140, MAX_ROWS = 47 };

struct matrix {
    int rows;
    int exponent; /* the values stand for at[] * 1e140^exponent: powers of the matrix leave double's range */
    double at[MAX_ROWS][MAX_ROWS];
};

static void multiply(const struct matrix *a, const struct matrix *b, struct matrix *out)
{
    for (int i = 0; i < a->rows; i++)
        for (int j = 0; j < a->rows; j++) {
            double sum = 0;
            for (int k = 0; k < a->rows; k++)
                sum += a->at[i][k] * b->at[k][j];
            out->at[i][j] = sum;
        }
    out->rows = a->rows;
    out->exponent = a->exponent + b->exponent;
    if (out->at[out->rows / 2][out->rows / 2] > 1e140) {
        for (int i = 0; i < out->rows; i++)
            for (int j = 0; j < out->rows; j++)
                out->at[i][j] *= 1e-140;
        out->exponent++;
    }
}

/* By squaring, from the highest bit of n down. */
static void power(const struct matrix *a, size_t n, struct matrix *out)
{
    struct matrix tmp;
    size_t bit = 1;
    while (bit <= n / 2)
        bit *= 2;
    *out = *a;
    for (bit /= 2; bit; bit /= 2) {
        multiply(out, out, &tmp);
        *out = tmp;
        if (n & bit) {
            multiply(out, a, &tmp);
            *out = tmp;
        }
    }
}

/* The matrix H of Marsaglia, Tsang and Wang, section 2: n d = k - h with whole k and 0 <= h < 1. */
static void transitions(struct matrix *a, int k, double h)
{
    int m = 2 * k - 1;
    memset(a, 0, sizeof *a);
    a->rows = m;
    for (int i = 0; i < m; i++)
        for (int j = 0; j < m; j++)
            a->at[i][j] = i - j + 1 >= 0;
    for (int i = 0; i < m; i++) {
        a->at[i][0] -= pow(h, i + 1);
        a->at[m - 1][i] -= pow(h, m - i);
    }
    a->at[m - 1][0] += 2 * h - 1 > 0 ? pow(2 * h - 1, m) : 0;
    for (int i = 0; i < m; i++)
        for (int j = 0; j < m; j++)
            for (int g = 1; g <= i - j + 1; g++)
                a->at[i][j] /= g;
}

static double ks_cdf_exact(double d, size_t n)
{
    struct matrix a, powered;
    double nd = (double)n * d;
    int k = (int)nd + 1;
    transitions(&a, k, k - nd);
    power(&a, n, &powered);
    double s = powered.at[k - 1][k - 1];
    int exponent = powered.exponent;
    for (size_t i = 1; i <= n; i++) {
        s *= (double)i / (double)n;
        if (s < 1e-140) {
            s *= 1e140;
            exponent--;
        }
    }
    return s * pow(1e140, exponent);
}

/* P(D+ >= d) (Smirnov 1944; Birnbaum and Tingey 1951), each term by its logarithm. */
static double ks_one_sided(double d, size_t n)
{
    double sum = 0, whole = (double)n;
    for (size_t j = 0; (double)j <= whole * (1 - d); j++) {
        double left = d + (double)j / whole, right = 1 - left;
        double choose = lgamma(whole + 1) - lgamma((double)j + 1) - lgamma((double)(n - j) + 1);
        double rest = j == n ? 0 : (double)(n - j) * log(right);
        if (right > 0 || j == n)
            sum += exp(choose + ((double)j - 1) * log(left) + rest);
    }
    return d * sum;
}

double gof_ks_p(double d, size_t n)
{
    double whole = (double)n, root = sqrt(whole), p;
    if (!n || isnan(d))
        return NAN;
    if (d <= 0.5 / whole) /* D is never below 1/(2n) */
        return 1;
    if (d >= 1)
        return 0;
    if (n <= EXACT_N) {
        p = whole * d * d > 4 ? 2 * ks_one_sided(d, n) : 1 - ks_cdf_exact(d, n);
    } else {
        double z = root * d;
        p = dist_kolmogorov_sf(z + 1 / (6 * root) + (z - 1) / (4 * whole));
    }
    return fmin(1, fmax(0, p));
}

struct gof_dispersion gof_dispersion(const double *counts, size_t n)
{
    struct gof_dispersion g = {NAN, NAN, NAN, NAN};
    double mean = moments_mean(counts, n), sd = moments_sd(counts, n), df = (double)n - 1;
    if (n < 2 || !(mean > 0))
        return g;
    g.index = sd * sd / mean;
    g.chi2 = df * g.index;
    g.p_upper = dist_gamma_q(df / 2, g.chi2 / 2);
    g.p = fmin(1, 2 * fmin(g.p_upper, dist_gamma_p(df / 2, g.chi2 / 2)));
    return g;
}

struct gof_acf1 gof_acf1(const double *x, size_t n)
{
    const double z = 1.959963984540054; /* normal quantile of 97.5 % */
    double whole = (double)n, r[2];
    series_acf(x, n, 1, r);
    if (n < 3 || isnan(r[1]))
        return (struct gof_acf1){NAN, NAN, NAN, NAN};
    double p = erfc(fabs(r[1] + 1 / whole) * sqrt(whole) / sqrt(2));
    return (struct gof_acf1){r[1], r[1] - z / sqrt(whole), r[1] + z / sqrt(whole), p};
}
