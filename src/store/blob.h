/* The stored form of an engine's stamps, and what we must know of text before it goes into a column; private to this room.
 *
 * Engine stamps: a version byte (1); a byte whose bits 0, 1, 2 say that queued, prefill_start, prefill_end are there; those,
 * then the count of tokens, then the tokens: zig-zag varints of the difference to the last value written (the first to
 * `base`), the count a plain varint. */
#ifndef STORE_BLOB_H
#define STORE_BLOB_H

#include <stdbool.h>

#include "record/request.h"

bool engine_stamps_given(const struct engine_stamps *g);
void engine_stamps_encode(const struct engine_stamps *g, mono_ns base, struct str *out);
/* Bounded by n bytes; on failure nothing is owned. */
int engine_stamps_decode(struct engine_stamps *g, mono_ns base, const void *p, size_t n, struct err *e);

/* Characters of p as every JSON reader of our exports counts them: code points, one per byte that is not valid UTF-8.
 * *plain (may be NULL) tells whether the bytes are valid UTF-8 without NUL. */
int64_t text_chars(const void *p, size_t n, bool *plain);

#endif
