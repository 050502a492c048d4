/* blob.c: see blob.h. */
#include "store/blob.h"

#include <stdlib.h>

#include "base/utf8.h"

enum { BLOB_VERSION = 1, HAS_QUEUED = 1, HAS_PREFILL_START = 2, HAS_PREFILL_END = 4, HAS_ALL = 7 };

bool engine_stamps_given(const struct engine_stamps *g)
{
    return g->n || g->queued_ns != MONO_NONE || g->prefill_start_ns != MONO_NONE || g->prefill_end_ns != MONO_NONE;
}

static void put_varint(struct str *out, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        str_addc(out, (char)(0x80 | (v & 0x7F)));
    str_addc(out, (char)v);
}

/* Differences wrap around on purpose: any value survives the way there and back. */
static void put_stamp(struct str *out, mono_ns t, mono_ns *last)
{
    uint64_t d = (uint64_t)t - (uint64_t)*last;
    put_varint(out, (d << 1) ^ (d >> 63 ? UINT64_MAX : 0));
    *last = t;
}

void engine_stamps_encode(const struct engine_stamps *g, mono_ns base, struct str *out)
{
    const mono_ns first[] = {g->queued_ns, g->prefill_start_ns, g->prefill_end_ns};
    int has = 0;
    for (int i = 0; i < 3; i++)
        has |= (first[i] != MONO_NONE) << i;
    str_addc(out, BLOB_VERSION);
    str_addc(out, (char)has);
    for (int i = 0; i < 3; i++)
        if (has & 1 << i)
            put_stamp(out, first[i], &base);
    put_varint(out, g->n);
    for (size_t i = 0; i < g->n; i++)
        put_stamp(out, g->token_ns[i], &base);
}

struct cursor {
    const unsigned char *at, *end;
};

/* False when the bytes end, the number does not fit 64 bits, or a shorter spelling exists. */
static bool get_varint(struct cursor *c, uint64_t *v)
{
    *v = 0;
    for (int shift = 0; c->at < c->end && shift < 70; shift += 7) {
        unsigned char b = *c->at++;
        if (shift == 63 && b > 1)
            return false;
        *v |= (uint64_t)(b & 0x7F) << shift;
        if (!(b & 0x80))
            return b || !shift;
    }
    return false;
}

static bool get_stamp(struct cursor *c, mono_ns *t, mono_ns *last)
{
    uint64_t z;
    if (!get_varint(c, &z))
        return false;
    uint64_t d = (z >> 1) ^ (z & 1 ? UINT64_MAX : 0);
    *t = *last = (int64_t)((uint64_t)*last + d);
    return true;
}

static bool decode(struct engine_stamps *g, mono_ns base, struct cursor c)
{
    mono_ns *const first[] = {&g->queued_ns, &g->prefill_start_ns, &g->prefill_end_ns};
    if (c.end - c.at < 3 || *c.at++ != BLOB_VERSION)
        return false;
    int has = *c.at++;
    if (has > HAS_ALL)
        return false;
    for (int i = 0; i < 3; i++)
        if (has & 1 << i && (!get_stamp(&c, first[i], &base) || *first[i] == MONO_NONE))
            return false;
    uint64_t n;
    if (!get_varint(&c, &n) || n > (uint64_t)(c.end - c.at)) /* a stamp takes a byte or more */
        return false;
    g->token_ns = n ? xcalloc(n, sizeof *g->token_ns) : NULL;
    for (g->n = 0; g->n < n; g->n++)
        if (!get_stamp(&c, &g->token_ns[g->n], &base))
            return false;
    return c.at == c.end;
}

int engine_stamps_decode(struct engine_stamps *g, mono_ns base, const void *p, size_t n, struct err *e)
{
    const struct engine_stamps none = {MONO_NONE, MONO_NONE, MONO_NONE, NULL, 0};
    *g = none;
    if (decode(g, base, (struct cursor){p, (const unsigned char *)p + n}))
        return 0;
    free(g->token_ns);
    *g = none;
    return err_set(e, ERR_INPUT, "the engine's stamps are damaged");
}

int64_t text_chars(const void *p, size_t n, bool *plain)
{
    const char *at = p;
    int64_t chars = 0;
    bool good = true;
    for (size_t i = 0; i < n; chars++) {
        uint32_t code = 0;
        if ((signed char)at[i] > 0) { /* ASCII but NUL: nearly all there is */
            i++;
            continue;
        }
        size_t len = utf8_next(at + i, n - i, &code);
        good = good && code; /* neither broken nor NUL */
        i += len ? len : 1;
    }
    if (plain)
        *plain = good;
    return chars;
}
