/* json_study.c: factors with their effects, drift, generations that may spoil a number. */
#include <math.h>
#include <string.h>

#include "report/json_view.h"
#include "report/study_view.h"

static void pair(struct json_writer *w, const char *key, double lo, double hi)
{
    json_key(w, key);
    json_array(w);
    json_double(w, lo);
    json_double(w, hi);
    json_array_end(w);
}

/* ---- factors --------------------------------------------------------------------------------------------------------- */

static void factors(struct json_writer *w, const struct report_view *v)
{
    json_key(w, "factors");
    json_array(w);
    for (size_t f = 0; f < v->design.n_factors; f++) {
        json_object(w);
        json_kz(w, "factor", v->design.factors[f].name);
        json_key(w, "levels");
        json_array(w);
        for (size_t i = 0; i < v->design.factors[f].n_levels; i++)
            json_z(w, v->design.factors[f].levels[i]);
        json_array_end(w);
        json_object_end(w);
    }
    json_array_end(w);
}

static void effects(struct json_writer *w, const struct report_view *v)
{
    const struct view_study *s = v->study;
    json_key(w, "effects");
    json_array(w);
    for (size_t i = 0; i < s->n_effects; i++) {
        const struct view_effect *e = &s->effects[i];
        const struct design_factor *f = &v->design.factors[e->factor];
        json_object(w);
        json_kz(w, "base", e->base);
        json_kz(w, "factor", f->name);
        json_kz(w, "level", f->levels[e->level]);
        json_kz(w, "against", f->levels[0]);
        json_kz(w, "id", e->c.metric->id);
        json_kz(w, "unit", e->c.metric->unit);
        json_kdouble(w, "base_median", e->c.base);
        json_kdouble(w, "shift", e->c.shift);
        pair(w, "ci", e->c.lo, e->c.hi);
        json_kdouble(w, "confidence", e->c.confidence);
        json_kz(w, "method", "Hodges-Lehmann shift of the blocks' differences, interval of the signed-rank test");
        json_kdouble(w, "p", e->c.p);
        json_kdouble(w, "p_holm", e->c.p_holm);
        json_kdouble(w, "mde", e->c.mde);
        json_kdouble(w, "more_blocks", e->c.more_runs);
        json_kint(w, "n_blocks", (int64_t)e->c.n_a);
        json_kint(w, "pairs", (int64_t)e->pairs);
        json_kbool(w, "unbalanced", e->uneven);
        json_kz(w, "verdict", compare_verdict_word(e->c.verdict));
        json_object_end(w);
    }
    json_array_end(w);
}

static void share(struct json_writer *w, const struct report_view *v, const struct effects_share *s)
{
    static const char *const words[] = {"block", "factor", "interaction", "other", "rest"};
    json_object(w);
    json_kz(w, "source", words[s->source]);
    if (s->source == EFFECTS_FACTOR || s->source == EFFECTS_TWO)
        json_kz(w, "factor", v->design.factors[s->factor].name);
    if (s->source == EFFECTS_TWO)
        json_kz(w, "with", v->design.factors[s->other].name);
    json_kdouble(w, "share", s->share);
    pair(w, "ci", s->lo, s->hi);
    json_kdouble(w, "by_chance", s->chance);
    json_kdouble(w, "df", s->df);
    json_object_end(w);
}

static void variance(struct json_writer *w, const struct report_view *v)
{
    json_key(w, "variance");
    json_array(w);
    for (size_t i = 0; i < v->study->n_sources; i++) {
        const struct view_sources *s = &v->study->sources[i];
        json_object(w);
        json_kz(w, "base", s->base);
        json_kz(w, "id", s->metric->id);
        json_kint(w, "n_blocks", (int64_t)s->shares.blocks);
        json_kint(w, "blocks_left_out", (int64_t)s->shares.missing);
        json_kbool(w, "unbalanced", s->shares.incomplete || s->shares.missing > 0);
        json_key(w, "shares");
        json_array(w);
        for (size_t k = 0; k < s->shares.n; k++)
            share(w, v, &s->shares.at[k]);
        json_array_end(w);
        json_object_end(w);
    }
    json_array_end(w);
}

