/* guidellm_metrics.c: the member "metrics" of a GuideLLM benchmark: distributions by the fate of requests, and rates over
 * time as its statistics.py takes them. */
#include <math.h>
#include <stdlib.h>

#include "exchange/guidellm.h"

/* Its word for each fate, and for all of them together. */
static const char *const status[FATES] = {"successful", "errored", "incomplete"};

/* ---- one distribution ----------------------------------------------------------------------------------------------- */

/* The value with the most weight, the smallest of several. */
static double mode_of(const struct peer_pool *p)
{
    double best = NAN, most = -1;
    for (size_t i = 0; i < p->n;) {
        double weight = 0, value = p->at[i];
        for (; i < p->n && p->at[i] == value; i++)
            weight += p->weight ? p->weight[i] : 1;
        if (weight > most) {
            most = weight;
            best = value;
        }
    }
    return best;
}

/* Nothing gives zeros, as it does. count: of observations; negative: as many as the weights say. */
static void put_summary(struct json_writer *w, const char *key, const struct peer_pool *p, double scale, double count)
{
    static const struct {
        const char *key;
        double p;
    } percentiles[] = {{"p001", 0.001}, {"p01", 0.01}, {"p05", 0.05}, {"p10", 0.1},  {"p25", 0.25},  {"p50", 0.5},
                       {"p75", 0.75},   {"p90", 0.9},  {"p95", 0.95}, {"p99", 0.99}, {"p999", 0.999}};
    struct peer_moments m = peer_pool_moments(p);
    double some = p->n ? 1 / scale : 0; /* times a NaN-free number */
    if (!p->n)
        m = (struct peer_moments){0};
    count = count < 0 ? round(p->count) : count;
    json_key(w, key);
    json_object(w);
    json_kdouble(w, "mean", m.mean * some);
    json_kdouble(w, "median", p->n ? peer_pool_percentile(p, PEER_RULE_NEAREST_RANK, 0.5) * some : 0);
    json_kdouble(w, "mode", p->n ? mode_of(p) * some : 0);
    json_kdouble(w, "variance", m.std * some * m.std * some);
    json_kdouble(w, "std_dev", m.std * some);
    json_kdouble(w, "min", m.min * some);
    json_kdouble(w, "max", m.max * some);
    json_kdouble(w, "count", count);
    json_kdouble(w, "total_sum", m.mean * some * count);
    json_key(w, "percentiles");
    json_object(w);
    for (size_t i = 0; i < sizeof percentiles / sizeof percentiles[0]; i++)
        json_kdouble(w, percentiles[i].key,
                     p->n ? peer_pool_percentile(p, PEER_RULE_NEAREST_RANK, percentiles[i].p) * some : 0);
    json_object_end(w);
    json_object_end(w);
}

/* A pool per fate, and all of them. */
static void put_by_fate(struct json_writer *w, const char *key, const struct peer_pool *pools, double scale)
{
    struct peer_pool all = {0};
    json_key(w, key);
    json_object(w);
    for (int i = 0; i < FATES; i++) {
        put_summary(w, status[i], &pools[i], scale, -1);
        peer_pool_merge(&all, &pools[i]);
    }
    peer_pool_sort(&all);
    put_summary(w, "total", &all, scale, -1);
    json_object_end(w);
    peer_pool_release(&all);
}

static void put_values(struct json_writer *w, const char *key, const struct guidellm_row *rows, size_t n,
                       void (*of)(const struct guidellm_row *, struct peer_pool *))
{
    struct peer_pool pools[FATES] = {{0}};
    for (size_t i = 0; i < n; i++)
        of(&rows[i], &pools[rows[i].fate]);
    for (int i = 0; i < FATES; i++)
        peer_pool_sort(&pools[i]);
    put_by_fate(w, key, pools, 1);
    for (int i = 0; i < FATES; i++)
        peer_pool_release(&pools[i]);
}

static void prompt_count(const struct guidellm_row *r, struct peer_pool *p)
{
    peer_pool_add(p, r->prompt_tok);
}

static void output_count(const struct guidellm_row *r, struct peer_pool *p)
{
    peer_pool_add(p, r->output_tok);
}

static double known(double v)
{
    return isnan(v) ? 0 : v;
}

static void total_count(const struct guidellm_row *r, struct peer_pool *p)
{
    if (!isnan(r->prompt_tok) || !isnan(r->output_tok))
        peer_pool_add(p, known(r->prompt_tok) + known(r->output_tok));
}

static void event_count(const struct guidellm_row *r, struct peer_pool *p)
{
    peer_pool_add(p, r->events);
}

/* Tokens of each event after the first by its assumption: as many in each. NaN: no such events. */
static double tokens_per_event(const struct guidellm_row *r)
{
    return r->output_tok > 1 && r->token_events > 1 && !isnan(r->first_s) && !isnan(r->last_s)
               ? (r->output_tok - 1) / (r->token_events - 1)
               : NAN;
}

