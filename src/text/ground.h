/* text: pure functions on generated text and ingested facts.
 *
 * Owns: sanity (loops, non-text), extraction of sections, the keyword score, grounding.
 * Must not know: where the text came from.
 *
 * ground.h: every number and every file count that a text states is looked up in the facts and classed. */
#ifndef TEXT_GROUND_H
#define TEXT_GROUND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

struct fact {
    const char *name;   /* what the number is: "csv files", "decode_tok_s mean", "bench.json: results.0.ttft_ms" */
    double value;
    const char *origin; /* file (and place in it) it came from */
    bool is_count;      /* a count of files: a differing stated count contradicts it */
};

enum ground_class { GROUND_SUPPORTED, GROUND_CONTRADICTED, GROUND_NOT_FOUND, GROUND_CLASS_COUNT };

struct statement {
    double value;
    struct span number, sentence; /* borrowed from the text */
    enum ground_class class;
    const struct fact *fact; /* the fact it agrees with or contradicts; NULL */
};

const char *ground_class_word(enum ground_class c);
/* Finds the statements of `text`; the array lives in the arena. List markers, heading numbers and ordinals are not
 * statements. A value is supported when it equals a fact at the precision it is written with. */
size_t ground_text(struct span text, const struct fact *facts, size_t n_facts, struct arena *a, struct statement **out);

#endif
