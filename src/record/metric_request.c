/* metric_request.c: the metrics of one request. The formulas are those of the definitions in metric.c,
 * word for word. */
#include <math.h>
#include <stdlib.h>

#include "base/err.h"
#include "record/metric.h"
#include "record/metric_fns.h"
#include "stats/quantile.h"

/* Hostile files may hold any stamp: a difference that does not fit is not a duration. */
double stamps_ns(mono_ns from, mono_ns to)
{
    int64_t d;
    if (from == MONO_NONE || to == MONO_NONE || __builtin_sub_overflow(to, from, &d))
        return NAN;
    return (double)d;
}

double request_between_ns(const struct request *r, enum stamp from, enum stamp to)
{
    return stamps_ns(r->stamp[from], r->stamp[to]);
}

double count_or_nan(int64_t told)
{
    return told < 0 ? NAN : (double)told;
}

double ratio_or_nan(double part, double whole)
{
    return whole > 0 ? part / whole : NAN;
}

static double between_ms(const struct request *r, enum stamp from, enum stamp to)
{
    return request_between_ns(r, from, to) / 1e6;
}

static double told_ms(int64_t ns)
{
    return count_or_nan(ns) / 1e6;
}

/* ---- latencies ----------------------------------------------------------------------------------------- */

double metric_ttft(const struct request *r)
{
    return between_ms(r, STAMP_SENT, STAMP_FIRST_TOKEN);
}

double metric_ttft_planned(const struct request *r)
{
    return between_ms(r, STAMP_PLANNED, STAMP_FIRST_TOKEN);
}

double metric_ttfb(const struct request *r)
{
    return between_ms(r, STAMP_SENT, STAMP_FIRST_BYTE);
}

double metric_ttfa(const struct request *r)
{
    return between_ms(r, STAMP_SENT, STAMP_FIRST_ANSWER);
}

double metric_e2e(const struct request *r)
{
    return between_ms(r, STAMP_SENT, STAMP_DONE);
}

double metric_e2e_planned(const struct request *r)
{
    return between_ms(r, STAMP_PLANNED, STAMP_DONE);
}

double metric_send_lag(const struct request *r)
{
    return request_between_ns(r, STAMP_PLANNED, STAMP_SENT) / 1e3;
}

double metric_rtt(const struct request *r)
{
    return r->rtt_ns == MONO_NONE ? NAN : (double)r->rtt_ns / 1e3;
}

double metric_tpot(const struct request *r)
{
    if (r->usage.completion_tok < 2)
        return NAN;
    return between_ms(r, STAMP_FIRST_TOKEN, STAMP_LAST_TOKEN) / (double)(r->usage.completion_tok - 1);
}

/* ---- gaps ---------------------------------------------------------------------------------------------- */

double nearest_rank(double *values, size_t n, double p)
{
    if (!n)
        return NAN;
    double rank = ceil(p * (double)n - 4e-16 * (double)n);
    return quantile_select(values, n, rank < 1 ? 0 : rank > (double)n ? n - 1 : (size_t)rank - 1);
}

static bool carries_text(const struct chunk *c)
{
    return c->kind == CHUNK_TEXT || c->kind == CHUNK_REASONING;
}

/* Text chunks of one read have one stamp and are one arrival: how far apart they were sent cannot be
 * known, so they give no gap, neither zero nor an even share. */
static size_t gaps_ms(const struct request *r, double *out)
{
    size_t n = 0;
    const struct chunk *last = NULL;
    for (size_t i = 0; i < r->chunks.n; i++) {
        const struct chunk *c = &r->chunks.at[i];
        if (!carries_text(c))
            continue;
        bool same_read = last && last->flags & CHUNK_MERGED && last->t_ns == c->t_ns;
        double gap = last && !same_read ? stamps_ns(last->t_ns, c->t_ns) : NAN;
        if (!isnan(gap))
            out[n++] = gap / 1e6;
        last = c;
    }
    return n;
}

