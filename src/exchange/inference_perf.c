/* inference_perf.c: see inference_perf.h. */
#include "exchange/inference_perf.h"

#include <math.h>

#include "exchange/one_run.h"

/* The members of a distribution, each divided by `scale`. */
static void put_members(struct json_writer *w, struct peer_pool *p, double scale)
{
    static const struct {
        const char *key;
        double p;
    } percentiles[] = {{"p1", 0.01},  {"p5", 0.05},  {"p25", 0.25}, {"median", 0.50},
                       {"p75", 0.75}, {"p90", 0.90}, {"p95", 0.95}, {"p99", 0.99}};
    struct peer_moments m = peer_pool_moments(p);
    json_kdouble(w, "mean", m.mean / scale);
    if (p->n_summed)
        return;
    json_kdouble(w, "min", m.min / scale);
    json_kdouble(w, "max", m.max / scale);
    for (size_t i = 0; i < sizeof percentiles / sizeof percentiles[0]; i++)
        json_kdouble(w, percentiles[i].key, peer_pool_percentile(p, PEER_RULE_LINEAR, percentiles[i].p) / scale);
}

static void put_distribution(struct json_writer *w, const char *key, struct peer_pool *p, double scale)
{
    json_key(w, key);
    if (p->lack || !(p->n + p->n_summed)) {
        json_null(w);
        return;
    }
    json_object(w);
    put_members(w, p, scale);
    json_object_end(w);
}

/* A pool over the requests of one fate. */
struct gathered {
    struct peer_pool pool;
    double total; /* NaN: one was not told */
};

static struct gathered gather(const struct totals *t, bool completed, double (*of)(const struct request *))
{
    struct gathered g = {0};
    for (size_t i = 0; i < t->run.n_requests; i++) {
        const struct request *r = &t->run.requests[i];
        if (r->stamp[STAMP_SENT] == MONO_NONE || (fate_of(r) == FATE_COMPLETED) != completed)
            continue;
        g.total += of(r);
        peer_pool_add(&g.pool, of(r));
    }
    peer_pool_sort(&g.pool);
    return g;
}

static double prompt_tokens(const struct request *r)
{
    return told_or_nan(r->usage.prompt_tok);
}

static double cached_tokens(const struct request *r)
{
    return r->usage.cached_tok > 0 ? (double)r->usage.cached_tok : 0;
}

static double output_tokens(const struct request *r)
{
    return told_or_nan(r->usage.completion_tok);
}

static double between_s(const struct request *r, enum stamp from, enum stamp to)
{
    mono_ns a = r->stamp[from], b = r->stamp[to];
    return a == MONO_NONE || b == MONO_NONE ? NAN : ((double)b - (double)a) / 1e9;
}

static double delay_s(const struct request *r)
{
    return between_s(r, STAMP_PLANNED, STAMP_SENT);
}

static double latency_s(const struct request *r)
{
    return between_s(r, STAMP_SENT, STAMP_DONE);
}

static void put_load(struct json_writer *w, const struct totals *t, const struct asked *asked)
{
    struct peer_pool delay = {0};
    mono_ns first = MONO_NONE, last = MONO_NONE;
    int64_t n = 0;
    for (size_t i = 0; i < t->run.n_requests; i++) {
        mono_ns at = t->run.requests[i].stamp[STAMP_SENT];
        if (at == MONO_NONE)
            continue;
        n++;
        first = first == MONO_NONE || at < first ? at : first;
        last = last == MONO_NONE || at > last ? at : last;
        peer_pool_add(&delay, delay_s(&t->run.requests[i]));
    }
    double send_s = n ? ((double)last - (double)first) / 1e9 : NAN;
    peer_pool_sort(&delay);
    json_key(w, "load_summary");
    json_object(w);
    json_kint(w, "count", n);
    put_distribution(w, "schedule_delay", &delay, 1);
    json_kdouble(w, "send_duration", send_s);
    json_kdouble(w, "requested_rate", asked->rate);
    json_kdouble(w, "achieved_rate", send_s > 0 ? (double)n / send_s : NAN);
    if (asked->max_concurrency)
        json_kint(w, "concurrency", asked->max_concurrency);
    json_object_end(w);
    peer_pool_release(&delay);
}

