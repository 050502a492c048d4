/* power.h: what a planned study will see, told before it runs, from runs of before (analysis/power.h). */
#ifndef REPORT_POWER_H
#define REPORT_POWER_H

#include "analysis/power.h"
#include "record/run.h"
#include "store/store.h"

struct power_ask {
    int32_t blocks;     /* planned */
    size_t comparisons; /* per metric: arms that are set against the baseline, or levels against the first of theirs */
    size_t speedups;    /* further ones of the family, of the speedup; 0 but in studies with factors */
    /* The metrics of the family; none: compare_default_metrics by the kind of the runs. */
    const struct metric *const *metrics;
    size_t n_metrics;
    double effect;        /* what it should find, as a share; POWER_EFFECT */
    const char *baseline; /* arm of the runs; NULL, or not among them: the first that there is */
    size_t columns;       /* to fill the lines to; 0: as long as they are */
    const char *from;     /* what the runs are, for the text: a file's name, "two pilot blocks" */
};

/* Appends a table with a row per metric and a sentence with the blocks to plan. Runs that do not count (run_is_counted) are left
 * out. Returns the blocks to plan: the most that a metric needs; 0 when no metric tells. */
size_t report_power_of_runs(const struct run *runs, size_t n, const struct power_ask *ask, struct str *out);
/* The same from a result file; *blocks (may be NULL) gets what the above returns. */
int report_power(struct store *prior, const struct power_ask *ask, size_t *blocks, struct str *out, struct err *e);

#endif
