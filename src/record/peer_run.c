/* peer_run.c: what other tools make of a run: tokens and requests per second, each over its own window. */
#include <math.h>

#include "record/metric_fns.h"
#include "record/peer_fns.h"

/* From the first `from` to the last `to`, in s; NaN when no request has them. Where no request's end is known (of imported
 * runs), the run's end stands for the last. */
static double window_s(const struct run *r, enum stamp from, enum stamp to, bool only_completed)
{
    mono_ns first = MONO_NONE, last = MONO_NONE;
    for (size_t i = 0; i < r->n_requests; i++) {
        const struct request *q = &r->requests[i];
        mono_ns a = q->stamp[from], b = q->stamp[to];
        if (only_completed && q->outcome != OUTCOME_OK)
            continue;
        first = a != MONO_NONE && (first == MONO_NONE || a < first) ? a : first;
        last = b != MONO_NONE && (last == MONO_NONE || b > last) ? b : last;
    }
    if (last == MONO_NONE && to == STAMP_DONE)
        last = r->ended_ns;
    return stamps_ns(first, last) / 1e9;
}

static double completed(const struct run *r)
{
    double n = 0;
    for (size_t i = 0; i < r->n_requests; i++)
        n += r->requests[i].outcome == OUTCOME_OK;
    return n;
}

/* Of the completed requests; NaN and the lack when one of them is not counted. */
static double tokens(const struct run *r, double (*count)(const struct request *), const char *lack,
                     struct peer_pool *p)
{
    double sum = 0;
    for (size_t i = 0; i < r->n_requests; i++)
        if (r->requests[i].outcome == OUTCOME_OK)
            sum += count(&r->requests[i]);
    if (isnan(sum))
        p->lack = lack;
    return sum;
}

static double told_tokens(const struct run *r, struct peer_pool *p)
{
    return tokens(r, peer_tokens, peer_lack_tokenizer, p);
}

void peer_run_no_tokenizer(const struct run *r, struct peer_pool *p)
{
    (void)r;
    p->lack = peer_lack_tokenizer;
}

/* ---- over the whole run, failed requests in the window --------------------------------------------------- */

double peer_whole_s(const struct run *r)
{
    return window_s(r, STAMP_SENT, STAMP_DONE, false);
}

void peer_whole_tokens(const struct run *r, struct peer_pool *p)
{
    peer_pool_add(p, ratio_or_nan(told_tokens(r, p), peer_whole_s(r)));
}

void peer_whole_requests(const struct run *r, struct peer_pool *p)
{
    peer_pool_add(p, ratio_or_nan(completed(r), peer_whole_s(r)));
}

void peer_guidellm_run_tokens(const struct run *r, struct peer_pool *p)
{
    peer_pool_add(p, ratio_or_nan(tokens(r, peer_guidellm_tokens, peer_lack_chunks, p), peer_whole_s(r)));
}

/* ---- AIPerf: first request to last response, of what completed ------------------------------------------- */

double peer_aiperf_s(const struct run *r)
{
    return window_s(r, STAMP_SENT, STAMP_LAST_TOKEN, true);
}

void peer_aiperf_tokens(const struct run *r, struct peer_pool *p)
{
    peer_pool_add(p, ratio_or_nan(told_tokens(r, p), peer_aiperf_s(r)));
}

void peer_aiperf_requests(const struct run *r, struct peer_pool *p)
{
    peer_pool_add(p, ratio_or_nan(completed(r), peer_aiperf_s(r)));
}

/* ---- LoadGen: until the request that was issued last is done, whatever is still under way ---------------- */

static double loadgen_s(const struct run *r)
{
    const struct request *last = NULL;
    mono_ns first = MONO_NONE;
    for (size_t i = 0; i < r->n_requests; i++) {
        const struct request *q = &r->requests[i];
        mono_ns t = q->stamp[STAMP_PLANNED];
        if (q->outcome != OUTCOME_OK || t == MONO_NONE)
            continue;
        first = first == MONO_NONE || t < first ? t : first;
        last = !last || t >= last->stamp[STAMP_PLANNED] ? q : last;
    }
    return last ? stamps_ns(first, last->stamp[STAMP_DONE]) / 1e9 : NAN;
}

void peer_loadgen_tokens(const struct run *r, struct peer_pool *p)
{
    peer_pool_add(p, ratio_or_nan(told_tokens(r, p), loadgen_s(r)));
}

void peer_loadgen_requests(const struct run *r, struct peer_pool *p)
{
    peer_pool_add(p, ratio_or_nan(completed(r) - 1, loadgen_s(r)));
}

/* ---- goodput --------------------------------------------------------------------------------------------- */

/* What a tool holds against the limits. */
struct judge {
    void (*ttft)(const struct request *, struct peer_pool *);
    void (*tpot)(const struct request *, struct peer_pool *);
    void (*e2e)(const struct request *, struct peer_pool *);
    bool undefined_is_good;
};

static const struct judge vllm = {peer_vllm_ttft, peer_vllm_tpot, peer_vllm_e2e, true};
static const struct judge aiperf = {peer_sent_to_first_token, peer_aiperf_itl, peer_sent_to_last_token, false};
static const struct judge iperf = {peer_iperf_ttft, peer_iperf_tpot, peer_sent_to_done, false};

static bool within(const struct request *r, void (*of)(const struct request *, struct peer_pool *), double limit,
                   const struct judge *j, struct peer_pool *p)
{
    struct peer_pool one = {0};
    if (!(limit > 0))
        return true;
    of(r, &one);
    bool good = one.n ? one.at[0] <= limit : j->undefined_is_good;
    if (one.lack)
        p->lack = one.lack;
    peer_pool_release(&one);
    return good;
}

static double good_requests(const struct run *r, const struct judge *j, struct peer_pool *p)
{
    const struct peer_limits *limits = p->limits;
    double n = 0;
    if (!limits)
        p->lack = peer_lack_limits;
    for (size_t i = 0; limits && i < r->n_requests; i++) {
        const struct request *q = &r->requests[i];
        n += q->outcome == OUTCOME_OK && within(q, j->ttft, limits->ttft_ms, j, p) &&
             within(q, j->tpot, limits->tpot_ms, j, p) && within(q, j->e2e, limits->e2e_ms, j, p);
    }
    return n;
}

static double sent(const struct run *r)
{
    double n = 0;
    for (size_t i = 0; i < r->n_requests; i++)
        n += r->requests[i].stamp[STAMP_SENT] != MONO_NONE;
    return n;
}

void peer_vllm_goodput(const struct run *r, struct peer_pool *p)
{
    peer_pool_add(p, ratio_or_nan(good_requests(r, &vllm, p), peer_whole_s(r)));
}

void peer_aiperf_goodput(const struct run *r, struct peer_pool *p)
{
    peer_pool_add(p, ratio_or_nan(good_requests(r, &aiperf, p), peer_aiperf_s(r)));
}

void peer_aiperf_good_fraction(const struct run *r, struct peer_pool *p)
{
    peer_pool_add(p, ratio_or_nan(good_requests(r, &aiperf, p), sent(r)));
}

void peer_iperf_goodput(const struct run *r, struct peer_pool *p)
{
    peer_pool_add(p, ratio_or_nan(good_requests(r, &iperf, p), window_s(r, STAMP_SENT, STAMP_DONE, true)));
}

void peer_iperf_good_share(const struct run *r, struct peer_pool *p)
{
    peer_pool_add(p, ratio_or_nan(100 * good_requests(r, &iperf, p), completed(r)));
}
