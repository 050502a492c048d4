/* audit_pairs.c: rules on two agents that work at the same time. See audit.h. */
#include <math.h>
#include <string.h>

#include "analysis/audit_rules.h"
#include "analysis/speedup.h"
#include "stats/moments.h"

#define IDENTITY_POINTS 1.0 /* as near is the identity to a rounded percentage of times taken some ms apart */
#define SERIAL_WITHIN 0.02  /* durations that add up to the wall time but for so much of it */
#define NUMERATOR_OFF 0.01  /* the share of wall time that a numerator may lack and still be one of wall times */

bool audit_pair_of(const struct audit_row *row, struct audit_pair *p)
{
    static const char *const names[] = {"collector", "insight"};
    *p = (struct audit_pair){.row = row};
    for (int i = 0; i < 2; i++) {
        yyjson_val *side = p->side[i] = audit_member(row->json, names[i]);
        p->s[i] = audit_number(side, "execution_time_s|execution_time");
        if (isnan(p->s[i]))
            p->s[i] = audit_number(side, "metrics.wall_clock_ms|metrics.total_duration_ms") / 1e3;
        p->tok[i] = audit_number(side,
                                 "aggregate.total_tokens_generated|result.aggregate_metrics.total_tokens_generated|"
                                 "aggregate_metrics.total_tokens_generated|metrics.tokens_generated");
    }
    p->wall_s = audit_number(row->json, "summary.concurrent_wall_time_s|summary.concurrent_wall_time");
    if (isnan(p->wall_s))
        p->wall_s = audit_number(row->json, "concurrent_wall_time_ms") / 1e3;
    p->sequential_s = audit_number(row->json, "summary.sequential_estimated_s|summary.sequential_estimated_time");
    if (isnan(p->sequential_s))
        p->sequential_s = audit_number(row->json, "sequential_estimate_ms") / 1e3;
    p->speedup = audit_number(row->json, "summary.concurrency_speedup|concurrency_speedup");
    p->percent = audit_number(row->json, "summary.efficiency_percent|efficiency_percent");
    if (isnan(p->percent))
        p->percent = 50 * p->speedup;
    return p->s[0] > 0 && p->s[1] > 0 && p->wall_s > 0 && isfinite(p->percent);
}

size_t audit_pairs_of(struct auditing *x, const struct audit_study *s, struct audit_pair **out)
{
    size_t n = 0;
    *out = arena_alloc(&x->out->arena, (s->n_rows + 1) * sizeof **out);
    for (size_t i = 0; i < s->n_rows; i++)
        n += audit_pair_of(s->rows[i], &(*out)[n]);
    return n;
}

/* ---- A1 --------------------------------------------------------------------------------------------------------------- */

static double overlap_percent(const struct audit_pair *p)
{
    double shorter = fmin(p->s[0], p->s[1]), longer = fmax(p->s[0], p->s[1]);
    return 50 * (1 + shorter / longer);
}

static bool ran_serially(const struct audit_pair *p)
{
    return fabs(p->s[0] + p->s[1] - p->wall_s) <= SERIAL_WITHIN * p->wall_s;
}

/* Tokens per second of warm agents alone: of the study with sessions of one agent and the same model that is nearest in
 * time. */
struct solo {
    double rate, apart_s;
    size_t n;
    const char *study;
};

/* NULL: not told, or several. */
static const char *model_of(const struct audit_study *s)
{
    const char *model = NULL;
    for (size_t i = 0; i < s->n_runs; i++)
        for (size_t k = 0; k < s->runs[i]->n_requests; k++) {
            const char *its = s->runs[i]->requests[k].model;
            if (!its || (model && strcmp(model, its) != 0))
                return NULL;
            model = its;
        }
    return model;
}

static bool solo_session(const struct run *r, double *tok, double *s)
{
    if (r->n_sessions != 1 || !r->n_requests || r->ended_ns == MONO_NONE || r->started_ns == MONO_NONE)
        return false;
    *tok = 0;
    *s = (double)(r->ended_ns - r->started_ns) / 1e9;
    for (size_t i = 0; i < r->n_requests; i++) {
        const struct request *q = &r->requests[i];
        if (q->outcome != OUTCOME_OK || q->flags & (REQUEST_COLD | REQUEST_DEGENERATE) || q->usage.completion_tok < 0)
            return false;
        *tok += (double)q->usage.completion_tok;
    }
    return *s > 0;
}

static struct solo nearest_solo(const struct auditing *x, const struct audit_study *of, double when)
{
    struct solo best = {.rate = NAN, .apart_s = INFINITY};
    const char *model = model_of(of);
    for (size_t k = 0; model && k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        double tok = 0, seconds = 0, apart = s->n_rows ? fabs(audit_time(s->rows[0]->json) - when) : NAN;
        const char *its = model_of(s);
        size_t n = 0;
        for (size_t i = 0; its && !strcmp(its, model) && i < s->n_runs; i++) {
            double t, d;
            if (!solo_session(s->runs[i], &t, &d))
                continue;
            tok += t;
            seconds += d;
            n++;
        }
        if (n && apart < best.apart_s)
            best = (struct solo){tok / seconds, apart, n, s->name};
    }
    return best;
}

