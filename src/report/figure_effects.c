/* figure_effects.c: main effects with their intervals, a row each. */
#include <math.h>
#include <string.h>

#include "report/compare_view.h"
#include "report/figure.h"
#include "report/number.h"
#include "report/study_view.h"

enum { NAMES = 250, RIGHT = SVG_WIDTH - 20, ROW = 20, TOP = 8 };

static bool drawn(const struct comparison *c)
{
    return isfinite(compare_percent(c, c->shift)) && isfinite(compare_percent(c, c->lo)) &&
           isfinite(compare_percent(c, c->hi));
}

/* The place of its metric among those of the family, as they come. */
static int color_of(const struct view_study *s, const struct view_effect *e)
{
    int color = 0;
    for (size_t i = 0; i < s->n_effects && s->effects[i].c.metric != e->c.metric; i++) {
        size_t k = 0;
        while (s->effects[k].c.metric != s->effects[i].c.metric)
            k++;
        color += k == i;
    }
    return color;
}

static void row(struct svg *s, const struct report_view *v, const struct view_effect *e, const struct scale *x,
                double y)
{
    const char *what = view_contrast(v, s->arena, e);
    const struct design_factor *f = &v->design.factors[e->factor];
    bool open = e->c.verdict == COMPARE_INCONCLUSIVE;
    int color = color_of(v->study, e);
    svg_group(s, arena_printf(s->arena, "%s, %s, %s: %s %% [%s, %s], adjusted p %s, %zu blocks: %s", e->base, what,
                              e->c.metric->id, number_text(s->arena, compare_percent(&e->c, e->c.shift)),
                              number_text(s->arena, compare_percent(&e->c, e->c.lo)),
                              number_text(s->arena, compare_percent(&e->c, e->c.hi)),
                              number_text(s->arena, e->c.p_holm), e->c.n_a, compare_verdict_word(e->c.verdict)));
    svg_text(s, "small", "end", NAMES - 10, y + 4,
             svg_short(s, arena_printf(s->arena, "%s, %s: %s", e->c.metric->id, f->name, f->levels[e->level]), 37));
    svg_line(s, open ? "void main" : "main", color, scale_at(x, compare_percent(&e->c, e->c.lo)), y,
             scale_at(x, compare_percent(&e->c, e->c.hi)), y);
    svg_dot(s, open ? "hollow" : "full", color, scale_at(x, compare_percent(&e->c, e->c.shift)), y, 4);
    svg_group_end(s);
}

bool figure_effects(struct svg *s, const struct report_view *v)
{
    const struct view_study *study = v->study;
    double lo = 0, hi = 0;
    size_t n = 0, left_out = 0;
    for (size_t i = 0; i < study->n_effects; i++) {
        const struct comparison *c = &study->effects[i].c;
        if (!drawn(c))
            continue;
        lo = fmin(lo, compare_percent(c, c->lo));
        hi = fmax(hi, compare_percent(c, c->hi));
        n++;
    }
    if (!n)
        return false;
    left_out = n > FIGURE_ROWS ? n - FIGURE_ROWS : 0;
    double bottom = TOP + ROW * (double)(n - left_out) + 6, y = TOP + 12;
    struct scale x = scale_of(fmin(lo, -0.1), fmax(hi, 0.1), NAMES, RIGHT);
    svg_begin(s, bottom + 36, "Effects of the factors' levels in percent of the first level");
    svg_axis_x(s, &x, TOP, bottom, "change in %");
    svg_line(s, "rule", -1, scale_at(&x, 0), TOP, scale_at(&x, 0), bottom);
    for (size_t i = 0; i < study->n_effects && y < bottom; i++)
        if (drawn(&study->effects[i].c)) {
            row(s, v, &study->effects[i], &x, y);
            y += ROW;
        }
    figure_left_out(s, left_out, "effects", bottom + 30);
    svg_end(s);
    return true;
}
