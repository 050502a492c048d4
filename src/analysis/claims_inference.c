/* claims_inference.c: models without agents: TR117 and TR120 (compilation), TR118 (backends), TR119 (cost), TR121 (scaling). */
#include <math.h>
#include <string.h>

#include "analysis/claims_work.h"
#include "stats/moments.h"
#include "stats/relation.h"

/* Of the claim's format; the lab's own files of TR118 have another than the joined rows that were made of them. */
static struct claim_rows select_rows(struct claim_work *w, const char *from, const char *group)
{
    struct claim_rows rows = claim_select(w, w->claim->format, from, group);
    if (!rows.n && !strcmp(w->claim->format, "inference-row"))
        rows = claim_select(w, "inference-run", from, group);
    return rows;
}

/* Those that the claim names whose backend is the one that it names. */
static struct claim_rows own_backend(struct claim_work *w)
{
    struct claim_rows all = select_rows(w, w->claim->from, w->claim->group);
    struct claim_rows rows = claim_with_text(w, all, "backend", w->claim->only);
    w->found = rows.n;
    return rows;
}

typedef double row_value(struct claim_work *w, const struct claim_row *r);

/* The mean over scenarios of the means over their rows, as the lab weighs them. *n: rows that have a value. */
static double scenario_mean(struct claim_work *w, struct claim_rows rows, row_value *value, size_t *n)
{
    double sum = 0, scenarios = 0;
    for (size_t i = 0; i < rows.n; i++) {
        const char *name = claim_text(rows.at[i], "scenario");
        bool before = false;
        for (size_t k = 0; k < i && !before; k++)
            before = !strcmp(claim_text(rows.at[k], "scenario"), name);
        if (before)
            continue;
        struct claim_values v = claim_values_new(w, rows.n);
        for (size_t k = i; k < rows.n; k++)
            if (!strcmp(claim_text(rows.at[k], "scenario"), name))
                claim_values_add(&v, rows.at[k], value(w, rows.at[k]));
        *n += v.n;
        if (v.n) {
            sum += moments_mean(v.x, v.n);
            scenarios++;
        }
    }
    return scenarios > 0 ? sum / scenarios : NAN;
}

/* ---- TR118 ---------------------------------------------------------------------------------------------------------- */

enum { PROMPTS_MAX = 64 };

/* Mean over the prompts of a row. */
static double tok_s_of(struct claim_work *w, const struct claim_row *r)
{
    double sum = 0, ms;
    int n = 0;
    for (; n < PROMPTS_MAX && !isnan(ms = claim_take(w, r, "latencies_ms.%d", n)); n++)
        sum += claim_take(w, r, "tokens.%d", n) / ms * 1e3;
    return n ? sum / n : NAN;
}

static double latency_of(struct claim_work *w, const struct claim_row *r)
{
    double sum = 0, ms;
    int n = 0;
    for (; n < PROMPTS_MAX && !isnan(ms = claim_take(w, r, "latencies_ms.%d", n)); n++)
        sum += ms;
    return n ? sum / n : NAN;
}

static double tr118_tok_s(struct claim_work *w)
{
    return scenario_mean(w, own_backend(w), tok_s_of, &w->figure->n);
}

static double tr118_latency(struct claim_work *w)
{
    return scenario_mean(w, own_backend(w), latency_of, &w->figure->n);
}

/* Of the backend's latency over that of compiled PyTorch in the same file, in percent. */
static double change_in(struct claim_work *w, const char *from, size_t *n)
{
    struct claim_rows all = select_rows(w, from, NULL);
    struct claim_rows base = claim_with_text(w, all, "backend", "transformers-gpu-compile");
    double mine = scenario_mean(w, claim_with_text(w, all, "backend", w->claim->only), latency_of, n);
    return 100 * (mine / scenario_mean(w, base, latency_of, n) - 1);
}

static double tr118_change(struct claim_work *w)
{
    own_backend(w);
    return change_in(w, w->claim->from, &w->figure->n);
}

static void figure_of_file(struct claim_work *w, const char *metric, const char *unit, const char *from,
                           row_value *value)
{
    struct claim_rows all = select_rows(w, from, NULL);
    struct claim_rows rows = claim_with_text(w, all, "backend", w->claim->only);
    if (!rows.n)
        return;
    struct claim_figure *f = claim_instead(w, metric, unit, "rows");
    double v = scenario_mean(w, rows, value, &f->n);
    f->value = v;
}

