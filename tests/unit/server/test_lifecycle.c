/* The life of a server, with a fake one that behaves badly on demand: late, crashing, never healthy, port taken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "format/json.h"
#include "server/server.h"

struct place {
    char dir[64];
    struct server_place p;
    volatile int stop;
};

static int make_place(void **state)
{
    struct place *t = xcalloc(1, sizeof *t);
    snprintf(t->dir, sizeof t->dir, "/tmp/chimera-test-XXXXXX");
    if (!mkdtemp(t->dir))
        return -1;
    t->p.work_dir = t->dir;
    t->p.stop = &t->stop;
    *state = t;
    return 0;
}

static int drop_place(void **state)
{
    struct place *t = *state;
    struct str cmd = STR_INIT;
    str_addf(&cmd, "%s/a.log", t->dir);
    unlink(cmd.at);
    str_clear(&cmd);
    str_addf(&cmd, "%s/taken", t->dir);
    unlink(cmd.at);
    rmdir(t->dir);
    str_release(&cmd);
    free(t);
    return 0;
}

static struct server *new_fake(struct place *t, const char *flags, struct str *kind)
{
    struct err e = ERR_INIT;
    struct server *s;
    str_addf(kind, "cmd:python3 '%s/unit/server/fake_server.py' --port {port} %s", TESTS_DIR, flags);
    struct server_spec spec = {.name = "a", .kind = kind->at, .threads = 1};
    if (server_new(&s, &spec, &t->p, &e))
        fail_msg("%s", e.text);
    return s;
}

static void check_gone(pid_t pid)
{
    for (int i = 0; i < 1000 && kill(-pid, 0) == 0; i++)
        usleep(2000);
    assert_int_equal(kill(-pid, 0), -1);
    assert_int_equal(errno, ESRCH);
}

static void test_start_ask_stop(void **state)
{
    struct place *t = *state;
    struct str kind = STR_INIT, facts = STR_INIT;
    struct err e = ERR_INIT;
    struct state_proof proof;
    struct server *s = new_fake(t, "--api-key hush --api-key=hush --model {name}-{ctx}-{threads}", &kind);
    assert_int_equal(server_check(s, &e), ERR_SERVER); /* not started */
    err_clear(&e);
    if (server_start(s, 20 * NS_PER_S, &e))
        fail_msg("%s", e.text);
    assert_int_equal(server_check(s, &e), 0);
    assert_string_equal(server_backend(s)->name, "openai");
    assert_string_equal(server_model(s), "fake-1");
    assert_true(server_is_managed(s) && !server_is_engine(s));
    assert_int_equal(server_warm(s, NULL, &proof, &e), 0);
    assert_true(proof.proven && proof.pid == server_pid(s));
    struct ask ask = {.route = ROUTE_CHAT, .model = "fake-1", .prompt = "one two three"};
    assert_int_equal(server_count_tokens(s, &ask), 3);
    assert_int_equal(server_facts(s, &facts, &e), 0);
    assert_null(strstr(facts.at, "hush")); /* a key reaches no result */
    assert_non_null(strstr(facts.at, "\"--port\",\"{port}\""));
    assert_non_null(strstr(facts.at, "\"a-2048-1\""));
    assert_non_null(strstr(facts.at, "\"kind\":\"cmd\""));
    pid_t pid = server_pid(s);
    server_stop(s);
    check_gone(pid);
    assert_int_equal(server_check(s, &e), ERR_SERVER);
    server_free(s);
    str_release(&kind);
    str_release(&facts);
}

static void test_slow_start(void **state)
{
    struct str kind = STR_INIT;
    struct err e = ERR_INIT;
    struct server *s = new_fake(*state, "--delay 0.4", &kind);
    mono_ns t0 = clock_now(NULL);
    assert_int_equal(server_start(s, 20 * NS_PER_S, &e), 0);
    assert_true(clock_now(NULL) - t0 > 400 * NS_PER_MS);
    server_free(s);
    str_release(&kind);
}

