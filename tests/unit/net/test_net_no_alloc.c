/* Between recvmsg and the event nothing allocates, frees, formats or makes another system call: those functions
 * are wrapped and counted from the return of a read that brought bytes to the first event of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "net/client.h"
#include "player.h"

#define OK200 "HTTP/1.1 200 OK\r\n"

/* --wrap gives no other way in. */
static struct {
    bool on;     /* a read came and its event did not yet */
    bool ready;  /* the head is over: count */
    int pending; /* offences since the read: none are, when it has no event */
    int offences, reads, events;
} path;

static void offence(void)
{
    path.pending += path.on && path.ready;
}

ssize_t __real_recvmsg(int fd, struct msghdr *m, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags)
{
    ssize_t n = __real_recvmsg(fd, m, flags);
    path.on = n > 0 && !(flags & MSG_ERRQUEUE);
    path.pending = 0;
    path.reads += path.on && path.ready;
    return n;
}

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_malloc(size_t n)
{
    offence();
    return __real_malloc(n);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
    offence();
    return __real_calloc(n, size);
}

void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n)
{
    offence();
    return __real_realloc(p, n);
}

void __real_free(void *p);
void __wrap_free(void *p);
void __wrap_free(void *p)
{
    offence();
    __real_free(p);
}

ssize_t __real_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n)
{
    offence();
    return __real_write(fd, p, n);
}

int __real_vsnprintf(char *s, size_t n, const char *fmt, va_list ap);
int __wrap_vsnprintf(char *s, size_t n, const char *fmt, va_list ap);
int __wrap_vsnprintf(char *s, size_t n, const char *fmt, va_list ap)
{
    offence();
    return __real_vsnprintf(s, n, fmt, ap);
}

int __wrap_snprintf(char *s, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int __wrap_snprintf(char *s, size_t n, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int r = __wrap_vsnprintf(s, n, fmt, ap);
    va_end(ap);
    return r;
}

int __real_epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev);
int __wrap_epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev);
int __wrap_epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev)
{
    offence();
    return __real_epoll_ctl(epfd, op, fd, ev);
}

static void on_event(void *user, struct span data, struct span name, uint32_t wire, bool comment,
                     const struct arrival *a)
{
    (void)data, (void)name, (void)wire, (void)comment, (void)a, (void)user;
    path.events++;
    path.offences += path.pending;
    path.on = false;
}

static void on_head(void *user, int status, struct span type)
{
    (void)user, (void)status, (void)type;
    path.ready = true;
}

static void on_end(void *user, const struct call_end *end)
{
    path.on = path.ready = false;
    assert_int_equal(end->result, NET_DONE);
    *(bool *)user = true;
}

static void stream(const struct step *script, enum call_framing framing, int reads, int events)
{
    static const struct call_ops ops = {.head = on_head, .event = on_event, .end = on_end};
    struct err e = ERR_INIT;
    struct loop *l;
    struct client *c;
    struct endpoint ep;
    struct player p;
    bool ended = false;
    struct call_spec spec = {.method = "GET",
                             .path = "/",
                             .framing = framing,
                             .limits = {.total_ns = 20 * NS_PER_S, .idle_ns = NS_PER_S, .drip_bytes_per_s = 1}};
    assert_int_equal(loop_new(&l, &e), 0);
    player_start(&p, l, false);
    player_script(&p, 0, script);
    assert_int_equal(endpoint_parse(p.url, &ep, &e), 0);
    assert_int_equal(client_new(&c, l, &ep, NULL, &e), 0);
    memset(&path, 0, sizeof path);
    assert_non_null(call_start(c, &spec, &ops, &ended, &e));
    for (int n = 0; !ended && n < 20000; n++) {
        player_poll(&p);
        loop_step(l, clock_now(NULL) + NS_PER_MS);
        path.on = false; /* a read without event: what follows it is no offence */
    }
    assert_true(ended);
    assert_int_equal(path.reads, reads);
    assert_int_equal(path.events, events);
    assert_int_equal(path.offences, 0);
    client_free(c);
    player_stop(&p);
    loop_free(l);
}

static void test_sse(void **state)
{
    (void)state;
    /* the last but one is split over three reads, within the reserved carry-over */
    static const struct step script[] = {
        REQUEST,
        SEND(OK200 "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"),
        SEND("b\r\ndata: one\n\n\r\n"),
        SEND("1b\r\nevent: e\ndata: 2\n\ndata: 3\n\n\r\n"),
        SEND("4\r\ndata\r\n"),
        SEND("6\r\n: four\r\n"),
        SEND("2\r\n\n\n\r\n"),
        SEND("b\r\ndata: one\n\n\r\n"),
        SEND("0\r\n\r\n"),
        END};
    stream(script, CALL_SSE, 7, 5);
}

static void test_ndjson(void **state)
{
    (void)state;
    static const struct step script[] = {
        REQUEST,
        SEND(OK200 "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"),
        SEND("8\r\n{\"a\":1}\n\r\n"),
        SEND("10\r\n{\"a\":2}\n{\"a\":3}\n\r\n"),
        SEND("4\r\n{\"a\"\r\n"),
        SEND("4\r\n:4}\n\r\n"),
        SEND("0\r\n\r\n"),
        END};
    stream(script, CALL_NDJSON, 5, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sse), cmocka_unit_test(test_ndjson)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
