/* page_effects.c: what the factors of a study do: by level, level against level, how much of the differences each explains,
 * and which arm is best. */
#include <math.h>
#include <string.h>

#include "report/compare_view.h"
#include "report/number.h"
#include "report/page.h"
#include "report/study_view.h"

static const char *percent(struct page *p, const struct comparison *c, double x)
{
    double v = compare_percent(c, x);
    return isfinite(v) ? arena_printf(&p->arena, "%s%s", v > 0 ? "+" : "", number_text(&p->arena, v)) : NO_NUMBER;
}

static const char *unit_after(struct page *p, const struct metric *m)
{
    return strcmp(m->unit, "ratio") != 0 && strcmp(m->unit, "1") != 0 ? arena_printf(&p->arena, " %s", m->unit) : "";
}

/* ---- by level ------------------------------------------------------------------------------------------------------ */

static const char *column_name(struct page *p, const struct metric *m)
{
    if (!strcmp(m->id, "overlap"))
        return "overlap % (TR110 'efficiency')";
    if (!strcmp(m->id, "contention.tr110"))
        return "contention";
    return arena_printf(&p->arena, "%s%s", m->id, unit_after(p, m));
}

/* Whether effects are of several bases: one need not stand in each row. */
static bool of_several(const struct view_study *s)
{
    for (size_t i = 1; i < s->n_effects; i++)
        if (strcmp(s->effects[i].base, s->effects[0].base) != 0)
            return true;
    return false;
}

static bool columns_begin(struct page *p, const struct view_study *s, struct table *t, size_t from, size_t *to)
{
    size_t room = p->wide ? 4 : 3;
    *to = from + room < s->n_columns ? from + room : s->n_columns;
    table_init(t, &p->arena);
    table_column(t, "arm", TABLE_LEFT);
    table_column(t, "level", TABLE_LEFT);
    table_column(t, "blocks", TABLE_RIGHT);
    for (size_t i = from; i < *to; i++)
        table_column(t, column_name(p, s->columns[i]), TABLE_RIGHT);
    return from < s->n_columns;
}

/* An arm's name without that of its base, which stands beside. */
static const char *levels_of(const struct view_level *row)
{
    size_t n = strlen(row->base);
    return !strncmp(row->level, row->base, n) && row->level[n] == ',' ? row->level + n + 1 : row->level;
}

static void by_level(struct page *p, const struct report_view *v)
{
    const struct view_study *s = v->study;
    struct table t;
    p->ops->heading(p, "By level");
    for (size_t from = 0, to; columns_begin(p, s, &t, from, &to); from = to) {
        for (size_t i = 0; i < s->n_levels && page_row_fits(p, i); i++) {
            const struct view_level *row = &s->levels[i];
            bool arm = row->factor == v->design.n_factors;
            size_t blocks = 0;
            for (size_t k = from; k < to; k++)
                blocks = row->numbers[k].n > blocks ? row->numbers[k].n : blocks;
            if (!blocks)
                continue;
            table_cell(&t, row->base);
            if (arm)
                table_cell(&t, levels_of(row));
            else
                table_cellf(&t, "%s=%s", v->design.factors[row->factor].name, row->level);
            table_cellf(&t, "%zu", blocks);
            for (size_t k = from; k < to; k++) {
                table_cell(&t, number_with_interval(&p->arena, &row->numbers[k]));
                table_note(&t, page_note(p, &row->numbers[k]));
            }
        }
        p->ops->table(p, &t);
    }
    page_rest(p, s->n_levels, "levels");
    page_textf(p,
               "Medians over blocks with 95 %% intervals; a block's value is the mean over its arms with that level. "
               "These are the tables of TR108 to TR116 for this machine; overlap says how equal two durations are, "
               "the speedup beside it what is gained.");
}

/* ---- level against level -------------------------------------------------------------------------------------------- */

static void effect_row(struct page *p, struct table *t, const struct report_view *v, const struct view_effect *e)
{
    if (of_several(v->study))
        table_cell(t, e->base);
    table_cell(t, view_contrast(v, &p->arena, e));
    table_cellf(t, "%s%s", e->c.metric->id, unit_after(p, e->c.metric));
    table_cell(t, number_text(&p->arena, e->c.base));
    table_cellf(t, "%s [%s, %s]", percent(p, &e->c, e->c.shift), percent(p, &e->c, e->c.lo),
                percent(p, &e->c, e->c.hi));
    table_cell(t, number_text(&p->arena, e->c.p_holm));
    table_cellf(t, "%zu%s", e->c.n_a, e->uneven ? "*" : "");
    table_cell(t, compare_verdict_word(e->c.verdict));
}

/* Few blocks cannot give 95 %. */
static const char *attained(struct page *p, const struct view_study *s)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < s->n_effects; i++) {
        low = fmin(low, s->effects[i].c.confidence); /* fmin and fmax pass over NaN */
        high = fmax(high, s->effects[i].c.confidence);
    }
    return compare_confidence_text(&p->arena, low, high);
}

