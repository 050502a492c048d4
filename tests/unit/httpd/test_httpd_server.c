/* The server is run on a thread of its own and spoken to through plain sockets: no client code of ours takes part. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "httpd/httpd.h"

enum { PATIENCE_MS = 20000 };

struct fixture {
    struct httpd *h;
    pthread_t thread;
    struct exchange *kept;       /* the loop's thread only */
    atomic_int n_kept, n_gone, wake_action;
    atomic_int flood_result;
    mono_ns due;                 /* of the timer test */
    atomic_llong fired_late_ns;
};

/* ---- handlers --------------------------------------------------------------------------------------------------- */

static void hello(void *user, struct exchange *x, const struct http_request *r)
{
    (void)user;
    (void)r;
    exchange_field(x, "X-Test", "yes");
    exchange_replyz(x, 200, "text/plain", "hello");
}

static void echo(void *user, struct exchange *x, const struct http_request *r)
{
    (void)user;
    struct str out = STR_INIT;
    str_addf(&out, "%s %.*s?%.*s %zu fields=%zu a=%.*s ", r->method, (int)r->path.len, r->path.at, (int)r->query.len,
             r->query.at ? r->query.at : "", r->body.len, r->n_fields, (int)http_request_field(r, "X-A").len,
             http_request_field(r, "x-a").at ? http_request_field(r, "x-a").at : "");
    str_add(&out, r->body.at, r->body.len);
    exchange_reply(x, 200, "text/plain", out.at, out.len);
    str_release(&out);
}

static void stream(void *user, struct exchange *x, const struct http_request *r)
{
    (void)user;
    (void)r;
    exchange_stream(x, 200, "text/event-stream");
    exchange_sse(x, "one", 3);
    exchange_ndjson(x, "{}", 2);
    exchange_chunk(x, NULL, 0);
    exchange_chunk(x, "0123456789abcdefXYZ", 19);
    exchange_end(x);
}

static void on_gone(void *user)
{
    struct fixture *f = user;
    f->kept = NULL;
    atomic_fetch_add(&f->n_gone, 1);
}

static void keep(void *user, struct exchange *x, const struct http_request *r)
{
    struct fixture *f = user;
    (void)r;
    f->kept = x;
    exchange_on_gone(x, on_gone, f);
    atomic_fetch_add(&f->n_kept, 1);
}

static void keep_stream(void *user, struct exchange *x, const struct http_request *r)
{
    exchange_stream(x, 200, "text/plain");
    keep(user, x, r);
}

static void flood(void *user, struct exchange *x, const struct http_request *r)
{
    struct fixture *f = user;
    static const char block[4096];
    (void)r;
    exchange_on_gone(x, on_gone, f);
    exchange_stream(x, 200, "text/plain");
    int rc = 0;
    for (int i = 0; i < 100000 && rc == 0; i++)
        rc = exchange_chunk(x, block, sizeof block);
    atomic_store(&f->flood_result, rc);
}

static void big(void *user, struct exchange *x, const struct http_request *r)
{
    (void)user;
    (void)r;
    size_t n = 8u << 20;
    char *p = xmalloc(n);
    memset(p, 'b', n);
    exchange_reply(x, 200, "text/plain", p, n); /* one answer is not a queue: it is not cut */
    free(p);
}

static void raw(void *user, struct exchange *x, const struct http_request *r)
{
    (void)user;
    (void)r;
    exchange_raw(x, "HTTP/1.1 200 OK\r\nContent-Le", 27);
    exchange_abort(x, false);
}

static void reset(void *user, struct exchange *x, const struct http_request *r)
{
    (void)user;
    (void)r;
    exchange_stream(x, 200, "text/plain");
    exchange_chunk(x, "x", 1);
    exchange_abort(x, true);
}

static void timer(void *user, struct exchange *x, const struct http_request *r)
{
    struct fixture *f = user;
    f->due = r->received + 3 * NS_PER_MS;
    keep(user, x, r);
}

