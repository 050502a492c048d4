/* The real servers with the real model: chimera-engine, llama.cpp's server, Ollama. Each is started, asked, put into the
 * warm and the cold state, killed from outside, and stopped without a trace. A missing one is a visible skip, and a
 * failure under CI=true. */
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
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "format/json.h"
#include "server/server.h"

static const mono_ns start_ns = 90 * NS_PER_S;

static void say(void *user, const char *line)
{
    (void)user;
    print_message("    %s\n", line);
}

static double cpu_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static bool port_open(const struct endpoint *ep)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)strtol(ep->port, NULL, 10)),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool open = connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
    close(fd);
    return open;
}

/* Processes of the group that the server was; 0 once all are gone. */
static bool group_lives(pid_t group)
{
    return kill(-group, 0) == 0 || errno != ESRCH;
}

static void wait_group_gone(pid_t group)
{
    for (int i = 0; i < 1000 && group_lives(group); i++)
        usleep(5000);
    assert_false(group_lives(group));
}

static void remove_dir(const char *dir)
{
    char cmd[128];
    snprintf(cmd, sizeof cmd, "rm -rf '%s'", dir);
    assert_int_equal(system(cmd), 0);
}

static void check_facts(struct server *s, const char *kind, bool tells_threads)
{
    struct str json = STR_INIT;
    struct err e = ERR_INIT;
    assert_int_equal(server_facts(s, &json, &e), 0);
    print_message("    %s\n", json.at);
    yyjson_doc *doc = json_read(json.at, json.len, NULL, &e);
    yyjson_val *root = yyjson_doc_get_root(doc);
    assert_true(span_eq_z(json_get_text(root, "kind"), kind));
    assert_int_equal(json_get_int(root, "parameters", 0), 134515008);
    assert_true(span_eq_z(json_get_text(root, "model_digest"),
                          "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"));
    assert_non_null(strstr(json.at, "\"quantisation\":\"Q4_1\""));
    assert_int_equal(json_get_int(root, "context", 0), 1024);
    assert_int_equal(json_get_int(root, "parallel", 0), 1);
    if (tells_threads)
        assert_int_equal(json_get_int(root, "threads", 0), 1);
    assert_true(json_get_text(root, "version").len > 0);
    assert_int_equal(json_get_text(root, "program_digest").len, 64);
    yyjson_doc_free(doc);
    str_release(&json);
}

static void check_warm(struct server *s)
{
    struct state_proof p;
    struct err e = ERR_INIT;
    if (server_warm(s, NULL, &p, &e))
        fail_msg("%s", e.text);
    print_message("    warm: %s\n", p.how);
    assert_true(p.proven);
    assert_false(p.cold);
}

static void check_cold(struct server *s, bool by_restart)
{
    struct state_proof p;
    struct err e = ERR_INIT;
    pid_t before = server_pid(s);
    if (server_cold(s, &p, &e))
        fail_msg("%s", e.text);
    print_message("    cold: %s\n", p.how);
    assert_true(p.cold && p.proven);
    if (by_restart) {
        assert_int_not_equal(p.pid, before);
        assert_true(p.load_ns > 0);
        assert_int_equal(kill(before, 0), -1);
    } else {
        assert_int_equal(p.pid, before);
    }
    assert_int_equal(p.pid, server_pid(s));
}

static void check_tokens(struct server *s)
{
    struct ask chat = {.route = ROUTE_CHAT, .model = server_model(s), .prompt = "Name three colours."};
    struct ask plain = {.route = ROUTE_COMPLETION, .model = server_model(s), .prompt = "Name three colours."};
    int64_t n = server_count_tokens(s, &chat), m = server_count_tokens(s, &plain);
    print_message("    tokens: %lld in a chat, %lld alone\n", (long long)n, (long long)m);
    assert_in_range(m, 3, 60);
    assert_in_range(n, m, 60);
}

static void check_crash(struct server *s)
{
    struct err e = ERR_INIT;
    pid_t pid = server_pid(s);
    assert_int_equal(server_check(s, NULL), 0);
    kill(pid, SIGKILL);
    for (int i = 0; i < 1000 && server_check(s, NULL) == 0; i++)
        usleep(2000);
    assert_int_equal(server_check(s, &e), ERR_SERVER);
    print_message("    crash: %s\n", e.text);
    assert_non_null(strstr(e.text, "killed by signal 9"));
    assert_non_null(strstr(e.text, server_log_path(s)));
    wait_group_gone(pid);
    err_clear(&e);
    if (server_start(s, start_ns, &e)) /* it can be started again */
        fail_msg("%s", e.text);
    assert_int_not_equal(server_pid(s), pid);
}

