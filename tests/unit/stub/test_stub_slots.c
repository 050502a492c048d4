/* Who is served when: FIFO order and the rates of processor sharing against moments computed by hand, and a random load
 * against Lindley's recursion. All in the queue's own time: no clock is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "stub/slots.h"

enum { T0 = 1000 };

/* Asserts that the next step is the job's, at T0 + at. */
static void next_is(struct slots *s, struct slot_job *j, mono_ns at)
{
    assert_int_equal(slots_next(s), T0 + at);
    assert_null(slots_step(s, T0 + at - 1));
    assert_ptr_equal(slots_step(s, T0 + at), j);
    assert_int_equal(s->now, T0 + at);
}

static void enter_at(struct slots *s, struct slot_job *j, mono_ns at, mono_ns work)
{
    assert_null(slots_step(s, T0 + at));
    if (slots_enter(s, j))
        slots_plan(s, j, s->service, work);
}

static void test_fifo(void **state)
{
    (void)state;
    struct slots s;
    struct slot_job a, b, c, d;
    slots_init(&s, 1, SLOTS_FIFO, T0);
    enter_at(&s, &a, 0, 100);
    enter_at(&s, &b, 10, 0);
    enter_at(&s, &c, 20, 0);
    enter_at(&s, &d, 30, 0);
    assert_true(b.waiting && c.waiting && d.waiting);
    assert_int_equal(s.n_waiting, 3);
    assert_null(slots_leave(&s, &c)); /* its client does not wait */
    next_is(&s, &a, 100);
    assert_ptr_equal(slots_leave(&s, &a), &b); /* in the order in which they came */
    slots_plan(&s, &b, s.service, 50);
    next_is(&s, &b, 150);
    assert_ptr_equal(slots_leave(&s, &b), &d);
    slots_plan(&s, &d, s.service, 5);
    next_is(&s, &d, 155);
    assert_null(slots_leave(&s, &d));
    assert_int_equal(s.n_served, 0);
    assert_int_equal(slots_next(&s), MONO_NONE);
    slots_release(&s);
}

/* One slot, two jobs of 100: alone until 40, then each at half speed. a has 60 left: until 160. b then has 40 left. */
static void test_shared(void **state)
{
    (void)state;
    struct slots s;
    struct slot_job a, b;
    slots_init(&s, 1, SLOTS_SHARED, T0);
    enter_at(&s, &a, 0, 100);
    enter_at(&s, &b, 40, 100);
    assert_true(b.served);
    next_is(&s, &a, 160);
    slots_leave(&s, &a);
    next_is(&s, &b, 200);
    slots_leave(&s, &b);
    slots_release(&s);
}

/* Two slots, three jobs: two thirds of full speed; with two left full speed again. */
static void test_shared_slots(void **state)
{
    (void)state;
    struct slots s;
    struct slot_job a, b, c;
    slots_init(&s, 2, SLOTS_SHARED, T0);
    enter_at(&s, &a, 0, 60);
    enter_at(&s, &b, 0, 90);
    enter_at(&s, &c, 0, 120);
    next_is(&s, &a, 90); /* 60 of service at 2/3 */
    slots_leave(&s, &a);
    next_is(&s, &b, 120); /* 30 more at full speed */
    slots_leave(&s, &b);
    next_is(&s, &c, 150);
    slots_leave(&s, &c);
    slots_release(&s);
}

/* A caller that comes late gets every step at its own moment, and what leaves late does not delay what follows. */
static void test_late_caller(void **state)
{
    (void)state;
    struct slots s;
    struct slot_job a, b, *j;
    slots_init(&s, 1, SLOTS_FIFO, T0);
    enter_at(&s, &a, 0, 10);
    enter_at(&s, &b, 1, 0);
    for (int i = 1; i <= 3; i++) {
        assert_ptr_equal(slots_step(&s, T0 + 1000), &a);
        assert_int_equal(s.now, T0 + 10 * i);
        if (i < 3)
            slots_plan(&s, &a, a.due, 10);
    }
    j = slots_leave(&s, &a);
    assert_ptr_equal(j, &b);
    slots_plan(&s, j, s.service, 7);
    assert_ptr_equal(slots_step(&s, T0 + 1000), &b);
    assert_int_equal(s.now, T0 + 37);
    slots_leave(&s, &b);
    assert_null(slots_step(&s, T0 + 1000));
    assert_int_equal(s.now, T0 + 1000);
    slots_release(&s);
}

/* Equal moments come out in the order of entering; a plan can be dropped from anywhere in the heap. */
static void test_ties_and_drops(void **state)
{
    (void)state;
    enum { N = 50 };
    struct slots s;
    struct slot_job jobs[N];
    slots_init(&s, 0, SLOTS_FIFO, T0);
    for (int i = 0; i < N; i++) {
        assert_true(slots_enter(&s, &jobs[i]));
        slots_plan(&s, &jobs[i], s.service, 1 + i % 3);
    }
    for (int i = 0; i < N; i += 7)
        slots_leave(&s, &jobs[i]);
    for (int round = 0; round < 3; round++)
        for (int i = round; i < N; i += 3) {
            if (i % 7 == 0)
                continue;
            assert_ptr_equal(slots_step(&s, T0 + 10), &jobs[i]);
            assert_int_equal(s.now, T0 + 1 + round);
        }
    assert_null(slots_step(&s, T0 + 10));
    slots_release(&s);
}

/* One slot, FIFO, random arrivals and works: departure i = max(arrival i, departure i-1) + work i (Lindley 1952). */
static void test_lindley(void **state)
{
    (void)state;
    enum { N = 500 };
    static struct slot_job jobs[N];
    static mono_ns arrival[N], work[N], expected[N];
    struct rng r = rng_stream(5, "lindley");
    struct slots s;
    mono_ns t = T0, last = 0;
    for (int i = 0; i < N; i++) {
        arrival[i] = t += (mono_ns)rng_below(&r, 200);
        work[i] = 1 + (mono_ns)rng_below(&r, 190);
        last = expected[i] = (arrival[i] > last ? arrival[i] : last) + work[i];
    }
    slots_init(&s, 1, SLOTS_FIFO, T0);
    int done = 0;
    for (int i = 0; i <= N; i++) {
        struct slot_job *j, *next;
        while ((j = slots_step(&s, i < N ? arrival[i] : INT64_MAX / 2))) {
            assert_int_equal(j - jobs, done);
            assert_int_equal(s.now, expected[done]);
            done++;
            if ((next = slots_leave(&s, j)))
                slots_plan(&s, next, s.service, work[next - jobs]);
        }
        if (i < N && slots_enter(&s, &jobs[i]))
            slots_plan(&s, &jobs[i], s.service, work[i]);
    }
    assert_int_equal(done, N);
    slots_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fifo),        cmocka_unit_test(test_shared),         cmocka_unit_test(test_shared_slots),
        cmocka_unit_test(test_late_caller), cmocka_unit_test(test_ties_and_drops), cmocka_unit_test(test_lindley),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
