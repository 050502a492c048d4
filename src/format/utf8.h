/* UTF-8: decoding without trust, and how many terminal columns a text takes. */
#ifndef FORMAT_UTF8_H
#define FORMAT_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Length of the valid sequence at p (RFC 3629: no surrogates, no overlong forms) and its code point; 0 when
 * there is none. */
size_t utf8_decode(const char *p, size_t n, uint32_t *code);
void utf8_encode(uint32_t code, struct str *out);
/* 0 for combining marks and controls, 2 for East Asian wide characters and emoji, else 1. Independent of the
 * locale; basic: the blocks of Unicode 15 that matter in names, not its whole table. */
int utf8_width(uint32_t code);
size_t utf8_columns(const char *p, size_t n); /* an invalid byte counts as one column */

#endif
