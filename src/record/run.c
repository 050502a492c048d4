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

static mono_ns earlier(mono_ns a, mono_ns b)
{
    return a == MONO_NONE || (b != MONO_NONE && b < a) ? b : a;
}

static void take_request(struct session *s, const struct request *q)
{
    s->released_ns = earlier(s->released_ns, q->stamp[STAMP_PLANNED]);
    s->started_ns = earlier(s->started_ns, q->stamp[STAMP_SENT]);
    s->ended_ns = q->stamp[STAMP_DONE] > s->ended_ns ? q->stamp[STAMP_DONE] : s->ended_ns;
    s->ok = s->ok && q->outcome == OUTCOME_OK;
    if (q->outcome != OUTCOME_OK && !s->error)
        s->error = xstrdup(outcome_word(q->outcome));
}

void run_part_dialogues(struct run *r, size_t n)
{
    const struct session whole = r->sessions[0];
    struct session *part = xcalloc(n, sizeof *part);
    for (size_t i = 0; i < n; i++) {
        part[i] = whole;
        part[i].number = (int32_t)i;
        part[i].released_ns = part[i].started_ns = part[i].ended_ns = MONO_NONE;
        part[i].ok = true;
        part[i].error = NULL;
    }
    for (size_t i = 0; i < r->n_requests + r->n_warmup; i++) {
        const struct request *q = &r->requests[i];
        if (q->session >= 0 && (size_t)q->session < n)
            take_request(&part[q->session], q);
    }
    for (size_t i = 0; i < n; i++) {
        struct session *s = &part[i];
        s->released_ns = i && s->released_ns > whole.released_ns ? s->released_ns : whole.released_ns;
        s->ended_ns = s->ended_ns > s->released_ns ? s->ended_ns : s->released_ns;
    }
    free((char *)(uintptr_t)whole.error);
    free(r->sessions);
    r->sessions = part;
    r->n_sessions = n;
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
