/* Rules on records of imports: order, power, labels, fits, tests, reports. Each finds its planted defect, and nothing in the
 * clean twin. */
#include "audit_fixture.h"

/* ---- order and time --------------------------------------------------------------------------------------------------- */

/* A pair of a configuration at a minute; both agents make `rate` tok/s. */
static void add_timed(int minute, int cell, int ctx, double rate, double percent)
{
    double shorter = 10 * (percent / 50 - 1);
    struct audit_row *r = add_row(
        "rust-pair",
        "{\"scenario\":\"homo\",\"summary\":{\"concurrent_wall_time_s\":10,\"concurrency_speedup\":%f,"
        "\"efficiency_percent\":%f},\"collector\":{\"timestamp\":\"2025-10-10T%02d:%02d:00\",\"execution_time_s\":10,"
        "\"options\":{\"num_ctx\":%d},\"aggregate\":{\"total_tokens_generated\":%f}},"
        "\"insight\":{\"execution_time_s\":%f,\"options\":{\"num_ctx\":%d},"
        "\"aggregate\":{\"total_tokens_generated\":0}}}",
        percent / 50, percent, minute / 60, minute % 60, ctx, 10 * rate, shorter, ctx);
    r->origin = arena_printf(&arena, "results/test%03d/run_%d/metrics.json", cell, minute);
}

static void time_step(void **state)
{
    (void)state;
    for (int i = 0; i < 24; i++)
        add_timed(i, 100 + i / 4, i == 0 || i == 23 ? 512 : 1024 + i / 4, i < 12 ? 40 : 75, i < 12 ? 85 : 98);
    finds("A8", 2, "from 40.0 tok/s (12 runs) to 75.0 (12 runs), and 6 of 6 configurations");
    finds("A8", 2, "(homo; num_ctx=512; num_ctx=512) has an efficiency of 85.00 % before and 98.00 % behind");
    finds("one-order", 6, "6 configurations ran once each");
}

/* The same rates in another order, and configurations that come again. */
static void no_time_step(void **state)
{
    (void)state;
    for (int i = 0; i < 24; i++)
        add_timed(i, 100 + i % 6, 1024 + i % 6, i % 2 ? 40 : 75, 90);
    silent("A8");
    silent("one-order");
}

static void add_sweep(int ctx, double temperature, double load, double rate)
{
    add_row("tr108-sweep",
            "{\"num_gpu\":80,\"num_ctx\":%d,\"temperature\":%f,\"load_s\":%f,\"ttft_s\":%f,\"tokens_s\":%f}", ctx,
            temperature, load, load + 0.1, rate)
        ->origin = NULL;
}

static void order(void **state)
{
    (void)state;
    for (int i = 0; i < 9; i++)
        add_sweep(1024 * (1 + i / 3), 0.2 * (1 + i % 3), i % 3 ? 0.1 : 3, 100 + i);
    finds("A9", 3,
          "All 3 rows that loaded the model (3.00 s on average, against a median of 0.100 s) have temperature = 0.2");
    finds("A10", 9, "9 configurations with one run each, from 100.00 to 108.00 (sd 2.74)");
}

static void no_order(void **state)
{
    (void)state;
    for (int i = 0; i < 18; i++)
        add_sweep(1024 * (1 + i % 9 / 3), 0.2 * (1 + i % 3), i % 4 ? 0.1 : 3, 100 + i);
    silent("A9");
    silent("A10"); /* each twice */
}

static void warmth(void **state)
{
    (void)state;
    pairs_with(OUTCOME_OK, REQUEST_COLD);
    finds("A12", 1, "1 averages of the time to first token hold a call that loaded the model (mean 500 ms), 5 do not");
    runs[2].requests[1].flags = 0;
    silent("A12");
}

static void gaps(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++)
        add_timed(i, i < 3 ? 100 + i : i + 102, 512, 40, 90);
    finds("A28", 1, "2 configurations that the numbering leaves room for are not there: test103, test104");
    afresh();
    for (int i = 0; i < 6; i++)
        add_timed(i, i < 3 ? 100 + i : i + 197, 512, 40, 90); /* another hundred */
    silent("A28");
}

