/* facts.c: see facts.h. Shapes follow llama-server (/health, /props, /slots, /v1/models) and Ollama (/api/…), so that
 * clients of either read them; what neither has stands under "chimera". */
#include "engine/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/dialects.h"
#include "format/json.h"

const struct model *facts_loaded(struct engine *en, struct exchange *x)
{
    const struct model *m = engine_model(en);
    if (!m) {
        struct err e = ERR_INIT;
        err_set(&e, ERR_SERVER, "Loading model");
        openai_error(x, 503, "unavailable_error", &e);
    }
    return m;
}

static void begin(struct str *body, struct json_writer *w)
{
    *body = (struct str)STR_INIT;
    json_init(w, body);
    json_object(w);
}

static void answer(struct exchange *x, struct str *body, struct json_writer *w)
{
    json_object_end(w);
    exchange_reply(x, 200, ENGINE_JSON, body->at, body->len);
    str_release(body);
}

void facts_health(void *user, struct exchange *x, const struct http_request *r)
{
    (void)r;
    if (facts_loaded(user, x))
        exchange_replyz(x, 200, ENGINE_JSON, "{\"status\":\"ok\"}");
}

void facts_root(void *user, struct exchange *x, const struct http_request *r)
{
    (void)user;
    (void)r;
    exchange_replyz(x, 200, "text/plain; charset=utf-8", "chimera-engine is running");
}

void facts_version(void *user, struct exchange *x, const struct http_request *r)
{
    struct str body;
    struct json_writer w;
    (void)user;
    (void)r;
    begin(&body, &w);
    json_kz(&w, "version", CHIMERA_VERSION);
    json_kz(&w, "engine", "chimera-engine");
    json_kz(&w, "libllama", llama_version());
    answer(x, &body, &w);
}

/* ---- /props ---------------------------------------------------------------------------------------------------- */

static void add_sampling(struct json_writer *w, const char *name, const struct sampling *s)
{
    json_key(w, name);
    json_object(w);
    json_kdouble(w, "temperature", s->temperature);
    json_kint(w, "top_k", s->top_k);
    json_kdouble(w, "top_p", s->top_p);
    json_kdouble(w, "min_p", s->min_p);
    json_kdouble(w, "repeat_penalty", s->repeat_penalty);
    json_kint(w, "repeat_last_n", s->repeat_last_n);
    json_object_end(w);
}

static void add_own_facts(const struct engine *en, const struct model *m, struct json_writer *w)
{
    json_key(w, "chimera");
    json_object(w);
    json_kz(w, "engine_version", CHIMERA_VERSION);
    json_kint(w, "pid", getpid());
    json_kint(w, "start_ns", en->start_ns);
    json_kint(w, "load_start_ns", m->load_start_ns);
    json_kint(w, "load_end_ns", m->load_end_ns);
    json_kint(w, "ready_ns", en->ready_ns);
    json_kint(w, "load_ns", m->load_end_ns - m->load_start_ns);
    json_kz(w, "truncate", en->options.truncate == TRUNCATE_CUT ? "cut" : "refuse");
    json_kbool(w, "prompt_cache", en->options.prompt_cache);
    json_kbool(w, "warmup", en->options.warmup);
    json_kint(w, "max_queue", en->options.max_queue);
    json_kz(w, "chat_template_name", m->template_name);
    json_kbool(w, "chat_template_known", m->template_text != NULL);
    json_kz(w, "default_system", m->default_system.len ? m->default_system.at : NULL);
    const struct sampling ollama = sampling_ollama(), openai = sampling_openai();
    add_sampling(w, "sampling_ollama", &ollama);
    add_sampling(w, "sampling_openai", &openai);
    json_object_end(w);
}