#define REPEATED "deep_fp16_fix/gpt2/raw/bench_prefill"

/* Whether TensorRT's builds, which were printed as an order, have it in the other file too. */
static bool same_tensorrt_order(struct claim_work *w, const char *other)
{
    static const char *const builds[] = {"tensorrt-fp32", "tensorrt-fp16", "tensorrt-int8"};
    struct claim_rows here = select_rows(w, w->claim->from, NULL);
    struct claim_rows there = select_rows(w, other, NULL);
    double a[3], b[3];
    bool same = true;
    for (int i = 0; i < 3; i++) {
        size_t n = 0;
        a[i] = scenario_mean(w, claim_with_text(w, here, "backend", builds[i]), tok_s_of, &n);
        b[i] = scenario_mean(w, claim_with_text(w, there, "backend", builds[i]), tok_s_of, &n);
        for (int k = 0; k < i; k++)
            same = same && (a[i] > a[k]) == (b[i] > b[k]);
    }
    return same;
}

/* A number that the next session gives again, within a tenth. TensorRT's were printed as an order of its builds. */
static void tr118_gpt2(struct claim_work *w)
{
    struct claim_rows rows = own_backend(w);
    size_t failed = rows.n - claim_with_text(w, rows, "status", "ok").n;
    figure_of_file(w, "the same in the repeated session, fp16 profile corrected", "tok/s", REPEATED, tok_s_of);
    bool same_order = !strstr(w->claim->only, "tensorrt") || same_tensorrt_order(w, REPEATED);
    const struct claim_result *r = w->result;
    double change = r->n_instead ? 100 * (r->instead[0].value / r->recomputed.value - 1) : NAN;
    const char *also = failed ? arena_printf(w->a, " %zu of its %zu rows failed and are in no number.", failed, rows.n)
                              : "";
    if (isnan(change))
        claim_say(w, true, "One session; the repeated one is not in this file.%s", also);
    else
        claim_say(w, fabs(change) <= 10 && same_order, "The session repeated half an hour later gives %+.0f %%.%s%s",
                  change, same_order ? "" : " In it the order of TensorRT's builds is another.", also);
}

static void tr118_tiny(struct claim_work *w)
{
    claim_say(w, true, "It comes out of the rows; the model has 0.1 M random weights, so it is the cost of a call.");
}

static double tr118_degraded(struct claim_work *w)
{
    struct claim_rows rows = select_rows(w, w->claim->from, NULL);
    w->found = rows.n;
    size_t failed = 0;
    for (size_t i = 0; i < rows.n; i++)
        failed += strcmp(claim_take_text(w, rows.at[i], "status"), "ok") != 0;
    w->figure->n = rows.n;
    return rows.n ? (double)failed : NAN;
}

static void tr118_degraded_judge(struct claim_work *w)
{
    struct claim_rows generate = select_rows(w, "135135_deep/", NULL);
    size_t all = 0, failed = 0;
    struct claim_figure *f = claim_instead(w, "share of TensorRT's rows that failed in generation", "%", "rows");
    for (size_t i = 0; i < generate.n; i++) {
        const struct claim_row *r = generate.at[i];
        if (strcmp(claim_text(r, "mode"), "generate") != 0 || !strstr(claim_text(r, "backend"), "tensorrt"))
            continue;
        all++;
        failed += strcmp(claim_take_text(w, r, "status"), "ok") != 0;
    }
    claim_value_of(f, 100.0 * (double)failed / (double)all, all);
    claim_say(w, true, "It comes out of the rows. They are not spread over the backends.");
}

/* Every one of the README's numbers. */
static void tr118_headline(struct claim_work *w)
{
    static const char prefill[] = "135135_deep/gpt2/raw/bench_prefill";
    if (w->claim->claimed < 0) {
        struct claim_figure *f = claim_instead(w, "the same with gpt2 (124 M)", "%", "rows");
        f->value = change_in(w, prefill, &f->n);
    } else {
        figure_of_file(w, "the same with gpt2 (124 M)", "ms",
                       strstr(w->claim->from, "generate") ? "135135_deep/gpt2/raw/bench_generate" : prefill,
                       latency_of);
    }
    double gpt2 = w->result->n_instead ? w->result->instead[0].value : NAN, its = w->result->recomputed.value;
    claim_say(
        w, fabs(gpt2 - its) < 0.1 * fabs(its),
        "It was printed as a result of GPT-2 and is of a model of 5 M random weights, in the third of its sessions.");
}

