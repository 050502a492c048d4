/* series.h: what a run did over time, reduced to what a screen can show; private to this room. */
#ifndef REPORT_SERIES_H
#define REPORT_SERIES_H

#include "report/view.h"

enum { SERIES_STEPS = 300, SERIES_RUNS = 100 };

/* The runs in the order of the result, complete or not, the first SERIES_RUNS of them that sent anything; how many. */
size_t series_runs(const struct report_view *v, const struct run *out[SERIES_RUNS]);
/* A JSON array with an object for each of them: step_s, and per step of the window (at most SERIES_STEPS)
 *   flight, most      requests between sent and done, time-weighted mean and most
 *   rate              output tokens per second: each text chunk counts its request's tokens / text chunks
 *   gap               the longest gap in ms between text arrivals of one request that ended in the step; null: none
 * and sample_s, the times of at most SERIES_STEPS samples, with per sample, over the time since the last one,
 *   host, client, servers   CPUs in use
 *   client_mib, servers_mib resident memory
 *   gpu, gpu_mib, gpu_w     utilisation in % (mean of the GPUs), memory and power (sums); left out without a GPU
 * Numbers have four significant digits; what is not known is null. */
void series_json(const struct report_view *v, const struct run *const *runs, size_t n, struct str *out);

#endif
