/* answer_study.c: the sentences about a study as a whole: what its factors do, which arm is best, whether it was at rest. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/power.h"
#include "report/compare_view.h"
#include "report/number.h"
#include "report/study_view.h"

enum { EFFECTS_TOLD = 3 };
#define SETTLED 0.95

static const char *effect_text(struct report_view *v, const struct view_effect *e)
{
    struct arena *a = &v->arena;
    double shift = compare_percent(&e->c, e->c.shift);
    return arena_printf(a, "%s, %s, %s %s%s %% [%s, %s] (%s, p %s)", e->base, view_contrast(v, a, e), e->c.metric->id,
                        shift > 0 ? "+" : "", number_text(a, shift), number_text(a, compare_percent(&e->c, e->c.lo)),
                        number_text(a, compare_percent(&e->c, e->c.hi)), compare_verdict_word(e->c.verdict),
                        number_text(a, e->c.p_holm));
}

static bool is_found(const struct view_effect *e)
{
    return e->c.verdict == COMPARE_BETTER || e->c.verdict == COMPARE_WORSE;
}

/* Of a base of 0 every shift is beyond measure. */
static double size_of(const struct view_effect *e)
{
    double percent = fabs(compare_percent(&e->c, e->c.shift));
    return isnan(percent) ? INFINITY : percent;
}

static int by_size(const void *a, const void *b)
{
    const struct view_effect *x = *(const struct view_effect *const *)a, *y = *(const struct view_effect *const *)b;
    double p = size_of(x), q = size_of(y);
    return p != q ? (p < q) - (p > q) : (x > y) - (x < y);
}

static const char *nothing_found(struct report_view *v)
{
    const struct view_study *s = v->study;
    double lo = INFINITY, hi = -INFINITY;
    size_t same = 0, most = 0, least = power_least_blocks(s->n_effects);
    for (size_t i = 0; i < s->n_effects; i++) {
        double mde = compare_percent(&s->effects[i].c, s->effects[i].c.mde);
        lo = fmin(lo, mde);
        hi = fmax(hi, mde);
        same += s->effects[i].c.verdict == COMPARE_EQUIVALENT;
        most = s->effects[i].c.n_a > most ? s->effects[i].c.n_a : most;
    }
    if (most < least)
        return arena_printf(&v->arena,
                            "No effect of a factor can be found: in a family of %zu that takes %zu blocks, and at most "
                            "%zu count.",
                            s->n_effects, least, most);
    return arena_printf(
        &v->arena,
        "No effect of a factor is found among %zu looked at (%zu within the margin); such a study finds "
        "shifts of %s to %s %% in 80 %% of cases.",
        s->n_effects, same, number_text(&v->arena, lo), number_text(&v->arena, hi));
}

const char *answer_effects(struct report_view *v)
{
    const struct view_study *s = v->study;
    const struct view_effect **found = arena_alloc(&v->arena, (s->n_effects + 1) * sizeof *found);
    const char *text = "";
    size_t n = 0;
    for (size_t i = 0; i < s->n_effects; i++)
        if (is_found(&s->effects[i]))
            found[n++] = &s->effects[i];
    if (!n)
        return nothing_found(v);
    qsort(found, n, sizeof *found, by_size);
    for (size_t i = 0; i < n && i < EFFECTS_TOLD; i++)
        text = arena_printf(&v->arena, "%s%s%s", text, i ? "; " : "", effect_text(v, found[i]));
    return arena_printf(&v->arena, "%zu of %zu effects of the factors %s found, the largest first: %s%s.", n,
                        s->n_effects, n == 1 ? "is" : "are", text, n > EFFECTS_TOLD ? "; the others below" : "");
}

const char *answer_best(struct report_view *v, size_t i)
{
    const struct view_sources *s = &v->study->sources[i];
    struct arena *a = &v->arena;
    if (isnan(s->best.chance) || (i && !strcmp(s[-1].base, s->base)))
        return NULL;
    return arena_printf(
        a, "%s: the best arm by %s is %s (median %s%s%s), the best in %s %% of resamplings of %zu block%s%s.", s->base,
        s->metric->id, s->best_arm, number_text(a, s->best.median), strcmp(s->metric->unit, "ratio") ? " " : "",
        strcmp(s->metric->unit, "ratio") ? s->metric->unit : "", number_text(a, 100 * s->best.chance), s->best.blocks,
        s->best.blocks == 1 ? "" : "s", s->best.chance < SETTLED ? ": which is best is not settled" : "");
}

const char *answer_duets(struct report_view *v)
{
    size_t better = 0, worse = 0;
    double lo = INFINITY, hi = -INFINITY;
    for (size_t i = 0; i < v->n_duets; i++) {
        const struct view_duet *d = &v->duets[i];
        const struct view_number *n = d->headline == SPEEDUP_BY_TIME ? &d->time : &d->tokens;
        better += !strcmp(d->verdict, "better");
        worse += !strcmp(d->verdict, "worse");
        if (d->headline == SPEEDUP_NONE)
            continue;
        lo = fmin(lo, n->median);
        hi = fmax(hi, n->median);
    }
    return arena_printf(&v->arena,
                        "Side by side against one after the other, over %zu arms: faster in %zu, slower in %zu, not "
                        "decided in %zu; true speedups from %s to %s.",
                        v->n_duets, better, worse, v->n_duets - better - worse, number_text(&v->arena, lo),
                        number_text(&v->arena, hi));
}

const char *caution_drift(struct report_view *v, size_t i)
{
    const struct view_drift *d = &v->study->drifts[i];
    struct arena *a = &v->arena;
    if (!d->certain && !d->large)
        return NULL;
    return arena_printf(a, "%s changed by %s %% from the first to the last block (95 %% interval %s to %s, p %s)%s.",
                        d->metric->id, number_text(a, 100 * d->trend.trend), number_text(a, 100 * d->trend.lo),
                        number_text(a, 100 * d->trend.hi), number_text(a, d->p_holm),
                        !d->certain ? ": more than half of the margin, or noise"
                        : d->large  ? ": a drift of more than half of the margin"
                                    : ": a drift");
}
