/* figure_dist.c: distributions: within each run, and of the runs. */
#include <math.h>

#include "report/figure.h"
#include "report/number.h"
#include "stats/quantile.h"

enum { LEFT = 46, RIGHT = SVG_WIDTH - 20, NAMES = 150, STEPS = 100, DOTS = 120, CURVE_FROM = 10, BAND_CONFIDENCE = 95 };

/* ---- shared ----------------------------------------------------------------------------------------------- */

struct figure_arms figure_arms_with(const struct report_view *v, const struct metric *m)
{
    struct figure_arms arms = {0};
    for (size_t i = 0; i < v->n_arms; i++)
        if (!view_find(&v->arms[i], m->id))
            continue;
        else if (arms.n < FIGURE_ARMS)
            arms.at[arms.n++] = &v->arms[i];
        else
            arms.left_out++;
    return arms;
}

double figure_legend(struct svg *s, const struct figure_arms *arms, double y)
{
    double x = LEFT;
    for (size_t i = 0; i < arms->n; i++) {
        const char *name = svg_short(s, arms->at[i]->name, 24);
        if (x > SVG_WIDTH - 200) {
            x = LEFT;
            y += 18;
        }
        svg_line(s, "main", (int)i, x, y - 4, x + 16, y - 4);
        svg_text(s, "small", "start", x + 21, y, name);
        x += 205;
    }
    return y + 8;
}

static size_t values_of(struct arena *a, const struct run *r, const struct metric *m, double **out)
{
    double *x = arena_alloc(a, (r->n_requests + 1) * sizeof *x);
    size_t n = 0;
    for (size_t i = 0; i < r->n_requests; i++) {
        double v = r->requests[i].outcome == OUTCOME_OK ? m->of_request(&r->requests[i]) : NAN;
        if (isfinite(v))
            x[n++] = v;
    }
    quantile_sort(x, n);
    *out = x;
    return n;
}

size_t figure_runs_of(struct svg *s, const struct figure_arms *arms, const struct metric *m, size_t most,
                      struct figure_run **out, size_t *left_out)
{
    struct figure_run *runs = arena_alloc(s->arena, (most + 1) * sizeof *runs);
    size_t n = 0;
    *left_out = 0;
    for (size_t i = 0; i < arms->n; i++)
        for (size_t k = 0; k < arms->at[i]->n_runs; k++) {
            struct figure_run one = {.run = arms->at[i]->runs[k], .arm = i};
            if (!run_is_counted(one.run))
                continue;
            if (n == most)
                ++*left_out;
            else if ((one.n = values_of(s->arena, one.run, m, &one.x)) > 0)
                runs[n++] = one;
        }
    *out = runs;
    return n;
}

struct scale figure_scale(const struct figure_run *runs, size_t n, double from, double to)
{
    double lo = INFINITY, hi = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        lo = fmin(lo, runs[i].x[0]);
        hi = fmax(hi, runs[i].x[runs[i].n - 1]);
    }
    return scale_of(lo, hi, from, to);
}

const char *figure_label(struct svg *s, const struct metric *m)
{
    return arena_printf(s->arena, "%s, %s", m->id, m->unit);
}

void figure_left_out(struct svg *s, size_t n, const char *what, double y)
{
    if (n)
        svg_text(s, "mute small", "start", LEFT, y, arena_printf(s->arena, "%zu more %s are not drawn", n, what));
}

/* ---- curves ----------------------------------------------------------------------------------------------- */

/* The values at the shares 0, 1/STEPS, … 1 of one run, shifted by `eps` of share. */
static void quantiles(const struct figure_run *r, double eps, double out[STEPS + 1])
{
    for (int k = 0; k <= STEPS; k++)
        out[k] = quantile_hf(r->x, r->n, fmin(fmax((double)k / STEPS + eps, 0), 1), 1);
}

static void curve(struct svg *s, const char *class, int color, const double q[STEPS + 1], const struct scale *x,
                  const struct scale *y)
{
    svg_path(s, class, color);
    svg_point(s, true, scale_at(x, q[0]), scale_at(y, 0));
    for (int k = 1; k <= STEPS; k++)
        svg_step(s, scale_at(x, q[k]), scale_at(y, (double)k / STEPS));
    svg_path_end(s, false);
}

