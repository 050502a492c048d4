/* renewal.h: do gaps between events come independently from one known law? Gaps are in operational time, of mean 1, from
 * a gamma law of known shape (1: exponential); time rescaling (Brown, Barbieri, Ventura, Kass and Frank 2002, section 2)
 * makes them exponential, so that one set of tests serves every shape. */
#ifndef STATS_RENEWAL_H
#define STATS_RENEWAL_H

#include <stddef.h>

#include "stats/gof.h"

enum { RENEWAL_MIN_N = 20, RENEWAL_PER_WINDOW = 10 };

struct renewal_test {
    double ks_d, ks_p; /* of the gaps */
    size_t windows;    /* of RENEWAL_PER_WINDOW expected events in rescaled time, so its index is 1 for each law */
    struct gof_dispersion dispersion; /* NaN with fewer than two windows */
    struct gof_acf1 acf1;             /* of the gaps in operational time */
    double p; /* of the whole: the least of the defined p times their number (Bonferroni), at most 1; NaN when none */
};

/* gaps in the order of time; low and high: the least and the most that each can have been, changed by this. Allocates
 * while it works; without memory everything is NaN. */
void renewal_test(const double *gaps, double *low, double *high, size_t n, double shape, struct renewal_test *out);
/* Squared coefficient of variation: 0 equal gaps, 1 exponential ones, 1/shape gamma ones; NaN below two. */
double renewal_cv2(const double *gaps, size_t n);

#endif
