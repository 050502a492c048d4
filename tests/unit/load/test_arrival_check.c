/* The generator's check of its own arrivals: it accepts what follows the law and objects to the ways in which load
 * generators are known to break it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "load/arrival_check.h"
#include "load/draw.h"

enum { N = 2000 };

static struct schedule_spec poisson_of(double from_rps, double to_rps, int64_t duration_ns)
{
    return (struct schedule_spec){.law = ARRIVAL_POISSON,
                                  .burstiness = 1,
                                  .stages = {{from_rps, to_rps, duration_ns}},
                                  .n_stages = 1,
                                  .count = N,
                                  .seed = 11};
}

static struct schedule made(const struct schedule_spec *spec)
{
    struct schedule s;
    assert_int_equal(schedule_make(spec, &s, NULL), 0);
    return s;
}

static struct arrival_check checked(const struct schedule_spec *spec, const int64_t *at_ns, size_t n)
{
    struct arrival_check c;
    arrival_check(spec, at_ns, n, n, 1, &c);
    return c;
}

static void order_does_not_matter_and_the_input_stays(void **state)
{
    (void)state;
    struct schedule_spec spec = poisson_of(50, 50, SCHEDULE_OPEN);
    struct schedule s = made(&spec);
    struct arrival_check straight = checked(&spec, s.at_ns, s.n);
    int64_t *reversed = xmalloc(s.n * sizeof *reversed);
    for (size_t i = 0; i < s.n; i++)
        reversed[i] = s.at_ns[s.n - 1 - i];
    struct arrival_check back = checked(&spec, reversed, s.n);
    assert_true(straight.p == back.p && straight.ks_d == back.ks_d && straight.p > 0.01);
    assert_true(reversed[0] == s.at_ns[s.n - 1]);
    free(reversed);
    schedule_release(&s);
}

static void another_rate_is_seen_by_the_gaps(void **state)
{
    (void)state;
    struct schedule_spec spec = poisson_of(50, 50, SCHEDULE_OPEN), declared = poisson_of(56, 56, SCHEDULE_OPEN);
    struct schedule s = made(&spec);
    struct arrival_check c = checked(&declared, s.at_ns, s.n);
    assert_true(c.ks_p < 0.001 && c.p < 0.003 && c.acf1.p > 0.01);
    schedule_release(&s);
}

/* A constant rate sold as Poisson, and the opposite of it: bursts. */
static void even_and_bursty_gaps_are_not_poisson(void **state)
{
    (void)state;
    struct schedule_spec spec = poisson_of(50, 50, SCHEDULE_OPEN), other = spec;
    other.law = ARRIVAL_CONSTANT;
    struct schedule s = made(&other);
    struct arrival_check c = checked(&spec, s.at_ns, s.n);
    assert_true(c.ks_p < 1e-9 && c.dispersion.index < 0.5 && c.dispersion.p < 1e-9 && c.p < 1e-8);
    schedule_release(&s);
    other.law = ARRIVAL_GAMMA;
    other.burstiness = 0.5;
    s = made(&other);
    c = checked(&spec, s.at_ns, s.n);
    assert_true(c.ks_p < 1e-9 && c.dispersion.index > 1.5 && c.dispersion.p_upper < 1e-9 && fabs(c.cv2 - 2) < 0.3);
    schedule_release(&s);
}

/* Workers that share one seed repeat every gap: the gaps alone look exponential, their neighbours do not. */
static void repeated_gaps_are_seen_by_the_autocorrelation(void **state)
{
    (void)state;
    struct schedule_spec spec = poisson_of(50, 50, SCHEDULE_OPEN);
    struct rng r = rng_stream(3, "arrivals");
    int64_t at_ns[N];
    double at_s = 0, gap_s = 0;
    for (int i = 0; i < N; i++) {
        if (i % 8 == 0)
            gap_s = draw_exponential(&r) / 50;
        at_s += gap_s;
        at_ns[i] = llround(at_s * 1e9);
    }
    struct arrival_check c = checked(&spec, at_ns, N);
    assert_true(c.acf1.r > 0.8 && c.acf1.p < 1e-9 && c.acf1.lo > 0.7 && c.dispersion.index > 4 && c.p < 1e-8);
}

static void a_ramp_is_checked_in_its_own_time(void **state)
{
    (void)state;
    struct schedule_spec spec = poisson_of(10, 190, 20 * NS_PER_S), flat = poisson_of(100, 100, 20 * NS_PER_S);
    struct schedule s = made(&spec);
    assert_true(checked(&spec, s.at_ns, s.n).p > 0.01);
    assert_true(checked(&flat, s.at_ns, s.n).p < 1e-6);
    schedule_release(&s);
}

