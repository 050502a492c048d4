/* sse.c: see sse.h. The machine works line by line: sse_feed finds line ends, take_line interprets one line,
 * dispatch hands out the event at a blank line. What is open when the input ends is parked in buffers. */
#include "net/sse.h"

#include <string.h>

#define CARRY_BYTES 700 /* reserved ahead: a usual line cut in two needs no allocation */

void sse_init(struct sse *s, size_t line_max, size_t event_max, sse_emit *emit, void *user)
{
    *s = (struct sse){.line_max = line_max, .event_max = event_max, .emit = emit, .user = user};
}

void sse_release(struct sse *s)
{
    str_release(&s->line);
    str_release(&s->data);
    str_release(&s->name);
}

static void forget_event(struct sse *s)
{
    s->data_span = s->name_span = SPAN_NONE;
    s->has_data = false;
    s->wire_bytes = 0;
    str_clear(&s->data);
    str_clear(&s->name);
}

static bool dispatch(struct sse *s)
{
    struct sse_event ev = {.data = s->data_span, .name = s->name_span, .wire_bytes = (uint32_t)s->wire_bytes};
    if (!ev.name.len)
        ev.name.at = "";
    if (s->has_data && !s->emit(s->user, &ev))
        return false;
    forget_event(s);
    return true;
}

static void copy_span(struct str *to, struct span *span)
{
    if (span->len && span->at != to->at) {
        str_clear(to);
        str_add(to, span->at, span->len);
    }
    span->at = span->len ? to->at : "";
}

static enum sse_result add_data(struct sse *s, struct span value)
{
    if (s->data_span.len + s->has_data + value.len > s->event_max) /* has_data: the \n between */
        return SSE_EVENT_LIMIT;
    if (!s->has_data) {
        s->data_span = value;
        s->has_data = true;
        return SSE_OK;
    }
    copy_span(&s->data, &s->data_span);
    str_addc(&s->data, '\n');
    str_add(&s->data, value.at, value.len);
    s->data_span = (struct span){s->data.at, s->data.len};
    return SSE_OK;
}

static bool comment(struct sse *s, struct span text, size_t wire_bytes)
{
    struct sse_event ev = {.data = text, .name = span_z(""), .wire_bytes = (uint32_t)wire_bytes, .comment = true};
    return s->emit(s->user, &ev);
}

/* One line without its end; wire_bytes counts the CR or LF that ended it. The bytes stay good until the feed
 * returns. */
static enum sse_result take_line(struct sse *s, const char *at, size_t len, size_t wire_bytes)
{
    if (len > s->line_max)
        return SSE_LINE_LIMIT;
    if (!len) {
        if (s->wire_bytes)
            s->wire_bytes += wire_bytes;
        return dispatch(s) ? SSE_OK : SSE_STOPPED;
    }
    const char *colon = memchr(at, ':', len);
    size_t field = colon ? (size_t)(colon - at) : len;
    size_t from = colon ? field + 1 : len;
    if (from < len && at[from] == ' ')
        from++;
    struct span name = {at, field}, value = {at + from, len - from};
    if (!field)
        return comment(s, value, wire_bytes) ? SSE_OK : SSE_STOPPED;
    s->wire_bytes += wire_bytes;
    if (s->wire_bytes > s->event_max + s->line_max) /* endless lines of other fields count too */
        return SSE_EVENT_LIMIT;
    if (span_eq_z(name, "data"))
        return add_data(s, value);
    if (span_eq_z(name, "event")) {
        s->name_span = value;
    } else if (span_eq_z(name, "error")) {
        s->name_span = name;
        return add_data(s, value);
    }
    return SSE_OK;
}

/* A byte order mark counts only as the first three bytes of the stream. Returns how many bytes of p belong to it;
 * when they turn out not to be one, those taken earlier are the beginning of a line. */
static size_t skip_bom(struct sse *s, const char *p, size_t n)
{
    static const char bom[3] = {'\xef', '\xbb', '\xbf'};
    size_t used = 0;
    while (used < n && s->bom < 3 && p[used] == bom[s->bom]) {
        s->bom++;
        used++;
    }
    if (s->bom == 3)
        s->started = true;
    if (used == n)
        return used;
    if (s->bom && s->bom < 3)
        str_add(&s->line, bom, s->bom);
    s->started = true;
    return used;
}

/* Where the line that begins at p ends: the first CR or LF, or NULL. The search for CR is limited to the line that
 * LF ends, so that a stream without CR is scanned once. */
static const char *line_end(const char *p, size_t n)
{
    const char *lf = memchr(p, '\n', n);
    const char *cr = memchr(p, '\r', lf ? (size_t)(lf - p) : n);
    return cr ? cr : lf;
}

/* The rest of a line whose beginning is in s->line. */
static enum sse_result finish_carried(struct sse *s, const char *p, size_t n)
{
    if (s->line.len + n > s->line_max)
        return SSE_LINE_LIMIT;
    str_add(&s->line, p, n);
    return take_line(s, s->line.at, s->line.len, s->line.len + 1);
}

/* At the end of a feed: what is open must outlive the input. The event first: it may point into the old `line`. */
static enum sse_result park(struct sse *s, const char *rest, size_t n, bool line_done)
{
    if (s->has_data)
        copy_span(&s->data, &s->data_span);
    if (s->name_span.len)
        copy_span(&s->name, &s->name_span);
    if (line_done)
        str_clear(&s->line);
    if (s->line.len + n > s->line_max)
        return SSE_LINE_LIMIT;
    if (n) {
        str_reserve(&s->line, n + CARRY_BYTES);
        str_add(&s->line, rest, n);
    }
    return SSE_OK;
}

static enum sse_result feed(struct sse *s, const char *p, size_t n)
{
    bool carried = s->line.len > 0, line_done = !carried;
    while (n) {
        if (s->skip_lf) {
            s->skip_lf = false;
            if (*p == '\n') {
                p++, n--;
                continue;
            }
        }
        const char *end = line_end(p, n);
        if (!end)
            break;
        size_t len = (size_t)(end - p);
        enum sse_result r = line_done ? take_line(s, p, len, len + 1) : finish_carried(s, p, len);
        if (r)
            return r;
        line_done = true;
        s->skip_lf = *end == '\r';
        p = end + 1;
        n -= len + 1;
    }
    return park(s, p, n, line_done && carried);
}

static enum sse_result mark(struct sse *s, enum sse_result r)
{
    if (r == SSE_LINE_LIMIT || r == SSE_EVENT_LIMIT)
        s->broken = true;
    return r;
}

enum sse_result sse_feed(struct sse *s, const char *p, size_t n)
{
    if (s->broken)
        return SSE_LINE_LIMIT;
    if (!s->started) {
        size_t used = skip_bom(s, p, n);
        p += used;
        n -= used;
    }
    if (!n)
        return SSE_OK;
    return mark(s, feed(s, p, n));
}

enum sse_result sse_finish(struct sse *s)
{
    if (s->broken)
        return SSE_LINE_LIMIT;
    if (!s->started && s->bom) { /* the body was the beginning of a mark */
        str_add(&s->line, "\xef\xbb", s->bom);
        s->started = true;
    }
    if (s->line.len) {
        enum sse_result r = mark(s, take_line(s, s->line.at, s->line.len, s->line.len));
        if (r)
            return r;
    }
    enum sse_result r = dispatch(s) ? SSE_OK : SSE_STOPPED;
    if (r == SSE_OK)
        str_clear(&s->line);
    return r;
}
