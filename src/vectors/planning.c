/* planning.c: adapters of what plans a study and judges its values: power, early stopping, outliers, uncertainty; keys as in
 * the file of vectors. */
#include <math.h>

#include "stats/earlystop.h"
#include "stats/outlier.h"
#include "stats/power.h"
#include "stats/quantile.h"
#include "stats/uncertainty.h"
#include "vectors/adapter.h"

static void run_power_t(struct vector *v)
{
    vector_give(v, "power", power_t(vector_number(v, "n_per_group"), vector_number(v, "d"), vector_number(v, "alpha")));
}

/* Both search by some hundred values of the noncentral t law, each a sum that grows with its shift and is never longer than
 * two million terms. What a search takes is known when it has ended. */
static bool affords_search(struct vector *v, double n, double d)
{
    double terms = (1 + 42 / (2 * n - 2)) * (1 + d * sqrt(n / 2));
    return vector_affords(v, 100 * (terms < 2e6 ? terms : 2e6));
}

static void run_power_t_n(struct vector *v)
{
    double d = vector_number(v, "d");
    double n = power_n(power_t, d, vector_number(v, "alpha"), vector_number(v, "power"));
    if (isnan(n) || affords_search(v, n, d))
        vector_give(v, "n_per_group", n);
}

static void run_mde_t(struct vector *v)
{
    double n = vector_number(v, "n_per_group");
    double d = power_mde(power_t, n, vector_number(v, "alpha"), vector_number(v, "power"));
    if (isnan(d) || affords_search(v, n, d))
        vector_give(v, "d", d);
}

static void run_precision_n(struct vector *v)
{
    vector_give(v, "n",
                power_precision_n(vector_number(v, "cv"), vector_number(v, "rel_halfwidth"), vector_number(v, "conf")));
}

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

static void run_es_discard_budget(struct vector *v)
{
    size_t t = earlystop_discard_budget(vector_count(v, "n"), vector_number(v, "p"), vector_number(v, "c"));
    vector_give(v, "t", t ? (double)t : NAN);
    vector_give(v, "estimate_rank_from_top", t ? (double)t : NAN);
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

static void run_gum_combined(struct vector *v)
{
    const struct uncertainty_part parts[] = {
        {uncertainty_rectangular(vector_number(v, "a_clock")), INFINITY},
        {vector_number(v, "s_repeat"), vector_number(v, "dof_repeat")},
        {uncertainty_rectangular(vector_number(v, "a_sched")), INFINITY},
    };
    struct uncertainty c = uncertainty_combine(parts, sizeof parts / sizeof parts[0], 0.95);
    vector_give(v, "u_c", c.u);
    vector_give(v, "nu_eff", c.df);
    vector_give(v, "k95", c.k);
    vector_give(v, "U95", c.expanded);
}

static void run_quantisation_u(struct vector *v)
{
    vector_give(v, "u", uncertainty_quantum(vector_number(v, "resolution")));
}

const struct vector_fn vector_fns_planning[] = {
    {"power_t", run_power_t},
    {"power_t_n", run_power_t_n},
    {"mde_t", run_mde_t},
    {"precision_n", run_precision_n},
    {"es_min_queries", run_es_min_queries},
    {"es_min_passing", run_es_min_passing},
    {"es_discard_budget", run_es_discard_budget},
    {"mad", run_mad},
    {"tukey_fences", run_tukey_fences},
    {"gum_combined", run_gum_combined},
    {"quantisation_u", run_quantisation_u},
    {0},
};
