/* One generation request and its answer in the making.
 *
 *   waiting ──a slot──► first chunk due ──► text chunk due … ──► finishing events ──► freed
 *                          │ instead, head      │ middle            │ last: the hooks of its fault
 *                          └──► hanging (until the client leaves) ──┘
 *
 * It is freed when its answer is over, or when the client is found gone. Due moments are absolute and come from slots.h, so
 * a late turn of the loop does not shift what follows. */
#ifndef STUB_REPLY_H
#define STUB_REPLY_H

#include "httpd/httpd.h"
#include "stub/ask.h"
#include "stub/log.h"
#include "stub/stub.h"

struct reply;
struct json_writer;

/* How a route speaks. */
struct dialect {
    enum ask_route route;
    const char *path;
    const char *stream_type;
    bool sse;
    /* Sets r->before and r->after: a text event is before + words + after. Words need no escape. */
    void (*frame)(struct reply *r);
    void (*begin)(struct reply *r);  /* the event before the first text; NULL: none */
    void (*finish)(struct reply *r); /* the events behind the last text, [DONE] included */
    void (*whole)(struct reply *r, struct str *out);
    void (*error)(struct str *out, int status, const char *type, const char *text); /* an error body or event */
};
extern const struct dialect dialect_chat, dialect_completion, dialect_generate, dialect_ollama_chat;

#define STUB_JSON "application/json; charset=utf-8"
#define STUB_TOO_LONG "exceed_context_size_error"

struct stub {
    struct stub_options o; /* with defaults filled in */
    struct httpd *httpd;
    struct slots slots;
    struct log log;
    struct stub_counts counts;
    mono_ns loaded_ns; /* when the model is or was loaded; MONO_NONE: it is not */
    bool stopping;
};

struct reply {
    struct slot_job job; /* first: a job is its reply */
    struct stub *stub;
    struct exchange *x; /* NULL: over */
    const struct dialect *dialect;
    const struct fault *fault; /* never NULL: without one all its hooks are */
    struct ask ask;
    struct rng rng, words; /* delays; text */
    struct log_entry log;
    int64_t n_tokens;         /* to come in all */
    int64_t n_chunks;         /* text chunks to come in all */
    bool by_length;           /* cut by the limit or the context */
    bool streaming;           /* asked for, and no fault forbids it */
    bool headed;              /* the first step was done */
    bool dripping, finishing; /* events go to `pending` and leave byte by byte; they are the last ones */
    mono_ns t_first, t_last;  /* moments of the queue's clock: first and last text chunk */
    mono_ns due;              /* of the step being done */
    struct str before, after; /* of a text event */
    struct str text;          /* all text, when the answer is one document */
    struct str line;          /* scratch for one event */
    struct str pending;       /* dripping: what is still to be sent, from pending_at on */
    size_t pending_at;
    char id[40];
};

/* Routes' entry: reads the request and puts it into the queue, or answers with an error. */
void reply_start(struct stub *s, const struct dialect *d, struct exchange *x, const struct http_request *q);
/* Does every step that is due not later than `until`; at most `max` of them. True: more are due. */
bool reply_steps(struct stub *s, mono_ns until, int max);
/* One event of the stream in the dialect's framing, or as the fault frames it. */
void reply_event(struct reply *r, const char *p, size_t n);
/* "stop" or "length". */
const char *reply_finish_reason(const struct reply *r);
/* Seconds since 1970 that answers give as their time of creation: constant, so that runs are equal. */
#define STUB_EPOCH_S 1767225600LL /* 2026-01-01 */

/* Answers with an error of the dialect; the exchange is gone. */
void reply_error(const struct dialect *d, struct exchange *x, int status, const char *type, const char *text);

#endif
