/* dry_run.h: what a study would do: its arms with their levels, the servers and how often they are restarted, how long it
 * takes, and what it would be able to see. Starts nothing. */
#ifndef CLI_DRY_RUN_H
#define CLI_DRY_RUN_H

#include "cli/app.h"
#include "study/study.h"

struct dry_run_options {
    const char *prior;  /* an earlier result to estimate from; NULL: result, if it is of this study */
    const char *result; /* where the study would be stored */
    bool json;
};

int dry_run(struct app *app, const struct study *s, const struct dry_run_options *o, struct err *e);

#endif
