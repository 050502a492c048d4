/* audit_order.c: rules on when things ran: what order and time can pass for an effect. See audit.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/audit_rules.h"
#include "stats/moments.h"
#include "stats/quantile.h"
#include "stats/rank.h"

/* ---- runs in the order of time ---------------------------------------------------------------------------------------- */

/* One run of a configuration, in the order of time. */
struct timed {
    const struct audit_row *row;
    const char *cell, *design;
    double time, rate; /* of both agents together, tok/s */
    double percent;
    size_t place;
};

static int by_time(const void *a, const void *b)
{
    const struct timed *x = a, *y = b;
    int d = (x->time > y->time) - (x->time < y->time);
    return d ? d : (x->place > y->place) - (x->place < y->place);
}

/* The pairs of a study that say when they were; fewer than all: none. */
static size_t timed_pairs(struct auditing *x, const struct audit_study *s, struct timed **out)
{
    struct arena *a = &x->out->arena;
    struct audit_pair *p;
    size_t n = audit_pairs_of(x, s, &p);
    *out = arena_alloc(a, (n + 1) * sizeof **out);
    for (size_t i = 0; i < n; i++) {
        (*out)[i] = (struct timed){.row = p[i].row,
                                   .cell = audit_cell(a, p[i].row),
                                   .design = audit_design(a, p[i].row),
                                   .time = audit_time(p[i].row->json),
                                   .rate = (p[i].tok[0] + p[i].tok[1]) / p[i].wall_s,
                                   .percent = p[i].percent,
                                   .place = i};
        if (!isfinite((*out)[i].time) || !isfinite((*out)[i].rate) || !(*out)[i].cell)
            return 0;
    }
    qsort(*out, n, sizeof **out, by_time);
    return n;
}

/* ---- A8: time --------------------------------------------------------------------------------------------------------- */

#define STEP_DELTA 0.9   /* nearly every run before lies on the same side of nearly every run behind */
#define STEP_RATIO 1.2   /* and the means are so far apart */
enum { STEP_SIDE = 10 }; /* with at least so many runs on both sides */

/* Where to cut so that the two parts differ most, by the sum of squares between them; 0: too few. */
static size_t best_cut(const double *y, size_t n)
{
    double total = 0, left = 0, most = -1;
    size_t best = 0;
    for (size_t i = 0; i < n; i++)
        total += y[i];
    for (size_t i = 1; i < n; i++) {
        left += y[i - 1];
        double a = left / (double)i, b = (total - left) / (double)(n - i);
        double between = (double)i * (double)(n - i) * (a - b) * (a - b);
        if (i >= STEP_SIDE && n - i >= STEP_SIDE && between > most) {
            most = between;
            best = i;
        }
    }
    return best;
}

/* A design that ran on both sides: its published efficiency before and behind. "" when there is none. */
static const char *same_design(struct arena *a, const struct timed *t, size_t cut, size_t n)
{
    for (size_t i = 0; i < cut; i++) {
        double before = 0, behind = 0;
        size_t n_before = 0, n_behind = 0;
        for (size_t k = 0; t[i].design && k < n; k++) {
            if (!t[k].design || strcmp(t[k].design, t[i].design) != 0)
                continue;
            *(k < cut ? &before : &behind) += t[k].percent;
            *(k < cut ? &n_before : &n_behind) += 1;
        }
        if (n_behind)
            return arena_printf(a, " The same design (%s) has an efficiency of %.2f %% before and %.2f %% behind it.",
                                t[i].design, before / (double)n_before, behind / (double)n_behind);
    }
    return "";
}

/* Configurations that ran on one side alone, of all. */
static size_t one_sided(const struct timed *t, size_t cut, size_t n, size_t *all)
{
    size_t one = 0;
    *all = 0;
    for (size_t i = 0; i < n; i++) {
        bool first = true, other = false;
        for (size_t k = 0; k < n; k++) {
            bool same = !strcmp(t[k].cell, t[i].cell);
            first = first && !(same && k < i);
            other = other || (same && (k < cut) != (i < cut));
        }
        *all += first;
        one += first && !other;
    }
    return one;
}

static void find_step(struct auditing *x, const struct audit_study *s, const struct timed *t, size_t n)
{
    struct arena *a = &x->out->arena;
    struct audit_points points = AUDIT_POINTS(x);
    double *y = arena_alloc(a, (n + 1) * sizeof *y);
    for (size_t i = 0; i < n; i++)
        y[i] = t[i].rate;
    size_t cut = best_cut(y, n), all;
    double before = moments_mean(y, cut), behind = moments_mean(y + cut, n - cut);
    if (!cut || fmax(before, behind) < STEP_RATIO * fmin(before, behind) ||
        fabs(rank_cliff_delta(y, cut, y + cut, n - cut)) < STEP_DELTA)
        return;
    size_t one = one_sided(t, cut, n, &all);
    for (size_t i = cut - 1; i <= cut; i++)
        audit_add_row(&points, t[i].row, "the %s: %s, %.1f tok/s", i < cut ? "last before" : "first behind",
                      audit_clock(a, t[i].time), t[i].rate);
    audit_find(
        x, s, &points,
        "Between %s and %s the rate of both agents together goes from %.1f tok/s (%zu runs) to %.1f (%zu runs), "
        "and %zu of %zu configurations ran on one side of that alone: what differs between them may be the time.%s",
        audit_clock(a, t[cut - 1].time), audit_clock(a, t[cut].time), before, cut, behind, n - cut, one, all,
        same_design(a, t, cut, n));
}

