/* claims_tuning.c: one model or one agent and its settings: TR108, TR109, TR111, TR112. */
#include <math.h>
#include <string.h>

#include "analysis/claims_work.h"
#include "stats/compare.h"
#include "stats/counts.h"
#include "stats/dist.h"
#include "stats/moments.h"

#define COLD_MS 1000 /* of a load: warm ones take up to 400 ms, cold ones from 3 s on */
#define GAIN "performance_delta.throughput_improvement_percent"
#define PYTHON_TOK_S "baseline.aggregate.average_tokens_per_second"
#define PYTHON_TTFT "baseline.aggregate.average_ttft_ms"

/* ---- TR108 ---------------------------------------------------------------------------------------------------------- */

static struct claim_rows of_tag(struct claim_work *w)
{
    struct claim_rows all = claim_select(w, w->claim->format, w->claim->from, NULL);
    struct claim_rows rows = claim_with_text(w, all, "tag", w->claim->only);
    w->found = rows.n;
    return rows;
}

static double tr108_tag(struct claim_work *w)
{
    struct claim_values v = claim_values(w, of_tag(w), w->claim->field);
    w->figure->n = v.n;
    return v.n ? w->claim->statistic(v.x, v.n) : NAN;
}

static void tr108_quant(struct claim_work *w)
{
    struct claim_figure *f = claim_instead(w, "the same with its interval", "tok/s", "prompts, one call each");
    struct claim_values v = claim_values(w, of_tag(w), w->claim->field);
    claim_mean_of(f, v.x, v.n);
    claim_say(w, true, "It is the mean of one call per prompt; no call was repeated.");
}

/* The mean of the field over the sweep's rows with this setting. */
static double mean_at(struct claim_work *w, struct claim_rows rows, const char *setting, double value)
{
    struct claim_values v = claim_values_new(w, rows.n);
    for (size_t i = 0; i < rows.n; i++)
        if (claim_number(rows.at[i], "%s", setting) == value) {
            claim_take(w, rows.at[i], "%s", setting);
            claim_values_add(&v, rows.at[i], claim_take(w, rows.at[i], "%s", w->claim->field));
        }
    return moments_mean(v.x, v.n);
}

/* By how many percent the mean at one context is over that at another. */
static double tr108_context(struct claim_work *w)
{
    struct claim_rows rows = claim_own(w);
    w->figure->n = rows.n;
    return 100 * (mean_at(w, rows, "num_ctx", 1024) / mean_at(w, rows, "num_ctx", 4096) - 1);
}

static void tr108_context_judge(struct claim_work *w)
{
    struct claim_figure *f = claim_instead(w, "standard deviation of all cells, over their mean", "%", "cells");
    struct claim_values v = claim_values(w, claim_own(w), w->claim->field);
    double gain = w->result->recomputed.value, spread = 100 * moments_sd(v.x, v.n) / moments_mean(v.x, v.n);
    claim_value_of(f, spread, v.n);
    claim_say(w, gain > spread, "From the largest context to the least the rate changes by %.2f %%.", gain);
}

static double tr108_cell(struct claim_work *w)
{
    struct claim_rows rows = claim_own(w);
    for (size_t i = 0; i < rows.n; i++)
        if (!strcmp(claim_text(rows.at[i], "config_name"), "g999_c4096_t0.4")) {
            w->figure->n = 1;
            return claim_take(w, rows.at[i], "%s", w->claim->field);
        }
    return NAN;
}

/* Whether a cell stands out: further above the mean than the best of so many equal ones is once in twenty times (Bonferroni). */
static void tr108_best(struct claim_work *w)
{
    struct claim_figure *f = claim_instead(w, "best of all cells", "tok/s", "cells, one call each");
    struct claim_values v = claim_values(w, claim_own(w), w->claim->field);
    double best = claim_max(v.x, v.n), sd = moments_sd(v.x, v.n), above = (best - moments_mean(v.x, v.n)) / sd;
    double chance = dist_norm_quantile(1 - 0.05 / (double)v.n);
    claim_value_of(f, best, v.n);
    claim_also(w, "standard deviation of the cells", sd);
    claim_say(
        w, above > chance,
        "The best of %zu single calls, %.1f standard deviations above their mean; the best of so many equal ones is more "
        "than %.1f above it once in 20 times.",
        v.n, above, chance);
}

