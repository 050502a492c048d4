/* What goes in comes out: every field of random runs, written, closed, opened and read again, with batching and without. */
#include "fixture.h"

#include "store/blob.h"

static void round_trip(uint64_t seed, bool batching)
{
    struct scratch scratch;
    struct rng g = rng_stream(seed, "store");
    struct run written[4];
    struct arena a = {0};
    struct err e = ERR_INIT;
    scratch_make(&scratch);
    struct store *s = fixture_create(&scratch);
    store_batching(s, batching);
    for (int32_t i = 0; i < 4; i++) {
        any_run(&g, &written[i], i, (size_t)rng_below(&g, 12));
        write_run(s, &written[i]);
    }
    fixture_close(s);
    assert_int_equal(scratch_others(&scratch), 0);

    struct run *read;
    size_t n;
    s = fixture_open(&scratch, false);
    must(store_runs(s, STORE_CHUNKS | STORE_TEXT, &a, &read, &n, &e), &e);
    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++)
        same_run(&written[i], &read[i]);
    must(store_check(s, &e), &e);
    store_runs_release(read, n);
    fixture_close(s);
    for (int i = 0; i < 4; i++)
        any_run_release(&written[i]);
    arena_release(&a);
    scratch_remove(&scratch);
}

static void every_field_survives(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++)
        round_trip(seed, seed % 2);
}

struct walk {
    const struct run *runs;
    size_t run, request;
    struct store *store;
    int stop_after;
};

static int visit(void *user, const struct run *run, const struct request *r)
{
    struct walk *w = user;
    while (w->request == w->runs[w->run].n_requests) {
        w->run++;
        w->request = 0;
    }
    same_run_head(&w->runs[w->run], run);
    const struct request *expected = &w->runs[w->run].requests[w->request++];
    same_request(expected, r);
    struct store_size size;
    if (expected->text.at) {
        assert_true(store_text_size(w->store, r->text_sha256, &size));
        assert_int_equal(size.bytes, expected->text.len);
        assert_true(size.kept);
    } else if (r->text_sha256[0]) {
        assert_true(store_text_size(w->store, r->text_sha256, &size));
        assert_int_equal(size.bytes, -1);
        assert_int_equal(size.chars, -1);
        assert_false(size.kept);
    }
    return w->stop_after && --w->stop_after == 0 ? 7 : 0;
}

static void one_request_at_a_time(void **state)
{
    (void)state;
    struct scratch scratch;
    struct rng g = rng_stream(99, "store");
    struct run runs[3];
    struct err e = ERR_INIT;
    scratch_make(&scratch);
    struct store *s = fixture_create(&scratch);
    for (int32_t i = 0; i < 3; i++) {
        any_run(&g, &runs[i], i, i == 1 ? 0 : 9);
        write_run(s, &runs[i]);
    }
    struct walk w = {.runs = runs, .store = s};
    must(store_each_request(s, visit, &w, &e), &e);
    assert_int_equal(w.run, 2);
    assert_int_equal(w.request, 9);
    w = (struct walk){.runs = runs, .store = s, .stop_after = 3};
    assert_int_equal(store_each_request(s, visit, &w, &e), 7);
    assert_int_equal(w.request, 3);
    w = (struct walk){.runs = runs, .store = s, .run = 1};
    must(store_run_requests(s, &runs[2], visit, &w, &e), &e);
    assert_int_equal(w.run, 2);
    assert_int_equal(w.request, 9);
    must(store_run_requests(s, &runs[1], visit, &w, &e), &e);
    assert_int_equal(w.request, 9);
    fixture_close(s);
    for (int i = 0; i < 3; i++)
        any_run_release(&runs[i]);
    scratch_remove(&scratch);
}

static void parts_are_read_on_request(void **state)
{
    (void)state;
    struct scratch scratch;
    struct rng g = rng_stream(5, "store");
    struct run run, *read;
    size_t n;
    struct arena a = {0};
    struct err e = ERR_INIT;
    scratch_make(&scratch);
    struct store *s = fixture_create(&scratch);
    any_run(&g, &run, 0, 10);
    write_run(s, &run);
    must(store_runs(s, 0, &a, &read, &n, &e), &e);
    for (size_t i = 0; i < read[0].n_requests; i++) {
        assert_int_equal(read[0].requests[i].chunks.n, 0);
        assert_null(read[0].requests[i].text.at);
        same_sha(&run.requests[i].text, run.requests[i].text_sha256, read[0].requests[i].text_sha256);
    }
    store_runs_release(read, n);
    must(store_run_heads(s, &a, &read, &n, &e), &e);
    assert_int_equal(n, 1);
    same_run_head(&run, read);
    assert_int_equal(read->n_requests, 0);
    fixture_close(s);
    any_run_release(&run);
    arena_release(&a);
    scratch_remove(&scratch);
}

