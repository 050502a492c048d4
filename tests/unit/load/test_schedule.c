/* Schedules: the laws, ramps and stops by hand-worked numbers, the drawn ones against their law, and what makes no
 * schedule. The drawn numbers themselves are compared with an independent computation of the same streams. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "load/draw.h"
#include "load/schedule.h"
#include "stats/moments.h"
#include "stats/renewal.h"

static struct schedule_spec spec_of(enum arrival_law law, const char *stages, int64_t count)
{
    struct schedule_spec s = {.law = law, .burstiness = 1, .count = count, .seed = 7};
    struct err e = ERR_INIT;
    if (schedule_parse_stages(stages, &s, &e))
        fail_msg("%s", e.text);
    return s;
}

static struct schedule made(const struct schedule_spec *spec)
{
    struct schedule s;
    struct err e = ERR_INIT;
    if (schedule_make(spec, &s, &e))
        fail_msg("%s", e.text);
    return s;
}

static void expect_offsets(const char *stages, int64_t count, const int64_t *want, size_t n)
{
    struct schedule_spec spec = spec_of(ARRIVAL_CONSTANT, stages, count);
    struct schedule s = made(&spec);
    assert_int_equal(s.n, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(s.at_ns[i], want[i]);
    schedule_release(&s);
    assert_null(s.at_ns);
}

static void a_constant_rate_begins_at_zero_and_stops_by_count_or_before_the_end(void **state)
{
    (void)state;
    const int64_t five[] = {0, 200000000, 400000000, 600000000, 800000000};
    expect_offsets("5:1s", 0, five, 5);   /* the one at 1 s is outside */
    expect_offsets("5:1s", 3, five, 3);   /* the count comes first */
    expect_offsets("5:1s", 100, five, 5); /* the stage comes first */
    expect_offsets("5", 5, five, 5);
    expect_offsets("5:1s", 1, five, 1);
    const int64_t once[] = {0};
    expect_offsets("0.001:1ms", 0, once, 1);
}

/* 0..20 over 1 s: integral 10 t^2, the k-th request at sqrt(k/10). Down again: 20 t - 10 t^2 = k. */
static void a_ramp_is_inverted_exactly_up_and_down(void **state)
{
    (void)state;
    struct schedule_spec spec = spec_of(ARRIVAL_CONSTANT, "0..20:1s,20..0:1s", 0);
    struct schedule s = made(&spec);
    assert_int_equal(s.n, 20);
    for (size_t k = 0; k < 20; k++) {
        double k_d = (double)k, want_s = k < 10 ? sqrt(k_d / 10) : 2 - sqrt(1 - (k_d - 10) / 10);
        assert_true(fabs((double)s.at_ns[k] - want_s * 1e9) <= 1);
    }
    schedule_release(&s);
}

static void arrivals_of_a_warm_up_do_not_count(void **state)
{
    (void)state;
    struct schedule_spec spec = spec_of(ARRIVAL_CONSTANT, "10", 3);
    spec.uncounted_ns = NS_PER_S / 5; /* those at 0 and 0.1 s; not that at 0.2 s */
    struct schedule s = made(&spec);
    assert_int_equal(s.n, 5);
    assert_int_equal(s.at_ns[4], 4 * NS_PER_S / 10);
    schedule_release(&s);
}

static void a_pause_between_stages_sends_nothing_and_keeps_the_remainder(void **state)
{
    (void)state;
    /* 1.5 requests fit into the first stage: the third comes half a gap into the last one */
    const int64_t want[] = {0, 1000000000, 3750000000, 4250000000};
    expect_offsets("1:1500ms,0:2s,2:1s", 0, want, 4);
}