static void level_against_level(struct page *p, const struct report_view *v)
{
    static const char *const heads[] = {"arm",    "level",  "metric", "from", "effect in % [interval]",
                                        "p Holm", "blocks", "verdict"};
    const struct view_study *s = v->study;
    struct table t;
    bool uneven = false;
    table_init(&t, &p->arena);
    for (size_t i = of_several(s) ? 0 : 1; i < sizeof heads / sizeof heads[0]; i++)
        table_column(&t, heads[i], i >= 3 && i < 7 ? TABLE_RIGHT : TABLE_LEFT);
    p->ops->heading(p, "Effects of the factors");
    for (size_t i = 0; i < s->n_effects; i++) {
        if (page_row_fits(p, i))
            effect_row(p, &t, v, &s->effects[i]);
        uneven = uneven || s->effects[i].uneven;
    }
    p->ops->table(p, &t);
    page_rest(p, s->n_effects, "effects");
    page_textf(p,
               "Each level against the first of its factor, within a block and with the other factors alike; one value "
               "per block. Hodges-Lehmann shift with the interval of Wilcoxon's signed ranks (%s); p of all %zu "
               "effects together%s.",
               attained(p, s), s->n_effects,
               s->solos_left_out ? "; the arms of one agent alone are there for the speedup and are no part of it"
                                 : "");
    if (uneven)
        p->ops->text(p, "* Unbalanced: in some block a pair of runs is missing, so its mean is over fewer.");
}

/* ---- shares and the best arm ------------------------------------------------------------------------------------------ */

static const char *source_name(struct page *p, const struct report_view *v, const struct effects_share *s)
{
    const struct design_factor *f = v->design.factors;
    switch (s->source) {
    case EFFECTS_BLOCK: return "blocks";
    case EFFECTS_FACTOR: return f[s->factor].name;
    case EFFECTS_TWO: return arena_printf(&p->arena, "%s with %s", f[s->factor].name, f[s->other].name);
    case EFFECTS_HIGHER: return "other differences of arms";
    default: return "rest (noise)";
    }
}

static void shares_table(struct page *p, const struct report_view *v, const struct view_sources *s)
{
    struct table t;
    table_init(&t, &p->arena);
    table_column(&t, arena_printf(&p->arena, "%s: %s", s->base, s->metric->id), TABLE_LEFT);
    table_column(&t, "share of variance %", TABLE_RIGHT);
    table_column(&t, "95 % interval", TABLE_RIGHT);
    table_column(&t, "by chance %", TABLE_RIGHT);
    table_column(&t, "degrees", TABLE_RIGHT);
    for (size_t i = 0; i < s->shares.n; i++) {
        const struct effects_share *x = &s->shares.at[i];
        table_cell(&t, source_name(p, v, x));
        table_cellf(&t, "%.1f", 100 * x->share);
        table_cellf(&t, "[%.1f, %.1f]", 100 * x->lo, 100 * x->hi);
        if (x->source == EFFECTS_REST)
            table_cell(&t, NO_NUMBER);
        else
            table_cellf(&t, "%.1f", 100 * x->chance);
        table_cellf(&t, "%.0f", x->df);
    }
    p->ops->table(p, &t);
    if (s->shares.incomplete)
        p->ops->text(p,
                     "Unbalanced: not every combination of levels is there. Each factor's share is by itself; shares "
                     "overlap and need not add up to 100.");
    if (s->shares.missing)
        page_textf(p, "Unbalanced: %zu block%s without all arms %s left out.", s->shares.missing,
                   s->shares.missing == 1 ? "" : "s", s->shares.missing == 1 ? "is" : "are");
}

static void shares(struct page *p, const struct report_view *v)
{
    const struct view_study *s = v->study;
    bool any = false;
    for (size_t i = 0; i < s->n_sources; i++) {
        if (!s->sources[i].shares.n)
            continue;
        if (!any)
            p->ops->heading(p, "Where the differences come from");
        any = true;
        shares_table(p, v, &s->sources[i]);
    }
    if (any)
        page_textf(p,
                   "Sums of squares over the blocks that have every arm, as shares of all; intervals from %d "
                   "resamplings of the blocks. By chance: what noise alone would give it.",
                   EFFECTS_REPLICATES);
}

static void best(struct page *p, const struct report_view *v)
{
    const struct view_study *s = v->study;
    struct table t;
    table_init(&t, &p->arena);
    table_column(&t, "best by", TABLE_LEFT);
    table_column(&t, "arm", TABLE_LEFT);
    table_column(&t, "median", TABLE_RIGHT);
    table_column(&t, "best in % of resamplings", TABLE_RIGHT);
    table_column(&t, "blocks", TABLE_RIGHT);
    for (size_t i = 0; i < s->n_sources; i++) {
        const struct view_sources *x = &s->sources[i];
        if (isnan(x->best.chance))
            continue;
        table_cell(&t, x->metric->id);
        table_cell(&t, x->best_arm);
        table_cellf(&t, "%s%s", number_text(&p->arena, x->best.median), unit_after(p, x->metric));
        table_cell(&t, number_text(&p->arena, 100 * x->best.chance));
        table_cellf(&t, "%zu", x->best.blocks);
    }
    if (!table_rows(&t))
        return;
    p->ops->heading(p, "The best arm, and how sure that is");
    p->ops->table(p, &t);
    page_textf(p,
               "In how many of %d resamplings of the blocks the arm has the best median. Below 95 %% it is not settled "
               "which arm is best: the winner of equal arms wins, too.",
               EFFECTS_REPLICATES);
}

void section_effects(struct page *p, const struct report_view *v)
{
    if (v->study->n_effects)
        level_against_level(p, v);
}

void section_levels(struct page *p, const struct report_view *v)
{
    best(p, v);
    if (v->study->n_levels)
        by_level(p, v);
    shares(p, v);
}