/* TTFT at temperature 0.2 over that at the others. */
static double tr108_ttft_ratio(struct claim_work *w)
{
    struct claim_rows rows = claim_own(w);
    w->figure->n = rows.n;
    double others = (mean_at(w, rows, "temperature", 0.4) + mean_at(w, rows, "temperature", 0.8)) / 2;
    return mean_at(w, rows, "temperature", 0.2) / others;
}

/* The order was nested: the first call after a change of num_gpu or num_ctx, which loads the model, is always at 0.2. */
static void tr108_order(struct claim_work *w)
{
    struct claim_rows rows = claim_own(w);
    size_t first = 0, low = 0;
    struct claim_figure *f = claim_instead(w, "TTFT at 0.8 over that at 0.4, of which no call follows a change",
                                           "ratio", "calls");
    claim_value_of(f, mean_at(w, rows, "temperature", 0.8) / mean_at(w, rows, "temperature", 0.4), rows.n - rows.n / 3);
    f = claim_instead(w, "load time of the calls at 0.2", "s", "calls");
    struct claim_values load = claim_values_new(w, rows.n);
    for (size_t i = 0; i < rows.n; i++) {
        const struct claim_row *r = rows.at[i], *before = i ? rows.at[i - 1] : NULL;
        bool is_low = claim_number(r, "temperature") == 0.2;
        bool changed = !before || claim_number(r, "num_gpu") != claim_number(before, "num_gpu") ||
                       claim_number(r, "num_ctx") != claim_number(before, "num_ctx");
        first += changed;
        low += changed && is_low;
        claim_values_add(&load, r, is_low ? claim_take(w, r, "load_s") : NAN);
    }
    claim_mean_of(f, load.x, load.n);
    claim_say(
        w, low < first,
        "%zu calls follow a change of num_gpu or num_ctx, which makes the server load the model; %zu of them were at 0.2. "
        "Where those are the same calls, the rows cannot tell a temperature from a reload.",
        first, low);
}

/* ---- TR109, TR112: cells that beat their baseline ------------------------------------------------------------------- */

static double sign_test(size_t k, size_t n)
{
    double least = (double)(k < n - k ? k : n - k);
    return fmin(1, 2 * dist_binom_cdf(least, (double)n, 0.5));
}

static size_t count_positive(const struct claim_values *v)
{
    size_t k = 0;
    for (size_t i = 0; i < v->n; i++)
        k += v->x[i] > 0;
    return k;
}

static void cells_better(struct claim_work *w)
{
    struct claim_figure *f = claim_instead(w, "sign test that tuning does nothing", "p", "cells, one run each");
    struct claim_values v = claim_values(w, claim_own(w), w->claim->field);
    struct claim_rows other = claim_select(w, "python-single", "chimera_sweep", NULL);
    size_t k = count_positive(&v);
    claim_value_of(f, sign_test(k, v.n), v.n);
    if (other.n && strcmp(w->claim->format, "python-single") != 0) {
        f = claim_instead(w, "Fisher's exact test against TR109's cells", "p", "cells");
        struct claim_values u = claim_values(w, other, GAIN);
        claim_values(w, claim_own(w), w->claim->field);
        claim_value_of(f, counts_compare((double)k, (double)v.n, (double)count_positive(&u), (double)u.n).fisher_p,
                       v.n + u.n);
    }
    claim_say(
        w, sign_test(k, v.n) < 0.05,
        "%zu of %zu cells; a coin gives as uneven a split with p = %.2f. Each cell is one run of each side, in one order.",
        k, v.n, sign_test(k, v.n));
}

static void tr109_best(struct claim_work *w)
{
    struct claim_rows all = claim_select(w, "python-single", "chimera_sweep", NULL);
    struct claim_figure *f = claim_instead(w, "TTFT of the tuned side in the other cells", "ms", "runs");
    struct claim_values ttft = claim_values_new(w, all.n), tokens = claim_values_new(w, all.n);
    double its_ms = NAN, its_tokens = NAN;
    for (size_t i = 0; i < all.n; i++) {
        double ms = claim_take(w, all.at[i], "chimera.aggregate.average_ttft_ms");
        double n = claim_take(w, all.at[i], "chimera.aggregate.total_tokens_generated");
        bool its = strstr(claim_place(all.at[i]), w->claim->group) != NULL;
        its_ms = its ? ms : its_ms;
        its_tokens = its ? n : its_tokens;
        claim_values_add(&ttft, all.at[i], its ? NAN : ms);
        claim_values_add(&tokens, all.at[i], its ? NAN : n);
    }
    claim_mean_of(f, ttft.x, ttft.n);
    claim_say(
        w, its_ms >= claim_min(ttft.x, ttft.n),
        "One run, whose TTFT is %.0f ms (the other %zu: %.0f to %.0f, which load the model) and which wrote %.0f tokens (the "
        "others %.0f).",
        its_ms, ttft.n, claim_min(ttft.x, ttft.n), claim_max(ttft.x, ttft.n), its_tokens,
        moments_mean(tokens.x, tokens.n));
}

