/* client.c: the connections of one endpoint: resolving, the pool, the queue of calls that wait for a place. The
 * life of a call is in call.c. Idle connections are used last in, first out: the latest used is the least likely
 * to be stale. */
#include "net/client.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/call.h"

enum { OPEN_AT_ONCE = 100 }; /* below the shortest queue of listeners in use: 128 */

/* ---- lists ---- */

static void list_add(struct conn **head, struct conn *c)
{
    c->prev = NULL;
    c->next = *head;
    if (*head)
        (*head)->prev = c;
    *head = c;
}

static void list_remove(struct conn **head, struct conn *c)
{
    if (c->prev)
        c->prev->next = c->next;
    else
        *head = c->next;
    if (c->next)
        c->next->prev = c->prev;
    c->prev = c->next = NULL;
}

static void enqueue(struct client *c, struct call *k)
{
    k->next = NULL;
    k->prev = c->queue_last;
    if (c->queue_last)
        c->queue_last->next = k;
    else
        c->queue = k;
    c->queue_last = k;
}

static void add_call(struct client *c, struct call *k)
{
    k->prev = NULL;
    k->next = c->calls;
    if (c->calls)
        c->calls->prev = k;
    c->calls = k;
}

void client_unlink(struct client *c, struct call *k)
{
    struct call **head = k->at == CALL_AT_QUEUE ? &c->queue : &c->calls;
    if (k->at == CALL_AT_QUEUE && c->queue_last == k)
        c->queue_last = k->prev;
    if (k->prev)
        k->prev->next = k->next;
    else
        *head = k->next;
    if (k->next)
        k->next->prev = k->prev;
    k->prev = k->next = NULL;
}

/* ---- what connections say ---- */

static void discard(struct client *c, struct conn *conn)
{
    list_remove(conn->idle ? &c->idle : &c->conns, conn);
    c->connections--;
    c->retransmits += conn_retransmits(conn);
    conn_free(conn);
}

static void make_idle(struct client *c, struct conn *conn)
{
    list_remove(&c->conns, conn);
    conn->idle = true;
    list_add(&c->idle, conn);
}

static void on_open(struct conn *conn)
{
    struct client *c = conn->owner;
    if (conn->call) {
        call_on_open(conn->call);
        return;
    }
    c->opening--;
    make_idle(c, conn);
    client_serve_queue(c);
}

static void on_bytes(struct conn *conn, const char *p, size_t n, const struct arrival *a)
{
    struct client *c = conn->owner;
    if (conn->call) {
        call_on_bytes(conn->call, p, n, a);
        return;
    }
    discard(c, conn); /* nobody asked */
    client_serve_queue(c);
}

static void on_sent(struct conn *conn, mono_ns t_ns, bool kernel)
{
    if (conn->call)
        call_on_sent(conn->call, t_ns, kernel);
}

static void on_acked(struct conn *conn, mono_ns t_ns)
{
    if (conn->call)
        call_on_acked(conn->call, t_ns);
}

static void on_closed(struct conn *conn, const struct conn_end *end)
{
    struct client *c = conn->owner;
    struct call *k = conn->call;
    if (!k && !conn->idle) { /* being opened ahead */
        c->opening--;
        c->failed++;
        snprintf(c->why, sizeof c->why, "%s", end->why ? end->why : strerror(end->sys_errno));
    }
    discard(c, conn);
    if (k)
        call_on_closed(k, end);
    client_serve_queue(c);
}

static const struct conn_ops conn_ops = {
    .open = on_open, .bytes = on_bytes, .sent = on_sent, .acked = on_acked, .closed = on_closed};

/* ---- giving connections to calls ---- */

static struct conn *open_connection(struct client *c, mono_ns deadline)
{
    struct conn *conn = conn_new(c->loop, &c->target, &conn_ops, c);
    list_add(&c->conns, conn);
    c->connections++;
    conn_open(conn, deadline);
    return conn;
}

static struct conn *usable_idle(struct client *c)
{
    while (c->idle && conn_stale(c->idle))
        discard(c, c->idle);
    return c->idle;
}

/* Gives the call an idle connection (unless `fresh`) or a new one; false when it must wait. */
static bool assign(struct client *c, struct call *k, bool fresh)
{
    struct conn *conn = fresh ? NULL : usable_idle(c);
    if (!conn && c->max_connections && c->connections >= c->max_connections)
        return false;
    add_call(c, k);
    if (conn) {
        list_remove(&c->idle, conn);
        conn->idle = false;
        list_add(&c->conns, conn);
        k->conn = conn;
        conn->call = k;
        call_send(k);
        return true;
    }
    k->new_connection = true;
    call_connecting(k);
    k->conn = open_connection(c, call_connect_deadline(k));
    k->conn->call = k;
    return true;
}

void client_start(struct client *c, struct call *k, bool fresh)
{
    bool wait = c->queue && !fresh; /* nobody overtakes */
    if (!wait && assign(c, k, fresh))
        return;
    enqueue(c, k);
    call_queued(k);
}

void client_take_back(struct client *c, struct conn *conn, bool reusable)
{
    conn->call = NULL;
    if (reusable && !c->closing)
        make_idle(c, conn);
    else
        discard(c, conn);
}

