/* figure.h: the figures of a report, private to this room. Each writes one SVG, or nothing and returns false when there is
 * nothing to draw; what is drawn is bounded whatever the size of the result, and a figure that leaves something out says so
 * inside. A line, a row of dots or a mark is one run: the unit of replication. */
#ifndef REPORT_FIGURE_H
#define REPORT_FIGURE_H

#include "report/svg.h"
#include "report/view.h"

#define FIGURE_FOREST_CAPTION                                                                                           \
    "A row is one arm: the shift of its runs against the baseline's in the same blocks, with its interval. Broken and " \
    "hollow: nothing is decided."
#define FIGURE_TAILS_CAPTION                                                                                               \
    "A line is one run. Marks are the percentiles that a report may quote, with their 95 % intervals: the further to the " \
    "right, the fewer requests they rest on."
enum { FIGURE_ARMS = 12, FIGURE_ROWS = 48, FIGURE_CURVES = 480, FIGURE_FOREST = 20 };

/* The one figure of the first screen: figure_duet, figure_forest, figure_tails of ttft.planned, or figure_runs of
 * makespan. *caption: how to read it. */
bool figure_answer(struct svg *s, const struct report_view *v, const char **caption);

/* One after the other against side by side in seconds, and the speedup with its interval. */
bool figure_duet(struct svg *s, const struct report_view *v, const struct view_duet *d);
/* Of one metric of the family: every arm's change in percent with its interval, a row each. */
bool figure_forest(struct svg *s, const struct view_comparisons *all, size_t metric);
/* Percentiles of every run of plain load, p50, p90 and p99 marked by how far they can be believed. */
bool figure_tails(struct svg *s, const struct report_view *v, const char *metric);
/* A metric's value of each run, a row per arm, with median and interval. */
bool figure_runs(struct svg *s, const struct report_view *v, const char *metric);
/* Of a metric of requests: the distribution within each run as a curve, and as dots in rows. */
bool figure_ecdf(struct svg *s, const struct report_view *v, const struct metric *m);
bool figure_strips(struct svg *s, const struct report_view *v, const struct metric *m);
/* Effects of the factors in percent with their intervals, a row each. */
bool figure_effects(struct svg *s, const struct report_view *v);
/* Sessions of the runs as lanes over one scale of time, with the phases of each request. */
bool figure_lanes(struct svg *s, const struct run *const *runs, size_t n);

/* ERR_USAGE that says what can be drawn (plot.c). */
int plot_unknown(const char *what, struct err *e);

/* ---- what they share (figure_dist.c) ---------------------------------------------------------------------- */

/* The arms that have the metric in a counted run, the first FIGURE_ARMS of them; a color is a place in the list. */
struct figure_arms {
    const struct view_arm *at[FIGURE_ARMS];
    size_t n, left_out;
};
struct figure_arms figure_arms_with(const struct report_view *v, const struct metric *m);
/* Their names in their colors, below each other when they do not fit beside; the y below. */
double figure_legend(struct svg *s, const struct figure_arms *arms, double y);

/* One counted run's values of a metric of requests, ascending, in the arena. */
struct figure_run {
    const struct run *run;
    size_t arm; /* place in figure_arms */
    double *x;
    size_t n; /* > 0 */
};
/* Arms after each other, blocks within; at most `most`. *left_out: the others. */
size_t figure_runs_of(struct svg *s, const struct figure_arms *arms, const struct metric *m, size_t most,
                      struct figure_run **out, size_t *left_out);
struct scale figure_scale(const struct figure_run *runs, size_t n, double from, double to);
const char *figure_label(struct svg *s, const struct metric *m);           /* "ttft, ms" */
void figure_left_out(struct svg *s, size_t n, const char *what, double y); /* nothing for n = 0 */

#endif
