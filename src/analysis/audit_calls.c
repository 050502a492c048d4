/* audit_calls.c: rules on the calls that agents made: what came back, and what they were given to read. See audit.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/audit_rules.h"
#include "record/verdict.h"
#include "stats/moments.h"

/* ---- A5, A23: answers that are no data -------------------------------------------------------------------------------- */

static bool is_degenerate(const struct request *q)
{
    return (q->flags & REQUEST_DEGENERATE) != 0;
}

static bool is_unfinished(const struct request *q)
{
    return q->outcome == OUTCOME_NO_DONE || q->outcome == OUTCOME_EMPTY;
}

static bool holds_no_data(const struct audit_study *s, const struct audit_row *row)
{
    for (size_t i = 0; i < s->n_runs; i++)
        for (size_t k = 0; s->run_row[i] == row && k < s->runs[i]->n_requests; k++)
            if (is_degenerate(&s->runs[i]->requests[k]) || is_unfinished(&s->runs[i]->requests[k]))
                return true;
    return false;
}

/* What the pairs' published efficiency is with and without such runs; "" when there are no pairs, or no such runs. */
static const char *effect_on_pairs(struct auditing *x, const struct audit_study *s)
{
    struct audit_pair *p;
    size_t n = audit_pairs_of(x, s, &p), kept = 0, flagged = 0, flagged_bad = 0;
    double *all = arena_alloc(&x->out->arena, (n + 1) * sizeof *all);
    double *rest = arena_alloc(&x->out->arena, (n + 1) * sizeof *rest);
    for (size_t i = 0; i < n; i++) {
        bool bad = holds_no_data(s, p[i].row);
        bool contention = yyjson_is_true(audit_member(p[i].row->json, "summary.resource_contention_detected"));
        flagged += contention;
        flagged_bad += contention && bad;
        all[i] = p[i].percent;
        if (!bad)
            rest[kept++] = p[i].percent;
    }
    if (kept == n || kept < 2)
        return "";
    return arena_printf(&x->out->arena,
                        " With them the published efficiency is %.3f %% (sd %.3f, n %zu), without %s degenerate or "
                        "unfinished %.3f %% (sd %.3f, n %zu); of %zu runs published as contention %zu are such.",
                        moments_mean(all, n), moments_sd(all, n), n, n - kept == 1 ? "the one" : "all that are",
                        moments_mean(rest, kept), moments_sd(rest, kept), kept, flagged, flagged_bad);
}

static size_t add_requests(struct audit_points *points, const struct audit_study *s,
                           bool (*bad)(const struct request *))
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_runs; i++) {
        const struct run *r = s->runs[i];
        bool counts = s->run_row[i] || r->verdict != VERDICT_VOID;
        for (size_t k = 0; counts && k < r->n_requests; k++) {
            const struct request *q = &r->requests[k];
            n++;
            if (!bad(q))
                continue;
            char tokens[32] = "no count of tokens";
            if (q->usage.completion_tok >= 0)
                snprintf(tokens, sizeof tokens, "%lld tokens", (long long)q->usage.completion_tok);
            audit_add_run(points, s, i, q, "%s %s: %s, %s", q->agent ? q->agent : "", q->stage ? q->stage : "call",
                          outcome_word(q->outcome), tokens);
        }
    }
    return n;
}

void audit_degenerate(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        struct audit_points points = AUDIT_POINTS(x);
        size_t n = add_requests(&points, s, is_degenerate);
        if (points.n)
            audit_find(x, s, &points, "%zu of %zu answers are repetition loops or no text, and they count.%s", points.n,
                       n, effect_on_pairs(x, s));
    }
}

/* Agents that wrote only the mean and p95 of their two calls' rates (the larger one): a mean of half the larger is a rate
 * of 0. */
static size_t add_zero_rates(struct audit_points *points, const struct audit_row *row)
{
    size_t n = 0;
    for (size_t i = 0; audit_sides[i]; i++) {
        yyjson_val *side = audit_member(row->json, audit_sides[i]);
        yyjson_val *sum = audit_member(side, "aggregate|aggregate_metrics|metrics.aggregate_metrics");
        double mean = audit_number(sum, "average_tokens_per_second"), most = audit_number(sum, "p95_tokens_per_second");
        if (audit_number(sum, "total_requests") != 2 || !(most > 0))
            continue;
        n += 2;
        if (fabs(mean - most / 2) <= 1e-6 * most)
            audit_add_row(points, row, "%s: mean %.3f of two rates, the larger %.3f: the other is 0", audit_sides[i],
                          mean, most);
    }
    return n;
}

