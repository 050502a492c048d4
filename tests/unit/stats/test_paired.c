/* The shift of pairs by hand, and where the exact law ends. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats/paired.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-12)

static void by_hand(void **state)
{
    (void)state;
    /* means 1 2 3 · 1.5 2 · 2.5: k = 1, all signs alike in 2 of 8 */
    struct paired_shift s = paired_shift((const double[]){3, 1, 2}, 3, 0.75);
    NEAR(s.shift, 2);
    assert_true(s.lo == 1 && s.hi == 3);
    NEAR(s.p, 0.25);
    NEAR(s.actual_conf, 0.75);
    s = paired_shift((const double[]){3, 1, 2}, 3, 0.5); /* sum of ranks 0 or 1: 2 of 8 on a side, k = 2 */
    assert_true(s.lo == 1.5 && s.hi == 2.5);
    NEAR(s.actual_conf, 0.5);
    s = paired_shift((const double[]){1, -1, 1, 2}, 4, 0.95); /* ranks 2 2 2 4: a sum of at most 2 in 4 of 16 */
    NEAR(s.p, 0.5);
    NEAR(s.actual_conf, 0.875);
    s = paired_shift((const double[]){-1, -1, 2, 3, 4}, 5, 0.95); /* ranks 1.5 1.5 3 4 5: at most 3 in 5 of 32 */
    NEAR(s.p, 10.0 / 32);
    s = paired_shift((const double[]){1, 0, 2, 0, 3}, 5, 0.9); /* zeros count for the interval, not for the test */
    NEAR(s.p, 0.25);
    assert_true(s.lo == 0 && s.hi == 3);
}

/* Ten pairs: sums up to 8 have probability 25 / 1024, so the ninth and the ninth last of the means bound. */
static void ten_pairs(void **state)
{
    (void)state;
    double d[10];
    for (int i = 0; i < 10; i++)
        d[i] = (i + 1) * (i % 3 == 2 ? -1.0 : 1.0); /* minus: 3 + 6 + 9 = 18 */
    struct paired_shift s = paired_shift(d, 10, 0.95);
    assert_true(s.statistic == 18);
    NEAR(s.p, 2 * 192 / 1024.0);
    NEAR(s.actual_conf, 1 - 2 * 25.0 / 1024);
    NEAR(s.shift, 2.0);
    s = paired_shift(d, 10, 1 - 2 * 25.0 / 1024 + 1e-9); /* a hair more: the eighth, sums up to 7 */
    NEAR(s.actual_conf, 1 - 2 * 19.0 / 1024);
}

static void the_normal_law_takes_over_where_the_exact_one_ends(void **state)
{
    (void)state;
    double d[PAIRED_EXACT + 1];
    for (int i = 0; i < PAIRED_EXACT; i++)
        d[i] = i * 37 % PAIRED_EXACT - 90.25;
    d[PAIRED_EXACT] = 1e-6; /* one more value, of rank 1: it says next to nothing */
    struct paired_shift exact = paired_shift(d, PAIRED_EXACT, 0.95), normal = paired_shift(d, PAIRED_EXACT + 1, 0.95);
    assert_true(fabs(exact.p / normal.p - 1) < 0.05 && exact.p > 0.001 && exact.p < 0.1);
    assert_true(fabs(exact.lo - normal.lo) < 1 && fabs(exact.hi - normal.hi) < 1);
    assert_true(fabs(normal.actual_conf - 0.95) < 0.001);
    NEAR(normal.p, 0.031292538496266946); /* z = (n (n + 1) / 4 - W - 1/2) / sqrt(n (n + 1) (2 n + 1) / 24) */
    d[PAIRED_EXACT] = 0;                  /* left out of the test, which is exact then */
    NEAR(paired_shift(d, PAIRED_EXACT + 1, 0.95).p, exact.p);
}

static void few_and_bad_values(void **state)
{
    (void)state;
    const double one[] = {2}, zeros[] = {0, 0}, bad[] = {1, NAN};
    assert_true(isnan(paired_shift(one, 0, 0.95).shift) && isnan(paired_shift(bad, 2, 0.95).p));
    struct paired_shift s = paired_shift(one, 1, 0.95);
    assert_true(s.shift == 2 && s.lo == 2 && s.hi == 2 && s.actual_conf == 0 && s.p == 1);
    s = paired_shift(zeros, 2, 0.95);
    assert_true(s.shift == 0 && s.p == 1);
    assert_true(paired_min_p(5) == 0.0625 && paired_min_p(1) == 1 && paired_min_p(0) == 1);
    const double five[] = {1, 2, 3, 4, 5};
    s = paired_shift(five, 5, 0.95);
    assert_true(s.p == paired_min_p(5) && s.lo == 1 && s.hi == 5);
    NEAR(s.actual_conf, 0.9375);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(ten_pairs),
        cmocka_unit_test(the_normal_law_takes_over_where_the_exact_one_ends),
        cmocka_unit_test(few_and_bad_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