static void not_in_rows(struct claim_work *w)
{
    struct claim_figure *f = claim_instead(w, "mean of the rows", w->claim->unit, "rows");
    struct claim_values v = claim_values(w, claim_own(w), w->claim->field);
    claim_mean_of(f, v.x, v.n);
    claim_say(w, true, "This is what the rows give that the lab kept.");
}

/* ---- TR111: one row of six calls ------------------------------------------------------------------------------------ */

enum { CALLS = 6 };

static struct claim_values calls_of(struct claim_work *w, const struct claim_row *r, const char *what)
{
    struct claim_values v = claim_values_new(w, CALLS);
    for (int i = 0; i < CALLS; i++)
        claim_values_add(&v, r, claim_take(w, r, "baseline.calls.%d.%s", i, what));
    return v;
}

static double tr111_calls(struct claim_work *w)
{
    struct claim_rows rows = claim_own(w);
    if (!rows.n)
        return NAN;
    struct claim_values v = calls_of(w, rows.at[0], w->claim->field);
    w->figure->n = v.n;
    w->figure->of = "calls";
    return w->claim->statistic(v.x, v.n);
}

/* Means of the two calls of each repetition. */
static struct claim_values repetitions(struct claim_work *w, const struct claim_row *r)
{
    struct claim_values calls = calls_of(w, r, w->claim->field), v = claim_values_new(w, CALLS);
    for (size_t i = 0; i + 1 < calls.n; i += 2)
        claim_values_add(&v, r, (calls.x[i] + calls.x[i + 1]) / 2);
    return v;
}

static void tr111_rate(struct claim_work *w)
{
    struct claim_figure *f = claim_instead(w, "the same, by run", "tok/s", "runs");
    struct claim_values v = repetitions(w, claim_own(w).at[0]);
    claim_mean_of(f, v.x, v.n);
    claim_say(w, true, "It is what the server decoded that evening; the client does not change it.");
}

static void tr111_spread(struct claim_work *w)
{
    struct claim_figure *f = claim_instead(w, "standard deviation of the runs' means", "tok/s", "runs");
    struct claim_values v = repetitions(w, claim_own(w).at[0]);
    claim_value_of(f, moments_sd(v.x, v.n), v.n);
    claim_say(w, moments_sd(v.x, v.n) >= w->result->recomputed.value / 2,
              "It is over six calls of two stages: their difference is in it, beside that between runs.");
}

static void figure_cold_calls(struct claim_work *w)
{
    static const char *const sides[] = {"baseline", "chimera"};
    struct claim_rows all = claim_select(w, "rust-single", "tr109_rust_full", NULL);
    struct claim_figure *f = claim_instead(w, "TTFT of the calls that load the model", "ms", "calls");
    struct claim_values v = claim_values_new(w, all.n * 2 * CALLS);
    for (size_t i = 0; i < all.n; i++)
        for (int side = 0; side < 2; side++)
            for (int k = 0; k < CALLS; k++)
                if (claim_number(all.at[i], "%s.calls.%d.load_duration_ms", sides[side], k) >= COLD_MS) {
                    claim_take(w, all.at[i], "%s.calls.%d.load_duration_ms", sides[side], k);
                    claim_values_add(&v, all.at[i], claim_take(w, all.at[i], "%s.calls.%d.ttft_ms", sides[side], k));
                }
    claim_mean_of(f, v.x, v.n);
}

/* Whether the Rust agent's own calls load the model. */
static bool figure_longest_load(struct claim_work *w)
{
    struct claim_figure *f = claim_instead(w, "longest load time of the Rust calls", "ms", "calls");
    struct claim_values v = calls_of(w, claim_own(w).at[0], "load_duration_ms");
    claim_value_of(f, claim_max(v.x, v.n), v.n);
    return f->value >= COLD_MS;
}

static void tr111_ttft(struct claim_work *w)
{
    bool cold = figure_longest_load(w);
    figure_cold_calls(w);
    claim_say(w, cold, "It was called cold; a call that loads the model takes some seconds for that.");
}

/* ---- TR112: Rust against Python ------------------------------------------------------------------------------------- */