static double gap_at(const struct request *r, double p)
{
    double *gaps = xmalloc((r->chunks.n + 1) * sizeof *gaps);
    double value = nearest_rank(gaps, gaps_ms(r, gaps), p);
    free(gaps);
    return value;
}

double metric_gap_p50(const struct request *r)
{
    return gap_at(r, 0.50);
}

double metric_gap_p99(const struct request *r)
{
    return gap_at(r, 0.99);
}

double metric_gap_max(const struct request *r)
{
    return gap_at(r, 1.0);
}

double metric_stall_time(const struct request *r)
{
    double *gaps = xmalloc((r->chunks.n + 1) * sizeof *gaps), sum = 0;
    size_t n = gaps_ms(r, gaps);
    for (size_t i = 0; i < n; i++)
        sum += gaps[i] > METRIC_STALL_MS ? gaps[i] : 0;
    free(gaps);
    return n ? sum : NAN;
}

/* Each wait shifts what is read after it by as much, so the waits add up to the largest delay behind an unshifted reader. */
double metric_reader_wait(const struct request *r)
{
    const struct chunk *first = NULL;
    double bytes = 0, before = 0, wait = 0;
    size_t n = 0;
    for (size_t i = 0; i < r->chunks.n; i++)
        if (carries_text(&r->chunks.at[i])) {
            bytes += r->chunks.at[i].text_bytes;
            n++;
        }
    double tok_per_byte = ratio_or_nan(count_or_nan(r->usage.completion_tok), bytes);
    if (n < 2 || isnan(tok_per_byte) || r->chunks.dropped)
        return NAN;
    for (size_t i = 0; i < r->chunks.n; i++) {
        const struct chunk *c = &r->chunks.at[i];
        if (!carries_text(c))
            continue;
        first = first ? first : c;
        wait = fmax(wait, stamps_ns(first->t_ns, c->t_ns) / 1e6 - before * tok_per_byte / METRIC_READER_TOK_S * 1e3);
        before += c->text_bytes;
    }
    return wait;
}

/* ---- rates --------------------------------------------------------------------------------------------- */

static double decode_rate(const struct request *r, double tokens)
{
    if (r->usage.completion_tok < 2)
        return NAN;
    return ratio_or_nan(tokens, count_or_nan(r->usage.eval_ns) / 1e9);
}

double metric_decode_rate_server(const struct request *r)
{
    return decode_rate(r, (double)r->usage.completion_tok);
}

double metric_decode_rate_steps(const struct request *r)
{
    return decode_rate(r, (double)r->usage.completion_tok - 1);
}

double metric_decode_rate_client(const struct request *r)
{
    if (r->usage.completion_tok < 2)
        return NAN;
    return ratio_or_nan((double)r->usage.completion_tok - 1,
                        request_between_ns(r, STAMP_FIRST_TOKEN, STAMP_LAST_TOKEN) / 1e9);
}

double metric_prompt_rate(const struct request *r)
{
    const struct usage *u = &r->usage;
    double evaluated = count_or_nan(u->prompt_tok) - (u->cached_tok > 0 ? (double)u->cached_tok : 0);
    return evaluated > 0 ? ratio_or_nan(evaluated, count_or_nan(u->prompt_eval_ns) / 1e9) : NAN;
}

double metric_output_rate(const struct request *r)
{
    return ratio_or_nan(count_or_nan(r->usage.completion_tok), request_between_ns(r, STAMP_SENT, STAMP_DONE) / 1e9);
}

/* ---- what the server says of itself -------------------------------------------------------------------- */

double metric_load_time(const struct request *r)
{
    return told_ms(r->usage.load_ns);
}

double metric_queue_server(const struct request *r)
{
    const struct usage *u = &r->usage;
    return told_ms(u->total_ns) - told_ms(u->load_ns) - told_ms(u->prompt_eval_ns) - told_ms(u->eval_ns);
}

double metric_queue_client(const struct request *r)
{
    double load = r->usage.load_ns < 0 ? 0 : told_ms(r->usage.load_ns);
    return metric_ttft(r) - load - told_ms(r->usage.prompt_eval_ns);
}

