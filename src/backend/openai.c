/* openai.c: the dialect of /v1/chat/completions and /v1/completions, as OpenAI describes it and as vLLM,
 * SGLang, Ollama's /v1, llama-server and gateways speak it. llama-server's own /completion events are read
 * here too. */
#include "backend/openai.h"

#include <string.h>

#include "backend/body.h"
#include "backend/dialects.h"
#include "backend/event.h"
#include "backend/memo.h"

/* ---- asking -------------------------------------------------------------------------------------------- */

enum { USUAL_BODY_BYTES = 192 }; /* of a body beside its prompt */

int openai_build_with(const struct ask *ask, unsigned mask, struct built *out, struct err *e)
{
    static const struct {
        enum option_bit_index option;
        const char *key;
    } keys[] = {
        {OPTION_INDEX_NUM_PREDICT, "max_tokens"},
        {OPTION_INDEX_TEMPERATURE, "temperature"},
        {OPTION_INDEX_TOP_P, "top_p"},
        {OPTION_INDEX_TOP_K, "top_k"},
        {OPTION_INDEX_REPEAT_PENALTY, "repeat_penalty"},
        {OPTION_INDEX_SEED, "seed"},
        {OPTION_INDEX_IGNORE_EOS, "ignore_eos"},
        {OPTION_INDEX_CACHE_PROMPT, "cache_prompt"},
    };
    bool chat = ask->route == ROUTE_CHAT;
    struct body b;
    str_reserve(&out->body, USUAL_BODY_BYTES + (ask->prompt ? strlen(ask->prompt) : 0));
    int rc = body_begin(&b, &out->body, ask->extra_body_json, e);
    if (rc)
        return rc;
    out->method = "POST";
    out->path = chat ? "/v1/chat/completions" : "/v1/completions";
    out->framing = ask->stream ? FRAMING_SSE : FRAMING_BODY;
    if (ask->model)
        body_z(&b, "model", ask->model);
    if (chat)
        body_messages(&b, ask);
    else
        body_z(&b, "prompt", ask->prompt ? ask->prompt : "");
    body_bool(&b, "stream", ask->stream);
    if (ask->stream && body_key(&b, "stream_options"))
        json_raw(&b.w, "{\"include_usage\":true}", 22);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        body_option(&b, &ask->options, mask, keys[i].option, keys[i].key);
    body_engine_stamps(&b, ask);
    body_end(&b);
    body_not_applied(ask, mask, &out->not_applied);
    return 0;
}

/* ---- listening ----------------------------------------------------------------------------------------- */

/* A usage of zeros stands in every chunk of Ollama's /v1/completions before the real one: it says nothing. */
static bool read_usage(struct backend_state *s, yyjson_val *root)
{
    yyjson_val *u = yyjson_obj_get(root, "usage");
    if (!yyjson_is_obj(u) || !s->usage)
        return false;
    int64_t prompt = told_count(u, "prompt_tokens"), completion = told_count(u, "completion_tokens");
    if (prompt <= 0 && completion <= 0)
        return false;
    int64_t cached = told_count(yyjson_obj_get(u, "prompt_tokens_details"), "cached_tokens");
    s->usage->prompt_tok = prompt;
    s->usage->completion_tok = completion;
    if (cached >= 0)
        s->usage->cached_tok = cached;
    return true;
}

static struct span text_of(yyjson_val *obj, const char *const *keys, yyjson_val **found)
{
    for (; *keys; keys++) {
        yyjson_val *v = yyjson_obj_get(obj, *keys);
        if (yyjson_is_str(v) && yyjson_get_len(v)) {
            *found = v;
            return event_text(v);
        }
    }
    return SPAN_NONE;
}

/* The first call of a tool_calls list (or the old function_call): its arguments, or its name while there
 * are none. */
