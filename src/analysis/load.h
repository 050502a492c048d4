/* load.h: what one run of plain load shows: how much came through, how long it took, and how far its percentiles can be
 * believed. From the record alone; the run's plan (asked rate, law) is the caller's. One run in, plain numbers out. */
#ifndef ANALYSIS_LOAD_H
#define ANALYSIS_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "record/metric.h"
#include "record/run.h"

/* Whether every session of a run is plain load, and there is one. */
bool load_is(const struct run *r);

/* ---- tails ------------------------------------------------------------------------------------------------ */

#define TAIL_STATE_LIST(X)                                                                                             \
    X(OK, "OK")                 /* at least LOAD_M_OK effective exceedances, and the run's driver too */               \
    X(WEAK, "WEAK")             /* at least LOAD_M_WEAK, or the driver is not OK */                                    \
    X(UNRESOLVED, "UNRESOLVED") /* fewer, or no sections to tell: only the lower bound is a statement */

enum tail_state {
#define X(name, word) TAIL_##name,
    TAIL_STATE_LIST(X)
#undef X
};

#define LOAD_M_OK 10.0
#define LOAD_M_WEAK 3.0

/* A quantile over a run's completed requests: Hyndman-Fan type 1, for p50 the median as of every metric, with the
 * sectioned 95 % interval (stats/steady.h, ten sections in the order of sending). m counts the effective exceedances,
 * n (1 - p) over the inflation by dependence. The inflation of a percentile is taken as at least that of the lower ones
 * and 1, for the interval too. m of 10 implies the floors for independent values (p50 11, p90 64, p99 662: the least n
 * that has two values above the quantile with 99 % probability), so they are no rule of their own. */
struct load_tail {
    double p;
    double q;      /* NaN without values */
    double lo, hi; /* NaN with fewer values than sections; hi is +inf when it cannot be bounded above */
    double m;      /* NaN with fewer values than sections */
    enum tail_state state;
    /* What would make it OK if the server went on as it did: requests and seconds of such a run. The larger of what its
     * own m and what the driver's m asks for; NaN when it is OK or the window is not known. */
    double need_n, need_s;
};

enum { LOAD_TAILS = 3, LOAD_LATENCIES = 5, LOAD_SECTIONS = 10 };

struct load_latency {
    const struct metric *metric;       /* ttft, ttft.planned, tpot, e2e, e2e.planned in this order */
    size_t n;                          /* completed requests that have it */
    struct load_tail tail[LOAD_TAILS]; /* p50, p90, p99 */
    double max;                        /* NaN without values */
};

/* ---- a run ------------------------------------------------------------------------------------------------ */

#define LOAD_STALL_MS 500.0 /* a longer gap inside a stream is a stall: a reader notices it */

struct load_warmup {
    size_t n;       /* sends looked at, in their order */
    size_t drop;    /* MSER-5 would drop so many at the start: the slowest of the three series */
    bool settled;   /* false: one of them never settled, or there are too few */
    const char *by; /* "ttft", "e2e" or "in flight": the slowest; NULL: none is long enough to tell */
};

struct load_run {
    const struct run *run; /* borrowed */
    struct run_counts counts;
    double window_s; /* metric makespan: from the release to the end of the last session; NaN when not known */
    /* Per second. planned and sent between the first and the last of their stamps, (n - 1) / span: the drain at the end
     * is not in it; completed over the window. NaN with fewer than two stamps. */
    double planned_rate, sent_rate, completed_rate;
    double output_tok;  /* of all requests, failed ones as far as they told; NaN when a completed one told no count */
    double output_rate; /* metric output_rate.system */
    /* Requests between sent and done, failed ones included. The mean by Little's law: the sum of done - sent over the
     * window. */
    double in_flight_mean;
    size_t in_flight_max;
    struct load_latency latency[LOAD_LATENCIES];
    struct load_warmup warmup;
    double gap_max_ms;        /* the longest gap in any completed request; NaN when none has two arrivals */
    int64_t gap_max_seq;      /* in this request; -1 */
    size_t streamed, stalled; /* completed requests with a gap; of these, with one over LOAD_STALL_MS */
    double late_limit_ms;     /* the verdict's for send_lag: the larger of 1 ms and 1 % of the median e2e */
    size_t late;              /* sent later than that after planned */
};

/* ---- the arrivals of an open loop ----------------------------------------------------------------------------- */

struct load_law {
    double rate;  /* per second, > 0, the same all the time */
    double shape; /* of gamma gaps of mean 1 / rate, > 0; 1: Poisson arrivals; INFINITY: constant gaps */
};

/* Did the requests leave as the law says? By the times of sending, each known to the run's p99 of send lag only. */
struct load_arrivals {
    size_t n;
    double cv2, cv2_law;                  /* of the gaps; the first NaN with fewer than two */
    bool tested;                          /* a random law and at least RENEWAL_MIN_N sends */
    double ks_p, dispersion_p, acf1_p, p; /* NaN unless tested; p: of the whole (stats/renewal.h) */
};

void load_arrivals_of_run(const struct run *r, const struct load_law *law, struct load_arrivals *out);

/* Of one complete run. Allocates only while it works. The driver of the tails is what settles slowest of time to first
 * token and requests in flight at each send: a percentile of anything else is at best WEAK while that is not OK. */
void load_of_run(const struct run *r, struct load_run *out);
const char *tail_state_word(enum tail_state s);

#endif
