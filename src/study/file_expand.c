/* file_expand.c: a study with factors is an ordinary study read once for each combination of levels. Equal servers, agents,
 * loads and arms of the combinations are one; different ones of one written name are variants, named by the levels that
 * tell them apart. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "study/file.h"
#include "study/file_factors.h"
#include "study/plan.h"
#include "study/tree.h"
#include "study/variants.h"

enum {
    MAX_LOOKED_AT = 65536,   /* combinations, those left out included */
    MAX_COMBINATIONS = 4096, /* that are read */
    MAX_SERVER_VARIANTS = 512,
    MAX_VARIANTS = 4096, /* of agents, of loads and of arms */
    MAX_RUNS = 2560000,
};

struct expansion {
    struct study *s;
    const struct factors *f;
    const struct yaml_node *root;
    struct variants servers, agents, loads, arms;
    struct combinations read;
    struct combination now;
    struct study *one;          /* the study of the combination */
    int *server, *agent, *load; /* of its things: which variant */
    uint64_t *left_out;         /* per condition of exclude: how many combinations */
    struct condition *arm_when; /* per written arm */
    uint64_t *arm_read;         /* per written arm: in how many */
    size_t looked_at;
    struct err *e;
};

/* The index of the variant; *is_new when it was not there. */
static int intern(struct expansion *x, struct variants *v, const struct str *key, const char *base, int *out,
                  bool *is_new)
{
    size_t before = v->n;
    *out = variants_add(v, &x->read, key, base);
    *is_new = v->n > before;
    return *out >= 0
               ? 0
               : yaml_error(yaml_get(x->root, "factors"), x->e, "the factors make more than %zu %s", v->limit, v->what);
}

/* ---- the things of one combination --------------------------------------------------------------------------------- */

static const char *const *dup_texts(struct arena *a, const char *const *texts)
{
    size_t n = 0;
    while (texts && texts[n])
        n++;
    const char **out = texts ? arena_alloc(a, (n + 1) * sizeof *out) : NULL;
    for (size_t i = 0; i < n; i++)
        out[i] = arena_dupz(a, texts[i]);
    return out;
}

static void keep_server(struct study *s, const struct server_spec *v, int slot)
{
    struct arena *a = &s->arena;
    size_t n = s->n_servers;
    if ((n & (n - 1)) == 0) {
        s->servers = arena_grow(a, s->servers, n * sizeof *v, (n ? 2 * n : 1) * sizeof *v);
        s->slot_of = arena_grow(a, s->slot_of, n * sizeof(int), (n ? 2 * n : 1) * sizeof(int));
    }
    s->slot_of[n] = slot;
    struct server_spec *k = &s->servers[s->n_servers++];
    *k = *v;
    k->kind = arena_dupz(a, v->kind);
    k->backend = arena_dupz(a, v->backend);
    k->model = arena_dupz(a, v->model);
    k->args = dup_texts(a, v->args);
    k->client.header = dup_texts(a, v->client.header);
    k->client.cacert = arena_dupz(a, v->client.cacert);
}

static void keep_agent(struct study *s, const struct study_agent *g, int server)
{
    size_t n = s->n_agents;
    if ((n & (n - 1)) == 0)
        s->agents = arena_grow(&s->arena, s->agents, n * sizeof *g, (n ? 2 * n : 1) * sizeof *g);
    struct study_agent *k = &s->agents[s->n_agents++];
    *k = *g;
    k->agent = arena_dupz(&s->arena, g->name);
    k->ask.server = server;
    k->ask.extra_body_json = arena_dupz(&s->arena, g->ask.extra_body_json);
}

static void keep_prompts(struct study *s, struct study_load *k)
{
    const struct trace_row *from = k->prompts;
    k->prompts = k->n_prompts ? arena_grow(&s->arena, from, k->n_prompts * sizeof *from, k->n_prompts * sizeof *from)
                              : NULL;
    for (size_t i = 0; i < k->n_prompts; i++) {
        struct trace_turn *turn = arena_alloc(&s->arena, sizeof *turn);
        *turn = (struct trace_turn){from[i].turns->role, arena_dupz(&s->arena, from[i].turns->text)};
        k->prompts[i].turns = turn;
    }
}

