/* MLPerf LoadGen's early stopping: how many queries a bound on a quantile needs. It counts queries as independent, so it
 * is offered for parity only; in a loaded queue its 99 % holds in far fewer runs. */
#ifndef STATS_EARLYSTOP_H
#define STATS_EARLYSTOP_H

#include <stddef.h>

/* The least h >= 1 such that h queries within the limit beside t over it show, with confidence c, that at least a share
 * p - d is within it: I_{p-d}(h, t + 1) < 1 - c. *odds (may be NULL): that I. 0 and NaN when p - d or c is outside (0, 1)
 * or no h up to 10^12 is enough. */
size_t earlystop_min_passing(size_t t, double p, double d, double c, double *odds);
/* The least number of queries that allows an estimate of the p quantile: one over the limit, the rest within it. 0 where
 * there is none. */
size_t earlystop_min_queries(double p, double c);
/* How many of n queries may lie above the estimate: the largest t >= 1 with earlystop_min_passing(t, p, 0, c) + t <= n; the
 * t-th largest latency is the bound on the p quantile. 0: too few queries. */
size_t earlystop_discard_budget(size_t n, double p, double c);

#endif
