/* file.c: the servers, agents and arms of a study file, key by key; loads are in file_load.c, what is of the whole study in
 * file_study.c. Values are judged where they stand, so that every complaint has its line. See file.h. */
#include <math.h>
#include <string.h>

#include "study/file.h"

enum { MAX_SERVERS = 16, MAX_AGENTS = 64, MAX_ARMS = 256 };
enum { DEFAULT_NUM_CTX = 2048, DEFAULT_NUM_PREDICT = 256 };

int file_check_name(const struct yaml_node *node, const char *name, struct err *e)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    if (!*name || name[strspn(name, good)] || strlen(name) > 64 || name[0] == '.')
        return yaml_error(node, e, "the name '%s' must be 1 to 64 letters, digits, '_', '-' or '.'", name);
    return 0;
}

int file_read_name(const struct yaml_node *map, const char *what, struct arena *a, const char **out, struct err *e)
{
    struct yaml_node *node;
    const char *name;
    int rc = yaml_need(map, "name", what, &node, e);
    if (rc || (rc = yaml_as_scalar(node, "name", &name, e)) || (rc = file_check_name(node, name, e)))
        return rc;
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

int file_read_parts(struct study *s, const struct yaml_node *root, struct err *e)
{
    int rc = read_servers(s, root, e);
    if (rc || (rc = file_read_loads(s, root, e)) || (rc = read_agents(s, root, e)) || (rc = read_arms(s, root, e)))
        return rc;
    set_slots(s);
    return 0;
}
