/* Claims over rows made by hand: which rows count, what comes out, when a claim falls, and what is in the trace. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "analysis/claims_work.h"
#include "runs.h"

static struct arena arena;

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)

struct rows {
    struct claim_row at[64];
    size_t n;
};

static struct claim_row *add_row(struct rows *r, const char *file, const char *format, const char *origin)
{
    struct claim_row *row = &r->at[r->n++];
    *row = (struct claim_row){.file = file, .line = (int64_t)r->n, .format = format, .origin = origin};
    row->fields = arena_alloc(&arena, 64 * sizeof *row->fields);
    return row;
}

static void add(struct claim_row *row, const char *name, double number, const char *text)
{
    struct claim_field *f = (struct claim_field *)(uintptr_t)&row->fields[row->n_fields++];
    *f = (struct claim_field){.path = name, .name = name, .number = text ? NAN : number, .text = text};
}

static const struct claim_result *result_of(const struct rows *r, const char *id)
{
    struct claim_result *all;
    size_t n = claims_compute(r->at, r->n, &arena, &all);
    for (size_t i = 0; i < n; i++)
        if (!strcmp(all[i].claim->id, id))
            return &all[i];
    fail_msg("no claim %s", id);
    return NULL;
}

/* ---- the table ---- */

static void ids_are_unique_and_all_can_be_asked(void **state)
{
    (void)state;
    struct claim_result *all;
    size_t n = claims_compute(NULL, 0, &arena, &all);
    assert_true(n > 90);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(all[i].state, CLAIM_NO_ROWS);
        assert_non_null(all[i].why);
        assert_true(all[i].claim->rows > 0 && all[i].claim->judge && all[i].claim->from);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(all[i].claim->id, all[k].claim->id);
    }
}

/* ---- a number, its rows, its verdict ---- */

static void add_quant(struct rows *r, const char *file, int n, double first)
{
    for (int i = 0; i < n; i++) {
        struct claim_row *row = add_row(r, file, "tr108-quant", NULL);
        add(row, "tag", 0, "q4_0");
        add(row, "tokens_s", first + i, NULL);
    }
}

static void a_number_that_comes_out_survives(void **state)
{
    (void)state;
    struct rows r = {.n = 0};
    add_quant(&r, "x/quant_bench.csv", 5, 74.59); /* 74.59 … 78.59: mean 76.59 */
    struct claim_row *other = add_row(&r, "x/quant_bench.csv", "tr108-quant", NULL);
    add(other, "tag", 0, "q8_0");
    add(other, "tokens_s", 1, NULL);
    add_row(&r, "x/quant_bench.csv", "tr108-quant", NULL); /* without fields */
    const struct claim_result *q = result_of(&r, "TR108.llama_q4_0_tok_s");
    NEAR(q->recomputed.value, 76.59);
    assert_true(q->reproduced && q->state == CLAIM_SURVIVES && q->recomputed.n == 5);
    assert_int_equal(q->recomputed.n_uses, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_ptr_equal(q->recomputed.uses[i].row, &r.at[i]);
        assert_string_equal(q->recomputed.uses[i].field->path, "tokens_s");
    }
    NEAR(q->instead[0].value, 76.59);
    NEAR(q->instead[0].hi - q->instead[0].value, 2.7764451051977987 * sqrt(2.5 / 5)); /* t(4) sd / sqrt(n) */
    assert_int_equal(result_of(&r, "TR108.llama_q8_0_tok_s")->state, CLAIM_PARTIAL);
    assert_int_equal(result_of(&r, "TR108.llama_q5_K_M_tok_s")->state, CLAIM_NO_ROWS);
}

static void another_number_falls_and_too_few_rows_are_not_judged(void **state)
{
    (void)state;
    struct rows wrong = {.n = 0}, few = {.n = 0};
    add_quant(&wrong, "x/quant_bench.csv", 5, 74.6); /* 76.60 */
    const struct claim_result *q = result_of(&wrong, "TR108.llama_q4_0_tok_s");
    assert_true(!q->reproduced && q->state == CLAIM_FALLS);
    add_quant(&few, "x/quant_bench.csv", 4, 75.09); /* 76.59 */
    q = result_of(&few, "TR108.llama_q4_0_tok_s");
    assert_true(q->reproduced && q->state == CLAIM_PARTIAL && q->n_instead == 0);
    assert_non_null(strstr(q->why, "Only 4 of the 5"));
}

