/* file.c: the study file, key by key; its loads are in file_load.c. The table `keys` is what a file may hold; it is checked against the tree before any
 * value is read. Values are judged where they stand, so that every complaint has its line. See study.h. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "format/yaml.h"
#include "study/file.h"

enum { MAX_SERVERS = 16, MAX_AGENTS = 64, MAX_ARMS = 256, MAX_BLOCKS = 10000 };
enum { DEFAULT_PROMPT_TOK = 400, DEFAULT_NUM_CTX = 2048, DEFAULT_NUM_PREDICT = 256 };

static const struct {
    const char *map, *key, *what;
} keys[] = {
    {"study", "study", "its name; required"},
    {"study", "question", "the one question it answers"},
    {"study", "servers", "list of what answers; required"},
    {"study", "corpus", "folder that the agents read, relative to this file; required with agents"},
    {"study", "agents", "list of agents; required, or loads"},
    {"study", "loads", "list of plain loads"},
    {"study", "arms", "list of what is compared; default: every agent alone, then all together; then every load"},
    {"study", "blocks", "how often every arm is run (1)"},
    {"study", "order", "random: a new order in each block (default); nested: as written, in every block"},
    {"study", "seed", "of every random choice (1)"},
    {"study", "start", "warm (default) or cold: the proven state of the models before each run"},
    {"study", "prompt_tokens", "most tokens of a prompt (400)"},
    {"study", "timeouts", "connect, first_byte, idle, total in seconds (10, 120, 60, 600)"},
    {"study", "oversubscribe", "true: more server threads than cores are meant (false)"},
    {"study", "keep_text", "false: store hashes instead of prompts and outputs (true)"},
    {"servers", "name", "required"},
    {"servers", "kind", "engine (default), llama-server, ollama, cmd:COMMAND, or a URL"},
    {"servers", "backend", "openai, ollama or llama-server; default: follows the kind"},
    {"servers", "model", "a GGUF file, a name of `chimera list models`, or the name an external server knows"},
    {"servers", "threads", "default: an equal share of the cores"},
    {"servers", "num_ctx", "context per request (2048)"},
    {"servers", "parallel", "requests served at once (1)"},
    {"servers", "num_gpu", "layers to offload; default: the server's"},
    {"servers", "args", "further arguments of a managed server"},
    {"servers", "cacert", "PEM file of trusted roots, for https"},
    {"servers", "headers", "list of extra header lines; not for secrets"},
    {"agents", "name", "required"},
    {"agents", "server", "name of its server; required when there are several"},
    {"agents", "route", "chat (default) or completion"},
    {"agents", "stream", "false: one answer at the end (true)"},
    {"agents", "options", "temperature, num_predict, seed and so on: `chimera list options`"},
    {"agents", "extra_body", "a JSON object whose members are added to the request"},
    {"loads", "name", "required"},
    {"loads", "server", "name of its server; required when there are several"},
    {"loads", "route", "chat (default) or completion"},
    {"loads", "stream", "false: one answer at the end (true)"},
    {"loads", "options", "temperature, seed and so on: `chimera list options`"},
    {"loads", "extra_body", "a JSON object whose members are added to the request"},
    {"loads", "input_len", "tokens of a prompt: N, A..B or lognormal:MEDIAN,SIGMA (512)"},
    {"loads", "output_len", "most tokens of an answer: N, A..B or lognormal:MEDIAN,SIGMA (128)"},
    {"loads", "shared_prefix", "tokens that all prompts begin with (0)"},
    {"loads", "max_concurrency", "closed loop: requests in flight at once"},
    {"loads", "request_rate", "open loop: requests per second, or stages such as 10:30s,20..50:60s"},
    {"loads", "arrival", "constant, poisson (default) or gamma"},
    {"loads", "burstiness", "of gamma: below 1 burstier than poisson, above 1 steadier"},
    {"loads", "trace",
     "a file of mooncake, azure, burstgpt or sharegpt: times and lengths; with a loop, lengths or texts"},
    {"loads", "trace_speed", "2: twice the load in half the time (1)"},
    {"loads", "num_requests", "stop after so many; of conversations, where there are turns"},
    {"loads", "duration", "seconds; stop after so long"},
    {"loads", "threads", "threads of the client, which share nothing (1)"},
    {"loads", "turns", "of a conversation: N, A..B or lognormal:MEDIAN,SIGMA (1: single requests)"},
    {"loads", "think_ms", "pause before each further turn: N, A..B or lognormal:MEDIAN,SIGMA (0)"},
    {"loads", "precision", "stop earlier: METRIC:WIDTH of the median or METRIC.mean:WIDTH, such as ttft:3%"},
    {"loads", "warmup", "seconds of the same load before the window: sent and kept, in no number, not drained (0)"},
    {"arms", "name", "required"},
    {"arms", "agents", "names of the agents that start together"},
    {"arms", "load", "name of a load, instead of agents"},
    {"timeouts", "connect", "seconds"},
    {"timeouts", "first_byte", "seconds"},
    {"timeouts", "idle", "seconds"},
    {"timeouts", "total", "seconds"},
};

enum { N_KEYS = sizeof keys / sizeof keys[0] };

const char *study_key_at(size_t i, const char **map, const char **what)
{
    if (i >= N_KEYS)
        return NULL;
    *map = keys[i].map;
    *what = keys[i].what;
    return keys[i].key;
}

int file_allow(const struct yaml_node *node, const char *map, struct err *e)
{
    const char *names[N_KEYS];
    size_t n = 0;
    for (size_t i = 0; i < N_KEYS; i++)
        if (strcmp(keys[i].map, map) == 0)
            names[n++] = keys[i].key;
    return yaml_allow(node, names, n, map, e);
}

/* Names become parts of file names and table cells. */
int file_read_name(const struct yaml_node *map, const char *what, struct arena *a, const char **out, struct err *e)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    struct yaml_node *node;
    const char *name;
    int rc = yaml_need(map, "name", what, &node, e);
    if (!rc)
        rc = yaml_as_scalar(node, "name", &name, e);
    if (rc)
        return rc;
    if (!*name || name[strspn(name, good)] || strlen(name) > 64 || name[0] == '.')
        return yaml_error(node, e, "the name '%s' must be 1 to 64 letters, digits, '_', '-' or '.'", name);
    *out = arena_dupz(a, name);
    return 0;
}

