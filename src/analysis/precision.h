/* precision.h: stop by precision: whether a load has run long enough to know one metric. Over the completed requests of the
 * window in the order in which they were planned, those that have ended so far; so the same function stops a load and
 * finds the stop again in its record.
 *
 * The requests of one run are not independent: the intervals here are those that survive that, and they say nothing
 * about the next run, which only repeated runs can. */
#ifndef ANALYSIS_PRECISION_H
#define ANALYSIS_PRECISION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "record/metric.h"
#include "record/run.h"

enum { PRECISION_FIRST_LOOK = 50 }; /* ten sections of five */

struct precision_rule {
    const struct metric *metric; /* of level request */
    bool mean;                   /* false: its median */
    double relative;             /* half width of the 95 % interval / estimate to reach, above 0 and below 1 */
};

struct precision {
    size_t n; /* values used */
    double estimate, lo, hi;
    double relative; /* of this interval; +inf when it has no upper end; NaN while there is none */
    bool reached;
    double values_needed; /* in all, for the half width to shrink as 1/sqrt(n); NaN while unknown */
};

/* "ttft:3%", "ttft:0.03", "e2e.mean:5%": a metric of level request, its median or mean, and the half width of its interval
 * relative to it. ERR_USAGE says which part is wrong and suggests. */
int precision_parse(const char *text, struct precision_rule *out, struct err *e);

/* The interval of the mean from 20 batch means, of the median from 10 sections, taken for no surer than that of
 * independent values; the quantile of t is that of a confidence half as far from 1, because who looks until it is narrow
 * finds it narrow too early (the coverage of Chow and Robbins 1965 holds only as the width goes to 0). x: in planned
 * order, no NaN. */
struct precision precision_of(const struct precision_rule *rule, const double *x, size_t n);

/* Looks while requests end. Zero-initialised but for its rule. */
struct precision_watch {
    const struct precision_rule *rule; /* borrowed */
    struct precision_value *values;    /* owned */
    size_t n, cap;
    struct precision last; /* at the last look */
};
/* One more finished request; those that do not count are passed over. Looks when there are half as many values again as
 * at the last look, so that few looks are taken; true once a look finds the precision reached: no value is taken then. */
bool precision_add(struct precision_watch *w, const struct request *r);
void precision_watch_release(struct precision_watch *w);

/* ---- of a study ---------------------------------------------------------------------------------------------- */

/* "makespan:5%": any metric that a run has a value of (run_median_of), and the half width relative to the median over runs. */
int precision_parse_of_runs(const char *text, struct precision_rule *out, struct err *e);
/* Of one value per run: the interval that reports give an arm (t, on the log where all are above 0), but at the confidence of
 * the looks above; the estimate is the median. Reached never with fewer than two. */
struct precision precision_over_runs(const struct precision_rule *rule, const double *values, size_t n);

/* What a run's record shows: the first look, in the order in which its requests ended, that found it reached; else all
 * values. */
struct precision precision_of_run(const struct precision_rule *rule, const struct run *r);

#endif
