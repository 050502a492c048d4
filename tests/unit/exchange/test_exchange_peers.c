/* Other tools' files of one small run: golden files for every format, and beside them the numbers that were worked out by
 * hand (the same requests as in test_peer.c, where the working is). Golden files are made anew by CHIMERA_GOLDEN=write. */
#include "fixture.h"

#include "exchange/aiperf.h"
#include "exchange/chrome_trace.h"
#include "exchange/guidellm.h"
#include "exchange/inference_perf.h"
#include "exchange/llama_bench.h"
#include "exchange/vllm.h"
#include "format/json.h"
#include "record/verdict.h"

#define T0 (7 * NS_PER_S)

static mono_ns at_ms(double ms)
{
    return T0 + (mono_ns)(ms * 1e6);
}

static void add(struct request *r, double ms, enum chunk_kind kind)
{
    chunk_list_reserve(&r->chunks, 1);
    chunk_list_add(&r->chunks, (struct chunk){at_ms(ms), at_ms(ms), 200, (uint8_t)kind, 0, 4});
}

static void finish(struct request *r, double planned_ms, double sent_ms, double done_ms, int64_t tokens)
{
    r->stamp[STAMP_PLANNED] = at_ms(planned_ms);
    r->stamp[STAMP_READY] = at_ms(planned_ms);
    r->stamp[STAMP_SENT] = at_ms(sent_ms);
    r->stamp[STAMP_DONE] = at_ms(done_ms);
    r->usage.completion_tok = tokens;
    r->agent = "load";
    r->server = "s";
    r->backend = "openai";
    r->model = "m";
    for (size_t i = 0; i < r->chunks.n; i++) {
        const struct chunk *c = &r->chunks.at[i];
        if (r->stamp[STAMP_FIRST_CHUNK] == MONO_NONE)
            r->stamp[STAMP_FIRST_CHUNK] = r->stamp[STAMP_FIRST_BYTE] = c->t_ns;
        if (c->kind != CHUNK_TEXT && c->kind != CHUNK_REASONING)
            continue;
        if (r->stamp[STAMP_FIRST_TOKEN] == MONO_NONE)
            r->stamp[STAMP_FIRST_TOKEN] = c->t_ns;
        if (c->kind == CHUNK_TEXT && r->stamp[STAMP_FIRST_ANSWER] == MONO_NONE)
            r->stamp[STAMP_FIRST_ANSWER] = c->t_ns;
        r->stamp[STAMP_LAST_TOKEN] = c->t_ns;
    }
}

/* Role chunk at 50 ms; 1 token at 100; 3 tokens in one chunk at 140; 1 token at 180; usage at 182; done 183. */
static void worked_example(struct request *r)
{
    add(r, 50, CHUNK_ROLE);
    add(r, 100, CHUNK_TEXT);
    add(r, 140, CHUNK_TEXT);
    add(r, 180, CHUNK_TEXT);
    add(r, 182, CHUNK_USAGE);
    add(r, 183, CHUNK_DONE);
    finish(r, -2, 0, 183, 5);
    r->usage.eval_ns = 100 * NS_PER_MS;
    r->usage.prompt_eval_ns = 60 * NS_PER_MS;
    r->usage.prompt_tok = 30;
    r->usage.load_ns = 10 * NS_PER_MS;
    str_addz(&r->text, "one two, \"three\"\n");
}

/* Reasoning first, two events in one read, a finish event with times and a usage event; a token a chunk. */
static void merged_reads(struct request *r)
{
    add(r, 1040, CHUNK_COMMENT);
    add(r, 1100, CHUNK_REASONING);
    add(r, 1150, CHUNK_TEXT);
    add(r, 1150, CHUNK_TEXT);
    add(r, 1200, CHUNK_TEXT);
    add(r, 1201, CHUNK_USAGE);
    add(r, 1203, CHUNK_USAGE);
    add(r, 1204, CHUNK_DONE);
    finish(r, 995, 1000, 1204, 4);
    r->usage.prompt_tok = 20;
}