/* The same server by its URL: recognised, described alike, and (Ollama) emptied. */
static void check_as_external(struct server *managed, bool can_cold)
{
    struct str url = STR_INIT, json = STR_INIT;
    struct err e = ERR_INIT;
    struct state_proof p;
    struct server *s;
    endpoint_text(server_endpoint(managed), &url);
    struct server_spec spec = {.name = "b", .kind = url.at, .model = server_model(managed), .num_gpu = -1};
    struct server_place place = {.work_dir = "/tmp"};
    if (server_new(&s, &spec, &place, &e) || server_start(s, start_ns, &e) || server_facts(s, &json, &e))
        fail_msg("%s", e.text);
    print_message("    by URL: %s\n", json.at);
    assert_ptr_equal(server_backend(s), server_backend(managed));
    assert_int_equal(server_is_engine(s), server_is_engine(managed));
    assert_non_null(strstr(json.at, "\"parameters\":134515008"));
    assert_non_null(strstr(json.at, "\"kind\":\"external\""));
    check_warm(s);
    assert_int_equal(server_cold(s, &p, &e), can_cold ? 0 : ERR_REFUSED);
    assert_int_equal(p.proven, can_cold);
    server_free(s);
    assert_int_equal(server_check(managed, NULL), 0); /* an external one is never stopped */
    str_release(&url);
    str_release(&json);
}

static void missing(const char *what)
{
    const char *ci = getenv("CI");
    if (ci && strcmp(ci, "true") == 0)
        fail_msg("missing under CI: %s", what);
    print_message("    SKIP: %s\n", what);
    skip();
}

/* chimera-engine lies beside the tests, or one folder above them. */
static void own_folder(char out[512])
{
    ssize_t n = readlink("/proc/self/exe", out, 511);
    assert_true(n > 0);
    out[n] = 0;
    *strrchr(out, '/') = 0;
    char probe[600];
    snprintf(probe, sizeof probe, "%s/chimera-engine", out);
    if (!file_exists(probe) && strrchr(out, '/') > out)
        *strrchr(out, '/') = 0;
}

static struct server *new_server(const char *name, const char *kind, const char *dir, int64_t threads)
{
    char here[512];
    struct err e = ERR_INIT;
    struct server *s;
    own_folder(here);
    struct server_spec spec = {
        .name = name, .kind = kind, .model = "smollm2-135m", .threads = threads, .num_ctx = 1024};
    struct server_place place = {.work_dir = dir, .self_path = here, .say = say};
    int rc = server_new(&s, &spec, &place, &e);
    if (rc == ERR_NOTFOUND)
        missing(e.text);
    if (rc || server_start(s, start_ns, &e))
        fail_msg("%s", e.text);
    return s;
}

static void life(const char *kind, bool by_restart)
{
    char dir[] = "/tmp/chimera-test-XXXXXX";
    assert_non_null(mkdtemp(dir));
    struct server *s = new_server("a", kind, dir, 1);
    check_facts(s, kind, true);
    check_warm(s);
    check_tokens(s);
    check_as_external(s, !by_restart);
    check_cold(s, by_restart);
    check_warm(s);
    check_crash(s);
    check_warm(s);
    pid_t pid = server_pid(s);
    struct endpoint ep = *server_endpoint(s);
    assert_true(port_open(&ep));
    server_stop(s);
    wait_group_gone(pid);
    assert_false(port_open(&ep));
    server_free(s);
    remove_dir(dir);
    print_message("    CPU time of this process: %.3f s\n", cpu_s());
}

/* Two at once: ports and processes of their own, and one's restart leaves the other alone. */
static void pair(const char *kind)
{
    char dir[] = "/tmp/chimera-test-XXXXXX";
    struct err e = ERR_INIT;
    assert_non_null(mkdtemp(dir));
    struct server *a = new_server("a", kind, dir, 1), *b = new_server("b", kind, dir, 1);
    assert_string_not_equal(server_endpoint(a)->port, server_endpoint(b)->port);
    check_warm(a);
    check_warm(b);
    pid_t pid = server_pid(b);
    if (server_restart(a, start_ns, &e))
        fail_msg("%s", e.text);
    assert_int_equal(server_check(b, NULL), 0);
    assert_int_equal(server_pid(b), pid);
    check_warm(b);
    check_warm(a);
    server_free(a);
    assert_int_equal(server_check(b, NULL), 0);
    server_free(b);
    wait_group_gone(pid);
    remove_dir(dir);
}

static void test_engine(void **state)
{
    (void)state;
    life("engine", true);
}

static void test_llama_server(void **state)
{
    (void)state;
    life("llama-server", true);
}

static void test_ollama(void **state)
{
    (void)state;
    life("ollama", false);
}

static void test_pairs(void **state)
{
    (void)state;
    pair("engine");
    pair("ollama");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine),
        cmocka_unit_test(test_llama_server),
        cmocka_unit_test(test_ollama),
        cmocka_unit_test(test_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