/* One send at 0.25 s, 0.5 s and 1 s at 4 a second: gaps 1, 1, 2 in operational time. */
static void shares_and_variation_by_hand(void **state)
{
    (void)state;
    struct schedule_spec spec = poisson_of(4, 4, SCHEDULE_OPEN);
    const int64_t at_ns[] = {250000000, 1000000000, 500000000};
    struct arrival_check c;
    arrival_check(&spec, at_ns, 3, 4, 1, &c);
    assert_true(c.planned == 4 && c.sent == 3 && c.sent_share == 0.75);
    assert_true(fabs(c.cv2 - (1.0 / 3) / (16.0 / 9)) < 1e-12 && c.cv2_law == 1);
    assert_true(!c.tested && isnan(c.ks_p) && isnan(c.dispersion.p) && isnan(c.acf1.r) && isnan(c.p));
    spec.law = ARRIVAL_CONSTANT; /* the first send opens no gap: 1, 2 */
    arrival_check(&spec, at_ns, 3, 3, 1, &c);
    assert_true(fabs(c.cv2 - 0.5 / 2.25) < 1e-12 && c.cv2_law == 0 && !c.tested);
}

static void twenty_gaps_by_hand(void **state)
{
    (void)state;
    struct schedule_spec spec = poisson_of(1, 1, SCHEDULE_OPEN);
    int64_t at_ns[20];
    for (int i = 0; i < 20; i++)
        at_ns[i] = (i + 1) * NS_PER_S;
    struct arrival_check c = checked(&spec, at_ns, 20);
    double u = -expm1(-1); /* every gap is 1 */
    assert_true(c.tested && fabs(c.ks_d - u) < 1e-8 && c.ks_p < 1e-7);
    assert_true(c.windows == 2 && c.cv2 == 0 && isnan(c.acf1.p)); /* 9 and 10 arrivals: the 10th opens window 2 */
    assert_true(fabs(c.dispersion.index - 0.5 / 9.5) < 1e-12);
    assert_true(fabs(c.p - 2 * c.ks_p) < 1e-12 * c.ks_p); /* two of the three tests are defined */
    assert_false(checked(&spec, at_ns, 19).tested);
}

static void nothing_sent_has_no_numbers(void **state)
{
    (void)state;
    struct schedule_spec spec = poisson_of(4, 4, SCHEDULE_OPEN);
    struct arrival_check c;
    int64_t none = 0;
    arrival_check(&spec, &none, 0, 0, 1, &c);
    assert_true(isnan(c.sent_share) && isnan(c.cv2) && !c.tested && isnan(c.p));
    arrival_check(&spec, &none, 0, 5, 1, &c);
    assert_true(c.sent_share == 0);
    arrival_check(&spec, &none, 1, 1, 1, &c);
    assert_true(c.sent_share == 1 && isnan(c.cv2));
}

/* All at once, as after a stall: a gap so improbable that its survival underflows is still a number. */
static void a_stall_is_no_division_by_zero(void **state)
{
    (void)state;
    struct schedule_spec spec = poisson_of(1000, 1000, SCHEDULE_OPEN);
    int64_t at_ns[100];
    for (int i = 0; i < 100; i++)
        at_ns[i] = i < 50 ? i : 3600 * NS_PER_S;
    struct arrival_check c = checked(&spec, at_ns, 100);
    assert_true(c.tested && isfinite(c.dispersion.index) && c.ks_p < 1e-6 && c.p < 1e-6);
}

/* Sends that lag by up to 2 ms at 500 a second are another law at 1 ns and the declared one at ± 4 ms; a wrong rate is
 * still seen then. */
static void what_the_resolution_explains_does_not_count(void **state)
{
    (void)state;
    struct schedule_spec spec = poisson_of(500, 500, SCHEDULE_OPEN), declared = poisson_of(100, 100, SCHEDULE_OPEN);
    struct schedule s = made(&spec);
    for (size_t i = 0; i < s.n; i++)
        s.at_ns[i] += 2 * NS_PER_MS - s.at_ns[i] % (2 * NS_PER_MS);
    struct arrival_check c;
    arrival_check(&spec, s.at_ns, s.n, s.n, 1, &c);
    assert_true(c.ks_p < 1e-9);
    arrival_check(&spec, s.at_ns, s.n, s.n, 2 * NS_PER_MS, &c);
    assert_true(c.ks_p > 0.5);
    arrival_check(&declared, s.at_ns, s.n, s.n, 2 * NS_PER_MS, &c);
    assert_true(c.ks_p < 1e-9);
    schedule_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_does_not_matter_and_the_input_stays),
        cmocka_unit_test(another_rate_is_seen_by_the_gaps),
        cmocka_unit_test(even_and_bursty_gaps_are_not_poisson),
        cmocka_unit_test(repeated_gaps_are_seen_by_the_autocorrelation),
        cmocka_unit_test(a_ramp_is_checked_in_its_own_time),
        cmocka_unit_test(shares_and_variation_by_hand),
        cmocka_unit_test(twenty_gaps_by_hand),
        cmocka_unit_test(nothing_sent_has_no_numbers),
        cmocka_unit_test(a_stall_is_no_division_by_zero),
        cmocka_unit_test(what_the_resolution_explains_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
