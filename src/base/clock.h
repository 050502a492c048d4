/* Time. Every duration and every stamp is `mono_ns`: nanoseconds of CLOCK_MONOTONIC, or of a virtual clock in tests.
 * Wall time is text for people and one anchor per run, never an operand. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

typedef int64_t mono_ns;

#define MONO_NONE INT64_MIN /* a stamp that was not taken; stored as NULL */
#define NS_PER_S 1000000000LL
#define NS_PER_MS 1000000LL
#define NS_PER_US 1000LL

struct clock {
    mono_ns virtual_now; /* 0: the real clock */
};

mono_ns clock_now(const struct clock *c); /* c == NULL: the real clock */
/* Moves a virtual clock; never backwards. */
void clock_advance_to(struct clock *c, mono_ns t);

/* The offset REALTIME - MONOTONIC now, from the narrowest of `tries` sandwiches; *width is its uncertainty (full). */
int64_t clock_realtime_offset(int tries, int64_t *width_ns);
int64_t clock_wall_ns(void);
/* "2026-11-21T10:20:30Z" of a wall time in ns. */
void clock_wall_text(int64_t wall_ns, char out[32]);

#endif