/* ---- servers ------------------------------------------------------------------------------------------------------- */

static int read_strings(const struct yaml_node *map, const char *key, struct arena *a, const char *const **out,
                        struct err *e)
{
    struct yaml_node *list = NULL;
    int rc = yaml_get_list(map, key, &list, e);
    if (rc || !list)
        return rc;
    const char **texts = arena_alloc(a, (list->n + 1) * sizeof *texts);
    for (size_t i = 0; i < list->n && !rc; i++) {
        rc = yaml_as_scalar(list->item[i], key, &texts[i], e);
        if (!rc)
            texts[i] = arena_dupz(a, texts[i]);
    }
    *out = texts;
    return rc;
}

static int check_kind(const struct yaml_node *map, const struct server_spec *v, struct err *e)
{
    static const char *const kinds[] = {"engine", "llama-server", "ollama"};
    struct yaml_node *node = yaml_get(map, "kind");
    if (!v->kind || strncmp(v->kind, "cmd:", 4) == 0 || strstr(v->kind, "://"))
        return 0;
    for (size_t i = 0; i < 3; i++)
        if (strcmp(v->kind, kinds[i]) == 0)
            return 0;
    const char *near = word_suggest(v->kind, kinds, 3);
    return yaml_error(node, e, "no server kind '%s'; %s%s%s", v->kind, near ? "did you mean '" : "there are engine, ",
                      near ? near : "llama-server, ollama, cmd:COMMAND and a URL", near ? "'?" : "");
}

static int check_backend(const struct yaml_node *map, const struct server_spec *v, struct err *e)
{
    const char *names[16];
    size_t n = 0;
    for (; n < 16 && backend_at(n); n++)
        names[n] = backend_at(n)->name;
    if (!v->backend || backend_find(v->backend))
        return 0;
    const char *near = word_suggest(v->backend, names, n);
    return yaml_error(yaml_get(map, "backend"), e, "no backend '%s'%s%s%s", v->backend, near ? "; did you mean '" : "",
                      near ? near : "; `chimera list backends` lists them", near ? "'?" : "");
}

