/* Files that are not ours, not whole, or from the future: an error, and not one byte changed. Damage at random places of a
 * good file: an error or an answer, never a crash. */
#include "fixture.h"

#include <fcntl.h>

static void put_file(const char *path, const void *p, size_t n)
{
    struct err e = ERR_INIT;
    must(file_write(path, p, n, &e), &e);
}

static void get_file(const char *path, struct str *out)
{
    struct err e = ERR_INIT;
    must(file_read(path, 1u << 28, out, &e), &e);
}

/* Opening for reading and for writing both fail with `code`, and leave the file and its folder as they were. */
static void refused(const struct scratch *scratch, int code, const char *says)
{
    struct str before = STR_INIT, after = STR_INIT;
    get_file(scratch->path, &before);
    for (int write = 0; write < 2; write++) {
        struct err e = ERR_INIT;
        struct store *s = NULL;
        int rc = store_open(&s, scratch->path, write, &e);
        if (rc != code || !strstr(e.text, says))
            fail_msg("rc %d instead of %d; \"%s\" instead of \"%s\"", rc, code, e.text, says);
        assert_null(s);
        assert_int_equal(scratch_others(scratch), 0);
        str_clear(&after);
        get_file(scratch->path, &after);
        same_str(&before, &after);
    }
    str_release(&before);
    str_release(&after);
}

static void make_result(const struct scratch *scratch, struct str *bytes)
{
    struct rng g = rng_stream(8, "store");
    struct run run;
    struct store *s = fixture_create(scratch);
    for (int32_t i = 0; i < 3; i++) {
        any_run(&g, &run, i, 20);
        write_run(s, &run);
        any_run_release(&run);
    }
    fixture_close(s);
    get_file(scratch->path, bytes);
}

static void foreign_files_are_refused(void **state)
{
    (void)state;
    struct scratch scratch;
    struct err e = ERR_INIT;
    struct store *s;
    struct str good = STR_INIT;
    scratch_make(&scratch);
    assert_int_equal(store_open(&s, scratch.path, true, &e), ERR_NOTFOUND);
    err_clear(&e);
    assert_int_equal(store_open(&s, scratch.dir, false, &e), ERR_INPUT);
    make_result(&scratch, &good);

    put_file(scratch.path, "", 0);
    refused(&scratch, ERR_INPUT, "too short");
    put_file(scratch.path,
             "not a database, but long enough to be one: ................................................."
             ".........................................",
             128);
    refused(&scratch, ERR_INPUT, "not a result of chimera's");
    char *p = xmalloc(good.len);
    memcpy(p, good.at, good.len);
    memcpy(p + 68, "\x0F\x05\x51\x12", 4); /* another application */
    put_file(scratch.path, p, good.len);
    refused(&scratch, ERR_INPUT, "another program's database");
    memcpy(p, good.at, good.len);
    p[63] = 4; /* user_version */
    put_file(scratch.path, p, good.len);
    refused(&scratch, ERR_INPUT, "newer chimera");
    p[63] = 0;
    put_file(scratch.path, p, good.len);
    refused(&scratch, ERR_INPUT, "never released");
    memcpy(p, good.at, good.len);
    put_file(scratch.path, p, good.len / 2); /* cut */
    refused(&scratch, ERR_INPUT, "damaged");
    memset(p + 100, 0, 3996); /* the schema is gone, the header says it is ours */
    put_file(scratch.path, p, good.len);
    refused(&scratch, ERR_INPUT, "");
    free(p);
    str_release(&good);
    scratch_remove(&scratch);
}