/* A shortened copy of a table beside it is not more rows; of two tables, the longer one. */
static void of_two_tables_the_longer_counts(void **state)
{
    (void)state;
    struct rows r = {.n = 0};
    add_quant(&r, "x/short_quant_bench.csv", 3, 1);
    add_quant(&r, "x/quant_bench.csv", 5, 74.59);
    const struct claim_result *q = result_of(&r, "TR108.llama_q4_0_tok_s");
    assert_true(q->state == CLAIM_SURVIVES && q->recomputed.n == 5);
}

/* ---- pairs ---- */

#define PLACE "data/research/tr110_rust_full/chimera-homo/"

static struct run *pair_run(const char *arm, int block)
{
    struct run *r = arena_alloc(&arena, sizeof *r);
    *r = make_run(&arena, arm, block, 2);
    add_session(r, "collector", 10);
    add_request(r, "analysis", 1, -1, 100, 2);
    add_session(r, "insight", 10);
    add_request(r, "report", 1, -1, 100, 2);
    return r;
}

static struct claim_row *add_pair(struct rows *r, const char *file, const char *origin, double a_s, double b_s)
{
    struct claim_row *row = add_row(r, file, "rust-pair", origin);
    row->runs = pair_run("tr110_rust_full/chimera-homo/test001", (int)r->n - 1);
    add(row, "summary.efficiency_percent", 50 * (1 + fmin(a_s, b_s) / fmax(a_s, b_s)), NULL);
    add(row, "collector.execution_time_s", a_s, NULL);
    add(row, "insight.execution_time_s", b_s, NULL);
    return row;
}

static void a_record_met_twice_counts_once(void **state)
{
    (void)state;
    struct rows r = {.n = 0};
    add_pair(&r, "all.jsonl", PLACE "test001/run_1/metrics.json", 10, 8);
    struct claim_row *again = add_pair(&r, PLACE "test001/run_1/metrics.json", NULL, 10, 8);
    again->runs = r.at[0].runs;
    add_pair(&r, "all.jsonl", PLACE "test001/run_2/metrics.json", 10, 4);
    add_pair(&r, "all.jsonl", "elsewhere/run_2/metrics.json", 10, 1);
    const struct claim_result *q = result_of(&r, "TR114.mean_efficiency");
    assert_true(q->state == CLAIM_PARTIAL && q->recomputed.n == 2);
    NEAR(q->recomputed.value, (90 + 70) / 2.0);
    NEAR(result_of(&r, "TR114.peak_config")->recomputed.value, 80);
    NEAR(result_of(&r, "TR114.peak_run")->recomputed.value, 90);
}

static struct claim_work work_over(const struct rows *r, struct claim_result *result)
{
    *result = (struct claim_result){0};
    struct claim_work w = {.rows = r->at, .n_rows = r->n, .a = &arena, .result = result};
    claim_instead(&w, "test", "", "rows");
    return w;
}

static void failed_runs_are_named_and_left_out(void **state)
{
    (void)state;
    struct rows r = {.n = 0};
    struct claim_result result;
    for (int i = 0; i < 4; i++)
        add_pair(&r, "all.jsonl", PLACE "test001/run_1/metrics.json", 10, 8);
    r.at[1].runs->requests[0].outcome = OUTCOME_NO_DONE;
    r.at[2].runs->requests[1].flags |= REQUEST_DEGENERATE | REQUEST_COLD;
    r.at[3].runs->requests[1].flags |= REQUEST_COLD; /* no failure */
    struct claim_work w = work_over(&r, &result);
    struct claim_rows all = claim_select(&w, "rust-pair", "tr110_rust_full/", NULL);
    struct claim_rows good = claim_without_failed(&w, all);
    assert_true(all.n == 4 && good.n == 2 && good.at[0] == &r.at[0] && good.at[1] == &r.at[3]);
    assert_string_equal(claim_failures(&w, all),
                        "test001 run 2 (analysis: no_done), test001 run 3 (report: repeats itself)");
    assert_string_equal(claim_failures(&w, good), "none");
}

