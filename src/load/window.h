/* window.h: stop by precision: whether a load has run long enough. Pure, over one metric of the completed requests in the
 * order in which they were planned. The warm-up and the tails of a finished run are in analysis/load.h.
 *
 * The requests of one run are not independent: the intervals here are those that survive that, and they say nothing
 * about the next run, which only repeated runs can. */
#ifndef LOAD_WINDOW_H
#define LOAD_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "stats/steady.h"

enum { WINDOW_MIN_N = 50 }; /* ten batches of five */

enum window_statistic { WINDOW_MEAN, WINDOW_MEDIAN };

struct window_precision_rule {
    enum window_statistic statistic;
    double relative;   /* half width of the interval / estimate to reach, above 0 and below 1 */
    double confidence; /* of the interval, 0.5 … 0.999 */
    size_t min_n;      /* values before the first look; at least WINDOW_MIN_N is used */
};

struct window_precision {
    size_t n; /* values used, behind the warm-up */
    double estimate, lo, hi;
    double relative; /* reached; +inf when the interval has no upper end; NaN while there is no interval */
    bool reached;
    double values_needed; /* in all, for the half width to shrink as 1/sqrt(n); NaN while unknown */
};

/* ERR_USAGE says which number of the rule is none. */
int window_precision_check(const struct window_precision_rule *rule, struct err *e);
/* The interval of the mean from 20 batch means, of the median from 10 sections; the quantile of t is that of a
 * confidence half as far from 1, because who looks until it is narrow finds it narrow too early (the coverage of Chow and
 * Robbins 1965 holds only as the width goes to 0). x: without the warm-up, in planned order, no NaN. */
void window_precision(const struct window_precision_rule *rule, const double *x, size_t n,
                      struct window_precision *out);
/* The next n at which to look: half as many again, so that few looks are taken; from min_n on. */
size_t window_next_look(const struct window_precision_rule *rule, size_t n);

#endif
