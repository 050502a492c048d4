/* The client against the script player: framings, events and their stamps, connections and their reuse, the queue. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness.h"
#include "net/call.h"

#define OK200 "HTTP/1.1 200 OK\r\n"
#define SSE_HEAD OK200 "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
#define SHORT OK200 "Content-Length: 2\r\n\r\nok"

static const struct call_spec post_sse = {.method = "POST",
                                          .path = "/v1/chat",
                                          .body = "{\"stream\":true}",
                                          .body_len = 15,
                                          .framing = CALL_SSE,
                                          .limits = {.total_ns = PATIENCE_NS}};
static const struct call_spec post_lines = {.method = "POST",
                                            .path = "/api/chat",
                                            .body = "{}",
                                            .body_len = 2,
                                            .framing = CALL_NDJSON,
                                            .limits = {.total_ns = PATIENCE_NS}};
static const struct call_spec get_body = {
    .method = "GET", .path = "/x", .framing = CALL_BODY, .limits = {.total_ns = PATIENCE_NS}};

/* The order without the acknowledgement, whose place is the network's. */
static const char *order_of(struct tale *t)
{
    static char text[256];
    size_t n = 0;
    for (size_t i = 0; i < t->order.len && n < sizeof text - 1; i++)
        if (t->order.at[i] != 'a')
            text[n++] = t->order.at[i];
    text[n] = 0;
    return text;
}

static void expect_done(struct tale *t, const char *order, const char *text)
{
    if (t->end.result != NET_DONE)
        fail_msg("result %d: %s", (int)t->end.result, t->why);
    assert_string_equal(order_of(t), order);
    assert_string_equal(str_z(&t->text), text);
}

/* ---- framings and events ---- */

static void test_sse_stream(void **state)
{
    (void)state;
    static const struct step script[] = {REQUEST,
                                         SEND(SSE_HEAD),
                                         SEND("b\r\ndata: one\n\n\r\n"),
                                         SEND("b\r\ndata: two\n\n\r\n"),
                                         SEND("8\r\n: ping\n\n\r\n"),
                                         SEND("e\r\ndata: [DONE]\n\n\r\n"),
                                         SEND("0\r\n\r\n"),
                                         END};
    struct tale t = {0};
    struct bench b;
    bench_open(&b, NULL);
    loop_warm_stamps(b.loop);
    player_script(&b.player, 0, script);
    bench_call(&b, &post_sse, &t);
    expect_done(&t, "sfheece.", "one|two|#ping|[DONE]|");
    assert_string_equal(str_z(&t.type), "text/event-stream");
    assert_int_equal(t.status, 200);
    assert_int_equal(t.acked, 1);
    assert_true(t.kernel_sent && t.first_ns >= t.sent_ns && t.end.t_ns >= t.last_event_ns);
    assert_int_equal(t.unstamped, 0);
    assert_int_equal(t.wire[0], 11);
    assert_int_equal(t.wire[2], 7);
    for (int i = 1; i < 4; i++) /* each came in a read of its own */
        assert_true(t.reads[i] > t.reads[i - 1]);
    assert_int_equal(t.end.bytes_out, (int64_t)b.player.received.len - 1);
    assert_non_null(strstr(b.player.received.at, "POST /v1/chat HTTP/1.1\r\nHost: 127.0.0.1:"));
    assert_non_null(strstr(b.player.received.at, "\r\n\r\n{\"stream\":true}"));
    tale_release(&t);
    bench_close(&b);
}

static void test_merged_events_share_a_read(void **state)
{
    (void)state;
    static const struct step script[] = {REQUEST, SEND(SSE_HEAD "16\r\ndata: one\n\ndata: two\n\n\r\n"),
                                         SEND("d\r\ndata: three\n\n\r\n0\r\n\r\n"), END};
    struct tale t = {0};
    play_call(script, &post_sse, &t);
    expect_done(&t, "sfheee.", "one|two|three|");
    assert_int_equal(t.reads[0], t.reads[1]);
    assert_true(t.reads[2] > t.reads[1]);
    tale_release(&t);
}

