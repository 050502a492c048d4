/* Intervals of a share: k of n things are so, each independently of the others. All take 0 <= k <= n; both ends lie in
 * [0, 1]; all is NaN when n is 0 or k is not within. */
#ifndef STATS_PROPORTION_H
#define STATS_PROPORTION_H

#include <stddef.h>

#include "stats/interval.h"

/* The default: the shares whose score test does not refuse k (Wilson 1927). Near its confidence on average. */
struct interval proportion_wilson(size_t k, size_t n, double confidence);
/* Never below its confidence, for a guarantee: the shares under which neither tail at k is too small (Clopper and
 * Pearson 1934). */
struct interval proportion_clopper_pearson(size_t k, size_t n, double confidence);
/* Equal tails of the posterior under Jeffreys' prior: Beta(k + 1/2, n - k + 1/2) (Brown, Cai and DasGupta 2001). */
struct interval proportion_jeffreys(size_t k, size_t n, double confidence);
/* Around (k + z^2 / 2) / (n + z^2) as if that were the share of n + z^2 (Agresti and Coull 1998): Wilson's middle, wider. */
struct interval proportion_agresti_coull(size_t k, size_t n, double confidence);
/* The textbook's, k / n and its normal error: empty at k = 0 and k = n. To check others' numbers by, not to print. */
struct interval proportion_normal(size_t k, size_t n, double confidence);

#endif
