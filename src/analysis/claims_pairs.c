/* claims_pairs.c: two agents at once: TR110 (Python), TR113 and TR114 (Rust). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/claims_work.h"
#include "stats/moments.h"
#include "stats/relation.h"
#include "stats/resample.h"

enum { RESAMPLES = 9999, SEED = 1 };

#define EFFICIENCY "summary.efficiency_percent"
#define TR111_FROM "tr109_rust_full" /* the agents alone, three hours before TR114 */
#define OVERLAP "It is 50 (1 + min / max) of the agents' own durations: how equal those are, not what is gained."

/* ---- TR110 ---------------------------------------------------------------------------------------------------------- */

enum { SLOW_TESTS = 12 }; /* tests 001 to 012 ran before midnight, all others after */

static int test_of(const struct claim_row *r)
{
    const char *phase = strstr(claim_place(r), "/phase_"), *test = phase ? strstr(phase, "_test_") : NULL;
    return test ? atoi(test + 6) : 0;
}

/* 50 times the lab's speedup, of the rows whose test is from first to last. */
static struct claim_values python_efficiency(struct claim_work *w, struct claim_rows rows, int first, int last)
{
    struct claim_values v = claim_values_new(w, rows.n);
    for (size_t i = 0; i < rows.n; i++)
        if (test_of(rows.at[i]) >= first && test_of(rows.at[i]) <= last)
            claim_values_add(&v, rows.at[i], 50 * claim_take(w, rows.at[i], "summary.concurrency_speedup"));
    return v;
}

static double tr110_efficiency(struct claim_work *w)
{
    struct claim_values v = python_efficiency(w, claim_own(w), 0, 999);
    w->figure->n = v.n;
    return v.n ? w->claim->statistic(v.x, v.n) : NAN;
}

static void figure_tr110_rate(struct claim_work *w, struct claim_rows rows, const char *metric, int first, int last)
{
    struct claim_figure *f = claim_instead(w, metric, "tok/s", "runs");
    struct claim_values v = claim_values_new(w, rows.n);
    for (size_t i = 0; i < rows.n; i++)
        if (test_of(rows.at[i]) >= first && test_of(rows.at[i]) <= last) {
            double tokens = claim_take(w, rows.at[i], "collector.aggregate.total_tokens_generated") +
                            claim_take(w, rows.at[i], "insight.aggregate.total_tokens_generated");
            claim_values_add(&v, rows.at[i], tokens / claim_take(w, rows.at[i], "summary.concurrent_wall_time"));
        }
    claim_mean_of(f, v.x, v.n);
}

static void figure_tr109_rate(struct claim_work *w)
{
    struct claim_rows rows = claim_select(w, "python-single", "chimera_sweep", NULL);
    if (!rows.n)
        return;
    struct claim_figure *f = claim_instead(w, "output tok/s of one agent alone (TR109)", "tok/s", "runs");
    struct claim_values v = claim_values_new(w, rows.n);
    for (size_t i = 0; i < rows.n; i++)
        claim_values_add(&v, rows.at[i],
                         claim_take(w, rows.at[i], "baseline.aggregate.total_tokens_generated") /
                             claim_take(w, rows.at[i], "baseline.execution_time"));
    claim_mean_of(f, v.x, v.n);
}

static void tr110_mean(struct claim_work *w)
{
    struct claim_rows rows = claim_select(w, "python-pair", "comprehensive_test_results", NULL);
    struct claim_figure *f = claim_instead(w, "efficiency in tests 001 to 012", "%", "runs");
    struct claim_values early = python_efficiency(w, rows, 1, SLOW_TESTS);
    claim_mean_of(f, early.x, early.n);
    f = claim_instead(w, "efficiency in the tests after them", "%", "runs");
    struct claim_values late = python_efficiency(w, rows, SLOW_TESTS + 1, 999);
    claim_mean_of(f, late.x, late.n);
    figure_tr110_rate(w, rows, "output tok/s of both in tests 001 to 012", 1, SLOW_TESTS);
    figure_tr110_rate(w, rows, "output tok/s of both in the tests after them", SLOW_TESTS + 1, 999);
    figure_tr109_rate(w);
    const struct claim_figure *before = &w->result->instead[0], *after = &w->result->instead[1];
    claim_say(
        w, after->lo <= before->hi,
        "%s The tests ran in one order, and the server changed within it: what is said of scenarios and settings is the "
        "difference between before and after.",
        OVERLAP);
}

