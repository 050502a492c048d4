/* peer.c: the tables of peer.h, and the pooling. An id keeps its definition for ever; where a tool changes
 * its formula, that is another id. Every definition is of one tool at one commit, given in its source. */
#include "record/peer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "record/metric_fns.h"
#include "record/peer_fns.h"
#include "stats/quantile.h"

const char peer_lack_tokenizer[] = "needs the tool's tokenizer";
const char peer_lack_chunks[] = "needs the chunks, which this record does not hold";
const char peer_lack_limits[] = "needs limits (--goodput)";

enum { VLLM, AIPERF, GUIDELLM, IPERF, GENAI, LLMPERF, LOADGEN, ENDPOINTS, OLLAMA };

static const struct peer_tool tools[] = {
    [VLLM] = {"vllm", "vLLM bench", PEER_RULE_LINEAR,
              "vllm: benchmarks/serve.py@009e6d4a, endpoint_request_func.py@02cfb534"},
    [AIPERF] = {"aiperf", "AIPerf", PEER_RULE_LINEAR, "ai-dynamo/aiperf@db4f6397 and its metrics reference"},
    [GUIDELLM] = {"guidellm", "GuideLLM", PEER_RULE_NEAREST_RANK,
                  "vllm-project/guidellm@ee7a7745: request_stats.py, statistics.py"},
    [IPERF] = {"inference-perf", "inference-perf", PEER_RULE_LINEAR,
               "kubernetes-sigs/inference-perf@7de5ef2e: reportgen/base.py"},
    [GENAI] = {"genai-bench", "genai-bench", PEER_RULE_LINEAR, "sgl-project/genai-bench@7fd04d8c: metrics/"},
    [LLMPERF] = {"llmperf", "llmperf", PEER_RULE_LINEAR, "ray-project/llmperf@f1d6bed4: token_benchmark_ray.py"},
    [LOADGEN] = {"mlperf-loadgen", "MLPerf LoadGen", PEER_RULE_FLOOR,
                 "mlcommons/inference@b66003e1: loadgen/results.cc"},
    [ENDPOINTS] = {"mlperf-endpoints", "MLPerf Endpoints", PEER_RULE_NEAREST_RANK,
                   "mlcommons/endpoints@ea333753: metrics_table.py, report.py"},
    [OLLAMA] = {"ollama", "Ollama bench", PEER_RULE_MEDIAN, "ollama/ollama@fb307609: cmd/bench"},
};

/* clang-format off */
#define ROW(tool_, id_, name_, quantity_, unit_, definition_)                                                          \
    .tool = &tools[tool_], .id = id_, .name = name_, .quantity = PEER_##quantity_, .unit = unit_,                      \
    .definition = definition_
