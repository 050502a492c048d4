/* Between recvmsg and the stored chunk nothing allocates, however many chunks a read brings: allocations since the last read
 * are counted at every chunk that is stored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "../net/player.h"
#include "load/driver.h"

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
#define DELTA(t) "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" t "\"}}]}\n\n"
#define FINISH "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define DONE "data: [DONE]\n\n"

/* --wrap gives no other way in; the server plays in another thread. */
static _Thread_local struct {
    int since_read, offences, chunks;
} path;

ssize_t __real_recvmsg(int fd, struct msghdr *m, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags)
{
    ssize_t n = __real_recvmsg(fd, m, flags);
    path.since_read = 0;
    return n;
}

bool __real_chunk_list_add(struct chunk_list *l, struct chunk c);
bool __wrap_chunk_list_add(struct chunk_list *l, struct chunk c);
bool __wrap_chunk_list_add(struct chunk_list *l, struct chunk c)
{
    path.offences += path.since_read;
    path.chunks++;
    return __real_chunk_list_add(l, c);
}

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_malloc(size_t n)
{
    path.since_read++;
    return __real_malloc(n);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
    path.since_read++;
    return __real_calloc(n, size);
}

void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n)
{
    path.since_read++;
    return __real_realloc(p, n);
}

void __real_free(void *p);
void __wrap_free(void *p);
void __wrap_free(void *p)
{
    path.since_read++;
    __real_free(p);
}

static enum session_next ask_once(void *user, const struct request *last, struct ask *ask, const char **stage,
                                  mono_ns *at, const char **why)
{
    (void)user, (void)why;
    if (last)
        return SESSION_FINISHED;
    *ask = (struct ask){.route = ROUTE_COMPLETION, .prompt = "hello", .stream = true};
    *stage = "only";
    *at = MONO_NONE;
    return SESSION_ASK;
}

static void no_chunk_waits_for_memory(void **state)
{
    enum { BURST = 300 };
    static const struct session_ops ops = {.next = ask_once};
    struct str burst = STR_INIT;
    struct player player = {0};
    struct endpoint endpoint;
    struct client_options none = {0};
    struct driver *d;
    struct run run = {0};
    struct err e = ERR_INIT;
    (void)state;
    for (int i = 0; i < BURST; i++)
        str_addz(&burst, DELTA("some words of text "));
    const struct step script[] = {
        REQUEST, PUSH(HEAD DELTA("first")), {OP_PUSH, burst.at, burst.len}, PUSH(DELTA("x")), PUSH(FINISH DONE), FIN,
        END};
    player_start(&player, NULL, false);
    player_script(&player, 0, script);
    player_thread(&player);
    assert_int_equal(endpoint_parse(player.url, &endpoint, &e), 0);
    const struct driver_server server = {.name = "s",
                                         .model = "m",
                                         .backend = backend_find("openai"),
                                         .endpoint = &endpoint,
                                         .client = &none,
                                         .num_ctx = -1};
    const struct driver_session session = {.agent = "a", .ops = &ops};
    const struct driver_spec spec = {.servers = &server,
                                     .n_servers = 1,
                                     .sessions = &session,
                                     .n_sessions = 1,
                                     .limits = {.total_ns = 20 * NS_PER_S}};
    assert_int_equal(driver_new(&d, &spec, &e), 0);
    memset(&path, 0, sizeof path);
    assert_int_equal(driver_run(d, &run, &e), 0);
    assert_int_equal(path.chunks, BURST + 4);
    assert_int_equal(path.offences, 0);
    assert_int_equal(run.requests[0].outcome, OUTCOME_OK);
    assert_int_equal(run.requests[0].chunks.n, BURST + 4);
    driver_run_release(&run);
    driver_free(d);
    player_stop(&player);
    str_release(&burst);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_chunk_waits_for_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
