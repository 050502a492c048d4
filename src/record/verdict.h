/* VALID, SUSPECT or VOID for a run, with the rules that fired. Thresholds stand in one table (verdict.c;
 * source: doc/method.md). */
#ifndef RECORD_VERDICT_H
#define RECORD_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "record/run.h"
#include "record/tally.h"

/* NONE is of imported runs: others measured them, so the rules had nothing to look at. */
enum verdict { VERDICT_VALID, VERDICT_SUSPECT, VERDICT_VOID, VERDICT_NONE };

const char *verdict_word(enum verdict v); /* NULL of NONE */
/* From the tally of the run's requests, which it need not hold itself. Appends the sentences of the rules that fired,
 * separated by "; ". */
enum verdict verdict_of_run(const struct run *r, const struct run_tally *t, struct str *why);

/* A row of the table, for lists and doc/method.md. The rule fires when the measured quantity is above the
 * limit. */
struct verdict_rule {
    const char *word;
    double limit;
    const char *unit; /* "ms", or "1" for counts and shares */
    enum verdict in_load_run, in_agent_run;
    const char *what;
};
const struct verdict_rule *verdict_rule_at(size_t i); /* NULL behind the last */
/* Whether a session of the run is an agent, that is, not named "load". */
bool run_is_agent(const struct run *r);
/* Whether numbers over several runs take it: it is complete and not VOID. */
bool run_is_counted(const struct run *r);

#endif
