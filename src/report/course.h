/* course.h: how a study went as a whole, from its result file; private to this room. */
#ifndef REPORT_COURSE_H
#define REPORT_COURSE_H

#include "analysis/study_verdict.h"
#include "base/arena.h"
#include "store/store.h"

/* analysis/study_verdict.h over the plan and the runs of a result; *why lies in the arena. drifts as there;
 * *enough (may be NULL): ended by its stop rule. */
enum verdict course_verdict(struct store *s, const struct store_info *info, const struct run *runs, size_t n_runs,
                            bool drifts, struct arena *a, const char **why, bool *enough);

#endif
