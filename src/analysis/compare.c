/* compare.c: see compare.h. */
#include "analysis/compare.h"

#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "stats/moments.h"
#include "stats/padjust.h"
#include "stats/paired.h"
#include "stats/power.h"
#include "stats/quantile.h"
#include "stats/rank.h"

/* The efficiency of the rank tests beside the t test for normal values, 3 / pi (Hodges and Lehmann 1956). */
#define RANK_EFFICIENCY 0.955

/* ---- values ------------------------------------------------------------------------------------------------ */

struct values {
    double *a, *b, *d; /* owned; d: the differences when paired */
    size_t n_a, n_b;
    bool paired;
};

static const struct compare_run *partner(const struct compare_run *r, const struct compare_arm *in)
{
    for (size_t i = 0; i < in->n && r->block >= 0; i++)
        if (in->runs[i].block == r->block && isfinite(in->runs[i].value))
            return &in->runs[i];
    return NULL;
}

/* Whether an earlier run of the arm has its block. */
static bool repeated(const struct compare_arm *arm, size_t i)
{
    return arm->runs[i].block >= 0 && partner(&arm->runs[i], &(struct compare_arm){arm->runs, i});
}

static void take_pairs(struct values *v, const struct compare_question *q)
{
    for (size_t i = 0; i < q->a.n; i++) {
        const struct compare_run *r = &q->a.runs[i], *other = partner(r, &q->b);
        if (!isfinite(r->value) || !other || repeated(&q->a, i))
            continue;
        v->a[v->n_a++] = r->value;
        v->b[v->n_b++] = other->value;
        v->d[v->n_a - 1] = other->value - r->value;
    }
    v->paired = v->n_a > 0;
}

static size_t take_all(double *out, const struct compare_arm *arm)
{
    size_t n = 0;
    for (size_t i = 0; i < arm->n; i++)
        if (isfinite(arm->runs[i].value) && !repeated(arm, i))
            out[n++] = arm->runs[i].value;
    return n;
}

static void values_init(struct values *v, const struct compare_question *q)
{
    size_t most = (q->a.n > q->b.n ? q->a.n : q->b.n) + 1;
    *v = (struct values){
        xmalloc(most * sizeof(double)), xmalloc(most * sizeof(double)), xmalloc(most * sizeof(double)), 0, 0, false};
    take_pairs(v, q);
    if (v->paired)
        return;
    v->n_a = take_all(v->a, &q->a);
    v->n_b = take_all(v->b, &q->b);
}

static void values_release(struct values *v)
{
    free(v->a);
    free(v->b);
    free(v->d);
}

/* ---- one question ---------------------------------------------------------------------------------------------- */

static void shift_of(const struct values *v, struct comparison *c)
{
    const double level = 1 - COMPARE_ALPHA, eq_level = 1 - 2 * COMPARE_ALPHA;
    if (v->paired) {
        struct paired_shift s = paired_shift(v->d, v->n_a, level), eq = paired_shift(v->d, v->n_a, eq_level);
        *c = (struct comparison){.shift = s.shift,
                                 .lo = s.lo,
                                 .hi = s.hi,
                                 .confidence = s.actual_conf,
                                 .eq_lo = eq.lo,
                                 .eq_hi = eq.hi,
                                 .p = s.p};
        return;
    }
    struct rank_shift s = rank_hodges_lehmann(v->b, v->n_b, v->a, v->n_a, level);
    struct rank_shift eq = rank_hodges_lehmann(v->b, v->n_b, v->a, v->n_a, eq_level);
    struct rank_test t = rank_mann_whitney(v->b, v->n_b, v->a, v->n_a);
    *c = (struct comparison){.shift = s.shift,
                             .lo = s.lo,
                             .hi = s.hi,
                             .confidence = s.actual_conf,
                             .eq_lo = eq.lo,
                             .eq_hi = eq.hi,
                             .p = isnan(t.p_exact) ? t.p_normal : t.p_exact};
}

static double better_share(const struct metric *m, double delta)
{
    return m->better == BETTER_NONE ? NAN : (1 + (m->better == BETTER_HIGHER ? delta : -delta)) / 2;
}

/* Of a difference (paired) or of one value (pooled). */
static double spread(const struct values *v)
{
    if (v->paired)
        return moments_sd(v->d, v->n_a);
    double a = moments_sd(v->a, v->n_a), b = moments_sd(v->b, v->n_b);
    double df_a = (double)v->n_a - 1, df_b = (double)v->n_b - 1;
    return sqrt((df_a * a * a + df_b * b * b) / (df_a + df_b));
}

/* Runs of each arm that weigh as much as these: their harmonic mean when they are not as many. */
static double runs_each(const struct comparison *c)
{
    return c->n_a && c->n_b ? 2 / (1 / (double)c->n_a + 1 / (double)c->n_b) : 0;
}

/* The least number of runs that gives a verdict at all, and a p that passes the first step of Holm. */
static double least_runs(bool paired, double alpha)
{
    double n = COMPARE_MIN_RUNS;
    while ((paired ? paired_min_p(n) : rank_mann_whitney_min_p(n, n)) > alpha)
        n++;
    return n;
}

/* Found by any number of runs that gives a verdict. The noncentral t of such shifts, and of few runs, takes long. */
#define MOST_SD 100

static bool few(const struct comparison *c)
{
    return c->n_a < COMPARE_MIN_RUNS || c->n_b < COMPARE_MIN_RUNS;
}

