/* Effects of factors, shares of variance, the best arm, drift: by values worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/effects.h"
#include "analysis/order.h"

#define NEAR(a, b) assert_true(fabs((a) - (b)) < 1e-9)
enum { ARMS = 4, BLOCKS = 6 };

static struct design_factor factors[] = {{"ctx", (const char *[]){"512", "1024"}, 2},
                                         {"temp", (const char *[]){"0.6", "0.8"}, 2}};

/* Arms 512/0.6, 512/0.8, 1024/0.6, 1024/0.8, unless a test changes them. */
struct grid {
    int level[ARMS][2];
    struct design_arm arm[ARMS];
    const struct design_arm *arms[ARMS];
    struct compare_run runs[ARMS][BLOCKS];
    struct compare_arm values[ARMS];
    struct design design;
    struct effects_group group;
};

static void grid_init(struct grid *g, size_t arms)
{
    *g = (struct grid){.design = {factors, 2, g->arm, arms}};
    for (size_t k = 0; k < arms; k++) {
        g->level[k][0] = (int)(k / 2);
        g->level[k][1] = (int)(k % 2);
        g->arm[k] = (struct design_arm){.name = "arm", .base = "pair", .level = g->level[k]};
        g->arms[k] = &g->arm[k];
        g->values[k] = (struct compare_arm){g->runs[k], BLOCKS};
        for (size_t b = 0; b < BLOCKS; b++)
            g->runs[k][b] = (struct compare_run){(int32_t)b, NAN};
    }
    g->group = (struct effects_group){&g->design, g->arms, g->values, arms};
}

/* 100 + 10 block + 4 ctx + 2 temp + interaction ctx temp. */
static void fill(struct grid *g, double interaction)
{
    for (size_t k = 0; k < g->group.n_arms; k++)
        for (size_t b = 0; b < BLOCKS; b++) {
            double ctx = k >= 2, temp = k % 2 != 0;
            g->runs[k][b].value = 100 + 10 * (double)b + 4 * ctx + 2 * temp + interaction * ctx * temp;
        }
}

static void a_level_is_paired_within_the_others(void **state)
{
    (void)state;
    struct arena a = {0};
    struct grid g;
    struct effects_contrast c;
    grid_init(&g, ARMS);
    fill(&g, 0);
    effects_contrast(&g.group, 0, 1, &a, &c);
    assert_true(c.pairs == 2 && !c.uneven && c.a.n == BLOCKS && c.b.n == BLOCKS);
    NEAR(c.a.runs[3].value, 131);
    NEAR(c.b.runs[3].value, 135);
    g.runs[0][3].value = NAN; /* its partner at 1024 does not count in this block either */
    effects_contrast(&g.group, 0, 1, &a, &c);
    assert_true(c.uneven && c.a.n == BLOCKS);
    NEAR(c.a.runs[3].value, 132);
    NEAR(c.b.runs[3].value, 136);
    g.runs[1][3].value = NAN;
    effects_contrast(&g.group, 0, 1, &a, &c);
    assert_true(c.a.n == BLOCKS - 1);
    effects_contrast(&g.group, 1, 1, &a, &c);
    assert_true(c.pairs == 2 && c.a.n == BLOCKS); /* block 3 still has the pair at 1024 */
    arena_release(&a);
}

/* One arm for both temperatures at 512: it is set against each of the others, and temp is asked at 1024 only. */
static void an_arm_that_a_factor_does_not_change_stands_for_all_levels(void **state)
{
    (void)state;
    struct arena a = {0};
    struct grid g;
    struct effects_contrast c;
    struct effects_shares s;
    grid_init(&g, 3);
    g.level[0][0] = 0;
    g.level[0][1] = DESIGN_ANY;
    g.level[1][0] = g.level[2][0] = 1;
    g.level[1][1] = 0;
    g.level[2][1] = 1;
    for (size_t b = 0; b < BLOCKS; b++) {
        g.runs[0][b].value = 100;
        g.runs[1][b].value = 104;
        g.runs[2][b].value = 107 + (double)(b % 2);
    }
    effects_contrast(&g.group, 0, 1, &a, &c);
    assert_int_equal(c.pairs, 2);
    NEAR(c.a.runs[0].value, 100);
    NEAR(c.b.runs[0].value, 105.5);
    effects_contrast(&g.group, 1, 1, &a, &c);
    assert_true(c.pairs == 1 && c.a.runs[0].value == 104);
    effects_shares(&g.group, 1, &a, &s);
    assert_true(s.incomplete &&
                s.n == 4); /* block, two factors, rest: two degrees for two factors leave no higher ones */
    arena_release(&a);
}

