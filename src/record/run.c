/* run.c: see run.h. */
#include "record/run.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

static const char *const state_words[] = {
#define X(name, word) word,
    RUN_STATE_LIST(X)
#undef X
};

const char *run_state_word(enum run_state s)
{
    return (unsigned)s < RUN_STATE_COUNT ? state_words[s] : "?";
}

int run_state_find(const char *word)
{
    for (int i = 0; i < RUN_STATE_COUNT; i++)
        if (!strcmp(state_words[i], word))
            return i;
    return -1;
}

static void count_one(struct run_counts *c, enum outcome o)
{
    c->by_outcome[o]++;
    if (o == OUTCOME_OK)
        c->completed++;
    else if (o == OUTCOME_CANCELLED)
        c->cancelled++;
    else if (o == OUTCOME_UNSENT)
        c->unsent++;
    else
        c->failed++;
}

/* Requests are numbered 0 … n-1 when they are planned. A number that is missing, given twice, out of
 * range, or has no known outcome is counted as planned but nowhere else, so that the identity breaks
 * instead of hiding it. */
struct run_counts run_count(const struct run *r)
{
    struct run_counts c = {0};
    bool *seen = xcalloc(r->n_requests + 1, sizeof *seen);
    c.planned = (int64_t)r->n_requests;
    for (size_t i = 0; i < r->n_requests; i++) {
        const struct request *q = &r->requests[i];
        if (q->seq >= c.planned && q->seq < INT64_MAX)
            c.planned = q->seq + 1;
        if (q->seq < 0 || (uint64_t)q->seq >= r->n_requests || seen[q->seq] || (unsigned)q->outcome >= OUTCOME_COUNT)
            continue;
        seen[q->seq] = true;
        count_one(&c, q->outcome);
    }
    free(seen);
    return c;
}

bool run_counts_balance(const struct run_counts *c)
{
    return c->planned == c->completed + c->failed + c->cancelled + c->unsent;
}
