/* How calls end: timeouts, cancelling at every stage, broken connections, malformed and oversized answers. Each
 * ends once, with its word, in bounded time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "net/call.h"

#define OK200 "HTTP/1.1 200 OK\r\n"
#define SSE_HEAD OK200 "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
#define SHORT OK200 "Content-Length: 2\r\n\r\nok"
#define EVENT "b\r\ndata: one\n\n\r\n"

static struct call_spec sse_call(void)
{
    return (struct call_spec){.method = "POST",
                              .path = "/",
                              .body = "{}",
                              .body_len = 2,
                              .framing = CALL_SSE,
                              .limits = {.total_ns = PATIENCE_NS}};
}

/* ---- timeouts ---- */

static void timed_out(const struct step *script, struct call_limits limits, enum net_result want, const char *why)
{
    struct tale t = {0};
    struct call_spec spec = sse_call();
    spec.limits = limits;
    mono_ns from = clock_now(NULL);
    play_call(script, &spec, &t);
    mono_ns took = clock_now(NULL) - from;
    if (t.end.result != want || !strstr(t.why, why))
        fail_msg("result %d: %s", (int)t.end.result, t.why);
    assert_true(took >= 20 * NS_PER_MS);
    assert_int_equal(t.end.new_connection, true);
    tale_release(&t);
}

static void test_timeouts(void **state)
{
    (void)state;
    static const struct step silent[] = {REQUEST, END}, half_head[] = {REQUEST, SEND("HTTP/1.1 200 OK\r\n"), END},
                             one_event[] = {REQUEST, SEND(SSE_HEAD EVENT), END};
    timed_out(silent, (struct call_limits){.first_byte_ns = 20 * NS_PER_MS}, NET_TIMEOUT_FIRST_BYTE,
              "no byte of the response within 0.02 s");
    timed_out(half_head, (struct call_limits){.first_byte_ns = PATIENCE_NS, .idle_ns = 20 * NS_PER_MS},
              NET_TIMEOUT_IDLE, "no byte for 0.02 s");
    timed_out(one_event, (struct call_limits){.idle_ns = 20 * NS_PER_MS}, NET_TIMEOUT_IDLE, "no byte for");
    timed_out(one_event, (struct call_limits){.total_ns = 20 * NS_PER_MS, .idle_ns = PATIENCE_NS}, NET_TIMEOUT_TOTAL,
              "not over within 0.02 s");
}

/* Bytes keep coming, too slowly: idle never passes, the drip rate is missed. */
static void test_drip(void **state)
{
    (void)state;
    static struct step script[400];
    struct tale t = {0};
    struct bench b;
    struct call_spec spec = sse_call();
    spec.limits = (struct call_limits){.idle_ns = 60 * NS_PER_MS, .total_ns = PATIENCE_NS, .drip_bytes_per_s = 1000};
    script[0] = (struct step)REQUEST;
    script[1] = (struct step)SEND(SSE_HEAD);
    for (int i = 2; i < 398; i += 2) {
        script[i] = (struct step)HOLD;
        script[i + 1] = (struct step)SEND("1\r\n:\r\n");
    }
    bench_open(&b, NULL);
    player_script(&b.player, 0, script);
    bench_start(&b, &spec, &t);
    for (mono_ns next = 0; !t.ends; bench_step(&b))
        if (clock_now(NULL) >= next) {
            b.player.released++;
            next = clock_now(NULL) + 20 * NS_PER_MS; /* 6 bytes every 20 ms: 300 a second */
        }
    assert_int_equal(t.end.result, NET_TIMEOUT_IDLE);
    assert_non_null(strstr(t.why, "slower than 1000 bytes/s over 0.06 s"));
    tale_release(&t);
    bench_close(&b);
}

/* When this process was late, what lies in the socket counts, not the clock. */
static void test_late_process_is_no_timeout(void **state)
{
    (void)state;
    static const struct step script[] = {REQUEST, PUSH(SSE_HEAD EVENT "0\r\n\r\n"), END};
    struct tale t = {0};
    struct bench b;
    struct call_spec spec = sse_call();
    spec.limits.first_byte_ns = 5 * NS_PER_MS;
    bench_open(&b, NULL);
    player_script(&b.player, 0, script);
    bench_start(&b, &spec, &t);
    for (int n = 0; !b.player.requests && n < 1000; n++)
        bench_step(&b);
    for (mono_ns until = clock_now(NULL) + 8 * NS_PER_MS; clock_now(NULL) < until;)
        player_poll(&b.player); /* the loop sleeps over its deadline */
    bench_until_ended(&b, &t);
    assert_int_equal(t.end.result, NET_DONE);
    tale_release(&t);
    bench_close(&b);
}

