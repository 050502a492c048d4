/* audit_rules.h: what the rules of the audit share; private to analysis/audit*.c.
 *
 * A rule is `void audit_NAME(struct auditing *x)`: it goes through the studies, gathers points, and calls audit_find. */
#ifndef ANALYSIS_AUDIT_RULES_H
#define ANALYSIS_AUDIT_RULES_H

#include "analysis/audit.h"
#include "base/str.h"

/* Records that belong together: rows of one file; or records with a file each, by their format and the folder two above
 * their own (data folders and run_N do not count). A result of our own is one study without rows. */
struct audit_study {
    const char *name; /* what the paths of its records have in common */
    const struct audit_row **rows;
    size_t n_rows;
    const struct run **runs;          /* of the rows, or all complete ones; each once */
    const struct audit_row **run_row; /* the row of each; NULL for our own */
    size_t n_runs;
};

struct auditing {
    const struct audit_input *in;
    const struct audit_study *studies;
    size_t n_studies;
    const struct audit_rule *rule; /* the one at work */
    struct audit *out;
};

/* Points being gathered, in the arena of the findings. Zero-initialised (with the arena) is empty. */
struct audit_points {
    struct arena *arena;
    struct audit_point *at;
    size_t n, cap;
};
#define AUDIT_POINTS(x)                                                                                                \
    {                                                                                                                  \
        .arena = &(x)->out->arena                                                                                      \
    }
/* note is a format, or NULL. */
void audit_add_row(struct audit_points *p, const struct audit_row *row, const char *note, ...)
    __attribute__((format(printf, 3, 4)));
/* The i-th run of the study; q NULL: all of it. */
void audit_add_run(struct audit_points *p, const struct audit_study *s, size_t i, const struct request *q,
                   const char *note, ...) __attribute__((format(printf, 5, 6)));

/* An arm of our own plan. */
void audit_add_place(struct audit_points *p, const char *arm, const char *note, ...)
    __attribute__((format(printf, 3, 4)));

/* One finding; takes the points. */
void audit_find(struct auditing *x, const struct audit_study *s, const struct audit_points *points, const char *fmt,
                ...) __attribute__((format(printf, 4, 5)));

/* ---- members of records ----------------------------------------------------------------------------------------------- */

/* A member by its path, "summary.efficiency_percent"; of several paths separated by '|', the first that is there and not
 * null. NULL, NaN, "" when none is. */
yyjson_val *audit_member(yyjson_val *object, const char *paths);
double audit_number(yyjson_val *object, const char *paths); /* numbers only */
const char *audit_text(yyjson_val *object, const char *paths);
/* When a record was written, in seconds (of 1970, whatever the zone): NaN when it does not say. */
double audit_time(yyjson_val *object);
/* "2025-10-10 00:02" of that. */
const char *audit_clock(struct arena *a, double time);
const char *audit_place(const struct audit_row *row);
/* The path of a record up to its configuration's folder: without the file and folders `run_N` and `data`. */
struct span audit_folder(const struct audit_row *row);

/* The members that hold an agent's side of a record; NULL behind the last. */
extern const char *const audit_sides[];

/* Settings that labs vary; NULL behind the last. */
extern const char *const audit_factors[];
/* "chimera_homo; num_gpu=80 num_ctx=512; defaults": the scenario and each side's settings, equal for records of equal design.
 * NULL: the record names none. */
const char *audit_design(struct arena *a, const struct audit_row *row);
/* What a table's row or a record's folder is a run of; NULL: not told. */
const char *audit_cell(struct arena *a, const struct audit_row *row);

/* ---- pairs of agents at work together ----------------------------------------------------------------------------------- */

/* What a record of two agents tells; NaN where it does not. */
struct audit_pair {
    const struct audit_row *row;
    yyjson_val *side[2];
    double s[2], wall_s;     /* of each agent, of both together */
    double sequential_s;     /* the numerator of the speedup that was published */
    double speedup, percent; /* as published */
    double tok[2];
};
/* False: the record is none. */
bool audit_pair_of(const struct audit_row *row, struct audit_pair *p);
/* All of a study, in the arena of the findings. */
size_t audit_pairs_of(struct auditing *x, const struct audit_study *s, struct audit_pair **out);

/* Adds the reports of agents that say of themselves that they had no files; how many reports there are. (audit_text.c) */
size_t audit_empty_reports(struct auditing *x, const struct audit_study *s, struct audit_points *points);

/* ---- rules ------------------------------------------------------------------------------------------------------------ */

typedef void audit_rule_fn(struct auditing *x);
/* audit_pairs.c */
audit_rule_fn audit_overlap, audit_serialised, audit_numerators, audit_no_solo;
/* audit_calls.c */
audit_rule_fn audit_degenerate, audit_unfinished, audit_truncated, audit_empty_corpus;
/* audit_order.c */
audit_rule_fn audit_time_step, audit_order, audit_warmth, audit_one_order;
/* audit_cells.c */
audit_rule_fn audit_winner, audit_missing, audit_few_runs;
/* audit_energy.c */
audit_rule_fn audit_power_windows, audit_wrong_device;
/* audit_label.c */
audit_rule_fn audit_precision_label, audit_copied_ttft, audit_compile_label;
/* audit_fit.c */
audit_rule_fn audit_leverage;
/* audit_text.c */
audit_rule_fn audit_keywords, audit_ungrounded;
/* audit_test.c */
audit_rule_fn audit_success_share, audit_assumptions, audit_tails, audit_pooled;

#endif