static int read_server(struct study *s, const struct yaml_node *map, struct server_spec *v, struct err *e)
{
    struct arena *a = &s->arena;
    const char *cacert = NULL;
    *v = (struct server_spec){.num_ctx = DEFAULT_NUM_CTX, .parallel = 1, .num_gpu = -1};
    int rc = yaml_as_map(map, "servers", e);
    if (rc || (rc = file_allow(map, "servers", e)) || (rc = file_read_name(map, "a server", a, &v->name, e)) ||
        (rc = yaml_get_scalar(map, "kind", &v->kind, e)) || (rc = yaml_get_scalar(map, "backend", &v->backend, e)) ||
        (rc = yaml_get_scalar(map, "model", &v->model, e)) ||
        (rc = yaml_get_int(map, "threads", 1, 4096, &v->threads, e)) ||
        (rc = yaml_get_int(map, "num_ctx", 16, 1 << 24, &v->num_ctx, e)) ||
        (rc = yaml_get_int(map, "parallel", 1, 4096, &v->parallel, e)) ||
        (rc = yaml_get_int(map, "num_gpu", 0, 10000, &v->num_gpu, e)) ||
        (rc = yaml_get_text(map, "cacert", &cacert, e)) || (rc = read_strings(map, "args", a, &v->args, e)) ||
        (rc = read_strings(map, "headers", a, &v->client.header, e)) || (rc = check_kind(map, v, e)) ||
        (rc = check_backend(map, v, e)))
        return rc;
    v->kind = arena_dupz(a, v->kind);
    v->backend = arena_dupz(a, v->backend);
    v->model = arena_dupz(a, v->model);
    v->client.cacert = arena_dupz(a, cacert);
    return 0;
}

static int read_servers(struct study *s, const struct yaml_node *root, struct err *e)
{
    struct yaml_node *list;
    int rc = yaml_need(root, "servers", "the study", &list, e);
    if (!rc)
        rc = yaml_as_list(list, "servers", e);
    if (rc)
        return rc;
    if (!list->n || list->n > MAX_SERVERS)
        return yaml_error(list, e, "servers: %zu of them; 1 to %d are possible", list->n, MAX_SERVERS);
    s->n_servers = list->n;
    s->servers = arena_alloc(&s->arena, list->n * sizeof *s->servers);
    for (size_t i = 0; i < list->n && !rc; i++) {
        rc = read_server(s, list->item[i], &s->servers[i], e);
        for (size_t k = 0; k < i && !rc; k++)
            if (strcmp(s->servers[k].name, s->servers[i].name) == 0)
                rc = yaml_error(list->item[i], e, "two servers are named '%s'", s->servers[i].name);
    }
    return rc;
}

/* ---- agents -------------------------------------------------------------------------------------------------------- */

static int read_options(const struct yaml_node *map, struct options *o, struct err *e)
{
    struct yaml_node *node = NULL;
    const char *names[OPTION_COUNT];
    int rc = yaml_get_map(map, "options", &node, e);
    for (int i = 0; i < OPTION_COUNT; i++)
        names[i] = option_name((enum option_bit_index)i);
    if (!rc && node)
        rc = yaml_allow(node, names, OPTION_COUNT, "options", e);
    for (size_t i = 0; node && i < node->n && !rc; i++) {
        double value;
        struct err range = ERR_INIT;
        rc = yaml_as_double(node->item[i], node->key[i]->text, -HUGE_VAL, HUGE_VAL, &value, e);
        if (!rc && option_set(o, option_find(node->key[i]->text), value, &range) != 0)
            rc = yaml_error(node->item[i], e, "%s", range.text);
    }
    if (!rc && !(o->set & OPTION_NUM_PREDICT)) { /* every generation has a limit */
        o->set |= OPTION_NUM_PREDICT;
        o->num_predict = DEFAULT_NUM_PREDICT;
    }
    if (!rc && o->num_predict < 1)
        rc = yaml_error(yaml_get(node, "num_predict"), e,
                        "num_predict must be at least 1: every generation has a limit");
    return rc;
}