static void corked(void *user, struct exchange *x, const struct http_request *r)
{
    (void)user;
    (void)r;
    exchange_cork(x);
    exchange_stream(x, 200, "text/plain");
    exchange_chunk(x, "a", 1);
    exchange_uncork(x);
    exchange_cork(x);
    exchange_chunk(x, "b", 1);
    exchange_end(x);
}

static const struct httpd_route routes[] = {
    {"GET", "/hello", hello},        {"POST", "/echo", echo},   {"PUT", "/echo", echo},   {"GET", "/tree/*", echo},
    {"GET", "/stream", stream},      {"GET", "/keep", keep},    {"POST", "/keep", keep},  {"GET", "/flood", flood},
    {"GET", "/keep-stream", keep_stream}, {"GET", "/big", big}, {"GET", "/raw", raw},     {"GET", "/reset", reset},
    {"GET", "/timer", timer},        {"GET", "/corked", corked},
};

enum { ANSWER = 1, CHUNK_AND_END, CHUNK_ONLY };

static void on_wake(void *user)
{
    struct fixture *f = user;
    int action = atomic_exchange(&f->wake_action, 0);
    if (!f->kept || !action)
        return;
    if (action == ANSWER) {
        struct exchange *x = f->kept;
        f->kept = NULL;
        exchange_replyz(x, 200, "text/plain", "late");
    } else {
        exchange_chunk(f->kept, "late", 4);
        if (action == CHUNK_AND_END) {
            exchange_end(f->kept);
            f->kept = NULL;
        }
    }
}

static mono_ns on_turn(void *user, mono_ns now)
{
    struct fixture *f = user;
    if (!f->due)
        return MONO_NONE;
    if (now < f->due)
        return f->due;
    atomic_store(&f->fired_late_ns, now - f->due);
    f->due = 0;
    exchange_replyz(f->kept, 200, "text/plain", "fired");
    f->kept = NULL;
    return MONO_NONE;
}

/* ---- fixture ---------------------------------------------------------------------------------------------------- */

static void *run(void *user)
{
    struct fixture *f = user;
    struct err e = ERR_INIT;
    if (httpd_run(f->h, &e) != 0)
        fprintf(stderr, "httpd_run: %s\n", e.text);
    return NULL;
}

static void start_with(struct fixture *f, struct httpd_options o)
{
    struct err e = ERR_INIT;
    *f = (struct fixture){0};
    o.routes = routes;
    o.n_routes = sizeof routes / sizeof *routes;
    o.user = f;
    o.on_wake = on_wake;
    o.on_turn = on_turn;
    assert_int_equal(httpd_open(&f->h, &o, &e), 0);
    assert_true(httpd_port(f->h) > 0);
    assert_int_equal(pthread_create(&f->thread, NULL, run, f), 0);
}

static void stop(struct fixture *f)
{
    httpd_stop(f->h);
    pthread_join(f->thread, NULL);
    httpd_free(f->h);
}

static int dial(const struct fixture *f)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)httpd_port(f->h)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    struct timeval patience = {PATIENCE_MS / 1000, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    size_t n = strlen(text), sent = 0;
    while (sent < n) {
        ssize_t k = send(fd, text + sent, n - sent, MSG_NOSIGNAL);
        assert_true(k > 0);
        sent += (size_t)k;
    }
}

/* Reads until `until` is at the end of what came (NULL: until the end of the stream). */
static void hear(int fd, struct str *in, const char *until)
{
    char block[65536];
    size_t want = until ? strlen(until) : 0;
    while (!until || in->len < want || memcmp(in->at + in->len - want, until, want) != 0) {
        ssize_t k = recv(fd, block, sizeof block, 0);
        if (k == 0 && !until)
            return;
        if (k <= 0)
            fail_msg("the answer stopped (%zd, errno %d) after: %s", k, errno, str_z(in));
        str_add(in, block, (size_t)k);
    }
}

