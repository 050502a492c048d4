/* audit.h: what somebody's results do not support. Each rule of one table looks at what a result file holds, records of an
 * import and runs of our own alike, and says what it found in a sentence with its numbers and the rows they stand on. A rule
 * decides by what the records say (members, columns, stamps), never by how a file is called, and finds nothing where the
 * record does not tell. Ids with a number are the items of the audit of Technical Reports TR108 to TR121. */
#ifndef ANALYSIS_AUDIT_H
#define ANALYSIS_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <yyjson.h>

#include "analysis/design.h"
#include "base/arena.h"
#include "record/run.h"

/* A record of an imported file. */
struct audit_row {
    const char *file;   /* the imported file */
    int64_t line;       /* of it, or the number of the record in it */
    const char *origin; /* the path that the record names; NULL: none */
    const char *format; /* id of its format */
    yyjson_val *json;   /* an object */
    int64_t run_id;     /* first of the runs made of it; 0 none */
    int64_t runs;
};

/* A position of the plan. */
struct audit_place {
    int32_t block;
    const char *arm;
};

/* One result file. Everything is borrowed, and must outlive the findings. */
struct audit_input {
    const char *name;
    const struct run *runs; /* ascending by id, with sessions and requests, their warm-up parted */
    size_t n_runs;
    const struct audit_row *rows; /* in order of import; none: the record is our own */
    size_t n_rows;
    const struct audit_place *plan;
    size_t n_plan;
    struct design design; /* of the plan's factors */
};

/* What a sentence stands on: a record, or a run of our own, or a request of either. */
struct audit_point {
    const char *place; /* where the record is from, or the arm of the run */
    int64_t line;      /* of the imported file; 0: none, or the record has a path of its own */
    int64_t run_id;    /* 0 none */
    int64_t seq;       /* request of the run; -1: all of it */
    const char *note;  /* what is there; NULL */
};

struct audit_finding {
    const struct audit_rule *rule;
    const char *study; /* of which records: the folder or file they share; the result file's name for our own */
    const char *sentence;
    const struct audit_point *points;
    size_t n_points;
};

struct auditing; /* audit_rules.h */

struct audit_rule {
    const char *id; /* "A1", "few-runs" */
    const char *title;
    const char *what; /* what it means and how it is seen, in a sentence */
    void (*look)(struct auditing *x);
};

/* Zero-initialised is empty; audit_release gives its memory back. */
struct audit {
    struct arena arena;
    struct audit_finding *findings; /* in the order of the rules */
    size_t n;
};

/* NULL behind the last. */
const struct audit_rule *audit_rule_at(size_t i);
const struct audit_rule *audit_rule_find(const char *id);

/* Adds the findings in one result file. */
void audit_look(const struct audit_input *in, struct audit *out);
void audit_release(struct audit *a);

#endif
