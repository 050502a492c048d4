/* How many columns of a terminal a text takes. */
#ifndef FORMAT_WIDTH_H
#define FORMAT_WIDTH_H

#include <stddef.h>
#include <stdint.h>

/* 0 for combining marks and controls, 2 for East Asian wide characters and emoji, else 1. Independent of the
 * locale; basic: the blocks of Unicode 15 that matter in names, not its whole table. */
int width_of(uint32_t v);
size_t width_columns(const char *p, size_t n); /* an invalid byte counts as one column */

#endif
