/* audit_test.c: rules on statistics that assume what the data deny. See audit.h. */
#include <math.h>
#include <string.h>

#include "analysis/audit_rules.h"
#include "analysis/load.h"
#include "record/verdict.h"
#include "stats/dist.h"
#include "stats/moments.h"
#include "stats/padjust.h"

/* ---- A24: shares of successes ------------------------------------------------------------------------------------------- */

#define ALPHA 0.05
enum { SHARE_MIN = 6 }; /* the fewest of which a sign test can refuse anything */

void audit_success_share(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        struct audit_points points = AUDIT_POINTS(x);
        double up = 0, most = 0;
        for (size_t i = 0; i < s->n_rows; i++) {
            double d = audit_number(s->rows[i]->json, "performance_delta.throughput_improvement_percent|"
                                                      "delta.throughput_improvement_percent");
            if (isnan(d) || d == 0)
                continue;
            up += d > 0;
            most = fmax(most, fabs(d));
            audit_add_row(&points, s->rows[i], "%+.3f %%", d);
        }
        double n = (double)points.n, p = fmin(1, 2 * dist_binom_cdf(fmin(up, n - up), n, 0.5));
        if (points.n >= SHARE_MIN && p >= ALPHA)
            audit_find(
                x, s, &points,
                "%.0f of %.0f configurations beat their baseline (%.1f %%), none by more than %.2f %% either way: a "
                "coin does that (sign test, p = %.3f).",
                up, n, 100 * up / n, most, p);
    }
}

/* ---- A26: intervals and families of tests ------------------------------------------------------------------------------- */

#define Z_975 1.96
#define NEAR_Z 0.005
enum { SMALL_N = 30, FAMILY_MAX = 1024 };

static void normal_intervals(struct auditing *x, const struct audit_study *s)
{
    struct audit_points points = AUDIT_POINTS(x);
    size_t rows = 0;
    for (size_t i = 0; i < s->n_rows; i++) {
        yyjson_val *o = s->rows[i]->json;
        double n = audit_number(o, "n"), lo = audit_number(o, "ci_lower"), hi = audit_number(o, "ci_upper");
        double factor = (hi - lo) / 2 / (audit_number(o, "std") / sqrt(n));
        rows += isfinite(factor);
        if (n > 1 && n < SMALL_N && fabs(factor - Z_975) < NEAR_Z)
            audit_add_row(&points, s->rows[i], "n = %.0f: mean +- %.3f sd / sqrt(n), t asks for %.3f", n, factor,
                          dist_t_quantile(0.975, n - 1));
    }
    if (points.n)
        audit_find(x, s, &points,
                   "%zu of %zu intervals of small samples take the sd as known (1.96 instead of t): they are "
                   "too narrow.",
                   points.n, rows);
}

/* Members whose name says that they are p values. */
static bool is_p_value(const char *name)
{
    size_t n = strlen(name);
    return strstr(name, "_p_") || !strcmp(name, "p_value") || !strcmp(name, "pvalue") ||
           (n > 2 && !strcmp(name + n - 2, "_p"));
}

static void uncorrected_family(struct auditing *x, const struct audit_study *s)
{
    struct audit_points points = AUDIT_POINTS(x);
    double p[FAMILY_MAX] = {0}, holm[FAMILY_MAX];
    size_t n = 0, before = 0, behind = 0, j, max;
    for (size_t i = 0; i < s->n_rows; i++) {
        yyjson_val *key, *v;
        yyjson_obj_foreach (s->rows[i]->json, j, max, key, v) {
            double value = yyjson_is_num(v) ? yyjson_get_num(v) : NAN;
            if (!is_p_value(yyjson_get_str(key)) || !(value >= 0 && value <= 1) || n == FAMILY_MAX)
                continue;
            p[n++] = value;
            if (value < ALPHA)
                audit_add_row(&points, s->rows[i], "%s = %.3g", yyjson_get_str(key), value);
        }
    }
    padjust(PADJUST_HOLM, p, n, holm);
    for (size_t i = 0; i < n; i++) {
        before += p[i] < ALPHA;
        behind += holm[i] < ALPHA;
    }
    if (behind < before)
        audit_find(x, s, &points,
                   "Of %zu p values %zu are below 0.05, and %zu when the family is corrected for (Holm).", n, before,
                   behind);
}

void audit_assumptions(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        normal_intervals(x, &x->studies[k]);
        uncorrected_family(x, &x->studies[k]);
    }
}

