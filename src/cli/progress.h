/* progress.h: what happens, on stderr: a line per step, and on a terminal one line that is rewritten. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "cli/app.h"
#include "study/execute.h"

struct progress {
    bool tty, quiet;
    bool open; /* a rewritten line is on the screen */
};

void progress_say(void *user, const char *line); /* user: struct progress */
void progress_tick(void *user, const struct execute_progress *x);
void progress_close(struct progress *p);

#endif
