/* utf8.h: one code point at a time. The only reader of UTF-8 in the program, so that all agree on what is valid. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Length in bytes of the code point at p and its value (code may be NULL); 0 when the bytes are not valid UTF-8 as of
 * RFC 3629, section 4 (overlong forms, surrogates and values over U+10FFFF included) or n is 0. */
size_t utf8_next(const char *p, size_t n, uint32_t *code);

#endif