/* ---- tails -------------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *members;
    double p;
} published_tails[] = {
    {"p95_tokens_per_second|p95_ttft_ms|p95_ms|p95", 0.95},
    {"p99_tokens_per_second|p99_ttft_ms|p99_ms|p99", 0.99},
};

static void published(struct auditing *x, const struct audit_study *s)
{
    struct audit_points points = AUDIT_POINTS(x);
    for (size_t i = 0; i < s->n_rows; i++)
        for (size_t k = 0; audit_sides[k]; k++) {
            yyjson_val *side = audit_member(s->rows[i]->json, audit_sides[k]);
            yyjson_val *sum = audit_member(side, "aggregate|aggregate_metrics|metrics.aggregate_metrics");
            double n = audit_number(sum, "total_requests");
            for (size_t t = 0; t < sizeof published_tails / sizeof *published_tails; t++)
                if (n * (1 - published_tails[t].p) < 1 && isfinite(audit_number(sum, published_tails[t].members)))
                    audit_add_row(&points, s->rows[i], "%s: p%.0f of %.0f values", audit_sides[k],
                                  100 * published_tails[t].p, n);
        }
    if (points.n)
        audit_find(x, s, &points,
                   "%zu percentiles are of so few values that none is expected beyond them: each is the "
                   "largest value by another name.",
                   points.n);
}

static void of_our_own(struct auditing *x, const struct audit_study *s)
{
    struct audit_points points = AUDIT_POINTS(x);
    struct load_run l;
    for (size_t i = 0; i < s->n_runs; i++) {
        if (!load_is(s->runs[i]) || s->runs[i]->verdict == VERDICT_VOID)
            continue;
        load_of_run(s->runs[i], &l);
        for (size_t m = 0; m < LOAD_LATENCIES; m++)
            for (size_t t = 0; t < LOAD_TAILS; t++)
                if (l.latency[m].n && l.latency[m].tail[t].state == TAIL_UNRESOLVED)
                    audit_add_run(&points, s, i, NULL, "%s p%.0f of %zu requests", l.latency[m].metric->id,
                                  100 * l.latency[m].tail[t].p, l.latency[m].n);
    }
    if (points.n)
        audit_find(x, s, &points, "%zu percentiles of loads are UNRESOLVED: only their lower bound is a statement.",
                   points.n);
}

void audit_tails(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        if (x->studies[k].n_rows)
            published(x, &x->studies[k]);
        else
            of_our_own(x, &x->studies[k]);
    }
}

/* ---- pooled requests ---------------------------------------------------------------------------------------------------- */

#define SAME_SD 1e-3 /* relative: the published one was rounded */
enum { CALLS_MAX = 256 };

/* True: the side's sd is that of all its calls, and they are of several stages. */
static bool pools_stages(yyjson_val *side, double *sd, size_t *n)
{
    yyjson_val *call;
    double rate[CALLS_MAX];
    const char *first = NULL;
    bool several = false;
    size_t i, max;
    *n = 0;
    yyjson_arr_foreach (audit_member(side, "calls|llm_calls|result.llm_calls"), i, max, call) {
        const char *stage = audit_text(call, "stage");
        if (*n < CALLS_MAX)
            rate[(*n)++] = audit_number(call, "m.throughput_tokens_per_sec|metrics.throughput_tokens_per_sec");
        several = several || (first && strcmp(first, stage) != 0);
        first = first ? first : stage;
    }
    *sd = audit_number(side, "aggregate.stddev_throughput|aggregate_metrics.stddev_throughput|"
                             "result.aggregate_metrics.stddev_throughput");
    return several && *sd > 0 && fabs(moments_sd(rate, *n) - *sd) <= SAME_SD * *sd;
}

void audit_pooled(struct auditing *x)
{
    for (size_t k = 0; k < x->n_studies; k++) {
        const struct audit_study *s = &x->studies[k];
        struct audit_points points = AUDIT_POINTS(x);
        for (size_t i = 0; i < s->n_rows; i++)
            for (size_t j = 0; audit_sides[j]; j++) {
                double sd;
                size_t n;
                if (pools_stages(audit_member(s->rows[i]->json, audit_sides[j]), &sd, &n))
                    audit_add_row(&points, s->rows[i], "%s: sd %.3f of %zu calls", audit_sides[j], sd, n);
            }
        if (points.n)
            audit_find(x, s, &points,
                       "%zu published standard deviations are over all calls of an agent, those of different stages "
                       "together: they are of the work, not of its repetition, and calls of one run are no replicates.",
                       points.n);
    }
}