static void broken(struct request *r)
{
    add(r, 1600, CHUNK_TEXT);
    add(r, 1650, CHUNK_TEXT);
    finish(r, 1500, 1500, 3000, -1);
    r->outcome = OUTCOME_RESET;
    str_addz(&r->error, "reset <\x1B\xFF> by peer");
}

static void one_token(struct request *r)
{
    add(r, 2050, CHUNK_ROLE);
    add(r, 2101, CHUNK_TEXT);
    add(r, 2102, CHUNK_OTHER);
    add(r, 2103, CHUNK_USAGE);
    add(r, 2104, CHUNK_DONE);
    finish(r, 2000, 2001, 2104, 1);
    r->usage.prompt_tok = 10;
}

static const char plan[] =
    "{\"arms\":[{\"agents\":[],\"load\":\"l\",\"name\":\"solo\"}],"
    "\"loads\":[{\"arrival\":\"poisson\",\"burstiness\":1,\"input_len\":[0,30,30,0,0],\"max_concurrency\":4,"
    "\"name\":\"l\",\"output_len\":[1,1,5,0,0],\"route\":\"chat\",\"server\":\"s\",\"stages\":[]}],"
    "\"servers\":[{\"kind\":\"http://127.0.0.1:8000\",\"name\":\"s\"}]}";

static struct store *small_result(const struct scratch *scratch, const char *plan_json)
{
    static void (*const make[])(struct request *) = {worked_example, merged_reads, broken, one_token};
    struct err e = ERR_INIT;
    struct store *s = NULL;
    struct store_study study = fixture_study();
    struct session session = {
        .agent = "load", .server = "s", .released_ns = T0, .started_ns = T0, .ended_ns = at_ms(3000)};
    struct run run = {.arm = "solo",
                      .state = RUN_COMPLETE,
                      .wall_ns = 1767225600 * NS_PER_S, /* 2026-01-01 */
                      .started_ns = T0,
                      .ended_ns = at_ms(3000),
                      .sessions = &session,
                      .n_sessions = 1,
                      .verdict = VERDICT_SUSPECT,
                      .verdict_why = "for a test"};
    study.plan_json = plan_json;
    must(store_create(&s, scratch->path, &study, &e), &e);
    must(store_run_begin(s, &run, &e), &e);
    for (int i = 0; i < 4; i++) {
        struct request r;
        request_init(&r);
        r.seq = i;
        make[i](&r);
        must(store_request(s, run.id, &r, &e), &e);
        request_release(&r);
    }
    must(store_run_end(s, &run, &e), &e);
    return s;
}

static void export_text(struct store *s, const struct scratch *scratch, export_fn *write, struct str *out)
{
    struct err e = ERR_INIT;
    char name[96];
    snprintf(name, sizeof name, "%s/export", scratch->dir);
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    must(export_all(s, write, file, &e), &e);
    assert_int_equal(fclose(file), 0);
    must(file_read(name, 1 << 22, out, &e), &e);
}

static const struct {
    const char *name;
    export_fn *write;
} formats[] = {
    {"vllm", export_vllm},
    {"aiperf", export_aiperf},
    {"aiperf-records", export_aiperf_records},
    {"guidellm", export_guidellm},
    {"inference-perf", export_inference_perf},
    {"llama-bench", export_llama_bench},
    {"chrome-trace", export_chrome_trace},
};
enum { FORMATS = sizeof formats / sizeof formats[0] };

/* ---- golden --------------------------------------------------------------------------------------------------------- */

static void golden(const char *name, const struct str *got)
{
    struct str path = STR_INIT, want = STR_INIT;
    struct err e = ERR_INIT;
    const char *mode = getenv("CHIMERA_GOLDEN");
    str_addf(&path, "%s/unit/exchange/golden/%s.json", TESTS_DIR, name);
    if (mode && !strcmp(mode, "write"))
        must(file_write(path.at, got->at, got->len, &e), &e);
    must(file_read(path.at, 1 << 22, &want, &e), &e);
    if (got->len != want.len || memcmp(got->at, want.at, got->len) != 0)
        fail_msg("%s differs:\n%.*s", path.at, (int)got->len, got->at);
    str_release(&path);
    str_release(&want);
}

