/* screen.h: a block of lines at the end of a terminal that is painted again and again, and lines that stay above it; only
 * with "cursor up" and "erase", which every terminal has. The cursor always rests at the beginning of the line below the
 * block and is never hidden, so a program that ends at any moment leaves a terminal that needs no repair. */
#ifndef LIVE_SCREEN_H
#define LIVE_SCREEN_H

#include "base/str.h"

enum { SCREEN_LINES = 16 };

struct screen {
    size_t lines; /* on the terminal */
    size_t width[SCREEN_LINES];
};

/* Appends the bytes that replace the block: first `above`, which stays, then the new one. Both are whole lines or empty; a
 * block has at most SCREEN_LINES of them, each narrower than `columns`: the terminal's width now, which may have changed since. */
void screen_show(struct screen *s, struct span above, struct span block, size_t columns, struct str *out);

#endif
