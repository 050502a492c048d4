/* peer_request.c: what other tools make of one request. */
#include <math.h>

#include "record/metric_fns.h"
#include "record/peer_fns.h"

/* ---- events ---------------------------------------------------------------------------------------------- */

#define KIND(name) (1u << CHUNK_##name)
enum {
    ANSWER = KIND(TEXT),
    CONTENT = KIND(TEXT) | KIND(REASONING) | KIND(TOOL),
    /* Events whose `choices` are not empty: everything but usage, terminator, error and comment. A finish
     * event that brings times or counts is recorded as USAGE, so of several of those only the last one, which
     * is the usage event proper, is none. */
    CHOICES = CONTENT | KIND(ROLE) | KIND(OTHER) | KIND(USAGE)
};

static mono_ns usage_event(const struct request *r, size_t *at)
{
    for (size_t i = r->chunks.n; i-- > 0;)
        if (r->chunks.at[i].kind == CHUNK_USAGE) {
            *at = i;
            return r->chunks.at[i].t_ns;
        }
    *at = r->chunks.n;
    return MONO_NONE;
}

struct events {
    size_t n;
    mono_ns first, last; /* MONO_NONE when n is 0 */
};

/* The events of these kinds; the gaps between them go to `gaps` unless it is NULL. Events of one read have one
 * stamp: their gap is 0, as it is (but for microseconds) to a tool that stamps each as it is parsed. */
static struct events walk(const struct request *r, unsigned kinds, struct peer_pool *gaps)
{
    struct events e = {0, MONO_NONE, MONO_NONE};
    size_t usage;
    usage_event(r, &usage);
    for (size_t i = 0; i < r->chunks.n; i++) {
        const struct chunk *c = &r->chunks.at[i];
        if (!(kinds >> c->kind & 1u) || i == usage)
            continue;
        if (e.n && gaps)
            peer_pool_add(gaps, stamps_ns(e.last, c->t_ns) / 1e6);
        if (!e.n++)
            e.first = c->t_ns;
        e.last = c->t_ns;
    }
    return e;
}

/* Whether all events are there; says so in the pool if not. */
static bool has_events(const struct request *r, struct peer_pool *p)
{
    bool has = r->chunks.n && !r->chunks.dropped;
    if (!has)
        p->lack = peer_lack_chunks;
    return has;
}

/* ---- helpers --------------------------------------------------------------------------------------------- */

/* No run has more than 1e9 tokens in an answer; a file that says so is not believed. */
double peer_tokens(const struct request *r)
{
    return r->usage.completion_tok < 0 || r->usage.completion_tok > 1000000000 ? NAN : (double)r->usage.completion_tok;
}

/* The count as the server told it, or NaN and the lack: the tool would now count by itself. */
static double told_tokens(const struct request *r, struct peer_pool *p)
{
    double n = peer_tokens(r);
    if (isnan(n))
        p->lack = peer_lack_tokenizer;
    return n;
}

static double ms_between(mono_ns from, mono_ns to)
{
    return stamps_ns(from, to) / 1e6;
}

static double ms_from_sent(const struct request *r, mono_ns to)
{
    return ms_between(r->stamp[STAMP_SENT], to);
}

/* time / (tokens - 1), for two tokens and more. */
static double per_later_token(double ms, double tokens)
{
    return tokens > 1 ? ms / (tokens - 1) : NAN;
}

void peer_no_tokenizer(const struct request *r, struct peer_pool *p)
{
    (void)r;
    p->lack = peer_lack_tokenizer;
}

/* ---- measured alike by several --------------------------------------------------------------------------- */

void peer_sent_to_first_token(const struct request *r, struct peer_pool *p)
{
    peer_pool_add(p, ms_from_sent(r, r->stamp[STAMP_FIRST_TOKEN]));
}

void peer_sent_to_first_answer(const struct request *r, struct peer_pool *p)
{
    peer_pool_add(p, ms_from_sent(r, r->stamp[STAMP_FIRST_ANSWER]));
}

void peer_sent_to_last_token(const struct request *r, struct peer_pool *p)
{
    peer_pool_add(p, ms_from_sent(r, r->stamp[STAMP_LAST_TOKEN]));
}

void peer_sent_to_done(const struct request *r, struct peer_pool *p)
{
    peer_pool_add(p, ms_from_sent(r, r->stamp[STAMP_DONE]));
}

/* ---- vLLM bench ------------------------------------------------------------------------------------------ */

void peer_vllm_ttft(const struct request *r, struct peer_pool *p)
{
    if (has_events(r, p))
        peer_pool_add(p, ms_from_sent(r, walk(r, CHOICES, NULL).first));
}

