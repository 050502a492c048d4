/* Answers that come later, clients that leave, do not read or stay idle, and the end of the server itself. */
#include "fixture.h"

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

static void test_failing_last_write(void **state)
{
    static struct fixture f;
    struct linger hard = {1, 0};
    struct str in = STR_INIT;
    (void)state;
    start_with(&f, (struct httpd_options){0});
    int fd = dial(&f);
    say(fd, "GET /too-late HTTP/1.1\r\n\r\n");
    wait_for(&f.n_kept, 1); /* a reset before it was read would take the request along */
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
    atomic_store(&f.left, true);
    ask(&f, "GET /hello HTTP/1.1\r\nConnection: close\r\n\r\n", &in);
    stop(&f);
    assert_int_equal(atomic_load(&f.n_gone), 0); /* the handler was done with it */
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
        cmocka_unit_test(test_later_answer),
        cmocka_unit_test(test_client_leaves),
        cmocka_unit_test(test_failing_last_write),
        cmocka_unit_test(test_client_that_does_not_read),
        cmocka_unit_test(test_large_answer_to_a_slow_reader),
        cmocka_unit_test(test_misbehaviour_on_purpose),
        cmocka_unit_test(test_timer),
        cmocka_unit_test(test_idle_and_too_many),
        cmocka_unit_test(test_stop_with_open_exchanges),
        cmocka_unit_test(test_port_in_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
