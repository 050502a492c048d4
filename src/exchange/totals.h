/* totals.h: one run read once for the header of another tool's file: the values behind each of the tool's numbers
 * (record/peer.h has the definitions), and the requests without chunks and texts.
 *
 * Memory: about 0.6 KB a request and 8 bytes for each value, so 16 bytes for a chunk; the texts stay in the file. */
#ifndef EXCHANGE_TOTALS_H
#define EXCHANGE_TOTALS_H

#include "base/arena.h"
#include "record/peer.h"
#include "store/store.h"

/* How the tools divide requests. */
enum fate { FATE_COMPLETED, FATE_FAILED, FATE_CANCELLED, FATES };
enum fate fate_of(const struct request *r); /* unsent ones failed */

enum { TOTALS_MAX_ROWS = 16 };
struct totals {
    struct run run;              /* its requests are owned; they have stamps, counts, names and outcome only */
    const char *model, *backend; /* of the first request; NULL when there is none */
    int64_t count[FATES];
    double prompt_tok, completion_tok; /* of completed requests; NaN when the server did not tell one of them */
    const struct peer *row[TOTALS_MAX_ROWS];
    struct peer_pool pool[TOTALS_MAX_ROWS][FATES]; /* sorted; of a run's number only the first */
    size_t n_rows;
};

/* Names live in the arena. */
int totals_read(struct store *s, const struct run *run, const char *tool, struct arena *a, struct totals *t,
                struct err *e);
void totals_release(struct totals *t);

/* By the end of the id: totals_pool(t, "ttft") is the pool of ttft.TOOL. A name that the tool has not is a bug. */
struct peer_pool *totals_pool(struct totals *t, const char *name);
double totals_rate(struct totals *t, const char *name);            /* a run's number; NaN: not given */
double totals_total_rate(const struct totals *t, double window_s); /* prompt and completion tokens per second */

/* A completed request's number by one definition; NaN: it has none. */
double peer_value(const struct peer *row, const struct request *r);
double told_or_nan(int64_t count); /* NaN for a count that was not told */

#endif
