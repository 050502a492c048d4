/* conn.c: the life of a connection; the states are described in conn.h. */
#include "httpd/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { MAX_REQUESTS_PER_TURN = 64 }; /* then the others get their turn */
#define LINGER_NS (2 * NS_PER_S)

struct conn *httpd_conn_new(struct httpd *h, int fd)
{
    struct conn *c = xcalloc(1, sizeof *c);
    c->h = h;
    c->fd = fd;
    c->last_activity = clock_now(NULL);
    parse_reset(c);
    c->next = h->conns;
    if (c->next)
        c->next->prev = c;
    h->conns = c;
    h->counts.open++;
    return c;
}

void httpd_conn_free(struct conn *c)
{
    struct httpd *h = c->h;
    if (c->prev)
        c->prev->next = c->next;
    else
        h->conns = c->next;
    if (c->next)
        c->next->prev = c->prev;
    h->counts.open--;
    if (c->reset) {
        struct linger hard = {.l_onoff = 1, .l_linger = 0};
        setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    }
    close(c->fd);
    str_release(&c->x.extra);
    str_release(&c->text);
    str_release(&c->body);
    str_release(&c->rest);
    str_release(&c->out);
    free(c->pieces);
    free(c->fields);
    free(c);
}

void conn_todo(struct conn *c)
{
    if (c->queued)
        return;
    c->queued = true;
    c->next_todo = c->h->todo;
    c->h->todo = c;
}

/* The fd stays open and the memory valid until the end of the turn: later events of the same batch may name it. */
void conn_die(struct conn *c)
{
    if (c->state == CONN_DEAD)
        return;
    if (c->state == CONN_BUSY) {
        c->h->counts.gone++;
        c->h->counts.overflowed += c->overflowed;
    } else {
        c->x.gone = NULL;
    }
    c->state = CONN_DEAD;
    conn_todo(c);
}

static void close_gently(struct conn *c)
{
    c->state = CONN_LINGER;
    c->last_activity = clock_now(NULL);
    shutdown(c->fd, SHUT_WR);
    if (c->peer_closed)
        conn_die(c);
    else
        conn_todo(c); /* drain what is already there */
}

/* Sends what the queue holds; 0 also when the socket is full and the rest waits. */
int conn_flush(struct conn *c)
{
    while (c->out_at < c->out.len) {
        ssize_t n = send(c->fd, c->out.at + c->out_at, c->out.len - c->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return 0;
        if (n < 0) {
            conn_die(c);
            return ERR_NET;
        }
        c->out_at += (size_t)n;
        c->last_activity = clock_now(NULL);
    }
    str_clear(&c->out);
    c->out_at = 0;
    if (c->state == CONN_CLOSING)
        close_gently(c);
    return 0;
}

static void queue_parts(struct conn *c, const struct iovec *parts, int n_parts, size_t skip)
{
    if (c->out_at > 0 && c->out_at > c->out.len / 2) {
        memmove(c->out.at, c->out.at + c->out_at, c->out.len - c->out_at);
        c->out.len -= c->out_at;
        c->out_at = 0;
    }
    for (int i = 0; i < n_parts; i++) {
        size_t n = parts[i].iov_len, off = skip < n ? skip : n;
        skip -= off;
        if (n > off)
            str_add(&c->out, (const char *)parts[i].iov_base + off, n - off);
    }
}

int conn_write(struct conn *c, const struct iovec *parts, int n_parts)
{
    size_t sent = 0;
    if (c->state == CONN_DEAD)
        return ERR_NET;
    if (c->out.len == 0 && !c->x.corked) {
        struct msghdr m = {.msg_iov = (struct iovec *)(uintptr_t)parts, .msg_iovlen = (size_t)n_parts};
        ssize_t n;
        do {
            n = sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
        } while (n < 0 && errno == EINTR);
        if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
            conn_die(c);
            return ERR_NET;
        }
        sent = n > 0 ? (size_t)n : 0;
    }
    if (c->x.count)
        for (int i = 0; i < n_parts; i++)
            *c->x.count += parts[i].iov_len;
    queue_parts(c, parts, n_parts, sent);
    if (c->x.streaming && !c->x.corked && c->out.len - c->out_at > c->h->o.max_queue_bytes) {
        c->overflowed = true;
        conn_die(c);
        return ERR_LIMIT;
    }
    return 0;
}

void conn_finish(struct conn *c)
{
    bool keep = c->x.keep_alive;
    c->x = (struct exchange){.extra = c->x.extra};
    str_clear(&c->x.extra);
    c->last_activity = clock_now(NULL);
    parse_reset(c);
    c->state = keep ? CONN_READING : CONN_CLOSING;
    if (conn_flush(c) == 0 && c->state == CONN_READING && (c->rest.len || c->readable || c->peer_closed))
        conn_todo(c);
}

