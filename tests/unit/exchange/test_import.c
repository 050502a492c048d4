/* Imports of small records: what is made of them, and files that are not what they should be. */
#include "import_fixture.h"

#define SAMPLES TESTS_DIR "/samples/seed/"

static void import_sample(struct imported *m, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, SAMPLES "%s", name);
    const char *const paths[] = {path};
    import_paths(m, paths, 1);
    must(m->rc, &m->e);
}

/* ---- runs ----------------------------------------------------------------------------------------------------------- */

static const struct request *call_of(const struct run *r, const char *agent, const char *stage)
{
    for (size_t i = 0; i < r->n_requests; i++)
        if (!strcmp(r->requests[i].agent, agent) && (!stage || !strcmp(r->requests[i].stage, stage)))
            return &r->requests[i];
    fail_msg("no call %s of %s", stage ? stage : "", agent);
    return NULL;
}

/* One call of the rust pair of test012 run_4, by hand from its row. */
static void a_call_is_told_as_far_as_it_is_known(void **state)
{
    (void)state;
    struct imported m;
    import_sample(&m, "tree/chimera-hetero");
    assert_int_equal(m.n_runs, 1);
    const struct run *r = &m.runs[0];
    assert_string_equal(r->arm, "seed/tree/chimera-hetero/test012");
    assert_int_equal(r->block, 3);
    assert_int_equal(r->state, RUN_COMPLETE);
    assert_int_equal(r->ended_ns, 56906875300);
    assert_int_equal(r->n_sessions, 2);
    const struct request *q = call_of(r, "chimera_b", "analysis");
    assert_string_equal(q->model, "gemma3:latest");
    assert_string_equal(q->server, "http://localhost:11435");
    assert_int_equal(q->num_ctx, 2048);
    assert_int_equal(q->outcome, OUTCOME_OK);
    assert_int_equal(q->flags, 0); /* 242 ms of loading is warm there */
    assert_int_equal(q->usage.completion_tok, 1020);
    assert_int_equal(q->usage.eval_ns, 24456075200);
    assert_int_equal(q->usage.prompt_eval_ns, 209510900);
    assert_int_equal(q->usage.load_ns, 242020300);
    assert_int_equal(q->usage.total_ns, -1); /* total_duration_ms is the client's clock */
    assert_int_equal(q->usage.prompt_tok, -1);
    assert_int_equal(q->stamp[STAMP_FIRST_TOKEN] - q->stamp[STAMP_SENT], 454460700);
    assert_int_equal(q->stamp[STAMP_DONE] - q->stamp[STAMP_SENT], 25321790300);
    assert_true(q->stamp[STAMP_FIRST_BYTE] == MONO_NONE && q->stamp[STAMP_LAST_TOKEN] == MONO_NONE);
    const struct request *next = call_of(r, "chimera_b", "report");
    assert_true(next->stamp[STAMP_SENT] >= q->stamp[STAMP_DONE]);
    assert_int_equal(next->turn, 1);
    struct store_size size;
    assert_true(store_text_size(m.store, q->text_sha256, &size));
    assert_int_equal(size.chars, 200); /* known, not kept: it stands in the row */
    assert_false(size.kept);
    imported_release(&m);
}

static void bad_answers_are_marked(void **state)
{
    (void)state;
    struct imported m;
    import_sample(&m, "rust_pair.jsonl");
    assert_int_equal(m.n_runs, 3);
    for (size_t i = 0; i < 3; i++) {
        const struct run *r = &m.runs[i];
        if (strstr(r->arm, "test005")) {
            const struct request *q = call_of(r, "collector", "report");
            assert_int_equal(q->outcome, OUTCOME_NO_DONE);
            assert_int_equal(q->flags, REQUEST_DEGENERATE);
            assert_int_equal(q->usage.completion_tok, -1); /* it wrote 0 for what it never got */
            assert_int_equal(q->usage.eval_ns, -1);
            assert_int_equal(q->stamp[STAMP_DONE] - q->stamp[STAMP_SENT], 218828493500);
            assert_false(r->sessions[0].ok);
            assert_true(r->sessions[1].ok);
        } else if (strstr(r->arm, "test100")) {
            assert_int_equal(call_of(r, r->sessions[1].agent, "report")->flags, REQUEST_DEGENERATE);
            assert_int_equal(call_of(r, r->sessions[0].agent, "report")->flags, 0);
        }
    }
    imported_release(&m);
}