void audit_unfinished(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        struct audit_points points = AUDIT_POINTS(x);
        size_t n = s->n_rows ? add_requests(&points, s, is_unfinished) : 0; /* ours are typed, and in no number */
        for (size_t i = 0; i < s->n_rows; i++)
            n += add_zero_rates(&points, s->rows[i]);
        if (points.n)
            audit_find(x, s, &points,
                       "%zu of %zu calls have no end or no text and were taken for successes of 0 tokens per second.%s",
                       points.n, n, effect_on_pairs(x, s));
    }
}

/* ---- A6: truncated prompts --------------------------------------------------------------------------------------------- */

/* More characters than any text here has per token: what is over that many tokens can not have been read whole. */
#define CHARS_PER_TOKEN 6.0
enum { LEVELS_MAX = 64 };

/* Prompt times of finished calls of one stage with one context; num_ctx -1: the server's own. */
struct level {
    double num_ctx, sum_ms;
    const char *stage;
    size_t n, cut;
};

struct prompt_times {
    struct level level[LEVELS_MAX]; /* those over the limit are left out of the times */
    size_t n_levels, calls;
    struct audit_points *points;
};

static struct level *level_of(struct prompt_times *t, double num_ctx, const char *stage)
{
    size_t i = 0;
    while (i < t->n_levels && (t->level[i].num_ctx != num_ctx || strcmp(t->level[i].stage, stage) != 0))
        i++;
    if (i == LEVELS_MAX)
        return NULL;
    if (i == t->n_levels)
        t->level[t->n_levels++] = (struct level){.num_ctx = num_ctx, .stage = stage};
    return &t->level[i];
}

static void take_call(struct prompt_times *t, const struct audit_row *row, const char *side, double num_ctx,
                      yyjson_val *call)
{
    yyjson_val *prompt = audit_member(call, "prompt"), *timers = audit_member(call, "m|metrics");
    double chars = yyjson_is_str(prompt) ? (double)yyjson_get_len(prompt) : audit_number(call, "prompt_chars");
    double ms = audit_number(timers, "prompt_eval_duration_ms");
    const char *stage = audit_text(call, "stage");
    struct level *l = level_of(t, num_ctx, stage);
    bool cut = num_ctx > 0 && chars > CHARS_PER_TOKEN * num_ctx;
    t->calls++;
    if (l) {
        l->cut += cut;
        if (ms > 0 && audit_number(timers, "tokens_generated") > 0) {
            l->sum_ms += ms;
            l->n++;
        }
    }
    if (cut)
        audit_add_row(t->points, row, "%s %s: %.0f characters into a context of %.0f tokens", side, stage, chars,
                      num_ctx);
}

static void take_calls(struct prompt_times *t, const struct audit_row *row)
{
    for (size_t i = 0; audit_sides[i]; i++) {
        yyjson_val *side = audit_member(row->json, audit_sides[i]), *call;
        double num_ctx = audit_number(side, "options.num_ctx|configuration.num_ctx|config.options.num_ctx");
        size_t k, max;
        yyjson_arr_foreach (audit_member(side, "calls|llm_calls|result.llm_calls"), k, max, call)
            take_call(t, row, audit_sides[i], isnan(num_ctx) ? -1 : num_ctx, call);
    }
}

static int by_stage_and_context(const void *a, const void *b)
{
    const struct level *x = a, *y = b;
    int d = strcmp(x->stage, y->stage);
    double cx = x->num_ctx < 0 ? INFINITY : x->num_ctx, cy = y->num_ctx < 0 ? INFINITY : y->num_ctx;
    return d ? d : (cx > cy) - (cx < cy);
}

