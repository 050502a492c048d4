/* Timers against a linear scan, the loop's order and accounts, the offset of the clocks and its steps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/rng.h"
#include "base/str.h"
#include "net/loop.h"
#include "net/stamp.h"
#include "net/timers.h"

/* ---- the heap ---- */

#define TIMERS 200

static struct timer *scan(struct timer *t, size_t n)
{
    struct timer *best = NULL;
    for (size_t i = 0; i < n; i++)
        if (t[i].slot && (!best || t[i].at < best->at || (t[i].at == best->at && t[i].order < best->order)))
            best = &t[i];
    return best;
}

static void check_heap(const struct timer_heap *h)
{
    for (size_t i = 0; i < h->n; i++) {
        assert_int_equal(h->at[i]->slot, i + 1);
        assert_true(i == 0 || h->at[(i - 1) / 2]->at <= h->at[i]->at);
    }
}

static void test_heap_against_scan(void **state)
{
    (void)state;
    struct timer t[TIMERS] = {0};
    struct timer_heap h = {0};
    struct rng r = rng_stream(3, "timers");
    for (int round = 0; round < 20000; round++) {
        struct timer *one = &t[rng_below(&r, TIMERS)];
        switch (rng_below(&r, 3)) {
        case 0: timer_heap_cancel(&h, one); break;
        case 1: timer_heap_set(&h, one, (mono_ns)rng_below(&r, 50)); break;
        default:
            one = timer_heap_first(&h);
            if (one)
                timer_heap_cancel(&h, one);
        }
        assert_ptr_equal(timer_heap_first(&h), scan(t, TIMERS));
        if (round % 97 == 0)
            check_heap(&h);
    }
    timer_heap_release(&h);
    for (int i = 0; i < TIMERS; i++)
        assert_int_equal(t[i].slot, 0);
}

/* ---- the offset ---- */

static void test_offset_narrows(void **state)
{
    (void)state;
    struct offset_track o = {0};
    assert_int_equal(offset_add(&o, 1000000, 400), 0);
    assert_int_equal(offset_value(&o), 1000000);
    assert_int_equal(offset_add(&o, 1000100, 400), 0); /* [999900,1000300] within [999800,1000200] */
    assert_true(o.lo >= 999899 && o.hi <= 1000201);
    assert_int_equal(offset_add(&o, 1050000, 1000000), 0); /* a sandwich that was interrupted tells little */
    assert_true(o.hi - o.lo <= 302);
    assert_true(offset_value(&o) >= 999999 && offset_value(&o) <= 1000101);
}

static void test_offset_steps(void **state)
{
    (void)state;
    struct offset_track o = {0};
    offset_add(&o, 0, 40);
    assert_int_equal(offset_add(&o, 900000, 40), 0); /* below 1 ms: re-anchored, not a step */
    assert_int_equal(offset_value(&o), 900000);
    assert_int_equal(offset_add(&o, 5900000, 40), 5000000);
    assert_int_equal(offset_value(&o), 5900000);
    assert_int_equal(offset_add(&o, -3600000000000, 40), -3600005900000); /* an hour back */
    assert_int_equal(offset_add(&o, -3600000000010, 40), 0);
}

/* A wide sample that overlaps the truth but is off by more than a step's size is no step. */
static void test_offset_preempted(void **state)
{
    (void)state;
    struct offset_track o = {0};
    struct rng r = rng_stream(4, "offset");
    for (int i = 0; i < 10000; i++) {
        int64_t width = rng_below(&r, 50) ? 40 : 20000000, lo = -(int64_t)rng_below(&r, (uint64_t)width + 1);
        assert_int_equal(offset_add(&o, 123456789 + lo + width / 2, width), 0);
        assert_true(llabs(offset_value(&o) - 123456789) <= 20000000);
    }
    assert_true(llabs(offset_value(&o) - 123456789) <= 3);
}

/* ---- the loop ---- */

struct fixture {
    struct loop *loop;
    struct str order;
};

struct named_timer {
    struct timer timer;
    struct fixture *f;
    char name;
    struct named_timer *arm, *cancel; /* done when it fires */
};

static void fire(struct timer *t)
{
    struct named_timer *n = (struct named_timer *)t;
    assert_true(clock_now(NULL) >= t->at);
    str_addc(&n->f->order, n->name);
    if (n->arm)
        loop_timer_set(n->f->loop, &n->arm->timer, clock_now(NULL));
    if (n->cancel)
        loop_timer_cancel(n->f->loop, &n->cancel->timer);
}

static void open_fixture(struct fixture *f)
{
    struct err e = ERR_INIT;
    *f = (struct fixture){0};
    assert_int_equal(loop_new(&f->loop, &e), 0);
}

static void close_fixture(struct fixture *f)
{
    loop_free(f->loop);
    str_release(&f->order);
}

