/* player.c: see player.h. */
#include "player.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void player_start(struct player *p, struct loop *loop, bool v6)
{
    struct sockaddr_in a4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in6 a6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr *a = v6 ? (struct sockaddr *)&a6 : (struct sockaddr *)&a4;
    socklen_t len = v6 ? sizeof a6 : sizeof a4;
    memset(p, 0, sizeof *p);
    p->loop_reads = loop ? &loop_stats(loop)->reads : NULL;
    p->listener = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    p->failed = p->listener < 0 || bind(p->listener, a, len) || listen(p->listener, 64) ||
                getsockname(p->listener, a, &len);
    int port = ntohs(v6 ? a6.sin6_port : a4.sin_port);
    snprintf(p->url, sizeof p->url, v6 ? "http://[::1]:%d" : "http://127.0.0.1:%d", port);
}

void player_script(struct player *p, int connection, const struct step *steps)
{
    p->script[connection] = steps;
}

static const struct step *script_of(const struct player *p, int i)
{
    while (i > 0 && !p->script[i])
        i--;
    return p->script[i];
}

/* One request whole at the end of `received`: its head, and as much body as Content-Length says. */
static bool request_whole(struct player *p, size_t from)
{
    const char *head = p->received.at ? p->received.at + from : "";
    const char *end = strstr(head, "\r\n\r\n");
    if (!end)
        return false;
    const char *length = strcasestr(head, "\r\nContent-Length:");
    size_t body = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
    return p->received.len - from >= (size_t)(end + 4 - head) + body;
}

static void close_connection(struct player_connection *c, bool reset)
{
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    if (reset)
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(c->fd);
    c->fd = -1;
}

/* True when the step is done. */
static bool read_request(struct player *p, struct player_connection *c)
{
    char buffer[65536];
    ssize_t n = recv(c->fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n <= 0) {
        c->gone = n == 0 || (errno != EAGAIN && errno != EINTR);
        return false;
    }
    if (!c->done) { /* where this request begins, plus one */
        str_addc(&p->received, '\n');
        c->done = p->received.len;
    }
    str_add(&p->received, buffer, (size_t)n);
    if (!request_whole(p, c->done))
        return false;
    p->requests++;
    return true;
}

static bool send_some(struct player *p, struct player_connection *c, size_t at_once)
{
    const struct step *s = c->step;
    if (c->waiting) {
        if (p->loop_reads && *p->loop_reads == c->reads)
            return false;
        c->waiting = false;
        return c->done == s->n;
    }
    size_t left = s->n - c->done;
    c->reads = p->loop_reads ? *p->loop_reads : 0;
    ssize_t n = send(c->fd, s->at + c->done, left < at_once ? left : at_once, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0) {
        c->gone = errno != EAGAIN;
        return false;
    }
    c->done += (size_t)n;
    c->waiting = s->op != OP_PUSH;
    return s->op == OP_PUSH && c->done == s->n;
}

static bool client_gone(struct player_connection *c)
{
    char byte;
    ssize_t n = recv(c->fd, &byte, 1, MSG_DONTWAIT);
    c->gone = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
    return c->gone;
}

static bool play_step(struct player *p, struct player_connection *c)
{
    switch (c->step->op) {
    case OP_END: return false;
    case OP_REQUEST: return read_request(p, c);
    case OP_SEND:
    case OP_PUSH: return send_some(p, c, SIZE_MAX);
    case OP_EACH: return send_some(p, c, 1);
    case OP_HOLD:
        if (!c->done) {
            c->done = 1;
            p->held++;
        }
        return p->released >= p->held;
    case OP_FIN: close_connection(c, false); return true;
    case OP_RST: close_connection(c, true); return true;
    case OP_GONE: return client_gone(c);
    }
    return false;
}

void player_poll(struct player *p)
{
    int fd;
    while (p->accepted < PLAYER_CONNECTIONS && (fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        p->connection[p->accepted] = (struct player_connection){.fd = fd, .step = script_of(p, p->accepted)};
        p->accepted++;
    }
    for (int i = 0; i < p->accepted; i++) {
        struct player_connection *c = &p->connection[i];
        while (c->fd >= 0 && !c->gone && c->step && play_step(p, c)) {
            c->step++;
            c->done = 0;
        }
    }
}

static void *play(void *user)
{
    struct player *p = user;
    while (!__atomic_load_n(&p->stop, __ATOMIC_ACQUIRE)) {
        struct pollfd f[PLAYER_CONNECTIONS + 1] = {{.fd = p->listener, .events = POLLIN}};
        for (int i = 0; i < p->accepted; i++)
            f[i + 1] = (struct pollfd){.fd = p->connection[i].gone ? -1 : p->connection[i].fd, .events = POLLIN};
        poll(f, (nfds_t)p->accepted + 1, 2); /* the timeout is only for `stop` and unfinished sends */
        player_poll(p);
    }
    return NULL;
}

void player_thread(struct player *p)
{
    pthread_t t;
    p->failed = p->failed || pthread_create(&t, NULL, play, p);
    p->thread = p->failed ? 0 : (unsigned long)t;
}

void player_stop(struct player *p)
{
    __atomic_store_n(&p->stop, true, __ATOMIC_RELEASE);
    if (p->thread)
        pthread_join((pthread_t)p->thread, NULL);
    for (int i = 0; i < p->accepted; i++)
        if (p->connection[i].fd >= 0)
            close(p->connection[i].fd);
    close(p->listener);
    str_release(&p->received);
}
