/* chunk.c: see chunk.h. The stored form is read back from files that anyone may have touched: every
 * length, kind, flag and number is checked, a varint has one spelling only, and the same list always gives
 * the same bytes. */
#include "record/chunk.h"

#include <stdlib.h>
#include <string.h>

enum { BLOB_VERSION = 1, SMALLEST_CHUNK = 5 /* bytes: four varints and the kind byte */ };

static const char *const kind_words[] = {
#define X(name, word) word,
    CHUNK_KIND_LIST(X)
#undef X
};

const char *chunk_kind_word(enum chunk_kind k)
{
    return (unsigned)k < CHUNK_KIND_COUNT ? kind_words[k] : "other";
}

void chunk_list_init(struct chunk_list *l, size_t cap)
{
    *l = (struct chunk_list){0};
    chunk_list_reserve(l, cap);
}

void chunk_list_release(struct chunk_list *l)
{
    free(l->at);
    *l = (struct chunk_list){0};
}

void chunk_list_reserve(struct chunk_list *l, size_t extra)
{
    if (l->cap - l->n >= extra)
        return;
    if (extra > SIZE_MAX / sizeof *l->at - l->n)
        BUG("chunk_list_reserve: size");
    l->cap = l->n + extra;
    l->at = xrealloc(l->at, l->cap * sizeof *l->at);
}

void chunk_list_fit(struct chunk_list *l)
{
    if (!l->n) {
        free(l->at);
        l->at = NULL;
    } else if (l->cap > l->n) {
        l->at = xrealloc(l->at, l->n * sizeof *l->at);
    }
    l->cap = l->n;
}

bool chunk_list_add(struct chunk_list *l, struct chunk c)
{
    if (l->n == l->cap) {
        l->dropped++;
        return false;
    }
    l->at[l->n++] = c;
    return true;
}

/* ---- the stored form ----------------------------------------------------------------------------------- */

static void put_varint(struct str *out, uint64_t v)
{
    char bytes[10];
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        bytes[n++] = (char)(0x80 | (v & 0x7F));
    bytes[n++] = (char)v;
    str_add(out, bytes, n);
}

/* Differences wrap around on purpose: a stamp of MONO_NONE survives the way there and back. */
static void put_difference(struct str *out, int64_t a, int64_t b)
{
    uint64_t d = (uint64_t)a - (uint64_t)b;
    put_varint(out, (d << 1) ^ (d >> 63 ? UINT64_MAX : 0));
}

void chunk_list_encode(const struct chunk_list *l, mono_ns base, struct str *out)
{
    str_reserve(out, 1 + l->n * 10);
    str_addc(out, BLOB_VERSION);
    for (size_t i = 0; i < l->n; i++) {
        const struct chunk *c = &l->at[i];
        put_difference(out, c->t_ns, base);
        put_difference(out, c->app_ns, c->t_ns);
        put_varint(out, c->bytes);
        put_varint(out, c->text_bytes);
        str_addc(out, (char)(c->kind | c->flags << 4));
        base = c->t_ns;
    }
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

static bool get_difference(struct cursor *c, int64_t base, int64_t *v)
{
    uint64_t z;
    if (!get_varint(c, &z))
        return false;
    uint64_t d = (z >> 1) ^ (z & 1 ? UINT64_MAX : 0);
    *v = (int64_t)((uint64_t)base + d);
    return true;
}

static bool get_chunk(struct cursor *c, mono_ns base, struct chunk *out)
{
    uint64_t bytes, text_bytes;
    if (!get_difference(c, base, &out->t_ns) || !get_difference(c, out->t_ns, &out->app_ns) || !get_varint(c, &bytes) ||
        !get_varint(c, &text_bytes) || c->at == c->end)
        return false;
    unsigned kind = *c->at & 0x0F, flags = *c->at >> 4;
    c->at++;
    if (bytes > UINT32_MAX || text_bytes > UINT16_MAX || kind >= CHUNK_KIND_COUNT ||
        flags & ~(unsigned)(CHUNK_MERGED | CHUNK_UNSTAMPED))
        return false;
    out->bytes = (uint32_t)bytes;
    out->text_bytes = (uint16_t)text_bytes;
    out->kind = (uint8_t)kind;
    out->flags = (uint8_t)flags;
    return true;
}

/* A chunk has five bytes below 0x80: the last ones of four varints, and kind | flags << 4. */
static size_t count_chunks(const unsigned char *p, size_t n)
{
    size_t ends = 0;
    for (size_t i = 0; i < n; i++)
        ends += p[i] < 0x80;
    return ends / SMALLEST_CHUNK;
}

int chunk_list_decode(struct chunk_list *l, mono_ns base, const void *p, size_t n, struct err *e)
{
    struct cursor c = {p, (const unsigned char *)p + n};
    *l = (struct chunk_list){0};
    if (!n)
        return err_set(e, ERR_INPUT, "a list of chunks of no bytes: even an empty one has its version byte");
    if (*c.at != BLOB_VERSION)
        return err_set(e, ERR_INPUT, "a list of chunks in format %d; this program reads %d", *c.at, BLOB_VERSION);
    c.at++;
    chunk_list_reserve(l,
                       count_chunks(c.at, n - 1)); /* exact where the bytes are right: a report holds many of these */
    while (c.at < c.end) {
        struct chunk chunk;
        const unsigned char *start = c.at;
        if (!get_chunk(&c, base, &chunk)) {
            chunk_list_release(l);
            return err_set(e, ERR_INPUT, "a list of chunks is broken at byte %zu of %zu",
                           (size_t)(start - (const unsigned char *)p), n);
        }
        chunk_list_add(l, chunk);
        base = chunk.t_ns;
    }
    return 0;
}