/* "report 229.2 ms (n 12) at 256 tokens, 374.5 ms (n 60) at the server's own": the stages with a prompt that was cut. */
static void describe_levels(struct prompt_times *t, struct str *out)
{
    const char *last = NULL;
    qsort(t->level, t->n_levels, sizeof *t->level, by_stage_and_context);
    for (size_t i = 0; i < t->n_levels; i++) {
        const struct level *l = &t->level[i];
        size_t cut = 0;
        for (size_t k = 0; k < t->n_levels; k++)
            cut += strcmp(t->level[k].stage, l->stage) ? 0 : t->level[k].cut;
        if (!cut || !l->n)
            continue;
        str_addz(out, out->len ? ", " : "");
        if (!last || strcmp(last, l->stage) != 0)
            str_addf(out, "%s ", l->stage);
        last = l->stage;
        str_addf(out, "%.1f ms (n %zu) at ", l->sum_ms / (double)l->n, l->n);
        if (l->num_ctx < 0)
            str_addz(out, "the server's own context");
        else
            str_addf(out, "%.0f tokens", l->num_ctx);
    }
}

static void truncated_of_our_own(struct auditing *x, const struct audit_study *s)
{
    struct audit_points points = AUDIT_POINTS(x);
    for (size_t i = 0; i < s->n_runs; i++)
        for (size_t k = 0; k < s->runs[i]->n_requests; k++) {
            const struct request *q = &s->runs[i]->requests[k];
            if (q->flags & REQUEST_CONTEXT_TRUNCATED)
                audit_add_run(&points, s, i, q, "%lld prompt tokens of a context of %lld",
                              (long long)q->usage.prompt_tok, (long long)q->num_ctx);
        }
    if (points.n)
        audit_find(x, s, &points,
                   "%zu prompts were cut by the server, proven by its token counts: these answers are to "
                   "another question.",
                   points.n);
}

void audit_truncated(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        struct audit_points points = AUDIT_POINTS(x);
        struct prompt_times t = {.points = &points};
        struct str times = STR_INIT;
        if (!s->n_rows)
            truncated_of_our_own(x, s);
        for (size_t i = 0; i < s->n_rows; i++)
            take_calls(&t, s->rows[i]);
        describe_levels(&t, &times);
        if (points.n && s->n_rows)
            audit_find(x, s, &points,
                       "%zu of %zu prompts have over %.0f characters per token of the context that they were given, so "
                       "they were cut before the model saw them. Mean prompt time: %s.",
                       points.n, t.calls, CHARS_PER_TOKEN, times.len ? str_z(&times) : "not told");
        str_release(&times);
    }
}

/* ---- A7: agents that read nothing -------------------------------------------------------------------------------------- */

/* How many files the agent says it read; NaN when it does not say. */
static double files_of(yyjson_val *side)
{
    double files = audit_number(side, "files|result.benchmark_data_count|benchmark_data_count");
    yyjson_val *first = yyjson_arr_get_first(audit_member(side, "workflow_runs"));
    return isnan(files) ? audit_number(first, "files|benchmark_data_count") : files;
}

struct readers {
    struct audit_points empty;
    size_t agents;
    double most; /* files that one read */
};

static struct readers readers_of(struct auditing *x, const struct audit_study *s)
{
    struct readers r = {.empty = AUDIT_POINTS(x)};
    for (size_t i = 0; i < s->n_rows; i++)
        for (size_t k = 0; audit_sides[k]; k++) {
            double files = files_of(audit_member(s->rows[i]->json, audit_sides[k]));
            r.agents += isfinite(files);
            r.most = fmax(r.most, files);
            if (files == 0)
                audit_add_row(&r.empty, s->rows[i], "%s: 0 files", audit_sides[k]);
        }
    r.agents += audit_empty_reports(x, s, &r.empty);
    return r;
}

void audit_empty_corpus(struct auditing *x)
{
    const char *readers = "";
    double most = 0;
    for (size_t k = 0; k < x->n_studies; k++) {
        struct readers r = readers_of(x, &x->studies[k]);
        if (r.most > most)
            readers = arena_printf(&x->out->arena, " Those of %s read %.0f: the two did not get the same prompts.",
                                   x->studies[k].name, r.most);
        most = fmax(most, r.most);
    }
    for (size_t k = 0; k < x->n_studies; k++) {
        struct readers r = readers_of(x, &x->studies[k]);
        if (r.empty.n)
            audit_find(x, &x->studies[k], &r.empty, "%zu of %zu agents ingested 0 files: they reported on nothing.%s",
                       r.empty.n, r.agents, readers);
    }
}
