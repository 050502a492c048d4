/* amount.c: see amount.h. */
#include "load/amount.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "load/draw.h"

static bool whole(const char **at, int64_t *out)
{
    size_t digits = strspn(*at, "0123456789");
    *out = 0;
    for (size_t i = 0; i < digits && *out <= AMOUNT_MAX; i++)
        *out = *out * 10 + ((*at)[i] - '0');
    *at += digits;
    return digits > 0 && *out <= AMOUNT_MAX;
}

static bool decimal(const char **at, double *out)
{
    size_t len = strspn(*at, "0123456789.");
    char *end;
    *out = len ? strtod(*at, &end) : -1;
    bool plain = len && end == *at + len;
    *at += len;
    return plain;
}

static bool passed(const char **at, const char *word)
{
    size_t len = strlen(word);
    if (strncmp(*at, word, len) != 0)
        return false;
    *at += len;
    return true;
}

static bool parse(const char *at, int64_t least, struct amount_law *l)
{
    if (passed(&at, "lognormal:")) {
        l->kind = AMOUNT_LOGNORMAL;
        if (!decimal(&at, &l->median) || !passed(&at, ",") || !decimal(&at, &l->sigma))
            return false;
        l->low = least;
        l->high = (int64_t)fmin(AMOUNT_MAX, ceil(32 * l->median));
        if (passed(&at, ",") && !whole(&at, &l->high))
            return false;
        return *at == 0 && l->median > 0 && l->median <= (double)l->high && l->sigma <= 5 && l->high >= least;
    }
    if (!whole(&at, &l->low))
        return false;
    l->high = l->low;
    if (passed(&at, "..")) {
        l->kind = AMOUNT_UNIFORM;
        if (!whole(&at, &l->high))
            return false;
    }
    return *at == 0 && l->low >= least && l->high >= l->low;
}

int amount_parse(const char *text, const char *what, int64_t least, struct amount_law *out, struct err *e)
{
    *out = (struct amount_law){.kind = AMOUNT_FIXED};
    if (parse(text, least, out))
        return 0;
    return err_set(e, ERR_USAGE,
                   "%s \"%s\": write a whole number from %lld to %d, a range like 100..200, or "
                   "lognormal:MEDIAN,SIGMA[,MAX] with a sigma up to 5",
                   what, text, (long long)least, AMOUNT_MAX);
}

int64_t amount_draw(const struct amount_law *law, struct rng *r)
{
    switch (law->kind) {
    case AMOUNT_FIXED: break;
    case AMOUNT_UNIFORM: return law->low + (int64_t)rng_below(r, (uint64_t)(law->high - law->low) + 1);
    case AMOUNT_LOGNORMAL: {
        double x = law->median * exp(law->sigma * draw_normal(r));
        return llround(fmin((double)law->high, fmax((double)law->low, x)));
    }
    }
    return law->low;
}
