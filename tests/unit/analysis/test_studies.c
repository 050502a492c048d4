/* What doc/method.md promises of studies, on fewer simulated ones (bench_studies has many). Seeds are fixed, so nothing here
 * passes or fails by chance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "studies.h"

static struct lab_study s;

/* How many of so many studies have a verdict better or worse. */
static int alarms(const struct lab *lab, int studies, struct rng *r)
{
    int n = 0;
    for (int i = 0; i < studies; i++) {
        struct comparison c[2 * LAB_METRICS];
        bool any = false;
        lab_draw(lab, r, &s);
        for (size_t k = lab_compare(&s, c); k-- > 0;)
            any = any || lab_found(&c[k]);
        n += any;
    }
    return n;
}

static void equal_arms_raise_few_alarms(void **state)
{
    (void)state;
    struct rng r = rng_stream(1, "alarms");
    int two = alarms(&(struct lab){.arms = 2, .blocks = 8, .block_sd = 0.03, .run_sd = 0.02}, 200, &r);
    int four = alarms(&(struct lab){.arms = 4, .blocks = 8, .block_sd = 0.03, .run_sd = 0.02}, 100, &r);
    assert_true(two >= 1 && two <= 16 && four <= 9); /* 4 % of each expected */
}

static void a_planted_effect_is_found_in_the_blocks_that_were_planned(void **state)
{
    (void)state;
    struct rng r = rng_stream(2, "power");
    int found = 0, planned = 0;
    for (int i = 0; i < 50; i++) {
        struct comparison c[2 * LAB_METRICS];
        struct lab lab = {.arms = 2, .blocks = 5, .block_sd = 0.03, .run_sd = 0.02};
        lab_draw(&lab, &r, &s);
        lab.blocks = lab_plan(&s, POWER_EFFECT);
        if (lab.blocks > LAB_BLOCKS)
            continue;
        planned++;
        lab.effect = POWER_EFFECT;
        lab_draw(&lab, &r, &s);
        lab_compare(&s, c);
        found += c[1].verdict == COMPARE_WORSE; /* output_rate.system, which spreads most */
    }
    assert_true(planned >= 48 && found >= 40);
}

/* 1 % per run: 15 % over the study. */
static void a_drift_is_cancelled_and_flagged(void **state)
{
    (void)state;
    static const enum lab_order orders[] = {LAB_RANDOM, LAB_ABBA, LAB_ONE_AFTER_OTHER};
    double shift[3] = {0};
    int flagged[3] = {0};
    enum { STUDIES = 60 };
    struct rng r = rng_stream(3, "drift");
    for (int o = 0; o < 3; o++)
        for (int i = 0; i < STUDIES; i++) {
            struct comparison c[2 * LAB_METRICS];
            lab_draw(&(struct lab){.arms = 2, .blocks = 8, .run_sd = 0.02, .slope = 0.01, .order = orders[o]}, &r, &s);
            lab_compare(&s, c);
            shift[o] += c[0].shift / c[0].base / STUDIES;
            flagged[o] += lab_drifts(&s);
            if (orders[o] == LAB_ABBA)
                assert_true(fabs(lab_abba(&s, c[0].base)) < 0.03);
        }
    assert_true(fabs(shift[0]) < 0.006 && fabs(shift[1]) < 0.006); /* one study's sd is 1 % */
    assert_true(shift[2] > 0.07);                                  /* 8 runs later: what blocks are for */
    assert_true(flagged[0] >= 57 && flagged[1] >= 57);
}

static void without_a_drift_none_is_flagged_too_often(void **state)
{
    (void)state;
    struct rng r = rng_stream(4, "no drift");
    int flagged = 0;
    for (int i = 0; i < 400; i++) {
        lab_draw(&(struct lab){.arms = 2, .blocks = 8, .run_sd = 0.02}, &r, &s);
        flagged += lab_drifts(&s);
    }
    assert_true(flagged >= 2 && flagged <= 28); /* at most 7 % */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_arms_raise_few_alarms),
        cmocka_unit_test(a_planted_effect_is_found_in_the_blocks_that_were_planned),
        cmocka_unit_test(a_drift_is_cancelled_and_flagged),
        cmocka_unit_test(without_a_drift_none_is_flagged_too_often),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
