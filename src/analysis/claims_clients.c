/* claims_clients.c: the client's runtime and language as a cause: TR115, TR116, TR117. */
#include <math.h>
#include <string.h>

#include "analysis/claims_work.h"
#include "stats/moments.h"
#include "stats/rank.h"
#include "stats/resample.h"

enum { RESAMPLES = 9999, SEED = 1 };

#define EFFICIENCY "summary.efficiency_percent"
#define TR115_FROM "results_v2/runtime-"
#define FOREIGN "chimera_homo_gpu100_ctx512" /* of async-std, while another job held the GPU */

/* ---- TR115 ---------------------------------------------------------------------------------------------------------- */

static struct claim_rows runtime(const struct claim_work *w, const char *name)
{
    return claim_select(w, "rust-pair", TR115_FROM, name);
}

static struct claim_values rates(struct claim_work *w, struct claim_rows rows, const char *without)
{
    struct claim_values v = claim_values_new(w, rows.n);
    for (size_t i = 0; i < rows.n; i++)
        if (!without || !strstr(claim_place(rows.at[i]), without))
            claim_values_add(&v, rows.at[i], claim_pair_tok_s(w, rows.at[i]));
    return v;
}

static double permutation(struct claim_work *w, struct claim_values a, struct claim_values b)
{
    double *x = arena_alloc(w->a, (a.n + b.n + 1) * sizeof *x);
    size_t *group = arena_alloc(w->a, (a.n + b.n + 1) * sizeof *group);
    memcpy(x, a.x, a.n * sizeof *x);
    memcpy(x + a.n, b.x, b.n * sizeof *x);
    for (size_t i = 0; i < b.n; i++)
        group[a.n + i] = 1;
    return permutation_groups(x, group, a.n + b.n, 2, RESAMPLES, SEED).p;
}

static void figure_rates(struct claim_work *w, struct claim_rows rows)
{
    struct claim_figure *f = claim_instead(w, "output tok/s of both agents", "tok/s", "runs");
    struct claim_values v = rates(w, rows, NULL);
    claim_mean_of(f, v.x, v.n);
    claim_also(w, "median of the same", claim_median(v.x, v.n));
}

/* Those that run the agents at once, against the first of them, runs with a failed call left out. */
static void figure_difference(struct claim_work *w, struct claim_rows rows)
{
    struct claim_rows base = runtime(w, "runtime-tokio-default/");
    if (!base.n || base.at[0] == rows.at[0])
        return;
    struct claim_figure *f = claim_instead(w, "p that it does not differ from tokio-default, without failed runs", "p",
                                           "runs");
    struct claim_values a = claim_values(w, claim_without_failed(w, rows), EFFICIENCY);
    struct claim_values b = claim_values(w, claim_without_failed(w, base), EFFICIENCY);
    claim_value_of(f, permutation(w, a, b), a.n + b.n);
}

static const char *without_failed(struct claim_work *w, struct claim_rows rows)
{
    if (claim_without_failed(w, rows).n == rows.n)
        return "No call of it failed.";
    return arena_printf(w->a, "Runs with a failed call: %s.", claim_failures(w, rows));
}

static void tr115_mean(struct claim_work *w)
{
    struct claim_rows rows = claim_own(w);
    bool more = claim_identity(w, rows) > CLAIM_IDENTITY;
    figure_rates(w, rows);
    figure_difference(w, rows);
    claim_say(w, more, "It is 50 (1 + min / max) of the agents' own durations: it ranks no runtime. %s",
              without_failed(w, rows));
}

static void tr115_spread(struct claim_work *w)
{
    struct claim_rows rows = claim_own(w);
    struct claim_figure *f = claim_instead(w, "the same without failed runs", w->claim->unit, "runs");
    struct claim_values v = claim_values(w, claim_without_failed(w, rows), EFFICIENCY);
    claim_value_of(f, w->claim->statistic(v.x, v.n), v.n);
    claim_say(w, fabs(f->value - w->result->recomputed.value) < 0.005, "It was read as the runtime's consistency. %s",
              without_failed(w, rows));
}

