/* The reference side of the benchmarks: a process on core 0 that streams chunks of an OpenAI chat answer, each with the
 * clock read right before its send(), or answers requests of one chunk each. It serves one round after another. */
#ifndef BENCH_SENDER_H
#define BENCH_SENDER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* In an event's data: {"id":…,"choices":[{"index":0,"delta":{"content":"NNN"} …, NNN being CLOCK_MONOTONIC in ns, 19
 * digits with zeros in front. */
enum { SENDER_STAMP_AT = 115, SENDER_STAMP_DIGITS = 19, SENDER_MOST = 4096 };

struct sender_spec {
    int streams; /* that make a round: so many connections are awaited, one request on each */
    int chunks;  /* of each stream; 0: a server of requests, one chunk each, until it is stopped */
    int rate;    /* chunks a second and stream, phases spread evenly; 0: as fast as the client reads */
    int burst;   /* chunks in one send() */
    bool tls;
};

struct sender {
    struct sender_spec spec;
    int port, listener;
    pid_t pid;
    char ca_file[64];       /* of TLS */
    _Atomic uint64_t *read; /* shared: chunks that the client has read, for rate 0 and burst 1 */
};

void sender_start(struct sender *s); /* spec is filled in */
void sender_stop(struct sender *s);
/* The client read so many chunks in all since its round began. Told in steps, to spare the cache line. */
static inline void sender_told(const struct sender *s, uint64_t n)
{
    if (n % 32 == 0)
        atomic_store_explicit(s->read, n, memory_order_relaxed);
}
int64_t sender_stamp(const char *digits);

#endif
