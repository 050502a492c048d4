/* The view from a result file, while it is written: nothing done, a run that goes on and grows, one complete, one killed,
 * all complete. */
#include "../store/fixture.h"

#include <sys/wait.h>

#include "live/file.h"
#include "record/verdict.h"

static struct live_view look(struct live_file *f)
{
    struct live_view v;
    struct err e = ERR_INIT;
    must(live_file_look(f, &v, &e), &e);
    return v;
}

/* *user: whether it asks for an hour. */
static void ask(void *user, struct course *c, const char *source)
{
    assert_string_equal(source, "study: duet\n");
    for (size_t i = 0; i < c->n_arms && *(bool *)user; i++) {
        c->arms[i].asked_ns = 4000 * NS_PER_S;
        c->arms[i].warmup_ns = 3600 * NS_PER_S;
        c->arms[i].asked_requests = 50;
    }
}

static void begin(struct store *s, struct run *r, int32_t position)
{
    struct err e = ERR_INIT;
    *r = (struct run){.position = position,
                      .block = fixture_rows[position].block,
                      .arm = fixture_rows[position].arm,
                      .wall_ns = clock_wall_ns() - 5 * NS_PER_S,
                      .started_ns = (100 + 20 * position) * NS_PER_S,
                      .ended_ns = (110 + 20 * position) * NS_PER_S,
                      .state = RUN_COMPLETE,
                      .verdict = position ? VERDICT_VALID : VERDICT_SUSPECT,
                      .verdict_why = ""};
    must(store_run_begin(s, r, &e), &e);
}

static void end(struct store *s, struct run *r)
{
    struct err e = ERR_INIT;
    must(store_run_end(s, r, &e), &e);
}

static void add(struct store *s, const struct run *run, int64_t seq, enum outcome outcome)
{
    struct err e = ERR_INIT;
    struct request r;
    request_init(&r);
    r.seq = seq;
    r.outcome = outcome;
    r.stamp[STAMP_PLANNED] = r.stamp[STAMP_SENT] = (100 + seq) * NS_PER_S;
    r.stamp[STAMP_FIRST_TOKEN] = r.stamp[STAMP_SENT] + 25 * NS_PER_MS;
    r.stamp[STAMP_DONE] = r.stamp[STAMP_SENT] + NS_PER_S;
    chunk_list_init(&r.chunks, 1);
    chunk_list_add(&r.chunks, (struct chunk){.t_ns = r.stamp[STAMP_FIRST_TOKEN], .app_ns = r.stamp[STAMP_FIRST_TOKEN]});
    str_addz(&r.text, "an answer");
    must(store_request(s, run->id, &r, &e), &e);
    request_release(&r);
}

