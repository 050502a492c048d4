/* compare_facts.c: what else differs between two arms. What the study file varies between them is the question; anything
 * else would be an answer to another one, so it is refused unless the user names it. */
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "report/compare_view.h"
#include "report/facts.h"

#define NOT_TOLD "not told"

/* One side's value of a fact; of several different ones all, joined. */
struct fact_value {
    const char *fact, *value;
    bool mixed; /* one thing (a server, the host) had several values while the runs went on */
};

struct fact_set {
    struct arena *arena;
    struct fact_value *at;
    size_t n;
};

static struct fact_value *find(const struct fact_set *s, const char *fact)
{
    for (size_t i = 0; i < s->n; i++)
        if (!strcmp(s->at[i].fact, fact))
            return &s->at[i];
    return NULL;
}

static bool holds(const char *joined, const char *value)
{
    size_t n = strlen(value);
    for (const char *at = joined; (at = strstr(at, value)); at++)
        if ((at == joined || at[-1] == '|') && (at[n] == '\0' || at[n] == '|'))
            return true;
    return false;
}

static void add(struct fact_set *s, const char *fact, const char *value, bool mixes)
{
    struct fact_value *v = find(s, fact);
    value = value && *value ? value : NOT_TOLD;
    if (!v) {
        s->at = arena_grow(s->arena, s->at, s->n * sizeof *s->at, (s->n + 1) * sizeof *s->at);
        s->at[s->n++] = (struct fact_value){fact, value, false};
    } else if (!holds(v->value, value)) {
        v->value = arena_printf(s->arena, "%s|%s", v->value, value);
        v->mixed = v->mixed || mixes;
    }
}

/* ---- servers and host ---------------------------------------------------------------------------------------------- */

bool compare_uses(const struct side_view *s, const char *server)
{
    for (size_t i = 0; i < s->n_runs; i++)
        for (size_t k = 0; k < s->runs[i].n_sessions && !strcmp(s->runs[i].arm, s->arm); k++)
            if (s->runs[i].sessions[k].server && !strcmp(s->runs[i].sessions[k].server, server))
                return true;
    return false;
}

/* Each distinct content has a row, so that a second one of a name means: the server changed. */
static bool seen_before(const struct side_view *s, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (!strcmp(s->servers[k].name, s->servers[i].name))
            return true;
    return false;
}

static void add_servers(struct fact_set *out, const struct side_view *s)
{
    static const char *const keys[] = {"backend",      "chat_template_digest",
                                       "compute",      "context",
                                       "flags",        "gpu_layers",
                                       "kind",         "model",
                                       "model_digest", "parallel",
                                       "parameters",   "program_digest",
                                       "quantisation", "threads",
                                       "url",          "version"};
    for (size_t i = 0; i < s->n_servers; i++) {
        if (!compare_uses(s, s->servers[i].name))
            continue;
        struct facts f = facts_of(out->arena, s->servers[i].json);
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
            add(out, keys[k], facts_get(&f, keys[k]), seen_before(s, i));
    }
}

static void add_host(struct fact_set *out, const struct side_view *s)
{
    for (size_t i = 0; i < s->n_counted; i++) {
        const char *stratum = s->counted[i]->stratum;
        add(out, "host", arena_printf(out->arena, "%.12s", stratum ? stratum : ""), true);
    }
}

/* ---- the plan, of two files ---------------------------------------------------------------------------------------- */

static void add_object(struct fact_set *out, yyjson_val *object)
{
    char *json = yyjson_val_write(object, 0, NULL);
    struct facts f = facts_of(out->arena, json);
    for (size_t i = 0; i < f.n; i++)
        if (strcmp(f.rows[i].key, "name") && strcmp(f.rows[i].key, "server"))
            add(out, f.rows[i].key, f.rows[i].value, false);
    free(json);
}

