/* bench_stamps: how wrong are the arrival times of this client?
 *
 * A server process on core 0 holds STREAMS streams and sends on each RATE chunks a second, at times spread evenly,
 * one send() per chunk; every chunk carries CLOCK_MONOTONIC read just before its send(). The client on the last
 * core reads them through client.h. The error of a stamp is the stamp minus the embedded time; the part of it that
 * is the server's own way through send() is about 1 µs. Once quietly, once with a process that burns the client's
 * core at the same priority. Then a bare epoll and recvmsg loop against the same server, for the cost of a chunk
 * as a ratio in the same run. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rng.h"
#include "net/client.h"
#include "net/stamp.h"

#define STREAMS 200
#define RATE 50 /* chunks a second and stream */
#define SECONDS 5
#define CHUNKS (STREAMS * RATE * SECONDS)
#define LATE_NS (300 * NS_PER_US) /* a server that was away for longer shifts its schedule instead of bursting */

static void give_up(const char *what)
{
    perror(what);
    exit(1);
}

static void pin(int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((unsigned)core, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static pid_t start(void (*run)(int), int arg)
{
    pid_t pid = fork();
    if (pid < 0)
        give_up("fork");
    if (pid)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    run(arg);
    _exit(0);
}

/* ---- the server ---- */

struct stream {
    mono_ns next;
    int fd, left;
};

static void send_chunk(struct stream *s)
{
    static const char pad[] = "0123456789012345678901234567890123456789012345678901234567890123456789"
                              "0123456789012345678901234567890123456789012345678901234567890123456789012345678";
    char event[256], chunk[300];
    int n = snprintf(event, sizeof event, "data: {\"t\":%019lld,\"pad\":\"%s\"}\n\n", (long long)clock_now(NULL), pad);
    n = snprintf(chunk, sizeof chunk, "%x\r\n%s\r\n", (unsigned)n, event);
    if (send(s->fd, chunk, (size_t)n, MSG_NOSIGNAL) != n)
        s->left = 1;
    if (--s->left == 0 && send(s->fd, "0\r\n\r\n", 5, MSG_NOSIGNAL) != 5)
        s->left = 0;
}

static void greet(struct stream *s, int listener, int i, mono_ns base)
{
    static const char head[] =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    char request[2048];
    int on = 1;
    s->fd = accept(listener, NULL, NULL);
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (s->fd < 0 || recv(s->fd, request, sizeof request, 0) <= 0 ||
        send(s->fd, head, sizeof head - 1, MSG_NOSIGNAL) < 0)
        _exit(1);
    s->left = RATE * SECONDS;
    s->next = base + i * (NS_PER_S / RATE / STREAMS);
}

/* The clock reading and the send() it announces must not be torn apart by other processes: first in line when the host
 * allows it. The client gets no such favour. */
static void go_first(void)
{
    struct sched_param first = {.sched_priority = 1};
    if (sched_setscheduler(0, SCHED_FIFO, &first) && setpriority(PRIO_PROCESS, 0, -20))
        printf("the server runs at normal priority: its own delays count as errors\n");
}

/* Serves one round of streams after another. */
static void serve(int listener)
{
    static struct stream s[STREAMS];
    pin(0);
    go_first();
    for (;;) {
        for (int i = 0; i < STREAMS; i++)
            greet(&s[i], listener, i, 0);
        mono_ns base = clock_now(NULL) + 100 * NS_PER_MS;
        for (int i = 0; i < STREAMS; i++)
            s[i].next += base;
        for (int open = STREAMS; open;)
            for (int i = 0; i < STREAMS; i++) {
                mono_ns now = clock_now(NULL), late = now - s[i].next;
                if (!s[i].left || late < 0)
                    continue;
                for (int k = 0; late > LATE_NS && k < STREAMS; k++)
                    s[k].next += late;
                s[i].next += NS_PER_S / RATE;
                send_chunk(&s[i]);
                if (!s[i].left) {
                    close(s[i].fd);
                    open--;
                }
            }
    }
}

static void burn(int core)
{
    pin(core);
    for (volatile unsigned n = 0;; n++)
        ;
}

/* ---- the client ---- */

struct figures {
    struct loop *loop;
    int64_t stamp[CHUNKS], app[CHUNKS], exact[CHUNKS]; /* exact: kernel stamps of chunks that were not merged */
    uint64_t read[CHUNKS];
    size_t n, merged, unstamped, failed;
    int running;
};

static void on_event(void *user, struct span data, struct span name, uint32_t wire, bool comment,
                     const struct arrival *a)
{
    struct figures *f = user;
    (void)name, (void)wire, (void)comment;
    if (data.len < 24 || f->n == CHUNKS)
        return;
    mono_ns sent = strtoll(data.at + 5, NULL, 10); /* behind {"t": */
    f->stamp[f->n] = a->t_ns - sent;
    f->app[f->n] = a->app_ns - sent;
    f->read[f->n++] = a->read;
    f->unstamped += a->unstamped;
}

static void on_end(void *user, const struct call_end *end)
{
    struct figures *f = user;
    f->failed += end->result != NET_DONE;
    if (--f->running == 0)
        loop_stop(f->loop);
}

static double cpu_s(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + 1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void print_row(const char *what, int64_t *v, size_t n)
{
    qsort(v, n, sizeof *v, by_size);
    printf("  %-13s %9.1f %9.1f %9.1f %9.1f %9.1f\n", what, (double)v[0] / 1e3, (double)v[n / 2] / 1e3,
           (double)v[n - n / 100 - 1] / 1e3, (double)v[n - n / 1000 - 1] / 1e3, (double)v[n - 1] / 1e3);
}

/* All but the last chunk of a read are merged: their stamp is an upper bound, and they are known. */
static size_t keep_exact(struct figures *f)
{
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++) {
        if (i + 1 < f->n && f->read[i] == f->read[i + 1])
            f->merged++;
        else
            f->exact[n++] = f->stamp[i];
    }
    return n;
}

/* Returns CPU-µs per chunk, and the p99 of exact kernel stamps in *p99_us. */
static double measure(const struct endpoint *ep, bool with_hog, int core, double *p99_us)
{
    static struct figures f;
    static const struct call_ops ops = {.event = on_event, .end = on_end};
    struct call_spec spec = {.method = "POST",
                             .path = "/",
                             .body = "{}",
                             .body_len = 2,
                             .framing = CALL_SSE,
                             .limits = {.total_ns = 60 * NS_PER_S}};
    struct client *c;
    struct err e = ERR_INIT;
    f = (struct figures){.running = STREAMS};
    if (loop_new(&f.loop, &e) || !loop_warm_stamps(f.loop) || client_new(&c, f.loop, ep, NULL, &e)) {
        fprintf(stderr, "bench_stamps: %s\n", e.code ? e.text : "this host gives no receive stamps");
        exit(1);
    }
    pid_t hog = with_hog ? start(burn, core) : 0;
    for (int i = 0; i < STREAMS; i++)
        if (!call_start(c, &spec, &ops, &f, &e))
            give_up(e.text);
    double cpu = cpu_s();
    loop_run(f.loop);
    cpu = cpu_s() - cpu;
    if (hog) {
        kill(hog, SIGKILL);
        waitpid(hog, NULL, 0);
    }
    size_t exact = keep_exact(&f);
    printf("%s: %zu chunks, %zu merged, %zu unstamped, %zu calls failed, %llu clock steps\n",
           with_hog ? "with a hog on its core" : "quiet", f.n, f.merged, f.unstamped, f.failed,
           (unsigned long long)loop_stats(f.loop)->clock_steps);
    printf("  error in µs         min       p50       p99     p99.9       max\n");
    print_row("kernel, exact", f.exact, exact);
    print_row("kernel, all", f.stamp, f.n);
    print_row("app clock", f.app, f.n);
    *p99_us = (double)f.exact[exact - exact / 100 - 1] / 1e3;
    client_free(c);
    loop_free(f.loop);
    return cpu / (double)f.n * 1e6;
}

/* ---- the bare loop ---- */

static double bare(const struct sockaddr_in *a)
{
    static char buffer[65536];
    struct epoll_event ev = {.events = EPOLLIN}, got[512];
    int ep = epoll_create1(0), open = STREAMS, n;
    size_t chunks = 0;
    for (int i = 0; i < STREAMS; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fd, (const struct sockaddr *)a, sizeof *a) || stamp_enable_rx(fd) ||
            send(fd, "GET\r\n\r\n", 7, 0) != 7)
            give_up("bare loop");
        ev.data.fd = fd;
        epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
    }
    double cpu = cpu_s();
    while (open && (n = epoll_wait(ep, got, 512, 10000)) > 0)
        for (int i = 0; i < n; i++) {
            int64_t realtime;
            ssize_t r = stamp_recv(got[i].data.fd, buffer, sizeof buffer, &realtime);
            chunks += r > 100;
            if (r == 0) {
                close(got[i].data.fd);
                open--;
            }
        }
    cpu = cpu_s() - cpu;
    close(ep);
    return cpu / (double)chunks * 1e6;
}

