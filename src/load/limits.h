/* limits.h: what a load will take of this host, looked at before it starts: a load that runs out of descriptors or ports
 * half way would measure that. */
#ifndef LOAD_LIMITS_H
#define LOAD_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum {
    LIMITS_OTHER_DESCRIPTORS = 96, /* everything but connections: result file, logs, loops, the sampler's files */
    LIMITS_PORTS_LEFT = 1000       /* of the range, for others and for those that wait to be free again */
};

struct limits_host {
    int64_t descriptors;      /* allowed to this process now: the soft limit */
    int64_t most_descriptors; /* to what it may raise that: the hard limit */
    int64_t ports;            /* to connect from, of one address to one peer */
};

struct limits_need {
    int64_t connections; /* held at once; in an open loop nobody knows: those opened ahead */
    int64_t at_most;     /* connections that there can ever be: descriptors for so many, where they are to be had */
    bool loopback;       /* the peer is on 127/8: connections may come from more addresses */
};

struct limits_plan {
    int64_t descriptors; /* the soft limit to set */
    int sources;         /* of 127/8 to connect from; 1: as ever */
};

void limits_of_host(struct limits_host *h);
/* ERR_REFUSED: the connections cannot be had; says both numbers and what would help. */
int limits_plan(const struct limits_host *h, const struct limits_need *need, struct limits_plan *out, struct err *e);
/* Sets the soft limit of descriptors; servers started before keep theirs. */
int limits_raise(const struct limits_plan *p, struct err *e);

#endif
