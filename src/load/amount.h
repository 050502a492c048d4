/* amount.h: how many tokens, or how many milliseconds of thinking: a law drawn once per request from a stream of its own
 * (base/rng.h), so that one length does not shift another. */
#ifndef LOAD_AMOUNT_H
#define LOAD_AMOUNT_H

#include <stdint.h>

#include "base/err.h"
#include "base/rng.h"

enum { AMOUNT_MAX = 100 * 1000 * 1000 };

enum amount_kind { AMOUNT_FIXED, AMOUNT_UNIFORM, AMOUNT_LOGNORMAL };

struct amount_law {
    enum amount_kind kind;
    int64_t low,
        high; /* FIXED: both the amount; UNIFORM: low … high, both included; LOGNORMAL: draws outside are cut */
    double median, sigma; /* LOGNORMAL: of the amount, and of its logarithm; the mean is median exp(sigma^2 / 2) */
};

/* "512", "100..200", "lognormal:MEDIAN,SIGMA" or "lognormal:MEDIAN,SIGMA,MAX" (MAX: 32 medians). No amount is below
 * `least` (1 for tokens, 0 for a pause) or above AMOUNT_MAX. ERR_USAGE says what is wrong; `what` names it. */
int amount_parse(const char *text, const char *what, int64_t least, struct amount_law *out, struct err *e);
int64_t amount_draw(const struct amount_law *law, struct rng *r);

#endif
