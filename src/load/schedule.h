/* schedule.h: when each request of an open loop leaves, computed before the window and never corrected in it: a slow
 * server can not make its clients wait (coordinated omission).
 *
 * Arrivals are made in operational time, in which the rate is 1, and mapped to the clock by the inverse of the
 * integrated rate: with gaps of the exponential law that is the exact non-homogeneous Poisson process (Cinlar 1975,
 * Introduction to Stochastic Processes, ch. 4.7), and the other laws follow ramps in the same way. Nothing is rescaled
 * afterwards to hit a count or an end. */
#ifndef LOAD_SCHEDULE_H
#define LOAD_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "stats/rate.h"

#define ARRIVAL_LAW_LIST(X)                                                                                            \
    X(CONSTANT, "constant") /* gaps of exactly 1/rate; the first request leaves at 0 */                                \
    X(POISSON, "poisson")   /* exponential gaps, the first from 0 on */                                                \
    X(GAMMA, "gamma")       /* gamma gaps of mean 1/rate and shape = burstiness */

enum arrival_law {
#define X(name, word) ARRIVAL_##name,
    ARRIVAL_LAW_LIST(X)
#undef X
        ARRIVAL_LAW_COUNT
};

enum {
    SCHEDULE_MAX_STAGES = 64,
    SCHEDULE_MAX_N = 10 * 1000 * 1000, /* 80 MB of offsets */
    SCHEDULE_MAX_RPS = 1000 * 1000,
};
#define SCHEDULE_MAX_NS (366 * 86400 * NS_PER_S)
#define SCHEDULE_OPEN RATE_OPEN /* duration of a last stage that goes on until the count is reached */

struct schedule_spec {
    enum arrival_law law;
    /* GAMMA: shape k of the gaps, 0.1 … 10000; the scale is 1 / (rate k), so the mean gap stays 1/rate and its squared
     * coefficient of variation is 1/k: 1 is Poisson, below 1 burstier. As --burstiness of vLLM's `bench serve`, which
     * after that rescales all gaps so that the last arrival lands at n/rate; this does not. */
    double burstiness;
    struct rate_stage stages[SCHEDULE_MAX_STAGES];
    size_t n_stages;
    int64_t count;        /* stop after so many; 0: when the stages end */
    int64_t uncounted_ns; /* earlier arrivals (of a warm-up) do not count as such; 0 */
    uint64_t seed;        /* of the run; the arrivals are its stream "arrivals" */
};

struct schedule {
    int64_t *at_ns; /* owned; ascending offsets from the window's start, each before the end of the last stage */
    size_t n;
};

/* "10:30s,20..50:60s" or "8": RATE[..RATE][:DURATION], separated by commas; durations in ms, s, m, h; only the last may
 * leave its duration out. Fills stages and n_stages; ERR_USAGE says what is wrong with which stage. */
int schedule_parse_stages(const char *text, struct schedule_spec *spec, struct err *e);
/* ERR_USAGE: rates, durations, burstiness or count that make no schedule. ERR_LIMIT: more than SCHEDULE_MAX_N arrivals or
 * SCHEDULE_MAX_NS. n may be under the count when the stages end first, and 0 when no arrival fell into them. */
int schedule_make(const struct schedule_spec *spec, struct schedule *out, struct err *e);
void schedule_release(struct schedule *s);
const char *arrival_law_word(enum arrival_law law);
int arrival_law_find(const char *word); /* -1: unknown */

#endif
