/* verify.h: recomputes what a result file stores beside the raw record but follows from it: of a request whether it was
 * completed, and its flags; of a run the requests' part of its health, and its verdict with the reasons. By this program's
 * rules: a result judged by other rules differs, too.
 *
 * Not recomputed: cached_prefix of a server that tells no cached tokens (it compares with runs before), degenerate (of the
 * text: text/sanity), the quality of agents' reports (of the corpus, which a result does not hold). */
#ifndef ANALYSIS_VERIFY_H
#define ANALYSIS_VERIFY_H

#include <stdbool.h>

#include "record/tally.h"

/* Both: true, or false with the first difference appended. */
bool verify_request(const struct request *r, struct str *why);
/* The tally is of all its requests. */
bool verify_run(const struct run *r, const struct run_tally *t, struct str *why);

#endif
