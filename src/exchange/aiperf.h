/* aiperf.h: one run as AIPerf would export it, by its own definitions (record/peer.h) and with the server's token counts
 * (its --use-server-token-count).
 *
 *   aiperf           profile_export_aiperf.json, schema 1.4: a summary with one object per metric (unit, avg, min, max,
 *                    p1 … p99, population std, count, sum); run_info.trial is the block, run_label the arm
 *   aiperf-records   profile_export.jsonl: a line per request that was sent; wall times in ns from 1970, differences of
 *                    which are as exact as the record
 *
 * Not written: what AIPerf counts with its own tokenizer, HTTP trace times, GPU telemetry, input_config, goodput. The
 * verdict stands in the summary's `chimera` object, which AIPerf keeps as an unknown field. */
#ifndef EXCHANGE_AIPERF_H
#define EXCHANGE_AIPERF_H

#include "exchange/out.h"

export_fn export_aiperf, export_aiperf_records;

#endif
