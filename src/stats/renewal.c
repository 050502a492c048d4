/* renewal.c: see renewal.h. */
#include "stats/renewal.h"

#include <math.h>
#include <stdlib.h>

#include "stats/dist.h"
#include "stats/moments.h"
#include "stats/quantile.h"

/* P(gap > x). */
static double survival(double shape, double x)
{
    return dist_gamma_q(shape, shape * x);
}

static void test_dispersion(const double *unit_gaps, size_t n, struct renewal_test *out)
{
    double end = 0, at = 0;
    for (size_t i = 0; i < n; i++)
        end += unit_gaps[i];
    out->windows = (size_t)(end / RENEWAL_PER_WINDOW); /* the unfinished last one is left out */
    double *counts = calloc(out->windows + 1, sizeof *counts);
    for (size_t i = 0; i < n && counts; i++) {
        at += unit_gaps[i];
        size_t window = (size_t)(at / RENEWAL_PER_WINDOW);
        if (window < out->windows)
            counts[window]++;
    }
    out->dispersion = gof_dispersion(counts, counts ? out->windows : 0);
    free(counts);
}

static double together(const double *p, size_t n)
{
    double least = NAN;
    size_t defined = 0;
    for (size_t i = 0; i < n; i++) {
        defined += isnan(p[i]) ? 0 : 1;
        least = fmin(least, p[i]); /* passes NaN over */
    }
    return fmin(1, least * (double)defined) + (defined ? 0 : NAN);
}

void renewal_test(const double *gaps, double *low, double *high, size_t n, double shape, struct renewal_test *out)
{
    const double least = 1e-300; /* of a survival that underflowed: -log stays finite */
    double *unit = malloc((n + 1) * sizeof *unit);
    *out = (struct renewal_test){NAN, NAN, 0, {NAN, NAN, NAN, NAN}, {NAN, NAN, NAN, NAN}, NAN};
    if (!unit)
        return;
    for (size_t i = 0; i < n; i++) {
        double above_low = survival(shape, low[i]), above_high = survival(shape, high[i]);
        unit[i] = -log(fmax((above_low + above_high) / 2, least));
        low[i] = 1 - above_low;
        high[i] = 1 - above_high;
    }
    quantile_sort(low, n);
    quantile_sort(high, n);
    out->ks_d = gof_ks_d(low, high, n);
    out->ks_p = gof_ks_p(out->ks_d, n);
    out->acf1 = gof_acf1(gaps, n);
    test_dispersion(unit, n, out);
    out->p = together((double[]){out->ks_p, out->dispersion.p, out->acf1.p}, 3);
    free(unit);
}

double renewal_cv2(const double *gaps, size_t n)
{
    double mean = moments_mean(gaps, n), sd = moments_sd(gaps, n);
    return sd * sd / (mean * mean);
}
