/* load.c: see load.h. */
#include "analysis/load.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "record/verdict.h"
#include "stats/proportion.h"
#include "stats/quantile.h"
#include "stats/renewal.h"
#include "stats/steady.h"
#include "stats/survival.h"

static const double tail_p[LOAD_TAILS] = {0.50, 0.90, 0.99};
/* What each is the time between; no stamp of tpot is one that a cut-off request waits for. */
static const struct {
    const char *id;
    enum stamp from, to;
} latency_rows[LOAD_LATENCIES] = {{"ttft", STAMP_SENT, STAMP_FIRST_TOKEN},
                                  {"ttft.planned", STAMP_PLANNED, STAMP_FIRST_TOKEN},
                                  {"tpot", STAMP_COUNT, STAMP_COUNT},
                                  {"e2e", STAMP_SENT, STAMP_DONE},
                                  {"e2e.planned", STAMP_PLANNED, STAMP_DONE}};
enum { TTFT = 0, E2E = 3 }; /* places in it */

bool load_is(const struct run *r)
{
    return r->n_sessions && !run_is_agent(r);
}

const char *tail_state_word(enum tail_state s)
{
    static const char *const words[] = {
#define X(name, word) word,
        TAIL_STATE_LIST(X)
#undef X
    };
    return (unsigned)s <= TAIL_UNRESOLVED ? words[s] : "?";
}

/* ---- series in the order of sending ------------------------------------------------------------------------ */

/* Stored stamps may be anything: what is no time, or too far away for a difference, is not sent. */
static bool was_sent(const struct request *q)
{
    int64_t d;
    mono_ns sent = q->stamp[STAMP_SENT], done = q->stamp[STAMP_DONE];
    return sent != MONO_NONE && done != MONO_NONE && !__builtin_sub_overflow(done, sent, &d) && d >= 0;
}

static int by_sent(const void *a, const void *b)
{
    const struct request *x = *(const struct request *const *)a, *y = *(const struct request *const *)b;
    mono_ns s = x->stamp[STAMP_SENT], t = y->stamp[STAMP_SENT];
    if (s != t)
        return s < t ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static int by_time(const void *a, const void *b)
{
    mono_ns x = *(const mono_ns *)a, y = *(const mono_ns *)b;
    return (x > y) - (x < y);
}

struct sends {
    const struct request **at; /* owned; those of the window that were sent, in that order */
    double *in_flight;         /* owned; how many others, of the warm-up too, were in flight at each send */
    size_t n;
};

/* A request that ends in the nanosecond in which another is sent is no longer in flight. */
static void count_in_flight(struct sends *s)
{
    mono_ns *done = xmalloc((s->n + 1) * sizeof *done);
    for (size_t i = 0; i < s->n; i++)
        done[i] = s->at[i]->stamp[STAMP_DONE];
    if (s->n)
        qsort(done, s->n, sizeof *done, by_time);
    for (size_t i = 0, ended = 0; i < s->n; i++) {
        while (ended < i && done[ended] <= s->at[i]->stamp[STAMP_SENT])
            ended++;
        s->in_flight[i] = (double)(i - ended);
    }
    free(done);
}

static void drop_warmup(struct sends *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (!(s->at[i]->flags & REQUEST_WARMUP)) {
            s->at[n] = s->at[i];
            s->in_flight[n++] = s->in_flight[i];
        }
    s->n = n;
}

static void sends_init(struct sends *s, const struct run *r)
{
    size_t all = r->n_requests + r->n_warmup;
    *s = (struct sends){.at = xmalloc((all + 1) * sizeof *s->at), .in_flight = xcalloc(all + 1, sizeof *s->in_flight)};
    for (size_t i = 0; i < all; i++)
        if (was_sent(&r->requests[i]))
            s->at[s->n++] = &r->requests[i];
    if (s->n)
        qsort(s->at, s->n, sizeof *s->at, by_sent);
    count_in_flight(s);
    drop_warmup(s);
}

/* Time of all requests, those of the warm-up too, between sent and done, as far as it lies between the two. */
static double together_ns(const struct run *r, mono_ns begin, mono_ns end)
{
    double sum = 0;
    for (size_t i = 0; i < r->n_requests + r->n_warmup; i++) {
        mono_ns sent = r->requests[i].stamp[STAMP_SENT], done = r->requests[i].stamp[STAMP_DONE];
        mono_ns from = sent < begin ? begin : sent, to = done < end ? done : end;
        if (was_sent(&r->requests[i]) && to > from)
            sum += (double)(to - from);
    }
    return sum;
}

static void in_flight_of(const struct sends *s, const struct run *r, struct load_run *out)
{
    for (size_t i = 0; i < s->n; i++)
        out->in_flight_max = (size_t)fmax((double)out->in_flight_max, s->in_flight[i] + 1);
    out->in_flight_mean = out->window_s > 0
                              ? together_ns(r, r->sessions[0].released_ns, INT64_MAX) / 1e9 / out->window_s
                              : NAN;
}

static void sends_release(struct sends *s)
{
    free(s->at);
    free(s->in_flight);
}

static size_t values_of(const struct sends *s, const struct metric *m, double *out)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        double v = s->at[i]->outcome == OUTCOME_OK ? m->of_request(s->at[i]) : NAN;
        if (isfinite(v))
            out[n++] = v;
    }
    return n;
}

