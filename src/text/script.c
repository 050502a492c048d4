/* script.c: see script.h. */
#include "text/script.h"

#include <stddef.h>

/* Sorted by first; gaps are SCRIPT_COMMON. */
static const struct {
    uint32_t first, last;
    enum script script;
} ranges[] = {
    {0x0000, 0x0008, SCRIPT_NON_TEXT},
    {0x000B, 0x000B, SCRIPT_NON_TEXT},
    {0x000E, 0x001F, SCRIPT_NON_TEXT},
    {0x0041, 0x005A, SCRIPT_LATIN},
    {0x0061, 0x007A, SCRIPT_LATIN},
    {0x007F, 0x009F, SCRIPT_NON_TEXT},
    {0x00C0, 0x00D6, SCRIPT_LATIN},
    {0x00D8, 0x00F6, SCRIPT_LATIN},
    {0x00F8, 0x02AF, SCRIPT_LATIN},
    {0x0370, 0x03FF, SCRIPT_GREEK},
    {0x0400, 0x052F, SCRIPT_CYRILLIC},
    {0x0530, 0x058F, SCRIPT_CAUCASIAN},
    {0x0590, 0x05FF, SCRIPT_HEBREW},
    {0x0600, 0x08FF, SCRIPT_ARABIC},
    {0x0900, 0x0DFF, SCRIPT_INDIC},
    {0x0E00, 0x109F, SCRIPT_SOUTH_EAST_ASIAN},
    {0x10A0, 0x10FF, SCRIPT_CAUCASIAN},
    {0x1100, 0x11FF, SCRIPT_EAST_ASIAN},
    {0x1200, 0x139F, SCRIPT_ETHIOPIC},
    {0x1780, 0x17FF, SCRIPT_SOUTH_EAST_ASIAN},
    {0x1E00, 0x1EFF, SCRIPT_LATIN},
    {0x1F00, 0x1FFF, SCRIPT_GREEK},
    {0x2190, 0x24FF, SCRIPT_SYMBOL},
    {0x2580, 0x2BFF, SCRIPT_SYMBOL}, /* box drawing, 0x2500 to 0x257F, makes tables */
    {0x2E80, 0x2FDF, SCRIPT_EAST_ASIAN},
    {0x3040, 0x9FFF, SCRIPT_EAST_ASIAN},
    {0xA000, 0xA4CF, SCRIPT_EAST_ASIAN},
    {0xAC00, 0xD7FF, SCRIPT_EAST_ASIAN},
    {0xE000, 0xF8FF, SCRIPT_NON_TEXT},
    {0xF900, 0xFAFF, SCRIPT_EAST_ASIAN},
    {0xFB1D, 0xFB4F, SCRIPT_HEBREW},
    {0xFB50, 0xFDCF, SCRIPT_ARABIC},
    {0xFDD0, 0xFDEF, SCRIPT_NON_TEXT},
    {0xFDF0, 0xFDFF, SCRIPT_ARABIC},
    {0xFE70, 0xFEFE, SCRIPT_ARABIC},
    {0xFF66, 0xFFDC, SCRIPT_EAST_ASIAN},
    {0xFFF0, 0xFFFF, SCRIPT_NON_TEXT},
    {0x1F000, 0x1FAFF, SCRIPT_SYMBOL},
    {0x1FFFE, 0x1FFFF, SCRIPT_NON_TEXT},
    {0x20000, 0x3FFFD, SCRIPT_EAST_ASIAN},
    {0x3FFFE, 0xE00FF, SCRIPT_NON_TEXT},
    {0xE01F0, 0x10FFFF, SCRIPT_NON_TEXT},
};

enum script script_of(uint32_t code)
{
    size_t low = 0, high = sizeof ranges / sizeof *ranges;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (code < ranges[mid].first)
            high = mid;
        else if (code > ranges[mid].last)
            low = mid + 1;
        else
            return ranges[mid].script;
    }
    return SCRIPT_COMMON;
}

bool script_is_letters(enum script s)
{
    return s >= SCRIPT_LATIN && s < SCRIPT_COUNT;
}
