/* An HTTP/1.1 client for one endpoint: a pool of keep-alive connections on one loop, TLS where the URL says https.
 *
 * A `call` is one exchange. Its bytes are given before it starts; everything that happens is told through
 * call_ops, with stamps, in causal order: sent, (acked), head, event …, end. `end` comes exactly once for each
 * started call, also for those cancelled. Inside callbacks a new call may be started and any call cancelled. One
 * thread.
 *
 * Limits are in call_limits; passing one ends the call with NET_PARSE and a sentence. */
#ifndef NET_CLIENT_H
#define NET_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "net/loop.h"

/* ---- where ---------------------------------------------------------------------------------------------------- */

struct endpoint {
    bool tls;
    char host[256]; /* as written, for Host and SNI; IPv6 without brackets */
    char port[6];
    char base_path[256]; /* "" or "/v1-like prefix" without trailing slash */
};

/* "http://127.0.0.1:8000", "https://host/prefix"; user info, query and fragment are refused. */
int endpoint_parse(const char *url, struct endpoint *out, struct err *e);
void endpoint_text(const struct endpoint *ep, struct str *out);
/* Whether the host is written as an address of 127/8 or as localhost. */
bool endpoint_is_loopback4(const struct endpoint *ep);

struct client_options {
    const char *cacert;        /* PEM file of trusted roots instead of the system's; NULL */
    const char *const *header; /* extra header lines "Name: value", NULL-terminated; may be NULL; copied */
    const char *api_key;       /* sent as "Authorization: Bearer …"; copied, wiped on free; NULL */
    int max_connections;       /* 0: no limit */
    /* Connections to an address of 127/8 are made from so many of them in turn, from 127.0.0.1 on, at most
     * CLIENT_SOURCES: each has ports of its own. 0, 1, and elsewhere: the system chooses. */
    int sources;
};

enum { CLIENT_SOURCES = 250 };

struct client;
/* Resolves the name (blocking: before the window). TLS is set up on the first https client only. */
int client_new(struct client **out, struct loop *l, const struct endpoint *ep, const struct client_options *o,
               struct err *e);
void client_free(struct client *c); /* cancels its calls; NULL is fine; not inside a callback of its own */
/* TCP segments sent again or received out of order on its connections since client_new: one system call for each that
 * is open. */
int64_t client_retransmits(const struct client *c);
/* Opens n connections ahead of the window and waits until they stand or fail; some hundreds at a time, so that the queue
 * of a listener does not overflow (a connection that finds it full comes a second later). */
int client_preconnect(struct client *c, int n, mono_ns timeout_ns, struct err *e);

/* ---- what ----------------------------------------------------------------------------------------------------- */

enum call_framing { CALL_SSE, CALL_NDJSON, CALL_BODY };

struct call_limits {
    mono_ns connect_ns, first_byte_ns, idle_ns, total_ns;   /* 0: none */
    size_t head_bytes, line_bytes, event_bytes, body_bytes; /* 0: the defaults (answer.c) */
    int64_t drip_bytes_per_s; /* slower than this over idle_ns is NET_TIMEOUT_IDLE; 0: not checked */
};

struct call_spec {
    const char *method, *path; /* path is put behind the endpoint's base path; borrowed during call_start */
    const char *body;          /* borrowed until `end`: a prompt is large, and ten thousand of them wait at once */
    size_t body_len;
    enum call_framing framing; /* of the response when its status is below 300 and its content type agrees; an
                                  application/json answer to a streaming call is cut as CALL_BODY */
    struct call_limits limits;
};

/* When bytes came. */
struct arrival {
    mono_ns t_ns;   /* kernel stamp of the read's last byte on the monotonic clock, or app_ns when unstamped */
    mono_ns app_ns; /* our clock right after recvmsg */
    uint64_t read;  /* number of the read: events of one read share it */
    bool unstamped;
};

enum net_result {
    NET_DONE,    /* the response ended as its framing says */
    NET_CONNECT, /* no connection (errno text in why) */
    NET_TIMEOUT_CONNECT,
    NET_TIMEOUT_FIRST_BYTE,
    NET_TIMEOUT_IDLE,
    NET_TIMEOUT_TOTAL,
    NET_RESET, /* RST, or closed inside the head, a chunk, or before Content-Length was full */
    NET_PARSE, /* not HTTP, or over a limit */
    NET_CANCELLED
};

struct call_end {
    enum net_result result;
    int status;      /* 0: no head came */
    int sys_errno;   /* of NET_CONNECT and NET_RESET; 0 */
    const char *why; /* borrowed during the callback; "" when NET_DONE */
    mono_ns t_ns;    /* arrival of the last byte, or when the attempt ended */
    int64_t bytes_in, bytes_out;
    bool new_connection; /* this call opened it */
    bool closed_early;   /* NET_DONE by close of a body without length: cannot tell whether it was whole */
};

struct call_ops {
    /* The last byte of the request left. kernel: the transmit stamp; else our clock after the write. It comes before
     * first_byte, unless the server answered what it had not wholly read, and not at all when the request was never
     * wholly written. A request sent again on a new connection tells it again: the last counts. */
    void (*sent)(void *user, mono_ns t_ns, bool kernel);
    /* The peer's TCP acknowledged it; optional, at most one in 10 ms on a connection; may be NULL. */
    void (*acked)(void *user, mono_ns t_ns);
    void (*first_byte)(void *user, const struct arrival *a);
    void (*head)(void *user, int status, struct span content_type);
    /* One SSE event's data (lines joined by \n; event_name empty or the event: field), one NDJSON line, or the
     * whole body; an empty body is no event. wire_bytes: its length as it came. comment: an SSE comment line (data is
     * its text). */
    void (*event)(void *user, struct span data, struct span event_name, uint32_t wire_bytes, bool comment,
                  const struct arrival *a);
    /* All events of a read (under TLS: of a record) were told and the call goes on: the place to allocate for what they
     * said. When the read ended the call, `end` comes instead. May be NULL. */
    void (*read_done)(void *user);
    void (*end)(void *user, const struct call_end *end);
};

/* An opaque handle, valid until `end` returned. */
struct call;
/* Queues the exchange; it starts at once when a connection is free or may be opened. No callback comes before it
 * returned. NULL and *e only for misuse or exhausted descriptors. */
struct call *call_start(struct client *c, const struct call_spec *spec, const struct call_ops *ops, void *user,
                        struct err *e);
void call_cancel(struct call *k); /* `end` is called before this returns */

/* ---- simple use: outside the window ----------------------------------------------------------------------------- */

struct fetched {
    int status;
    struct str body;
    struct str content_type;
    mono_ns sent_ns, first_byte_ns, done_ns;
};
void fetched_release(struct fetched *f);
/* One blocking exchange on a loop of its own; a status >= 400 is not an error here. The message of a failure names
 * URL, errno and timeout. */
int http_fetch(const struct endpoint *ep, const struct client_options *o, const char *method, const char *path,
               const char *body, mono_ns timeout_ns, struct fetched *out, struct err *e);

#endif
