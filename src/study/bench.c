/* bench.c: the test bench around the window: servers and their facts, starting states, prompts. See executor.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/proc.h"
#include "format/json.h"
#include "probe/host.h"
#include "study/executor.h"

#define START_TIMEOUT_NS (180 * NS_PER_S)

/* ---- up and down ---------------------------------------------------------------------------------------------------- */

static void say_line(void *user, const char *line)
{
    executor_say(user, "%s", line);
}

static int make_work_dir(struct executor *x, struct err *e)
{
    struct str dir = STR_INIT;
    const char *tmp = getenv("TMPDIR");
    str_addf(&dir, "%s/chimera-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    x->work_dir = str_detach(&dir, NULL);
    if (!mkdtemp(x->work_dir)) {
        free(x->work_dir);
        x->work_dir = NULL;
        return err_set(e, ERR_IO, "cannot make a folder for the servers' logs in %s", tmp && *tmp ? tmp : "/tmp");
    }
    return 0;
}

/* Says which server failed, where the message does not say it yet. */
static int of_server(const struct executor *x, size_t i, int rc, struct err *e)
{
    char named[96];
    snprintf(named, sizeof named, "server '%s'", x->specs[i].name);
    if (rc && !strstr(e->text, named))
        err_prefix(e, "%s", named);
    return rc;
}

static int start_one(struct executor *x, size_t i, struct err *e)
{
    struct server_place place = {.work_dir = x->work_dir,
                                 .self_path = x->options->self_path,
                                 .stop = x->options->stop,
                                 .say = say_line,
                                 .user = x};
    mono_ns before = clock_now(NULL);
    int rc = server_new(&x->servers[i], &x->specs[i], &place, e);
    if (!rc)
        rc = server_start(x->servers[i], START_TIMEOUT_NS, e);
    if (rc)
        return of_server(x, i, rc, e);
    struct server *s = x->servers[i];
    struct str url = STR_INIT;
    endpoint_text(server_endpoint(s), &url);
    executor_say(x, "server %s: %s at %s, ready in %.1f s", server_name(s),
                 x->specs[i].kind ? x->specs[i].kind : "engine", str_z(&url), (double)(clock_now(NULL) - before) / 1e9);
    str_release(&url);
    x->views[i] = (struct driver_server){
        .name = server_name(s),
        .model = server_model(s),
        .backend = server_backend(s),
        .endpoint = server_endpoint(s),
        .client = server_client_options(s),
        .engine_stamps = server_is_engine(s),
        .num_ctx = server_num_ctx(s),
    };
    return 0;
}

int bench_start(struct executor *x, struct err *e)
{
    size_t n = x->study->n_servers;
    int rc = make_work_dir(x, e);
    if (rc)
        return rc;
    x->specs = arena_grow(&x->arena, x->study->servers, n * sizeof *x->specs, n * sizeof *x->specs);
    x->servers = arena_alloc(&x->arena, n * sizeof *x->servers);
    x->views = arena_alloc(&x->arena, n * sizeof *x->views);
    rc = servers_divide_threads(x->specs, n, host_cores(""), x->study->oversubscribe, e);
    for (size_t i = 0; i < n && !rc; i++)
        rc = start_one(x, i, e);
    return rc;
}

static void remove_work_dir(const char *dir)
{
    if (rmdir(dir) == 0) /* nobody wrote anything */
        return;
    /* Logs of servers that ended well are of no further use; a failed start has quoted its log already. */
    const char *const argv[] = {"rm", "-rf", "--", dir, NULL};
    struct proc p;
    struct proc_spec spec = {.argv = argv};
    if (proc_start(&p, &spec, NULL) == 0)
        while (proc_running(&p))
            usleep(500);
}

void bench_stop(struct executor *x)
{
    for (size_t i = 0; x->servers && i < x->study->n_servers; i++)
        server_free(x->servers[i]);
    if (x->work_dir)
        remove_work_dir(x->work_dir);
}

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

static int store_facts(struct executor *x, struct err *e)
{
    struct str json = STR_INIT, momentary = STR_INIT;
    host_facts("", &json, &momentary);
    int rc = store_host(x->store, str_z(&json), x->stratum, e);
    if (!rc)
        rc = store_note(x->store, "host_at_start", str_z(&momentary), e);
    if (!rc)
        rc = store_calibration(x, e);
    str_release(&momentary);
    for (size_t i = 0; i < x->study->n_servers && !rc; i++) {
        str_clear(&json);
        rc = server_facts(x->servers[i], &json, e);
        if (!rc)
            rc = store_server(x->store, server_name(x->servers[i]), str_z(&json), e);
    }
    str_release(&json);
    return rc;
}

/* ---- prompts -------------------------------------------------------------------------------------------------------- */

/* Options as the server will get them: what every request to it must carry to be comparable, under the agent's own. */
static struct options options_for(const struct executor *x, const struct study_agent *a)
{
    struct options o = a->ask.options;
    server_request_options(x->servers[a->ask.server], &o);
    return o;
}

static struct workflow_spec flow_of(const struct executor *x, const struct study_agent *a)
{
    struct server *s = x->servers[a->ask.server];
    return (struct workflow_spec){
        .agent = a->agent,
        .corpus = &x->corpus,
        .model = server_model(s),
        .route = a->ask.route,
        .stream = a->ask.stream,
        .engine_stamps = server_is_engine(s),
        .options = options_for(x, a),
        .extra_body_json = a->ask.extra_body_json,
    };
}

static int64_t count_tokens(void *user, const struct ask *ask)
{
    return server_count_tokens(user, ask);
}

/* All agents carry the same inventory, the smallest that any of them can take: the same work for each. */
static int fit_all(struct executor *x, struct err *e)
{
    size_t inventory = SIZE_MAX, carry = SIZE_MAX;
    for (size_t i = 0; i < x->study->n_agents; i++) {
        const struct study_agent *a = &x->study->agents[i];
        struct workflow_spec *f = &x->flows[i];
        int64_t num_ctx = f->options.set & OPTION_NUM_CTX &&
                                  server_backend(x->servers[a->ask.server])->options & OPTION_NUM_CTX
                              ? f->options.num_ctx
                              : server_num_ctx(x->servers[a->ask.server]);
        int rc = workflow_fit(f, x->study->prompt_tok, num_ctx, count_tokens, x->servers[a->ask.server], e);
        if (rc) {
            err_prefix(e, "agent %s", a->name);
            return rc;
        }
        inventory = f->inventory_chars < inventory ? f->inventory_chars : inventory;
        carry = f->carry_chars < carry ? f->carry_chars : carry;
    }
    for (size_t i = 0; i < x->study->n_agents; i++) {
        x->flows[i].inventory_chars = inventory;
        x->flows[i].carry_chars = carry;
    }
    return 0;
}

static int store_fit(struct executor *x, struct err *e)
{
    struct str json = STR_INIT;
    struct json_writer w;
    json_init(&w, &json);
    json_object(&w);
    json_kint(&w, "carry_chars", (int64_t)x->flows[0].carry_chars);
    json_kint(&w, "inventory_chars", (int64_t)x->flows[0].inventory_chars);
    json_object_end(&w);
    int rc = store_note(x->store, "prompts", str_z(&json), e);
    str_release(&json);
    return rc;
}

/* A resumed study sends the prompts it began with. */
static bool load_fit(struct executor *x)
{
    const char *text = store_get_note(x->store, &x->arena, "prompts");
    yyjson_doc *doc = text ? json_read(text, strlen(text), NULL, NULL) : NULL;
    yyjson_val *root = doc ? yyjson_doc_get_root(doc) : NULL;
    int64_t inventory = json_get_int(root, "inventory_chars", -1), carry = json_get_int(root, "carry_chars", -1);
    yyjson_doc_free(doc);
    for (size_t i = 0; i < x->study->n_agents && inventory >= 0 && carry >= 0; i++) {
        x->flows[i].inventory_chars = (size_t)inventory;
        x->flows[i].carry_chars = (size_t)carry;
    }
    return inventory >= 0 && carry >= 0;
}

int bench_fit_prompts(struct executor *x, struct err *e)
{
    int rc = store_facts(x, e);
    if (rc)
        return rc;
    x->flows = arena_alloc(&x->arena, x->study->n_agents * sizeof *x->flows);
    for (size_t i = 0; i < x->study->n_agents; i++)
        x->flows[i] = flow_of(x, &x->study->agents[i]);
    if (!x->study->n_agents || load_fit(x))
        return 0;
    rc = fit_all(x, e);
    return rc ? rc : store_fit(x, e);
}

/* ---- starting states ------------------------------------------------------------------------------------------------- */

static void add_proof(struct json_writer *w, const char *server, const struct state_proof *p)
{
    json_key(w, server);
    json_object(w);
    json_kz(w, "asked", p->cold ? "cold" : "warm");
    json_kz(w, "how", p->how);
    if (p->load_ns >= 0)
        json_kint(w, "load_ns", p->load_ns);
    else
        json_knull(w, "load_ns");
    json_kint(w, "pid", p->pid);
    json_kbool(w, "proven", p->proven);
    json_object_end(w);
}

/* The options a server's first agent will send, so that warming loads the model as the run will use it. */
static const struct options *first_options(const struct executor *x, size_t server)
{
    static const struct options none = {0};
    for (size_t i = 0; i < x->study->n_agents; i++)
        if ((size_t)x->study->agents[i].ask.server == server)
            return &x->flows[i].options;
    for (size_t i = 0; i < x->study->n_loads; i++)
        if ((size_t)x->study->loads[i].ask.server == server)
            return &x->study->loads[i].ask.options;
    return &none;
}

static int revive(struct executor *x, size_t i, struct err *e)
{
    struct err crash = ERR_INIT;
    if (server_check(x->servers[i], &crash) == 0)
        return 0;
    executor_say(x, "server %s: %s; starting it again", x->specs[i].name, crash.text);
    return server_restart(x->servers[i], START_TIMEOUT_NS, e);
}

int bench_prepare_run(struct executor *x, const char **json, struct err *e)
{
    struct str out = STR_INIT;
    struct json_writer w;
    int rc = 0;
    json_init(&w, &out);
    json_object(&w);
    for (size_t i = 0; i < x->study->n_servers && !rc; i++) {
        struct state_proof proof = {0};
        rc = revive(x, i, e);
        if (!rc)
            rc = x->study->cold ? server_cold(x->servers[i], &proof, e)
                                : server_warm(x->servers[i], first_options(x, i), &proof, e);
        x->views[i].endpoint = server_endpoint(x->servers[i]); /* a restart may have moved it */
        if (!rc)
            add_proof(&w, x->specs[i].name, &proof);
        of_server(x, i, rc, e);
    }
    json_object_end(&w);
    *json = arena_dup(&x->arena, str_z(&out), out.len);
    str_release(&out);
    return rc;
}
