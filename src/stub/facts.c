/* facts.c: see facts.h. */
#include "stub/facts.h"

#include "format/json.h"
#include "stub/reply.h"
#include "stub/words.h"

#define VERSION "0.0.0-stub"
/* of a model that does not exist: the SHA-256 of "stub" */
#define DIGEST "725c546b990dd1b41f3d5791b37c3c0edcb1f08cf150bdae32a73dfd166e02d7"

static int64_t context(const struct stub *s)
{
    return s->o.num_ctx ? s->o.num_ctx : 1 << 20;
}

static void answer(struct exchange *x, struct str *body)
{
    exchange_reply(x, 200, STUB_JSON, body->at, body->len);
    str_release(body);
}

void facts_root(void *user, struct exchange *x, const struct http_request *r)
{
    (void)user, (void)r;
    exchange_replyz(x, 200, "text/plain; charset=utf-8", "chimera stub is running");
}

void facts_health(void *user, struct exchange *x, const struct http_request *r)
{
    (void)user, (void)r;
    exchange_replyz(x, 200, STUB_JSON, "{\"status\":\"ok\"}");
}

void facts_version(void *user, struct exchange *x, const struct http_request *r)
{
    (void)user, (void)r;
    exchange_replyz(x, 200, STUB_JSON, "{\"version\":\"" VERSION "\"}");
}

void facts_props(void *user, struct exchange *x, const struct http_request *r)
{
    const struct stub *s = user;
    struct str body = STR_INIT;
    struct json_writer w;
    (void)r;
    json_init(&w, &body);
    json_object(&w);
    json_key(&w, "default_generation_settings");
    json_object(&w);
    json_kint(&w, "n_ctx", context(s));
    json_object_end(&w);
    json_kint(&w, "total_slots", (int64_t)s->o.slots);
    json_kz(&w, "model_alias", s->o.model);
    json_kz(&w, "model_path", s->o.model);
    json_kz(&w, "chat_template", "{{ messages }}");
    json_kz(&w, "build_info", VERSION);
    json_object_end(&w);
    answer(x, &body);
}

void facts_slots(void *user, struct exchange *x, const struct http_request *r)
{
    const struct stub *s = user;
    struct str body = STR_INIT;
    struct json_writer w;
    size_t n = s->o.slots ? s->o.slots : s->slots.n_served;
    (void)r;
    json_init(&w, &body);
    json_array(&w);
    for (size_t i = 0; i < n; i++) {
        json_object(&w);
        json_kint(&w, "id", (int64_t)i);
        json_kint(&w, "n_ctx", context(s));
        json_kbool(&w, "is_processing", i < s->slots.n_served);
        json_object_end(&w);
    }
    json_array_end(&w);
    answer(x, &body);
}

void facts_models(void *user, struct exchange *x, const struct http_request *r)
{
    const struct stub *s = user;
    struct str body = STR_INIT;
    struct json_writer w;
    (void)r;
    json_init(&w, &body);
    json_object(&w);
    json_kz(&w, "object", "list");
    json_key(&w, "data");
    json_array(&w);
    json_object(&w);
    json_kz(&w, "id", s->o.model);
    json_kz(&w, "object", "model");
    json_kint(&w, "created", STUB_EPOCH_S);
    json_kz(&w, "owned_by", "chimera-stub");
    json_object_end(&w);
    json_array_end(&w);
    json_object_end(&w);
    answer(x, &body);
}

/* {"content":text} -> {"tokens":[…]}: an id for each word. */
void facts_tokenize(void *user, struct exchange *x, const struct http_request *r)
{
    struct err e = ERR_INIT;
    struct str body = STR_INIT;
    struct json_writer w;
    yyjson_doc *doc = json_read(r->body.at, r->body.len, NULL, &e);
    struct span text = json_get_text(yyjson_doc_get_root(doc), "content");
    (void)user;
    if (!text.at) {
        reply_error(&dialect_chat, x, 400, "invalid_request_error", doc ? "content: expected text" : e.text);
        yyjson_doc_free(doc);
        return;
    }
    json_init(&w, &body);
    json_object(&w);
    json_key(&w, "tokens");
    json_array(&w);
    struct span word;
    for (size_t at = 0; (word = words_next(text, &at)).len;)
        json_int(&w, words_id(word));
    json_array_end(&w);
    json_object_end(&w);
    yyjson_doc_free(doc);
    answer(x, &body);
}

/* {"messages":[…]} -> {"prompt":text}: the contents, a line each, so that words are counted as the chat route does. */
void facts_apply_template(void *user, struct exchange *x, const struct http_request *r)
{
    struct err e = ERR_INIT;
    struct str body = STR_INIT;
    struct json_writer w;
    struct ask a;
    (void)user;
    if (ask_parse(&a, ASK_CHAT, r->body, true, &e)) {
        reply_error(&dialect_chat, x, 400, "invalid_request_error", e.text);
    } else {
        json_init(&w, &body);
        json_object(&w);
        json_key(&w, "prompt");
        json_text(&w, str_z(&a.contents), a.contents.len);
        json_object_end(&w);
        answer(x, &body);
    }
    ask_release(&a);
}

/* ---- Ollama's lists ---------------------------------------------------------------------------------------------- */

static void add_details(struct json_writer *w)
{
    json_key(w, "details");
    json_object(w);
    json_kz(w, "format", "gguf");
    json_kz(w, "family", "stub");
    json_kz(w, "parameter_size", "1");
    json_kz(w, "quantization_level", "F32");
    json_object_end(w);
}

static void answer_models(const struct stub *s, struct exchange *x, bool listed, bool running)
{
    struct str body = STR_INIT;
    struct json_writer w;
    json_init(&w, &body);
    json_object(&w);
    json_key(&w, "models");
    json_array(&w);
    if (listed) {
        json_object(&w);
        json_kz(&w, "name", s->o.model);
        json_kz(&w, "model", s->o.model);
        json_kint(&w, "size", 4);
        json_kz(&w, "digest", DIGEST);
        add_details(&w);
        if (running) {
            json_kint(&w, "size_vram", 0);
            json_kint(&w, "context_length", context(s));
        }
        json_object_end(&w);
    }
    json_array_end(&w);
    json_object_end(&w);
    answer(x, &body);
}

void facts_tags(void *user, struct exchange *x, const struct http_request *r)
{
    (void)r;
    answer_models(user, x, true, false);
}

void facts_ps(void *user, struct exchange *x, const struct http_request *r)
{
    const struct stub *s = user;
    answer_models(s, x, s->loaded_ns != MONO_NONE && r->received >= s->loaded_ns, true);
}

void facts_show(void *user, struct exchange *x, const struct http_request *r)
{
    struct str body = STR_INIT;
    struct json_writer w;
    (void)user, (void)r;
    json_init(&w, &body);
    json_object(&w);
    json_kz(&w, "template", "{{ .Prompt }}");
    add_details(&w);
    json_key(&w, "model_info");
    json_object(&w);
    json_kint(&w, "general.parameter_count", 1);
    json_object_end(&w);
    json_key(&w, "capabilities");
    json_array(&w);
    json_z(&w, "completion");
    json_array_end(&w);
    json_object_end(&w);
    answer(x, &body);
}
