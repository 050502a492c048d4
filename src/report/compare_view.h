/* compare_view.h: the plain struct behind a comparison, private to this room. Everything lives in the arena, except the chunk
 * lists of the runs. */
#ifndef REPORT_COMPARE_VIEW_H
#define REPORT_COMPARE_VIEW_H

#include "report/compare.h"

struct side_view {
    const struct compare_side *side; /* borrowed; only while the view is built */
    const char *file, *arm, *label;  /* label: tells the sides apart */
    struct store_info info;
    struct run *runs;
    size_t n_runs;
    bool owner; /* of the runs; false: they are the other side's */
    struct named_json *servers;
    size_t n_servers;
    const char *prompts_json;   /* NULL: none */
    const char *import_json;    /* what imported files told, as exchange/import.c notes it; NULL: none */
    const struct run **counted; /* complete and not VOID */
    size_t n_counted, n_void, n_incomplete;
    double run_s; /* median time of a counted run; NaN */
};

struct compare_difference {
    const char *fact, *a, *b;
    bool declared; /* the study varies it; else --across names it */
};

struct compare_view {
    struct arena arena;
    struct side_view side[2];
    bool one_file;
    const char *imported; /* the tool whose files a side was imported from, unless both were and from two; NULL */
    struct compare_question *questions; /* the family, with margin and floor in the metric's unit */
    struct comparison *results;         /* the same order */
    size_t n;
    struct compare_difference *differences;
    size_t n_differences;
    const char *answer;
    const char **remarks; /* what a reader must know before he believes it, and what is missing */
    size_t n_remarks;
};

/* Median time of the runs; NaN. */
double compare_run_s(struct arena *a, const struct run *const *counted, size_t n);
void compare_remark(struct compare_view *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* compare_facts.c: lists what differs; ERR_REFUSED where that is not allowed. */
int compare_facts(struct compare_view *v, const struct compare_spec *spec, struct err *e);
/* Whether runs of the arm use the server. */
bool compare_uses(const struct side_view *s, const char *server);
/* compare_remarks.c: the answer and the remarks. spec NULL: a pair within a report, which says elsewhere which runs count. */
void compare_remarks(struct compare_view *v, const struct compare_spec *spec);
/* Why result i is inconclusive, beside that there are too few runs for what was seen; NULL. */
const char *compare_why_open(struct compare_view *v, size_t i);
/* 100 × value / |base|; NaN without a base. */
double compare_percent(const struct comparison *c, double value);
/* "block" for pairs, "run" otherwise, with an s unless n is 1. */
const char *compare_units(const struct comparison *c, double n);
/* compare_page.c: with a plus, in percent of the baseline (two decimals at most: a shift is not known better), and a word with
 * Cliff's delta. */
const char *compare_signed_text(struct arena *a, double v);
/* What intervals attain, of the lowest and the highest share: "confidence 93.8 to 95.3 %". */
const char *compare_confidence_text(struct arena *a, double low, double high);
const char *compare_percent_text(struct arena *a, const struct comparison *c, double v);
/* "+94.4 [+72.1, +115]"; of one run without the interval, which is a point and says nothing. */
const char *compare_change_text(struct arena *a, const struct comparison *c);
const char *compare_delta_text(struct arena *a, const struct comparison *c);
/* compare_json.c: an object of all that is known of result i */
struct json_writer;
void compare_json_metric(struct json_writer *w, const struct compare_view *v, size_t i);

#endif