/* ---- rates ------------------------------------------------------------------------------------------------- */

static double rate_of(const struct run *r, enum stamp s)
{
    mono_ns first = INT64_MAX, last = INT64_MIN;
    int64_t span;
    size_t n = 0;
    for (size_t i = 0; i < r->n_requests; i++) {
        mono_ns t = r->requests[i].stamp[s];
        if (t == MONO_NONE)
            continue;
        first = t < first ? t : first;
        last = t > last ? t : last;
        n++;
    }
    if (n < 2 || __builtin_sub_overflow(last, first, &span) || span <= 0)
        return NAN;
    return (double)(n - 1) / ((double)span / 1e9);
}

static double output_of(const struct run *r)
{
    double sum = 0;
    for (size_t i = 0; i < r->n_requests; i++) {
        const struct request *q = &r->requests[i];
        if (q->usage.completion_tok >= 0)
            sum += (double)q->usage.completion_tok;
        else if (q->outcome == OUTCOME_OK)
            return NAN;
    }
    return sum;
}

static void count_late(const struct run *r, struct load_run *out)
{
    const struct metric *lag = metric_find("send_lag");
    out->late_limit_ms = fmax(1.0, 0.01 * run_median_of(r, out->latency[E2E].metric)); /* fmax ignores a NaN */
    for (size_t i = 0; i < r->n_requests; i++)
        out->late += lag->of_request(&r->requests[i]) / 1e3 > out->late_limit_ms;
}

/* ---- tails ------------------------------------------------------------------------------------------------- */

static enum tail_state state_of(double m)
{
    const double fuzz = 1e-9; /* 100 (1 - 0.9) is not quite 10 */
    return m >= LOAD_M_OK - fuzz ? TAIL_OK : m >= LOAD_M_WEAK - fuzz ? TAIL_WEAK : TAIL_UNRESOLVED; /* NaN too */
}

/* Values for an m of LOAD_M_OK when n gave this one; without an m, what independent values would need. */
static double needed(double n, double m, double p)
{
    return ceil((m > 0 ? n * LOAD_M_OK / m : LOAD_M_OK / (1 - p)) - 1e-9);
}

/* A run whose slow spells happened to be short shows a tail that is too low and looks too sure at once. Its middle, with
 * many more exceedances, tells better how long the queue remembers: a percentile is taken for no surer than the lower
 * ones, nor than independent values. *inflation: the most so far, 1 at first. */
static struct load_tail tail_of(const double *x, const double *sorted, size_t n, double p, double *inflation)
{
    struct steady_section s = steady_section_quantile(x, sorted, n, p, LOAD_SECTIONS, *inflation, 0.95);
    *inflation = fmax(*inflation, s.inflation); /* ignores a NaN */
    struct load_tail t = {.p = p, .lo = s.lo, .hi = s.hi, .m = s.m, .need_n = NAN, .need_s = NAN};
    t.q = n ? sorted[(size_t)fmax(1, ceil(p * (double)n - 1e-9)) - 1] : NAN;
    if (p == tail_p[0]) { /* one run has one median in a report */
        t.q = quantile_hf7(sorted, n, p);
        t.hi = fmax(t.hi, n >= LOAD_SECTIONS ? t.q : NAN);
    }
    t.state = state_of(t.m);
    if (t.state != TAIL_OK)
        t.need_n = needed((double)n, t.m, p);
    return t;
}