/* Of a lock held for an agent's whole run: the agents follow each other, and each has the GPU for itself. */
static void tr115_serial(struct claim_work *w)
{
    struct claim_rows rows = claim_own(w), base = runtime(w, "runtime-tokio-default/");
    bool slower = base.n > 0;
    figure_rates(w, rows);
    if (base.n) {
        struct claim_figure *f = claim_instead(w, "p of that mean against tokio-default", "p", "runs");
        struct claim_values a = rates(w, rows, NULL), b = rates(w, base, NULL);
        slower = moments_mean(a.x, a.n) < moments_mean(b.x, b.n);
        claim_value_of(f, permutation(w, a, b), a.n + b.n);
        claim_also(w, "p of all its runs against tokio-default's, by rank",
                   rank_mann_whitney(a.x, a.n, b.x, b.n).p_normal);
        f = claim_instead(w, "output tok/s without the configuration in which another job held the GPU", "tok/s",
                          "runs");
        a = rates(w, rows, FOREIGN);
        claim_mean_of(f, a.x, a.n);
        f = claim_instead(w, "p of that against tokio-default", "p", "runs");
        a = rates(w, rows, FOREIGN);
        b = rates(w, base, NULL);
        claim_value_of(f, permutation(w, a, b), a.n + b.n);
    }
    claim_say(
        w, slower,
        "The lab's own coordinator runs the agents of this build one after the other; that is what 50 says. It was called "
        "unusable; how fast the work is done is in the rates.");
}

/* ---- TR116: two clients, two formulas ------------------------------------------------------------------------------- */

static const char *const agents[] = {"collector", "insight"};

/* Of the same model's agent alone in this study; claim.only is where. */
static void figure_beside_alone(struct claim_work *w, struct claim_rows rows)
{
    struct claim_figure *f = claim_instead(w, "output tok/s of both, over that of one alone", "ratio", "runs");
    struct claim_solo solo;
    if (!claim_solo(w, w->claim->only, &solo)) {
        w->result->n_instead--;
        return;
    }
    struct claim_values v = claim_values_new(w, rows.n);
    for (size_t i = 0; i < rows.n; i++)
        claim_values_add(&v, rows.at[i], claim_pair_tok_s(w, rows.at[i]) / solo.tok_s);
    claim_mean_of(f, v.x, v.n);
}

/* The Rust rows by the Python client's formula: the server's decode and prompt times over the wall time. */
static void tr116_rust(struct claim_work *w)
{
    struct claim_rows rows = claim_own(w);
    struct claim_figure *f = claim_instead(w, "the same by the Python client's formula", "%", "runs");
    struct claim_values v = claim_values_new(w, rows.n);
    for (size_t i = 0; i < rows.n; i++) {
        double ms = 0;
        for (int a = 0; a < 2; a++)
            for (int k = 0; k < 2; k++)
                ms += claim_take(w, rows.at[i], "%s.calls.%d.eval_duration_ms", agents[a], k) +
                      claim_take(w, rows.at[i], "%s.calls.%d.prompt_eval_duration_ms", agents[a], k);
        claim_values_add(&v, rows.at[i], 50 * ms / 1e3 / claim_take(w, rows.at[i], "summary.concurrent_wall_time_s"));
    }
    claim_mean_of(f, v.x, v.n);
    figure_beside_alone(w, rows);
    claim_say(w, fabs(w->result->instead[0].value - w->result->recomputed.value) < 1,
              "An overlap, not a gain, and by another formula than the number that it is set against.");
}

static void tr116_python(struct claim_work *w)
{
    struct claim_rows rows = claim_own(w);
    struct claim_figure *f = claim_instead(w, "the same by the Rust client's formula", "%", "runs");
    struct claim_values v = claim_values_new(w, rows.n);
    for (size_t i = 0; i < rows.n; i++) {
        double ms = 0;
        for (int a = 0; a < 2; a++)
            ms += claim_take(w, rows.at[i], "%s.wall_clock_ms", agents[a]);
        claim_values_add(&v, rows.at[i], 50 * ms / claim_take(w, rows.at[i], "concurrent_wall_time_ms"));
    }
    claim_mean_of(f, v.x, v.n);
    f = claim_instead(w, "best of these runs as printed", "%", "runs");
    struct claim_values e = claim_values(w, rows, w->claim->field);
    claim_value_of(f, claim_max(e.x, e.n), e.n);
    claim_say(
        w, fabs(w->result->instead[0].value - w->result->recomputed.value) < 1,
        "The numerator leaves out load and transport, which the wall time has. What is left of the gap to Rust by one "
        "formula is two prompts that ask for answers of different lengths.");
}

/* ---- TR117: lateness of the event loop ------------------------------------------------------------------------------ */

#define TICK_MS 15.625 /* of the lab's Windows clock */
#define PERIOD_S 0.1   /* each sample is a sleep of so long */

static double figure_other_buffer(struct claim_work *w)
{
    struct claim_rows rows = claim_select(w, "loop-lag", "loop_lag", "65536");
    if (!rows.n)
        return NAN;
    struct claim_figure *f = claim_instead(w, "the same with a read buffer of 65,536 bytes, which reads 15 chunks",
                                           "ms", "samples");
    struct claim_values v = claim_values(w, rows, w->claim->field);
    claim_value_of(f, w->claim->statistic(v.x, v.n), v.n);
    return f->value;
}

