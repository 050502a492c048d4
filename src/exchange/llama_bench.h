/* `chimera export FILE --format llama-bench`: the server's own times of completed requests as the JSON of llama-bench -o json.
 *
 * llama-bench measures a model without a server; this is the nearest that a recorded server says. One row per arm, model and
 * number of tokens: n_prompt (from the server's prompt evaluation time; requests with a cached prefix left out) or n_gen
 * (from its generation time). samples_ns and samples_ts have one entry per request, avg and sample standard deviation over
 * them. Unlike llama-bench's, the times have sampling in them, and those of other requests that the server worked on at the
 * same time. build_commit is the arm: readers compare builds. Fields that are not known are "" or 0. */
#ifndef EXCHANGE_LLAMA_BENCH_H
#define EXCHANGE_LLAMA_BENCH_H

#include "exchange/out.h"

export_fn export_llama_bench;

#endif
