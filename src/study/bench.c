/* bench.c: the test bench around the window: facts of host and servers, prompts, starting states. See executor.h. */
#include <string.h>

#include "format/json.h"
#include "probe/host.h"
#include "study/executor.h"

/* ---- facts ---------------------------------------------------------------------------------------------------------- */

/* What the instrument was found to be worth here goes with every result. */
static int store_calibration(struct executor *x, struct err *e)
{
    struct str json = STR_INIT;
    bool found = calibration_find(x->stratum, &x->calibration, &json);
    int rc = found ? store_note(x->store, "calibration", str_z(&json), e) : 0;
    str_release(&json);
    return rc;
}

static int store_host_facts(struct executor *x, struct err *e)
{
    struct str json = STR_INIT, momentary = STR_INIT;
    host_facts("", &json, &momentary);
    int rc = store_host(x->store, str_z(&json), x->stratum, e);
    if (!rc)
        rc = store_note(x->store, "host_at_start", str_z(&momentary), e);
    if (!rc)
        rc = store_calibration(x, e);
    str_release(&momentary);
    str_release(&json);
    return rc;
}

/* Facts of a server that came up. The first of this study are only kept while there is no result file yet. */
static int take_facts(struct executor *x, size_t server, struct err *e)
{
    struct str json = STR_INIT;
    const char *before = x->facts[server];
    int rc = server_facts(x->servers[server], &json, e);
    if (!rc && !(before && strcmp(before, str_z(&json)) == 0)) {
        if (before)
            executor_say(x, "server %s is not what it was: its facts differ from those of earlier runs",
                         x->specs[server].name);
        x->facts[server] = arena_dup(&x->arena, str_z(&json), json.len);
        rc = x->store ? store_server(x->store, x->specs[server].name, x->facts[server], e) : 0;
    }
    str_release(&json);
    return rc;
}

/* The last facts that the result file has of each server. */
static int load_facts(struct executor *x, struct err *e)
{
    struct named_json *known = NULL;
    size_t n = 0;
    int rc = store_servers(x->store, &x->arena, &known, &n, e);
    for (size_t i = 0; i < x->study->n_servers && !rc; i++)
        for (size_t k = 0; k < n; k++)
            if (strcmp(known[k].name, x->specs[i].name) == 0)
                x->facts[i] = known[k].json;
    return rc;
}

static int store_servers_facts(struct executor *x, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; i < x->study->n_servers && !rc; i++)
        if (x->facts[i])
            rc = store_server(x->store, x->specs[i].name, x->facts[i], e);
    return rc;
}

/* Has these up, one for each slot, and knows what they are. */
static int bring(struct executor *x, const int *servers, mono_ns *cost_ns, struct err *e)
{
    int rc = rack_bring(x, servers, cost_ns, e);
    for (size_t i = 0; i < x->study->n_slots && !rc; i++)
        if (cost_ns[i])
            rc = rack_named(x, (size_t)servers[i], take_facts(x, (size_t)servers[i], e), e);
    return rc;
}

/* ---- prompts -------------------------------------------------------------------------------------------------------- */

struct workflow_spec bench_flow(const struct executor *x, const struct study_agent *a)
{
    struct server *s = x->servers[a->ask.server];
    struct workflow_spec flow = {
        .agent = a->agent,
        .corpus = &x->corpus,
        .model = server_model(s),
        .route = a->ask.route,
        .stream = a->ask.stream,
        .engine_stamps = server_is_engine(s),
        .options = a->ask.options,
        .extra_body_json = a->ask.extra_body_json,
        .inventory_chars = x->inventory_chars,
        .carry_chars = x->carry_chars,
    };
    server_request_options(s, &flow.options); /* what every request to it must carry to be comparable */
    return flow;
}

static int64_t count_tokens(void *user, const struct ask *ask)
{
    return server_count_tokens(user, ask);
}

/* All agents carry the same inventory, the smallest that any of them can take: the same work for each. */
static int fit(struct executor *x, const struct study_agent *a, struct err *e)
{
    struct server *s = x->servers[a->ask.server];
    struct workflow_spec f = bench_flow(x, a);
    bool own = f.options.set & OPTION_NUM_CTX && server_backend(s)->options & OPTION_NUM_CTX;
    int rc = workflow_fit(&f, x->study->prompt_tok, own ? f.options.num_ctx : server_num_ctx(s), count_tokens, s, e);
    if (rc) {
        err_prefix(e, "agent %s", a->name);
        return rc;
    }
    x->inventory_chars = f.inventory_chars < x->inventory_chars ? f.inventory_chars : x->inventory_chars;
    x->carry_chars = f.carry_chars < x->carry_chars ? f.carry_chars : x->carry_chars;
    return 0;
}