static void golden_files(void **state)
{
    (void)state;
    struct scratch scratch;
    scratch_make(&scratch);
    struct store *s = small_result(&scratch, plan);
    for (size_t i = 0; i < FORMATS; i++) {
        struct str text = STR_INIT;
        export_text(s, &scratch, formats[i].write, &text);
        golden(formats[i].name, &text);
        str_release(&text);
    }
    fixture_close(s);
    scratch_remove(&scratch);
}

/* ---- by hand -------------------------------------------------------------------------------------------------------- */

struct expected {
    const char *path; /* JSON pointer */
    double value;
};

static void check(export_fn *write, const struct expected *rows, size_t n)
{
    struct scratch scratch;
    struct str text = STR_INIT;
    struct err e = ERR_INIT;
    scratch_make(&scratch);
    struct store *s = small_result(&scratch, plan);
    export_text(s, &scratch, write, &text);
    size_t end = text.len;
    if (write == export_aiperf_records) /* the first line */
        end = (size_t)((const char *)memchr(text.at, '\n', text.len) - text.at);
    yyjson_doc *doc = json_read(text.at, end, NULL, &e);
    assert_non_null(doc);
    for (size_t i = 0; i < n; i++) {
        yyjson_val *v = yyjson_doc_ptr_get(doc, rows[i].path);
        if (!yyjson_is_num(v) || fabs(yyjson_get_num(v) - rows[i].value) > 1e-9 * fmax(1, fabs(rows[i].value)))
            fail_msg("%s: %.17g, want %.17g", rows[i].path, yyjson_is_num(v) ? yyjson_get_num(v) : NAN, rows[i].value);
    }
    yyjson_doc_free(doc);
    str_release(&text);
    fixture_close(s);
    scratch_remove(&scratch);
}
#define CHECK(write, rows) check(write, rows, sizeof rows / sizeof rows[0])

/* Values of requests 0, 1 and 3: ttft 50 100 49, tpot 32.5 33.67, itl nine gaps, e2el 180 200 102. */
static void vllm_by_hand(void **state)
{
    (void)state;
    static const struct expected rows[] = {
        {"/num_prompts", 4},
        {"/max_concurrency", 4},
        {"/duration", 3},
        {"/completed", 3},
        {"/failed", 1},
        {"/total_input_tokens", 60},
        {"/total_output_tokens", 10},
        {"/request_throughput", 1},
        {"/output_throughput", 10 / 3.0},
        {"/total_token_throughput", 70 / 3.0},
        {"/mean_ttft_ms", 199.0 / 3},
        {"/median_ttft_ms", 50},
        {"/std_ttft_ms", 23.809428571424}, /* sqrt(((50-66.33)^2 + (100-66.33)^2 + (49-66.33)^2) / 3) */
        {"/p90_ttft_ms", 90},
        {"/p99_ttft_ms", 99},
        {"/mean_tpot_ms", (32.5 + 101.0 / 3) / 2},
        {"/mean_itl_ms", 283.0 / 9},
        {"/median_itl_ms", 40},
        {"/p90_itl_ms", 50.2},
        {"/mean_e2el_ms", 482.0 / 3},
        {"/median_e2el_ms", 180},
        {"/input_lens/1", 20},
        {"/output_lens/0", 5},
        {"/output_lens/2", 0},
        {"/ttfts/0", 0.05},
        {"/ttfts/2", 0.1},
        {"/itls/0/0", 0.05},
        {"/itls/0/2", 0.04},
        {"/itls/1/1", 0},
        {"/start_times/3", 9.001},
    };
    CHECK(export_vllm, rows);
}

