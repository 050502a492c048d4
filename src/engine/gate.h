/* The gate between tokens and text: holds back what cannot be shown yet (the beginning of a UTF-8 sequence, the
 * beginning of a stop string) and finds stop strings across token borders. Bytes in, bytes out, nothing lost or
 * reordered. */
#ifndef ENGINE_GATE_H
#define ENGINE_GATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct gate {
    const struct span *stops; /* borrowed for the gate's life; none is empty */
    size_t n_stops;
    struct str held; /* owned; gate_release */
};

/* Takes one token's bytes and appends to out what may be shown now. Returns the number (from 1) of the stop string
 * that was completed, whose text and all after it is dropped, else 0. */
size_t gate_add(struct gate *g, const char *p, size_t n, struct str *out);
/* The end came by other means: what was held is text after all. */
void gate_end(struct gate *g, struct str *out);
void gate_release(struct gate *g);

/* Bytes at the end of p that begin a UTF-8 sequence without completing it: 0 to 3. */
size_t utf8_incomplete(const char *p, size_t n);

#endif