static void keep_load(struct study *s, const struct study_load *l, int server)
{
    size_t n = s->n_loads;
    if ((n & (n - 1)) == 0)
        s->loads = arena_grow(&s->arena, s->loads, n * sizeof *l, (n ? 2 * n : 1) * sizeof *l);
    struct study_load *k = &s->loads[s->n_loads++];
    *k = *l;
    k->ask.server = server;
    k->ask.extra_body_json = arena_dupz(&s->arena, l->ask.extra_body_json);
    k->trace = arena_dupz(&s->arena, l->trace);
    k->precision = arena_dupz(&s->arena, l->precision);
    keep_prompts(s, k);
}

/* What the plan does not hold of a server, because it is no part of the work, still makes it another one here. */
static void add_client(struct str *key, const struct client_options *c)
{
    str_addf(key, "|%s", c->cacert ? c->cacert : "");
    for (const char *const *h = c->header; h && *h; h++)
        str_addf(key, "|%s", *h);
}

static int add_servers(struct expansion *x)
{
    int rc = 0;
    for (size_t i = 0; i < x->one->n_servers && !rc; i++) {
        struct str key = STR_INIT;
        struct json_writer w;
        bool is_new = false;
        json_init(&w, &key);
        plan_add_server(&w, x->one, &x->one->servers[i]);
        add_client(&key, &x->one->servers[i].client);
        rc = intern(x, &x->servers, &key, x->s->slots[i], &x->server[i], &is_new);
        if (!rc && is_new)
            keep_server(x->s, &x->one->servers[i], (int)i);
        str_release(&key);
    }
    return rc;
}

static int add_agents(struct expansion *x)
{
    int rc = 0;
    for (size_t i = 0; i < x->one->n_agents && !rc; i++) {
        const struct study_agent *g = &x->one->agents[i];
        struct str key = STR_INIT;
        struct json_writer w;
        bool is_new = false;
        json_init(&w, &key);
        plan_add_agent(&w, x->one, g);
        str_addf(&key, "|%d", x->server[g->ask.server]);
        rc = intern(x, &x->agents, &key, g->name, &x->agent[i], &is_new);
        if (!rc && is_new)
            keep_agent(x->s, g, x->server[g->ask.server]);
        str_release(&key);
    }
    return rc;
}

static int add_loads(struct expansion *x)
{
    int rc = 0;
    for (size_t i = 0; i < x->one->n_loads && !rc; i++) {
        const struct study_load *l = &x->one->loads[i];
        struct str key = STR_INIT;
        struct json_writer w;
        bool is_new = false;
        json_init(&w, &key);
        plan_add_load(&w, x->one, l);
        str_addf(&key, "|%d", x->server[l->ask.server]);
        rc = intern(x, &x->loads, &key, l->name, &x->load[i], &is_new);
        if (!rc && is_new)
            keep_load(x->s, l, x->server[l->ask.server]);
        str_release(&key);
    }
    return rc;
}

static void keep_arm(struct expansion *x, const struct study_arm *arm)
{
    struct study *s = x->s;
    size_t n = s->n_arms;
    if ((n & (n - 1)) == 0)
        s->arms = arena_grow(&s->arena, s->arms, n * sizeof *arm, (n ? 2 * n : 1) * sizeof *arm);
    struct study_arm *k = &s->arms[s->n_arms++];
    *k = (struct study_arm){.base = arena_dupz(&s->arena, arm->name), .n_agents = arm->n_agents, .load = -1};
    k->agents = arena_alloc(&s->arena, (arm->n_agents + 1) * sizeof *k->agents);
    for (size_t i = 0; i < arm->n_agents; i++)
        k->agents[i] = x->agent[arm->agents[i]];
    if (arm->load >= 0)
        k->load = x->load[arm->load];
    k->servers = arena_alloc(&s->arena, s->n_slots * sizeof *k->servers);
    for (size_t i = 0; i < s->n_slots; i++)
        k->servers[i] = x->server[i];
}

