/* Coordinated omission, shown on a server whose every delay is known: one that serves in order, a fixed time each, and
 * nothing during one stall. Seen from the moment of sending, a client that waits for a free connection hides the stall;
 * seen from the schedule it does not. */
#ifndef STATS_OMISSION_H
#define STATS_OMISSION_H

#include <stddef.h>

struct omission_case {
    double rate;                 /* requests per second, equal gaps from 0 on */
    double service_s;            /* of each request; a service that the stall cuts goes on after it */
    double stall_from, stall_to; /* seconds */
    size_t connections;          /* a request is sent when it is planned and one is free; at least 1 */
};

/* Latency of the first n requests from the moment of sending and from the planned moment, in seconds, in their order. */
void omission_latencies(const struct omission_case *c, size_t n, double *from_sent, double *from_planned);

#endif
