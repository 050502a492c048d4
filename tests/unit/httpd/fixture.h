/* For the tests of httpd: a server with one handler per behaviour, run on a thread of its own, and a client made of plain
 * sockets: no client code of ours takes part. */
#ifndef TESTS_HTTPD_FIXTURE_H
#define TESTS_HTTPD_FIXTURE_H

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
    struct exchange *kept; /* the loop's thread only */
    atomic_int n_kept, n_gone, wake_action;
    atomic_int flood_result;
    atomic_bool left; /* the client of /too-late is gone */
    mono_ns due;      /* of the timer test */
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

/* Answers only when the client has left, so that its last write fails. */
static void too_late(void *user, struct exchange *x, const struct http_request *r)
{
    struct fixture *f = user;
    (void)r;
    exchange_on_gone(x, on_gone, f);
    atomic_fetch_add(&f->n_kept, 1);
    while (!atomic_load(&f->left))
        poll(NULL, 0, 1);
    exchange_stream(x, 200, "text/plain");
    exchange_end(x);
}

static const struct httpd_route routes[] = {
    {"GET", "/hello", hello}, {"POST", "/echo", echo},    {"PUT", "/echo", echo},
    {"GET", "/tree/*", echo}, {"GET", "/stream", stream}, {"GET", "/keep", keep},
    {"POST", "/keep", keep},  {"GET", "/flood", flood},   {"GET", "/keep-stream", keep_stream},
    {"GET", "/big", big},     {"GET", "/raw", raw},       {"GET", "/reset", reset},
    {"GET", "/timer", timer}, {"GET", "/corked", corked}, {"GET", "/too-late", too_late},
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
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)httpd_port(f->h)),
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

/* One request on a fresh connection, to the end of the stream. */
static void ask(const struct fixture *f, const char *request, struct str *in)
{
    int fd = dial(f);
    str_clear(in);
    say(fd, request);
    hear(fd, in, NULL);
    close(fd);
}

#endif