static double rust_over_python(struct claim_work *w, const char *rust, const char *python)
{
    struct claim_rows r = claim_own(w), p = claim_select(w, "python-single", "chimera_sweep", NULL);
    struct claim_values base = claim_values(w, p, python);
    w->figure->n = r.n + base.n;
    if (!r.n || !base.n)
        return NAN;
    return 100 * (claim_take(w, r.at[0], "%s", rust) / moments_mean(base.x, base.n) - 1);
}

static double tr112_language(struct claim_work *w)
{
    return rust_over_python(w, "baseline.aggregate.average_tokens_per_second", PYTHON_TOK_S);
}

static double tr112_ttft(struct claim_work *w)
{
    return rust_over_python(w, "baseline.aggregate.average_ttft_ms", PYTHON_TTFT);
}

/* Decode rates of the untuned agent, by run: of calls that are told the mean of each repetition, else the row's own mean. */
static struct claim_values untuned(struct claim_work *w, struct claim_rows rows)
{
    enum { REPETITIONS = 5 };
    struct claim_values v = claim_values_new(w, rows.n * REPETITIONS);
    for (size_t i = 0; i < rows.n; i++) {
        const struct claim_row *r = rows.at[i];
        double sum[REPETITIONS + 1] = {0}, n[REPETITIONS + 1] = {0}, k;
        for (int c = 0; (k = claim_number(r, "baseline.calls.%d.run_number", c)) >= 1 && k <= REPETITIONS; c++) {
            sum[(int)k] += claim_take(w, r, "baseline.calls.%d.throughput_tokens_per_sec", c);
            n[(int)k]++;
        }
        if (!n[1])
            claim_values_add(&v, r, claim_take(w, r, PYTHON_TOK_S));
        for (int j = 1; j <= REPETITIONS; j++)
            if (n[j] > 0)
                claim_values_add(&v, r, sum[j] / n[j]);
    }
    return v;
}

/* In two sets of runs that are near in time, Rust over Python. Whether Rust is faster there, as far as the rows are here. */
static bool figure_same_time(struct claim_work *w, const char *metric, struct claim_rows rust, struct claim_rows python)
{
    if (!rust.n || !python.n)
        return true;
    struct claim_figure *f = claim_instead(w, metric, "%", "runs");
    struct claim_values r = untuned(w, rust), p = untuned(w, python);
    struct interval i = compare_ratio(r.x, r.n, p.x, p.n, 0.95);
    claim_value_of(f, 100 * (i.estimate - 1), r.n + p.n);
    f->lo = 100 * (i.lo - 1);
    f->hi = 100 * (i.hi - 1);
    return f->lo > 0;
}

static void tr112_date(struct claim_work *w)
{
    bool october = figure_same_time(w, "Rust of 10 November over Python of 9 October",
                                    claim_select(w, "rust-single", "Demo_rust_agent_sweep/gpu", NULL),
                                    claim_select(w, "python-single", "chimera_sweep", NULL));
    bool november = figure_same_time(
        w, "Rust over Python of 26 and 27 November (TR116)",
        claim_select(w, "rust-single", "TR116/results/single/rust/gemma3_latest", NULL),
        claim_select(w, "python-single", "TR116/results/single/python/gemma3_latest", NULL));
    claim_say(
        w, october && november && w->result->n_instead > 0,
        "It sets Rust of 14 November against Python of 9 October. The rate is the server's decode rate, which a client's "
        "language cannot change, and the server of mid-November is another. Runs near in time are the comparison.");
}

static void tr112_cold(struct claim_work *w)
{
    bool cold = figure_longest_load(w);
    figure_cold_calls(w);
    claim_say(w, cold, "The Python calls load the model; they were set against these Rust calls.");
}

#define SWEEP .format = "tr108-sweep", .rows = 36, .field = "tokens_s"
#define QUANT .format = "tr108-quant", .from = "quant_bench", .rows = 5, .field = "tokens_s", .statistic = claim_mean
#define DEFAULT .format = "rust-single", .from = "tr109_rust_full", .group = "baseline_default", .rows = 1
#define TR109 .format = "python-single", .from = "chimera_sweep"

