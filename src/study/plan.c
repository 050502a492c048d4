/* plan.c: see plan.h. */
#include "study/plan.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/rng.h"
#include "format/json.h"

static void make_rows(struct plan *p, const struct study *s)
{
    struct rng rng = rng_stream(s->seed, "order");
    size_t *order = xcalloc(s->n_arms, sizeof *order), n = s->n_arms;
    p->n = (size_t)s->blocks * s->n_arms;
    p->rows = xcalloc(p->n, sizeof *p->rows);
    for (int32_t block = 0, position = 0; block < s->blocks; block++) {
        for (size_t i = 0; i < n; i++)
            order[i] = s->order == ORDER_ABBA && block % 2 ? n - 1 - i : i;
        if (s->order == ORDER_RANDOM)
            rng_shuffle(&rng, order, s->n_arms, sizeof *order);
        for (size_t i = 0; i < s->n_arms; i++, position++)
            p->rows[position] = (struct plan_row){position, block, s->arms[order[i]].name};
    }
    free(order);
}

static void add_options(struct json_writer *w, const struct options *o)
{
    json_key(w, "options");
    json_object(w);
    for (int i = 0; i < OPTION_COUNT; i++)
        if (o->set & 1u << i)
            json_kdouble(w, option_name((enum option_bit_index)i), option_get(o, i));
    json_object_end(w);
}

void plan_add_agent(struct json_writer *w, const struct study *s, const struct study_agent *a)
{
    json_object(w);
    if (s->n_factors)
        json_kz(w, "agent", a->agent);
    json_kz(w, "extra_body", a->ask.extra_body_json);
    json_kz(w, "name", a->name);
    add_options(w, &a->ask.options);
    json_kz(w, "route", a->ask.route == ROUTE_CHAT ? "chat" : "completion");
    json_kz(w, "server", s->servers[a->ask.server].name);
    json_kbool(w, "stream", a->ask.stream);
    json_object_end(w);
}

static void add_agents(struct json_writer *w, const struct study *s)
{
    json_key(w, "agents");
    json_array(w);
    for (size_t i = 0; i < s->n_agents; i++)
        plan_add_agent(w, s, &s->agents[i]);
    json_array_end(w);
}

/* What only an arm of a study with factors has: the arm as written and the level of each factor that changes it. */
static void add_levels(struct json_writer *w, const struct study *s, const struct study_arm *arm)
{
    json_kz(w, "base", arm->base);
    json_key(w, "levels");
    json_object(w);
    for (size_t i = 0; i < s->n_factors; i++)
        if (arm->level[i])
            json_kz(w, s->factors[i].name, arm->level[i]);
    json_object_end(w);
}

static void add_servers_up(struct json_writer *w, const struct study *s, const struct study_arm *arm)
{
    json_key(w, "servers");
    json_array(w);
    for (size_t i = 0; i < s->n_slots; i++)
        json_z(w, s->servers[arm->servers[i]].name);
    json_array_end(w);
}

static void add_factors(struct json_writer *w, const struct study *s)
{
    json_key(w, "factors");
    json_array(w);
    for (size_t i = 0; i < s->n_factors; i++) {
        json_object(w);
        json_key(w, "levels");
        json_array(w);
        for (size_t k = 0; k < s->factors[i].n_levels; k++)
            json_z(w, s->factors[i].levels[k]);
        json_array_end(w);
        json_kz(w, "name", s->factors[i].name);
        json_object_end(w);
    }
    json_array_end(w);
}

static void add_arms(struct json_writer *w, const struct study *s)
{
    json_key(w, "arms");
    json_array(w);
    for (size_t i = 0; i < s->n_arms; i++) {
        json_object(w);
        json_key(w, "agents");
        json_array(w);
        for (size_t k = 0; k < s->arms[i].n_agents; k++)
            json_z(w, s->agents[s->arms[i].agents[k]].name);
        json_array_end(w);
        if (s->n_factors)
            add_levels(w, s, &s->arms[i]);
        if (s->arms[i].load >= 0)
            json_kz(w, "load", s->loads[s->arms[i].load].name);
        json_kz(w, "name", s->arms[i].name);
        if (s->n_factors)
            add_servers_up(w, s, &s->arms[i]);
        json_object_end(w);
    }
    json_array_end(w);
}