static void wait_for(atomic_int *n, int at_least)
{
    for (int ms = 0; ms < PATIENCE_MS && atomic_load(n) < at_least; ms++)
        poll(NULL, 0, 1);
    assert_true(atomic_load(n) >= at_least);
}

static void assert_has(const struct str *in, const char *what)
{
    if (!strstr(str_z(in), what))
        fail_msg("'%s' is not in: %s", what, str_z(in));
}

static size_t count(const struct str *in, const char *what)
{
    size_t n = 0;
    for (const char *p = str_z(in); (p = strstr(p, what)); p++)
        n++;
    return n;
}

/* One request on a fresh connection, to the end of the stream. */
static void ask(const struct fixture *f, const char *request, struct str *in)
{
    int fd = dial(f);
    str_clear(in);
    say(fd, request);
    hear(fd, in, NULL);
    close(fd);
}

/* ---- tests ------------------------------------------------------------------------------------------------------ */

static void test_reply_and_keep_alive(void **state)
{
    static struct fixture f; /* outlives a failed test, whose server thread goes on */
    struct str in = STR_INIT;
    (void)state;
    start_with(&f, (struct httpd_options){.server_name = "tested"});
    int fd = dial(&f);
    for (int i = 0; i < 3; i++) {
        str_clear(&in);
        say(fd, "GET /hello HTTP/1.1\r\nHost: any.name.at.all\r\n\r\n");
        hear(fd, &in, "\r\n\r\nhello");
        assert_has(&in, "HTTP/1.1 200 OK\r\n");
        assert_has(&in, "\r\nContent-Length: 5\r\n");
        assert_has(&in, "\r\nX-Test: yes\r\n");
        assert_has(&in, "\r\nServer: tested\r\n");
        assert_has(&in, "\r\nDate: ");
    }
    str_clear(&in);
    say(fd, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    hear(fd, &in, NULL);
    assert_has(&in, "Connection: close\r\n");
    close(fd);
    str_clear(&in);
    ask(&f, "HEAD /hello HTTP/1.1\r\nConnection: close\r\n\r\n", &in);
    assert_has(&in, "Content-Length: 5\r\n");
    assert_int_equal(count(&in, "hello"), 0);
    str_release(&in);
    stop(&f);
}

static void test_request_parts(void **state)
{
    static struct fixture f; /* outlives a failed test, whose server thread goes on */
    struct str in = STR_INIT;
    (void)state;
    start_with(&f, (struct httpd_options){0});
    ask(&f, "POST /echo?q=1?2 HTTP/1.1\r\nHost: x\r\nx-A:  v w \r\nEmpty:\r\nContent-Length: 4\r\nConnection: close\r\n"
            "\r\nbody", &in);
    assert_has(&in, "POST /echo?q=1?2 4 fields=5 a=v w");
    ask(&f, "PUT /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n"
            "Trailer: t\r\n\r\n", &in);
    assert_has(&in, "PUT /echo? 5 ");
    assert_has(&in, "abcde");
    ask(&f, "GET /tree/a/b HTTP/1.1\r\nConnection: close\r\n\r\n", &in);
    assert_has(&in, "GET /tree/a/b? 0 ");
    str_release(&in);
    stop(&f);
}

static void test_split_at_every_byte(void **state)
{
    static const char request[] = "POST /echo HTTP/1.1\r\nHost: x\r\nX-A: split\r\nContent-Length: 6\r\n\r\nabcdef";
    static struct fixture f; /* outlives a failed test, whose server thread goes on */
    struct str in = STR_INIT;
    (void)state;
    start_with(&f, (struct httpd_options){0});
    int fd = dial(&f);
    for (size_t cut = 1; cut < sizeof request - 1; cut++) {
        char part[sizeof request] = {0};
        memcpy(part, request, cut);
        str_clear(&in);
        say(fd, part);
        poll(NULL, 0, 1);
        say(fd, request + cut);
        hear(fd, &in, "a=split abcdef");
    }
    close(fd);
    str_release(&in);
    stop(&f);
}

static void test_pipelining(void **state)
{
    static struct fixture f; /* outlives a failed test, whose server thread goes on */
    struct str in = STR_INIT, out = STR_INIT;
    (void)state;
    start_with(&f, (struct httpd_options){0});
    for (int i = 0; i < 300; i++)
        str_addz(&out, "POST /echo HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi");
    str_addz(&out, "GET /keep HTTP/1.1\r\n\r\nGET /hello HTTP/1.1\r\nConnection: close\r\n\r\n");
    int fd = dial(&f);
    say(fd, out.at);
    wait_for(&f.n_kept, 1); /* what came after it waits until it is answered */
    atomic_store(&f.wake_action, ANSWER);
    httpd_wake(f.h);
    hear(fd, &in, NULL);
    assert_int_equal(count(&in, "POST /echo? 2 "), 300);
    assert_true(strstr(in.at, "\r\n\r\nlate") < strstr(in.at, "\r\n\r\nhello"));
    close(fd);
    str_release(&in);
    str_release(&out);
    stop(&f);
}

static void test_stream(void **state)
{
    static struct fixture f; /* outlives a failed test, whose server thread goes on */
    struct str in = STR_INIT;
    (void)state;
    start_with(&f, (struct httpd_options){0});
    int fd = dial(&f);
    say(fd, "GET /stream HTTP/1.1\r\n\r\n");
    hear(fd, &in, "\r\n0\r\n\r\n");
    assert_has(&in, "Transfer-Encoding: chunked\r\n");
    assert_has(&in, "\r\n\r\nb\r\ndata: one\n\n\r\n3\r\n{}\n\r\n13\r\n0123456789abcdefXYZ\r\n0\r\n\r\n");
    str_clear(&in);
    say(fd, "GET /hello HTTP/1.1\r\n\r\n"); /* the connection is still good */
    hear(fd, &in, "hello");
    close(fd);
    ask(&f, "GET /stream HTTP/1.0\r\n\r\n", &in);
    assert_has(&in, "HTTP/1.0 200 OK\r\n");
    assert_int_equal(count(&in, "chunked"), 0);
    assert_has(&in, "Connection: close\r\n\r\ndata: one\n\n{}\n0123456789abcdefXYZ");
    ask(&f, "GET /corked HTTP/1.1\r\nConnection: close\r\n\r\n", &in);
    assert_has(&in, "\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n");
    str_release(&in);
    stop(&f);
}

static void test_refusals(void **state)
{
    static struct fixture f; /* outlives a failed test, whose server thread goes on */
    struct str in = STR_INIT, out = STR_INIT;
    (void)state;
    start_with(&f, (struct httpd_options){.max_body_bytes = 1000});
    ask(&f, "GET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n", &in);
    assert_has(&in, "HTTP/1.1 404 Not Found\r\n");
    ask(&f, "GET /echo HTTP/1.1\r\nConnection: close\r\n\r\n", &in);
    assert_has(&in, "HTTP/1.1 405 Method Not Allowed\r\n");
    assert_has(&in, "Allow: POST, PUT\r\n");
    ask(&f, "POST /echo HTTP/1.1\r\nContent-Length: 1001\r\n\r\n", &in);
    assert_has(&in, "HTTP/1.1 413 ");
    str_addz(&out, "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n");
    for (int i = 0; i < 0x400; i++)
        str_addc(&out, 'x');
    str_addz(&out, "\r\n0\r\n\r\n");
    ask(&f, out.at, &in);
    assert_has(&in, "HTTP/1.1 413 ");
    const char *bad[] = {"BREW / HTTP/1.1\r\n\r\n", "GET  HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02",
                         "GET /hello HTTP/1.1\r\nno colon\r\n\r\n", "POST /echo HTTP/1.1\r\nContent-Length: x\r\n\r\n",
                         "POST /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
                         "POST /echo HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                         "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ask(&f, bad[i], &in);
        assert_has(&in, "HTTP/1.1 400 Bad Request\r\n");
        assert_has(&in, "Connection: close\r\n");
    }
    ask(&f, "GET /hello\r\n\r\n", &in); /* HTTP/0.9 */
    assert_has(&in, "HTTP/1.1 505 ");
    str_release(&in);
    str_release(&out);
    stop(&f);
}

static void test_head_limits(void **state)
{
    static struct fixture f; /* outlives a failed test, whose server thread goes on */
    struct str in = STR_INIT, out = STR_INIT;
    (void)state;
    start_with(&f, (struct httpd_options){.max_header_bytes = 4096, .max_fields = 20});
    str_addz(&out, "GET /hello HTTP/1.1\r\nConnection: close\r\n");
    for (int i = 0; i < 19; i++)
        str_addf(&out, "f%d: v\r\n", i);
    size_t full = out.len;
    str_addz(&out, "\r\n");
    ask(&f, out.at, &in);
    assert_has(&in, " 200 OK");
    out.len = full;
    str_addz(&out, "f20: v\r\n\r\n");
    ask(&f, out.at, &in);
    assert_has(&in, "HTTP/1.1 431 ");
    str_clear(&out);
    str_addz(&out, "GET /");
    for (int i = 0; i < 5000; i++)
        str_addc(&out, 'u');
    str_addz(&out, " HTTP/1.1\r\n\r\n");
    ask(&f, out.at, &in);
    assert_has(&in, "HTTP/1.1 431 ");
    str_release(&in);
    str_release(&out);
    stop(&f);
}

static void test_expect_continue(void **state)
{
    static struct fixture f; /* outlives a failed test, whose server thread goes on */
    struct str in = STR_INIT;
    (void)state;
    start_with(&f, (struct httpd_options){0});
    int fd = dial(&f);
    say(fd, "POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    hear(fd, &in, "HTTP/1.1 100 Continue\r\n\r\n");
    say(fd, "abc");
    hear(fd, &in, " abc");
    close(fd);
    str_release(&in);
    stop(&f);
}

static void test_upgrade_is_ignored(void **state)
{
    static struct fixture f; /* outlives a failed test, whose server thread goes on */
    struct str in = STR_INIT;
    (void)state;
    start_with(&f, (struct httpd_options){0});
    int fd = dial(&f);
    say(fd, "GET /hello HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n");
    hear(fd, &in, "\r\n\r\nhello");
    say(fd, "POST /echo HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nhi");
    hear(fd, &in, " hi");
    close(fd);
    str_release(&in);
    stop(&f);
}

static void test_later_answer(void **state)
{
    static struct fixture f; /* outlives a failed test, whose server thread goes on */
    struct str in = STR_INIT;
    (void)state;
    start_with(&f, (struct httpd_options){0});
    int fd = dial(&f);
    for (int i = 1; i <= 3; i++) {
        str_clear(&in);
        say(fd, "GET /keep HTTP/1.1\r\n\r\n");
        wait_for(&f.n_kept, i);
        atomic_store(&f.wake_action, ANSWER);
        httpd_wake(f.h);
        hear(fd, &in, "\r\n\r\nlate");
    }
    str_clear(&in);
    say(fd, "GET /keep-stream HTTP/1.1\r\n\r\n");
    hear(fd, &in, "chunked\r\n\r\n"); /* the head does not wait for the first chunk */
    wait_for(&f.n_kept, 4);
    atomic_store(&f.wake_action, CHUNK_AND_END);
    httpd_wake(f.h);
    hear(fd, &in, "4\r\nlate\r\n0\r\n\r\n");
    close(fd);
    str_release(&in);
    stop(&f);
    assert_int_equal(atomic_load(&f.n_gone), 0);
}

static void test_client_leaves(void **state)
{
    static struct fixture f; /* outlives a failed test, whose server thread goes on */
    struct str in = STR_INIT;
    (void)state;
    start_with(&f, (struct httpd_options){0});
    int fd = dial(&f); /* while waiting */
    say(fd, "GET /keep HTTP/1.1\r\n\r\n");
    wait_for(&f.n_kept, 1);
    close(fd);
    wait_for(&f.n_gone, 1);
    fd = dial(&f); /* in the middle of a stream, with a reset */
    say(fd, "GET /keep-stream HTTP/1.1\r\n\r\n");
    wait_for(&f.n_kept, 2);
    atomic_store(&f.wake_action, CHUNK_ONLY);
    httpd_wake(f.h);
    hear(fd, &in, "late\r\n");
    struct linger hard = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
    wait_for(&f.n_gone, 2);
    fd = dial(&f); /* with the request still in flight: data and end arrive together */
    say(fd, "POST /keep HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi");
    shutdown(fd, SHUT_WR);
    wait_for(&f.n_gone, 3);
    close(fd);
    fd = dial(&f); /* a half-closed client still gets an answer that is given at once */
    say(fd, "GET /hello HTTP/1.1\r\n\r\n");
    shutdown(fd, SHUT_WR);
    str_clear(&in);
    hear(fd, &in, NULL);
    assert_has(&in, "\r\n\r\nhello");
    close(fd);
    fd = dial(&f); /* before the request is whole: nobody is told */
    say(fd, "POST /keep HTTP/1.1\r\nContent-Length: 20\r\n\r\nhi");
    close(fd);
    ask(&f, "GET /hello HTTP/1.1\r\nConnection: close\r\n\r\n", &in);
    stop(&f);
    assert_int_equal(atomic_load(&f.n_gone), 3);
    str_release(&in);
}

static void test_client_that_does_not_read(void **state)
{
    static struct fixture f; /* outlives a failed test, whose server thread goes on */
    (void)state;
    start_with(&f, (struct httpd_options){.max_queue_bytes = 100000});
    int fd = dial(&f);
    say(fd, "GET /flood HTTP/1.1\r\n\r\n");
    wait_for(&f.n_gone, 1);
    assert_int_equal(atomic_load(&f.flood_result), ERR_LIMIT);
    close(fd);
    httpd_stop(f.h);
    pthread_join(f.thread, NULL);
    assert_int_equal(httpd_counts(f.h).overflowed, 1);
    httpd_free(f.h);
}

static void test_large_answer_to_a_slow_reader(void **state)
{
    static struct fixture f; /* outlives a failed test, whose server thread goes on */
    struct str in = STR_INIT;
    (void)state;
    start_with(&f, (struct httpd_options){.max_queue_bytes = 1000});
    int fd = dial(&f);
    say(fd, "GET /big HTTP/1.1\r\nConnection: close\r\n\r\n");
    poll(NULL, 0, 20);
    hear(fd, &in, NULL);
    assert_true(in.len > 8u << 20);
    close(fd);
    fd = dial(&f); /* the same for one that has shut its side */
    say(fd, "GET /big HTTP/1.1\r\n\r\n");
    shutdown(fd, SHUT_WR);
    poll(NULL, 0, 20);
    str_clear(&in);
    hear(fd, &in, NULL);
    assert_true(in.len > 8u << 20);
    close(fd);
    str_release(&in);
    stop(&f);
}

static void test_misbehaviour_on_purpose(void **state)
{
    static struct fixture f; /* outlives a failed test, whose server thread goes on */
    struct str in = STR_INIT;
    char c[4096];
    (void)state;
    start_with(&f, (struct httpd_options){0});
    ask(&f, "GET /raw HTTP/1.1\r\n\r\n", &in);
    assert_string_equal(in.at, "HTTP/1.1 200 OK\r\nContent-Le");
    int fd = dial(&f);
    say(fd, "GET /reset HTTP/1.1\r\n\r\n");
    ssize_t n;
    while ((n = recv(fd, c, sizeof c, 0)) > 0)
        ;
    assert_int_equal(n, -1);
    assert_int_equal(errno, ECONNRESET);
    close(fd);
    str_release(&in);
    stop(&f);
    assert_int_equal(atomic_load(&f.n_gone), 0);
}

static void test_timer(void **state)
{
    static struct fixture f; /* outlives a failed test, whose server thread goes on */
    struct str in = STR_INIT;
    (void)state;
    start_with(&f, (struct httpd_options){0});
    int fd = dial(&f);
    say(fd, "GET /timer HTTP/1.1\r\n\r\n");
    hear(fd, &in, "fired");
    assert_true(atomic_load(&f.fired_late_ns) >= 0);
    close(fd);
    str_release(&in);
    stop(&f);
}

static void test_idle_and_too_many(void **state)
{
    static struct fixture f; /* outlives a failed test, whose server thread goes on */
    struct str in = STR_INIT;
    (void)state;
    start_with(&f, (struct httpd_options){.idle_ns = 50 * NS_PER_MS, .max_connections = 2});
    int a = dial(&f), b = dial(&f);
    say(a, "GET /hel"); /* half a request keeps nothing open */
    say(b, "GET /keep HTTP/1.1\r\n\r\n");
    wait_for(&f.n_kept, 1);
    int c = dial(&f);
    hear(c, &in, NULL); /* one too many: closed on arrival */
    assert_int_equal(in.len, 0);
    close(c);
    hear(a, &in, NULL);
    assert_int_equal(in.len, 0);
    close(a);
    atomic_store(&f.wake_action, ANSWER); /* a request being worked on is not idle */
    httpd_wake(f.h);
    hear(b, &in, "\r\n\r\nlate");
    close(b);
    str_release(&in);
    stop(&f);
}

static void test_stop_with_open_exchanges(void **state)
{
    static struct fixture f; /* outlives a failed test, whose server thread goes on */
    (void)state;
    start_with(&f, (struct httpd_options){0});
    int a = dial(&f), b = dial(&f);
    say(a, "GET /keep HTTP/1.1\r\n\r\n");
    wait_for(&f.n_kept, 1);
    say(b, "GET /hel");
    stop(&f);
    assert_int_equal(atomic_load(&f.n_gone), 1);
    close(a);
    close(b);
}

static void test_port_in_use(void **state)
{
    static struct fixture f; /* outlives a failed test, whose server thread goes on */
    struct err e = ERR_INIT;
    struct httpd *second = NULL;
    (void)state;
    start_with(&f, (struct httpd_options){0});
    struct httpd_options o = {.port = httpd_port(f.h)};
    assert_int_equal(httpd_open(&second, &o, &e), ERR_NET);
    assert_null(second);
    assert_non_null(strstr(e.text, "cannot listen on 127.0.0.1 port"));
    stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reply_and_keep_alive),   cmocka_unit_test(test_request_parts),
        cmocka_unit_test(test_split_at_every_byte),    cmocka_unit_test(test_pipelining),
        cmocka_unit_test(test_stream),                 cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_head_limits),            cmocka_unit_test(test_expect_continue),
        cmocka_unit_test(test_upgrade_is_ignored),     cmocka_unit_test(test_later_answer),
        cmocka_unit_test(test_client_leaves),          cmocka_unit_test(test_client_that_does_not_read),
        cmocka_unit_test(test_large_answer_to_a_slow_reader), cmocka_unit_test(test_misbehaviour_on_purpose),
        cmocka_unit_test(test_timer),                  cmocka_unit_test(test_idle_and_too_many),
        cmocka_unit_test(test_stop_with_open_exchanges), cmocka_unit_test(test_port_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
