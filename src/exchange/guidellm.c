/* guidellm.c: see guidellm.h. The requests are written before the metrics, so that one pass gathers what those need. */
#include "exchange/guidellm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/asked.h"

struct benchmark {
    struct store *store;
    const struct run *run;
    struct totals totals;
    struct asked asked;
    struct out *o;
    struct err *e;
    struct guidellm_row *rows; /* owned */
    size_t n_rows;
    enum fate writing;
};

/* ---- a request ------------------------------------------------------------------------------------------------------ */

static double run_s(const struct run *run, mono_ns t)
{
    return t == MONO_NONE ? NAN : ((double)t - (double)run->started_ns) / 1e9;
}

static struct guidellm_row row_of(const struct run *run, const struct request *r)
{
    struct guidellm_row x = {.fate = fate_of(r),
                             .start_s = run_s(run, r->stamp[STAMP_SENT]),
                             .first_s = run_s(run, r->stamp[STAMP_FIRST_TOKEN]),
                             .last_s = run_s(run, r->stamp[STAMP_LAST_TOKEN]),
                             .end_s = run_s(run, r->stamp[STAMP_DONE]),
                             .prompt_tok = told_or_nan(r->usage.prompt_tok),
                             .output_tok = peer_guidellm_tokens(r),
                             .events = (double)(r->chunks.n + r->chunks.dropped)};
    for (size_t i = 0; i < r->chunks.n; i++) {
        unsigned kind = r->chunks.at[i].kind;
        x.token_events += kind == CHUNK_TEXT || kind == CHUNK_REASONING || kind == CHUNK_TOOL;
    }
    if (r->usage.completion_tok < 0 && !(x.token_events > 0))
        x.output_tok = NAN; /* not told, and nothing to count */
    return x;
}

static void put_epoch(struct json_writer *w, const char *key, const struct run *run, mono_ns t)
{
    if (t != MONO_NONE)
        json_kdouble(w, key, wall_s_of(run, t));
}

static void put_timings(struct json_writer *w, const struct run *run, const struct request *r,
                        const struct guidellm_row *x)
{
    mono_ns done = r->stamp[STAMP_DONE];
    json_key(w, "timings");
    json_object(w);
    put_epoch(w, "targeted_start", run, r->stamp[STAMP_PLANNED]);
    put_epoch(w, "resolve_start", run, r->stamp[STAMP_READY]);
    put_epoch(w, "request_start", run, r->stamp[STAMP_SENT]);
    put_epoch(w, "first_request_iteration", run, r->stamp[STAMP_FIRST_CHUNK]);
    put_epoch(w, "first_token_iteration", run, r->stamp[STAMP_FIRST_TOKEN]);
    put_epoch(w, "first_output_token_iteration", run, r->stamp[STAMP_FIRST_ANSWER]);
    put_epoch(w, "last_token_iteration", run, r->stamp[STAMP_LAST_TOKEN]);
    if (r->chunks.n)
        put_epoch(w, "last_request_iteration", run, r->chunks.at[r->chunks.n - 1].t_ns);
    json_kdouble(w, "request_iterations", x->events);
    json_kdouble(w, "token_iterations", x->token_events);
    put_epoch(w, "request_end", run, done);
    put_epoch(w, "resolve_end", run, done == MONO_NONE ? run->ended_ns : done); /* it must have one */
    json_object_end(w);
}

static void put_info(struct json_writer *w, const struct run *run, const struct request *r,
                     const struct guidellm_row *x, const char *id)
{
    static const char *const words[FATES] = {"completed", "errored", "cancelled"};
    char conversation[48];
    snprintf(conversation, sizeof conversation, "%lld-%d", (long long)run->id, r->session);
    json_key(w, "info");
    json_object(w);
    json_kz(w, "request_id", id);
    json_kz(w, "conversation_id", conversation);
    json_kint(w, "turn_index", r->turn);
    json_kz(w, "status", words[x->fate]);
    put_timings(w, run, r, x);
    if (x->fate != FATE_COMPLETED) {
        json_key(w, "error");
        if (r->error.len)
            json_text(w, r->error.at, r->error.len);
        else
            json_z(w, outcome_word(r->outcome));
    }
    json_object_end(w);
}

static void put_tokens(struct json_writer *w, const char *key, int64_t text, int64_t cached)
{
    json_key(w, key);
    json_object(w);
    if (text >= 0)
        json_kint(w, "text_tokens", text);
    if (cached >= 0)
        json_kint(w, "cached_tokens", cached);
    json_object_end(w);
}

static void put_text(struct json_writer *w, const char *key, const struct str *text)
{
    if (!text->len)
        return;
    json_key(w, key);
    json_text(w, text->at, text->len);
}

