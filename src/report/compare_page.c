/* compare_page.c: a comparison as text: the answer, one line per metric, what to know, how sure it is. */
#include <math.h>

#include "report/compare_view.h"
#include "report/number.h"
#include "report/page.h"

const char *compare_signed_text(struct arena *a, double v)
{
    return arena_printf(a, "%s%s", v > 0 ? "+" : "", number_text(a, v));
}

/* Two decimals at most: a shift is not known better. */
static const char *percent_text(struct arena *a, double v, const char *plus)
{
    double size = fabs(v);
    if (!isfinite(v))
        return NO_NUMBER;
    if (size < 0.005)
        return "0.00";
    return arena_printf(a, "%s%.*f", v > 0 ? plus : "", size < 9.995 ? 2 : size < 99.95 ? 1 : 0, v);
}

const char *compare_percent_text(struct arena *a, const struct comparison *c, double v)
{
    return percent_text(a, compare_percent(c, v), "+");
}

const char *compare_change_text(struct arena *a, const struct comparison *c)
{
    const char *shift = compare_percent_text(a, c, c->shift);
    return c->confidence > 0 ? arena_printf(a, "%s [%s, %s]", shift, compare_percent_text(a, c, c->lo),
                                            compare_percent_text(a, c, c->hi))
                             : shift;
}

const char *compare_delta_text(struct arena *a, const struct comparison *c)
{
    return isnan(c->delta) ? NO_NUMBER : arena_printf(a, "%s %+.2f", compare_delta_word(c->delta), c->delta);
}

static void results(struct page *p, const struct compare_view *v)
{
    static const char *const heads[] = {"metric", "from", "to", "change", "in % [interval]", "verdict"};
    struct table t;
    table_init(&t, &p->arena);
    for (int i = 0; i < 6; i++)
        table_column(&t, heads[i], i && i < 5 ? TABLE_RIGHT : TABLE_LEFT);
    for (size_t i = 0; i < v->n; i++) {
        const struct comparison *c = &v->results[i];
        table_cellf(&t, "%s %s", c->metric->id, c->metric->unit);
        table_cell(&t, number_text(&p->arena, c->base));
        table_cell(&t, number_text(&p->arena, c->candidate));
        table_cell(&t, compare_signed_text(&p->arena, c->shift));
        table_cellf(&t, "%s [%s, %s]", compare_percent_text(&p->arena, c, c->shift),
                    compare_percent_text(&p->arena, c, c->lo), compare_percent_text(&p->arena, c, c->hi));
        table_cell(&t, compare_verdict_word(c->verdict));
    }
    p->ops->table(p, &t);
}

static void certainty(struct page *p, const struct compare_view *v)
{
    static const char *const heads[] = {"how sure", "n", "effect", "p Holm", "90 % [in %]", "\u00b1 %", "finds %"};
    struct table t;
    table_init(&t, &p->arena);
    for (int i = 0; i < 7; i++)
        table_column(&t, heads[i], i && i != 2 ? TABLE_RIGHT : TABLE_LEFT);
    for (size_t i = 0; i < v->n; i++) {
        const struct comparison *c = &v->results[i];
        double margin = v->questions[i].margin;
        table_cell(&t, c->metric->id);
        table_cell(&t, arena_printf(&p->arena, c->n_a == c->n_b ? "%zu" : "%zu, %zu", c->n_a, c->n_b));
        table_cell(&t, compare_delta_text(&p->arena, c));
        table_cell(&t, number_text(&p->arena, c->p_holm));
        table_cellf(&t, "[%s, %s]", compare_percent_text(&p->arena, c, c->eq_lo),
                    compare_percent_text(&p->arena, c, c->eq_hi));
        table_cell(&t, margin > 0 ? percent_text(&p->arena, compare_percent(c, margin), "") : NO_NUMBER);
        table_cell(&t, percent_text(&p->arena, compare_percent(c, c->mde), ""));
    }
    p->ops->table(p, &t);
}

const char *compare_confidence_text(struct arena *a, double low, double high)
{
    if (low > high)
        return "no confidence: no run";
    return high - low < 0.0005 ? arena_printf(a, "confidence %.1f %%", 100 * low)
                               : arena_printf(a, "confidence %.1f to %.1f %%", 100 * low, 100 * high);
}

/* What the intervals attain: the numbers of runs, and so the metrics, may differ. */
static const char *confidence(struct page *p, const struct compare_view *v)
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < v->n; i++) {
        low = fmin(low, v->results[i].confidence); /* fmin and fmax pass over NaN */
        high = fmax(high, v->results[i].confidence);
    }
    return compare_confidence_text(&p->arena, low, high);
}

static void method(struct page *p, const struct compare_view *v)
{
    bool paired = false;
    for (size_t i = 0; i < v->n; i++)
        paired = paired || v->results[i].paired;
    page_textf(
        p,
        "One value per run. Change: Hodges-Lehmann shift of the %s with the interval of %s (%s). Effect: Cliff's "
        "delta. p: of %zu metrics together. Equivalent: the 90 %% interval lies within the margin, \u00b1. Finds: the "
        "shift that such a study finds in 80 %% of cases.",
        paired ? "blocks' differences" : "runs of both sides, unpaired,",
        paired ? "Wilcoxon's signed ranks" : "Mann-Whitney's test", confidence(p, v), v->n);
}

void page_compare(struct page *p, const struct compare_view *v)
{
    p->ops->title(p, arena_printf(&p->arena, "from %s (%zu runs) to %s (%zu runs)", v->side[0].label,
                                  v->side[0].n_counted, v->side[1].label, v->side[1].n_counted));
    p->ops->answer(p, v->answer);
    results(p, v);
    for (size_t i = 0; i < v->n_remarks; i++)
        p->ops->item(p, v->remarks[i]);
    certainty(p, v);
    method(p, v);
    arena_release(&p->arena);
}
