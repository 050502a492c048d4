/* The functions behind the table of peer.c; private to this room. Each adds the values that one request or
 * one run has, or sets `lack`; the formulas are those of the definitions in peer.c, word for word. */
#ifndef RECORD_PEER_FNS_H
#define RECORD_PEER_FNS_H

#include <stdbool.h>

#include "record/peer.h"

/* ---- of one request (peer_request.c); ms unless the name says rate ---- */

void peer_no_tokenizer(const struct request *r, struct peer_pool *p); /* the tool always tokenises the text */

void peer_sent_to_first_token(const struct request *r, struct peer_pool *p);
void peer_sent_to_first_answer(const struct request *r, struct peer_pool *p);
void peer_sent_to_last_token(const struct request *r, struct peer_pool *p);
void peer_sent_to_done(const struct request *r, struct peer_pool *p);

void peer_vllm_ttft(const struct request *r, struct peer_pool *p);
void peer_vllm_itl(const struct request *r, struct peer_pool *p);
void peer_vllm_tpot(const struct request *r, struct peer_pool *p);
void peer_vllm_e2e(const struct request *r, struct peer_pool *p);

void peer_aiperf_icl(const struct request *r, struct peer_pool *p);
void peer_aiperf_itl(const struct request *r, struct peer_pool *p);
void peer_aiperf_user_rate(const struct request *r, struct peer_pool *p);
void peer_aiperf_e2e_rate(const struct request *r, struct peer_pool *p);

void peer_guidellm_itl(const struct request *r, struct peer_pool *p);
void peer_guidellm_tpot(const struct request *r, struct peer_pool *p);

void peer_iperf_ttft(const struct request *r, struct peer_pool *p);
void peer_iperf_itl(const struct request *r, struct peer_pool *p);
void peer_iperf_tpot(const struct request *r, struct peer_pool *p);
void peer_iperf_ntpot(const struct request *r, struct peer_pool *p);

void peer_genai_tpot(const struct request *r, struct peer_pool *p);
void peer_genai_e2e(const struct request *r, struct peer_pool *p);
void peer_genai_rate(const struct request *r, struct peer_pool *p);

void peer_llmperf_ttft(const struct request *r, struct peer_pool *p);
void peer_llmperf_itl(const struct request *r, struct peer_pool *p);

void peer_loadgen_ttft(const struct request *r, struct peer_pool *p);
void peer_loadgen_tpot(const struct request *r, struct peer_pool *p);
void peer_loadgen_latency(const struct request *r, struct peer_pool *p);

void peer_endpoints_tpot(const struct request *r, struct peer_pool *p);

void peer_ollama_prefill_rate(const struct request *r, struct peer_pool *p);
void peer_ollama_generate(const struct request *r, struct peer_pool *p);
void peer_ollama_generate_rate(const struct request *r, struct peer_pool *p);
void peer_ollama_load(const struct request *r, struct peer_pool *p);
void peer_ollama_total(const struct request *r, struct peer_pool *p);

/* ---- of one run (peer_run.c); per second ---- */

void peer_run_no_tokenizer(const struct run *r, struct peer_pool *p);

void peer_whole_tokens(const struct run *r, struct peer_pool *p);
void peer_whole_requests(const struct run *r, struct peer_pool *p);
void peer_aiperf_tokens(const struct run *r, struct peer_pool *p);
void peer_aiperf_requests(const struct run *r, struct peer_pool *p);
void peer_guidellm_run_tokens(const struct run *r, struct peer_pool *p);
void peer_loadgen_tokens(const struct run *r, struct peer_pool *p);
void peer_loadgen_requests(const struct run *r, struct peer_pool *p);

void peer_vllm_goodput(const struct run *r, struct peer_pool *p);
void peer_aiperf_goodput(const struct run *r, struct peer_pool *p);
void peer_aiperf_good_fraction(const struct run *r, struct peer_pool *p);
void peer_iperf_goodput(const struct run *r, struct peer_pool *p);
void peer_iperf_good_share(const struct run *r, struct peer_pool *p);

/* ---- shared ---- */

double peer_tokens(const struct request *r); /* as the server told; NaN: not told */

#endif
