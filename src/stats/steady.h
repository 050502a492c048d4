/* Series in the order of time: where the warm-up ends, and intervals that stay honest when neighbours are alike. */
#ifndef STATS_STEADY_H
#define STATS_STEADY_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/interval.h"

enum { STEADY_MSER_BATCH = 5, STEADY_MAX_BATCHES = 256 };

struct steady_mser {
    size_t truncate;  /* values to drop at the start; a multiple of 5 */
    size_t n_batches; /* m, whole batches of 5; the rest at the end is ignored */
    bool settled;     /* false: the minimum is at the last place allowed, or there are fewer than two batches */
    double statistic; /* its value there; NaN without two batches */
};
/* MSER-5 (White 1997; White, Cobb and Spratt 2000): over the means Z of batches of five, the first d <= m/2 with the
 * least sum over i > d of (Z_i - mean_d)^2 / (m - d)^2. statistics (may be NULL): that of every d, m / 2 + 1 values when m
 * is at least 2. */
struct steady_mser steady_mser5(const double *x, size_t n, double *statistics);

/* The mean of the first batches * (n / batches) values with the t interval of the batches' means (Conway 1963): holds
 * when a batch is much longer than what one value remembers. n of the result counts batches. NaN when a batch would be
 * empty or `batches` is over STEADY_MAX_BATCHES. */
struct interval steady_batch_means(const double *x, size_t n, size_t batches, double confidence);

struct steady_section {
    double q;         /* pooled quantile, Hyndman-Fan type 1 (nearest rank, an observed value) */
    double lo, hi;    /* hi is +inf when the rank is beyond the data: it cannot be bounded above */
    double half_p;    /* half width in probability */
    double inflation; /* D: variance of the sections' shares over that of independent values */
    double m;         /* effective exceedances: n (1 - p) / max(D, 1) */
};
/* Of the shares of n values that each section has above a quantile p: half_p, inflation and m, as below; the rest is NaN.
 * The inflation is taken as at least `least` (0: as it is), for the others too; without any spread it is 0. */
struct steady_section steady_section_of_shares(const double *shares, size_t sections, size_t n, double p, double least,
                                               double confidence);
/* Sectioned quantile interval (the sectioning of Asmussen and Glynn 2007, III.5a, on the share above the quantile): f_j
 * = share of section j above q, D = s_f^2 L / (p (1 - p)) with L = n / sections, and not below `least`;
 * h = t(sections - 1) sqrt(D p (1 - p) / L / sections), which is t s_f / sqrt(sections) of D's own s_f; the interval goes
 * from rank floor((p - h) n) to rank ceil((p + h) n). `x` in time order, `sorted` the same values ascending. All NaN with
 * n < sections, sections < 2 or > STEADY_MAX_BATCHES, or p outside (0, 1). */
struct steady_section steady_section_quantile(const double *x, const double *sorted, size_t n, double p,
                                              size_t sections, double least, double confidence);

/* Share of each section above q; the values behind the last whole section are left out. shares: one per section. */
void steady_section_shares(const double *x, size_t n, size_t sections, double q, double *shares);

/* Little's law: how many are in a system that they enter at `rate` per second and leave after `mean_s` (Little 1961). */
double steady_in_flight(double rate, double mean_s);

#endif
