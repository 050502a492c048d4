/* The insides of a client and of its calls, shared by client.c (connections, queue), call.c (the life of one call)
 * and answer.c (from bytes to events). */
#ifndef NET_CALL_H
#define NET_CALL_H

#include "net/client.h"
#include "net/conn.h"
#include "net/http.h"
#include "net/ndjson.h"
#include "net/request.h"
#include "net/sse.h"

/* The life of a call. Every state may also end: by call_cancel, by total_ns, and as said. */
enum call_state {
    /* Waits for a connection: max_connections are busy. → CONNECT or SEND when one is free or may be opened. */
    CALL_AT_QUEUE,
    /* Its connection is being opened (TCP, TLS). → SEND; ends with NET_CONNECT, NET_TIMEOUT_CONNECT. */
    CALL_AT_CONNECT,
    /* The request was handed to the socket, which may still hold some of it back, and nothing came. → HEAD with
     * the first byte; → CONNECT once more when a kept-alive connection turns out to have been closed; ends with
     * NET_RESET, NET_TIMEOUT_FIRST_BYTE. */
    CALL_AT_SEND,
    /* Bytes came, the final head is not whole. → BODY; ends with NET_RESET, NET_PARSE, NET_TIMEOUT_IDLE. */
    CALL_AT_HEAD,
    /* The body comes. Ends with NET_DONE, NET_RESET, NET_PARSE, NET_TIMEOUT_IDLE. */
    CALL_AT_BODY,
    /* `end` was called or is being called. Used again when the loop's pass is over. */
    CALL_AT_END
};

struct call {
    struct client *client;
    struct burial burial;
    struct conn *conn;        /* NULL while queued and after the end */
    struct call *prev, *next; /* in the client's queue, in its list of calls at work, or (next) among the spare ones */
    enum call_state at;
    const struct call_ops *ops; /* borrowed */
    void *user;
    enum call_framing asked, framing;
    struct call_limits limits; /* defaults filled in */
    struct str head;           /* of the request; owned; holds the key: wiped */
    struct span request_body;  /* borrowed until the end */
    struct timer timer;
    mono_ns started_ns, connecting_ns, sending_ns, last_in_ns, window_ns;
    int64_t bytes_in, window_bytes;
    bool new_connection, retried;
    struct arrival arrival; /* of the latest read */
    const char *limit_why;  /* which limit the cutter or the body hit; NULL */
    struct http_reader http;
    struct sse sse;
    struct ndjson ndjson;
    struct str body; /* CALL_BODY, when it did not come in one piece */
};

struct client {
    struct loop *loop;
    struct endpoint endpoint;
    struct fields fields;
    struct target target;
    int max_connections, connections;
    struct conn *conns, *idle;       /* busy or being opened; idle ones, the latest used first */
    struct call *queue, *queue_last; /* waiting, in order */
    struct call *calls;              /* at work */
    struct call *spare;              /* to be used again, for their memory and that of their heads, which are wiped */
    struct burial burial;
    bool closing;
    int opening, failed; /* of client_preconnect */
    int64_t retransmits; /* of connections that are closed */
    char why[512];       /* the sentence given to `end` */
};

/* client.c */
/* Gives the call a connection, a new one when `fresh`, or a place in the queue. The call is in no list before. */
void client_start(struct client *c, struct call *k, bool fresh);
void client_take_back(struct client *c, struct conn *conn, bool reusable);
void client_serve_queue(struct client *c);
void client_unlink(struct client *c, struct call *k);

/* call.c */
struct call *call_new(struct client *c, const struct call_spec *spec, const struct call_ops *ops, void *user,
                      struct err *e);
void call_give_back(struct call *k); /* to its client, for another; in no list any more */
void call_free(struct call *k);      /* a spare one */
void call_queued(struct call *k);
void call_connecting(struct call *k);
void call_send(struct call *k); /* on k->conn, which is open */
/* What happened to its connection. */
void call_on_open(struct call *k);
void call_on_bytes(struct call *k, const char *p, size_t n, const struct arrival *a);
void call_on_sent(struct call *k, mono_ns t_ns, bool kernel);
void call_on_acked(struct call *k, mono_ns t_ns);
void call_on_closed(struct call *k, const struct conn_end *end); /* k->conn is no longer usable */
void call_finish(struct call *k, enum net_result result, int sys_errno, const char *why);
mono_ns call_connect_deadline(const struct call *k);

/* answer.c */
void call_await_answer(struct call *k, bool head_request); /* fills in the limits, too */
void call_take_answer(struct call *k, const char *p, size_t n);
/* The body ended as its framing says; `extra` bytes came behind it. */
void call_complete(struct call *k, size_t extra);

#endif