static int put_request(void *user, const struct run *run, const struct request *r)
{
    struct benchmark *b = user;
    struct json_writer *w = &b->o->w;
    char id[64];
    if (fate_of(r) != b->writing || b->n_rows == b->totals.run.n_requests)
        return 0;
    struct guidellm_row *x = &b->rows[b->n_rows++];
    *x = row_of(run, r);
    snprintf(id, sizeof id, "%lld-%lld", (long long)run->id, (long long)r->seq);
    json_object(w);
    json_kz(w, "type_", "generative_request_stats");
    json_kz(w, "request_id", id);
    put_text(w, "request_args", &r->prompt);
    put_text(w, "output", &r->text);
    put_text(w, "reasoning_output", &r->reasoning);
    put_info(w, run, r, x, id);
    put_tokens(w, "input_metrics", r->usage.prompt_tok, r->usage.cached_tok);
    put_tokens(w, "output_metrics", r->usage.completion_tok, -1);
    json_object_end(w);
    return out_spill(b->o);
}

static int put_requests(struct benchmark *b)
{
    static const char *const keys[FATES] = {"successful", "errored", "incomplete"};
    struct json_writer *w = &b->o->w;
    int rc = 0;
    b->rows = xcalloc(b->totals.run.n_requests + 1, sizeof *b->rows);
    json_key(w, "requests");
    json_object(w);
    for (int i = 0; i < FATES; i++) {
        b->writing = (enum fate)i;
        json_key(w, keys[i]);
        json_array(w);
        rc = rc ? rc : store_run_requests(b->store, b->run, put_request, b, b->e);
        json_array_end(w);
    }
    json_object_end(w);
    return rc;
}

/* ---- what surrounds them -------------------------------------------------------------------------------------------- */

static const char *strategy_of(const struct asked *asked)
{
    if (asked->max_concurrency)
        return "concurrent";
    if (!isfinite(asked->rate))
        return "throughput";
    return asked->law && !strcmp(asked->law, "constant") ? "constant" : "poisson";
}

/* as_profile: the profile that leads to one such strategy. */
static void put_strategy(struct json_writer *w, const char *key, const struct asked *asked, bool as_profile)
{
    const char *name = strategy_of(asked);
    bool concurrent = !strcmp(name, "concurrent"), rate = isfinite(asked->rate);
    json_key(w, key);
    json_object(w);
    json_kz(w, as_profile ? "kind" : "type_", name);
    json_key(w, concurrent ? "streams" : rate ? "rate" : "max_concurrency");
    if (as_profile && (concurrent || rate))
        json_array(w);
    if (concurrent)
        json_int(w, asked->max_concurrency);
    else if (rate)
        json_double(w, asked->rate);
    else
        json_null(w);
    if (as_profile && (concurrent || rate))
        json_array_end(w);
    json_object_end(w);
}

/* Its `spec` demands a length: the one asked for, else the mean of what the server counted. */
static int64_t length_of(int64_t asked, double sum, int64_t n)
{
    return asked > 0 ? asked : n && sum >= (double)n ? (int64_t)(sum / (double)n) : 1;
}

static void put_spec(struct json_writer *w, const struct asked *asked, const struct totals *t)
{
    bool url = asked->server_kind && strstr(asked->server_kind, "://");
    json_key(w, "config");
    json_object(w);
    json_key(w, "spec");
    json_object(w);
    json_key(w, "backend");
    json_object(w);
    json_kz(w, "kind", "openai_http");
    json_kz(w, "target", url ? asked->server_kind : "");
    json_kz(w, "model", t->model);
    json_object_end(w);
    put_strategy(w, "profile", asked, true);
    json_key(w, "data");
    json_array(w);
    json_object(w);
    json_kz(w, "kind", "synthetic_text");
    json_kint(w, "prompt_tokens", length_of(asked->input_tok, t->prompt_tok, t->count[FATE_COMPLETED]));
    json_kint(w, "output_tokens", length_of(asked->output_tok, t->completion_tok, t->count[FATE_COMPLETED]));
    json_object_end(w);
    json_array_end(w);
    json_object_end(w);
    json_object_end(w);
}

static void put_config(struct benchmark *b, size_t index)
{
    struct json_writer *w = &b->o->w;
    static const char *const empty[] = {"constraints", "requests"};
    char id[32];
    snprintf(id, sizeof id, "%lld", (long long)b->run->id);
    json_key(w, "config");
    json_object(w);
    json_kz(w, "id_", id);
    json_kz(w, "run_id", b->asked.info.study.plan_sha256);
    json_kint(w, "run_index", (int64_t)index);
    put_strategy(w, "strategy", &b->asked, false);
    put_strategy(w, "profile", &b->asked, true);
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        json_key(w, empty[i]);
        json_object(w);
        json_object_end(w);
    }
    json_key(w, "backend");
    json_object(w);
    json_kz(w, "model", b->totals.model);
    json_object_end(w);
    json_key(w, "environment");
    json_object(w);
    put_origin(w, b->run, &b->asked);
    json_object_end(w);
    json_object_end(w);
}

static double mean_of(const struct benchmark *b, enum stamp from, enum stamp to)
{
    double sum = 0, n = 0;
    for (size_t i = 0; i < b->totals.run.n_requests; i++) {
        const struct request *r = &b->totals.run.requests[i];
        double s = run_s(b->run, r->stamp[to]) - run_s(b->run, r->stamp[from]);
        sum += isnan(s) ? 0 : s;
        n += !isnan(s);
    }
    return n > 0 ? sum / n : -1;
}