static void test_no_health_route(void **state)
{
    struct str kind = STR_INIT;
    struct err e = ERR_INIT;
    struct server *s = new_fake(*state, "--no-health", &kind);
    assert_int_equal(server_start(s, 20 * NS_PER_S, &e), 0);
    server_free(s);
    str_release(&kind);
}

static void test_crash_while_starting(void **state)
{
    struct str kind = STR_INIT;
    struct err e = ERR_INIT;
    struct server *s = new_fake(*state, "--crash", &kind);
    assert_int_equal(server_start(s, 20 * NS_PER_S, &e), ERR_SERVER);
    assert_non_null(strstr(e.text, "did not start: exited with 7"));
    assert_non_null(strstr(e.text, "first line | the model file is cursed"));
    assert_non_null(strstr(e.text, "/a.log"));
    struct err again = ERR_INIT;
    assert_int_equal(server_check(s, &again), ERR_SERVER); /* remembers why */
    assert_string_equal(again.text, e.text);
    server_free(s);
    str_release(&kind);
}

static void test_never_healthy(void **state)
{
    struct str kind = STR_INIT;
    struct err e = ERR_INIT;
    struct server *s = new_fake(*state, "--never", &kind);
    assert_int_equal(server_start(s, 4 * NS_PER_S, &e), ERR_TIMEOUT);
    assert_non_null(strstr(e.text, "was not healthy after 4"));
    assert_non_null(strstr(e.text, "fake server with model"));
    server_free(s);
    str_release(&kind);
}

static void test_interrupt(void **state)
{
    struct place *t = *state;
    struct str kind = STR_INIT;
    struct err e = ERR_INIT;
    struct server *s = new_fake(t, "--never", &kind);
    t->stop = 1;
    assert_int_equal(server_start(s, 20 * NS_PER_S, &e), ERR_INTERRUPTED);
    server_free(s);
    str_release(&kind);
}

/* Ends the server from within; its death is seen by server_check, which quotes its last words. */
static void kill_by_route(struct server *s)
{
    struct fetched f = {0};
    http_fetch(server_endpoint(s), server_client_options(s), "GET", "/die", NULL, 5 * NS_PER_S, &f, NULL);
    fetched_release(&f);
}

static void test_crash_later_and_restart(void **state)
{
    struct str kind = STR_INIT;
    struct err e = ERR_INIT;
    struct state_proof proof;
    struct server *s = new_fake(*state, "", &kind);
    assert_int_equal(server_start(s, 20 * NS_PER_S, &e), 0);
    pid_t first = server_pid(s);
    kill_by_route(s);
    for (int i = 0; i < 1000 && server_check(s, NULL) == 0; i++)
        usleep(2000);
    assert_int_equal(server_check(s, &e), ERR_SERVER);
    assert_non_null(strstr(e.text, "ended: exited with 3"));
    assert_non_null(strstr(e.text, "about to die of hunger"));
    err_clear(&e);
    assert_int_equal(server_warm(s, NULL, &proof, &e), ERR_SERVER);
    err_clear(&e);
    assert_int_equal(server_restart(s, 20 * NS_PER_S, &e), 0);
    assert_int_not_equal(server_pid(s), first);
    assert_int_equal(server_check(s, &e), 0);
    pid_t second = server_pid(s);
    assert_int_equal(server_cold(s, &proof, &e), 0);
    assert_true(proof.cold && proof.proven && proof.load_ns > 0);
    assert_int_not_equal(proof.pid, second);
    assert_int_equal(proof.pid, server_pid(s));
    server_free(s);
    str_release(&kind);
}

static void test_crash_is_the_reason_why_warm_fails(void **state)
{
    struct str kind = STR_INIT;
    struct err e = ERR_INIT;
    struct state_proof proof;
    struct server *s = new_fake(*state, "", &kind);
    assert_int_equal(server_start(s, 20 * NS_PER_S, &e), 0);
    kill_by_route(s);
    assert_int_equal(server_warm(s, NULL, &proof, &e), ERR_SERVER);
    assert_non_null(strstr(e.text, "exited with 3"));
    server_free(s);
    str_release(&kind);
}

