/* number.h: numbers as text: three significant digits, no exponent where it can be helped, "–" for what is
 * not there. */
#ifndef REPORT_NUMBER_H
#define REPORT_NUMBER_H

#include "base/arena.h"
#include "report/view.h"

#define NO_NUMBER "\u2013"

const char *number_text(struct arena *a, double v);
const char *number_interval(struct arena *a, const struct view_number *n);      /* "[0.71, 0.81]" */
const char *number_with_interval(struct arena *a, const struct view_number *n); /* "0.756 [0.71, 0.81]" */

#endif
