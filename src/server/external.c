/* external.c: a URL. We neither start nor stop it; we find out which dialect it speaks and ask it what it is. */
#include "server/kinds.h"

#include <stdio.h>
#include <string.h>

static const mono_ns probe_timeout_ns = 5 * NS_PER_S;

const struct server_dialect *server_dialect_of(const struct backend *b, bool is_engine)
{
    if (is_engine)
        return &server_dialect_engine;
    if (strcmp(b->name, "ollama") == 0)
        return &server_dialect_ollama;
    if (strcmp(b->name, "llama-server") == 0)
        return &server_dialect_llamaserver;
    return &server_dialect_openai;
}

static int resolve(struct server *s, struct err *e)
{
    int rc = endpoint_parse(s->spec.kind, &s->endpoint, e);
    if (rc)
        return rc;
    /* People copy ".../v1" from OpenAI's documentation; the dialects put it there themselves. */
    size_t n = strlen(s->endpoint.base_path);
    if (n >= 3 && strcmp(s->endpoint.base_path + n - 3, "/v1") == 0)
        s->endpoint.base_path[n - 3] = 0;
    if (s->spec.model)
        str_addz(&s->model, s->spec.model);
    return 0;
}

/* ---- the dialect --------------------------------------------------------------------------------------------------- */

struct probe {
    int last_status;
    const char *backend;
    bool engine;
};

static mono_ns step_timeout(mono_ns deadline)
{
    mono_ns left = deadline - clock_now(NULL);
    return left < NS_PER_MS ? NS_PER_MS : left < probe_timeout_ns ? left : probe_timeout_ns;
}

/* What the answer to one path says of the speaker. */
static void judge(struct probe *p, const char *path, int status, yyjson_val *root)
{
    if (status != 200 || !yyjson_is_obj(root))
        return;
    if (strcmp(path, "/props") == 0) {
        yyjson_val *mark = yyjson_obj_get(root, "chimera");
        struct span version = json_get_text(root, "version");
        p->engine = mark || span_starts(version, "chimera-engine");
        if (p->engine)
            p->backend = "openai";
        else if (yyjson_obj_get(root, "default_generation_settings"))
            p->backend = "llama-server";
    } else if (strcmp(path, "/api/version") == 0) {
        if (yyjson_is_str(yyjson_obj_get(root, "version")))
            p->backend = "ollama";
    } else if (yyjson_is_arr(yyjson_obj_get(root, "data"))) {
        p->backend = "openai";
    }
}

/* llama-server and chimera-engine also answer Ollama's routes, and Ollama answers /v1/models: the most telling first. */
static int probe_dialect(struct server *s, mono_ns deadline, struct probe *p, struct err *e)
{
    static const char *const paths[] = {"/props", "/api/version", "/v1/models"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths && !p->backend; i++) {
        yyjson_doc *doc;
        int status, rc = talk_json(s, "GET", paths[i], NULL, step_timeout(deadline), &status, &doc, e);
        if (rc)
            return rc;
        judge(p, paths[i], status, yyjson_doc_get_root(doc));
        p->last_status = status;
        yyjson_doc_free(doc);
        if (talk_stopped(s))
            return err_set(e, ERR_INTERRUPTED, "interrupted while probing server '%s'", s->spec.name);
    }
    return 0;
}

int external_probe(struct server *s, mono_ns deadline, struct err *e)
{
    struct probe p = {0};
    int rc = probe_dialect(s, deadline, &p, e);
    if (rc)
        return rc;
    struct str url = STR_INIT;
    endpoint_text(&s->endpoint, &url);
    const char *name = s->spec.backend ? s->spec.backend : p.backend;
    if (!name && (p.last_status == 401 || p.last_status == 403))
        rc = err_set(e, ERR_SERVER,
                     "%s wants a key (status %d): set OPENAI_API_KEY or give --api-key-file, or --backend", url.at,
                     p.last_status);
    else if (!name)
        rc = err_set(e, ERR_SERVER,
                     "%s answers, but not like a server that is known (no /props, /api/version or /v1/models): give "
                     "--backend",
                     url.at);
    else if (!(s->backend = backend_find(name)))
        rc = err_set(e, ERR_USAGE, "there is no backend '%s': see chimera list backends", name);
    str_release(&url);
    if (rc)
        return rc;
    s->is_engine = p.engine && strcmp(s->backend->name, "openai") == 0;
    s->dialect = server_dialect_of(s->backend, s->is_engine);
    return 0;
}

/* The model to send: the one that was named when the server lists it, else the first that it lists. */
int external_learn_model(struct server *s, struct err *e)
{
    if (s->model.len || !s->backend->models_path || !s->backend->read_model)
        return 0;
    struct fetched f = {0};
    struct str skip[3] = {STR_INIT, STR_INIT, STR_INIT};
    int rc = http_fetch(&s->endpoint, &s->spec.client, "GET", s->backend->models_path, NULL, probe_timeout_ns, &f, e);
    const char *named[] = {s->spec.model, NULL}; /* NULL: the first */
    for (size_t i = s->spec.model ? 0 : 1; !rc && f.status == 200 && i < 2 && !s->model.len; i++)
        if (s->backend->read_model(str_z(&f.body), f.body.len, named[i], &s->model, &skip[0], &skip[1], &skip[2], NULL))
            str_clear(&s->model);
    if (!rc && !s->model.len)
        rc = err_set(e, ERR_NOTFOUND, "server '%s' lists no model: name one with --model", s->spec.name);
    for (int i = 0; i < 3; i++)
        str_release(&skip[i]);
    fetched_release(&f);
    return rc;
}

static int prepare(struct server *s, mono_ns deadline, struct err *e)
{
    int rc = external_probe(s, deadline, e);
    rc = rc ? rc : external_learn_model(s, e);
    if (rc)
        err_prefix(e, "server '%s'", s->spec.name);
    return rc;
}

/* ---- asking a server of which nothing more is known ----------------------------------------------------------------- */

static int facts(struct server *s, struct facts *f, struct err *e)
{
    if (!s->backend->models_path || !s->backend->read_model)
        return 0;
    struct fetched r = {0};
    int rc = http_fetch(&s->endpoint, &s->spec.client, "GET", s->backend->models_path, NULL, probe_timeout_ns, &r, e);
    s->answered_last = rc == 0;
    if (!rc && r.status == 200)
        s->backend->read_model(str_z(&r.body), r.body.len, str_z(&s->model), &f->model, &f->digest, &f->quantisation,
                               &f->parameters_text, NULL);
    fetched_release(&r);
    return rc;
}

const struct server_dialect server_dialect_openai = {.name = "openai", .facts = facts};

const struct server_kind server_kind_external = {
    .name = "external",
    .resolve = resolve,
    .prepare = prepare,
};
