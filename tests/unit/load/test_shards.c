/* A load in several threads is the same load: every question once, every arrival at its time, one run out of it. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../net/player.h"
#include "load/pool.h"
#include "load/shards.h"
#include "record/tally.h"

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
#define DELTA(t) "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" t "\"}}]}\n\n"
#define FINISH "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define DONE "data: [DONE]\n\n"

enum { MAX_THREADS = 4 };

struct bench {
    struct player player;
    struct endpoint endpoint;
    struct client_options none;
    struct driver_server server;
    struct pool *pools[MAX_THREADS];
    struct driver_session sessions[MAX_THREADS];
    struct driver_spec spec;
    struct run run;
    volatile int stop;
    pthread_mutex_t lock; /* of what was taken */
    struct request *taken;
    size_t n_taken;
    int64_t ticks;
};

/* Each thread gives its requests; the run's are all of them. */
static void take(void *user, struct request *r)
{
    struct bench *b = user;
    pthread_mutex_lock(&b->lock);
    b->taken = xrealloc(b->taken, (b->n_taken + 1) * sizeof *b->taken);
    b->taken[b->n_taken++] = *r;
    pthread_mutex_unlock(&b->lock);
    free(r);
}

static int by_seq(const void *a, const void *b)
{
    int64_t x = ((const struct request *)a)->seq, y = ((const struct request *)b)->seq;
    return (x > y) - (x < y);
}

static void on_tick(void *user, const struct driver_moment *m)
{
    struct bench *b = user;
    assert_true(b->run.started_ns > 0 && b->run.started_ns <= m->now);
    assert_true(m->loop_busy >= 0 && m->loop_busy <= 1);
    b->ticks++;
}

static void set_up_talks(struct bench *b, const struct step *script, size_t threads, int64_t questions,
                         const char *turns)
{
    struct pool_spec pool = {
        .route = ROUTE_CHAT, .stream = true, .n = questions, .talk.seed = 7, .salt = 11, .step = (int64_t)threads};
    struct err e = ERR_INIT;
    memset(b, 0, sizeof *b);
    pthread_mutex_init(&b->lock, NULL);
    amount_parse("20..60", "input_len", 1, &pool.talk.input_tok, NULL);
    amount_parse("8..90", "output_len", 1, &pool.talk.output_tok, NULL);
    amount_parse(turns, "turns", 1, &pool.talk.turns, NULL);
    amount_parse("0", "think_ms", 0, &pool.talk.think_ms, NULL);
    player_start(&b->player, NULL, false);
    player_script(&b->player, 0, script);
    player_thread(&b->player);
    assert_int_equal(endpoint_parse(b->player.url, &b->endpoint, &e), 0);
    b->server = (struct driver_server){"s", "m", backend_find("openai"), &b->endpoint, &b->none, false, -1};
    for (size_t k = 0; k < threads; k++) {
        pool.first = (int64_t)k;
        assert_int_equal(pool_new(&b->pools[k], &pool, &e), 0);
        b->sessions[k] = (struct driver_session){.agent = "load", .ops = &pool_ops, .user = b->pools[k], .width = 2};
    }
    b->spec = (struct driver_spec){.servers = &b->server,
                                   .n_servers = 1,
                                   .sessions = b->sessions,
                                   .n_sessions = threads,
                                   .limits = {.connect_ns = 5 * NS_PER_S, .total_ns = 20 * NS_PER_S},
                                   .stop = &b->stop,
                                   .take = take,
                                   .on_tick = on_tick,
                                   .user = b};
}

static void set_up(struct bench *b, const struct step *script, size_t threads, int64_t questions)
{
    set_up_talks(b, script, threads, questions, "1");
}

static int play(struct bench *b)
{
    struct shards *s = NULL;
    struct err e = ERR_INIT;
    assert_int_equal(shards_new(&s, &b->spec, 0, &e), 0);
    int rc = shards_run(s, &b->run, &e);
    assert_int_equal(rc, e.code);
    shards_free(s);
    assert_int_equal(b->run.n_requests, 0); /* they were taken */
    if (b->n_taken)
        qsort(b->taken, b->n_taken, sizeof *b->taken, by_seq);
    b->run.requests = b->taken;
    b->run.n_requests = b->n_taken;
    b->taken = NULL;
    return rc;
}

