/* resample.h: bootstrap intervals and permutation tests. What is resampled is the unit of replication: runs. Every stream of
 * random numbers starts at the given seed (splitmix.h), so that a report can be computed again bit for bit. */
#ifndef STATS_RESAMPLE_H
#define STATS_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "stats/interval.h"

enum { RESAMPLE_MAX_REPLICATES = 1000000 };

/* A statistic of n >= 1 values, which it may reorder; ctx is the caller's. */
typedef double resample_statistic(double *x, size_t n, const void *ctx);

struct bootstrap {
    double theta;              /* of the sample itself */
    double se;                 /* sd of the replicates */
    double z0, a;              /* bias correction, ties counted half; acceleration by the jackknife */
    double alpha_lo, alpha_hi; /* the quantiles of the replicates that BCa takes */
    double bca_lo, bca_hi;     /* NaN when all replicates lie on one side of theta */
    double percentile_lo, percentile_hi, basic_lo, basic_hi;
};
/* Percentile, basic and BCa intervals (Efron 1987; DiCiccio and Efron 1996, eq. 2.2 to 2.4 and 6.6), quantiles of type 7.
 * Where the jackknife does not vary, as with medians of many equal values, a is 0. Each replicate draws n indices in order.
 * All NaN without values, with fewer than two replicates or too many, a statistic that is NaN, or without memory. */
struct bootstrap bootstrap_bca(const double *x, size_t n, resample_statistic *statistic, const void *ctx,
                               size_t replicates, uint64_t seed, double confidence);

/* median(cand) / median(base) - 1 with the percentile interval; each replicate draws the base first. n of the result counts
 * the smaller sample. NaN as above. */
struct interval bootstrap_ratio_medians(const double *base, size_t n_base, const double *cand, size_t n_cand,
                                        size_t replicates, uint64_t seed, double confidence);

/* p of a test by `resamples` random arrangements of which `extreme` were at least as extreme as what was seen, which counts as
 * one of them: never 0 (Phipson and Smyth 2010). */
double permutation_p(double extreme, double resamples);

enum { PERMUTATION_MAX = 1000000 };

struct permutation {
    size_t extreme, total; /* arrangements; 0 when there are none or more than PERMUTATION_MAX */
    double p;              /* extreme / total, or NaN */
};
/* All ways to split the values into samples of these sizes, by the absolute difference of the means (Pitman 1937). */
struct permutation permutation_exact(const double *x, size_t n, const double *y, size_t m);

struct permutation_groups {
    double f; /* mean square between the groups over that within: one-way analysis of variance (Fisher 1925) */
    double df_between, df_within;
    double p; /* permutation_p of `resamples` random rearrangements, by f (Pitman 1938) */
};
/* Values x[i] of group group[i], 0 … k - 1; with two groups p is that of the absolute difference of the means. NaN unless every
 * group has a value, one has two, and there is variation within. Allocates while it works. */
struct permutation_groups permutation_groups(const double *x, const size_t *group, size_t n, size_t k, size_t resamples,
                                             uint64_t seed);

#endif
