/* The export of random and hostile records, read back by Python's json and compared with the tables as Python's sqlite3 reads
 * them; a disk that is full. */
#include "fixture.h"

#include "exchange/jsonl.h"
#include "format/json.h"

static void export_to(const struct scratch *scratch, const char *name)
{
    struct err e = ERR_INIT;
    struct store *s = fixture_open(scratch, false);
    FILE *out = fopen(name, "w");
    assert_non_null(out);
    must(export_all(s, export_jsonl, out, &e), &e);
    assert_int_equal(fclose(out), 0);
    fixture_close(s);
}

static void python_reads_the_same(void **state)
{
    (void)state;
    if (system("python3 -c 'import sqlite3, sys; sys.exit(sqlite3.sqlite_version_info < (3, 37))' 2>/dev/null") != 0)
        skip(); /* no python3, or one whose SQLite has no strict tables */
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct scratch scratch;
        struct rng g = rng_stream(seed, "export");
        struct run run;
        struct err e = ERR_INIT;
        char name[96], command[400];
        scratch_make(&scratch);
        struct store *s = fixture_create(&scratch);
        for (int32_t i = 0; i < 4; i++) {
            store_keep(s, !(seed % 3 == 0 && i < 2), !(seed % 3 == 1 && i < 2));
            any_run(&g, &run, i, 1 + (size_t)rng_below(&g, 15));
            run.state = chance(&g, 0.3) ? RUN_ABORTED : RUN_COMPLETE;
            must(store_run_begin(s, &run, &e), &e);
            for (size_t k = 0; k < run.n_requests; k++)
                must(store_request(s, run.id, &run.requests[k], &e), &e);
            must(store_sample(s, run.id, 5, "{\"cpu\":1.5}", &e), &e);
            must(store_run_end(s, &run, &e), &e);
            any_run_release(&run);
        }
        fixture_close(s);
        snprintf(name, sizeof name, "%s/export.jsonl", scratch.dir);
        export_to(&scratch, name);
        snprintf(command, sizeof command, "python3 '%s/unit/exchange/oracle.py' '%s' '%s'", TESTS_DIR, scratch.path,
                 name);
        if (system(command) != 0)
            fail_msg("seed %llu: the oracle disagrees", (unsigned long long)seed);
        scratch_remove(&scratch);
    }
}

/* One request with every hostile byte sequence; checked here as well, for a machine without Python. */
static void hostile_text_is_one_line_of_json(void **state)
{
    (void)state;
    static const char bytes[] =
        "NUL \0 quote \" back \\ lf \n cr \r ls \xE2\x80\xA8 bad \xFF\xC3 \xED\xA0\x80 esc \x1B ok";
    struct scratch scratch;
    struct run run = {.arm = "solo", .state = RUN_COMPLETE};
    struct request r;
    struct err e = ERR_INIT;
    char name[96];
    struct str line = STR_INIT;
    scratch_make(&scratch);
    struct store *s = fixture_create(&scratch);
    must(store_run_begin(s, &run, &e), &e);
    request_init(&r);
    str_add(&r.text, bytes, sizeof bytes - 1);
    str_add(&r.error, bytes, sizeof bytes - 1);
    r.flags = REQUEST_LENGTH | REQUEST_COLD;
    must(store_request(s, run.id, &r, &e), &e);
    must(store_run_end(s, &run, &e), &e);
    fixture_close(s);
    snprintf(name, sizeof name, "%s/export.jsonl", scratch.dir);
    export_to(&scratch, name);
    must(file_read(name, 1 << 20, &line, &e), &e);
    assert_ptr_equal(memchr(line.at, '\n', line.len), line.at + line.len - 1); /* one line, ended */
    yyjson_doc *doc = json_read(line.at, line.len, NULL, &e);
    assert_non_null(doc);
    yyjson_val *root = yyjson_doc_get_root(doc);
    struct span text = json_get_text(root, "text");
    static const char shown[] = "NUL \0 quote \" back \\ lf \n cr \r ls \xE2\x80\xA8 bad \xEF\xBF\xBD\xEF\xBF\xBD "
                                "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD esc \x1B ok";
    assert_int_equal(text.len, sizeof shown - 1);
    assert_memory_equal(text.at, shown, text.len);
    assert_int_equal(yyjson_arr_size(yyjson_obj_get(root, "flags")), 2);
    assert_true(yyjson_is_null(yyjson_obj_get(root, "http_status")));
    assert_true(yyjson_is_null(yyjson_obj_get(yyjson_obj_get(root, "stamps_ns"), "sent")));
    assert_int_equal(yyjson_obj_size(yyjson_obj_get(root, "stamps_ns")), STAMP_COUNT);
    yyjson_doc_free(doc);
    request_release(&r);
    str_release(&line);
    scratch_remove(&scratch);
}

static void a_full_disk_is_an_error(void **state)
{
    (void)state;
    struct scratch scratch;
    struct rng g = rng_stream(4, "export");
    struct run run;
    scratch_make(&scratch);
    struct store *s = fixture_create(&scratch);
    any_run(&g, &run, 0, 200); /* more than one buffer of stdio */
    write_run(s, &run);
    any_run_release(&run);
    for (int buffered = 0; buffered < 2; buffered++) {
        struct err e = ERR_INIT;
        FILE *out = fopen("/dev/full", "w");
        if (!out)
            skip();
        if (!buffered)
            setvbuf(out, NULL, _IONBF, 0);
        assert_int_equal(export_all(s, export_jsonl, out, &e), ERR_IO);
        assert_non_null(strstr(e.text, "cannot write the export"));
        fclose(out);
    }
    fixture_close(s);
    scratch_remove(&scratch);
}

static void an_empty_result_gives_no_line(void **state)
{
    (void)state;
    struct scratch scratch;
    struct err e = ERR_INIT;
    char name[96];
    struct str text = STR_INIT;
    scratch_make(&scratch);
    fixture_close(fixture_create(&scratch));
    snprintf(name, sizeof name, "%s/export.jsonl", scratch.dir);
    export_to(&scratch, name);
    must(file_read(name, 1 << 20, &text, &e), &e);
    assert_int_equal(text.len, 0);
    str_release(&text);
    scratch_remove(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(python_reads_the_same),
        cmocka_unit_test(hostile_text_is_one_line_of_json),
        cmocka_unit_test(a_full_disk_is_an_error),
        cmocka_unit_test(an_empty_result_gives_no_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
