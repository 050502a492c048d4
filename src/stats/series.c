/* series.c: see series.h. */
#include "stats/series.h"

#include <math.h>
#include <stdlib.h>

#include "stats/dist.h"
#include "stats/moments.h"
#include "stats/quantile.h"

static double products(const double *x, size_t n, double mean, size_t lag)
{
    double sum = 0;
    for (size_t i = 0; i + lag < n; i++)
        sum += (x[i] - mean) * (x[i + lag] - mean);
    return sum;
}

void series_acf(const double *x, size_t n, size_t lags, double *out)
{
    double mean = moments_mean(x, n), squares = products(x, n, mean, 0);
    for (size_t k = 0; k <= lags; k++)
        out[k] = squares > 0 ? products(x, n, mean, k) / squares : NAN;
}

struct series_ljung_box series_ljung_box(const double *x, size_t n, size_t m)
{
    double mean = moments_mean(x, n), squares = products(x, n, mean, 0), sum = 0;
    if (!m || n <= m || !(squares > 0))
        return (struct series_ljung_box){NAN, NAN};
    for (size_t k = 1; k <= m; k++) {
        double r = products(x, n, mean, k) / squares;
        sum += r * r / (double)(n - k);
    }
    double q = (double)n * ((double)n + 2) * sum;
    return (struct series_ljung_box){q, dist_gamma_q((double)m / 2, q / 2)};
}

struct series_ess series_ess(const double *x, size_t n)
{
    double mean = moments_mean(x, n), squares = products(x, n, mean, 0), sum = 0;
    size_t lag = 1;
    if (!(squares > 0))
        return (struct series_ess){NAN, NAN, 0};
    for (; lag + 1 < n; lag += 2) {
        double pair = (products(x, n, mean, lag) + products(x, n, mean, lag + 1)) / squares;
        if (!(pair > 0))
            break;
        sum += pair;
    }
    return (struct series_ess){1 + 2 * sum, (double)n / (1 + 2 * sum), lag};
}

struct series_exceedance series_exceedance(const double *x, const double *sorted, size_t n, double p)
{
    struct series_exceedance e = {0, NAN, n ? NAN : 0};
    double *above = malloc((n + 1) * sizeof *above);
    if (!n || !above) {
        free(above);
        return e;
    }
    double q = quantile_hf(sorted, n, p, 1);
    for (size_t i = 0; i < n; i++) {
        above[i] = x[i] > q;
        e.n += x[i] > q;
    }
    e.tau = series_ess(above, n).tau;
    e.m = e.n ? (double)e.n / e.tau : 0; /* never all: the quantile is one of them */
    free(above);
    return e;
}