/* ---- TR119 ---------------------------------------------------------------------------------------------------------- */

/* What the lab paid with: an hour of a cloud instance, and a kWh. */
#define ON_DEMAND_H 1.006
#define SPOT_H 0.302
#define KWH 0.20
#define J_PER_KWH 3.6e6

static double rate_of(struct claim_work *w, const struct claim_row *r)
{
    double sum = 0, rate;
    int n = 0;
    for (; n < PROMPTS_MAX && !isnan(rate = claim_take(w, r, "throughput_tok_s.%d", n)); n++)
        sum += rate;
    return n ? sum / n : NAN;
}

static double power_of(struct claim_work *w, const struct claim_row *r)
{
    return claim_take(w, r, "resource_metrics.gpu_power_mean_watts");
}

/* Of a scenario's mean rate and power: dollars per million tokens at this price of an hour; or, with price 0, tokens per kWh. */
static double cost_of(double tok_s, double watts, double price_h)
{
    double kwh = watts * 1e6 / tok_s / J_PER_KWH;
    return price_h > 0 ? 1e6 / (3600 * tok_s) * price_h + kwh * KWH : 1e6 / kwh;
}

static double cost(struct claim_work *w, struct claim_rows rows, double price_h, size_t *n)
{
    double sum = 0, scenarios = 0;
    for (size_t i = 0; i < rows.n; i++) {
        const char *name = claim_text(rows.at[i], "scenario");
        if (i && !strcmp(claim_text(rows.at[i - 1], "scenario"), name))
            continue; /* a scenario's rows follow each other */
        struct claim_rows mine = claim_with_text(w, rows, "scenario", name);
        size_t powers = 0;
        double tok_s = scenario_mean(w, mine, rate_of, n), watts = scenario_mean(w, mine, power_of, &powers);
        sum += cost_of(tok_s, watts, price_h);
        scenarios++;
    }
    return scenarios > 0 ? sum / scenarios : NAN;
}

static double price_of(const struct claim *c)
{
    return strstr(c->id, "spot") ? SPOT_H : strstr(c->id, "kwh") ? 0 : ON_DEMAND_H;
}

static double tr119_cost(struct claim_work *w)
{
    return cost(w, own_backend(w), price_of(w->claim), &w->figure->n);
}

static void figure_cost(struct claim_work *w, const char *metric, const char *file, const char *backend)
{
    struct claim_rows rows = claim_with_text(w, select_rows(w, file, NULL), "backend", backend);
    if (!rows.n)
        return;
    struct claim_figure *f = claim_instead(w, metric, w->claim->unit, "rows");
    f->value = cost(w, rows, price_of(w->claim), &f->n);
}

/* All sessions are within a tenth of the printed one. */
static bool sessions_agree(const struct claim_result *r)
{
    bool agree = true;
    for (size_t i = 0; i < r->n_instead; i++)
        agree = agree && fabs(r->instead[i].value - r->recomputed.value) <= 0.1 * r->recomputed.value;
    return agree;
}

static void tr119_judge(struct claim_work *w)
{
    struct claim_rows rows = own_backend(w);
    figure_cost(w, "the same in the first of the three sessions", "1766276642", w->claim->only);
    figure_cost(w, "the same in the second", "1766283278", w->claim->only);
    bool agree = sessions_agree(w->result);
    figure_cost(w, "transformers-gpu in the second", "1766283278", "transformers-gpu");
    struct claim_figure *f = claim_instead(w, "GPU power over its windows", "W", "rows");
    struct claim_values v = claim_values(w, rows, "resource_metrics.gpu_power_mean_watts");
    claim_mean_of(f, v.x, v.n);
    f = claim_instead(w, "median number of samples in such a window", "samples", "rows");
    struct claim_values s = claim_values(w, rows, "resource_metrics.samples");
    claim_value_of(f, claim_median(s.x, s.n), s.n);
    claim_say(
        w, agree && claim_median(s.x, s.n) > 8,
        "One of three sessions of the same matrix, the newest. A power window of one sample is no energy, and the price of "
        "an hour is that of another machine.");
}

/* ---- TR117, TR120 --------------------------------------------------------------------------------------------------- */

