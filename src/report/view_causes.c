/* view_causes.c: generations that failed, ran into a limit or are no text, and what the headline is without them. */
#include <math.h>
#include <string.h>

#include "report/study_view.h"

static const struct {
    const char *word, *what;
    unsigned flag; /* 0: by outcome */
} causes[CAUSES] = {
    [CAUSE_FAILED] = {"failed", "it did not complete, or was never sent; it has no latency and no rate", 0},
    [CAUSE_DEGENERATE] = {"degenerate", "a repetition loop or mostly no text", REQUEST_DEGENERATE},
    [CAUSE_CONTEXT_TRUNCATED] = {"context_truncated", "the server cut the prompt to fit its context",
                                 REQUEST_CONTEXT_TRUNCATED},
    [CAUSE_LENGTH] = {"length", "it ended at the token limit, not by the model", REQUEST_LENGTH},
};

const char *view_cause_word(enum view_cause c)
{
    return causes[c].word;
}

const char *view_cause_what(enum view_cause c)
{
    return causes[c].what;
}

/* Plain load asks for answers of a length, and its failures are counted by outcome: there they are no single events. */
static bool has_cause(const struct request *q, enum view_cause c)
{
    bool load = !q->agent || !strcmp(q->agent, "load");
    if (load && (c == CAUSE_FAILED || c == CAUSE_LENGTH))
        return false;
    if (c == CAUSE_FAILED)
        return q->outcome != OUTCOME_OK && q->outcome != OUTCOME_CANCELLED;
    return q->outcome == OUTCOME_OK && (q->flags & causes[c].flag);
}

static int64_t count(const struct run *r, enum view_cause c)
{
    int64_t n = 0;
    for (size_t i = 0; i < r->n_requests; i++)
        n += has_cause(&r->requests[i], c);
    return n;
}

/* ---- by name --------------------------------------------------------------------------------------------------------- */

static void list_generations(struct report_view *v, enum view_cause c)
{
    struct view_study *s = v->study;
    for (size_t i = 0; i < v->n_runs; i++) {
        const struct run *r = &v->runs[i];
        for (size_t k = 0; r->state == RUN_COMPLETE && k < r->n_requests; k++) {
            bool before = false;
            for (int earlier = 0; earlier < (int)c; earlier++)
                before = before || has_cause(&r->requests[k], (enum view_cause)earlier);
            if (before || !has_cause(&r->requests[k], c))
                continue;
            s->by_cause[c]++;
            if (s->n_generations < VIEW_CLAIMS)
                s->generations[s->n_generations++] = (struct view_generation){r, &r->requests[k], c};
        }
    }
}

/* ---- with and without -------------------------------------------------------------------------------------------------- */

static const struct view_duet *duet_of(const struct report_view *v, const char *arm)
{
    for (size_t i = 0; i < v->n_duets; i++)
        if (!strcmp(v->duets[i].arm, arm))
            return &v->duets[i];
    return NULL;
}

static void without_of_duet(struct report_view *v, const struct view_duet *d, struct view_without *w)
{
    const struct view_number *all = d->headline == SPEEDUP_BY_TIME ? &d->time : &d->tokens;
    double *kept = arena_alloc(&v->arena, (d->n_blocks + 1) * sizeof *kept);
    for (size_t i = 0; i < d->n_blocks; i++) {
        int64_t n = count(d->blocks[i].run, w->cause);
        for (size_t k = 0; k < d->blocks[i].n_agents; k++)
            n += count(d->blocks[i].agents[k].solo.run, w->cause);
        kept[i] = n ? NAN : all->values[i];
        w->generations += n;
    }
    w->all = *all;
    w->without = view_number_of(v, all->metric, kept, d->n_blocks, -1);
}

static void without_of_arm(struct report_view *v, const struct view_arm *arm, struct view_without *w)
{
    const struct view_number *all = view_find(arm, arm->load ? "ttft" : "makespan");
    double *kept = arena_alloc(&v->arena, (arm->n_runs + 1) * sizeof *kept);
    for (size_t i = 0; i < arm->n_runs; i++) {
        int64_t n = run_is_counted(arm->runs[i]) ? count(arm->runs[i], w->cause) : 0;
        kept[i] = n || !all ? NAN : all->values[i];
        w->generations += n;
    }
    if (!all)
        return;
    w->all = *all;
    w->without = view_number_of(v, all->metric, kept, arm->n_runs, -1);
}

static void compare_without(struct report_view *v, const struct view_arm *arm, enum view_cause c)
{
    struct view_study *s = v->study;
    const struct view_duet *d = duet_of(v, arm->name);
    struct view_without w = {.arm = arm->name, .cause = c};
    if (d && d->headline != SPEEDUP_NONE)
        without_of_duet(v, d, &w);
    else
        without_of_arm(v, arm, &w);
    if (w.generations)
        s->without[s->n_without++] = w;
}

void view_causes(struct report_view *v)
{
    struct view_study *s = v->study;
    s->generations = arena_alloc(&v->arena, VIEW_CLAIMS * sizeof *s->generations);
    s->without = arena_alloc(&v->arena, (CAUSES * v->n_arms + 1) * sizeof *s->without);
    for (int c = 0; c < CAUSES; c++)
        list_generations(v, (enum view_cause)c);
    for (size_t i = 0; i < v->n_arms; i++)
        for (int c = 0; c < CAUSES; c++)
            compare_without(v, &v->arms[i], (enum view_cause)c);
}