static void aiperf_by_hand(void **state)
{
    (void)state;
    static const struct expected rows[] = {
        {"/request_count/avg", 3},
        {"/error_request_count/avg", 1},
        {"/benchmark_duration/avg", 2.101},
        {"/request_throughput/avg", 3 / 2.101},
        {"/output_token_throughput/avg", 10 / 2.101},
        {"/total_token_throughput/avg", 70 / 2.101},
        {"/time_to_first_token/avg", 100},
        {"/time_to_first_output_token/p90", 140},
        {"/inter_token_latency/avg", 80.0 / 3},
        {"/inter_token_latency/count", 2},
        {"/inter_token_latency/std", 20.0 / 3}, /* 20 and 33.3 */
        {"/inter_chunk_latency/avg", 36},
        {"/inter_chunk_latency/count", 5},
        {"/inter_chunk_latency/sum", 180},
        {"/request_latency/p50", 180},
        {"/output_sequence_length/sum", 10},
        {"/input_sequence_length/max", 30},
        {"/error_summary/0/count", 1},
    };
    static const struct expected first[] = {
        {"/metadata/turn_index", 0},
        {"/metadata/request_start_ns", 1767225600e9},
        {"/metadata/request_end_ns", 1767225600.183e9},
        {"/metrics/time_to_first_token/value", 100},
        {"/metrics/inter_token_latency/value", 20},
        {"/metrics/inter_chunk_latency/value/1", 40},
        {"/metrics/request_latency/value", 180},
        {"/metrics/output_sequence_length/value", 5},
    };
    CHECK(export_aiperf, rows);
    CHECK(export_aiperf_records, first);
}

static void guidellm_by_hand(void **state)
{
    (void)state;
#define METRICS "/benchmarks/0/metrics/"
    static const struct expected rows[] = {
        {METRICS "request_totals/successful", 3},
        {METRICS "request_totals/errored", 1},
        {METRICS "request_totals/total", 4},
        {METRICS "time_to_first_token_ms/successful/mean", 100},
        {METRICS "time_to_first_token_ms/errored/mean", 100},
        {METRICS "time_to_first_output_token_ms/successful/percentiles/p90", 150},
        {METRICS "time_per_output_token_ms/successful/mean", 48}, /* weights 5, 4, 1 */
        {METRICS "time_per_output_token_ms/successful/median", 36},
        {METRICS "time_per_output_token_ms/successful/count", 10},
        {METRICS "inter_token_latency_ms/successful/mean", 180.0 / 7},
        {METRICS "request_latency/successful/mean", 0.49 / 3},
        {METRICS "request_latency/total/max", 1.5},
        {METRICS "output_token_count/successful/total_sum", 10},
        {METRICS "prompt_token_count/successful/mean", 20},
        /* in flight 0.183 + 0.204 + 0.103 of 3 s */
        {METRICS "request_concurrency/successful/mean", 0.49 / 3},
        {METRICS "requests_per_second/successful/mean", 1},
        {METRICS "output_tokens_per_second/successful/mean", 10 / 3.0},
        {METRICS "requests_per_second/successful/count", 3},
        {"/benchmarks/0/requests/successful/0/info/timings/token_iterations", 3},
        {"/benchmarks/0/requests/successful/0/output_metrics/text_tokens", 5},
        {"/benchmarks/0/requests/errored/0/info/timings/token_iterations", 2},
        {"/benchmarks/0/scheduler_metrics/request_end_time", 1767225603},
        {"/config/spec/data/0/prompt_tokens", 30},
        {"/config/spec/data/0/output_tokens", 3}, /* drawn from 1 to 5: the mean of what came */
    };
    CHECK(export_guidellm, rows);
}

