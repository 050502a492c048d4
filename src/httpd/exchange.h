/* One request and its answer. The handle is valid from the handler's call until exchange_reply, exchange_end or
 * exchange_abort is called, whatever that returns, or, if the client leaves first, until its on_gone function returns: who
 * keeps an exchange must have set one.
 *
 * An HTTP/1.1 stream is chunked: one exchange_chunk is one HTTP chunk and, unless corked or queued behind earlier
 * bytes, one write to the socket. HTTP/1.0 gets the same bytes unframed and the connection closed. Writing to an
 * exchange whose client is gone returns ERR_NET and does nothing; on_gone follows from the loop, never from inside a
 * write. */
#ifndef HTTPD_EXCHANGE_H
#define HTTPD_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/str.h"

struct exchange;

struct http_field {
    struct span name, value;
};

/* Everything is borrowed until the answer is complete or the client is gone. */
struct http_request {
    const char *method;
    struct span path, query; /* as sent, before and after the first '?' */
    const struct http_field *fields;
    size_t n_fields;
    struct span body;
    int minor;                   /* HTTP/1.minor */
    mono_ns received;            /* when the loop had the last byte */
    uint64_t connection, number; /* which connection of this server, and the how-manieth request on it; both from 1 */
};

struct span http_request_field(const struct http_request *r, const char *name); /* any case; SPAN_NONE: absent */

/* Adds a field to the head; only before the answer starts. */
void exchange_field(struct exchange *x, const char *name, const char *value);
/* A complete answer with Content-Length. type NULL: no body type (204). */
int exchange_reply(struct exchange *x, int status, const char *type, const void *p, size_t n);
int exchange_replyz(struct exchange *x, int status, const char *type, const char *z);

/* A streamed answer: the head is sent at once (unless corked), then chunks, then the end. */
int exchange_stream(struct exchange *x, int status, const char *type);
int exchange_chunk(struct exchange *x, const void *p, size_t n);  /* n == 0 does nothing */
int exchange_sse(struct exchange *x, const void *p, size_t n);    /* "data: …\n\n" as one chunk; no newlines in p */
int exchange_ndjson(struct exchange *x, const void *p, size_t n); /* "…\n" as one chunk */
int exchange_end(struct exchange *x);
/* Between cork and uncork (or the end) everything is collected and leaves in one write. */
void exchange_cork(struct exchange *x);
int exchange_uncork(struct exchange *x);

/* fn(user) is called once, from the loop, if the client leaves before the answer is complete. */
void exchange_on_gone(struct exchange *x, void (*fn)(void *user), void *user);

/* From now on adds to *bytes, the caller's, what the answer hands to the connection: framing and head included. */
void exchange_count(struct exchange *x, uint64_t *bytes);

/* For servers that misbehave on purpose: bytes without framing, and an end without one. */
int exchange_raw(struct exchange *x, const void *p, size_t n);
void exchange_abort(struct exchange *x, bool reset); /* closes the connection; reset: with RST */
size_t exchange_queued(const struct exchange *x);    /* bytes that the socket has not taken yet */

#endif
