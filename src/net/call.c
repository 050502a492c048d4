/* call.c: the life of one call, see enum call_state in call.h: deadlines, what happens to its connection, the end. */
#include "net/call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_deadline(struct timer *t);

/* ---- making and freeing ---- */

static struct call *blank(struct client *c)
{
    struct call *k = c->spare;
    struct str head = STR_INIT;
    if (k) {
        c->spare = k->next;
        head = k->head;
    } else {
        k = xmalloc(sizeof *k);
    }
    *k = (struct call){.client = c, .head = head};
    return k;
}

struct call *call_new(struct client *c, const struct call_spec *spec, const struct call_ops *ops, void *user,
                      struct err *e)
{
    if (c->closing) {
        err_set(e, ERR_USAGE, "the client is being freed: no call can be started");
        return NULL;
    }
    struct call *k = blank(c);
    if (request_build(&c->endpoint, &c->fields, spec, &k->head, e)) {
        call_give_back(k);
        return NULL;
    }
    k->request_body = spec->body ? (struct span){spec->body, spec->body_len} : SPAN_NONE;
    k->ops = ops;
    k->user = user;
    k->asked = spec->framing;
    k->limits = spec->limits;
    k->timer.fire = on_deadline;
    k->started_ns = clock_now(NULL);
    call_await_answer(k, !strcmp(spec->method, "HEAD"));
    return k;
}

void call_give_back(struct call *k)
{
    request_clear(&k->head);
    sse_release(&k->sse);
    ndjson_release(&k->ndjson);
    str_release(&k->body);
    k->next = k->client->spare;
    k->client->spare = k;
}

void call_free(struct call *k)
{
    str_release(&k->head);
    free(k);
}

static void bury(struct burial *b)
{
    call_give_back((struct call *)((char *)b - offsetof(struct call, burial)));
}

/* ---- deadlines ---- */

struct deadline {
    mono_ns at; /* INT64_MAX: none */
    enum net_result result;
};

static void consider(struct deadline *d, mono_ns from, mono_ns length, enum net_result result)
{
    if (length > 0 && length < INT64_MAX - from && from + length < d->at)
        *d = (struct deadline){from + length, result};
}

static struct deadline next_deadline(const struct call *k)
{
    struct deadline d = {.at = INT64_MAX};
    const struct call_limits *m = &k->limits;
    consider(&d, k->started_ns, m->total_ns, NET_TIMEOUT_TOTAL);
    switch (k->at) {
    case CALL_AT_CONNECT: consider(&d, k->connecting_ns, m->connect_ns, NET_TIMEOUT_CONNECT); break;
    case CALL_AT_SEND: consider(&d, k->sending_ns, m->first_byte_ns, NET_TIMEOUT_FIRST_BYTE); break;
    case CALL_AT_HEAD:
    case CALL_AT_BODY:
        consider(&d, k->last_in_ns, m->idle_ns, NET_TIMEOUT_IDLE);
        if (m->drip_bytes_per_s > 0)
            consider(&d, k->window_ns, m->idle_ns, NET_TIMEOUT_IDLE);
        break;
    case CALL_AT_QUEUE:
    case CALL_AT_END: break;
    }
    return d;
}

/* A deadline that moves on does not move the timer: it fires, looks again, and is set anew. */
static void arm(struct call *k)
{
    struct deadline d = next_deadline(k);
    if (d.at == INT64_MAX)
        loop_timer_cancel(k->client->loop, &k->timer);
    else if (!k->timer.slot || d.at < k->timer.at)
        loop_timer_set(k->client->loop, &k->timer, d.at);
}

mono_ns call_connect_deadline(const struct call *k)
{
    struct deadline d = next_deadline(k);
    return d.at == INT64_MAX ? MONO_NONE : d.at;
}

/* A full window that carried its minimum opens the next one. */
static void turn_window(struct call *k, mono_ns now)
{
    const struct call_limits *m = &k->limits;
    if (m->drip_bytes_per_s <= 0 || m->idle_ns <= 0 || now < k->window_ns + m->idle_ns)
        return;
    double need = (double)m->drip_bytes_per_s * (double)m->idle_ns / (double)NS_PER_S;
    if ((double)(k->bytes_in - k->window_bytes) < need)
        return;
    k->window_ns = now;
    k->window_bytes = k->bytes_in;
}

static const char *deadline_why(struct call *k, enum net_result r)
{
    const struct call_limits *m = &k->limits;
    double s = 1.0 / (double)NS_PER_S;
    char *why = k->client->why;
    size_t cap = sizeof k->client->why;
    if (r == NET_TIMEOUT_CONNECT)
        snprintf(why, cap, "no connection to %s port %s within %.3g s", k->client->endpoint.host,
                 k->client->endpoint.port, (double)m->connect_ns * s);
    else if (r == NET_TIMEOUT_FIRST_BYTE)
        snprintf(why, cap, "no byte of the response within %.3g s", (double)m->first_byte_ns * s);
    else if (r == NET_TIMEOUT_IDLE && clock_now(NULL) < k->last_in_ns + m->idle_ns)
        snprintf(why, cap, "slower than %lld bytes/s over %.3g s", (long long)m->drip_bytes_per_s,
                 (double)m->idle_ns * s);
    else if (r == NET_TIMEOUT_IDLE)
        snprintf(why, cap, "no byte for %.3g s", (double)m->idle_ns * s);
    else
        snprintf(why, cap, "not over within %.3g s", (double)m->total_ns * s);
    return why;
}

