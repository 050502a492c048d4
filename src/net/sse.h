/* Cutting a byte stream into server-sent events (WHATWG HTML, section 9.2.6 "Interpreting an event stream").
 *
 * Bytes may come split anywhere. An event that lies inside one feed with a single data line is handed over in
 * place; otherwise it is carried over in buffers that are kept from event to event and grow up to the limits.
 * Leftovers are copied after the feed's events went out, so that growing rarely stands between a read and its
 * event.
 *
 * Deviations, on purpose: an open event at the end of a whole body is delivered (servers forget the final blank
 * line); a field named `error` counts as `event: error` with that data (llama.cpp's server sent errors so);
 * comments are delivered. */
#ifndef NET_SSE_H
#define NET_SSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Spans are borrowed during the callback. */
struct sse_event {
    struct span data; /* the data lines joined by \n; of a comment, what follows the colon and one space */
    struct span name; /* of the event: field, or empty */
    /* Of its lines, up to the CR or LF that completed it. An LF after CR and stray blank lines are not counted, so
     * that the number does not depend on where reads were split. */
    uint32_t wire_bytes;
    bool comment;
};

/* False stops the feed; nothing of the cutter is touched after that, so the callback may have released it. */
typedef bool sse_emit(void *user, const struct sse_event *ev);

enum sse_result {
    SSE_OK,
    SSE_STOPPED,    /* the callback said so */
    SSE_LINE_LIMIT, /* a line is longer than line_max: the stream is unusable from here */
    SSE_EVENT_LIMIT
};

/* Zero-initialised may be released. */
struct sse {
    size_t line_max, event_max;
    sse_emit *emit; /* borrowed, with user, while feeding */
    void *user;
    struct str line; /* a line begun in an earlier feed; its bytes stay good until the end of the feed that ends it */
    struct str data, name;            /* of the open event, once they could not stay in place */
    struct span data_span, name_span; /* of the open event: into the input, into `line`, or into the buffers above */
    size_t wire_bytes;                /* of the open event's lines so far */
    bool has_data, started, skip_lf;
    bool broken; /* over a limit */
    uint8_t bom; /* bytes of a byte order mark seen at the very start */
};

void sse_init(struct sse *s, size_t line_max, size_t event_max, sse_emit *emit, void *user);
void sse_release(struct sse *s);
enum sse_result sse_feed(struct sse *s, const char *p, size_t n);
/* The body ended as its framing says: delivers what is open. */
enum sse_result sse_finish(struct sse *s);

#endif
