/* The n-th system call fails, for every n until none is left to fail, once and for ever: every call still ends,
 * once and in bounded time, nothing leaks, and the client works again afterwards. Then stamps that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include <linux/errqueue.h>

#include "harness.h"

#define OK200 "HTTP/1.1 200 OK\r\n"
#define LINES OK200 "Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
#define SHORT_WRITE -1 /* instead of an errno: half of it is taken */
#define ANSWER_MS 300  /* total timeout: what a fault that lasts costs at most */

enum wrapped {
    W_RECVMSG,
    W_SENDMSG,
    W_CONNECT,
    W_SOCKET,
    W_SETSOCKOPT,
    W_GETSOCKOPT,
    W_EPOLL_CTL,
    W_EPOLL_WAIT,
    W_COUNT
};

/* The one mutable global of this test program: --wrap gives no other way in. */
static struct {
    bool on, for_ever;
    enum wrapped which;
    int nth, error, calls;
    int64_t stamp_shift_ns; /* added to every stamp */
    bool strip;             /* no control messages come */
} fault;

static int injected(enum wrapped w)
{
    if (!fault.on || fault.which != w)
        return 0;
    fault.calls++;
    return fault.calls == fault.nth || (fault.for_ever && fault.calls > fault.nth) ? fault.error : 0;
}

#define INJECT(w)                                                                                                      \
    do {                                                                                                               \
        int error = injected(w);                                                                                       \
        if (error > 0) {                                                                                               \
            errno = error;                                                                                             \
            return -1;                                                                                                 \
        }                                                                                                              \
    } while (0)

ssize_t __real_recvmsg(int fd, struct msghdr *m, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags);
ssize_t __wrap_recvmsg(int fd, struct msghdr *m, int flags)
{
    INJECT(W_RECVMSG);
    ssize_t n = __real_recvmsg(fd, m, flags);
    if (n < 0)
        return n;
    if (fault.strip)
        m->msg_controllen = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPING && fault.stamp_shift_ns) {
            struct scm_timestamping t;
            memcpy(&t, CMSG_DATA(c), sizeof t);
            t.ts[0].tv_sec += (time_t)(fault.stamp_shift_ns / NS_PER_S);
            memcpy(CMSG_DATA(c), &t, sizeof t);
        }
    return n;
}

ssize_t __real_sendmsg(int fd, const struct msghdr *m, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags);
ssize_t __wrap_sendmsg(int fd, const struct msghdr *m, int flags)
{
    int error = injected(W_SENDMSG);
    if (error == SHORT_WRITE && m->msg_iov[0].iov_len > 1) {
        struct iovec half = {m->msg_iov[0].iov_base, m->msg_iov[0].iov_len / 2};
        struct msghdr less = *m;
        less.msg_iov = &half;
        less.msg_iovlen = 1;
        return __real_sendmsg(fd, &less, flags);
    }
    if (error > 0) {
        errno = error;
        return -1;
    }
    return __real_sendmsg(fd, m, flags);
}

int __real_connect(int fd, const struct sockaddr *a, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *a, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *a, socklen_t len)
{
    INJECT(W_CONNECT);
    return __real_connect(fd, a, len);
}

int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol)
{
    INJECT(W_SOCKET);
    return __real_socket(domain, type, protocol);
}

int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    INJECT(W_SETSOCKOPT);
    return __real_setsockopt(fd, level, name, value, len);
}

int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    INJECT(W_GETSOCKOPT);
    return __real_getsockopt(fd, level, name, value, len);
}

int __real_epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev);
int __wrap_epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev);
int __wrap_epoll_ctl(int epfd, int op, int fd, struct epoll_event *ev)
{
    if (op != EPOLL_CTL_DEL) /* close takes a descriptor out by itself */
        INJECT(W_EPOLL_CTL);
    return __real_epoll_ctl(epfd, op, fd, ev);
}

int __real_epoll_pwait2(int epfd, struct epoll_event *ev, int n, const struct timespec *timeout, const sigset_t *mask);
int __wrap_epoll_pwait2(int epfd, struct epoll_event *ev, int n, const struct timespec *timeout, const sigset_t *mask);
int __wrap_epoll_pwait2(int epfd, struct epoll_event *ev, int n, const struct timespec *timeout, const sigset_t *mask)
{
    INJECT(W_EPOLL_WAIT);
    return __real_epoll_pwait2(epfd, ev, n, timeout, mask);
}

/* ---- every call fails once ---- */

static const struct step script[] = {REQUEST,
                                     SEND(LINES "8\r\n{\"a\":1}\n\r\n"),
                                     SEND("8\r\n{\"a\":2}\n\r\n0\r\n\r\n"),
                                     REQUEST,
                                     SEND(OK200 "Content-Length: 2\r\n\r\nok"),
                                     REQUEST,
                                     SEND(OK200 "Content-Length: 2\r\n\r\nok"),
                                     REQUEST,
                                     SEND(OK200 "Content-Length: 2\r\n\r\nok"),
                                     END};

/* One call; with descriptors out even its start may be refused. */
static void one_call(struct bench *b, const struct call_spec *spec, struct tale *t)
{
    struct err e = ERR_INIT;
    t->call = call_start(b->client, spec, &tale_ops, t, &e);
    if (t->call)
        bench_until_ended(b, t);
    else
        assert_int_equal(e.code, ERR_IO);
    if (t->ends && t->end.result == NET_DONE)
        assert_true(t->heads == 1 && t->sent >= 1 && (t->events == 2 || t->events == 1));
}