void audit_time_step(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        struct timed *t;
        size_t n = timed_pairs(x, &x->studies[k], &t);
        if (n >= 2 * STEP_SIDE)
            find_step(x, &x->studies[k], t, n);
    }
}

/* ---- A9: order -------------------------------------------------------------------------------------------------------- */

#define RELOAD_TIMES 10.0 /* a load so many times the median one is a model that was loaded */
enum { RELOADS_MIN = 3 };

struct reload {
    double median_s, load_s, ttft_s, rest_ttft_s; /* means over rows that loaded; the rest's */
    size_t n, rest;
};

static bool is_reload(const struct audit_row *row, double median_s)
{
    return audit_number(row->json, "load_s") > RELOAD_TIMES * median_s;
}

static bool reloads_of(const struct audit_study *s, struct arena *a, struct reload *r)
{
    double *load = arena_alloc(a, (s->n_rows + 1) * sizeof *load);
    size_t n = 0;
    *r = (struct reload){0};
    for (size_t i = 0; i < s->n_rows; i++) {
        double v = audit_number(s->rows[i]->json, "load_s");
        if (v > 0)
            load[n++] = v;
    }
    r->median_s = median(load, n);
    for (size_t i = 0; i < s->n_rows; i++) {
        double ttft = audit_number(s->rows[i]->json, "ttft_s");
        bool loaded = is_reload(s->rows[i], r->median_s);
        if (isnan(ttft)) /* of a call that failed */
            continue;
        r->n += loaded;
        r->rest += !loaded;
        r->load_s += loaded ? audit_number(s->rows[i]->json, "load_s") : 0;
        *(loaded ? &r->ttft_s : &r->rest_ttft_s) += ttft;
    }
    r->load_s /= (double)r->n;
    r->ttft_s /= (double)r->n;
    r->rest_ttft_s /= (double)r->rest;
    return r->n >= RELOADS_MIN && r->rest > 0;
}

/* The level of a factor that all rows which loaded share, though it has others; NaN: none. */
static double shared_level(const struct audit_study *s, const char *factor, double median_s)
{
    double level = NAN, any = NAN;
    bool varied = false;
    for (size_t i = 0; i < s->n_rows; i++) {
        double v = audit_number(s->rows[i]->json, factor);
        varied = varied || (isfinite(any) && v != any);
        any = v;
        if (!is_reload(s->rows[i], median_s))
            continue;
        if (isfinite(level) && v != level)
            return NAN;
        level = v;
    }
    return varied ? level : NAN;
}

void audit_order(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        struct reload r;
        if (!reloads_of(s, &x->out->arena, &r))
            continue;
        for (size_t f = 0; audit_factors[f]; f++) {
            struct audit_points points = AUDIT_POINTS(x);
            double level = shared_level(s, audit_factors[f], r.median_s);
            for (size_t i = 0; isfinite(level) && i < s->n_rows; i++)
                if (is_reload(s->rows[i], r.median_s))
                    audit_add_row(&points, s->rows[i], "load %.3f s, ttft %.3f s",
                                  audit_number(s->rows[i]->json, "load_s"), audit_number(s->rows[i]->json, "ttft_s"));
            if (points.n)
                audit_find(
                    x, s, &points,
                    "All %zu rows that loaded the model (%.2f s on average, against a median of %.3f s) have %s = "
                    "%.4g, because that level always came first: their mean TTFT of %.3f s against %.3f s is the "
                    "order, not %s.",
                    r.n, r.load_s, r.median_s, audit_factors[f], level, r.ttft_s, r.rest_ttft_s, audit_factors[f]);
        }
    }
}

/* ---- A12: cold and warm ----------------------------------------------------------------------------------------------- */

struct warmth {
    double sum_ms[2]; /* of averages with a cold call, and without */
    struct audit_points points[2];
};