static void band(struct svg *s, int color, const double lo[STEPS + 1], const double hi[STEPS + 1],
                 const struct scale *x, const struct scale *y)
{
    svg_path(s, "band", color);
    svg_point(s, true, scale_at(x, lo[0]), scale_at(y, 0));
    for (int k = 1; k <= STEPS; k++)
        svg_step(s, scale_at(x, lo[k]), scale_at(y, (double)k / STEPS));
    for (int k = STEPS; k >= 1; k--) { /* back down: across at this share, then down */
        svg_point(s, false, scale_at(x, hi[k]), scale_at(y, (double)k / STEPS));
        svg_point(s, false, scale_at(x, hi[k]), scale_at(y, (double)(k - 1) / STEPS));
    }
    svg_path_end(s, true);
}

static const char *run_note(struct svg *s, const struct figure_arms *arms, const struct figure_run *r,
                            const struct metric *m)
{
    return arena_printf(s->arena,
                        "%s, block %d, %s: %s of n = %zu requests, median %s %s, 5th to 95th percentile %s to %s",
                        arms->at[r->arm]->name, r->run->block + 1, view_run_word(r->run), m->id, r->n,
                        number_text(s->arena, quantile_hf7(r->x, r->n, 0.5)), m->unit,
                        number_text(s->arena, quantile_hf(r->x, r->n, 0.05, 1)),
                        number_text(s->arena, quantile_hf(r->x, r->n, 0.95, 1)));
}

/* One run: the band of Dvoretzky, Kiefer and Wolfowitz, for independent requests. More: from the lowest to the highest of
 * the runs, around their median. */
static void arm_curves(struct svg *s, const struct figure_arms *arms, const struct metric *m,
                       const struct figure_run *runs, size_t n, const struct scale *x, const struct scale *y)
{
    double(*q)[STEPS + 1] = arena_alloc(s->arena, n * sizeof *q), lo[STEPS + 1], mid[STEPS + 1], hi[STEPS + 1];
    double *one = arena_alloc(s->arena, n * sizeof *one);
    int color = (int)runs[0].arm;
    for (size_t i = 0; i < n; i++)
        quantiles(&runs[i], 0, q[i]);
    for (int k = 0; k <= STEPS; k++) {
        for (size_t i = 0; i < n; i++)
            one[i] = q[i][k];
        mid[k] = median(one, n); /* sorts */
        lo[k] = one[0];
        hi[k] = one[n - 1];
    }
    if (n == 1) {
        double eps = quantile_dkw((double)runs[0].n, 1 - BAND_CONFIDENCE / 100.0);
        quantiles(&runs[0], eps, lo);
        quantiles(&runs[0], -eps, hi);
        for (int k = 0; k <= STEPS; k++) { /* lo … hi bound the share from above and below */
            double swap = lo[k];
            lo[k] = hi[k];
            hi[k] = swap;
        }
    }
    band(s, color, lo, hi, x, y);
    for (size_t i = 0; n > 1 && i < n; i++) {
        svg_group(s, run_note(s, arms, &runs[i], m));
        curve(s, "line", color, q[i], x, y);
        svg_group_end(s);
    }
    svg_group(s, n == 1 ? run_note(s, arms, &runs[0], m)
                        : arena_printf(s->arena, "%s: median over %zu runs", arms->at[runs[0].arm]->name, n));
    curve(s, "main", color, mid, x, y);
    svg_group_end(s);
}

bool figure_ecdf(struct svg *s, const struct report_view *v, const struct metric *m)
{
    struct figure_arms arms = figure_arms_with(v, m);
    struct figure_run *runs;
    size_t left_out, n = figure_runs_of(s, &arms, m, FIGURE_CURVES, &runs, &left_out);
    size_t most = 0;
    for (size_t i = 0; i < n; i++)
        most = runs[i].n > most ? runs[i].n : most;
    if (most < CURVE_FROM) /* a curve of a few values looks like more than it is */
        return false;
    struct scale x = figure_scale(runs, n, LEFT, RIGHT);
    double top = 30 + 18 * (double)((arms.n + 2) / 3), bottom = top + 250;
    struct scale y = {0, 1, bottom, top, false};
    svg_begin(s, bottom + 36, arena_printf(s->arena, "Distribution of %s within each run", figure_label(s, m)));
    figure_legend(s, &arms, 14);
    svg_axis_y(s, &y, LEFT, RIGHT, "share of completed requests at or below");
    svg_axis_x(s, &x, top, bottom, figure_label(s, m));
    for (size_t i = 0, k; i < n; i = k) {
        for (k = i; k < n && runs[k].arm == runs[i].arm; k++)
            ;
        arm_curves(s, &arms, m, &runs[i], k - i, &x, &y);
    }
    figure_left_out(s, left_out ? left_out : arms.left_out, left_out ? "runs" : "arms", bottom + 30);
    svg_end(s);
    return true;
}