/* Two studies of one design; the second lacks a cell. */
static void add_two_studies(int n)
{
    for (int i = 0; i < n; i++) {
        add_timed(i, 100 + i % 6, 256 * (1 + i % 6), 40, 90);
        rows[i].file = i < 6 ? "first.jsonl" : "second.jsonl";
        rows[i].origin = arena_printf(&arena, "%s/c%d/run_1/metrics.json", i < 6 ? "first" : "second", i % 6);
    }
}

static void lacking(void **state)
{
    (void)state;
    add_two_studies(11);
    finds("A28", 1, "Of the 6 designs of first it has 5");
    finds("A28", 1, "Not there: (homo; num_ctx=1536; num_ctx=1536)");
    afresh();
    add_two_studies(12);
    silent("A28");
}

/* ---- power and labels --------------------------------------------------------------------------------------------------- */

static void add_window(const char *backend, int samples, const char *power)
{
    add_row("inference-run",
            "{\"spec\":{\"device\":\"cuda\",\"backend\":\"onnx-%s\"},\"resource_metrics\":{\"samples\":%d,"
            "\"duration_s\":0.1,%s}}",
            backend, samples, power);
}

static void power(void **state)
{
    (void)state;
    add_window("gpu", 1, "\"gpu_power_mean_watts\":16");
    add_window("gpu", 9, "\"gpu_power_mean_watts\":20");
    add_window("cpu", 9, "\"gpu_power_mean_watts\":3");
    for (int i = 0; i < 2; i++)
        add_row("gpu-metrics", "{\"power.draw [W]\":\"%d.00 W\",\"utilization.gpu [%%]\":\"%d %%\"}", i ? 140 : 40,
                90 * i);
    finds("A17", 1, "1 of 3 windows of power have one sample");
    finds("A17", 1, "18.0 W on average, less than the 40.0 W");
    finds("A18", 1, "1 of 1 windows of work on the CPU have the power of the GPU alone (3.0 W");
    afresh();
    add_window("gpu", 9, "\"gpu_power_mean_watts\":120");
    add_window("cpu", 9, "\"gpu_power_mean_watts\":3,\"cpu_power_mean_watts\":60");
    silent("A17");
    silent("A18");
}

static void add_perplexity(const char *backend, double value, double delta)
{
    add_row("perplexity", "{\"backend\":\"%s\",\"perplexity\":%.9f,\"delta_frac\":%g}", backend, value, delta);
}

static void gate(void **state)
{
    (void)state;
    add_perplexity("torch", 50285.8, 0);
    add_perplexity("trt-fp32", 50285.8001, 2e-9);
    finds("A16", 2, "50285.80, as of a model that guesses");
    afresh();
    add_perplexity("trt-fp32", 58.35, 2e-4);
    add_perplexity("trt-int8", 58.34, 1e-4);
    finds("A16", 1, "1 backends of a lower precision");
    afresh();
    add_perplexity("trt-fp32", 58.34, 1e-4);
    add_perplexity("trt-int8", 59.5, 2e-2);
    add_perplexity("ort-int8", 58.34, 1e-5); /* of no backend with full precision */
    silent("A16");
}

static void labels(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        add_row("compile-metrics", "{\"latency_ms\":9%d.5,\"ttft_ms\":9%d.5,\"tokens\":64}", i, i);
    finds("A20", 3, "In 3 of 3 rows");
    afresh();
    for (int i = 0; i < 3; i++)
        add_row("compile-metrics", "{\"latency_ms\":9%d.5,\"ttft_ms\":9%d.5,\"tokens\":%d}", i, i == 2 ? 1 : i,
                i < 2 ? 1 : 64);
    silent("A20");
    afresh();
    add_row("inference-run",
            "{\"spec\":{\"backend\":\"gpu-compile\"},\"backend_metadata\":{\"backend\":\"gpu-compile\"}}");
    add_row("inference-run", "{\"spec\":{\"backend\":\"gpu\"},\"backend_metadata\":{\"backend\":\"gpu\"}}");
    finds("TR120", 1, "1 rows are called compiled");
    afresh();
    add_row("inference-run", "{\"spec\":{\"backend\":\"gpu-compile\"},\"backend_metadata\":{\"dynamo_counters\":{}}}");
    add_row("inference-row", "{\"b\":\"gpu-compile\"}");
    silent("TR120");
}