/* Sums of squares by hand: blocks 4 * 100 * 17.5; ctx 24 * 2.25^2 (levels 4.5 apart), temp 24 * 1.25^2, both 24 * 0.25^2 and
 * nothing else. */
static void shares_of_a_full_grid(void **state)
{
    (void)state;
    struct arena a = {0};
    struct grid g;
    struct effects_shares s;
    grid_init(&g, ARMS);
    fill(&g, 1);
    double total = 4 * 1750 + 24 * (2.25 * 2.25 + 1.25 * 1.25 + 0.0625);
    effects_shares(&g.group, 1, &a, &s);
    assert_true(s.n == 5 && s.blocks == 6 && s.missing == 0 && !s.incomplete);
    assert_true(s.at[0].source == EFFECTS_BLOCK && s.at[0].df == 5);
    NEAR(s.at[0].share, 7000 / total);
    assert_true(s.at[1].source == EFFECTS_FACTOR && s.at[1].factor == 0 && s.at[1].df == 1);
    NEAR(s.at[1].share, 24 * 2.25 * 2.25 / total);
    NEAR(s.at[2].share, 24 * 1.25 * 1.25 / total);
    assert_true(s.at[3].source == EFFECTS_TWO && s.at[3].other == 1);
    NEAR(s.at[3].share, 24 * 0.0625 / total);
    assert_true(s.at[4].source == EFFECTS_REST && s.at[4].df == 15);
    NEAR(s.at[4].share, 0);
    NEAR(s.at[1].chance, 0);
    assert_true(s.at[1].lo < s.at[1].share && s.at[1].share < s.at[1].hi); /* fewer blocks differ: a larger share */
    g.runs[2][5].value = NAN;
    effects_shares(&g.group, 1, &a, &s);
    assert_true(s.blocks == 5 && s.missing == 1 && s.at[4].df == 12);
    for (size_t k = 0; k < ARMS; k++)
        g.values[k].n = 1;
    effects_shares(&g.group, 1, &a, &s);
    assert_int_equal(s.n, 0);
    arena_release(&a);
}

/* Noise alone: every source gets about its degrees, and says so. */
static void noise_gives_its_share_by_chance(void **state)
{
    (void)state;
    struct arena a = {0};
    struct grid g;
    struct effects_shares s;
    static const double plus[ARMS] = {1, -1, -1, 1};
    grid_init(&g, ARMS);
    for (size_t k = 0; k < ARMS; k++)
        for (size_t b = 0; b < BLOCKS; b++)
            g.runs[k][b].value = 100 + plus[k] * (b % 2 ? 1 : -1);
    effects_shares(&g.group, 1, &a, &s);
    NEAR(s.at[4].share, 1);
    NEAR(s.at[1].chance, 1.0 / 15);
    assert_true(s.at[1].hi < 1e-9); /* in every block the two arms of a level cancel */
    assert_true(s.at[3].share < 1e-9 && s.at[3].hi > 0.1);
    for (size_t k = 0; k < ARMS; k++)
        for (size_t b = 0; b < BLOCKS; b++)
            g.runs[k][b].value = 100;
    effects_shares(&g.group, 1, &a, &s); /* nothing varies */
    assert_int_equal(s.n, 0);
    arena_release(&a);
}

