/* clock.c: see clock.h. */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#include "base/err.h"

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

mono_ns clock_now(const struct clock *c)
{
    return c && c->virtual_now ? c->virtual_now : read_clock(CLOCK_MONOTONIC);
}

void clock_advance_to(struct clock *c, mono_ns t)
{
    if (!c->virtual_now)
        BUG("clock_advance_to on the real clock");
    if (t > c->virtual_now)
        c->virtual_now = t;
}

int64_t clock_realtime_offset(int tries, int64_t *width_ns)
{
    int64_t best = 0, best_width = INT64_MAX;
    for (int i = 0; i < tries; i++) {
        int64_t a = read_clock(CLOCK_MONOTONIC);
        int64_t r = read_clock(CLOCK_REALTIME);
        int64_t b = read_clock(CLOCK_MONOTONIC);
        if (b - a < best_width) {
            best_width = b - a;
            best = r - (a + (b - a) / 2);
        }
    }
    if (width_ns)
        *width_ns = best_width;
    return best;
}

int64_t clock_wall_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

void clock_wall_text(int64_t wall_ns, char out[32])
{
    time_t s = (time_t)(wall_ns / NS_PER_S);
    struct tm tm;
    gmtime_r(&s, &tm);
    strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}