static int store_fit(struct executor *x, struct err *e)
{
    struct str json = STR_INIT;
    struct json_writer w;
    json_init(&w, &json);
    json_object(&w);
    json_kint(&w, "carry_chars", (int64_t)x->carry_chars);
    json_kint(&w, "inventory_chars", (int64_t)x->inventory_chars);
    json_object_end(&w);
    int rc = store_note(x->store, "prompts", str_z(&json), e);
    str_release(&json);
    return rc;
}

/* A resumed study sends the prompts it began with. */
static bool load_fit(struct executor *x)
{
    const char *text = store_get_note(x->store, &x->arena, "prompts");
    yyjson_doc *doc = json_read_z(text);
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    int64_t inventory = json_get_int(root, "inventory_chars", -1), carry = json_get_int(root, "carry_chars", -1);
    yyjson_doc_free(doc);
    if (inventory < 0 || carry < 0)
        return false;
    x->inventory_chars = (size_t)inventory;
    x->carry_chars = (size_t)carry;
    return true;
}

/* ---- before the first run ------------------------------------------------------------------------------------------- */

static bool is_new(const struct executor *x, const struct study_arm *arm, const bool *fitted)
{
    for (size_t i = 0; i < x->study->n_slots; i++)
        if (!x->facts[arm->servers[i]])
            return true;
    for (size_t i = 0; i < arm->n_agents; i++)
        if (!fitted[arm->agents[i]])
            return true;
    return false;
}

int bench_tour(struct executor *x, struct err *e)
{
    const struct study *s = x->study;
    mono_ns *cost = arena_alloc(&x->arena, s->n_slots * sizeof *cost);
    bool *fitted = arena_alloc(&x->arena, (s->n_agents + 1) * sizeof *fitted);
    int rc = 0;
    x->inventory_chars = x->carry_chars = SIZE_MAX;
    for (size_t i = 0; i < s->n_arms && !rc; i++) {
        const struct study_arm *arm = &s->arms[i];
        if (!is_new(x, arm, fitted))
            continue;
        rc = bring(x, arm->servers, cost, e);
        for (size_t k = 0; k < arm->n_agents && !rc; k++)
            if (!fitted[arm->agents[k]]) {
                rc = fit(x, &s->agents[arm->agents[k]], e);
                fitted[arm->agents[k]] = true;
            }
    }
    return rc;
}

int bench_store_first(struct executor *x, struct err *e)
{
    int rc = store_host_facts(x, e);
    if (!rc)
        rc = store_servers_facts(x, e);
    return rc || !x->study->n_agents ? rc : store_fit(x, e);
}

/* Runs under other facts of the host are never mixed with those before in silence. */
static int say_new_stratum(struct executor *x, struct err *e)
{
    struct named_json *hosts = NULL;
    size_t n = 0;
    int rc = store_hosts(x->store, &x->arena, &hosts, &n, e);
    if (!rc)
        rc = store_host_facts(x, e);
    for (size_t i = 0; i < n; i++)
        if (strcmp(hosts[i].name, x->stratum) == 0)
            return rc;
    if (!rc && n)
        executor_say(x, "this host is not what it was: runs from now on are another stratum (%.12s)", x->stratum);
    return rc;
}

int bench_resume(struct executor *x, struct err *e)
{
    int rc = say_new_stratum(x, e);
    if (!rc)
        rc = load_facts(x, e);
    if (rc || !x->study->n_agents || load_fit(x))
        return rc;
    rc = bench_tour(x, e); /* it was killed before it had noted them */
    return rc ? rc : store_fit(x, e);
}

/* ---- starting states ------------------------------------------------------------------------------------------------- */

/* Whose questions a server is made ready for: those of the arm; where it leaves the server idle, of the first agent or
 * load there is for it. */
static const struct study_ask *asked_of(const struct study *s, const struct study_arm *arm, int server)
{
    for (size_t i = 0; i < arm->n_agents; i++)
        if (s->agents[arm->agents[i]].ask.server == server)
            return &s->agents[arm->agents[i]].ask;
    if (arm->load >= 0 && s->loads[arm->load].ask.server == server)
        return &s->loads[arm->load].ask;
    for (size_t i = 0; i < s->n_agents; i++)
        if (s->agents[i].ask.server == server)
            return &s->agents[i].ask;
    for (size_t i = 0; i < s->n_loads; i++)
        if (s->loads[i].ask.server == server)
            return &s->loads[i].ask;
    return NULL;
}

