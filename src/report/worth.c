/* worth.c: what the answers are worth (the agents' reports) and what the instrument is worth (its health). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "report/view.h"
#include "stats/quantile.h"

/* ---- quality of the agents' reports ---------------------------------------------------------------------- */

/* The keys are those of agent/workflow; what is absent or of another type is not told. */
static void read_quality(struct view_quality *q, const char *json, double *score)
{
    yyjson_doc *doc = json_read_z(json);
    yyjson_val *root = yyjson_doc_get_root(doc), *ground = yyjson_obj_get(root, "grounding");
    struct {
        const char *key;
        int64_t *sum;
    } counts[] = {{"supported", &q->supported},
                  {"supported_named", &q->supported_named},
                  {"contradicted", &q->contradicted},
                  {"not_found", &q->not_found}};
    *score = json_get_double(root, "keyword_score", NAN);
    for (size_t i = 0; i < 4; i++) {
        double n = json_get_double(ground, counts[i].key, NAN);
        if (n >= 0 && n < 1e15)
            *counts[i].sum = (*counts[i].sum < 0 ? 0 : *counts[i].sum) + (int64_t)n;
    }
    yyjson_doc_free(doc);
}

static const char *text_at(struct report_view *v, yyjson_val *obj, const char *key)
{
    struct span s = json_get_text(obj, key);
    return s.at ? arena_dup(&v->arena, s.at, s.len) : NULL;
}

static void add_claims(struct report_view *v, const struct run *r, const char *agent, const char *json)
{
    yyjson_doc *doc = json_read_z(json);
    yyjson_val *list = yyjson_obj_get(yyjson_obj_get(yyjson_doc_get_root(doc), "grounding"), "list"), *one;
    size_t i, max;
    yyjson_arr_foreach (list, i, max, one) {
        struct view_claim c = {.run = r, .agent = agent};
        if (!yyjson_equals_str(yyjson_obj_get(one, "class"), "contradicted"))
            continue;
        v->contradicted++;
        if (v->n_claims == VIEW_CLAIMS || !(c.sentence = text_at(v, one, "sentence")))
            continue;
        c.fact = text_at(v, one, "fact");
        c.origin = text_at(v, one, "origin");
        c.fact_value = json_get_double(one, "fact_value", NAN);
        v->claims[v->n_claims++] = c;
    }
    yyjson_doc_free(doc);
}

static int64_t degenerate_of(const struct run *r, const struct session *s)
{
    int64_t n = 0;
    for (size_t i = 0; i < r->n_requests; i++)
        n += r->requests[i].session == s->number && (r->requests[i].flags & REQUEST_DEGENERATE) != 0;
    return n;
}

static void add_quality(struct report_view *v, const struct view_arm *arm, const char *agent)
{
    struct view_quality q = {
        .arm = arm->name, .agent = agent, .supported = -1, .supported_named = -1, .contradicted = -1, .not_found = -1};
    size_t n = 0, cap = 0;
    for (size_t i = 0; i < arm->n_runs; i++)
        cap += arm->runs[i]->n_sessions;
    double *scores = arena_alloc(&v->arena, (cap + 1) * sizeof *scores);
    for (size_t i = 0; i < arm->n_runs; i++)
        for (size_t k = 0; k < arm->runs[i]->n_sessions; k++) {
            const struct session *s = &arm->runs[i]->sessions[k];
            if (!s->quality_json || strcmp(s->agent ? s->agent : "", agent) != 0)
                continue;
            double score;
            q.sessions++;
            q.degenerate += degenerate_of(arm->runs[i], s);
            read_quality(&q, s->quality_json, &score);
            add_claims(v, arm->runs[i], agent, s->quality_json);
            if (isfinite(score))
                scores[n++] = score;
        }
    q.score_median = median(scores, n);
    if (!q.sessions)
        return;
    v->quality = arena_grow(&v->arena, v->quality, v->n_quality * sizeof q, (v->n_quality + 1) * sizeof q);
    v->quality[v->n_quality++] = q;
}

/* ---- health of the instrument and the host --------------------------------------------------------------- */

static double share(int64_t part, int64_t whole)
{
    return part < 0 || whole <= 0 ? NAN : 100 * (double)part / (double)whole;
}

static double told(int64_t n)
{
    return n < 0 ? NAN : (double)n;
}

static double percent(double part)
{
    return part < 0 ? NAN : 100 * part;
}

enum { HEALTH_ROWS = 17 };

static const char *const health_rows[HEALTH_ROWS][2] = {
    {"send lag p99", "us"},
    {"kernel to client p99", "us"},
    {"barrier spread", "us"},
    {"longest stop of the client", "ms"},
    {"reads of a half-full window", "%"},
    {"loop busy", "%"},
    {"host busy", "%"},
    {"steal", "%"},
    {"CPU pressure (some)", "%"},
    {"merged chunks", "%"},
    {"unstamped chunks", "%"},
    {"dropped chunks", "1"},
    {"TCP segments lost or out of order", "1"},
    {"clock steps", "1"},
    {"involuntary switches", "1"},
    {"client CPU", "s"},
    {"client memory", "MiB"},
};

static void health_of(const struct health *h, double out[HEALTH_ROWS])
{
    const double values[HEALTH_ROWS] = {
        h->send_lag_p99_us,
        h->app_delay_p99_us,
        h->barrier_spread_us,
        h->stopped_max_ms,
        percent(h->receive_full),
        percent(h->loop_busy),
        percent(h->host_busy),
        percent(h->steal),
        percent(h->psi_cpu_some),
        share(h->merged, h->chunks),
        share(h->unstamped, h->chunks),
        told(h->dropped_chunks),
        told(h->retransmits),
        told(h->clock_steps),
        told(h->ctx_involuntary),
        h->client_cpu_s,
        told(h->client_rss_bytes) / (1024.0 * 1024),
    };
    memcpy(out, values, sizeof values);
}

static void add_health(struct report_view *v)
{
    double *finite = arena_alloc(&v->arena, (v->n_runs + 1) * sizeof *finite);
    v->health = arena_alloc(&v->arena, HEALTH_ROWS * sizeof *v->health);
    for (size_t row = 0; row < HEALTH_ROWS; row++) {
        struct view_health h = {.what = health_rows[row][0], .unit = health_rows[row][1]};
        for (size_t i = 0; i < v->n_runs; i++) {
            double values[HEALTH_ROWS];
            health_of(&v->runs[i].health, values);
            if (v->runs[i].state != RUN_COMPLETE || !isfinite(values[row]))
                continue;
            if (!h.n || values[row] > h.worst) {
                h.worst = values[row];
                h.worst_run = &v->runs[i];
            }
            finite[h.n++] = values[row];
        }
        h.median = median(finite, h.n);
        if (h.n)
            v->health[v->n_health++] = h;
    }
}

void view_worth(struct report_view *v)
{
    v->claims = arena_alloc(&v->arena, VIEW_CLAIMS * sizeof *v->claims);
    for (size_t i = 0; i < v->n_arms; i++)
        for (size_t k = 0; k < v->arms[i].n_agents; k++)
            add_quality(v, &v->arms[i], v->arms[i].agents[k]);
    add_health(v);
}
