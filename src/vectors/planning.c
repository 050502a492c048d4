/* planning.c: adapters of what plans a study and judges its values: early stopping, outliers; keys as in
 * the file of vectors. */
#include "stats/earlystop.h"
#include "stats/outlier.h"
#include "stats/quantile.h"
#include "vectors/adapter.h"

static void run_es_min_queries(struct vector *v)
{
    double p = vector_number(v, "p"), c = vector_number(v, "c");
    vector_give(v, "h_t0", (double)earlystop_min_passing(0, p, 0, c, NULL));
    vector_give(v, "h_t1", (double)earlystop_min_passing(1, p, 0, c, NULL));
    vector_give(v, "floor_n", (double)earlystop_min_queries(p, c));
}

static void run_es_min_passing(struct vector *v)
{
    double odds;
    size_t h = earlystop_min_passing(vector_count(v, "t"), vector_number(v, "p"), vector_number(v, "d"),
                                     vector_number(v, "c"), &odds);
    vector_give(v, "h", (double)h);
    vector_give(v, "odds_at_h", odds);
}

static void run_mad(struct vector *v)
{
    struct numbers x = vector_numbers(v, "data");
    struct outlier_mad m = outlier_mad(x.at, x.n);
    vector_give(v, "median", m.median);
    vector_give(v, "mad_raw", m.mad);
    vector_give(v, "mad_sd", m.sd);
    vector_give(v, "modified_z_max", m.z_max);
    vector_give(v, "n_over_3.5", (double)m.n_over);
    vector_give(v, "n_hyperfine", (double)m.n_far);
}

static void run_tukey_fences(struct vector *v)
{
    struct numbers x = vector_numbers(v, "data");
    quantile_sort(x.at, x.n);
    struct outlier_fences f = outlier_fences(x.at, x.n);
    vector_give(v, "q1", f.q1);
    vector_give(v, "q3", f.q3);
    vector_give_numbers(v, "mild", (const double[]){f.mild_lo, f.mild_hi}, 2);
    vector_give_numbers(v, "severe", (const double[]){f.severe_lo, f.severe_hi}, 2);
    vector_give(v, "n_mild_or_worse", (double)f.n_mild);
    vector_give(v, "n_severe", (double)f.n_severe);
}

const struct vector_fn vector_fns_planning[] = {
    {"es_min_queries", run_es_min_queries},
    {"es_min_passing", run_es_min_passing},
    {"mad", run_mad},
    {"tukey_fences", run_tukey_fences},
    {0},
};