static void best(struct json_writer *w, const struct report_view *v)
{
    json_key(w, "best");
    json_array(w);
    for (size_t i = 0; i < v->study->n_sources; i++) {
        const struct view_sources *s = &v->study->sources[i];
        if (isnan(s->best.chance))
            continue;
        json_object(w);
        json_kz(w, "base", s->base);
        json_kz(w, "id", s->metric->id);
        json_kz(w, "arm", s->best_arm);
        json_kdouble(w, "value", s->best.median);
        json_kz(w, "unit", s->metric->unit);
        json_kdouble(w, "probability", s->best.chance);
        json_kz(w, "method", "share of resamplings of the blocks in which its median is the best");
        json_kint(w, "n_blocks", (int64_t)s->best.blocks);
        json_object_end(w);
    }
    json_array_end(w);
}

static void levels(struct json_writer *w, const struct report_view *v)
{
    const struct view_study *s = v->study;
    json_key(w, "levels");
    json_array(w);
    for (size_t i = 0; i < s->n_levels; i++) {
        const struct view_level *row = &s->levels[i];
        json_object(w);
        json_kz(w, "base", row->base);
        if (row->factor < v->design.n_factors)
            json_kz(w, "factor", v->design.factors[row->factor].name);
        json_kz(w, row->factor < v->design.n_factors ? "level" : "arm", row->level);
        json_key(w, "metrics");
        json_object(w);
        for (size_t k = 0; k < s->n_columns; k++)
            if (row->numbers[k].n)
                json_number(w, s->columns[k]->id, &row->numbers[k], NULL);
        json_object_end(w);
        json_object_end(w);
    }
    json_array_end(w);
}

/* ---- of every study ----------------------------------------------------------------------------------------------------- */

static void drift(struct json_writer *w, const struct report_view *v)
{
    json_key(w, "drift");
    json_array(w);
    for (size_t i = 0; i < v->study->n_drifts; i++) {
        const struct view_drift *d = &v->study->drifts[i];
        json_object(w);
        json_kz(w, "id", d->metric->id);
        json_kint(w, "n_runs", (int64_t)d->trend.n);
        json_kdouble(w, "change", d->trend.trend);
        pair(w, "ci", d->trend.lo, d->trend.hi);
        json_kz(w, "method",
                "runs over the means of their arms by position: Sen's slope over the study, Kendall's tau");
        json_kdouble(w, "p", d->trend.p);
        json_kdouble(w, "p_holm", d->p_holm);
        json_kbool(w, "beyond_half_the_margin", d->large);
        json_kbool(w, "drift", d->certain);
        if (d->abba.n) {
            json_kdouble(w, "abba", d->abba.shift);
            pair(w, "abba_ci", d->abba.lo, d->abba.hi);
            json_kint(w, "abba_pairs_of_blocks", (int64_t)d->abba.n);
        }
        json_object_end(w);
    }
    json_array_end(w);
}

static void generations(struct json_writer *w, const struct report_view *v)
{
    const struct view_study *s = v->study;
    json_key(w, "generations");
    json_object(w);
    json_key(w, "by_cause");
    json_object(w);
    for (int c = 0; c < CAUSES; c++)
        json_kint(w, view_cause_word((enum view_cause)c), s->by_cause[c]);
    json_object_end(w);
    json_key(w, "listed");
    json_array(w);
    for (size_t i = 0; i < s->n_generations; i++) {
        const struct view_generation *g = &s->generations[i];
        json_object(w);
        json_kz(w, "cause", view_cause_word(g->cause));
        json_kint(w, "run", g->run->id);
        json_kz(w, "arm", g->run->arm);
        json_kint(w, "block", g->run->block);
        json_kz(w, "agent", g->request->agent);
        json_kz(w, "stage", g->request->stage);
        json_kint(w, "seq", g->request->seq);
        json_kz(w, "outcome", outcome_word(g->request->outcome));
        json_object_end(w);
    }
    json_array_end(w);
    json_key(w, "without");
    json_array(w);
    for (size_t i = 0; i < s->n_without; i++) {
        const struct view_without *x = &s->without[i];
        json_object(w);
        json_kz(w, "arm", x->arm);
        json_kz(w, "cause", view_cause_word(x->cause));
        json_kint(w, "generations", x->generations);
        if (x->all.metric) {
            json_number(w, "all", &x->all, NULL);
            json_number(w, "without", &x->without, NULL);
        }
        json_object_end(w);
    }
    json_array_end(w);
    json_object_end(w);
}

void json_study(struct json_writer *w, const struct report_view *v)
{
    if (v->design.n_factors) {
        factors(w, v);
        effects(w, v);
        variance(w, v);
        best(w, v);
        levels(w, v);
    }
    drift(w, v);
    generations(w, v);
}