/* The servers that an arm uses are in its agents and its load; those that it leaves idle do not make it another arm. */
static int add_arms(struct expansion *x)
{
    int rc = 0;
    for (size_t i = 0; i < x->one->n_arms && !rc; i++) {
        const struct study_arm *arm = &x->one->arms[i];
        struct str key = STR_INIT;
        int at = 0;
        bool is_new = false;
        str_addf(&key, "%s|%d", arm->name, arm->load < 0 ? -1 : x->load[arm->load]);
        for (size_t k = 0; k < arm->n_agents; k++)
            str_addf(&key, "|%d", x->agent[arm->agents[k]]);
        rc = intern(x, &x->arms, &key, arm->name, &at, &is_new);
        if (!rc && is_new)
            keep_arm(x, arm);
        str_release(&key);
    }
    return rc;
}

/* ---- one combination ----------------------------------------------------------------------------------------------- */

/* Servers as written are slots: the first combination names them, and no other may have others. */
static int check_slots(struct expansion *x)
{
    struct study *s = x->s;
    bool same = !s->n_slots || s->n_slots == x->one->n_servers;
    for (size_t i = 0; same && i < s->n_slots; i++)
        same = strcmp(s->slots[i], x->one->servers[i].name) == 0;
    if (!same)
        return yaml_error(yaml_get(x->root, "factors"), x->e, "a factor cannot add, remove or rename servers");
    if (s->n_slots)
        return 0;
    s->n_slots = x->one->n_servers;
    s->slots = arena_alloc(&s->arena, s->n_slots * sizeof *s->slots);
    for (size_t i = 0; i < s->n_slots; i++)
        s->slots[i] = arena_dupz(&s->arena, x->one->servers[i].name);
    return 0;
}

/* Leaves out the arms whose condition does not hold; *none when that leaves no arm. */
static int choose_arms(struct expansion *x, struct yaml_node **tree, struct arena *a, bool *none)
{
    const struct yaml_node *list = yaml_get(*tree, "arms");
    *none = false;
    if (!list)
        return 0;
    struct yaml_node *chosen = arena_alloc(a, sizeof *chosen), key = {.type = YAML_TEXT, .text = "arms", .len = 4};
    *chosen = *list;
    chosen->n = 0;
    chosen->item = arena_alloc(a, (list->n + 1) * sizeof *chosen->item);
    for (size_t i = 0; i < list->n; i++) {
        if (!condition_holds(&x->arm_when[i], &x->now))
            continue;
        chosen->item[chosen->n++] = list->item[i];
        x->arm_read[i]++;
    }
    *none = list->n && !chosen->n;
    return tree_set(tree, &key, chosen, a, x->e);
}

static int read_parts(struct expansion *x, struct yaml_node *tree)
{
    int rc = file_read_parts(x->one, tree, x->e);
    if (rc || (rc = check_slots(x)))
        return rc;
    struct arena *a = &x->one->arena;
    x->server = arena_alloc(a, (x->one->n_servers + 1) * sizeof *x->server);
    x->agent = arena_alloc(a, (x->one->n_agents + 1) * sizeof *x->agent);
    x->load = arena_alloc(a, (x->one->n_loads + 1) * sizeof *x->load);
    if ((rc = add_servers(x)) || (rc = add_agents(x)) || (rc = add_loads(x)))
        return rc;
    return add_arms(x);
}

/* Behind the message of an error: at which levels it is one. */
static void say_levels(const struct expansion *x)
{
    size_t len = x->e ? strlen(x->e->text) : 0;
    const char *before = " (at ";
    for (size_t i = 0; x->e && i < x->f->n; i++) {
        if (x->now.level[i] < 0 || len + 1 >= sizeof x->e->text)
            continue;
        snprintf(x->e->text + len, sizeof x->e->text - len, "%s%s=%s", before, x->f->at[i].name,
                 x->f->at[i].levels[x->now.level[i]].name);
        len = strlen(x->e->text);
        before = ", ";
    }
    if (*before == ',' && len + 1 < sizeof x->e->text)
        snprintf(x->e->text + len, sizeof x->e->text - len, ")");
}

