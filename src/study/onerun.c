/* onerun.c: one run of the plan: its sessions, the window, quality, verdict, storing. See executor.h. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/file.h"
#include "base/rng.h"
#include "format/json.h"
#include "load/pool.h"
#include "record/metric.h"
#include "record/verdict.h"
#include "stats/quantile.h"
#include "study/executor.h"

/* ---- the driver's callbacks ------------------------------------------------------------------------------------------- */

static void note_prompt_rate(struct executor *x, const struct request *r)
{
    const struct usage *u = &r->usage;
    if (r->outcome != OUTCOME_OK || r->flags & REQUEST_CACHED_PREFIX || u->prompt_eval_ns <= 0 || u->prompt_tok <= 0 ||
        x->n_prompt_rates == RATES_KEPT)
        return;
    x->prompt_rate[x->n_prompt_rates++] = (double)u->prompt_tok / ((double)u->prompt_eval_ns / 1e9);
}

static void on_request(void *user, struct request *r)
{
    struct executor *x = user;
    bool load = x->load;
    if (r->text.len && !load)
        workflow_check_text(r);
    note_prompt_rate(x, r);
    if (r->outcome != OUTCOME_OK && r->outcome != OUTCOME_CANCELLED)
        x->summary->failed_requests++;
    if (!x->store_code && !load) /* a load is stored behind its window: storing would delay the next request */
        x->store_code = store_request(x->store, x->run->id, r, &x->store_err);
}

static int store_load(struct executor *x, const struct run *r, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; i < r->n_requests && !rc; i++)
        rc = store_request(x->store, r->id, &r->requests[i], e);
    return rc;
}

static void on_sample(void *user, mono_ns t, const char *json, size_t n)
{
    struct executor *x = user;
    (void)n;
    if (!x->store_code)
        x->store_code = store_sample(x->store, x->run->id, t, json, &x->store_err);
}

static void on_tick(void *user, mono_ns now, int64_t in_flight, int64_t chunks)
{
    struct executor *x = user;
    sampler_tick(x->sampler, now);
    x->progress.elapsed_ns = now - x->run->started_ns;
    x->progress.in_flight = in_flight;
    x->progress.chunks = chunks;
    if (x->options->tick)
        x->options->tick(x->options->user, &x->progress);
}

/* ---- before ------------------------------------------------------------------------------------------------------------ */

static const struct study_arm *arm_of(const struct study *s, const char *name)
{
    for (size_t i = 0; i < s->n_arms; i++)
        if (strcmp(s->arms[i].name, name) == 0)
            return &s->arms[i];
    BUG("a plan row without its arm");
}

static double cold_rate(const struct executor *x)
{
    double copy[RATES_KEPT];
    if (!x->n_prompt_rates)
        return 0;
    memcpy(copy, x->prompt_rate, x->n_prompt_rates * sizeof copy[0]);
    return median(copy, x->n_prompt_rates);
}

static int64_t largest_limit(const struct executor *x, const struct study_arm *arm)
{
    int64_t most = arm->load >= 0 ? x->study->loads[arm->load].output_tok.high : 0;
    for (size_t i = 0; i < arm->n_agents; i++) {
        const struct options *o = &x->flows[arm->agents[i]].options;
        if (o->set & OPTION_NUM_PREDICT && o->num_predict > most)
            most = o->num_predict;
    }
    return most;
}

struct stage { /* what one run needs besides the record */
    struct workflow *flow[64];
    struct driver_session sessions[64];
    size_t n;
    struct pool *pool; /* of a load; NULL */
    struct schedule schedule;
    struct trace trace;
};

static int count_text(void *user, const char *text, int64_t *tokens, struct err *e)
{
    struct ask ask = {.route = ROUTE_COMPLETION, .prompt = text};
    *tokens = server_count_tokens(user, &ask);
    return *tokens < 0 ? err_set(e, ERR_SERVER, "the server could not count a prompt of %zu bytes", strlen(text)) : 0;
}

static uint64_t fresh_salt(void)
{
    uint64_t salt = 0;
    if (getrandom(&salt, sizeof salt, 0) != sizeof salt)
        salt = (uint64_t)clock_wall_ns();
    return salt;
}

/* Each block has arrivals and lengths of its own, the same for every arm of it. */
static uint64_t block_seed(const struct executor *x, int32_t block)
{
    char purpose[32];
    snprintf(purpose, sizeof purpose, "block %d", block);
    struct rng r = rng_stream(x->study->seed, purpose);
    return rng_u64(&r);
}

