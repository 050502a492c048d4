/* peer_import.h: the result files of other tools, for import_files: what `chimera export` writes of them, and what the tools
 * themselves write. doc/exchange.md says what becomes of each.
 *
 * A file becomes runs with requests where it holds them one by one, with the stamps that it holds and no others; of a file that
 * holds only statistics there is a run without requests. In both cases the numbers that the file gives are told under the
 * tool's own definitions (record/peer.h). `sent` is the tool's clock, not the kernel's: unstamped_send; so are the chunks.
 * Where a file does not say how a request failed, its outcome is `untold`. */
#ifndef EXCHANGE_PEER_IMPORT_H
#define EXCHANGE_PEER_IMPORT_H

#include "exchange/import.h"

extern const struct import_format vllm_formats[];        /* of `vllm bench serve`: one object, or one a line */
extern const struct import_format aiperf_formats[];      /* profile_export.jsonl and profile_export_aiperf.json */
extern const struct import_format guidellm_formats[];    /* benchmarks.json, report version 2 */
extern const struct import_format llama_bench_formats[]; /* -o json, jsonl, csv */

#endif
