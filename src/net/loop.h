/* net: sockets, time and bytes: the stamped event loop, TLS, HTTP/1.1 responses, SSE and NDJSON cutting.
 *
 * Owns: every socket of the client side, kernel stamps and their mapping to the monotonic clock, timers,
 * timeouts. Must not know: JSON, models, dialects, results. It calls back through tables of functions it
 * declares here.
 *
 * loop.h: one epoll set, one timer heap, one thread. Timers are absolute, in ns, and fire in the order of
 * their time, then of their start. With spin allowed the loop sleeps until 250 µs before the next timer
 * and polls the rest. */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"

struct loop;

/* A watched file descriptor; embedded in its owner, which outlives the watch. */
struct watch {
    void (*ready)(struct watch *w, unsigned epoll_events);
    int fd;
};

/* A timer; embedded in its owner. Zero-initialised is unarmed. */
struct timer {
    void (*fire)(struct timer *t);
    mono_ns at;
    uint64_t order; /* of arming: breaks ties */
    size_t slot;    /* 1-based place in the heap; 0: not armed */
};

/* What the loop saw of itself since loop_stats_reset. */
struct loop_stats {
    mono_ns wait_ns, busy_ns; /* waiting in epoll (spinning counts as waiting), and everything else */
    uint64_t batches, reads, timers;
    uint64_t full_reads;       /* of the reads, those that found half of their receive window or more waiting */
    uint64_t clock_steps;      /* jumps of CLOCK_REALTIME against CLOCK_MONOTONIC above 1 ms */
    int64_t clock_step_max_ns; /* its size without sign */
    mono_ns timer_late_max_ns;
};

int loop_new(struct loop **out, struct err *e);
void loop_free(struct loop *l); /* NULL is fine */

int loop_watch(struct loop *l, struct watch *w, unsigned epoll_events, struct err *e);
int loop_rewatch(struct loop *l, struct watch *w, unsigned epoll_events);
void loop_unwatch(struct loop *l, struct watch *w); /* before the fd is closed; safe inside callbacks */

void loop_timer_set(struct loop *l, struct timer *t, mono_ns at); /* re-arming moves it */
void loop_timer_cancel(struct loop *l, struct timer *t);

/* Runs until loop_stop. */
void loop_run(struct loop *l);
/* One pass: waits at most until `until` (MONO_NONE: for the next event), handles what came. */
void loop_step(struct loop *l, mono_ns until);
void loop_stop(struct loop *l);
void loop_allow_spin(struct loop *l, bool allow);

/* CLOCK_REALTIME ns → mono_ns with the offset sampled around this batch. */
mono_ns loop_from_realtime(const struct loop *l, int64_t realtime_ns);
const struct loop_stats *loop_stats(const struct loop *l);
void loop_stats_reset(struct loop *l);

/* Memory that frames of a running callback may still stand on: `bury` is called when this pass is over, or by
 * loop_free, in the order of loop_bury. Embedded in what dies. */
struct burial {
    void (*bury)(struct burial *b);
    struct burial *next;
};
void loop_bury(struct loop *l, struct burial *b);

/* For whoever reads sockets: one receive buffer for all connections, the caller's until its callback
 * returns, and the number of a read that brought bytes (from 1, never reset). */
char *loop_buffer(struct loop *l, size_t *cap);
uint64_t loop_count_read(struct loop *l);
void loop_count_full_read(struct loop *l);

/* Turns on kernel stamping on a dummy loopback connection, so that the first read of a real one has its
 * stamp. True when a stamp came back: the host can stamp. */
bool loop_warm_stamps(struct loop *l);

#endif