static void later_event_tokens(const struct guidellm_row *r, struct peer_pool *p)
{
    if (!isnan(tokens_per_event(r)))
        peer_pool_add_weighted(p, tokens_per_event(r), r->token_events - 1);
}

static bool is_streamed(const struct guidellm_row *r)
{
    return !isnan(r->first_s) && !isnan(r->last_s) && r->token_events > 1;
}

static void event_tokens(const struct guidellm_row *r, struct peer_pool *p)
{
    if (is_streamed(r)) {
        peer_pool_add_weighted(p, r->output_tok > 0, 1);
        later_event_tokens(r, p);
    } else {
        peer_pool_add_weighted(p, known(r->output_tok), 1);
    }
}

/* ---- over time ------------------------------------------------------------------------------------------------------ */

struct moment {
    double s, weight;
};
struct moments {
    struct moment *at; /* owned */
    size_t n, cap;
};

static void add_moment(struct moments *m, double s, double weight)
{
    if (isnan(s) || isnan(weight))
        return;
    if (m->n == m->cap) {
        m->cap = m->cap ? 2 * m->cap : 256;
        m->at = xrealloc(m->at, m->cap * sizeof *m->at);
    }
    m->at[m->n++] = (struct moment){s, weight};
}

static int by_time(const void *a, const void *b)
{
    double x = ((const struct moment *)a)->s, y = ((const struct moment *)b)->s;
    return (x > y) - (x < y);
}

/* In order of time; those within 0.1 ms of the first of a group are that one. */
static void settle(struct moments *m)
{
    size_t k = 0;
    if (!m->n)
        return;
    qsort(m->at, m->n, sizeof *m->at, by_time);
    for (size_t i = 1; i < m->n; i++)
        if (m->at[i].s <= m->at[k].s + 1e-4)
            m->at[k].weight += m->at[i].weight;
        else
            m->at[++k] = m->at[i];
    m->n = k + 1;
}

/* Rate at each moment, over the time from the middle between it and the last to the middle between it and the next;
 * weighted by that time. Returns the number of events. */
static double rates_of(struct moments *m, double from_s, double to_s, struct peer_pool *out)
{
    double count = 0;
    add_moment(m, from_s, 0);
    add_moment(m, to_s, 0);
    settle(m);
    for (size_t i = 0; i < m->n && m->n > 1; i++) {
        double left = i ? (m->at[i - 1].s + m->at[i].s) / 2 : m->at[i].s;
        double right = i + 1 < m->n ? (m->at[i].s + m->at[i + 1].s) / 2 : m->at[i].s;
        double s = right - left;
        if (i + 1 == m->n && s < 1e-6)
            s = 1e-6;
        peer_pool_add_weighted(out, m->at[i].weight / s, s);
        count += m->at[i].weight;
    }
    peer_pool_sort(out);
    return round(count);
}

/* Level between each moment and the next, weighted by that time; 0 until the first. The ends of the window are no part of
 * the merging. */
static void levels_of(struct moments *m, double from_s, double to_s, struct peer_pool *out)
{
    double level = 0;
    settle(m);
    if (m->n)
        peer_pool_add_weighted(out, 0, m->at[0].s - from_s);
    for (size_t i = 0; i < m->n; i++) {
        level += m->at[i].weight;
        peer_pool_add_weighted(out, level > 0 ? level : 0, (i + 1 < m->n ? m->at[i + 1].s : to_s) - m->at[i].s);
    }
    peer_pool_sort(out);
}

struct over_time {
    const struct guidellm_row *rows;
    size_t n;
    double from_s, to_s;
};

static struct over_time window_of(const struct guidellm_row *rows, size_t n)
{
    struct over_time x = {rows, n, NAN, NAN};
    for (size_t i = 0; i < n; i++) {
        x.from_s = fmin(x.from_s, rows[i].start_s);
        x.to_s = fmax(x.to_s, rows[i].end_s);
    }
    return x;
}

static void request_moments(const struct guidellm_row *r, struct moments *m)
{
    add_moment(m, r->end_s, 1);
}

static void prompt_moments(const struct guidellm_row *r, struct moments *m)
{
    add_moment(m, isnan(r->first_s) ? r->end_s : r->first_s, known(r->prompt_tok));
}

static void output_moments(const struct guidellm_row *r, struct moments *m)
{
    double each = tokens_per_event(r);
    if (!is_streamed(r)) {
        add_moment(m, isnan(r->last_s) ? r->end_s : r->last_s, known(r->output_tok));
        return;
    }
    add_moment(m, r->first_s, r->output_tok > 0);
    for (double i = 1; !isnan(each) && i < r->token_events; i++)
        add_moment(m, r->first_s + (r->last_s - r->first_s) * i / (r->token_events - 1), each);
}

static void token_moments(const struct guidellm_row *r, struct moments *m)
{
    prompt_moments(r, m);
    output_moments(r, m);
}

