/* The bare loop: one epoll set, recvmsg with kernel stamps, just enough HTTP to know where a chunk and an answer end, and
 * nothing kept. What an instrument costs beyond this is its own. */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <stddef.h>
#include <stdint.h>

#include "sender.h"

struct bare {
    const struct sender *sender;
    int streams;       /* connections, one request on each at a time */
    uint64_t requests; /* in all */
    int64_t *error;    /* room for the error of each chunk's stamp, those merged in one read left out; NULL */
    size_t n_error;
    /* filled in */
    uint64_t chunks, reads;
    double cpu_s, wall_s;
};

/* Connects, and then runs until all requests are answered. Only the latter is counted. */
void bare_run(struct bare *b);

#endif