static double more_runs(const struct comparison *c, double sd, double wanted, double alpha)
{
    double least = least_runs(c->paired, alpha), need = least;
    if (!(wanted > 0)) /* nothing to find: only the rule of five can be met */
        return few(c) ? COMPARE_MIN_RUNS - fmin((double)c->n_a, (double)c->n_b) : NAN;
    power_fn *test = c->paired ? power_paired : power_t;
    double d = fmin(wanted / sd, MOST_SD);
    if (sd > 0 && test(least * RANK_EFFICIENCY, d, alpha) < COMPARE_POWER)
        need = power_n(test, d, alpha, COMPARE_POWER) / RANK_EFFICIENCY;
    return isnan(need) ? NAN : fmax(1, ceil(fmax(need, least) - runs_each(c)));
}

static enum compare_verdict judge(const struct comparison *c, double margin)
{
    bool above = c->lo > margin, below = c->hi < -margin;
    if (few(c))
        return COMPARE_INCONCLUSIVE;
    if (-margin < c->eq_lo && c->eq_hi < margin)
        return COMPARE_EQUIVALENT;
    if (!(c->p_holm <= COMPARE_ALPHA) || (!above && !below) || c->metric->better == BETTER_NONE)
        return COMPARE_INCONCLUSIVE;
    return above == (c->metric->better == BETTER_HIGHER) ? COMPARE_BETTER : COMPARE_WORSE;
}

/* In standard deviations, of the studies with as many runs as the one asked about last: in a family most are alike. */
struct detectable {
    bool paired;
    double runs, d;
};

static double detectable(struct detectable *last, const struct comparison *c, double alpha)
{
    double runs = runs_each(c);
    if (few(c))
        return NAN;
    if (last->runs != runs || last->paired != c->paired)
        *last = (struct detectable){c->paired, runs,
                                    power_mde(c->paired ? power_paired : power_t, runs, alpha, COMPARE_POWER)};
    return last->d;
}

static void ask(const struct compare_question *q, size_t questions, struct detectable *last, struct comparison *c)
{
    struct values v;
    double alpha = COMPARE_ALPHA / (double)questions;
    values_init(&v, q);
    shift_of(&v, c);
    c->metric = q->metric;
    c->paired = v.paired;
    c->n_a = v.n_a;
    c->n_b = v.n_b;
    c->left_out = q->a.n + q->b.n - v.n_a - v.n_b;
    c->delta = rank_cliff_delta(v.b, v.n_b, v.a, v.n_a);
    c->b_wins = better_share(q->metric, c->delta);
    double sd = spread(&v);
    c->mde = detectable(last, c, alpha) / sqrt(RANK_EFFICIENCY) * sd;
    c->more_runs = more_runs(c, sd, q->margin > 0 ? q->margin : fabs(c->shift), alpha);
    c->base = median(v.a, v.n_a); /* sorts */
    c->candidate = median(v.b, v.n_b);
    values_release(&v);
}

static void adjust(struct comparison *c, size_t n)
{
    double *p = xmalloc((2 * n + 1) * sizeof *p);
    for (size_t i = 0; i < n; i++)
        p[i] = c[i].p;
    padjust(PADJUST_HOLM, p, n, p + n);
    for (size_t i = 0; i < n; i++)
        c[i].p_holm = p[n + i];
    free(p);
}

void compare_arms(const struct compare_question *questions, size_t n, struct comparison *out)
{
    struct detectable last = {0};
    for (size_t i = 0; i < n; i++)
        ask(&questions[i], n, &last, &out[i]);
    adjust(out, n);
    for (size_t i = 0; i < n; i++) {
        struct comparison *c = &out[i];
        c->verdict = judge(c, questions[i].margin);
        if (c->verdict != COMPARE_INCONCLUSIVE)
            c->more_runs = 0;
        c->below_floor = (c->verdict == COMPARE_BETTER || c->verdict == COMPARE_WORSE) &&
                         fabs(c->shift) < questions[i].floor;
        if (c->below_floor) {
            c->verdict = COMPARE_INCONCLUSIVE;
            c->more_runs = NAN;
        }
    }
}

const char *const *compare_default_metrics(bool agents, size_t *n)
{
    static const char *const of_loads[] = {"ttft", "tpot", "e2e", "output_rate.system"};
    static const char *const of_agents[] = {"session.duration", "output_rate.system", "ttft"};
    *n = agents ? sizeof of_agents / sizeof *of_agents : sizeof of_loads / sizeof *of_loads;
    return agents ? of_agents : of_loads;
}

double compare_noise(const double *values, size_t n)
{
    size_t pairs = 0;
    double *d = xmalloc((n * n / 2 + 1) * sizeof *d);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (isfinite(values[i] - values[k]))
                d[pairs++] = fabs(values[i] - values[k]);
    quantile_sort(d, pairs);
    double q = quantile_hf(d, pairs, 0.95, 1);
    free(d);
    return q;
}

const char *compare_verdict_word(enum compare_verdict v)
{
    static const char *const words[] = {
#define X(name, word) word,
        COMPARE_VERDICT_LIST(X)
#undef X
    };
    return (unsigned)v <= COMPARE_INCONCLUSIVE ? words[v] : "?";
}

const char *compare_delta_word(double delta)
{
    double size = fabs(delta);
    if (isnan(delta))
        return "";
    return size < 0.147 ? "negligible" : size < 0.33 ? "small" : size < 0.474 ? "medium" : "large";
}
