/* metric_run.c: the metrics of a session and of a run, and the run's median of any metric. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "record/metric.h"
#include "record/metric_fns.h"
#include "record/peer.h"
#include "stats/quantile.h"

/* ---- session ------------------------------------------------------------------------------------------- */

double metric_session_duration(const struct run *r, const struct session *s)
{
    (void)r;
    return stamps_ns(s->released_ns, s->ended_ns) / 1e9;
}

/* A completed request that does not tell its count makes the sum unknown; a failed one adds what it told. A run without any
 * request (an imported one) does not tell what its sessions asked for. */
double metric_session_tokens(const struct run *r, const struct session *s)
{
    double sum = r->n_requests ? 0 : NAN;
    for (size_t i = 0; i < r->n_requests; i++) {
        const struct request *q = &r->requests[i];
        if (q->session != s->number)
            continue;
        if (q->usage.completion_tok >= 0)
            sum += (double)q->usage.completion_tok;
        else if (q->outcome == OUTCOME_OK)
            return NAN;
    }
    return sum;
}

double metric_session_rate(const struct run *r, const struct session *s)
{
    return ratio_or_nan(metric_session_tokens(r, s), metric_session_duration(r, s));
}

/* Requests of one session follow each other; should two overlap, the shared time is taken once. */
double metric_session_think(const struct run *r, const struct session *s)
{
    double in_request = r->n_requests ? 0 : NAN;
    mono_ns covered = s->released_ns;
    for (size_t i = 0; i < r->n_requests; i++) {
        const struct request *q = &r->requests[i];
        mono_ns from = q->stamp[STAMP_SENT], to = q->stamp[STAMP_DONE];
        if (q->session != s->number || from == MONO_NONE || to == MONO_NONE || to <= covered)
            continue;
        in_request += stamps_ns(from > covered ? from : covered, to);
        covered = to;
    }
    return metric_session_duration(r, s) - in_request / 1e9;
}

/* ---- run ----------------------------------------------------------------------------------------------- */

double metric_makespan(const struct run *r)
{
    if (!r->n_sessions)
        return NAN;
    mono_ns first = r->sessions[0].released_ns, last = r->sessions[0].ended_ns;
    for (size_t i = 0; i < r->n_sessions; i++) {
        const struct session *s = &r->sessions[i];
        if (s->released_ns == MONO_NONE || s->ended_ns == MONO_NONE)
            return NAN;
        first = s->released_ns < first ? s->released_ns : first;
        last = s->ended_ns > last ? s->ended_ns : last;
    }
    return stamps_ns(first, last) / 1e9;
}

/* Tokens of all sessions in one pass: a load run has as many sessions as requests. Same rules as
 * session.tokens. sessions[i] has the number i; slot n takes the requests of no session. Owned by the
 * caller. */
static double *tokens_by_session(const struct run *r)
{
    double *sum = xcalloc(r->n_sessions + 1, sizeof *sum);
    for (size_t i = 0; i < r->n_requests; i++) {
        const struct request *q = &r->requests[i];
        size_t s = q->session >= 0 && (size_t)q->session < r->n_sessions ? (size_t)q->session : r->n_sessions;
        if (q->usage.completion_tok >= 0)
            sum[s] += (double)q->usage.completion_tok;
        else if (q->outcome == OUTCOME_OK)
            sum[s] = NAN;
    }
    return sum;
}

double metric_output_rate_system(const struct run *r)
{
    double *tokens = tokens_by_session(r), sum = r->n_requests ? 0 : NAN;
    for (size_t i = 0; i <= r->n_sessions; i++)
        sum += tokens[i];
    free(tokens);
    return ratio_or_nan(sum, metric_makespan(r));
}

double metric_overlap(const struct run *r)
{
    if (r->n_sessions != 2)
        return NAN;
    double a = metric_session_duration(r, &r->sessions[0]), b = metric_session_duration(r, &r->sessions[1]);
    return isnan(a) || isnan(b) || a < 0 || b < 0 ? NAN : 50 * (1 + ratio_or_nan(fmin(a, b), fmax(a, b)));
}

