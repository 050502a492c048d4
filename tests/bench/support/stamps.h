/* The errors of the client's arrival times: it reads the sender's streams, and an error is a chunk's stamp minus the time that
 * stands in it. */
#ifndef BENCH_STAMPS_H
#define BENCH_STAMPS_H

#include <stddef.h>
#include <stdint.h>

#include "sender.h"

struct stamps {
    int64_t *exact, *app; /* room for `cap` errors each: of stamps, merged chunks left out, and of our clock */
    size_t cap;
    /* filled in */
    struct loop *loop;
    size_t n, n_app, merged, unstamped;
    uint64_t read;
    int running;
    double cpu_us; /* a chunk */
};

/* One round of the sender, with a stream on each connection. */
void stamps_read(struct stamps *f, const struct sender *s);

#endif
