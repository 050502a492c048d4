/* order.c: see order.h. */
#include "analysis/order.h"

#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "stats/drift.h"
#include "stats/paired.h"

/* ---- trend --------------------------------------------------------------------------------------------------------- */

static int by_position(const void *a, const void *b)
{
    int32_t x = ((const struct order_value *)a)->position, y = ((const struct order_value *)b)->position;
    return (x > y) - (x < y);
}

/* NaN: the only one of its arm. */
static double arm_mean(const struct order_value *v, size_t n, size_t arm)
{
    double sum = 0, found = 0;
    for (size_t i = 0; i < n; i++)
        if (v[i].arm == arm && isfinite(v[i].value)) {
            sum += v[i].value;
            found++;
        }
    return found > 1 ? sum / found : NAN;
}

void order_trend(const struct order_value *v, size_t n, struct order_trend *out)
{
    struct order_value *sorted = xmalloc((n + 1) * sizeof *sorted);
    double *residual = xmalloc((n + 1) * sizeof *residual);
    bool shares = true;
    *out = (struct order_trend){0, NAN, NAN, NAN, NAN};
    for (size_t i = 0; i < n; i++)
        sorted[i] = v[i];
    qsort(sorted, n, sizeof *sorted, by_position);
    for (size_t i = 0; i < n; i++) {
        double mean = arm_mean(v, n, sorted[i].arm);
        if (!isfinite(sorted[i].value) || isnan(mean))
            continue;
        shares = shares && mean > 0;
        residual[out->n++] = sorted[i].value / mean - 1;
    }
    if (shares && out->n > 3) {
        struct drift_trend t;
        double runs = (double)out->n - 1;
        drift_trend(residual, out->n, &t);
        out->p = t.tau_p;
        if (!isnan(t.tau_p)) {
            out->trend = runs * t.sen;
            out->lo = runs * t.sen_lo;
            out->hi = runs * t.sen_hi;
        }
    }
    free(sorted);
    free(residual);
}

/* ---- ABBA ------------------------------------------------------------------------------------------------------------ */

static const struct order_value *in_block(const struct order_value *v, size_t n, int32_t block, size_t arm)
{
    for (size_t i = 0; i < n; i++)
        if (v[i].block == block && v[i].arm == arm && isfinite(v[i].value))
            return &v[i];
    return NULL;
}

/* NaN: a run is missing, or they ran in another order. */
static double of_two_blocks(const struct order_value *v, size_t n, int32_t block)
{
    const struct order_value *a = in_block(v, n, block, 0), *b = in_block(v, n, block, 1),
                             *a2 = in_block(v, n, block + 1, 0), *b2 = in_block(v, n, block + 1, 1);
    double diff = NAN;
    if (!a || !b || !a2 || !b2)
        return NAN;
    if (a->position < b->position && b->position < b2->position && b2->position < a2->position)
        drift_abba("ABBA", (double[]){a->value, b->value, b2->value, a2->value}, 4, &diff);
    if (b->position < a->position && a->position < a2->position && a2->position < b2->position)
        drift_abba("BAAB", (double[]){b->value, a->value, a2->value, b2->value}, 4, &diff);
    return diff;
}

void order_abba(const struct order_value *v, size_t n, struct order_abba *out)
{
    double *d = xmalloc((n + 1) * sizeof *d);
    int32_t last = -1;
    *out = (struct order_abba){0};
    for (size_t i = 0; i < n; i++)
        last = v[i].block > last && v[i].block < INT32_MAX ? v[i].block : last;
    for (size_t i = 0; i < n; i++) { /* each pair of blocks once: by the run of arm 0 in its first one */
        double diff = v[i].arm == 0 && v[i].block % 2 == 0 && v[i].block < last &&
                              &v[i] == in_block(v, n, v[i].block, 0)
                          ? of_two_blocks(v, n, v[i].block)
                          : NAN;
        if (isfinite(diff))
            d[out->n++] = diff;
    }
    struct paired_shift s = paired_shift(d, out->n, 0.95);
    out->shift = s.shift;
    out->lo = s.lo;
    out->hi = s.hi;
    out->confidence = s.actual_conf;
    free(d);
}
