/* progress.h: what goes on in a study, on stderr: a line per step and, on a terminal, the live view below them, elsewhere a
 * line of it now and then. Its callbacks are those of struct execute_options. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli/app.h"
#include "live/course.h"
#include "study/execute.h"

struct progress;

/* Sets the callbacks of o. */
struct progress *progress_start(const struct app *app, const struct study *s, bool quiet, struct execute_options *o);
void progress_say(struct progress *p, const char *line);
/* Clears the view; before anything else is written to stderr. */
void progress_stop(struct progress *p);

/* What the study asks of its arms: their seconds and requests. */
void progress_asked(struct course *c, const struct study *s);

#endif
