/* claims.h: the numbers that the original lab (Technical Reports TR108 to TR121) printed, computed again from its rows alone:
 * which of them come out, which of them mean what was said, and what the rows say instead.
 *
 * One table (struct claim) holds what was claimed; nothing that is computed stands in it. Every figure comes with the fields
 * of the rows it was made of. Pure: rows in, results
 * out. */
#ifndef ANALYSIS_CLAIMS_H
#define ANALYSIS_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "record/run.h"

/* ---- rows ----------------------------------------------------------------------------------------------------------- */

/* A number or a text of a row. */
struct claim_field {
    const char *path; /* where in the row: keys and places in lists (from 0), joined by dots */
    const char *name; /* the same by the names that claims use: each key by claim_key */
    double number;    /* true is 1, false 0; NaN: it is none */
    const char *text; /* NULL: it is none */
};

/* The lab wrote the same things under several keys, and its joined rows have short ones. NULL: the key is left out of the
 * name. Borrowed: static, or the key itself. */
const char *claim_key(const char *key);

struct claim_row {
    const char *file;       /* that was imported */
    int64_t line;           /* in it */
    const char *origin;     /* the path in the lab's repository that the row names; NULL: none */
    const char *format;     /* of the import */
    const struct run *runs; /* made of it; NULL: none */
    size_t n_runs;
    const struct claim_field *fields;
    size_t n_fields;
};

/* ---- results -------------------------------------------------------------------------------------------------------- */

struct claim_use {
    const struct claim_row *row;
    const struct claim_field *field;
};

struct claim_figure {
    const char *metric, *unit;
    double value;
    double lo, hi;          /* 95 %; NaN: none */
    size_t n;               /* values behind it */
    const char *of;         /* what those are: "runs", "calls" */
    struct claim_use *uses; /* those of one row stand together */
    size_t n_uses;
};

struct claim_work;

struct claim {
    const char *id;        /* "TR114.mean_efficiency" */
    const char *statement; /* what the lab said of the number */
    const char *unit;
    double claimed;
    int digits; /* printed behind the point */
    /* How it is computed again: see claims_work.h. */
    double (*recompute)(struct claim_work *w);
    void (*judge)(struct claim_work *w);
    const char *format, *from, *group; /* its rows: see claim_select */
    const char *only;                  /* those of them with this backend, tag, …; NULL: all */
    const char *field;
    double (*statistic)(const double *x, size_t n);
    size_t rows; /* there are in the full set */
};

enum claim_state {
    CLAIM_SURVIVES, /* the number comes out of the rows and they support what was said of it */
    CLAIM_FALLS,
    CLAIM_PARTIAL, /* not all of its rows are here: no verdict */
    CLAIM_NO_ROWS  /* none is */
};

enum { CLAIM_INSTEAD_MAX = 8 };

struct claim_result {
    const struct claim *claim;
    struct claim_figure recomputed;
    bool reproduced; /* the same to the printed digits */
    enum claim_state state;
    const char *why;                                /* a sentence or more; never NULL */
    struct claim_figure instead[CLAIM_INSTEAD_MAX]; /* what the rows say */
    size_t n_instead;
};

/* One result per claim, in the order of the table; everything in the arena, names and rows borrowed. */
size_t claims_compute(const struct claim_row *rows, size_t n, struct arena *a, struct claim_result **out);

#endif
