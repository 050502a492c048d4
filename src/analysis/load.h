/* load.h: what one run of plain load shows: how much came through, how long it took, and how far its percentiles can be
 * believed. From the record alone; the run's plan (asked rate, law) is the caller's. One run in, plain numbers out. */
#ifndef ANALYSIS_LOAD_H
#define ANALYSIS_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "record/metric.h"
#include "record/run.h"
#include "stats/interval.h"
#include "stats/rate.h"

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

/* A quantile over a run's requests: of the completed ones Hyndman-Fan type 1, for p50 the median as of every metric, with the
 * sectioned 95 % interval (stats/steady.h, ten sections in the order of sending). m counts the effective exceedances,
 * n (1 - p) over the inflation by dependence. The inflation of a percentile is taken as at least that of the lower ones
 * and 1, for the interval too. m of 10 implies the floors for independent values (p50 11, p90 64, p99 662: the least n
 * that has two values above the quantile with 99 % probability), so they are no rule of their own. Where requests were
 * cut off (load_latency) it is that of Kaplan and Meier's curve with the same sections over it (stats/survival.h). */
struct load_tail {
    double p;
    double q;      /* NaN without values; +inf: beyond all that was seen, so over max of load_latency */
    double lo, hi; /* NaN with fewer values than sections; +inf when it cannot be bounded, or is beyond as q may be */
    double m;      /* NaN with fewer values than sections */
    enum tail_state state;
    /* What would make it OK if the server went on as it did: requests and seconds of such a run. The larger of what its
     * own m and what the driver's m asks for; NaN when it is OK or the window is not known. */
    double need_n, need_s;
};

enum { LOAD_TAILS = 3, LOAD_LATENCIES = 5, LOAD_SECTIONS = 10 };

struct load_latency {
    const struct metric *metric; /* ttft, ttft.planned, tpot, e2e, e2e.planned in this order */
    size_t n;                    /* completed requests that have it, and those cut off */
    /* Sent, and ended by a timeout or by us before it was there: it is known to be longer, and no more. None of tpot,
     * which is of completed requests only. A request that was cut off after its first token has its ttft. */
    size_t cut_off;
    struct load_tail tail[LOAD_TAILS]; /* p50, p90, p99 */
    double max; /* the longest seen; with some cut off the true one is that or more; NaN without values */
};

/* ---- a run ------------------------------------------------------------------------------------------------ */

struct load_warmup {
    size_t n;       /* sends looked at, in their order */
    size_t drop;    /* MSER-5 would drop so many at the start: the slowest of the three series */
    bool settled;   /* false: one of them never settled, or there are too few */
    const char *by; /* "ttft", "e2e" or "in flight": the slowest; NULL: none is long enough to tell */
};

/* What a reader would have noticed in the streams: completed requests with a gap between two arrivals of text. */
struct load_streams {
    size_t n, stalled;   /* of these, with a gap over METRIC_STALL_MS */
    size_t broken;       /* besides: not completed, but with a first token */
    double gap_max_ms;   /* the longest; NaN without a stream */
    int64_t gap_max_seq; /* in this request; -1 */
    double stall_share;  /* of the time from first to last text, spent in such gaps; NaN without a stream */
    size_t readers;      /* those that tell how many tokens came when (metric reader.wait) */
    size_t waited;       /* of them, where a reader of METRIC_READER_TOK_S would have waited at all */
    double wait_max_ms;  /* the longest in one stream; NaN without readers */
};

/* Little's law between the first and the last send, where nothing starts or drains: in flight (with those that the warm-up
 * left) = rate of sending * mean of done - sent. The further apart the two, the less was the run in balance. */
struct load_balance {
    double in_flight, law; /* NaN with fewer than two sends */
};

struct load_run {
    const struct run *run; /* borrowed */
    struct run_counts counts;
    struct interval errors; /* failed or never sent, of all planned: 95 % Wilson; NaN when nothing was planned */
    double window_s;        /* metric makespan: from the release to the end of the last session; NaN when not known */
    /* Per second. planned and sent between the first and the last of their stamps, (n - 1) / span: the drain at the end
     * is not in it; completed over the window. NaN with fewer than two stamps. */
    double planned_rate, sent_rate, completed_rate;
    double output_tok;  /* of all requests, failed ones as far as they told; NaN when a completed one told no count */
    double output_rate; /* metric output_rate.system */
    /* Requests between sent and done, failed ones and those of the warm-up included. The mean by Little's law: the sum of
     * done - sent, as far as it lies in the window, over the window. */
    double in_flight_mean;
    size_t in_flight_max;
    struct load_latency latency[LOAD_LATENCIES];
    struct load_warmup warmup;
    struct load_streams streams;
    struct load_balance balance;
    size_t conversations, cut_short; /* sessions of several turns; of these, ended early by an answer that failed; 0 */
    double late_limit_ms;            /* the verdict's for send_lag: the larger of 1 ms and 1 % of the median e2e */
    size_t late;                     /* sent later than that after planned */
};

/* ---- the arrivals of an open loop ----------------------------------------------------------------------------- */

struct load_law {
    const struct rate_stage *stages; /* the rate from the run's start on; borrowed */
    size_t n_stages;                 /* > 0 */
    /* Of gamma gaps of mean 1 / rate (in operational time), > 0; 1: Poisson arrivals; INFINITY: constant gaps. */
    double shape;
};

/* Did the requests, of conversations the first ones, leave as the law says? By the times of sending, each known to the
 * run's p99 of send lag only. */
struct load_arrivals {
    size_t n;
    double cv2, cv2_law;                  /* of the gaps; the first NaN with fewer than two */
    bool tested;                          /* a random law and at least RENEWAL_MIN_N sends */
    double ks_p, dispersion_p, acf1_p, p; /* NaN unless tested; p: of the whole (stats/renewal.h) */
};

void load_arrivals_of_run(const struct run *r, const struct load_law *law, struct load_arrivals *out);

/* Of one complete run; but for the requests in flight, of its window alone. Allocates only while it works. The driver of
 * the tails is what settles slowest of time to first token and requests in flight at each send: a percentile of anything
 * else is at best WEAK while that is not OK. */
void load_of_run(const struct run *r, struct load_run *out);
const char *tail_state_word(enum tail_state s);

#endif
