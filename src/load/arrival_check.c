/* arrival_check.c: see arrival_check.h. */
#include "load/arrival_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/dist.h"
#include "stats/moments.h"
#include "stats/quantile.h"

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The gaps in operational time, and the least and the most they can have been. */
struct gaps {
    double *at, *low, *high; /* owned */
    size_t n;
};

static void gaps_release(struct gaps *g)
{
    free(g->at);
    free(g->low);
    free(g->high);
}

/* A random law's first gap begins at 0; a constant one's first send opens it. */
static void gaps_init(struct gaps *g, const struct schedule_spec *spec, const int64_t *sent_ns, size_t n,
                      int64_t resolution_ns)
{
    size_t bytes = (n + 1) * sizeof(double);
    *g = (struct gaps){xmalloc(bytes), xmalloc(bytes), xmalloc(bytes), 0};
    int64_t *sorted = xmalloc((n + 1) * sizeof *sorted);
    memcpy(sorted, sent_ns, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_time);
    bool from_first = spec->law == ARRIVAL_CONSTANT;
    double before = from_first && n ? schedule_expected(spec, sorted[0]) : 0;
    for (size_t i = from_first; i < n; i++) {
        double now = schedule_expected(spec, sorted[i]);
        g->at[g->n] = now - before;
        g->low[g->n] = fmax(0, schedule_expected(spec, sorted[i] - resolution_ns) - before);
        g->high[g->n++] = schedule_expected(spec, sorted[i] + resolution_ns) - before;
        before = now;
    }
    free(sorted);
}

/* P(gap > x): both random laws are gamma laws of mean 1. */
static double survival(const struct schedule_spec *spec, double x)
{
    double shape = spec->law == ARRIVAL_GAMMA ? spec->burstiness : 1;
    return dist_gamma_q(shape, shape * x);
}

static void test_dispersion(const double *unit_gaps, size_t n, struct arrival_check *out)
{
    double end = 0, at = 0;
    for (size_t i = 0; i < n; i++)
        end += unit_gaps[i];
    out->windows = (size_t)(end / ARRIVAL_CHECK_PER_WINDOW); /* the unfinished last one is left out */
    double *counts = xcalloc(out->windows + 1, sizeof *counts);
    for (size_t i = 0; i < n; i++) {
        at += unit_gaps[i];
        size_t window = (size_t)(at / ARRIVAL_CHECK_PER_WINDOW);
        if (window < out->windows)
            counts[window]++;
    }
    out->dispersion = gof_dispersion(counts, out->windows);
    free(counts);
}

static double together(const double *p, size_t n)
{
    double least = NAN;
    size_t defined = 0;
    for (size_t i = 0; i < n; i++) {
        defined += isnan(p[i]) ? 0 : 1;
        least = fmin(least, p[i]); /* passes NaN over */
    }
    return fmin(1, least * (double)defined) + (defined ? 0 : NAN);
}

static void test_gaps(const struct schedule_spec *spec, struct gaps *g, struct arrival_check *out)
{
    const double least = 1e-300; /* of a survival that underflowed: -log stays finite */
    double *unit = xmalloc((g->n + 1) * sizeof *unit);
    for (size_t i = 0; i < g->n; i++) {
        double above_low = survival(spec, g->low[i]), above_high = survival(spec, g->high[i]);
        unit[i] = -log(fmax((above_low + above_high) / 2, least));
        g->low[i] = 1 - above_low;
        g->high[i] = 1 - above_high;
    }
    quantile_sort(g->low, g->n);
    quantile_sort(g->high, g->n);
    out->ks_d = gof_ks_d(g->low, g->high, g->n);
    out->ks_p = gof_ks_p(out->ks_d, g->n);
    out->acf1 = gof_acf1(g->at, g->n);
    test_dispersion(unit, g->n, out);
    out->p = together((double[]){out->ks_p, out->dispersion.p, out->acf1.p}, 3);
    out->tested = true;
    free(unit);
}

void arrival_check(const struct schedule_spec *spec, const int64_t *sent_ns, size_t n, size_t planned,
                   int64_t resolution_ns, struct arrival_check *out)
{
    static const struct gof_dispersion no_dispersion = {NAN, NAN, NAN, NAN};
    static const struct gof_acf1 no_acf1 = {NAN, NAN, NAN, NAN};
    *out = (struct arrival_check){.planned = planned,
                                  .sent = n,
                                  .sent_share = planned ? (double)n / (double)planned : NAN,
                                  .ks_d = NAN,
                                  .ks_p = NAN,
                                  .dispersion = no_dispersion,
                                  .acf1 = no_acf1,
                                  .p = NAN};
    struct gaps g;
    gaps_init(&g, spec, sent_ns, n, resolution_ns);
    double mean = moments_mean(g.at, g.n), sd = moments_sd(g.at, g.n);
    out->cv2 = sd * sd / (mean * mean);
    out->cv2_law = spec->law == ARRIVAL_CONSTANT ? 0 : spec->law == ARRIVAL_GAMMA ? 1 / spec->burstiness : 1;
    if (spec->law != ARRIVAL_CONSTANT && n >= ARRIVAL_CHECK_MIN_N)
        test_gaps(spec, &g, out);
    gaps_release(&g);
}
