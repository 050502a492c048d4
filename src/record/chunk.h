/* One streamed event of a response with its stamps, and the list of them that a request keeps.
 *
 * A read carries the kernel's stamp of its LAST byte. When one read held several events, all but the last
 * are `merged`: their t_ns is an upper bound. When the kernel gave no stamp, t_ns is our clock and the
 * chunk is `unstamped`. */
#ifndef RECORD_CHUNK_H
#define RECORD_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

#define CHUNK_KIND_LIST(X)                                                                                             \
    X(ROLE, "role")                                                                                                    \
    X(TEXT, "text")                                                                                                    \
    X(REASONING, "reasoning")                                                                                          \
    X(TOOL, "tool")                                                                                                    \
    X(USAGE, "usage")                                                                                                  \
    X(DONE, "done")                                                                                                    \
    X(ERROR, "error")                                                                                                  \
    X(COMMENT, "comment")                                                                                              \
    X(OTHER, "other")

enum chunk_kind {
#define X(name, word) CHUNK_##name,
    CHUNK_KIND_LIST(X)
#undef X
        CHUNK_KIND_COUNT
};

enum chunk_flag { CHUNK_MERGED = 1u << 0, CHUNK_UNSTAMPED = 1u << 1 };

struct chunk {
    mono_ns t_ns;        /* arrival: the kernel's stamp of the read, mapped to the monotonic clock */
    mono_ns app_ns;      /* when recvmsg returned it to us; app_ns - t_ns is our own delay */
    uint32_t bytes;      /* of the event as it came, framing of SSE or NDJSON included, of HTTP not */
    uint8_t kind;        /* enum chunk_kind */
    uint8_t flags;       /* enum chunk_flag */
    uint16_t text_bytes; /* how much of the request's text this event added; 65535: that or more */
};

struct chunk_list {
    struct chunk *at; /* owned */
    size_t n, cap;
    size_t dropped; /* events that found no room: counted, never silent */
};

void chunk_list_init(struct chunk_list *l, size_t cap);
void chunk_list_release(struct chunk_list *l);
/* Room for `extra` more without allocating in chunk_list_add; called outside the measured path. */
void chunk_list_reserve(struct chunk_list *l, size_t extra);
void chunk_list_fit(struct chunk_list *l); /* gives back the room behind the last one */
/* No allocation: false (and counted in dropped) when full. */
bool chunk_list_add(struct chunk_list *l, struct chunk c);

const char *chunk_kind_word(enum chunk_kind k);

/* The stored form: a version byte, then per chunk zig-zag varints of the difference of t_ns to the last
 * chunk's (the first to `base`), app_ns - t_ns, bytes, text_bytes, and one byte kind | flags << 4. About 8
 * bytes a chunk. */
void chunk_list_encode(const struct chunk_list *l, mono_ns base, struct str *out);
/* Bounded by n bytes; on failure the list is empty. */
int chunk_list_decode(struct chunk_list *l, mono_ns base, const void *p, size_t n, struct err *e);

#endif
