/* seed.c: see seed.h. The table; the first row that matches is taken. */
#include "exchange/seed.h"

#include <string.h>

#include "exchange/seed_run.h"

static bool has(yyjson_val *of, const char *key)
{
    return yyjson_obj_get(of, key) != NULL;
}

static bool has_either(yyjson_val *of, const char *a, const char *b)
{
    return has(of, a) || has(of, b);
}

static bool is_rust_pair(yyjson_val *o)
{
    return has(field_object(o, "summary"), "concurrent_wall_time_s") &&
           has(field_object(o, "collector"), "execution_time_s") && has(field_object(o, "insight"), "execution_time_s");
}

static bool is_python_pair(yyjson_val *o)
{
    return has(field_object(o, "summary"), "concurrent_wall_time") &&
           has_either(field_object(o, "collector"), "aggregate", "aggregate_metrics") &&
           has_either(field_object(o, "insight"), "aggregate", "aggregate_metrics");
}

static bool is_python_call_pair(yyjson_val *o)
{
    return has(o, "concurrent_wall_time_ms") && has(field_object(o, "collector"), "metrics") &&
           has(field_object(o, "insight"), "metrics");
}

static bool is_python_single(yyjson_val *o)
{
    return field_object(o, "performance_delta") &&
           ((field_object(o, "baseline") && field_object(o, "chimera")) ||
            (field_object(o, "baseline_results") && field_object(o, "chimera_results")));
}

static bool is_rust_single(yyjson_val *o)
{
    return field_object(o, "delta") && has_either(field_object(o, "baseline"), "aggregate", "aggregate_metrics") &&
           has_either(field_object(o, "chimera"), "aggregate", "aggregate_metrics");
}

static bool is_pair_summary(yyjson_val *o)
{
    return yyjson_is_arr(yyjson_obj_get(o, "runs")) && field_object(o, "aggregate") && has(o, "scenario");
}

static bool is_inference_row(yyjson_val *o)
{
    return has(o, "f") && has(o, "b") && has(o, "sc") && has(o, "st") && yyjson_is_arr(yyjson_obj_get(o, "lat"));
}

static bool is_inference_run(yyjson_val *o)
{
    return field_object(o, "spec") && has(o, "status") && yyjson_is_arr(yyjson_obj_get(o, "latencies_ms"));
}

static bool is_scaling_call(yyjson_val *o)
{
    return has(o, "backend_kind") && has(o, "call_idx") && has(o, "is_warmup") && has(o, "latency_ms");
}

static bool is_baseline_list(yyjson_val *o)
{
    yyjson_val *first = yyjson_arr_get_first(yyjson_obj_get(o, "results"));
    return has(o, "model") && has(first, "ttft_s") && has(first, "tokens_s");
}

static bool is_telemetry(yyjson_val *o)
{
    return has(o, "metrics_count") && has(yyjson_arr_get_first(yyjson_obj_get(o, "metrics")), "system");
}

static bool is_cost_validation(yyjson_val *o)
{
    return field_object(o, "cost_validation") && field_object(o, "energy_validation");
}

/* The head that the lab's programs put before an agent's report: three lines of it, in their order. */
static bool is_agent_report(struct span text)
{
    static const char *const lines[] = {"\n**Date:** ", "\n**Agent Type:** ", "\n**Model:** "};
    enum { HEAD = 1000 };
    const char *at = text.at, *end = text.at + (text.len < HEAD ? text.len : HEAD);
    if (!span_starts(text, "# "))
        return false;
    for (size_t i = 0; at && i < sizeof lines / sizeof *lines; i++)
        at = memmem(at, (size_t)(end - at), lines[i], strlen(lines[i]));
    return at != NULL;
}

#define COLUMNS(...)                                                                                                   \
    (const char *const[])                                                                                              \
    {                                                                                                                  \
        __VA_ARGS__, NULL                                                                                              \
    }
#define SINGLE_INFERENCE "ttft_s", "tokens_s", "load_s", "prompt_eval_s", "eval_s", "eval_count"