static yyjson_val *named(yyjson_val *root, const char *list, const char *name)
{
    size_t i, max;
    yyjson_val *v;
    yyjson_arr_foreach (yyjson_obj_get(root, list), i, max, v) {
        if (name && span_eq_z(json_get_text(v, "name"), name))
            return v;
    }
    return NULL;
}

static void add_plan(struct fact_set *out, const struct side_view *s)
{
    static const char *const keys[] = {"cold", "corpus", "prompt_tokens", "seed"};
    yyjson_doc *doc = json_read_z(s->info.study.plan_json);
    yyjson_val *root = yyjson_doc_get_root(doc), *arm = named(root, "arms", s->arm), *agent;
    char *json = yyjson_val_write(root, 0, NULL);
    struct facts f = facts_of(out->arena, json);
    size_t i, max;
    for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
        add(out, keys[k], facts_get(&f, keys[k]), false);
    add(out, "prompts", s->prompts_json, false);
    add_object(out, named(root, "loads", yyjson_get_str(yyjson_obj_get(arm, "load"))));
    yyjson_arr_foreach (yyjson_obj_get(arm, "agents"), i, max, agent)
        add_object(out, named(root, "agents", yyjson_get_str(agent)));
    add(out, "agents", arena_printf(out->arena, "%zu", yyjson_arr_size(yyjson_obj_get(arm, "agents"))), false);
    free(json);
    yyjson_doc_free(doc);
}

/* ---- what the study varies ----------------------------------------------------------------------------------------- */

/* What a server says of itself follows from these keys of the study file; a difference in one of them declares it. */
static const struct {
    const char *fact, *keys[5];
} follows[] = {
    {"backend", {"backend", "kind"}},
    {"chat_template_digest", {"model", "kind"}},
    {"compute", {"kind", "args"}},
    {"context", {"num_ctx", "args"}},
    {"flags", {"kind", "args", "model", "num_ctx", "threads"}},
    {"gpu_layers", {"num_gpu", "args"}},
    {"kind", {"kind"}},
    {"model", {"model"}},
    {"model_digest", {"model"}},
    {"parallel", {"parallel", "args"}},
    {"parameters", {"model"}},
    {"program_digest", {"kind"}},
    {"quantisation", {"model"}},
    {"threads", {"threads", "args"}},
    {"url", {"kind"}},
    {"version", {"kind"}},
};

/* The values of a key of the study's servers that the arm uses. */
static void add_spec(struct fact_set *out, const struct side_view *s, yyjson_val *root, const char *key)
{
    size_t i, max;
    yyjson_val *server;
    yyjson_arr_foreach (yyjson_obj_get(root, "servers"), i, max, server) {
        const char *name = yyjson_get_str(yyjson_obj_get(server, "name"));
        if (!name || !compare_uses(s, name))
            continue;
        char *value = yyjson_val_write(yyjson_obj_get(server, key), 0, NULL);
        add(out, key, arena_dupz(out->arena, value), false);
        free(value);
    }
}

static bool varies(struct compare_view *v, yyjson_val *root, const char *key)
{
    struct fact_set set[2] = {{.arena = &v->arena}, {.arena = &v->arena}};
    for (int i = 0; i < 2; i++)
        add_spec(&set[i], &v->side[i], root, key);
    return set[0].n && set[1].n && strcmp(set[0].at[0].value, set[1].at[0].value) != 0;
}

static bool declared(struct compare_view *v, const char *fact)
{
    bool yes = false;
    yyjson_doc *doc = v->one_file ? json_read_z(v->side[0].info.study.plan_json) : NULL;
    for (size_t i = 0; i < sizeof follows / sizeof follows[0] && doc; i++)
        for (size_t k = 0; k < 5 && follows[i].keys[k] && !strcmp(follows[i].fact, fact); k++)
            yes = yes || varies(v, yyjson_doc_get_root(doc), follows[i].keys[k]);
    yyjson_doc_free(doc);
    return yes;
}