static void the_integrated_rate_is_what_the_stages_say(void **state)
{
    (void)state;
    struct schedule_spec spec = spec_of(ARRIVAL_POISSON, "10:30s,20..50:60s", 0);
    const struct {
        int64_t at_s;
        double want;
    } rows[] = {{-5, 0}, {0, 0}, {10, 100}, {30, 300}, {60, 300 + 600 + 225}, {90, 2400}, {1000, 2400}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_true(fabs(rate_expected(spec.stages, spec.n_stages, rows[i].at_s * NS_PER_S) - rows[i].want) < 1e-9);
    spec = spec_of(ARRIVAL_POISSON, "3:1s,8", 1);
    assert_true(fabs(rate_expected(spec.stages, spec.n_stages, 11 * NS_PER_S) - 83) < 1e-9);
}

/* Made by a separate program from the definitions of SplitMix64, FNV-1a and the inverse of the exponential law. */
static void the_same_seed_gives_the_same_poisson_arrivals_everywhere(void **state)
{
    (void)state;
    const int64_t want[] = {7293259, 249620408, 328764082, 417652624, 514648482};
    struct schedule_spec spec = spec_of(ARRIVAL_POISSON, "10", 5);
    struct schedule s = made(&spec);
    for (size_t i = 0; i < 5; i++)
        assert_true(llabs(s.at_ns[i] - want[i]) <= 1); /* the last bit of log1p may differ */
    spec.seed = 8;
    struct schedule other = made(&spec);
    assert_true(other.at_ns[0] != s.at_ns[0]);
    schedule_release(&s);
    schedule_release(&other);
}

static void the_same_seed_gives_the_same_gamma_arrivals_everywhere(void **state)
{
    (void)state;
    const int64_t want[2][5] = {{409569026, 488026131, 869491322, 945182265, 945312221},
                                {160589859, 313031934, 421606831, 506980596, 599486773}};
    struct schedule_spec spec = spec_of(ARRIVAL_GAMMA, "10", 5);
    for (int k = 0; k < 2; k++) {
        spec.burstiness = k ? 4 : 0.5;
        struct schedule s = made(&spec);
        for (size_t i = 0; i < 5; i++)
            assert_true(llabs(s.at_ns[i] - want[k][i]) <= 1);
        schedule_release(&s);
    }
}

/* A longer run keeps the arrivals of a shorter one, and each law draws from the one stream of arrivals. */
static void more_requests_do_not_shift_the_first_ones(void **state)
{
    (void)state;
    struct schedule_spec spec = spec_of(ARRIVAL_GAMMA, "4..9:100s", 0);
    spec.burstiness = 0.4;
    struct schedule whole = made(&spec);
    spec.count = 50;
    struct schedule few = made(&spec);
    assert_true(whole.n > 300 && few.n == 50);
    assert_memory_equal(whole.at_ns, few.at_ns, 50 * sizeof *few.at_ns);
    schedule_release(&whole);
    schedule_release(&few);
}

static void every_schedule_is_ascending_and_inside_its_stages(void **state)
{
    (void)state;
    for (int law = 0; law < ARRIVAL_LAW_COUNT; law++) {
        struct schedule_spec spec = spec_of((enum arrival_law)law, "3:2s,0:1s,0..900:3s,900..1:500ms", 0);
        struct schedule s = made(&spec);
        assert_true(s.n > 1000);
        for (size_t i = 0; i < s.n; i++) {
            assert_true(s.at_ns[i] >= (i ? s.at_ns[i - 1] : 0) && s.at_ns[i] < 6500 * NS_PER_MS);
            assert_false(s.at_ns[i] > 2 * NS_PER_S && s.at_ns[i] < 3 * NS_PER_S);
        }
        schedule_release(&s);
    }
}

/* 20,000 gaps: mean within 4 standard errors, and the tests of fit do not object; a fixed seed, so this never flickers. */
/* Every gap is known to the nanosecond only: of bursts, many are equal. */
static void assert_law(const struct schedule_spec *spec, const struct schedule *s)
{
    enum { GAP, LOW, HIGH };
    double *gaps[3], before = 0;
    struct renewal_test t;
    for (int i = 0; i < 3; i++)
        gaps[i] = xmalloc(s->n * sizeof *gaps[i]);
    for (size_t i = 0; i < s->n; i++) {
        double at[3];
        for (int k = 0; k < 3; k++)
            at[k] = rate_expected(spec->stages, spec->n_stages, s->at_ns[i] + (k == LOW ? -1 : k == HIGH)) - before;
        for (int k = 0; k < 3; k++)
            gaps[k][i] = fmax(0, at[k]);
        before += at[GAP];
    }
    double cv2 = renewal_cv2(gaps[GAP], s->n);
    renewal_test(gaps[GAP], gaps[LOW], gaps[HIGH], s->n, spec->burstiness, &t);
    assert_true(t.p > 0.01 && fabs(cv2 * spec->burstiness - 1) < 0.15);
    for (int i = 0; i < 3; i++)
        free(gaps[i]);
}

static void drawn_arrivals_follow_their_law(void **state)
{
    (void)state;
    const struct {
        enum arrival_law law;
        double burstiness;
        const char *stages;
    } rows[] = {{ARRIVAL_POISSON, 1, "50"}, {ARRIVAL_GAMMA, 0.25, "50"},         {ARRIVAL_GAMMA, 1, "50"},
                {ARRIVAL_GAMMA, 8, "50"},   {ARRIVAL_POISSON, 1, "10..90:400s"}, {ARRIVAL_GAMMA, 0.5, "90..10:400s"},
                {ARRIVAL_GAMMA, 0.1, "50"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct schedule_spec spec = spec_of(rows[i].law, rows[i].stages, 20000);
        spec.burstiness = rows[i].burstiness;
        struct schedule s = made(&spec);
        double se = sqrt((double)s.n / rows[i].burstiness);
        assert_true(fabs(rate_expected(spec.stages, spec.n_stages, s.at_ns[s.n - 1]) - (double)s.n) < 4 * se);
        assert_law(&spec, &s);
        schedule_release(&s);
    }
}

static void burstiness_one_is_poisson(void **state)
{
    (void)state;
    struct rng r = rng_stream(1, "x");
    double sum = 0, squares = 0;
    for (int i = 0; i < 100000; i++) {
        double g = draw_gamma(&r, 1);
        sum += g;
        squares += g * g;
    }
    assert_true(fabs(sum / 1e5 - 1) < 0.015 && fabs(squares / 1e5 - 2) < 0.1);
}

static void expect_usage(const char *stages, const char *says)
{
    struct schedule_spec s = {0};
    struct err e = ERR_INIT;
    assert_int_equal(schedule_parse_stages(stages, &s, &e), ERR_USAGE);
    if (!strstr(e.text, says))
        fail_msg("\"%s\" gave: %s", stages, e.text);
}

static void stages_are_read_and_a_bad_one_is_named(void **state)
{
    (void)state;
    struct schedule_spec s = spec_of(ARRIVAL_CONSTANT, "1.5:2m,20..50.25:60s,.5..0:1h,7", 1);
    assert_int_equal(s.n_stages, 4);
    assert_true(s.stages[0].from_rps == 1.5 && s.stages[0].to_rps == 1.5 && s.stages[0].duration_ns == 120 * NS_PER_S);
    assert_true(s.stages[1].from_rps == 20 && s.stages[1].to_rps == 50.25 && s.stages[1].duration_ns == 60 * NS_PER_S);
    assert_true(s.stages[2].from_rps == 0.5 && s.stages[2].to_rps == 0 && s.stages[2].duration_ns == 3600 * NS_PER_S);
    assert_true(s.stages[3].from_rps == 7 && s.stages[3].duration_ns == SCHEDULE_OPEN);
    expect_usage("", "stage 1, \"\"");
    expect_usage("5:1s,", "stage 2, \"\"");
    expect_usage("5:1s,x", "stage 2, \"x\"");
    expect_usage("5..", "stage 1");
    expect_usage("5..,6:1s", "stage 1");
    const char *bad[] = {"-1:1s",  "inf:1s", "nan:1s", "0x10:1s", "5:",   "5:1",      "5:1d",   "5:s",        "5..:1s",
                         "..5:1s", "5:-1s",  " 5:1s",  "5:1s ",   "5;1s", "1e999:1s", "5:1ms2", "5..6..7:1s", "5:0x1s"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        expect_usage(bad[i], "stage 1");
    char many[65 * 5 + 1] = "";
    for (int i = 0; i < 65; i++)
        strcat(many, "1:1s,");
    expect_usage(many, "more than 64");
}

static void expect_refused(struct schedule_spec spec, int code, const char *says)
{
    struct schedule s;
    struct err e = ERR_INIT;
    assert_int_equal(schedule_make(&spec, &s, &e), code);
    if (!strstr(e.text, says))
        fail_msg("expected \"%s\", got: %s", says, e.text);
    assert_true(s.at_ns == NULL && s.n == 0);
}

static struct schedule_spec one_stage(double from_rps, double to_rps, int64_t duration_ns, int64_t count)
{
    return (struct schedule_spec){.law = ARRIVAL_POISSON,
                                  .burstiness = 1,
                                  .stages = {{from_rps, to_rps, duration_ns}},
                                  .n_stages = 1,
                                  .count = count};
}

static void what_makes_no_schedule_is_refused_with_the_reason(void **state)
{
    (void)state;
    const int64_t s = NS_PER_S;
    expect_refused((struct schedule_spec){0}, ERR_USAGE, "1 to 64 stages");
    expect_refused(one_stage(NAN, 1, s, 1), ERR_USAGE, "stage 1: a rate");
    expect_refused(one_stage(1, NAN, s, 1), ERR_USAGE, "stage 1: a rate");
    expect_refused(one_stage(-1, 1, s, 1), ERR_USAGE, "a rate");
    expect_refused(one_stage(1e12, 1e12, s, 1), ERR_USAGE, "from 0 to 1000000");
    expect_refused(one_stage(0, 0, s, 1), ERR_USAGE, "every rate is 0");
    expect_refused(one_stage(0, 0, SCHEDULE_OPEN, 1), ERR_USAGE, "rate above 0 may leave");
    expect_refused(one_stage(1, 2, SCHEDULE_OPEN, 1), ERR_USAGE, "may leave its duration out");
    expect_refused(one_stage(1, 1, SCHEDULE_OPEN, 0), ERR_USAGE, "needs a number of requests");
    expect_refused(one_stage(1, 1, 0, 1), ERR_USAGE, "above 0");
    expect_refused(one_stage(1, 1, -s, 1), ERR_USAGE, "above 0");
    expect_refused(one_stage(1, 1, 1000000000 * s, 1), ERR_LIMIT, "366 days");
    expect_refused(one_stage(1, 1, s, -1), ERR_USAGE, "number of requests");
    expect_refused(one_stage(1, 1, s, 1000000000000), ERR_LIMIT, "1000000000000 requests");
    expect_refused(one_stage(1e6, 1e6, 11 * s, 0), ERR_LIMIT, "about 11000000 requests");
    expect_refused(one_stage(1e-6, 1e-6, SCHEDULE_OPEN, 100), ERR_LIMIT, "more than 366 days");
    struct schedule_spec spec = one_stage(1, 1, s, 0);
    spec.law = ARRIVAL_GAMMA;
    spec.burstiness = 0.099;
    expect_refused(spec, ERR_USAGE, "burstiness");
    spec.burstiness = NAN;
    expect_refused(spec, ERR_USAGE, "burstiness");
    spec = spec_of(ARRIVAL_CONSTANT, "1,1:1s", 1);
    expect_refused(spec, ERR_USAGE, "stage 1: only a last stage");
    spec = spec_of(ARRIVAL_CONSTANT, "1:200000m,1:200000m,1:200000m", 1);
    expect_refused(spec, ERR_LIMIT, "together");
    assert_int_equal(arrival_law_find("gamma"), ARRIVAL_GAMMA);
    assert_int_equal(arrival_law_find("Gamma"), -1);
    assert_string_equal(arrival_law_word(ARRIVAL_POISSON), "poisson");
}

static void a_random_schedule_may_be_empty(void **state)
{
    (void)state;
    struct schedule_spec spec = one_stage(1e-6, 1e-6, 1, 0);
    struct schedule s = made(&spec);
    assert_int_equal(s.n, 0);
    schedule_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_constant_rate_begins_at_zero_and_stops_by_count_or_before_the_end),
        cmocka_unit_test(a_ramp_is_inverted_exactly_up_and_down),
        cmocka_unit_test(arrivals_of_a_warm_up_do_not_count),
        cmocka_unit_test(a_pause_between_stages_sends_nothing_and_keeps_the_remainder),
        cmocka_unit_test(the_integrated_rate_is_what_the_stages_say),
        cmocka_unit_test(the_same_seed_gives_the_same_poisson_arrivals_everywhere),
        cmocka_unit_test(the_same_seed_gives_the_same_gamma_arrivals_everywhere),
        cmocka_unit_test(more_requests_do_not_shift_the_first_ones),
        cmocka_unit_test(every_schedule_is_ascending_and_inside_its_stages),
        cmocka_unit_test(drawn_arrivals_follow_their_law),
        cmocka_unit_test(burstiness_one_is_poisson),
        cmocka_unit_test(stages_are_read_and_a_bad_one_is_named),
        cmocka_unit_test(what_makes_no_schedule_is_refused_with_the_reason),
        cmocka_unit_test(a_random_schedule_may_be_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
