/* Lines, correlations and the permutation of groups by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stats/relation.h"
#include "stats/resample.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-12)

static void lines_by_hand(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3, 4}, y[] = {2, 4, 5, 9}; /* means 2.5, 5: xx 5, yy 26, xy 11 */
    struct relation_line l = relation_line(x, y, 4);
    NEAR(l.slope, 2.2);
    NEAR(l.intercept, -0.5);
    NEAR(l.r2, 121.0 / 130);
    NEAR(relation_correlation(x, y, 4), 11 / sqrt(130));
    NEAR(relation_correlation(y, (const double[]){4, 3, 2, 1}, 4), -11 / sqrt(130));
    NEAR(relation_line(x, (const double[]){3, 3, 3, 3}, 4).slope, 0);
    assert_true(isnan(relation_line(x, (const double[]){3, 3, 3, 3}, 4).r2));
    assert_true(isnan(relation_correlation(x, (const double[]){3, 3, 3, 3}, 4)));
    assert_true(isnan(relation_line((const double[]){3, 3}, x, 2).slope));
    assert_true(isnan(relation_line(x, y, 1).slope) && isnan(relation_correlation(x, y, 1)));
    assert_true(isnan(relation_line(x, y, 0).slope));
}

/* Groups 1 2 3 · 4 5 6 · 9: means 2, 5, 9, of all 30/7; between 2 + 2 + 0 within 4, df 2 and 4. */
static void f_by_hand(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3, 4, 5, 6, 9};
    const size_t group[] = {0, 0, 0, 1, 1, 1, 2};
    double mean = 30.0 / 7, b = 3 * pow(2 - mean, 2) + 3 * pow(5 - mean, 2) + pow(9 - mean, 2);
    struct permutation_groups g = permutation_groups(x, group, 7, 3, 99, 1);
    assert_true(g.df_between == 2 && g.df_within == 4);
    NEAR(g.f, b / 2 / (4.0 / 4));
}

/* With two groups the p is that of all ways to split, and the same for the same seed. */
static void permutations_agree_with_all_splits(void **state)
{
    (void)state;
    const double x[] = {1e6 + 5, 1e6 + 7, 1e6 + 8, 1e6 + 9, 1e6 + 4, 1e6 + 2, 1e6 + 6, 1e6 + 3};
    const size_t group[] = {0, 0, 0, 0, 1, 1, 1, 1};
    struct permutation all = permutation_exact(x, 4, x + 4, 4);
    struct permutation_groups g = permutation_groups(x, group, 8, 2, 20000, 7);
    assert_true(all.p > 0.02 && all.p < 0.2);
    assert_true(fabs(g.p - all.p) < 0.007); /* three standard errors */
    assert_true(g.p == permutation_groups(x, group, 8, 2, 20000, 7).p);
    assert_true(g.p != permutation_groups(x, group, 8, 2, 20000, 8).p);
    /* the labels in another order, the values with them */
    const size_t turned[] = {1, 1, 1, 1, 0, 0, 0, 0};
    NEAR(permutation_groups(x, turned, 8, 2, 9, 7).f, g.f);
}

static void what_has_no_answer_is_nan(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3, 4};
    assert_true(isnan(permutation_groups(x, (const size_t[]){0, 0, 0, 0}, 4, 1, 9, 1).p));
    assert_true(isnan(permutation_groups(x, (const size_t[]){0, 0, 2, 2}, 4, 3, 9, 1).p)); /* none of group 1 */
    assert_true(isnan(permutation_groups(x, (const size_t[]){0, 1, 2, 3}, 4, 4, 9, 1).p));
    assert_true(isnan(permutation_groups((const double[]){1, 1, 2, 2}, (const size_t[]){0, 0, 1, 1}, 4, 2, 9, 1).p));
    assert_true(isnan(permutation_groups(x, (const size_t[]){0, 0, 1, 1}, 4, 2, RESAMPLE_MAX_REPLICATES + 1u, 1).p));
    assert_true(isnan(permutation_groups(NULL, NULL, 0, 0, 9, 1).p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_by_hand),
        cmocka_unit_test(f_by_hand),
        cmocka_unit_test(permutations_agree_with_all_splits),
        cmocka_unit_test(what_has_no_answer_is_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
