/* The response reader on byte strings: every framing, each limit, each malformed head, cut at every byte; URLs;
 * requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/client.h"
#include "net/http.h"
#include "net/request.h"

static bool on_head(void *user, int status, struct span type)
{
    str_addf(user, "%d %.*s:", status, (int)type.len, type.at);
    return true;
}

static bool on_body(void *user, const char *p, size_t n)
{
    str_add(user, p, n);
    return true;
}

static const struct http_sink sink = {on_head, on_body};

struct outcome {
    enum http_result result;
    bool keep_alive, until_close;
    size_t extra;
    struct str said;
    char why[128], where[128];
};

static void read_cut(const char *p, size_t n, size_t cut, bool head_request, struct outcome *o)
{
    struct http_reader h;
    *o = (struct outcome){.result = HTTP_MORE};
    http_init(&h, &sink, &o->said, 0, head_request);
    for (size_t from = 0, to = cut; from < n && o->result == HTTP_MORE; from = to, to = cut ? n : to + 1) {
        if (!cut)
            to = from + 1; /* cut 0: byte by byte */
        char *copy = malloc(to - from);
        assert_non_null(copy);
        memcpy(copy, p + from, to - from);
        o->result = http_feed(&h, copy, to - from, &o->extra);
        free(copy);
        if (o->result == HTTP_COMPLETE && to < n)
            o->extra += n - to; /* what a later read would bring */
    }
    if (o->result == HTTP_MORE)
        o->result = http_eof(&h);
    o->keep_alive = http_keep_alive(&h);
    o->until_close = h.until_close;
    snprintf(o->why, sizeof o->why, "%s", h.why);
    snprintf(o->where, sizeof o->where, "%s", http_where(&h));
}

/* At every cut and byte by byte: the same result, head and body. */
static void expect(const char *p, size_t n, enum http_result want, const char *said, bool keep_alive)
{
    for (size_t cut = 0; cut <= n; cut++) {
        struct outcome o;
        read_cut(p, n, cut, false, &o);
        if (o.result != want)
            fail_msg("cut %zu of %.60s: result %d (%s)", cut, p, (int)o.result, o.why);
        if (want == HTTP_COMPLETE) {
            assert_string_equal(str_z(&o.said), said);
            if (!o.extra)
                assert_int_equal(o.keep_alive, keep_alive);
        } else {
            assert_true(o.where[0]);
        }
        str_release(&o.said);
    }
}

#define COMPLETE(text, said, keep) expect(text, sizeof text - 1, HTTP_COMPLETE, said, keep)
#define BAD(text) expect(text, sizeof text - 1, HTTP_BAD, "", false)
#define OK200 "HTTP/1.1 200 OK\r\n"

static void test_framings(void **state)
{
    (void)state;
    COMPLETE(OK200 "Content-Length: 5\r\nContent-Type: text/plain \r\n\r\nhello", "200 text/plain:hello", true);
    COMPLETE(OK200 "content-length:0\r\n\r\n", "200 :", true);
    COMPLETE(OK200 "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
             "200 :abc0123456789", true);
    COMPLETE(OK200 "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Trailer: 1\r\nContent-Type: no\r\n\r\n",
             "200 :a", true);
    COMPLETE(OK200 "Connection: close\r\nContent-Length: 2\r\n\r\nok", "200 :ok", false);
    COMPLETE(OK200 "\r\nuntil the end", "200 :until the end", false);
    COMPLETE("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 :ok", false);
    COMPLETE("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", "200 :ok", true);
    COMPLETE("HTTP/1.1 204 No Content\r\n\r\n", "204 :", true);
    COMPLETE("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n", "304 :", true);
    COMPLETE("HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n", "302 :", true);
    COMPLETE("HTTP/1.1 500\r\nContent-Length: 1\r\n\r\nx", "500 :x", true);
    COMPLETE(OK200 "Transfer-Encoding: identity\r\n\r\nall", "200 :all", false);
    COMPLETE(OK200 "Content-Encoding: identity\r\nContent-Length: 1\r\n\r\nx", "200 :x", true);
    /* llama-server's head ends in bytes that look like a last chunk */
    COMPLETE(OK200 "Transfer-Encoding: chunked\r\nKeep-Alive: timeout=5, max=100\r\n\r\n2\r\n0\r\r\n0\r\n\r\n",
             "200 :0\r", true);
}

static void test_interim(void **state)
{
    (void)state;
    COMPLETE("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Type: no\r\nLink: <x>\r\n\r\n" OK200
             "Content-Length: 2\r\n\r\nok",
             "200 :ok", true);
    BAD("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n");
    for (int n = 16; n <= 17; n++) {
        struct str s = STR_INIT;
        struct outcome o;
        for (int i = 0; i < n; i++)
            str_addz(&s, "HTTP/1.1 102 Processing\r\n\r\n");
        str_addz(&s, OK200 "Content-Length: 0\r\n\r\n");
        read_cut(s.at, s.len, s.len, false, &o);
        assert_int_equal(o.result, n == 16 ? HTTP_COMPLETE : HTTP_BAD);
        str_release(&o.said);
        str_release(&s);
    }
}

