/* The driver against a scripted server: every way a request may end becomes its typed outcome, sessions go on or stop as they
 * say, nothing planned is lost. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../net/player.h"
#include "load/driver.h"
#include "record/tally.h"

#define HEAD_SSE "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
#define HEAD_NDJSON "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n"
#define DELTA(t) "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" t "\"}}]}\n\n"
#define FINISH "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define DONE "data: [DONE]\n\n"
#define LINE(t) "{\"response\":\"" t "\",\"done\":false}\n"
#define LAST_LINE                                                                                                      \
    "{\"response\":\"\",\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":5,\"eval_count\":2}\n"

/* A session that asks `asks` times, whatever comes. */
struct asker {
    int asks, asked;
    bool fail_at_end;
};

static enum session_next asker_next(void *user, const struct request *last, struct ask *ask, const char **stage,
                                    mono_ns *at, const char **why)
{
    struct asker *a = user;
    assert_true((a->asked == 0) == (last == NULL));
    if (a->asked == a->asks) {
        *why = "asked enough";
        return a->fail_at_end ? SESSION_FAILED : SESSION_FINISHED;
    }
    a->asked++;
    *ask = (struct ask){.route = ROUTE_COMPLETION, .prompt = "hello", .stream = true};
    ask->options.set = OPTION_NUM_PREDICT;
    ask->options.num_predict = 16;
    *stage = "only";
    (void)at;
    return SESSION_ASK;
}

static const struct session_ops asker_ops = {.next = asker_next};

/* Plain load: one asker for all questions of a session. */
static enum session_next load_next(void *user, const struct request *last, struct ask *ask, const char **stage,
                                   mono_ns *at, const char **why)
{
    struct asker *a = user;
    return asker_next(a, a->asked ? (last ? last : &(struct request){0}) : NULL, ask, stage, at, why);
}

static const struct session_ops load_ops = {.next = load_next};

struct bench {
    struct player player;
    struct endpoint endpoint;
    struct client_options none;
    struct driver_server server;
    struct driver_session sessions[4];
    struct asker askers[4];
    struct driver_spec spec;
    struct run run;
    volatile int stop;
    int told; /* on_request calls */
    int ticks;
};

static void on_request(void *user, struct request *r)
{
    struct bench *b = user;
    assert_true(r->outcome < OUTCOME_COUNT);
    b->told++;
}

static void set_up(struct bench *b, const struct step *script, const char *backend, size_t n, int asks)
{
    struct err e = ERR_INIT;
    memset(b, 0, sizeof *b);
    player_start(&b->player, NULL, false);
    for (int i = 0; i < PLAYER_CONNECTIONS; i++)
        player_script(&b->player, i, script);
    player_thread(&b->player);
    assert_int_equal(endpoint_parse(b->player.url, &b->endpoint, &e), 0);
    b->server = (struct driver_server){"s", "m", backend_find(backend), &b->endpoint, &b->none, false, 2048};
    for (size_t i = 0; i < n; i++) {
        b->askers[i].asks = asks;
        b->sessions[i] = (struct driver_session){.agent = "agent", .ops = &asker_ops, .user = &b->askers[i]};
    }
    b->spec = (struct driver_spec){.servers = &b->server,
                                   .n_servers = 1,
                                   .sessions = b->sessions,
                                   .n_sessions = n,
                                   .limits = {.connect_ns = 5 * NS_PER_S,
                                              .first_byte_ns = 20 * NS_PER_S,
                                              .idle_ns = 20 * NS_PER_S,
                                              .total_ns = 40 * NS_PER_S},
                                   .stop = &b->stop,
                                   .on_request = on_request,
                                   .user = b};
}

static int play(struct bench *b)
{
    struct driver *d = NULL;
    struct err e = ERR_INIT;
    assert_int_equal(driver_new(&d, &b->spec, &e), 0);
    int rc = driver_run(d, &b->run, &e);
    driver_free(d);
    player_stop(&b->player);
    return rc;
}