#define PER_REQUEST(tool_, id_, name_, quantity_, unit_, fn, definition_)                                              \
    {ROW(tool_, id_, name_, quantity_, unit_, definition_), .over = "requests", .of_request = peer_##fn}
#define PER_GAP(tool_, id_, name_, quantity_, unit_, fn, definition_)                                                  \
    {ROW(tool_, id_, name_, quantity_, unit_, definition_), .over = "gaps", .of_request = peer_##fn}
#define PER_RUN(tool_, id_, name_, quantity_, unit_, fn, definition_)                                                  \
    {ROW(tool_, id_, name_, quantity_, unit_, definition_), .over = "runs", .of_run = peer_##fn}

#define WHOLE "(last done - first sent), failed requests in the window and not in the sum"

static const struct peer rows[] = {
    PER_REQUEST(VLLM, "ttft.vllm", "ttft", TTFT, "ms", vllm_ttft,
        "first event with choices - sent: the empty role chunk, where there is one, is the first token"),
    PER_GAP(VLLM, "itl.vllm", "itl", ITL, "ms", vllm_itl,
        "every gap between two events with choices, role and finish event included, pooled over all requests; events "
        "of one read are 0 apart"),
    PER_REQUEST(VLLM, "tpot.vllm", "tpot", TPOT, "ms", vllm_tpot,
        "(last - first event with choices) / (completion_tok - 1), for two tokens and more; where the server tells no "
        "count it tokenises the text"),
    PER_REQUEST(VLLM, "e2e.vllm", "e2el", E2E, "ms", vllm_e2e,
        "last event with choices - sent: usage event and terminator are behind the end"),
    PER_RUN(VLLM, "output_rate.vllm", "output_throughput", OUTPUT_RATE, "tok/s", whole_tokens,
        "sum of completion_tok of completed requests / " WHOLE),
    PER_RUN(VLLM, "request_rate.vllm", "request_throughput", REQUEST_RATE, "req/s", whole_requests,
        "completed requests / " WHOLE),
    PER_RUN(VLLM, "goodput.vllm", "request_goodput", GOODPUT, "req/s", vllm_goodput,
        "completed requests with ttft, tpot and e2el within the limits / " WHOLE "; a tpot that is not defined counts "
        "as 0: within"),

    PER_REQUEST(AIPERF, "ttft.aiperf", "time_to_first_token", TTFT, "ms", sent_to_first_token,
        "first_token - sent: to the first chunk that is not empty, reasoning included"),
    PER_REQUEST(AIPERF, "ttfo.aiperf", "time_to_first_output_token", OTHER, "ms", sent_to_first_answer,
        "first_answer - sent: to the first chunk that is not reasoning"),
    PER_REQUEST(AIPERF, "itl.aiperf", "inter_token_latency", ITL, "ms", aiperf_itl,
        "(request_latency - time_to_first_token) / (completion_tok - 1), one value per request, for two tokens and "
        "more; with its --use-server-token-count (by default it tokenises the text)"),
    PER_GAP(AIPERF, "icl.aiperf", "inter_chunk_latency", OTHER, "ms", aiperf_icl,
        "every gap between two chunks with text, pooled over all requests; chunks of one read are 0 apart"),
    PER_REQUEST(AIPERF, "e2e.aiperf", "request_latency", E2E, "ms", sent_to_last_token,
        "last_token - sent: to the last chunk with text"),
    PER_REQUEST(AIPERF, "user_rate.aiperf", "output_token_throughput_per_user", SPEED, "tok/s", aiperf_user_rate,
        "1 / inter_token_latency: the time to the first token is not in it"),
    PER_REQUEST(AIPERF, "e2e_rate.aiperf", "e2e_output_token_throughput", OTHER, "tok/s", aiperf_e2e_rate,
        "completion_tok / request_latency: the time to the first token is in it"),
    PER_RUN(AIPERF, "output_rate.aiperf", "output_token_throughput", OUTPUT_RATE, "tok/s", aiperf_tokens,
        "sum of completion_tok / (last last_token - first sent), all of completed requests"),
    PER_RUN(AIPERF, "request_rate.aiperf", "request_throughput", REQUEST_RATE, "req/s", aiperf_requests,
        "completed requests / (last last_token - first sent) of completed requests"),
    PER_RUN(AIPERF, "goodput.aiperf", "goodput", GOODPUT, "req/s", aiperf_goodput,
        "completed requests with time_to_first_token, inter_token_latency (the limit for tpot) and request_latency "
        "within the limits / (last last_token - first sent) of completed requests; what is not defined is not within"),
    PER_RUN(AIPERF, "good_fraction.aiperf", "good_request_fraction", OTHER, "ratio", aiperf_good_fraction,
        "the same good requests / all requests that were sent, failed ones included"),

    PER_REQUEST(GUIDELLM, "ttft.guidellm", "time_to_first_token_ms", TTFT, "ms", sent_to_first_token,
        "first_token - sent: to the first chunk with content, reasoning or a tool call"),
    PER_REQUEST(GUIDELLM, "ttfo.guidellm", "time_to_first_output_token_ms", OTHER, "ms", sent_to_first_answer,
        "first_answer - sent: to the first chunk that is not reasoning"),
    PER_REQUEST(GUIDELLM, "itl.guidellm", "inter_token_latency_ms", ITL, "ms", guidellm_itl,
        "(last_token - first_token) / (N - 1), one value per request, which weighs N - 1, for N > 1; N is "
        "completion_tok, and the number of chunks with text where the server tells none"),
    PER_REQUEST(GUIDELLM, "tpot.guidellm", "time_per_output_token_ms", TPOT, "ms", guidellm_tpot,
        "(last_token - sent) / N, one value per request, which weighs N: the time to the first token is in it; N as for "
        "inter_token_latency_ms"),
    PER_REQUEST(GUIDELLM, "e2e.guidellm", "request_latency", E2E, "ms", sent_to_done,
        "done - sent: until the stream is closed"),
    PER_RUN(GUIDELLM, "output_rate.guidellm", "output_tokens_per_second", OUTPUT_RATE, "tok/s", guidellm_run_tokens,
        "the mean of its rate over time: sum of N of completed requests / " WHOLE "; no warmup or cooldown cut off"),
    PER_RUN(GUIDELLM, "request_rate.guidellm", "requests_per_second", REQUEST_RATE, "req/s", whole_requests,
        "the mean of its rate over time: completed requests / " WHOLE),

    PER_REQUEST(IPERF, "ttft.inference-perf", "time_to_first_token", TTFT, "ms", iperf_ttft,
        "first chunk with content (reasoning is none) - sent, for two tokens and more"),
    PER_GAP(IPERF, "itl.inference-perf", "inter_token_latency", ITL, "ms", iperf_itl,
        "every gap between two tokens, pooled over all requests; all tokens of a chunk carry its stamp, so gaps "
        "within a chunk are 0; it counts a chunk's tokens by its own tokenizer: unless each chunk holds one token, "
        "the mean is with completion_tok and there are no percentiles"),
    PER_REQUEST(IPERF, "tpot.inference-perf", "time_per_output_token", TPOT, "ms", iperf_tpot,
        "(last - first chunk with content) / (completion_tok - 1), for two tokens and more; with its "
        "use_server_output_tokens (by default it tokenises the text)"),
    PER_REQUEST(IPERF, "ntpot.inference-perf", "normalized_time_per_output_token", OTHER, "ms", iperf_ntpot,
        "(done - sent) / completion_tok: the time to the first token is in it; count as for time_per_output_token"),
    PER_REQUEST(IPERF, "e2e.inference-perf", "request_latency", E2E, "ms", sent_to_done,
        "done - sent"),
    PER_RUN(IPERF, "output_rate.inference-perf", "output_tokens_per_sec", OUTPUT_RATE, "tok/s", whole_tokens,
        "sum of completion_tok of completed requests / " WHOLE),
    PER_RUN(IPERF, "request_rate.inference-perf", "requests_per_sec", REQUEST_RATE, "req/s", whole_requests,
        "completed requests / " WHOLE),
    PER_RUN(IPERF, "goodput.inference-perf", "request_goodput", GOODPUT, "req/s", iperf_goodput,
        "completed requests with time_to_first_token, time_per_output_token and request_latency within the limits / "
        "(last done - first sent) of completed requests; what is not defined is not within"),
    PER_RUN(IPERF, "good_share.inference-perf", "goodput_percentage", OTHER, "%", iperf_good_share,
        "100 * the same good requests / completed requests: failed ones are not counted as bad"),

    PER_REQUEST(GENAI, "ttft.genai-bench", "ttft", TTFT, "ms", sent_to_first_token,
        "first_token - sent: to the first chunk with content or reasoning; the tool opens a connection for each "
        "request and counts that in"),
    PER_REQUEST(GENAI, "tpot.genai-bench", "tpot", TPOT, "ms", genai_tpot,
        "(e2e_latency - ttft) / (completion_tok - 1), for two tokens and more; the wait for the usage event is in it; "
        "left out when e2e_latency - ttft < 1 ms"),
    PER_REQUEST(GENAI, "e2e.genai-bench", "e2e_latency", E2E, "ms", genai_e2e,
        "usage event - sent, and done - sent where there is none"),
    PER_REQUEST(GENAI, "speed.genai-bench", "output_inference_speed", SPEED, "tok/s", genai_rate,
        "1 / tpot"),
    PER_RUN(GENAI, "output_rate.genai-bench", "mean_output_throughput_tokens_per_s", OUTPUT_RATE, "tok/s", whole_tokens,
        "sum of completion_tok of completed requests / " WHOLE "; without its warmup_ratio, which shortens the sum "
        "only"),
    PER_RUN(GENAI, "request_rate.genai-bench", "requests_per_second", REQUEST_RATE, "req/s", whole_requests,
        "completed requests / " WHOLE),

    PER_REQUEST(LLMPERF, "ttft.llmperf", "ttft_s", TTFT, "ms", llmperf_ttft,
        "first chunk with content (reasoning is none) - sent; the tool opens a connection for each request and counts "
        "that in"),
    PER_REQUEST(LLMPERF, "itl.llmperf", "inter_token_latency_s", ITL, "ms", llmperf_itl,
        "(last chunk with content - sent) / number of events with choices, one value per request: the time to the "
        "first token is in it, and role and finish event count as tokens"),
    PER_REQUEST(LLMPERF, "e2e.llmperf", "end_to_end_latency_s", E2E, "ms", sent_to_done,
        "done - sent"),
    PER_REQUEST(LLMPERF, "speed.llmperf", "request_output_throughput_token_per_s", SPEED, "tok/s", no_tokenizer,
        "tokens of the text by a Llama tokenizer, whatever the model, / end_to_end_latency_s"),
    PER_RUN(LLMPERF, "output_rate.llmperf", "mean_output_throughput_token_per_s", OUTPUT_RATE, "tok/s",
        run_no_tokenizer, "tokens of the text by a Llama tokenizer, whatever the model, / " WHOLE),
    PER_RUN(LLMPERF, "request_rate.llmperf", "num_completed_requests_per_min", REQUEST_RATE, "req/s", whole_requests,
        "completed requests / " WHOLE "; the tool prints it per minute"),

    PER_REQUEST(LOADGEN, "ttft.mlperf-loadgen", "First Token latency", TTFT, "ms", loadgen_ttft,
        "first_token - planned: from when the request should have been sent"),
    PER_REQUEST(LOADGEN, "tpot.mlperf-loadgen", "Time per Output Token", TPOT, "ms", loadgen_tpot,
        "(done - first_token) / (completion_tok - 1), for two tokens and more; the system under test tells the count"),
    PER_REQUEST(LOADGEN, "e2e.mlperf-loadgen", "latency", E2E, "ms", loadgen_latency,
        "done - planned: from when the request should have been sent"),
    PER_RUN(LOADGEN, "output_rate.mlperf-loadgen", "Completed tokens per second", OUTPUT_RATE, "tok/s", loadgen_tokens,
        "sum of completion_tok / (done of the completed request planned last - first planned), of the Server scenario"),
    PER_RUN(LOADGEN, "request_rate.mlperf-loadgen", "Completed samples per second", REQUEST_RATE, "req/s",
        loadgen_requests, "(completed requests - 1) / (done of the completed request planned last - first planned), of "
        "the Server scenario"),

    PER_REQUEST(ENDPOINTS, "ttft.mlperf-endpoints", "ttft", TTFT, "ms", sent_to_first_token,
        "first_token - sent; the tool takes both times in its main process, 20 to 100 us later by its own account"),
    PER_REQUEST(ENDPOINTS, "tpot.mlperf-endpoints", "tpot", TPOT, "ms", endpoints_tpot,
        "(done - first_token) / tokens of the text after the first chunk, by its own tokenizer: given where there are "
        "as many chunks as completion_tok, so that the first holds one"),
    PER_REQUEST(ENDPOINTS, "e2e.mlperf-endpoints", "latency", E2E, "ms", sent_to_done,
        "done - sent"),
    PER_RUN(ENDPOINTS, "output_rate.mlperf-endpoints", "tps", OUTPUT_RATE, "tok/s", run_no_tokenizer,
        "tokens of the text by its own tokenizer / " WHOLE),
    PER_RUN(ENDPOINTS, "request_rate.mlperf-endpoints", "qps", REQUEST_RATE, "req/s", whole_requests,
        "completed requests / " WHOLE "; its own window (with Poisson arrivals it takes LoadGen's by default)"),

    PER_REQUEST(OLLAMA, "ttft.ollama", "ttft", TTFT, "ms", sent_to_first_answer,
        "first_answer - sent: to the first content"),
    PER_REQUEST(OLLAMA, "generate.ollama", "generate ns/token", TPOT, "ms", ollama_generate,
        "eval time / completion_tok as the server reports them: by the server's clock, its first token counted"),
    PER_REQUEST(OLLAMA, "total.ollama", "total", E2E, "ms", ollama_total,
        "total time as the server reports it: its queue is in it, the network is not"),
    PER_REQUEST(OLLAMA, "generate_rate.ollama", "generate token/sec", SPEED, "tok/s", ollama_generate_rate,
        "completion_tok / eval time as the server reports them; `eval rate` of ollama run --verbose"),
    PER_REQUEST(OLLAMA, "prefill_rate.ollama", "prefill token/sec", OTHER, "tok/s", ollama_prefill_rate,
        "prompt_tok / prompt_eval time as the server reports them: cached tokens are in the count and not in the time"),
    PER_REQUEST(OLLAMA, "load.ollama", "load", OTHER, "ms", ollama_load,
        "load time as the server reports it"),
};

/* clang-format on */

const struct peer_tool *peer_tool_at(size_t i)
{
    return i < sizeof tools / sizeof tools[0] ? &tools[i] : NULL;
}

const struct peer_tool *peer_tool_find(const char *id)
{
    for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++)
        if (!strcmp(tools[i].id, id))
            return &tools[i];
    return NULL;
}

const struct peer *peer_at(size_t i)
{
    return i < sizeof rows / sizeof rows[0] ? &rows[i] : NULL;
}

const struct peer *peer_find(const char *id)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!strcmp(rows[i].id, id))
            return &rows[i];
    return NULL;
}

