/* show.h: a report of a result file to stdout or a file. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "cli/app.h"

struct goodput;      /* analysis/goodput.h */
struct report_style; /* report/report.h */

struct show_options {
    const char *format;            /* "terminal", "md", "html", "json" or "csv" */
    const char *plot;              /* one figure instead: report_svg to a file, report_plot to stdout; NULL */
    const char *output;            /* NULL: stdout */
    bool ascii;                    /* whatever the locale */
    bool brief;                    /* of terminal and md: some twenty lines */
    bool peers;                    /* with other tools' definitions */
    bool gate_void;                /* ERR_GATE behind the report when a run of it is VOID */
    const struct goodput *goodput; /* limits for plain load, and for the tools that know such; NULL */
};

/* ERR_USAGE also for goodput of a result without plain load, when peers are not asked for either. */
int show_report(struct app *app, const char *path, const struct show_options *o, struct err *e);

/* Its text, appended; *void_runs (may be NULL): how many complete runs are VOID. style: of a terminal. */
int show_render(const char *path, const struct show_options *o, const struct report_style *style, struct str *out,
                size_t *void_runs, struct err *e);

/* The view --view seed-audit; format (not html), output and ascii of o count. */
int show_seed_audit(struct app *app, const char *path, const struct show_options *o, struct err *e);

#endif
