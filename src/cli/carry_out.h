/* carry_out.h: what `run` and `agent` share: execute a study, say where it got to, show the report. */
#ifndef CLI_CARRY_OUT_H
#define CLI_CARRY_OUT_H

#include "cli/app.h"
#include "cli/options.h"
#include "study/study.h"

struct carry_out {
    const char *output;     /* -o; NULL: results/STUDY.db */
    const char *report_dir; /* --reports DIR; NULL */
    const char *prior;      /* --prior FILE; NULL */
    const char *api_key_file, *cacert;
    struct text_list headers;
    bool again, quiet, json, dry_run;
    bool gate_void; /* ERR_GATE when a run is VOID, behind the report */
};

/* The option rows that both commands have; `c` receives the values. */
#define CARRY_OUT_OPTIONS(c)                                                                                           \
    {'o', "output", OPT_TEXT, &(c)->output, "FILE", "result file (default: results/STUDY.db)"},                        \
        {0, "reports", OPT_TEXT, &(c)->report_dir, "DIR", "write each agent's report there as Markdown"},              \
        {0, "again", OPT_FLAG, &(c)->again, NULL, "run anew: a complete result of this study is replaced"},            \
        {0, "dry-run", OPT_FLAG, &(c)->dry_run, NULL, "print the plan and start nothing"},                             \
        {0, "prior", OPT_TEXT, &(c)->prior, "FILE", "an earlier result, from which --dry-run says how long it takes"}, \
        {0, "header", OPT_LIST, &(c)->headers, "LINE", "extra header for external servers, 'Name: value'"},            \
        {0, "api-key-file", OPT_TEXT, &(c)->api_key_file, "FILE", "key for external servers (else OPENAI_API_KEY)"},   \
        {0, "cacert", OPT_TEXT, &(c)->cacert, "FILE", "PEM file of trusted roots for https"},                          \
        {'q', "quiet", OPT_FLAG, &(c)->quiet, NULL, "no progress on stderr"},                                          \
    {                                                                                                                  \
        0, "json", OPT_FLAG, &(c)->json, NULL, "print the report (or the plan) as JSON"                                \
    }

int carry_out(struct app *app, struct study *s, struct carry_out *c, struct err *e);
/* Without the report, and into this file. */
int carry_out_study(struct app *app, struct study *s, const struct carry_out *c, const char *path, struct err *e);

#endif
