/* tally.c: see tally.h. */
#include "record/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "record/metric_fns.h"
#include "stats/quantile.h"

/* ---- durations --------------------------------------------------------------------------------------------------- */

enum { EXACT_BITS = 6, EXACT = 1 << EXACT_BITS };

/* Above EXACT the highest seven bits of the value name its bucket. */
size_t durations_bucket(int64_t ns)
{
    uint64_t v = ns > 0 ? (uint64_t)ns : 0;
    if (v < EXACT)
        return (size_t)v;
    unsigned shift = 63u - (unsigned)__builtin_clzll(v) - EXACT_BITS;
    return (size_t)(shift * EXACT + (v >> shift));
}

static double middle_of(size_t bucket)
{
    if (bucket < 2 * EXACT)
        return (double)bucket;
    int shift = (int)(bucket / EXACT) - 1;
    double low = ldexp((double)(bucket % EXACT + EXACT), shift);
    return low + (ldexp(1, shift) - 1) / 2;
}

void durations_add(struct durations *d, int64_t ns)
{
    d->count[durations_bucket(ns)]++;
    d->n++;
}

double durations_quantile_ns(const struct durations *d, double p)
{
    if (!d->n)
        return NAN;
    uint64_t rank = (uint64_t)fmax(1, ceil(p * (double)d->n - 1e-9)), seen = 0;
    size_t i = 0;
    for (; i < DURATIONS_BUCKETS - 1 && seen + d->count[i] < rank; i++)
        seen += d->count[i];
    return middle_of(i);
}

/* ---- a run ------------------------------------------------------------------------------------------------------- */

static void doubles_add(struct doubles *d, double v)
{
    if (d->n == d->cap) {
        d->cap = d->cap ? 2 * d->cap : 256;
        d->at = xrealloc(d->at, d->cap * sizeof *d->at);
    }
    d->at[d->n++] = v;
}

/* The caller frees it. */
static double *copy_of(const struct doubles *d)
{
    double *copy = xmalloc((d->n + 1) * sizeof *copy);
    if (d->n)
        memcpy(copy, d->at, d->n * sizeof *copy);
    return copy;
}

static void add_chunks(struct run_tally *t, const struct chunk_list *l)
{
    t->chunks += (int64_t)l->n;
    t->dropped_chunks += (int64_t)l->dropped;
    for (size_t k = 0; k < l->n; k++) {
        const struct chunk *c = &l->at[k];
        int64_t delay_ns;
        t->merged += (c->flags & CHUNK_MERGED) != 0;
        if (c->flags & CHUNK_UNSTAMPED)
            t->unstamped++;
        else if (!__builtin_sub_overflow(c->app_ns, c->t_ns, &delay_ns))
            durations_add(&t->app_delay, delay_ns);
    }
}

static mono_ns earlier(mono_ns a, mono_ns b)
{
    return a == MONO_NONE || (b != MONO_NONE && b < a) ? b : a;
}

static void add_to_dialogue(struct session *s, const struct request *r)
{
    s->released_ns = earlier(s->released_ns, r->stamp[STAMP_PLANNED]);
    s->started_ns = earlier(s->started_ns, r->stamp[STAMP_SENT]);
    s->ended_ns = r->stamp[STAMP_DONE] > s->ended_ns ? r->stamp[STAMP_DONE] : s->ended_ns;
    s->ok = s->ok && r->outcome == OUTCOME_OK;
    if (r->outcome != OUTCOME_OK && !s->error)
        s->error = xstrdup(outcome_word(r->outcome));
}

/* Numbers are given out one after the other, so none is far above those that came. */
static struct session *dialogue_of(struct run_tally *t, int32_t number)
{
    size_t i = (size_t)number;
    if (i >= t->cap_dialogues) {
        t->cap_dialogues = 2 * i + 16;
        t->dialogues = xrealloc(t->dialogues, t->cap_dialogues * sizeof *t->dialogues);
    }
    for (; t->n_dialogues <= i; t->n_dialogues++)
        t->dialogues[t->n_dialogues] = (struct session){.number = (int32_t)t->n_dialogues,
                                                        .released_ns = MONO_NONE,
                                                        .started_ns = MONO_NONE,
                                                        .ended_ns = MONO_NONE,
                                                        .ok = true};
    return &t->dialogues[i];
}

static void add_to_window(struct run_tally *t, const struct request *r)
{
    double e2e_ms = r->outcome == OUTCOME_OK ? metric_e2e(r) : NAN;
    double lag_us = request_between_ns(r, STAMP_PLANNED, STAMP_SENT) / 1e3;
    if (isfinite(e2e_ms))
        doubles_add(&t->e2e_ms, e2e_ms);
    if (isfinite(lag_us))
        doubles_add(&t->lag_us, lag_us);
    if (r->usage.completion_tok > 0)
        t->completion_tok += (double)r->usage.completion_tok;
}

void run_tally_add(struct run_tally *t, const struct request *r)
{
    const char *fault = request_stamps_fault(r);
    request_counter_add(&t->counter, r);
    if (!(r->flags & REQUEST_WARMUP))
        add_to_window(t, r);
    if (r->session >= 0)
        add_to_dialogue(dialogue_of(t, r->session), r);
    if (fault && (!t->stamps_fault || r->seq < t->stamps_fault_seq)) {
        t->stamps_fault = fault;
        t->stamps_fault_seq = r->seq;
    }
    add_chunks(t, &r->chunks);
}

void run_tally_fill_health(const struct run_tally *t, struct health *h)
{
    double *lag = copy_of(&t->lag_us);
    quantile_sort(lag, t->lag_us.n);
    h->send_lag_p50_us = quantile_hf7(lag, t->lag_us.n, 0.5);
    h->send_lag_p99_us = quantile_hf7(lag, t->lag_us.n, 0.99);
    free(lag);
    h->app_delay_p50_us = durations_quantile_ns(&t->app_delay, 0.5) / 1e3;
    h->app_delay_p99_us = durations_quantile_ns(&t->app_delay, 0.99) / 1e3;
    h->chunks = t->chunks;
    h->merged = t->merged;
    h->unstamped = t->unstamped;
    h->dropped_chunks = t->dropped_chunks;
}

double run_tally_median_e2e_ms(const struct run_tally *t)
{
    double *copy = copy_of(&t->e2e_ms), value = median(copy, t->e2e_ms.n);
    free(copy);
    return value;
}

void run_tally_give_dialogues(struct run_tally *t, struct run *r)
{
    const struct session whole = r->sessions[0];
    if (!t->n_dialogues) /* nothing was asked: the one session says why */
        return;
    for (size_t i = 0; i < t->n_dialogues; i++) {
        struct session *s = &t->dialogues[i];
        s->agent = whole.agent;
        s->server = whole.server;
        s->released_ns = i && s->released_ns > whole.released_ns ? s->released_ns : whole.released_ns;
        s->ended_ns = s->ended_ns > s->released_ns ? s->ended_ns : s->released_ns;
    }
    free((char *)(uintptr_t)whole.error);
    free(r->sessions);
    r->sessions = t->dialogues;
    r->n_sessions = t->n_dialogues;
    t->dialogues = NULL;
    t->n_dialogues = t->cap_dialogues = 0;
}

void run_tally_release(struct run_tally *t)
{
    for (size_t i = 0; i < t->n_dialogues; i++)
        free((char *)(uintptr_t)t->dialogues[i].error);
    free(t->dialogues);
    request_counter_release(&t->counter);
    free(t->e2e_ms.at);
    free(t->lag_us.at);
    *t = (struct run_tally){0};
}