/* Sending and opening call nobody back, so this may run anywhere. */
void client_serve_queue(struct client *c)
{
    while (c->queue && !c->closing) {
        struct call *k = c->queue;
        if (!c->idle && c->max_connections && c->connections >= c->max_connections)
            return;
        client_unlink(c, k);
        assign(c, k, false);
    }
}

struct call *call_start(struct client *c, const struct call_spec *spec, const struct call_ops *ops, void *user,
                        struct err *e)
{
    struct call *k = call_new(c, spec, ops, user, e);
    if (!k)
        return NULL;
    client_start(c, k, false);
    int failure = k->conn ? k->conn->failure : 0;
    if (failure != EMFILE && failure != ENFILE)
        return k;
    client_unlink(c, k);
    client_take_back(c, k->conn, false);
    loop_timer_cancel(c->loop, &k->timer);
    call_give_back(k);
    err_sys(e, ERR_IO, failure, "cannot open another connection");
    return NULL;
}

/* ---- making and freeing ---- */

static int resolve(struct client *c, struct err *e)
{
    const struct endpoint *ep = &c->endpoint;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV}, *found = NULL;
    int r = getaddrinfo(ep->host, ep->port, &hints, &found);
    if (r == EAI_NONAME) {
        hints.ai_flags = AI_NUMERICSERV;
        r = getaddrinfo(ep->host, ep->port, &hints, &found);
    }
    if (r)
        return err_set(e, ERR_NET, "cannot resolve the host %s: %s", ep->host,
                       r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
    for (struct addrinfo *a = found; a && c->target.n < ADDRESSES; a = a->ai_next) {
        struct address *to = &c->target.address[c->target.n++];
        memcpy(&to->sa, a->ai_addr, a->ai_addrlen);
        to->len = a->ai_addrlen;
    }
    freeaddrinfo(found);
    return 0;
}

int client_new(struct client **out, struct loop *l, const struct endpoint *ep, const struct client_options *o,
               struct err *e)
{
    struct client *c = xcalloc(1, sizeof *c);
    c->loop = l;
    c->endpoint = *ep;
    c->target.host = c->endpoint.host;
    c->target.sources = !o ? 0 : o->sources < CLIENT_SOURCES ? o->sources : CLIENT_SOURCES;
    c->max_connections = o ? o->max_connections : 0;
    int r = request_fields(ep, o, &c->fields, e);
    if (!r)
        r = resolve(c, e);
    if (!r && ep->tls)
        r = tls_context_new(&c->target.tls, o ? o->cacert : NULL, e);
    if (r) {
        client_free(c);
        return r;
    }
    *out = c;
    return 0;
}

static void bury(struct burial *b)
{
    struct client *c = (struct client *)((char *)b - offsetof(struct client, burial));
    while (c->spare) {
        struct call *k = c->spare;
        c->spare = k->next;
        call_free(k);
    }
    free(c);
}

void client_free(struct client *c)
{
    if (!c)
        return;
    c->closing = true;
    while (c->calls)
        call_cancel(c->calls);
    while (c->queue)
        call_cancel(c->queue);
    while (c->conns)
        discard(c, c->conns);
    while (c->idle)
        discard(c, c->idle);
    tls_context_free(c->target.tls);
    request_wipe(&c->fields.text);
    c->burial.bury = bury; /* behind its calls, which are given back to it */
    loop_bury(c->loop, &c->burial);
}

int64_t client_retransmits(const struct client *c)
{
    int64_t n = c->retransmits;
    for (const struct conn *conn = c->conns; conn; conn = conn->next)
        n += conn_retransmits(conn);
    for (const struct conn *conn = c->idle; conn; conn = conn->next)
        n += conn_retransmits(conn);
    return n;
}

/* Opens up to OPEN_AT_ONCE of the n that are left; how many are left then. */
static int open_some(struct client *c, int left, mono_ns deadline)
{
    while (left > 0 && c->opening < OPEN_AT_ONCE) {
        if (c->max_connections && c->connections >= c->max_connections)
            return 0;
        c->opening++;
        open_connection(c, deadline);
        left--;
    }
    return left;
}

int client_preconnect(struct client *c, int n, mono_ns timeout_ns, struct err *e)
{
    mono_ns deadline = clock_now(NULL) + timeout_ns;
    c->failed = 0;
    int left = open_some(c, n, deadline);
    while (c->opening > 0 && clock_now(NULL) < deadline) {
        loop_step(c->loop, deadline);
        left = open_some(c, left, deadline);
    }
    if (c->opening > 0) {
        for (struct conn *conn = c->conns, *next; conn; conn = next) {
            next = conn->next;
            if (!conn->call)
                discard(c, conn);
        }
        int late = c->opening + left;
        c->opening = 0;
        return err_set(e, ERR_TIMEOUT, "%d of %d connections to %s port %s did not stand after %.1f s", late, n,
                       c->endpoint.host, c->endpoint.port, (double)timeout_ns / (double)NS_PER_S);
    }
    if (c->failed)
        return err_set(e, ERR_NET, "%d of %d connections to %s port %s failed: %s", c->failed, n, c->endpoint.host,
                       c->endpoint.port, c->why);
    return 0;
}