const char *peer_rule_words(enum peer_rule r)
{
    static const char *const words[] = {
#define X(name, text) text,
        PEER_RULE_LIST(X)
#undef X
    };
    return (unsigned)r < sizeof words / sizeof words[0] ? words[r] : "?";
}

/* ---- pooling --------------------------------------------------------------------------------------------- */

static void append(struct peer_pool *p, double value, double weight)
{
    if (p->n == p->cap) {
        p->cap = p->cap ? 2 * p->cap : 64;
        p->at = xrealloc(p->at, p->cap * sizeof *p->at);
        if (p->weight)
            p->weight = xrealloc(p->weight, p->cap * sizeof *p->weight);
    }
    if (p->weight)
        p->weight[p->n] = weight;
    p->at[p->n++] = value;
    p->sum += value * weight;
    p->count += weight;
}

void peer_pool_add(struct peer_pool *p, double value)
{
    if (isfinite(value))
        append(p, value, 1);
}

void peer_pool_add_weighted(struct peer_pool *p, double value, double weight)
{
    if (!isfinite(value) || !(weight > 0))
        return;
    if (!p->weight) {
        p->cap = p->cap ? p->cap : 64;
        p->at = xrealloc(p->at, p->cap * sizeof *p->at);
        p->weight = xrealloc(NULL, p->cap * sizeof *p->weight);
        for (size_t i = 0; i < p->n; i++)
            p->weight[i] = 1;
    }
    append(p, value, weight);
}

