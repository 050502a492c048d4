/* plot_text.c: one metric as text: of requests the distribution within each arm's runs as a curve, else a dot per run. The arms stand
 * below each other over one scale, so that nothing depends on colour. In braille a character has 2 x 4 dots; in ASCII the same
 * cells are marked or not. */
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "format/escape.h"
#include "format/width.h"
#include "report/figure.h"
#include "report/number.h"
#include "stats/quantile.h"

enum { CURVE_ROWS = 4, STRIP_ROWS = 1, DOTS_X = 2, DOTS_Y = 4, COLUMNS = 80, LEAST_COLUMNS = 20, MOST_COLUMNS = 200 };

struct plot {
    struct str *out;
    struct arena arena;
    const struct report_style *style;
    struct scale x; /* values to dots */
    size_t columns, rows;
    unsigned char *cells; /* rows x columns of dots: bit 2 y + x */
};

static void clear(struct plot *p, size_t rows)
{
    p->rows = rows;
    memset(p->cells, 0, rows * p->columns);
}

/* y counts dots from the bottom. */
static void dot(struct plot *p, size_t x, size_t y)
{
    if (x < p->columns * DOTS_X && y < p->rows * DOTS_Y)
        p->cells[(p->rows - 1 - y / DOTS_Y) * p->columns + x / DOTS_X] |=
            (unsigned char)(1u << (2 * (DOTS_Y - 1 - y % DOTS_Y) + x % DOTS_X));
}

/* U+2800 and a bit per dot: 1 2 3 7 down the left column, 4 5 6 8 down the right one. */
static void put_cell(struct plot *p, unsigned char dots)
{
    static const unsigned char bit[] = {0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80};
    unsigned pattern = 0;
    for (int i = 0; i < DOTS_X * DOTS_Y; i++)
        pattern |= dots >> i & 1 ? bit[i] : 0u;
    if (p->style->ascii || !pattern)
        str_addc(p->out, pattern ? '*' : ' ');
    else
        str_add(p->out, (const char[]){'\xE2', (char)(0xA0 | pattern >> 6), (char)(0x80 | (pattern & 0x3F))}, 3);
}

static void put_canvas(struct plot *p, size_t color)
{
    static const char *const sgr[] = {"34", "33", "32", "35", "36", "31"};
    for (size_t row = 0; row < p->rows; row++) {
        if (p->style->color)
            str_addf(p->out, "\x1b[%sm", sgr[color % (sizeof sgr / sizeof sgr[0])]);
        size_t end = p->columns;
        while (end && !p->cells[row * p->columns + end - 1])
            end--;
        for (size_t i = 0; i < end; i++)
            put_cell(p, p->cells[row * p->columns + i]);
        str_addz(p->out, p->style->color ? "\x1b[0m\n" : "\n");
    }
}

/* Safe, and cut where the line ends. */
static void put_line(struct plot *p, const char *text)
{
    struct str safe = STR_INIT;
    size_t at = 0, columns = 0;
    escape_terminal(span_z(text), p->style->ascii, &safe);
    for (uint32_t c; at < safe.len; at += utf8_next(safe.at + at, safe.len - at, &c)) {
        utf8_next(safe.at + at, safe.len - at, &c);
        if ((columns += (size_t)width_of(c)) > p->columns)
            break;
    }
    str_add(p->out, str_z(&safe), at);
    str_addc(p->out, '\n');
    str_release(&safe);
}

/* The ends of the scale below everything, and what it is of. */
static void put_axis(struct plot *p, const struct metric *m)
{
    const char *lo = number_text(&p->arena, p->x.lo), *hi = number_text(&p->arena, p->x.hi);
    const char *label = arena_printf(&p->arena, "%s, %s%s", m->id, m->unit, p->x.log ? ", logarithmic" : "");
    size_t used = strlen(lo) + strlen(label) + strlen(hi), gap = p->columns > used ? p->columns - used : 2;
    for (size_t i = 0; i < p->columns; i++)
        str_addz(p->out, p->style->ascii ? "-" : "\u2500");
    str_addc(p->out, '\n');
    put_line(p, arena_printf(&p->arena, "%s%*s%s%*s%s", lo, (int)(gap / 2), "", label, (int)(gap - gap / 2), "", hi));
}

/* ---- curves ---------------------------------------------------------------------------------------------------------- */

