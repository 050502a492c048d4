/* estimate.h: how long a study will take, from the runs of an earlier result. */
#ifndef STUDY_ESTIMATE_H
#define STUDY_ESTIMATE_H

#include "study/plan.h"

struct estimate {
    size_t n_runs;       /* complete runs of the earlier result that it is from; 0: nothing is known */
    size_t n_arms_known; /* arms that have runs there; the others are taken for the median of all runs */
    size_t n_done;       /* runs of this very plan that the earlier result holds */
    double seconds;      /* all planned runs, each the median of its arm, with the median pause between two runs */
    double left_seconds; /* those that are not done */
};

/* From the result file at path. */
int estimate_from(const char *path, const struct study *s, const struct plan *p, struct estimate *out, struct err *e);

#endif