static void inference_perf_by_hand(void **state)
{
    (void)state;
    static const struct expected rows[] = {
        {"/benchmark_time_seconds", 3},
        {"/load_summary/count", 4},
        {"/load_summary/schedule_delay/max", 0.005},
        {"/load_summary/send_duration", 2.001},
        {"/load_summary/achieved_rate", 4 / 2.001},
        {"/load_summary/concurrency", 4},
        {"/successes/count", 3},
        {"/successes/latency/time_to_first_token/mean", 0.125},
        {"/successes/latency/inter_token_latency/mean", 0.13 / 7},
        {"/successes/latency/time_per_output_token/mean", 0.055 / 3},
        {"/successes/latency/normalized_time_per_output_token/median", 0.051},
        {"/successes/latency/request_latency/median", 0.183},
        {"/successes/throughput/input_tokens_per_sec", 20},
        {"/successes/throughput/output_tokens_per_sec", 10 / 3.0},
        {"/successes/prompt_tokens/total", 60},
        {"/successes/output_tokens/total", 10},
        {"/failures/count", 1},
        {"/failures/request_latency/mean", 1.5},
    };
    CHECK(export_inference_perf, rows);
}

static void llama_bench_by_hand(void **state)
{
    (void)state;
    static const struct expected rows[] = {
        {"/0/n_prompt", 30},        {"/0/n_gen", 0}, {"/0/avg_ns", 60e6},  {"/0/avg_ts", 500},      {"/0/stddev_ns", 0},
        {"/1/n_prompt", 0},         {"/1/n_gen", 5}, {"/1/avg_ns", 100e6}, {"/1/samples_ts/0", 50}, {"/1/avg_ts", 50},
        {"/1/samples_ns/0", 100e6},
    };
    CHECK(export_llama_bench, rows);
}

/* Counted back from the first token at 100 ms: 60 ms prefill, 10 ms load, the rest was queue. */
static void trace_by_hand(void **state)
{
    (void)state;
    static const char *const names[] = {"process_name", "thread_name", "session", "request", "send",
                                        "queue",        "load",        "prefill", "decode",  "tail"};
    static const double spans[][2] = {{0, 3e6},       {-2000, 185000}, {-2000, 2000},   {0, 30000},
                                      {30000, 10000}, {40000, 60000},  {100000, 80000}, {180000, 3000}};
    struct scratch scratch;
    struct str text = STR_INIT;
    struct err e = ERR_INIT;
    scratch_make(&scratch);
    struct store *s = small_result(&scratch, plan);
    export_text(s, &scratch, export_chrome_trace, &text);
    yyjson_doc *doc = json_read(text.at, text.len, NULL, &e);
    yyjson_val *events = yyjson_obj_get(yyjson_doc_get_root(doc), "traceEvents");
    size_t span = 0, lane = 0;
    for (size_t i = 0; i < 11; i++) {
        yyjson_val *event = yyjson_arr_get(events, i);
        struct span name = json_get_text(event, "name");
        if (i == 3) { /* the request begins before the session: it can not nest, and gets a thread of its own */
            assert_true(span_eq_z(name, "thread_name"));
            lane = 1;
            continue;
        }
        assert_true(span_eq_z(name, names[i - lane]));
        if (i < 2)
            continue;
        assert_true(fabs(json_get_double(event, "ts", NAN) - spans[span][0]) < 1e-6);
        assert_true(fabs(json_get_double(event, "dur", NAN) - spans[span][1]) < 1e-6);
        span++;
    }
    yyjson_doc_free(doc);
    str_release(&text);
    fixture_close(s);
    scratch_remove(&scratch);
}