static void tear_down(struct bench *b)
{
    for (size_t i = 0; i < b->n_taken && b->taken; i++) /* of a run that was not played to its end */
        request_release(&b->taken[i]);
    free(b->taken);
    driver_run_release(&b->run);
    for (size_t k = 0; k < MAX_THREADS; k++)
        pool_free(b->pools[k]);
    player_stop(&b->player);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What was asked, with its output limit, in the order of the text. */
static char **asked(const struct run *r)
{
    char **all = xcalloc(r->n_requests, sizeof *all);
    for (size_t i = 0; i < r->n_requests; i++) {
        struct str line = STR_INIT;
        str_addf(&line, "%s %lld", str_z(&r->requests[i].prompt), (long long)r->requests[i].max_tok);
        all[i] = str_detach(&line, NULL);
    }
    qsort(all, r->n_requests, sizeof *all, by_text);
    return all;
}

static void the_work_is_the_same_in_any_number_of_threads(void **state)
{
    static const struct step script[] = {REQUEST, PUSH(HEAD DELTA("x") FINISH DONE), FIN, END};
    enum { N = 22 }; /* the player has 32 connections */
    char **first = NULL;
    (void)state;
    for (size_t threads = 1; threads <= MAX_THREADS; threads += threads == 1 ? 2 : 1) { /* 1, 3, 4 */
        struct bench b;
        set_up(&b, script, threads, N);
        assert_int_equal(play(&b), 0);
        assert_int_equal(b.run.n_requests, N);
        assert_int_equal(b.run.n_sessions, 1);
        assert_true(b.run.sessions[0].ok);
        assert_true(b.run.health.loop_busy > 0 && b.run.health.loop_busy <= 1);
        for (size_t i = 0; i < N; i++) {
            const struct request *r = &b.run.requests[i];
            assert_int_equal(r->outcome, OUTCOME_OK);
            assert_int_equal(r->seq, i);
            assert_int_equal(r->chunks.n, 3);
            assert_int_equal(r->session, 0);
            assert_true(r->stamp[STAMP_PLANNED] >= b.run.started_ns && r->stamp[STAMP_DONE] <= b.run.ended_ns);
            assert_null(request_stamps_fault(r));
        }
        char **all = asked(&b.run);
        for (size_t i = 0; i < N; i++) {
            assert_true(i == 0 || strcmp(all[i - 1], all[i]) != 0);
            if (first)
                assert_string_equal(all[i], first[i]);
        }
        for (size_t i = 0; first && i < N; i++)
            free(all[i]);
        if (first)
            free(all);
        else
            first = all;
        tear_down(&b);
    }
    for (size_t i = 0; i < N; i++)
        free(first[i]);
    free(first);
}

static void dialogues_have_numbers_of_their_own(void **state)
{
    static const struct step script[] = {REQUEST, PUSH(HEAD DELTA("an answer") FINISH DONE), FIN, END};
    enum { DIALOGUES = 9, TURNS = 2 };
    int turns[DIALOGUES] = {0};
    struct bench b;
    struct run_tally t = {0};
    (void)state;
    set_up_talks(&b, script, 3, DIALOGUES, "2");
    assert_int_equal(play(&b), 0);
    assert_int_equal(b.run.n_requests, DIALOGUES * TURNS);
    for (size_t i = 0; i < b.run.n_requests; i++) {
        const struct request *r = &b.run.requests[i];
        assert_int_equal(r->outcome, OUTCOME_OK);
        assert_in_range(r->session, 0, DIALOGUES - 1);
        assert_int_equal(r->turn, turns[r->session]++); /* numbers are in the order of the questions */
        assert_int_equal(strstr(str_z(&r->prompt), "an answer") != NULL, r->turn);
        run_tally_add(&t, r);
    }
    for (size_t i = 0; i < DIALOGUES; i++)
        assert_int_equal(turns[i], TURNS);
    run_tally_give_dialogues(&t, &b.run);
    assert_int_equal(b.run.n_sessions, DIALOGUES);
    run_tally_release(&t);
    tear_down(&b);
}

static void all_threads_have_one_window(void **state)
{
    static const struct step script[] = {REQUEST, PUSH(HEAD DELTA("x") FINISH DONE), FIN, END};
    static const int64_t even[] = {0, 30 * NS_PER_MS}, odd[] = {10 * NS_PER_MS, 40 * NS_PER_MS};
    struct bench b;
    (void)state;
    set_up(&b, script, 2, 4);
    for (int k = 0; k < 2; k++) {
        b.sessions[k].at_ns = k ? odd : even;
        b.sessions[k].n_at = 2;
        b.sessions[k].warmup_ns = 20 * NS_PER_MS;
    }
    assert_int_equal(play(&b), 0);
    assert_int_equal(b.run.sessions[0].released_ns, b.run.started_ns + 20 * NS_PER_MS);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal((b.run.requests[i].flags & REQUEST_WARMUP) != 0,
                         b.run.requests[i].stamp[STAMP_PLANNED] < b.run.sessions[0].released_ns);
    run_part_warmup(&b.run);
    assert_true(b.run.n_requests == 2 && b.run.n_warmup == 2);
    tear_down(&b);
}

static int by_time(const void *a, const void *b)
{
    mono_ns x = ((const struct request *)a)->stamp[STAMP_PLANNED],
            y = ((const struct request *)b)->stamp[STAMP_PLANNED];
    return (x > y) - (x < y);
}

static void each_arrival_is_planned_from_one_release(void **state)
{
    static const struct step script[] = {REQUEST, PUSH(HEAD DELTA("x") FINISH DONE), FIN, END};
    static const int64_t even[] = {0, 10 * NS_PER_MS, 30 * NS_PER_MS}, odd[] = {5 * NS_PER_MS, 20 * NS_PER_MS};
    static const int64_t both[] = {0, 5 * NS_PER_MS, 10 * NS_PER_MS, 20 * NS_PER_MS, 30 * NS_PER_MS};
    struct bench b;
    (void)state;
    set_up(&b, script, 3, 5);
    b.sessions[0].at_ns = even;
    b.sessions[0].n_at = 3;
    b.sessions[1].at_ns = odd;
    b.sessions[1].n_at = 2;
    b.sessions[2].at_ns = odd; /* a thread without work */
    b.sessions[2].n_at = 0;
    for (int k = 0; k < 3; k++)
        pool_free(b.pools[k]);
    for (int k = 0; k < 3; k++) {
        struct pool_spec pool = {.route = ROUTE_CHAT, .stream = true, .n = 5, .first = k % 2, .step = 2};
        amount_parse("20", "input_len", 1, &pool.talk.input_tok, NULL);
        amount_parse("8", "output_len", 1, &pool.talk.output_tok, NULL);
        amount_parse("1", "turns", 1, &pool.talk.turns, NULL);
        assert_int_equal(pool_new(&b.pools[k], &pool, NULL), 0);
        b.sessions[k].user = b.pools[k];
    }
    assert_int_equal(play(&b), 0);
    assert_int_equal(b.run.n_requests, 5);
    qsort(b.run.requests, 5, sizeof *b.run.requests, by_time);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(b.run.requests[i].outcome, OUTCOME_OK);
        assert_int_equal(b.run.requests[i].stamp[STAMP_PLANNED], b.run.started_ns + both[i]);
    }
    tear_down(&b);
}