/* ---- fits and tests ----------------------------------------------------------------------------------------------------- */

/* Models of 1, 2, 4, 8, 16 million parameters with times of their size to the power 1/2; the last `factor` times as slow. */
static void add_models(double factor)
{
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 4; k++)
            add_row("scaling-call",
                    "{\"backend\":\"b\",\"mode\":\"decode\",\"model\":\"m%d\",\"scenario\":\"s%d\",\"is_warmup\":%s,"
                    "\"status\":\"ok\",\"params_millions\":%d,\"latency_ms\":%.9f}",
                    i, k % 2, k == 3 ? "\"True\"" : "\"False\"", 1 << i,
                    (k == 3 ? 99 : 1) * sqrt(1 << i) * (i == 4 ? factor : 1));
}

static void leverage(void **state)
{
    (void)state;
    add_models(4);
    finds("A19", 5, "b decode: the slope of time over parameters is 0.900");
    finds("A19", 5, "and 0.500 (R2 1.000) without m4");
    afresh();
    add_models(1.05);
    silent("A19");
}

static void success_share(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        add_row("rust-single", "{\"delta\":{\"throughput_improvement_percent\":%d}}", i < 6 ? 1 : -2);
    finds("A24", 10,
          "6 of 10 configurations beat their baseline (60.0 %), none by more than 2.00 % either way: a coin does "
          "that (sign test, p = 0.754)");
    afresh();
    for (int i = 0; i < 10; i++)
        add_row("rust-single", "{\"delta\":{\"throughput_improvement_percent\":%d}}", i < 9 ? 1 : -2);
    silent("A24");
}

static void add_interval(double half)
{
    add_row("cost-summary", "{\"n\":9,\"std\":3,\"ci_lower\":%f,\"ci_upper\":%f}", 10 - half, 10 + half);
}

static void assumptions(void **state)
{
    (void)state;
    add_interval(1.96);
    add_interval(2.306);
    finds("A26", 1, "1 of 2 intervals of small samples");
    afresh();
    add_interval(2.306);
    silent("A26");
    afresh();
    for (int i = 0; i < 4; i++)
        add_row("hf-correlations", "{\"rho_p_size\":%f}", 0.001 + 0.013 * i);
    finds("A26", 4, "Of 4 p values 4 are below 0.05, and 2 when");
    afresh();
    for (int i = 0; i < 4; i++)
        add_row("hf-correlations", "{\"rho_p_size\":%f}", i < 2 ? 0.001 : 0.5);
    silent("A26");
}

static void tails(void **state)
{
    (void)state;
    add_row("python-pair", "{\"insight\":{\"aggregate\":{\"total_requests\":2,\"p95_ttft_ms\":9}}}");
    finds("tail", 1, "1 percentiles are of so few values");
    afresh();
    add_row("python-pair", "{\"insight\":{\"aggregate\":{\"total_requests\":20,\"p95_ttft_ms\":9}}}");
    silent("tail");
}

static void our_tails(void **state)
{
    (void)state;
    struct run *r = add_run(make_run(&arena, "arm", 0, 5));
    struct session *s = add_session(r, "load", 20);
    for (int i = 0; i < 20; i++)
        add_request(r, "load", 1 + i, 10, 20, 2)->session = s->number;
    const struct audit_finding *f = NULL;
    assert_int_equal(look("tail", &f), 1);
    assert_non_null(strstr(f->sentence, "are UNRESOLVED"));
    r->verdict = VERDICT_VOID;
    silent("tail");
}

