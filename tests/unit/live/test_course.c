/* What is left of a study, by the rules of course.h; the expected seconds are worked out by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "live/course.h"
#include "record/verdict.h"

static const struct plan_row rows[] = {{0, 0, "a"}, {1, 0, "b"}, {2, 1, "b"}, {3, 1, "a"}, {4, 2, "a"}, {5, 2, "b"}};

#define S NS_PER_S

static void take(struct course *c, const char *arm, mono_ns from_s, mono_ns to_s)
{
    struct run r = {.arm = arm, .started_ns = from_s * S, .ended_ns = to_s * S, .verdict = VERDICT_VALID};
    course_add(c, &r);
}

static void check(const struct course *c, const char *arm, double elapsed_s, int64_t ended, double left_s,
                  const char *basis)
{
    struct live_eta eta = course_eta(c, arm, (mono_ns)(elapsed_s * 1e9), ended);
    if (fabs((double)eta.left_ns / 1e9 - left_s) > 1e-6)
        fail_msg("%.3f s left, not %.3f", (double)eta.left_ns / 1e9, left_s);
    assert_string_equal(eta.basis, basis);
}

static void nothing_to_go_by(void **state)
{
    struct course c;
    struct live_eta eta;
    (void)state;
    course_init(&c, NULL, 0);
    eta = course_eta(&c, NULL, 0, 0);
    assert_int_equal(eta.left_ns, -1);
    course_init(&c, rows, 6);
    assert_int_equal(c.planned, 6);
    assert_int_equal(c.blocks, 3);
    eta = course_eta(&c, "a", 7 * S, 100);
    assert_int_equal(eta.left_ns, -1);
    assert_string_equal(eta.basis, "");
    course_arm(&c, "a")->asked_ns = 10 * S; /* b may take any time */
    eta = course_eta(&c, "a", 7 * S, 100);
    assert_int_equal(eta.left_ns, -1);
    course_release(&c);
}

/* a: 10, 30 → 20; b: 4. Pauses 1 and 3 → 2. Left: two of b and one of a, of which one goes on. */
static void medians_by_arm_and_pauses_between(void **state)
{
    struct course c;
    (void)state;
    course_init(&c, rows, 6);
    take(&c, "a", 100, 110);
    check(&c, NULL, 0, 0, 5 * 10, "median of 1 run"); /* b as all others */
    take(&c, "b", 111, 115);
    take(&c, "a", 118, 148);
    check(&c, NULL, 0, 0, 20 + 2 * 4 + 3 * 2, "median of 3 runs");
    check(&c, "b", 1.5, 0, 20 + 2 * 4 - 1.5 + 2 * 2, "median of 3 runs");
    check(&c, "b", 1000, 0, 20 + 4 + 2 * 2, "median of 3 runs"); /* about to end */
    course_release(&c);
}

/* An interrupted night is one pause of three, and the host's clock may have begun anew. */
static void a_night_is_no_pause(void **state)
{
    struct course c;
    (void)state;
    course_init(&c, rows, 6);
    take(&c, "a", 100, 110);
    take(&c, "b", 111, 121);
    take(&c, "b", 122, 132);
    take(&c, "a", 40000, 40010);
    check(&c, NULL, 0, 0, 2 * 10 + 2 * 1, "median of 4 runs");
    take(&c, "a", 5, 15);
    assert_int_equal(c.pauses.n, 3);
    assert_int_equal(c.verdicts[VERDICT_VALID], 5);
    take(&c, "b", 16, 26);
    check(&c, NULL, 0, 0, 0, "");
    course_release(&c);
}

static void what_the_study_asks(void **state)
{
    struct course c;
    (void)state;
    course_init(&c, rows, 6);
    course_arm(&c, "a")->asked_ns = 10 * S;
    course_arm(&c, "b")->asked_ns = 20 * S;
    check(&c, NULL, 0, 0, 90, "the seconds asked for");
    check(&c, "b", 5, 1000, 85, "the seconds asked for");
    take(&c, "a", 0, 12);
    check(&c, NULL, 0, 0, 2 * 12 + 3 * 20, "median of 1 run, the seconds asked for");
    course_release(&c);
}

/* 50 of 200 requests in 5 s of window behind 2 s of warm-up: 15 s more; the run takes 22 s, and so does the next of its arm. */
static void the_pace_of_its_requests(void **state)
{
    static const struct plan_row two[] = {{0, 0, "a"}, {1, 1, "a"}};
    struct course c;
    (void)state;
    course_init(&c, two, 2);
    course_arm(&c, "a")->asked_requests = 200;
    course_arm(&c, "a")->warmup_ns = 2 * S;
    check(&c, "a", 7, 50, 15 + 22, "this run's pace");
    check(&c, "a", 7, 250, 7, "this run's pace"); /* more than asked: about to end */
    assert_int_equal(course_eta(&c, "a", 1 * S, 0).left_ns, -1);
    assert_int_equal(course_eta(&c, "a", 1 * S, 1).left_ns, -1); /* the window has not begun */
    take(&c, "a", 0, 30);
    check(&c, "a", 7, 50, 23, "median of 1 run"); /* a whole run says more */
    course_release(&c);
}

/* Imported runs have no stamps; they are done all the same. */
static void runs_without_stamps(void **state)
{
    struct run r = {.arm = "a", .started_ns = MONO_NONE, .ended_ns = MONO_NONE, .verdict = VERDICT_NONE};
    struct course c;
    (void)state;
    course_init(&c, rows, 1);
    course_add(&c, &r);
    check(&c, NULL, 0, 0, 0, "");
    assert_int_equal(c.complete, 1);
    course_release(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_to_go_by),         cmocka_unit_test(medians_by_arm_and_pauses_between),
        cmocka_unit_test(a_night_is_no_pause),      cmocka_unit_test(what_the_study_asks),
        cmocka_unit_test(the_pace_of_its_requests), cmocka_unit_test(runs_without_stamps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
