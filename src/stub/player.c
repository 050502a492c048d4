/* player.c: see player.h. Each connection is a program counter over its steps; one poll loop moves them all. */
#include "stub/player.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOK_NS (5 * NS_PER_MS) /* how often `stop` is looked at */

struct playing {
    int fd; /* -1: closed */
    const struct case_step *first, *end, *at;
    struct str in;    /* received and not yet read as a request; owned */
    int64_t times;    /* SEND: done so often */
    size_t sent;      /* SEND: bytes of this time */
    mono_ns wake;     /* MONO_NONE: not waiting for a time */
    bool blocked;     /* the socket takes no more */
    bool spoke, gone; /* a byte came; the client closed */
};

struct player {
    const struct stub_case *script; /* borrowed */
    int listener, port, accepted;
    struct playing playing[PLAYER_CONNECTIONS];
    struct player_log log;
    pthread_t thread;
    bool running;
    volatile int stop;
};

/* ---- requests ---- */

/* Value of a field of the head in [head, end), or NULL. */
static const char *field(const char *head, const char *end, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = head; (p = memchr(p, '\n', (size_t)(end - p))) != NULL;) {
        p++;
        if ((size_t)(end - p) > n && !strncasecmp(p, name, n) && p[n] == ':')
            return p + n + 1;
    }
    return NULL;
}

/* Length of a chunked body that begins at p; 0: not yet whole. */
static size_t chunked_length(const char *p, size_t n)
{
    size_t at = 0;
    for (;;) {
        const char *lf = memchr(p + at, '\n', n - at);
        if (!lf)
            return 0;
        size_t size = strtoul(p + at, NULL, 16); /* the buffer ends with a NUL */
        at = (size_t)(lf + 1 - p);
        if (size > PLAYER_MAX_REQUEST_BYTES || n - at < size + 2)
            return 0;
        at += size + 2;
        if (!size)
            return at;
    }
}

/* Length of the whole request at the beginning of `in`, 0 while it is not there. */
static size_t request_length(const struct str *in)
{
    const char *end = in->len ? memmem(in->at, in->len, "\r\n\r\n", 4) : NULL;
    if (!end)
        return 0;
    end += 4;
    size_t head = (size_t)(end - in->at);
    const char *coding = field(in->at, end, "Transfer-Encoding"), *length = field(in->at, end, "Content-Length");
    if (coding) {
        size_t body = chunked_length(end, in->len - head);
        return body ? head + body : 0;
    }
    size_t body = length ? strtoul(length, NULL, 10) : 0;
    return in->len - head >= body ? head + body : 0;
}

static bool take_request(struct player *p, struct playing *c)
{
    size_t n = request_length(&c->in);
    if (!n)
        return false;
    str_add(&p->log.received, c->in.at, n);
    p->log.requests++;
    memmove(c->in.at, c->in.at + n, c->in.len - n + 1); /* with the NUL */
    c->in.len -= n;
    return true;
}

/* ---- steps ---- */

static void close_it(struct playing *c, bool reset)
{
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    if (reset)
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(c->fd);
    c->fd = -1;
}

/* True when the time came or none was waited for. */
static bool awake(struct playing *c)
{
    if (c->wake != MONO_NONE && clock_now(NULL) < c->wake)
        return false;
    c->wake = MONO_NONE;
    return true;
}

/* True when all is sent. */
static bool send_on(struct playing *c)
{
    const struct case_step *s = c->at;
    while (c->times < s->times) {
        if (!awake(c))
            return false;
        size_t left = s->bytes.len - c->sent, n = s->piece && s->piece < left ? s->piece : left;
        ssize_t took = send(c->fd, s->bytes.at + c->sent, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (took < 0) {
            c->blocked = errno == EAGAIN;
            c->gone |= errno != EAGAIN && errno != EINTR;
            if (c->gone)
                close_it(c, false);
            return false;
        }
        c->blocked = false;
        c->sent += (size_t)took;
        bool whole = c->sent == s->bytes.len;
        if (whole) {
            c->sent = 0;
            c->times++;
        }
        if (s->pause_ns > 0 && (size_t)took == n && c->times < s->times)
            c->wake = clock_now(NULL) + s->pause_ns;
    }
    return true;
}

static bool wait_on(struct playing *c)
{
    if (!c->times) { /* not begun */
        c->times = 1;
        c->wake = clock_now(NULL) + c->at->pause_ns;
    }
    return awake(c);
}

static bool play_step(struct player *p, struct playing *c)
{
    switch (c->at->op) {
    case CASE_REQUEST:
        if (take_request(p, c))
            return true;
        if (c->gone)
            close_it(c, false);
        return false;
    case CASE_SEND: return send_on(c);
    case CASE_WAIT: return wait_on(c);
    case CASE_MARK:
        if (p->log.mark[c->at->mark] == MONO_NONE)
            p->log.mark[c->at->mark] = clock_now(NULL);
        return true;
    case CASE_CLOSE: close_it(c, false); return false;
    case CASE_HALF_CLOSE: shutdown(c->fd, SHUT_WR); return true;
    case CASE_RESET: close_it(c, true); return false;
    case CASE_STALL:
        if (c->gone)
            close_it(c, false);
        return false;
    }
    return false;
}

/* The script is over and the connection open: again from its first request; without one it only waits. */
static bool begin_again(struct playing *c)
{
    for (c->at = c->first; c->at < c->end; c->at++)
        if (c->at->op == CASE_REQUEST)
            return true;
    if (c->gone)
        close_it(c, false);
    return false;
}

static void play(struct player *p, struct playing *c)
{
    while (c->fd >= 0) {
        if (c->at == c->end && !begin_again(c))
            return;
        if (!play_step(p, c))
            return;
        c->at++;
        c->times = 0;
        c->sent = 0;
        c->wake = MONO_NONE;
    }
}

/* ---- the loop ---- */

static void take_bytes(struct player *p, struct playing *c)
{
    char buffer[65536];
    ssize_t n = recv(c->fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n > 0) {
        p->log.connections += !c->spoke;
        c->spoke = true;
        str_add(&c->in, buffer, (size_t)n);
        c->gone = c->in.len > PLAYER_MAX_REQUEST_BYTES; /* not a request */
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        c->gone = true;
    }
}

static void take_connections(struct player *p)
{
    int fd, on = 1;
    for (int i = 0; i < PLAYER_CONNECTIONS; i++) {
        struct playing *c = &p->playing[i];
        if (c->fd >= 0)
            continue;
        if ((fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC)) < 0)
            return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        int k = p->accepted < p->script->n_connections ? p->accepted : p->script->n_connections - 1;
        p->accepted += p->accepted < CASE_MAX_CONNECTIONS;
        const struct case_connection *range = &p->script->connection[k];
        const struct case_step *first = p->script->steps + range->first;
        str_release(&c->in);
        *c = (struct playing){.fd = fd, .first = first, .end = first + range->n, .at = first, .wake = MONO_NONE};
    }
}

