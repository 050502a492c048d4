/* figure_load.c: the percentiles of plain load. The axis is that of -log10(1 - p): each nine as far as the last. */
#include <math.h>
#include <string.h>

#include "report/figure.h"
#include "report/number.h"
#include "stats/quantile.h"

enum { LEFT = 52, RIGHT = SVG_WIDTH - 60, POINTS = 60, MARKED_RUNS = 6 };
static const double nines = 3; /* to p99.9 */

static double place(double p)
{
    return LEFT + (RIGHT - LEFT) * fmin(-log10(1 - p) / nines, 1);
}

static void axis(struct svg *s, double top, double bottom)
{
    static const struct {
        double p;
        const char *text;
    } rows[] = {{0, "min"}, {0.5, "p50"}, {0.75, "p75"}, {0.9, "p90"}, {0.95, "p95"}, {0.99, "p99"}, {0.999, "p99.9"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        svg_line(s, "grid", -1, place(rows[i].p), top, place(rows[i].p), bottom);
        svg_text(s, "mute small", "middle", place(rows[i].p), bottom + 15, rows[i].text);
    }
    svg_line(s, "axis", -1, LEFT, bottom, RIGHT, bottom);
    svg_text(s, "mute small", "end", RIGHT, bottom + 30, "percentile of one run's completed requests");
}

static void curve(struct svg *s, const struct figure_run *r, const struct scale *y)
{
    double most = fmin(-log10(1 / ((double)r->n + 1)), nines); /* no further than there are values */
    svg_path(s, "line", (int)r->arm);
    for (int k = 0; k <= POINTS; k++) {
        double p = 1 - pow(10, -most * k / POINTS);
        svg_point(s, k == 0, place(p), scale_at(y, quantile_hf(r->x, r->n, p, 1)));
    }
    svg_path_end(s, false);
}

static const struct load_latency *latency_of(const struct view_arm *arm, const struct run *r, const char *metric)
{
    for (size_t i = 0; i < arm->n_runs; i++)
        for (size_t k = 0; k < LOAD_LATENCIES && arm->runs[i] == r; k++)
            if (!strcmp(arm->load->runs[i].latency[k].metric->id, metric))
                return &arm->load->runs[i].latency[k];
    return NULL;
}

/* OK: full. WEAK: hollow. UNRESOLVED: only the lower bound is a statement, an arrow upwards from it. */
static void mark(struct svg *s, const struct load_tail *t, const struct scale *y, int color, double shift)
{
    double x = place(t->p) + shift;
    if (t->state == TAIL_UNRESOLVED) {
        if (!isfinite(t->lo))
            return;
        double at = scale_at(y, t->lo);
        svg_line(s, "void", color, x, at, x, y->to);
        svg_path(s, "hollow", color);
        svg_point(s, true, x - 5, at);
        svg_point(s, false, x, at - 9);
        svg_point(s, false, x + 5, at);
        svg_path_end(s, true);
        return;
    }
    if (!isfinite(t->q))
        return;
    if (isfinite(t->lo))
        svg_line(s, "", color, x, scale_at(y, t->lo), x, isinf(t->hi) ? y->to : scale_at(y, t->hi));
    svg_dot(s, t->state == TAIL_OK ? "full" : "hollow", color, x, scale_at(y, t->q), 4);
}

static void marks(struct svg *s, const struct figure_arms *arms, const struct figure_run *r, const char *metric,
                  const struct scale *y, double shift)
{
    const struct load_latency *x = latency_of(arms->at[r->arm], r->run, metric);
    for (size_t k = 0; x && k < LOAD_TAILS; k++) {
        const struct load_tail *t = &x->tail[k];
        bool bound = t->state == TAIL_UNRESOLVED;
        svg_group(s, arena_printf(s->arena, "%s, block %d: p%.0f of %s %s%s ms, %s, 95 %% interval %s to %s, n = %zu",
                                  arms->at[r->arm]->name, r->run->block + 1, 100 * t->p, metric,
                                  bound ? "at least " : "", number_text(s->arena, bound ? t->lo : t->q),
                                  tail_state_word(t->state), number_text(s->arena, t->lo),
                                  isinf(t->hi) ? "\u221e" : number_text(s->arena, t->hi), x->n));
        mark(s, t, y, (int)r->arm, shift);
        svg_group_end(s);
    }
}

static void key(struct svg *s, double y)
{
    svg_dot(s, "full", 5, LEFT + 5, y - 4, 4);
    svg_text(s, "mute small", "start", LEFT + 14, y, "OK");
    svg_dot(s, "hollow", 5, LEFT + 55, y - 4, 4);
    svg_text(s, "mute small", "start", LEFT + 64, y, "WEAK");
    svg_path(s, "hollow", 5);
    svg_point(s, true, LEFT + 117, y);
    svg_point(s, false, LEFT + 122, y - 9);
    svg_point(s, false, LEFT + 127, y);
    svg_path_end(s, true);
    svg_text(s, "mute small", "start", LEFT + 133, y, "UNRESOLVED: it is at least this");
}

bool figure_tails(struct svg *s, const struct report_view *v, const char *metric)
{
    const struct metric *m = metric_find(metric);
    struct figure_arms all = figure_arms_with(v, m), arms = {.left_out = all.left_out};
    struct figure_run *runs;
    size_t left_out, shown[FIGURE_ARMS] = {0};
    for (size_t i = 0; i < all.n; i++)
        if (all.at[i]->load)
            arms.at[arms.n++] = all.at[i];
    size_t n = figure_runs_of(s, &arms, m, FIGURE_CURVES, &runs, &left_out);
    if (!n)
        return false;
    double top = 44 + 18 * (double)((arms.n + 2) / 3), bottom = top + 250;
    struct scale y = figure_scale(runs, n, bottom, top);
    svg_begin(s, bottom + 36, arena_printf(s->arena, "Percentiles of %s of each run", figure_label(s, m)));
    key(s, figure_legend(s, &arms, 14) + 8);
    svg_axis_y(s, &y, LEFT, RIGHT, figure_label(s, m));
    axis(s, top, bottom);
    for (size_t i = 0; i < n; i++) {
        svg_group(s, arena_printf(s->arena, "%s, block %d: n = %zu", arms.at[runs[i].arm]->name, runs[i].run->block + 1,
                                  runs[i].n));
        curve(s, &runs[i], &y);
        svg_group_end(s);
    }
    for (size_t i = 0; i < n; i++) /* beside each other where the runs are few, else the first ones */
        if (shown[runs[i].arm]++ < MARKED_RUNS)
            marks(s, &arms, &runs[i], metric, &y, (double)runs[i].arm * 4 + 6 * ((double)shown[runs[i].arm] - 1));
    figure_left_out(s, left_out ? left_out : arms.left_out, left_out ? "runs" : "arms", bottom + 30);
    svg_end(s);
    return true;
}
