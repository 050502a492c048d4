/* view_effects.c: the effects of a study's factors, base by base. */
#include <math.h>
#include <string.h>

#include "report/study_view.h"
#include "stats/moments.h"
#include "stats/quantile.h"

enum { SEED = 20251008, COLUMNS = 8 }; /* any seed: the same file gives the same bytes */

const char *view_contrast(const struct report_view *v, struct arena *a, const struct view_effect *e)
{
    const struct design_factor *f = &v->design.factors[e->factor];
    return arena_printf(a, "%s: %s against %s", f->name, f->levels[e->level], f->levels[0]);
}

/* ---- the arms of one base ---------------------------------------------------------------------------------------------- */

static struct effects_group group_of(struct report_view *v, const struct effects_base *b, const struct metric *m)
{
    struct compare_arm *values = arena_alloc(&v->arena, (b->n_arms + 1) * sizeof *values);
    for (size_t i = 0; i < b->n_arms; i++)
        values[i] = view_arm_values(v, b->arms[i]->name, m);
    return (struct effects_group){&v->design, b->arms, values, b->n_arms};
}

static bool has_values(const struct effects_group *g)
{
    for (size_t i = 0; i < g->n_arms; i++)
        for (size_t k = 0; k < g->values[i].n; k++)
            if (isfinite(g->values[i].runs[k].value))
                return true;
    return false;
}

/* Of all arms with several agents together: the speedup that is the headline in each of them, else that by tokens. */
static const struct metric *headline(const struct report_view *v)
{
    bool time = v->n_duets > 0, any = false;
    for (size_t i = 0; i < v->n_duets; i++) {
        time = time && v->duets[i].headline == SPEEDUP_BY_TIME;
        any = any || v->duets[i].headline != SPEEDUP_NONE;
    }
    return any ? metric_find(time ? "speedup.time" : "speedup.tokens") : NULL;
}

/* ---- questions ---------------------------------------------------------------------------------------------------------- */

/* The margin in the metric's unit. */
static double margin_of(struct report_view *v, const struct compare_arm *baseline)
{
    double *x = arena_alloc(&v->arena, (baseline->n + 1) * sizeof *x);
    for (size_t i = 0; i < baseline->n; i++)
        x[i] = baseline->runs[i].value;
    return baseline->n ? v->study->margin * fabs(median(x, baseline->n)) : 0;
}

static void ask_level(struct report_view *v, const struct effects_base *b, const struct effects_group *g,
                      const struct metric *m, struct view_effect e, struct compare_question **questions)
{
    struct view_study *s = v->study;
    struct effects_contrast c;
    size_t n = s->n_effects;
    effects_contrast(g, e.factor, e.level, &v->arena, &c);
    if (!c.pairs)
        return;
    e.base = b->name;
    e.pairs = c.pairs;
    e.uneven = c.uneven;
    s->effects = arena_grow(&v->arena, s->effects, n * sizeof e, (n + 1) * sizeof e);
    s->effects[n] = e;
    *questions = arena_grow(&v->arena, *questions, n * sizeof **questions, (n + 1) * sizeof **questions);
    (*questions)[n] = (struct compare_question){m, c.a, c.b, margin_of(v, &c.a), 0};
    s->n_effects++;
}

static void ask_metric(struct report_view *v, const struct effects_base *b, const struct metric *m,
                       struct compare_question **questions)
{
    struct view_study *s = v->study;
    struct effects_group g = group_of(v, b, m);
    if (!has_values(&g))
        return;
    for (size_t f = 0; f < v->design.n_factors; f++)
        for (size_t level = 1; level < v->design.factors[f].n_levels; level++)
            ask_level(v, b, &g, m, (struct view_effect){.factor = f, .level = level}, questions);
    struct view_sources sources = {.base = b->name, .metric = m};
    effects_shares(&g, SEED, &v->arena, &sources.shares);
    effects_best(&g, m->better, SEED, &v->arena, &sources.best);
    sources.best_arm = b->arms[sources.best.arm]->name;
    s->sources = arena_grow(&v->arena, s->sources, s->n_sources * sizeof sources, (s->n_sources + 1) * sizeof sources);
    s->sources[s->n_sources++] = sources;
}

/* ---- by level ------------------------------------------------------------------------------------------------------------ */

/* factor n_factors: the arms themselves, the level is their place in the base. */
static bool at_level(const struct report_view *v, const struct effects_base *b, size_t arm, size_t factor, size_t level)
{
    return factor == v->design.n_factors ? arm == level : b->arms[arm]->level[factor] == (int)level;
}