static void add_amount(struct json_writer *w, const char *key, const struct amount_law *l)
{
    json_key(w, key);
    json_array(w);
    json_int(w, l->kind);
    json_int(w, l->low);
    json_int(w, l->high);
    json_double(w, l->median);
    json_double(w, l->sigma);
    json_array_end(w);
}

static void add_stages(struct json_writer *w, const struct schedule_spec *s)
{
    json_kz(w, "arrival", arrival_law_word(s->law));
    json_kdouble(w, "burstiness", s->burstiness);
    json_key(w, "stages");
    json_array(w);
    for (size_t i = 0; i < s->n_stages; i++) {
        json_double(w, s->stages[i].from_rps);
        json_double(w, s->stages[i].to_rps);
        json_int(w, s->stages[i].duration_ns);
    }
    json_array_end(w);
}

static void add_prompts(struct json_writer *w, const struct study_load *l)
{
    json_key(w, "prompts");
    json_array(w);
    for (size_t i = 0; i < l->n_prompts; i++)
        json_z(w, l->prompts[i].turns->text);
    json_array_end(w);
}

void plan_add_load(struct json_writer *w, const struct study *s, const struct study_load *l)
{
    json_object(w);
    json_kint(w, "duration_ns", l->duration_ns);
    json_kz(w, "extra_body", l->ask.extra_body_json);
    add_amount(w, "input_len", &l->input_tok);
    json_kint(w, "max_concurrency", l->max_concurrency);
    json_kz(w, "name", l->name);
    json_kint(w, "num_requests", l->num_requests);
    add_options(w, &l->ask.options);
    add_amount(w, "output_len", &l->output_tok);
    if (l->trace && l->output_given)
        json_kbool(w, "output_len_given", true);
    if (l->precision)
        json_kz(w, "precision", l->precision);
    if (l->n_prompts)
        add_prompts(w, l);
    json_kz(w, "route", l->ask.route == ROUTE_CHAT ? "chat" : "completion");
    json_kz(w, "server", s->servers[l->ask.server].name);
    json_kint(w, "shared_prefix", l->shared_tok);
    add_stages(w, &l->schedule);
    json_kbool(w, "stream", l->ask.stream);
    if (l->threads > 1)
        json_kint(w, "threads", l->threads);
    json_kz(w, "trace", l->trace_sha256);
    json_kdouble(w, "trace_speed", l->trace_speed);
    if (l->turns.high > 1) {
        add_amount(w, "turns", &l->turns);
        add_amount(w, "think_ms", &l->think_ms);
    }
    if (l->warmup_ns) /* this and others absent where not asked for: the plans of older loads keep their identity */
        json_kint(w, "warmup_ns", l->warmup_ns);
    json_object_end(w);
}

static void add_loads(struct json_writer *w, const struct study *s)
{
    json_key(w, "loads");
    json_array(w);
    for (size_t i = 0; i < s->n_loads; i++)
        plan_add_load(w, s, &s->loads[i]);
    json_array_end(w);
}

void plan_add_server(struct json_writer *w, const struct study *s, const struct server_spec *v)
{
    json_object(w);
    json_key(w, "args");
    json_array(w);
    for (const char *const *arg = v->args; arg && *arg; arg++)
        json_z(w, *arg);
    json_array_end(w);
    json_kz(w, "backend", v->backend);
    json_kz(w, "kind", v->kind);
    json_kz(w, "model", v->model);
    json_kz(w, "name", v->name);
    json_kint(w, "num_ctx", v->num_ctx);
    json_kint(w, "num_gpu", v->num_gpu);
    json_kint(w, "parallel", v->parallel);
    if (s->n_factors)
        json_kz(w, "slot", s->slots[s->slot_of[v - s->servers]]);
    json_kint(w, "threads", v->threads);
    json_object_end(w);
}

static void add_servers(struct json_writer *w, const struct study *s)
{
    json_key(w, "servers");
    json_array(w);
    for (size_t i = 0; i < s->n_servers; i++)
        plan_add_server(w, s, &s->servers[i]);
    json_array_end(w);
}