static void tr110_peak(struct claim_work *w)
{
    struct claim_rows rows = claim_own(w);
    figure_tr110_rate(w, rows, "output tok/s of both in this configuration", 0, 999);
    figure_tr109_rate(w);
    const struct claim_figure *both = &w->result->instead[0], *alone = &w->result->instead[1];
    claim_say(w, w->result->n_instead == 2 && both->value > alone->value, "%s It is the best of 30 means of five runs.",
              OVERLAP);
}

static void tr110_wall(struct claim_work *w)
{
    struct claim_figure *f = claim_instead(w, "the lab's time for one after the other, in the rows", "s", "runs");
    struct claim_values v = claim_values(w, claim_own(w), "summary.sequential_estimated_time");
    claim_mean_of(f, v.x, v.n);
    claim_say(w, true, "This is the mean of that configuration's rows.");
}

/* A run is contended when an agent waits more than 10 s for its first token: the rule that the report states. */
static void tr110_contention(struct claim_work *w)
{
    struct claim_rows rows = claim_own(w);
    struct claim_figure *f = claim_instead(w, "share of runs by the rule that the report states, TTFT above 10 s", "%",
                                           "runs");
    size_t n = 0;
    for (size_t i = 0; i < rows.n; i++)
        n += fmax(claim_take(w, rows.at[i], "summary.baseline_ttft_ms"),
                  claim_take(w, rows.at[i], "summary.chimera_ttft_ms")) > 10000;
    claim_value_of(f, 100.0 * (double)n / (double)rows.n, rows.n);
    claim_say(w, fabs(f->value - w->result->recomputed.value) < 1,
              "The flag is 'speedup below 1.5', not the rule that the report states. %s", OVERLAP);
}

double claim_identity(struct claim_work *w, struct claim_rows rows)
{
    struct claim_figure *f = claim_instead(w, "largest difference of efficiency to 50 (1 + min / max)", "points",
                                           "runs");
    double most = 0;
    for (size_t i = 0; i < rows.n; i++) {
        double a = claim_take(w, rows.at[i], "collector.execution_time_s");
        double b = claim_take(w, rows.at[i], "insight.execution_time_s");
        double overlap = 50 * (1 + fmin(a, b) / fmax(a, b));
        most = fmax(most, fabs(claim_take(w, rows.at[i], EFFICIENCY) - overlap));
    }
    claim_value_of(f, most, rows.n);
    return most;
}

/* ---- TR113 ---------------------------------------------------------------------------------------------------------- */

static void tr113_peak(struct claim_work *w)
{
    bool more = claim_identity(w, claim_own(w)) > CLAIM_IDENTITY;
    claim_say(w, more, "%s It is the best of single runs.", OVERLAP);
}

static void figure_of_set(struct claim_work *w, struct claim_rows rows, const char *rate, const char *ttft)
{
    struct claim_figure *f = claim_instead(w, rate, "tok/s", "runs");
    struct claim_values v = claim_values_new(w, rows.n), t = claim_values_new(w, rows.n);
    for (size_t i = 0; i < rows.n; i++)
        claim_values_add(&v, rows.at[i], claim_pair_tok_s(w, rows.at[i]));
    claim_mean_of(f, v.x, v.n);
    f = claim_instead(w, ttft, "ms", "runs");
    for (size_t i = 0; i < rows.n; i++)
        claim_values_add(&t, rows.at[i],
                         (claim_take(w, rows.at[i], "summary.collector_ttft_ms") +
                          claim_take(w, rows.at[i], "summary.insight_ttft_ms")) /
                             2);
    claim_mean_of(f, t.x, t.n);
}

