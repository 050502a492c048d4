/* watch.c: see watch.h. */
#include "load/watch.h"

#include <math.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

void watch_read(struct watch_of_self *w)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    w->cpu_s = seconds(u.ru_utime) + seconds(u.ru_stime);
    w->voluntary = u.ru_nvcsw;
    w->involuntary = u.ru_nivcsw;
    w->rss_bytes = (int64_t)u.ru_maxrss * 1024;
}

static double barrier_spread_us(const struct run *r)
{
    mono_ns first = INT64_MAX, last = INT64_MIN;
    for (size_t i = 0; i < r->n_sessions; i++) {
        mono_ns t = r->sessions[i].started_ns;
        if (t == MONO_NONE)
            continue;
        first = t < first ? t : first;
        last = t > last ? t : last;
    }
    return r->n_sessions > 1 && first <= last ? (double)(last - first) / 1e3 : NAN;
}

double watch_loop_busy(const struct loop_stats *loop)
{
    mono_ns all = loop->wait_ns + loop->busy_ns;
    return all > 0 ? (double)loop->busy_ns / (double)all : NAN;
}

int64_t watch_rss_bytes(void)
{
    long pages = -1;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f && fscanf(f, "%*d %ld", &pages) != 1)
        pages = -1;
    if (f)
        fclose(f);
    return pages < 0 ? -1 : pages * sysconf(_SC_PAGESIZE);
}

void watch_fill_health(struct run *r, const struct loop_stats *loop, const struct watch_of_self *before,
                       const struct watch_of_self *after)
{
    struct health *h = &r->health;
    h->barrier_spread_us = barrier_spread_us(r);
    h->loop_busy = watch_loop_busy(loop);
    h->stopped_max_ms = (double)loop->timer_late_max_ns / 1e6;
    h->receive_full = loop->reads ? (double)loop->full_reads / (double)loop->reads : NAN;
    h->clock_steps = (int64_t)loop->clock_steps;
    h->clock_step_max_ns = loop->clock_step_max_ns;
    h->ctx_voluntary = after->voluntary - before->voluntary;
    h->ctx_involuntary = after->involuntary - before->involuntary;
    h->client_cpu_s = after->cpu_s - before->cpu_s;
    h->client_rss_bytes = after->rss_bytes;
}