static void find_overlap(struct auditing *x, const struct audit_study *s, const struct audit_points *points,
                         const double *percent, const double *rate, size_t n, double off)
{
    struct arena *a = &x->out->arena;
    struct solo solo = nearest_solo(x, s, audit_time(s->rows[0]->json));
    double together = moments_mean(rate, n);
    const char *cost = "";
    if (isfinite(solo.rate) && isfinite(together))
        cost = arena_printf(a,
                            " Alone the same model made %.1f tok/s (%zu warm sessions of %s), both agents together "
                            "%.1f: %.2f times as much, where 2 would be the double capacity.",
                            solo.rate, solo.n, solo.study, together, together / solo.rate);
    else if (isfinite(together))
        cost = arena_printf(a, " Both agents together made %.1f tok/s; what one makes alone is not in this result.",
                            together);
    audit_find(x, s, points,
               "The published efficiency is 50 (1 + shorter / longer) of two concurrent durations in %zu of %zu runs, "
               "within %.3f points; its mean of %.3f %% says how equal the durations were, and can not fall below 50 "
               "whatever running together costs.%s",
               n, s->n_rows, off, moments_mean(percent, n), cost);
}

void audit_overlap(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        struct audit_points points = AUDIT_POINTS(x);
        struct audit_pair *p;
        size_t n = audit_pairs_of(x, s, &p);
        double *percent = arena_alloc(&x->out->arena, (n + 1) * sizeof *percent), off = 0;
        double *rate = arena_alloc(&x->out->arena, (n + 1) * sizeof *rate);
        for (size_t i = 0; i < n; i++) {
            double d = fabs(p[i].percent - overlap_percent(&p[i]));
            if (d > IDENTITY_POINTS || ran_serially(&p[i]))
                continue;
            off = fmax(off, d);
            percent[points.n] = p[i].percent;
            rate[points.n] = (p[i].tok[0] + p[i].tok[1]) / p[i].wall_s;
            audit_add_row(&points, p[i].row, "%.3f %% published; %.3f s and %.3f s give %.3f %%", p[i].percent,
                          p[i].s[0], p[i].s[1], overlap_percent(&p[i]));
        }
        if (points.n)
            find_overlap(x, s, &points, percent, rate, points.n, off);
    }
}

/* ---- A3 --------------------------------------------------------------------------------------------------------------- */

void audit_serialised(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        struct audit_points points = AUDIT_POINTS(x);
        struct audit_pair *p;
        size_t n = audit_pairs_of(x, s, &p), others = 0;
        double serial = 0, together = 0;
        for (size_t i = 0; i < n; i++) {
            double rate = (p[i].tok[0] + p[i].tok[1]) / p[i].wall_s;
            if (!ran_serially(&p[i])) {
                together += rate;
                others++;
                continue;
            }
            serial += rate;
            audit_add_row(&points, p[i].row, "%.3f s + %.3f s in %.3f s of wall time", p[i].s[0], p[i].s[1],
                          p[i].wall_s);
        }
        if (!points.n)
            continue;
        const char *beside = others ? arena_printf(&x->out->arena, ", the %zu other runs %.1f tok/s", others,
                                                   together / (double)others)
                                    : "";
        audit_find(
            x, s, &points,
            "In %zu of %zu runs the two agents worked one after the other (their durations add up to the wall "
            "time within %.0f %%), so an efficiency of 50 %% is how they were called, not how well they ran; they "
            "made %.1f tok/s%s.",
            points.n, n, 100 * SERIAL_WITHIN, serial / (double)points.n, beside);
    }
}

/* ---- A4 --------------------------------------------------------------------------------------------------------------- */

void audit_numerators(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        struct audit_points points = AUDIT_POINTS(x);
        struct audit_pair *p;
        size_t n = audit_pairs_of(x, s, &p);
        double published = 0, by_wall = 0;
        for (size_t i = 0; i < n; i++) {
            double lacks = p[i].s[0] + p[i].s[1] - p[i].sequential_s;
            if (!(lacks > NUMERATOR_OFF * (p[i].s[0] + p[i].s[1])))
                continue;
            published += p[i].percent;
            by_wall += 50 * (p[i].s[0] + p[i].s[1]) / p[i].wall_s;
            audit_add_row(&points, p[i].row, "numerator %.3f s, the agents' wall times %.3f s", p[i].sequential_s,
                          p[i].s[0] + p[i].s[1]);
        }
        if (points.n)
            audit_find(
                x, s, &points,
                "In %zu of %zu runs the numerator of the speedup lacks load and transport, which its denominator "
                "has: %.2f %% were published where the agents' own wall times give %.2f %%.",
                points.n, n, published / (double)points.n, by_wall / (double)points.n);
    }
}

/* ---- no solo baseline ------------------------------------------------------------------------------------------------- */

static void no_solo_of_our_own(struct auditing *x, const struct audit_study *s)
{
    struct audit_points points = AUDIT_POINTS(x);
    struct arena a = {0};
    struct speedup sp;
    speedup_of_runs(x->in->runs, x->in->n_runs, &x->in->design, &a, &sp);
    for (size_t i = 0; sp.n_multi && !sp.n_blocks && i < s->n_runs; i++)
        if (s->runs[i]->n_sessions > 1)
            audit_add_run(&points, s, i, NULL, "%zu agents", s->runs[i]->n_sessions);
    arena_release(&a);
    if (points.n)
        audit_find(x, s, &points,
                   "%zu runs have several agents at once, and in no block do their agents also run alone: "
                   "there is no true speedup.",
                   points.n);
}

void audit_no_solo(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        struct audit_points points = AUDIT_POINTS(x);
        struct audit_pair *p;
        if (!s->n_rows) {
            no_solo_of_our_own(x, s);
            continue;
        }
        size_t n = audit_pairs_of(x, s, &p);
        for (size_t i = 0; i < n; i++)
            audit_add_row(&points, p[i].row, NULL);
        if (n)
            audit_find(x, s, &points,
                       "%zu runs of two agents at once, none of an agent alone in the same study: what the two would "
                       "have taken one after the other was never measured.",
                       n);
    }
}