void peer_pool_merge(struct peer_pool *p, const struct peer_pool *from)
{
    for (size_t i = 0; i < from->n; i++)
        if (from->weight)
            peer_pool_add_weighted(p, from->at[i], from->weight[i]);
        else
            peer_pool_add(p, from->at[i]);
    p->lack = from->lack ? from->lack : p->lack;
}

struct weighted {
    double value, weight;
};

static int by_value(const void *a, const void *b)
{
    double x = ((const struct weighted *)a)->value, y = ((const struct weighted *)b)->value;
    return (x > y) - (x < y);
}

void peer_pool_sort(struct peer_pool *p)
{
    if (!p->weight) {
        quantile_sort(p->at, p->n);
        return;
    }
    struct weighted *pairs = xcalloc(p->n + 1, sizeof *pairs);
    for (size_t i = 0; i < p->n; i++)
        pairs[i] = (struct weighted){p->at[i], p->weight[i]};
    qsort(pairs, p->n, sizeof *pairs, by_value);
    for (size_t i = 0; i < p->n; i++) {
        p->at[i] = pairs[i].value;
        p->weight[i] = pairs[i].weight;
    }
    free(pairs);
}

void peer_pool_release(struct peer_pool *p)
{
    free(p->at);
    free(p->weight);
    *p = (struct peer_pool){0};
}

