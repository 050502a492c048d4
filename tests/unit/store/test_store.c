/* The life of a result file: created with its plan, refused twice, resumed, aborted and repeated, closed to one file. */
#include "fixture.h"

#include <pthread.h>
#include <semaphore.h>
#include <time.h>

static void missing_are(struct store *s, const int32_t *expected, size_t n)
{
    struct arena a = {0};
    struct err e = ERR_INIT;
    int32_t *positions;
    size_t found;
    must(store_missing(s, &a, &positions, &found, &e), &e);
    assert_int_equal(found, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(positions[i], expected[i]);
    arena_release(&a);
}

static void the_plan_is_there_first(void **state)
{
    (void)state;
    struct scratch scratch;
    struct arena a = {0};
    struct err e = ERR_INIT;
    struct store_info info;
    struct store_study study = fixture_study();
    scratch_make(&scratch);
    char deep[160];
    snprintf(deep, sizeof deep, "%s/new/folder/result.db", scratch.dir);
    struct store *s;
    must(store_create(&s, deep, &study, &e), &e);
    must(store_info(s, &a, &info, &e), &e);
    assert_string_equal(info.study.name, study.name);
    assert_string_equal(info.study.question, study.question);
    assert_string_equal(info.study.source, study.source);
    assert_string_equal(info.study.plan_json, study.plan_json);
    assert_string_equal(info.study.plan_sha256, study.plan_sha256);
    assert_true(info.study.seed == study.seed);
    assert_string_equal(info.study.chimera_version, study.chimera_version);
    assert_string_equal(info.study.chimera_commit, study.chimera_commit);
    assert_string_equal(info.study.command, study.command);
    assert_int_equal(info.study.n_rows, 4);
    assert_string_equal(info.study.rows[1].arm, "pair");
    assert_int_equal(info.study.rows[2].block, 1);
    assert_int_equal(info.schema, 3);
    assert_false(info.complete);
    assert_true(info.created_wall_ns > 1600000000 * NS_PER_S);
    missing_are(s, (int32_t[]){0, 1, 2, 3}, 4);
    fixture_close(s);
    arena_release(&a);
    scratch_remove(&scratch);
}

static void an_existing_file_is_not_replaced(void **state)
{
    (void)state;
    struct scratch scratch;
    struct err e = ERR_INIT;
    struct store *s = NULL;
    struct store_study study = fixture_study();
    scratch_make(&scratch);
    fixture_close(fixture_create(&scratch));
    assert_int_equal(store_create(&s, scratch.path, &study, &e), ERR_REFUSED);
    assert_null(s);
    assert_non_null(strstr(e.text, "exists already"));
    assert_int_equal(scratch_others(&scratch), 0);

    unlink(scratch.path); /* a link to nowhere is something that exists, too */
    assert_int_equal(symlink("/nonexistent/file", scratch.path), 0);
    err_clear(&e);
    assert_int_equal(store_create(&s, scratch.path, &study, &e), ERR_REFUSED);
    scratch_remove(&scratch);
}

static void a_plan_with_gaps_is_refused(void **state)
{
    (void)state;
    struct scratch scratch;
    struct err e = ERR_INIT;
    struct store *s = NULL;
    struct store_study study = fixture_study();
    struct plan_row rows[] = {{0, 0, "solo"}, {2, 0, "pair"}};
    study.rows = rows;
    study.n_rows = 2;
    scratch_make(&scratch);
    assert_int_equal(store_create(&s, scratch.path, &study, &e), ERR_INPUT);
    assert_int_equal(access(scratch.path, F_OK), -1); /* nothing is left */
    assert_int_equal(scratch_others(&scratch), 0);
    rows[1].position = 1;
    study.name = NULL; /* a NULL where one is not allowed */
    err_clear(&e);
    assert_true(store_create(&s, scratch.path, &study, &e) < 0);
    assert_int_equal(access(scratch.path, F_OK), -1);
    assert_int_equal(scratch_others(&scratch), 0);
    scratch_remove(&scratch);
}

static void study_resumes_where_it_stopped(void **state)
{
    (void)state;
    struct scratch scratch;
    struct rng g = rng_stream(1, "store");
    struct run run;
    struct arena a = {0};
    struct store_info info;
    struct err e = ERR_INIT;
    scratch_make(&scratch);
    struct store *s = fixture_create(&scratch);
    any_run(&g, &run, 0, 3);
    write_run(s, &run);
    assert_int_equal(run.attempt, 0);
    any_run_release(&run);
    any_run(&g, &run, 1, 3); /* the user pressed Ctrl-C in this one */
    run.state = RUN_ABORTED;
    write_run(s, &run);
    any_run_release(&run);
    missing_are(s, (int32_t[]){1, 2, 3}, 3);
    fixture_close(s);

    s = fixture_open(&scratch, true);
    missing_are(s, (int32_t[]){1, 2, 3}, 3);
    for (int32_t i = 1; i < 4; i++) {
        any_run(&g, &run, i, 3);
        write_run(s, &run);
        assert_int_equal(run.attempt, i == 1);
        any_run_release(&run);
    }
    missing_are(s, NULL, 0);
    must(store_info(s, &a, &info, &e), &e);
    assert_true(info.complete);
    assert_int_equal(info.n_complete, 4);
    assert_int_equal(info.n_aborted, 1);
    fixture_close(s);
    arena_release(&a);
    scratch_remove(&scratch);
}

static void runs_outside_the_plan_are_refused(void **state)
{
    (void)state;
    struct scratch scratch;
    struct rng g = rng_stream(2, "store");
    struct run run;
    struct err e = ERR_INIT;
    scratch_make(&scratch);
    struct store *s = fixture_create(&scratch);
    any_run(&g, &run, 0, 2);
    run.arm = "pair"; /* position 0 is solo */
    assert_int_equal(store_run_begin(s, &run, &e), ERR_REFUSED);
    err_clear(&e);
    run.arm = NULL;
    assert_int_equal(store_run_begin(s, &run, &e), ERR_REFUSED);
    err_clear(&e);
    run.arm = "solo";
    run.block = 1;
    assert_int_equal(store_run_begin(s, &run, &e), ERR_REFUSED);
    err_clear(&e);
    run.block = 0;
    run.position = 4;
    assert_int_equal(store_run_begin(s, &run, &e), ERR_REFUSED);
    err_clear(&e);
    run.position = 0;
    write_run(s, &run);
    assert_int_equal(store_run_begin(s, &run, &e), ERR_REFUSED); /* done */
    assert_non_null(strstr(e.text, "complete run already"));
    fixture_close(s);
    any_run_release(&run);
    scratch_remove(&scratch);
}

static void one_run_is_open_at_a_time(void **state)
{
    (void)state;
    struct scratch scratch;
    struct rng g = rng_stream(2, "store");
    struct run run, other;
    struct err e = ERR_INIT;
    scratch_make(&scratch);
    struct store *s = fixture_create(&scratch);
    any_run(&g, &run, 0, 2);
    any_run(&g, &other, 1, 0);
    assert_int_equal(store_request(s, 0, &run.requests[0], &e), ERR_REFUSED);
    err_clear(&e);
    must(store_run_begin(s, &run, &e), &e);
    assert_int_equal(store_run_begin(s, &other, &e), ERR_REFUSED);
    err_clear(&e);
    assert_int_equal(store_request(s, run.id + 1, &run.requests[0], &e), ERR_REFUSED);
    err_clear(&e);
    assert_int_equal(store_sample(s, run.id + 1, 5, "{}", &e), ERR_REFUSED);
    err_clear(&e);
    run.state = RUN_RUNNING;
    assert_int_equal(store_run_end(s, &run, &e), ERR_REFUSED);
    err_clear(&e);
    run.state = RUN_COMPLETE;
    must(store_request(s, run.id, &run.requests[0], &e), &e);
    assert_int_equal(store_request(s, run.id, &run.requests[0], &e), ERR_BUG); /* the same number again */
    err_clear(&e);
    store_batching(s, true);
    must(store_request(s, run.id, &run.requests[1], &e), &e);
    assert_int_equal(store_request(s, run.id, &run.requests[1], &e), ERR_BUG);
    err_clear(&e);
    must(store_run_end(s, &run, &e), &e); /* neither of the doubles cost a row */
    assert_int_equal(store_run_end(s, &run, &e), ERR_REFUSED);
    fixture_close(s);
    any_run_release(&run);
    any_run_release(&other);
    scratch_remove(&scratch);
}

static void closing_with_an_open_run_aborts_it(void **state)
{
    (void)state;
    struct scratch scratch;
    struct rng g = rng_stream(2, "store");
    struct run run, *read;
    size_t n;
    struct arena a = {0};
    struct err e = ERR_INIT;
    scratch_make(&scratch);
    struct store *s = fixture_create(&scratch);
    store_batching(s, true);
    any_run(&g, &run, 2, 5);
    must(store_run_begin(s, &run, &e), &e);
    for (size_t i = 0; i < 5; i++)
        must(store_request(s, run.id, &run.requests[i], &e), &e);
    fixture_close(s);
    assert_int_equal(scratch_others(&scratch), 0);
    s = fixture_open(&scratch, false);
    must(store_runs(s, STORE_CHUNKS | STORE_TEXT, &a, &read, &n, &e), &e);
    assert_int_equal(n, 1);
    assert_int_equal(read[0].state, RUN_ABORTED);
    assert_int_equal(read[0].n_requests, 5);
    for (size_t i = 0; i < 5; i++)
        same_request(&run.requests[i], &read[0].requests[i]);
    assert_true(isnan(read[0].health.steal)); /* unknown, not 0 */
    assert_int_equal(read[0].health.chunks, -1);
    assert_int_equal(read[0].ended_ns, MONO_NONE);
    store_runs_release(read, n);
    fixture_close(s);
    any_run_release(&run);
    arena_release(&a);
    scratch_remove(&scratch);
}

static int count_samples(void *user, int64_t t_ns, const char *json)
{
    int *n = user;
    assert_int_equal(t_ns, 1000 + *n);
    assert_string_equal(json, "{\"cpu\":0.5}");
    return ++*n == 7 ? 42 : 0;
}

static void facts_notes_and_samples(void **state)
{
    (void)state;
    struct scratch scratch;
    struct rng g = rng_stream(2, "store");
    struct run run;
    struct arena a = {0};
    struct err e = ERR_INIT;
    struct named_json *rows;
    size_t n;
    char first[65], again[65], other[65];
    scratch_make(&scratch);
    struct store *s = fixture_create(&scratch);
    must(store_host(s, "{\"cores\":2}", first, &e), &e);
    must(store_host(s, "{\"cores\":4}", other, &e), &e);
    must(store_host(s, "{\"cores\":2}", again, &e), &e);
    assert_string_equal(first, again);
    assert_string_not_equal(first, other);
    must(store_hosts(s, &a, &rows, &n, &e), &e);
    assert_int_equal(n, 2);
    assert_string_equal(rows[0].name, first);
    assert_string_equal(rows[1].json, "{\"cores\":4}");
    must(store_server(s, "s1", "{\"v\":1}", &e), &e);
    must(store_server(s, "s1", "{\"v\":1}", &e), &e);
    must(store_server(s, "s1", "{\"v\":2}", &e), &e);
    must(store_server(s, "s2", "{\"v\":1}", &e), &e);
    must(store_servers(s, &a, &rows, &n, &e), &e);
    assert_int_equal(n, 3);
    assert_string_equal(rows[1].name, "s1");
    assert_string_equal(rows[1].json, "{\"v\":2}");
    assert_null(store_get_note(s, &a, "corpus"));
    must(store_note(s, "corpus", "{\"files\":3}", &e), &e);
    must(store_note(s, "corpus", "{\"files\":4}", &e), &e);
    assert_string_equal(store_get_note(s, &a, "corpus"), "{\"files\":4}");
    any_run(&g, &run, 0, 1);
    must(store_run_begin(s, &run, &e), &e);
    for (int i = 0; i < 10; i++)
        must(store_sample(s, run.id, 1000 + i, "{\"cpu\":0.5}", &e), &e);
    must(store_note(s, "environment", "{}", &e), &e); /* in the middle of a run */
    must(store_run_end(s, &run, &e), &e);
    int seen = 0;
    assert_int_equal(store_each_sample(s, run.id, count_samples, &seen, &e), 42);
    assert_int_equal(seen, 7);
    fixture_close(s);
    any_run_release(&run);
    arena_release(&a);
    scratch_remove(&scratch);
}

static void a_reader_cannot_write(void **state)
{
    (void)state;
    struct scratch scratch;
    struct run run = {.arm = "solo"};
    struct err e = ERR_INIT;
    char hex[65];
    scratch_make(&scratch);
    fixture_close(fixture_create(&scratch));
    struct store *s = fixture_open(&scratch, false);
    assert_int_equal(store_run_begin(s, &run, &e), ERR_REFUSED);
    err_clear(&e);
    assert_int_equal(store_host(s, "{}", hex, &e), ERR_REFUSED);
    fixture_close(s);
    must(store_close(NULL, NULL), &(struct err)ERR_INIT);
    scratch_remove(&scratch);
}

/* Somebody adds a column, an index, a table of their own: we go on reading and writing. */
static void extra_columns_do_not_matter(void **state)
{
    (void)state;
    struct scratch scratch;
    struct rng g = rng_stream(4, "store");
    struct run runs[2], *read;
    size_t n;
    struct arena a = {0};
    struct err e = ERR_INIT;
    char command[512];
    scratch_make(&scratch);
    struct store *s = fixture_create(&scratch);
    any_run(&g, &runs[0], 0, 4);
    any_run(&g, &runs[1], 1, 4);
    write_run(s, &runs[0]);
    char before[65], after[65];
    must(store_run_hash(s, runs[0].id, before, &e), &e);
    fixture_close(s);
    snprintf(
        command, sizeof command,
        "python3 -c \"import sqlite3; c = sqlite3.connect('%s'); c.execute('ALTER TABLE request ADD COLUMN mine TEXT');"
        "c.execute('ALTER TABLE run ADD COLUMN mine INTEGER DEFAULT 7'); c.execute('CREATE TABLE mine(x)');"
        "c.execute('CREATE INDEX mine_index ON request(model)'); c.commit()\"",
        scratch.path);
    if (system(command) != 0)
        skip(); /* no python3 */
    s = fixture_open(&scratch, true);
    write_run(s, &runs[1]);
    must(store_runs(s, STORE_CHUNKS | STORE_TEXT, &a, &read, &n, &e), &e);
    assert_int_equal(n, 2);
    same_run(&runs[0], &read[0]);
    same_run(&runs[1], &read[1]);
    must(store_run_hash(s, runs[0].id, after, &e), &e);
    assert_string_equal(before, after);
    store_runs_release(read, n);
    fixture_close(s);
    any_run_release(&runs[0]);
    any_run_release(&runs[1]);
    arena_release(&a);
    scratch_remove(&scratch);
}

struct onlooker {
    struct scratch scratch;
    sem_t looks;
};

/* Looks on while the writer closes, and goes before it gives up. */
static void *look_on(void *user)
{
    struct onlooker *o = user;
    struct arena a = {0};
    struct err e = ERR_INIT;
    struct store_info info;
    struct store *s = fixture_open(&o->scratch, false);
    must(store_info(s, &a, &info, &e), &e);
    sem_post(&o->looks);
    nanosleep(&(struct timespec){0, 100 * 1000 * 1000}, NULL);
    fixture_close(s);
    arena_release(&a);
    return NULL;
}

static void closing_waits_for_a_short_look(void **state)
{
    struct onlooker o;
    pthread_t t;
    (void)state;
    scratch_make(&o.scratch);
    sem_init(&o.looks, 0, 0);
    struct store *s = fixture_create(&o.scratch);
    pthread_create(&t, NULL, look_on, &o);
    while (sem_wait(&o.looks) != 0)
        ;
    fixture_close(s);
    pthread_join(t, NULL);
    assert_int_equal(scratch_others(&o.scratch), 0);
    sem_destroy(&o.looks);
    scratch_remove(&o.scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_plan_is_there_first),
        cmocka_unit_test(an_existing_file_is_not_replaced),
        cmocka_unit_test(a_plan_with_gaps_is_refused),
        cmocka_unit_test(study_resumes_where_it_stopped),
        cmocka_unit_test(runs_outside_the_plan_are_refused),
        cmocka_unit_test(one_run_is_open_at_a_time),
        cmocka_unit_test(closing_with_an_open_run_aborts_it),
        cmocka_unit_test(facts_notes_and_samples),
        cmocka_unit_test(a_reader_cannot_write),
        cmocka_unit_test(closing_waits_for_a_short_look),
        cmocka_unit_test(extra_columns_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
