/* metrics.c: GET /metrics in the Prometheus text format 0.0.4: one table of names, kinds and sentences. */
#include <inttypes.h>

#include "engine/facts.h"

enum { COUNTER, GAUGE };

static void add(struct str *out, const char *name, int kind, const char *help, double value)
{
    str_addf(out, "# HELP chimera_%s %s\n# TYPE chimera_%s %s\nchimera_%s %.17g\n", name, help, name,
             kind == COUNTER ? "counter" : "gauge", name, value);
}

static void add_worker(struct str *out, const struct worker_counts *n)
{
    add(out, "prompt_tokens_total", COUNTER, "Prompt tokens that went through the model.", (double)n->prompt_tokens);
    add(out, "prompt_tokens_cached_total", COUNTER, "Prompt tokens taken from the prompt cache.",
        (double)n->cached_tokens);
    add(out, "output_tokens_total", COUNTER, "Tokens sampled, ending ones included.", (double)n->output_tokens);
    add(out, "passes_total", COUNTER, "Forward passes.", (double)n->passes);
    add(out, "pass_tokens_total", COUNTER, "Tokens in all forward passes.", (double)n->pass_tokens);
    add(out, "busy_seconds_total", COUNTER, "Time within forward passes.", (double)n->busy_ns / 1e9);
    add(out, "prefill_seconds_total", COUNTER, "Prefill time, summed over finished requests.",
        (double)n->prefill_ns / 1e9);
    add(out, "decode_seconds_total", COUNTER, "Decode time after the prefill, summed over finished requests.",
        (double)n->decode_ns / 1e9);
    add(out, "requests_done_total", COUNTER, "Generations that came to their end.", (double)n->jobs_done);
    add(out, "requests_cancelled_total", COUNTER, "Generations whose client left.", (double)n->jobs_cancelled);
    add(out, "requests_failed_total", COUNTER, "Generations that the model broke off.", (double)n->jobs_failed);
    add(out, "requests_active", GAUGE, "Sequences being prefilled or decoded.", n->active);
    add(out, "requests_queued", GAUGE, "Requests waiting for a sequence.", n->queued);
    add(out, "longest_sequence_tokens", GAUGE, "Most tokens that one sequence ever held.", n->longest);
}

void facts_metrics(void *user, struct exchange *x, const struct http_request *r)
{
    struct engine *en = user;
    struct str out = STR_INIT;
    (void)r;
    struct worker_counts n = worker_counts(en->worker);
    struct httpd_counts h = httpd_counts(en->httpd);
    add(&out, "ready", GAUGE, "1 when the model is loaded.", engine_model(en) != NULL);
    add_worker(&out, &n);
    add(&out, "requests_refused_full_total", COUNTER, "Requests refused because the queue was full.",
        (double)en->totals.refused_full);
    add(&out, "requests_refused_input_total", COUNTER, "Requests refused for what they asked.",
        (double)en->totals.refused_input);
    add(&out, "prompts_truncated_total", COUNTER, "Prompts that were cut to the context.",
        (double)en->totals.truncated);
    add(&out, "http_requests_total", COUNTER, "Whole HTTP requests that arrived.", (double)h.requests);
    add(&out, "http_protocol_errors_total", COUNTER, "Requests that were no HTTP or over a limit.",
        (double)h.protocol_errors);
    add(&out, "http_clients_gone_total", COUNTER, "Clients that left before their answer was complete.",
        (double)h.gone);
    add(&out, "http_clients_overflowed_total", COUNTER, "Of those, dropped because they did not read.",
        (double)h.overflowed);
    add(&out, "http_connections", GAUGE, "Open connections.", (double)h.open);
    exchange_reply(x, 200, "text/plain; version=0.0.4", out.at, out.len);
    str_release(&out);
}
