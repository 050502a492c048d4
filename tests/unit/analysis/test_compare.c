/* Comparison of two arms, by values worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/compare.h"
#include "stats/power.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)
enum { MOST = 12 };

/* Blocks from 0 on, one value each. */
static struct compare_arm arm(struct compare_run *runs, const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        runs[i] = (struct compare_run){(int32_t)i, values[i]};
    return (struct compare_arm){runs, n};
}

static struct comparison compare_values(const char *metric, const double *a, const double *b, size_t n, double margin)
{
    struct compare_run runs[2][MOST];
    struct compare_question q = {metric_find(metric), arm(runs[0], a, n), arm(runs[1], b, n), margin, 0};
    struct comparison c;
    compare_arms(&q, 1, &c);
    return c;
}

static const double hundred[] = {100, 100, 100, 100, 100, 100, 100, 100};
static const double slower[] = {101, 102, 103, 104, 105, 106, 107, 108};

/* Differences 1 … 8: all of one sign in 2 of 256; sums up to 3 in 5 of 256, so the fourth mean on each side bounds; for 90 %
 * sums up to 5 in 10 of 256: the sixth, 1 1.5 2 2 2.5 2.5. */
static void eight_blocks(void **state)
{
    (void)state;
    struct comparison c = compare_values("ttft", hundred, slower, 8, 0);
    assert_true(c.paired && c.n_a == 8 && c.n_b == 8 && c.left_out == 0 && c.base == 100);
    assert_true(c.shift == 4.5 && c.lo == 2 && c.hi == 7 && c.eq_lo == 2.5 && c.eq_hi == 6.5);
    NEAR(c.confidence, 1 - 10.0 / 256);
    NEAR(c.p, 2.0 / 256);
    NEAR(c.p_holm, c.p);
    assert_true(c.delta == 1 && c.b_wins == 0);
    assert_int_equal(c.verdict, COMPARE_WORSE); /* of a time to first token less is better */
    assert_true(c.more_runs == 0);
    NEAR(c.mde, power_mde_ranks(8, 0.05, 0.8) * sqrt(6));
    c = compare_values("ttft", slower, hundred, 8, 0);
    assert_true(c.verdict == COMPARE_BETTER && c.shift == -4.5 && c.hi == -2 && c.b_wins == 1);
    c = compare_values("output_rate", hundred, slower, 8, 0);
    assert_true(c.verdict == COMPARE_BETTER && c.b_wins == 1);
}

static void a_margin_must_be_left_behind_or_kept(void **state)
{
    (void)state;
    struct comparison c = compare_values("ttft", hundred, slower, 8, 1.9);
    assert_int_equal(c.verdict, COMPARE_WORSE);
    c = compare_values("ttft", hundred, slower, 8, 2); /* the interval begins at it */
    assert_true(c.verdict == COMPARE_INCONCLUSIVE && c.more_runs >= 1);
    c = compare_values("ttft", hundred, slower, 8, 6.5); /* the 90 % interval ends at it */
    assert_int_equal(c.verdict, COMPARE_INCONCLUSIVE);
    c = compare_values("ttft", hundred, slower, 8, 6.6);
    assert_true(c.verdict == COMPARE_EQUIVALENT && c.more_runs == 0 &&
                c.p < 0.01); /* different, and it does not matter */
}