static void add_compare(struct json_writer *w, const struct study_compare *c)
{
    json_key(w, "compare");
    json_object(w);
    if (c->baseline)
        json_kz(w, "baseline", c->baseline);
    if (c->margin)
        json_kz(w, "margin", c->margin);
    if (c->metrics) {
        json_key(w, "metrics");
        json_array(w);
        for (size_t i = 0; i < c->n_metrics; i++)
            json_z(w, c->metrics[i]);
        json_array_end(w);
    }
    json_object_end(w);
}

static void add_guard(struct json_writer *w, const struct study_guard *g)
{
    json_key(w, "guard");
    json_object(w);
    json_kdouble(w, "load", g->load);
    json_kdouble(w, "temperature_c", g->temperature_c);
    json_kint(w, "wait_ns", g->wait_ns);
    json_object_end(w);
}

static void add_stop(struct json_writer *w, const struct study_stop *stop)
{
    json_key(w, "stop");
    json_object(w);
    json_kint(w, "min_blocks", stop->min_blocks);
    json_kz(w, "precision", stop->precision);
    json_object_end(w);
}

static void make_json(struct plan *p, const struct study *s, const char *corpus_sha256)
{
    struct json_writer w;
    json_init(&w, &p->json);
    json_object(&w);
    add_agents(&w, s);
    add_arms(&w, s);
    json_kint(&w, "blocks", s->blocks);
    json_kbool(&w, "cold", s->cold);
    if (s->compare.baseline || s->compare.metrics || s->compare.margin)
        add_compare(&w, &s->compare);
    json_kz(&w, "corpus", corpus_sha256);
    if (s->n_factors) /* this and others absent where not given: the plans of older studies keep their identity */
        add_factors(&w, s);
    if (s->guard.wait_ns)
        add_guard(&w, &s->guard);
    if (s->isolate)
        json_kbool(&w, "isolate", true);
    json_kbool(&w, "keep_text", s->keep_text);
    if (s->n_loads)
        add_loads(&w, s);
    json_kz(&w, "order", study_order_word(s->order));
    json_kbool(&w, "oversubscribe", s->oversubscribe);
    json_kint(&w, "prompt_tokens", s->prompt_tok);
    json_kint(&w, "seed", (int64_t)s->seed);
    add_servers(&w, s);
    if (s->stop.precision)
        add_stop(&w, &s->stop);
    json_kz(&w, "study", s->name);
    json_key(&w, "timeouts_ns");
    json_array(&w);
    json_int(&w, s->limits.connect_ns);
    json_int(&w, s->limits.first_byte_ns);
    json_int(&w, s->limits.idle_ns);
    json_int(&w, s->limits.total_ns);
    json_array_end(&w);
    json_object_end(&w);
    sha256_hex(p->json.at, p->json.len, p->sha256);
}

void plan_make(struct plan *p, const struct study *s, const char *corpus_sha256)
{
    *p = (struct plan){0};
    make_rows(p, s);
    make_json(p, s, corpus_sha256);
}

static const struct study_arm *arm_of(const struct study *s, const char *name)
{
    for (size_t i = 0; i < s->n_arms; i++)
        if (s->arms[i].name == name) /* rows borrow the names */
            return &s->arms[i];
    BUG("a plan row of no arm");
}

void plan_count_starts(const struct plan *p, const struct study *s, size_t *starts)
{
    int *up = xcalloc(s->n_slots, sizeof *up);
    for (size_t i = 0; i < s->n_servers; i++)
        starts[i] = 0;
    for (size_t i = 0; i < s->n_slots; i++)
        up[i] = -1;
    for (size_t i = 0; i < p->n; i++) {
        const struct study_arm *arm = arm_of(s, p->rows[i].arm);
        for (size_t k = 0; k < s->n_slots; k++) {
            starts[arm->servers[k]] += arm->servers[k] != up[k];
            up[k] = arm->servers[k];
        }
    }
    free(up);
}

void plan_release(struct plan *p)
{
    free(p->rows);
    str_release(&p->json);
    *p = (struct plan){0};
}
