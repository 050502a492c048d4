/* guidellm.h: runs as GuideLLM's benchmarks.json (report version 2), one entry of `benchmarks` per run, by GuideLLM's own
 * definitions (record/peer.h) with the server's token counts.
 *
 * Requests are divided into successful, errored and incomplete (cancelled by us). Times are seconds since 1970 as doubles,
 * so they are exact to 0.3 us; `metrics` are computed from the exact stamps. A value that a request has not is left out of
 * a distribution (GuideLLM takes some of them as 0); a distribution of nothing is all zeros with count 0, as GuideLLM
 * writes it. Rates over time are its own: midpoints between events, tokens spread evenly from the first to the last, events
 * within 0.1 ms merged. -1: a step of its scheduler that we do not have. Media, words and characters: null.
 * The strategy is the nearest of its own: gamma arrivals are given as poisson, ramps, traces and agents as throughput. */
#ifndef EXCHANGE_GUIDELLM_H
#define EXCHANGE_GUIDELLM_H

#include "exchange/out.h"
#include "exchange/totals.h"

export_fn export_guidellm;

/* ---- inside: what `metrics` needs of a request besides the pools (guidellm_metrics.c) ---- */

struct guidellm_row {
    enum fate fate;
    double start_s, first_s, last_s, end_s; /* from the run's start; NaN: not taken */
    double prompt_tok, output_tok;          /* NaN: not told */
    double events, token_events;            /* of the stream, and those with content */
};
/* The member "metrics". The rows are those of the run's requests, in any order. */
void put_guidellm_metrics(struct json_writer *w, struct totals *t, const struct guidellm_row *rows, size_t n);

#endif