/* The runtime whose agents took turns: the second starts when the first is done. */
static void agents_start_when_they_did(void **state)
{
    (void)state;
    struct imported m;
    import_sample(&m, "rust_pair_serial.jsonl");
    const struct session *s = m.runs[0].sessions;
    assert_int_equal(s[0].started_ns, 0);
    assert_true(llabs(s[1].started_ns - s[0].ended_ns) < 20 * NS_PER_MS);
    assert_int_equal(m.runs[0].block, 0);
    char wall[32];
    clock_wall_text(m.runs[0].wall_ns, wall);
    assert_string_equal(wall, "2025-11-15T21:11:31Z");
    assert_int_equal(call_of(&m.runs[0], "collector", "analysis")->flags, REQUEST_COLD);
    imported_release(&m);
}

static void repetitions_are_runs(void **state)
{
    (void)state;
    struct imported m;
    import_sample(&m, "rust_single.jsonl");
    assert_int_equal(m.n_runs, 6); /* three of each side */
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(m.runs[i].block, i % 3);
        assert_int_equal(m.runs[i].n_requests, 2);
        assert_string_equal(m.runs[i].sessions[0].agent, i < 3 ? "baseline" : "chimera");
    }
    assert_int_equal(m.runs[0].ended_ns, 23492756000);
    assert_int_equal(m.runs[0].requests[0].stamp[STAMP_PLANNED], 11591000); /* behind the reading of files */
    imported_release(&m);
    import_sample(&m, "rust_single_one_call.jsonl");
    assert_int_equal(m.n_runs, 2);
    assert_int_equal(m.runs[1].n_requests, 1);
    assert_int_equal(m.runs[1].requests[0].num_ctx, 1024);
    assert_int_equal(m.runs[1].requests[0].flags, REQUEST_COLD);
    imported_release(&m);
}

/* Their records hold sums over calls: durations are known, calls are not, and no metric makes zeros of that. */
static void sums_are_no_calls(void **state)
{
    (void)state;
    static const char *const names[] = {"python_pair.jsonl", "tree/phase_1_test_001", "python_single.jsonl"};
    for (size_t i = 0; i < 3; i++) {
        struct imported m;
        import_sample(&m, names[i]);
        assert_int_equal(m.n_runs, i == 1 ? 1 : 2);
        assert_int_equal(m.runs[0].n_requests, 0);
        assert_true(isnan(metric_find("output_rate.system")->of_run(&m.runs[0])));
        assert_true(isnan(metric_find("session.tokens")->of_session(&m.runs[0], &m.runs[0].sessions[0])));
        assert_true(isnan(metric_find("session.think")->of_session(&m.runs[0], &m.runs[0].sessions[0])));
        if (i < 2) {
            assert_int_equal(m.runs[0].sessions[0].ended_ns, 109933133000);
            assert_int_equal(m.runs[0].sessions[1].ended_ns, 91612624000);
            assert_string_equal(m.runs[0].sessions[1].server, "http://localhost:11435");
        } else {
            assert_int_equal(m.runs[0].ended_ns, 28638067000);
            assert_int_equal(m.runs[1].ended_ns, 23860570000);
        }
        imported_release(&m);
    }
}

/* The two Python clients call different things ttft and total. */
static void each_client_has_its_own_words(void **state)
{
    (void)state;
    struct imported m;
    import_sample(&m, "python_calls.jsonl");
    assert_int_equal(m.n_runs, 2);
    const struct request *q = call_of(&m.runs[0], "collector", NULL); /* TR116: the server's times */
    assert_int_equal(q->usage.prompt_eval_ns, 24749800);
    assert_int_equal(q->usage.eval_ns, 10484401700);
    assert_int_equal(q->usage.completion_tok, 440);
    assert_true(q->stamp[STAMP_FIRST_TOKEN] == MONO_NONE);
    assert_int_equal(q->stamp[STAMP_DONE], 16890157900);
    q = call_of(&m.runs[1], "insight", NULL); /* TR117: the client's */
    assert_int_equal(q->usage.prompt_eval_ns, 27604600);
    assert_int_equal(q->usage.eval_ns, 11935364400);
    assert_int_equal(q->stamp[STAMP_FIRST_TOKEN], 12639766800);
    assert_int_equal(q->stamp[STAMP_DONE], 12778502400);
    imported_release(&m);
}