static void efficiency_that_is_the_overlap_is_found_out(void **state)
{
    (void)state;
    struct rows r = {.n = 0};
    struct claim_result result;
    add_pair(&r, "all.jsonl", PLACE "test001/run_1/metrics.json", 10, 8);
    struct claim_row *row = add_pair(&r, "all.jsonl", PLACE "test001/run_2/metrics.json", 10, 8);
    struct claim_work w = work_over(&r, &result);
    struct claim_rows rows = claim_select(&w, "rust-pair", NULL, "test001");
    assert_true(claim_identity(&w, rows) < 1e-9);
    ((struct claim_field *)(uintptr_t)row->fields)[0].number += 3;
    NEAR(claim_identity(&w, rows), 3);
    NEAR(w.figure->value, 3);
    assert_int_equal(w.figure->n_uses, 6); /* three fields of each row, each once */
}

/* Alone: 100 and 50 tok/s, 1.5 s of a call outside decode, 600 tokens in 9 s of decode and 3 s: 50 tok/s in all. */
static void add_solo(struct rows *r, double load_ms, double report_tokens)
{
    struct claim_row *row = add_row(r, "solo.jsonl", "rust-single",
                                    "data/research/tr109_rust_full/x/data/metrics.json");
    static const char *const stages[] = {"analysis", "report"};
    const double tokens[] = {300, report_tokens}, rate[] = {100, 50};
    char name[96];
    for (int i = 0; i < 2; i++) {
        const struct {
            const char *what;
            double value;
        } fields[] = {{"run_number", 1},
                      {"tokens_generated", tokens[i]},
                      {"load_duration_ms", load_ms},
                      {"throughput_tokens_per_sec", rate[i]},
                      {"eval_duration_ms", tokens[i] / rate[i] * 1e3},
                      {"total_duration_ms", tokens[i] / rate[i] * 1e3 + 1500}};
        for (size_t k = 0; k < 6; k++) {
            snprintf(name, sizeof name, "baseline.calls.%d.%s", i, fields[k].what);
            add(row, arena_dupz(&arena, name), fields[k].value, NULL);
        }
        snprintf(name, sizeof name, "baseline.calls.%d.stage", i);
        add(row, arena_dupz(&arena, name), 0, stages[i]);
    }
    add(row, "baseline.workflow_runs.0.workflow.total_seconds", 12, NULL);
}

static void speedup_by_hand(void **state)
{
    (void)state;
    static const char *const names[] = {"collector", "insight"};
    struct rows r = {.n = 0};
    struct claim_result result;
    struct claim_solo solo;
    char name[96];
    add_solo(&r, 200, 300);
    add_solo(&r, 1200, 300); /* cold */
    add_solo(&r, 200, 13);   /* hardly an answer */
    struct claim_row *pair = add_pair(&r, "all.jsonl", PLACE "test001/run_1/metrics.json", 15, 15);
    for (int a = 0; a < 2; a++)
        for (int i = 0; i < 2; i++) {
            snprintf(name, sizeof name, "%s.calls.%d.tokens_generated", names[a], i);
            add(pair, arena_dupz(&arena, name), 200, NULL);
            snprintf(name, sizeof name, "%s.calls.%d.stage", names[a], i);
            add(pair, arena_dupz(&arena, name), 0, i ? "report" : "analysis");
        }
    add(pair, "summary.concurrent_wall_time_s", 15, NULL);
    struct claim_work w = work_over(&r, &result);
    assert_true(claim_solo(&w, "tr109_rust_full", &solo));
    assert_int_equal(solo.runs, 1);
    NEAR(solo.analysis_tok_s, 100);
    NEAR(solo.report_tok_s, 50);
    NEAR(solo.rest_s, 1.5);
    NEAR(solo.tok_s, 50);
    /* each agent alone: 2 + 4 + 2 · 1.5 s = 9 s; both after each other 18 s, together 15 s */
    NEAR(claim_speedup_tokens(&w, pair, &solo), 1.2);
    assert_false(claim_solo(&w, "nowhere", &solo));
}

/* ---- lines ---- */

static void add_call(struct rows *r, const char *model, double params, double ms, const char *scenario,
                     const char *warmup)
{
    struct claim_row *row = add_row(r, "x/20251224_002149_metrics.csv", "scaling-call", NULL);
    add(row, "backend", 0, "ollama");
    add(row, "mode", 0, "kv_decode");
    add(row, "is_warmup", 0, warmup);
    add(row, "status", 0, "ok");
    add(row, "model", 0, model);
    add(row, "scenario", 0, scenario);
    add(row, "params_millions_config", params, NULL);
    add(row, "latency_ms", ms, NULL);
}

