/* The verdict of a study: each rule fired alone, and not just below it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/study_verdict.h"

enum { BLOCKS = 5 };

static const char *const arms[] = {"solo", "pair"};

struct scene {
    struct run runs[2 * BLOCKS + 2];
    struct study_course course;
};

/* Five blocks of two arms, all well. */
static void good(struct scene *s)
{
    memset(s, 0, sizeof *s);
    for (int i = 0; i < 2 * BLOCKS; i++)
        s->runs[i] = (struct run){.position = i,
                                  .block = i / 2,
                                  .arm = arms[i % 2],
                                  .state = RUN_COMPLETE,
                                  .stratum = "s",
                                  .verdict = i == 3 ? VERDICT_SUSPECT : VERDICT_VALID};
    s->course = (struct study_course){
        .arms = arms, .n_arms = 2, .blocks = BLOCKS, .runs = s->runs, .n_runs = 2 * BLOCKS};
}

static void expect(const struct scene *s, enum verdict verdict, const char *why)
{
    struct str text = STR_INIT;
    assert_int_equal(study_verdict(&s->course, &text), verdict);
    if (strcmp(str_z(&text), why) != 0)
        fail_msg("\"%s\" instead of \"%s\"", str_z(&text), why);
    str_release(&text);
}

static void test_each_rule(void **state)
{
    struct scene s;
    (void)state;
    good(&s);
    expect(&s, VERDICT_VALID, "");

    s.runs[9].state = RUN_ABORTED; /* an attempt that was repeated is not missing, one that was not is */
    s.runs[10] = s.runs[9];
    s.runs[10].state = RUN_COMPLETE;
    s.course.n_runs = 11;
    expect(&s, VERDICT_VALID, "");
    s.course.n_runs = 10;
    expect(&s, VERDICT_SUSPECT, "missing: planned runs are not complete (pair: 1)");

    good(&s);
    s.runs[0].verdict = s.runs[2].verdict = VERDICT_VOID;
    expect(&s, VERDICT_SUSPECT, "void_runs: complete runs are VOID (solo: 2)");
    s.runs[4].verdict = s.runs[6].verdict = s.runs[8].verdict = VERDICT_VOID;
    expect(&s, VERDICT_VOID,
           "empty: arms without a run that counts (solo); void_runs: complete runs are VOID (solo: 5)");

    good(&s);
    s.course.blocks = 4;
    s.course.n_runs = 8;
    expect(&s, VERDICT_SUSPECT, "blocks: 4 blocks (comparisons take 5)");
    s.course.blocks = BLOCKS;
    expect(&s, VERDICT_SUSPECT,
           "missing: planned runs are not complete (solo: 1, pair: 1); blocks: 4 blocks (comparisons take 5)");

    good(&s);
    s.course.blocks = 9; /* ended early, but with enough */
    s.course.enough = true;
    expect(&s, VERDICT_VALID, "");

    good(&s);
    s.course.nested = true;
    expect(&s, VERDICT_SUSPECT,
           "order: every block ran the arms in the same order, so that what the order does looks like the arms");
    s.course.n_arms = 1; /* there is nothing to take it for */
    expect(&s, VERDICT_VALID, "");

    good(&s);
    s.runs[9].stratum = "t";
    expect(&s, VERDICT_SUSPECT, "strata: the runs were made under 2 sets of host facts");
    s.runs[10] = s.runs[9];
    s.runs[9].state = RUN_ABORTED; /* it is not among what is compared */
    s.runs[10].stratum = "s";
    s.course.n_runs = 11;
    expect(&s, VERDICT_VALID, "");

    good(&s);
    s.course.drifts = true;
    expect(&s, VERDICT_SUSPECT, "drift: the runs changed with the time at which they ran");
}

static void test_many_arms_are_not_all_named(void **state)
{
    static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
    struct scene s;
    (void)state;
    good(&s);
    s.course.arms = names;
    s.course.n_arms = 6;
    s.course.n_runs = 0;
    s.course.blocks = 7;
    expect(&s, VERDICT_VOID,
           "empty: arms without a run that counts (a, b, c, d, ...); missing: planned runs are not complete (a: 7, "
           "b: 7, c: 7, d: 7, ...); blocks: 0 blocks (comparisons take 5)");
}

static void test_not_judged(void **state)
{
    struct scene s;
    (void)state;
    good(&s);
    s.course.n_arms = 1;
    s.course.blocks = 1;
    s.course.n_runs = 1;
    expect(&s, VERDICT_NONE, "");
    good(&s);
    s.runs[0].verdict = VERDICT_NONE; /* imported */
    expect(&s, VERDICT_NONE, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_rule),
        cmocka_unit_test(test_many_arms_are_not_all_named),
        cmocka_unit_test(test_not_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
