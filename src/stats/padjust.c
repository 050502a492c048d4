/* padjust.c: see padjust.h. */
#include "stats/padjust.h"

#include <math.h>
#include <stdlib.h>

struct test {
    double p, adjusted;
    size_t place;
};

static int by_p(const void *a, const void *b)
{
    double x = ((const struct test *)a)->p, y = ((const struct test *)b)->p;
    return (x > y) - (x < y);
}

/* Step-up methods compare p(i) with what grows with i; Holm's steps down. */
static void stepwise(enum padjust_method method, struct test *t, size_t n)
{
    double harmonic = 0, most = 0, least = 1, whole = (double)n;
    for (size_t i = 1; i <= n; i++)
        harmonic += 1 / (double)i;
    for (size_t i = 0; i < n && method == PADJUST_HOLM; i++)
        t[i].adjusted = most = fmin(1, fmax(most, (whole - (double)i) * t[i].p));
    for (size_t i = n; i-- > 0 && method != PADJUST_HOLM;) {
        double rank = (double)i + 1;
        double factor = method == PADJUST_BH         ? whole / rank
                        : method == PADJUST_BY       ? whole / rank * harmonic
                        : method == PADJUST_HOCHBERG ? whole - (double)i
                                                     : whole;
        least = method == PADJUST_BONFERRONI ? fmin(1, factor * t[i].p) : fmin(least, factor * t[i].p);
        t[i].adjusted = least;
    }
}

/* Closed testing with Simes' test: the largest p, over all m, of the worst m tests that this one can be among: itself and
 * the largest of the others. */
static void hommel(struct test *t, size_t n)
{
    for (size_t i = 0; i < n; i++)
        t[i].adjusted = t[i].p;
    for (size_t m = n; m >= 1; m--) {
        double simes = 1, size = (double)m;
        for (size_t k = 2; k <= m; k++)
            simes = fmin(simes, size * t[n - m + k - 1].p / (double)k);
        for (size_t i = 0; i < n; i++)
            t[i].adjusted = fmax(t[i].adjusted,
                                 i > n - m ? fmin(simes, size * t[n - m].p) : fmin(simes, size * t[i].p));
    }
}

void padjust(enum padjust_method method, const double *p, size_t n, double *adjusted)
{
    struct test *t = malloc((n + 1) * sizeof *t);
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        adjusted[i] = NAN;
        if (t && !isnan(p[i]))
            t[used++] = (struct test){p[i], 1, i};
    }
    if (used) {
        qsort(t, used, sizeof *t, by_p);
        if (method == PADJUST_HOMMEL)
            hommel(t, used);
        else
            stepwise(method, t, used);
    }
    for (size_t i = 0; i < used; i++)
        adjusted[t[i].place] = t[i].adjusted;
    free(t);
}
