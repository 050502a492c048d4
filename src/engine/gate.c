/* gate.c: see gate.h. The held text is short (at most one stop string), so plain searches are enough. */
#include "engine/gate.h"

#include <string.h>

size_t utf8_incomplete(const char *p, size_t n)
{
    for (size_t back = 1; back <= 3 && back <= n; back++) {
        unsigned char c = (unsigned char)p[n - back];
        if ((c & 0xC0) == 0x80)
            continue;
        size_t need = c >= 0xF0 && c < 0xF5 ? 4 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xC2 && c < 0xE0 ? 2 : 1;
        return need > back ? back : 0;
    }
    return 0;
}

/* The earliest stop string in the held text; of two at one place the longer. */
static size_t find_stop(const struct gate *g, size_t *at)
{
    size_t best = 0;
    for (size_t i = 0; i < g->n_stops; i++) {
        const char *hit = memmem(g->held.at, g->held.len, g->stops[i].at, g->stops[i].len);
        if (!hit)
            continue;
        size_t here = (size_t)(hit - g->held.at);
        if (!best || here < *at || (here == *at && g->stops[i].len > g->stops[best - 1].len)) {
            best = i + 1;
            *at = here;
        }
    }
    return best;
}

/* Longest end of the held text that is a proper beginning of a stop string. */
static size_t stop_beginning(const struct gate *g)
{
    size_t longest = 0;
    for (size_t i = 0; i < g->n_stops; i++) {
        size_t n = g->stops[i].len - 1 < g->held.len ? g->stops[i].len - 1 : g->held.len;
        while (n > longest && memcmp(g->held.at + g->held.len - n, g->stops[i].at, n) != 0)
            n--;
        if (n > longest)
            longest = n;
    }
    return longest;
}

static void pass(struct gate *g, size_t n, struct str *out)
{
    if (!n)
        return;
    str_add(out, g->held.at, n);
    memmove(g->held.at, g->held.at + n, g->held.len - n);
    g->held.len -= n;
}

size_t gate_add(struct gate *g, const char *p, size_t n, struct str *out)
{
    size_t at = 0;
    str_add(&g->held, p, n);
    size_t stop = find_stop(g, &at);
    if (stop) {
        pass(g, at, out);
        str_clear(&g->held);
        return stop;
    }
    size_t keep = stop_beginning(g), broken = utf8_incomplete(g->held.at, g->held.len);
    if (broken > keep)
        keep = broken;
    pass(g, g->held.len - keep, out);
    return 0;
}

void gate_end(struct gate *g, struct str *out)
{
    pass(g, g->held.len, out);
}

void gate_release(struct gate *g)
{
    str_release(&g->held);
}
