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
    const char *name; /* what the number is: "csv files", "decode_tok_s mean", "bench.json: results.0.ttft_ms" */
    double value;
    const char *origin; /* file (and place in it) it came from */
    bool is_count;      /* a count of files: a differing stated count contradicts it */
};

enum ground_class { GROUND_SUPPORTED, GROUND_CONTRADICTED, GROUND_NOT_FOUND, GROUND_CLASS_COUNT };

struct statement {
    double value;
    struct span number;   /* borrowed from the text */
    struct span sentence; /* likewise: at most GROUND_MAX_BESIDE bytes on each side of the number */
    enum ground_class class;
    const struct fact *fact; /* the fact it agrees with or contradicts; NULL */
    bool named;              /* the sentence also names that fact: better evidence than an equal number alone */
};

enum { GROUND_MAX_STATEMENTS = 4096, GROUND_MAX_BESIDE = 500 };

const char *ground_class_word(enum ground_class c);
/* Finds the statements of `text`; the array lives in the arena. List markers, heading numbers, ordinals, dates, versions,
 * numbers inside names ("gemma3", "q4_0", "run_3.csv", "8-bit") and behind "section", "table" and the like are no
 * statements.
 *
 * Counts of files ("28 CSV files", "CSV: 28", "JSON (70 % - 71 files)", "three markdown files", "total files: 101") are
 * compared with the facts that are counts: "csv files" counts one type, "files" all. An equal one is supported, another
 * contradicted; a number of untyped files contradicts only when the text says that it means all of them, and "the first
 * two CSV files" contradicts nothing.
 * Any other number is supported when it equals a fact at the precision it is written with (half a unit of its last digit,
 * and never more than 3 % off), after units of time and %, k are taken into account; else it is not found. At most
 * GROUND_MAX_STATEMENTS are returned. */
size_t ground_text(struct span text, const struct fact *facts, size_t n_facts, struct arena *a, struct statement **out);

#endif