/* One server queues, two share. A second one helps when more work is done. */
static void tr113_contention(struct claim_work *w)
{
    struct claim_rows two = claim_select(w, "rust-pair", "Demo_rust_multiagent_results_tr110_dual/", NULL);
    const struct claim_figure *f = w->result->instead;
    figure_of_set(w, claim_own(w), "output tok/s of both, one server", "TTFT, one server");
    if (two.n)
        figure_of_set(w, two, "output tok/s of both, two servers", "TTFT, two servers");
    claim_say(
        w, two.n && f[2].lo > f[0].hi,
        "The flag is 'speedup below 1.5', of the overlap: it calls a queue contention and sharing none. A second server "
        "shortens the wait for the first token; whether more work is done is in the rates.");
}

/* ---- TR114: efficiency ---------------------------------------------------------------------------------------------- */

static void tr114_mean(struct claim_work *w)
{
    struct claim_rows rows = claim_own(w);
    struct claim_solo solo;
    bool more = claim_identity(w, rows) > CLAIM_IDENTITY;
    struct claim_figure *f = claim_instead(w, "speedup.tokens", "ratio", "runs");
    if (!claim_solo(w, TR111_FROM, &solo)) {
        w->result->n_instead--;
        claim_say(w, more, "%s A real speedup needs the agents alone: the rows of TR111 are not in this file.",
                  OVERLAP);
        return;
    }
    struct claim_values v = claim_values_new(w, rows.n), t = claim_values_new(w, rows.n);
    size_t above = 0;
    for (size_t i = 0; i < rows.n; i++) {
        claim_values_add(&v, rows.at[i], claim_speedup_tokens(w, rows.at[i], &solo));
        above += i < v.n && v.x[i] > 1;
    }
    claim_mean_of(f, v.x, v.n);
    claim_also(w, "speedup.tokens of the best run", claim_max(v.x, v.n));
    claim_also(w, "standard deviation of speedup.tokens", claim_sd(v.x, v.n));
    f = claim_instead(w, "output tokens per second of both, over those of one alone", "ratio", "runs");
    for (size_t i = 0; i < rows.n; i++)
        claim_values_add(&t, rows.at[i], claim_pair_tok_s(w, rows.at[i]) / solo.tok_s);
    claim_solo(w, TR111_FROM, &solo);
    claim_mean_of(f, t.x, t.n);
    claim_say(
        w, more && w->result->instead[1].lo > 1,
        "%s Beside %zu warm runs of one agent alone (%.1f and %.2f tok/s in its two stages, %.3f s of a call outside "
        "decode), %zu of %zu runs are faster than one agent after the other.",
        OVERLAP, solo.runs, solo.analysis_tok_s, solo.report_tok_s, solo.rest_s, above, rows.n);
}

/* Do configurations differ at all, once the runs with a failed call are out? */
static void figure_configurations(struct claim_work *w, struct claim_rows good, struct permutation_groups *g)
{
    struct claim_figure *f = claim_instead(w, "p that the configurations do not differ, without failed runs", "p",
                                           "runs");
    struct claim_values v = claim_values(w, good, EFFICIENCY);
    size_t *group = arena_alloc(w->a, (v.n + 1) * sizeof *group), k = claim_configurations(w, &v, group);
    *g = permutation_groups(v.x, group, v.n, k, RESAMPLES, SEED);
    claim_value_of(f, g->p, v.n);
}

static void tr114_peak_config(struct claim_work *w)
{
    struct claim_rows rows = claim_own(w), good = claim_without_failed(w, rows);
    struct permutation_groups g;
    figure_configurations(w, good, &g);
    claim_say(
        w, g.p < 0.05,
        "The best of many means of five runs each, of a number that is no gain. Without the runs in which a call failed "
        "(%s) the configurations compare by F(%.0f, %.0f) = %.2f.",
        claim_failures(w, rows), g.df_between, g.df_within, g.f);
}