double metric_client_overhead(const struct request *r)
{
    return metric_e2e(r) - told_ms(r->usage.total_ns);
}

double metric_tokens_prompt(const struct request *r)
{
    return count_or_nan(r->usage.prompt_tok);
}

double metric_tokens_completion(const struct request *r)
{
    return count_or_nan(r->usage.completion_tok);
}

/* ---- the split by chimera-engine's stamps -------------------------------------------------------------- */

/* All stamps of the way through the engine, or false: then no part is given, so that the parts of one
 * request always add up. An engine whose stamps lie outside sent … done does not share our clock (1 ms is
 * allowed: `sent` may be our clock after the write, and stamps mapped from REALTIME are off by
 * microseconds). */
struct engine_path {
    mono_ns planned, sent, queued, prefill_start, prefill_end, last, done;
};

static bool engine_path(const struct request *r, struct engine_path *p)
{
    const struct engine_stamps *s = &r->engine;
    *p = (struct engine_path){
        r->stamp[STAMP_PLANNED], r->stamp[STAMP_SENT], s->queued_ns,
        s->prefill_start_ns,     s->prefill_end_ns,    s->n ? s->token_ns[s->n - 1] : s->prefill_end_ns,
        r->stamp[STAMP_DONE]};
    return p->planned != MONO_NONE && stamps_ns(p->sent, p->queued) >= -(double)NS_PER_MS &&
           stamps_ns(p->queued, p->prefill_start) >= 0 && stamps_ns(p->prefill_start, p->prefill_end) >= 0 &&
           stamps_ns(p->prefill_end, p->last) >= 0 && stamps_ns(p->last, p->done) >= -(double)NS_PER_MS;
}

double metric_engine_client(const struct request *r)
{
    struct engine_path p;
    return engine_path(r, &p) ? stamps_ns(p.planned, p.sent) / 1e6 : NAN;
}

double metric_engine_transport(const struct request *r)
{
    struct engine_path p;
    return engine_path(r, &p) ? (stamps_ns(p.sent, p.queued) + stamps_ns(p.last, p.done)) / 1e6 : NAN;
}

double metric_engine_queue(const struct request *r)
{
    struct engine_path p;
    return engine_path(r, &p) ? stamps_ns(p.queued, p.prefill_start) / 1e6 : NAN;
}

double metric_engine_prefill(const struct request *r)
{
    struct engine_path p;
    return engine_path(r, &p) ? stamps_ns(p.prefill_start, p.prefill_end) / 1e6 : NAN;
}

double metric_engine_decode(const struct request *r)
{
    struct engine_path p;
    return engine_path(r, &p) ? stamps_ns(p.prefill_end, p.last) / 1e6 : NAN;
}

/* ---- the instrument ------------------------------------------------------------------------------------ */

static double chunks_with(const struct request *r, unsigned flag)
{
    double n = 0;
    for (size_t i = 0; i < r->chunks.n; i++)
        n += (r->chunks.at[i].flags & flag) != 0;
    return n;
}

double metric_chunks_merged(const struct request *r)
{
    return r->chunks.n ? chunks_with(r, CHUNK_MERGED) : NAN;
}

double metric_chunks_unstamped(const struct request *r)
{
    return r->chunks.n ? chunks_with(r, CHUNK_UNSTAMPED) : NAN;
}

double metric_app_delay_p99(const struct request *r)
{
    double *delays = xmalloc((r->chunks.n + 1) * sizeof *delays);
    size_t n = 0;
    for (size_t i = 0; i < r->chunks.n; i++) {
        double delay = stamps_ns(r->chunks.at[i].t_ns, r->chunks.at[i].app_ns);
        if (!(r->chunks.at[i].flags & CHUNK_UNSTAMPED) && !isnan(delay))
            delays[n++] = delay / 1e3;
    }
    double value = nearest_rank(delays, n, 0.99);
    free(delays);
    return value;
}
