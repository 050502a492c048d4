/* order.h: did the runs of a study change with the time at which they ran? Blocks and random order keep a drift out of what is
 * compared; it still says that something was not at rest, and it widens every interval. */
#ifndef ANALYSIS_ORDER_H
#define ANALYSIS_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct order_value {
    int32_t position, block; /* of the run in the plan */
    size_t arm;              /* any numbering from 0 */
    double value;            /* NaN: left out */
};

/* Of the runs in the order of their execution, each over the mean of its arm less 1, so that arms do not show. Arms with one
 * value say nothing and are left out. */
struct order_trend {
    size_t n; /* values */
    double trend, lo,
        hi;   /* from the first to the last run, as a share: (n - 1) times Sen's slope (1968) and its interval */
    double p; /* of Kendall's tau against the order */
};
/* NaN with fewer than four values, or when an arm's mean is not above 0 or nothing varies. */
void order_trend(const struct order_value *v, size_t n, struct order_trend *out);

/* Arm 1 against arm 0 of a study of two arms whose blocks ran AB, BA, AB, …: each two blocks give (B + B - A - A) / 2, from
 * which a linear drift is gone. The shift over them as in compare.h, in the metric's unit. */
struct order_abba {
    size_t n; /* pairs of blocks that have all four runs in that order */
    double shift, lo, hi, confidence;
};
void order_abba(const struct order_value *v, size_t n, struct order_abba *out);

#endif
