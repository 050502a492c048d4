/* The bare loop: one epoll set, recvmsg with kernel stamps, just enough HTTP to know where a chunk and an answer end, and
 * nothing kept. What an instrument costs beyond this is its own. */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <stddef.h>
#include <stdint.h>

#include "sender.h"

/* When an answer's text came, by the kernel's stamps; sent by our clock right before the send(). */
struct bare_answer {
    int64_t sent_ns, first_ns, last_ns;
    uint64_t chunks; /* with text */
};

struct bare {
    int port;
    const char *request;         /* its bytes; NULL: a usual one */
    const struct sender *sender; /* is told what was read; NULL */
    int streams;                 /* connections, one request on each at a time */
    uint64_t requests;           /* in all */
    int64_t *error;              /* room for the error of each chunk's stamp, those merged in one read left out; NULL */
    size_t n_error;
    struct bare_answer *answers; /* room for one of each request; NULL */
    /* filled in */
    uint64_t chunks, reads;
    double cpu_s, wall_s;
};

/* Connects, and then runs until all requests are answered. Only the latter is counted. */
void bare_run(struct bare *b);

#endif
