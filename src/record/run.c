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

void run_part_warmup(struct run *r)
{
    struct request *behind = xmalloc((r->n_requests + 1) * sizeof *behind);
    size_t n = 0;
    for (size_t i = 0; i < r->n_requests; i++)
        if (r->requests[i].flags & REQUEST_WARMUP)
            behind[r->n_warmup++] = r->requests[i];
        else
            r->requests[n++] = r->requests[i];
    for (size_t i = 0; i < r->n_warmup; i++)
        r->requests[n + i] = behind[i];
    r->n_requests = n;
    free(behind);
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

/* Requests are numbered 0 … n-1 when they are planned, those of the warm-up among them. A number that is missing, given twice, out of
 * range, or has no known outcome is counted as planned but nowhere else, so that the identity breaks
 * instead of hiding it. */
struct run_counts run_count(const struct run *r)
{
    struct run_counts c = {0};
    size_t all = r->n_requests + r->n_warmup;
    bool *seen = xcalloc(all + 1, sizeof *seen);
    int64_t warmup = 0;
    c.planned = (int64_t)all;
    for (size_t i = 0; i < all; i++) {
        const struct request *q = &r->requests[i];
        if (q->seq >= c.planned && q->seq < INT64_MAX)
            c.planned = q->seq + 1;
        if (q->seq < 0 || (uint64_t)q->seq >= all || seen[q->seq] || (unsigned)q->outcome >= OUTCOME_COUNT)
            continue;
        seen[q->seq] = true;
        if (i < r->n_requests)
            count_one(&c, q->outcome);
        else
            warmup++;
    }
    c.planned -= warmup;
    free(seen);
    return c;
}

bool run_counts_balance(const struct run_counts *c)
{
    return c->planned == c->completed + c->failed + c->cancelled + c->unsent;
}
