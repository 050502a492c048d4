/* http.c: see http.h. llhttp calls back for every field; only three of them matter here, so names are matched as
 * they come and all other values are dropped unread. */
#include "net/http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static int fail(struct http_reader *h, const char *why)
{
    if (!h->why[0])
        snprintf(h->why, sizeof h->why, "%s", why);
    return HPE_USER;
}

/* Heads are counted in http_feed, with everything between their fields; trailers here, by what is told of them. */
static int count_trailer(struct http_reader *h, size_t n)
{
    if (!h->head_done)
        return 0;
    h->trailer_bytes += n;
    return h->trailer_bytes > h->head_max ? fail(h, "the trailers are over the limit of a head") : 0;
}

static bool is_interim(const llhttp_t *p)
{
    return p->status_code / 100 == 1;
}

static int on_message_begin(llhttp_t *p)
{
    struct http_reader *h = p->data;
    h->type_len = 0;
    h->content_length = -1;
    return 0;
}

static int on_field(llhttp_t *p, const char *at, size_t n)
{
    struct http_reader *h = p->data;
    size_t room = sizeof h->name - h->name_len;
    memcpy(h->name + h->name_len, at, n < room ? n : room);
    h->name_len = (uint8_t)(h->name_len + (n < room ? n : room));
    return count_trailer(h, n);
}

static bool name_is(const struct http_reader *h, const char *name)
{
    return h->name_len == strlen(name) && !strncasecmp(h->name, name, h->name_len);
}

static int on_field_complete(llhttp_t *p)
{
    struct http_reader *h = p->data;
    h->field = HTTP_FIELD_OTHER;
    if (!h->head_done) { /* a trailer changes nothing */
        if (name_is(h, "content-type"))
            h->field = HTTP_FIELD_CONTENT_TYPE;
        else if (name_is(h, "content-encoding"))
            h->field = HTTP_FIELD_CONTENT_ENCODING;
        else if (name_is(h, "transfer-encoding"))
            h->field = HTTP_FIELD_TRANSFER_ENCODING;
    }
    h->name_len = h->value_len = 0;
    if (h->field == HTTP_FIELD_CONTENT_TYPE)
        h->type_len = 0;
    return ++h->fields > HTTP_FIELDS ? fail(h, "more than 200 header fields") : 0;
}

static uint8_t append(char *to, uint8_t len, size_t cap, const char *at, size_t n)
{
    size_t room = cap - len, take = n < room ? n : room;
    memcpy(to + len, at, take);
    return (uint8_t)(len + take);
}

static int on_value(llhttp_t *p, const char *at, size_t n)
{
    struct http_reader *h = p->data;
    if (h->field == HTTP_FIELD_CONTENT_TYPE)
        h->type_len = append(h->type, h->type_len, sizeof h->type, at, n);
    else if (h->field != HTTP_FIELD_OTHER)
        h->value_len = append(h->value, h->value_len, sizeof h->value, at, n);
    return count_trailer(h, n);
}

static bool value_is(const struct http_reader *h, const char *word)
{
    size_t n = h->value_len;
    while (n && (h->value[n - 1] == ' ' || h->value[n - 1] == '\t'))
        n--;
    return n == strlen(word) && !strncasecmp(h->value, word, n);
}

/* Identity was asked for: a coded body cannot be cut into events. */
static int on_value_complete(llhttp_t *p)
{
    struct http_reader *h = p->data;
    if (h->field == HTTP_FIELD_CONTENT_ENCODING && h->value_len && !value_is(h, "identity"))
        return fail(h, "the server sent a content coding (compression) that was not asked for");
    if (h->field == HTTP_FIELD_TRANSFER_ENCODING && !value_is(h, "chunked") && !value_is(h, "identity"))
        return fail(h, "the server sent a transfer coding other than chunked");
    return 0;
}

/* 1 tells llhttp that no body follows. */
static int on_headers_complete(llhttp_t *p)
{
    struct http_reader *h = p->data;
    if (p->status_code == 101)
        return fail(h, "the server switched protocols (101) without being asked"), -1;
    if (p->status_code < 100 || p->status_code > 599)
        return fail(h, "the status code is not between 100 and 599"), -1;
    if (is_interim(p))
        return ++h->interim > HTTP_INTERIM ? (fail(h, "more than 16 interim responses"), -1) : 1;
    h->head_done = true;
    bool no_body = h->head_request || p->status_code == 204 || p->status_code == 304;
    if ((p->flags & F_CONTENT_LENGTH) && !(p->flags & F_CHUNKED))
        h->content_length = (int64_t)(p->content_length > INT64_MAX ? INT64_MAX : p->content_length);
    h->until_close = !no_body && llhttp_message_needs_eof(p);
    while (h->type_len && (h->type[h->type_len - 1] == ' ' || h->type[h->type_len - 1] == '\t'))
        h->type_len--;
    if (!h->sink->head(h->user, p->status_code, (struct span){h->type, h->type_len})) {
        h->stopped = true;
        return -1;
    }
    return no_body ? 1 : 0;
}

