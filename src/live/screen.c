/* screen.c: see screen.h. */
#include "live/screen.h"

#include <string.h>

#include "format/width.h"

/* Columns of a line without its SGR sequences, the only ones that a painted line holds. */
static size_t columns_of(const char *p, size_t n)
{
    size_t columns = 0;
    while (n) {
        const char *esc = memchr(p, '\x1b', n);
        size_t plain = esc ? (size_t)(esc - p) : n;
        columns += width_columns(p, plain);
        const char *end = esc ? memchr(esc, 'm', n - plain) : NULL;
        size_t gone = end ? (size_t)(end - p) + 1 : n;
        p += gone;
        n -= gone;
    }
    return columns;
}

/* A terminal that became narrower has broken lines that were not broken when they were painted. */
static size_t rows_of(const struct screen *s, size_t columns)
{
    size_t rows = 0;
    for (size_t i = 0; i < s->lines; i++)
        rows += s->width[i] > columns && columns ? (s->width[i] + columns - 1) / columns : 1;
    return rows;
}

void screen_show(struct screen *s, struct span above, struct span block, size_t columns, struct str *out)
{
    size_t up = rows_of(s, columns);
    str_addc(out, '\r');
    if (up)
        str_addf(out, "\x1b[%zuA", up);
    if (above.len)
        str_addz(out, "\x1b[J");
    str_add(out, above.at, above.len);
    s->lines = 0;
    while (block.len && s->lines < SCREEN_LINES) {
        const char *end = memchr(block.at, '\n', block.len);
        size_t n = end ? (size_t)(end - block.at) : block.len;
        s->width[s->lines++] = columns_of(block.at, n);
        str_add(out, block.at, n);
        str_addz(out, "\x1b[K\n");
        n += end != NULL;
        block.at += n;
        block.len -= n;
    }
    str_addz(out, "\x1b[J");
}
