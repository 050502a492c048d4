/* How long something takes when some of it was cut off before its end: of those it is only known that they take longer
 * (right-censored). Leaving them out would make the slow look rare; counting them as ended would make them look fast. */
#ifndef STATS_SURVIVAL_H
#define STATS_SURVIVAL_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/steady.h"

struct survival_time {
    double t;
    bool ended; /* false: cut off at t */
};

struct survival_point {
    double t;     /* something ended here */
    double share; /* of all that takes longer than t */
};

/* Kaplan and Meier 1958: sorts x and writes a point for each different time at which something ended, ascending, into
 * `out` (room for n); returns how many. What is cut off at the very time of an end is taken as lasting longer. No NaN. */
size_t survival_curve(struct survival_time *x, size_t n, struct survival_point *out);
/* The first time by which a share p has ended; INFINITY when the curve does not come so far. Nothing cut off: Hyndman-Fan
 * type 1. */
double survival_quantile(const struct survival_point *curve, size_t points, double p);
/* steady_section_quantile where some are cut off: what a section has above the quantile is what its members are expected
 * to have there, given when they were cut off (redistribution to the right, Efron 1967). Nothing cut off: the same
 * numbers. q and lo, too, are INFINITY beyond the curve; then inflation and m are those of the share that the curve
 * ends with. x in the order of time, the curve made of the same. */
struct steady_section survival_section_quantile(const struct survival_time *x, size_t n,
                                                const struct survival_point *curve, size_t points, double p,
                                                size_t sections, double least, double confidence);

#endif
