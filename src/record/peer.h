/* Other tools' definitions: what they would have said of the same requests. One table of tools, one of their
 * numbers; both pure over the record. The names are theirs and so are the flaws: TTFT, ITL and TPOT are
 * several quantities each, and only a formula tells which.
 *
 * Times are the record's stamps, not the tool's own clock: this is what the tool would say on an idle client
 * with a connection already open. Requests that did not end with outcome ok are left out, as the tools do;
 * where they still count (windows), the definition says so. Completion tokens are those the server told: a
 * number for which the tool would have tokenised the text itself is not given (lack). */
#ifndef RECORD_PEER_H
#define RECORD_PEER_H

#include <stddef.h>

#include "record/metric.h"

/* How a tool takes a percentile of n values. */
#define PEER_RULE_LIST(X)                                                                                              \
    X(LINEAR, "linear interpolation (NumPy, pandas)")                                                                  \
    X(NEAREST_RANK, "nearest rank")                                                                                    \
    X(FLOOR, "the sorted value at index floor(n p)")                                                                   \
    X(MEDIAN, "median only (benchstat)")

enum peer_rule {
#define X(name, words) PEER_RULE_##name,
    PEER_RULE_LIST(X)
#undef X
};

/* What is comparable across tools by name; a tool's first row of a quantity is the one to set beside others'. */
enum peer_quantity {
    PEER_TTFT,
    PEER_ITL,
    PEER_TPOT,
    PEER_E2E,
    PEER_SPEED,        /* output tokens per second of one request */
    PEER_OUTPUT_RATE,  /* output tokens per second of a run */
    PEER_REQUEST_RATE, /* completed requests per second of a run */
    PEER_GOODPUT,      /* requests per second that keep given limits */
    PEER_OTHER,
    PEER_QUANTITIES = PEER_OTHER
};

struct peer_tool {
    const char *id;   /* "vllm": the end of its numbers' ids */
    const char *name; /* "vLLM bench" */
    enum peer_rule rule;
    const char *source; /* where the definitions were read */
};

struct peer_limits;

/* Values gathered over requests and runs. Zero-initialised is empty; release it. */
struct peer_pool {
    double *at;     /* owned */
    double *weight; /* owned; of each value, where a tool weighs them; NULL: all 1 */
    size_t n, cap;
    double sum;                       /* of all values, those known by their sum only included; of value * weight */
    double count;                     /* of all values; the sum of their weights */
    size_t n_summed;                  /* values that are in `sum` but not in `at` */
    const char *lack;                 /* set: there is no number at all */
    const struct peer_limits *limits; /* for goodput; NULL: none given */
};

struct peer {
    const char *id; /* "ttft.vllm"; keeps its definition for ever, as a metric's does */
    const struct peer_tool *tool;
    const char *name; /* the tool's own, as in its export */
    enum peer_quantity quantity;
    const char *unit;       /* ours, where the tool prints another (ms for s): only the scale differs */
    const char *over;       /* what n counts: "requests", "gaps" or "runs" */
    const char *definition; /* the formula, in stamps and words of doc/method.md */
    void (*of_request)(const struct request *, struct peer_pool *);
    void (*of_run)(const struct run *, struct peer_pool *);
};

const struct peer_tool *peer_tool_at(size_t i); /* NULL behind the last */
const struct peer_tool *peer_tool_find(const char *id);
const struct peer_tool *peer_tool_find(const char *id);
const struct peer *peer_at(size_t i);         /* NULL behind the last; a tool's rows stand together */
const struct peer *peer_find(const char *id); /* NULL: no such id */
const char *peer_rule_words(enum peer_rule r);

extern const char peer_lack_tokenizer[]; /* "needs the tool's tokenizer" */
extern const char peer_lack_chunks[];    /* "needs the chunks, which this record does not hold" */
extern const char peer_lack_limits[];    /* "needs limits (--goodput)" */

/* What a request must keep to be a good one, each by the tool's own definition; 0: no limit. */
struct peer_limits {
    double ttft_ms, tpot_ms, e2e_ms; /* AIPerf: tpot is its inter_token_latency */
};

/* Pooled over the completed requests of all runs, as the tools do: not our unit of statistics. A number of a
 * run gives one value per run. */
struct peer_number {
    size_t n;                   /* values, weighted ones once; 0: no request or run has it */
    double mean, p50, p90, p99; /* NaN: not given */
    const char *lack;           /* why there is none though there were requests; NULL */
    const char *lack_quantiles; /* why there is only a mean; NULL */
};
/* limits: for goodput, NULL: none given. */
struct peer_number peer_of_runs(const struct peer *p, const struct peer_limits *limits, const struct run *const *runs,
                                size_t n);

/* The row as a metric, for comparisons: of one run by this tool's rule, the median or the one number. */
struct metric peer_metric(const struct peer *p);

/* ---- the values themselves, for files in a tool's own format ---- */

void peer_pool_add(struct peer_pool *p, double value);                         /* NaN: nothing */
void peer_pool_add_weighted(struct peer_pool *p, double value, double weight); /* weight 0 or NaN: nothing */
void peer_pool_merge(struct peer_pool *p, const struct peer_pool *from);
void peer_pool_sort(struct peer_pool *p);
void peer_pool_release(struct peer_pool *p);

struct peer_moments {
    double mean, std, min, max; /* NaN without values; std divides by n: all of these tools do */
};
struct peer_moments peer_pool_moments(const struct peer_pool *sorted);
/* By the tool's rule; NaN without values. */
double peer_pool_percentile(const struct peer_pool *sorted, enum peer_rule rule, double p);

/* The time by which a tool divides what a run completed, in s; NaN: nothing was sent. */
double peer_whole_s(const struct run *r);             /* first sent to last done, failed requests included */
double peer_aiperf_s(const struct run *r);            /* first sent to last last_token, of completed requests */
double peer_guidellm_tokens(const struct request *r); /* the server's count, else chunks; NaN: no chunks either */

#endif
