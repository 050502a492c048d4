/* script.h: which script a code point belongs to, as coarse as sanity needs it: East Asian scripts count as one, so do
 * the Indic and the South-East Asian ones. Ranges after the Unicode block list (Blocks.txt). */
#ifndef TEXT_SCRIPT_H
#define TEXT_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

enum script {
    SCRIPT_COMMON,   /* digits, punctuation, white space, box drawing, currency */
    SCRIPT_NON_TEXT, /* control, private use, unassigned, U+FFFD */
    SCRIPT_SYMBOL,
    SCRIPT_LATIN,
    SCRIPT_GREEK,
    SCRIPT_CYRILLIC,
    SCRIPT_CAUCASIAN,
    SCRIPT_HEBREW,
    SCRIPT_ARABIC,
    SCRIPT_INDIC,
    SCRIPT_SOUTH_EAST_ASIAN,
    SCRIPT_ETHIOPIC,
    SCRIPT_EAST_ASIAN,
    SCRIPT_COUNT
};

enum script script_of(uint32_t code);
bool script_is_letters(enum script s);

#endif