static void tr114_peak_run(struct claim_work *w)
{
    struct claim_rows rows = claim_own(w);
    struct claim_figure *f = claim_instead(w, "correlation of efficiency with the balance of the two agents' tokens",
                                           "r", "runs");
    struct claim_values e = claim_values_new(w, rows.n), balance = claim_values_new(w, rows.n);
    for (size_t i = 0; i < rows.n; i++) {
        double a = claim_take(w, rows.at[i], "collector.aggregate.total_tokens_generated");
        double b = claim_take(w, rows.at[i], "insight.aggregate.total_tokens_generated");
        claim_values_add(&e, rows.at[i], claim_take(w, rows.at[i], EFFICIENCY));
        claim_values_add(&balance, rows.at[i], fmin(a, b) / fmax(a, b));
    }
    claim_value_of(f, relation_correlation(e.x, balance.x, e.n), e.n);
    claim_say(w, fabs(f->value) < 0.5, "%s Those are equal where the agents happen to write as much as each other.",
              OVERLAP);
}

static void figure_without_failed(struct claim_work *w, struct claim_rows rows, const char *metric,
                                  double (*statistic)(const double *x, size_t n))
{
    struct claim_figure *f = claim_instead(w, metric, w->claim->unit, "runs");
    struct claim_values v = claim_values(w, claim_without_failed(w, rows), EFFICIENCY);
    claim_value_of(f, statistic(v.x, v.n), v.n);
}

static double figure_slowdown(struct claim_work *w, struct claim_rows rows)
{
    struct claim_figure *f = claim_instead(w, "decode rate of an agent, over its rate alone", "ratio", "runs");
    struct claim_rows solo = claim_select(w, "rust-single", TR111_FROM, "baseline_default");
    struct claim_values v = claim_values_new(w, rows.n);
    double alone = solo.n ? claim_take(w, solo.at[0], "baseline.aggregate.average_tokens_per_second") : NAN;
    for (size_t i = 0; i < rows.n; i++) {
        double a = claim_take(w, rows.at[i], "summary.collector_throughput");
        double b = claim_take(w, rows.at[i], "summary.insight_throughput");
        claim_values_add(&v, rows.at[i], (a + b) / 2 / alone);
    }
    if (v.n)
        claim_mean_of(f, v.x, v.n);
    else
        w->result->n_instead--;
    return v.n ? f->value : NAN;
}

static void tr114_contention(struct claim_work *w)
{
    struct claim_rows rows = claim_own(w);
    double kept = figure_slowdown(w, rows);
    claim_say(
        w, kept > 0.9,
        "The flag is 'speedup below 1.5', of a speedup that cannot see a shared GPU. Runs with a failed call: %s. What "
        "sharing costs is how much slower each agent decodes than alone.",
        claim_failures(w, rows));
}

static void tr114_spread(struct claim_work *w)
{
    struct claim_rows rows = claim_own(w);
    figure_without_failed(w, rows, "the same without failed runs", w->claim->statistic);
    claim_say(w, true, "Runs with a failed call: %s.", claim_failures(w, rows));
}

/* Of both agents of each run. */
static double tr114_rate(struct claim_work *w)
{
    struct claim_rows rows = claim_own(w);
    struct claim_values v = claim_values_new(w, 2 * rows.n);
    for (size_t i = 0; i < rows.n; i++) {
        claim_values_add(&v, rows.at[i], claim_take(w, rows.at[i], "summary.collector_throughput"));
        claim_values_add(&v, rows.at[i], claim_take(w, rows.at[i], "summary.insight_throughput"));
    }
    w->figure->n = v.n;
    return moments_mean(v.x, v.n);
}

static void tr114_agent_rate(struct claim_work *w)
{
    figure_slowdown(w, claim_own(w));
    claim_say(w, true, "It comes out of the rows; beside it stands what it is of the rate alone.");
}