/* What the plan asked, in the words of vLLM and GuideLLM. */
static void what_was_asked(void **state)
{
    (void)state;
    static const struct {
        const char *load; /* of the plan */
        const char *path; /* of the file */
        export_fn *write;
        const char *want; /* as JSON */
    } rows[] = {
        {"\"arrival\":\"constant\",\"stages\":[5.5,5.5,1000]", "/request_rate", export_vllm, "5.5"},
        {"\"arrival\":\"constant\",\"stages\":[5.5,5.5,1000]", "/burstiness", export_vllm, "null"},
        {"\"arrival\":\"gamma\",\"burstiness\":0.5,\"stages\":[9,9,1]", "/burstiness", export_vllm, "0.5"},
        {"\"arrival\":\"poisson\",\"stages\":[2,8,1]", "/request_rate", export_vllm, "null"},
        {"\"arrival\":\"poisson\",\"stages\":[2,8,1]", "/ramp_up_end_rps", export_vllm, "8"},
        {"\"arrival\":\"poisson\",\"stages\":[2,2,1,8,8,1]", "/request_rate", export_vllm, "null"},
        {"\"stages\":[],\"route\":\"completion\"", "/backend", export_vllm, "\"openai\""},
        {"\"stages\":[],\"route\":\"chat\"", "/endpoint_type", export_vllm, "\"openai-chat\""},
        {"\"arrival\":\"constant\",\"stages\":[5.5,5.5,1000]", "/benchmarks/0/config/strategy", export_guidellm,
         "{\"type_\":\"constant\",\"rate\":5.5}"},
        {"\"arrival\":\"gamma\",\"stages\":[5,5,1]", "/benchmarks/0/config/profile", export_guidellm,
         "{\"kind\":\"poisson\",\"rate\":[5]}"},
        {"\"arrival\":\"poisson\",\"stages\":[2,8,1]", "/benchmarks/0/config/strategy", export_guidellm,
         "{\"type_\":\"throughput\",\"max_concurrency\":null}"},
        {"\"max_concurrency\":7", "/config/spec/profile", export_guidellm, "{\"kind\":\"concurrent\",\"streams\":[7]}"},
        {"\"arrival\":\"poisson\",\"stages\":[2,2,1]", "/load_summary/requested_rate", export_inference_perf, "2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scratch scratch;
        struct str json = STR_INIT, text = STR_INIT;
        struct err e = ERR_INIT;
        str_addf(&json, "{\"arms\":[{\"load\":\"l\",\"name\":\"solo\"}],\"loads\":[{\"name\":\"l\",%s}]}",
                 rows[i].load);
        scratch_make(&scratch);
        struct store *s = small_result(&scratch, json.at);
        export_text(s, &scratch, rows[i].write, &text);
        yyjson_doc *doc = json_read(text.at, text.len, NULL, &e);
        yyjson_val *v = yyjson_doc_ptr_get(doc, rows[i].path);
        yyjson_doc *want = json_read(rows[i].want, strlen(rows[i].want), NULL, &e);
        char *got = v ? yyjson_val_write(v, 0, NULL) : NULL, *wanted = yyjson_write(want, 0, NULL);
        if (!got || strcmp(got, wanted) != 0)
            fail_msg("%s of %s: %s, want %s", rows[i].path, rows[i].load, got ? got : "absent", wanted);
        free(got);
        free(wanted);
        yyjson_doc_free(doc);
        yyjson_doc_free(want);
        fixture_close(s);
        scratch_remove(&scratch);
        str_release(&json);
        str_release(&text);
    }
}

/* ---- anything that a result may hold ---------------------------------------------------------------------------------- */

static void anything_is_json(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct scratch scratch;
        struct rng g = rng_stream(seed, "peers");
        struct run run;
        scratch_make(&scratch);
        struct store *s = fixture_create(&scratch);
        any_run(&g, &run, 0, (size_t)rng_below(&g, 12));
        run.state = RUN_COMPLETE;
        write_run(s, &run);
        for (size_t i = 0; i < FORMATS; i++) {
            struct str text = STR_INIT;
            struct err e = ERR_INIT;
            char name[96];
            snprintf(name, sizeof name, "%s/export", scratch.dir);
            FILE *file = fopen(name, "w");
            int rc = export_all(s, formats[i].write, file, &e);
            assert_int_equal(fclose(file), 0);
            if (rc && formats[i].write == export_llama_bench)
                continue; /* no times */
            must(rc, &e);
            must(file_read(name, 1 << 24, &text, &e), &e);
            for (size_t from = 0, to; from < text.len; from = to + 1) {
                const char *end = memchr(text.at + from, '\n', text.len - from);
                assert_non_null(end);
                to = (size_t)(end - text.at);
                yyjson_doc *doc = json_read(text.at + from, to - from, NULL, &e);
                if (!doc)
                    fail_msg("seed %llu, %s: %s", (unsigned long long)seed, formats[i].name, e.text);
                yyjson_doc_free(doc);
            }
            str_release(&text);
        }
        any_run_release(&run);
        fixture_close(s);
        scratch_remove(&scratch);
    }
}

