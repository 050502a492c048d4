/* The reader of UTF-8 under the name that store/blob.c still calls it by; new code takes base/utf8.h. */
#ifndef FORMAT_UTF8_H
#define FORMAT_UTF8_H

#include "base/utf8.h"

static inline size_t utf8_decode(const char *p, size_t n, uint32_t *code)
{
    return utf8_next(p, n, code);
}

#endif