static void test_taken_port_is_tried_again(void **state)
{
    struct place *t = *state;
    struct str kind = STR_INIT, flags = STR_INIT;
    struct err e = ERR_INIT;
    str_addf(&flags, "--taken %s/taken", t->dir);
    struct server *s = new_fake(t, flags.at, &kind);
    if (server_start(s, 20 * NS_PER_S, &e))
        fail_msg("%s", e.text);
    assert_int_equal(server_check(s, &e), 0);
    server_free(s);
    str_release(&kind);
    str_release(&flags);
}

/* The fake as an external one: probed, asked, not stopped, and refused a cold state. */
static void test_external(void **state)
{
    struct place *t = *state;
    struct str kind = STR_INIT, url = STR_INIT, facts = STR_INIT;
    struct err e = ERR_INIT;
    struct state_proof proof;
    struct server *managed = new_fake(t, "", &kind), *s;
    assert_int_equal(server_start(managed, 20 * NS_PER_S, &e), 0);
    endpoint_text(server_endpoint(managed), &url);
    str_addz(&url, "/v1");
    struct server_spec spec = {.name = "b", .kind = url.at};
    assert_int_equal(server_new(&s, &spec, &t->p, &e), 0);
    assert_null(server_backend(s));
    if (server_start(s, 5 * NS_PER_S, &e))
        fail_msg("%s", e.text);
    assert_string_equal(server_backend(s)->name, "openai");
    assert_string_equal(server_model(s), "fake-1");
    assert_false(server_is_managed(s));
    assert_int_equal(server_pid(s), 0);
    assert_null(server_log_path(s));
    assert_int_equal(server_warm(s, NULL, &proof, &e), 0);
    assert_int_equal(server_cold(s, &proof, &e), ERR_REFUSED);
    err_clear(&e);
    assert_int_equal(server_facts(s, &facts, &e), 0);
    assert_non_null(strstr(facts.at, "\"url\":\"http://127.0.0.1:"));
    kill_by_route(managed);
    server_stop(s);
    assert_int_equal(server_start(s, 5 * NS_PER_S, &e), ERR_NET);
    assert_non_null(strstr(e.text, "127.0.0.1:"));
    assert_int_equal(server_check(s, NULL), ERR_SERVER);
    server_free(s);
    server_free(managed);
    str_release(&kind);
    str_release(&url);
    str_release(&facts);
}

/* A socket that accepts and never answers: the error names the URL and the time. */
static void test_silent_url(void **state)
{
    struct place *t = *state;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    struct server *s;
    struct err e = ERR_INIT;
    char url[64];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(bind(fd, (struct sockaddr *)&a, n) == 0 && listen(fd, 5) == 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(a.sin_port));
    struct server_spec spec = {.name = "b", .kind = url, .model = "m"};
    assert_int_equal(server_new(&s, &spec, &t->p, &e), 0);
    int rc = server_start(s, 300 * NS_PER_MS, &e);
    print_message("    %s\n", e.text);
    assert_int_equal(rc, ERR_TIMEOUT);
    assert_int_equal(err_exit_status(rc), 3);
    assert_non_null(strstr(e.text, url));
    assert_non_null(strstr(e.text, "server 'b'"));
    server_free(s);
    close(fd);
}

int main(void)
{
    struct str python = STR_INIT;
    if (!path_find_program("python3", &python)) {
        print_message("SKIP: no python3 on PATH for the fake server\n");
        const char *ci = getenv("CI");
        return ci && strcmp(ci, "true") == 0 ? 1 : 77;
    }
    str_release(&python);
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_place, drop_place)
    const struct CMUnitTest tests[] = {
        TEST(test_start_ask_stop),
        TEST(test_slow_start),
        TEST(test_no_health_route),
        TEST(test_crash_while_starting),
        TEST(test_never_healthy),
        TEST(test_interrupt),
        TEST(test_crash_later_and_restart),
        TEST(test_crash_is_the_reason_why_warm_fails),
        TEST(test_taken_port_is_tried_again),
        TEST(test_external),
        TEST(test_silent_url),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