static int on_body(llhttp_t *p, const char *at, size_t n)
{
    struct http_reader *h = p->data;
    h->body_bytes += (int64_t)n;
    if (h->sink->body(h->user, at, n))
        return 0;
    h->stopped = true;
    return HPE_USER;
}

static int on_chunk_header(llhttp_t *p)
{
    ((struct http_reader *)p->data)->extension_bytes = 0;
    return 0;
}

static int on_extension(llhttp_t *p, const char *at, size_t n)
{
    struct http_reader *h = p->data;
    (void)at;
    h->extension_bytes += n;
    return h->extension_bytes > HTTP_CHUNK_EXTENSION_BYTES ? fail(h, "a chunk extension is over 4 KiB") : 0;
}

static int on_message_complete(llhttp_t *p)
{
    struct http_reader *h = p->data;
    if (is_interim(p))
        return 0;
    h->complete = true;
    h->keep_alive = llhttp_should_keep_alive(p) && !h->until_close;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_message_begin = on_message_begin,
    .on_header_field = on_field,
    .on_header_field_complete = on_field_complete,
    .on_header_value = on_value,
    .on_header_value_complete = on_value_complete,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_chunk_header = on_chunk_header,
    .on_chunk_extension_name = on_extension,
    .on_chunk_extension_value = on_extension,
    .on_message_complete = on_message_complete,
};

void http_init(struct http_reader *h, const struct http_sink *sink, void *user, size_t head_max, bool head_request)
{
    memset(h, 0, sizeof *h);
    llhttp_init(&h->parser, HTTP_RESPONSE, &settings);
    h->parser.data = h;
    h->sink = sink;
    h->user = user;
    h->head_max = head_max ? head_max : HTTP_HEAD_BYTES;
    h->head_request = head_request;
    h->content_length = -1;
}

static enum http_result parse_failed(struct http_reader *h)
{
    if (h->stopped)
        return HTTP_STOPPED;
    if (!h->why[0]) {
        const char *reason = llhttp_get_error_reason(&h->parser);
        snprintf(h->why, sizeof h->why, "not valid HTTP/1.1: %s", reason && *reason ? reason : "unknown");
    }
    return HTTP_BAD;
}

/* What follows the response in the same read; stray line ends are harmless. */
static size_t count_extra(const char *p, const char *end)
{
    size_t n = 0;
    for (; p < end; p++)
        n += *p != '\r' && *p != '\n';
    return n;
}

/* The head may be at most head_max bytes: it is fed no more than that, so that its length needs no guessing from
 * callbacks. Interim heads count into the same sum. */
enum http_result http_feed(struct http_reader *h, const char *p, size_t n, size_t *extra)
{
    const char *end = p + n;
    if (extra)
        *extra = 0;
    while (p < end) {
        size_t take = (size_t)(end - p);
        bool in_head = !h->head_done;
        if (in_head) {
            size_t room = h->head_max - h->head_bytes;
            if (!room)
                return fail(h, "the head is over its limit"), HTTP_BAD;
            take = take < room ? take : room;
            h->head_bytes += take;
        }
        enum llhttp_errno r = llhttp_execute(&h->parser, p, take);
        if (h->complete) { /* paused behind the last byte */
            const char *rest = llhttp_get_error_pos(&h->parser);
            if (extra)
                *extra = count_extra(rest, end);
            h->keep_alive = h->keep_alive && rest == end;
            return HTTP_COMPLETE;
        }
        if (r != HPE_OK)
            return parse_failed(h);
        p += take;
    }
    return HTTP_MORE;
}

const char *http_where(struct http_reader *h)
{
    if (!h->head_done)
        return h->head_bytes ? "inside the response head" : "before any byte of the response";
    if (h->until_close)
        return "inside a body without length";
    if (h->content_length < 0)
        return "inside a chunked body";
    snprintf(h->why, sizeof h->why, "after %lld of %lld body bytes", (long long)h->body_bytes,
             (long long)h->content_length);
    return h->why;
}

enum http_result http_eof(struct http_reader *h)
{
    if (h->head_done && h->until_close)
        llhttp_finish(&h->parser); /* calls on_message_complete */
    return h->complete ? HTTP_COMPLETE : HTTP_BAD;
}

bool http_keep_alive(const struct http_reader *h)
{
    return h->complete && h->keep_alive;
}