void peer_vllm_itl(const struct request *r, struct peer_pool *p)
{
    if (has_events(r, p))
        walk(r, CHOICES, p);
}

void peer_vllm_tpot(const struct request *r, struct peer_pool *p)
{
    if (!has_events(r, p))
        return;
    struct events e = walk(r, CHOICES, NULL);
    peer_pool_add(p, per_later_token(ms_between(e.first, e.last), told_tokens(r, p)));
}

void peer_vllm_e2e(const struct request *r, struct peer_pool *p)
{
    if (has_events(r, p))
        peer_pool_add(p, ms_from_sent(r, walk(r, CHOICES, NULL).last));
}

/* ---- AIPerf ---------------------------------------------------------------------------------------------- */

void peer_aiperf_icl(const struct request *r, struct peer_pool *p)
{
    if (has_events(r, p))
        walk(r, CONTENT, p);
}

static double aiperf_itl(const struct request *r, struct peer_pool *p)
{
    return per_later_token(ms_between(r->stamp[STAMP_FIRST_TOKEN], r->stamp[STAMP_LAST_TOKEN]), told_tokens(r, p));
}

void peer_aiperf_itl(const struct request *r, struct peer_pool *p)
{
    peer_pool_add(p, aiperf_itl(r, p));
}

void peer_aiperf_user_rate(const struct request *r, struct peer_pool *p)
{
    peer_pool_add(p, ratio_or_nan(1e3, aiperf_itl(r, p)));
}

void peer_aiperf_e2e_rate(const struct request *r, struct peer_pool *p)
{
    peer_pool_add(p, ratio_or_nan(told_tokens(r, p), ms_from_sent(r, r->stamp[STAMP_LAST_TOKEN]) / 1e3));
}

/* ---- GuideLLM -------------------------------------------------------------------------------------------- */

double peer_guidellm_tokens(const struct request *r)
{
    double n = peer_tokens(r);
    if (!isnan(n))
        return n;
    return r->chunks.n && !r->chunks.dropped ? (double)walk(r, CONTENT, NULL).n : NAN;
}

static double guidellm_tokens(const struct request *r, struct peer_pool *p)
{
    double n = peer_guidellm_tokens(r);
    if (isnan(n))
        p->lack = peer_lack_chunks;
    return n;
}

/* Its mean and percentiles are over tokens: a request's value weighs as many as it was divided by. */
void peer_guidellm_itl(const struct request *r, struct peer_pool *p)
{
    double ms = ms_between(r->stamp[STAMP_FIRST_TOKEN], r->stamp[STAMP_LAST_TOKEN]), n = guidellm_tokens(r, p);
    peer_pool_add_weighted(p, per_later_token(ms, n), n - 1);
}

void peer_guidellm_tpot(const struct request *r, struct peer_pool *p)
{
    double n = guidellm_tokens(r, p);
    peer_pool_add_weighted(p, ratio_or_nan(ms_from_sent(r, r->stamp[STAMP_LAST_TOKEN]), n), n);
}

/* ---- inference-perf -------------------------------------------------------------------------------------- */

/* It needs the stamps of two tokens, be they of one chunk. */
void peer_iperf_ttft(const struct request *r, struct peer_pool *p)
{
    if (!has_events(r, p))
        return;
    struct events e = walk(r, ANSWER, NULL);
    if (e.n > 1 || told_tokens(r, p) > 1)
        peer_pool_add(p, ms_from_sent(r, e.first));
}

/* All tokens of a chunk get its stamp: the gaps are those between chunks and zeros within. How many zeros lie
 * in which chunk is known when each holds one token; otherwise only their number and the sum of all gaps. */
void peer_iperf_itl(const struct request *r, struct peer_pool *p)
{
    double n = told_tokens(r, p);
    if (!has_events(r, p) || !(n > 1))
        return;
    struct events e = walk(r, ANSWER, NULL);
    double sum = ms_between(e.first, e.last);
    if ((double)e.n == n) {
        walk(r, ANSWER, p);
    } else if (!isnan(sum)) {
        p->sum += sum;
        p->count += n - 1;
        p->n_summed += (size_t)n - 1;
    }
}

void peer_iperf_tpot(const struct request *r, struct peer_pool *p)
{
    if (!has_events(r, p))
        return;
    struct events e = walk(r, ANSWER, NULL);
    peer_pool_add(p, per_later_token(ms_between(e.first, e.last), told_tokens(r, p)));
}

