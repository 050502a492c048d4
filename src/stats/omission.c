/* omission.c: see omission.h. */
#include "stats/omission.h"

#include <math.h>

static double served_at(const struct omission_case *c, double begin)
{
    if (begin >= c->stall_from && begin < c->stall_to)
        begin = c->stall_to;
    double end = begin + c->service_s;
    return begin < c->stall_from && end > c->stall_from ? end + (c->stall_to - c->stall_from) : end;
}

void omission_latencies(const struct omission_case *c, size_t n, double *from_sent, double *from_planned)
{
    double free_at = 0;
    for (size_t i = 0; i < n; i++) {
        double planned = (double)i / c->rate, sent = planned;
        if (i >= c->connections) { /* the server is in order: the oldest connection is free first */
            size_t before = i - c->connections;
            sent = fmax(planned, (double)before / c->rate + from_planned[before]);
        }
        free_at = served_at(c, fmax(sent, free_at));
        from_sent[i] = free_at - sent;
        from_planned[i] = free_at - planned;
    }
}
