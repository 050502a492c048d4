/* rate.h: a rate of events that changes in linear stages, and its integral: operational time, in which the rate is 1. */
#ifndef STATS_RATE_H
#define STATS_RATE_H

#include <stddef.h>
#include <stdint.h>

#define RATE_OPEN INT64_MAX /* duration of a last stage without an end */

struct rate_stage { /* the rate is linear from the first to the second, in events per second, both >= 0 */
    double from_rps, to_rps;
    int64_t duration_ns; /* > 0; or RATE_OPEN, then from = to > 0 */
};

/* Expected events before the offset. Inside an open stage it goes on for ever; behind the last stage it stays; 0 before
 * the first. */
double rate_expected(const struct rate_stage *stages, size_t n, int64_t at_ns);

#endif