static int read_combination(struct expansion *x)
{
    struct study one = {.dir = x->s->dir};
    struct yaml_node *tree = (struct yaml_node *)(uintptr_t)x->root; /* copied where it changes */
    bool none = false;
    if (x->read.n == MAX_COMBINATIONS)
        return yaml_error(yaml_get(x->root, "factors"), x->e, "the factors make more than %d combinations",
                          MAX_COMBINATIONS);
    combinations_add(&x->read, &x->now);
    x->one = &one;
    int rc = factors_apply(x->f, &x->now, &tree, &one.arena, x->e);
    if (!rc)
        rc = choose_arms(x, &tree, &one.arena, &none);
    if (!rc && !none)
        rc = read_parts(x, tree);
    if (rc)
        say_levels(x);
    arena_release(&one.arena);
    return rc;
}

/* In the order as written, the last factor fastest. Depth: the number of factors. */
static int each_combination(struct expansion *x, size_t factor)
{
    const struct factor *f = &x->f->at[factor];
    if (factor == x->f->n) {
        bool out = false;
        if (++x->looked_at > MAX_LOOKED_AT)
            return yaml_error(yaml_get(x->root, "factors"), x->e, "the factors make more than %d combinations",
                              MAX_LOOKED_AT);
        for (size_t i = 0; x->f->exclude_list && i < x->f->exclude_list->n; i++)
            if (condition_holds(&x->f->exclude[i], &x->now)) {
                x->left_out[i]++;
                out = true;
            }
        return out ? 0 : read_combination(x);
    }
    if (!condition_holds(&f->when, &x->now))
        return each_combination(x, factor + 1);
    int rc = 0;
    for (size_t i = 0; i < f->n_levels && !rc; i++) {
        x->now.level[factor] = (int)i;
        rc = each_combination(x, factor + 1);
    }
    x->now.level[factor] = -1;
    return rc;
}

/* ---- the whole ----------------------------------------------------------------------------------------------------- */

/* A level at which every arm is as at another, or that no combination has, is a mistake: its runs would be called what
 * they are not. */
static int check_levels(const struct expansion *x, size_t factor)
{
    const struct factor *f = &x->f->at[factor];
    uint64_t used = 0;
    bool varied = (x->read.occurs[factor] & (x->read.occurs[factor] - 1)) != 0; /* at more than one level */
    for (size_t i = 0; i < x->arms.n; i++) {
        int level = x->arms.at[i].level[factor];
        used |= level >= 0 ? UINT64_C(1) << level : 0;
    }
    for (size_t i = 0; i < f->n_levels; i++)
        if (!(x->read.occurs[factor] >> i & 1))
            return yaml_error(f->levels[i].node, x->e, "no combination has the level '%s' of '%s'", f->levels[i].name,
                              f->name);
    if (varied && !used)
        return yaml_error(f->node, x->e, "the factor '%s' changes nothing of any arm", f->name);
    for (size_t i = 0; varied && i < f->n_levels; i++)
        if (!(used >> i & 1))
            return yaml_error(f->levels[i].node, x->e,
                              "the level '%s' of '%s' changes nothing: every arm there is as at another level",
                              f->levels[i].name, f->name);
    return 0;
}

static int check_use(const struct expansion *x)
{
    const struct yaml_node *arms = yaml_get(x->root, "arms"), *exclude = x->f->exclude_list;
    int rc = 0;
    for (size_t i = 0; exclude && i < exclude->n; i++)
        if (!x->left_out[i])
            return yaml_error(exclude->item[i], x->e, "it excludes no combination");
    if (!x->arms.n)
        return yaml_error(yaml_get(x->root, "factors"), x->e, "no combination is left");
    for (size_t i = 0; arms && i < arms->n; i++)
        if (!x->arm_read[i])
            return yaml_error(arms->item[i], x->e, "no combination has the arm '%s'", tree_name(arms->item[i]));
    for (size_t i = 0; i < x->f->n && !rc; i++)
        rc = check_levels(x, i);
    if (!rc && x->arms.n * (size_t)x->s->blocks > MAX_RUNS)
        rc = yaml_error(yaml_get(x->root, "factors"), x->e, "%zu arms in %d blocks are more than %d runs", x->arms.n,
                        x->s->blocks, MAX_RUNS);
    return rc;
}