static void the_best_arm_comes_with_its_chance(void **state)
{
    (void)state;
    struct arena a = {0};
    struct grid g;
    struct effects_best best, again;
    grid_init(&g, ARMS);
    fill(&g, 0);
    effects_best(&g.group, BETTER_LOWER, 7, &a, &best);
    assert_true(best.arm == 0 && best.chance == 1 && best.median == 125 && best.blocks == BLOCKS);
    effects_best(&g.group, BETTER_HIGHER, 7, &a, &best);
    assert_true(best.arm == 3 && best.chance == 1 && best.median == 131);
    for (size_t b = 0; b < BLOCKS; b++) { /* two equal arms, the others far off */
        g.runs[0][b].value = g.runs[1][b].value = 10;
        g.runs[2][b].value = b < 3 ? 9 : 11.5; /* median 10.25; best when a majority of the drawn blocks are early */
    }
    effects_best(&g.group, BETTER_LOWER, 7, &a, &best);
    assert_true(best.arm == 0 && best.chance > 0.28 && best.chance < 0.38); /* (1 - 11/32) / 2 */
    effects_best(&g.group, BETTER_LOWER, 7, &a, &again);
    assert_true(again.chance == best.chance);
    effects_best(&g.group, BETTER_NONE, 7, &a, &best);
    assert_true(isnan(best.median) && isnan(best.chance));
    g.group.n_arms = 1;
    effects_best(&g.group, BETTER_LOWER, 7, &a, &best);
    assert_true(isnan(best.chance));
    arena_release(&a);
}

/* Two arms, one ten times the other, 1 % more from run to run. */
static void a_drift_shows_through_the_arms(void **state)
{
    (void)state;
    struct order_value v[13];
    struct order_trend t;
    for (int32_t i = 0; i < 12; i++) {
        size_t arm = (size_t)((i + i / 2) % 2); /* AB BA AB … */
        v[11 - i] = (struct order_value){i, i / 2, arm, (arm ? 100 : 10) * (1 + 0.01 * i)};
    }
    v[12] = (struct order_value){12, 6, 7, 1}; /* an arm of its own */
    order_trend(v, 13, &t);
    assert_true(t.n == 12 && t.p < 1e-4);
    assert_true(fabs(t.trend - 0.11 / 1.055) < 1e-3 && t.lo <= t.trend && t.trend <= t.hi);
    for (size_t i = 0; i < 12; i++)
        v[i].value = v[i].arm ? 100 : 10;
    order_trend(v, 13, &t);
    assert_true(t.n == 12 && isnan(t.p) && isnan(t.trend)); /* nothing varies */
    v[0].value = -1000;
    order_trend(v, 13, &t);
    assert_true(isnan(t.p)); /* no shares of what is not above 0 */
    order_trend(v, 0, &t);
    assert_true(t.n == 0 && isnan(t.trend));
}

static void abba_takes_a_linear_drift_out(void **state)
{
    (void)state;
    struct order_value v[12];
    struct order_abba r;
    for (int32_t i = 0; i < 12; i++) {
        size_t arm = (size_t)((i + i / 2) % 2);
        v[i] = (struct order_value){i, i / 2, arm, 100 + 7.0 * i + (arm ? 3 : 0)};
    }
    order_abba(v, 12, &r);
    assert_true(r.n == 3 && r.shift == 3 && r.lo == 3 && r.hi == 3);
    v[5].value = NAN;
    order_abba(v, 12, &r);
    assert_true(r.n == 2 && r.shift == 3);
    v[5].value = 0;
    v[4].position = 7; /* blocks 2 and 3 ran in another order */
    order_abba(v, 12, &r);
    assert_int_equal(r.n, 2);
    order_abba(v, 3, &r);
    assert_true(r.n == 0 && isnan(r.shift));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_level_is_paired_within_the_others),
        cmocka_unit_test(an_arm_that_a_factor_does_not_change_stands_for_all_levels),
        cmocka_unit_test(shares_of_a_full_grid),
        cmocka_unit_test(noise_gives_its_share_by_chance),
        cmocka_unit_test(the_best_arm_comes_with_its_chance),
        cmocka_unit_test(a_drift_shows_through_the_arms),
        cmocka_unit_test(abba_takes_a_linear_drift_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
