/* The functions behind the table of metric.c; private to this room. Each is pure, allocates at most a
 * sorted copy, and gives NaN where the record lacks a part of the definition that stands in the table. */
#ifndef RECORD_METRIC_FNS_H
#define RECORD_METRIC_FNS_H

#include <stddef.h>

#include "record/run.h"

/* ---- helpers (metric_request.c) ---- */

double stamps_ns(mono_ns from, mono_ns to); /* to - from; NaN when one is MONO_NONE */
double request_between_ns(const struct request *r, enum stamp from, enum stamp to);
double count_or_nan(int64_t told);              /* NaN for a negative count: not told */
double ratio_or_nan(double part, double whole); /* NaN unless whole > 0 */
/* Nearest rank: the smallest observed value with at least p of the values at or below it (Hyndman and Fan
 * 1996, type 1); NaN when n is 0. The values change places; sorted ones stay so. */
double nearest_rank(double *values, size_t n, double p);

/* ---- of one request ---- */

double metric_ttft(const struct request *r);
double metric_ttft_planned(const struct request *r);
double metric_ttfb(const struct request *r);
double metric_ttfa(const struct request *r);
double metric_tpot(const struct request *r);
double metric_gap_p50(const struct request *r);
double metric_gap_p99(const struct request *r);
double metric_gap_max(const struct request *r);
double metric_stall_time(const struct request *r);
double metric_reader_wait(const struct request *r);
double metric_e2e(const struct request *r);
double metric_e2e_planned(const struct request *r);
double metric_send_lag(const struct request *r);
double metric_rtt(const struct request *r);
double metric_decode_rate_server(const struct request *r);
double metric_decode_rate_steps(const struct request *r);
double metric_decode_rate_client(const struct request *r);
double metric_prompt_rate(const struct request *r);
double metric_output_rate(const struct request *r);
double metric_load_time(const struct request *r);
double metric_queue_server(const struct request *r);
double metric_queue_client(const struct request *r);
double metric_client_overhead(const struct request *r);
double metric_engine_client(const struct request *r);
double metric_engine_transport(const struct request *r);
double metric_engine_queue(const struct request *r);
double metric_engine_prefill(const struct request *r);
double metric_engine_decode(const struct request *r);
double metric_tokens_prompt(const struct request *r);
double metric_tokens_completion(const struct request *r);
double metric_chunks_merged(const struct request *r);
double metric_chunks_unstamped(const struct request *r);
double metric_app_delay_p99(const struct request *r);

/* ---- of one session, of one run (metric_run.c) ---- */

double metric_session_duration(const struct run *r, const struct session *s);
double metric_session_tokens(const struct run *r, const struct session *s);
double metric_session_rate(const struct run *r, const struct session *s);
double metric_session_think(const struct run *r, const struct session *s);
double metric_makespan(const struct run *r);
double metric_output_rate_system(const struct run *r);
double metric_overlap(const struct run *r);
double metric_contention_tr110(const struct run *r);
double metric_jain(const struct run *r);
double metric_requests_failed(const struct run *r);

#endif
