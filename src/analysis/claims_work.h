/* claims_work.h: how a claim is computed again; private to the claims of this room. The functions that a row of the table
 * names take a `struct claim_work`. They read rows only through claim_number and claim_take, and what is taken goes into the
 * trace of the figure that is being made. */
#ifndef ANALYSIS_CLAIMS_WORK_H
#define ANALYSIS_CLAIMS_WORK_H

#include "analysis/claims.h"

struct claim_work {
    const struct claim *claim;
    const struct claim_row *rows; /* all there are */
    size_t n_rows;
    struct arena *a;
    struct claim_result *result;
    struct claim_figure *figure; /* being made */
    size_t found;                /* rows that the recomputation chose */
};

/* Rows that belong together. */
struct claim_rows {
    const struct claim_row **at;
    size_t n;
};

struct claim_values {
    double *x;
    const struct claim_row **of; /* whose value it is */
    size_t n;
};

/* Those of a format whose origin, or else whose file, has both texts in it (NULL: any). A record that was met twice counts
 * once; of several tables, only the one with the most rows. */
struct claim_rows claim_select(const struct claim_work *w, const char *format, const char *from, const char *group);
/* Those that the claim itself names. */
struct claim_rows claim_own(struct claim_work *w);
const char *claim_place(const struct claim_row *r); /* origin, or file */

/* A number of the row: NaN when it has none. claim_take also puts it into the trace. printf for the name. */
double claim_number(const struct claim_row *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
double claim_take(struct claim_work *w, const struct claim_row *r, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for a text; "" when it has none. */
const char *claim_text(const struct claim_row *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *claim_take_text(struct claim_work *w, const struct claim_row *r, const char *name);
/* Those whose text of that name is `value`. */
struct claim_rows claim_with_text(struct claim_work *w, struct claim_rows rows, const char *name, const char *value);
/* Of each row that has it. */
struct claim_values claim_values(struct claim_work *w, struct claim_rows rows, const char *name);
struct claim_values claim_values_new(struct claim_work *w, size_t cap);
void claim_values_add(struct claim_values *v, const struct claim_row *of, double x); /* NaN is left out */

/* Begins another figure of what the rows say instead; what is taken from here on is its trace. */
struct claim_figure *claim_instead(struct claim_work *w, const char *metric, const char *unit, const char *of);
/* Another of the same values as the last: its unit, n and trace, another value. */
void claim_also(struct claim_work *w, const char *metric, double value);
/* Its value is the mean, with the t interval; or only a value. */
void claim_mean_of(struct claim_figure *f, const double *x, size_t n);
void claim_value_of(struct claim_figure *f, double value, size_t n);
/* The verdict: whether the rows support what was said of the number, and why. A number that does not come out of the rows
 * falls in any case. */
void claim_say(struct claim_work *w, bool holds, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Whether a call of the row's run has no answer, no end, or a repetition loop for an answer. */
bool claim_failed(const struct claim_row *r);
struct claim_rows claim_without_failed(struct claim_work *w, struct claim_rows rows);
/* "test005 run 4 (report: no_done), …", or "none". */
const char *claim_failures(struct claim_work *w, struct claim_rows rows);
/* The configuration that a row's run is one of. Same text, same configuration. */
const char *claim_configuration(struct claim_work *w, const struct claim_row *r);
/* group[i], from 0, is that of value i; returns how many there are. */
size_t claim_configurations(struct claim_work *w, const struct claim_values *v, size_t *group);

/* ---- statistics: struct claim.statistic ------------------------------------------------------------------------------- */

double claim_mean(const double *x, size_t n);
double claim_sd(const double *x, size_t n);
double claim_median(const double *x, size_t n);
double claim_min(const double *x, size_t n);
double claim_max(const double *x, size_t n);
double claim_p05(const double *x, size_t n);
double claim_p99(const double *x, size_t n);
double claim_percent_positive(const double *x, size_t n);

/* ---- recomputations and judgements that several claims share ----------------------------------------------------------- */

double claim_of_field(struct claim_work *w);           /* the statistic of the field over the claim's rows */
double claim_best_configuration(struct claim_work *w); /* the largest mean of the field over a configuration's runs */

/* Of Rust pairs: the largest difference, in points, between the efficiency and 50 (1 + min / max) of the two agents' own
 * durations. Below CLAIM_IDENTITY it is that number, which tells how equal the durations are and nothing else. */
#define CLAIM_IDENTITY 1.0
double claim_identity(struct claim_work *w, struct claim_rows rows);

/* ---- what the agents do alone (claims_speedup.c) ------------------------------------------------------------------------ */

/* Of the agents alone in the rows from `from`, the workflow runs that were warm (loads below 1 s) and valid (both
 * answers have 50 tokens or more): means over their calls, and of tokens by time over the runs. */
struct claim_solo {
    double analysis_tok_s, report_tok_s; /* decode rates of the two stages */
    double rest_s;                       /* of a call outside decode */
    double tok_s;                        /* of a whole run */
    size_t runs;
};
/* false: its rows are not here. Into the trace of the current figure, as the next does. */
bool claim_solo(struct claim_work *w, const char *from, struct claim_solo *out);
/* speedup.tokens of a pair's row: what its tokens would have cost alone, one agent after the other, over the time that both
 * took together. */
double claim_speedup_tokens(struct claim_work *w, const struct claim_row *r, const struct claim_solo *s);
/* Output tokens of both agents of a pair per second. */
double claim_pair_tok_s(struct claim_work *w, const struct claim_row *r);

/* ---- the parts of the table: ended by a row without id ----------------------------------------------------------------- */

extern const struct claim claims_tuning[], claims_python_pairs[], claims_rust[], claims_pairs[], claims_clients[],
    claims_inference[];

#endif