static void put_times(struct benchmark *b)
{
    static const char *const starts[] = {"request_start_time", "measure_start_time"},
                             *const ends[] = {"measure_end_time", "request_end_time"},
                             *const unknown[] = {
                                 "queued_time_avg",       "resolve_start_delay_avg", "resolve_targeted_start_delay_avg",
                                 "resolve_end_delay_avg", "resolve_time_avg",        "finalized_delay_avg",
                                 "processed_delay_avg"};
    struct json_writer *w = &b->o->w;
    mono_ns first = b->run->started_ns, last = b->run->ended_ns; /* without requests */
    for (size_t i = 0, n = 0; i < b->totals.run.n_requests; i++) {
        const mono_ns *t = b->totals.run.requests[i].stamp;
        if (t[STAMP_SENT] == MONO_NONE || t[STAMP_DONE] == MONO_NONE)
            continue;
        first = !n || t[STAMP_SENT] < first ? t[STAMP_SENT] : first;
        last = !n || t[STAMP_DONE] > last ? t[STAMP_DONE] : last;
        n++;
    }
    json_kdouble(w, "start_time", wall_s_of(b->run, MONO_NONE));
    for (size_t i = 0; i < 2; i++) {
        json_kdouble(w, starts[i], wall_s_of(b->run, first));
        json_kdouble(w, ends[i], wall_s_of(b->run, last));
    }
    json_kdouble(w, "end_time", wall_s_of(b->run, b->run->ended_ns));
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        json_kdouble(w, unknown[i], -1);
    json_kdouble(w, "request_start_delay_avg", mean_of(b, STAMP_READY, STAMP_SENT));
    json_kdouble(w, "request_targeted_start_delay_avg", mean_of(b, STAMP_PLANNED, STAMP_SENT));
    json_kdouble(w, "request_time_avg", mean_of(b, STAMP_SENT, STAMP_DONE));
}

static void put_scheduler(struct benchmark *b)
{
    struct json_writer *w = &b->o->w;
    const struct totals *t = &b->totals;
    json_key(w, "scheduler_state");
    json_object(w);
    json_kdouble(w, "start_time", wall_s_of(b->run, MONO_NONE));
    json_kint(w, "created_requests", (int64_t)t->run.n_requests);
    json_kint(w, "processed_requests", (int64_t)t->run.n_requests);
    json_kint(w, "successful_requests", t->count[FATE_COMPLETED]);
    json_kint(w, "errored_requests", t->count[FATE_FAILED]);
    json_kint(w, "cancelled_requests", t->count[FATE_CANCELLED]);
    json_object_end(w);
    json_key(w, "scheduler_metrics");
    json_object(w);
    put_times(b);
    json_key(w, "requests_made");
    json_object(w);
    json_kint(w, "successful", t->count[FATE_COMPLETED]);
    json_kint(w, "errored", t->count[FATE_FAILED]);
    json_kint(w, "incomplete", t->count[FATE_CANCELLED]);
    json_kint(w, "total", (int64_t)t->run.n_requests);
    json_object_end(w);
    json_kz(w, "strategy_type", strategy_of(&b->asked));
    json_object_end(w);
}

static void put_head(struct json_writer *w, const struct benchmark *b)
{
    struct str by = STR_INIT;
    str_addf(&by, "chimera %s", b->asked.info.study.chimera_version);
    json_key(w, "metadata");
    json_object(w);
    json_kint(w, "version", 2);
    json_kz(w, "guidellm_version", str_z(&by));
    json_object_end(w);
    put_spec(w, &b->asked, &b->totals);
    json_key(w, "benchmarks");
    json_array(w);
    str_release(&by);
}

static int put_benchmark(struct store *s, const struct run *run, size_t index, struct out *o, struct err *e)
{
    struct arena a = {0};
    struct benchmark b = {.store = s, .run = run, .o = o, .e = e};
    struct json_writer *w = &o->w;
    int rc = asked_of_run(s, run, &a, &b.asked, e);
    rc = rc ? rc : totals_read(s, run, "guidellm", &a, &b.totals, e);
    if (!rc) {
        if (!index)
            put_head(w, &b);
        json_object(w);
        json_kz(w, "type_", "generative_benchmark");
        put_config(&b, index);
        rc = put_requests(&b);
        put_scheduler(&b);
        put_guidellm_metrics(w, &b.totals, b.rows, b.n_rows);
        json_object_end(w);
        rc = rc ? rc : out_spill(o);
    }
    free(b.rows);
    totals_release(&b.totals);
    arena_release(&a);
    return rc;
}

int export_guidellm(struct store *s, const struct run *runs, size_t n, FILE *out, struct err *e)
{
    struct out o;
    int rc = 0;
    out_init(&o, out, e);
    json_object(&o.w);
    for (size_t i = 0; !rc && i < n; i++)
        rc = put_benchmark(s, &runs[i], i, &o, e);
    if (!rc) {
        json_array_end(&o.w);
        json_object_end(&o.w);
        str_addc(&o.text, '\n');
    }
    return out_end(&o, rc);
}