/* A listener whose queue is full answers no more SYN: the connection neither stands nor fails. The kernel sends the SYN
 * again after a second. */
static void test_connect_timeout(void **state)
{
    (void)state;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int listener = socket(AF_INET, SOCK_STREAM, 0), fill[8];
    assert_false(bind(listener, (struct sockaddr *)&a, sizeof a) || listen(listener, 0) ||
                 getsockname(listener, (struct sockaddr *)&a, &len));
    for (int i = 0; i < 8; i++) {
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(fill[i], (struct sockaddr *)&a, sizeof a);
    }
    struct bench b;
    struct tale t = {0};
    struct err e = ERR_INIT;
    struct call_spec spec = sse_call();
    char url[64];
    spec.limits = (struct call_limits){.connect_ns = 1300 * NS_PER_MS, .total_ns = PATIENCE_NS};
    snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(a.sin_port));
    bench_open(&b, NULL);
    bench_client(&b, url, NULL);
    bench_call(&b, &spec, &t);
    assert_int_equal(t.end.result, NET_TIMEOUT_CONNECT);
    assert_string_equal(t.order.at, ".");
    assert_true(client_retransmits(b.client) >= 1);
    assert_int_equal(client_preconnect(b.client, 2, 20 * NS_PER_MS, &e), ERR_TIMEOUT);
    assert_int_equal(b.client->connections, 0);
    tale_release(&t);
    bench_close(&b);
    for (int i = 0; i < 8; i++)
        close(fill[i]);
    close(listener);
}

/* ---- cancelling ---- */

static void test_cancel_inside_callbacks(void **state)
{
    (void)state;
    static const struct step script[] = {REQUEST, SEND(SSE_HEAD EVENT EVENT "2\r\n:\n\r\n" EVENT "0\r\n\r\n"), GONE,
                                         END};
    static const char stages[] = "safhec";
    for (const char *at = stages; *at; at++)
        for (int event = 1; event <= (*at == 'e' ? 3 : 1); event++) {
            struct tale t = {.cancel_at = *at, .cancel_event = event};
            struct call_spec spec = sse_call();
            play_call(script, &spec, &t);
            assert_int_equal(t.end.result, NET_CANCELLED);
            assert_string_equal(t.why, "cancelled");
            assert_int_equal(t.order.at[t.order.len - 2], *at);
            tale_release(&t);
        }
}

/* The call is cancelled from outside after n steps of the loop, for every n that still finds it alive. */
static void test_cancel_between_steps(void **state)
{
    (void)state;
    static const struct step script[] = {
        REQUEST, SEND(SSE_HEAD), SEND("8\r\ndata: on\r\n"), SEND("3\r\ne\n\n\r\n"), SEND("0\r\n\r\n"), GONE, END};
    bool finished = false;
    for (int n = 0; !finished; n++) {
        struct bench b;
        struct tale t = {0};
        struct call_spec spec = sse_call();
        bench_open(&b, NULL);
        player_script(&b.player, 0, script);
        bench_start(&b, &spec, &t);
        for (int i = 0; i < n && !t.ends; i++)
            bench_step(&b);
        finished = t.ends;
        if (!finished) {
            call_cancel(t.call);
            assert_int_equal(t.end.result, NET_CANCELLED);
            assert_int_equal(b.client->connections, 0);
        }
        assert_true(n < 1000);
        tale_release(&t);
        bench_close(&b);
    }
}

static void test_free_cancels(void **state)
{
    (void)state;
    static const struct step script[] = {REQUEST, SEND(SSE_HEAD EVENT), END};
    struct bench b;
    struct tale t[3] = {{0}};
    struct call_spec spec = sse_call();
    struct client_options o = {.max_connections = 2};
    bench_open(&b, &o);
    player_script(&b.player, 0, script);
    for (int i = 0; i < 3; i++)
        bench_start(&b, &spec, &t[i]);
    for (int n = 0; t[0].events + t[1].events < 2 && n < 1000; n++)
        bench_step(&b);
    bench_close(&b);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(t[i].end.result, NET_CANCELLED);
        tale_release(&t[i]);
    }
}

