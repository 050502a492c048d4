/* tally.h: what a run's verdict, health and dialogues need of its requests, taken up request by request in any order, so
 * that nobody has to keep the requests themselves: 16 bytes a request, a session for each dialogue, and a table of fixed
 * size for the chunks. Of requests of the warm-up it takes what tells of the instrument: chunks and stamps.
 * Zero-initialised is empty and valid. One thread. */
#ifndef RECORD_TALLY_H
#define RECORD_TALLY_H

#include "record/run.h"

/* Durations in ns, counted in buckets: exact below 128 ns, above that 64 buckets a doubling, so that a value given back
 * (the middle of its bucket) is at most 1/128 = 0.8 % off. The buckets of HdrHistogram with six bits. A negative
 * duration, which the error of mapping the stamps' clock can make of a tiny one, counts as 0. */
enum { DURATIONS_BUCKETS = 58 * 64 };

struct durations {
    uint64_t count[DURATIONS_BUCKETS];
    uint64_t n;
};

void durations_add(struct durations *d, int64_t ns);
size_t durations_bucket(int64_t ns); /* where it is counted */
/* Nearest rank, 0 < p <= 1; NaN when empty. */
double durations_quantile_ns(const struct durations *d, double p);

struct doubles {
    double *at; /* owned */
    size_t n, cap;
};

struct run_tally {
    struct request_counter counter;
    struct doubles e2e_ms;    /* of the completed requests, from sent */
    struct doubles lag_us;    /* sent - planned of all that have both */
    const char *stamps_fault; /* of the request with the smallest seq that has one; NULL */
    int64_t stamps_fault_seq;
    int64_t chunks, merged, unstamped, dropped_chunks;
    struct durations app_delay; /* app_ns - t_ns of the stamped chunks */
    double completion_tok;      /* of the window's requests, as far as they told */
    struct session *dialogues;  /* owned; by number: the times, ok and error of each, of its requests */
    size_t n_dialogues, cap_dialogues;
};

void run_tally_add(struct run_tally *t, const struct request *r);
/* The requests' part of a run's health: send lag of the window's, delays, counts of chunks. */
void run_tally_fill_health(const struct run_tally *t, struct health *h);
/* Sessions of a load of dialogues: those of the tally, which gives them away, in place of the run's one. A dialogue is
 * released when its first question was planned, but the first one with the load and none before the window; it is ok when
 * every answer was. Their errors are the caller's to free. */
void run_tally_give_dialogues(struct run_tally *t, struct run *r);
/* Median from sent to done of the completed requests, in ms; NaN without one. */
double run_tally_median_e2e_ms(const struct run_tally *t);
void run_tally_release(struct run_tally *t);

#endif