static void tails_of(const double *x, const double *sorted, size_t n, struct load_tail *out)
{
    double inflation = 1;
    for (size_t k = 0; k < LOAD_TAILS; k++)
        out[k] = tail_of(x, sorted, n, tail_p[k], &inflation);
}

/* A connection that never came was not sent: how long its answer would have taken is not told. */
static bool is_cut_off(enum outcome o)
{
    return o == OUTCOME_TIMEOUT_FIRST_BYTE || o == OUTCOME_TIMEOUT_IDLE || o == OUTCOME_TIMEOUT_TOTAL ||
           o == OUTCOME_CANCELLED;
}

/* Of latency i, in the order of sending; *cut_off counts the last kind. */
static size_t times_of(const struct sends *s, size_t i, struct survival_time *out, size_t *cut_off)
{
    const struct metric *m = metric_find(latency_rows[i].id);
    enum stamp from = latency_rows[i].from, to = latency_rows[i].to;
    size_t n = 0;
    for (size_t k = 0; k < s->n; k++) {
        const struct request *q = s->at[k];
        int64_t ns;
        bool cut = is_cut_off(q->outcome) && from != STAMP_COUNT;
        bool ended = q->outcome == OUTCOME_OK || (cut && to != STAMP_DONE && q->stamp[to] != MONO_NONE);
        double value = ended ? m->of_request(q) : NAN;
        if (cut && !ended && q->stamp[from] != MONO_NONE &&
            !__builtin_sub_overflow(q->stamp[STAMP_DONE], q->stamp[from], &ns))
            value = (double)ns / 1e6;
        if (!isfinite(value))
            continue;
        out[n++] = (struct survival_time){value, ended};
        *cut_off += !ended;
    }
    return n;
}

static void plain_tails(const struct survival_time *t, struct load_latency *l)
{
    double *x = xmalloc((l->n + 1) * sizeof *x), *sorted = xmalloc((l->n + 1) * sizeof *sorted);
    for (size_t i = 0; i < l->n; i++)
        sorted[i] = x[i] = t[i].t;
    quantile_sort(sorted, l->n);
    tails_of(x, sorted, l->n, l->tail);
    free(x);
    free(sorted);
}

static void cut_off_tails(const struct survival_time *t, struct load_latency *l)
{
    struct survival_time *sorted = xmalloc(l->n * sizeof *sorted);
    struct survival_point *curve = xmalloc(l->n * sizeof *curve);
    memcpy(sorted, t, l->n * sizeof *sorted);
    size_t points = survival_curve(sorted, l->n, curve);
    double inflation = 1;
    for (size_t k = 0; k < LOAD_TAILS; k++) {
        double p = tail_p[k];
        struct steady_section s = survival_section_quantile(t, l->n, curve, points, p, LOAD_SECTIONS, inflation, 0.95);
        inflation = fmax(inflation, s.inflation); /* as in tail_of */
        struct load_tail *tail = &l->tail[k];
        *tail = (struct load_tail){p, survival_quantile(curve, points, p), s.lo, s.hi, s.m, state_of(s.m), NAN, NAN};
        if (tail->state != TAIL_OK)
            tail->need_n = needed((double)l->n, s.m, p);
    }
    free(sorted);
    free(curve);
}

static void latency_of(const struct sends *s, size_t i, struct load_latency *l)
{
    struct survival_time *t = xmalloc((s->n + 1) * sizeof *t);
    *l = (struct load_latency){.metric = metric_find(latency_rows[i].id), .max = NAN};
    l->n = times_of(s, i, t, &l->cut_off);
    for (size_t k = 0; k < l->n; k++)
        l->max = fmax(l->max, t[k].t); /* fmax ignores a NaN */
    if (l->cut_off)
        cut_off_tails(t, l);
    else
        plain_tails(t, l);
    free(t);
}

/* Everything is in the queue's hands: while time to first token or the requests in flight have not shown their own tail,
 * an m of another metric looks better than it is. */
