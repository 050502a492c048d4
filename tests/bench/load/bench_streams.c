/* bench_streams: what a stream costs that is open and waits for its answer, and whether ten thousand of them keep their stamps.
 *
 * A server process takes N requests and answers none until all are there; then it sends every stream CHUNKS events, one a
 * round, and the end. The client is the driver with one closed loop of N. Its memory is read while all wait, and divided by
 * N; a bare epoll loop that holds as many streams stands beside it. Usage: bench_streams [streams] [prompt bytes].
 * Ends with 1 when a stream costs more than 8 KiB, a chunk was dropped or a stamp is missing. */
#include <arpa/inet.h>
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

#include "load/driver.h"

enum { MAX_STREAMS = 100000, CHUNKS = 20, LIMIT_BYTES = 8192, BATCH = 512 };

static void give_up(const char *what)
{
    perror(what);
    exit(3);
}

static int64_t rss_bytes(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%*d %ld", &pages) != 1)
        give_up("statm");
    fclose(f);
    return pages * sysconf(_SC_PAGESIZE);
}

/* ---- the server ---- */

static void say(int fd, const char *text)
{
    if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0)
        _exit(1);
}

/* A request of the driver ends with its body's last brace; it comes in one piece or two. */
static void hold(int listener, int *fds, int n)
{
    static char request[1 << 20];
    for (int i = 0; i < n; i++)
        if ((fds[i] = accept(listener, NULL, NULL)) < 0)
            give_up("accept");
    for (int i = 0; i < n; i++)
        for (ssize_t got = 1, end = 0; !end; end = got > 2 && request[got - 1] == '}')
            if ((got = recv(fds[i], request, sizeof request, 0)) <= 0)
                _exit(1);
}

/* Tells `held` when all requests are there, answers when `go` says so. */
static void serve(int listener, int n, int held, int go)
{
    static int fds[MAX_STREAMS];
    char byte = 0;
    hold(listener, fds, n);
    if (write(held, &byte, 1) != 1 || read(go, &byte, 1) != 1)
        _exit(1);
    for (int i = 0; i < n; i++)
        say(fds[i], "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n");
    for (int k = 0; k < CHUNKS; k++)
        for (int i = 0; i < n; i++)
            say(fds[i], "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word \"}}]}\n\n");
    for (int i = 0; i < n; i++) {
        say(fds[i], "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n");
        close(fds[i]);
    }
    _exit(0);
}

struct server {
    struct sockaddr_in at;
    pid_t pid;
    int held, go; /* to read from, to write to */
};

static void start_server(struct server *s, int streams)
{
    int held[2], go[2], listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof s->at;
    s->at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&s->at, len) || listen(listener, 4096) ||
        getsockname(listener, (struct sockaddr *)&s->at, &len) || pipe(held) || pipe(go))
        give_up("listen");
    fflush(stdout);
    s->pid = fork();
    if (s->pid < 0)
        give_up("fork");
    if (!s->pid) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(listener, streams, held[1], go[0]);
    }
    close(listener);
    close(held[1]);
    close(go[0]);
    s->held = held[0];
    s->go = go[1];
}

static void end_server(struct server *s)
{
    close(s->held);
    close(s->go);
    waitpid(s->pid, NULL, 0);
}

/* ---- the bare loop ---- */

static int64_t bare(int streams, const char *body)
{
    struct stream {
        int fd;
        size_t got;
    } *all = xcalloc((size_t)streams, sizeof *all);
    struct epoll_event ev = {.events = EPOLLIN}, batch[BATCH];
    struct server s;
    char byte, buffer[65536];
    int64_t before = rss_bytes(), cost;
    int ep = epoll_create1(EPOLL_CLOEXEC), open = streams;
    start_server(&s, streams);
    for (int i = 0; i < streams; i++) {
        all[i].fd = socket(AF_INET, SOCK_STREAM, 0);
        ev.data.ptr = &all[i];
        if (all[i].fd < 0 || connect(all[i].fd, (struct sockaddr *)&s.at, sizeof s.at) ||
            epoll_ctl(ep, EPOLL_CTL_ADD, all[i].fd, &ev))
            give_up("bare loop");
        say(all[i].fd, body);
    }
    if (read(s.held, &byte, 1) != 1)
        give_up("held");
    cost = (rss_bytes() - before) / streams;
    if (write(s.go, &byte, 1) != 1)
        give_up("go");
    for (int n; open && (n = epoll_wait(ep, batch, BATCH, 10000)) > 0;)
        for (int i = 0; i < n; i++) {
            struct stream *one = batch[i].data.ptr;
            ssize_t got = recv(one->fd, buffer, sizeof buffer, 0);
            one->got += got > 0 ? (size_t)got : 0;
            if (got <= 0 && close(one->fd) == 0)
                open--;
        }
    end_server(&s);
    close(ep);
    free(all);
    return cost;
}

/* ---- the driver ---- */