/* ---- strips ----------------------------------------------------------------------------------------------- */

static void strip(struct svg *s, const struct figure_run *r, const struct scale *x, double y)
{
    size_t n = r->n < DOTS ? r->n : DOTS;
    double mid = scale_at(x, quantile_hf7(r->x, r->n, 0.5));
    svg_path(s, "dots", (int)r->arm);
    for (size_t i = 0; i < n; i++) /* evenly spaced ranks, the first and the last among them */
        svg_spot(s, scale_at(x, r->x[n == 1 ? 0 : i * (r->n - 1) / (n - 1)]), y + (double)(i * 5 % 7) - 3);
    svg_path_end(s, false);
    svg_line(s, "main", (int)r->arm, mid, y - 7, mid, y + 7);
}

bool figure_strips(struct svg *s, const struct report_view *v, const struct metric *m)
{
    struct figure_arms arms = figure_arms_with(v, m);
    struct figure_run *runs;
    size_t left_out, n = figure_runs_of(s, &arms, m, FIGURE_ROWS, &runs, &left_out);
    if (!n)
        return false;
    struct scale x = figure_scale(runs, n, NAMES, RIGHT);
    double top = 8, bottom = top + 18 * (double)n + 6;
    svg_begin(s, bottom + 36, arena_printf(s->arena, "%s of the requests of each run", figure_label(s, m)));
    svg_axis_x(s, &x, top, bottom, figure_label(s, m));
    for (size_t i = 0; i < n; i++) {
        double y = top + 12 + 18 * (double)i;
        svg_group(s, run_note(s, &arms, &runs[i], m));
        svg_text(s, "small", "end", NAMES - 10, y + 4,
                 arena_printf(s->arena, "%s, block %d", svg_short(s, arms.at[runs[i].arm]->name, 14),
                              runs[i].run->block + 1));
        strip(s, &runs[i], &x, y);
        svg_group_end(s);
    }
    figure_left_out(s, left_out, "runs", bottom + 30);
    svg_end(s);
    return true;
}

/* ---- a value per run -------------------------------------------------------------------------------------- */

static void runs_row(struct svg *s, const struct view_arm *arm, const struct view_number *n, int color,
                     const struct scale *x, double y)
{
    double mid = scale_at(x, n->median);
    svg_group(s, arena_printf(s->arena, "%s: %s %s %s, %s%s%s", arm->name, n->metric->id,
                              number_with_interval(s->arena, n), n->metric->unit, n->label, n->method ? ", " : "",
                              n->method ? n->method : ""));
    svg_text(s, "small", "end", NAMES - 10, y + 4, svg_short(s, arm->name, 20));
    if (n->method && isfinite(n->interval.lo) && isfinite(n->interval.hi))
        svg_bar(s, "band", color, scale_at(x, n->interval.lo), y - 9, scale_at(x, n->interval.hi), y + 9);
    for (size_t i = 0; i < n->n_values; i++)
        if (isfinite(n->values[i]))
            svg_dot(s, "hollow", color, scale_at(x, n->values[i]), y, 4);
    svg_line(s, "main", color, mid, y - 9, mid, y + 9);
    svg_group_end(s);
}

bool figure_runs(struct svg *s, const struct report_view *v, const char *metric)
{
    const struct metric *m = metric_find(metric);
    struct figure_arms arms = figure_arms_with(v, m);
    double lo = INFINITY, hi = -INFINITY, bottom = 12 + 30 * (double)arms.n;
    if (!arms.n)
        return false;
    for (size_t i = 0; i < arms.n; i++) {
        const struct view_number *n = view_find(arms.at[i], metric);
        for (size_t k = 0; k < n->n_values; k++) {
            lo = fmin(lo, n->values[k]);
            hi = fmax(hi, n->values[k]);
        }
        lo = fmin(lo, n->interval.lo);
        hi = fmax(hi, n->interval.hi);
    }
    struct scale x = scale_of(lo, hi, NAMES, RIGHT);
    svg_begin(s, bottom + 36, arena_printf(s->arena, "%s of each run", figure_label(s, m)));
    svg_axis_x(s, &x, 8, bottom, figure_label(s, m));
    for (size_t i = 0; i < arms.n; i++)
        runs_row(s, arms.at[i], view_find(arms.at[i], metric), (int)i, &x, 24 + 30 * (double)i);
    figure_left_out(s, arms.left_out, "arms", bottom + 30);
    svg_end(s);
    return true;
}
