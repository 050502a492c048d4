/* acts_stream.c: faults within a stream, and framings that are unusual but right. */
#include <string.h>

#include "stub/acts.h"

static size_t length_of(const struct fault *f)
{
    return f->status ? (size_t)f->status : strlen(f->text);
}

enum fault_next act_end(struct reply *r)
{
    exchange_end(r->x);
    return FAULT_OVER;
}

enum fault_next act_empty(struct reply *r)
{
    exchange_stream(r->x, 200, r->dialect->stream_type);
    exchange_end(r->x);
    return FAULT_OVER;
}

enum fault_next act_error_event(struct reply *r)
{
    struct str body = STR_INIT;
    r->dialect->error(&body, 500, r->fault->text, "the stub was told to fail here");
    exchange_cork(r->x);
    reply_event(r, body.at, body.len);
    str_release(&body);
    exchange_end(r->x);
    return FAULT_OVER;
}

enum fault_next act_raw(struct reply *r)
{
    exchange_raw(r->x, r->fault->text, length_of(r->fault));
    return FAULT_GO_ON;
}

enum fault_next act_event(struct reply *r)
{
    reply_event(r, r->fault->text, length_of(r->fault));
    return FAULT_GO_ON;
}

static void text_event(struct reply *r, const char *p, size_t n)
{
    struct str line = STR_INIT;
    str_addc(&line, '{');
    str_add(&line, r->before.at, r->before.len);
    str_add(&line, p, n);
    str_add(&line, r->after.at, r->after.len);
    reply_event(r, line.at, line.len);
    str_release(&line);
}

enum fault_next act_words(struct reply *r)
{
    text_event(r, r->fault->text, length_of(r->fault));
    return FAULT_GO_ON;
}

enum fault_next act_deep(struct reply *r)
{
    struct str line = STR_INIT;
    str_addz(&line, "{\"deep\":");
    for (int i = 0; i < r->fault->status; i++)
        str_addc(&line, '[');
    for (int i = 0; i < r->fault->status; i++)
        str_addc(&line, ']');
    str_addc(&line, '}');
    reply_event(r, line.at, line.len);
    str_release(&line);
    return FAULT_GO_ON;
}

enum fault_next act_huge_event(struct reply *r)
{
    struct str words = STR_INIT;
    str_reserve(&words, (size_t)r->fault->status);
    while (words.len < (size_t)r->fault->status)
        str_addz(&words, " huge");
    text_event(r, words.at, words.len);
    str_release(&words);
    return FAULT_GO_ON;
}

enum fault_next act_split_utf8(struct reply *r)
{
    struct str line = STR_INIT;
    str_addz(&line, r->dialect->sse ? "data: {" : "{");
    str_add(&line, r->before.at, r->before.len);
    str_addz(&line, " caf\xC3");
    exchange_uncork(r->x);
    exchange_chunk(r->x, line.at, line.len);
    str_clear(&line);
    str_addz(&line, "\xA9");
    str_add(&line, r->after.at, r->after.len);
    str_addz(&line, r->dialect->sse ? "\n\n" : "\n");
    exchange_chunk(r->x, line.at, line.len);
    str_release(&line);
    return FAULT_GO_ON;
}

enum fault_next act_done_early(struct reply *r)
{
    r->dialect->finish(r);
    return FAULT_GO_ON;
}

enum fault_next act_done_end(struct reply *r)
{
    r->dialect->finish(r);
    r->dialect->finish(r);
    exchange_end(r->x);
    return FAULT_OVER;
}

static void last_chunk(struct reply *r, const char *behind)
{
    r->dialect->finish(r);
    exchange_raw(r->x, behind, strlen(behind));
}

enum fault_next act_behind_end(struct reply *r)
{
    last_chunk(r, r->fault->text);
    exchange_abort(r->x, false);
    return FAULT_OVER;
}

enum fault_next act_trailers(struct reply *r)
{
    last_chunk(r, "0\r\nX-Sum: 1\r\nServer-Timing: total;dur=1\r\n\r\n");
    exchange_abort(r->x, false);
    return FAULT_OVER;
}

enum fault_next act_close_idle(struct reply *r)
{
    last_chunk(r, "0\r\n\r\n");
    exchange_abort(r->x, false);
    return FAULT_OVER;
}

