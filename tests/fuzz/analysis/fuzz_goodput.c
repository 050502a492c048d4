/* Any text as the limits of goodput: what is taken is in order, what is refused says why. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/goodput.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void check(const struct goodput *g)
{
    if (!g->n || g->n > GOODPUT_LIMITS_MAX)
        abort();
    for (size_t i = 0; i < g->n; i++) {
        if (!g->limit[i].metric || !isfinite(g->limit[i].limit_ms) || g->limit[i].limit_ms <= 0)
            abort();
        for (size_t k = 0; k < i; k++)
            if (g->limit[i].metric == g->limit[k].metric)
                abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct goodput g;
    struct err e = ERR_INIT;
    char *text = xmalloc(n + 1);
    memcpy(text, p, n);
    text[n] = '\0';
    if (!goodput_parse(text, &g, &e))
        check(&g);
    else if (!*e.text)
        abort();
    free(text);
    return 0;
}