static void test_malformed(void **state)
{
    (void)state;
    BAD("");
    BAD("garbage\r\n\r\n");
    BAD("<html>Not HTTP</html>");
    BAD("HTTP/2 200 OK\r\n\r\n");
    BAD("HTTP/1.1 20 OK\r\n\r\n");
    BAD("HTTP/1.1 999 OK\r\nContent-Length: 0\r\n\r\n");
    BAD("HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n");
    BAD(OK200 "Content-Le");
    BAD(OK200 "Content-Length: 5\r\n\r\nhell");
    BAD(OK200 "Content-Length: -1\r\n\r\n");
    BAD(OK200 "Content-Length: 99999999999999999999999\r\n\r\n");
    BAD(OK200 "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab");
    BAD(OK200 "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
    BAD(OK200 "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n");
    BAD(OK200 "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx");
    BAD(OK200 "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    BAD(OK200 "Transfer-Encoding: chunked\r\n\r\nxyz\r\n");
    BAD(OK200 "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n");
    BAD(OK200 "Transfer-Encoding: chunked\r\n\r\n3\r\nabcde\r\n0\r\n\r\n");
    BAD(OK200 "Bad\001Header: 1\r\n\r\n");
}

static enum http_result read_string(const struct str *s, size_t head_max, struct outcome *o)
{
    struct http_reader h;
    *o = (struct outcome){0};
    http_init(&h, &sink, &o->said, head_max, false);
    o->result = http_feed(&h, s->at, s->len, &o->extra);
    snprintf(o->why, sizeof o->why, "%s", h.why);
    str_release(&o->said);
    return o->result;
}

static void test_limits(void **state)
{
    (void)state;
    struct outcome o;
    struct str s = STR_INIT;
    for (int n = 199; n <= 200; n++) { /* and Content-Length */
        str_clear(&s);
        str_addz(&s, OK200);
        for (int i = 0; i < n; i++)
            str_addf(&s, "X-%d: y\r\n", i);
        str_addz(&s, "Content-Length: 0\r\n\r\n");
        assert_int_equal(read_string(&s, 0, &o), n == 199 ? HTTP_COMPLETE : HTTP_BAD);
    }
    assert_non_null(strstr(o.why, "200 header fields"));
    str_clear(&s);
    str_addz(&s, OK200 "Content-Length: 0\r\n\r\n");
    assert_int_equal(read_string(&s, s.len, &o), HTTP_COMPLETE);
    assert_int_equal(read_string(&s, s.len - 1, &o), HTTP_BAD);
    assert_non_null(strstr(o.why, "head is over its limit"));
    str_clear(&s);
    for (int i = 0; i < 70000; i++) /* line ends in front of the status line are a head, too */
        str_addz(&s, "\r\n");
    assert_int_equal(read_string(&s, 0, &o), HTTP_BAD);
    str_clear(&s);
    str_addz(&s, OK200 "Transfer-Encoding: chunked\r\n\r\n1;ext=");
    for (int i = 0; i < 4096; i++)
        str_addc(&s, 'x');
    str_addz(&s, "\r\na\r\n0\r\n\r\n");
    assert_int_equal(read_string(&s, 0, &o), HTTP_BAD);
    assert_non_null(strstr(o.why, "chunk extension"));
    str_clear(&s);
    str_addz(&s, OK200 "Transfer-Encoding: chunked\r\n\r\n0\r\nX: ");
    for (int i = 0; i < 66000; i++)
        str_addc(&s, 'x');
    assert_int_equal(read_string(&s, 0, &o), HTTP_BAD);
    assert_non_null(strstr(o.why, "trailers"));
    str_clear(&s); /* a long body in the same read is no part of the trailers */
    str_addz(&s, OK200 "Transfer-Encoding: chunked\r\n\r\n14000\r\n");
    for (int i = 0; i < 0x14000; i++)
        str_addc(&s, 'x');
    str_addz(&s, "\r\n0\r\nX: y\r\n\r\n");
    assert_int_equal(read_string(&s, 0, &o), HTTP_COMPLETE);
    str_release(&s);
}

static void test_extra_bytes(void **state)
{
    (void)state;
    static const char more[] = OK200 "Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n",
                      ends[] = OK200 "Content-Length: 2\r\n\r\nok\r\n";
    struct outcome o;
    read_cut(more, sizeof more - 1, sizeof more - 1, false, &o);
    assert_int_equal(o.result, HTTP_COMPLETE);
    assert_int_equal(o.extra, 15); /* the line end is not counted */
    assert_false(o.keep_alive);
    str_release(&o.said);
    read_cut(ends, sizeof ends - 1, sizeof ends - 1, false, &o);
    assert_int_equal(o.extra, 0);
    assert_false(o.keep_alive);
    str_release(&o.said);
    read_cut(OK200 "Content-Length: 9\r\n\r\n", 38, 38, true, &o); /* the answer to HEAD */
    assert_int_equal(o.result, HTTP_COMPLETE);
    str_release(&o.said);
}

/* ---- URLs and requests ---- */

static void accept_url(const char *url, const char *host, const char *port, const char *base, const char *text)
{
    struct endpoint ep;
    struct err e = ERR_INIT;
    struct str s = STR_INIT;
    if (endpoint_parse(url, &ep, &e))
        fail_msg("%s: %s", url, e.text);
    assert_string_equal(ep.host, host);
    assert_string_equal(ep.port, port);
    assert_string_equal(ep.base_path, base);
    endpoint_text(&ep, &s);
    assert_string_equal(s.at, text);
    str_release(&s);
}

static void refuse_url(const char *url)
{
    struct endpoint ep;
    struct err e = ERR_INIT;
    assert_int_equal(endpoint_parse(url, &ep, &e), ERR_INPUT);
    assert_true(strlen(e.text) > 10 && !strstr(e.text, "secret"));
}

static void test_urls(void **state)
{
    (void)state;
    accept_url("http://127.0.0.1:8000", "127.0.0.1", "8000", "", "http://127.0.0.1:8000");
    accept_url("HTTP://localhost/", "localhost", "80", "", "http://localhost");
    accept_url("https://api.test/v1/", "api.test", "443", "/v1", "https://api.test/v1");
    accept_url("https://[::1]:9/x", "::1", "9", "/x", "https://[::1]:9/x");
    accept_url("http://[::1]", "::1", "80", "", "http://[::1]");
    static const char *const bad[] = {"",
                                      "localhost:80",
                                      "ftp://x",
                                      "http://",
                                      "http://:80",
                                      "http://x:0",
                                      "http://x:65536",
                                      "http://x:",
                                      "http://x:8a",
                                      "http://x:123456",
                                      "http://user:secret@x",
                                      "http://x/?q=secret",
                                      "http://x/#f",
                                      "http://x y",
                                      "http://[::1",
                                      "http://[::1]x",
                                      "http://[]",
                                      "http://x\r\nHost: y",
                                      "http://\xc3\xa4"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse_url(bad[i]);
    char url[700] = "http://";
    memset(url + 7, 'a', 300);
    refuse_url(url);
}

static int build(const struct client_options *o, const struct call_spec *spec, struct str *out, struct err *e)
{
    struct endpoint ep;
    struct fields fields = {0};
    assert_int_equal(endpoint_parse("http://127.0.0.1:8000/base", &ep, e), 0);
    int r = request_fields(&ep, o, &fields, e);
    if (!r)
        r = request_build(&ep, &fields, spec, out, e);
    request_wipe(&fields.text);
    return r;
}

static void test_request(void **state)
{
    (void)state;
    struct str s = STR_INIT;
    struct err e = ERR_INIT;
    const char *const extra[] = {"X-A: 1", NULL};
    struct client_options o = {.header = extra, .api_key = "secret"};
    assert_int_equal(
        build(&o, &(struct call_spec){.method = "POST", .path = "/v1", .body = "{}", .body_len = 2}, &s, &e), 0);
    assert_string_equal(s.at, "POST /base/v1 HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: chimera\r\nAccept: */*\r\n"
                              "Accept-Encoding: identity\r\nX-A: 1\r\nAuthorization: Bearer secret\r\n"
                              "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n");
    request_wipe(&s);
    assert_int_equal(build(NULL, &(struct call_spec){.method = "GET", .path = "/"}, &s, &e), 0);
    assert_null(strstr(s.at, "Content-"));
    request_wipe(&s);
    const struct call_spec bad[] = {{.method = "get", .path = "/"}, {.method = "GET", .path = "/a b"},
                                    {.method = "GET", .path = "x"}, {.method = "GET", .path = "/\r\nX: y"},
                                    {.method = NULL, .path = "/"},  {.method = "GET"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err_clear(&e);
        assert_int_equal(build(NULL, &bad[i], &s, &e), ERR_USAGE);
    }
    static const char *const refused[] = {"Host: x", "content-length: 3", "no colon", "A: b\r\nB: c", ": x", "A b: c",
                                          "TE: x"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        err_clear(&e);
        assert_int_equal(build(&(struct client_options){.header = (const char *const[]){refused[i], NULL}},
                               &(struct call_spec){.method = "GET", .path = "/"}, &s, &e),
                         ERR_USAGE);
    }
    err_clear(&e);
    assert_int_equal(build(&(struct client_options){.api_key = "secret\n"},
                           &(struct call_spec){.method = "GET", .path = "/"}, &s, &e),
                     ERR_USAGE);
    assert_null(strstr(e.text, "secret"));
    str_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_framings), cmocka_unit_test(test_interim),     cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_limits),   cmocka_unit_test(test_extra_bytes), cmocka_unit_test(test_urls),
        cmocka_unit_test(test_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
