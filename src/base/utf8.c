/* utf8.c: see utf8.h. */
#include "base/utf8.h"

size_t utf8_next(const char *p, size_t n, uint32_t *code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000}; /* of each length: less is overlong */
    if (n == 0)
        return 0;
    unsigned c = (unsigned char)p[0];
    size_t len = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;
    if (!len || len > n)
        return 0;
    uint32_t value = len == 1 ? c : c & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        unsigned next = (unsigned char)p[i];
        if ((next & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (next & 0x3F);
    }
    if (value < smallest[len] || (value >= 0xD800 && value < 0xE000) || value > 0x10FFFF)
        return 0;
    if (code)
        *code = value;
    return len;
}
