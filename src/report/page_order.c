/* page_order.c: what every study is asked: did the runs change over time, and which generations may have spoilt a number? */
#include <math.h>
#include <string.h>

#include "report/number.h"
#include "report/page.h"
#include "report/study_view.h"

/* ---- order --------------------------------------------------------------------------------------------------------- */

static const char *judged(const struct view_drift *d)
{
    return d->certain && d->large ? "drift, beyond half the margin"
           : d->certain           ? "drift"
           : d->large             ? "beyond half the margin, or noise"
                                  : "none seen";
}

static void trends(struct page *p, const struct report_view *v)
{
    struct table t;
    table_init(&t, &p->arena);
    table_column(&t, "metric", TABLE_LEFT);
    table_column(&t, "blocks", TABLE_RIGHT);
    table_column(&t, "change over the study in % [95 %]", TABLE_RIGHT);
    table_column(&t, "p Holm", TABLE_RIGHT);
    table_column(&t, "drift", TABLE_LEFT);
    for (size_t i = 0; i < v->study->n_drifts; i++) {
        const struct view_drift *d = &v->study->drifts[i];
        table_cell(&t, d->metric->id);
        table_cellf(&t, "%zu", d->trend.blocks);
        table_cellf(&t, "%s [%s, %s]", number_text(&p->arena, 100 * d->trend.trend),
                    number_text(&p->arena, 100 * d->trend.lo), number_text(&p->arena, 100 * d->trend.hi));
        table_cell(&t, number_text(&p->arena, d->p_holm));
        table_cell(&t, judged(d));
    }
    p->ops->table(p, &t);
}

static void abba(struct page *p, const struct report_view *v)
{
    for (size_t i = 0; i < v->study->n_drifts; i++) {
        const struct view_drift *d = &v->study->drifts[i];
        if (d->abba.n)
            page_itemf(p,
                       "%s of %s less that of %s with a linear drift taken out, (B + B - A - A) / 2: %s %s [%s, %s] "
                       "(%.1f %%) over %zu pairs of blocks",
                       d->metric->id, v->arms[1].name, v->arms[0].name, number_text(&p->arena, d->abba.shift),
                       d->metric->unit, number_text(&p->arena, d->abba.lo), number_text(&p->arena, d->abba.hi),
                       100 * d->abba.confidence, d->abba.n);
    }
}

void section_order(struct page *p, const struct report_view *v)
{
    if (!v->study->n_drifts)
        return;
    p->ops->heading(p, "Order and drift");
    trends(p, v);
    abba(p, v);
    p->ops->text(
        p,
        "Each block by the mean of its runs, a run over the mean of its arm, in the order of execution: Kendall's tau "
        "and Sen's slope. Blocks keep a drift out of what is compared, not out of the width of its interval.");
}

/* ---- generations --------------------------------------------------------------------------------------------------- */

static void by_name(struct page *p, const struct view_study *s)
{
    static const char *const heads[] = {"cause", "arm",     "block",      "agent",
                                        "stage", "outcome", "prompt tok", "output tok"};
    struct table t;
    int64_t all = 0;
    table_init(&t, &p->arena);
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
        table_column(&t, heads[i], i == 2 || i > 5 ? TABLE_RIGHT : TABLE_LEFT);
    for (size_t i = 0; i < s->n_generations && page_row_fits(p, i); i++) {
        const struct view_generation *g = &s->generations[i];
        const struct usage *u = &g->request->usage;
        table_cell(&t, view_cause_word(g->cause));
        table_cell(&t, g->run->arm);
        table_cellf(&t, run_is_counted(g->run) ? "%d" : "%d, VOID", g->run->block + 1);
        table_cell(&t, g->request->agent ? g->request->agent : NO_NUMBER);
        if (g->request->stage)
            table_cell(&t, g->request->stage);
        else
            table_cellf(&t, "request %lld", (long long)g->request->seq + 1);
        table_cell(&t, outcome_word(g->request->outcome));
        table_cell(&t, u->prompt_tok < 0 ? NO_NUMBER : number_text(&p->arena, (double)u->prompt_tok));
        table_cell(&t, u->completion_tok < 0 ? NO_NUMBER : number_text(&p->arena, (double)u->completion_tok));
    }
    p->ops->table(p, &t);
    for (int c = 0; c < CAUSES; c++)
        all += s->by_cause[c];
    page_rest(p, s->n_generations, "generations");
    if ((size_t)all > s->n_generations)
        page_textf(p, "The first %zu of %lld are listed.", s->n_generations, (long long)all);
}

static void with_and_without(struct page *p, const struct view_study *s)
{
    struct table t;
    table_init(&t, &p->arena);
    table_column(&t, "arm", TABLE_LEFT);
    table_column(&t, "without runs that hold", TABLE_LEFT);
    table_column(&t, "generations", TABLE_RIGHT);
    table_column(&t, "metric", TABLE_LEFT);
    table_column(&t, "all counted [95 %], n", TABLE_RIGHT);
    table_column(&t, "without [95 %], n", TABLE_RIGHT);
    for (size_t i = 0; i < s->n_without && page_row_fits(p, i); i++) {
        const struct view_without *w = &s->without[i];
        table_cell(&t, w->arm);
        table_cell(&t, view_cause_word(w->cause));
        table_cellf(&t, "%lld", (long long)w->generations);
        table_cell(&t, w->all.metric ? w->all.metric->id : NO_NUMBER);
        table_cellf(&t, "%s, %zu", number_with_interval(&p->arena, &w->all), w->all.n);
        if (w->without.n)
            table_cellf(&t, "%s, %zu", number_with_interval(&p->arena, &w->without), w->without.n);
        else
            table_cell(&t, "none is left");
    }
    p->ops->table(p, &t);
    page_rest(p, s->n_without, "rows");
}

void section_causes(struct page *p, const struct report_view *v)
{
    const struct view_study *s = v->study;
    const char *what = "";
    if (!s->n_generations)
        return;
    p->ops->heading(p, "Generations that may spoil a number");
    by_name(p, s);
    with_and_without(p, s);
    for (int c = 0; c < CAUSES; c++)
        if (s->by_cause[c])
            what = arena_printf(&p->arena, "%s%s%s: %s", what, *what ? ". " : "", view_cause_word((enum view_cause)c),
                                view_cause_what((enum view_cause)c));
    page_textf(p, "%s.", what);
}
