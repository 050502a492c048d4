/* figure_duet.c: what agents gain side by side, in seconds and as the speedup; and which figure answers the question. */
#include <math.h>

#include "report/figure.h"
#include "report/number.h"
#include "stats/quantile.h"

enum { NAMES = 150, RIGHT = SVG_WIDTH - 16, BAR = 26 };

static double solo_sum(const struct speedup_block *b)
{
    double sum = 0;
    for (size_t i = 0; i < b->n_agents; i++)
        sum += b->agents[i].solo.duration_s;
    return sum;
}

/* Over blocks: of agent `agent` alone, or of the whole run for n_agents. */
static double median_s(struct svg *s, const struct view_duet *d, size_t agent)
{
    double *x = arena_alloc(s->arena, d->n_blocks * sizeof *x);
    size_t n = 0;
    for (size_t i = 0; i < d->n_blocks; i++) {
        double v = agent < d->n_agents ? d->blocks[i].agents[agent].solo.duration_s : d->blocks[i].makespan_s;
        if (isfinite(v))
            x[n++] = v;
    }
    return median(x, n);
}

static void solo_bar(struct svg *s, const struct view_duet *d, const struct scale *x, double y)
{
    double at = 0;
    svg_text(s, "", "end", NAMES - 10, y + 17, "one after the other");
    for (size_t i = 0; i < d->n_agents; i++) {
        double t = median_s(s, d, i), from = scale_at(x, at), to = scale_at(x, at + t);
        if (!isfinite(t))
            continue;
        svg_group(s, arena_printf(s->arena, "%s alone: %s s, median of %zu blocks", d->blocks[0].agents[i].name,
                                  number_text(s->arena, t), d->n_blocks));
        svg_bar(s, "bar", (int)i, from + (i > 0), y, to, y + BAR);
        if (to - from > 70)
            svg_text(s, "on small", "start", from + 7, y + 17,
                     arena_printf(s->arena, "%s %s s",
                                  svg_short(s, d->blocks[0].agents[i].name, (size_t)((to - from) / 7) - 7),
                                  number_text(s->arena, t)));
        svg_group_end(s);
        at += t;
    }
}

static void pair_bar(struct svg *s, const struct view_duet *d, const struct scale *x, double y)
{
    double t = median_s(s, d, d->n_agents);
    svg_text(s, "", "end", NAMES - 10, y + 17, "side by side");
    if (!isfinite(t))
        return;
    svg_group(s,
              arena_printf(s->arena, "all at once: %s s, median of %zu blocks", number_text(s->arena, t), d->n_blocks));
    svg_bar(s, "bar", 2, NAMES, y, scale_at(x, t), y + BAR);
    svg_text(s, "on small", "start", NAMES + 7, y + 17, arena_printf(s->arena, "%s s", number_text(s->arena, t)));
    svg_group_end(s);
}

/* Each block's own times, a dot each. */
static void block_dots(struct svg *s, const struct view_duet *d, const struct scale *x, double y)
{
    for (size_t i = 0; i < d->n_blocks; i++) {
        double alone = solo_sum(&d->blocks[i]), together = d->blocks[i].makespan_s;
        if (isfinite(alone))
            svg_dot(s, "hollow", 5, scale_at(x, alone), y + BAR / 2, 3.5);
        if (isfinite(together))
            svg_dot(s, "hollow", 5, scale_at(x, together), y + 34 + BAR / 2, 3.5);
    }
}

static void speedup_row(struct svg *s, const struct view_number *n, double y)
{
    double lo = fmin(0.95, n->interval.lo), hi = fmax(1.05, n->interval.hi);
    for (size_t i = 0; i < n->n_values; i++) {
        lo = fmin(lo, n->values[i]);
        hi = fmax(hi, n->values[i]);
    }
    struct scale x = scale_of(lo, hi, NAMES, RIGHT);
    svg_text(s, "", "end", NAMES - 10, y + 5, "speedup");
    svg_axis_x(s, &x, y - 24, y + 24, arena_printf(s->arena, "%s, 1: above 1, side by side is faster", n->metric->id));
    svg_line(s, "rule", -1, scale_at(&x, 1), y - 26, scale_at(&x, 1), y + 24);
    svg_group(s, arena_printf(s->arena, "%s %s, %s%s%s", n->metric->id, number_with_interval(s->arena, n), n->label,
                              n->method ? ", " : "", n->method ? n->method : ""));
    if (n->method)
        svg_bar(s, "band", 0, scale_at(&x, n->interval.lo), y - 14, scale_at(&x, n->interval.hi), y + 14);
    for (size_t i = 0; i < n->n_values; i++)
        if (isfinite(n->values[i]))
            svg_dot(s, "hollow", 0, scale_at(&x, n->values[i]), y, 4.5);
    svg_line(s, "main", 0, scale_at(&x, n->median), y - 14, scale_at(&x, n->median), y + 14);
    svg_group_end(s);
}

bool figure_duet(struct svg *s, const struct report_view *v, const struct view_duet *d)
{
    const struct view_number *n = d->headline == SPEEDUP_BY_TOKENS ? &d->tokens : &d->time;
    double longest = 0;
    (void)v;
    if (!n->n)
        return false;
    for (size_t i = 0; i < d->n_blocks; i++)
        longest = fmax(longest, fmax(solo_sum(&d->blocks[i]), d->blocks[i].makespan_s));
    struct scale x = scale_of(0, longest, NAMES, RIGHT);
    svg_begin(s, 232, arena_printf(s->arena, "%s: time one after the other and side by side, and the speedup", d->arm));
    svg_axis_x(s, &x, 6, 78, "seconds");
    solo_bar(s, d, &x, 10);
    pair_bar(s, d, &x, 44);
    block_dots(s, d, &x, 10);
    speedup_row(s, n, 166);
    svg_end(s);
    return true;
}

bool figure_answer(struct svg *s, const struct report_view *v, const char **caption)
{
    *caption =
        "A dot is the shift from the factor's first level, the line its interval. Broken and hollow: nothing is decided "
        "in the family of all of them. Colours are metrics.";
    if (figure_effects(s, v))
        return true;
    *caption = "Bars: medians over blocks; rings: the blocks themselves. The shaded range is the 95 % interval of the "
               "speedup over blocks; where it includes 1, nothing is decided.";
    for (size_t i = 0; i < v->n_duets; i++)
        if (figure_duet(s, v, &v->duets[i]))
            return true;
    *caption = FIGURE_FOREST_CAPTION;
    if (v->comparisons.top && figure_forest(s, &v->comparisons, v->comparisons.top->telling))
        return true;
    *caption = FIGURE_TAILS_CAPTION;
    if (figure_tails(s, v, "ttft.planned") || figure_tails(s, v, "e2e.planned"))
        return true;
    *caption = "A ring is one run; the line is their median, the shaded range its 95 % interval.";
    return figure_runs(s, v, "makespan");
}