static bool read_tool(yyjson_val *message, struct event *ev)
{
    yyjson_val *call = yyjson_arr_get_first(yyjson_obj_get(message, "tool_calls"));
    yyjson_val *function = call ? yyjson_obj_get(call, "function") : yyjson_obj_get(message, "function_call");
    if (!yyjson_is_obj(function))
        return yyjson_is_obj(call);
    ev->text = json_get_text(function, "arguments");
    if (!ev->text.len)
        ev->text = json_get_text(function, "name");
    return true;
}

/* A delta or a whole message. Returns the string that became ev->text, for the memo. */
static yyjson_val *read_message(yyjson_val *m, struct event *ev)
{
    static const char *const answers[] = {"content", "refusal", NULL};
    static const char *const thoughts[] = {"reasoning_content", "reasoning", NULL};
    yyjson_val *answer = NULL, *thought = NULL;
    struct span text = text_of(m, answers, &answer), reasoning = text_of(m, thoughts, &thought);
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
    if (read_tool(m, ev))
        ev->kind = CHUNK_TOOL;
    else if (yyjson_is_str(yyjson_obj_get(m, "role")))
        ev->kind = CHUNK_ROLE;
    return NULL;
}

/* choices[0]: a chat delta, a whole chat message, or a piece of a text completion. */
static yyjson_val *read_choice(struct backend_state *s, yyjson_val *root, bool first, struct event *ev)
{
    yyjson_val *choice = yyjson_arr_get_first(yyjson_obj_get(root, "choices")), *string = NULL;
    if (!yyjson_is_obj(choice) || json_get_int(choice, "index", 0) != 0)
        return NULL;
    yyjson_val *delta = yyjson_obj_get(choice, "delta"), *message = yyjson_obj_get(choice, "message");
    if (yyjson_is_obj(delta)) {
        string = read_message(delta, ev);
    } else if (yyjson_is_obj(message)) {
        read_message(message, ev);
        ev->done = true;
    } else {
        string = yyjson_obj_get(choice, "text");
        ev->text = event_text(string);
        ev->kind = ev->text.len ? CHUNK_TEXT : CHUNK_OTHER;
    }
    event_finish(s, ev, json_get_text(choice, "finish_reason"));
    /* A whole text completion looks like the last piece of a streamed one, except that nothing came before
     * it. */
    if (ev->finished && first && !delta && yyjson_is_obj(yyjson_obj_get(root, "usage")))
        ev->done = true;
    return ev->finished || ev->done ? NULL : string;
}

/* llama-server's /completion: {"content":"…","stop":false,…}, and with "stop":true the whole account, no
 * [DONE] after it. */
static yyjson_val *read_native(struct backend_state *s, yyjson_val *root, struct event *ev)
{
    yyjson_val *content = yyjson_obj_get(root, "content");
    if (!yyjson_is_str(content))
        return NULL;
    ev->text = event_text(content);
    ev->kind = ev->text.len ? CHUNK_TEXT : CHUNK_OTHER;
    if (s->usage) {
        s->usage->prompt_tok = told_count(root, "tokens_evaluated");
        s->usage->completion_tok = told_count(root, "tokens_predicted");
    }
    if (!json_get_bool(root, "stop", false))
        return NULL;
    event_finish(s, ev, json_get_text(root, "stop_type"));
    ev->done = ev->finished = true;
    return NULL;
}

static void settle_kind(struct event *ev, bool usage)
{
    bool weak = ev->kind == CHUNK_OTHER || (ev->kind == CHUNK_ROLE && ev->finished);
    if (weak)
        ev->kind = ev->done ? CHUNK_DONE : usage ? CHUNK_USAGE : CHUNK_OTHER;
}

static struct span trimmed(const char *p, size_t n)
{
    while (n && (*p == ' ' || *p == '\t'))
        p++, n--;
    while (n && (p[n - 1] == ' ' || p[n - 1] == '\t' || p[n - 1] == '\r'))
        n--;
    return (struct span){p, n};
}

