/* The stub's language: one word, one token. A prompt has as many tokens as it has words between white space; an answer is
 * made of pseudo words of plain lower-case letters, each but the first with a space before it. */
#ifndef STUB_WORDS_H
#define STUB_WORDS_H

#include <stdint.h>

#include "base/rng.h"
#include "base/str.h"

enum { WORDS_VOCABULARY = 4096 };

/* Words of a text: runs of bytes other than space, tab, CR, LF, VT, FF. */
int64_t words_count(struct span text);
/* The next word of a text from *at on, SPAN_NONE behind the last. */
struct span words_next(struct span text, size_t *at);
/* The id of a word, the same for every occurrence: 0 … WORDS_VOCABULARY - 1. */
int64_t words_id(struct span word);
/* Appends a random word of four to six letters, with a space before it unless it is the first. */
void words_add(struct str *out, struct rng *r, bool first);

#endif