/* What to wait for; returns the number of entries: the listener and as many as there are connections. */
static nfds_t watch(const struct player *p, struct pollfd f[PLAYER_CONNECTIONS + 1], mono_ns *until)
{
    f[0] = (struct pollfd){.fd = p->script->listens ? p->listener : -1, .events = POLLIN};
    for (int i = 0; i < PLAYER_CONNECTIONS; i++) {
        const struct playing *c = &p->playing[i];
        short in = c->gone ? 0 : POLLIN, out = c->blocked ? POLLOUT : 0;
        f[i + 1] = (struct pollfd){.fd = in || out ? c->fd : -1, .events = (short)(in | out)};
        if (c->fd >= 0 && c->wake != MONO_NONE && c->wake < *until)
            *until = c->wake;
    }
    return PLAYER_CONNECTIONS + 1;
}

void player_run(struct player *p, const volatile int *stop)
{
    struct pollfd f[PLAYER_CONNECTIONS + 1];
    while (!__atomic_load_n(stop, __ATOMIC_ACQUIRE)) {
        mono_ns now = clock_now(NULL), until = now + LOOK_NS;
        nfds_t n = watch(p, f, &until);
        mono_ns left = until > now ? until - now : 0;
        struct timespec t = {left / NS_PER_S, left % NS_PER_S};
        if (ppoll(f, n, &t, NULL) < 0 && errno != EINTR)
            return;
        if (f[0].revents)
            take_connections(p);
        for (int i = 0; i < PLAYER_CONNECTIONS; i++) {
            struct playing *c = &p->playing[i];
            if (c->fd >= 0 && !c->gone)
                take_bytes(p, c);
            play(p, c);
        }
    }
}

/* ---- life ---- */

int player_new(struct player **out, const struct stub_case *c, int port, struct err *e)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int on = 1;
    struct player *p = xcalloc(1, sizeof *p);
    p->script = c;
    for (int i = 0; i < PLAYER_CONNECTIONS; i++)
        p->playing[i].fd = -1;
    for (int i = 0; i < CASE_MAX_MARKS; i++)
        p->log.mark[i] = MONO_NONE;
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool ok = p->listener >= 0 && !setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) &&
              !bind(p->listener, (struct sockaddr *)&a, len) && (!c->listens || !listen(p->listener, 64)) &&
              !getsockname(p->listener, (struct sockaddr *)&a, &len);
    p->port = ntohs(a.sin_port);
    if (!ok) {
        int rc = err_sys(e, ERR_IO, errno, "cannot listen on 127.0.0.1 port %d", port);
        player_free(p);
        return rc;
    }
    *out = p;
    return 0;
}

int player_port(const struct player *p)
{
    return p->port;
}

static void *run_thread(void *user)
{
    struct player *p = user;
    player_run(p, &p->stop);
    return NULL;
}

int player_start(struct player *p, struct err *e)
{
    p->stop = 0;
    int failure = pthread_create(&p->thread, NULL, run_thread, p);
    p->running = !failure;
    return failure ? err_sys(e, ERR_IO, failure, "cannot start a thread") : 0;
}

const struct player_log *player_stop(struct player *p)
{
    __atomic_store_n(&p->stop, 1, __ATOMIC_RELEASE);
    if (p->running)
        pthread_join(p->thread, NULL);
    p->running = false;
    return &p->log;
}

void player_free(struct player *p)
{
    if (!p)
        return;
    player_stop(p);
    for (int i = 0; i < PLAYER_CONNECTIONS; i++) {
        if (p->playing[i].fd >= 0)
            close(p->playing[i].fd);
        str_release(&p->playing[i].in);
    }
    if (p->listener >= 0)
        close(p->listener);
    str_release(&p->log.received);
    free(p);
}
