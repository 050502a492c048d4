/* calibration.c: see calibration.h. */
#include "analysis/calibration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/quantile.h"

enum { STAMP_DIGITS = 19 };

static void add_value(struct calibration_values *v, double x)
{
    if (v->n == v->cap) {
        v->cap = v->cap ? 2 * v->cap : 4096;
        v->at = xrealloc(v->at, v->cap * sizeof *v->at);
    }
    v->at[v->n++] = x;
}

/* The server's clock before it wrote a chunk: the chunk's first word. MONO_NONE: it is none. */
static mono_ns written_at(const char *text, size_t n)
{
    mono_ns t = 0;
    size_t at = n && text[0] == ' ';
    if (n < at + STAMP_DIGITS)
        return MONO_NONE;
    for (size_t i = at; i < at + STAMP_DIGITS; i++) {
        if (text[i] < '0' || text[i] > '9')
            return MONO_NONE;
        t = 10 * t + (text[i] - '0');
    }
    return t;
}

static bool in_middle(const struct run *run, mono_ns t)
{
    mono_ns quarter = (run->ended_ns - run->started_ns) / 4;
    return t >= run->started_ns + quarter && t < run->ended_ns - quarter;
}

static void add_chunks(struct calibration_sum *s, const struct run *run, const struct request *r)
{
    size_t at = 0;
    for (size_t i = 0; i < r->chunks.n; i++) {
        const struct chunk *c = &r->chunks.at[i];
        size_t len = c->text_bytes <= r->text.len - at ? c->text_bytes : r->text.len - at;
        mono_ns written = written_at(r->text.at + at, len);
        at += len;
        s->n_chunks++;
        s->n_merged += (c->flags & CHUNK_MERGED) != 0;
        s->n_unstamped += (c->flags & CHUNK_UNSTAMPED) != 0;
        s->middle_chunks += in_middle(run, c->t_ns);
        if (written == MONO_NONE || c->flags & (CHUNK_MERGED | CHUNK_UNSTAMPED))
            continue;
        add_value(&s->stamp, (double)(c->t_ns - written) / 1e3);
        add_value(&s->app, (double)(c->app_ns - written) / 1e3);
    }
}

void calibration_add(struct calibration_sum *s, const struct run *run, const struct request *r, bool open)
{
    const mono_ns *t = r->stamp;
    s->failed += r->outcome != OUTCOME_OK;
    add_chunks(s, run, r);
    if (t[STAMP_SENT] == MONO_NONE)
        return;
    s->middle_requests += in_middle(run, t[STAMP_SENT]);
    if (open)
        add_value(&s->send, (double)(t[STAMP_SENT] - t[STAMP_PLANNED]) / 1e3);
}

/* Type 1: a value that was seen. */
static double at_rank(const double *sorted, size_t n, double p)
{
    size_t rank = (size_t)ceil(p * (double)n);
    return n ? sorted[rank ? rank - 1 : 0] : NAN;
}

static struct calibration_error take(struct calibration_values *v)
{
    quantile_sort(v->at, v->n);
    struct calibration_error e = {
        .n = v->n,
        .p50_us = at_rank(v->at, v->n, 0.5),
        .p99_us = at_rank(v->at, v->n, 0.99),
        .p999_us = at_rank(v->at, v->n, 0.999),
    };
    free(v->at);
    *v = (struct calibration_values){0};
    return e;
}

void calibration_point(struct calibration_sum *s, const struct run *run, struct calibration_point *out)
{
    double half_s = (double)(run->ended_ns - run->started_ns) / 2e9;
    *out = (struct calibration_point){
        .chunks_per_s = (double)s->middle_chunks / half_s,
        .requests_per_s = (double)s->middle_requests / half_s,
        .n_chunks = s->n_chunks,
        .n_merged = s->n_merged,
        .n_unstamped = s->n_unstamped,
        .stamp = take(&s->stamp),
        .app = take(&s->app),
        .send = take(&s->send),
        .wait_p99_us = run->health.app_delay_p99_us,
        .loop_busy = run->health.loop_busy,
    };
    out->held = !s->failed && out->wait_p99_us <= CALIBRATION_LAG_US && !(out->send.p99_us > CALIBRATION_LAG_US);
    *s = (struct calibration_sum){0};
}
