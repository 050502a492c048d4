/* view_order.c: whether the runs changed in the course of the study. */
#include <math.h>

#include "report/study_view.h"
#include "stats/padjust.h"

static size_t values_of(struct report_view *v, const struct metric *m, struct order_value *out)
{
    size_t n = 0;
    for (size_t i = 0; i < v->n_arms; i++) {
        const struct view_number *number = view_find(&v->arms[i], m->id);
        for (size_t k = 0; number && k < number->n_values; k++)
            out[n++] = (struct order_value){v->arms[i].runs[k]->position, v->arms[i].runs[k]->block, i,
                                            number->values[k]};
    }
    return n;
}

/* Half of the declared margin; without one only what is certain counts. */
static bool is_large(const struct view_study *s, double trend)
{
    return s->margin > 0 && fabs(trend) > s->margin / 2;
}

void view_drifts(struct report_view *v)
{
    struct view_study *s = v->study;
    struct order_value *values = arena_alloc(&v->arena, (v->n_runs + 1) * sizeof *values);
    double *p = arena_alloc(&v->arena, (2 * s->n_metrics + 1) * sizeof *p);
    s->drifts = arena_alloc(&v->arena, (s->n_metrics + 1) * sizeof *s->drifts);
    for (size_t i = 0; i < s->n_metrics; i++) {
        struct view_drift d = {.metric = s->metrics[i]};
        size_t n = values_of(v, d.metric, values);
        order_trend(values, n, &d.trend);
        if (isnan(d.trend.trend))
            continue;
        d.large = is_large(s, d.trend.trend);
        if (s->abba && v->n_arms == 2)
            order_abba(values, n, &d.abba);
        p[s->n_drifts] = d.trend.p;
        s->drifts[s->n_drifts++] = d;
    }
    padjust(PADJUST_HOLM, p, s->n_drifts, p + s->n_drifts);
    for (size_t i = 0; i < s->n_drifts; i++) {
        s->drifts[i].p_holm = p[s->n_drifts + i];
        s->drifts[i].certain = s->drifts[i].p_holm <= COMPARE_ALPHA;
    }
}
