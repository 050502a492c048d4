/* number.h: the numbers that a text states, cut out of its lines. Private to text/. */
#ifndef TEXT_NUMBER_H
#define TEXT_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum number_unit { UNIT_NONE, UNIT_NS, UNIT_US, UNIT_MS, UNIT_S, UNIT_MIN, UNIT_H, UNIT_PERCENT, UNIT_OTHER };

struct number {
    size_t start, end; /* bytes of the line; end is behind digits and unit */
    size_t digits_end; /* behind the digits */
    double value;      /* as written; "1.2k" is 1200 */
    double half_unit;  /* half of one unit of its last digit, in the same scale */
    bool whole;        /* no fraction, no exponent, no unit: it may be a count */
    bool spelled;      /* "three" */
    enum number_unit unit;
};

/* The next stated number of the line at or behind *at; moves *at behind it. Numbers that state nothing are passed over. */
bool number_next(struct span line, size_t *at, struct number *out);
/* Seconds of one unit of time; 0 for the others. */
double number_unit_seconds(enum number_unit u);
/* The unit of time of a name like "ttft_ms" or "makespan_s"; UNIT_NONE when it has none ("decode_tok_s"). */
enum number_unit number_unit_of_name(const char *name);

bool text_is_word_byte(char c); /* letter, digit, '_' or a byte of a longer character */
/* The word that ends right before `end`, blanks, markup and nothing else between; empty when there is none. */
struct span text_word_before(struct span line, size_t end);
bool text_word_in(struct span word, const char *const *words, size_t n); /* without case */

#endif
