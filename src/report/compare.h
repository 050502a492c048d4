/* compare.h: one arm against another, of one result file or of two: which runs count, what differs beside what is to be
 * compared, and what analysis/compare makes of the rest. Like a report: the same files, the same bytes. */
#ifndef REPORT_COMPARE_H
#define REPORT_COMPARE_H

#include "analysis/compare.h"
#include "report/report.h"

struct compare_side {
    struct store *store;
    const char *file; /* as it is to be shown */
    const char *arm;  /* NULL: the only one of the file */
};

/* What difference does not matter. */
struct compare_margin {
    const struct metric *metric; /* NULL: all */
    double value;
    enum {
        MARGIN_PERCENT, /* of the baseline's median */
        MARGIN_UNIT,    /* in the metric's unit */
        MARGIN_LIMIT    /* up to this value of the metric itself, of one where less is better: an SLO */
    } kind;
};

struct compare_spec {
    struct compare_side side[2]; /* the baseline, the candidate; the same store: arms of one study, paired by block */
    const struct metric *const *metrics; /* the family; none: a small one by the kind of runs */
    size_t n_metrics;
    const struct compare_margin *margins; /* a later one of the same metric wins */
    size_t n_margins;
    const char *const *across; /* names of facts that may differ */
    size_t n_across;
    const char *noise_json; /* what noise.h keeps of servers; NULL: nothing */
};

struct compare_view;
/* Reads everything it needs; the stores may be closed afterwards. *out is NULL on failure. ERR_USAGE: no such arm.
 * ERR_REFUSED: a fact differs that the study does not vary and `across` does not name; the error lists them. */
int compare_view_build(const struct compare_spec *spec, struct compare_view **out, struct err *e);
void compare_view_free(struct compare_view *v); /* NULL is fine */
/* The ids of the metrics with that verdict, separated by ", ", appended. */
void compare_view_metrics(const struct compare_view *v, enum compare_verdict verdict, struct str *out);

/* Both append. */
void compare_terminal(const struct compare_view *v, const struct report_style *style, struct str *out);
/* {"schema":"chimera.compare/1", …}: one line. */
void compare_json(const struct compare_view *v, struct str *out);

#endif