static void set_factors(struct expansion *x)
{
    struct study *s = x->s;
    s->n_factors = x->f->n;
    s->factors = arena_alloc(&s->arena, s->n_factors * sizeof *s->factors);
    for (size_t i = 0; i < s->n_factors; i++) {
        const struct factor *f = &x->f->at[i];
        const char **levels = arena_alloc(&s->arena, f->n_levels * sizeof *levels);
        for (size_t k = 0; k < f->n_levels; k++)
            levels[k] = arena_dupz(&s->arena, f->levels[k].name);
        s->factors[i] = (struct study_factor){arena_dupz(&s->arena, f->name), levels, f->n_levels};
    }
}

static int name_variants(const struct expansion *x, const struct variants *v, const char **names)
{
    int twice = variants_name(v, x->f, &x->s->arena, names);
    return twice < 0 ? 0
                     : yaml_error(yaml_get(x->root, "factors"), x->e, "two different %s would be named '%s'", v->what,
                                  names[twice]);
}

static int set_names(struct expansion *x)
{
    struct study *s = x->s;
    const char **names = xcalloc(MAX_VARIANTS, sizeof *names);
    int rc = name_variants(x, &x->servers, names);
    for (size_t i = 0; !rc && i < s->n_servers; i++)
        s->servers[i].name = names[i];
    rc = rc ? rc : name_variants(x, &x->agents, names);
    for (size_t i = 0; !rc && i < s->n_agents; i++)
        s->agents[i].name = names[i];
    rc = rc ? rc : name_variants(x, &x->loads, names);
    for (size_t i = 0; !rc && i < s->n_loads; i++)
        s->loads[i].name = names[i];
    rc = rc ? rc : name_variants(x, &x->arms, names);
    for (size_t i = 0; !rc && i < s->n_arms; i++) {
        s->arms[i].name = names[i];
        s->arms[i].level = arena_alloc(&s->arena, s->n_factors * sizeof *s->arms[i].level);
        for (size_t k = 0; k < s->n_factors; k++) {
            int level = x->arms.at[i].level[k];
            s->arms[i].level[k] = level < 0 ? NULL : s->factors[k].levels[level];
        }
    }
    free(names);
    return rc;
}

static int read_arm_conditions(struct expansion *x, const struct yaml_node *arms)
{
    int rc = arms ? yaml_as_list(arms, "arms", x->e) : 0;
    for (size_t i = 0; !rc && arms && i < arms->n; i++) {
        const struct yaml_node *when = yaml_get(arms->item[i], "when");
        rc = when ? condition_read(x->f, x->f->n, when, &x->arm_when[i], x->e) : 0;
    }
    return rc;
}

int file_expand(struct study *s, const struct yaml_node *root, const struct factors *f, struct err *e)
{
    const struct yaml_node *arms = yaml_get(root, "arms");
    struct expansion x = {
        .s = s,
        .f = f,
        .root = root,
        .servers = {.limit = MAX_SERVER_VARIANTS, .what = "servers"},
        .agents = {.limit = MAX_VARIANTS, .what = "agents"},
        .loads = {.limit = MAX_VARIANTS, .what = "loads"},
        .arms = {.limit = MAX_VARIANTS, .what = "arms"},
        .left_out = xcalloc(f->exclude_list ? f->exclude_list->n + 1 : 1, sizeof *x.left_out),
        .arm_when = xcalloc(arms ? arms->n + 1 : 1, sizeof *x.arm_when),
        .arm_read = xcalloc(arms ? arms->n + 1 : 1, sizeof *x.arm_read),
        .e = e,
    };
    for (size_t i = 0; i < FACTORS_MAX; i++)
        x.now.level[i] = -1;
    int rc = read_arm_conditions(&x, arms);
    if (!rc)
        rc = each_combination(&x, 0);
    struct variants *all[] = {&x.servers, &x.agents, &x.loads, &x.arms};
    for (size_t i = 0; i < 4 && !rc; i++)
        variants_settle(all[i], &x.read, f->n);
    if (!rc)
        rc = check_use(&x);
    if (!rc) {
        set_factors(&x);
        rc = set_names(&x);
    }
    free(x.left_out);
    free(x.arm_when);
    free(x.arm_read);
    for (size_t i = 0; i < 4; i++)
        variants_release(all[i]);
    free(x.read.at);
    return rc;
}