void facts_props(void *user, struct exchange *x, const struct http_request *r)
{
    struct engine *en = user;
    const struct model *m = facts_loaded(en, x);
    struct str body;
    struct json_writer w;
    (void)r;
    if (!m)
        return;
    begin(&body, &w);
    json_kint(&w, "total_slots", en->options.parallel);
    json_kint(&w, "n_ctx", m->n_ctx);
    json_kint(&w, "n_ctx_train", m->n_ctx_train);
    json_kint(&w, "n_params", (int64_t)m->n_params);
    json_kint(&w, "n_threads", en->options.threads);
    json_kint(&w, "n_threads_batch", en->options.threads);
    json_kint(&w, "n_batch", en->options.batch_size);
    json_kz(&w, "model_alias", en->alias);
    json_kz(&w, "model_path", en->options.model);
    json_kz(&w, "model_name", m->name);
    json_kz(&w, "model_arch", m->arch);
    json_kz(&w, "model_ftype", m->ftype);
    json_kint(&w, "model_size", (int64_t)m->size_bytes);
    json_kint(&w, "file_bytes", (int64_t)m->file_bytes);
    json_kz(&w, "sha256", en->options.sha256);
    json_kz(&w, "chat_template", m->template_text);
    json_kz(&w, "backend", m->backend);
    json_kz(&w, "build_info", en->build);
    json_kz(&w, "system_info", llama_print_system_info());
    add_own_facts(en, m, &w);
    answer(x, &body, &w);
}

void facts_slots(void *user, struct exchange *x, const struct http_request *r)
{
    struct engine *en = user;
    const struct model *m = facts_loaded(en, x);
    (void)r;
    if (!m)
        return;
    struct worker_counts n = worker_counts(en->worker);
    struct str body = STR_INIT;
    struct json_writer w;
    json_init(&w, &body);
    json_array(&w);
    for (int i = 0; i < en->options.parallel; i++) {
        json_object(&w);
        json_kint(&w, "id", i);
        json_kint(&w, "n_ctx", m->n_ctx);
        json_kbool(&w, "is_processing", i < n.active);
        json_object_end(&w);
    }
    json_array_end(&w);
    exchange_reply(x, 200, ENGINE_JSON, body.at, body.len);
    str_release(&body);
}

/* ---- lists of models ------------------------------------------------------------------------------------------- */

void facts_models(void *user, struct exchange *x, const struct http_request *r)
{
    struct engine *en = user;
    const struct model *m = facts_loaded(en, x);
    struct str body;
    struct json_writer w;
    (void)r;
    if (!m)
        return;
    begin(&body, &w);
    json_kz(&w, "object", "list");
    json_key(&w, "data");
    json_array(&w);
    json_object(&w);
    json_kz(&w, "id", en->alias);
    json_kz(&w, "object", "model");
    json_kint(&w, "created", en->start_wall_ns / NS_PER_S);
    json_kz(&w, "owned_by", "chimera-engine");
    json_key(&w, "meta");
    json_object(&w);
    json_kint(&w, "n_vocab", m->n_vocab);
    json_kint(&w, "n_ctx", m->n_ctx);
    json_kint(&w, "n_ctx_train", m->n_ctx_train);
    json_kint(&w, "n_embd", m->n_embd);
    json_kint(&w, "n_params", (int64_t)m->n_params);
    json_kint(&w, "size", (int64_t)m->size_bytes);
    json_kz(&w, "ftype", m->ftype);
    json_object_end(&w);
    json_object_end(&w);
    json_array_end(&w);
    answer(x, &body, &w);
}

static void add_details(const struct model *m, struct json_writer *w)
{
    char size[32];
    double n = (double)m->n_params;
    snprintf(size, sizeof size, n >= 1e9 ? "%.2fB" : "%.2fM", n >= 1e9 ? n / 1e9 : n / 1e6);
    json_key(w, "details");
    json_object(w);
    json_kz(w, "parent_model", "");
    json_kz(w, "format", "gguf");
    json_kz(w, "family", m->arch);
    json_key(w, "families");
    json_array(w);
    json_z(w, m->arch);
    json_array_end(w);
    json_kz(w, "parameter_size", size);
    json_kz(w, "quantization_level", m->ftype);
    json_object_end(w);
}

