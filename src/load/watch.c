/* watch.c: see watch.h. */
#include "load/watch.h"

#include <math.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "record/verdict.h"
#include "stats/quantile.h"

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

static void fill_lag(struct run *r)
{
    double *lag = xcalloc(r->n_requests, sizeof *lag);
    size_t n = 0;
    for (size_t i = 0; i < r->n_requests; i++) {
        const mono_ns *t = r->requests[i].stamp;
        if (t[STAMP_PLANNED] != MONO_NONE && t[STAMP_SENT] != MONO_NONE)
            lag[n++] = (double)(t[STAMP_SENT] - t[STAMP_PLANNED]) / 1e3;
    }
    quantile_sort(lag, n);
    r->health.send_lag_p50_us = quantile_hf7(lag, n, 0.5);
    r->health.send_lag_p99_us = quantile_hf7(lag, n, 0.99);
    free(lag);
}

static void fill_chunks(struct run *r)
{
    struct health *h = &r->health;
    size_t total = 0, n = 0;
    const size_t all = r->n_requests + r->n_warmup; /* what became of chunks is the instrument's, at any time */
    for (size_t i = 0; i < all; i++)
        total += r->requests[i].chunks.n;
    double *delay = xcalloc(total, sizeof *delay);
    for (size_t i = 0; i < all; i++) {
        const struct chunk_list *l = &r->requests[i].chunks;
        h->dropped_chunks += (int64_t)l->dropped;
        for (size_t k = 0; k < l->n; k++) {
            h->merged += (l->at[k].flags & CHUNK_MERGED) != 0;
            if (l->at[k].flags & CHUNK_UNSTAMPED)
                h->unstamped++;
            else
                delay[n++] = (double)(l->at[k].app_ns - l->at[k].t_ns) / 1e3;
        }
    }
    h->chunks = (int64_t)total;
    quantile_sort(delay, n);
    h->app_delay_p50_us = quantile_hf7(delay, n, 0.5);
    h->app_delay_p99_us = quantile_hf7(delay, n, 0.99);
    free(delay);
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
    return r->n_sessions > 1 && run_is_agent(r) && first <= last ? (double)(last - first) / 1e3 : NAN;
}

void watch_fill_health(struct run *r, const struct loop_stats *loop, const struct watch_of_self *before,
                       const struct watch_of_self *after)
{
    struct health *h = &r->health;
    h->chunks = h->merged = h->unstamped = h->dropped_chunks = 0;
    fill_lag(r);
    fill_chunks(r);
    h->barrier_spread_us = barrier_spread_us(r);
    mono_ns all = loop->wait_ns + loop->busy_ns;
    h->loop_busy = all > 0 ? (double)loop->busy_ns / (double)all : NAN;
    h->clock_steps = (int64_t)loop->clock_steps;
    h->clock_step_max_ns = loop->clock_step_max_ns;
    h->ctx_voluntary = after->voluntary - before->voluntary;
    h->ctx_involuntary = after->involuntary - before->involuntary;
    h->client_cpu_s = after->cpu_s - before->cpu_s;
    h->client_rss_bytes = after->rss_bytes;
}
