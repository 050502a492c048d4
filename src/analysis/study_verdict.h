/* study_verdict.h: what a study as a whole can carry: VALID, SUSPECT or VOID from its plan and its runs, whatever their
 * numbers are. A run's own verdict is in record/verdict.h. */
#ifndef ANALYSIS_STUDY_VERDICT_H
#define ANALYSIS_STUDY_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "record/run.h"
#include "record/verdict.h"

enum { STUDY_MIN_BLOCKS = 5 }; /* the fewest that comparisons take, COMPARE_MIN_RUNS */

struct study_course {
    const char *const *arms; /* of the plan; at most one run of each in a block */
    size_t n_arms;
    int32_t blocks;         /* planned */
    bool nested;            /* every block ran the arms in the same order */
    bool enough;            /* ended early because it was precise enough: blocks that were not begun are not missing */
    bool drifts;            /* the runs changed with the time at which they ran, as far as the caller has looked */
    const struct run *runs; /* all attempts */
    size_t n_runs;
};

/* Appends the rules that fired as verdict_of_run does: "blocks: …; missing: …". NONE of a plan of one run, which is no more
 * than its run, and of imported runs. */
enum verdict study_verdict(const struct study_course *c, struct str *why);

#endif
