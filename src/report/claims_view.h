/* claims_view.h: the struct behind claims.h; private to this room. */
#ifndef REPORT_CLAIMS_VIEW_H
#define REPORT_CLAIMS_VIEW_H

#include "analysis/claims.h"
#include "report/claims.h"

struct claims_view {
    struct arena arena; /* everything, but the runs' own memory */
    struct run *runs;
    size_t n_runs;
    struct claim_row *rows; /* owned */
    size_t n_rows, cap_rows;
    struct claim_result *results;
    size_t n_results;
    size_t by_state[CLAIM_NO_ROWS + 1];
};

/* The rows of every imported file, with the runs made of them. */
int claims_read(struct store *s, struct claims_view *v, struct err *e);
/* One of them: of at most CLAIMS_FIELDS_MAX numbers and texts, without texts over CLAIMS_TEXT_MAX bytes (prompts and answers:
 * no claim is about them). ERR_INPUT when it is no JSON. */
enum { CLAIMS_FIELDS_MAX = 20000, CLAIMS_TEXT_MAX = 200 };
int claims_add_row(struct claims_view *v, const struct store_source *f, const struct store_source_row *r,
                   struct err *e);
/* The results of the rows. */
void claims_answer(struct claims_view *v);
const char *claim_state_word(enum claim_state s);

#endif
