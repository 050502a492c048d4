/* steady.c: see steady.h. */
#include "stats/steady.h"

#include <math.h>

#include "stats/dist.h"
#include "stats/moments.h"

/* From the last batch to the first, so that the sum of squares over the rest grows by one batch a step (Welford 1962)
 * and nothing is stored. */
struct steady_mser steady_mser5(const double *x, size_t n, double *statistics)
{
    struct steady_mser best = {.n_batches = n / STEADY_MSER_BATCH, .statistic = NAN};
    size_t m = best.n_batches, place = 0;
    double mean = 0, squares = 0;
    for (size_t d = m; d-- > 0 && m >= 2;) {
        double z = moments_mean(x + d * STEADY_MSER_BATCH, STEADY_MSER_BATCH), kept = (double)(m - d);
        double delta = z - mean;
        mean += delta / kept;
        squares += delta * (z - mean);
        double statistic = squares / (kept * kept);
        if (statistics && d <= m / 2)
            statistics[d] = statistic;
        if (d <= m / 2 && !(statistic > best.statistic)) { /* NaN at first; the first d wins a tie */
            best.statistic = statistic;
            place = d;
        }
    }
    best.truncate = place * STEADY_MSER_BATCH;
    best.settled = m >= 2 && place < m / 2;
    return best;
}

struct interval steady_batch_means(const double *x, size_t n, size_t batches, double confidence)
{
    double means[STEADY_MAX_BATCHES];
    if (!batches || batches > STEADY_MAX_BATCHES || n < batches)
        return (struct interval){NAN, NAN, NAN, 0};
    size_t length = n / batches;
    for (size_t j = 0; j < batches; j++)
        means[j] = moments_mean(x + j * length, length);
    return interval_mean(means, batches, confidence);
}

void steady_section_shares(const double *x, size_t n, size_t sections, double q, double *shares)
{
    size_t length = n / sections;
    for (size_t j = 0; j < sections; j++) {
        size_t above = 0;
        for (size_t i = 0; i < length; i++)
            above += x[j * length + i] > q;
        shares[j] = (double)above / (double)length;
    }
}

struct steady_section steady_section_of_shares(const double *shares, size_t sections, size_t n, double p, double least,
                                               double confidence)
{
    struct steady_section s = {NAN, NAN, NAN, NAN, NAN, NAN};
    double b = (double)sections, length = (double)(n / sections), sd = moments_sd(shares, sections);
    s.inflation = fmax(least, sd > 0 ? sd * sd * length / (p * (1 - p)) : 0);
    s.half_p = dist_t_quantile(0.5 + confidence / 2, b - 1) * sqrt(s.inflation * p * (1 - p) / length / b);
    s.m = (double)n * (1 - p) / fmax(s.inflation, 1);
    return s;
}

struct steady_section steady_section_quantile(const double *x, const double *sorted, size_t n, double p,
                                              size_t sections, double least, double confidence)
{
    const double fuzz = 1e-9; /* a rank that is whole but for rounding is taken as whole */
    struct steady_section s = {NAN, NAN, NAN, NAN, NAN, NAN};
    double shares[STEADY_MAX_BATCHES], whole = (double)n;
    if (sections < 2 || sections > STEADY_MAX_BATCHES || n < sections || !(p > 0 && p < 1))
        return s;
    double q = sorted[(size_t)fmax(1, ceil(p * whole - fuzz)) - 1];
    steady_section_shares(x, n, sections, q, shares);
    s = steady_section_of_shares(shares, sections, n, p, least, confidence);
    s.q = q;
    double low = fmax(1, floor((p - s.half_p) * whole + fuzz)), high = ceil((p + s.half_p) * whole - fuzz);
    s.lo = sorted[(size_t)low - 1];
    s.hi = high > whole ? INFINITY : sorted[(size_t)fmax(1, high) - 1];
    return s;
}

double steady_in_flight(double rate, double mean_s)
{
    return rate * mean_s;
}
