/* pulse.h: what can be said of a run's requests while it goes on: one thread at a time counts them, any other reads.
 *
 * Every count is an atomic of its own with relaxed order: the counting thread pays what it would for plain integers, nobody
 * ever waits, and a reader may see a request in one count and not yet in another. 90 KB; pulse_reset comes first. */
#ifndef LIVE_PULSE_H
#define LIVE_PULSE_H

#include "live/view.h"
#include "record/tally.h"

struct pulse_durations {
    _Atomic uint64_t count[DURATIONS_BUCKETS]; /* as struct durations */
};

struct pulse {
    _Atomic int64_t warmup, by_outcome[OUTCOME_COUNT];
    _Atomic mono_ns first_planned_ns, last_done_ns; /* of the window; MONO_NONE: none */
    struct pulse_durations ttft, tpot, send_lag;
};

void pulse_reset(struct pulse *p);
void pulse_add(struct pulse *p, const struct request *r);
/* Fills the view's ended, warmup, by_outcome, rate and quantiles. */
void pulse_read(const struct pulse *p, struct live_view *v);

#endif