static void test_every_byte_alone(void **state)
{
    (void)state;
    static const struct step script[] = {REQUEST,
                                         EACH("HTTP/1.1 102 Processing\r\n\r\n" SSE_HEAD
                                              "8\r\ndata: on\r\n5;x=y\r\ne\r\n\r\n\r\n"
                                              "16\r\n: c\nevent: e\ndata: two\r\n2\r\n\n\n\r\n0\r\nX-T: 1\r\n\r\n"),
                                         END};
    struct tale t = {0};
    play_call(script, &post_sse, &t);
    expect_done(&t, "sfhece.", "one|#c|e=two|");
    tale_release(&t);
}

static void test_ndjson_stream(void **state)
{
    (void)state;
    static const struct step script[] = {
        REQUEST,
        SEND(OK200 "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"a\":1}\n\r\n"),
        SEND("6\r\n{\"a\":2\r\n"),
        SEND("2\r\n}\n\r\n"),
        SEND("7\r\n{\"end\"}\r\n0\r\n\r\n"),
        END};
    struct tale t = {0};
    play_call(script, &post_lines, &t);
    expect_done(&t, "sfheee.", "{\"a\":1}|{\"a\":2}|{\"end\"}|");
    tale_release(&t);
}

struct cut_case {
    const char *head; /* behind the status line */
    const struct call_spec *spec;
    const char *text;
};