static void few_blocks_say_how_many_are_missing(void **state)
{
    (void)state;
    struct comparison c = compare_values("ttft", hundred, slower, 4, 0);
    assert_true(c.verdict == COMPARE_INCONCLUSIVE && c.n_a == 4);
    NEAR(c.more_runs,
         2); /* six pairs can give 2 / 64, five only 2 / 32; d is 2.5 / 1.29: four would do for the t test */
    c = compare_values("ttft", hundred, hundred, 3, 0);
    assert_true(c.p == 1 && c.more_runs == 2 && c.shift == 0 && isnan(c.mde) && c.delta == 0 && c.b_wins == 0.5);
    c = compare_values("ttft", hundred, hundred, 8, 0);
    assert_true(c.verdict == COMPARE_INCONCLUSIVE && isnan(c.more_runs)); /* no number of runs finds nothing */
    c = compare_values("ttft", hundred, hundred, 4, 10);
    assert_int_equal(c.verdict, COMPARE_INCONCLUSIVE);
    c = compare_values("ttft", hundred, hundred, 5, 10);
    assert_int_equal(c.verdict, COMPARE_EQUIVALENT);
    c = compare_values("ttft", NULL, NULL, 0, 0);
    assert_true(!c.paired && isnan(c.shift) && isnan(c.p_holm) && isnan(c.base) && c.more_runs == 5);
    assert_int_equal(c.verdict, COMPARE_INCONCLUSIVE);
}

static void what_is_missing_finds_the_margin(void **state)
{
    (void)state;
    const double a[] = {0, 0, 0, 0, 0, 0}, b[] = {-1, -1, -1, 1, 1, 1};   /* sd of the differences sqrt(6 / 5) */
    struct comparison c = compare_values("ttft", a, b, 6, sqrt(1.2) / 2); /* d 0.5: 33.37 / 0.955 = 34.9 */
    assert_int_equal(c.verdict, COMPARE_INCONCLUSIVE);
    NEAR(c.more_runs, 35 - 6);
}

static void without_common_blocks_all_runs_count(void **state)
{
    (void)state;
    struct compare_run a[6], b[5];
    for (int i = 0; i < 6; i++) {
        a[i] = (struct compare_run){-1, i + 1};
        b[i % 5] = (struct compare_run){-1, i % 5 + 11};
    }
    a[5].value = NAN;
    struct compare_question q = {metric_find("output_rate"), {a, 6}, {b, 5}, 0, 0};
    struct comparison c;
    compare_arms(&q, 1, &c);
    assert_true(!c.paired && c.n_a == 5 && c.n_b == 5 && c.left_out == 1 && c.base == 3);
    assert_true(c.shift == 10 && c.delta == 1 && c.b_wins == 1);
    NEAR(c.p, 2.0 / 252);
    /* U up to 2 has 4 of 252: the third difference on each side, 6 7 7 */
    assert_true(c.lo == 7 && c.hi == 13);
    assert_int_equal(c.verdict, COMPARE_BETTER);
    NEAR(c.mde, power_mde(power_t, 5, 0.05, 0.8) / sqrt(0.955) * sqrt(2.5));
}

/* Questions of one family with other numbers of runs each have their own smallest shift. */
static void what_is_found_follows_from_the_runs_of_each_question(void **state)
{
    (void)state;
    struct compare_run runs[2][MOST];
    struct compare_question q[3];
    struct comparison c[3];
    for (size_t i = 0; i < 3; i++)
        q[i] = (struct compare_question){metric_find("ttft"), arm(runs[0], hundred, 8), arm(runs[1], slower, 8), 0, 0};
    q[1].a.n = q[1].b.n = 6; /* differences 1 … 6 */
    compare_arms(q, 3, c);
    NEAR(c[0].mde, power_mde_ranks(8, 0.05 / 3, 0.8) * sqrt(6));
    assert_true(isnan(c[1].mde)); /* six pairs give no p of a third of 5 % */
    NEAR(c[2].mde, c[0].mde);
}

static void only_whole_blocks_pair_and_each_once(void **state)
{
    (void)state;
    struct compare_run a[] = {{0, 1}, {1, 2}, {1, 50}, {2, NAN}, {3, 4}, {-1, 5}},
                       b[] = {{3, 5}, {0, 3}, {2, 9}, {4, 1}, {1, 6}};
    struct compare_question q = {metric_find("ttft"), {a, 6}, {b, 5}, 0, 0};
    struct comparison c;
    compare_arms(&q, 1, &c);
    assert_true(c.paired && c.n_a == 3 && c.n_b == 3); /* blocks 0, 1, 3: differences 2, 4, 1 */
    assert_true(c.left_out == 5 && c.shift == 2.25 && c.base == 2);
}

