/* `chimera export FILE --format vllm --run N`: one run as the result file of `vllm bench serve --save-result
 * --save-detailed` (one JSON object), by vLLM's own definitions (record/peer.h; `chimera list peers`).
 *
 * Means, medians, population standard deviations and percentiles 90, 95, 99 of ttft, tpot, itl, e2el, in ms. The lists
 * have one entry per request in the order of seq, in s: input_lens, output_lens, ttfts, itls, start_times (monotonic, as
 * perf_counter), generated_texts, errors. A failed request has output length 0 and what it measured, 0 without a first token.
 * null: not told by the server. Not written: rtfx, max_output_tokens_per_s, max_concurrent_requests, client_queue_time.
 * Besides vLLM's keys: chimera_version, chimera_run, chimera_arm, chimera_verdict, as its --metadata would add them. */
#ifndef EXCHANGE_VLLM_H
#define EXCHANGE_VLLM_H

#include "exchange/out.h"

export_fn export_vllm;

#endif