/* ---- rows ----------------------------------------------------------------------------------------------------------- */

static void keep_json(void *user, yyjson_val *row, const struct store_source_row *r)
{
    struct str *out = user;
    (void)row;
    str_addz(out, r->json);
    str_addc(out, '\n');
}

/* Digit by digit; a table's row as an object by its heads, numbers as numbers. */
static void rows_are_kept_as_they_were(void **state)
{
    (void)state;
    struct imported m;
    struct str rows = STR_INIT, file = STR_INIT;
    import_sample(&m, "inference_rows.jsonl");
    imported_rows(&m, "inference_rows.jsonl", keep_json, &rows);
    must(file_read(SAMPLES "inference_rows.jsonl", 1 << 20, &file, &m.e), &m.e);
    size_t kept = 0;
    for (size_t i = 0; i < file.len; i++) /* it has blanks only between its values */
        if (file.at[i] != ' ')
            file.at[kept++] = file.at[i];
    file.at[kept] = 0;
    assert_string_equal(str_z(&rows), str_z(&file));
    imported_release(&m);
    str_clear(&rows);
    import_sample(&m, "gpu_metrics.csv");
    imported_rows(&m, "gpu_metrics.csv", keep_json, &rows);
    assert_non_null(strstr(rows.at, "{\"timestamp\":\"2025/11/27 16:59:55.309\",\"power.draw [W]\":\" 53.51 W\","));
    imported_release(&m);
    str_clear(&rows);
    import_sample(&m, "tokenizer_bench.txt");
    imported_rows(&m, "tokenizer_bench.txt", keep_json, &rows);
    assert_string_equal(rows.at, "{\"Model\":\"qwen2.5         \",\"Tokens/Sec\":456121.58,\"Latency (ms)\":510.85}\n");
    imported_release(&m);
    str_clear(&rows);
    import_sample(&m, "baseline.json");
    assert_int_equal(imported_rows(&m, "baseline.json", keep_json, &rows), 2);
    assert_string_equal(m.result.files[0].head_json, "{\"model\":\"gemma3:270m\"}");
    imported_release(&m);
    str_release(&rows);
    str_release(&file);
}

static void look_at_power(void *user, yyjson_val *row, const struct store_source_row *r)
{
    double *power = user;
    (void)r;
    yyjson_val *metrics = yyjson_obj_get(row, "resource_metrics");
    assert_true(yyjson_is_obj(metrics));
    double p = json_get_double(metrics, "gpu_power_mean_watts", NAN);
    assert_true(isnan(*power) || *power == p); /* the same in both forms */
    *power = p;
}

static void printed_dicts_become_objects(void **state)
{
    (void)state;
    struct imported m;
    double power = NAN;
    import_sample(&m, "inference_runs.jsonl");
    assert_int_equal(imported_rows(&m, "inference_runs.jsonl", look_at_power, &power), 2);
    assert_true(power > 1);
    imported_release(&m);
}

/* ---- what is not as it should be ------------------------------------------------------------------------------------ */

static void put(const struct imported *m, const char *name, const char *bytes, size_t n)
{
    struct str path = STR_INIT;
    struct err e = ERR_INIT;
    str_addf(&path, "%s/in/%s", m->scratch.dir, name);
    must(file_write(str_z(&path), bytes, n, &e), &e);
    str_release(&path);
}

#define CALL "\"metrics\":{\"ttft_ms\":1,\"total_duration_ms\":2,\"tokens_generated\":3}"
#define PAIR(wall)                                                                                                     \
    "{\"collector\":{\"id\":\"a\"," CALL "},\"insight\":{\"id\":\"b\"," CALL "},\"concurrent_wall_time_ms\":" wall "}"