static void cap_by_driver(struct load_run *out, const struct load_tail *in_flight, double sends)
{
    for (size_t k = 0; k < LOAD_TAILS; k++) {
        struct load_tail ttft = out->latency[TTFT].tail[k];
        enum tail_state driver = ttft.state > in_flight[k].state ? ttft.state : in_flight[k].state;
        double driver_n = fmax(ttft.need_n, in_flight[k].need_n);
        for (size_t i = 0; i < LOAD_LATENCIES; i++) {
            struct load_tail *t = &out->latency[i].tail[k];
            if (driver == TAIL_OK || !out->latency[i].n)
                continue;
            t->state = t->state == TAIL_OK ? TAIL_WEAK : t->state;
            t->need_n = fmax(t->need_n, driver_n);
        }
    }
    for (size_t i = 0; i < LOAD_LATENCIES; i++)
        for (size_t k = 0; k < LOAD_TAILS; k++)
            out->latency[i].tail[k].need_s = out->latency[i].tail[k].need_n / sends * out->window_s;
}

static void latencies(const struct sends *s, struct load_run *out)
{
    struct load_tail in_flight[LOAD_TAILS];
    double *sorted = xmalloc((s->n + 1) * sizeof *sorted);
    for (size_t i = 0; i < LOAD_LATENCIES; i++)
        latency_of(s, i, &out->latency[i]);
    memcpy(sorted, s->in_flight, s->n * sizeof *sorted);
    quantile_sort(sorted, s->n);
    tails_of(s->in_flight, sorted, s->n, in_flight);
    cap_by_driver(out, in_flight, (double)s->n);
    free(sorted);
}

/* ---- warm-up and stalls ------------------------------------------------------------------------------------ */

static void settle(struct load_warmup *w, const char *name, const double *x, size_t n)
{
    struct steady_mser m = steady_mser5(x, n, NULL);
    if (m.n_batches < 2)
        return;
    if (!w->by || (w->settled && !m.settled) || (w->settled == m.settled && m.truncate > w->drop)) {
        w->by = name;
        w->drop = m.truncate;
        w->settled = m.settled;
    }
}

static void warmup_of(const struct sends *s, struct load_run *out)
{
    double *x = xmalloc((s->n + 1) * sizeof *x);
    out->warmup.n = s->n;
    settle(&out->warmup, "ttft", x, values_of(s, out->latency[TTFT].metric, x));
    settle(&out->warmup, "e2e", x, values_of(s, out->latency[E2E].metric, x));
    settle(&out->warmup, "in flight", s->in_flight, s->n);
    free(x);
}

static void one_stream(const struct request *q, struct load_streams *out)
{
    double gap = metric_find("gap.max")->of_request(q), wait = metric_find("reader.wait")->of_request(q);
    if (isnan(gap))
        return;
    out->n++;
    out->stalled += gap > METRIC_STALL_MS;
    if (!(gap <= out->gap_max_ms)) { /* NaN at first */
        out->gap_max_ms = gap;
        out->gap_max_seq = q->seq;
    }
    if (isnan(wait))
        return;
    out->readers++;
    out->waited += wait > 0;
    out->wait_max_ms = fmax(out->wait_max_ms, wait);
}

static void streams_of(const struct run *r, struct load_streams *out)
{
    double stalled_ms = 0, text_ms = 0;
    *out = (struct load_streams){.gap_max_ms = NAN, .gap_max_seq = -1, .stall_share = NAN, .wait_max_ms = NAN};
    for (size_t i = 0; i < r->n_requests; i++) {
        const struct request *q = &r->requests[i];
        int64_t ns;
        if (q->outcome != OUTCOME_OK) {
            out->broken += q->stamp[STAMP_FIRST_TOKEN] != MONO_NONE;
            continue;
        }
        one_stream(q, out);
        double stalled = metric_find("stall.time")->of_request(q);
        if (isnan(stalled) || __builtin_sub_overflow(q->stamp[STAMP_LAST_TOKEN], q->stamp[STAMP_FIRST_TOKEN], &ns))
            continue;
        stalled_ms += stalled;
        text_ms += (double)ns / 1e6;
    }
    if (text_ms > 0)
        out->stall_share = stalled_ms / text_ms;
}

static void balance_of(const struct run *r, const struct sends *s, struct load_balance *out)
{
    double sum_ns = 0;
    int64_t span_ns;
    *out = (struct load_balance){NAN, NAN};
    if (s->n < 2)
        return;
    mono_ns first = s->at[0]->stamp[STAMP_SENT], last = s->at[s->n - 1]->stamp[STAMP_SENT];
    if (__builtin_sub_overflow(last, first, &span_ns) || span_ns <= 0)
        return;
    for (size_t i = 0; i < s->n; i++)
        sum_ns += (double)(s->at[i]->stamp[STAMP_DONE] - s->at[i]->stamp[STAMP_SENT]);
    double n = (double)s->n;
    out->in_flight = together_ns(r, first, last) / (double)span_ns;
    out->law = steady_in_flight((n - 1) / ((double)span_ns / 1e9), sum_ns / n / 1e9);
}

