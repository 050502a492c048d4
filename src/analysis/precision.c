/* precision.c: see precision.h. */
#include "analysis/precision.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/interval.h"
#include "stats/quantile.h"
#include "stats/steady.h"

enum { MEAN_BATCHES = 20, MEDIAN_SECTIONS = 10, METRICS_MAX = 64 };
#define CONFIDENCE (1 - 0.05 / 2) /* of the quantile of t: see precision_of */

/* ---- the rule ---------------------------------------------------------------------------------------------- */

static int unknown(const char *name, struct err *e)
{
    const char *words[METRICS_MAX];
    size_t n = 0;
    for (size_t i = 0; metric_at(i) && n < METRICS_MAX; i++)
        if (metric_at(i)->of_request)
            words[n++] = metric_at(i)->id;
    const char *near = word_suggest(name, words, n);
    return err_set(e, ERR_USAGE, "precision: '%s' is no metric of a request%s%s%s", name,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static int parse_width(const char *text, struct precision_rule *out, struct err *e)
{
    char *end;
    double value = strtod(text, &end);
    bool percent = end != text && *end == '%';
    out->relative = percent ? value / 100 : value;
    if (end == text || end[percent] || !(out->relative > 0 && out->relative < 1))
        return err_set(e, ERR_USAGE, "precision: '%s' is no width: a share such as 3%% or 0.03, above 0 and below 1",
                       text);
    return 0;
}

int precision_parse(const char *text, struct precision_rule *out, struct err *e)
{
    static const char mean[] = ".mean";
    char name[64];
    const char *colon = strchr(text, ':');
    size_t n = colon ? (size_t)(colon - text) : sizeof name, tail = sizeof mean - 1;
    *out = (struct precision_rule){0};
    if (!n || n >= sizeof name)
        return err_set(e, ERR_USAGE, "precision: '%.60s' is no rule; one looks like ttft:3%% or e2e.mean:5%%", text);
    memcpy(name, text, n);
    name[n] = '\0';
    out->mean = n > tail && strcmp(name + n - tail, mean) == 0;
    if (out->mean)
        name[n - tail] = '\0';
    out->metric = metric_find(name);
    if (!out->metric || !out->metric->of_request)
        return unknown(name, e);
    return parse_width(colon + 1, out, e);
}

int precision_parse_of_runs(const char *text, struct precision_rule *out, struct err *e)
{
    char name[64];
    size_t n = strcspn(text, ":");
    *out = (struct precision_rule){0};
    if (!n || n >= sizeof name || !text[n])
        return err_set(e, ERR_USAGE, "precision: '%.60s' is no rule; one looks like makespan:5%%", text);
    memcpy(name, text, n);
    name[n] = '\0';
    out->metric = metric_find(name);
    if (!out->metric || out->metric->level == METRIC_BLOCK)
        return err_set(e, ERR_USAGE, "precision: '%s' is no metric that a run has a value of", name);
    return parse_width(text + n + 1, out, e);
}

/* ---- one look ---------------------------------------------------------------------------------------------- */

static void estimate(bool mean, const double *x, size_t n, struct precision *out)
{
    if (mean) {
        struct interval i = steady_batch_means(x, n, MEAN_BATCHES, CONFIDENCE);
        out->estimate = i.estimate;
        out->lo = i.lo;
        out->hi = i.hi;
        return;
    }
    double *sorted = xmalloc((n + 1) * sizeof *sorted);
    memcpy(sorted, x, n * sizeof *sorted);
    quantile_sort(sorted, n);
    struct steady_section s = steady_section_quantile(x, sorted, n, 0.5, MEDIAN_SECTIONS, 1, CONFIDENCE);
    free(sorted);
    out->estimate = s.q;
    out->lo = s.lo;
    out->hi = s.hi;
}

/* The wider side: intervals may be lopsided. */
static void judge(const struct precision_rule *rule, struct precision *p)
{
    double half = fmax(p->hi - p->estimate, p->estimate - p->lo);
    p->relative = half / fabs(p->estimate);
    p->reached = p->relative <= rule->relative;
}

struct precision precision_over_runs(const struct precision_rule *rule, const double *values, size_t n)
{
    struct precision p = {n, NAN, NAN, NAN, NAN, false, NAN};
    double *copy = xmalloc((n + 1) * sizeof *copy);
    bool positive = true;
    for (size_t i = 0; i < n; i++)
        positive &= values[i] > 0;
    memcpy(copy, values, n * sizeof *copy);
    if (n > 1) {
        struct interval i = positive ? interval_ratio(values, NULL, n, CONFIDENCE)
                                     : interval_mean(values, n, CONFIDENCE);
        p.estimate = median(copy, n);
        p.lo = i.lo;
        p.hi = i.hi;
        judge(rule, &p);
    }
    free(copy);
    return p;
}

struct precision precision_of(const struct precision_rule *rule, const double *x, size_t n)
{
    struct precision p = {n, NAN, NAN, NAN, NAN, false, NAN};
    if (n < PRECISION_FIRST_LOOK)
        return p;
    estimate(rule->mean, x, n, &p);
    judge(rule, &p);
    double ratio = p.relative / rule->relative;
    if (isfinite(ratio))
        p.values_needed = ceil((double)n * fmax(1, ratio * ratio));
    return p;
}

/* ---- looking again and again ------------------------------------------------------------------------------- */

struct precision_value {
    mono_ns planned;
    int64_t seq;
    double value;
};

static int by_plan(const void *a, const void *b)
{
    const struct precision_value *x = a, *y = b;
    if (x->planned != y->planned)
        return x->planned < y->planned ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static void look(struct precision_watch *w)
{
    double *x = xmalloc((w->n + 1) * sizeof *x);
    if (w->n)
        qsort(w->values, w->n, sizeof *w->values, by_plan);
    for (size_t i = 0; i < w->n; i++)
        x[i] = w->values[i].value;
    w->last = precision_of(w->rule, x, w->n);
    free(x);
}

static size_t next_look(size_t n)
{
    return n < PRECISION_FIRST_LOOK ? PRECISION_FIRST_LOOK : n + n / 2;
}

bool precision_add(struct precision_watch *w, const struct request *r)
{
    double value = r->outcome == OUTCOME_OK ? w->rule->metric->of_request(r) : NAN;
    if (w->last.reached || r->flags & REQUEST_WARMUP || !isfinite(value))
        return w->last.reached;
    if (w->n == w->cap) {
        w->cap = w->cap ? 2 * w->cap : 1024;
        w->values = xrealloc(w->values, w->cap * sizeof *w->values);
    }
    w->values[w->n++] = (struct precision_value){r->stamp[STAMP_PLANNED], r->seq, value};
    if (w->n == next_look(w->last.n))
        look(w);
    return w->last.reached;
}

void precision_watch_release(struct precision_watch *w)
{
    free(w->values);
    *w = (struct precision_watch){0};
}

static int by_done(const void *a, const void *b)
{
    const struct request *x = *(const struct request *const *)a, *y = *(const struct request *const *)b;
    mono_ns s = x->stamp[STAMP_DONE], t = y->stamp[STAMP_DONE];
    if (s != t)
        return s < t ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

struct precision precision_of_run(const struct precision_rule *rule, const struct run *r)
{
    struct precision_watch w = {.rule = rule};
    const struct request **order = xmalloc((r->n_requests + 1) * sizeof *order);
    for (size_t i = 0; i < r->n_requests; i++)
        order[i] = &r->requests[i];
    if (r->n_requests)
        qsort(order, r->n_requests, sizeof *order, by_done);
    for (size_t i = 0; i < r->n_requests && !precision_add(&w, order[i]); i++)
        ;
    if (!w.last.reached)
        look(&w);
    struct precision p = w.last;
    free(order);
    precision_watch_release(&w);
    return p;
}
