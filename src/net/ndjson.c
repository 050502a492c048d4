/* ndjson.c: see ndjson.h. */
#include "net/ndjson.h"

#include <string.h>

#define CARRY_BYTES 1024 /* reserved for the rest of a line that was cut: a usual one needs no allocation then */

void ndjson_init(struct ndjson *s, size_t line_max, ndjson_emit *emit, void *user)
{
    *s = (struct ndjson){.line_max = line_max, .emit = emit, .user = user, .first = true};
}

void ndjson_release(struct ndjson *s)
{
    str_release(&s->line);
}

static enum ndjson_result take_line(struct ndjson *s, const char *at, size_t len, size_t wire_bytes)
{
    if (len > s->line_max) {
        s->broken = true;
        return NDJSON_LINE_LIMIT;
    }
    if (s->first && len >= 3 && !memcmp(at, "\xef\xbb\xbf", 3)) {
        at += 3;
        len -= 3;
    }
    s->first = false;
    if (len && at[len - 1] == '\r')
        len--;
    if (!len)
        return NDJSON_OK;
    return s->emit(s->user, (struct span){at, len}, (uint32_t)wire_bytes) ? NDJSON_OK : NDJSON_STOPPED;
}

static enum ndjson_result carry(struct ndjson *s, const char *p, size_t n)
{
    if (s->line.len + n > s->line_max) {
        s->broken = true;
        return NDJSON_LINE_LIMIT;
    }
    if (n)
        str_add(&s->line, p, n);
    return NDJSON_OK;
}

enum ndjson_result ndjson_feed(struct ndjson *s, const char *p, size_t n)
{
    if (s->broken)
        return NDJSON_LINE_LIMIT;
    const char *lf;
    while (n && (lf = memchr(p, '\n', n)) != NULL) {
        size_t len = (size_t)(lf - p);
        enum ndjson_result r;
        if (s->line.len) {
            r = carry(s, p, len);
            if (!r)
                r = take_line(s, s->line.at, s->line.len, s->line.len + 1);
            if (!r)
                str_clear(&s->line);
        } else {
            r = take_line(s, p, len, len + 1);
        }
        if (r)
            return r;
        p = lf + 1;
        n -= len + 1;
    }
    if (n && s->line.len + n <= s->line_max)
        str_reserve(&s->line, n + CARRY_BYTES);
    return carry(s, p, n);
}

enum ndjson_result ndjson_finish(struct ndjson *s)
{
    if (s->broken)
        return NDJSON_LINE_LIMIT;
    if (!s->line.len)
        return NDJSON_OK;
    enum ndjson_result r = take_line(s, s->line.at, s->line.len, s->line.len);
    if (!r)
        str_clear(&s->line);
    return r;
}
