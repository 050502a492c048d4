/* How many chunks per second the stub sends on one core, beside a bare loop that writes the same bytes: N streams over
 * loopback without any gap, read and thrown away by another thread, once without and once with a log. Usage:
 * bench_stub [streams] [seconds]. Rates are per CPU-second of the sending thread, so that a busy host does not count.
 * Ends with 1 below 100000 chunks per CPU-second. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "stub/stub.h"

enum { MAX_STREAMS = 512, TARGET = 100000 };

struct bench {
    int streams, fds[MAX_STREAMS];
    double seconds, cpu_s;
    struct stub *stub;
    atomic_bool done;
    atomic_ullong received;
};

static double thread_cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void give_up(const char *what)
{
    perror(what);
    exit(3);
}

static int dial(int port)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at))
        give_up("connect");
    return fd;
}

static void *drain(void *user)
{
    struct bench *b = user;
    static char block[262144];
    struct epoll_event ev[64];
    int ep = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < b->streams; i++) {
        struct epoll_event add = {.events = EPOLLIN, .data.fd = b->fds[i]};
        epoll_ctl(ep, EPOLL_CTL_ADD, b->fds[i], &add);
    }
    while (!atomic_load(&b->done)) {
        int n = epoll_wait(ep, ev, 64, 100);
        for (int i = 0; i < n; i++) {
            ssize_t got = recv(ev[i].data.fd, block, sizeof block, MSG_DONTWAIT);
            if (got > 0)
                atomic_fetch_add(&b->received, (unsigned long long)got);
        }
    }
    close(ep);
    return NULL;
}

static void *serve(void *user)
{
    struct bench *b = user;
    struct err e = ERR_INIT;
    if (stub_run(b->stub, &e))
        fprintf(stderr, "%s\n", e.text);
    b->cpu_s = thread_cpu();
    return NULL;
}

static void nap(double seconds)
{
    struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&t, NULL);
}

/* Chunks per CPU-second of the stub; *bytes: of a chunk. */
static double measure(struct bench *b, const char *log, double *bytes)
{
    static const char body[] = "{\"messages\":[{\"content\":\"a\"}],\"stream\":true,\"stub_fault\":\"endless\"}";
    /* Four times the target, so that the stub has always more to send than it can. */
    struct stub_options o = {.log = log, .gap = {.ns = 1e9 / (4.0 * TARGET) * b->streams}};
    struct err e = ERR_INIT;
    pthread_t server, client;
    char request[256];
    if (stub_open(&b->stub, &o, &e)) {
        fprintf(stderr, "%s\n", e.text);
        exit(3);
    }
    int n = snprintf(request, sizeof request, "POST /v1/chat/completions HTTP/1.1\r\nContent-Length: %zu\r\n\r\n%s",
                     sizeof body - 1, body);
    atomic_store(&b->done, false);
    atomic_store(&b->received, 0);
    pthread_create(&server, NULL, serve, b);
    for (int i = 0; i < b->streams; i++) {
        b->fds[i] = dial(stub_port(b->stub));
        if (send(b->fds[i], request, (size_t)n, MSG_NOSIGNAL) != n)
            give_up("send");
    }
    pthread_create(&client, NULL, drain, b);
    mono_ns start = clock_now(NULL);
    nap(b->seconds);
    stub_stop(b->stub);
    pthread_join(server, NULL);
    double wall = (double)(clock_now(NULL) - start) / 1e9;
    atomic_store(&b->done, true);
    pthread_join(client, NULL);
    struct stub_counts c = stub_counts(b->stub);
    stub_free(b->stub, &e);
    for (int i = 0; i < b->streams; i++)
        close(b->fds[i]);
    *bytes = (double)atomic_load(&b->received) / (double)c.chunks;
    double rate = (double)c.chunks / b->cpu_s;
    printf("stub%s: %.0f chunks per CPU-second, %.0f per second of the wall, %.0f bytes each\n",
           log ? " with a log" : "", rate, (double)c.chunks / wall, *bytes);
    return rate;
}

/* One send() of the same size after another, to each stream in turn. */
static double bare(struct bench *b, size_t bytes)
{
    static char chunk[4096];
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), to[MAX_STREAMS];
    if (bind(listener, (struct sockaddr *)&at, len) || listen(listener, MAX_STREAMS) ||
        getsockname(listener, (struct sockaddr *)&at, &len))
        give_up("listen");
    for (int i = 0; i < b->streams; i++) {
        b->fds[i] = dial(ntohs(at.sin_port));
        to[i] = accept(listener, NULL, NULL);
    }
    pthread_t client;
    atomic_store(&b->done, false);
    pthread_create(&client, NULL, drain, b);
    uint64_t n = 0;
    double cpu = thread_cpu();
    mono_ns until = clock_now(NULL) + (mono_ns)(b->seconds * 1e9);
    while (clock_now(NULL) < until)
        for (int i = 0; i < b->streams; i++)
            n += send(to[i], chunk, bytes < sizeof chunk ? bytes : sizeof chunk, MSG_NOSIGNAL) > 0;
    cpu = thread_cpu() - cpu;
    atomic_store(&b->done, true);
    pthread_join(client, NULL);
    for (int i = 0; i < b->streams; i++) {
        close(to[i]);
        close(b->fds[i]);
    }
    close(listener);
    return (double)n / cpu;
}

int main(int argc, char **argv)
{
    static struct bench b;
    double bytes;
    b.streams = argc > 1 ? atoi(argv[1]) : 64;
    b.seconds = argc > 2 ? atof(argv[2]) : 3;
    if (b.streams < 1 || b.streams > MAX_STREAMS || !(b.seconds > 0)) {
        fprintf(stderr, "usage: bench_stub [1 … %d streams] [seconds]\n", MAX_STREAMS);
        return 2;
    }
    double rate = measure(&b, NULL, &bytes), logged = measure(&b, "/dev/null", &bytes), floor = bare(&b, (size_t)bytes);
    printf("a bare loop of send(): %.0f chunks per CPU-second; the stub takes %.2f times as long, %.2f with a log\n",
           floor, floor / rate, floor / logged);
    return rate >= TARGET ? 0 : 1;
}
