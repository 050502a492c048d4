/* `chimera export FILE --format benchstat`: Go's benchmark lines, for golang.org/x/perf/cmd/benchstat: one line per complete run
 * that is not VOID, because the run is what it may take for a repetition.
 *
 *   Unit ttft-ns better=lower
 *   BenchmarkRun/arm=NAME-1 N V ttft-ns V tpot-ns …     N: completed requests; V: the run's median
 *
 * Compare arms with `benchstat -col '/arm@(base candidate)' FILE`, results with `benchstat OLD NEW`. Times are in ns,
 * which benchstat shows as it likes; a metric that a run has not is left out. Only the metrics that are compared by
 * default, and latency from the plan: the rest is in the other formats. */
#ifndef EXCHANGE_BENCHSTAT_H
#define EXCHANGE_BENCHSTAT_H

#include "exchange/out.h"

/* Ends with the first write that fails (ERR_IO). */
export_fn export_benchstat;

#endif
