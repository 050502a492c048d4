/* figure_forest.c: each arm's change against the baseline with its interval, around the line of no change. What is not decided is
 * drawn hollow and broken: it must not look like a finding. */
#include <math.h>

#include "report/compare_view.h"
#include "report/figure.h"
#include "report/number.h"

enum { NAMES = 160, WORDS = SVG_WIDTH - 100, ROW = 24 };

static int color_of(enum compare_verdict verdict)
{
    return verdict == COMPARE_BETTER ? 2 : verdict == COMPARE_WORSE ? 1 : verdict == COMPARE_EQUIVALENT ? 0 : 5;
}

static void row(struct svg *s, const struct view_comparison *c, const struct comparison *r, const struct scale *x,
                double y)
{
    struct arena *a = s->arena;
    bool open = r->verdict == COMPARE_INCONCLUSIVE;
    int color = color_of(r->verdict);
    double lo = scale_at(x, compare_percent(r, r->lo)), hi = scale_at(x, compare_percent(r, r->hi));
    svg_group(s, arena_printf(a, "%s: %s %s %% [%s, %s], n = %zu, %s", c->arm->name, r->metric->id,
                              compare_percent_text(a, r, r->shift), compare_percent_text(a, r, r->lo),
                              compare_percent_text(a, r, r->hi), r->n_a < r->n_b ? r->n_a : r->n_b,
                              compare_verdict_word(r->verdict)));
    svg_text(s, "small", "end", NAMES - 10, y + 4, svg_short(s, c->arm->name, 22));
    svg_line(s, open ? "void main" : "main", color, lo, y, hi, y);
    svg_line(s, open ? "void" : "main", color, lo, y - 5, lo, y + 5);
    svg_line(s, open ? "void" : "main", color, hi, y - 5, hi, y + 5);
    svg_dot(s, open ? "hollow" : "full", color, scale_at(x, compare_percent(r, r->shift)), y, 5);
    svg_text(s, open ? "mute small" : "small bold", "start", WORDS + 10, y + 4, compare_verdict_word(r->verdict));
    svg_group_end(s);
}

static const struct comparison *drawn(const struct view_comparison *c, size_t metric)
{
    const struct comparison *r = c->pair ? &c->pair->results[metric] : NULL;
    return r && r->confidence > 0 && isfinite(compare_percent(r, r->lo)) && isfinite(compare_percent(r, r->hi)) ? r
                                                                                                                : NULL;
}

bool figure_forest(struct svg *s, const struct view_comparisons *all, size_t metric)
{
    const struct metric *m = NULL;
    double lo = 0, hi = 0;
    size_t rows = 0, place = 0, with = 0;
    for (size_t i = 0; i < all->n; i++) {
        const struct comparison *r = drawn(&all->at[i], metric);
        if (!r || with++ >= FIGURE_FOREST)
            continue;
        m = r->metric;
        rows++;
        lo = fmin(lo, compare_percent(r, r->lo));
        hi = fmax(hi, compare_percent(r, r->hi));
    }
    if (!rows)
        return false;
    struct scale x = scale_of(lo, hi, NAMES, WORDS);
    double top = 6, bottom = top + ROW * (double)rows + 6;
    const char *label = arena_printf(s->arena, "change of %s against %s, %%%s%s%s", m->id,
                                     svg_short(s, all->base->name, 24), *metric_better_word(m->better) ? " (" : "",
                                     metric_better_word(m->better),
                                     *metric_better_word(m->better) ? " is better)" : "");
    svg_begin(s, bottom + 36, label);
    svg_axis_x(s, &x, top, bottom, label);
    svg_line(s, "rule", -1, scale_at(&x, 0), top, scale_at(&x, 0), bottom);
    for (size_t i = 0; i < all->n && place < rows; i++)
        if (drawn(&all->at[i], metric))
            row(s, &all->at[i], drawn(&all->at[i], metric), &x, top + ROW * ((double)place++ + 0.5) + 3);
    figure_left_out(s, with - rows, "arms", bottom + 30);
    svg_end(s);
    return true;
}