static double of_backend(struct claim_work *w)
{
    struct claim_values v = claim_values(w, own_backend(w), w->claim->field);
    w->figure->n = v.n;
    return v.n ? w->claim->statistic(v.x, v.n) : NAN;
}

static double figure_without_first(struct claim_work *w, const char *metric, const char *backend)
{
    struct claim_rows all = select_rows(w, w->claim->from, NULL);
    struct claim_rows rows = claim_with_text(w, all, "backend", backend);
    if (!rows.n)
        return NAN;
    struct claim_figure *f = claim_instead(w, metric, "ms", "row of the lab's summary");
    claim_value_of(f, claim_take(w, rows.at[0], "mean_excl_first_ms"), 1);
    return f->value;
}

static void tr117_compile(struct claim_work *w)
{
    double compiled = figure_without_first(w, "mean without each file's first call, compiled",
                                           "transformers-gpu-compile");
    double eager = figure_without_first(w, "mean without each file's first call, not compiled", "transformers-gpu");
    claim_say(
        w, compiled < eager,
        "The label 'compile' called no compiler. The difference must be there without the first call of each file, too.");
}

static void tr120_first(struct claim_work *w)
{
    claim_say(w, true, "It is what the lab's own summary has; the calls themselves were not kept.");
}

static void tr120_judge(struct claim_work *w)
{
    struct claim_rows all = select_rows(w, w->claim->from, w->claim->group);
    struct claim_rows eager = claim_with_text(w, all, "backend", "transformers-gpu");
    struct claim_figure *f = claim_instead(w, "the same without compilation", "ms", "calls");
    struct claim_values v = claim_values(w, eager, w->claim->field);
    claim_value_of(f, w->claim->statistic(v.x, v.n), v.n);
    claim_say(w, true,
              "It comes out of the rows; mean, median and 99th percentile together say what one of them could not. "
              "The model has 0.1 M weights.");
}

/* ---- TR121 ---------------------------------------------------------------------------------------------------------- */

enum { MODELS_MAX = 32 };

struct scaling {
    const char *model[MODELS_MAX];
    double log_params[MODELS_MAX], log_ms[MODELS_MAX];
    size_t n, rows;
};

/* The claim's only is "backend mode". */
static bool is_measured(const struct claim *c, const struct claim_row *r)
{
    const char *backend = claim_text(r, "backend"), *mode = strchr(c->only, ' ');
    return !strncmp(c->only, backend, (size_t)(mode - c->only)) && backend[mode - c->only] == 0 &&
           !strcmp(claim_text(r, "mode"), mode + 1) && !strcmp(claim_text(r, "is_warmup"), "False") &&
           !strcmp(claim_text(r, "status"), "ok");
}

/* ln of the geometric mean over scenarios of a model's median latencies. */
static double log_latency(struct claim_work *w, struct claim_rows of_model)
{
    double sum = 0, n = 0;
    for (size_t i = 0; i < of_model.n; i++) {
        const char *name = claim_text(of_model.at[i], "scenario");
        bool before = false;
        for (size_t k = 0; k < i && !before; k++)
            before = !strcmp(claim_text(of_model.at[k], "scenario"), name);
        if (before)
            continue;
        struct claim_values v = claim_values(w, claim_with_text(w, of_model, "scenario", name), "latency_ms");
        sum += log(claim_median(v.x, v.n));
        n++;
    }
    return sum / n;
}

static struct scaling scaling_of(struct claim_work *w)
{
    struct claim_rows all = select_rows(w, w->claim->from, w->claim->group), rows = {all.at, 0};
    struct scaling s = {.n = 0};
    for (size_t i = 0; i < all.n; i++)
        if (is_measured(w->claim, all.at[i]))
            rows.at[rows.n++] = all.at[i];
    s.rows = rows.n;
    for (size_t i = 0; i < rows.n && s.n < MODELS_MAX; i++) {
        const char *model = claim_text(rows.at[i], "model");
        size_t k = 0;
        while (k < s.n && strcmp(s.model[k], model) != 0)
            k++;
        if (k < s.n)
            continue;
        double params = claim_take(w, rows.at[i], "params_millions_measured");
        params = isnan(params) ? claim_take(w, rows.at[i], "params_millions_config") : params;
        s.model[s.n] = model;
        s.log_params[s.n] = log(params);
        s.log_ms[s.n++] = log_latency(w, claim_with_text(w, rows, "model", model));
    }
    return s;
}

