/* page_runs.c: the arms' numbers, every run, every outcome, the quality of the reports. */
#include <stdlib.h>
#include <string.h>

#include "format/width.h"
#include "record/verdict.h"
#include "report/number.h"
#include "report/page.h"

/* Columns for the arms beside metric and unit, and how many arms at most; more go into the next table. */
enum { ARMS_ROOM = 70, ARMS_BESIDE = 4 };

/* What the arms are shown by, as far as they have it; the rest is in the JSON. */
static const char *const shown[] = {"makespan",
                                    "session.duration",
                                    "ttft.planned",
                                    "ttft",
                                    "tpot",
                                    "gap.p99",
                                    "e2e.planned",
                                    "e2e",
                                    "decode_rate.server",
                                    "decode_rate.client",
                                    "prompt_rate",
                                    "output_rate.system",
                                    "load_time",
                                    "queue.server",
                                    "queue.client",
                                    "engine.queue",
                                    "engine.prefill",
                                    "engine.decode",
                                    "client_overhead",
                                    "tokens.prompt",
                                    "tokens.completion",
                                    "requests.failed"};

static bool any_has(const struct view_arm *arms, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (view_find(&arms[i], id))
            return true;
    return false;
}

static int64_t below(const struct view_arm *arm, const char *id)
{
    const struct view_number *n = view_find(arm, id);
    return n ? n->n_below : 0;
}

static const char *cell_of(struct page *p, const struct view_arm *arm, const char *id)
{
    const struct view_number *n = view_find(arm, id);
    return n ? number_with_interval(&p->arena, n) : NO_NUMBER;
}

/* How many arms fit beside each other. */
static size_t arms_beside(struct page *p, const struct view_arm *arms, size_t n)
{
    size_t used = 0, fit = 0;
    for (; fit < n && fit < ARMS_BESIDE; fit++) {
        size_t widest = width_columns(arms[fit].name, strlen(arms[fit].name));
        for (size_t k = 0; k < sizeof shown / sizeof shown[0]; k++) {
            const char *cell = cell_of(p, &arms[fit], shown[k]);
            size_t width = width_columns(cell, strlen(cell));
            widest = width > widest ? width : widest;
        }
        used += widest + 2;
        if (used > ARMS_ROOM && fit)
            break;
    }
    return fit;
}

static void arms_table(struct page *p, const struct view_arm *arms, size_t n)
{
    struct table t;
    table_init(&t, &p->arena);
    table_column(&t, "metric", TABLE_LEFT);
    table_column(&t, "unit", TABLE_LEFT);
    for (size_t i = 0; i < n; i++)
        table_column(&t, arms[i].name, TABLE_RIGHT);
    table_cell(&t, "n runs, sessions,");
    table_cell(&t, "req.");
    for (size_t i = 0; i < n; i++)
        table_cellf(&t, "%zu, %lld, %lld", arms[i].n_counted, (long long)below(&arms[i], "session.duration"),
                    (long long)below(&arms[i], "e2e"));
    for (size_t k = 0; k < sizeof shown / sizeof shown[0]; k++) {
        if (!any_has(arms, n, shown[k]))
            continue;
        table_cell(&t, shown[k]);
        table_cell(&t, metric_find(shown[k])->unit);
        for (size_t i = 0; i < n; i++)
            table_cell(&t, cell_of(p, &arms[i], shown[k]));
    }
    p->ops->table(p, &t);
}

/* The same the other way round. Notes of a great many cells would be most of the page. */
static void arms_as_rows(struct page *p, const struct report_view *v)
{
    enum { ROWS = sizeof shown / sizeof shown[0], NOTED = 100 };
    struct table t;
    bool has[ROWS];
    table_init(&t, &p->arena);
    table_column(&t, "arm", TABLE_LEFT);
    table_column(&t, "n runs", TABLE_RIGHT);
    for (size_t k = 0; k < ROWS; k++)
        if ((has[k] = any_has(v->arms, v->n_arms, shown[k])))
            table_column(&t, arena_printf(&p->arena, "%s %s", shown[k], metric_find(shown[k])->unit), TABLE_RIGHT);
    for (size_t i = 0; i < v->n_arms && page_row_fits(p, i); i++) {
        table_cell(&t, v->arms[i].name);
        table_cellf(&t, "%zu", v->arms[i].n_counted);
        for (size_t k = 0; k < ROWS; k++) {
            const struct view_number *n = view_find(&v->arms[i], shown[k]);
            if (!has[k])
                continue;
            table_cell(&t, n ? number_with_interval(&p->arena, n) : NO_NUMBER);
            if (n && i < NOTED)
                table_note(&t, page_note(p, n));
        }
    }
    p->ops->table(p, &t);
    page_rest(p, v->n_arms, "arms");
}

