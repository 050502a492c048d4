/* Uncertainty of a measurement from its parts, by the Guide to the Expression of Uncertainty in Measurement (JCGM
 * 100:2008). */
#ifndef STATS_UNCERTAINTY_H
#define STATS_UNCERTAINTY_H

#include <stddef.h>

struct uncertainty_part {
    double u;  /* standard uncertainty */
    double df; /* degrees of freedom; INFINITY for what is known from elsewhere (type B) */
};

/* Anything within ± half_width, all of it as likely: half_width / sqrt(3) (4.3.7). */
double uncertainty_rectangular(double half_width);
/* Read off in steps of `quantum`: quantum / sqrt(12) (F.2.2.1). */
double uncertainty_quantum(double quantum);

struct uncertainty {
    double u;        /* combined: square root of the sum of squares (5.1.2), parts independent and in one unit */
    double df;       /* Welch-Satterthwaite (G.4.1): u^4 / sum (u_i^4 / df_i); INFINITY when no part has fewer */
    double k;        /* coverage factor: t quantile at df */
    double expanded; /* k u */
};
/* NaN with n = 0. All 0 but df and k when every part is 0. */
struct uncertainty uncertainty_combine(const struct uncertainty_part *parts, size_t n, double confidence);

#endif