/* Samples during whose sleep no chunk was read. */
static void figure_without_chunks(struct claim_work *w, struct claim_rows rows)
{
    struct claim_rows chunks = claim_select(w, "chunk-metrics", "chunk_metrics", "default");
    if (!chunks.n)
        return;
    struct claim_figure *f = claim_instead(w, "mean of the samples without any chunk", "ms", "samples");
    struct claim_values v = claim_values_new(w, rows.n);
    for (size_t i = 0; i < rows.n; i++) {
        double end = claim_number(rows.at[i], "timestamp"), lag = claim_number(rows.at[i], "lag_ms");
        bool busy = false;
        for (size_t k = 0; k < chunks.n && !busy; k++) {
            double t = claim_number(chunks.at[k], "timestamp");
            busy = t > end - PERIOD_S - lag / 1e3 && t <= end;
        }
        if (!busy)
            claim_values_add(&v, rows.at[i], claim_take(w, rows.at[i], "lag_ms"));
    }
    claim_mean_of(f, v.x, v.n);
}

static void tr117_lag(struct claim_work *w)
{
    struct claim_rows rows = claim_own(w);
    double other = figure_other_buffer(w);
    figure_without_chunks(w, rows);
    claim_say(
        w, other < w->result->recomputed.value / 2,
        "It was given as the cause of the lower efficiency, but must then be less where hardly anything is read. All of it "
        "is within one tick of that machine's clock (%.1f ms).",
        TICK_MS);
}

static void tr115_serial_spread(struct claim_work *w)
{
    struct claim_rows rows = claim_own(w);
    struct claim_figure *f = claim_instead(w, "part of the wall time in which both agents run", "share", "runs");
    struct claim_values v = claim_values_new(w, rows.n);
    for (size_t i = 0; i < rows.n; i++) {
        double sum = claim_take(w, rows.at[i], "collector.execution_time_s") +
                     claim_take(w, rows.at[i], "insight.execution_time_s");
        claim_values_add(&v, rows.at[i], sum / claim_take(w, rows.at[i], "summary.concurrent_wall_time_s") - 1);
    }
    claim_mean_of(f, v.x, v.n);
    claim_say(w, f->value > 0.01, "Two agents that run one after the other always give 50: see TR115.async_std_mean.");
}

#define MEAN(key, folder, claimed, judge)                                                                              \
    {                                                                                                                  \
        "TR115." key "_mean", "mean efficiency with " key, "%", claimed, 2, claim_of_field, judge, RUNS(folder),       \
            .statistic = claim_mean                                                                                    \
    }
#define SPREAD(id, what, unit, folder, claimed, of)                                                                    \
    {                                                                                                                  \
        "TR115." id, what, unit, claimed, 2, claim_of_field, tr115_spread, RUNS(folder), .statistic = of               \
    }
#define SERIAL(id, what, unit, claimed, of)                                                                            \
    {                                                                                                                  \
        "TR115." id, what, unit, claimed, 2, claim_of_field, tr115_serial_spread, RUNS("runtime-async-std/"),          \
            .statistic = of                                                                                            \
    }
#define RUNS(folder) .format = "rust-pair", .from = TR115_FROM, .group = folder, .rows = 30, .field = EFFICIENCY
#define RUST(model, kind)                                                                                              \
    .format = "rust-pair", .from = "TR116/results/multi/rust/" model, .group = kind,                                   \
    .only = "TR116/results/single/rust/" model, .rows = 5, .field = EFFICIENCY, .statistic = claim_mean
#define PYTHON(model, kind)                                                                                            \
    .format = "python-call-pair", .from = "TR116/results/multi/python/" model, .group = kind, .rows = 5,               \
    .field = "efficiency_percent", .statistic = claim_mean
#define LAG .format = "loop-lag", .from = "loop_lag", .group = "default", .rows = 661, .field = "lag_ms"

