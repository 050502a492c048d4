/* The recorder: everything that was taken is in the file, while the run still goes on; a store that fails and a queue that
 * grows too long are told. */
#include "../store/fixture.h"

#include <pthread.h>
#include <time.h>

#include "study/recorder.h"

enum { THREADS = 4, PER_THREAD = 500, PATIENCE = 2000 /* times 10 ms */ };

struct bench {
    struct scratch scratch;
    struct store *store;
    struct run run;
    struct recorder *rec;
    struct run_tally tally;
    int64_t seen[THREADS * PER_THREAD]; /* seq in the order of on_request */
    size_t n_seen;
};

static void on_request(void *user, const struct request *r)
{
    struct bench *b = user;
    if (b->n_seen < sizeof b->seen / sizeof b->seen[0])
        b->seen[b->n_seen] = r->seq;
    b->n_seen++;
}

static void set_up(struct bench *b)
{
    struct err e = ERR_INIT;
    struct store_study study = fixture_study();
    memset(b, 0, sizeof *b);
    scratch_make(&b->scratch);
    must(store_create(&b->store, b->scratch.path, &study, &e), &e);
    b->run = (struct run){.arm = "solo", .state = RUN_COMPLETE, .verdict_why = ""};
    must(store_run_begin(b->store, &b->run, &e), &e);
    struct recorder_spec spec = {b->store, b->run.id, on_request, b};
    must(recorder_start(&b->rec, &spec, &e), &e);
}

static void tear_down(struct bench *b)
{
    run_tally_release(&b->tally);
    store_close(b->store, NULL);
    scratch_remove(&b->scratch);
}

static struct request *request_of(int64_t seq)
{
    struct request *r = xmalloc(sizeof *r);
    request_init(r);
    r->seq = seq;
    r->agent = "load";
    r->stamp[STAMP_PLANNED] = r->stamp[STAMP_SENT] = seq * 1000;
    r->stamp[STAMP_DONE] = seq * 1000 + 2 * NS_PER_MS;
    str_addf(&r->text, "answer %lld", (long long)seq);
    chunk_list_init(&r->chunks, 1);
    chunk_list_add(&r->chunks,
                   (struct chunk){.t_ns = seq * 1000 + 500, .app_ns = seq * 1000 + 600, .kind = CHUNK_TEXT});
    return r;
}

/* Requests of the run that another process would find in the file now. */
static size_t count_stored(const struct bench *b)
{
    struct arena a = {0};
    struct err e = ERR_INIT;
    struct store *s;
    struct run *runs;
    size_t n, requests;
    must(store_open(&s, b->scratch.path, false, &e), &e);
    must(store_runs(s, STORE_CHUNKS | STORE_TEXT, &a, &runs, &n, &e), &e);
    assert_int_equal(n, 1);
    requests = runs[0].n_requests;
    for (size_t i = 0; i < requests; i++) {
        struct request *r = request_of(runs[0].requests[i].seq);
        assert_string_equal(str_z(&runs[0].requests[i].text), str_z(&r->text));
        same_chunks(&runs[0].requests[i].chunks, &r->chunks);
        request_release(r);
        free(r);
    }
    store_runs_release(runs, n);
    arena_release(&a);
    store_close(s, NULL);
    return requests;
}

static void wait_a_little(void)
{
    nanosleep(&(struct timespec){0, 10 * 1000 * 1000}, NULL);
}

struct taker {
    struct bench *bench;
    int64_t number;
};

/* Every fourth number is this thread's. */
static void *take_many(void *taker)
{
    struct taker *t = taker;
    for (int64_t i = 0; i < PER_THREAD; i++)
        recorder_take(t->bench->rec, request_of(i * THREADS + t->number));
    return NULL;
}

