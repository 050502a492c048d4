/* number.h: numbers as text: three significant digits, no exponent where it can be helped, "–" for what is
 * not there. */
#ifndef REPORT_NUMBER_H
#define REPORT_NUMBER_H

#include "base/arena.h"
#include "report/view.h"

#define NO_NUMBER "\u2013"

const char *number_text(struct arena *a, double v);
const char *number_duration(struct arena *a, double s);                  /* "25.0 ms", "90.0 s", "2.50 min", "3.00 h" */
const char *number_share(struct arena *a, const struct interval *share); /* in percent: "3.33 [0.591, 16.7]" */
/* A latency in ms, without unit; "> 600 s" when it is infinite: longer than the longest seen. */
const char *number_latency(struct arena *a, double ms, double seen_ms);
const char *number_interval(struct arena *a, const struct view_number *n);      /* "[0.71, 0.81]" */
const char *number_with_interval(struct arena *a, const struct view_number *n); /* "0.756 [0.71, 0.81]" */

#endif
