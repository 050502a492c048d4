/* https against a TLS server of the test: the same events and stamps as in the clear, verification that refuses
 * with a sentence, truncation that is told from an end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "net/call.h"
#include "tls_server.h"

#define OK200 "HTTP/1.1 200 OK\r\n"

static const char *const stream[] = {OK200 "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
                                     "b\r\ndata: one\n\n\r\n", "b\r\ndata: two\n\n\r\n", "0\r\n\r\n", NULL};
static const char *const short_body[] = {OK200 "Content-Length: 2\r\n\r\nok", NULL};
static const char *const until_close[] = {OK200 "\r\nall of it", NULL};

static struct call_spec sse_call(void)
{
    return (struct call_spec){.method = "POST",
                              .path = "/",
                              .body = "{}",
                              .body_len = 2,
                              .framing = CALL_SSE,
                              .limits = {.total_ns = PATIENCE_NS}};
}

struct scene {
    struct bench b;
    struct tls_server s;
};

static void open_scene(struct scene *x, enum behaviour behaviour, enum certificate certificate,
                       const char *const *answer, bool closes)
{
    *x = (struct scene){.s = {.behaviour = behaviour, .certificate = certificate, .answer = answer, .closes = closes}};
    assert_true(tls_server_start(&x->s));
    bench_open(&x->b, NULL);
    loop_warm_stamps(x->b.loop);
    bench_client(&x->b, x->s.url, &(struct client_options){.cacert = x->s.ca_file});
}

static void close_scene(struct scene *x)
{
    bench_close(&x->b);
    tls_server_stop(&x->s);
}

static void test_stream_and_stamps(void **state)
{
    (void)state;
    for (int update = 0; update < 2; update++) {
        struct scene x;
        struct tale t = {0};
        struct call_spec spec = sse_call();
        open_scene(&x, update ? SERVE_KEY_UPDATE : SERVE, CERT_GOOD, stream, false);
        for (int again = 0; again < 2; again++) {
            bench_call(&x.b, &spec, &t);
            if (t.end.result != NET_DONE)
                fail_msg("result %d: %s", (int)t.end.result, t.why);
            assert_string_equal(t.text.at, "one|two|");
            assert_true(t.kernel_sent && t.acked == 1);
            assert_int_equal(t.unstamped, 0);
            assert_int_equal(t.end.new_connection, again == 0);
            tale_release(&t);
        }
        close_scene(&x);
        assert_int_equal(x.s.handshakes, 1);
        assert_int_equal(x.s.requests, 2);
        assert_string_equal(x.s.alpn, "http/1.1");
        assert_string_equal(x.s.sni, ""); /* an address is no name */
    }
}

static void test_name(void **state)
{
    (void)state;
    struct scene x;
    struct tale t = {0};
    struct call_spec spec = sse_call();
    char url[80];
    open_scene(&x, SERVE, CERT_GOOD, short_body, true);
    snprintf(url, sizeof url, "https://localhost%s", strrchr(x.s.url, ':'));
    bench_client(&x.b, url, &(struct client_options){.cacert = x.s.ca_file});
    bench_call(&x.b, &spec, &t);
    assert_int_equal(t.end.result, NET_DONE);
    tale_release(&t);
    bench_call(&x.b, &spec, &t); /* the server closed after its answer */
    assert_int_equal(t.end.result, NET_DONE);
    assert_true(t.end.new_connection);
    tale_release(&t);
    close_scene(&x);
    assert_string_equal(x.s.sni, "localhost");
    assert_int_equal(x.s.handshakes, 2);
}

static void refused(enum behaviour behaviour, enum certificate certificate, bool trusted, const char *why)
{
    struct scene x;
    struct tale t = {0};
    struct call_spec spec = sse_call();
    open_scene(&x, behaviour, certificate, short_body, false);
    if (!trusted)
        bench_client(&x.b, x.s.url, NULL);
    bench_call(&x.b, &spec, &t);
    if (t.end.result != NET_CONNECT || !strstr(t.why, why))
        fail_msg("result %d: %s", (int)t.end.result, t.why);
    assert_string_equal(t.order.at, ".");
    assert_int_equal(x.s.requests, 0);
    tale_release(&t);
    close_scene(&x);
}