struct pair {
    struct tale one, other;
    struct bench b;
};

static void cancel_other(struct tale *t)
{
    struct pair *p = t->user;
    struct tale *other = t == &p->one ? &p->other : &p->one;
    if (other->call)
        call_cancel(other->call);
}

/* `end` of one call cancels the other, whose events wait in the same batch. */
static void test_cancel_neighbour(void **state)
{
    (void)state;
    static const struct step script[] = {REQUEST, HOLD, PUSH(SHORT), END};
    struct pair p = {.one = {.at_end = cancel_other, .user = &p}, .other = {.at_end = cancel_other, .user = &p}};
    struct call_spec spec = sse_call();
    bench_open(&p.b, NULL);
    player_script(&p.b.player, 0, script);
    bench_start(&p.b, &spec, &p.one);
    bench_start(&p.b, &spec, &p.other);
    for (int n = 0; p.b.player.held < 2 && n < 1000; n++)
        bench_step(&p.b);
    p.b.player.released = 2;
    for (int n = 0; !(p.one.ends && p.other.ends) && n < 1000; n++)
        bench_step(&p.b);
    assert_int_equal(p.one.end.result + p.other.end.result, NET_DONE + NET_CANCELLED);
    tale_release(&p.one);
    tale_release(&p.other);
    bench_close(&p.b);
}

/* ---- broken connections ---- */

struct broken {
    const char *answer;
    bool reset;
    const char *why;
};

