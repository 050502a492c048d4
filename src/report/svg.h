/* svg.h: the few marks that a figure is made of, private to this room. Text stays text, colours are classes of
 * assets/figure.css (c0 … c5), so that one figure serves a page in the light, in the dark and a file of its own. Lengths
 * are in units of the view box. All texts are raw. */
#ifndef REPORT_SVG_H
#define REPORT_SVG_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

enum { SVG_COLORS = 6, SVG_WIDTH = 680 };

struct svg {
    struct str *out;     /* borrowed */
    struct arena *arena; /* borrowed: labels */
    bool alone;          /* a file of its own: carries its style and a white ground */
};

/* Values to places: lo is at from, hi at to. */
struct scale {
    double lo, hi, from, to;
    bool log;
};

/* Around the values lo … hi: logarithmic when they are positive and more than 30 apart, else linear from a round number,
 * from 0 when lo is below a third of hi. Values that are all the same get room on both sides. */
struct scale scale_of(double lo, double hi, double from, double to);
double scale_at(const struct scale *s, double v); /* values beyond the ends are at the ends */

void svg_begin(struct svg *s, double height, const char *title);
void svg_end(struct svg *s);
void svg_group(struct svg *s, const char *note); /* note: what is under the pointer */
void svg_group_end(struct svg *s);
void svg_line(struct svg *s, const char *class, int color, double x1, double y1, double x2, double y2);
void svg_bar(struct svg *s, const char *class, int color, double x1, double y1, double x2, double y2);
void svg_dot(struct svg *s, const char *class, int color, double x, double y, double radius);
/* anchor: "start", "middle", "end". */
void svg_text(struct svg *s, const char *class, const char *anchor, double x, double y, const char *text);
/* A path: begin, points (the first one moves there), end. A spot is a point of its own, drawn as a round dot. */
void svg_path(struct svg *s, const char *class, int color);
void svg_point(struct svg *s, bool first, double x, double y);
void svg_step(struct svg *s, double x, double y); /* across to x, then up or down to y */
void svg_spot(struct svg *s, double x, double y);
void svg_path_end(struct svg *s, bool closed);

/* Ticks with their numbers, a line of the grid across for each, and the label with its unit at the end. */
void svg_axis_x(struct svg *s, const struct scale *x, double top, double bottom, const char *label);
void svg_axis_y(struct svg *s, const struct scale *y, double left, double right, const char *label);

/* At most so many characters, "…" for the rest. */
const char *svg_short(struct svg *s, const char *text, size_t most);

#endif