static void test_refused(void **state)
{
    (void)state;
    refused(SERVE, CERT_OTHER_HOST, true, "not accepted for 127.0.0.1: IP address mismatch");
    refused(SERVE, CERT_EXPIRED, true, "certificate has expired");
    refused(SERVE, CERT_SELF_SIGNED, true, "self-signed certificate");
    refused(SERVE, CERT_GOOD, false, "unable to get local issuer certificate");
    refused(SERVE_TLS11, CERT_GOOD, true, "TLS: ");
    refused(SERVE_PLAIN, CERT_GOOD, true, "does not speak TLS");
    refused(SERVE_HANGUP, CERT_GOOD, true, "cannot connect to 127.0.0.1 port");
}

static void test_silent_handshake(void **state)
{
    (void)state;
    struct scene x;
    struct tale t = {0};
    struct call_spec spec = sse_call();
    spec.limits.connect_ns = 30 * NS_PER_MS;
    open_scene(&x, SERVE_NOTHING, CERT_GOOD, short_body, false);
    bench_call(&x.b, &spec, &t);
    assert_int_equal(t.end.result, NET_TIMEOUT_CONNECT);
    tale_release(&t);
    close_scene(&x);
}

/* A body that ends by close is whole only with close_notify; one with a length needs none. */
static void test_truncation(void **state)
{
    (void)state;
    struct call_spec spec = sse_call();
    spec.framing = CALL_BODY;
    for (int i = 0; i < 3; i++) {
        struct scene x;
        struct tale t = {0};
        open_scene(&x, i == 0 ? SERVE : SERVE_UNFINISHED, CERT_GOOD, i < 2 ? until_close : short_body, true);
        bench_call(&x.b, &spec, &t);
        assert_int_equal(t.end.result, i == 1 ? NET_RESET : NET_DONE);
        assert_int_equal(t.end.closed_early, i == 0);
        if (i == 1)
            assert_non_null(strstr(t.why, "without TLS close_notify"));
        tale_release(&t);
        close_scene(&x);
    }
}

/* Many records each way, with the socket full in between. */
static void test_large(void **state)
{
    (void)state;
    struct scene x;
    struct tale t = {0};
    struct call_spec spec = sse_call();
    struct str body = STR_INIT, answer = STR_INIT;
    str_addz(&answer, OK200 "Content-Length: 3000000\r\n\r\n");
    for (int i = 0; i < 300000; i++) {
        str_addz(&answer, "0123456789");
        str_addz(&body, "0123456789abcdef");
    }
    const char *const pieces[] = {answer.at, NULL};
    spec.framing = CALL_BODY;
    spec.body = body.at;
    spec.body_len = body.len;
    open_scene(&x, SERVE, CERT_GOOD, pieces, false);
    bench_call(&x.b, &spec, &t);
    if (t.end.result != NET_DONE)
        fail_msg("result %d: %s", (int)t.end.result, t.why);
    assert_int_equal(t.text.len, 3000001);
    assert_memory_equal(t.text.at, answer.at + answer.len - 3000000, 3000000);
    assert_true(t.kernel_sent);
    tale_release(&t);
    close_scene(&x);
    assert_true(x.s.request_bytes > body.len);
    str_release(&body);
    str_release(&answer);
}

static void test_cancel(void **state)
{
    (void)state;
    static const char stages[] = "sfhe";
    for (const char *at = stages; *at; at++) {
        struct scene x;
        struct tale t = {.cancel_at = *at, .cancel_event = 1};
        struct call_spec spec = sse_call();
        open_scene(&x, SERVE, CERT_GOOD, stream, false);
        bench_call(&x.b, &spec, &t);
        assert_int_equal(t.end.result, NET_CANCELLED);
        tale_release(&t);
        close_scene(&x);
    }
}

static void test_bad_roots(void **state)
{
    (void)state;
    struct err e = ERR_INIT;
    struct loop *l;
    struct client *c = NULL;
    struct endpoint ep;
    assert_int_equal(loop_new(&l, &e), 0);
    assert_int_equal(endpoint_parse("https://127.0.0.1:1", &ep, &e), 0);
    assert_int_equal(client_new(&c, l, &ep, &(struct client_options){.cacert = "/no/such/file.pem"}, &e), ERR_INPUT);
    assert_non_null(strstr(e.text, "cannot load trusted roots from /no/such/file.pem"));
    assert_null(c);
    err_clear(&e);
    assert_int_equal(client_new(&c, l, &ep, NULL, &e), 0);
    client_free(c);
    loop_free(l);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN); /* of the server's SSL_write */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stream_and_stamps),
        cmocka_unit_test(test_name),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_silent_handshake),
        cmocka_unit_test(test_truncation),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_bad_roots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