/* A crashed writer's log beside a damaged file must not be written into it either. */
static void a_log_beside_a_refused_file_stays(void **state)
{
    (void)state;
    struct scratch scratch;
    struct str good = STR_INIT, before = STR_INIT, after = STR_INIT;
    struct err e = ERR_INIT;
    struct store *s;
    char wal[128];
    scratch_make(&scratch);
    make_result(&scratch, &good);
    good.at[18] = good.at[19] = 2; /* it says it uses a log */
    good.at[63] = 9;
    put_file(scratch.path, good.at, good.len);
    snprintf(wal, sizeof wal, "%s-wal", scratch.path);
    put_file(wal, "a log of a later version", 24);
    assert_int_equal(store_open(&s, scratch.path, true, &e), ERR_INPUT);
    get_file(scratch.path, &before);
    same_str(&good, &before);
    get_file(wal, &after);
    assert_string_equal(after.at, "a log of a later version");
    str_release(&good);
    str_release(&before);
    str_release(&after);
    scratch_remove(&scratch);
}

/* Views, triggers and virtual tables are code; a result file holds none. */
static void schemas_with_code_are_refused(void **state)
{
    (void)state;
    static const char *const sql[] = {
        "CREATE VIEW evil AS SELECT 1",
        "CREATE TRIGGER evil AFTER INSERT ON request BEGIN DELETE FROM request; END",
        "CREATE VIRTUAL TABLE evil USING fts5(x)",
        "DELETE FROM study",
        "DROP TABLE request",
        "ALTER TABLE run DROP COLUMN arm",
    };
    struct str good = STR_INIT;
    struct scratch scratch;
    scratch_make(&scratch);
    make_result(&scratch, &good);
    for (size_t i = 0; i < sizeof sql / sizeof sql[0]; i++) {
        char command[400];
        put_file(scratch.path, good.at, good.len);
        snprintf(command, sizeof command,
                 "python3 -c \"import sqlite3; c = sqlite3.connect('%s'); c.execute('%s'); c.commit()\"", scratch.path,
                 sql[i]);
        if (system(command) != 0)
            skip(); /* no python3 */
        refused(&scratch, ERR_INPUT, "");
    }
    str_release(&good);
    scratch_remove(&scratch);
}

static int ignore(void *user, const struct run *run, const struct request *r)
{
    (void)user, (void)run, (void)r;
    return 0;
}

/* Everything a report or a verify would do; errors are welcome. */
static int read_all(const char *path)
{
    struct store *s;
    struct arena a = {0};
    struct err e = ERR_INIT;
    struct store_info info;
    struct run *runs;
    struct named_json *rows;
    size_t n;
    char hex[65];
    int faults = store_open(&s, path, false, &e) != 0;
    if (faults)
        return faults;
    faults += store_info(s, &a, &info, NULL) != 0;
    if (store_runs(s, STORE_CHUNKS | STORE_TEXT, &a, &runs, &n, &e) == 0) {
        for (size_t i = 0; i < n; i++)
            faults += store_run_hash(s, runs[i].id, hex, NULL) != 0;
        store_runs_release(runs, n);
    } else {
        faults++;
        assert_true(e.text[0]); /* a failure says what it is */
    }
    faults += store_each_request(s, ignore, NULL, NULL) != 0;
    faults += store_hosts(s, &a, &rows, &n, NULL) != 0;
    faults += store_servers(s, &a, &rows, &n, NULL) != 0;
    store_get_note(s, &a, "x");
    faults += store_check(s, NULL) != 0;
    faults += store_close(s, NULL) != 0;
    arena_release(&a);
    return faults;
}

static void damage_is_an_error_not_a_crash(void **state)
{
    (void)state;
    struct scratch scratch;
    struct str good = STR_INIT;
    int noticed = 0;
    scratch_make(&scratch);
    make_result(&scratch, &good);
    assert_int_equal(read_all(scratch.path), 0);
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct rng g = rng_stream(seed, "damage");
        char *p = xmalloc(good.len);
        memcpy(p, good.at, good.len);
        for (uint64_t n = 1 + rng_below(&g, 8); n; n--)
            p[rng_below(&g, chance(&g, 0.3) ? 4096 : good.len)] = (char)rng_below(&g, 256);
        size_t len = chance(&g, 0.1) ? (size_t)rng_below(&g, good.len) : good.len;
        put_file(scratch.path, p, len);
        noticed += read_all(scratch.path) > 0;
        struct store *s = NULL;
        if (store_open(&s, scratch.path, true, NULL) == 0) /* a resume on it */
            store_close(s, NULL);
        free(p);
    }
    print_message("%d of 300 damaged files were noticed without the run hash\n", noticed);
    assert_true(noticed > 100);
    str_release(&good);
    scratch_remove(&scratch);
}

