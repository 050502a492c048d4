/* The files and records of an import: back as they were written, linked to their runs; older results have none. */
#include <sqlite3.h>

#include "fixture.h"
#include "record/verdict.h"

struct seen {
    int files, rows;
    int64_t run_id, runs;
    char text[512];
};

static int see_file(void *user, const struct store_source *f)
{
    struct seen *x = user;
    size_t n = strlen(x->text);
    x->files++;
    snprintf(x->text + n, sizeof x->text - n, "%s|%s|%lld|%s|%lld|%lld|%s|%s\n", f->path, f->sha256 ? "sha" : "-",
             (long long)f->bytes, f->format ? f->format : "-", (long long)f->rows, (long long)f->refused,
             f->problem ? f->problem : "-", f->head_json ? f->head_json : "-");
    return 0;
}

static int see_row(void *user, const struct store_source *f, const struct store_source_row *r)
{
    struct seen *x = user;
    size_t n = strlen(x->text);
    x->rows++;
    x->run_id = r->run_id;
    x->runs = r->runs;
    assert_int_equal(r->source, f->id);
    snprintf(x->text + n, sizeof x->text - n, "%s:%lld %s %s\n", f->path, (long long)r->line,
             r->origin ? r->origin : "-", r->json);
    return x->rows == 99 ? 7 : 0;
}

/* One file with two rows and a run, one that was not understood, one of another format. */
static void import_three(struct store *s)
{
    struct err e = ERR_INIT;
    char sha[65];
    struct store_source files[] = {
        {.path = "a.jsonl", .bytes = 12, .format = "rust-pair", .rows = 2, .refused = 1, .problem = "line 3: cut"},
        {.path = "\xFFname.md", .bytes = -1, .problem = "no table"},
        {.path = "c.csv", .sha256 = sha, .bytes = 5, .format = "lag", .rows = 1, .head_json = "{\"m\":1}"}};
    struct run run = {.arm = "solo", .wall_ns = MONO_NONE, .verdict = VERDICT_NONE, .state = RUN_COMPLETE};
    sha256_hex("x", 1, sha);
    must(store_run_begin(s, &run, &e), &e);
    must(store_run_end(s, &run, &e), &e);
    for (int i = 0; i < 3; i++)
        must(store_import_file(s, &files[i], &e), &e);
    struct store_source_row rows[] = {
        {.source = files[0].id, .line = 1, .origin = "data/x", .run_id = run.id, .runs = 2, .json = "{\"v\":1.50}"},
        {.source = files[0].id, .line = 2, .json = "{}"},
        {.source = files[2].id, .line = 4, .json = "{\"lag\":0.1}"}};
    for (int i = 0; i < 3; i++)
        must(store_import_row(s, &rows[i], &e), &e);
    assert_true(rows[2].id > rows[0].id && files[1].id > files[0].id);
}

static void imported_rows_come_back(void **state)
{
    (void)state;
    struct scratch scratch;
    struct err e = ERR_INIT;
    struct seen all = {0}, lag = {0}, stop = {.rows = 98};
    scratch_make(&scratch);
    struct store *s = fixture_create(&scratch);
    import_three(s);
    fixture_close(s);
    s = fixture_open(&scratch, false);
    must(store_each_source(s, see_file, &all, &e), &e);
    assert_string_equal(all.text, "a.jsonl|-|12|rust-pair|2|1|line 3: cut|-\n"
                                  "\xFFname.md|-|-1|-|0|0|no table|-\n"
                                  "c.csv|sha|5|lag|1|0|-|{\"m\":1}\n");
    all.text[0] = 0;
    must(store_each_row(s, NULL, see_row, &all, &e), &e);
    assert_string_equal(all.text, "a.jsonl:1 data/x {\"v\":1.50}\na.jsonl:2 - {}\nc.csv:4 - {\"lag\":0.1}\n");
    must(store_each_row(s, "rust-pair", see_row, &lag, &e), &e);
    assert_int_equal(lag.rows, 2);
    assert_int_equal(lag.run_id, 0); /* of the last row: none */
    assert_int_equal(store_each_row(s, NULL, see_row, &stop, &e), 7);
    fixture_close(s);
    scratch_remove(&scratch);
}

/* Nobody judged it and nobody watched it: no verdict, no health, no wall time; and it is complete. */
static void an_imported_run_is_not_judged(void **state)
{
    (void)state;
    struct scratch scratch;
    struct err e = ERR_INIT;
    struct arena a = {0};
    struct run *runs;
    size_t n;
    char now[65], then[65];
    scratch_make(&scratch);
    struct store *s = fixture_create(&scratch);
    import_three(s);
    must(store_runs(s, 0, &a, &runs, &n, &e), &e);
    assert_int_equal(n, 1);
    assert_int_equal(runs[0].state, RUN_COMPLETE);
    assert_int_equal(runs[0].verdict, VERDICT_NONE);
    assert_null(verdict_word(VERDICT_NONE));
    assert_null(runs[0].verdict_why);
    assert_true(runs[0].wall_ns == MONO_NONE);
    assert_int_equal(runs[0].health.chunks, -1);
    assert_true(isnan(runs[0].health.loop_busy));
    must(store_run_hash(s, runs[0].id, now, &e), &e);
    must(store_run_stored_hash(s, runs[0].id, then, &e), &e);
    assert_string_equal(now, then);
    fixture_close(s);
    arena_release(&a);
    scratch_remove(&scratch);
}

/* A result of version 2 has no such tables: it opens, also for more runs, and holds no sources. */
static void older_results_have_none(void **state)
{
    (void)state;
    struct scratch scratch;
    struct err e = ERR_INIT;
    struct seen seen = {0};
    sqlite3 *db = NULL;
    scratch_make(&scratch);
    fixture_close(fixture_create(&scratch));
    assert_int_equal(sqlite3_open(scratch.path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "DROP TABLE source; DROP TABLE source_row; PRAGMA user_version = 2", NULL, NULL, NULL),
        SQLITE_OK);
    sqlite3_close(db);
    for (int write = 0; write < 2; write++) {
        struct store *s = fixture_open(&scratch, write);
        must(store_each_source(s, see_file, &seen, &e), &e);
        must(store_each_row(s, NULL, see_row, &seen, &e), &e);
        fixture_close(s);
    }
    assert_int_equal(seen.files + seen.rows, 0);
    scratch_remove(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imported_rows_come_back),
        cmocka_unit_test(an_imported_run_is_not_judged),
        cmocka_unit_test(older_results_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