static void add_ollama_model(const struct engine *en, const struct model *m, struct json_writer *w, bool running)
{
    char when[32];
    clock_wall_text(en->start_wall_ns, when);
    json_object(w);
    json_kz(w, "name", en->alias);
    json_kz(w, "model", en->alias);
    if (!running)
        json_kz(w, "modified_at", when);
    json_kint(w, "size", (int64_t)(running ? m->size_bytes : m->file_bytes));
    json_kz(w, "digest", en->options.sha256 ? en->options.sha256 : "");
    add_details(m, w);
    if (running) {
        json_kz(w, "expires_at", "0001-01-01T00:00:00Z"); /* never: it stays until the process ends */
        json_kint(w, "size_vram", 0);
        json_kint(w, "context_length", m->n_ctx);
    }
    json_object_end(w);
}

static void answer_models(struct engine *en, struct exchange *x, bool running)
{
    const struct model *m = facts_loaded(en, x);
    struct str body;
    struct json_writer w;
    if (!m)
        return;
    begin(&body, &w);
    json_key(&w, "models");
    json_array(&w);
    add_ollama_model(en, m, &w, running);
    json_array_end(&w);
    answer(x, &body, &w);
}

void facts_tags(void *user, struct exchange *x, const struct http_request *r)
{
    (void)r;
    answer_models(user, x, false);
}

void facts_ps(void *user, struct exchange *x, const struct http_request *r)
{
    (void)r;
    answer_models(user, x, true);
}

/* ---- /api/show ------------------------------------------------------------------------------------------------- */

/* A metadata value comes as text; numbers and booleans are written as such. */
static void add_meta_value(struct json_writer *w, const char *text)
{
    char *end;
    long long n = strtoll(text, &end, 10);
    if (*text && !*end) {
        json_int(w, n);
        return;
    }
    double d = strtod(text, &end);
    if (*text && !*end)
        json_double(w, d);
    else if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        json_bool(w, text[0] == 't');
    else
        json_z(w, text);
}

static void add_model_info(const struct model *m, struct json_writer *w)
{
    int32_t n = llama_model_meta_count(m->weights);
    char key[256], value[1024];
    json_key(w, "model_info");
    json_object(w);
    for (int32_t i = 0; i < n; i++) {
        if (llama_model_meta_key_by_index(m->weights, i, key, sizeof key) < 0 ||
            llama_model_meta_val_str_by_index(m->weights, i, value, sizeof value) < 0)
            continue;
        if (value[0] == '[' || strcmp(key, "tokenizer.chat_template") == 0)
            continue; /* lists are cut by libllama, the template has its own field */
        json_key(w, key);
        add_meta_value(w, value);
    }
    json_kint(w, "general.parameter_count", (int64_t)m->n_params);
    json_object_end(w);
}

void facts_show(void *user, struct exchange *x, const struct http_request *r)
{
    struct engine *en = user;
    const struct model *m = facts_loaded(en, x);
    struct err e = ERR_INIT;
    if (!m)
        return;
    yyjson_doc *doc = json_read(r->body.at, r->body.len, NULL, &e);
    struct span name = json_get_text(yyjson_doc_get_root(doc), "model");
    if (!name.len)
        name = json_get_text(yyjson_doc_get_root(doc), "name");
    bool known = doc && (!name.len || engine_is_model(en, name));
    if (doc && !known)
        err_set(&e, ERR_NOTFOUND, "model '%.*s' not found", (int)(name.len < 200 ? name.len : 200), name.at);
    yyjson_doc_free(doc);
    if (!known) {
        ollama_error(x, e.code == ERR_NOTFOUND ? 404 : 400, "", &e);
        return;
    }
    struct str body;
    struct json_writer w;
    char when[32];
    begin(&body, &w);
    json_kz(&w, "template", m->template_text ? m->template_text : "{{ .Prompt }}");
    add_details(m, &w);
    add_model_info(m, &w);
    json_key(&w, "capabilities");
    json_array(&w);
    json_z(&w, "completion");
    json_array_end(&w);
    clock_wall_text(en->start_wall_ns, when);
    json_kz(&w, "modified_at", when);
    answer(x, &body, &w);
}
