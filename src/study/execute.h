/* execute.h: carries a study out: servers up, plan stored, run after run, resumed where a former attempt stopped. */
#ifndef STUDY_EXECUTE_H
#define STUDY_EXECUTE_H

#include "study/study.h"

struct execute_progress {
    const char *arm;
    int32_t block, blocks;
    size_t run, runs;           /* this one (from 1) and all of the plan */
    mono_ns elapsed_ns, eta_ns; /* of the run; of the rest of the study by the mean of its finished runs (0 unknown) */
    int64_t in_flight, chunks;
};

struct execute_options {
    const char *result_path;
    const char *report_dir; /* where the agents' report files go; NULL: none are written */
    bool again;             /* a complete result of the same path is replaced */
    const char *self_path, *command_line, *version, *commit;
    const volatile int *stop;
    void (*say)(void *user, const char *line);                  /* one step done; may be NULL */
    void (*tick)(void *user, const struct execute_progress *p); /* ≤ 10 Hz; may be NULL */
    void *user;
};

struct execute_summary {
    size_t planned, done_before, done_now, failed_requests;
    bool already_complete; /* nothing was run */
    size_t failed_now;     /* runs without a complete attempt, because their servers failed */
    char why[1024];        /* the first of them */
};

/* ERR_INTERRUPTED when *stop was set: what was finished is stored, the run in progress is marked aborted and the same call
 * resumes. ERR_REFUSED when the result file holds another plan. ERR_SERVER after the first run: some runs could not be made,
 * all others were. */
int study_execute(const struct study *s, const struct execute_options *o, struct execute_summary *out, struct err *e);

#endif
