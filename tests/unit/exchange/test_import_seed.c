/* The original lab's shortened rows, all of them: as many as it says, their values, the runs made of them. Skips where the data
 * is not beside the clone, and fails there under CI. */
#include "import_fixture.h"

static struct imported seed;

static int find_data(void **state)
{
    static char path[512];
    (void)state;
    const char *given = getenv("CHIMERA_SEED_DATA");
    snprintf(path, sizeof path, "%s", given ? given : TESTS_DIR "/../../shared/seed-data");
    if (access(path, R_OK) != 0) {
        print_message("SKIP: no %s\n", path);
        return getenv("CI") != NULL;
    }
    const char *const paths[] = {path};
    import_paths(&seed, paths, 1);
    must(seed.rc, &seed.e);
    return 0;
}

static int release(void **state)
{
    (void)state;
    if (seed.store)
        imported_release(&seed);
    return 0;
}

static void needs_data(void)
{
    if (!seed.store)
        skip();
}

static const struct {
    const char *file, *format;
    int64_t rows, runs;
} expected[] = {
    {"tr108/ollama_quant_bench.csv", "tr108-quant", 15, 0},
    {"tr108/ollama_param_tuning.csv", "tr108-sweep", 36, 0},
    {"tr108/ollama_param_tuning_summary.csv", "tr108-sweep-summary", 36, 0},
    {"tr108/gemma3_baseline.csv", "tr108-baseline", 5, 0},
    {"tr108/gemma3_270m_baseline.csv", "tr108-baseline", 5, 0},
    {"tr108/gemma3_1b-it-qat_baseline.csv", "tr108-baseline", 5, 0},
    {"tr108/gemma3_baseline.json", "tr108-baseline", 5, 0},
    {"tr108/gemma3_270m_baseline.json", "tr108-baseline", 5, 0},
    {"tr108/gemma3_1b-it-qat_baseline.json", "tr108-baseline", 5, 0},
    {"tr108/gemma3_param_tuning.csv", "tr108-sweep", 36, 0},
    {"tr108/gemma3_270m_param_tuning.csv", "tr108-sweep", 36, 0},
    {"tr108/gemma3_1b-it-qat_param_tuning.csv", "tr108-sweep", 36, 0},
    {"tr108/gemma3_param_tuning_summary.csv", "tr108-sweep-summary", 36, 0},
    {"tr108/gemma3_270m_param_tuning_summary.csv", "tr108-sweep-summary", 34, 0}, /* the lab lost two */
    {"tr108/gemma3_1b-it-qat_param_tuning_summary.csv", "tr108-sweep-summary", 36, 0},
    {"tr108/baseline_system_metrics.json", "tr108-telemetry", 6, 0},
    {"tr108/20251002-151204_prompt_suite_runs.csv", "tr108-prompts", 15, 0},
    {"tr108/20251008-122955_llama3_q4_benchmark_fixed_runs.csv", "tr108-prompts", 5, 0},
    {"tr109_python_single.jsonl", "python-single", 18, 36},
    {"tr110_runs.jsonl", "python-pair", 150, 149}, /* one is in the format samples, too */
    {"tr111_rust_single.jsonl", "rust-single", 19, 108},
    {"tr111v1_rust_single_nov10.jsonl", "rust-single", 19, 38},
    {"tr113_single_ollama_19.jsonl", "rust-pair", 19, 19},
    {"tr114v1_dual_ollama_150.jsonl", "rust-pair", 150, 150},
    {"tr114_runs.jsonl", "rust-pair", 135, 134},
    {"tr117_multiagent/default_loop_lag.csv", "loop-lag", 661, 0},
    {"tr117_multiagent/buf8192_loop_lag.csv", "loop-lag", 636, 0},
    {"tr117_multiagent/buf65536_loop_lag.csv", "loop-lag", 617, 0},
    {"tr117_multiagent/default_chunk_metrics.csv", "chunk-metrics", 5185, 0},
    {"tr117_multiagent/buf8192_chunk_metrics.csv", "chunk-metrics", 77, 0},
    {"tr117_multiagent/buf65536_chunk_metrics.csv", "chunk-metrics", 15, 0},
    {"tr117_multiagent/gemma3_latest_gpu_metrics.csv", "gpu-metrics", 1627, 0},
    {"tr117_multiagent/qwen2_5_7b_gpu_metrics.csv", "gpu-metrics", 2636, 0},
    {"tr117_multiagent/tokenizer_bench.txt", "tokenizer-bench", 1, 0},
    {"tr117_multiagent/runs.jsonl", "python-call-pair", 20, 20},
    {"tr117_multiagent/phase2_rust_runs.jsonl", "rust-pair", 10, 10},
    {"tr118_runs.jsonl", "inference-row", 5580, 0},
    {"tr118_perplexity_results_gpt2.csv", "perplexity", 6, 0},
    {"tr118_perplexity_results_tiny-gpt2.csv", "perplexity", 6, 0},
    {"tr118_perplexity_results_v1_tiny.csv", "perplexity", 6, 0},
    {"tr119/bench_tr119_1766276642.jsonl", "inference-run", 175, 0},
    {"tr119/bench_tr119_1766277996.jsonl", "inference-run", 175, 0},
    {"tr119/bench_tr119_1766283278.jsonl", "inference-run", 175, 0},
    {"tr119/bench_tr119_1766283446.jsonl", "inference-run", 175, 0},
    {"tr119/bench_tr119_1766283570.jsonl", "inference-run", 175, 0},
    {"tr119/latency_summary_cost.csv", "cost-summary", 50, 0},
    {"tr119/cost_energy_validation.json", "cost-validation", 1, 0},
    {"tr121/20251224_002149_metrics.csv", "scaling-call", 684, 0},
    {"tr121/scaling_fits.csv", "scaling-fits", 36, 0},
    {"tr121/warmup_effect.csv", "warmup-effect", 171, 0},
    {"tr121/resolved_model_params.csv", "model-params", 19, 0},
    {"tr121/hf_architecture_correlations.csv", "hf-correlations", 6, 0},
    {"tr113_single_ollama_150.1.jsonl", "rust-pair", 1, 1},
    {"tr115_runs.1.jsonl", "rust-pair", 1, 1},
    {"tr116_multi_python.1.jsonl", "python-call-pair", 1, 0},
    {"tr116_multi_rust.1.jsonl", "rust-pair", 1, 1},
    {"tr120_20251221_173112_kv_decode_metrics.5rows.csv", "compile-metrics", 5, 0},
    {"tr120_20251221_173112_prefill_metrics.5rows.csv", "compile-metrics", 5, 0},
    {"tr109_rust_full/baseline_default/data/metrics.json", "rust-single", 1, 6},
    {"chimera-hetero/test012/run_4/metrics.json", "rust-pair", 1, 1},
    {"baseline-vs-chimera_gpu80_ctx512_temp10/run_1/metrics.json", "python-call-pair", 1, 1},
    {"phase_1_test_001/run_1/metrics.json", "python-pair", 1, 1},
    {"tr110_test108_run1_collector_report_ZERO_FILES.md", "agent-report", 1, 0},
    {"tr114_test012_run4_insight_report.md", "agent-report", 1, 0},
    {"tr114_test100_run2_insight_report_GIBBERISH.md", "agent-report", 1, 0},
    {"tr114_test108_run1_collector_report.md", "agent-report", 1, 0},
    {"tr117_qwen_run1_insight_report.md", "agent-report", 1, 0},
};

