/* arrival_check.c: see arrival_check.h. */
#include "load/arrival_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/renewal.h"

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

static void test_gaps(const struct schedule_spec *spec, struct gaps *g, struct arrival_check *out)
{
    struct renewal_test t;
    renewal_test(g->at, g->low, g->high, g->n, spec->law == ARRIVAL_GAMMA ? spec->burstiness : 1, &t);
    out->tested = true;
    out->ks_d = t.ks_d;
    out->ks_p = t.ks_p;
    out->windows = t.windows;
    out->dispersion = t.dispersion;
    out->acf1 = t.acf1;
    out->p = t.p;
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
    out->cv2 = renewal_cv2(g.at, g.n);
    out->cv2_law = spec->law == ARRIVAL_CONSTANT ? 0 : spec->law == ARRIVAL_GAMMA ? 1 / spec->burstiness : 1;
    if (spec->law != ARRIVAL_CONSTANT && n >= ARRIVAL_CHECK_MIN_N)
        test_gaps(spec, &g, out);
    gaps_release(&g);
}
