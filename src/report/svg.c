/* svg.c: see svg.h. */
#include "report/svg.h"

#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "format/escape.h"
#include "report/assets.h"
#include "report/number.h"

/* ---- scales ----------------------------------------------------------------------------------------------- */

enum { TICKS = 24 };

/* 1, 2 or 5 times a power of ten, so that about five steps make the range. */
static double step_of(double range)
{
    double power = pow(10, floor(log10(range / 5))), left = range / 5 / power;
    return power * (left < 1.5 ? 1 : left < 3.5 ? 2 : left < 7.5 ? 5 : 10);
}

struct scale scale_of(double lo, double hi, double from, double to)
{
    if (isfinite(lo) && isfinite(hi)) { /* so far that no step or margin overflows */
        lo = fmin(fmax(lo, -1e300), 1e300);
        hi = fmin(fmax(hi, -1e300), 1e300);
    }
    struct scale s = {lo, hi, from, to, lo > 0 && hi / lo > 30};
    if (!isfinite(lo) || !isfinite(hi) || hi < lo) /* no values */
        s = (struct scale){0, 1, from, to, false};
    else if (s.log)
        s.lo = lo / 1.1, s.hi = hi * 1.1;
    else if (hi - lo <= 1e-9 * fabs(hi))
        s.lo = lo > 0 ? 0 : lo - 1, s.hi = hi > 0 ? 1.25 * hi : hi + 1;
    else {
        s.lo = lo >= 0 && lo < hi / 3 ? 0 : lo;
        double step = step_of(hi - s.lo);
        s.lo = step * floor(s.lo / step);
        s.hi = step * ceil(hi / step);
    }
    return s;
}

double scale_at(const struct scale *s, double v)
{
    v = fmin(fmax(v, s->lo), s->hi);
    double part = s->log ? log(v / s->lo) / log(s->hi / s->lo) : (v - s->lo) / (s->hi - s->lo);
    return s->from + part * (s->to - s->from);
}

static size_t ticks(const struct scale *s, double out[TICKS])
{
    size_t n = 0;
    if (!s->log) {
        double step = step_of(s->hi - s->lo);
        for (double k = ceil(s->lo / step - 1e-9); k * step <= s->hi + 1e-9 * step && n < TICKS; k++)
            out[n++] = k * step;
        return n;
    }
    bool few = s->hi / s->lo > 1e4;
    for (int decade = (int)floor(log10(s->lo)); decade <= (int)ceil(log10(s->hi)); decade++)
        for (int k = 1; k <= 5; k += k == 1 ? 1 : 3) {
            double v = k * pow(10, decade);
            if (v >= s->lo && v <= s->hi && n < TICKS && (k == 1 || !few))
                out[n++] = v;
        }
    return n;
}

/* ---- marks ------------------------------------------------------------------------------------------------ */

static void escaped(struct svg *s, const char *text)
{
    escape_html(span_z(text), s->out);
}

void svg_begin(struct svg *s, double height, const char *title)
{
    int margin = s->alone ? 12 : 0;
    str_addf(s->out,
             "<svg class=\"fig\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"%d %d %d %.0f\" role=\"img\" "
             "aria-label=\"",
             -margin, -margin, SVG_WIDTH + 2 * margin, height + 2 * margin);
    escaped(s, title);
    str_addz(s->out, "\">\n");
    if (!s->alone)
        return;
    str_addz(s->out, "<style>");
    str_add(s->out, asset_figure_css.at, asset_figure_css.len);
    str_addf(s->out, "</style>\n<rect x=\"%d\" y=\"%d\" width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n", -margin,
             -margin);
}

void svg_end(struct svg *s)
{
    str_addz(s->out, "</svg>\n");
}

void svg_group(struct svg *s, const char *note)
{
    str_addz(s->out, "<g><title>");
    escaped(s, note);
    str_addz(s->out, "</title>");
}

void svg_group_end(struct svg *s)
{
    str_addz(s->out, "</g>\n");
}