/* Latency 10 sqrt(params) but for one model: the geometric mean over scenarios of medians, warm-ups left out. */
static void a_slope_that_one_model_makes(void **state)
{
    (void)state;
    static const double params[] = {100, 400, 1600, 6400};
    static const char *const models[] = {"a", "b", "c", "d"};
    struct rows r = {.n = 0};
    for (int i = 0; i < 4; i++) {
        double ms = 10 * sqrt(params[i]) * (i == 3 ? 8 : 1);
        add_call(&r, models[i], params[i], 1e6, "short", "True");
        add_call(&r, models[i], params[i], 2 * ms, "short", "False");
        add_call(&r, models[i], params[i], 1e-3, "short", "False");
        add_call(&r, models[i], params[i], 1e6, "short", "False"); /* the median is the first */
        add_call(&r, models[i], params[i], ms / 2, "long", "False");
    }
    struct claim_result result;
    struct claim_work w = work_over(&r, &result);
    struct claim slope = *result_of(&r, "TR121.ollama_decode_slope")->claim;
    w.claim = result.claim = &slope;
    result.recomputed.value = slope.recompute(&w);
    /* in log 2: x 0 2 4 6, y 0 1 2 6: xx 20, xy 19 */
    NEAR(result.recomputed.value, 19 / 20.0);
    assert_int_equal(w.found, 16);
    slope.judge(&w);
    assert_int_equal(result.state, CLAIM_FALLS);
    assert_non_null(strstr(result.why, "Without d the slope is 0.500"));
    NEAR(result.instead[2].value, 0.5);
    NEAR(result.instead[3].value, 1);
}

/* 15.2 % between days; within one of them Rust is as fast, or faster. */
static void a_gain_over_another_day_needs_one_of_the_same(void **state)
{
    (void)state;
    static const char rate[] = "baseline.aggregate.average_tokens_per_second";
    for (int faster = 0; faster < 2; faster++) {
        struct rows r = {.n = 0};
        add(add_row(&r, "s.jsonl", "rust-single", "data/research/tr109_rust_full/baseline_default/data/metrics.json"),
            rate, 115.2, NULL);
        for (int i = 0; i < 4; i++) {
            double noise = i % 2 ? 1 : -1;
            add(add_row(&r, "p.jsonl", "python-single", "benchmarks/python/chimera_sweep/run_x/data/metrics.json"),
                rate, 100 + noise, NULL);
            add(add_row(&r, "v.jsonl", "rust-single",
                        "src/rust/demo_agent/Demo_rust_agent_sweep/gpu60/data/metrics.json"),
                rate, 100 + 10 * faster + noise, NULL);
        }
        const struct claim_result *q = result_of(&r, "TR112.language_gain");
        NEAR(q->recomputed.value, 15.2);
        NEAR(q->instead[0].value, 10 * faster);
        assert_int_equal(q->n_instead, 1);
        assert_int_equal(q->state, faster ? CLAIM_SURVIVES : CLAIM_FALLS);
    }
}

static void keys_have_one_name(void **state)
{
    (void)state;
    assert_string_equal(claim_key("llm_calls"), "calls");
    assert_string_equal(claim_key("baseline_results"), "baseline");
    assert_string_equal(claim_key("lat"), "latencies_ms");
    assert_string_equal(claim_key("summary"), "summary");
    assert_null(claim_key("metrics"));
    assert_null(claim_key("spec"));
}

static int release(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_unique_and_all_can_be_asked),
        cmocka_unit_test(a_number_that_comes_out_survives),
        cmocka_unit_test(another_number_falls_and_too_few_rows_are_not_judged),
        cmocka_unit_test(of_two_tables_the_longer_counts),
        cmocka_unit_test(a_record_met_twice_counts_once),
        cmocka_unit_test(failed_runs_are_named_and_left_out),
        cmocka_unit_test(efficiency_that_is_the_overlap_is_found_out),
        cmocka_unit_test(speedup_by_hand),
        cmocka_unit_test(a_slope_that_one_model_makes),
        cmocka_unit_test(a_gain_over_another_day_needs_one_of_the_same),
        cmocka_unit_test(keys_have_one_name),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
