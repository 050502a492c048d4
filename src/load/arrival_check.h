/* arrival_check.h: did the generator emit the law it declares? Pure, after the window, over the times at which requests
 * really left.
 *
 * Every gap is taken to operational time (the integrated rate between both sends) and through its law's distribution
 * function; the result, as exponential gaps of mean 1, is tested (time rescaling: Brown, Barbieri, Ventura, Kass and
 * Frank 2002, section 2). So one set of tests serves ramps and every law, and the parameters are the declared ones:
 * nothing is fitted.
 *
 * A gap is known to ± resolution_ns only: rounding to nanoseconds already makes equal sends of bursts, and the lag of a
 * real send moves gaps more. D counts only what no error within the resolution can explain, so p is conservative; how
 * large the lag itself may be is another rule's business. */
#ifndef LOAD_ARRIVAL_CHECK_H
#define LOAD_ARRIVAL_CHECK_H

#include <stdbool.h>

#include "load/schedule.h"
#include "stats/renewal.h"

enum { ARRIVAL_CHECK_MIN_N = RENEWAL_MIN_N, ARRIVAL_CHECK_PER_WINDOW = RENEWAL_PER_WINDOW };

struct arrival_check {
    size_t planned, sent;
    double sent_share; /* NaN when nothing was planned */
    double cv2;     /* of the gaps in operational time: 0 constant, 1 Poisson, 1/burstiness gamma; NaN below 2 sent */
    double cv2_law; /* what the law says */
    bool tested;    /* the rest is filled: a random law and at least ARRIVAL_CHECK_MIN_N sent */
    double ks_d, ks_p; /* of the gaps */
    size_t windows; /* of ARRIVAL_CHECK_PER_WINDOW expected arrivals in rescaled time, so its index is 1 for each law */
    struct gof_dispersion dispersion; /* NaN with fewer than two windows */
    struct gof_acf1 acf1;             /* of the gaps in operational time */
    double p; /* of the whole: the least of the defined p times their number (Bonferroni), at most 1; NaN when none */
};

/* sent_ns: offsets of the n sends from the window's start, any order; not changed. planned: of the schedule.
 * resolution_ns: 1 for a schedule; for sends the spread of their lag. */
void arrival_check(const struct schedule_spec *spec, const int64_t *sent_ns, size_t n, size_t planned,
                   int64_t resolution_ns, struct arrival_check *out);

#endif