static int find_server(const struct study *s, const struct yaml_node *map, int *out, struct err *e)
{
    const char *names[MAX_SERVERS];
    struct yaml_node *node = yaml_get(map, "server");
    for (size_t i = 0; i < s->n_servers; i++)
        names[i] = s->servers[i].name;
    *out = 0;
    if (!node && s->n_servers > 1)
        return yaml_error(map, e, "it must name its server: there are %zu", s->n_servers);
    return node ? yaml_as_choice(node, "server", names, s->n_servers, out, e) : 0;
}

int file_read_ask(const struct study *s, const struct yaml_node *map, struct study_ask *ask, struct arena *a,
                  struct err *e)
{
    static const char *const routes[] = {"chat", "completion"};
    int route = ROUTE_CHAT;
    *ask = (struct study_ask){.stream = true};
    int rc = find_server(s, map, &ask->server, e);
    if (rc || (rc = yaml_get_choice(map, "route", routes, 2, &route, e)) ||
        (rc = yaml_get_bool(map, "stream", &ask->stream, e)) || (rc = read_options(map, &ask->options, e)) ||
        (rc = yaml_get_text(map, "extra_body", &ask->extra_body_json, e)))
        return rc;
    ask->route = (enum route)route;
    ask->extra_body_json = arena_dupz(a, ask->extra_body_json);
    return 0;
}

static int read_agent(struct study *s, const struct yaml_node *map, struct study_agent *g, struct err *e)
{
    int rc = yaml_as_map(map, "agents", e);
    if (rc || (rc = file_allow(map, "agents", e)) || (rc = file_read_name(map, "an agent", &s->arena, &g->name, e)))
        return rc;
    g->agent = g->name;
    return file_read_ask(s, map, &g->ask, &s->arena, e);
}

static int read_agents(struct study *s, const struct yaml_node *root, struct err *e)
{
    struct yaml_node *list = NULL;
    int rc = s->n_loads ? yaml_get_list(root, "agents", &list, e)
                        : yaml_need(root, "agents", "a study without loads", &list, e);
    if (rc || !list)
        return rc;
    rc = yaml_as_list(list, "agents", e);
    if (rc)
        return rc;
    if (!list->n || list->n > MAX_AGENTS)
        return yaml_error(list, e, "agents: %zu of them; 1 to %d are possible", list->n, MAX_AGENTS);
    s->n_agents = list->n;
    s->agents = arena_alloc(&s->arena, list->n * sizeof *s->agents);
    for (size_t i = 0; i < list->n && !rc; i++) {
        rc = read_agent(s, list->item[i], &s->agents[i], e);
        for (size_t k = 0; k < i && !rc; k++)
            if (strcmp(s->agents[k].name, s->agents[i].name) == 0)
                rc = yaml_error(list->item[i], e, "two agents are named '%s'", s->agents[i].name);
    }
    return rc;
}

/* ---- arms ---------------------------------------------------------------------------------------------------------- */

static int read_arm(struct study *s, const struct yaml_node *map, struct study_arm *arm, struct err *e)
{
    const char *names[MAX_AGENTS];
    struct yaml_node *list;
    arm->load = -1;
    int rc = yaml_as_map(map, "arms", e);
    if (rc || (rc = file_allow(map, "arms", e)) || (rc = file_read_name(map, "an arm", &s->arena, &arm->name, e)))
        return rc;
    if (yaml_get(map, "load"))
        return file_arm_load(s, map, arm, e);
    if ((rc = yaml_need(map, "agents", "an arm", &list, e)) || (rc = yaml_as_list(list, "agents", e)))
        return rc;
    if (!list->n)
        return yaml_error(list, e, "the arm '%s' has no agents", arm->name);
    for (size_t i = 0; i < s->n_agents; i++)
        names[i] = s->agents[i].name;
    arm->n_agents = list->n;
    arm->agents = arena_alloc(&s->arena, list->n * sizeof *arm->agents);
    for (size_t i = 0; i < list->n && !rc; i++) {
        rc = yaml_as_choice(list->item[i], "agent", names, s->n_agents, &arm->agents[i], e);
        for (size_t k = 0; k < i && !rc; k++)
            if (arm->agents[k] == arm->agents[i])
                rc = yaml_error(list->item[i], e,
                                "the arm '%s' names '%s' twice; give the second one a name of its own", arm->name,
                                names[arm->agents[i]]);
    }
    return rc;
}