static void pooled(void **state)
{
    static const char *const stages[] = {"report", "analysis"};
    (void)state;
    for (int i = 0; i < 2; i++) {
        afresh();
        add_row(
            "rust-single",
            "{\"baseline\":{\"aggregate\":{\"stddev_throughput\":1.414214},\"calls\":[{\"stage\":\"analysis\",\"m\":"
            "{\"throughput_tokens_per_sec\":100}},{\"stage\":\"%s\",\"m\":{\"throughput_tokens_per_sec\":102}}]}}",
            stages[i]);
        if (i)
            silent("pooled");
        else
            finds("pooled", 1, "1 published standard deviations");
    }
}

/* ---- reports ------------------------------------------------------------------------------------------------------------ */

static void add_report(const char *body, const char *inventory)
{
    struct str text = STR_INIT, json = STR_INIT;
    str_addf(&text, "# Agent\n\n**Date:** 2025-11-14\n**Model:** m\n\n---\n\n%s\n\n## Workflow Summary\n%s", body,
             inventory);
    struct json_writer w;
    json_init(&w, &json);
    json_object(&w);
    json_kz(&w, "text", str_z(&text));
    json_object_end(&w);
    add_row("agent-report", "%s", str_z(&json))->origin = NULL;
    str_release(&text);
    str_release(&json);
}

#define INVENTORY "```\nTotal files analyzed: 5\n\nCSV Files (2)\n  - a.csv\n\nJSON Files (3)\n```\n"
#define GOOD                                                                                                           \
    "The benchmark has 5 files: 2 CSV files and 3 JSON files. Throughput and latency of the model are told per run."

static void reports(void **state)
{
    (void)state;
    add_report(GOOD, INVENTORY);
    add_report("**Date:** October 26, 2023\nJSON (95), CSV (2)", INVENTORY);
    finds("A22", 2, "Of 5 counts of files that 2 reports state, 1 contradict the inventory");
    finds("A22", 2, "1 of the reports are dated in another year");
    afresh();
    add_report(GOOD, INVENTORY);
    add_report("**Date:** November 8, 2025\nThere are 3 JSON files.", INVENTORY);
    add_report("There are 95 JSON files.", ""); /* nothing to hold it against */
    silent("A22");
    silent("A7");
}

static void reports_on_nothing(void **state)
{
    (void)state;
    add_report("- **Total Files Analyzed:** 0", "");
    add_report(GOOD, "Total files analyzed: 0\n");
    finds("A7", 2, "2 of 2 agents ingested 0 files");
}

static void keywords(void **state)
{
    struct str loop = STR_INIT;
    (void)state;
    for (int i = 0; i < 100; i++)
        str_addz(&loop, "benchmark files throughput latency model run ");
    add_report(str_z(&loop), INVENTORY);
    add_report(GOOD, INVENTORY);
    finds("A21", 1, "a report that is no text scores 0.");
    afresh();
    add_report(GOOD, INVENTORY);
    add_report(GOOD, INVENTORY);
    silent("A21");
    str_release(&loop);
}

static void our_report(void **state)
{
    (void)state;
    struct run *r = add_run(make_run(&arena, "arm", 0, 1));
    struct session *s = add_session(r, "writer", 5);
    s->quality_json = "{\"grounding\":{\"statements\":9,\"contradicted\":2}}";
    finds("A22", 1, "1 of 1 reports state counts");
    s->quality_json = "{\"grounding\":{\"statements\":9,\"contradicted\":0}}";
    silent("A22");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(time_step),   TEST(no_time_step), TEST(order),
        TEST(no_order),    TEST(warmth),       TEST(gaps),
        TEST(lacking),     TEST(power),        TEST(gate),
        TEST(labels),      TEST(leverage),     TEST(success_share),
        TEST(assumptions), TEST(tails),        TEST(our_tails),
        TEST(pooled),      TEST(reports),      TEST(reports_on_nothing),
        TEST(keywords),    TEST(our_report),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
