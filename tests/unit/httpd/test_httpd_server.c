/* Requests in all their forms and the answers to them: framing, keep-alive, splits, pipelines, refusals, limits. */
#include "fixture.h"

static size_t count(const struct str *in, const char *what)
{
    size_t n = 0;
    for (const char *p = str_z(in); (p = strstr(p, what)); p++)
        n++;
    return n;
}

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
    ask(&f,
        "POST /echo?q=1?2 HTTP/1.1\r\nHost: x\r\nx-A:  v w \r\nEmpty:\r\nContent-Length: 4\r\nConnection: close\r\n"
        "\r\nbody",
        &in);
    assert_has(&in, "POST /echo?q=1?2 4 fields=5 a=v w");
    ask(&f,
        "PUT /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n"
        "Trailer: t\r\n\r\n",
        &in);
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
    const char *bad[] = {"BREW / HTTP/1.1\r\n\r\n",
                         "GET  HTTP/1.1\r\n\r\n",
                         "\x16\x03\x01\x02",
                         "GET /hello HTTP/1.1\r\nno colon\r\n\r\n",
                         "POST /echo HTTP/1.1\r\nContent-Length: x\r\n\r\n",
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reply_and_keep_alive),
        cmocka_unit_test(test_request_parts),
        cmocka_unit_test(test_split_at_every_byte),
        cmocka_unit_test(test_pipelining),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_head_limits),
        cmocka_unit_test(test_expect_continue),
        cmocka_unit_test(test_upgrade_is_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
