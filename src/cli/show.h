/* show.h: a report of a result file to stdout or a file. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "cli/app.h"

struct goodput; /* analysis/goodput.h */

/* format: "terminal", "md" or "json"; output NULL: stdout; goodput NULL: none. ERR_USAGE also for goodput of a result
 * without plain load. */
int show_report(struct app *app, const char *path, const char *format, const char *output,
                const struct goodput *goodput, struct err *e);

#endif