/* clang-format off */
const struct claim claims_clients[] = {
    MEAN("tokio_default", "runtime-tokio-default/", 98.72, tr115_mean),
    SPREAD("tokio_default_sd", "its standard deviation", "points", "runtime-tokio-default/", 1.21, claim_sd),
    SPREAD("tokio_default_min", "its worst run", "%", "runtime-tokio-default/", 94.80, claim_min),
    SPREAD("tokio_default_max", "its best run", "%", "runtime-tokio-default/", 99.89, claim_max),
    MEAN("smol_1kb", "runtime-smol-1kb/", 98.61, tr115_mean),
    SPREAD("smol_1kb_sd", "its standard deviation", "points", "runtime-smol-1kb/", 1.32, claim_sd),
    SPREAD("smol_1kb_min", "its worst run", "%", "runtime-smol-1kb/", 94.98, claim_min),
    SPREAD("smol_1kb_max", "its best run", "%", "runtime-smol-1kb/", 99.94, claim_max),
    MEAN("tokio_localset", "runtime-tokio-localset/", 97.95, tr115_mean),
    SPREAD("tokio_localset_sd", "its standard deviation", "points", "runtime-tokio-localset/", 4.03, claim_sd),
    SPREAD("tokio_localset_min", "its worst run", "%", "runtime-tokio-localset/", 81.03, claim_min),
    SPREAD("tokio_localset_max", "its best run", "%", "runtime-tokio-localset/", 99.99, claim_max),
    MEAN("smol", "runtime-smol/", 97.72, tr115_mean),
    SPREAD("smol_sd", "its standard deviation", "points", "runtime-smol/", 4.87, claim_sd),
    SPREAD("smol_min", "its worst run", "%", "runtime-smol/", 72.80, claim_min),
    SPREAD("smol_max", "its best run", "%", "runtime-smol/", 99.87, claim_max),
    MEAN("async_std", "runtime-async-std/", 50.00, tr115_serial),
    SERIAL("async_std_sd", "its standard deviation", "points", 0.00, claim_sd),
    SERIAL("async_std_min", "its worst run", "%", 49.99, claim_min),
    SERIAL("async_std_max", "its best run", "%", 50.00, claim_max),
    {"TR116.rust_gemma3", "Rust with gemma3, both agents tuned: efficiency", "%", 99.2, 1, claim_of_field, tr116_rust,
     RUST("gemma3_latest/", "chimera-homo")},
    {"TR116.rust_llama3_1", "Rust with llama3.1 8b, both tuned", "%", 98.5, 1, claim_of_field, tr116_rust,
     RUST("llama3p1_8b_q4_0/", "chimera-homo")},
    {"TR116.rust_qwen2_5", "Rust with qwen2.5 7b, one tuned", "%", 90.0, 1, claim_of_field, tr116_rust,
     RUST("qwen2p5_7b/", "baseline-vs-chimera")},
    {"TR116.python_gemma3", "Python with gemma3, both tuned", "%", 84.9, 1, claim_of_field, tr116_python,
     PYTHON("gemma3_latest/", "chimera-homo")},
    {"TR116.python_llama3_1", "Python with llama3.1 8b, both tuned", "%", 85.8, 1, claim_of_field, tr116_python,
     PYTHON("llama3p1_8b_q4_0/", "chimera-homo")},
    {"TR116.python_qwen2_5", "Python with qwen2.5 7b, one tuned", "%", 77.6, 1, claim_of_field, tr116_python,
     PYTHON("qwen2p5_7b/", "baseline-vs-chimera")},
    {"TR116.rust_gemma3_bvc", "Rust with gemma3, one agent tuned", "%", 97.31, 2, claim_of_field, tr116_rust,
     RUST("gemma3_latest/", "baseline-vs-chimera")},
    {"TR116.rust_llama3_1_bvc", "Rust with llama3.1 8b, one agent tuned", "%", 96.55, 2, claim_of_field, tr116_rust,
     RUST("llama3p1_8b_q4_0/", "baseline-vs-chimera")},
    {"TR116.rust_qwen2_5_homo", "Rust with qwen2.5 7b, both tuned", "%", 89.41, 2, claim_of_field, tr116_rust,
     RUST("qwen2p5_7b/", "chimera-homo")},
    {"TR116.python_gemma3_bvc", "Python with gemma3, one agent tuned", "%", 80.24, 2, claim_of_field, tr116_python,
     PYTHON("gemma3_latest/", "baseline-vs-chimera")},
    {"TR116.python_llama3_1_bvc", "Python with llama3.1 8b, one agent tuned", "%", 83.80, 2, claim_of_field, tr116_python,
     PYTHON("llama3p1_8b_q4_0/", "baseline-vs-chimera")},
    {"TR116.python_qwen2_5_homo", "Python with qwen2.5 7b, both tuned", "%", 84.12, 2, claim_of_field, tr116_python,
     PYTHON("qwen2p5_7b/", "chimera-homo")},
    {"TR117.loop_lag_mean", "mean lateness of the event loop", "ms", 5.33, 2, claim_of_field, tr117_lag, LAG,
     .statistic = claim_mean},
    {"TR117.loop_lag_p99", "its 99th percentile", "ms", 12.13, 2, claim_of_field, tr117_lag, LAG, .statistic = claim_p99},
    {"TR117.loop_lag_max", "its largest", "ms", 15.22, 2, claim_of_field, tr117_lag, LAG, .statistic = claim_max},
    {0},
};
/* clang-format on */