/* What the reader found out about the file stays with the result. */
static int note_trace(struct executor *x, const struct trace *t, struct err *e)
{
    struct str json = STR_INIT;
    struct json_writer w;
    json_init(&w, &json);
    json_object(&w);
    json_kint(&w, "empty", (int64_t)t->n_empty);
    json_kz(&w, "format", trace_format_word(t->format));
    json_kz(&w, "format_why", str_z(&t->format_why));
    json_kint(&w, "out_of_order", (int64_t)t->n_out_of_order);
    json_kint(&w, "outside", (int64_t)t->n_outside);
    json_kint(&w, "rows", (int64_t)t->n);
    json_kz(&w, "unit", trace_unit_word(t->unit));
    json_kz(&w, "unit_why", str_z(&t->unit_why));
    json_object_end(&w);
    int rc = store_note(x->store, "trace", str_z(&json), e);
    str_release(&json);
    return rc;
}

static int set_trace(struct executor *x, const struct study_load *l, struct stage *st, struct pool_spec *pool,
                     struct err *e)
{
    struct trace_spec spec = {.speed = l->trace_speed, .to_ns = l->duration_ns, .count = l->num_requests};
    int rc = trace_read(&st->trace, l->trace, &spec, e);
    if (!rc)
        rc = trace_schedule(&st->trace, &st->schedule, e);
    for (size_t i = 0; i < st->trace.n && !rc; i++)
        if (st->trace.rows[i].input_tok < 1 || st->trace.rows[i].output_tok < 1)
            rc = err_set(e, ERR_INPUT, "%s:%ld: a load needs the tokens of prompt and answer", l->trace,
                         st->trace.rows[i].line);
    pool->rows = st->trace.rows;
    return rc ? rc : note_trace(x, &st->trace, e);
}

static int set_arrivals(const struct study_load *l, uint64_t seed, struct stage *st, struct err *e)
{
    struct schedule_spec when = l->schedule;
    when.count = l->num_requests;
    when.seed = seed;
    int rc = schedule_make(&when, &st->schedule, e);
    if (!rc && !st->schedule.n)
        rc = err_set(e, ERR_INPUT, "load %s: no arrival falls into its schedule", l->name);
    return rc;
}

static int set_load(struct executor *x, const struct study_load *l, int32_t block, struct stage *st, struct err *e)
{
    struct server *server = x->servers[l->ask.server];
    bool tokenizer = server_backend(server)->caps & BACKEND_CAN_TOKENIZE;
    struct pool_spec spec = {
        .route = l->ask.route,
        .stream = l->ask.stream,
        .options = l->ask.options,
        .extra_body_json = l->ask.extra_body_json,
        .input_tok = l->input_tok,
        .output_tok = l->output_tok,
        .shared_tok = l->shared_tok,
        .n = l->num_requests ? l->num_requests : INT64_MAX,
        .duration_ns = l->max_concurrency ? l->duration_ns : 0,
        .seed = block_seed(x, block),
        .salt = fresh_salt(),
        .count = tokenizer ? count_text : NULL,
        .count_user = server,
    };
    int rc = 0;
    server_request_options(server, &spec.options);
    if (l->trace)
        rc = set_trace(x, l, st, &spec, e);
    else if (!l->max_concurrency)
        rc = set_arrivals(l, spec.seed, st, e);
    if (!l->max_concurrency)
        spec.n = (int64_t)st->schedule.n;
    if (!rc)
        rc = pool_new(&st->pool, &spec, e);
    st->n = 1;
    st->sessions[0] = (struct driver_session){.agent = "load",
                                              .server = l->ask.server,
                                              .ops = &pool_ops,
                                              .user = st->pool,
                                              .width = (size_t)l->max_concurrency,
                                              .at_ns = st->schedule.at_ns,
                                              .n_at = st->schedule.n};
    return rc;
}

static void release_stage(struct stage *st)
{
    for (size_t i = 0; i < st->n && !st->pool; i++)
        workflow_free(st->flow[i]);
    pool_free(st->pool);
    schedule_release(&st->schedule);
    trace_release(&st->trace);
}

static void set_agents(struct executor *x, const struct study_arm *arm, struct stage *st)
{
    st->n = arm->n_agents;
    for (size_t i = 0; i < st->n; i++) {
        int agent = arm->agents[i];
        st->flow[i] = workflow_new(&x->flows[agent]);
        st->sessions[i] = (struct driver_session){.agent = x->study->agents[agent].name,
                                                  .server = x->study->agents[agent].ask.server,
                                                  .ops = &workflow_ops,
                                                  .user = st->flow[i]};
    }
}

/* ---- after ------------------------------------------------------------------------------------------------------------- */

static int write_reports(const struct executor *x, const struct run *r, struct err *e)
{
    int rc = x->options->report_dir ? dir_make(x->options->report_dir, e) : 0;
    for (size_t i = 0; i < r->n_sessions && !rc && x->options->report_dir; i++) {
        const struct session *s = &r->sessions[i];
        struct str path = STR_INIT;
        str_addf(&path, "%s/block%d-%s-%s.md", x->options->report_dir, r->block + 1, r->arm, s->agent);
        if (s->report_md)
            rc = file_write(str_z(&path), s->report_md, strlen(s->report_md), e);
        str_release(&path);
    }
    return rc;
}