static const struct row {
    const char *name, *backend;
    enum outcome outcome;
    const char *text;
    struct step script[8];
} rows[] = {
    {"whole", "openai", OUTCOME_OK, "ab", {REQUEST, PUSH(HEAD_SSE DELTA("a")), PUSH(DELTA("b") FINISH DONE), FIN}},
    {"ndjson", "ollama", OUTCOME_OK, "ab", {REQUEST, PUSH(HEAD_NDJSON LINE("a")), PUSH(LINE("b") LAST_LINE), FIN}},
    {"no terminator", "openai", OUTCOME_NO_DONE, "a", {REQUEST, PUSH(HEAD_SSE DELTA("a")), FIN}},
    {"no done line", "ollama", OUTCOME_NO_DONE, "a", {REQUEST, PUSH(HEAD_NDJSON LINE("a")), FIN}},
    {"nothing said", "openai", OUTCOME_EMPTY, "", {REQUEST, PUSH(HEAD_SSE FINISH DONE), FIN}},
    {"reset in the stream", "openai", OUTCOME_RESET, NULL, {REQUEST, PUSH(HEAD_SSE DELTA("a")), RST}},
    {"closed before the head", "openai", OUTCOME_RESET, "", {REQUEST, FIN}},
    {"silence", "openai", OUTCOME_TIMEOUT_FIRST_BYTE, "", {REQUEST, GONE}},
    {"stalled", "openai", OUTCOME_TIMEOUT_IDLE, "a", {REQUEST, PUSH(HEAD_SSE DELTA("a")), GONE}},
    {"error in a 200",
     "openai",
     OUTCOME_API_ERROR,
     "",
     {REQUEST, PUSH(HEAD_SSE "data: {\"error\":{\"message\":\"broken\",\"type\":\"server_error\"}}\n\n"), FIN}},
    {"error by its name",
     "openai",
     OUTCOME_API_ERROR,
     "a",
     {REQUEST, PUSH(HEAD_SSE DELTA("a") "event: error\ndata: {\"message\":\"broken\"}\n\n"), FIN}},
    {"error as a field of its own",
     "llama-server",
     OUTCOME_API_ERROR,
     "a",
     {REQUEST, PUSH(HEAD_SSE DELTA("a") "error: {\"code\":500,\"message\":\"broken\"}\n\n"), FIN}},
    {"heartbeats",
     "openai",
     OUTCOME_OK,
     "a",
     {REQUEST, PUSH(HEAD_SSE "data:\n\n" DELTA("a") "data\n\n" FINISH DONE), FIN}},
    {"redirect",
     "openai",
     OUTCOME_HTTP_ERROR,
     "",
     {REQUEST, PUSH("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), FIN}},
    {"redirect that looks like an answer",
     "openai",
     OUTCOME_HTTP_ERROR,
     "",
     {REQUEST,
      PUSH("HTTP/1.1 307 Moved\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" DELTA("a") FINISH DONE),
      FIN}},
    {"api error",
     "openai",
     OUTCOME_API_ERROR,
     "",
     {REQUEST,
      PUSH("HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: 37\r\nConnection: close\r\n\r\n"
           "{\"error\":{\"message\":\"no such model\"}}"),
      FIN}},
    {"html error page",
     "openai",
     OUTCOME_HTTP_ERROR,
     "",
     {REQUEST,
      PUSH(
          "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 14\r\nConnection: close\r\n\r\n<h1>oops</h1>\n"),
      FIN}},
    {"overloaded",
     "openai",
     OUTCOME_REFUSED,
     "",
     {REQUEST, PUSH("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), FIN}},
    {"not http", "openai", OUTCOME_PARSE_ERROR, "", {REQUEST, PUSH("SSH-2.0-OpenSSH\r\n\r\n"), FIN}},
    {"not json", "openai", OUTCOME_PARSE_ERROR, "", {REQUEST, PUSH(HEAD_SSE "data: {nonsense\n\n" DONE), FIN}},
};

static void every_end_has_its_outcome(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bench b;
        set_up(&b, rows[i].script, rows[i].backend, 1, 1);
        if (rows[i].outcome == OUTCOME_TIMEOUT_FIRST_BYTE)
            b.spec.limits.first_byte_ns = NS_PER_S / 5;
        if (rows[i].outcome == OUTCOME_TIMEOUT_IDLE)
            b.spec.limits.idle_ns = NS_PER_S / 5;
        assert_int_equal(play(&b), 0);
        struct request *r = &b.run.requests[0];
        if (r->outcome != rows[i].outcome)
            print_error("%s: %s, not %s (%s)\n", rows[i].name, outcome_word(r->outcome), outcome_word(rows[i].outcome),
                        str_z(&r->error));
        assert_int_equal(b.run.n_requests, 1);
        assert_int_equal(r->outcome, rows[i].outcome);
        assert_int_equal(b.told, 1);
        if (rows[i].text)
            assert_string_equal(str_z(&r->text), rows[i].text);
        assert_non_null(r->text.at); /* an answer of no bytes is one, too */
        if (rows[i].outcome != OUTCOME_OK && rows[i].outcome != OUTCOME_EMPTY)
            assert_true(r->error.len > 0); /* a failure says why */
        assert_null(request_stamps_fault(r));
        struct run_counts c = run_count(&b.run);
        assert_true(run_counts_balance(&c));
        driver_run_release(&b.run);
    }
}

static void nobody_listens(void **state)
{
    static const struct step script[] = {END};
    struct bench b;
    (void)state;
    set_up(&b, script, "openai", 2, 3);
    player_stop(&b.player);
    struct driver *d = NULL;
    struct err e = ERR_INIT;
    assert_int_equal(driver_new(&d, &b.spec, &e), 0);
    assert_int_equal(driver_run(d, &b.run, &e), 0);
    assert_int_equal(b.run.n_requests, 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(b.run.requests[i].outcome, OUTCOME_CONNECT_ERROR);
    driver_free(d);
    driver_run_release(&b.run);
}

static void sessions_take_turns_and_start_together(void **state)
{
    static const struct step script[] = {REQUEST, PUSH(HEAD_SSE DELTA("x") FINISH DONE), FIN, END};
    struct bench b;
    (void)state;
    set_up(&b, script, "openai", 4, 3);
    b.askers[3].fail_at_end = true;
    assert_int_equal(play(&b), 0);
    assert_int_equal(b.run.n_requests, 12);
    assert_int_equal(b.told, 12);
    for (size_t i = 0; i < 12; i++) {
        const struct request *r = &b.run.requests[i];
        assert_int_equal(r->seq, i);
        assert_int_equal(r->outcome, OUTCOME_OK);
        assert_null(request_stamps_fault(r));
        if (r->turn) /* the next turn is planned at the end of the last */
            for (size_t k = 0; k < i; k++)
                if (b.run.requests[k].session == r->session && b.run.requests[k].turn == r->turn - 1)
                    assert_int_equal(b.run.requests[k].stamp[STAMP_DONE], r->stamp[STAMP_PLANNED]);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(b.run.sessions[i].released_ns, b.run.started_ns);
        assert_true(b.run.sessions[i].started_ns >= b.run.started_ns);
        assert_int_equal(b.run.sessions[i].ok, i != 3);
    }
    assert_string_equal(b.run.sessions[3].error, "asked enough");
    assert_true(b.run.health.barrier_spread_us >= 0);
    size_t chunks = 0;
    for (size_t i = 0; i < 12; i++)
        chunks += b.run.requests[i].chunks.n;
    assert_int_equal(chunks, 36);
    driver_run_release(&b.run);
}

static void events_of_one_read_are_merged(void **state)
{
    static const struct step script[] = {REQUEST, PUSH(HEAD_SSE DELTA("a") DELTA("b") DELTA("c") FINISH DONE), FIN,
                                         END};
    struct bench b;
    (void)state;
    set_up(&b, script, "openai", 1, 1);
    assert_int_equal(play(&b), 0);
    const struct chunk_list *l = &b.run.requests[0].chunks;
    assert_int_equal(l->n, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal((l->at[i].flags & CHUNK_MERGED) != 0, i < 4);
    driver_run_release(&b.run);
}

/* Far more events in one read than a request has room for: none is lost, and their text is whole. */
static void a_burst_is_kept_whole(void **state)
{
    enum { COMMENTS = 60000, DELTAS = 500 };
    struct str burst = STR_INIT;
    struct bench b;
    (void)state;
    str_addz(&burst, HEAD_SSE DELTA("a"));
    for (int i = 0; i < COMMENTS; i++)
        str_addz(&burst, ":\n");
    for (int i = 0; i < DELTAS; i++)
        str_addz(&burst, DELTA("0123456789abcdef"));
    str_addz(&burst, FINISH DONE);
    const struct step script[] = {REQUEST, {OP_PUSH, burst.at, burst.len}, FIN, END};
    set_up(&b, script, "openai", 2, 2);
    assert_int_equal(play(&b), 0);
    assert_int_equal(b.run.n_requests, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct request *r = &b.run.requests[i];
        assert_int_equal(r->outcome, OUTCOME_OK);
        assert_int_equal(r->chunks.dropped, 0);
        assert_int_equal(r->chunks.n, 1 + COMMENTS + DELTAS + 2);
        assert_int_equal(r->text.len, 1 + 16 * DELTAS);
        assert_memory_equal(r->text.at + r->text.len - 16, "0123456789abcdef", 16);
        for (size_t k = 1; k < r->chunks.n; k++) /* merged is exactly: one of the same read came behind it */
            assert_int_equal((r->chunks.at[k - 1].flags & CHUNK_MERGED) != 0,
                             r->chunks.at[k - 1].app_ns == r->chunks.at[k].app_ns);
    }
    assert_int_equal(b.run.health.dropped_chunks, 0);
    driver_run_release(&b.run);
    str_release(&burst);
}

static void stop_at_first_tick(void *user, const struct driver_moment *m)
{
    struct bench *b = user;
    assert_int_equal(m->in_flight, 2);
    assert_true(m->loop_busy > 0 && m->loop_busy < 1);
    b->stop = 1;
}

static void a_stop_cancels_what_flies(void **state)
{
    static const struct step script[] = {REQUEST, PUSH(HEAD_SSE DELTA("a")), GONE, END};
    struct bench b;
    (void)state;
    set_up(&b, script, "openai", 2, 2);
    b.spec.limits = (struct call_limits){0};
    b.spec.on_tick = stop_at_first_tick;
    assert_int_equal(play(&b), ERR_INTERRUPTED);
    assert_int_equal(b.run.n_requests, 2);
    assert_int_equal(b.told, 2); /* also a cancelled request is stored */
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(b.run.requests[i].outcome, OUTCOME_CANCELLED);
        assert_string_equal(str_z(&b.run.requests[i].text), "a");
        assert_false(b.run.sessions[i].ok);
    }
    driver_run_release(&b.run);
}

/* The first tick keeps the loop for longer than a tick; the next one comes late and stops the run. */
static void doze_then_stop(void *user, const struct driver_moment *m)
{
    struct bench *b = user;
    const struct timespec nap = {.tv_nsec = 150 * NS_PER_MS};
    (void)m;
    if (b->ticks++)
        b->stop = 1;
    else
        nanosleep(&nap, NULL);
}

static void a_stopped_client_says_so(void **state)
{
    static const struct step script[] = {REQUEST, PUSH(HEAD_SSE DELTA("a")), GONE, END};
    struct bench b;
    (void)state;
    set_up(&b, script, "openai", 1, 1);
    b.spec.limits = (struct call_limits){0};
    b.spec.on_tick = doze_then_stop;
    assert_int_equal(play(&b), ERR_INTERRUPTED);
    assert_true(b.run.health.stopped_max_ms >= 50);
    driver_run_release(&b.run);
}

/* The most requests that were between planned and done at one time. */
static size_t most_in_flight(const struct run *r)
{
    size_t most = 0;
    for (size_t i = 0; i < r->n_requests; i++) {
        size_t n = 0;
        for (size_t k = 0; k < r->n_requests; k++)
            n += r->requests[k].stamp[STAMP_PLANNED] <= r->requests[i].stamp[STAMP_PLANNED] &&
                 r->requests[k].stamp[STAMP_DONE] > r->requests[i].stamp[STAMP_PLANNED];
        most = n > most ? n : most;
    }
    return most;
}

static void a_wide_session_keeps_its_questions_in_flight(void **state)
{
    static const struct step script[] = {REQUEST, PUSH(HEAD_SSE DELTA("x") FINISH DONE), FIN, END};
    struct bench b;
    (void)state;
    set_up(&b, script, "openai", 1, 7);
    b.sessions[0].ops = &load_ops;
    b.sessions[0].width = 3;
    assert_int_equal(play(&b), 0);
    assert_int_equal(b.run.n_requests, 7);
    assert_int_equal(b.run.n_sessions, 1);
    assert_true(b.run.sessions[0].ok);
    assert_int_equal(most_in_flight(&b.run), 3);
    for (size_t i = 0; i < 7; i++) {
        assert_int_equal(b.run.requests[i].outcome, OUTCOME_OK);
        assert_int_equal(b.run.requests[i].session, 0);
        assert_true(b.run.sessions[0].ended_ns >= b.run.requests[i].stamp[STAMP_DONE]);
    }
    driver_run_release(&b.run);
}

static void an_open_loop_waits_for_nobody(void **state)
{
    static const struct step script[] = {REQUEST, GONE, END}; /* no answer: each ends by its timeout of 200 ms */
    static const int64_t at[] = {0, 20 * NS_PER_MS, 20 * NS_PER_MS, 60 * NS_PER_MS};
    struct bench b;
    (void)state;
    set_up(&b, script, "openai", 1, 4);
    b.spec.limits.first_byte_ns = NS_PER_S / 5;
    b.sessions[0].ops = &load_ops;
    b.sessions[0].width = 2; /* fewer built ahead than will be in flight */
    b.sessions[0].at_ns = at;
    b.sessions[0].n_at = 4;
    assert_int_equal(play(&b), 0);
    assert_int_equal(b.run.n_requests, 4);
    assert_int_equal(b.told, 4);
    assert_int_equal(most_in_flight(&b.run), 4);
    for (size_t i = 0; i < 4; i++) {
        const struct request *r = &b.run.requests[i];
        assert_int_equal(r->outcome, OUTCOME_TIMEOUT_FIRST_BYTE);
        assert_int_equal(r->stamp[STAMP_PLANNED], b.run.started_ns + at[i]);
        assert_true(r->stamp[STAMP_SENT] >= r->stamp[STAMP_PLANNED]);
        assert_null(request_stamps_fault(r));
    }
    assert_true(b.run.sessions[0].ended_ns >= b.run.requests[3].stamp[STAMP_DONE]);
    driver_run_release(&b.run);
}

/* Two connections stand and no descriptor is left: what would open a third is unsent and says why, the others go on. */
static void without_descriptors_requests_are_unsent(void **state)
{
    static const struct step script[] = {REQUEST, GONE, END};
    static const int64_t at[] = {0, 10 * NS_PER_MS, 20 * NS_PER_MS, 30 * NS_PER_MS};
    struct rlimit limit;
    struct bench b;
    struct driver *d;
    struct err e = ERR_INIT;
    (void)state;
    set_up(&b, script, "openai", 1, 4);
    b.spec.limits.first_byte_ns = NS_PER_S / 5;
    b.sessions[0].ops = &load_ops;
    b.sessions[0].width = 2;
    b.sessions[0].at_ns = at;
    b.sessions[0].n_at = 4;
    assert_int_equal(driver_new(&d, &b.spec, &e), 0);
    while (b.player.accepted < 2)
        sched_yield();
    getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t soft = limit.rlim_cur;
    int first_free = dup(0);
    close(first_free);
    limit.rlim_cur = (rlim_t)first_free;
    setrlimit(RLIMIT_NOFILE, &limit);
    int rc = driver_run(d, &b.run, &e);
    limit.rlim_cur = soft;
    setrlimit(RLIMIT_NOFILE, &limit);
    assert_int_equal(rc, 0);
    assert_int_equal(b.run.n_requests, 4);
    for (size_t i = 0; i < 4; i++) {
        const struct request *r = &b.run.requests[i];
        assert_int_equal(r->outcome, i < 2 ? OUTCOME_TIMEOUT_FIRST_BYTE : OUTCOME_UNSENT);
        assert_true(i < 2 || strstr(str_z(&r->error), "Too many open files"));
    }
    struct run_counts c = run_count(&b.run);
    assert_true(run_counts_balance(&c));
    driver_free(d);
    driver_run_release(&b.run);
    player_stop(&b.player);
}

static void an_open_loop_ends_when_its_session_does(void **state)
{
    static const struct step script[] = {REQUEST, PUSH(HEAD_SSE DELTA("x") FINISH DONE), FIN, END};
    static const int64_t at[] = {0, NS_PER_MS, 2 * NS_PER_MS, 3 * NS_PER_MS};
    struct bench b;
    (void)state;
    set_up(&b, script, "openai", 1, 2); /* two questions for four arrivals */
    b.sessions[0].ops = &load_ops;
    b.sessions[0].at_ns = at;
    b.sessions[0].n_at = 4;
    assert_int_equal(play(&b), 0);
    assert_int_equal(b.run.n_requests, 2);
    assert_int_equal(b.told, 2);
    driver_run_release(&b.run);
}

/* ---- requests that are taken --------------------------------------------------------------------------------------- */

struct taker {
    struct bench bench; /* first: it is the driver's user */
    int taken[8];       /* by number */
    int outcomes[OUTCOME_COUNT];
};

static void take(void *user, struct request *r)
{
    struct taker *t = user;
    assert_in_range(r->seq, 0, 7);
    t->taken[r->seq]++;
    t->outcomes[r->outcome]++;
    request_release(r);
    free(r);
}

/* Looks at its last request, which must not have been taken yet. */
static enum session_next looking_next(void *user, const struct request *last, struct ask *ask, const char **stage,
                                      mono_ns *at, const char **why)
{
    if (last)
        assert_string_equal(str_z(&last->text), "x");
    return load_next(user, last, ask, stage, at, why);
}

static const struct session_ops looking_ops = {.next = looking_next};

static void a_taker_gets_every_request_once(void **state)
{
    static const struct step script[] = {REQUEST, PUSH(HEAD_SSE DELTA("x") FINISH DONE), FIN, END};
    struct taker t = {0};
    struct bench *b = &t.bench;
    (void)state;
    set_up(b, script, "openai", 1, 7);
    b->sessions[0].ops = &looking_ops;
    b->sessions[0].width = 3;
    b->spec.take = take;
    assert_int_equal(play(b), 0);
    assert_int_equal(b->run.n_requests, 0);
    assert_int_equal(b->told, 7); /* on_request saw them before */
    for (int i = 0; i < 7; i++)
        assert_int_equal(t.taken[i], 1);
    assert_int_equal(t.outcomes[OUTCOME_OK], 7);
    driver_run_release(&b->run);
}

static void stop_now(void *user, const struct driver_moment *m)
{
    struct bench *b = user;
    (void)m;
    b->stop = 1;
}

/* Also what is cut off, and what was built ahead and never sent. */
static void a_taker_gets_what_is_stopped(void **state)
{
    static const struct step script[] = {REQUEST, GONE, END};
    static const int64_t at[] = {0, 0, 3600 * NS_PER_S, 3600 * NS_PER_S};
    struct taker t = {0};
    struct bench *b = &t.bench;
    (void)state;
    set_up(b, script, "openai", 1, 4);
    b->spec.limits = (struct call_limits){0};
    b->spec.on_tick = stop_now;
    b->spec.take = take;
    b->sessions[0].ops = &load_ops;
    b->sessions[0].width = 2;
    b->sessions[0].at_ns = at;
    b->sessions[0].n_at = 4;
    assert_int_equal(play(b), ERR_INTERRUPTED);
    for (int i = 0; i < 4; i++)
        assert_int_equal(t.taken[i], 1);
    assert_int_equal(t.outcomes[OUTCOME_CANCELLED], 2);
    assert_int_equal(t.outcomes[OUTCOME_UNSENT], 2);
    driver_run_release(&b->run);
}

/* Whatever is planned before the window stands behind the rest, with its number and its flag. */
static void assert_warmup(const struct run *r, size_t window, size_t warmup)
{
    assert_int_equal(r->n_requests, window);
    assert_int_equal(r->n_warmup, warmup);
    for (size_t i = 0; i < window + warmup; i++) {
        const struct request *q = &r->requests[i];
        assert_int_equal((q->flags & REQUEST_WARMUP) != 0, i >= window);
        assert_int_equal(q->stamp[STAMP_PLANNED] < r->sessions[0].released_ns, i >= window);
        assert_int_equal(q->outcome, OUTCOME_OK);
    }
    struct run_counts c = run_count(r);
    assert_int_equal(c.planned, window);
    assert_int_equal(c.completed, window);
    assert_true(run_counts_balance(&c));
}

static void an_open_loop_has_a_warm_up(void **state)
{
    static const struct step script[] = {REQUEST, PUSH(HEAD_SSE DELTA("x") FINISH DONE), FIN, END};
    static const int64_t at[] = {0, 10 * NS_PER_MS, 20 * NS_PER_MS, 30 * NS_PER_MS};
    struct bench b;
    (void)state;
    set_up(&b, script, "openai", 1, 4);
    b.sessions[0].ops = &load_ops;
    b.sessions[0].at_ns = at;
    b.sessions[0].n_at = 4;
    b.sessions[0].warmup_ns = 20 * NS_PER_MS;
    assert_int_equal(play(&b), 0);
    assert_int_equal(b.run.sessions[0].released_ns, b.run.started_ns + 20 * NS_PER_MS);
    assert_warmup(&b.run, 2, 2);
    assert_int_equal(b.run.requests[0].seq, 2);
    driver_run_release(&b.run);
}

/* Asks one question in the warm-up, and after its answer two more, the first of them late enough for the window. */
static enum session_next late_next(void *user, const struct request *last, struct ask *ask, const char **stage,
                                   mono_ns *at, const char **why)
{
    struct asker *a = user;
    if (!last)
        assert_int_equal(*at, -NS_PER_S / 5);
    else if (a->asked == 1)
        assert_true(*at > -NS_PER_S / 5);
    if (a->asked == 1)
        *at = NS_PER_MS;
    return asker_next(a, last, ask, stage, at, why);
}

static void a_closed_loop_has_a_warm_up_and_a_session_may_wait(void **state)
{
    static const struct step script[] = {REQUEST, PUSH(HEAD_SSE DELTA("x") FINISH DONE), FIN, END};
    static const struct session_ops late_ops = {.next = late_next};
    struct bench b;
    (void)state;
    set_up(&b, script, "openai", 1, 3);
    b.sessions[0].ops = &late_ops;
    b.sessions[0].warmup_ns = NS_PER_S / 5;
    assert_int_equal(play(&b), 0);
    assert_warmup(&b.run, 2, 1);
    assert_int_equal(b.run.requests[0].stamp[STAMP_PLANNED], b.run.sessions[0].released_ns + NS_PER_MS);
    assert_int_equal(b.run.requests[1].stamp[STAMP_PLANNED], b.run.requests[0].stamp[STAMP_DONE]);
    driver_run_release(&b.run);
}

/* Dialogues of two turns, two of them in all, the second turn 5 ms after the answer. */
static enum session_next talk_next(void *user, const struct request *last, struct ask *ask, const char **stage,
                                   mono_ns *at, const char **why)
{
    struct asker *a = user;
    bool second = last && last->turn == 0;
    if (!second && (a->fail_at_end ? last != NULL : a->asked == a->asks)) /* fail_at_end: arrivals begin them */
        return SESSION_FINISHED;
    if (!second)
        a->asked++;
    else
        *at += 5 * NS_PER_MS;
    asker_next(&(struct asker){.asks = 1}, NULL, ask, stage, at, why);
    return second ? SESSION_ASK : SESSION_ANEW;
}

static void talk_begun(void *user, int32_t dialogue)
{
    struct asker *a = user;
    assert_int_equal(dialogue, a->asked - 1);
}

static const struct session_ops talk_ops = {talk_next, talk_begun};

static void assert_dialogues(struct run *r, size_t n)
{
    struct run_tally t = {0};
    for (size_t i = 0; i < r->n_requests + r->n_warmup; i++)
        run_tally_add(&t, &r->requests[i]);
    run_tally_give_dialogues(&t, r);
    run_tally_release(&t);
    assert_int_equal(r->n_sessions, n);
    assert_int_equal(r->n_requests + r->n_warmup, 2 * n);
    for (size_t i = 0; i < 2 * n; i++) {
        const struct request *q = &r->requests[i];
        const struct session *s = &r->sessions[q->session];
        assert_int_equal(q->outcome, OUTCOME_OK);
        assert_int_equal(s->number, q->session);
        assert_string_equal(s->agent, "load");
        assert_true(s->ok && !s->error && s->ended_ns >= q->stamp[STAMP_DONE]);
        for (size_t k = 0; k < 2 * n && q->turn; k++)
            if (r->requests[k].session == q->session && !r->requests[k].turn)
                assert_int_equal(q->stamp[STAMP_PLANNED], r->requests[k].stamp[STAMP_DONE] + 5 * NS_PER_MS);
    }
}

static void dialogues_of_a_closed_loop(void **state)
{
    static const struct step script[] = {REQUEST, PUSH(HEAD_SSE DELTA("x") FINISH DONE), FIN, END};
    struct bench b;
    (void)state;
    set_up(&b, script, "openai", 1, 5);
    b.sessions[0].agent = "load";
    b.sessions[0].ops = &talk_ops;
    b.sessions[0].width = 2;
    assert_int_equal(play(&b), 0);
    assert_dialogues(&b.run, 5);
    assert_int_equal(most_in_flight(&b.run), 2);
    assert_int_equal(b.run.sessions[0].released_ns, b.run.started_ns);
    driver_run_release(&b.run);
}

static void dialogues_of_an_open_loop(void **state)
{
    static const struct step script[] = {REQUEST, PUSH(HEAD_SSE DELTA("x") FINISH DONE), FIN, END};
    static const int64_t at[] = {0, NS_PER_MS, 2 * NS_PER_MS, 90 * NS_PER_MS};
    struct bench b;
    (void)state;
    set_up(&b, script, "openai", 1, 4);
    b.sessions[0].agent = "load";
    b.sessions[0].ops = &talk_ops;
    b.sessions[0].at_ns = at;
    b.sessions[0].n_at = 4;
    b.sessions[0].dialogues = true;
    b.sessions[0].warmup_ns = 80 * NS_PER_MS;
    b.askers[0].fail_at_end = true;
    assert_int_equal(play(&b), 0);
    assert_dialogues(&b.run, 4);
    for (size_t i = 0; i < 8; i++)
        assert_int_equal((b.run.requests[i].flags & REQUEST_WARMUP) != 0,
                         b.run.requests[i].stamp[STAMP_PLANNED] < b.run.sessions[0].released_ns);
    assert_int_equal(b.run.sessions[3].released_ns, b.run.started_ns + at[3]);
    assert_int_equal(b.run.sessions[2].released_ns, b.run.started_ns + 80 * NS_PER_MS); /* the window's start */
    driver_run_release(&b.run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_end_has_its_outcome),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(sessions_take_turns_and_start_together),
        cmocka_unit_test(events_of_one_read_are_merged),
        cmocka_unit_test(a_burst_is_kept_whole),
        cmocka_unit_test(a_stop_cancels_what_flies),
        cmocka_unit_test(a_stopped_client_says_so),
        cmocka_unit_test(a_wide_session_keeps_its_questions_in_flight),
        cmocka_unit_test(an_open_loop_waits_for_nobody),
        cmocka_unit_test(without_descriptors_requests_are_unsent),
        cmocka_unit_test(an_open_loop_ends_when_its_session_does),
        cmocka_unit_test(a_taker_gets_every_request_once),
        cmocka_unit_test(a_taker_gets_what_is_stopped),
        cmocka_unit_test(dialogues_of_a_closed_loop),
        cmocka_unit_test(dialogues_of_an_open_loop),
        cmocka_unit_test(an_open_loop_has_a_warm_up),
        cmocka_unit_test(a_closed_loop_has_a_warm_up_and_a_session_may_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