static void test_broken(void **state)
{
    (void)state;
    static const struct broken cases[] = {
        {"", false, "closed before any byte of the response"},
        {"", true, "Connection reset by peer before any byte"},
        {"HTTP/1.1 2", false, "closed inside the response head"},
        {OK200 "Content-Le", true, "reset by peer inside the response head"},
        {OK200 "Content-Length: 10\r\n\r\nabc", false, "closed after 3 of 10 body bytes"},
        {OK200 "Content-Length: 10\r\n\r\nabc", true, "reset by peer after 3 of 10 body bytes"},
        {SSE_HEAD EVENT, false, "closed inside a chunked body"},
        {SSE_HEAD EVENT "5\r\nda", true, "reset by peer inside a chunked body"},
        {SSE_HEAD EVENT "0\r\n", false, "closed inside a chunked body"},
        {OK200 "Content-Type: text/event-stream\r\n\r\ndata: x\n\nda", true,
         "reset by peer inside a body without length"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tale t = {0};
        struct call_spec spec = sse_call();
        const struct step closes[] = {REQUEST, {OP_SEND, cases[i].answer, strlen(cases[i].answer)}, FIN},
                          resets[] = {REQUEST, {OP_SEND, cases[i].answer, strlen(cases[i].answer)}, RST};
        const struct step at_once[] = {REQUEST, cases[i].reset ? (struct step)RST : (struct step)FIN};
        play_call(!*cases[i].answer ? at_once : cases[i].reset ? resets : closes, &spec, &t);
        if (t.end.result != NET_RESET || !strstr(t.why, cases[i].why))
            fail_msg("case %zu: result %d: %s", i, (int)t.end.result, t.why);
        assert_int_equal(t.end.sys_errno != 0, cases[i].reset);
        assert_int_equal(t.sent, 1);
        assert_int_equal(t.status, strstr(cases[i].answer, "\r\n\r\n") ? 200 : 0);
        assert_int_equal(t.end.status, t.status);
        assert_int_equal(t.events, strstr(cases[i].answer, "data: ") != NULL);
        tale_release(&t);
    }
}

static void test_refused(void **state)
{
    (void)state;
    struct bench b;
    struct tale t = {0};
    struct call_spec spec = sse_call();
    bench_open(&b, NULL);
    bench_client(&b, "http://127.0.0.1:1", NULL);
    bench_call(&b, &spec, &t);
    assert_int_equal(t.end.result, NET_CONNECT);
    assert_int_not_equal(t.end.sys_errno, 0);
    assert_string_equal(t.why, "cannot connect to 127.0.0.1 port 1: Connection refused");
    tale_release(&t);
    bench_close(&b);
}

/* ---- malformed and oversized ---- */

static void parse_error(const char *answer, size_t n, const struct call_limits *limits, const char *why)
{
    const struct step script[] = {REQUEST, {OP_SEND, answer, n}, GONE, END};
    struct tale t = {0};
    struct call_spec spec = sse_call();
    if (limits)
        spec.limits = *limits;
    spec.limits.total_ns = PATIENCE_NS;
    play_call(script, &spec, &t);
    if (t.end.result != NET_PARSE || !strstr(t.why, why))
        fail_msg("result %d: %s", (int)t.end.result, t.why);
    tale_release(&t);
}

#define PARSE(answer, limits, why) parse_error(answer, sizeof answer - 1, limits, why)

static void test_parse_errors(void **state)
{
    (void)state;
    PARSE("SSH-2.0-OpenSSH_9\r\n", NULL, "not valid HTTP/1.1");
    PARSE("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", NULL, "not valid HTTP/1.1");
    PARSE(OK200 "Content-Length: 2\r\n\r\nokmore", NULL, "4 bytes came behind the end");
    PARSE(SHORT SHORT, NULL, "bytes came behind the end");
    PARSE(SSE_HEAD EVENT "0\r\n\r\nx", NULL, "1 bytes came behind the end");
    PARSE(SSE_HEAD EVENT "zz\r\n", NULL, "not valid HTTP/1.1");
    PARSE(OK200 "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc", NULL, "compression");
    PARSE("HTTP/1.1 101 Go\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", NULL, "101");
}

static void test_limits(void **state)
{
    (void)state;
    PARSE(OK200 "X: 0123456789012345678901234567890123456789\r\n\r\n", (&(struct call_limits){.head_bytes = 50}),
          "the head is over its limit");
    PARSE(OK200 "Content-Length: 11\r\n\r\n", (&(struct call_limits){.body_bytes = 10}), "announced body is over");
    PARSE(OK200 "Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n", (&(struct call_limits){.body_bytes = 10}),
          "the body is over");
    PARSE(SSE_HEAD "11\r\ndata: 0123456789\n\r\n", (&(struct call_limits){.line_bytes = 15}), "an SSE line is over");
    PARSE(SSE_HEAD "11\r\ndata: 0123456789\n\r\n", (&(struct call_limits){.event_bytes = 9}), "an SSE event is over");
    PARSE(SSE_HEAD "10\r\ndata: 0123456789\r\n", (&(struct call_limits){.line_bytes = 15}), "an SSE line is over");
    struct str s = STR_INIT;
    str_addz(&s, SSE_HEAD);
    for (int i = 0; i < 40000; i++) /* one byte a chunk, endlessly dressed up: five wire bytes for each of the body */
        str_addz(&s, "1;0123456789012345678901234567890123456789012345678901234567890123456789\r\n\n\r\n");
    parse_error(s.at, s.len, &(struct call_limits){.body_bytes = 45000, .head_bytes = 1000},
                "the response is over its limit");
    str_release(&s);
}

static void test_ndjson_limit(void **state)
{
    (void)state;
    static const struct step script[] = {
        REQUEST, SEND(OK200 "Content-Type: application/x-ndjson\r\nContent-Length: 24\r\n\r\n0123456789\n01234567890"),
        PUSH("\nx"), GONE, END};
    struct tale t = {0};
    struct call_spec spec = sse_call();
    spec.framing = CALL_NDJSON;
    spec.limits.line_bytes = 10;
    play_call(script, &spec, &t);
    assert_int_equal(t.end.result, NET_PARSE);
    assert_string_equal(t.why, "a line is over its limit");
    assert_string_equal(t.text.at, "0123456789|");
    tale_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timeouts),
        cmocka_unit_test(test_drip),
        cmocka_unit_test(test_late_process_is_no_timeout),
        cmocka_unit_test(test_connect_timeout),
        cmocka_unit_test(test_cancel_inside_callbacks),
        cmocka_unit_test(test_cancel_between_steps),
        cmocka_unit_test(test_free_cancels),
        cmocka_unit_test(test_cancel_neighbour),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_parse_errors),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_ndjson_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
