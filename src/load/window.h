/* window.h: how much of a load run counts, and whether it was long enough. Pure, over one metric of the completed
 * requests in the order in which they were planned; used while the run goes on (stop by precision) and behind it.
 *
 * The requests of one run are not independent: the intervals here are those that survive that, and they say nothing
 * about the next run, which only repeated runs can. */
#ifndef LOAD_WINDOW_H
#define LOAD_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "stats/steady.h"

/* ---- where the warm-up ends ------------------------------------------------------------------------------------- */

struct window_warmup {
    size_t drop;  /* values to leave out at the start; they stay in the record */
    bool settled; /* false: no steady state was seen (the truncation point is at its limit, or n < WINDOW_MIN_N) */
};
enum { WINDOW_MIN_N = 50 }; /* ten batches of five: below, MSER-5 finds a point in any series */
/* MSER-5 (stats/steady.h). Over several series of one run take the largest drop, and settled only when all are: what
 * settles last decides. */
struct window_warmup window_warmup(const double *x, size_t n);

/* ---- stop by precision ------------------------------------------------------------------------------------------ */

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

/* ---- is the tail resolved? -------------------------------------------------------------------------------------- */

#define TAIL_VERDICT_LIST(X)                                                                                           \
    X(OK, "OK")                                                                                                        \
    X(WEAK, "WEAK")                                                                                                    \
    X(UNRESOLVED, "UNRESOLVED")
enum tail_verdict {
#define X(name, word) TAIL_##name,
    TAIL_VERDICT_LIST(X)
#undef X
};

enum { TAIL_SECTIONS = 10 };

struct window_tail {
    enum tail_verdict verdict;
    double p;
    size_t n;
    double q, lo, hi;  /* hi +inf: cannot be bounded above; lo is then all that can be said */
    double m;          /* effective exceedances */
    double duration_s; /* that would give OK: the larger of 10 / m and, with a driver below 3, 10 / driver_m, times this
                        * run's, and never less than it; NaN when n is 0 */
};

/* The quantile p of x by ten sections at 95 %: OK with m >= 10, WEAK with m >= 3, else UNRESOLVED. m >= 10 means a bounded
 * upper end and n >= 10 / (1 - p), which is over the least n for independent values (299 for p99 by Wilks 1941, 662 by
 * MLPerf's early stopping). driver_m: m of the slowest metric of the run (its TTFT, as a rule); NaN for that metric itself.
 * A driver below 3 leaves every other at best WEAK. duration_s: of the values. x: planned order, no NaN; below ten
 * values, or with p outside (0, 1), everything but n and the duration is NaN and the verdict UNRESOLVED. */
void window_tail(const double *x, size_t n, double p, double driver_m, double duration_s, struct window_tail *out);
const char *tail_verdict_word(enum tail_verdict v);

#endif
