/* load.c: see load.h. */
#include "analysis/load.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "record/verdict.h"
#include "stats/quantile.h"
#include "stats/renewal.h"
#include "stats/steady.h"

static const double tail_p[LOAD_TAILS] = {0.50, 0.90, 0.99};
static const char *const latency_ids[LOAD_LATENCIES] = {"ttft", "ttft.planned", "tpot", "e2e", "e2e.planned"};
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
    const struct request **at; /* owned; those that were sent, in that order */
    double *in_flight;         /* owned; how many others were in flight at each send */
    size_t n;
};

/* A request that ends in the nanosecond in which another is sent is no longer in flight. */
static void count_in_flight(struct sends *s, struct load_run *out)
{
    mono_ns *done = xmalloc((s->n + 1) * sizeof *done);
    double together_ns = 0;
    for (size_t i = 0; i < s->n; i++) {
        done[i] = s->at[i]->stamp[STAMP_DONE];
        together_ns += (double)(done[i] - s->at[i]->stamp[STAMP_SENT]);
    }
    if (s->n)
        qsort(done, s->n, sizeof *done, by_time);
    for (size_t i = 0, ended = 0; i < s->n; i++) {
        while (ended < i && done[ended] <= s->at[i]->stamp[STAMP_SENT])
            ended++;
        s->in_flight[i] = (double)(i - ended);
        out->in_flight_max = i - ended + 1 > out->in_flight_max ? i - ended + 1 : out->in_flight_max;
    }
    out->in_flight_mean = out->window_s > 0 ? together_ns / 1e9 / out->window_s : NAN;
    free(done);
}

static void sends_init(struct sends *s, const struct run *r)
{
    *s = (struct sends){.at = xmalloc((r->n_requests + 1) * sizeof *s->at),
                        .in_flight = xcalloc(r->n_requests + 1, sizeof *s->in_flight)};
    for (size_t i = 0; i < r->n_requests; i++)
        if (was_sent(&r->requests[i]))
            s->at[s->n++] = &r->requests[i];
    if (s->n)
        qsort(s->at, s->n, sizeof *s->at, by_sent);
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
    struct steady_section s = steady_section_quantile(x, sorted, n, p, LOAD_SECTIONS, 0.95);
    steady_section_widen(&s, sorted, n, p, LOAD_SECTIONS, 0.95, *inflation);
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

static void latency_of(const struct sends *s, struct load_latency *l, double *x, double *sorted)
{
    l->n = values_of(s, l->metric, x);
    memcpy(sorted, x, l->n * sizeof *x);
    quantile_sort(sorted, l->n);
    l->max = l->n ? sorted[l->n - 1] : NAN;
    tails_of(x, sorted, l->n, l->tail);
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
    double *x = xmalloc((s->n + 1) * sizeof *x), *sorted = xmalloc((s->n + 1) * sizeof *sorted);
    for (size_t i = 0; i < LOAD_LATENCIES; i++) {
        out->latency[i].metric = metric_find(latency_ids[i]);
        latency_of(s, &out->latency[i], x, sorted);
    }
    memcpy(sorted, s->in_flight, s->n * sizeof *sorted);
    quantile_sort(sorted, s->n);
    tails_of(s->in_flight, sorted, s->n, in_flight);
    cap_by_driver(out, in_flight, (double)s->n);
    free(x);
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

static void stalls_of(const struct run *r, struct load_run *out)
{
    const struct metric *gap = metric_find("gap.max");
    for (size_t i = 0; i < r->n_requests; i++) {
        const struct request *q = &r->requests[i];
        double ms = q->outcome == OUTCOME_OK ? gap->of_request(q) : NAN;
        if (!isfinite(ms))
            continue;
        out->streamed++;
        out->stalled += ms > LOAD_STALL_MS;
        if (!(ms <= out->gap_max_ms)) { /* NaN at first */
            out->gap_max_ms = ms;
            out->gap_max_seq = q->seq;
        }
    }
}

void load_of_run(const struct run *r, struct load_run *out)
{
    struct sends s;
    *out = (struct load_run){.run = r, .counts = run_count(r), .gap_max_ms = NAN, .gap_max_seq = -1};
    out->window_s = metric_find("makespan")->of_run(r);
    out->planned_rate = rate_of(r, STAMP_PLANNED);
    out->sent_rate = rate_of(r, STAMP_SENT);
    out->completed_rate = out->window_s > 0 ? (double)out->counts.completed / out->window_s : NAN;
    out->output_tok = output_of(r);
    out->output_rate = metric_find("output_rate.system")->of_run(r);
    sends_init(&s, r);
    count_in_flight(&s, out);
    latencies(&s, out);
    count_late(r, out);
    warmup_of(&s, out);
    stalls_of(r, out);
    sends_release(&s);
}

/* ---- arrivals ---------------------------------------------------------------------------------------------- */

struct gaps {
    double *at, *low, *high; /* owned; times the rate, and the least and the most that they can have been */
    size_t n;
};

static void gaps_init(struct gaps *g, const struct sends *s, mono_ns before, double rate, double lag_s)
{
    size_t bytes = (s->n + 1) * sizeof(double);
    *g = (struct gaps){xmalloc(bytes), xmalloc(bytes), xmalloc(bytes), 0};
    for (size_t i = 0; i < s->n; i++) {
        int64_t gap_ns;
        mono_ns now = s->at[i]->stamp[STAMP_SENT];
        if (before != MONO_NONE && !__builtin_sub_overflow(now, before, &gap_ns) && gap_ns >= 0) {
            double gap = (double)gap_ns / 1e9;
            g->at[g->n] = gap * rate;
            g->low[g->n] = fmax(0, gap - lag_s) * rate;
            g->high[g->n++] = (gap + lag_s) * rate;
        }
        before = now;
    }
}

void load_arrivals_of_run(const struct run *r, const struct load_law *law, struct load_arrivals *out)
{
    struct sends s;
    struct gaps g;
    struct renewal_test t;
    bool random = isfinite(law->shape);
    double lag_us = r->health.send_lag_p99_us;
    sends_init(&s, r);
    /* a random law's first gap begins at the release; the first send of a constant one opens its first gap */
    gaps_init(&g, &s, random && r->n_sessions ? r->sessions[0].released_ns : MONO_NONE, law->rate,
              lag_us > 0 ? lag_us / 1e6 : 1e-9);
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