static void all_threads_are_recorded(void **state)
{
    struct bench b;
    struct err e = ERR_INIT;
    struct taker takers[THREADS];
    pthread_t threads[THREADS];
    int64_t last[THREADS];
    (void)state;
    set_up(&b);
    for (int i = 0; i < THREADS; i++) {
        last[i] = -1;
        takers[i] = (struct taker){&b, i};
        assert_int_equal(pthread_create(&threads[i], NULL, take_many, &takers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    must(recorder_stop(b.rec, &b.tally, &e), &e);
    assert_int_equal(b.n_seen, THREADS * PER_THREAD);
    for (size_t i = 0; i < b.n_seen; i++) { /* of each thread in its order */
        assert_true(b.seen[i] > last[b.seen[i] % THREADS]);
        last[b.seen[i] % THREADS] = b.seen[i];
    }
    must(store_run_end(b.store, &b.run, &e), &e);
    assert_int_equal(count_stored(&b), THREADS * PER_THREAD);
    assert_int_equal(b.tally.counter.counts.completed, THREADS * PER_THREAD);
    assert_true(run_counts_balance(&b.tally.counter.counts));
    assert_int_equal(b.tally.chunks, THREADS * PER_THREAD);
    assert_true(run_tally_median_e2e_ms(&b.tally) == 2);
    tear_down(&b);
}

/* So much waits that the second writer helps: each request is still written once. */
static void a_long_queue_is_written_once(void **state)
{
    enum { N = 60 };
    struct bench b;
    struct err e = ERR_INIT;
    (void)state;
    set_up(&b);
    for (int64_t i = 0; i < N; i++) {
        struct request *r = request_of(i);
        str_reserve(&r->prompt, 5 * 1024 * 1024);
        recorder_take(b.rec, r);
    }
    for (int i = 0; i < PATIENCE && count_stored(&b) < N; i++)
        wait_a_little();
    must(recorder_stop(b.rec, &b.tally, &e), &e);
    assert_int_equal(count_stored(&b), N);
    for (int i = 0; i < N; i++)
        assert_int_equal(b.seen[i], i);
    tear_down(&b);
}

/* What was taken is in the file before the recorder is stopped: all that a killed load would leave. */
static void rows_are_there_while_it_runs(void **state)
{
    struct bench b;
    struct err e = ERR_INIT;
    size_t stored = 0;
    (void)state;
    set_up(&b);
    for (int64_t i = 0; i < 10; i++)
        recorder_take(b.rec, request_of(i));
    for (int i = 0; i < PATIENCE && (stored = count_stored(&b)) < 10; i++)
        wait_a_little();
    assert_int_equal(stored, 10);
    assert_false(recorder_failed(b.rec));
    must(recorder_stop(b.rec, &b.tally, &e), &e);
    tear_down(&b);
}

static int on_sample(void *user, int64_t t_ns, const char *json)
{
    struct str *all = user;
    str_addf(all, "%lld%s ", (long long)t_ns, json);
    return 0;
}

static void samples_keep_their_order(void **state)
{
    struct bench b;
    struct err e = ERR_INIT;
    struct str all = STR_INIT;
    (void)state;
    set_up(&b);
    recorder_sample(b.rec, 1, "{\"a\":1}", 7);
    recorder_take(b.rec, request_of(0));
    recorder_sample(b.rec, 2, "{} and what is behind it", 2);
    recorder_sample(b.rec, 3, "{}", 2);
    must(recorder_stop(b.rec, &b.tally, &e), &e);
    must(store_each_sample(b.store, b.run.id, on_sample, &all, &e), &e);
    assert_string_equal(str_z(&all), "1{\"a\":1} 2{} 3{} ");
    assert_int_equal(b.n_seen, 1);
    str_release(&all);
    tear_down(&b);
}

/* The disk is full in the middle of it. */
static void a_store_that_fails_is_told(void **state)
{
    struct bench b;
    struct err e = ERR_INIT;
    int64_t taken = 0;
    (void)state;
    set_up(&b);
    must(recorder_stop(b.rec, &b.tally, &e), &e);
    must(store_limit_bytes(b.store, 256 * 1024, &e), &e);
    struct recorder_spec spec = {b.store, b.run.id, on_request, &b};
    must(recorder_start(&b.rec, &spec, &e), &e);
    for (int i = 0; i < PATIENCE && !recorder_failed(b.rec); i++) {
        for (int k = 0; k < 500; k++)
            recorder_take(b.rec, request_of(taken++));
        wait_a_little();
    }
    assert_true(recorder_failed(b.rec));
    recorder_take(b.rec, request_of(taken++)); /* is still counted */
    assert_int_equal(recorder_stop(b.rec, &b.tally, &e), ERR_IO);
    assert_non_null(strstr(e.text, "no room"));
    assert_int_equal(b.n_seen, taken);
    assert_int_equal(b.tally.counter.counts.completed, taken);
    err_clear(&e);
    assert_int_equal(store_run_end(b.store, &b.run, &e), ERR_IO); /* never complete */
    tear_down(&b);
}

static void too_much_waiting_is_told(void **state)
{
    struct bench b;
    struct err e = ERR_INIT;
    struct request *large = request_of(1);
    (void)state;
    set_up(&b);
    recorder_take(b.rec, request_of(0));
    assert_false(recorder_failed(b.rec));
    str_reserve(&large->prompt, RECORDER_MOST_BYTES);
    recorder_take(b.rec, large);
    assert_true(recorder_failed(b.rec));
    assert_int_equal(recorder_stop(b.rec, &b.tally, &e), ERR_IO);
    assert_non_null(strstr(e.text, "512 MiB"));
    assert_int_equal(count_stored(&b), 2); /* nothing is lost */
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_threads_are_recorded),     cmocka_unit_test(a_long_queue_is_written_once),
        cmocka_unit_test(rows_are_there_while_it_runs), cmocka_unit_test(samples_keep_their_order),
        cmocka_unit_test(a_store_that_fails_is_told),   cmocka_unit_test(too_much_waiting_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
