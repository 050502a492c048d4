/* series.c: adapters of what looks at values in the order of time; keys as in the file of vectors. */
#include "stats/gof.h"
#include "vectors/adapter.h"

static void run_acf1(struct vector *v)
{
    struct numbers x = vector_numbers(v, "data");
    struct gof_acf1 g = gof_acf1(x.at, x.n);
    vector_give(v, "r", g.r);
    vector_give(v, "lo", g.lo);
    vector_give(v, "hi", g.hi);
    vector_give(v, "p", g.p);
}

static void run_dispersion_test(struct vector *v)
{
    struct numbers counts = vector_numbers(v, "counts");
    struct gof_dispersion g = gof_dispersion(counts.at, counts.n);
    vector_give(v, "index_of_dispersion", g.index);
    vector_give(v, "chi2", g.chi2);
    vector_give(v, "df", (double)counts.n - 1);
    vector_give(v, "p_upper", g.p_upper);
}

const struct vector_fn vector_fns_series[] = {
    {"acf1", run_acf1},
    {"dispersion_test", run_dispersion_test},
    {0},
};