static void every_file_has_its_rows(void **state)
{
    (void)state;
    needs_data();
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const struct import_file *f = imported_file(&seed, expected[i].file);
        if (!f->format || strcmp(f->format->id, expected[i].format) != 0 || f->rows != expected[i].rows ||
            f->runs != expected[i].runs || f->problem)
            fail_msg("%s: %s, %lld rows, %lld runs, %s", expected[i].file, f->format ? f->format->id : "none",
                     (long long)f->rows, (long long)f->runs, f->problem ? f->problem : "no problem");
    }
}

/* Notes, and nothing else, are listed as not understood. */
static void only_notes_are_left(void **state)
{
    (void)state;
    size_t n = 0;
    needs_data();
    for (size_t i = 0; i < seed.result.n_files; i++) {
        const struct import_file *f = &seed.result.files[i];
        assert_true((f->format == NULL) == (f->problem != NULL));
        if (f->format)
            continue;
        assert_non_null(strstr(f->path, "README.md"));
        n++;
    }
    assert_int_equal(n, 2);
}

static void near(double value, double expected_value, double by)
{
    if (!(fabs(value - expected_value) <= by))
        fail_msg("%.9g is not %.9g", value, expected_value);
}

/* ---- values: those of the lab's reports ----------------------------------------------------------------------------- */

