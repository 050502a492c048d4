/* loadrun.c: a plain load on the stage of a run: its arrivals, its prompts, its one session. See executor.h. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/rng.h"
#include "format/json.h"
#include "load/limits.h"
#include "study/executor.h"

enum { STREAMS_TO_MEASURE = 100 }; /* with fewer, what a thread needs once would be counted as theirs */

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
static int note_trace(struct executor *x, const struct trace *t, const char *used, struct err *e)
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
    json_kz(&w, "used", used);
    json_object_end(&w);
    int rc = store_note(x->store, "trace", str_z(&json), e);
    str_release(&json);
    return rc;
}

/* The trace's first requests in time whose number is that of the load, those of the warm-up before them. */
static void cut(struct schedule *s, const struct study_load *l)
{
    size_t first = 0;
    while (first < s->n && s->at_ns[first] < l->warmup_ns)
        first++;
    if (l->num_requests && s->n - first > (size_t)l->num_requests)
        s->n = first + (size_t)l->num_requests;
}

static int read_times(const struct study_load *l, struct stage *st, struct err *e)
{
    double to_ns = l->duration_ns ? (double)(l->warmup_ns + l->duration_ns) * l->trace_speed : 0;
    struct trace_spec spec = {.speed = l->trace_speed,
                              .to_ns = to_ns < (double)SCHEDULE_MAX_NS ? (int64_t)to_ns : SCHEDULE_MAX_NS,
                              .count = l->warmup_ns ? 0 : l->num_requests};
    int rc = trace_read(&st->trace, l->trace, &spec, e);
    if (!rc)
        rc = trace_schedule(&st->trace, &st->schedule, e);
    if (!rc)
        cut(&st->schedule, l);
    return rc;
}

static int check_rows(const struct study_load *l, const struct trace *t, struct err *e)
{
    bool texts = t->format == TRACE_SHAREGPT;
    for (size_t i = 0; i < t->n && !texts; i++)
        if (t->rows[i].input_tok < 1 || t->rows[i].output_tok < 1)
            return err_set(e, ERR_INPUT, "%s:%ld: a load needs the tokens of prompt and answer", l->trace,
                           t->rows[i].line);
    if (!texts && l->turns.high > 1)
        return err_set(e, ERR_INPUT, "%s: turns need the texts of conversations; these are lengths", l->trace);
    return 0;
}

static bool follows_trace(const struct study_load *l)
{
    return l->trace && !l->max_concurrency && !l->schedule.n_stages;
}

/* The trace's times, or what it says for a load with times of its own: its rows, until they are over if nothing else is. */
static int set_trace(struct executor *x, const struct study_load *l, struct stage *st, struct pool_spec *pool,
                     struct err *e)
{
    bool times = follows_trace(l);
    int rc = times ? read_times(l, st, e) : trace_read(&st->trace, l->trace, &(struct trace_spec){0}, e);
    if (!rc)
        rc = check_rows(l, &st->trace, e);
    if (rc)
        return rc;
    pool->rows = st->trace.rows;
    pool->n_rows = st->trace.n;
    pool->recorded_limits = !l->output_given;
    if (!times && !l->num_requests && !l->duration_ns)
        pool->n = (int64_t)st->trace.n;
    return note_trace(x, &st->trace,
                      times                                ? "times and lengths"
                      : st->trace.format == TRACE_SHAREGPT ? "texts"
                                                           : "lengths",
                      e);
}

/* The study's own texts, each once if nothing else ends the load. */
static void set_prompts(const struct study_load *l, struct pool_spec *pool)
{
    pool->rows = l->prompts;
    pool->n_rows = l->n_prompts;
    if (!l->num_requests && !l->duration_ns)
        pool->n = (int64_t)l->n_prompts;
}

static int set_arrivals(const struct study_load *l, const struct pool_spec *pool, struct stage *st, struct err *e)
{
    struct schedule_spec when = l->schedule;
    when.count = pool->n < INT64_MAX ? pool->n : 0;
    when.uncounted_ns = l->warmup_ns;
    when.seed = pool->talk.seed;
    return schedule_make(&when, &st->schedule, e);
}

/* Refuses what this host has no room for, and prepares it for the rest. */
static int prepare_host(struct executor *x, const struct study_load *l, const struct stage *st, struct err *e)
{
    struct driver_server *view = &x->views[x->study->slot_of[l->ask.server]];
    struct limits_need need = {.connections = l->max_concurrency ? l->max_concurrency : l->threads,
                               .at_most = l->max_concurrency ? l->max_concurrency : (int64_t)st->schedule.n,
                               .loopback = endpoint_is_loopback4(view->endpoint)};
    struct limits_host host;
    struct limits_plan plan;
    limits_of_host(&host);
    int rc = limits_plan(&host, &need, &plan, e);
    if (!rc)
        rc = limits_raise(&plan, e);
    struct client_options *client = arena_alloc(&x->arena, sizeof *client);
    *client = *server_client_options(x->servers[l->ask.server]);
    client->sources = rc ? 1 : plan.sources;
    view->client = client;
    return rc;
}