static const char *error_body(int status)
{
    switch (status) {
    case 413:
        return "{\"error\":{\"message\":\"the request body is over the limit\",\"type\":\"invalid_request_error\","
               "\"code\":413}}";
    case 431:
        return "{\"error\":{\"message\":\"the request head is over the limit\",\"type\":\"invalid_request_error\","
               "\"code\":431}}";
    case 505:
        return "{\"error\":{\"message\":\"only HTTP/1.0 and HTTP/1.1 are spoken\","
               "\"type\":\"invalid_request_error\",\"code\":505}}";
    default:
        return "{\"error\":{\"message\":\"this is not an HTTP request\",\"type\":\"invalid_request_error\","
               "\"code\":400}}";
    }
}

/* Refuses a request that cannot be parsed: what follows it in the stream has no meaning, so the connection ends. */
static void refuse(struct conn *c)
{
    int status = c->error_status;
    c->h->counts.protocol_errors++;
    c->state = CONN_BUSY;
    c->x.keep_alive = false;
    c->x.request.minor = 1;
    str_clear(&c->rest);
    exchange_replyz(&c->x, status, "application/json; charset=utf-8", error_body(status));
}

/* Gives bytes to the parser until a request is whole. What is left of them goes to c->rest. */
static void consume(struct conn *c, const char *p, size_t n)
{
    bool done;
    size_t used = parse_feed(c, p, n, &done);
    if (c->state == CONN_DEAD)
        return;
    if (c->error_status) {
        refuse(c);
        return;
    }
    if (!done)
        return;
    if (n > used)
        str_add(&c->rest, p + used, n - used);
    c->h->counts.requests++;
    c->state = CONN_BUSY;
    parse_request(c, &c->x.request);
    c->x.request.received = c->last_activity;
    c->x.request.connection = c->number;
    c->x.request.number = ++c->n_requests;
    httpd_dispatch(c->h, c);
}

static void consume_rest(struct conn *c)
{
    struct str rest = c->rest;
    c->rest = (struct str)STR_INIT;
    consume(c, rest.at, rest.len);
    str_release(&rest);
}

/* One read; false when there is nothing more to get now. */
static bool read_once(struct conn *c)
{
    ssize_t n = recv(c->fd, c->h->buffer, HTTPD_BUFFER_BYTES, MSG_DONTWAIT);
    if (n > 0) {
        if (c->state == CONN_READING) {
            c->last_activity = clock_now(NULL);
            consume(c, c->h->buffer, (size_t)n);
        }
        return true;
    }
    if (n < 0 && errno == EINTR)
        return true;
    c->readable = false;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return false;
    c->peer_closed = true;
    if (n == 0 && c->state == CONN_READING && c->out_at < c->out.len)
        c->state = CONN_CLOSING; /* it only shut its writing side: it may still take the answer it has not read */
    else
        conn_die(c);
    return false;
}

void conn_proceed(struct conn *c)
{
    for (int i = 0; i < MAX_REQUESTS_PER_TURN; i++) {
        if (c->state == CONN_READING && c->rest.len)
            consume_rest(c);
        else if ((c->state == CONN_READING || c->state == CONN_LINGER) && c->readable) {
            if (!read_once(c))
                break;
        } else
            break;
    }
    if ((c->state == CONN_READING && (c->rest.len || c->readable)) || (c->state == CONN_LINGER && c->readable))
        conn_todo(c);
    /* The answer will come later, but the client has already closed its side: nobody waits for it. */
    if (c->state == CONN_BUSY && c->peer_closed)
        conn_die(c);
}

void conn_event(struct conn *c, unsigned events)
{
    if (c->state == CONN_DEAD)
        return;
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        c->readable = true;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        c->peer_closed = true;
    if (events & (EPOLLHUP | EPOLLERR)) { /* both directions are gone */
        conn_die(c);
        return;
    }
    if ((events & EPOLLOUT) && c->out_at < c->out.len && !c->x.corked)
        conn_flush(c);
    conn_proceed(c);
}

bool conn_expired(const struct conn *c, mono_ns now)
{
    mono_ns idle = c->h->o.idle_ns;
    if (c->state == CONN_LINGER)
        return now - c->last_activity > LINGER_NS;
    if (c->state == CONN_READING || c->state == CONN_CLOSING)
        return idle > 0 && now - c->last_activity > idle;
    return false;
}