struct tr114 {
    double efficiency, worst;
    int contention, failed, degenerate;
};

/* The lab's efficiency is our overlap: both from the row and from the run that was made of it. */
static void look_at_pair(void *user, yyjson_val *row, const struct store_source_row *r)
{
    struct tr114 *t = user;
    const struct run *run = imported_run(&seed, r->run_id);
    yyjson_val *summary = yyjson_obj_get(row, "summary");
    double efficiency = json_get_double(summary, "efficiency_percent", 0);
    double off = fabs(metric_find("overlap")->of_run(run) - efficiency);
    t->worst = off > t->worst ? off : t->worst;
    t->efficiency += efficiency;
    t->contention += json_get_bool(summary, "resource_contention_detected", false);
    assert_int_equal(run->n_requests, 4);
    assert_int_equal(run->verdict, VERDICT_NONE);
    assert_string_equal(yyjson_get_str(yyjson_obj_get(row, "path")), r->origin);
    for (size_t i = 0; i < 4; i++) {
        t->failed += run->requests[i].outcome != OUTCOME_OK;
        t->degenerate += (run->requests[i].flags & REQUEST_DEGENERATE) != 0;
        assert_null(request_stamps_fault(&run->requests[i]));
    }
}

static void tr114_is_as_published(void **state)
{
    (void)state;
    struct tr114 t = {0};
    needs_data();
    assert_int_equal(imported_rows(&seed, "tr114_runs.jsonl", look_at_pair, &t), 135);
    near(t.efficiency / 135, 98.281, 0.0005);
    assert_true(t.worst <= 0.0072);
    assert_int_equal(t.contention, 1);
    assert_int_equal(t.failed, 1);     /* test005 run_4 ended without its last record */
    assert_int_equal(t.degenerate, 2); /* that one, and the runaway of test100 run_2 */
}

struct tr111 {
    double rate, ttft;
    int calls, cold;
};

static void look_at_single(void *user, yyjson_val *row, const struct store_source_row *r)
{
    struct tr111 *t = user;
    (void)row;
    for (int64_t id = r->run_id; id < r->run_id + r->runs; id++) {
        const struct run *run = imported_run(&seed, id);
        bool reported = !strcmp(run->arm, "data/research/tr109_rust_full/baseline_default baseline");
        for (size_t i = 0; i < run->n_requests; i++) {
            const struct request *q = &run->requests[i];
            t->cold += (q->flags & REQUEST_COLD) != 0;
            if (!reported)
                continue;
            t->calls++;
            t->rate += (double)q->usage.completion_tok / ((double)q->usage.eval_ns / 1e9);
            t->ttft += (double)(q->stamp[STAMP_FIRST_TOKEN] - q->stamp[STAMP_SENT]) / 1e6;
        }
    }
}

static void tr111_is_as_published(void **state)
{
    (void)state;
    struct tr111 t = {0};
    needs_data();
    assert_int_equal(imported_rows(&seed, "/tr111_rust_single.jsonl", look_at_single, &t), 19);
    assert_int_equal(t.calls, 6);
    near(t.rate / 6, 114.54, 0.005);
    near(t.ttft / 6, 603.53, 0.005);
    assert_int_equal(t.cold, 35); /* first calls of all directories but one: the cause of their 1.3 s */
}