struct bench {
    int streams, asked;
    const char *prompt;
    struct server server;
    int64_t held_bytes;
};

static enum session_next next(void *user, const struct request *last, struct ask *ask, const char **stage, mono_ns *at,
                              const char **why)
{
    struct bench *b = user;
    (void)last, (void)why;
    if (b->asked++ >= b->streams)
        return SESSION_FINISHED;
    *ask = (struct ask){.route = ROUTE_COMPLETION, .prompt = b->prompt, .stream = true};
    *stage = "load";
    *at = MONO_NONE;
    return SESSION_ASK;
}

/* The requests are with the server when its byte is there; the answers wait for ours. */
static void on_tick(void *user, const struct driver_moment *m)
{
    struct bench *b = user;
    char byte = 0;
    if (b->held_bytes || m->in_flight < b->streams)
        return;
    if (read(b->server.held, &byte, 1) != 1)
        give_up("held");
    b->held_bytes = rss_bytes();
    if (write(b->server.go, &byte, 1) != 1)
        give_up("go");
}

static bool judge(const struct bench *b, const struct run *r, int64_t before)
{
    struct run_counts c = run_count(r);
    int64_t cost = (b->held_bytes - before) / b->streams, late = 0;
    for (size_t i = 0; i < r->n_requests; i++)
        for (size_t k = 1; k < r->requests[i].chunks.n; k++)
            late += (r->requests[i].chunks.at[k].flags & CHUNK_UNSTAMPED) != 0;
    printf(
        "driver: %lld bytes a stream; %lld of %d completed, %lld chunks, %lld merged, %lld unstamped (%lld behind the "
        "first chunk), %lld dropped; loop busy %.2f, peak %lld MiB\n",
        (long long)cost, (long long)c.completed, b->streams, (long long)r->health.chunks, (long long)r->health.merged,
        (long long)r->health.unstamped, (long long)late, (long long)r->health.dropped_chunks, r->health.loop_busy,
        (long long)(r->health.client_rss_bytes >> 20));
    return cost <= LIMIT_BYTES && c.completed == b->streams && !late && !r->health.dropped_chunks &&
           r->health.chunks == (int64_t)b->streams * (CHUNKS + 2);
}

static bool drive(struct bench *b)
{
    static const struct session_ops ops = {.next = next};
    struct endpoint endpoint;
    struct client_options none = {0};
    struct driver *d;
    struct run run = {0};
    struct err e = ERR_INIT;
    char url[64];
    start_server(&b->server, b->streams);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(b->server.at.sin_port));
    endpoint_parse(url, &endpoint, &e);
    const struct driver_server server = {.name = "s",
                                         .model = "m",
                                         .backend = backend_find("openai"),
                                         .endpoint = &endpoint,
                                         .client = &none,
                                         .num_ctx = -1};
    const struct driver_session session = {.agent = "load", .ops = &ops, .user = b, .width = (size_t)b->streams};
    const struct driver_spec spec = {.servers = &server,
                                     .n_servers = 1,
                                     .sessions = &session,
                                     .n_sessions = 1,
                                     .limits = {.total_ns = 120 * NS_PER_S},
                                     .on_tick = on_tick,
                                     .user = b};
    int64_t before = rss_bytes();
    if (driver_new(&d, &spec, &e) || driver_run(d, &run, &e)) {
        fprintf(stderr, "bench_streams: %s\n", e.text);
        exit(3);
    }
    end_server(&b->server);
    bool good = judge(b, &run, before);
    driver_run_release(&run);
    driver_free(d);
    return good;
}

static void raise_descriptors(int streams)
{
    struct rlimit r;
    getrlimit(RLIMIT_NOFILE, &r);
    r.rlim_cur = r.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &r) || r.rlim_max < (rlim_t)streams + 32) {
        fprintf(stderr, "bench_streams: %d streams need more than the %llu descriptors allowed\n", streams,
                (unsigned long long)r.rlim_max);
        exit(3);
    }
}

int main(int argc, char **argv)
{
    int streams = argc > 1 ? atoi(argv[1]) : 10000, prompt = argc > 2 ? atoi(argv[2]) : 700;
    if (streams < 1 || streams > MAX_STREAMS || prompt < 1 || prompt > 100000) {
        fprintf(stderr, "usage: bench_streams [streams] [prompt bytes]\n");
        return 2;
    }
    raise_descriptors(streams);
    char *text = xmalloc((size_t)prompt + 1);
    memset(text, 'a', (size_t)prompt);
    memcpy(text + prompt - 1, "}", 2); /* what the server of this bench takes for the end */
    printf("%d streams that wait, prompts of %d bytes\n", streams, prompt);
    printf("bare epoll loop: %lld bytes a stream\n", (long long)bare(streams, text));
    struct bench b = {.streams = streams, .prompt = text};
    bool good = drive(&b);
    free(text);
    return good ? 0 : 1;
}