static void put_prompts(struct json_writer *w, const struct totals *t, bool completed)
{
    struct gathered all = gather(t, completed, prompt_tokens), cached = gather(t, completed, cached_tokens);
    json_key(w, "prompt_tokens");
    json_object(w);
    json_kdouble(w, "total", all.total);
    json_kdouble(w, "cached", cached.total);
    json_kdouble(w, "uncached", all.total > cached.total ? all.total - cached.total : isnan(all.total) ? NAN : 0);
    if (completed && all.pool.n)
        put_members(w, &all.pool, 1);
    json_object_end(w);
    peer_pool_release(&all.pool);
    peer_pool_release(&cached.pool);
}

static void put_outputs(struct json_writer *w, const struct totals *t)
{
    struct gathered g = gather(t, true, output_tokens);
    json_key(w, "output_tokens");
    json_object(w);
    json_kdouble(w, "total", g.total);
    if (g.pool.n)
        put_members(w, &g.pool, 1);
    json_object_end(w);
    peer_pool_release(&g.pool);
}

static void put_successes(struct json_writer *w, struct totals *t)
{
    static const char *const rows[][2] = {{"request_latency", "e2e"},
                                          {"normalized_time_per_output_token", "ntpot"},
                                          {"time_per_output_token", "tpot"},
                                          {"time_to_first_token", "ttft"},
                                          {"inter_token_latency", "itl"}};
    double s = peer_whole_s(&t->run);
    json_key(w, "successes");
    json_object(w);
    json_kint(w, "count", t->count[FATE_COMPLETED]);
    json_key(w, "latency");
    json_object(w);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        put_distribution(w, rows[i][0], totals_pool(t, rows[i][1]), 1e3);
    json_object_end(w);
    json_key(w, "throughput");
    json_object(w);
    json_kdouble(w, "input_tokens_per_sec", s > 0 ? t->prompt_tok / s : NAN);
    json_kdouble(w, "output_tokens_per_sec", totals_rate(t, "output_rate"));
    json_kdouble(w, "total_tokens_per_sec", totals_total_rate(t, s));
    json_kdouble(w, "requests_per_sec", totals_rate(t, "request_rate"));
    json_object_end(w);
    put_prompts(w, t, true);
    put_outputs(w, t);
    json_object_end(w);
}

static void put_failures(struct json_writer *w, const struct totals *t)
{
    struct gathered g = gather(t, false, latency_s);
    int64_t n = 0;
    for (size_t i = 0; i < t->run.n_requests; i++)
        n += t->run.requests[i].outcome != OUTCOME_OK && t->run.requests[i].stamp[STAMP_SENT] != MONO_NONE;
    json_key(w, "failures");
    json_object(w);
    json_kint(w, "count", n);
    put_distribution(w, "request_latency", &g.pool, 1);
    put_prompts(w, t, false);
    json_object_end(w);
    peer_pool_release(&g.pool);
}

int export_inference_perf(struct store *s, const struct run *runs, size_t n, FILE *out, struct err *e)
{
    struct one_run x;
    (void)n; /* one */
    int rc = one_run_begin(&x, s, runs, "inference-perf", out, e);
    if (!rc) {
        struct json_writer *w = &x.out.w;
        json_object(w);
        json_kdouble(w, "benchmark_time_seconds", peer_whole_s(&x.totals.run));
        put_load(w, &x.totals, &x.asked);
        put_successes(w, &x.totals);
        put_failures(w, &x.totals);
        put_origin(w, runs, &x.asked);
        json_object_end(w);
    }
    return one_run_end(&x, rc);
}
