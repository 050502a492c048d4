/* Files of other tools as results: what the golden files of test_exchange_peers.c (the worked example of test_peer.c) come
 * back as, and files that are not what they should be. */
#include "import_fixture.h"

#include "exchange/aiperf.h"
#include "exchange/guidellm.h"
#include "exchange/llama_bench.h"
#include "exchange/out.h"
#include "exchange/peer_import.h"
#include "exchange/vllm.h"

#define GOLDEN TESTS_DIR "/unit/exchange/golden/"
#define AIPERF "aiperf", aiperf_formats
#define NEAR(got, want, within)                                                                                        \
    do {                                                                                                               \
        double got_ = (got), want_ = (want);                                                                           \
        if (!(fabs(got_ - want_) <= (within)))                                                                         \
            fail_msg(#got ": %.17g, want %.17g", got_, want_);                                                         \
    } while (0)

#define VLLM "vllm", vllm_formats
#define GUIDELLM "guidellm", guidellm_formats
#define LLAMA "llama-bench", llama_bench_formats

static void import_one(struct imported *m, const char *lab, const struct import_format *formats, const char *path)
{
    import_as(m, lab, formats, (const char *const[]){path}, 1);
    must(m->rc, &m->e);
}

static void read_text(const char *path, struct str *out)
{
    struct err e = ERR_INIT;
    must(file_read(path, 1 << 22, out, &e), &e);
}

/* A file of this text in a folder of its own, imported. */
static void import_text(struct imported *m, const char *lab, const struct import_format *formats, const char *text)
{
    struct scratch in;
    struct err e = ERR_INIT;
    scratch_make(&in);
    must(file_write(in.path, text, strlen(text), &e), &e);
    import_as(m, lab, formats, (const char *const[]){in.path}, 1);
    scratch_remove(&in);
}

static void export_again(const struct imported *m, export_fn *write, struct str *out)
{
    struct arena a = {0};
    struct err e = ERR_INIT;
    struct run *runs;
    size_t n, len = 0;
    char *text = NULL;
    FILE *f = open_memstream(&text, &len);
    assert_non_null(f);
    must(runs_choose(m->store, &(struct run_choice){0}, &a, &runs, &n, &e), &e);
    must(write(m->store, runs, n, f, &e), &e);
    assert_int_equal(fclose(f), 0);
    str_add(out, text, len);
    free(text);
    arena_release(&a);
}

/* The text with the first `from` in it as `to`. */
static void replace(struct str *s, const char *from, const char *to)
{
    struct str out = STR_INIT;
    const char *at = strstr(str_z(s), from);
    if (!at)
        fail_msg("no %s in it", from);
    str_add(&out, s->at, (size_t)(at - s->at));
    str_addz(&out, to);
    str_addz(&out, at + strlen(from));
    str_release(s);
    *s = out;
}

/* ---- round trips ---------------------------------------------------------------------------------------------------- */

static void vllm_comes_back(void **state)
{
    (void)state;
    struct imported m;
    struct str first = STR_INIT, again = STR_INIT;
    read_text(GOLDEN "vllm.json", &first);
    import_one(&m, VLLM, GOLDEN "vllm.json");
    export_again(&m, export_vllm, &again);
    replace(&first, "\"SUSPECT\"", "null"); /* the verdict is not of the imported run */
    assert_string_equal(again.at, first.at);
    imported_release(&m);
    str_release(&first);
    str_release(&again);
}

static void aiperf_records_come_back(void **state)
{
    (void)state;
    struct imported m;
    struct str first = STR_INIT, again = STR_INIT;
    read_text(GOLDEN "aiperf-records.json", &first);
    import_one(&m, AIPERF, GOLDEN "aiperf-records.json");
    export_again(&m, export_aiperf_records, &again);
    assert_string_equal(again.at, first.at);
    imported_release(&m);
    str_release(&first);
    str_release(&again);
}

static void llama_bench_comes_back(void **state)
{
    (void)state;
    struct imported m;
    struct str first = STR_INIT, again = STR_INIT;
    read_text(GOLDEN "llama-bench.json", &first);
    import_one(&m, LLAMA, GOLDEN "llama-bench.json");
    assert_int_equal(m.n_runs, 2);
    assert_string_equal(m.runs[0].arm, "solo m pp30");
    assert_int_equal(m.runs[0].requests[0].usage.prompt_eval_ns, 60000000);
    assert_int_equal(m.runs[1].requests[0].usage.eval_ns, 100000000);
    assert_true(m.runs[1].requests[0].stamp[STAMP_SENT] == MONO_NONE);
    export_again(&m, export_llama_bench, &again);
    replace(&again, "solo m pp30", "solo"); /* the build is the arm there */
    replace(&again, "solo m tg5", "solo");
    assert_string_equal(again.at, first.at);
    imported_release(&m);
    str_release(&first);
    str_release(&again);
}

/* Its doubles are a quarter of a microsecond apart, so the first file's statistics, which are of exact stamps, do not come
 * back to the last digit (tests/cases/round_trip.py compares them). What has been through it once is the same for ever. */
static void guidellm_stays_the_same(void **state)
{
    (void)state;
    struct imported m;
    struct str once = STR_INIT, twice = STR_INIT;
    import_one(&m, GUIDELLM, GOLDEN "guidellm.json");
    export_again(&m, export_guidellm, &once);
    imported_release(&m);
    import_text(&m, GUIDELLM, once.at);
    must(m.rc, &m.e);
    export_again(&m, export_guidellm, &twice);
    const char *a = strstr(once.at, "\"strategy\""), *b = strstr(twice.at, "\"strategy\""); /* behind the plan's hash */
    assert_non_null(a);
    assert_string_equal(b, a);
    imported_release(&m);
    str_release(&once);
    str_release(&twice);
}

/* Wherever in its second a benchmark begins, each time comes back as the double it was. */
static void guidellm_times_are_exact(void **state)
{
    (void)state;
    static const char *const keys[] = {"targeted_start", "request_start", "first_token_iteration",
                                       "last_token_iteration", "request_end"};
    struct err e = ERR_INIT;
    for (int i = 0; i < 20; i++) {
        struct imported m;
        struct str first = STR_INIT, again = STR_INIT;
        char start[64];
        snprintf(start, sizeof start, "\"start_time\":%.7f,\"request_start_time\"", 1767225598.9 + 0.0510203 * i);
        read_text(GOLDEN "guidellm.json", &first);
        replace(&first, "\"start_time\":1767225600,\"request_start_time\"", start);
        import_text(&m, GUIDELLM, first.at);
        must(m.rc, &m.e);
        export_again(&m, export_guidellm, &again);
        yyjson_doc *a = json_read(first.at, first.len, NULL, &e), *b = json_read(again.at, again.len, NULL, &e);
        for (size_t k = 0; k < 5 * 3; k++) {
            char path[128];
            snprintf(path, sizeof path, "/benchmarks/0/requests/successful/%zu/info/timings/%s", k / 5, keys[k % 5]);
            double was = yyjson_get_num(yyjson_doc_ptr_get(a, path)), is = yyjson_get_num(yyjson_doc_ptr_get(b, path));
            if (was != is || !(was > 1.7e9))
                fail_msg("%s: %.9f is now %.9f", path, was, is);
        }
        yyjson_doc_free(a);
        yyjson_doc_free(b);
        imported_release(&m);
        str_release(&first);
        str_release(&again);
    }
}

/* ---- what is known of a request ------------------------------------------------------------------------------------- */

static double stamp_ms(const struct request *q, enum stamp s)
{
    return (double)(q->stamp[s] - q->stamp[STAMP_SENT]) / 1e6;
}

static void vllm_tells_events_only(void **state)
{
    (void)state;
    struct imported m;
    import_one(&m, VLLM, GOLDEN "vllm.json");
    const struct run *r = &m.runs[0];
    const struct request *q = &r->requests[0];
    assert_int_equal(m.n_runs, 1);
    assert_string_equal(r->arm, "solo");
    assert_int_equal(r->verdict, VERDICT_NONE);
    assert_int_equal(r->ended_ns - r->started_ns, 3 * NS_PER_S);
    assert_int_equal(r->n_requests, 4);
    assert_int_equal(q->stamp[STAMP_SENT], 7 * NS_PER_S);
    assert_int_equal(q->chunks.n, 4);
    assert_int_equal(q->chunks.at[3].t_ns - q->stamp[STAMP_SENT], 180 * NS_PER_MS);
    assert_int_equal(q->chunks.at[0].kind, CHUNK_OTHER);
    assert_int_equal(q->chunks.at[0].flags, CHUNK_UNSTAMPED);
    assert_int_equal(q->flags, REQUEST_UNSTAMPED_SEND);
    for (int s = 0; s < STAMP_COUNT; s++)
        assert_true(s == STAMP_SENT || q->stamp[s] == MONO_NONE);
    assert_int_equal(q->usage.completion_tok, 5);
    const struct request *broken = &r->requests[2];
    assert_int_equal(broken->outcome, OUTCOME_UNTOLD);
    assert_int_equal(broken->usage.completion_tok, -1);
    assert_int_equal(broken->usage.prompt_tok, -1);
    assert_int_equal(broken->chunks.n, 2);
    assert_true(isnan(metric_find("ttft")->of_request(q)));
    struct metric ttft = peer_metric(peer_find("ttft.vllm")), rate = peer_metric(peer_find("output_rate.vllm"));
    NEAR(run_median_of(r, &ttft), 50, 1e-9);
    NEAR(run_median_of(r, &rate), 10 / 3.0, 1e-9);
    imported_release(&m);
}

static void aiperf_tells_text_chunks(void **state)
{
    (void)state;
    struct imported m;
    import_one(&m, AIPERF, GOLDEN "aiperf-records.json");
    const struct run *r = &m.runs[0];
    const struct request *q = &r->requests[1];
    assert_int_equal(m.n_runs, 1);
    assert_string_equal(r->arm, "aiperf-records");
    assert_int_equal(r->started_ns, 0);
    assert_int_equal(r->wall_ns, 1767225600 * NS_PER_S - 2 * NS_PER_MS); /* the first was planned 2 ms before */
    assert_int_equal(q->stamp[STAMP_SENT] - q->stamp[STAMP_PLANNED], 5 * NS_PER_MS);
    NEAR(stamp_ms(q, STAMP_FIRST_BYTE), 40, 0);
    NEAR(stamp_ms(q, STAMP_FIRST_TOKEN), 100, 0);
    NEAR(stamp_ms(q, STAMP_FIRST_ANSWER), 150, 0);
    NEAR(stamp_ms(q, STAMP_LAST_TOKEN), 200, 0);
    NEAR(stamp_ms(q, STAMP_DONE), 204, 0);
    assert_int_equal(q->chunks.n, 4);
    assert_int_equal(q->chunks.at[0].kind, CHUNK_REASONING);
    assert_int_equal(q->chunks.at[1].kind, CHUNK_TEXT);
    assert_true(q->stamp[STAMP_FIRST_CHUNK] == MONO_NONE);
    assert_int_equal(r->requests[2].outcome, OUTCOME_RESET);
    assert_int_equal(r->requests[2].chunks.n, 0);
    imported_release(&m);
}

static void guidellm_tells_no_chunks(void **state)
{
    (void)state;
    struct imported m;
    import_one(&m, GUIDELLM, GOLDEN "guidellm.json");
    const struct run *r = &m.runs[0];
    const struct request *q = &r->requests[1];
    assert_int_equal(r->wall_ns, 1767225600 * NS_PER_S);
    assert_int_equal(r->n_requests, 4);
    NEAR(stamp_ms(q, STAMP_FIRST_CHUNK), 40, 3e-4);
    NEAR(stamp_ms(q, STAMP_LAST_TOKEN), 200, 3e-4);
    assert_int_equal(q->chunks.n, 0);
    assert_int_equal(q->chunks.dropped, 8);
    assert_int_equal(r->requests[3].outcome, OUTCOME_UNTOLD);
    imported_release(&m);
}

/* ---- what the files say of themselves ------------------------------------------------------------------------------- */

static double told(struct imported *m, int64_t run, const char *id, const char *key)
{
    struct err e = ERR_INIT;
    const char *note = store_get_note(m->store, &m->arena, "import");
    assert_non_null(note);
    yyjson_doc *doc = json_read(note, strlen(note), NULL, &e);
    yyjson_val *list = yyjson_obj_get(yyjson_doc_get_root(doc), "told"), *x;
    double value = NAN;
    size_t i, n;
    yyjson_arr_foreach (list, i, n, x) {
        if (json_get_int(x, "run", -1) == run && span_eq_z(json_get_text(x, "id"), id))
            value = json_get_double(x, key, NAN);
    }
    yyjson_doc_free(doc);
    return value;
}

static void summaries_are_told(void **state)
{
    (void)state;
    struct imported m;
    import_one(&m, AIPERF, GOLDEN "aiperf.json");
    assert_int_equal(m.n_runs, 1);
    assert_int_equal(m.runs[0].n_requests, 0);
    assert_int_equal(m.runs[0].ended_ns, 2101 * NS_PER_MS);
    assert_string_equal(m.runs[0].arm, "solo");
    NEAR(told(&m, 1, "itl.aiperf", "p90"), 32, 1e-9);
    NEAR(told(&m, 1, "icl.aiperf", "n"), 5, 0);
    NEAR(told(&m, 1, "output_rate.aiperf", "mean"), 10 / 2.101, 1e-9);
    assert_true(isnan(told(&m, 1, "goodput.aiperf", "mean")));
    imported_release(&m);
    import_one(&m, GUIDELLM, GOLDEN "guidellm.json");
    NEAR(told(&m, 1, "e2e.guidellm", "p50"), 183, 1e-9); /* it has s */
    NEAR(told(&m, 1, "tpot.guidellm", "mean"), 48, 1e-9);
    imported_release(&m);
    import_one(&m, VLLM, GOLDEN "vllm.json");
    NEAR(told(&m, 1, "e2e.vllm", "p50"), 180, 1e-9);
    imported_release(&m);
}

/* AIPerf writes both files of a run into one folder, in whatever order they are named. */
static void a_summary_is_of_the_run_beside_it(void **state)
{
    (void)state;
    struct scratch in;
    struct str text = STR_INIT;
    struct err e = ERR_INIT;
    char records[96], summary[96];
    scratch_make(&in);
    snprintf(records, sizeof records, "%s/profile_export.jsonl", in.dir);
    snprintf(summary, sizeof summary, "%s/profile_export_aiperf.json", in.dir);
    read_text(GOLDEN "aiperf-records.json", &text);
    must(file_write(records, text.at, text.len, &e), &e);
    str_clear(&text);
    read_text(GOLDEN "aiperf.json", &text);
    must(file_write(summary, text.at, text.len, &e), &e);
    for (int i = 0; i < 2; i++) {
        struct imported m;
        import_as(&m, AIPERF, (const char *const[]){i ? records : summary, i ? summary : records}, 2);
        must(m.rc, &m.e);
        assert_int_equal(m.n_runs, 1);
        assert_int_equal(m.runs[0].n_requests, 4);
        assert_string_equal(m.runs[0].arm, path_base(in.dir));
        NEAR(told(&m, m.runs[0].id, "ttft.aiperf", "mean"), 100, 1e-9);
        assert_int_equal(imported_file(&m, "aiperf.json")->runs, 0);
        imported_release(&m);
    }
    str_release(&text);
    scratch_remove(&in);
}

#define VLLM_HEAD                                                                                                      \
    "{\"model_id\":\"m\",\"backend\":\"vllm\",\"label\":\"old\",\"request_rate\":2.5,\"burstiness\":1,"                \
    "\"completed\":1,\"duration\":2,\"request_throughput\":0.5,\"mean_ttft_ms\":31,\"median_ttft_ms\":30"

/* --append-result: a result a line, and two of them may be alike. */
static void each_line_is_a_run(void **state)
{
    (void)state;
    struct imported m;
    import_text(&m, VLLM, VLLM_HEAD "}\n" VLLM_HEAD "}\n");
    must(m.rc, &m.e);
    assert_int_equal(m.n_runs, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(m.runs[i].arm, "old 2.5qps");
        assert_int_equal(m.runs[i].block, i); /* nothing makes a pair of them */
        assert_int_equal(m.runs[i].n_requests, 0);
        assert_true(m.runs[i].wall_ns == MONO_NONE);
        NEAR(told(&m, m.runs[i].id, "ttft.vllm", "p50"), 30, 0);
        assert_true(isnan(told(&m, m.runs[i].id, "ttft.vllm", "p99")));
    }
    struct store_info info;
    must(store_info(m.store, &m.arena, &info, &m.e), &m.e);
    assert_non_null(
        strstr(info.study.plan_json, "\"arrival\":\"poisson\",\"burstiness\":1,\"stages\":[2.5,2.5,2000000000]"));
    imported_release(&m);
}

static void expect_remark(const char *lab, const struct import_format *formats, const char *text, const char *words)
{
    struct imported m;
    import_text(&m, lab, formats, text);
    must(m.rc, &m.e);
    assert_int_equal(m.runs[0].n_requests, 0);
    const char *note = store_get_note(m.store, &m.arena, "import");
    if (!strstr(note, words))
        fail_msg("no word of '%s' in %s", words, note);
    imported_release(&m);
}

static void half_known_requests_are_none(void **state)
{
    (void)state;
    struct str text = STR_INIT;
    expect_remark(VLLM, VLLM_HEAD ",\"ttfts\":[0.031],\"itls\":[[0.01]]}", "no start_times");
    read_text(GOLDEN "guidellm.json", &text);
    replace(&text, "\"request_totals\":{\"successful\":3", "\"request_totals\":{\"successful\":300");
    expect_remark(GUIDELLM, text.at, "only a sample");
    str_release(&text);
}

static void tables_of_llama_bench_are_runs(void **state)
{
    (void)state;
    struct imported m;
    import_text(&m, LLAMA,
                "build_commit,model_filename,n_threads,n_batch,n_prompt,n_gen,n_depth,avg_ns,avg_ts\n"
                "\"abc\",\"models/x.gguf\",\"4\",\"2048\",\"512\",\"0\",\"0\",\"1000\",\"51.5\"\n"
                "\"abc\",\"models/x.gguf\",\"4\",\"128\",\"512\",\"16\",\"64\",\"1000\",\"9.5\"\n");
    must(m.rc, &m.e);
    assert_int_equal(m.n_runs, 2);
    assert_string_equal(m.runs[0].arm, "abc x.gguf t4 pp512");
    assert_string_equal(m.runs[1].arm, "abc x.gguf t4 b128 pp512+tg16@d64");
    NEAR(told(&m, 2, "avg_ts.llama-bench", "mean"), 9.5, 0);
    imported_release(&m);
}

/* ---- files that are not what they should be ------------------------------------------------------------------------- */

static void expect_refused(const char *lab, const struct import_format *formats, const char *golden, const char *from,
                           const char *to, const char *words)
{
    struct imported m;
    struct str text = STR_INIT, path = STR_INIT;
    str_addf(&path, GOLDEN "%s", golden);
    read_text(path.at, &text);
    replace(&text, from, to);
    import_text(&m, lab, formats, text.at);
    must(m.rc, &m.e);
    const struct import_file *f = &m.result.files[0];
    if (f->refused != 1 || !strstr(f->problem, words))
        fail_msg("%s for %s: refused %lld, %s", to, from, (long long)f->refused,
                 f->problem ? f->problem : "no problem");
    imported_release(&m);
    str_release(&text);
    str_release(&path);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    struct str gaps = STR_INIT;
    str_addz(&gaps, "\"itls\":[[");
    for (int i = 0; i < 300; i++)
        str_addz(&gaps, "3e7,");
    expect_refused(VLLM, "vllm.json", "\"itls\":[[", gaps.at, "more than a hundred years");
    str_release(&gaps);
    expect_refused(VLLM, "vllm.json", "\"ttfts\":[0.05", "\"ttfts\":[-0.05", "a ttft is no duration");
    expect_refused(VLLM, "vllm.json", "\"ttfts\":[0.05", "\"ttfts\":[\"x\"", "a ttft is no duration");
    expect_refused(VLLM, "vllm.json", "\"ttfts\":[0.05", "\"ttfts\":[1e300", "a ttft is no duration");
    expect_refused(VLLM, "vllm.json", "\"itls\":[[0.05", "\"itls\":[[-1", "an itl is no duration");
    expect_refused(VLLM, "vllm.json", "\"ttfts\":[0.05", "\"ttfts\":[1,0.05", "ttfts has another length");
    expect_refused(VLLM, "vllm.json", "\"input_lens\":[30", "\"input_lens\":[0.5", "an input length is no count");
    expect_refused(VLLM, "vllm.json", "\"duration\":3", "\"duration\":-3", "duration is no duration");
    expect_refused(AIPERF, "aiperf-records.json", "\"request_start_ns\":1767225600000000000",
                   "\"request_start_ns\":17672256000000000000", "request_start_ns is no time");
    expect_refused(AIPERF, "aiperf-records.json", "\"value\":100,\"unit\":\"ms\"", "\"value\":100,\"unit\":\"moons\"",
                   "time_to_first_token is no duration");
    expect_refused(AIPERF, "aiperf-records.json", "\"value\":[40,40]", "\"value\":[40,-40]",
                   "an inter_chunk_latency is no duration");
    expect_refused(AIPERF, "aiperf-records.json", "\"turn_index\":0", "\"turn_index\":-1", "turn_index is no count");
    expect_refused(GUIDELLM, "guidellm.json", "\"request_start\":1767225600", "\"request_start\":1967225600",
                   "request_start is not within a year");
    expect_refused(GUIDELLM, "guidellm.json", "\"start_time\":1767225600,\"request_start_time\"",
                   "\"start_time\":1,\"request_start_time\"", "start_time is no time");
    expect_refused(LLAMA, "llama-bench.json", "\"samples_ns\":[60000000]", "\"samples_ns\":[true]",
                   "a sample is no duration");
}

/* Cut off anywhere, a document is not understood, and lines are taken up to the broken one. */
static void cut_off_files_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *name, *lab;
        const struct import_format *formats;
    } files[] = {{"vllm.json", VLLM},
                 {"aiperf.json", AIPERF},
                 {"aiperf-records.json", AIPERF},
                 {"guidellm.json", GUIDELLM},
                 {"llama-bench.json", LLAMA}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct str text = STR_INIT, path = STR_INIT;
        str_addf(&path, GOLDEN "%s", files[i].name);
        read_text(path.at, &text);
        for (size_t part = 1; part < 20; part++) {
            struct imported m;
            size_t n = part * (text.len - 3) / 20;
            char *cut = strndup(text.at, n);
            import_text(&m, files[i].lab, files[i].formats, cut);
            bool lines = memchr(cut, '\n', n) != NULL;
            assert_int_equal(m.rc, lines ? 0 : ERR_INPUT);
            assert_int_equal(m.result.files[0].format != NULL, lines);
            assert_true(!lines || m.runs[0].n_requests == (size_t)m.result.files[0].rows);
            assert_non_null(m.result.files[0].problem);
            imported_release(&m);
            free(cut);
        }
        str_release(&text);
        str_release(&path);
    }
}

static void one_tools_file_is_not_anothers(void **state)
{
    (void)state;
    struct imported m;
    import_as(&m, VLLM, (const char *const[]){GOLDEN "aiperf.json"}, 1);
    assert_int_equal(m.rc, ERR_INPUT);
    assert_non_null(strstr(m.result.files[0].problem, "JSON of no known shape"));
    imported_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vllm_comes_back),
        cmocka_unit_test(aiperf_records_come_back),
        cmocka_unit_test(llama_bench_comes_back),
        cmocka_unit_test(guidellm_stays_the_same),
        cmocka_unit_test(guidellm_times_are_exact),
        cmocka_unit_test(vllm_tells_events_only),
        cmocka_unit_test(aiperf_tells_text_chunks),
        cmocka_unit_test(guidellm_tells_no_chunks),
        cmocka_unit_test(summaries_are_told),
        cmocka_unit_test(a_summary_is_of_the_run_beside_it),
        cmocka_unit_test(each_line_is_a_run),
        cmocka_unit_test(half_known_requests_are_none),
        cmocka_unit_test(tables_of_llama_bench_are_runs),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(cut_off_files_are_told),
        cmocka_unit_test(one_tools_file_is_not_anothers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
