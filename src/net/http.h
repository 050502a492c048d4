/* Reading one HTTP/1.1 response: llhttp's grammar with our limits. Bytes in, head and body pieces out; no sockets,
 * no time.
 *
 * The response ends by its Content-Length, its last chunk, or the close of the connection. Interim 1xx responses
 * are skipped and counted. Not accepted, each with a sentence: a head over 64 KiB or 200 fields (trailers
 * included), more than 16 interim responses, 101, chunk extensions over 4 KiB, a content or transfer coding nobody
 * asked for, bytes behind the end. */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <llhttp.h>

#include "base/str.h"

#define HTTP_HEAD_BYTES (64u << 10)
#define HTTP_FIELDS 200
#define HTTP_INTERIM 16
#define HTTP_CHUNK_EXTENSION_BYTES 4096

/* False from a callback stops reading: http_feed returns HTTP_STOPPED. */
struct http_sink {
    bool (*head)(void *user, int status, struct span content_type);
    bool (*body)(void *user, const char *p, size_t n);
};

enum http_result {
    HTTP_MORE, /* the response is not over */
    HTTP_COMPLETE,
    HTTP_STOPPED, /* a callback said so */
    HTTP_BAD      /* see why */
};

enum http_field {
    HTTP_FIELD_OTHER,
    HTTP_FIELD_CONTENT_TYPE,
    HTTP_FIELD_CONTENT_ENCODING,
    HTTP_FIELD_TRANSFER_ENCODING
};

/* Plain data, no pointers to release. */
struct http_reader {
    llhttp_t parser;
    const struct http_sink *sink; /* borrowed */
    void *user;
    size_t head_max, head_bytes, trailer_bytes, extension_bytes;
    int64_t body_bytes;     /* given to the sink */
    int64_t content_length; /* -1: not told */
    uint16_t fields, interim;
    bool head_request, head_done, complete, keep_alive, until_close, stopped;
    enum http_field field;
    uint8_t name_len, value_len, type_len;
    char name[20], value[40], type[128]; /* of the field being read; the content type of the final head */
    char why[96];
};

/* head_request: the response has no body whatever its head says. head_max 0: the default. */
void http_init(struct http_reader *h, const struct http_sink *sink, void *user, size_t head_max, bool head_request);
/* After HTTP_COMPLETE, HTTP_STOPPED or HTTP_BAD nothing more may be fed. *extra (may be NULL) counts bytes behind
 * the end of the response; line ends there are not counted. */
enum http_result http_feed(struct http_reader *h, const char *p, size_t n, size_t *extra);
/* The peer closed in order: HTTP_COMPLETE when that ends the body, else HTTP_BAD, see http_where. */
enum http_result http_eof(struct http_reader *h);
/* "inside the response head", "after 10 of 20 body bytes": where a broken response ended; borrowed. */
const char *http_where(struct http_reader *h);
/* After HTTP_COMPLETE: may the connection carry another exchange? */
bool http_keep_alive(const struct http_reader *h);

#endif
