/* show.h: a report of a result file to stdout or a file. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "cli/app.h"

struct peer_limits;

/* format: "terminal", "md" or "json"; output NULL: stdout; peers: with other tools' definitions, and with limits (or
 * NULL) their goodput. */
int show_report(struct app *app, const char *path, const char *format, const char *output, bool peers,
                const struct peer_limits *limits, struct err *e);

#endif