/* Before a timeout is declared the socket is read once more: when this process was late, the bytes may lie there. */
static void on_deadline(struct timer *t)
{
    struct call *k = (struct call *)((char *)t - offsetof(struct call, timer));
    mono_ns now = clock_now(NULL);
    turn_window(k, now);
    if (next_deadline(k).at <= now && k->at >= CALL_AT_SEND && k->at <= CALL_AT_BODY) {
        conn_pump(k->conn);
        turn_window(k, now);
    }
    if (k->at != CALL_AT_END) {
        struct deadline d = next_deadline(k);
        if (d.at <= now)
            call_finish(k, d.result, 0, deadline_why(k, d.result));
        else
            arm(k);
    }
}

/* ---- sending ---- */

void call_queued(struct call *k)
{
    k->at = CALL_AT_QUEUE;
    arm(k);
}

void call_connecting(struct call *k)
{
    k->at = CALL_AT_CONNECT;
    k->connecting_ns = clock_now(NULL);
    arm(k);
}

void call_send(struct call *k)
{
    k->at = CALL_AT_SEND;
    conn_send(k->conn, (struct span){k->head.at, k->head.len}, k->request_body);
    k->sending_ns = k->conn->tx_before_ns;
    arm(k);
}

void call_on_open(struct call *k)
{
    call_send(k);
}

void call_on_sent(struct call *k, mono_ns t_ns, bool kernel)
{
    if (k->ops->sent)
        k->ops->sent(k->user, t_ns, kernel);
}

void call_on_acked(struct call *k, mono_ns t_ns)
{
    if (k->at == CALL_AT_END)
        return;
    if (k->ops->acked)
        k->ops->acked(k->user, t_ns);
}

/* ---- receiving ---- */

void call_on_bytes(struct call *k, const char *p, size_t n, const struct arrival *a)
{
    bool first = !k->bytes_in;
    k->arrival = *a;
    k->last_in_ns = a->app_ns;
    k->bytes_in += (int64_t)n;
    if (first) {
        k->at = CALL_AT_HEAD;
        k->window_ns = a->app_ns;
        arm(k);
        if (k->ops->first_byte)
            k->ops->first_byte(k->user, &k->arrival);
    }
    if (k->at != CALL_AT_END)
        call_take_answer(k, p, n);
    if (k->at != CALL_AT_END && k->ops->read_done)
        k->ops->read_done(k->user);
}

/* ---- the end ---- */

static void on_broken(struct call *k, const struct conn_end *end)
{
    const char *cause = end->why ? end->why : end->sys_errno ? strerror(end->sys_errno) : "closed";
    snprintf(k->client->why, sizeof k->client->why, "%s %s", cause, http_where(&k->http));
    call_finish(k, NET_RESET, end->sys_errno, k->client->why);
}

static void on_no_connection(struct call *k, const struct conn_end *end)
{
    const struct endpoint *ep = &k->client->endpoint;
    snprintf(k->client->why, sizeof k->client->why, "cannot connect to %s port %s: %s", ep->host, ep->port,
             end->why         ? end->why
             : end->sys_errno ? strerror(end->sys_errno)
                              : "closed by the server");
    call_finish(k, NET_CONNECT, end->sys_errno, k->client->why);
}

/* A kept-alive connection that the server had closed before it saw the request: the request goes out once more.
 * Nothing of a response came, so nothing is counted twice. */
static bool try_again(struct call *k)
{
    if (k->at != CALL_AT_SEND || k->new_connection || k->retried || k->bytes_in)
        return false;
    k->retried = true;
    client_unlink(k->client, k);
    client_start(k->client, k, true);
    return true;
}

void call_on_closed(struct call *k, const struct conn_end *end)
{
    k->conn = NULL;
    if (k->at == CALL_AT_CONNECT)
        on_no_connection(k, end);
    else if (end->orderly && k->http.until_close && http_eof(&k->http) == HTTP_COMPLETE)
        call_complete(k, 0);
    else if (!try_again(k))
        on_broken(k, end);
}

static bool reusable(const struct call *k, enum net_result result)
{
    return result == NET_DONE && http_keep_alive(&k->http) && !conn_unwritten(k->conn) && k->conn->state == CONN_OPEN;
}

void call_finish(struct call *k, enum net_result result, int sys_errno, const char *why)
{
    struct client *c = k->client;
    if (k->at == CALL_AT_END)
        return;
    client_unlink(c, k);
    bool connected = k->at > CALL_AT_CONNECT;
    k->at = CALL_AT_END;
    loop_timer_cancel(c->loop, &k->timer);
    struct call_end end = {
        .result = result,
        .status = k->http.head_done ? k->http.parser.status_code : 0,
        .sys_errno = sys_errno,
        .why = why,
        .t_ns = result == NET_DONE ? k->arrival.t_ns : clock_now(NULL),
        .bytes_in = k->bytes_in,
        .bytes_out = connected ? (int64_t)(k->head.len + k->request_body.len - (k->conn ? conn_unwritten(k->conn) : 0))
                               : 0,
        .new_connection = k->new_connection,
        .closed_early = result == NET_DONE && k->http.until_close,
    };
    if (k->conn) {
        if (connected)
            conn_settle_sent(k->conn);
        client_take_back(c, k->conn, reusable(k, result));
        k->conn = NULL;
    }
    client_serve_queue(c);
    if (k->ops->end)
        k->ops->end(k->user, &end);
    k->burial.bury = bury;
    loop_bury(c->loop, &k->burial);
}

void call_cancel(struct call *k)
{
    call_finish(k, NET_CANCELLED, 0, "cancelled");
}