int main(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int cores = (int)sysconf(_SC_NPROCESSORS_ONLN), listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&a, len) || listen(listener, STREAMS) ||
        getsockname(listener, (struct sockaddr *)&a, &len))
        give_up("listen");
    if (cores < 2)
        printf("one core only: server and client share it, the figures say nothing about the client\n");
    pid_t server = start(serve, listener);
    close(listener);
    pin(cores - 1);
    struct endpoint ep;
    struct err e = ERR_INIT;
    char url[64];
    double quiet_p99, hog_p99;
    snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(a.sin_port));
    if (endpoint_parse(url, &ep, &e))
        give_up(e.text);
    printf("%d streams × %d chunks/s = %d chunks/s for %d s, core %d\n", STREAMS, RATE, STREAMS * RATE, SECONDS,
           cores - 1);
    double quiet = measure(&ep, false, cores - 1, &quiet_p99);
    measure(&ep, true, cores - 1, &hog_p99);
    double floor = bare(&a);
    printf("CPU per chunk: %.2f µs, a bare recvmsg loop %.2f µs: ratio %.2f\n", quiet, floor, quiet / floor);
    printf("kernel stamp p99 with the hog: %.1f µs (target: 20)\n", hog_p99);
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    return hog_p99 <= 20 ? 0 : 1;
}