static void class_of(struct svg *s, const char *class, int color)
{
    if (color < 0)
        str_addf(s->out, " class=\"%s\"", class);
    else
        str_addf(s->out, " class=\"%s c%d\"", class, color % SVG_COLORS);
}

void svg_line(struct svg *s, const char *class, int color, double x1, double y1, double x2, double y2)
{
    str_addz(s->out, "<path");
    class_of(s, class, color);
    str_addf(s->out, " d=\"M%.1f %.1fL%.1f %.1f\"/>", x1, y1, x2, y2);
}

void svg_bar(struct svg *s, const char *class, int color, double x1, double y1, double x2, double y2)
{
    str_addz(s->out, "<rect");
    class_of(s, class, color);
    str_addf(s->out, " x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", x1, y1, fmax(x2 - x1, 0.5), y2 - y1);
}

void svg_dot(struct svg *s, const char *class, int color, double x, double y, double radius)
{
    str_addz(s->out, "<circle");
    class_of(s, class, color);
    str_addf(s->out, " cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\"/>", x, y, radius);
}

void svg_text(struct svg *s, const char *class, const char *anchor, double x, double y, const char *text)
{
    str_addf(s->out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", class, x, y, anchor);
    escaped(s, text);
    str_addz(s->out, "</text>\n");
}

void svg_path(struct svg *s, const char *class, int color)
{
    str_addz(s->out, "<path");
    class_of(s, class, color);
    str_addz(s->out, " d=\"");
}

void svg_point(struct svg *s, bool first, double x, double y)
{
    str_addf(s->out, "%c%.1f %.1f", first ? 'M' : 'L', x, y);
}

void svg_step(struct svg *s, double x, double y)
{
    str_addf(s->out, "H%.1fV%.1f", x, y);
}

void svg_spot(struct svg *s, double x, double y)
{
    str_addf(s->out, "M%.1f %.1fh0", x, y);
}

void svg_path_end(struct svg *s, bool closed)
{
    str_addz(s->out, closed ? "Z\"/>" : "\"/>");
}

/* ---- axes ------------------------------------------------------------------------------------------------- */

static const char *tick_text(struct svg *s, double v)
{
    return v == 0                             ? "0"
           : fabs(v) >= 1e6 || fabs(v) < 1e-3 ? arena_printf(s->arena, "%.1g", v)
                                              : arena_printf(s->arena, "%.6g", v);
}

void svg_axis_x(struct svg *s, const struct scale *x, double top, double bottom, const char *label)
{
    double t[TICKS], last = -1e9;
    size_t n = ticks(x, t);
    for (size_t i = 0; i < n; i++) {
        double at = scale_at(x, t[i]);
        svg_line(s, "grid", -1, at, top, at, bottom);
        if (at - last > 34) { /* numbers of a logarithmic axis may stand too close */
            svg_text(s, "mute small", "middle", at, bottom + 15, tick_text(s, t[i]));
            last = at;
        }
    }
    svg_line(s, "axis", -1, x->from, bottom, x->to, bottom);
    svg_text(s, "mute small", "end", x->to, bottom + 30, label);
}

void svg_axis_y(struct svg *s, const struct scale *y, double left, double right, const char *label)
{
    double t[TICKS];
    size_t n = ticks(y, t);
    for (size_t i = 0; i < n; i++) {
        double at = scale_at(y, t[i]);
        svg_line(s, "grid", -1, left, at, right, at);
        svg_text(s, "mute small", "end", left - 6, at + 4, tick_text(s, t[i]));
    }
    svg_text(s, "mute small", "start", 0, y->to - 9, label);
}

const char *svg_short(struct svg *s, const char *text, size_t most)
{
    size_t at = 0, n = strlen(text), chars = 0;
    while (at < n && chars < most) {
        uint32_t v;
        size_t len = utf8_next(text + at, n - at, &v);
        at += len ? len : 1;
        chars++;
    }
    return at < n ? arena_printf(s->arena, "%.*s\u2026", (int)at, text) : text;
}
