/* goodput.h: how much of a load was served well enough. A request is good when it completed and keeps every limit; all
 * planned requests are the whole, so that failing, cancelling or never sending a request does not raise the share. */
#ifndef ANALYSIS_GOODPUT_H
#define ANALYSIS_GOODPUT_H

#include <stddef.h>

#include "base/err.h"
#include "record/metric.h"
#include "record/run.h"
#include "stats/interval.h"

enum { GOODPUT_LIMITS_MAX = 8 };

struct goodput_limit {
    const char *word; /* as given: "gap"; of a static table */
    const struct metric *metric;
    double limit_ms; /* good: at most that */
};

struct goodput {
    struct goodput_limit limit[GOODPUT_LIMITS_MAX];
    size_t n;
};

/* "ttft:200,tpot:50,gap:500,e2e:5000": words of ttft, ttft.planned, tpot, gap (the metric gap.max), e2e, e2e.planned with
 * a limit in ms each, separated by commas or spaces; each once. ERR_USAGE says which part is wrong and suggests. */
int goodput_parse(const char *text, struct goodput *out, struct err *e);

struct goodput_run {
    int64_t good, planned;
    int64_t not_completed;              /* failed, cancelled or unsent */
    int64_t missed[GOODPUT_LIMITS_MAX]; /* completed requests over this limit; one may miss several */
    int64_t untold[GOODPUT_LIMITS_MAX]; /* completed requests whose record does not tell it: not good */
    struct interval share;              /* good / planned, 95 % Wilson; NaN when nothing was planned */
    double rate;                        /* good per second of the run's makespan; NaN when that is not known */
};

/* One token has no tpot and one arrival no gap: such a request keeps these limits. A token count that the server does not
 * tell leaves tpot untold. */
void goodput_of_run(const struct run *r, const struct goodput *g, struct goodput_run *out);

#endif
