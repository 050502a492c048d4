/* sanity.h: is this text something a person could read? Finds loops, non-text and empty answers, the generations that
 * must not be pooled with good ones. Figures are always filled; `degenerate` follows from the rules of one table. */
#ifndef TEXT_SANITY_H
#define TEXT_SANITY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

#define SANITY_RULE_LIST(X)                                                                                            \
    X(EMPTY, "empty", 1, "no letter, digit or symbol at all")                                                          \
    X(WORD_LOOP, "word_loop", 0.4, "share of the words inside one loop of at least 4 rounds and 16 words")             \
    X(LONG_LOOP, "long_loop", 100, "words of such a loop, however long the good text before it")                       \
    X(CHAR_LOOP, "char_loop", 0.3, "share of the characters inside one loop of at least 8 rounds and 120 characters")  \
    X(REPEATED_4GRAMS, "repeated_4grams", 0.7, "share of 4-word sequences that came before, over at least 48 words")   \
    X(REPEATED_LINES, "repeated_lines", 0.5, "share of lines that came before, over at least 8 lines")                 \
    X(NON_TEXT, "non_text", 0.1, "share of control, private-use, unassigned or invalid characters and raw tokens")     \
    X(SYMBOLS, "symbols", 0.4, "share of arrows, boxes, pictures and other signs that are no script")                  \
    X(SCRIPTS, "scripts", 4, "number of unrelated scripts that each hold 2 % of at least 100 letters")

enum sanity_rule {
#define X(name, word, limit, what) SANITY_##name,
    SANITY_RULE_LIST(X)
#undef X
        SANITY_RULE_COUNT
};

struct sanity {
    size_t bytes, chars, words, lines; /* words: runs without white space that hold a letter, digit or non-ASCII sign */
    double figure[SANITY_RULE_COUNT];  /* what each rule looks at, in the unit of its limit */
    size_t raw_tokens;                 /* "<unused12>", "<|im_end|>", "<pad>", "<0x0A>" */
    bool unfinished;                   /* ends inside a sentence, a list item without text or a code block */
    bool degenerate;
    enum sanity_rule why; /* the first rule that fired; meaningless unless degenerate */
};

/* Looks at the last 1 MiB of a longer text: loops stand at the end. */
struct sanity sanity_check(struct span text);

struct sanity_row {
    const char *word; /* NULL behind the last */
    double limit;     /* a figure of at least this much is degenerate */
    const char *what;
};
struct sanity_row sanity_row(int rule);

#endif