/* One value per block: the mean over the arms of the base at that level. */
static struct view_number level_number(struct report_view *v, const struct effects_base *b, size_t factor, size_t level,
                                       const struct metric *m)
{
    int32_t *blocks = arena_alloc(&v->arena, (v->n_runs + 1) * sizeof *blocks);
    struct moments_sums *sums = arena_alloc(&v->arena, (v->n_runs + 1) * sizeof *sums);
    double *means = arena_alloc(&v->arena, (v->n_runs + 1) * sizeof *means);
    size_t n = 0;
    for (size_t i = 0; i < b->n_arms; i++) {
        struct compare_arm values = {0};
        if (at_level(v, b, i, factor, level))
            values = view_arm_values(v, b->arms[i]->name, m);
        for (size_t k = 0, at; k < values.n; k++) {
            if (!isfinite(values.runs[k].value))
                continue;
            for (at = 0; at < n && blocks[at] != values.runs[k].block;)
                at++;
            if (at == n) {
                blocks[n] = values.runs[k].block;
                sums[n++] = (struct moments_sums){0};
            }
            sums[at] = moments_merge(sums[at], (struct moments_sums){1, values.runs[k].value, 0});
        }
    }
    for (size_t i = 0; i < n; i++)
        means[i] = sums[i].mean;
    return view_number_of(v, m, means, n, -1);
}

static void add_level(struct report_view *v, const struct effects_base *b, size_t factor, size_t level,
                      const char *name)
{
    struct view_study *s = v->study;
    struct view_level row = {b->name, factor, name, arena_alloc(&v->arena, (s->n_columns + 1) * sizeof *row.numbers)};
    bool any = false;
    for (size_t i = 0; i < s->n_columns; i++) {
        row.numbers[i] = level_number(v, b, factor, level, s->columns[i]);
        any = any || row.numbers[i].n;
    }
    if (!any)
        return;
    s->levels = arena_grow(&v->arena, s->levels, s->n_levels * sizeof row, (s->n_levels + 1) * sizeof row);
    s->levels[s->n_levels++] = row;
}

static size_t varied_factors(const struct report_view *v, const struct effects_base *b)
{
    size_t n = 0;
    for (size_t f = 0; f < v->design.n_factors; f++) {
        size_t i = 1;
        while (i < b->n_arms && b->arms[i]->level[f] == b->arms[0]->level[f])
            i++;
        n += i < b->n_arms;
    }
    return n;
}

/* Level by level, and where several factors meet also arm by arm. */
static void add_levels(struct report_view *v, const struct effects_base *b)
{
    const struct design *d = &v->design;
    for (size_t f = 0; f < d->n_factors; f++)
        for (size_t level = 0; level < d->factors[f].n_levels; level++)
            add_level(v, b, f, level, d->factors[f].levels[level]);
    for (size_t i = 0; i < b->n_arms && varied_factors(v, b) > 1; i++)
        add_level(v, b, d->n_factors, i, b->arms[i]->name);
}

/* What the reports TR108 to TR116 had in their tables, and the true speedup beside their 'efficiency'. */
static void choose_columns(struct report_view *v, const struct metric *speedup)
{
    static const char *const ids[] = {"overlap", "contention.tr110",  "output_rate.system", "makespan",
                                      "ttft",    "decode_rate.server"};
    struct view_study *s = v->study;
    s->columns = arena_alloc(&v->arena, COLUMNS * sizeof *s->columns);
    if (speedup)
        s->columns[s->n_columns++] = speedup;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        bool any = false;
        for (size_t k = 0; k < v->n_arms; k++)
            any = any || view_find(&v->arms[k], ids[i]);
        if (any)
            s->columns[s->n_columns++] = metric_find(ids[i]);
    }
}

/* ---- all ------------------------------------------------------------------------------------------------------------------ */

void view_effects(struct report_view *v)
{
    struct view_study *s = v->study;
    struct effects_base *bases;
    struct compare_question *questions = NULL;
    if (!v->design.n_factors)
        return;
    const struct metric *speedup = headline(v);
    size_t n = effects_bases(&v->design, &v->arena, &bases);
    choose_columns(v, speedup);
    for (size_t i = 0; i < n; i++) {
        add_levels(v, &bases[i]);
        if (bases[i].solo) {
            s->solos_left_out = true;
            continue;
        }
        if (bases[i].multi && speedup)
            ask_metric(v, &bases[i], speedup, &questions);
        for (size_t k = 0; k < s->n_metrics; k++)
            ask_metric(v, &bases[i], s->metrics[k], &questions);
    }
    struct comparison *results = arena_alloc(&v->arena, (s->n_effects + 1) * sizeof *results);
    compare_arms(questions, s->n_effects, results);
    for (size_t i = 0; i < s->n_effects; i++)
        s->effects[i].c = results[i];
}