struct column_sum {
    const char *key, *where, *is;
    double sum;
    int n;
};

static void add_column(void *user, yyjson_val *row, const struct store_source_row *r)
{
    struct column_sum *c = user;
    (void)r;
    if (c->where && !span_eq_z(json_get_text(row, c->where), c->is))
        return;
    assert_true(yyjson_is_num(yyjson_obj_get(row, c->key)));
    c->sum += json_get_double(row, c->key, NAN);
    c->n++;
}

static void tables_hold_numbers(void **state)
{
    (void)state;
    struct column_sum lag = {.key = "lag_ms"}, q8 = {.key = "tokens_s", .where = "tag", .is = "q8_0"};
    struct column_sum rate = {.key = "throughput_mean_tok_s"};
    needs_data();
    imported_rows(&seed, "default_loop_lag.csv", add_column, &lag);
    near(lag.sum / lag.n, 5.33, 0.005);
    imported_rows(&seed, "ollama_quant_bench.csv", add_column, &q8); /* all of its fields are quoted */
    assert_int_equal(q8.n, 5);
    near(q8.sum / q8.n, 46.57, 0.005);
    imported_rows(&seed, "latency_summary_cost.csv", add_column, &rate);
    assert_int_equal(rate.n, 50);
}

static void keep_run(void *user, yyjson_val *row, const struct store_source_row *r)
{
    const struct run **found = user;
    struct span path = json_get_text(row, "path"), end = span_z("chimera-hetero/test012/run_4/metrics.json");
    if (!path.at || (path.len > end.len && !memcmp(path.at + path.len - end.len, end.at, end.len)))
        *found = imported_run(&seed, r->run_id);
}

/* A record in its own file and in the list of rows is one run, and both rows lead to it. From the list alone it is the same
 * run; the list is rounded to 1 us. */
static void both_shapes_give_the_same_run(void **state)
{
    (void)state;
    const struct run *one = NULL, *two = NULL;
    struct imported list;
    needs_data();
    imported_rows(&seed, "chimera-hetero/test012/run_4/metrics.json", keep_run, &one);
    imported_rows(&seed, "/tr114_runs.jsonl", keep_run, &two);
    assert_non_null(one);
    assert_ptr_equal(one, two);
    const char *const paths[] = {imported_file(&seed, "/tr114_runs.jsonl")->path};
    import_paths(&list, paths, 1);
    must(list.rc, &list.e);
    assert_int_equal(list.n_runs, 135);
    for (size_t i = 0; i < list.n_runs; i++)
        if (!strcmp(list.runs[i].arm, one->arm) && list.runs[i].block == one->block)
            two = &list.runs[i];
    assert_ptr_not_equal(one, two);
    assert_true(llabs(one->ended_ns - two->ended_ns) <= 1000);
    for (size_t i = 0; i < 4; i++) {
        const struct request *a = &one->requests[i], *b = &two->requests[i];
        assert_memory_equal(&a->usage, &b->usage, sizeof a->usage);
        assert_int_equal(a->outcome, b->outcome);
        assert_int_equal(a->flags, b->flags);
        assert_int_equal(a->num_ctx, b->num_ctx);
        assert_string_equal(a->stage, b->stage);
        assert_string_equal(a->agent, b->agent);
        for (int k = 0; k < STAMP_COUNT; k++)
            assert_true(a->stamp[k] == b->stamp[k] || llabs(a->stamp[k] - b->stamp[k]) <= 3000);
    }
    imported_release(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_has_its_rows), cmocka_unit_test(only_notes_are_left),
        cmocka_unit_test(tr114_is_as_published),   cmocka_unit_test(tr111_is_as_published),
        cmocka_unit_test(tables_hold_numbers),     cmocka_unit_test(both_shapes_give_the_same_run),
    };
    return cmocka_run_group_tests(tests, find_data, release);
}
