/* The factors of a plan: levels of arms, and which solo runs tell what an agent of a pair does alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/design.h"

/* One server for both at two of three levels: the collector alone is the same arm there, and stands under the first. */
static const char plan[] =
    "{\"factors\":[{\"name\":\"topology\",\"levels\":[\"two\",\"queued\",\"parallel\"]}],\"arms\":["
    "{\"name\":\"solo-c,topology=two\",\"base\":\"solo-c\",\"agents\":[\"c,topology=two\"],\"levels\":{\"topology\":\"two\"}},"
    "{\"name\":\"solo-c,topology=parallel\",\"base\":\"solo-c\",\"agents\":[\"c,topology=parallel\"],"
    "\"levels\":{\"topology\":\"parallel\"}},"
    "{\"name\":\"pair,topology=queued\",\"base\":\"pair\",\"agents\":[\"c,topology=two\",\"i,topology=queued\"],"
    "\"levels\":{\"topology\":\"queued\"}},"
    "{\"name\":\"load\",\"levels\":{}}]}";

static void arms_have_their_levels(void **state)
{
    struct arena a = {0};
    struct design d;
    (void)state;
    design_read(&d, plan, &a);
    assert_int_equal(d.n_factors, 1);
    assert_int_equal(d.n_arms, 4);
    assert_int_equal(design_find(&d, "pair,topology=queued")->level[0], 1);
    assert_string_equal(design_find(&d, "pair,topology=queued")->base, "pair");
    assert_int_equal(design_find(&d, "load")->level[0], DESIGN_ANY);
    assert_string_equal(design_find(&d, "load")->base, "load");
    assert_null(design_find(&d, "pair"));
    arena_release(&a);
}

static void a_solo_run_serves_where_the_agent_is_the_same(void **state)
{
    struct arena a = {0};
    struct design d;
    (void)state;
    design_read(&d, plan, &a);
    const struct design_arm *pair = design_find(&d, "pair,topology=queued"), *load = design_find(&d, "load");
    assert_true(design_serves(&d, design_find(&d, "solo-c,topology=two"), pair));
    assert_false(design_serves(&d, design_find(&d, "solo-c,topology=parallel"), pair));
    assert_false(design_serves(&d, pair, design_find(&d, "solo-c,topology=two")));
    assert_true(design_serves(&d, load, pair)); /* by its levels: it has none that differ */
    arena_release(&a);
}

static void what_is_no_plan_has_no_factors(void **state)
{
    static const char *const bad[] = {
        NULL, "", "{", "[]", "{\"factors\":{}}", "{\"factors\":[]}", "{\"arms\":[{\"name\":\"a\"}]}"};
    struct arena a = {0};
    struct design d;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        design_read(&d, bad[i], &a);
        assert_int_equal(d.n_factors, 0);
        assert_null(design_find(&d, "a"));
    }
    design_read(&d, "{\"factors\":[{\"name\":1,\"levels\":[2]}],\"arms\":[{\"levels\":3,\"agents\":4}]}", &a);
    assert_int_equal(d.n_factors, 1);
    assert_int_equal(d.arms[0].level[0], DESIGN_ANY);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arms_have_their_levels),
        cmocka_unit_test(a_solo_run_serves_where_the_agent_is_the_same),
        cmocka_unit_test(what_is_no_plan_has_no_factors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