static void stop_at_second_tick(void *user, const struct driver_moment *m)
{
    struct bench *b = user;
    on_tick(user, m);
    b->stop = b->ticks >= 2 && m->in_flight == 6;
}

static void a_stop_ends_all_threads(void **state)
{
    static const struct step script[] = {REQUEST, PUSH(HEAD DELTA("a")), GONE, END};
    struct bench b;
    (void)state;
    set_up(&b, script, 3, 100);
    b.spec.on_tick = stop_at_second_tick;
    assert_int_equal(play(&b), ERR_INTERRUPTED);
    assert_int_equal(b.run.n_requests, 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(b.run.requests[i].outcome, OUTCOME_CANCELLED);
    assert_false(b.run.sessions[0].ok);
    assert_non_null(b.run.sessions[0].error);
    struct run_counts c = run_count(&b.run);
    assert_true(run_counts_balance(&c));
    tear_down(&b);
}

static void a_thread_that_cannot_start_ends_the_others(void **state)
{
    static const struct step script[] = {END};
    static const struct client_options no_roots = {.cacert = "/nonexistent/roots.pem"};
    struct bench b;
    struct shards *s = NULL;
    struct err e = ERR_INIT;
    (void)state;
    set_up(&b, script, 3, 10);
    const struct driver_server two[] = {b.server, {"t", "m", b.server.backend, &b.endpoint, &no_roots, false, -1}};
    b.endpoint.tls = true; /* only now do roots matter */
    b.spec.servers = two;
    b.spec.n_servers = 2;
    for (size_t k = 0; k < 3; k++)
        b.sessions[k].server = k == 1;
    assert_int_equal(shards_new(&s, &b.spec, 0, &e), ERR_INPUT);
    assert_non_null(strstr(e.text, "nonexistent"));
    assert_null(s);
    tear_down(&b);
}

static void what_is_not_run_is_freed(void **state)
{
    static const struct step script[] = {REQUEST, END};
    struct bench b;
    struct shards *s = NULL;
    struct err e = ERR_INIT;
    (void)state;
    set_up(&b, script, 2, 10);
    assert_int_equal(shards_new(&s, &b.spec, 0, &e), 0);
    shards_free(s);
    b.spec.n_sessions = SHARDS_MAX + 1;
    assert_int_equal(shards_new(&s, &b.spec, 0, &e), ERR_USAGE);
    tear_down(&b);
}

static void cores_are_left_to_others(void **state)
{
    static const struct step script[] = {REQUEST, PUSH(HEAD DELTA("x") FINISH DONE), FIN, END};
    struct bench b;
    struct shards *s = NULL;
    struct err e = ERR_INIT;
    (void)state;
    set_up(&b, script, 1, 2);
    assert_int_equal(shards_new(&s, &b.spec, 0, &e), 0);
    assert_true(shards_pinned(s)); /* one thread, and there is one core */
    shards_free(s);
    assert_int_equal(shards_new(&s, &b.spec, 1 << 20, &e), 0);
    assert_false(shards_pinned(s));
    shards_free(s);
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_work_is_the_same_in_any_number_of_threads),
        cmocka_unit_test(dialogues_have_numbers_of_their_own),
        cmocka_unit_test(all_threads_have_one_window),
        cmocka_unit_test(each_arrival_is_planned_from_one_release),
        cmocka_unit_test(a_stop_ends_all_threads),
        cmocka_unit_test(a_thread_that_cannot_start_ends_the_others),
        cmocka_unit_test(what_is_not_run_is_freed),
        cmocka_unit_test(cores_are_left_to_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
