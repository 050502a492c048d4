/* How the instrument and the host did during a run: filled by load/ and probe/, judged by record/verdict.
 * Plain data; -1 or NaN where a thing could not be measured. */
#ifndef RECORD_HEALTH_H
#define RECORD_HEALTH_H

#include <stdint.h>

struct health {
    double send_lag_p50_us, send_lag_p99_us;   /* sent - planned, requests whose plan was not "at once" */
    double app_delay_p50_us, app_delay_p99_us; /* app_ns - t_ns over stamped chunks */
    double barrier_spread_us;                  /* last - first session start; NaN with one session */
    double stopped_max_ms;                     /* the longest by which a timer of the client's loop came late */
    double receive_full;                    /* share of reads that found half of the receive window or more waiting */
    double loop_busy;                       /* share of the run the loop was not waiting, 0 … 1 */
    double steal;                           /* share of all CPU time stolen by the hypervisor */
    double host_busy;                       /* share of all CPU time not idle */
    double psi_cpu_some;                    /* share of the run some task waited for a CPU */
    int64_t ctx_voluntary, ctx_involuntary; /* context switches of this process */
    int64_t retransmits; /* TCP segments of the client's connections sent again or received out of order */
    int64_t chunks, merged, unstamped, dropped_chunks;
    int64_t clock_steps;       /* jumps of CLOCK_REALTIME seen */
    int64_t clock_step_max_ns; /* the largest */
    /* What `chimera calibrate` found this host's client to carry, all loop threads together; not above 0: not known. */
    double ceiling_chunks_per_s, ceiling_requests_per_s;
    double client_cpu_s;      /* user + system of this process during the run */
    int64_t client_rss_bytes; /* its peak so far */
    int64_t samples;          /* probe samples taken */
};

#endif
