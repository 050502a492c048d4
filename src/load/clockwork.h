/* clockwork.h: what reading the clock costs and how late timers fire on this host, for the instrument's error budget. */
#ifndef LOAD_CLOCKWORK_H
#define LOAD_CLOCKWORK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct clock_cost {
    double read_ns; /* of one reading, the mean of many */
    double step_ns; /* smallest difference between two readings */
};
struct clock_cost clockwork_clock(void);

/* How late a timer of the loop fires; n of them, 1 ms apart. */
struct timer_error {
    size_t n;
    double p50_us, p99_us;
};
int clockwork_timer(size_t n, bool spin, struct timer_error *out, struct err *e);

#endif