/* Arrival i goes to session i mod n: the arrivals of each, one behind the other. */
static void share_arrivals(struct stage *st)
{
    int64_t *to = xmalloc((st->schedule.n + 1) * sizeof *to);
    st->at_ns = to;
    for (size_t k = 0; k < st->n; k++) {
        st->sessions[k].at_ns = to;
        for (size_t i = k; i < st->schedule.n; i += st->n)
            *to++ = st->schedule.at_ns[i];
        st->sessions[k].n_at = (size_t)(to - st->sessions[k].at_ns);
    }
}

/* A session for each thread of the client, with its share of the questions. */
static int share_load(struct executor *x, const struct study_load *l, struct pool_spec *spec, struct stage *st,
                      struct err *e)
{
    int rc = 0;
    st->n = (size_t)l->threads;
    st->pool = arena_alloc(&x->arena, st->n * sizeof *st->pool);
    spec->step = l->threads;
    for (size_t k = 0; k < st->n && !rc; k++) {
        spec->first = (int64_t)k;
        rc = pool_new(&st->pool[k], spec, e);
        st->sessions[k] = (struct driver_session){
            .agent = "load",
            .server = x->study->slot_of[l->ask.server],
            .ops = &pool_ops,
            .user = st->pool[k],
            .width = (size_t)(l->max_concurrency / l->threads + ((int64_t)k < l->max_concurrency % l->threads)),
            .dialogues = st->pool[k] && pool_converses(st->pool[k]),
            .warmup_ns = l->warmup_ns};
    }
    if (st->schedule.at_ns)
        share_arrivals(st);
    return rc;
}

int load_set(struct executor *x, const struct study_load *l, int32_t block, struct stage *st, struct err *e)
{
    struct server *server = x->servers[l->ask.server];
    bool tokenizer = server_backend(server)->caps & BACKEND_CAN_TOKENIZE;
    struct pool_spec spec = {
        .route = l->ask.route,
        .stream = l->ask.stream,
        .options = l->ask.options,
        .extra_body_json = l->ask.extra_body_json,
        .talk = {l->turns, l->input_tok, l->output_tok, l->think_ms, block_seed(x, block)},
        .shared_tok = l->shared_tok,
        .n = l->num_requests ? l->num_requests : INT64_MAX,
        .duration_ns = l->max_concurrency ? l->duration_ns : 0,
        .open = !l->max_concurrency,
        .salt = fresh_salt(),
        .count = tokenizer ? count_text : NULL,
        .count_user = server,
    };
    int rc = l->precision ? precision_parse(l->precision, &st->precision, e) : 0;
    st->watch.rule = l->precision ? &st->precision : NULL;
    server_request_options(server, &spec.options);
    if (!rc && l->trace)
        rc = set_trace(x, l, st, &spec, e);
    if (l->n_prompts)
        set_prompts(l, &spec);
    if (!rc && l->schedule.n_stages)
        rc = set_arrivals(l, &spec, st, e);
    if (!l->max_concurrency)
        spec.n = (int64_t)st->schedule.n;
    if (!rc && !l->max_concurrency && (!spec.n || st->schedule.at_ns[spec.n - 1] < l->warmup_ns))
        rc = err_set(e, ERR_INPUT, "load %s: no arrival falls into its window", l->name);
    if (!rc)
        rc = prepare_host(x, l, st, e);
    return rc ? rc : share_load(x, l, &spec, st, e);
}

size_t load_spare_cores(const struct executor *x)
{
    for (size_t i = 0; i < x->study->n_slots; i++)
        if (server_is_managed(x->servers[x->up[i]]))
            return 1;
    return 0;
}

int load_note_client(struct executor *x, const struct stage *st, const struct shards *s, struct err *e)
{
    struct str json = STR_INIT;
    struct json_writer w;
    size_t streams = 0;
    for (size_t i = 0; i < st->n; i++)
        streams += st->sessions[i].width;
    json_init(&w, &json);
    json_object(&w);
    json_kbool(&w, "pinned", shards_pinned(s));
    /* A later run finds memory that an earlier one gave back: the largest is the true one. */
    if (streams >= STREAMS_TO_MEASURE && shards_stream_bytes(s) > x->stream_bytes)
        x->stream_bytes = shards_stream_bytes(s);
    if (x->stream_bytes)
        json_kint(&w, "stream_bytes", x->stream_bytes);
    json_kint(&w, "threads", (int64_t)st->n);
    json_object_end(&w);
    int rc = store_note(x->store, "client", str_z(&json), e);
    str_release(&json);
    return rc;
}

void load_look(struct stage *st, const struct request *r)
{
    if (st->watch.rule && precision_add(&st->watch, r))
        for (size_t k = 0; k < st->n; k++)
            pool_stop(st->pool[k]);
}

int load_note(struct executor *x, const struct run *r, const struct stage *st, struct err *e)
{
    char key[40], json[64];
    int64_t estimated = 0;
    for (size_t k = 0; k < st->n; k++)
        estimated += pool_estimated(st->pool[k]);
    snprintf(key, sizeof key, "load of run %lld", (long long)r->id);
    snprintf(json, sizeof json, "{\"estimated\":%lld}", (long long)estimated);
    return store_note(x->store, key, json, e);
}
