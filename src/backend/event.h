/* Reading one event: the document, numbers that may be lies, errors in their many shapes, what
 * chimera-engine adds. Private to backend/; shared by all dialects. */
#ifndef BACKEND_EVENT_H
#define BACKEND_EVENT_H

#include "backend/backend.h"
#include "format/json.h"

/* One event and its document, which lives in the state until the next one is read. */
struct event_doc {
    const char *p; /* borrowed: the event's bytes */
    size_t n;
    yyjson_doc *doc;
    yyjson_val *root; /* an object */
};

void event_clear(struct event *ev);
/* Parses into the state's pool (a bigger event into memory of its own, counted). ERR_INPUT when it is not
 * a JSON object, ERR_LIMIT when it is nested too deep. */
int event_read(struct backend_state *s, const char *p, size_t n, struct event_doc *d, struct err *e);
struct span event_text(yyjson_val *string); /* SPAN_NONE when it is none */
/* Where a string of the document stands in the event's own bytes; SPAN_NONE when it is written differently
 * there. */
struct span event_token(const struct event_doc *d, yyjson_val *string);

/* A count or a duration as a server tells it; -1 when it is absent, not a number, negative, or beyond any
 * real run (1e9 tokens, 1e9 seconds). */
int64_t told_count(yyjson_val *obj, const char *key);
int64_t told_ns(yyjson_val *obj, const char *key);
int64_t told_ms(yyjson_val *obj, const char *key); /* milliseconds in, ns out */

/* Keeps the server's word for the end; an empty one is no end. */
void event_finish(struct backend_state *s, struct event *ev, struct span reason);
/* llama-server's "timings", which chimera-engine sends too. True: there were some. */
bool event_timings(struct backend_state *s, yyjson_val *root);
/* "chimera":{…}: the engine's stamps, what it cut off, and the options that it did not apply; to be read
 * after the counts. True: there it was. */
bool event_engine(struct backend_state *s, yyjson_val *root);

/* Recognises {"error":"…"}, {"error":{"message":…}} and {"object":"error","message":…}; fills kind, error,
 * refused. */
bool event_error(yyjson_val *root, struct event *ev);
/* The on_error_body of every dialect. */
int event_error_body(int status, const char *p, size_t n, struct event *ev);

#endif