void peer_iperf_ntpot(const struct request *r, struct peer_pool *p)
{
    peer_pool_add(p, ratio_or_nan(ms_from_sent(r, r->stamp[STAMP_DONE]), told_tokens(r, p)));
}

/* ---- genai-bench ----------------------------------------------------------------------------------------- */

/* It stops reading at the usage event. */
static mono_ns genai_end(const struct request *r)
{
    size_t at;
    mono_ns usage = usage_event(r, &at);
    return usage != MONO_NONE ? usage : r->stamp[STAMP_DONE];
}

static double genai_output_ms(const struct request *r)
{
    double ms = ms_between(r->stamp[STAMP_FIRST_TOKEN], genai_end(r));
    return ms >= 1 ? ms : NAN; /* taken for an error of the clock */
}

void peer_genai_tpot(const struct request *r, struct peer_pool *p)
{
    if (has_events(r, p))
        peer_pool_add(p, per_later_token(genai_output_ms(r), told_tokens(r, p)));
}

void peer_genai_e2e(const struct request *r, struct peer_pool *p)
{
    if (has_events(r, p))
        peer_pool_add(p, ms_from_sent(r, genai_end(r)));
}

void peer_genai_rate(const struct request *r, struct peer_pool *p)
{
    if (has_events(r, p))
        peer_pool_add(p, ratio_or_nan(1e3, per_later_token(genai_output_ms(r), told_tokens(r, p))));
}

/* ---- llmperf --------------------------------------------------------------------------------------------- */

void peer_llmperf_ttft(const struct request *r, struct peer_pool *p)
{
    if (has_events(r, p))
        peer_pool_add(p, ms_from_sent(r, walk(r, ANSWER, NULL).first));
}

/* It sums the time to the first text and the gaps after it, and divides by the events that came, which it
 * takes for tokens; it asks for no usage event. */
void peer_llmperf_itl(const struct request *r, struct peer_pool *p)
{
    if (has_events(r, p))
        peer_pool_add(p, ratio_or_nan(ms_from_sent(r, walk(r, ANSWER, NULL).last), (double)walk(r, CHOICES, NULL).n));
}

/* ---- MLPerf ---------------------------------------------------------------------------------------------- */

void peer_loadgen_ttft(const struct request *r, struct peer_pool *p)
{
    peer_pool_add(p, ms_between(r->stamp[STAMP_PLANNED], r->stamp[STAMP_FIRST_TOKEN]));
}

void peer_loadgen_tpot(const struct request *r, struct peer_pool *p)
{
    peer_pool_add(p, per_later_token(ms_between(r->stamp[STAMP_FIRST_TOKEN], r->stamp[STAMP_DONE]), told_tokens(r, p)));
}

void peer_loadgen_latency(const struct request *r, struct peer_pool *p)
{
    peer_pool_add(p, ms_between(r->stamp[STAMP_PLANNED], r->stamp[STAMP_DONE]));
}

/* It divides by the tokens of the text behind the first chunk. With as many chunks as tokens the first chunk
 * holds one; otherwise nobody but its tokenizer knows. */
void peer_endpoints_tpot(const struct request *r, struct peer_pool *p)
{
    double n = peer_tokens(r);
    if (!has_events(r, p))
        return;
    if ((double)walk(r, CONTENT, NULL).n != n)
        p->lack = peer_lack_tokenizer;
    else
        peer_pool_add(p, per_later_token(ms_between(r->stamp[STAMP_FIRST_TOKEN], r->stamp[STAMP_DONE]), n));
}

/* ---- Ollama: the server's own times ---------------------------------------------------------------------- */

void peer_ollama_prefill_rate(const struct request *r, struct peer_pool *p)
{
    peer_pool_add(p, ratio_or_nan(count_or_nan(r->usage.prompt_tok), count_or_nan(r->usage.prompt_eval_ns) / 1e9));
}

void peer_ollama_generate(const struct request *r, struct peer_pool *p)
{
    peer_pool_add(p, ratio_or_nan(count_or_nan(r->usage.eval_ns) / 1e6, count_or_nan(r->usage.completion_tok)));
}

void peer_ollama_generate_rate(const struct request *r, struct peer_pool *p)
{
    peer_pool_add(p, ratio_or_nan(count_or_nan(r->usage.completion_tok), count_or_nan(r->usage.eval_ns) / 1e9));
}

void peer_ollama_load(const struct request *r, struct peer_pool *p)
{
    peer_pool_add(p, count_or_nan(r->usage.load_ns) / 1e6);
}

void peer_ollama_total(const struct request *r, struct peer_pool *p)
{
    peer_pool_add(p, count_or_nan(r->usage.total_ns) / 1e6);
}