struct peer_moments peer_pool_moments(const struct peer_pool *sorted)
{
    struct peer_moments m = {NAN, NAN, NAN, NAN};
    double squares = 0;
    m.mean = ratio_or_nan(sorted->sum, sorted->count);
    if (!sorted->n || sorted->n_summed)
        return m;
    for (size_t i = 0; i < sorted->n; i++)
        squares += (sorted->weight ? sorted->weight[i] : 1) * (sorted->at[i] - m.mean) * (sorted->at[i] - m.mean);
    m.std = sqrt(squares / sorted->count);
    m.min = sorted->at[0];
    m.max = sorted->at[sorted->n - 1];
    return m;
}

/* The smallest value with at least p of the weight at or below it. */
static double weighted_rank(const struct peer_pool *sorted, double p)
{
    double below = 0;
    for (size_t i = 0; i + 1 < sorted->n; i++) {
        below += sorted->weight[i];
        if (below >= p * sorted->count)
            return sorted->at[i];
    }
    return sorted->n ? sorted->at[sorted->n - 1] : NAN;
}

double peer_pool_percentile(const struct peer_pool *sorted, enum peer_rule rule, double p)
{
    size_t n = sorted->n, i = (size_t)((double)n * p);
    if (sorted->n_summed)
        return NAN;
    switch (rule) {
    case PEER_RULE_LINEAR: return quantile_hf7(sorted->at, n, p);
    case PEER_RULE_NEAREST_RANK: return sorted->weight ? weighted_rank(sorted, p) : nearest_rank(sorted->at, n, p);
    case PEER_RULE_FLOOR: return n ? sorted->at[i < n ? i : n - 1] : NAN;
    case PEER_RULE_MEDIAN: return p > 0.5 ? NAN : quantile_hf7(sorted->at, n, 0.5);
    }
    BUG("unknown peer_rule");
}