static const struct {
    const char *name, *bytes, *problem;
    int64_t rows, refused;
} odd[] = {
    {"a_good.jsonl", PAIR("5") "\n\n" PAIR("6") "\r\n", NULL, 2, 0},
    {"b_cut.jsonl",
     PAIR("5") "\n"
               "{\"collector\":{",
     "record 2: not JSON at line 1", 1, 1},
    {"c_mixed.jsonl", PAIR("5") "\n{\"lag\":1}\n[1]\n" PAIR("6"), "record 2: not of the same shape", 2, 2},
    {"d_type.json", PAIR("\"5\""), "record 1: concurrent_wall_time_ms is no duration", 0, 1},
    {"e_negative.json", PAIR("-5"), "record 1: concurrent_wall_time_ms is no duration", 0, 1},
    {"f_huge.json", PAIR("1e300"), "record 1: concurrent_wall_time_ms is no duration", 0, 1},
    {"g_infinite.json", PAIR("1e999"), "not JSON at line 1", 0, 0},
    {"h_cut.json", "{\n\"collector\": {", "not JSON at line 2", 0, 0},
    {"i_unknown.json", "{\"a\":1,\"b\":2}", "JSON of no known shape: { a, b }", 0, 0},
    {"j_list.json", "[" PAIR("5") "," PAIR("6") ",7]", "record 3: not an object", 2, 1},
    {"k_empty.json", " \n", "an empty file", 0, 0},
    {"l_text.md", "# A report\n", "neither JSON nor a table", 0, 0},
    {"m_lag.csv", "timestamp,lag_ms\n1,2\n3\n4,5\n", "record 3: another number of fields", 2, 1},
    {"n_column.csv", "timestamp,agent_id,chunk_index,bytes,gap_ms\n1,a,0,5,1\n",
     "a table like chunk-metrics, but without its column 'parse_ms'", 0, 0},
    {"o_twice.csv", "timestamp,lag_ms,lag_ms\n1,2,3\n", "a table with two columns 'lag_ms'", 0, 0},
    {"p_quote.csv", "timestamp,lag_ms\n1,2\n\"3,4\n", "the quote that opens here is never closed", 1, 1},
    {"q_foreign.csv", "when,what\n1,2\n", "a table with columns of no known format: when", 0, 0},
    {"r_bom.csv", "\xEF\xBB\xBFtimestamp,lag_ms\r\n1,1e999\r\n", NULL, 1, 0},
    {"s_again.jsonl", PAIR("5") "\n\n" PAIR("6") "\r\n", "the same bytes as", 0, 0},
    {"t_deep.json", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "deeper than 64",
     0, 0},
    {"u_repr.json", "{\"spec\":{},\"status\":\"ok\",\"latencies_ms\":[],\"resource_metrics\":\"{'a': \"}",
     "record 1: not what Python prints of a dict", 0, 1},
    {"ua_report.md", "# A\n\n**Date:** 2025-11-14\n**Agent Type:** A\n**Model:** m\n\n---\nSome text.\n", NULL, 1, 0},
    {"ub_no_report.md", "# A\n\n**Model:** m\n**Agent Type:** A\n**Date:** 2025-11-14\n", "neither JSON nor a table", 0,
     0},
};

enum { ODD = sizeof odd / sizeof *odd };

static void every_file_is_listed(void **state)
{
    (void)state;
    struct imported m = {0};
    struct scratch scratch;
    char in[128], path[256];
    scratch_make(&m.scratch);
    scratch = m.scratch;
    snprintf(in, sizeof in, "%s/in", scratch.dir);
    must(dir_make(in, &m.e), &m.e);
    for (size_t i = 0; i < ODD; i++)
        put(&m, odd[i].name, odd[i].bytes, strlen(odd[i].bytes));
    put(&m, "v_binary", "PK\0\1", 4);
    snprintf(path, sizeof path, "%s/w_link", in);
    assert_int_equal(symlink(in, path), 0);
    snprintf(path, sizeof path, "%s/.git", in);
    must(dir_make(path, &m.e), &m.e);
    const char *const paths[] = {in};
    import_paths(&m, paths, 1);
    must(m.rc, &m.e);
    assert_int_equal(m.result.n_files, ODD + 3);
    assert_non_null(strstr(imported_file(&m, "/.git")->problem, "hidden"));
    assert_non_null(strstr(imported_file(&m, "v_binary")->problem, "not a text file"));
    assert_non_null(strstr(imported_file(&m, "w_link")->problem, "symbolic link"));
    for (size_t i = 0; i < ODD; i++) {
        const struct import_file *f = &m.result.files[i + 1]; /* .git is the first name */
        const char *problem = f->problem ? f->problem : "none";
        assert_string_equal(f->path + strlen(in) + 1, odd[i].name);
        if (!strstr(problem, odd[i].problem ? odd[i].problem : "none") || f->rows != odd[i].rows ||
            f->refused != odd[i].refused)
            fail_msg("%s: %lld rows, %lld refused, %s", f->path, (long long)f->rows, (long long)f->refused, problem);
    }
    imported_release(&m);
    scratch_remove(&scratch);
}