/* Seven questions: 7 · 2 / 256 is over 0.05; six are below it. */
static void the_family_is_paid_for(void **state)
{
    (void)state;
    struct compare_run runs[2][MOST];
    struct compare_question q[7];
    struct comparison c[7];
    for (size_t i = 0; i < 7; i++)
        q[i] = (struct compare_question){metric_find("ttft"), arm(runs[0], hundred, 8), arm(runs[1], slower, 8), 0, 0};
    compare_arms(q, 6, c);
    NEAR(c[5].p_holm, 12.0 / 256);
    assert_int_equal(c[0].verdict, COMPARE_WORSE);
    compare_arms(q, 7, c);
    NEAR(c[0].p_holm, 14.0 / 256);
    assert_int_equal(c[0].verdict, COMPARE_INCONCLUSIVE);
    NEAR(c[0].more_runs, 1); /* nine pairs can give 2 / 512 */
    q[6].a.n = 0;            /* a question without an answer is not paid for */
    compare_arms(q, 7, c);
    NEAR(c[0].p_holm, 12.0 / 256);
    assert_true(isnan(c[6].p_holm));
}

static void nothing_is_claimed_below_the_floor(void **state)
{
    (void)state;
    struct compare_run runs[2][MOST];
    struct compare_question q = {metric_find("ttft"), arm(runs[0], hundred, 8), arm(runs[1], slower, 8), 0, 4.5};
    struct comparison c;
    compare_arms(&q, 1, &c);
    assert_true(c.verdict == COMPARE_WORSE && !c.below_floor && c.base == 100 && c.candidate == 104.5);
    q.floor = 4.6;
    compare_arms(&q, 1, &c);
    assert_true(c.verdict == COMPARE_INCONCLUSIVE && c.below_floor && isnan(c.more_runs));
    q.margin = 6.6; /* that it does not matter may be said all the same */
    compare_arms(&q, 1, &c);
    assert_true(c.verdict == COMPARE_EQUIVALENT && !c.below_floor);
}

/* 1 2 4 8 16: ten differences, 1 2 3 4 6 7 8 12 14 15; the tenth is the least with 95 % at or below it. Of 21 values
 * 0 … 20 there are 210, and 200 of them are at most 16: 17 + 18 + … are 4 + 3 + 2 + 1. */
static void noise_is_of_all_pairs_of_runs(void **state)
{
    (void)state;
    const double few[] = {8, 1, 16, 2, NAN, 4};
    double many[21];
    for (int i = 0; i < 21; i++)
        many[i] = i;
    assert_true(compare_noise(few, 6) == 15 && compare_noise(many, 21) == 16);
    assert_true(isnan(compare_noise(few, 1)) && isnan(compare_noise(NULL, 0)));
}

static void words(void **state)
{
    (void)state;
    assert_string_equal(compare_verdict_word(COMPARE_BETTER), "better");
    assert_string_equal(compare_verdict_word(COMPARE_INCONCLUSIVE), "inconclusive");
    assert_string_equal(compare_delta_word(-0.146), "negligible");
    assert_string_equal(compare_delta_word(0.147), "small");
    assert_string_equal(compare_delta_word(-0.33), "medium");
    assert_string_equal(compare_delta_word(0.474), "large");
    assert_string_equal(compare_delta_word(NAN), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_blocks),
        cmocka_unit_test(a_margin_must_be_left_behind_or_kept),
        cmocka_unit_test(few_blocks_say_how_many_are_missing),
        cmocka_unit_test(what_is_missing_finds_the_margin),
        cmocka_unit_test(without_common_blocks_all_runs_count),
        cmocka_unit_test(what_is_found_follows_from_the_runs_of_each_question),
        cmocka_unit_test(only_whole_blocks_pair_and_each_once),
        cmocka_unit_test(the_family_is_paid_for),
        cmocka_unit_test(nothing_is_claimed_below_the_floor),
        cmocka_unit_test(noise_is_of_all_pairs_of_runs),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