static void summarise(struct peer_number *x, const struct peer *row, struct peer_pool *pool)
{
    enum peer_rule rule = row->tool->rule;
    x->lack = pool->lack;
    if (x->lack)
        return;
    x->n = pool->n + pool->n_summed;
    x->mean = ratio_or_nan(pool->sum, pool->count);
    x->lack_quantiles = pool->n_summed ? peer_lack_tokenizer : NULL;
    if (x->lack_quantiles || row->of_run)
        return;
    peer_pool_sort(pool);
    x->p50 = peer_pool_percentile(pool, rule, 0.50);
    x->p90 = peer_pool_percentile(pool, rule, 0.90);
    x->p99 = peer_pool_percentile(pool, rule, 0.99);
}

struct metric peer_metric(const struct peer *p)
{
    static const enum metric_better better[] = {
        [PEER_TTFT] = BETTER_LOWER,          [PEER_ITL] = BETTER_LOWER,      [PEER_TPOT] = BETTER_LOWER,
        [PEER_E2E] = BETTER_LOWER,           [PEER_SPEED] = BETTER_HIGHER,   [PEER_OUTPUT_RATE] = BETTER_HIGHER,
        [PEER_REQUEST_RATE] = BETTER_HIGHER, [PEER_GOODPUT] = BETTER_HIGHER, [PEER_OTHER] = BETTER_NONE};
    return (struct metric){.id = p->id,
                           .unit = p->unit,
                           .better = better[p->quantity],
                           .level = p->of_run ? METRIC_RUN : METRIC_REQUEST,
                           .definition = p->definition,
                           .source = p->tool->source,
                           .peer = p};
}

struct peer_number peer_of_runs(const struct peer *p, const struct peer_limits *limits, const struct run *const *runs,
                                size_t n)
{
    struct peer_number x = {.mean = NAN, .p50 = NAN, .p90 = NAN, .p99 = NAN};
    struct peer_pool pool = {.limits = limits};
    for (size_t i = 0; i < n; i++) {
        if (p->of_run)
            p->of_run(runs[i], &pool);
        for (size_t k = 0; !p->of_run && k < runs[i]->n_requests; k++)
            if (runs[i]->requests[k].outcome == OUTCOME_OK)
                p->of_request(&runs[i]->requests[k], &pool);
    }
    summarise(&x, p, &pool);
    peer_pool_release(&pool);
    return x;
}