/* clang-format off */
const struct claim claims_tuning[] = {
    {"TR108.llama_q4_0_tok_s", "mean decode rate of llama3.1 8b q4_0", "tok/s", 76.59, 2, tr108_tag, tr108_quant, QUANT,
     .only = "q4_0"},
    {"TR108.llama_q5_K_M_tok_s", "the same, q5_K_M", "tok/s", 65.18, 2, tr108_tag, tr108_quant, QUANT, .only = "q5_K_M"},
    {"TR108.llama_q8_0_tok_s", "the same, q8_0", "tok/s", 46.57, 2, tr108_tag, tr108_quant, QUANT, .only = "q8_0"},
    {"TR108.llama_best_tok_s", "best cell of llama3.1 q4_0", "tok/s", 78.42, 2, claim_of_field, tr108_best, SWEEP,
     .from = "ollama_param_tuning", .statistic = claim_max},
    {"TR108.context_gain", "tuning the context gives 15 to 20 %", "%", 15, 0, tr108_context, tr108_context_judge, SWEEP,
     .from = "ollama_param_tuning"},
    {"TR108.temperature_ttft", "temperature 0.2 multiplies TTFT 20 to 60 times", "times", 20, 0, tr108_ttft_ratio,
     tr108_order, .format = "tr108-sweep", .rows = 36, .from = "ollama_param_tuning", .field = "ttft_s"},
    {"TR108.gemma3_best_tok_s", "best cell of gemma3, 999/4096/0.4", "tok/s", 102.31, 2, tr108_cell, tr108_best, SWEEP,
     .from = "gemma3_param_tuning"},
    {"TR108.gemma3_tok_s", "mean decode rate of gemma3", "tok/s", 102.85, 2, claim_of_field, not_in_rows, SWEEP,
     .from = "gemma3_param_tuning", .statistic = claim_mean},
    {"TR108.gemma3_270m_best_tok_s", "best cell of gemma3 270m", "tok/s", 303.9, 1, claim_of_field, tr108_best, SWEEP,
     .from = "gemma3_270m_param_tuning", .statistic = claim_max},
    {"TR108.gemma3_1b_best_tok_s", "best cell of gemma3 1b qat", "tok/s", 187.2, 1, claim_of_field, tr108_best, SWEEP,
     .from = "gemma3_1b-it-qat_param_tuning", .statistic = claim_max},
    {"TR109.cells_better", "share of tuned cells that beat their baseline (Python)", "%", 38.9, 1, claim_of_field,
     cells_better, TR109, .rows = 18, .field = GAIN, .statistic = claim_percent_positive},
    {"TR109.best_gain", "gain of the best cell, 60/512/0.8", "%", 2.2, 1, claim_of_field, tr109_best, TR109, .rows = 1,
     .group = "gpu60_ctx512_temp0p8", .field = GAIN, .statistic = claim_mean},
    {"TR109.best_ttft_reduction", "its reduction of TTFT", "%", 68, 0, claim_of_field, tr109_best, TR109, .rows = 1,
     .group = "gpu60_ctx512_temp0p8", .field = "performance_delta.ttft_reduction_percent", .statistic = claim_mean},
    {0},
};

const struct claim claims_rust[] = {
    {"TR111.tok_s", "decode rate of the Rust agent", "tok/s", 114.54, 2, tr111_calls, tr111_rate, DEFAULT,
     .field = "throughput_tokens_per_sec", .statistic = claim_mean},
    {"TR111.sd_tok_s", "its standard deviation", "tok/s", 2.97, 2, tr111_calls, tr111_spread, DEFAULT,
     .field = "throughput_tokens_per_sec", .statistic = claim_sd},
    {"TR111.ttft_ms", "its cold TTFT", "ms", 603.53, 2, tr111_calls, tr111_ttft, DEFAULT, .field = "ttft_ms",
     .statistic = claim_mean},
    {"TR112.cells_better", "share of tuned cells that beat their baseline (Rust)", "%", 72.2, 1, claim_of_field,
     cells_better, .format = "rust-single", .from = "Demo_rust_agent_sweep/gpu", .rows = 18,
     .field = "delta.throughput_improvement_percent", .statistic = claim_percent_positive},
    {"TR112.python_tok_s", "decode rate of the Python agent", "tok/s", 99.34, 2, claim_of_field, not_in_rows, TR109,
     .rows = 18, .field = PYTHON_TOK_S, .statistic = claim_mean},
    {"TR112.python_ttft_ms", "TTFT of the Python agent", "ms", 1437, 0, claim_of_field, not_in_rows, TR109, .rows = 18,
     .field = PYTHON_TTFT, .statistic = claim_mean},
    {"TR112.language_gain", "Rust is faster than Python", "%", 15.2, 1, tr112_language, tr112_date, DEFAULT},
    {"TR112.cold_ttft_gain", "Rust's cold TTFT against Python's", "%", -58, 0, tr112_ttft, tr112_cold, DEFAULT},
    {0},
};
/* clang-format on */
