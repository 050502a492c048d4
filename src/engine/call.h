/* One generation request on the loop's side: what was asked, the job at the worker, the client's exchange, and the
 * dialect that turns events into bytes. Lives until the job's END event, which may come after the client has left. */
#ifndef ENGINE_CALL_H
#define ENGINE_CALL_H

#include "engine/ask.h"
#include "engine/engine.h"
#include "engine/job.h"

struct call;

/* How one route speaks. All four write to call->x; `text` is what became showable since the last chunk. */
struct dialect {
    enum ask_route route;
    const char *stream_type;       /* Content-Type of a stream */
    int full_status;               /* what a full queue is called here */
    void (*begin)(struct call *c); /* a stream was accepted: its first chunk, if the dialect has one */
    void (*text)(struct call *c, struct span text, mono_ns stamp);
    void (*finish)(struct call *c); /* the last chunks, or the whole answer when it is not streamed */
    void (*fail)(struct exchange *x, int status, const char *type, const struct err *e); /* an answer instead */
    void (*fail_late)(struct call *c); /* the generation broke after the stream had begun */
};

struct call {
    struct job job; /* first: an event's job is its call */
    struct engine *engine;
    const struct dialect *dialect;
    struct ask ask;
    struct exchange *x;         /* NULL: the client is gone */
    struct str answer;          /* all text so far, when not streamed */
    struct str line;            /* scratch for one chunk */
    struct tokens chunk_tokens; /* how many tokens each text chunk covers */
    size_t asked_tokens;        /* the prompt before it was cut; 0: it was not */
    int64_t created_s;          /* wall time of the request */
    int64_t wall_offset_ns;     /* wall minus monotonic */
    char id[40];
};

void call_start(struct engine *en, const struct dialect *d, struct exchange *x, const struct http_request *r);
/* Hands the worker's waiting events to their calls. */
void call_events(struct engine *en);

const char *call_finish_reason(const struct call *c); /* "stop" or "length", in both dialects */
/* Writes "chimera":{…} when there is something to say: stamps were asked for, options not applied, the prompt cut. */
struct json_writer;
void call_chimera(const struct call *c, struct json_writer *w);

#endif