enum fault_next act_no_blank(struct reply *r)
{
    r->dripping = true; /* the events are collected, their line ends cut, and they leave as one chunk */
    r->dialect->finish(r);
    while (r->pending.len && r->pending.at[r->pending.len - 1] == '\n')
        r->pending.len--;
    exchange_chunk(r->x, r->pending.at, r->pending.len);
    exchange_end(r->x);
    return FAULT_OVER;
}

enum fault_next act_usage(struct reply *r)
{
    static const char sse[] =
        "{\"choices\":[{\"index\":0,\"delta\":{},\"text\":\"\",\"finish_reason\":\"stop\"}],\"usage\":"
        "{\"prompt_tokens\":-5,\"completion_tokens\":1e300,\"total_tokens\":18446744073709551615}}";
    static const char line[] = "{\"response\":\"\",\"done\":true,\"done_reason\":\"stop\",\"total_duration\":-1,"
                               "\"load_duration\":1e300,\"prompt_eval_count\":-7,\"prompt_eval_duration\":"
                               "18446744073709551615,\"eval_count\":\"many\",\"eval_duration\":null}";
    if (r->dialect->sse) {
        reply_event(r, sse, sizeof sse - 1);
        reply_event(r, "[DONE]", 6);
    } else {
        reply_event(r, line, sizeof line - 1);
    }
    exchange_end(r->x);
    return FAULT_OVER;
}

enum fault_next act_empties(struct reply *r)
{
    for (int i = 0; i < r->fault->status; i++)
        text_event(r, "", 0);
    return FAULT_GO_ON;
}

/* ---- framings ---------------------------------------------------------------------------------------------------- */

static void frame(struct reply *r, const char *before, const char *p, size_t n, const char *after)
{
    struct str out = STR_INIT;
    str_addz(&out, r->dialect->sse ? before : "");
    str_add(&out, p, n);
    str_addz(&out, after);
    exchange_chunk(r->x, out.at, out.len);
    str_release(&out);
}

void frame_crlf(struct reply *r, const char *p, size_t n)
{
    frame(r, "data: ", p, n, r->dialect->sse ? "\r\n\r\n" : "\r\n");
}

/* NDJSON has no such line end: there the plain one is used. */
void frame_cr(struct reply *r, const char *p, size_t n)
{
    frame(r, "data: ", p, n, r->dialect->sse ? "\r\r" : "\n");
}

void frame_mixed(struct reply *r, const char *p, size_t n)
{
    static const char *const ends[] = {"\n\n", "\r\n\n", "\r\r\n", "\r\n\r\n", "\n\r"};
    frame(r, "data:", p, n, r->dialect->sse ? ends[r->log.chunks % 5] : r->log.chunks % 2 ? "\n" : "\r\n");
}

/* NDJSON has no comments: an empty line comes in their place. */
void frame_comments(struct reply *r, const char *p, size_t n)
{
    frame(r, ": keep-alive\n\ndata: ", p, n, "\n\n");
}

void frame_fields(struct reply *r, const char *p, size_t n)
{
    frame(r, "event: message\nid: 7\nretry: 1000\nunknown: field\ndata: ", p, n, r->dialect->sse ? "\n\n" : "\n");
}

void frame_multi(struct reply *r, const char *p, size_t n)
{
    const char *comma = r->dialect->sse ? memchr(p, ',', n) : NULL;
    if (!comma) {
        frame(r, "data: ", p, n, r->dialect->sse ? "\n\n" : "\n");
        return;
    }
    struct str out = STR_INIT;
    size_t first = (size_t)(comma - p) + 1;
    str_addz(&out, "data: ");
    str_add(&out, p, first);
    str_addz(&out, "\ndata: ");
    str_add(&out, p + first, n - first);
    str_addz(&out, "\n\n");
    exchange_chunk(r->x, out.at, out.len);
    str_release(&out);
}

void frame_bytes(struct reply *r, const char *p, size_t n)
{
    const char *before = r->dialect->sse ? "data: " : "", *after = r->dialect->sse ? "\n\n" : "\n";
    for (size_t i = 0; before[i]; i++)
        exchange_chunk(r->x, before + i, 1);
    for (size_t i = 0; i < n; i++)
        exchange_chunk(r->x, p + i, 1);
    for (size_t i = 0; after[i]; i++)
        exchange_chunk(r->x, after + i, 1);
}