static struct study_arm *add_arm(struct study *s, const char *name, size_t n_agents)
{
    struct study_arm *arm = &s->arms[s->n_arms++];
    *arm = (struct study_arm){.name = name, .n_agents = n_agents, .load = -1};
    arm->agents = arena_alloc(&s->arena, (n_agents + 1) * sizeof *arm->agents);
    return arm;
}

/* Every agent alone, then all together: what true speedup needs. And every load. */
static void default_arms(struct study *s)
{
    s->arms = arena_alloc(&s->arena, (s->n_agents + s->n_loads + 1) * sizeof *s->arms);
    for (size_t i = 0; i < s->n_agents; i++)
        add_arm(s, arena_printf(&s->arena, "solo-%s", s->agents[i].name), 1)->agents[0] = (int)i;
    if (s->n_agents > 1) {
        struct study_arm *all = add_arm(s, s->n_agents == 2 ? "pair" : "all", s->n_agents);
        for (size_t i = 0; i < s->n_agents; i++)
            all->agents[i] = (int)i;
    }
    for (size_t i = 0; i < s->n_loads; i++)
        add_arm(s, s->loads[i].name, 0)->load = (int)i;
}

static int read_arms(struct study *s, const struct yaml_node *root, struct err *e)
{
    struct yaml_node *list = NULL;
    int rc = yaml_get_list(root, "arms", &list, e);
    if (rc)
        return rc;
    if (!list) {
        default_arms(s);
        return 0;
    }
    if (!list->n || list->n > MAX_ARMS)
        return yaml_error(list, e, "arms: %zu of them; 1 to %d are possible", list->n, MAX_ARMS);
    s->n_arms = list->n;
    s->arms = arena_alloc(&s->arena, list->n * sizeof *s->arms);
    for (size_t i = 0; i < list->n && !rc; i++) {
        rc = read_arm(s, list->item[i], &s->arms[i], e);
        for (size_t k = 0; k < i && !rc; k++)
            if (strcmp(s->arms[k].name, s->arms[i].name) == 0)
                rc = yaml_error(list->item[i], e, "two arms are named '%s'", s->arms[i].name);
    }
    return rc;
}

/* Of a study without factors: every server is a slot, and all are up in every arm. */
static void set_slots(struct study *s)
{
    s->n_slots = s->n_servers;
    s->slots = arena_alloc(&s->arena, s->n_servers * sizeof *s->slots);
    s->slot_of = arena_alloc(&s->arena, s->n_servers * sizeof *s->slot_of);
    for (size_t i = 0; i < s->n_servers; i++) {
        s->slots[i] = s->servers[i].name;
        s->slot_of[i] = (int)i;
    }
    for (size_t i = 0; i < s->n_arms; i++) {
        s->arms[i].base = s->arms[i].name;
        s->arms[i].servers = arena_grow(&s->arena, s->slot_of, s->n_slots * sizeof *s->slot_of,
                                        s->n_slots * sizeof *s->slot_of);
    }
}

/* ---- the whole ------------------------------------------------------------------------------------------------------ */

static int read_timeouts(struct study *s, const struct yaml_node *root, struct err *e)
{
    struct yaml_node *map = NULL;
    double connect = 10, first_byte = 120, idle = 60, total = 600;
    int rc = yaml_get_map(root, "timeouts", &map, e);
    if (!rc && map)
        rc = file_allow(map, "timeouts", e);
    if (rc || (rc = yaml_get_double(map, "connect", 0.001, 86400, &connect, e)) ||
        (rc = yaml_get_double(map, "first_byte", 0.001, 86400, &first_byte, e)) ||
        (rc = yaml_get_double(map, "idle", 0.001, 86400, &idle, e)) ||
        (rc = yaml_get_double(map, "total", 0.001, 86400, &total, e)))
        return rc;
    s->limits.connect_ns = (mono_ns)(connect * 1e9);
    s->limits.first_byte_ns = (mono_ns)(first_byte * 1e9);
    s->limits.idle_ns = (mono_ns)(idle * 1e9);
    s->limits.total_ns = (mono_ns)(total * 1e9);
    return 0;
}

