/* Cutting a byte stream into lines of newline-delimited JSON. Bytes may come split anywhere; a line inside one
 * feed is handed over in place, otherwise it is carried over in one buffer that grows up to the limit. A CR before
 * the LF and a byte order mark at the start are dropped, empty lines are skipped, a last line without LF is
 * delivered by ndjson_finish. */
#ifndef NET_NDJSON_H
#define NET_NDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* The line is borrowed during the callback; wire_bytes counts its end. False stops the feed; nothing of the cutter
 * is touched after that. */
typedef bool ndjson_emit(void *user, struct span line, uint32_t wire_bytes);

enum ndjson_result {
    NDJSON_OK,
    NDJSON_STOPPED,   /* the callback said so */
    NDJSON_LINE_LIMIT /* longer than line_max: the stream is unusable from here */
};

/* Zero-initialised may be released. */
struct ndjson {
    size_t line_max;
    ndjson_emit *emit; /* borrowed, with user, while feeding */
    void *user;
    struct str line; /* begun in an earlier feed */
    bool first, broken;
};

void ndjson_init(struct ndjson *s, size_t line_max, ndjson_emit *emit, void *user);
void ndjson_release(struct ndjson *s);
enum ndjson_result ndjson_feed(struct ndjson *s, const char *p, size_t n);
enum ndjson_result ndjson_finish(struct ndjson *s); /* the body ended as its framing says */

#endif