/* Two exchanges with the fault on, one with it off. Returns how often the failing function was called. */
static int scenario(enum wrapped which, int nth, int error, bool for_ever, bool fatal)
{
    struct bench b;
    struct call_spec spec = {.method = "POST",
                             .path = "/",
                             .body = "{}",
                             .body_len = 2,
                             .framing = CALL_NDJSON,
                             .limits = {.total_ns = for_ever ? 30 * NS_PER_MS : ANSWER_MS * NS_PER_MS}};
    bench_open(&b, NULL);
    player_script(&b.player, 0, script);
    memset(&fault, 0, sizeof fault);
    fault.which = which;
    fault.nth = nth;
    fault.error = error;
    fault.for_ever = for_ever;
    fault.on = true;
    for (int i = 0; i < 2; i++) {
        struct tale t = {0};
        one_call(&b, &spec, &t);
        if (!fatal && t.end.result != NET_DONE)
            fail_msg("call %d of function %d with errno %d: result %d: %s", nth, (int)which, error, (int)t.end.result,
                     t.why);
        tale_release(&t);
    }
    int calls = fault.calls;
    fault.on = false;
    struct tale t = {0};
    spec.limits.total_ns = PATIENCE_NS;
    one_call(&b, &spec, &t);
    if (t.end.result != NET_DONE)
        fail_msg("afterwards: result %d: %s", (int)t.end.result, t.why);
    tale_release(&t);
    bench_close(&b);
    return calls;
}

struct fault_case {
    enum wrapped which;
    int error;
    bool harmless; /* once: nothing but a stamp may be missing */
};

static const struct fault_case cases[] = {
    {W_RECVMSG, ECONNRESET, false},  {W_RECVMSG, ENOMEM, false},   {W_RECVMSG, EAGAIN, true},
    {W_RECVMSG, EINTR, true},        {W_SENDMSG, EPIPE, false},    {W_SENDMSG, ENOBUFS, false},
    {W_SENDMSG, EAGAIN, true},       {W_SENDMSG, EINTR, true},     {W_SENDMSG, SHORT_WRITE, true},
    {W_CONNECT, ENETUNREACH, false}, {W_CONNECT, EAGAIN, false},   {W_SOCKET, EMFILE, false},
    {W_SOCKET, ENOBUFS, false},      {W_SETSOCKOPT, EINVAL, true}, {W_GETSOCKOPT, ENOBUFS, false},
    {W_EPOLL_CTL, ENOSPC, false},    {W_EPOLL_WAIT, EINTR, true},  {W_EPOLL_WAIT, ENOSYS, true},
    {W_EPOLL_WAIT, ENOMEM, true},
};

static void test_each_call_fails_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int calls = 1;
        for (int nth = 1; nth <= calls && nth < 200; nth++)
            calls = scenario(cases[i].which, nth, cases[i].error, false, !cases[i].harmless);
        assert_true(calls > 0 && calls < 200);
    }
}

static void test_calls_fail_for_ever(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int nth = 1; nth <= 4; nth++)
            scenario(cases[i].which, nth, cases[i].error, true, true);
}

/* ---- stamps ---- */

static void stamped_call(int64_t shift_ns, bool strip, bool setsockopt_fails, bool unstamped, bool kernel_sent)
{
    static const struct step two[] = {REQUEST, SEND(LINES "8\r\n{\"a\":1}\n\r\n"),
                                      SEND("8\r\n{\"a\":2}\n\r\n0\r\n\r\n"), END};
    struct bench b;
    struct tale t = {0};
    struct call_spec spec = {.method = "GET", .path = "/", .framing = CALL_NDJSON, .limits = {.total_ns = PATIENCE_NS}};
    bench_open(&b, NULL);
    assert_true(loop_warm_stamps(b.loop));
    player_script(&b.player, 0, two);
    memset(&fault, 0, sizeof fault);
    fault.stamp_shift_ns = shift_ns;
    fault.strip = strip;
    if (setsockopt_fails) {
        fault.on = fault.for_ever = true;
        fault.which = W_SETSOCKOPT;
        fault.nth = 1;
        fault.error = ENOPROTOOPT;
    }
    bench_call(&b, &spec, &t); /* its checks: causal, monotone */
    assert_int_equal(t.end.result, NET_DONE);
    assert_int_equal(t.events, 2);
    assert_int_equal(t.sent, 1);
    assert_int_equal(t.kernel_sent, kernel_sent);
    assert_int_equal(t.unstamped, unstamped ? 3 : 0);
    memset(&fault, 0, sizeof fault);
    tale_release(&t);
    bench_close(&b);
}

static void test_stamps_that_lie(void **state)
{
    (void)state;
    stamped_call(0, false, false, false, true);
    stamped_call(0, true, false, true, false);              /* none come */
    stamped_call(0, false, true, true, false);              /* the host cannot stamp */
    stamped_call(5 * NS_PER_S, false, false, true, false);  /* after we saw it: dropped, flagged */
    stamped_call(-5 * NS_PER_S, false, false, true, false); /* from before the request: the same */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_call_fails_once),
                                       cmocka_unit_test(test_calls_fail_for_ever),
                                       cmocka_unit_test(test_stamps_that_lie)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
