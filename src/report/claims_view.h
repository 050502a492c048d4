/* claims_view.h: the struct behind claims.h; private to this room. */
#ifndef REPORT_CLAIMS_VIEW_H
#define REPORT_CLAIMS_VIEW_H

#include "analysis/claims.h"
#include "report/claims.h"

struct claims_view {
    struct arena arena; /* everything, but the runs' own memory */
    struct run *runs;
    size_t n_runs;
    struct claim_row *rows;
    size_t n_rows, cap_rows;
    struct claim_result *results;
    size_t n_results;
    size_t by_state[CLAIM_NO_ROWS + 1];
};

/* The rows of every imported file, with the runs made of them. */
int claims_read(struct store *s, struct claims_view *v, struct err *e);
const char *claim_state_word(enum claim_state s);

#endif
