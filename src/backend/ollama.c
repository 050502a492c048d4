/* ollama.c: Ollama's own dialect: /api/chat and /api/generate, NDJSON or one body, times in nanoseconds.
 *
 * A completion is asked with raw:true, so that no template is put around it and the three dialects ask the
 * same thing; the answer then lacks `context`. */
#include <string.h>

#include "backend/body.h"
#include "backend/dialects.h"
#include "backend/event.h"
#include "backend/memo.h"

enum {
    OLLAMA_OPTIONS = OPTION_NUM_GPU | OPTION_NUM_CTX | OPTION_NUM_THREAD | OPTION_TEMPERATURE | OPTION_TOP_P |
                     OPTION_TOP_K | OPTION_REPEAT_PENALTY | OPTION_NUM_PREDICT | OPTION_SEED | OPTION_KEEP_ALIVE,
    ENGINE_OPTIONS = OPTION_IGNORE_EOS,
};

/* ---- asking -------------------------------------------------------------------------------------------- */

static void write_options(struct body *b, const struct ask *ask, unsigned mask)
{
    unsigned inner = mask & ~(unsigned)OPTION_KEEP_ALIVE;
    if (!body_inner(b, "options"))
        return;
    for (int i = 0; i < OPTION_COUNT; i++)
        body_option(b, &ask->options, inner, (enum option_bit_index)i, option_name((enum option_bit_index)i));
    body_inner_end(b);
}

static int ollama_build(const struct ask *ask, struct built *out, struct err *e)
{
    unsigned mask = OLLAMA_OPTIONS | (ask->want_engine_stamps ? (unsigned)ENGINE_OPTIONS : 0);
    bool chat = ask->route == ROUTE_CHAT;
    struct body b;
    int rc = body_begin(&b, &out->body, ask->extra_body_json, e);
    if (rc)
        return rc;
    out->method = "POST";
    out->path = chat ? "/api/chat" : "/api/generate";
    out->framing = ask->stream ? FRAMING_NDJSON : FRAMING_BODY;
    body_z(&b, "model", ask->model ? ask->model : "");
    if (chat) {
        body_messages(&b, ask);
    } else {
        body_z(&b, "prompt", ask->prompt ? ask->prompt : "");
        body_bool(&b, "raw", true);
    }
    body_bool(&b, "stream", ask->stream);
    write_options(&b, ask, mask);
    body_option(&b, &ask->options, mask, OPTION_INDEX_KEEP_ALIVE, "keep_alive");
    body_engine_stamps(&b, ask);
    body_end(&b);
    body_not_applied(ask, mask, &out->not_applied);
    return 0;
}

/* ---- listening ----------------------------------------------------------------------------------------- */

/* The account of the done line. prompt_eval_count is absent where an old version answered from its cache:
 * then it stays unknown, not zero. */
static void read_account(struct backend_state *s, yyjson_val *root)
{
    yyjson_val *context = yyjson_obj_get(root, "context");
    struct usage *u = s->usage;
    if (!u)
        return;
    u->total_ns = told_ns(root, "total_duration");
    u->load_ns = told_ns(root, "load_duration");
    u->prompt_eval_ns = told_ns(root, "prompt_eval_duration");
    u->eval_ns = told_ns(root, "eval_duration");
    u->prompt_tok = told_count(root, "prompt_eval_count");
    u->completion_tok = told_count(root, "eval_count");
    u->context_ids = yyjson_is_arr(context) ? (int64_t)yyjson_arr_size(context) : -1;
}

static bool has_tool(yyjson_val *message, struct event *ev)
{
    yyjson_val *call = yyjson_arr_get_first(yyjson_obj_get(message, "tool_calls"));
    if (!call)
        return false;
    ev->text = json_get_text(yyjson_obj_get(call, "function"), "name"); /* its arguments are an object, not text */
    return true;
}

/* /api/generate: response and thinking at the top; /api/chat: content and thinking in message. */
static yyjson_val *read_text(yyjson_val *root, struct event *ev)
{
    yyjson_val *message = yyjson_obj_get(root, "message"), *from = yyjson_is_obj(message) ? message : root;
    yyjson_val *answer = yyjson_obj_get(from, from == message ? "content" : "response");
    yyjson_val *thought = yyjson_obj_get(from, "thinking");
    struct span text = event_text(answer), reasoning = event_text(thought);
    if (text.len) {
        ev->kind = CHUNK_TEXT;
        ev->text = text;
        ev->reasoning = reasoning;
        return reasoning.len ? NULL : answer;
    }
    if (reasoning.len) {
        ev->kind = CHUNK_REASONING;
        ev->text = reasoning;
        return thought;
    }
    if (has_tool(from, ev))
        ev->kind = CHUNK_TOOL;
    return NULL;
}

