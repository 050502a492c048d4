/* audit_fit.c: a rule on lines through few points. See audit.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/audit_rules.h"
#include "stats/moments.h"
#include "stats/quantile.h"

#define MOVES 0.15 /* the share of the slope that one point may move */
enum { FIT_POINTS_MIN = 3, FIT_POINTS_MAX = 64, SCENARIOS_MAX = 64 };

/* One call of a model. */
struct call {
    const char *group; /* backend and mode: what one line is through */
    const char *model, *scenario;
    double size, ms;
    const struct audit_row *row;
};

struct fit_point {
    const char *model;
    const struct audit_row *row;
    double x, y; /* logarithms of the size and of the time */
};

struct fit {
    double slope, r2;
};

static int by_group(const void *a, const void *b)
{
    const struct call *p = a, *q = b;
    int d = strcmp(p->group, q->group);
    d = d ? d : strcmp(p->model, q->model);
    d = d ? d : strcmp(p->scenario, q->scenario);
    return d ? d : (p->row > q->row) - (p->row < q->row);
}

/* Least squares of ln time on ln size, without the point `leave` (n: with all). */
static struct fit fit_without(const struct fit_point *p, size_t n, size_t leave)
{
    double mx = 0, my = 0, xx = 0, xy = 0, yy = 0, k = 0;
    for (size_t i = 0; i < n; i++)
        if (i != leave) {
            mx += p[i].x;
            my += p[i].y;
            k++;
        }
    mx /= k;
    my /= k;
    for (size_t i = 0; i < n; i++)
        if (i != leave) {
            xx += (p[i].x - mx) * (p[i].x - mx);
            xy += (p[i].x - mx) * (p[i].y - my);
            yy += (p[i].y - my) * (p[i].y - my);
        }
    return (struct fit){xy / xx, xy * xy / (xx * yy)};
}

static size_t calls_of(struct auditing *x, const struct audit_study *s, struct call **out)
{
    struct call *c = *out = arena_alloc(&x->out->arena, (s->n_rows + 1) * sizeof *c);
    size_t n = 0;
    for (size_t i = 0; i < s->n_rows; i++) {
        yyjson_val *o = s->rows[i]->json, *warmup = yyjson_obj_get(o, "is_warmup");
        double size = audit_number(o, "params_millions_measured|params_millions"), ms = audit_number(o, "latency_ms");
        const char *word = yyjson_get_str(warmup);
        bool dropped = yyjson_is_true(warmup) || (word && (word[0] == 'T' || word[0] == 't'));
        if (!(size > 0) || !(ms > 0) || dropped || strcmp(audit_text(o, "status"), "ok") != 0)
            continue;
        c[n++] = (struct call){
            .group = arena_printf(&x->out->arena, "%s %s", audit_text(o, "backend"), audit_text(o, "mode")),
            .model = audit_text(o, "model"),
            .scenario = audit_text(o, "scenario"),
            .size = size,
            .ms = ms,
            .row = s->rows[i]};
    }
    qsort(c, n, sizeof *c, by_group);
    return n;
}

/* The point of one model, calls [from, to): the geometric mean over its scenarios of their medians. */
static struct fit_point point_of(const struct call *c, size_t from, size_t to, double *scratch)
{
    double medians[SCENARIOS_MAX];
    size_t n = 0;
    for (size_t i = from, end; i < to && n < SCENARIOS_MAX; i = end) {
        for (end = i; end < to && !strcmp(c[end].scenario, c[i].scenario); end++)
            scratch[end - i] = c[end].ms;
        medians[n++] = median(scratch, end - i);
    }
    return (struct fit_point){c[from].model, c[from].row, log(c[from].size), log(moments_geomean(medians, n))};
}

static void check_fit(struct auditing *x, const struct audit_study *s, const char *group, const struct fit_point *p,
                      size_t n)
{
    struct audit_points points = AUDIT_POINTS(x);
    struct fit all = fit_without(p, n, n), least = all;
    size_t mover = n;
    for (size_t i = 0; i < n; i++) {
        struct fit f = fit_without(p, n, i);
        audit_add_row(&points, p[i].row, "%s: %.4g M parameters, %.4g ms; without it the slope is %.3f (R2 %.3f)",
                      p[i].model, exp(p[i].x), exp(p[i].y), f.slope, f.r2);
        if (fabs(f.slope - all.slope) > fabs(least.slope - all.slope)) {
            least = f;
            mover = i;
        }
    }
    if (mover < n && fabs(least.slope - all.slope) > MOVES * fabs(all.slope))
        audit_find(
            x, s, &points,
            "%s: the slope of time over parameters is %.3f (R2 %.3f, n %zu), and %.3f (R2 %.3f) without %s: it is "
            "the leverage of one point.",
            group, all.slope, all.r2, n, least.slope, least.r2, p[mover].model);
}

void audit_leverage(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        struct call *c;
        size_t n = calls_of(x, s, &c);
        double *scratch = arena_alloc(&x->out->arena, (n + 1) * sizeof *scratch);
        for (size_t i = 0, end; i < n; i = end) {
            struct fit_point p[FIT_POINTS_MAX];
            size_t n_points = 0, from = i;
            for (end = i; end < n && !strcmp(c[end].group, c[i].group); end++)
                if (end + 1 == n || strcmp(c[end + 1].model, c[end].model) || strcmp(c[end + 1].group, c[i].group)) {
                    if (n_points < FIT_POINTS_MAX)
                        p[n_points++] = point_of(c, from, end + 1, scratch);
                    from = end + 1;
                }
            if (n_points > FIT_POINTS_MIN)
                check_fit(x, s, c[i].group, p, n_points);
        }
    }
}