static void test_timer_order(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    struct named_timer a = {{.fire = fire}, &f, 'a', NULL, NULL}, b = a, c = a, d = a;
    b.name = 'b', c.name = 'c', d.name = 'd';
    mono_ns now = clock_now(NULL);
    loop_timer_set(f.loop, &c.timer, now);
    loop_timer_set(f.loop, &b.timer, now);
    loop_timer_set(f.loop, &a.timer, now - 5);
    loop_timer_set(f.loop, &c.timer, now); /* re-armed: behind b */
    a.cancel = &d;
    loop_timer_set(f.loop, &d.timer, now);
    loop_step(f.loop, now);
    assert_string_equal(str_z(&f.order), "abc");
    a.arm = &a; /* a timer that re-arms itself in the past fires once a pass */
    a.cancel = NULL;
    loop_timer_set(f.loop, &a.timer, now);
    loop_step(f.loop, MONO_NONE);
    loop_step(f.loop, MONO_NONE);
    assert_string_equal(str_z(&f.order), "abcaa");
    assert_int_equal(loop_stats(f.loop)->timers, 5);
    loop_timer_cancel(f.loop, &a.timer);
    close_fixture(&f);
}

static void sleep_until(struct fixture *f, mono_ns ns)
{
    struct named_timer t = {{.fire = fire}, f, 't', NULL, NULL};
    mono_ns at = clock_now(NULL) + ns;
    loop_timer_set(f->loop, &t.timer, at);
    for (int i = 0; t.timer.slot && i < 100000; i++)
        loop_step(f->loop, MONO_NONE);
    assert_int_equal(t.timer.slot, 0);
    assert_true(clock_now(NULL) >= at);
}

/* Never early, with and without spinning; the account covers the time. */
static void test_sleep_and_account(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    mono_ns from = clock_now(NULL);
    loop_stats_reset(f.loop);
    for (int spin = 0; spin < 2; spin++) {
        loop_allow_spin(f.loop, spin);
        sleep_until(&f, 3 * NS_PER_MS);
        sleep_until(&f, 100 * NS_PER_US);
        sleep_until(&f, -5);
    }
    mono_ns took = clock_now(NULL) - from;
    const struct loop_stats *s = loop_stats(f.loop);
    assert_int_equal(s->timers, 6);
    assert_true(s->wait_ns >= 6 * NS_PER_MS - NS_PER_US && s->wait_ns + s->busy_ns <= took);
    assert_true(s->timer_late_max_ns >= 0);
    assert_int_equal(s->clock_steps, 0);
    close_fixture(&f);
}

struct named_watch {
    struct watch watch;
    struct fixture *f;
    char name;
    struct named_watch *unwatch;
};

static void ready(struct watch *w, unsigned ev)
{
    struct named_watch *n = (struct named_watch *)w;
    eventfd_t value;
    assert_true(ev & EPOLLIN);
    assert_int_equal(eventfd_read(w->fd, &value), 0);
    str_addc(&n->f->order, n->name);
    if (n->unwatch)
        loop_unwatch(n->f->loop, &n->unwatch->watch);
}

/* Of two descriptors ready in one batch each takes the other out: exactly one is heard. */
static void test_unwatch_in_batch(void **state)
{
    (void)state;
    struct fixture f;
    struct err e = ERR_INIT;
    open_fixture(&f);
    struct named_watch a = {{ready, eventfd(1, EFD_NONBLOCK)}, &f, 'a', NULL}, b = a;
    b.watch.fd = eventfd(1, EFD_NONBLOCK);
    b.name = 'b';
    a.unwatch = &b;
    b.unwatch = &a;
    assert_int_equal(loop_watch(f.loop, &a.watch, EPOLLIN, &e), 0);
    assert_int_equal(loop_watch(f.loop, &b.watch, EPOLLIN, &e), 0);
    loop_step(f.loop, MONO_NONE);
    loop_step(f.loop, clock_now(NULL));
    assert_int_equal(f.order.len, 1);
    assert_int_equal(loop_stats(f.loop)->batches, 1);
    struct watch bad = {ready, -1};
    assert_int_equal(loop_watch(f.loop, &bad, EPOLLIN, &e), ERR_IO);
    assert_non_null(strstr(e.text, "cannot watch"));
    close(a.watch.fd);
    close(b.watch.fd);
    close_fixture(&f);
}

static void stop(struct timer *t)
{
    loop_stop(((struct named_timer *)t)->f->loop);
}

static void test_run_and_stop(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    struct named_timer t = {{.fire = stop}, &f, 's', NULL, NULL};
    for (int i = 0; i < 3; i++) {
        loop_timer_set(f.loop, &t.timer, clock_now(NULL));
        loop_run(f.loop);
    }
    close_fixture(&f);
    loop_free(NULL);
}

static void test_mapping(void **state)
{
    (void)state;
    struct fixture f;
    open_fixture(&f);
    mono_ns before = clock_now(NULL);
    mono_ns mapped = loop_from_realtime(f.loop, clock_wall_ns());
    mono_ns after = clock_now(NULL);
    assert_true(mapped >= before - NS_PER_US && mapped <= after + NS_PER_US);
    assert_true(loop_warm_stamps(f.loop));
    assert_true(loop_warm_stamps(f.loop)); /* again is fine */
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heap_against_scan), cmocka_unit_test(test_offset_narrows),
        cmocka_unit_test(test_offset_steps),      cmocka_unit_test(test_offset_preempted),
        cmocka_unit_test(test_timer_order),       cmocka_unit_test(test_sleep_and_account),
        cmocka_unit_test(test_unwatch_in_batch),  cmocka_unit_test(test_run_and_stop),
        cmocka_unit_test(test_mapping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
