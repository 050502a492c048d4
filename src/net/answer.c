/* answer.c: the way of received bytes through a call: HTTP, then the cutter its framing asks for, then events; and
 * which framing that is. Nothing in here waits, and nothing allocates before an event that lies in one read. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net/call.h"

#define LINE_BYTES (1u << 20)
#define EVENT_BYTES (8u << 20)
#define BODY_BYTES (256u << 20)
#define SIZE_CAP (1u << 30)     /* of line and event limits: sizes of events are told in 32 bits */
#define RESERVE_BODY (1u << 20) /* of an announced Content-Length, so much is believed at once */

/* ---- cutters' events ---- */

static bool going_on(const struct call *k)
{
    return k->at != CALL_AT_END;
}

static bool on_sse(void *user, const struct sse_event *ev)
{
    struct call *k = user;
    if (k->ops->event)
        k->ops->event(k->user, ev->data, ev->name, ev->wire_bytes, ev->comment, &k->arrival);
    return going_on(k);
}

static bool on_line(void *user, struct span line, uint32_t wire_bytes)
{
    struct call *k = user;
    if (k->ops->event)
        k->ops->event(k->user, line, (struct span){"", 0}, wire_bytes, false, &k->arrival);
    return going_on(k);
}

/* ---- head and body ---- */

static bool type_is(struct span content_type, const char *word)
{
    size_t n = strlen(word);
    return content_type.len >= n && !strncasecmp(content_type.at, word, n) &&
           (content_type.len == n || strchr("; \t", content_type.at[n]));
}

static enum call_framing framing_of(const struct call *k, int status, struct span type)
{
    static const char *const lines[] = {"application/x-ndjson", "application/ndjson",     "application/jsonl",
                                        "application/x-jsonl",  "application/jsonlines",  "application/x-jsonlines",
                                        "application/json-seq", "application/stream+json"};
    if (status >= 300 || k->asked == CALL_BODY)
        return CALL_BODY;
    if (!type.len) /* nothing said against it */
        return k->asked;
    if (k->asked == CALL_SSE)
        return type_is(type, "text/event-stream") ? CALL_SSE : CALL_BODY;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (type_is(type, lines[i]))
            return CALL_NDJSON;
    return CALL_BODY;
}

static bool over(struct call *k, const char *why)
{
    k->limit_why = why;
    return false;
}

static bool on_head(void *user, int status, struct span content_type)
{
    struct call *k = user;
    k->at = CALL_AT_BODY;
    k->framing = framing_of(k, status, content_type);
    if (k->ops->head)
        k->ops->head(k->user, status, content_type);
    if (!going_on(k))
        return false;
    int64_t length = k->http.content_length;
    if (length > (int64_t)k->limits.body_bytes)
        return over(k, "the announced body is over its limit");
    return true;
}

/* A whole body in one piece is handed over in place. */
static bool take_body(struct call *k, const char *p, size_t n)
{
    if (!k->ops->event)
        return true;
    if (!k->body.len && k->http.content_length == (int64_t)n) {
        k->ops->event(k->user, (struct span){p, n}, (struct span){"", 0}, (uint32_t)n, false, &k->arrival);
        return going_on(k);
    }
    if (!k->body.len && k->http.content_length > 0)
        str_reserve(&k->body, (size_t)(k->http.content_length < RESERVE_BODY ? k->http.content_length : RESERVE_BODY));
    str_add(&k->body, p, n);
    return true;
}

static bool on_body(void *user, const char *p, size_t n)
{
    struct call *k = user;
    if (k->http.body_bytes > (int64_t)k->limits.body_bytes)
        return over(k, "the body is over its limit");
    if (k->framing == CALL_BODY)
        return take_body(k, p, n);
    if (k->framing == CALL_NDJSON) {
        enum ndjson_result r = ndjson_feed(&k->ndjson, p, n);
        return r == NDJSON_LINE_LIMIT ? over(k, "a line is over its limit") : r == NDJSON_OK;
    }
    enum sse_result r = sse_feed(&k->sse, p, n);
    if (r == SSE_LINE_LIMIT || r == SSE_EVENT_LIMIT)
        return over(k, r == SSE_LINE_LIMIT ? "an SSE line is over its limit" : "an SSE event is over its limit");
    return r == SSE_OK;
}

static const struct http_sink http_sink = {.head = on_head, .body = on_body};

/* ---- beginning and end ---- */

static size_t limit(size_t asked, size_t usual, size_t cap)
{
    size_t n = asked ? asked : usual;
    return n < cap ? n : cap;
}

static void start_cutter(struct call *k)
{
    struct call_limits *m = &k->limits;
    bool line_given = m->line_bytes != 0;
    m->head_bytes = limit(m->head_bytes, HTTP_HEAD_BYTES, SIZE_CAP);
    m->line_bytes = limit(m->line_bytes, LINE_BYTES, SIZE_CAP);
    m->event_bytes = limit(m->event_bytes, EVENT_BYTES, SIZE_CAP);
    m->body_bytes = limit(m->body_bytes, BODY_BYTES, SIZE_MAX / 2);
    if (k->asked == CALL_SSE)
        sse_init(&k->sse, m->line_bytes, m->event_bytes, on_sse, k);
    else if (k->asked == CALL_NDJSON) /* a line is an event there: the event's limit, unless a line's was asked for */
        ndjson_init(&k->ndjson, line_given && m->line_bytes < m->event_bytes ? m->line_bytes : m->event_bytes, on_line,
                    k);
}

void call_await_answer(struct call *k, bool head_request)
{
    start_cutter(k);
    http_init(&k->http, &http_sink, k, k->limits.head_bytes, head_request);
    k->framing = CALL_BODY;
}

/* The body is whole: what the cutter still holds is an event. False when the call ended meanwhile. */
static bool hand_over_rest(struct call *k)
{
    if (k->framing == CALL_SSE)
        return sse_finish(&k->sse) == SSE_OK;
    if (k->framing == CALL_NDJSON)
        return ndjson_finish(&k->ndjson) == NDJSON_OK;
    if (k->body.len && k->ops->event)
        k->ops->event(k->user, (struct span){k->body.at, k->body.len}, (struct span){"", 0}, (uint32_t)k->body.len,
                      false, &k->arrival);
    return going_on(k);
}

void call_complete(struct call *k, size_t extra)
{
    if (!hand_over_rest(k)) {
        if (going_on(k))
            call_finish(k, NET_PARSE, 0, "the last line is over its limit");
        return;
    }
    if (!extra) {
        call_finish(k, NET_DONE, 0, "");
        return;
    }
    snprintf(k->client->why, sizeof k->client->why, "%zu bytes came behind the end of the response", extra);
    call_finish(k, NET_PARSE, 0, k->client->why);
}

void call_take_answer(struct call *k, const char *p, size_t n)
{
    size_t extra;
    switch (http_feed(&k->http, p, n, &extra)) {
    case HTTP_MORE:
        /* chunk framing alone must not grow without end */
        if (k->bytes_in / 8 > (int64_t)k->limits.body_bytes + (int64_t)k->limits.head_bytes)
            call_finish(k, NET_PARSE, 0, "the response is over its limit");
        break;
    case HTTP_COMPLETE: call_complete(k, extra); break;
    case HTTP_BAD: call_finish(k, NET_PARSE, 0, k->http.why); break;
    case HTTP_STOPPED:
        if (going_on(k))
            call_finish(k, NET_PARSE, 0, k->limit_why);
        break;
    }
}
