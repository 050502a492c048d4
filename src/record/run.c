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

/* Numbers that may run ahead of the count of requests: those in flight. It bounds the memory that a broken record can ask
 * for to 4 MB. */
enum { AHEAD = 1 << 24 };

/* True the first time. */
static bool see(struct request_counter *c, uint64_t seq)
{
    size_t word = (size_t)(seq / 64);
    uint64_t bit = UINT64_C(1) << seq % 64;
    if (word >= c->words) {
        size_t words = 2 * word + 16;
        c->seen = xrealloc(c->seen, words * sizeof *c->seen);
        memset(c->seen + c->words, 0, (words - c->words) * sizeof *c->seen);
        c->words = words;
    }
    bool first = !(c->seen[word] & bit);
    c->seen[word] |= bit;
    return first;
}

void request_counter_add(struct request_counter *c, const struct request *r)
{
    struct run_counts *k = &c->counts;
    c->n++;
    c->numbers = c->numbers > c->n ? c->numbers : c->n;
    if (r->seq >= c->numbers && r->seq < INT64_MAX)
        c->numbers = r->seq + 1;
    bool counts = r->seq >= 0 && r->seq < c->n + AHEAD && (unsigned)r->outcome < OUTCOME_COUNT &&
                  see(c, (uint64_t)r->seq);
    if (counts && r->flags & REQUEST_WARMUP)
        c->n_warmup++;
    else if (counts)
        count_one(k, r->outcome);
    k->planned = c->numbers - c->n_warmup;
}

void request_counter_release(struct request_counter *c)
{
    free(c->seen);
    *c = (struct request_counter){0};
}

struct run_counts run_count(const struct run *r)
{
    struct request_counter c = {0};
    for (size_t i = 0; i < r->n_requests + r->n_warmup; i++)
        request_counter_add(&c, &r->requests[i]);
    struct run_counts counts = c.counts;
    request_counter_release(&c);
    return counts;
}

bool run_counts_balance(const struct run_counts *c)
{
    return c->planned == c->completed + c->failed + c->cancelled + c->unsent;
}