void section_arms(struct page *p, const struct report_view *v)
{
    size_t most = 0;
    for (size_t i = 0; i < v->n_arms; i++)
        most = v->arms[i].n_counted > most ? v->arms[i].n_counted : most;
    if (!most)
        return;
    p->ops->heading(p, "Arms");
    if (p->wide)
        arms_as_rows(p, v);
    for (size_t i = 0, n; !p->wide && i < v->n_arms; i += n) {
        n = arms_beside(p, &v->arms[i], v->n_arms - i);
        arms_table(p, &v->arms[i], n);
    }
    page_textf(
        p,
        "Median [95 %% interval] over the arm's counted runs; each run gives one value, the median of its completed "
        "requests or sessions: the run is the unit of replication%s.",
        most < VIEW_DESCRIPTIVE_BELOW ? "; intervals of fewer than 5 runs are descriptive" : "");
}

/* ---- runs ------------------------------------------------------------------------------------------------ */

static void run_row(struct page *p, struct table *t, const struct run *r)
{
    struct run_counts c = run_count(r);
    const struct metric *makespan = metric_find("makespan"), *rate = metric_find("output_rate.system");
    double tokens = 0; /* a server may tell any count */
    for (size_t i = 0; i < r->n_requests; i++)
        tokens += r->requests[i].usage.completion_tok > 0 ? (double)r->requests[i].usage.completion_tok : 0;
    table_cellf(t, "%d", r->block + 1);
    table_cell(t, r->arm);
    table_cell(t, view_run_word(r));
    table_cell(t, number_text(&p->arena, makespan->of_run(r)));
    table_cellf(t, "%lld", (long long)c.completed);
    table_cellf(t, "%lld", (long long)(c.planned - c.completed));
    if (r->n_requests)
        table_cellf(t, "%.0f", tokens);
    else
        table_cell(t, NO_NUMBER); /* an imported run that does not tell its requests */
    table_cell(t, number_text(&p->arena, rate->of_run(r)));
    table_cell(t, r->verdict_why);
    if (!run_is_counted(r))
        table_faint(t);
}

