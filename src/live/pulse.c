/* pulse.c: see pulse.h. */
#include "live/pulse.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "record/metric.h"

#define GET(a) atomic_load_explicit(&(a), memory_order_relaxed)
#define SET(a, v) atomic_store_explicit(&(a), (v), memory_order_relaxed)

static void clear(struct pulse_durations *d)
{
    for (size_t i = 0; i < DURATIONS_BUCKETS; i++)
        SET(d->count[i], 0);
}

void pulse_reset(struct pulse *p)
{
    SET(p->warmup, 0);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        SET(p->by_outcome[i], 0);
    SET(p->first_planned_ns, MONO_NONE);
    SET(p->last_done_ns, MONO_NONE);
    clear(&p->ttft);
    clear(&p->tpot);
    clear(&p->send_lag);
}

static void count(struct pulse_durations *d, double ns)
{
    if (!(fabs(ns) < 0x1p62))
        return;
    _Atomic uint64_t *bucket = &d->count[durations_bucket((int64_t)ns)];
    SET(*bucket, GET(*bucket) + 1);
}

static double ns_of(const char *id, const struct request *r)
{
    const struct metric *m = metric_find(id);
    return m->of_request(r) * (strcmp(m->unit, "ms") ? 1e3 : 1e6); /* else it is us */
}

static void count_window(struct pulse *p, const struct request *r)
{
    mono_ns planned = r->stamp[STAMP_PLANNED], done = r->stamp[STAMP_DONE];
    mono_ns first = GET(p->first_planned_ns);
    SET(p->by_outcome[r->outcome], GET(p->by_outcome[r->outcome]) + 1);
    if (planned != MONO_NONE && (first == MONO_NONE || planned < first))
        SET(p->first_planned_ns, planned);
    if (done > GET(p->last_done_ns))
        SET(p->last_done_ns, done);
    count(&p->send_lag, ns_of("send_lag", r));
    if (r->outcome != OUTCOME_OK)
        return;
    count(&p->ttft, ns_of("ttft", r));
    count(&p->tpot, ns_of("tpot", r));
}

void pulse_add(struct pulse *p, const struct request *r)
{
    if (r->flags & REQUEST_WARMUP)
        SET(p->warmup, GET(p->warmup) + 1);
    else
        count_window(p, r);
}

static struct live_quantiles quantiles(const struct pulse_durations *from)
{
    struct durations d = {.n = 0};
    for (size_t i = 0; i < DURATIONS_BUCKETS; i++)
        d.n += d.count[i] = GET(from->count[i]);
    return (struct live_quantiles){(int64_t)d.n, durations_quantile_ns(&d, 0.5), durations_quantile_ns(&d, 0.9),
                                   durations_quantile_ns(&d, 0.99)};
}

void pulse_read(const struct pulse *p, struct live_view *v)
{
    mono_ns first = GET(p->first_planned_ns), last = GET(p->last_done_ns);
    v->ended = 0;
    v->warmup = GET(p->warmup);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        v->ended += v->by_outcome[i] = GET(p->by_outcome[i]);
    v->rate = v->ended && first != MONO_NONE && last > first ? (double)v->ended / ((double)(last - first) / 1e9) : NAN;
    v->ttft = quantiles(&p->ttft);
    v->tpot = quantiles(&p->tpot);
    v->send_lag = quantiles(&p->send_lag);
}
