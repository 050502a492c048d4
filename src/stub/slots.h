/* Slots: who is served when. A deterministic queue in its own time: jobs enter, wait or are served, and each job in
 * service has the moment its next step is due. Nothing here reads a clock or sends: the owner says up to when it may
 * run, and the steps come out in order, each with the clock moved to its exact moment. So a late caller shifts nothing.
 *
 * FIFO: at most n jobs are in service, each at full speed; others wait in the order in which they came.
 * SHARED (processor sharing, Kleinrock 1967): all jobs are in service; with k > n of them each runs at n / k of full
 * speed. With n == 0 there is no limit in either order.
 *
 * Moments of steps are in service time: nanoseconds that a job at full speed would have been served, from slots_init. At
 * full speed it runs like the clock, so a step's moment is exact to the nanosecond for 100 days. */
#ifndef STUB_SLOTS_H
#define STUB_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

enum slots_order { SLOTS_FIFO, SLOTS_SHARED };

struct slot_job {
    double due;      /* service time of the next step */
    uint64_t number; /* breaks ties: who came first */
    size_t at;       /* place in the heap, from 1; 0: no step is due */
    bool waiting, served;
    struct slot_job *prev, *next; /* of those that wait */
};

struct slots {
    size_t n;
    enum slots_order order;
    mono_ns now;     /* the queue's clock */
    double service;  /* service time at `now` */
    size_t n_served; /* jobs in service */
    size_t n_waiting;
    uint64_t n_entered;
    struct slot_job **heap; /* owned; heap[0 … n_heap-1], earliest due first */
    size_t n_heap, cap_heap;
    struct slot_job *first, *last; /* waiting */
};

void slots_init(struct slots *s, size_t n, enum slots_order order, mono_ns now);
void slots_release(struct slots *s); /* the jobs are their owners' */

/* The job comes now; true: it is in service. The caller has run slots_step up to this moment. */
bool slots_enter(struct slots *s, struct slot_job *j);
/* The job, in service, has its next step after so many ns of service from `from` (a service time: s->service, or the
 * due of its last step, so that steps do not drift). */
void slots_plan(struct slots *s, struct slot_job *j, double from, mono_ns after);
/* The job leaves, served or waiting; what it had planned is dropped. Returns the job that is in service from now on
 * because a slot became free, or NULL. */
struct slot_job *slots_leave(struct slots *s, struct slot_job *j);

/* The next job whose step is due not later than `until`; the clock stands at its moment. NULL: none, and the clock
 * stands at `until`. */
struct slot_job *slots_step(struct slots *s, mono_ns until);
/* When the next step is due, if nothing comes or leaves before; MONO_NONE: nothing is planned. */
mono_ns slots_next(const struct slots *s);

#endif
