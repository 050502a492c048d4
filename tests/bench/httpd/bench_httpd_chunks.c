/* How many chunks per second one httpd thread sends: N streams over loopback, one chunk to each in every turn, read and
 * thrown away by another thread. Usage: bench_httpd_chunks [streams] [seconds] [bytes]. Prints chunks per second of wall
 * time and of the server thread's CPU time, and the empty-handed request rate on one connection. */
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

#include "httpd/httpd.h"

enum { MAX_STREAMS = 1024 };

struct bench {
    struct httpd *h;
    struct exchange *streams[MAX_STREAMS];
    int want, n;
    size_t bytes;
    char payload[4096];
    mono_ns until;
    uint64_t chunks;
    double cpu_s;
    atomic_ullong received;
    atomic_bool done;
    int fds[MAX_STREAMS];
};

static void on_hello(void *user, struct exchange *x, const struct http_request *r)
{
    (void)user;
    (void)r;
    exchange_replyz(x, 200, "text/plain", "ok");
}

static void on_stream(void *user, struct exchange *x, const struct http_request *r)
{
    struct bench *b = user;
    (void)r;
    exchange_stream(x, 200, "text/event-stream");
    b->streams[b->n++] = x;
}

static mono_ns on_turn(void *user, mono_ns now)
{
    struct bench *b = user;
    if (b->n < b->want)
        return MONO_NONE;
    if (!b->until)
        return MONO_NONE;
    if (now > b->until) {
        httpd_stop(b->h);
        return MONO_NONE;
    }
    for (int i = 0; i < b->n; i++)
        if (exchange_queued(b->streams[i]) == 0 && exchange_sse(b->streams[i], b->payload, b->bytes) == 0)
            b->chunks++;
    return now;
}

static double thread_cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *run(void *user)
{
    struct bench *b = user;
    struct err e = ERR_INIT;
    httpd_run(b->h, &e);
    b->cpu_s = thread_cpu();
    return NULL;
}

static int dial(int port)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) != 0) {
        perror("connect");
        exit(3);
    }
    return fd;
}

static void *drain(void *user)
{
    struct bench *b = user;
    char block[65536];
    int ep = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event ev[64];
    for (int i = 0; i < b->want; i++) {
        struct epoll_event add = {.events = EPOLLIN, .data.fd = b->fds[i]};
        epoll_ctl(ep, EPOLL_CTL_ADD, b->fds[i], &add);
    }
    while (!atomic_load(&b->done)) {
        int n = epoll_wait(ep, ev, 64, 100);
        for (int i = 0; i < n; i++) {
            ssize_t got = recv(ev[i].data.fd, block, sizeof block, MSG_DONTWAIT);
            if (got > 0)
                atomic_fetch_add(&b->received, (unsigned long long)got);
            if (got == 0)
                epoll_ctl(ep, EPOLL_CTL_DEL, ev[i].data.fd, NULL);
        }
    }
    close(ep);
    return NULL;
}

static void request_rate(int port)
{
    static const char request[] = "GET /hello HTTP/1.1\r\nHost: bench\r\n\r\n";
    char block[4096];
    int fd = dial(port), n = 0;
    mono_ns start = clock_now(NULL);
    while (clock_now(NULL) - start < NS_PER_S) {
        if (send(fd, request, sizeof request - 1, 0) < 0 || recv(fd, block, sizeof block, 0) <= 0)
            break;
        n++;
    }
    printf("request and answer, one connection: %.0f per second\n", (double)n);
    close(fd);
}

int main(int argc, char **argv)
{
    static struct bench b;
    static const struct httpd_route routes[] = {{"GET", "/hello", on_hello}, {"GET", "/stream", on_stream}};
    struct err e = ERR_INIT;
    double seconds = argc > 2 ? atof(argv[2]) : 3;
    b.want = argc > 1 ? atoi(argv[1]) : 64;
    b.bytes = argc > 3 ? (size_t)atoi(argv[3]) : 200;
    if (b.want < 1 || b.want > MAX_STREAMS || b.bytes > sizeof b.payload) {
        fprintf(stderr, "usage: bench_httpd_chunks [1 … %d streams] [seconds] [bytes]\n", MAX_STREAMS);
        return 2;
    }
    memset(b.payload, 'p', sizeof b.payload);
    struct httpd_options o = {.routes = routes, .n_routes = 2, .user = &b, .on_turn = on_turn};
    if (httpd_open(&b.h, &o, &e) != 0) {
        fprintf(stderr, "%s\n", e.text);
        return 3;
    }
    pthread_t server, client;
    pthread_create(&server, NULL, run, &b);
    request_rate(httpd_port(b.h));
    static const char request[] = "GET /stream HTTP/1.1\r\n\r\n";
    char head[1024];
    for (int i = 0; i < b.want; i++) {
        b.fds[i] = dial(httpd_port(b.h));
        if (send(b.fds[i], request, sizeof request - 1, 0) < 0 || recv(b.fds[i], head, sizeof head, 0) <= 0)
            return 3;
    }
    pthread_create(&client, NULL, drain, &b);
    mono_ns start = clock_now(NULL);
    b.until = start + (mono_ns)(seconds * 1e9);
    httpd_wake(b.h);
    pthread_join(server, NULL);
    double wall = (double)(clock_now(NULL) - start) / 1e9;
    atomic_store(&b.done, true);
    pthread_join(client, NULL);
    printf("%d streams, %zu-byte chunks: %.0f chunks per second, %.0f per CPU-second of the server, %.1f MB/s read\n",
           b.want, b.bytes, (double)b.chunks / wall, (double)b.chunks / b.cpu_s,
           (double)atomic_load(&b.received) / wall / 1e6);
    httpd_free(b.h);
    for (int i = 0; i < b.want; i++)
        close(b.fds[i]);
    return 0;
}
