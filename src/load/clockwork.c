/* clockwork.c: see clockwork.h. */
#include "load/clockwork.h"

#include <math.h>
#include <stdlib.h>

#include "net/loop.h"
#include "stats/quantile.h"

enum { READS = 200000 };
#define EVERY_NS NS_PER_MS

struct clock_cost clockwork_clock(void)
{
    mono_ns begin = clock_now(NULL), last = begin, step = INT64_MAX;
    for (int i = 0; i < READS; i++) {
        mono_ns now = clock_now(NULL);
        if (now > last && now - last < step)
            step = now - last;
        last = now;
    }
    return (struct clock_cost){(double)(last - begin) / READS, (double)step};
}

struct ticker {
    struct timer timer;
    struct loop *loop;
    double *late_us;
    size_t n, want;
};

static void on_tick(struct timer *timer)
{
    struct ticker *t = (struct ticker *)(void *)timer; /* its first member */
    mono_ns now = clock_now(NULL);
    t->late_us[t->n++] = (double)(now - timer->at) / 1e3;
    if (t->n == t->want)
        loop_stop(t->loop);
    else
        loop_timer_set(t->loop, timer, now + EVERY_NS);
}

int clockwork_timer(size_t n, bool spin, struct timer_error *out, struct err *e)
{
    struct ticker t = {.timer.fire = on_tick, .want = n};
    *out = (struct timer_error){.p50_us = NAN, .p99_us = NAN};
    int rc = loop_new(&t.loop, e);
    if (rc)
        return rc;
    t.late_us = xcalloc(n, sizeof *t.late_us);
    loop_allow_spin(t.loop, spin);
    loop_timer_set(t.loop, &t.timer, clock_now(NULL) + EVERY_NS);
    loop_run(t.loop);
    quantile_sort(t.late_us, t.n);
    *out = (struct timer_error){t.n, quantile_hf7(t.late_us, t.n, 0.5), quantile_hf7(t.late_us, t.n, 0.99)};
    free(t.late_us);
    loop_free(t.loop);
    return 0;
}