#define TR110 .format = "python-pair", .from = "comprehensive_test_results", .field = "summary.concurrency_speedup"
#define TR114 .format = "rust-pair", .from = "tr110_rust_full/", .rows = 135, .field = EFFICIENCY

/* clang-format off */
const struct claim claims_python_pairs[] = {
    {"TR110.mean_efficiency", "two agents at once: mean parallel efficiency", "%", 95.8, 1, tr110_efficiency, tr110_mean,
     TR110, .rows = 150, .statistic = claim_mean},
    {"TR110.peak_config", "the best configuration's mean efficiency", "%", 99.25, 2, tr110_efficiency, tr110_peak, TR110,
     .group = "_test_108", .rows = 5, .statistic = claim_mean},
    {"TR110.peak_config_wall_s", "its wall time", "s", 101.3, 1, claim_of_field, tr110_wall, .format = "python-pair",
     .from = "comprehensive_test_results", .group = "_test_108", .rows = 5, .field = "summary.concurrent_wall_time",
     .statistic = claim_mean},
    {"TR110.contention", "share of runs with resource contention", "%", 11.3, 1, claim_of_field, tr110_contention,
     .format = "python-pair", .from = "comprehensive_test_results", .rows = 150,
     .field = "summary.resource_contention_detected", .statistic = claim_percent_positive},
    {0},
};

const struct claim claims_pairs[] = {
    {"TR113.peak_efficiency", "two agents on one server: the best run's efficiency", "%", 82.2, 1, claim_of_field,
     tr113_peak, .format = "rust-pair", .from = "Demo_rust_multiagent_results/", .rows = 19, .field = EFFICIENCY,
     .statistic = claim_max},
    {"TR113.contention_19", "share of runs with resource contention, first set", "%", 63, 0, claim_of_field, tr113_contention,
     .format = "rust-pair", .from = "Demo_rust_multiagent_results/", .rows = 19,
     .field = "summary.resource_contention_detected", .statistic = claim_percent_positive},
    {"TR113.contention", "share of runs with resource contention on one server", "%", 63, 0, claim_of_field,
     tr113_contention, .format = "rust-pair", .from = "Demo_rust_multiagent_results_tr110/", .rows = 150,
     .field = "summary.resource_contention_detected", .statistic = claim_percent_positive},
    {"TR114.mean_efficiency", "two agents at once: mean parallel efficiency", "%", 98.281, 3,
     claim_of_field, tr114_mean, TR114, .statistic = claim_mean},
    {"TR114.peak_config", "the best configuration's mean efficiency", "%", 99.396, 3,
     claim_best_configuration, tr114_peak_config, TR114},
    {"TR114.peak_run", "the best run's efficiency", "%", 99.992, 3,
     claim_of_field, tr114_peak_run, TR114, .statistic = claim_max},
    {"TR114.contention", "share of runs with resource contention", "%", 0.74, 2,
     claim_of_field, tr114_contention, .format = "rust-pair", .from = "tr110_rust_full/", .rows = 135,
     .field = "summary.resource_contention_detected", .statistic = claim_percent_positive},
    {"TR114.sd_efficiency", "standard deviation of efficiency over the runs", "points", 4.9, 1,
     claim_of_field, tr114_spread, TR114, .statistic = claim_sd},
    {"TR114.median_efficiency", "median efficiency over the runs", "%", 98.6, 1,
     claim_of_field, tr114_spread, TR114, .statistic = claim_median},
    {"TR114.p05_efficiency", "5th percentile of efficiency over the runs", "%", 88.9, 1,
     claim_of_field, tr114_spread, TR114, .statistic = claim_p05},
    {"TR114.agent_tok_s", "an agent's decode rate beside another", "tok/s", 42, 0, tr114_rate, tr114_agent_rate,
     .format = "rust-pair", .from = "tr110_rust_full/", .rows = 135},
    {0},
};
/* clang-format on */
