/* routes.c: the table of routes, and /tokenize. */
#include <string.h>

#include "base/file.h"
#include "engine/dialects.h"
#include "engine/facts.h"
#include "engine/template.h"
#include "format/json.h"

const struct model *engine_model(const struct engine *en)
{
    return en->ready_ns ? worker_model(en->worker) : NULL;
}

static struct span without_end(struct span name, const char *end)
{
    size_t n = strlen(end);
    if (name.len > n && memcmp(name.at + name.len - n, end, n) == 0)
        name.len -= n;
    return name;
}

static bool same(struct span a, struct span b)
{
    return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

bool engine_is_model(const struct engine *en, struct span name)
{
    struct span file = span_z(path_base(en->options.model));
    name = without_end(name, ":latest");
    return same(name, span_z(en->alias)) || same(name, file) || same(name, without_end(file, ".gguf")) ||
           same(name, span_z(en->options.model));
}

static void on_chat(void *user, struct exchange *x, const struct http_request *r)
{
    call_start(user, &dialect_chat, x, r);
}

static void on_completion(void *user, struct exchange *x, const struct http_request *r)
{
    call_start(user, &dialect_completion, x, r);
}

static void on_generate(void *user, struct exchange *x, const struct http_request *r)
{
    call_start(user, &dialect_generate, x, r);
}

static void on_ollama_chat(void *user, struct exchange *x, const struct http_request *r)
{
    call_start(user, &dialect_ollama_chat, x, r);
}

/* {"content":text,"add_special":bool,"parse_special":bool} or {"messages":[…]} -> {"tokens":[…]} */
static int tokenize(const struct model *m, struct span body, struct tokens *out, struct err *e)
{
    struct ask a;
    struct str text = STR_INIT;
    yyjson_doc *doc = json_read(body.at, body.len, NULL, e);
    if (!doc)
        return ERR_INPUT;
    yyjson_val *root = yyjson_doc_get_root(doc);
    int rc;
    if (yyjson_obj_get(root, "messages")) {
        struct ask_limits limits = {m->n_ctx, 0, 0};
        rc = ask_parse(&a, ASK_CHAT, body, &limits, e);
        rc = rc ? rc : template_apply(m, a.messages, a.n_messages, &text, e);
        rc = rc ? rc : model_tokenize(m, (struct span){text.at, text.len}, true, true, out, e);
        ask_release(&a);
    } else {
        struct span content = json_get_text(root, "content");
        rc = content.at ? 0 : err_set(e, ERR_INPUT, "content: expected text");
        rc = rc ? rc
                : model_tokenize(m, content, json_get_bool(root, "add_special", false),
                                 json_get_bool(root, "parse_special", true), out, e);
    }
    yyjson_doc_free(doc);
    str_release(&text);
    return rc;
}

static void on_tokenize(void *user, struct exchange *x, const struct http_request *r)
{
    const struct model *m = facts_loaded(user, x);
    struct tokens list = {0};
    struct err e = ERR_INIT;
    if (!m)
        return;
    if (tokenize(m, r->body, &list, &e) != 0) {
        openai_error(x, 400, "invalid_request_error", &e);
    } else {
        struct str body = STR_INIT;
        struct json_writer w;
        json_init(&w, &body);
        json_object(&w);
        json_key(&w, "tokens");
        json_array(&w);
        for (size_t i = 0; i < list.n; i++)
            json_int(&w, list.at[i]);
        json_array_end(&w);
        json_object_end(&w);
        exchange_reply(x, 200, ENGINE_JSON, body.at, body.len);
        str_release(&body);
    }
    tokens_release(&list);
}

const struct httpd_route engine_routes[] = {
    {"POST", "/v1/chat/completions", on_chat},
    {"POST", "/v1/completions", on_completion},
    {"GET", "/v1/models", facts_models},
    {"POST", "/api/generate", on_generate},
    {"POST", "/api/chat", on_ollama_chat},
    {"GET", "/api/tags", facts_tags},
    {"POST", "/api/show", facts_show},
    {"GET", "/api/ps", facts_ps},
    {"GET", "/api/version", facts_version},
    {"POST", "/tokenize", on_tokenize},
    {"GET", "/health", facts_health},
    {"GET", "/props", facts_props},
    {"GET", "/slots", facts_slots},
    {"GET", "/metrics", facts_metrics},
    {"GET", "/", facts_root},
};
const size_t engine_n_routes = sizeof engine_routes / sizeof *engine_routes;