static struct relation_line line_without(const struct scaling *s, size_t without)
{
    double x[MODELS_MAX], y[MODELS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (i != without) {
            x[n] = s->log_params[i];
            y[n++] = s->log_ms[i];
        }
    return relation_line(x, y, n);
}

static double tr121_slope(struct claim_work *w)
{
    struct scaling s = scaling_of(w);
    w->found = w->figure->n = s.rows;
    return line_without(&s, s.n).slope;
}

/* A slope that one model makes is no law of all. */
static void tr121_judge(struct claim_work *w)
{
    struct claim_figure *f = claim_instead(w, "R2", "", "models");
    struct scaling s = scaling_of(w);
    struct relation_line all = line_without(&s, s.n), most = all;
    const char *model = "";
    for (size_t i = 0; i < s.n; i++) {
        struct relation_line l = line_without(&s, i);
        if (fabs(l.slope - all.slope) > fabs(most.slope - all.slope)) {
            most = l;
            model = s.model[i];
        }
    }
    claim_value_of(f, all.r2, s.n);
    claim_also(w, "slope without the model that bends it most", most.slope);
    claim_also(w, "R2 without it", most.r2);
    bool holds = fabs(most.slope - all.slope) <= 0.2 * fabs(all.slope);
    claim_say(w, holds, "%zu models. Without %s the slope is %.3f%s", s.n, model, most.slope,
              holds ? ": it hangs on no single model." : ", so it says what one model does, not how all scale.");
}

#define GPT2(backend)                                                                                                  \
    .format = "inference-row", .from = "135135_deep/gpt2/raw/bench_prefill", .only = backend, .rows = 30
#define TINY(backend)                                                                                                  \
    .format = "inference-row", .from = "135135_deep/tiny-gpt2/raw/bench_prefill", .only = backend, .rows = 30
#define FIVE_M(mode, backend)                                                                                          \
    .format = "inference-row", .from = "gpt2-5m/raw/bench_" mode "_1766111615", .only = backend, .rows = 30
#define COST .format = "inference-run", .from = "1766283446", .only = "onnxruntime-gpu", .rows = 35
#define FIRST(backend)                                                                                                 \
    .format = "cold-start-effect", .from = "cold_start_effect_overall", .only = backend, .rows = 1,                    \
    .statistic = claim_mean
#define COMPILED                                                                                                       \
    .format = "compile-metrics", .from = "20251221_173112", .group = "prefill", .only = "transformers-gpu-compile",    \
    .rows = 270, .field = "latency_ms"
#define SCALING(which, n) .format = "scaling-call", .from = "20251224_002149", .only = which, .rows = n

/* clang-format off */
const struct claim claims_inference[] = {
    {"TR117.compiled_mean_ms", "compiled transformers are faster: mean, compiled", "ms", 389.22, 2, of_backend,
     tr117_compile, FIRST("transformers-gpu-compile"), .field = "mean_ms"},
    {"TR117.eager_mean_ms", "the same, not compiled", "ms", 404.05, 2, of_backend, tr117_compile,
     FIRST("transformers-gpu"), .field = "mean_ms"},
    {"TR118.gpt2_compile_tok_s", "prefill of gpt2: transformers-gpu-compile", "tok/s", 2121, 0, tr118_tok_s, tr118_gpt2,
     GPT2("transformers-gpu-compile")},
    {"TR118.gpt2_ort_cpu_tok_s", "onnxruntime-cpu", "tok/s", 1434, 0, tr118_tok_s, tr118_gpt2, GPT2("onnxruntime-cpu")},
    {"TR118.gpt2_ort_gpu_tok_s", "onnxruntime-gpu", "tok/s", 3927, 0, tr118_tok_s, tr118_gpt2, GPT2("onnxruntime-gpu")},
    {"TR118.gpt2_trt_fp32_tok_s", "tensorrt-fp32", "tok/s", 4711, 0, tr118_tok_s, tr118_gpt2, GPT2("tensorrt-fp32")},
    {"TR118.gpt2_trt_fp16_tok_s", "tensorrt-fp16", "tok/s", 3851, 0, tr118_tok_s, tr118_gpt2, GPT2("tensorrt-fp16")},
    {"TR118.gpt2_trt_int8_tok_s", "tensorrt-int8", "tok/s", 6284, 0, tr118_tok_s, tr118_gpt2, GPT2("tensorrt-int8")},
    {"TR118.tiny_compile_tok_s", "prefill of tiny-gpt2: transformers-gpu-compile", "tok/s", 4011, 0, tr118_tok_s,
     tr118_tiny, TINY("transformers-gpu-compile")},
    {"TR118.tiny_ort_cpu_tok_s", "onnxruntime-cpu", "tok/s", 87996, 0, tr118_tok_s, tr118_tiny, TINY("onnxruntime-cpu")},
    {"TR118.tiny_ort_gpu_tok_s", "onnxruntime-gpu", "tok/s", 4527, 0, tr118_tok_s, tr118_tiny, TINY("onnxruntime-gpu")},
    {"TR118.tiny_trt_fp32_tok_s", "tensorrt-fp32", "tok/s", 5620, 0, tr118_tok_s, tr118_tiny, TINY("tensorrt-fp32")},
    {"TR118.tiny_trt_fp16_tok_s", "tensorrt-fp16", "tok/s", 4831, 0, tr118_tok_s, tr118_tiny, TINY("tensorrt-fp16")},
    {"TR118.tiny_trt_int8_tok_s", "tensorrt-int8", "tok/s", 5424, 0, tr118_tok_s, tr118_tiny, TINY("tensorrt-int8")},
    {"TR118.degraded", "degraded or failed of 720 rows", "rows", 200, 0, tr118_degraded, tr118_degraded_judge,
     .format = "inference-row", .from = "135135_deep/", .rows = 720},
    {"TR118.headline_trt_fp16_ms", "TensorRT fp16 needs 2.48 ms", "ms", 2.48, 2, tr118_latency, tr118_headline,
     FIVE_M("prefill", "tensorrt-fp16")},
    {"TR118.headline_ort_cpu_ms", "onnxruntime-cpu needs 43.3 ms", "ms", 43.3, 1, tr118_latency, tr118_headline,
     FIVE_M("generate", "onnxruntime-cpu")},
    {"TR118.headline_gain", "TensorRT fp16 cuts the latency of compiled PyTorch", "%", -87.08, 2, tr118_change,
     tr118_headline, FIVE_M("prefill", "tensorrt-fp16")},
    {"TR119.cost_per_m", "onnxruntime-gpu: cost of a million tokens", "$", 0.1279, 4, tr119_cost, tr119_judge, COST},
    {"TR119.spot_per_m", "the same at the spot price", "$", 0.03868, 5, tr119_cost, tr119_judge, COST},
    {"TR119.tok_per_kwh", "onnxruntime-gpu: tokens for a kWh", "tok/kWh", 503440295, 0, tr119_cost, tr119_judge, COST},
    {"TR120.compiled_mean_ms", "compiled prefill: mean", "ms", 0.522, 3, of_backend, tr120_judge, COMPILED,
     .statistic = claim_mean},
    {"TR120.compiled_median_ms", "compiled prefill: median", "ms", 0.194, 3, of_backend, tr120_judge, COMPILED,
     .statistic = claim_median},
    {"TR120.compiled_p99_ms", "compiled prefill: 99th percentile", "ms", 5.21, 2, of_backend, tr120_judge, COMPILED,
     .statistic = claim_p99},
    {"TR120.compiled_without_first_ms", "TR117's mean without first calls, compiled", "ms", 388.29, 2, of_backend,
     tr120_first, FIRST("transformers-gpu-compile"), .field = "mean_excl_first_ms"},
    {"TR120.eager_without_first_ms", "the same, not compiled", "ms", 386.75, 2, of_backend, tr120_first,
     FIRST("transformers-gpu"), .field = "mean_excl_first_ms"},
    {"TR121.hf_cpu_prefill_slope", "ln latency over ln parameters: transformers on the CPU, prefill", "", 0.281, 3,
     tr121_slope, tr121_judge, SCALING("hf_cpu_fp32 prefill", 63)},
    {"TR121.hf_gpu_prefill_slope", "transformers on the GPU, prefill", "", 0.034, 3, tr121_slope, tr121_judge,
     SCALING("hf_gpu_fp16 prefill", 63)},
    {"TR121.ollama_prefill_slope", "Ollama, prefill", "", 0.623, 3, tr121_slope, tr121_judge,
     SCALING("ollama prefill", 45)},
    {"TR121.ollama_decode_slope", "Ollama, decode", "", 0.649, 3, tr121_slope, tr121_judge,
     SCALING("ollama kv_decode", 45)},
    {0},
};
/* clang-format on */
