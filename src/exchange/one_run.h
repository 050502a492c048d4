/* one_run.h: the file of a tool whose format holds one run: what all such writers need before the first byte and behind the
 * last. */
#ifndef EXCHANGE_ONE_RUN_H
#define EXCHANGE_ONE_RUN_H

#include "exchange/asked.h"
#include "exchange/out.h"
#include "exchange/totals.h"

struct one_run {
    struct arena arena; /* of the names in the others */
    struct asked asked;
    struct totals totals;
    struct out out;
};

/* Reads the run as `tool` counts it; one_run_end must follow, whatever comes of it. */
int one_run_begin(struct one_run *x, struct store *s, const struct run *run, const char *tool, FILE *file,
                  struct err *e);
/* Ends the line, unless rc says that something failed before, and the file; releases x. Returns the first failure. */
int one_run_end(struct one_run *x, int rc);

#endif