static void equal_texts_are_stored_once(void **state)
{
    (void)state;
    struct scratch scratch;
    struct run run = {.arm = "solo", .state = RUN_COMPLETE};
    struct err e = ERR_INIT;
    struct stat st;
    scratch_make(&scratch);
    struct store *s = fixture_create(&scratch);
    must(store_run_begin(s, &run, &e), &e);
    for (int i = 0; i < 100; i++) {
        struct request r;
        request_init(&r);
        r.seq = i;
        for (int k = 0; k < 10000; k++)
            str_addz(&r.prompt, "0123456789");
        must(store_request(s, run.id, &r, &e), &e);
        request_release(&r);
    }
    must(store_run_end(s, &run, &e), &e);
    fixture_close(s);
    assert_int_equal(stat(scratch.path, &st), 0);
    assert_true(st.st_size < 300000); /* 100 KB once, not 10 MB */
    scratch_remove(&scratch);
}

/* Texts that are not kept leave their hash and length; a later run that keeps the same text fills it in, and the hash of the
 * first run stays as it was. */
static void only_hashes_when_asked(void **state)
{
    (void)state;
    struct scratch scratch;
    struct rng g = rng_stream(3, "store");
    struct run first, second, *read;
    size_t n;
    struct arena a = {0};
    struct err e = ERR_INIT;
    char before[65], after[65];
    struct store_size size;
    scratch_make(&scratch);
    struct store *s = fixture_create(&scratch);
    any_run(&g, &first, 0, 1);
    struct request *q = &first.requests[0];
    str_clear(&q->text);
    str_addz(&q->text, "na\xC3\xAFve \xFF");
    q->text_sha256[0] = 0;
    store_keep(s, false, false);
    write_run(s, &first);
    must(store_runs(s, STORE_TEXT, &a, &read, &n, &e), &e);
    assert_null(read[0].requests[0].text.at);
    assert_true(store_text_size(s, read[0].requests[0].text_sha256, &size));
    assert_int_equal(size.bytes, 8);
    assert_int_equal(size.chars, 7);
    assert_false(size.kept);
    store_runs_release(read, n);
    must(store_run_hash(s, first.id, before, &e), &e);

    store_keep(s, true, true);
    any_run(&g, &second, 1, 0);
    free(second.requests);
    second.n_requests = 1;
    second.requests = first.requests;
    write_run(s, &second);
    must(store_runs(s, STORE_TEXT, &a, &read, &n, &e), &e);
    assert_string_equal(read[0].requests[0].text.at, "na\xC3\xAFve \xFF");
    store_runs_release(read, n);
    must(store_run_hash(s, first.id, after, &e), &e);
    assert_string_equal(before, after);
    fixture_close(s);
    free(second.sessions);
    any_run_release(&first);
    arena_release(&a);
    scratch_remove(&scratch);
}

static void engine_stamps_in_few_bytes(void **state)
{
    (void)state;
    struct engine_stamps in = {MONO_NONE, 5, INT64_MAX, (mono_ns[]){1, INT64_MIN, 7}, 3}, out;
    struct str blob = STR_INIT;
    struct err e = ERR_INIT;
    engine_stamps_encode(&in, 3, &blob);
    must(engine_stamps_decode(&out, 3, blob.at, blob.len, &e), &e);
    assert_memory_equal(out.token_ns, in.token_ns, sizeof *in.token_ns * 3);
    assert_int_equal(out.queued_ns, MONO_NONE);
    assert_int_equal(out.prefill_end_ns, INT64_MAX);
    free(out.token_ns);
    for (size_t n = 0; n < blob.len; n++) { /* every shorter one is an error */
        err_clear(&e);
        assert_int_equal(engine_stamps_decode(&out, 3, blob.at, n, &e), ERR_INPUT);
        assert_null(out.token_ns);
    }
    str_addc(&blob, 0);
    assert_int_equal(engine_stamps_decode(&out, 3, blob.at, blob.len, &e), ERR_INPUT);
    str_release(&blob);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_survives),      cmocka_unit_test(one_request_at_a_time),
        cmocka_unit_test(parts_are_read_on_request), cmocka_unit_test(equal_texts_are_stored_once),
        cmocka_unit_test(only_hashes_when_asked),    cmocka_unit_test(engine_stamps_in_few_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