int openai_on_event(struct backend_state *s, const char *p, size_t n, struct event *out, struct err *e)
{
    struct event_doc d;
    bool first = !s->pending_done;
    event_clear(out);
    s->pending_done = true;
    s->events++;
    if (memo_match(s->memo, p, n, out)) {
        s->memo_events++;
        return 0;
    }
    struct span data = trimmed(p, n);
    if (!data.len) /* a heartbeat */
        return 0;
    if (span_eq_z(data, "[DONE]")) {
        out->kind = CHUNK_DONE;
        out->done = true;
        return 0;
    }
    int rc = event_read(s, p, n, &d, e);
    if (rc)
        return rc;
    if (event_error(d.root, out))
        return 0;
    yyjson_val *string = read_choice(s, d.root, first, out);
    if (!yyjson_obj_get(d.root, "choices"))
        read_native(s, d.root, out);
    bool timings = event_timings(s, d.root), usage = read_usage(s, d.root), engine = event_engine(s, d.root);
    settle_kind(out, usage || timings);
    if (string && !timings && !usage && !engine)
        memo_learn(s->memo, p, n, event_token(&d, string), SPAN_NONE, out->kind);
    return 0;
}

/* ---- facts --------------------------------------------------------------------------------------------- */

static yyjson_val *find_model(yyjson_val *root, const char *model)
{
    size_t i, max;
    yyjson_val *v, *list = yyjson_obj_get(root, "data");
    if (!model)
        return yyjson_arr_get_first(list);
    yyjson_arr_foreach (list, i, max, v) {
        if (span_eq_z(json_get_text(v, "id"), model))
            return v;
    }
    return NULL;
}

int openai_read_model(const char *p, size_t n, const char *model, struct str *name, struct str *digest,
                      struct str *quantisation, struct str *parameters, struct err *e)
{
    (void)digest; /* no server of this dialect tells one */
    yyjson_doc *doc = json_read(p, n, NULL, e);
    if (!doc)
        return ERR_INPUT;
    int rc = 0;
    yyjson_val *found = find_model(yyjson_doc_get_root(doc), model), *meta = yyjson_obj_get(found, "meta");
    struct span id = json_get_text(found, "id"), type = json_get_text(meta, "ftype");
    if (!id.len)
        rc = err_set(e, ERR_NOTFOUND, "the server does not list the model %s", model ? model : "at all");
    str_add(name, id.at, id.len);
    str_add(quantisation, type.at, type.len);
    if (told_count(meta, "n_params") >= 0 || json_get_int(meta, "n_params", -1) > 0)
        str_addf(parameters, "%lld", (long long)json_get_int(meta, "n_params", 0));
    yyjson_doc_free(doc);
    return rc;
}

enum {
    OPENAI_OPTIONS = OPTION_TEMPERATURE | OPTION_TOP_P | OPTION_NUM_PREDICT | OPTION_SEED,
    ENGINE_OPTIONS = OPTION_TOP_K | OPTION_REPEAT_PENALTY | OPTION_IGNORE_EOS | OPTION_CACHE_PROMPT,
};

static int openai_build(const struct ask *ask, struct built *out, struct err *e)
{
    return openai_build_with(ask, OPENAI_OPTIONS | (ask->want_engine_stamps ? (unsigned)ENGINE_OPTIONS : 0), out, e);
}

const struct backend backend_openai = {
    .name = "openai",
    .what = "OpenAI's chat and text completions: chimera-engine, vLLM, SGLang, Ollama's /v1, gateways",
    .caps = BACKEND_CAN_CHAT | BACKEND_CAN_COMPLETION,
    .options = OPENAI_OPTIONS,
    .engine_options = ENGINE_OPTIONS,
    .build = openai_build,
    .on_event = openai_on_event,
    .on_error_body = event_error_body,
    .models_path = "/v1/models",
    .read_model = openai_read_model,
};
