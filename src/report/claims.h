/* claims.h: the seeds' own audit as a view of an imported result: what the original lab printed, what its rows give, and what
 * they say instead, each figure with the fields it was made of (analysis/claims.h). The same file, the same bytes. */
#ifndef REPORT_CLAIMS_H
#define REPORT_CLAIMS_H

#include "report/report.h"

struct claims_view;
/* Reads everything it needs; the store may be closed afterwards. *out is NULL on failure. */
int claims_view_build(struct store *s, struct claims_view **out, struct err *e);
void claims_view_free(struct claims_view *v); /* NULL is fine */

/* All append. */
void claims_terminal(const struct claims_view *v, const struct report_style *style, struct str *out);
void claims_md(const struct claims_view *v, struct str *out);
/* {"schema":"chimera.seed-audit/1", …}: one line. */
void claims_json(const struct claims_view *v, struct str *out);
/* A line per figure: the claimed one, the recomputed one, what the rows say instead; without traces. */
void claims_csv(const struct claims_view *v, struct str *out);

#endif