/* fate FATES: of all. */
static void put_rate(struct json_writer *w, const char *key, const struct over_time *x, int fate,
                     void (*of)(const struct guidellm_row *, struct moments *))
{
    struct moments m = {0};
    struct peer_pool p = {0};
    for (size_t i = 0; i < x->n; i++)
        if (fate == FATES || x->rows[i].fate == (enum fate)fate)
            of(&x->rows[i], &m);
    double count = rates_of(&m, x->from_s, x->to_s, &p);
    put_summary(w, key, &p, 1, count);
    free(m.at);
    peer_pool_release(&p);
}

static void put_rates(struct json_writer *w, const char *key, const struct over_time *x,
                      void (*of)(const struct guidellm_row *, struct moments *))
{
    json_key(w, key);
    json_object(w);
    for (int fate = 0; fate < FATES; fate++)
        put_rate(w, status[fate], x, fate, of);
    put_rate(w, "total", x, FATES, of);
    json_object_end(w);
}

static void put_concurrency(struct json_writer *w, const struct over_time *x)
{
    json_key(w, "request_concurrency");
    json_object(w);
    for (int fate = 0; fate <= FATES; fate++) {
        struct moments m = {0};
        struct peer_pool p = {0};
        double count = 0;
        for (size_t i = 0; i < x->n; i++) {
            const struct guidellm_row *r = &x->rows[i];
            if ((fate != FATES && r->fate != (enum fate)fate) || isnan(r->start_s) || isnan(r->end_s))
                continue;
            add_moment(&m, r->start_s, 1);
            add_moment(&m, r->end_s, -1);
            count++;
        }
        levels_of(&m, x->from_s, x->to_s, &p);
        put_summary(w, fate == FATES ? "total" : status[fate], &p, 1, count);
        free(m.at);
        peer_pool_release(&p);
    }
    json_object_end(w);
}

/* ---- all of it ------------------------------------------------------------------------------------------------------ */

static void put_request_totals(struct json_writer *w, const struct totals *t)
{
    json_key(w, "request_totals");
    json_object(w);
    for (int i = 0; i < FATES; i++)
        json_kint(w, status[i], t->count[i]);
    json_kint(w, "total", (int64_t)t->run.n_requests);
    json_object_end(w);
}

static void put_pooled(struct json_writer *w, struct totals *t)
{
    static const struct {
        const char *key, *row;
        double scale;
    } rows[] = {{"request_latency", "e2e", 1e3},
                {"time_to_first_token_ms", "ttft", 1},
                {"time_to_first_output_token_ms", "ttfo", 1},
                {"time_per_output_token_ms", "tpot", 1},
                {"inter_token_latency_ms", "itl", 1}};
    static const char *const of_websockets[] = {"time_to_last_round_trip_ms", "avg_round_trip_time_ms"};
    static const struct peer_pool nothing[FATES];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        put_by_fate(w, rows[i].key, totals_pool(t, rows[i].row), rows[i].scale);
    for (size_t i = 0; i < 2; i++)
        put_by_fate(w, of_websockets[i], nothing, 1);
}

/* What it has of other media, and of words: members that are null. */
static void put_media(struct json_writer *w)
{
    static const char *const media[][5] = {{"text", "tokens", "words", "characters"},
                                           {"image", "tokens", "images", "pixels", "bytes"},
                                           {"video", "tokens", "frames", "seconds", "bytes"},
                                           {"audio", "tokens", "samples", "seconds", "bytes"},
                                           {"tool_call", "tokens", "mixed_tokens", "count"}};
    for (size_t i = 0; i < sizeof media / sizeof media[0]; i++) {
        json_key(w, media[i][0]);
        json_object(w);
        for (size_t k = 1; k < 5 && media[i][k]; k++)
            json_knull(w, media[i][k]);
        json_object_end(w);
    }
}

void put_guidellm_metrics(struct json_writer *w, struct totals *t, const struct guidellm_row *rows, size_t n)
{
    struct over_time x = window_of(rows, n);
    json_key(w, "metrics");
    json_object(w);
    put_request_totals(w, t);
    put_rates(w, "requests_per_second", &x, request_moments);
    put_concurrency(w, &x);
    put_pooled(w, t);
    put_values(w, "request_streaming_iterations_count", rows, n, event_count);
    put_values(w, "prompt_token_count", rows, n, prompt_count);
    put_values(w, "output_token_count", rows, n, output_count);
    put_values(w, "total_token_count", rows, n, total_count);
    put_rates(w, "prompt_tokens_per_second", &x, prompt_moments);
    put_rates(w, "output_tokens_per_second", &x, output_moments);
    put_rates(w, "tokens_per_second", &x, token_moments);
    put_values(w, "output_tokens_per_iteration", rows, n, event_tokens);
    put_values(w, "iter_tokens_per_iteration", rows, n, later_event_tokens);
    put_media(w);
    json_object_end(w);
}
