/* Stop by precision: the rule as it is written, intervals whose ends are known, and the same stop live and from the record. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/precision.h"
#include "base/rng.h"
#include "stats/dist.h"

enum { N = 2000 };

static struct precision_rule rule_of(const char *text)
{
    struct precision_rule rule;
    struct err e = ERR_INIT;
    if (precision_parse(text, &rule, &e))
        fail_msg("%s", e.text);
    return rule;
}

static void exponential(double *x, size_t n, const char *name)
{
    struct rng r = rng_stream(1, name);
    for (size_t i = 0; i < n; i++)
        x[i] = 100 - 10 * log(1 - rng_double(&r));
}

static void a_rule_is_read(void **state)
{
    (void)state;
    struct precision_rule rule = rule_of("ttft:3%");
    assert_string_equal(rule.metric->id, "ttft");
    assert_true(!rule.mean && fabs(rule.relative - 0.03) < 1e-15);
    rule = rule_of("e2e.planned.mean:0.05");
    assert_string_equal(rule.metric->id, "e2e.planned");
    assert_true(rule.mean && rule.relative == 0.05);
}

static void what_is_no_rule_is_refused(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"", "looks like"},           {"ttft", "looks like"},    {":3%", "looks like"},       {"tftt:3%", "'ttft'"},
        {"makespan:3%", "no metric"}, {".mean:3%", "no metric"}, {"ttft:", "'' is no width"}, {"ttft:0", "above 0"},
        {"ttft:100%", "above 0"},     {"ttft:1", "above 0"},     {"ttft:-3%", "above 0"},     {"ttft:3%%", "3%%"},
        {"ttft:nan", "above 0"},      {"ttft:inf", "above 0"},   {"ttft:3 %", "above 0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct precision_rule rule;
        struct err e = ERR_INIT;
        assert_int_equal(precision_parse(rows[i].text, &rule, &e), ERR_USAGE);
        if (!strstr(e.text, rows[i].says))
            fail_msg("%s: %s", rows[i].text, e.text);
    }
}

/* 20 batches of 5 whose means alternate 9 and 11: mean 10, sd of means sqrt(20/19), half width t(.9875, 19) sd / sqrt(20):
 * the interval of 95 % with the quantile of one of 97.5 %. */
static void the_mean_is_known_by_its_batches(void **state)
{
    (void)state;
    double x[100];
    for (size_t i = 0; i < 100; i++)
        x[i] = 10 + (i / 5 % 2 ? 1 : -1) + (i % 5 == 0 ? 0.2 : -0.05);
    struct precision_rule rule = rule_of("ttft.mean:6%");
    struct precision p = precision_of(&rule, x, 100);
    double half = dist_t_quantile(0.9875, 19) * sqrt(20.0 / 19) / sqrt(20);
    assert_true(fabs(p.estimate - 10) < 1e-12 && fabs(p.hi - 10 - half) < 1e-9 && fabs(10 - p.lo - half) < 1e-9);
    assert_true(fabs(p.relative - half / 10) < 1e-9 && p.reached && p.n == 100 && p.values_needed == 100);
    rule.relative = half / 10 / 2; /* half as wide takes four times as many */
    p = precision_of(&rule, x, 100);
    assert_true(!p.reached && fabs(p.values_needed - 400) <= 1);
}

static void the_median_has_the_lopsided_half_that_is_worse(void **state)
{
    (void)state;
    double x[N];
    exponential(x, N, "median");
    struct precision_rule rule = rule_of("ttft:1%");
    struct precision p = precision_of(&rule, x, N);
    assert_true(fabs(p.estimate - (100 + 10 * log(2))) < 0.7 && p.lo < p.estimate && p.hi > p.estimate && p.reached);
    assert_true(p.relative == fmax(p.hi - p.estimate, p.estimate - p.lo) / p.estimate);
    for (size_t i = 0; i < 100; i++) /* a step: the sections' shares are 0 or 1 */
        x[i] = i < 80 ? 1 : 2;
    p = precision_of(&rule, x, 50);
    assert_true(p.reached && p.relative == 0 && p.values_needed == 50);
    for (size_t i = 0; i < 100; i++)
        x[i] = i < 50 ? 1 : 2;
    p = precision_of(&rule, x, 100);
    assert_false(p.reached);
}

static void there_is_no_interval_before_the_first_look(void **state)
{
    (void)state;
    double x[100], zeros[100] = {0};
    exponential(x, 100, "few");
    struct precision_rule rule = rule_of("ttft.mean:50%");
    struct precision p = precision_of(&rule, x, PRECISION_FIRST_LOOK - 1);
    assert_true(!p.reached && isnan(p.relative) && isnan(p.estimate));
    assert_true(precision_of(&rule, x, PRECISION_FIRST_LOOK).reached);
    p = precision_of(&rule, zeros, 100); /* no relative width of 0: NaN, not reached */
    assert_true(!p.reached && isnan(p.relative) && isnan(p.values_needed));
}