static size_t upto(const struct figure_run *r, double v)
{
    size_t low = 0, high = r->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (r->x[mid] <= v)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static double value_at(const struct scale *s, double place)
{
    double part = (place - s->from) / (s->to - s->from);
    return s->log ? s->lo * pow(s->hi / s->lo, part) : s->lo + part * (s->hi - s->lo);
}

/* At each value the median of the runs' shares at or below it. */
static void curve(struct plot *p, const struct figure_run *runs, size_t n)
{
    double *shares = arena_alloc(&p->arena, n * sizeof *shares);
    size_t before = 0, top = CURVE_ROWS * DOTS_Y - 1;
    clear(p, CURVE_ROWS);
    for (size_t x = 0; x < p->columns * DOTS_X; x++) {
        for (size_t i = 0; i < n; i++)
            shares[i] = (double)upto(&runs[i], value_at(&p->x, (double)x + 0.5)) / (double)runs[i].n;
        size_t y = (size_t)lround(median(shares, n) * (double)top);
        for (size_t k = before < y ? before : y; k <= y; k++)
            dot(p, x, k);
        before = y;
    }
}

static void curves(struct plot *p, const struct report_view *v, const struct metric *m)
{
    struct figure_arms arms = figure_arms_with(v, m);
    struct svg s = {.arena = &p->arena};
    struct figure_run *runs;
    size_t left_out, n = figure_runs_of(&s, &arms, m, FIGURE_CURVES, &runs, &left_out);
    p->x = figure_scale(runs, n, 0, (double)(p->columns * DOTS_X));
    for (size_t i = 0, k; i < n; i = k) {
        double *middles = arena_alloc(&p->arena, n * sizeof *middles);
        for (k = i; k < n && runs[k].arm == runs[i].arm; k++)
            middles[k - i] = quantile_hf7(runs[k].x, runs[k].n, 0.5);
        put_line(p,
                 arena_printf(&p->arena, "%s: median %s %s, %zu run%s", arms.at[runs[i].arm]->name,
                              number_text(&p->arena, median(middles, k - i)), m->unit, k - i, k - i == 1 ? "" : "s"));
        curve(p, &runs[i], k - i);
        put_canvas(p, runs[i].arm);
    }
    if (!n)
        return;
    put_axis(p, m);
    put_line(p, "share of completed requests at or below, 0 to 1; the median of the runs");
    if (left_out || arms.left_out)
        put_line(p, arena_printf(&p->arena, "%zu more %s are not drawn", left_out ? left_out : arms.left_out,
                                 left_out ? "runs" : "arms"));
}

/* ---- a dot per run --------------------------------------------------------------------------------------------------- */

static void strips(struct plot *p, const struct report_view *v, const struct metric *m)
{
    struct figure_arms arms = figure_arms_with(v, m);
    double lo = INFINITY, hi = -INFINITY;
    for (size_t i = 0; i < arms.n; i++) {
        const struct view_number *n = view_find(arms.at[i], m->id);
        for (size_t k = 0; k < n->n_values; k++) {
            lo = fmin(lo, n->values[k]);
            hi = fmax(hi, n->values[k]);
        }
    }
    p->x = scale_of(lo, hi, 0, (double)(p->columns * DOTS_X - 1));
    for (size_t i = 0; i < arms.n; i++) {
        const struct view_number *n = view_find(arms.at[i], m->id);
        put_line(p, arena_printf(&p->arena, "%s: %s %s, %s", arms.at[i]->name, number_with_interval(&p->arena, n),
                                 m->unit, n->label));
        clear(p, STRIP_ROWS);
        for (size_t k = 0; k < n->n_values; k++)
            if (isfinite(n->values[k]))
                dot(p, (size_t)lround(scale_at(&p->x, n->values[k])), k % DOTS_Y);
        put_canvas(p, i);
    }
    if (!arms.n)
        return;
    put_axis(p, m);
    put_line(p, "a dot is one run");
    if (arms.left_out)
        put_line(p, arena_printf(&p->arena, "%zu more arms are not drawn", arms.left_out));
}

int report_plot(const struct report_view *v, const char *what, const struct report_style *style, struct str *out,
                struct err *e)
{
    const struct metric *m = metric_find(what);
    size_t before = out->len, columns = style->columns ? style->columns : COLUMNS;
    struct plot p = {.out = out, .style = style};
    if (!m && (!strcmp(what, "answer") || !strcmp(what, "sessions")))
        return err_set(e, ERR_USAGE, "the figure '%s' is an SVG: -o FILE", what);
    if (!m)
        return plot_unknown(what, e);
    p.columns = columns < LEAST_COLUMNS ? LEAST_COLUMNS : columns > MOST_COLUMNS ? MOST_COLUMNS : columns;
    p.cells = arena_alloc(&p.arena, CURVE_ROWS * p.columns);
    (m->level == METRIC_REQUEST ? curves : strips)(&p, v, m);
    arena_release(&p.arena);
    return out->len > before ? 0 : err_set(e, ERR_USAGE, "nothing to draw: no counted run has '%s'", what);
}