static void judge(struct executor *x, struct run *r, struct stage *st)
{
    struct str why = STR_INIT;
    for (size_t i = 0; i < r->n_sessions && !st->pool; i++) {
        r->sessions[i].report_md = workflow_report(st->flow[i]);
        r->sessions[i].quality_json = workflow_quality_json(st->flow[i]);
    }
    r->verdict = (int)verdict_of_run(r, &why);
    r->verdict_why = arena_dup(&x->arena, str_z(&why), why.len);
    str_release(&why);
}

static void say_done(struct executor *x, const struct run *r)
{
    struct run_counts c = run_count(r);
    int64_t tokens = 0;
    for (size_t i = 0; i < r->n_requests; i++)
        tokens += r->requests[i].usage.completion_tok > 0 ? r->requests[i].usage.completion_tok : 0;
    executor_say(x, "run %zu/%zu  block %d  %-16s %6.2f s  %lld requests ok, %lld failed, %lld tokens  %s%s%s",
                 x->progress.run, x->progress.runs, r->block + 1, r->arm, (double)(r->ended_ns - r->started_ns) / 1e9,
                 (long long)c.completed, (long long)(c.failed + c.cancelled + c.unsent), (long long)tokens,
                 verdict_word((enum verdict)r->verdict), *r->verdict_why ? ": " : "", r->verdict_why);
}

static int watch_servers(struct executor *x, struct err *e)
{
    size_t n = x->study->n_servers;
    struct sampler_server *servers = arena_alloc(&x->arena, n * sizeof *servers);
    for (size_t i = 0; i < n; i++)
        servers[i] = (struct sampler_server){x->specs[i].name, server_pid(x->servers[i])};
    struct sampler_spec spec = {.root = "", .servers = servers, .n_servers = n, .emit = on_sample, .user = x};
    return sampler_new(&x->sampler, &spec, e);
}

static int window(struct executor *x, struct stage *st, const struct study_arm *arm, struct run *r, struct err *e)
{
    struct driver_spec spec = {
        .servers = x->views,
        .n_servers = x->study->n_servers,
        .sessions = st->sessions,
        .n_sessions = st->n,
        .limits = x->study->limits,
        .max_tok_hint = largest_limit(x, arm),
        .cold_prompt_rate = cold_rate(x),
        .stop = x->options->stop,
        .on_request = on_request,
        .on_tick = on_tick,
        .user = x,
    };
    struct driver *d = NULL;
    int rc = driver_new(&d, &spec, e);
    if (!rc)
        rc = watch_servers(x, e);
    if (!rc) {
        sampler_start(x->sampler, clock_now(NULL));
        rc = driver_run(d, r, e);
        sampler_stop(x->sampler, clock_now(NULL), &r->health);
    }
    sampler_free(x->sampler);
    x->sampler = NULL;
    driver_free(d);
    return rc;
}

int onerun(struct executor *x, const struct plan_row *row, struct err *e)
{
    const struct study_arm *arm = arm_of(x->study, row->arm);
    struct run r = {.position = row->position,
                    .block = row->block,
                    .arm = row->arm,
                    .stratum = x->stratum,
                    .state = RUN_RUNNING,
                    .started_ns = MONO_NONE,
                    .ended_ns = MONO_NONE,
                    .verdict_why = ""};
    struct stage st = {0};
    int rc = bench_prepare_run(x, &r.start_state, e);
    if (rc)
        return rc;
    r.wall_ns = clock_wall_ns();
    x->run = &r;
    rc = store_run_begin(x->store, &r, e);
    if (rc)
        return rc;
    x->load = arm->load >= 0;
    if (x->load)
        rc = set_load(x, &x->study->loads[arm->load], row->block, &st, e);
    else
        set_agents(x, arm, &st);
    if (!rc)
        rc = window(x, &st, arm, &r, e);
    if (x->load && r.n_requests && !x->store_code)
        x->store_code = store_load(x, &r, &x->store_err);
    if (rc == 0 || rc == ERR_INTERRUPTED) {
        r.state = rc ? RUN_ABORTED : RUN_COMPLETE;
        judge(x, &r, &st);
        if (!rc && x->store_code) {
            rc = x->store_code;
            *e = x->store_err;
        }
        int stored = x->store_code ? 0 : store_run_end(x->store, &r, rc ? NULL : e);
        rc = rc ? rc : stored;
        if (!rc)
            rc = write_reports(x, &r, e);
        if (!rc)
            say_done(x, &r);
    }
    release_stage(&st);
    driver_run_release(&r);
    return rc;
}
