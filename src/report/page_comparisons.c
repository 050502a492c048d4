/* page_comparisons.c: the arms against the baseline: what changed and the verdict, then how sure that is. */
#include <math.h>
#include <string.h>

#include "report/compare_view.h"
#include "report/number.h"
#include "report/page.h"

/* Of one run the interval is a point, and says nothing. */
static const char *with_interval(struct arena *a, const struct comparison *r, const char *shift, const char *lo,
                                 const char *hi)
{
    return r->confidence > 0 ? arena_printf(a, "%s [%s, %s]", shift, lo, hi) : shift;
}

static void changes(struct page *p, const struct view_comparison *c, size_t n)
{
    static const char *const heads[] = {"arm", "metric", "change [interval]", "in % [interval]", "verdict"};
    struct arena *a = &p->arena;
    struct table t;
    table_init(&t, a);
    for (int i = 0; i < 5; i++)
        table_column(&t, heads[i], i == 2 || i == 3 ? TABLE_RIGHT : TABLE_LEFT);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; c[i].pair && k < c[i].pair->n; k++) {
            const struct comparison *r = &c[i].pair->results[k];
            table_cell(&t, c[i].arm->name);
            table_cellf(&t, "%s %s", r->metric->id, r->metric->unit);
            table_cell(&t, with_interval(a, r, compare_signed_text(a, r->shift), compare_signed_text(a, r->lo),
                                         compare_signed_text(a, r->hi)));
            table_cell(&t, with_interval(a, r, compare_percent_text(a, r, r->shift), compare_percent_text(a, r, r->lo),
                                         compare_percent_text(a, r, r->hi)));
            table_cell(&t, compare_verdict_word(r->verdict));
        }
    p->ops->table(p, &t);
}

static void certainty(struct page *p, const struct view_comparison *c, size_t n)
{
    static const char *const heads[] = {"arm", "how sure", "n", "effect", "p Holm", "finds %", "more"};
    struct arena *a = &p->arena;
    struct table t;
    table_init(&t, a);
    for (int i = 0; i < 7; i++)
        table_column(&t, heads[i], i == 2 || i > 3 ? TABLE_RIGHT : TABLE_LEFT);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; c[i].pair && k < c[i].pair->n; k++) {
            const struct comparison *r = &c[i].pair->results[k];
            table_cell(&t, c[i].arm->name);
            table_cell(&t, r->metric->id);
            table_cell(&t, arena_printf(a, r->n_a == r->n_b ? "%zu" : "%zu, %zu", r->n_a, r->n_b));
            table_cell(&t, compare_delta_text(a, r));
            table_cell(&t, number_text(a, r->p_holm));
            table_cell(&t, number_text(a, compare_percent(r, r->mde)));
            table_cell(&t, r->more_runs > 0 ? arena_printf(a, "%.0f", r->more_runs) : NO_NUMBER);
        }
    p->ops->table(p, &t);
}

void comparison_tables(struct page *p, const struct view_comparison *c, size_t n)
{
    changes(p, c, n);
    certainty(p, c, n);
}

static void remarks(struct page *p, const struct view_comparisons *all)
{
    for (size_t i = 0, shown = 0; i < all->n && shown < VIEW_REMARKED; i++) {
        const struct compare_view *pair = all->at[i].pair;
        shown += pair != NULL;
        for (size_t k = 0; pair && k < pair->n_remarks; k++)
            page_itemf(p, "%s%s%s", all->n_compared > 1 ? all->at[i].arm->name : "", all->n_compared > 1 ? ": " : "",
                       pair->remarks[k]);
    }
    if (all->n_compared > VIEW_REMARKED)
        page_itemf(
            p, "What else is to be said of a pair: chimera compare FILE:%s FILE:ARM, where the family is that pair's.",
            all->base->name);
}

void comparison_notes(struct page *p, const struct view_comparisons *all)
{
    size_t refused = 0;
    remarks(p, all);
    for (size_t i = 0; i < all->n; i++)
        if (all->at[i].refused && refused++ < VIEW_REMARKED)
            page_itemf(p, "%s is not compared: %s.", all->at[i].arm->name, all->at[i].refused);
    if (refused > VIEW_REMARKED)
        page_itemf(p, "%zu more arms are not compared for such reasons.", refused - VIEW_REMARKED);
    if (all->left_out)
        page_itemf(p, "%zu more arms are not compared: a family of more than %d arms would find nothing.",
                   all->left_out, VIEW_COMPARED);
    if (!all->top)
        return;
    bool paired = all->top->pair->results[0].paired;
    page_textf(
        p,
        "One value per run. Change: Hodges-Lehmann shift of %s with the interval of %s. Effect: Cliff's delta. p: of "
        "%zu comparisons together. Finds: the shift, in %% of %s, that such a study finds in 80 %% of cases. More: "
        "%s that are missing to find a shift as large as the one seen.",
        paired ? "the blocks' differences" : "the runs of both arms, unpaired,",
        paired ? "Wilcoxon's signed ranks" : "Mann-Whitney's test", all->n_compared * all->top->pair->n,
        all->base->name, compare_units(&all->top->pair->results[0], 2));
}

void section_comparisons(struct page *p, const struct report_view *v)
{
    const struct view_comparisons *all = &v->comparisons;
    size_t rows = all->top ? all->top->pair->n : 1, fit = p->max_rows ? p->max_rows / rows : all->n;
    if (!all->base)
        return;
    p->ops->heading(p, arena_printf(&p->arena, "Comparisons: the arms against %s", all->base->name));
    if (all->top)
        comparison_tables(p, all->at, all->n < fit ? all->n : fit);
    if (all->n > fit)
        page_textf(p, "%zu more arms are in --format md and --format json.", all->n - fit);
    comparison_notes(p, all);
}
