/* exchange: rows and peers' formats, out of result files and into them.
 *
 * Owns: the formats of other programs and our own rows as JSON Lines and CSV; what is lost on the way is said, never guessed.
 * Must not know: how a report looks, or what may be concluded.
 *
 * jsonl.h: `chimera export FILE --format jsonl`: one JSON object a line, one line per request, in the order of runs and
 * of `seq`. Bounded memory: one request at a time. */
#ifndef EXCHANGE_JSONL_H
#define EXCHANGE_JSONL_H

#include "exchange/out.h"

/* These keys stay; others may be added. Times are absolute CLOCK_MONOTONIC ns of the host that measured, durations ns; null:
 * not taken, not said, not kept.
 *   run arm block attempt state        run: id in the result file; state: complete, aborted, running
 *   session agent turn stage seq server backend model
 *   outcome http_status flags[]        words of `chimera list outcomes`
 *   prompt_tokens completion_tokens cached_tokens    as the server counts
 *   num_ctx max_tokens not_applied     what was asked; not_applied: options that could not be honoured, comma separated
 *   stamps_ns{}                        planned ready sent first_byte first_chunk first_token first_answer last_token done
 *   server_dur_ns{}                    total load prompt_eval eval
 *   engine{}                           queued_ns prefill_start_ns prefill_end_ns token_ns[]; null unless chimera-engine
 *   rtt_ns bytes_in bytes_out
 *   chunks[]                           t_ns app_ns bytes text_bytes kind merged unstamped
 *   chunks_dropped
 *   finish_reason error
 *   text text_sha256 text_chars        chars: code points; bytes that are not UTF-8 appear as U+FFFD each, and count as one
 *   reasoning prompt prompt_sha256
 * Ends with the first write that fails (ERR_IO). */
export_fn export_jsonl;

#endif
