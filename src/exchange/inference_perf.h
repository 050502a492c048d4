/* `chimera export FILE --format inference-perf --run N`: one run as inference-perf's summary_lifecycle_metrics.json, by its
 * own definitions (record/peer.h) with the server's token counts (its use_server_output_tokens); latencies in s.
 *
 * inter_token_latency has a mean only when the server puts several tokens into a chunk: inference-perf would cut them with
 * its tokenizer. null: no request has it. Requests that were never sent count nowhere. Not written: request sizes, media,
 * output_len (by its tokenizer), goodput. The verdict stands in the object `chimera`. */
#ifndef EXCHANGE_INFERENCE_PERF_H
#define EXCHANGE_INFERENCE_PERF_H

#include "exchange/out.h"

export_fn export_inference_perf;

#endif