/* One published average: an agent's calls in one record. */
static void take_average(struct warmth *w, const struct audit_study *s, size_t run, const char *agent)
{
    double sum = 0;
    size_t n = 0, cold = 0;
    for (size_t i = run; i < s->n_runs && s->run_row[i] == s->run_row[run]; i++)
        for (size_t k = 0; k < s->runs[i]->n_requests; k++) {
            const struct request *q = &s->runs[i]->requests[k];
            if (!q->agent || strcmp(q->agent, agent) != 0 || q->stamp[STAMP_FIRST_TOKEN] == MONO_NONE ||
                q->stamp[STAMP_SENT] == MONO_NONE)
                continue;
            sum += (double)(q->stamp[STAMP_FIRST_TOKEN] - q->stamp[STAMP_SENT]) / 1e6;
            cold += (q->flags & REQUEST_COLD) != 0;
            n++;
        }
    if (!n)
        return;
    w->sum_ms[cold == 0] += sum / (double)n;
    audit_add_row(&w->points[cold == 0], s->run_row[run], "%s: %zu of %zu calls loaded the model, mean TTFT %.1f ms",
                  agent, cold, n, sum / (double)n);
}

static bool agent_before(const struct audit_study *s, size_t run, size_t session)
{
    const char *agent = s->runs[run]->sessions[session].agent;
    for (size_t i = run; i > 0 && s->run_row[i - 1] == s->run_row[run]; i--)
        for (size_t k = 0; k < s->runs[i - 1]->n_sessions; k++)
            if (s->runs[i - 1]->sessions[k].agent && !strcmp(s->runs[i - 1]->sessions[k].agent, agent))
                return true;
    return false;
}

void audit_warmth(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        struct warmth w = {.points = {AUDIT_POINTS(x), AUDIT_POINTS(x)}};
        size_t first = 0;
        for (size_t i = 0; s->n_rows && i < s->n_runs; i++) {
            first = i && s->run_row[i] == s->run_row[i - 1] ? first : i;
            for (size_t j = 0; j < s->runs[i]->n_sessions; j++)
                if (s->runs[i]->sessions[j].agent && !agent_before(s, i, j))
                    take_average(&w, s, first, s->runs[i]->sessions[j].agent);
        }
        size_t cold = w.points[0].n, warm = w.points[1].n;
        if (cold && warm)
            audit_find(
                x, s, &w.points[cold > warm],
                "%zu averages of the time to first token hold a call that loaded the model (mean %.0f ms), %zu do "
                "not (%.0f ms): they are of two different things.",
                cold, w.sum_ms[0] / (double)cold, warm, w.sum_ms[1] / (double)warm);
    }
}

/* ---- one order ---------------------------------------------------------------------------------------------------------- */

enum { CELLS_MIN = 3 };

#define BY_CHANCE 0.05 /* one order in all blocks is less likely than this when it is drawn */

/* Runs of a configuration follow each other: as many changes of configuration as there are configurations. */
static void one_order_of_rows(struct auditing *x, const struct audit_study *s)
{
    struct audit_points points = AUDIT_POINTS(x);
    struct timed *t;
    size_t n = timed_pairs(x, s, &t), cells = 0, groups = 0, all;
    for (size_t i = 0; i < n; i++) {
        bool begins = !i || strcmp(t[i].cell, t[i - 1].cell) != 0;
        groups += begins;
        if (begins)
            audit_add_row(&points, t[i].row, "from %s on", audit_clock(&x->out->arena, t[i].time));
    }
    one_sided(t, 0, n, &all);
    cells = all;
    if (cells >= CELLS_MIN && groups == cells && n >= 2 * cells)
        audit_find(
            x, s, &points,
            "%zu configurations ran once each, all their repetitions in a row (%zu runs): the repetitions share one "
            "moment, and nothing parts the configuration from it.",
            cells, n);
}

static double factorial(size_t n)
{
    return n < 2 ? 1 : (double)n * factorial(n - 1);
}

/* The arms of each block of the plan in one and the same order. */
static void one_order_of_plan(struct auditing *x, const struct audit_study *s)
{
    const struct audit_place *p = x->in->plan;
    struct audit_points points = AUDIT_POINTS(x);
    size_t n = x->in->n_plan, arms = 0;
    while (arms < n && p[arms].block == p[0].block)
        arms++;
    if (arms < 2 || n % arms || n / arms < 2 ||
        pow(factorial(arms < 20 ? arms : 20), 1 - (double)(n / arms)) > BY_CHANCE)
        return;
    for (size_t i = arms; i < n; i++)
        if (strcmp(p[i].arm, p[i % arms].arm) != 0 || p[i].block != p[i - i % arms].block)
            return;
    for (size_t i = 0; i < arms; i++)
        audit_add_place(&points, p[i].arm, "%zu in every block", i + 1);
    audit_find(x, s, &points,
               "All %zu blocks have their %zu arms in the same order: what changes with the place in a block "
               "can not be told from the arm.",
               n / arms, arms);
}

void audit_one_order(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        if (x->studies[k].n_rows)
            one_order_of_rows(x, &x->studies[k]);
        else
            one_order_of_plan(x, &x->studies[k]);
    }
}