/* Request i is planned at i ms and takes its first token after x[i] ms; requests end in pairs, the later one first. */
static void fill(struct request *q, const double *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        request_init(&q[i]);
        q[i].seq = (int64_t)i;
        q[i].stamp[STAMP_PLANNED] = q[i].stamp[STAMP_SENT] = (mono_ns)i * NS_PER_MS;
        q[i].stamp[STAMP_FIRST_TOKEN] = q[i].stamp[STAMP_PLANNED] + (mono_ns)(x[i] * 1e6);
        q[i].stamp[STAMP_DONE] = 10 * NS_PER_S + (mono_ns)(i ^ 1) * NS_PER_MS;
    }
}

/* Looks are at 50, 75, 112, 168, 252, … values. */
static void the_record_shows_where_it_stopped(void **state)
{
    (void)state;
    static struct request q[N];
    double x[N];
    struct run r = {.requests = q, .n_requests = N};
    exponential(x, N, "stop");
    fill(q, x, N);
    struct precision_rule rule = rule_of("ttft:2%");
    struct precision_watch w = {.rule = &rule};
    size_t taken = 0;
    while (taken < N && !precision_add(&w, &q[taken ^ 1]))
        taken++;
    taken++;
    assert_true(taken == 50 || taken == 75 || taken == 112 || taken == 168 || taken == 252 || taken == 378);
    assert_true(w.last.reached && w.last.relative <= 0.02 && w.last.n == taken);
    struct precision p = precision_of_run(&rule, &r);
    assert_true(p.reached && p.n == taken && p.relative == w.last.relative && p.estimate == w.last.estimate);
    precision_watch_release(&w);
    rule.relative = 1e-6;
    p = precision_of_run(&rule, &r);
    assert_true(!p.reached && p.n == N && p.values_needed > N);
}

static void what_does_not_count_is_passed_over(void **state)
{
    (void)state;
    static struct request q[300];
    double x[300];
    struct run r = {.requests = q, .n_requests = 300};
    exponential(x, 300, "some");
    fill(q, x, 300);
    for (size_t i = 0; i < 100; i++)
        q[i].flags |= REQUEST_WARMUP;
    for (size_t i = 100; i < 200; i++)
        q[i].outcome = OUTCOME_RESET;
    q[299].stamp[STAMP_FIRST_TOKEN] = MONO_NONE;
    struct precision_rule rule = rule_of("ttft:0.0001%");
    struct precision p = precision_of_run(&rule, &r);
    assert_int_equal(p.n, 99);
    double want = precision_of(&rule, x + 200, 99).estimate; /* ns are cut */
    assert_true(fabs(p.estimate - want) < 1e-5);
    r.n_requests = 0;
    assert_int_equal(precision_of_run(&rule, &r).n, 0);
}

static void runs_are_judged_by_t(void **state)
{
    struct precision_rule rule;
    struct err e = ERR_INIT;
    const double x[] = {-1, 1, 3}, positive[] = {exp(1.9), exp(2), exp(2.1)};
    (void)state;
    assert_int_equal(precision_parse_of_runs("makespan:5%", &rule, &e), 0);
    assert_string_equal(rule.metric->id, "makespan");
    assert_true(fabs(rule.relative - 0.05) < 1e-15);
    struct precision p = precision_over_runs(&rule, x, 3);
    double t = dist_t_quantile(0.9875, 2); /* sd 2, n 3 */
    assert_true(p.n == 3 && p.estimate == 1 && fabs(p.hi - (1 + t * 2 / sqrt(3))) < 1e-9);
    assert_true(fabs(p.relative - t * 2 / sqrt(3)) < 1e-9 && !p.reached);
    p = precision_over_runs(&rule, positive, 3); /* sd of the logarithm 0.1; the upper side is the wider */
    assert_true(fabs(p.relative - (exp(t * 0.1 / sqrt(3)) - 1)) < 1e-9);
    rule.relative = p.relative * 1.0001;
    assert_true(precision_over_runs(&rule, positive, 3).reached);
    rule.relative = p.relative * 0.9999;
    assert_false(precision_over_runs(&rule, positive, 3).reached);
    assert_false(precision_over_runs(&rule, positive, 1).reached);
    assert_false(precision_over_runs(&rule, positive, 0).reached);
    for (int i = 0; i < 4; i++) {
        const char *const bad[] = {"makespan", "speedup.time:5%", "nothing:5%", "makespan:500%"};
        struct err why = ERR_INIT;
        assert_int_equal(precision_parse_of_runs(bad[i], &rule, &why), ERR_USAGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_is_read),
        cmocka_unit_test(what_is_no_rule_is_refused),
        cmocka_unit_test(runs_are_judged_by_t),
        cmocka_unit_test(the_mean_is_known_by_its_batches),
        cmocka_unit_test(the_median_has_the_lopsided_half_that_is_worse),
        cmocka_unit_test(there_is_no_interval_before_the_first_look),
        cmocka_unit_test(the_record_shows_where_it_stopped),
        cmocka_unit_test(what_does_not_count_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