/* ---- which runs --------------------------------------------------------------------------------------------------------- */

static void choose(struct store *s, struct run_choice choice, size_t want, const char *complaint)
{
    struct arena a = {0};
    struct run *runs;
    size_t n;
    struct err e = ERR_INIT;
    int rc = runs_choose(s, &choice, &a, &runs, &n, &e);
    if (complaint && (rc != ERR_USAGE || !strstr(e.text, complaint)))
        fail_msg("rc %d: %s", rc, e.text);
    if (!complaint)
        must(rc, &e);
    assert_int_equal(complaint ? want : n, want);
    arena_release(&a);
}

static void runs_are_chosen(void **state)
{
    (void)state;
    struct scratch scratch;
    struct rng g = rng_stream(1, "choice");
    scratch_make(&scratch);
    struct store *s = fixture_create(&scratch);
    for (int32_t i = 0; i < 3; i++) {
        struct run run;
        any_run(&g, &run, i, 1);
        run.state = i == 1 ? RUN_ABORTED : RUN_COMPLETE;
        write_run(s, &run);
        any_run_release(&run);
    }
    choose(s, (struct run_choice){0}, 3, NULL);
    choose(s, (struct run_choice){.complete = true}, 2, NULL);
    choose(s, (struct run_choice){.run = 2}, 1, NULL);
    choose(s, (struct run_choice){.arm = "pair"}, 2, NULL);
    choose(s, (struct run_choice){.arm = "pair", .complete = true, .one = true}, 1, NULL);
    choose(s, (struct run_choice){.complete = true, .one = true}, 0,
           "say with --run which of them: 1 (solo, block 1, ");
    choose(s, (struct run_choice){.run = 2, .complete = true}, 0, "no complete run of that choice; there are: 1 (solo");
    choose(s, (struct run_choice){.arm = "none"}, 0, "2 (pair, block 1, aborted");
    fixture_close(s);
    scratch_remove(&scratch);
}

static void failures_are_told(void **state)
{
    (void)state;
    struct scratch scratch;
    struct err e = ERR_INIT;
    scratch_make(&scratch);
    struct store *s = small_result(&scratch, plan);
    for (size_t i = 0; i < FORMATS; i++) {
        FILE *out = fopen("/dev/full", "w");
        if (!out)
            skip();
        e = (struct err)ERR_INIT;
        assert_int_equal(export_all(s, formats[i].write, out, &e), ERR_IO);
        fclose(out);
    }
    fixture_close(s);
    scratch_remove(&scratch);
    scratch_make(&scratch);
    s = small_result(&scratch, "not JSON");
    e = (struct err)ERR_INIT;
    FILE *out = fopen("/dev/null", "w");
    assert_int_equal(export_all(s, export_vllm, out, &e), ERR_INPUT);
    assert_non_null(strstr(e.text, "the plan in the result"));
    fclose(out);
    fixture_close(s);
    scratch_remove(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_files),           cmocka_unit_test(vllm_by_hand),
        cmocka_unit_test(aiperf_by_hand),         cmocka_unit_test(guidellm_by_hand),
        cmocka_unit_test(inference_perf_by_hand), cmocka_unit_test(llama_bench_by_hand),
        cmocka_unit_test(trace_by_hand),          cmocka_unit_test(what_was_asked),
        cmocka_unit_test(anything_is_json),       cmocka_unit_test(runs_are_chosen),
        cmocka_unit_test(failures_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