/* P13: one changed byte of the record gives another hash. The byte is changed inside texts that we can find again. */
static void a_changed_byte_changes_the_hash(void **state)
{
    (void)state;
    static const char *const marks[] = {"MARK-PROMPT", "MARK-TEXT",   "MARK-STAGE", "MARK-ERROR",
                                        "MARK-REPORT", "MARK-SAMPLE", "MARK-REASON"};
    struct scratch scratch;
    struct err e = ERR_INIT;
    struct str good = STR_INIT;
    struct request r;
    char stored[65], now[65];
    struct session session = {.agent = "a", .report_md = marks[4]};
    struct run run = {.arm = "solo", .state = RUN_COMPLETE, .sessions = &session, .n_sessions = 1};
    scratch_make(&scratch);
    struct store *s = fixture_create(&scratch);
    must(store_run_begin(s, &run, &e), &e);
    request_init(&r);
    str_addz(&r.prompt, marks[0]);
    str_addz(&r.text, marks[1]);
    r.stage = marks[2];
    str_addz(&r.error, marks[3]);
    str_addz(&r.reasoning, marks[6]);
    must(store_request(s, run.id, &r, &e), &e);
    must(store_sample(s, run.id, 1, "{\"x\":\"MARK-SAMPLE\"}", &e), &e);
    must(store_run_end(s, &run, &e), &e);
    must(store_run_stored_hash(s, run.id, stored, &e), &e);
    must(store_run_hash(s, run.id, now, &e), &e);
    assert_string_equal(stored, now);
    assert_int_equal(store_run_stored_hash(s, 77, now, &e), ERR_NOTFOUND);
    err_clear(&e);
    fixture_close(s);
    get_file(scratch.path, &good);
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        char *at = memmem(good.at, good.len, marks[i], strlen(marks[i]));
        assert_non_null(at);
        at[5] ^= 1;
        put_file(scratch.path, good.at, good.len);
        at[5] ^= 1;
        s = fixture_open(&scratch, false);
        must(store_run_hash(s, run.id, now, &e), &e);
        assert_string_not_equal(stored, now);
        fixture_close(s);
    }
    request_release(&r);
    str_release(&good);
    scratch_remove(&scratch);
}

static void somebody_elses_lock_file_stays(void **state)
{
    (void)state;
    struct scratch scratch;
    struct str text = STR_INIT;
    struct err e = ERR_INIT;
    struct store *s;
    struct store_study study = fixture_study();
    char lock[128];
    scratch_make(&scratch);
    snprintf(lock, sizeof lock, "%s-lock", scratch.path);
    put_file(lock, "my notes", 8);
    assert_int_equal(store_create(&s, scratch.path, &study, &e), ERR_REFUSED);
    get_file(lock, &text);
    assert_string_equal(text.at, "my notes");
    put_file(lock, "12345\n", 6); /* of a killed chimera */
    err_clear(&e);
    must(store_create(&s, scratch.path, &study, &e), &e);
    fixture_close(s);
    assert_int_equal(scratch_others(&scratch), 0);
    str_release(&text);
    scratch_remove(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(foreign_files_are_refused),       cmocka_unit_test(a_log_beside_a_refused_file_stays),
        cmocka_unit_test(schemas_with_code_are_refused),   cmocka_unit_test(damage_is_an_error_not_a_crash),
        cmocka_unit_test(a_changed_byte_changes_the_hash), cmocka_unit_test(somebody_elses_lock_file_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