/* Which framing an answer is cut by. */
static void test_content_types(void **state)
{
    (void)state;
    static const struct cut_case cases[] = {
        {"200 OK\r\nContent-Type: text/event-stream; charset=utf-8", &post_sse, "a|b|"},
        {"200 OK\r\nContent-Type: TEXT/EVENT-STREAM", &post_sse, "a|b|"},
        {"200 OK", &post_sse, "a|b|"},
        {"200 OK\r\nContent-Type: application/json", &post_sse, "data: a\n\ndata: b\n\n|"},
        {"200 OK\r\nContent-Type: text/event-streams", &post_sse, "data: a\n\ndata: b\n\n|"},
        {"200 OK\r\nContent-Type: text/html", &post_sse, "data: a\n\ndata: b\n\n|"},
        {"500 No\r\nContent-Type: text/event-stream", &post_sse, "data: a\n\ndata: b\n\n|"},
        {"200 OK\r\nContent-Type: application/x-ndjson", &post_lines, "data: a|data: b|"},
        {"200 OK\r\nContent-Type: application/jsonl", &post_lines, "data: a|data: b|"},
        {"200 OK\r\nContent-Type: application/json; charset=utf-8", &post_lines, "data: a\n\ndata: b\n\n|"},
        {"404 No\r\nContent-Type: application/x-ndjson", &post_lines, "data: a\n\ndata: b\n\n|"},
        {"200 OK\r\nContent-Type: text/event-stream", &get_body, "data: a\n\ndata: b\n\n|"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char answer[256];
        struct tale t = {0};
        int n = snprintf(answer, sizeof answer, "HTTP/1.1 %s\r\nContent-Length: 18\r\n\r\ndata: a\n\ndata: b\n\n",
                         cases[i].head);
        const struct step script[] = {REQUEST, {OP_SEND, answer, (size_t)n}, END};
        play_call(script, cases[i].spec, &t);
        assert_int_equal(t.end.result, NET_DONE);
        assert_string_equal(str_z(&t.text), cases[i].text);
        tale_release(&t);
    }
}

static void test_bodies(void **state)
{
    (void)state;
    static const struct step whole[] = {REQUEST, SEND(SHORT), END},
                             empty[] = {REQUEST, SEND("HTTP/1.1 204 No\r\n\r\n"), END},
                             parts[] = {REQUEST, SEND(OK200 "Content-Length: 6\r\n\r\nab"), SEND("cd"), SEND("ef"),
                                        END},
                             chunks[] = {REQUEST, SEND(OK200 "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"),
                                         SEND("2\r\ncd\r\n0\r\n\r\n"), END},
                             until_close[] = {REQUEST, SEND(OK200 "\r\nab"), PUSH("cd"), FIN};
    struct tale t = {0};
    play_call(whole, &get_body, &t);
    expect_done(&t, "sfhe.", "ok|");
    assert_false(t.end.closed_early);
    tale_release(&t);
    play_call(empty, &get_body, &t);
    expect_done(&t, "sfh.", "");
    tale_release(&t);
    play_call(parts, &get_body, &t);
    expect_done(&t, "sfhe.", "abcdef|");
    tale_release(&t);
    play_call(chunks, &get_body, &t);
    expect_done(&t, "sfhe.", "abcd|");
    tale_release(&t);
    play_call(until_close, &get_body, &t);
    expect_done(&t, "sfhe.", "abcd|");
    assert_true(t.end.closed_early);
    tale_release(&t);
}

static void test_no_final_blank_line(void **state)
{
    (void)state;
    static const struct step script[] = {REQUEST, SEND(SSE_HEAD "9\r\ndata: one\r\n0\r\n\r\n"), END},
                             closed[] = {REQUEST, SEND(OK200 "Content-Type: text/event-stream\r\n\r\ndata: one\n"),
                                         FIN};
    struct tale t = {0};
    play_call(script, &post_sse, &t);
    expect_done(&t, "sfhe.", "one|");
    tale_release(&t);
    play_call(closed, &post_sse, &t);
    expect_done(&t, "sfhe.", "one|");
    assert_true(t.end.closed_early);
    tale_release(&t);
}

/* ---- a large request, a large answer ---- */

static void test_large(void **state)
{
    (void)state;
    struct str body = STR_INIT, answer = STR_INIT;
    struct tale t = {0};
    str_addz(&answer, OK200 "Content-Length: 5000000\r\n\r\n");
    for (int i = 0; i < 500000; i++) {
        str_addz(&body, "0123456789abcdef");
        str_addz(&answer, "0123456789");
    }
    const struct step script[] = {REQUEST, {OP_PUSH, answer.at, answer.len}, END};
    struct call_spec spec = get_body;
    spec.method = "POST";
    spec.body = body.at;
    spec.body_len = body.len;
    play_call(script, &spec, &t);
    assert_int_equal(t.end.result, NET_DONE);
    assert_string_equal(order_of(&t), "sfhe.");
    assert_true(t.kernel_sent);
    assert_int_equal(t.text.len, 5000001);
    assert_memory_equal(t.text.at, answer.at + answer.len - 5000000, 5000000);
    tale_release(&t);
    str_release(&body);
    str_release(&answer);
}

/* ---- did our reading hold the server back? ---- */

static uint64_t full_reads(const struct step *script)
{
    struct bench b;
    struct tale t = {0};
    bench_open(&b, NULL);
    player_script(&b.player, 0, script);
    bench_call(&b, &get_body, &t);
    assert_int_equal(t.end.result, NET_DONE);
    uint64_t n = loop_stats(b.loop)->full_reads;
    assert_true(n <= loop_stats(b.loop)->reads);
    tale_release(&t);
    bench_close(&b);
    return n;
}

static void test_full_reads(void **state)
{
    (void)state;
    static const struct step gentle[] = {REQUEST, SEND(OK200 "Content-Length: 6\r\n\r\n"), EACH("gentle"), END};
    struct str answer = STR_INIT;
    str_addz(&answer, OK200 "Content-Length: 5000000\r\n\r\n");
    for (int i = 0; i < 500000; i++)
        str_addz(&answer, "0123456789");
    const struct step flood[] = {REQUEST, {OP_PUSH, answer.at, answer.len}, END};
    assert_int_equal(full_reads(gentle), 0);
    assert_true(full_reads(flood) > 0);
    str_release(&answer);
}

/* ---- connections ---- */

static void test_keep_alive(void **state)
{
    (void)state;
    static const struct step script[] = {REQUEST, SEND(SHORT),
                                         REQUEST, SEND(SSE_HEAD "b\r\ndata: one\n\n\r\n0\r\n\r\n"),
                                         REQUEST, SEND(OK200 "Connection: close\r\nContent-Length: 2\r\n\r\nok"),
                                         GONE,    END};
    struct bench b;
    struct tale t = {0};
    bench_open(&b, NULL);
    player_script(&b.player, 0, script);
    player_script(&b.player, 1, script);
    for (int i = 0; i < 4; i++) {
        bench_call(&b, i == 1 ? &post_sse : &get_body, &t);
        assert_int_equal(t.end.result, NET_DONE);
        assert_int_equal(t.sent, 1);
        assert_true(t.kernel_sent);
        assert_int_equal(t.end.new_connection, i == 0 || i == 3);
        tale_release(&t);
    }
    assert_int_equal(b.player.accepted, 2);
    bench_close(&b);
}

/* The server closed a kept connection, or talked, and the client has not heard of it when it sends. */
static void stale(const struct step *first, enum net_result want, int accepted)
{
    static const struct step second[] = {REQUEST, SEND(SHORT), END};
    struct bench b;
    struct tale t = {0};
    bench_open(&b, NULL);
    player_script(&b.player, 0, first);
    player_script(&b.player, 1, second);
    bench_call(&b, &get_body, &t);
    assert_int_equal(t.end.result, NET_DONE);
    tale_release(&t);
    player_poll(&b.player); /* closes; the loop does not run in between */
    bench_call(&b, &get_body, &t);
    assert_int_equal(t.end.result, want);
    if (want == NET_DONE) {
        assert_true(t.end.new_connection);
        assert_int_equal(t.first_bytes, 1);
    }
    assert_int_equal(b.player.accepted, accepted);
    tale_release(&t);
    bench_close(&b);
}

static void test_stale_connection(void **state)
{
    (void)state;
    static const struct step fin[] = {REQUEST, SEND(SHORT), FIN}, rst[] = {REQUEST, SEND(SHORT), RST},
                             unasked[] = {REQUEST, SEND(SHORT), PUSH("HTTP/1.1 408 Late\r\nContent-Length: 0\r\n\r\n"),
                                          END},
                             after_request[] = {REQUEST, SEND(SHORT), REQUEST, FIN},
                             after_bytes[] = {REQUEST, SEND(SHORT), REQUEST, SEND("HTTP/1.1 200"), FIN};
    stale(fin, NET_DONE, 2);
    stale(rst, NET_DONE, 2);
    stale(unasked, NET_DONE, 2); /* and what lies there is not its answer */
    stale(after_request, NET_DONE, 2);
    stale(after_bytes, NET_RESET, 1); /* something came: not retried */
}

/* A new connection that is closed is an outcome, not a reason to try again; so is a second stale one. */
static void test_no_second_try(void **state)
{
    (void)state;
    static const struct step closes[] = {REQUEST, FIN}, once[] = {REQUEST, SEND(SHORT), FIN};
    struct bench b;
    struct tale t = {0};
    bench_open(&b, NULL);
    player_script(&b.player, 0, closes);
    bench_call(&b, &get_body, &t);
    assert_int_equal(t.end.result, NET_RESET);
    assert_non_null(strstr(t.why, "before any byte of the response"));
    assert_int_equal(b.player.accepted, 1);
    tale_release(&t);
    player_script(&b.player, 1, once);
    player_script(&b.player, 2, closes);
    bench_call(&b, &get_body, &t);
    assert_int_equal(t.end.result, NET_DONE);
    tale_release(&t);
    player_poll(&b.player);
    bench_call(&b, &get_body, &t);
    assert_int_equal(t.end.result, NET_RESET);
    assert_true(t.end.new_connection);
    assert_int_equal(b.player.accepted, 3);
    tale_release(&t);
    bench_close(&b);
}

/* A kept connection that says something unasked, or closes, while idle is dropped in time. */
static void test_idle_connection_ends(void **state)
{
    (void)state;
    static const struct step talks[] = {REQUEST, SEND(SHORT), HOLD, SEND("surprise"), GONE, END},
                             closes[] = {REQUEST, SEND(SHORT), HOLD, FIN}, last[] = {REQUEST, SEND(SHORT), END};
    struct bench b;
    struct tale t = {0};
    bench_open(&b, NULL);
    player_script(&b.player, 0, talks);
    player_script(&b.player, 1, closes);
    player_script(&b.player, 2, last);
    for (int i = 0; i < 3; i++) {
        bench_call(&b, &get_body, &t);
        assert_int_equal(t.end.result, NET_DONE);
        assert_true(t.end.new_connection);
        assert_int_equal(b.client->connections, 1);
        tale_release(&t);
        b.player.released = 99;
        for (int n = 0; i < 2 && b.client->connections && n < 1000; n++)
            bench_step(&b);
        b.player.released = b.player.held;
    }
    assert_int_equal(b.client->connections, 1);
    bench_close(&b);
}

static void test_queue(void **state)
{
    (void)state;
    static const struct step script[] = {REQUEST, HOLD, SEND(SHORT), REQUEST, SEND(SHORT), REQUEST, SEND(SHORT), END};
    struct bench b;
    struct tale t[4] = {{0}};
    struct client_options o = {.max_connections = 1};
    bench_open(&b, &o);
    player_script(&b.player, 0, script);
    for (int i = 0; i < 4; i++)
        bench_start(&b, &get_body, &t[i]);
    for (int n = 0; !b.player.held && n < 1000; n++)
        bench_step(&b);
    call_cancel(t[1].call); /* while queued */
    assert_int_equal(t[1].end.result, NET_CANCELLED);
    assert_string_equal(str_z(&t[1].order), ".");
    assert_int_equal(t[1].end.bytes_out, 0);
    b.player.released = 1;
    bench_until_ended(&b, &t[0]);
    assert_int_equal(t[2].ends + t[3].ends, 0);
    bench_until_ended(&b, &t[2]);
    assert_int_equal(t[3].ends, 0); /* in order */
    bench_until_ended(&b, &t[3]);
    assert_true(t[0].end.new_connection && !t[2].end.new_connection && !t[3].end.new_connection);
    assert_int_equal(b.player.accepted, 1);
    for (int i = 0; i < 4; i++)
        tale_release(&t[i]);
    bench_close(&b);
}

static void start_another(struct tale *t)
{
    struct bench *b = t->user;
    struct tale *next = t + 1;
    next->user = b;
    if (next->at_end || t->at_end == start_another)
        bench_start(b, &get_body, next);
}

/* A call started inside `end` takes the connection that just became free. */
static void test_start_in_end(void **state)
{
    (void)state;
    static const struct step script[] = {REQUEST, SEND(SHORT), REQUEST, SEND(SHORT), REQUEST, SEND(SHORT), END};
    struct bench b;
    struct tale t[3] = {{.at_end = start_another, .user = &b}, {.at_end = start_another}, {0}};
    bench_open(&b, NULL);
    player_script(&b.player, 0, script);
    bench_start(&b, &get_body, &t[0]);
    for (int n = 0; !t[2].ends && n < 10000; n++)
        bench_step(&b);
    assert_int_equal(t[2].end.result, NET_DONE);
    assert_int_equal(b.player.accepted, 1);
    for (int i = 0; i < 3; i++)
        tale_release(&t[i]);
    bench_close(&b);
}

static void test_parallel_calls(void **state)
{
    (void)state;
    static const struct step script[] = {REQUEST, PUSH(SSE_HEAD "b\r\ndata: one\n\n\r\n"),
                                         PUSH("b\r\ndata: two\n\n\r\n0\r\n\r\n"), END};
    struct bench b;
    struct tale t[20] = {{0}};
    bench_open(&b, NULL);
    player_script(&b.player, 0, script);
    for (int i = 0; i < 20; i++)
        bench_start(&b, &post_sse, &t[i]);
    for (int i = 0; i < 20; i++) {
        bench_until_ended(&b, &t[i]);
        expect_done(&t[i], "sfhee.", "one|two|");
        tale_release(&t[i]);
    }
    assert_int_equal(b.player.accepted, 20);
    assert_int_equal(b.client->connections, 20);
    bench_close(&b);
}

static void test_preconnect(void **state)
{
    (void)state;
    static const struct step script[] = {REQUEST, SEND(SHORT), END};
    struct bench b;
    struct err e = ERR_INIT;
    struct tale t = {0};
    bench_open(&b, NULL);
    player_script(&b.player, 0, script);
    if (client_preconnect(b.client, 3, PATIENCE_NS, &e))
        fail_msg("%s", e.text);
    assert_int_equal(b.client->connections, 3);
    bench_call(&b, &get_body, &t);
    assert_int_equal(t.end.result, NET_DONE);
    assert_false(t.end.new_connection);
    assert_int_equal(b.client->connections, 3);
    tale_release(&t);
    bench_client(&b, "http://127.0.0.1:1", NULL);
    assert_int_equal(client_preconnect(b.client, 2, PATIENCE_NS, &e), ERR_NET);
    assert_non_null(strstr(e.text, "2 of 2 connections to 127.0.0.1 port 1 failed: Connection refused"));
    assert_int_equal(b.client->connections, 0);
    bench_close(&b);
}

static int listen_on_loopback(int queue, char url[64])
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
    assert_int_equal(listen(fd, queue), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    snprintf(url, 64, "http://127.0.0.1:%d", ntohs(a.sin_port));
    return fd;
}

/* More connections than are opened at once, from three addresses in turn. */
static void test_sources(void **state)
{
    enum { N = 240, SOURCES = 3 };
    struct client_options o = {.sources = SOURCES};
    struct bench b;
    struct err e = ERR_INIT;
    char url[64];
    int seen[SOURCES] = {0}, listener = listen_on_loopback(N, url);
    (void)state;
    bench_open(&b, NULL);
    bench_client(&b, url, &o);
    if (client_preconnect(b.client, N, PATIENCE_NS, &e))
        fail_msg("%s", e.text);
    assert_int_equal(b.client->connections, N);
    for (int i = 0; i < N; i++) {
        struct sockaddr_in from = {0};
        socklen_t len = sizeof from;
        int fd = accept(listener, (struct sockaddr *)&from, &len);
        uint32_t k = ntohl(from.sin_addr.s_addr) - INADDR_LOOPBACK;
        assert_true(fd >= 0 && k < SOURCES);
        seen[k]++;
        close(fd);
    }
    for (int k = 0; k < SOURCES; k++)
        assert_int_equal(seen[k], N / SOURCES);
    close(listener);
    bench_close(&b);
}

/* A name with an IPv6 and an IPv4 address, of which one answers; IPv6 itself. */
static void test_address_families(void **state)
{
    (void)state;
    static const struct step script[] = {REQUEST, SEND(SHORT), END};
    struct tale t = {0};
    for (int v6 = 0; v6 < 2; v6++) {
        struct bench b;
        char url[80];
        bench_open(&b, NULL);
        if (v6) {
            player_stop(&b.player);
            player_start(&b.player, b.loop, true);
            if (b.player.failed) { /* no IPv6 on this host */
                bench_close(&b);
                break;
            }
        }
        player_script(&b.player, 0, script);
        snprintf(url, sizeof url, v6 ? "%s" : "http://localhost%s", v6 ? b.player.url : strrchr(b.player.url, ':'));
        bench_client(&b, url, NULL);
        bench_call(&b, &get_body, &t);
        assert_int_equal(t.end.result, NET_DONE);
        assert_non_null(strstr(b.player.received.at, v6 ? "Host: [::1]:" : "Host: localhost:"));
        tale_release(&t);
        bench_close(&b);
    }
}

static void test_descriptors_run_out(void **state)
{
    (void)state;
    struct bench b;
    struct err e = ERR_INIT;
    struct rlimit old, none;
    struct tale t = {0};
    bench_open(&b, NULL);
    int free_fd = dup(0);
    close(free_fd);
    getrlimit(RLIMIT_NOFILE, &old);
    none = (struct rlimit){.rlim_cur = (rlim_t)free_fd, .rlim_max = old.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    struct call *k = call_start(b.client, &get_body, &tale_ops, &t, &e);
    setrlimit(RLIMIT_NOFILE, &old);
    assert_null(k);
    assert_int_equal(e.code, ERR_IO);
    assert_int_equal(b.client->connections, 0);
    assert_int_equal(t.order.len, 0);
    err_clear(&e);
    assert_null(call_start(b.client, &(struct call_spec){.method = "GET", .path = "no slash"}, &tale_ops, &t, &e));
    assert_int_equal(e.code, ERR_USAGE);
    bench_close(&b);
}

/* ---- fetch ---- */

static void test_fetch(void **state)
{
    (void)state;
    static const struct step script[] =
        {REQUEST, SEND("HTTP/1.1 404 No\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nlost"), END},
                             silent[] = {REQUEST, END};
    struct player p;
    struct endpoint ep;
    struct err e = ERR_INIT;
    struct fetched f;
    struct client_options o = {.api_key = "canary-key"};
    player_start(&p, NULL, false);
    player_script(&p, 0, script);
    player_script(&p, 1, silent);
    player_thread(&p);
    assert_int_equal(endpoint_parse(p.url, &ep, &e), 0);
    assert_int_equal(http_fetch(&ep, &o, "GET", "/tags", NULL, PATIENCE_NS, &f, &e), 0);
    assert_int_equal(f.status, 404);
    assert_string_equal(str_z(&f.body), "lost");
    assert_string_equal(str_z(&f.content_type), "text/plain");
    assert_true(f.sent_ns <= f.first_byte_ns && f.first_byte_ns <= f.done_ns && f.sent_ns != MONO_NONE);
    fetched_release(&f);
    assert_int_equal(http_fetch(&ep, &o, "POST", "/slow", "{}", 30 * NS_PER_MS, &f, &e), ERR_TIMEOUT);
    assert_non_null(strstr(e.text, "POST http://127.0.0.1:"));
    assert_non_null(strstr(e.text, "/slow: not over within 0.03 s"));
    assert_null(strstr(e.text, "canary"));
    assert_int_equal(f.body.len, 0);
    player_stop(&p);
    err_clear(&e);
    assert_int_equal(http_fetch(&ep, &o, "GET", "/", NULL, PATIENCE_NS, &f, &e), ERR_NET);
    assert_non_null(strstr(e.text, "Connection refused"));
    err_clear(&e);
    char url[] =
        "http://xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"; /* RFC 1035: a label */
    assert_int_equal(endpoint_parse(url, &ep, &e), 0); /* has 63 letters at most */
    assert_int_equal(http_fetch(&ep, &o, "GET", "/", NULL, PATIENCE_NS, &f, &e), ERR_NET);
    assert_non_null(strstr(e.text, "cannot resolve the host xxxx"));
    assert_null(strstr(e.text, "canary"));
}

/* A call that is over is used again. Nothing of its request is in the memory that waits for the next one. */
static void test_used_again_without_its_key(void **state)
{
    (void)state;
    static const struct step script[] = {REQUEST, SEND(SHORT), REQUEST, SEND(SHORT), END};
    struct client_options o = {.api_key = "canary-key"};
    struct tale first = {0}, second = {0};
    struct bench b;
    bench_open(&b, &o);
    player_script(&b.player, 0, script);
    bench_call(&b, &post_sse, &first);
    struct call *k = b.client->spare;
    assert_non_null(k);
    assert_null(k->next);
    assert_true(k->head.cap > strlen("canary-key"));
    for (size_t i = 0; i < k->head.cap; i++)
        assert_int_equal(k->head.at[i], 0);
    bench_call(&b, &get_body, &second);
    assert_ptr_equal(b.client->spare, k);
    assert_null(k->next);
    expect_done(&second, "sfhe.", "ok|");
    const char *again = strstr(str_z(&b.player.received), "GET /x HTTP/1.1\r\nHost: ");
    assert_non_null(again);
    assert_null(strstr(again, "Content-"));
    tale_release(&first);
    tale_release(&second);
    bench_close(&b);
}

/* What a stream costs while it waits: our structures, a request of 1 KB and the carry-over. */
static void test_memory_per_stream(void **state)
{
    (void)state;
    assert_true(sizeof(struct call) + sizeof(struct conn) + 2 * 1024 < 5 * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sse_stream),
        cmocka_unit_test(test_merged_events_share_a_read),
        cmocka_unit_test(test_every_byte_alone),
        cmocka_unit_test(test_ndjson_stream),
        cmocka_unit_test(test_content_types),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_no_final_blank_line),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_stale_connection),
        cmocka_unit_test(test_no_second_try),
        cmocka_unit_test(test_idle_connection_ends),
        cmocka_unit_test(test_queue),
        cmocka_unit_test(test_start_in_end),
        cmocka_unit_test(test_used_again_without_its_key),
        cmocka_unit_test(test_parallel_calls),
        cmocka_unit_test(test_preconnect),
        cmocka_unit_test(test_sources),
        cmocka_unit_test(test_address_families),
        cmocka_unit_test(test_descriptors_run_out),
        cmocka_unit_test(test_fetch),
        cmocka_unit_test(test_full_reads),
        cmocka_unit_test(test_memory_per_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