static int prove(struct executor *x, const struct study_arm *arm, int server, struct state_proof *proof, struct err *e)
{
    const struct study_ask *ask = asked_of(x->study, arm, server);
    struct server *s = x->servers[server];
    struct options o = ask ? ask->options : (struct options){0};
    server_request_options(s, &o); /* as all that will be asked, else the first question loads the model anew */
    int rc = x->study->cold ? server_cold(s, proof, e) : server_warm(s, &o, proof, e);
    return rack_note(x, (size_t)server, rc, e);
}

int bench_prepare_run(struct executor *x, const struct study_arm *arm, struct start_state *st, struct err *e)
{
    size_t n = x->study->n_slots;
    mono_ns *cost = arena_alloc(&x->arena, n * sizeof *cost);
    *st = (struct start_state){.slot = arena_alloc(&x->arena, n * sizeof *st->slot)};
    int rc = bring(x, arm->servers, cost, e);
    if (!rc)
        rc = guard_wait(x, &st->guard, e);
    for (size_t i = 0; i < n && !rc; i++) {
        struct start_slot *slot = &st->slot[i];
        *slot = (struct start_slot){.server = x->specs[arm->servers[i]].name,
                                    .start_ns = cost[i],
                                    .first_sent_ns = MONO_NONE,
                                    .first_load_ns = -1};
        rc = prove(x, arm, arm->servers[i], &slot->proof, e);
        st->start_ns += cost[i];
        st->n += !rc;
    }
    if (!rc)
        rack_look(x); /* a start may have moved them */
    return rc;
}

void bench_note_load(struct start_state *st, const struct request *r)
{
    mono_ns sent = r->stamp[STAMP_SENT];
    for (size_t i = 0; i < st->n && sent != MONO_NONE; i++) {
        struct start_slot *slot = &st->slot[i];
        if (strcmp(slot->server, r->server) == 0 && (slot->first_sent_ns == MONO_NONE || sent < slot->first_sent_ns)) {
            slot->first_sent_ns = sent;
            slot->first_load_ns = r->usage.load_ns;
        }
    }
}

static bool is_proven(const struct start_slot *slot)
{
    return slot->proof.proven &&
           (slot->first_sent_ns == MONO_NONE || server_load_agrees(&slot->proof, slot->first_load_ns));
}

size_t bench_unproven(const struct start_state *st)
{
    size_t n = 0;
    for (size_t i = 0; i < st->n; i++)
        n += !is_proven(&st->slot[i]);
    return n;
}

static void known_ns(struct json_writer *w, const char *key, int64_t ns)
{
    if (ns >= 0)
        json_kint(w, key, ns);
    else
        json_knull(w, key);
}

static void add_slot(struct json_writer *w, const struct start_slot *slot)
{
    json_key(w, slot->server);
    json_object(w);
    json_kz(w, "asked", slot->proof.cold ? "cold" : "warm");
    known_ns(w, "first_load_ns", slot->first_load_ns);
    json_kz(w, "how", slot->proof.how);
    known_ns(w, "load_ns", slot->proof.load_ns);
    json_kint(w, "pid", slot->proof.pid);
    json_kbool(w, "proven", is_proven(slot));
    json_kint(w, "start_ns", slot->start_ns);
    json_object_end(w);
}

/* Quotes and backslashes would be escaped, and the rule that shows the reason reads no JSON; rules are separated by ';'. */
static void add_reason(struct json_writer *w, const char *why)
{
    struct str plain = STR_INIT;
    for (const char *p = why; *p; p++)
        str_addc(&plain, *p == '"' ? '\'' : *p == '\\' ? '/' : *p == ';' ? ',' : (unsigned char)*p < ' ' ? ' ' : *p);
    json_kz(w, "failed", str_z(&plain));
    str_release(&plain);
}

static void add_guard(struct json_writer *w, const struct start_guard *g)
{
    json_key(w, "guard");
    json_object(w);
    json_kdouble(w, "busy_cores", g->busy_cores);
    json_kdouble(w, "temperature_c", g->temperature_c);
    json_kint(w, "waited_ns", g->waited_ns);
    json_object_end(w);
    json_kint(w, "guard_missed", g->missed);
}

const char *bench_start_json(struct executor *x, const struct start_state *st, const char *failed)
{
    struct str out = STR_INIT;
    struct json_writer w;
    json_init(&w, &out);
    json_object(&w);
    if (failed)
        add_reason(&w, failed);
    if (st->guard.looked)
        add_guard(&w, &st->guard);
    json_key(&w, "servers");
    json_object(&w);
    for (size_t i = 0; i < st->n; i++)
        add_slot(&w, &st->slot[i]);
    json_object_end(&w);
    json_kint(&w, "unproven", (int64_t)bench_unproven(st));
    json_object_end(&w);
    const char *json = arena_dup(&x->arena, str_z(&out), out.len);
    str_release(&out);
    return json;
}
