/* httpd: a small HTTP/1.1 server: requests in (llhttp), fixed, chunked, SSE and NDJSON answers out.
 *
 * Owns: the listening socket, the epoll loop, connections, request limits, bounded output queues.
 * Must not know: JSON, models, dialects, what a route means. Shares no response parser with the client in net/.
 *
 * One thread runs httpd_run; every function here and in exchange.h belongs to that thread, except httpd_wake and
 * httpd_stop. A handler is called when a whole request has arrived; it answers at once, or keeps the exchange and
 * answers later from on_wake, a watch or on_turn. */
#ifndef HTTPD_HTTPD_H
#define HTTPD_HTTPD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "httpd/exchange.h"

struct httpd;

/* One row per method and path; a path that exists only under other methods is answered 405 with Allow, an unknown one
 * 404. A path ending in '*' matches by prefix. A GET row also answers HEAD. */
struct httpd_route {
    const char *method, *path;
    void (*handle)(void *user, struct exchange *x, const struct http_request *r);
};

/* Zero means the default that stands beside the field. Borrowed things must outlive the server. */
struct httpd_options {
    const char *host;                 /* "127.0.0.1"; a numeric address or a name */
    int port;                         /* 0: the kernel picks one, see httpd_port */
    const struct httpd_route *routes; /* borrowed */
    size_t n_routes;
    size_t max_header_bytes;     /* 64 KiB, request line included; more is 431 */
    size_t max_fields;           /* 200; more is 431 */
    size_t max_body_bytes;       /* 8 MiB; more is 413 */
    size_t max_queue_bytes;      /* 1 MiB of unsent chunks per connection; more drops the client */
    size_t max_connections;      /* 4096; more are closed on arrival */
    mono_ns idle_ns;             /* 75 s without a request, or with a half-sent one, closes; < 0: never */
    const char *server_name;     /* of the Server field; NULL: none is sent */
    bool no_date;                /* no Date field, so that equal answers are equal bytes */
    void *user;                  /* first argument of everything below */
    void (*on_wake)(void *user); /* after httpd_wake, once for any number of calls */
    /* Called before each wait with the loop's clock; returns when it wants to be called again at the latest
     * (MONO_NONE: whenever something happens). A returned time in the past makes the loop poll without sleeping. */
    mono_ns (*on_turn)(void *user, mono_ns now);
};

/* Binds and listens. *out is set only on success. */
int httpd_open(struct httpd **out, const struct httpd_options *options, struct err *e);
int httpd_port(const struct httpd *h);
/* Serves until httpd_stop; open exchanges get their on_gone during httpd_free. */
int httpd_run(struct httpd *h, struct err *e);
void httpd_free(struct httpd *h);

void httpd_wake(struct httpd *h); /* any thread; async-signal-safe */
void httpd_stop(struct httpd *h); /* any thread; async-signal-safe */

/* Calls fn from the loop while fd is readable (a signalfd, a timerfd). At most HTTPD_MAX_WATCHES; fd stays the
 * caller's. */
enum { HTTPD_MAX_WATCHES = 8 };
int httpd_watch(struct httpd *h, int fd, void (*fn)(void *user), struct err *e);

struct httpd_counts {
    uint64_t accepted, refused; /* connections */
    uint64_t requests;          /* whole requests that arrived */
    uint64_t protocol_errors;   /* answered 400, 413, 431 by the server itself */
    uint64_t gone;              /* clients that left before their answer was complete */
    uint64_t overflowed;        /* of those, dropped because they did not read */
    uint64_t open;              /* connections now */
};
struct httpd_counts httpd_counts(const struct httpd *h);

#endif
