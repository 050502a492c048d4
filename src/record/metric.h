/* The one table of metrics. A metric is a named, versioned definition over the record, with a unit and a
 * better direction; `chimera list metrics`, doc/metrics.md, report headers and exports are made from it.
 * The functions are pure and give NaN where the record does not hold what the definition needs. Rows of
 * level block are computed in analysis/ and have fn NULL here. */
#ifndef RECORD_METRIC_H
#define RECORD_METRIC_H

#include <stddef.h>

#include "record/run.h"

enum metric_level { METRIC_REQUEST, METRIC_SESSION, METRIC_RUN, METRIC_BLOCK };
enum metric_better { BETTER_NONE, BETTER_LOWER, BETTER_HIGHER };

struct peer;

struct metric {
    const char *id;   /* "ttft", "speedup.time", … never reused for another definition */
    const char *unit; /* ms us s tok tok/s % 1 */
    enum metric_better better;
    enum metric_level level;
    const char *definition; /* one sentence with the formula, in the words of doc/method.md */
    const char *source;     /* where the definition comes from; "" when ours */
    double (*of_request)(const struct request *);
    double (*of_session)(const struct run *, const struct session *);
    double (*of_run)(const struct run *);
    const struct peer *peer; /* of another tool's definition (peer_metric), in place of the functions; NULL */
};

#define METRIC_STALL_MS 500.0   /* a longer gap inside a stream is a stall: a reader notices it */
#define METRIC_READER_TOK_S 8.0 /* of reader.wait: some 360 words a minute, a fast reader */

const struct metric *metric_at(size_t i); /* NULL behind the last row */
const struct metric *metric_find(const char *id);
/* One number of a run for any metric: the median over its completed requests (level request) or its
 * sessions (level session) that have the value, the value itself for level run, NaN for level block.
 * Declared for reports and comparisons, so that nobody takes a mean. */
double run_median_of(const struct run *r, const struct metric *m);
const char *metric_level_word(enum metric_level l);
const char *metric_better_word(enum metric_better b);

#endif