static int by_plan(const void *a, const void *b)
{
    const struct run *x = *(const struct run *const *)a, *y = *(const struct run *const *)b;
    if (x->position != y->position)
        return x->position < y->position ? -1 : 1;
    if (x->attempt != y->attempt)
        return x->attempt < y->attempt ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

/* In the order of the plan; attempts of one place one after the other. */
static const struct run **in_order(struct page *p, const struct report_view *v)
{
    const struct run **runs = arena_alloc(&p->arena, (v->n_runs + 1) * sizeof *runs);
    for (size_t i = 0; i < v->n_runs; i++)
        runs[i] = &v->runs[i];
    if (v->n_runs)
        qsort(runs, v->n_runs, sizeof *runs, by_plan);
    return runs;
}

static void missing(struct page *p, const struct report_view *v)
{
    for (size_t i = 0; i < v->n_arms; i++) {
        const struct view_arm *arm = &v->arms[i];
        if (arm->planned > arm->n_runs)
            page_itemf(p, "missing: %zu of %zu runs of %s", arm->planned - arm->n_runs, arm->planned, arm->name);
    }
}

void section_runs(struct page *p, const struct report_view *v)
{
    static const char *const heads[] = {"block",  "arm",    "verdict", "makespan s", "ok",
                                        "not ok", "tokens", "tok/s",   "why"};
    struct table t;
    const struct run **runs = in_order(p, v);
    p->ops->heading(p, "Runs");
    missing(p, v);
    table_init(&t, &p->arena);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        table_column(&t, heads[i], i == 1 || i == 2 || i == 8 ? TABLE_LEFT : TABLE_RIGHT);
    for (size_t i = 0; i < v->n_runs && page_row_fits(p, i); i++)
        run_row(p, &t, runs[i]);
    if (v->n_runs)
        p->ops->table(p, &t);
    page_rest(p, v->n_runs, "runs");
}

/* ---- outcomes -------------------------------------------------------------------------------------------- */

static const char *words_of(struct page *p, const struct view_counts *c, bool flags)
{
    const char *text = "";
    for (int i = 0; !flags && i < OUTCOME_COUNT; i++)
        if (c->by_outcome[i])
            text = arena_printf(&p->arena, "%s%s%s %lld", text, *text ? ", " : "", outcome_word((enum outcome)i),
                                (long long)c->by_outcome[i]);
    for (int i = 0; flags && i < VIEW_FLAGS && request_flag_row(i).word; i++)
        if (c->by_flag[i])
            text = arena_printf(&p->arena, "%s%s%s %lld", text, *text ? ", " : "", request_flag_row(i).word,
                                (long long)c->by_flag[i]);
    return *text ? text : NO_NUMBER;
}

static void outcome_row(struct page *p, struct table *t, const char *name, const struct view_counts *c)
{
    table_cell(t, name);
    table_cellf(t, "%lld", (long long)c->planned);
    table_cellf(t, "%lld", (long long)c->completed);
    table_cellf(t, "%lld", (long long)c->failed);
    table_cellf(t, "%lld", (long long)c->cancelled);
    table_cellf(t, "%lld", (long long)c->unsent);
    table_cell(t, words_of(p, c, false));
    table_cell(t, words_of(p, c, true));
}

void section_outcomes(struct page *p, const struct report_view *v)
{
    static const char *const heads[] = {"arm",       "planned", "completed", "failed",
                                        "cancelled", "unsent",  "outcomes",  "flags"};
    struct table t;
    if (!v->counts.planned)
        return;
    p->ops->heading(p, "Requests");
    table_init(&t, &p->arena);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        table_column(&t, heads[i], i == 0 || i > 5 ? TABLE_LEFT : TABLE_RIGHT);
    for (size_t i = 0; i < v->n_arms; i++)
        outcome_row(p, &t, v->arms[i].name, &v->arms[i].counts);
    if (v->n_arms > 1)
        outcome_row(p, &t, "all", &v->counts);
    p->ops->table(p, &t);
    p->ops->text(p, "planned = completed + failed + cancelled + unsent; aborted runs are included.");
}

/* ---- quality --------------------------------------------------------------------------------------------- */

/* What the files contradict, word by word: as a person would check it. */
static void claims_table(struct page *p, const struct report_view *v)
{
    static const char *const heads[] = {"block", "arm", "agent", "it wrote", "of", "the files say", "in"};
    struct table t;
    if (!v->n_claims || !p->definitions)
        return;
    page_textf(p, "Contradicted by the files that were read (%zu of %lld):", v->n_claims, (long long)v->contradicted);
    table_init(&t, &p->arena);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        table_column(&t, heads[i], i == 0 ? TABLE_RIGHT : TABLE_LEFT);
    for (size_t i = 0; i < v->n_claims; i++) {
        const struct view_claim *c = &v->claims[i];
        table_cellf(&t, "%d", c->run->block + 1);
        table_cell(&t, c->run->arm);
        table_cell(&t, c->agent);
        table_cell(&t, c->sentence);
        table_cell(&t, c->fact);
        table_cell(&t, number_text(&p->arena, c->fact_value));
        table_cell(&t, c->origin);
    }
    p->ops->table(p, &t);
}

static void told(struct table *t, int64_t n)
{
    if (n < 0)
        table_cell(t, NO_NUMBER);
    else
        table_cellf(t, "%lld", (long long)n);
}

void section_quality(struct page *p, const struct report_view *v)
{
    static const char *const heads[] = {"arm",       "agent", "reports",      "keywords",
                                        "supported", "named", "contradicted", "not found"};
    struct table t;
    if (!v->n_quality)
        return;
    p->ops->heading(p, "What the agents wrote");
    table_init(&t, &p->arena);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        table_column(&t, heads[i], i < 2 ? TABLE_LEFT : TABLE_RIGHT);
    for (size_t i = 0; i < v->n_quality; i++) {
        const struct view_quality *q = &v->quality[i];
        table_cell(&t, q->arm);
        table_cell(&t, q->agent);
        told(&t, q->sessions);
        table_cell(&t, number_text(&p->arena, q->score_median));
        told(&t, q->supported);
        told(&t, q->supported_named);
        told(&t, q->contradicted);
        told(&t, q->not_found);
    }
    p->ops->table(p, &t);
    p->ops->text(
        p, "Statements with a number or a count of files, looked up in the files that were read; named: supported, and "
           "the sentence names what the number is of; keywords: the score of TR109, which "
           "counts words and is kept for comparison only: a list of its own keywords scores 0.98.");
    claims_table(p, v);
}