/* clang-format off */
const struct import_format seed_formats[] = {
    {.id = "rust-pair", .what = "a pair of Rust agents (TR113 to TR117)", .matches = is_rust_pair, .origin = "path",
     .runs = seed_rust_pair},
    {.id = "python-pair", .what = "a pair of Python agents (TR110)", .matches = is_python_pair, .origin = "path",
     .runs = seed_python_pair},
    {.id = "python-call-pair", .what = "a pair of single calls from Python (TR116, TR117)", .matches = is_python_call_pair,
     .origin = "path", .runs = seed_python_call_pair},
    {.id = "python-single", .what = "one Python agent, two configurations (TR109)", .matches = is_python_single,
     .origin = "path", .runs = seed_python_single},
    {.id = "rust-single", .what = "one Rust agent, two configurations (TR111)", .matches = is_rust_single,
     .origin = "path", .runs = seed_rust_single},
    {.id = "pair-summary", .what = "the lab's own summary of the runs of a pair", .matches = is_pair_summary},
    {.id = "inference-row", .what = "inference runs, shortened (TR118)", .matches = is_inference_row, .origin = "f"},
    {.id = "inference-run", .what = "inference runs (TR117 to TR120)", .matches = is_inference_run, .origin = "path",
     .repr = "resource_metrics"},
    {.id = "scaling-call", .what = "calls of the scaling study (TR121)", .matches = is_scaling_call,
     .columns = COLUMNS("backend", "backend_kind", "model", "scenario", "mode", "is_warmup", "call_idx", "params_millions",
                        "latency_ms", "tokens_total", "status")},
    {.id = "tr108-baseline", .what = "one answer per prompt (TR108)", .matches = is_baseline_list, .list = "results",
     .columns = COLUMNS("prompt", SINGLE_INFERENCE, "response_chars")},
    {.id = "tr108-telemetry", .what = "samples of the machine (TR108)", .matches = is_telemetry, .list = "metrics"},
    {.id = "tr108-quant", .what = "one answer per prompt and quantisation (TR108)",
     .columns = COLUMNS("model", "tag", "prompt_index", "prompt_text", SINGLE_INFERENCE)},
    {.id = "tr108-prompts", .what = "prompt suites (TR108)",
     .columns = COLUMNS("timestamp", "model", "prompt_index", "prompt_text", SINGLE_INFERENCE, "options")},
    {.id = "tr108-sweep", .what = "one answer per cell of the parameter sweep (TR108)",
     .columns = COLUMNS("num_gpu", "num_ctx", "temperature", SINGLE_INFERENCE)},
    {.id = "tr108-sweep-summary", .what = "the lab's own means of the parameter sweep (TR108)",
     .columns = COLUMNS("num_gpu", "num_ctx", "temperature", "mean_tokens_s", "mean_ttft_s", "mean_load_s")},
    {.id = "loop-lag", .what = "lateness of an event loop's timer (TR117)", .columns = COLUMNS("timestamp", "lag_ms")},
    {.id = "chunk-metrics", .what = "chunks as a Python client read them (TR117)",
     .columns = COLUMNS("timestamp", "agent_id", "chunk_index", "bytes", "gap_ms", "parse_ms")},
    {.id = "gpu-metrics", .what = "nvidia-smi polled (TR117)",
     .columns = COLUMNS("timestamp", "power.draw [W]", "utilization.gpu [%]", "memory.used [MiB]")},
    {.id = "tokenizer-bench", .what = "tokenizer timing (TR117)", .columns = COLUMNS("Model", "Tokens/Sec", "Latency (ms)")},
    {.id = "perplexity", .what = "perplexity gate (TR118)",
     .columns = COLUMNS("backend", "perplexity", "delta_frac", "pass", "threshold")},
    {.id = "cost-summary", .what = "the lab's own summary of latency and power (TR119)",
     .columns = COLUMNS("backend", "scenario", "mode", "n_total", "throughput_mean_tok_s", "gpu_power_mean_watts")},
    {.id = "cost-validation", .what = "the lab's own check of its costs (TR119)", .matches = is_cost_validation},
    {.id = "compile-metrics", .what = "calls with and without compilation (TR120)",
     .columns = COLUMNS("scenario", "prompt_set", "backend", "model", "quantization", "latency_ms", "ttft_ms", "tokens",
                        "tokens_per_s", "status", "degraded_count")},
    {.id = "cold-start-effect", .what = "the lab's own summary of first calls (TR120)",
     .columns = COLUMNS("backend", "n_total_samples", "mean_ms", "n_excl_first_samples", "mean_excl_first_ms")},
    {.id = "scaling-fits", .what = "the lab's own fits (TR121)",
     .columns = COLUMNS("backend", "mode", "aggregation", "n_models", "log10_intercept", "slope", "r2")},
    {.id = "warmup-effect", .what = "the lab's own warm-up ratios (TR121)",
     .columns = COLUMNS("backend", "model", "mode", "warmup_median_ms", "measured_median_ms")},
    {.id = "model-params", .what = "parameter counts of models (TR121)",
     .columns = COLUMNS("model", "kind", "params_millions_config", "params_millions_measured")},
    {.id = "hf-correlations", .what = "the lab's own rank correlations (TR121)",
     .columns = COLUMNS("backend", "batch_size", "mode", "n_models", "spearman_rho_loglog_params")},
    {.id = "agent-report", .what = "what an agent wrote, as its program kept it (TR109 to TR117)", .is_text = is_agent_report},
    {0},
};
/* clang-format on */