static const char *const orders[] = {"random", "nested", "abba"};

const char *study_order_word(enum study_order o)
{
    return orders[o];
}

static int read_scalars(struct study *s, const struct yaml_node *root, struct err *e)
{
    static const char *const starts[] = {"warm", "cold"};
    int64_t blocks = 1, seed = 1;
    int order = ORDER_RANDOM, start = 0;
    const char *question = "";
    s->prompt_tok = DEFAULT_PROMPT_TOK;
    s->keep_text = true;
    int rc = yaml_get_text(root, "question", &question, e);
    if (rc || (rc = yaml_get_int(root, "blocks", 1, MAX_BLOCKS, &blocks, e)) ||
        (rc = yaml_get_int(root, "seed", 0, INT64_MAX, &seed, e)) ||
        (rc = yaml_get_int(root, "prompt_tokens", 16, 1 << 24, &s->prompt_tok, e)) ||
        (rc = yaml_get_choice(root, "order", orders, 3, &order, e)) ||
        (rc = yaml_get_choice(root, "start", starts, 2, &start, e)) ||
        (rc = yaml_get_bool(root, "oversubscribe", &s->oversubscribe, e)) ||
        (rc = yaml_get_bool(root, "keep_text", &s->keep_text, e)))
        return rc;
    s->question = arena_dupz(&s->arena, question);
    s->blocks = (int32_t)blocks;
    s->seed = (uint64_t)seed;
    s->order = (enum study_order)order;
    s->cold = start == 1;
    return 0;
}

static int read_heads(struct study *s, const struct yaml_node *root, struct err *e)
{
    struct yaml_node *name, *corpus;
    const char *text;
    struct str path = STR_INIT;
    int rc = yaml_as_map(root, "a study", e);
    if (rc || (rc = file_allow(root, "study", e)) || (rc = yaml_need(root, "study", "a study file", &name, e)) ||
        (rc = yaml_as_scalar(name, "study", &text, e)))
        return rc;
    s->name = arena_dupz(&s->arena, text);
    if (!*text || strpbrk(text, "/ \t") || text[0] == '.' || strlen(text) > 100)
        return yaml_error(name, e, "study: its name becomes a file name; '%s' can not", text);
    if (!yaml_get(root, "corpus") && !yaml_get(root, "agents"))
        return 0;
    if ((rc = yaml_need(root, "corpus", "a study with agents", &corpus, e)) ||
        (rc = yaml_as_text(corpus, "corpus", &text, e)))
        return rc;
    path_join(&path, s->dir, text);
    s->corpus_dir = arena_dupz(&s->arena, str_z(&path));
    str_release(&path);
    return 0;
}

int study_parse(struct study *s, const char *name, const char *dir, const char *text, size_t n, struct err *e)
{
    struct yaml_node *root;
    *s = (struct study){0};
    s->dir = arena_dupz(&s->arena, dir);
    s->source = arena_dup(&s->arena, text, n);
    int rc = yaml_parse(name, text, n, &s->arena, &root, e);
    if (rc || (rc = read_heads(s, root, e)) || (rc = read_scalars(s, root, e)) || (rc = read_servers(s, root, e)) ||
        (rc = file_read_loads(s, root, e)) || (rc = read_agents(s, root, e)) || (rc = read_arms(s, root, e)) ||
        (rc = read_timeouts(s, root, e)))
        study_release(s);
    else
        set_slots(s);
    return rc;
}

int study_read(struct study *s, const char *path, struct err *e)
{
    struct str text = STR_INIT, dir = STR_INIT;
    int rc = file_read(path, YAML_MAX_BYTES, &text, e);
    path_dir(&dir, path);
    if (!rc)
        rc = study_parse(s, path, str_z(&dir), str_z(&text), text.len, e);
    str_release(&text);
    str_release(&dir);
    return rc;
}

void study_release(struct study *s)
{
    arena_release(&s->arena);
    *s = (struct study){0};
}
