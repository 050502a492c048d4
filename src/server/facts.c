/* facts.c: what a server is, as one JSON object with sorted keys. It holds nothing that differs between two starts of
 * the same thing (no port, no process id, no path of a model), so that equal servers have equal facts. */
#include "server/kinds.h"

#include <string.h>

#include "base/hash.h"

void facts_init(struct facts *f)
{
    *f = (struct facts){.parameters = -1, .context = -1, .threads = -1, .parallel = -1, .gpu_layers = -1};
}

void facts_release(struct facts *f)
{
    str_release(&f->version);
    str_release(&f->model);
    str_release(&f->digest);
    str_release(&f->quantisation);
    str_release(&f->parameters_text);
    str_release(&f->program_digest);
    str_release(&f->compute);
    str_release(&f->template_digest);
    facts_init(f);
}

void facts_put(struct str *field, struct span text)
{
    str_clear(field);
    if (text.len)
        str_add(field, text.at, text.len);
}

void facts_put_template(struct facts *f, struct span text)
{
    char hex[SHA256_HEX];
    sha256_hex(text.at ? text.at : "", text.len, hex);
    facts_put(&f->template_digest, span_z(text.len ? hex : ""));
}

/* Ollama takes its threads with each request only, so a dialect that cannot send them leaves them unknown; and so does a
 * command without {threads}. */
static bool threads_are_told(const struct server *s)
{
    if (s->kind == &server_kind_ollama)
        return s->backend->options & OPTION_NUM_THREAD;
    return s->kind != &server_kind_command || strstr(s->spec.kind, "{threads}");
}

/* Managed servers are told their threads, slots and context; what they say of themselves wins where they say it. */
static int learn(struct server *s, struct err *e)
{
    if (s->facts_known)
        return 0;
    struct facts *f = &s->facts;
    facts_release(f);
    int rc = s->dialect->facts(s, f, e);
    if (!rc && s->model_file.len) {
        char hex[65];
        rc = server_file_digest(s->model_file.at, hex, e);
        facts_put(&f->digest, span_z(rc ? "" : hex));
    }
    if (rc)
        return rc;
    if (!f->model.len)
        facts_put(&f->model, span_z(str_z(&s->model)));
    if (f->context < 0)
        f->context = s->num_ctx;
    if (s->kind->managed) {
        char hex[65];
        /* Builds that all call themselves 0.0.0 differ in their bytes. */
        if (server_file_digest(str_z(&s->program), hex, NULL) == 0)
            facts_put(&f->program_digest, span_z(hex));
        if (f->threads < 0 && threads_are_told(s) && s->spec.threads > 0)
            f->threads = s->spec.threads;
        if (f->parallel < 0)
            f->parallel = server_parallel(s);
        if (f->gpu_layers < 0)
            f->gpu_layers = s->spec.num_gpu;
    }
    s->facts_known = true;
    return 0;
}

static void known_int(struct json_writer *w, const char *key, int64_t v)
{
    if (v < 0)
        json_knull(w, key);
    else
        json_kint(w, key, v);
}

static void known_text(struct json_writer *w, const char *key, const struct str *v)
{
    json_kz(w, key, v->len ? v->at : NULL);
}

static void put_flags(struct json_writer *w, const struct server *s)
{
    json_key(w, "flags");
    json_array(w);
    for (size_t i = 0; i < s->launch.n_env; i++)
        if (s->launch.env_shown >> i & 1u)
            json_z(w, s->launch.env[i]);
    for (size_t i = 0; i < s->launch.n_args; i++)
        json_z(w, s->launch.shown[i]);
    json_array_end(w);
}

static void put_url(struct json_writer *w, const struct server *s)
{
    struct str url = STR_INIT;
    if (!s->kind->managed)
        endpoint_text(&s->endpoint, &url);
    known_text(w, "url", &url); /* a managed one has a new port at each start */
    str_release(&url);
}

int server_facts(struct server *s, struct str *json, struct err *e)
{
    if (s->state != SERVER_READY)
        return err_set(e, ERR_SERVER, "server '%s' does not run: it has no facts", s->spec.name);
    int rc = learn(s, e);
    if (rc)
        return rc;
    const struct facts *f = &s->facts;
    struct json_writer w;
    json_init(&w, json);
    json_object(&w);
    json_kz(&w, "backend", s->backend->name);
    known_text(&w, "chat_template_digest", &f->template_digest);
    known_text(&w, "compute", &f->compute);
    known_int(&w, "context", f->context);
    put_flags(&w, s);
    known_int(&w, "gpu_layers", f->gpu_layers);
    json_kz(&w, "kind", s->kind->name);
    json_kbool(&w, "managed", s->kind->managed);
    known_text(&w, "model", &f->model);
    known_text(&w, "model_digest", &f->digest);
    json_kz(&w, "name", s->spec.name);
    known_int(&w, "parallel", f->parallel);
    if (f->parameters >= 0)
        json_kint(&w, "parameters", f->parameters);
    else
        known_text(&w, "parameters", &f->parameters_text);
    known_text(&w, "program_digest", &f->program_digest);
    known_text(&w, "quantisation", &f->quantisation);
    known_int(&w, "threads", f->threads);
    put_url(&w, s);
    known_text(&w, "version", &f->version);
    json_object_end(&w);
    return 0;
}
