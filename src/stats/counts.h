/* counts.h: what counts of failures and events bound. The trials are independent; NaN outside the domain. */
#ifndef STATS_COUNTS_H
#define STATS_COUNTS_H

/* Upper bound of the chance of a failure after none in n trials: 1 - alpha^(1/n), about 3/n at 95 % (Hanley and
 * Lippman-Hand 1983). */
double counts_zero_failures_upper(double n, double confidence);

struct counts_interval {
    double lo, hi;
};
/* Of the mean of a Poisson law that gave k events (Garwood 1936). */
struct counts_interval counts_poisson_ci(double k, double confidence);

struct counts_comparison {
    double z, p;     /* pooled z test, two-sided; NaN when all trials ended alike */
    double fisher_p; /* exact, two-sided: all tables that are no likelier than this one (Fisher 1934) */
};
/* k1 of n1 against k2 of n2 successes. fisher_p takes time in proportion to the smaller margin. */
struct counts_comparison counts_compare(double k1, double n1, double k2, double n2);

#endif
