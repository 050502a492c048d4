/* Values far from the others: flagged, never deleted. Latencies are skewed: on the raw scale the common rules fire in
 * most clean samples, so take logarithms first or say so. */
#ifndef STATS_OUTLIER_H
#define STATS_OUTLIER_H

#include <stddef.h>

struct outlier_mad {
    double median;
    double mad; /* median of |x - median| */
    double sd;  /* mad / 0.6745: what it is of a normal law's standard deviation */
    double
        z_max; /* the largest modified z = 0.6745 |x - median| / mad; +inf when mad is 0 and a value differs, 0 when none */
    size_t n_over; /* modified z over 3.5 (Iglewicz and Hoaglin 1993) */
    size_t n_far;  /* modified z over 10: |x - median| / mad > 14.826 */
};
/* Hampel 1974. NaN with n = 0. Allocates while it works; without memory everything is NaN. */
struct outlier_mad outlier_mad(const double *x, size_t n);

struct outlier_fences {
    double q1, q3;               /* quartiles, Hyndman-Fan type 7 */
    double mild_lo, mild_hi;     /* 1.5 interquartile ranges outside them */
    double severe_lo, severe_hi; /* 3 */
    size_t n_mild, n_severe;     /* values beyond; the severe ones count as mild too */
};
/* Tukey 1977. NaN with n = 0. */
struct outlier_fences outlier_fences(const double *sorted, size_t n);

#endif