/* ---- all ----------------------------------------------------------------------------------------------------------- */

static bool named_by(const struct compare_spec *spec, const char *fact)
{
    for (size_t i = 0; i < spec->n_across; i++)
        if (!strcmp(spec->across[i], fact))
            return true;
    return false;
}

/* Two long values often begin alike (the flags of two servers): what is shown begins shortly before they part. */
static void refuse(struct str *facts, struct str *values, const struct compare_difference *d)
{
    enum { LONG = 40, BEFORE = 20, SHOWN = 60 };
    size_t same = 0;
    while (d->a[same] && d->a[same] == d->b[same])
        same++;
    size_t from = same > LONG ? same - BEFORE : 0;
    const char *cut = from ? "\u2026" : "";
    while (from && ((unsigned char)d->a[from] & 0xC0) == 0x80) /* not inside a character */
        from++;
    str_addf(facts, "%s%s", facts->len ? "," : "", d->fact);
    str_addf(values, "%s%s (%s%.*s, %s%.*s)", values->len ? "; " : "", d->fact, cut, SHOWN, d->a + from, cut, SHOWN,
             d->b + from);
}

/* What an imported file does not tell is no difference, and no agreement either: the side that keeps it to itself, or -1. */
static int kept_back(const struct compare_view *v, const struct compare_difference *d)
{
    if (v->side[0].import_json && !strcmp(d->a, NOT_TOLD))
        return 0;
    return v->side[1].import_json && !strcmp(d->b, NOT_TOLD) ? 1 : -1;
}

int compare_facts(struct compare_view *v, const struct compare_spec *spec, struct err *e)
{
    struct fact_set set[2] = {{.arena = &v->arena}, {.arena = &v->arena}};
    struct str facts = STR_INIT, values = STR_INIT, back[2] = {STR_INIT, STR_INIT};
    for (int i = 0; i < 2 && v->side[0].n_counted && v->side[1].n_counted; i++) { /* else nothing is compared */
        add_servers(&set[i], &v->side[i]);
        add_host(&set[i], &v->side[i]);
        if (!v->one_file)
            add_plan(&set[i], &v->side[i]);
    }
    for (int i = 0; i < 2; i++) /* a fact that only one side has is "not told" of the other */
        for (size_t k = 0; k < set[i].n; k++)
            if (!find(&set[1 - i], set[i].at[k].fact))
                add(&set[1 - i], set[i].at[k].fact, NULL, false);
    v->differences = arena_alloc(&v->arena, (set[0].n + 1) * sizeof *v->differences);
    for (size_t k = 0; k < set[0].n; k++) {
        const struct fact_value *a = &set[0].at[k], *b = find(&set[1], a->fact);
        struct compare_difference d = {a->fact, a->value, b->value, false};
        if (!a->mixed && !b->mixed && !strcmp(a->value, b->value))
            continue;
        int side = kept_back(v, &d);
        if (side >= 0 && !named_by(spec, d.fact)) {
            str_addf(&back[side], "%s%s", back[side].len ? ", " : "", d.fact);
            continue;
        }
        d.declared = !a->mixed && !b->mixed && declared(v, d.fact);
        if (!d.declared && !named_by(spec, d.fact))
            refuse(&facts, &values, &d);
        v->differences[v->n_differences++] = d;
    }
    int rc = facts.len ? err_set(e, ERR_REFUSED,
                                 "%s and %s differ in what the study does not vary: %.600s; what may differ must be "
                                 "named: --across %.200s",
                                 v->side[0].label, v->side[1].label, str_z(&values), str_z(&facts))
                       : 0;
    for (int i = 0; i < 2; i++) {
        if (back[i].len && !rc)
            compare_remark(v,
                           "%s was imported and does not tell, so whether the other is alike in it is not known: %s.",
                           v->side[i].label, str_z(&back[i]));
        str_release(&back[i]);
    }
    str_release(&facts);
    str_release(&values);
    return rc;
}
