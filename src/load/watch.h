/* watch.h: the generator watches itself: what a run cost this process and how true it was to its plan. The host's part of
 * struct health comes from probe/. */
#ifndef LOAD_WATCH_H
#define LOAD_WATCH_H

#include "net/loop.h"
#include "record/run.h"

struct watch_of_self {
    double cpu_s; /* user + system of this process */
    int64_t voluntary, involuntary, rss_bytes;
};

void watch_read(struct watch_of_self *w);
double watch_loop_busy(const struct loop_stats *loop); /* share of its time not waiting; NaN at its start */
int64_t watch_rss_bytes(void);                         /* of this process, now; -1 unknown */
/* Fills the client's part of r->health from the finished run, the loop's account and the two readings; what its requests
 * tell comes from their tally (record/tally.h). */
void watch_fill_health(struct run *r, const struct loop_stats *loop, const struct watch_of_self *before,
                       const struct watch_of_self *after);

#endif