double metric_contention_tr110(const struct run *r)
{
    if (r->n_sessions != 2)
        return NAN;
    double sum = metric_session_duration(r, &r->sessions[0]) + metric_session_duration(r, &r->sessions[1]);
    double speedup = ratio_or_nan(sum, metric_makespan(r));
    return isnan(speedup) ? NAN : speedup < 1.5;
}

double metric_jain(const struct run *r)
{
    double sum = 0, squares = 0;
    if (r->n_sessions < 2)
        return NAN;
    double *tokens = tokens_by_session(r);
    for (size_t i = 0; i < r->n_sessions; i++) {
        double rate = ratio_or_nan(tokens[i], metric_session_duration(r, &r->sessions[i]));
        sum += rate;
        squares += rate * rate;
    }
    free(tokens);
    return ratio_or_nan(sum * sum, (double)r->n_sessions * squares);
}

double metric_requests_failed(const struct run *r)
{
    struct run_counts c = run_count(r);
    return ratio_or_nan((double)(c.failed + c.unsent), (double)c.planned);
}

/* ---- one number of a run for any metric ---------------------------------------------------------------- */

/* A load run has as many sessions as requests, and each session's metric looks through all requests it is
 * given. So that this stays linear, the requests are laid out by session once (a copy of the structs,
 * stable, borrowing what they own), and each session is shown a run that holds only its own. */
static struct request *by_session(const struct run *r, size_t *first)
{
    struct request *sorted = xmalloc((r->n_requests + 1) * sizeof *sorted);
    for (size_t i = 0; i < r->n_requests; i++)
        first[(size_t)r->requests[i].session + 1]++;
    for (size_t s = 0; s < r->n_sessions; s++)
        first[s + 1] += first[s];
    size_t *next = xmalloc((r->n_sessions + 1) * sizeof *next);
    memcpy(next, first, (r->n_sessions + 1) * sizeof *next);
    for (size_t i = 0; i < r->n_requests; i++)
        sorted[next[r->requests[i].session]++] = r->requests[i];
    free(next);
    return sorted;
}

static bool is_numbered(const struct run *r)
{
    for (size_t i = 0; i < r->n_sessions; i++)
        if (r->sessions[i].number < 0 || (size_t)r->sessions[i].number != i)
            return false;
    for (size_t i = 0; i < r->n_requests; i++)
        if (r->requests[i].session < 0 || (size_t)r->requests[i].session >= r->n_sessions)
            return false;
    return true;
}

static size_t values_of_sessions(const struct run *r, const struct metric *m, double *out)
{
    enum { FEW = 16 };
    size_t n = 0, *first = xcalloc(r->n_sessions + 2, sizeof *first);
    struct request *sorted = r->n_sessions > FEW && is_numbered(r) ? by_session(r, first) : NULL;
    for (size_t i = 0; i < r->n_sessions; i++) {
        struct run own = *r;
        if (sorted) {
            own.requests = sorted + first[i];
            own.n_requests = first[i + 1] - first[i];
        }
        double v = m->of_session(&own, &r->sessions[i]);
        if (isfinite(v))
            out[n++] = v;
    }
    free(sorted);
    free(first);
    return n;
}

static size_t values_of_requests(const struct run *r, const struct metric *m, double *out)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_requests; i++) {
        double v = r->requests[i].outcome == OUTCOME_OK ? m->of_request(&r->requests[i]) : NAN;
        if (isfinite(v))
            out[n++] = v;
    }
    return n;
}

double run_median_of(const struct run *r, const struct metric *m)
{
    if (m->of_run)
        return m->of_run(r);
    if (m->peer) {
        struct peer_number x = peer_of_runs(m->peer, NULL, &r, 1);
        return m->level == METRIC_RUN ? x.mean : x.p50;
    }
    if (!m->of_request && !m->of_session)
        return NAN;
    double *values = xmalloc((r->n_requests + r->n_sessions + 1) * sizeof *values);
    size_t n = m->of_request ? values_of_requests(r, m, values) : values_of_sessions(r, m, values);
    double value = median(values, n); /* NaN of none */
    free(values);
    return value;
}