/* With two levels of run_N the outer one is the repetition; both leave the arm, as does the folder `data` between them. */
static void a_record_says_where_it_is_from(void **state)
{
    (void)state;
    static const char row[] = "{\"path\":\"up/a/b/c/cfg/run_4/data/run_1/metrics.json\",\"run_number\":1,"
                              "\"collector\":{\"id\":\"a\"," CALL "},\"insight\":{\"id\":\"b\"," CALL
                              "},\"concurrent_wall_time_ms\":5.500}\n";
    struct imported m = {0};
    struct scratch scratch;
    struct str rows = STR_INIT;
    char in[128];
    scratch_make(&m.scratch);
    scratch = m.scratch;
    snprintf(in, sizeof in, "%s/in", scratch.dir);
    must(dir_make(in, &m.e), &m.e);
    put(&m, "x.jsonl", row, sizeof row - 1);
    const char *const paths[] = {in};
    import_paths(&m, paths, 1);
    must(m.rc, &m.e);
    assert_string_equal(m.runs[0].arm, "a/b/c/cfg");
    assert_int_equal(m.runs[0].block, 3);
    assert_int_equal(m.runs[0].ended_ns, 5500000);
    imported_rows(&m, "x.jsonl", keep_json, &rows);
    assert_string_equal(rows.at, row); /* 5.500 with its zeros */
    str_release(&rows);
    imported_release(&m);
    scratch_remove(&scratch);
}

static void nothing_understood_makes_nothing(void **state)
{
    (void)state;
    struct imported m;
    const char *const text[] = {TESTS_DIR "/samples/README.md"}, *const nowhere[] = {"/nonexistent/path"};
    import_paths(&m, text, 1);
    assert_int_equal(m.rc, ERR_INPUT);
    assert_int_equal(m.result.n_files, 1);
    assert_non_null(m.result.files[0].problem);
    imported_release(&m);
    import_paths(&m, nowhere, 1);
    assert_int_equal(m.rc, ERR_NOTFOUND);
    imported_release(&m);
}

/* The same bytes give the same plan, wherever they lie; others another. */
static void the_plan_is_the_bytes(void **state)
{
    (void)state;
    static const char *const names[] = {"python_pair.jsonl", "python_pair.jsonl", "python_single.jsonl"};
    char plan[3][65];
    for (int i = 0; i < 3; i++) {
        struct imported m;
        struct store_info info;
        import_sample(&m, names[i]);
        must(store_info(m.store, &m.arena, &info, &m.e), &m.e);
        snprintf(plan[i], sizeof plan[i], "%s", info.study.plan_sha256);
        assert_true(info.complete);
        assert_string_equal(info.study.name, "import seed");
        imported_release(&m);
    }
    assert_string_equal(plan[0], plan[1]);
    assert_string_not_equal(plan[0], plan[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_told_as_far_as_it_is_known),
        cmocka_unit_test(bad_answers_are_marked),
        cmocka_unit_test(agents_start_when_they_did),
        cmocka_unit_test(repetitions_are_runs),
        cmocka_unit_test(sums_are_no_calls),
        cmocka_unit_test(each_client_has_its_own_words),
        cmocka_unit_test(rows_are_kept_as_they_were),
        cmocka_unit_test(printed_dicts_become_objects),
        cmocka_unit_test(every_file_is_listed),
        cmocka_unit_test(a_record_says_where_it_is_from),
        cmocka_unit_test(nothing_understood_makes_nothing),
        cmocka_unit_test(the_plan_is_the_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
