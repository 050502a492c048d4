/* The heap of a loop's timers: a binary min-heap of pointers, ordered by time, then by arming. The timers are
 * embedded in their owners; a timer knows its place, so that moving and cancelling cost O(log n). */
#ifndef NET_TIMERS_H
#define NET_TIMERS_H

#include <stddef.h>
#include <stdint.h>

#include "net/loop.h"

/* Zero-initialised is empty. */
struct timer_heap {
    struct timer **at; /* owned array of borrowed timers; [0] is the first to fire */
    size_t n, cap;
    uint64_t order; /* the next arming's number */
};

void timer_heap_release(struct timer_heap *h);
void timer_heap_set(struct timer_heap *h, struct timer *t, mono_ns at); /* an armed timer moves, and counts as new */
void timer_heap_cancel(struct timer_heap *h, struct timer *t);          /* an unarmed one is fine */
struct timer *timer_heap_first(const struct timer_heap *h);             /* NULL when empty */
void timer_heap_reserve(struct timer_heap *h, size_t extra);            /* no allocation for the next `extra` armings */

#endif
