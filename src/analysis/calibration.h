/* calibration.h: how wrong the instrument is on this host and how much it can carry, from runs of plain load on the
 * reference server (`chimera stub --stamps`), whose chunks say when they were written. From the record alone. */
#ifndef ANALYSIS_CALIBRATION_H
#define ANALYSIS_CALIBRATION_H

#include <stdbool.h>
#include <stddef.h>

#include "record/run.h"

/* Chunks and sends that wait for us longer than this, at the 99th percentile, are a load that is not held. */
#define CALIBRATION_LAG_US 1000.0

/* p50, p99 and p99.9 (type 1) of n values in µs; NaN when n is 0. */
struct calibration_error {
    size_t n;
    double p50_us, p99_us, p999_us;
};

/* One rate, one run. Rates are those of the middle half of the run: neither its start nor its drain. */
struct calibration_point {
    double chunks_per_s, requests_per_s; /* arrived; sent */
    size_t n_chunks, n_merged, n_unstamped;
    struct calibration_error stamp; /* kernel stamp of a chunk - the server's clock before its write, the cost of that
                                       write included; merged and unstamped chunks left out */
    struct calibration_error app;   /* the same of our clock after the read: what would be wrong without stamps */
    struct calibration_error send;  /* sent - planned; n is 0 in a closed loop, where nothing is planned ahead */
    double wait_p99_us;             /* of chunks, from the kernel's stamp to our read */
    double loop_busy;
    bool held; /* wait_p99_us and send.p99_us within CALIBRATION_LAG_US, every request ok */
};

/* Collects the requests of one run; zero-initialised is empty. */
struct calibration_sum {
    struct calibration_values {
        double *at; /* owned */
        size_t n, cap;
    } stamp, app, send;
    size_t n_chunks, n_merged, n_unstamped, failed;
    int64_t middle_chunks, middle_requests;
};

/* open: an open loop, whose sends had a plan. The run needs its start, end and health. */
void calibration_add(struct calibration_sum *s, const struct run *run, const struct request *r, bool open);
/* Empties s. */
void calibration_point(struct calibration_sum *s, const struct run *run, struct calibration_point *out);

#endif