static int ollama_on_event(struct backend_state *s, const char *p, size_t n, struct event *out, struct err *e)
{
    struct event_doc d;
    event_clear(out);
    s->events++;
    if (memo_match(s->memo, p, n, out)) {
        s->memo_events++;
        return 0;
    }
    int rc = event_read(s, p, n, &d, e);
    if (rc || event_error(d.root, out))
        return rc;
    yyjson_val *string = read_text(d.root, out);
    bool done = json_get_bool(d.root, "done", false);
    if (done)
        read_account(s, d.root);
    bool engine = event_engine(s, d.root);
    if (done) {
        event_finish(s, out, json_get_text(d.root, "done_reason"));
        out->done = out->finished = true;
        if (out->kind == CHUNK_OTHER)
            out->kind = CHUNK_DONE;
    } else if (string && !engine) {
        memo_learn(s->memo, p, n, event_token(&d, string), event_token(&d, yyjson_obj_get(d.root, "created_at")),
                   out->kind);
    }
    return 0;
}

/* ---- facts --------------------------------------------------------------------------------------------- */

/* "smollm2" means "smollm2:latest". */
static bool same_model(struct span listed, const char *asked)
{
    static const char latest[] = ":latest";
    if (!strchr(asked, ':') && listed.len > sizeof latest - 1 &&
        !memcmp(listed.at + listed.len - (sizeof latest - 1), latest, sizeof latest - 1))
        listed.len -= sizeof latest - 1;
    return span_eq_z(listed, asked);
}

static yyjson_val *find_model(yyjson_val *root, const char *model)
{
    size_t i, max;
    yyjson_val *v, *list = yyjson_obj_get(root, "models");
    if (!model)
        return yyjson_arr_get_first(list);
    yyjson_arr_foreach (list, i, max, v) {
        if (same_model(json_get_text(v, "name"), model))
            return v;
    }
    return NULL;
}

static void add_text(struct str *out, yyjson_val *obj, const char *key)
{
    struct span s = json_get_text(obj, key);
    str_add(out, s.at, s.len);
}

/* /api/tags (and /api/ps, which has the same shape). */
static int ollama_read_model(const char *p, size_t n, const char *model, struct str *name, struct str *digest,
                             struct str *quantisation, struct str *parameters, struct err *e)
{
    yyjson_doc *doc = json_read(p, n, NULL, e);
    if (!doc)
        return ERR_INPUT;
    yyjson_val *found = find_model(yyjson_doc_get_root(doc), model), *details = yyjson_obj_get(found, "details");
    int rc = found ? 0 : err_set(e, ERR_NOTFOUND, "the server does not list the model %s", model ? model : "at all");
    add_text(name, found, "name");
    add_text(digest, found, "digest");
    add_text(quantisation, details, "quantization_level");
    add_text(parameters, details, "parameter_size");
    yyjson_doc_free(doc);
    return rc;
}

static int ollama_read_version(const char *p, size_t n, struct str *version, struct err *e)
{
    yyjson_doc *doc = json_read(p, n, NULL, e);
    if (!doc)
        return ERR_INPUT;
    struct span v = json_get_text(yyjson_doc_get_root(doc), "version");
    str_add(version, v.at, v.len);
    yyjson_doc_free(doc);
    return v.len ? 0 : err_set(e, ERR_INPUT, "/api/version does not tell `version`");
}

const struct backend backend_ollama = {
    .name = "ollama",
    .what = "Ollama's /api/chat and /api/generate, with all of its timers",
    .caps = BACKEND_CAN_CHAT | BACKEND_CAN_COMPLETION | BACKEND_SERVER_TIMERS | BACKEND_CAN_UNLOAD,
    .options = OLLAMA_OPTIONS,
    .engine_options = ENGINE_OPTIONS,
    .build = ollama_build,
    .on_event = ollama_on_event,
    .on_error_body = event_error_body,
    .version_path = "/api/version",
    .read_version = ollama_read_version,
    .models_path = "/api/tags",
    .read_model = ollama_read_model,
};
