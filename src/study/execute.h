/* execute.h: carries a study out: servers up, plan stored, run after run, resumed where a former attempt stopped. */
#ifndef STUDY_EXECUTE_H
#define STUDY_EXECUTE_H

#include "load/driver.h"
#include "store/store.h"
#include "study/study.h"

struct execute_options {
    const char *result_path;
    const char *report_dir; /* where the agents' report files go; NULL: none are written */
    bool again;             /* a complete result of the same path is replaced */
    const char *self_path, *command_line, *version, *commit;
    const volatile int *stop;
    /* What goes on, for whoever shows it; each may be NULL. */
    void (*say)(void *user, const char *line); /* one step done */
    /* Once, before any run; borrowed during the call, the names in it until the study is released. */
    void (*planned)(void *user, const struct plan_row *rows, size_t n);
    /* A run becomes PLANNED (it is prepared), RUNNING (its window is about to open), COMPLETE; those that were complete
     * before come first, in order, only as COMPLETE. Without its requests; borrowed during the call. */
    void (*run)(void *user, const struct run *r);
    /* In the window, at most 10 times a second: of the run that was last told to be RUNNING and began at started_ns. */
    void (*tick)(void *user, mono_ns started_ns, const struct driver_moment *m);
    /* A request of that run ended and is being stored; one thread at a time, in an agent's run that of the window. */
    void (*request)(void *user, const struct request *r);
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