void load_of_run(const struct run *r, struct load_run *out)
{
    struct sends s;
    *out = (struct load_run){.run = r, .counts = run_count(r)};
    out->errors = proportion_wilson((size_t)(out->counts.failed + out->counts.unsent), (size_t)out->counts.planned,
                                    0.95);
    out->window_s = metric_find("makespan")->of_run(r);
    out->planned_rate = rate_of(r, STAMP_PLANNED);
    out->sent_rate = rate_of(r, STAMP_SENT);
    out->completed_rate = out->window_s > 0 ? (double)out->counts.completed / out->window_s : NAN;
    out->output_tok = output_of(r);
    out->output_rate = metric_find("output_rate.system")->of_run(r);
    sends_init(&s, r);
    in_flight_of(&s, r, out);
    latencies(&s, out);
    count_late(r, out);
    warmup_of(&s, out);
    streams_of(r, &out->streams);
    balance_of(r, &s, &out->balance);
    out->conversations = r->n_sessions > 1 ? r->n_sessions : 0;
    for (size_t i = 0; i < out->conversations; i++)
        out->cut_short += !r->sessions[i].ok;
    sends_release(&s);
}

/* ---- arrivals ---------------------------------------------------------------------------------------------- */

/* In operational time (rate 1), and the least and the most that each can have been. */
struct gaps {
    double *at, *low, *high; /* owned */
    size_t n;
};

/* Offsets from the run's start; those that are too far from it for a difference, or before it, count as 0. */
static int64_t offset_of(mono_ns t, mono_ns start)
{
    int64_t d;
    return __builtin_sub_overflow(t, start, &d) || d < 0 ? 0 : d;
}

static double expected(const struct load_law *law, int64_t at_ns)
{
    return rate_expected(law->stages, law->n_stages, at_ns);
}

static void gaps_init(struct gaps *g, const struct sends *s, const struct run *r, const struct load_law *law,
                      bool from_start)
{
    size_t bytes = (s->n + 1) * sizeof(double);
    double lag_us = r->health.send_lag_p99_us, before = 0;
    int64_t lag_ns = lag_us > 1e-3 && lag_us < 1e12 ? llround(lag_us * 1e3) : 1;
    *g = (struct gaps){xmalloc(bytes), xmalloc(bytes), xmalloc(bytes), 0};
    for (size_t i = 0; i < s->n; i++) {
        int64_t at_ns = offset_of(s->at[i]->stamp[STAMP_SENT], r->started_ns);
        int64_t late_ns = at_ns < INT64_MAX - lag_ns ? at_ns + lag_ns : at_ns;
        double now = expected(law, at_ns);
        if (i || from_start) {
            g->at[g->n] = now - before;
            g->low[g->n] = fmax(0, expected(law, at_ns - lag_ns) - before);
            g->high[g->n++] = expected(law, late_ns) - before;
        }
        before = now;
    }
}

/* Answers decide when further turns leave. */
static void keep_first_turns(struct sends *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (!s->at[i]->turn)
            s->at[n++] = s->at[i];
    s->n = n;
}

void load_arrivals_of_run(const struct run *r, const struct load_law *law, struct load_arrivals *out)
{
    struct sends s;
    struct gaps g;
    struct renewal_test t;
    bool random = isfinite(law->shape);
    sends_init(&s, r);
    if (r->n_sessions > 1)
        keep_first_turns(&s);
    /* a random law's first gap begins at the start; the first send of a constant one, or behind a warm-up, opens its first
     * gap */
    gaps_init(&g, &s, r, law, random && !r->n_warmup);
    *out = (struct load_arrivals){s.n, renewal_cv2(g.at, g.n), random ? 1 / law->shape : 0, false, NAN, NAN, NAN, NAN};
    if (random && s.n >= RENEWAL_MIN_N) {
        renewal_test(g.at, g.low, g.high, g.n, law->shape, &t);
        out->tested = true;
        out->ks_p = t.ks_p;
        out->dispersion_p = t.dispersion.p;
        out->acf1_p = t.acf1.p;
        out->p = t.p;
    }
    free(g.at);
    free(g.low);
    free(g.high);
    sends_release(&s);
}