static void a_study_from_start_to_end(void **state)
{
    struct scratch scratch;
    struct live_view v;
    bool hour = false;
    struct run run;
    (void)state;
    scratch_make(&scratch);
    struct store *s = fixture_create(&scratch);
    struct live_file *f = live_file_new(scratch.path, ask, &hour);

    v = look(f);
    assert_int_equal(v.state, LIVE_STARTING);
    assert_string_equal(v.study, "duet");
    assert_int_equal(v.planned, 4);
    assert_int_equal(v.blocks, 2);
    assert_null(v.arm);
    assert_true(v.silent_ns >= 0 && v.silent_ns < 60 * NS_PER_S);

    begin(s, &run, 0);
    v = look(f);
    assert_int_equal(v.state, LIVE_MEASURING);
    assert_string_equal(v.arm, "solo");
    assert_int_equal(v.ended, 0);
    assert_true(v.elapsed_ns >= 5 * NS_PER_S && v.elapsed_ns < 100 * NS_PER_S);
    assert_int_equal(v.in_flight, -1);
    add(s, &run, 0, OUTCOME_OK);
    add(s, &run, 1, OUTCOME_TIMEOUT_IDLE);
    v = look(f);
    assert_int_equal(v.ended, 2);
    add(s, &run, 2, OUTCOME_OK);
    hour = true;
    for (int i = 0; i < 2; i++) { /* nothing is counted twice */
        v = look(f);
        assert_int_equal(v.ended, 3);
        assert_int_equal(v.by_outcome[OUTCOME_OK], 2);
        assert_int_equal(v.by_outcome[OUTCOME_TIMEOUT_IDLE], 1);
        assert_int_equal(v.ttft.n, 2);
        assert_true(fabs(v.ttft.p50_ns / 25e6 - 1) < 0.01);
        assert_true(fabs(v.rate - 1) < 1e-9);
        assert_int_equal(v.asked_requests, 50);
        assert_int_equal(v.state, LIVE_WARMING_UP);
        assert_string_equal(v.eta.basis, "the seconds asked for");
    }
    hour = false;
    end(s, &run);
    v = look(f);
    assert_int_equal(v.state, LIVE_PREPARING);
    assert_null(v.arm);
    assert_int_equal(v.complete, 1);
    assert_int_equal(v.verdicts[VERDICT_SUSPECT], 1);
    assert_int_equal(v.eta.left_ns / NS_PER_S, 30); /* 10 s a run, no pause known */

    begin(s, &run, 1);
    add(s, &run, 0, OUTCOME_RESET);
    v = look(f);
    assert_string_equal(v.arm, "pair");
    assert_int_equal(v.position, 1);
    assert_int_equal(v.ended, 1); /* not those of the run before it */
    assert_int_equal(v.by_outcome[OUTCOME_RESET], 1);
    end(s, &run);
    for (int32_t i = 2; i < 4; i++) {
        begin(s, &run, i);
        end(s, &run);
    }
    v = look(f);
    assert_int_equal(v.state, LIVE_COMPLETE);
    fixture_close(s);
    assert_int_equal(scratch_others(&scratch), 0); /* the watcher left nothing beside the file */
    v = look(f);
    assert_int_equal(v.state, LIVE_COMPLETE);
    assert_int_equal(v.complete, 4);
    live_file_free(f);
    scratch_remove(&scratch);
}

/* Killed: the run stands as running, but nobody holds the file. */
static void nobody_goes_on(void **state)
{
    struct scratch scratch;
    struct run run;
    bool hour = true;
    (void)state;
    scratch_make(&scratch);
    pid_t child = fork();
    if (child == 0) {
        struct store *s = fixture_create(&scratch);
        begin(s, &run, 0);
        add(s, &run, 0, OUTCOME_OK);
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    struct live_file *f = live_file_new(scratch.path, ask, &hour);
    struct live_view v = look(f);
    assert_int_equal(v.state, LIVE_STOPPED);
    assert_string_equal(v.arm, "solo");
    assert_int_equal(v.ended, 1);
    struct store *s = fixture_open(&scratch, true); /* somebody goes on */
    v = look(f);
    assert_int_equal(v.state, LIVE_PREPARING);
    assert_int_equal(v.aborted, 1);
    assert_null(v.arm);
    struct err e = ERR_INIT;
    assert_int_equal(store_note(s, "ended", "{\"blocks\":1,\"why\":\"budget\"}", &e), 0);
    fixture_close(s);
    assert_int_equal(look(f).state, LIVE_STOPPED);
    s = fixture_open(&scratch, true);
    assert_int_equal(store_note(s, "ended", "{\"blocks\":1,\"why\":\"precision\"}", &e), 0);
    fixture_close(s);
    v = look(f); /* its stop rule ended it: nothing is left */
    assert_true(v.state == LIVE_COMPLETE && v.eta.left_ns == -1);
    live_file_free(f);
    scratch_remove(&scratch);
}

static void no_file(void **state)
{
    struct err e = ERR_INIT;
    struct live_view v;
    struct live_file *f = live_file_new("/nonexistent/result.db", ask, NULL);
    (void)state;
    assert_int_equal(live_file_look(f, &v, &e), ERR_NOTFOUND);
    live_file_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_study_from_start_to_end),
        cmocka_unit_test(nobody_goes_on),
        cmocka_unit_test(no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
