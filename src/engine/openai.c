/* openai.c: the OpenAI dialect, with llama-server's additions (timings in the finish chunk, its error types). A stream
 * is: role chunk, a chunk per token, finish chunk, usage chunk when asked for, [DONE]. */
#include <string.h>

#include "engine/dialects.h"
#include "format/json.h"

static bool is_chat(const struct call *c)
{
    return c->ask.route == ASK_CHAT;
}

static void open_object(struct call *c, struct json_writer *w, const char *object)
{
    str_clear(&c->line);
    json_init(w, &c->line);
    json_object(w);
    json_kz(w, "id", c->id);
    json_kz(w, "object", object);
    json_kint(w, "created", c->created_s);
    json_kz(w, "model", c->engine->alias);
    json_kz(w, "system_fingerprint", c->engine->build);
}

static const char *chunk_object(const struct call *c)
{
    return is_chat(c) ? "chat.completion.chunk" : "text_completion";
}

static void add_usage(const struct call *c, struct json_writer *w)
{
    const struct job *j = &c->job;
    json_key(w, "usage");
    json_object(w);
    json_kint(w, "completion_tokens", (int64_t)j->output.n);
    json_kint(w, "prompt_tokens", (int64_t)j->prompt.n);
    json_kint(w, "total_tokens", (int64_t)(j->prompt.n + j->output.n));
    json_key(w, "prompt_tokens_details");
    json_object(w);
    json_kint(w, "cached_tokens", (int64_t)j->n_cached);
    json_object_end(w);
    json_object_end(w);
}

/* llama-server's definitions: prompt_n leaves cached tokens out, the first token belongs to the prompt's time, so the
 * rate is (n - 1) / predicted_ms. */
static void add_timings(const struct call *c, struct json_writer *w)
{
    const struct job *j = &c->job;
    double prompt_n = (double)(j->prompt.n - j->n_cached), n = (double)j->output.n;
    double prompt_ms = (double)(j->prefill_end_ns - j->prefill_start_ns) / 1e6;
    double ms = n > 1 ? (double)(j->token_ns[j->output.n - 1] - j->token_ns[0]) / 1e6 : 0.001;
    json_key(w, "timings");
    json_object(w);
    json_kint(w, "cache_n", (int64_t)j->n_cached);
    json_kint(w, "prompt_n", (int64_t)prompt_n);
    json_kdouble(w, "prompt_ms", prompt_ms);
    json_kdouble(w, "prompt_per_token_ms", prompt_ms / prompt_n);
    json_kdouble(w, "prompt_per_second", 1e3 * prompt_n / prompt_ms);
    json_kint(w, "predicted_n", (int64_t)n);
    json_kdouble(w, "predicted_ms", ms);
    json_kdouble(w, "predicted_per_token_ms", n > 1 ? ms / (n - 1) : 0);
    json_kdouble(w, "predicted_per_second", n > 1 ? 1e3 * (n - 1) / ms : 0);
    json_object_end(w);
}

static void open_choice(struct json_writer *w)
{
    json_key(w, "choices");
    json_array(w);
    json_object(w);
    json_kint(w, "index", 0);
}

static void close_choice(struct json_writer *w, const char *finish)
{
    json_kz(w, "finish_reason", finish);
    json_object_end(w);
    json_array_end(w);
}

/* A chunk's choice: role NULL and text.at NULL is the empty delta of the finish chunk. */
static void add_choice(const struct call *c, struct json_writer *w, const char *role, struct span text,
                       const char *finish)
{
    open_choice(w);
    if (is_chat(c)) {
        json_key(w, "delta");
        json_object(w);
        if (role) {
            json_kz(w, "role", role);
            json_knull(w, "content");
        } else if (text.at) {
            json_key(w, "content");
            json_text(w, text.at, text.len);
        }
        json_object_end(w);
    } else {
        json_key(w, "text");
        json_text(w, text.at ? text.at : "", text.len);
        json_knull(w, "logprobs");
    }
    close_choice(w, finish);
}

static void send_line(struct call *c, struct json_writer *w)
{
    json_object_end(w);
    exchange_sse(c->x, c->line.at, c->line.len);
}

static void begin(struct call *c)
{
    struct json_writer w;
    if (!is_chat(c))
        return;
    open_object(c, &w, chunk_object(c));
    add_choice(c, &w, "assistant", SPAN_NONE, NULL);
    send_line(c, &w);
}

static void text(struct call *c, struct span t, mono_ns stamp)
{
    struct json_writer w;
    (void)stamp;
    open_object(c, &w, chunk_object(c));
    add_choice(c, &w, NULL, t, NULL);
    send_line(c, &w);
}

static void finish_stream(struct call *c)
{
    struct json_writer w;
    exchange_cork(c->x);
    open_object(c, &w, chunk_object(c));
    add_choice(c, &w, NULL, SPAN_NONE, call_finish_reason(c));
    add_timings(c, &w);
    call_chimera(c, &w);
    send_line(c, &w);
    if (c->ask.include_usage) {
        open_object(c, &w, chunk_object(c));
        json_key(&w, "choices");
        json_array(&w);
        json_array_end(&w);
        add_usage(c, &w);
        send_line(c, &w);
    }
    exchange_sse(c->x, "[DONE]", 6);
    exchange_end(c->x);
}

static void finish_whole(struct call *c)
{
    struct json_writer w;
    open_object(c, &w, is_chat(c) ? "chat.completion" : "text_completion");
    open_choice(&w);
    if (is_chat(c)) {
        json_key(&w, "message");
        json_object(&w);
        json_kz(&w, "role", "assistant");
        json_key(&w, "content");
        json_text(&w, str_z(&c->answer), c->answer.len);
        json_object_end(&w);
    } else {
        json_key(&w, "text");
        json_text(&w, str_z(&c->answer), c->answer.len);
        json_knull(&w, "logprobs");
    }
    close_choice(&w, call_finish_reason(c));
    add_usage(c, &w);
    add_timings(c, &w);
    call_chimera(c, &w);
    json_object_end(&w);
    exchange_reply(c->x, 200, ENGINE_JSON, c->line.at, c->line.len);
}

static void finish(struct call *c)
{
    if (c->ask.stream)
        finish_stream(c);
    else
        finish_whole(c);
}

static void write_error(struct str *out, int status, const char *type, const struct err *e)
{
    struct json_writer w;
    json_init(&w, out);
    json_object(&w);
    json_key(&w, "error");
    json_object(&w);
    json_kint(&w, "code", status);
    json_kz(&w, "message", e->text);
    json_kz(&w, "type", type);
    if (strcmp(type, ENGINE_TOO_LONG) == 0) {
        json_kint(&w, "n_prompt_tokens", e->line);
        json_kint(&w, "n_ctx", e->column);
    }
    json_object_end(&w);
    json_object_end(&w);
}

void openai_error(struct exchange *x, int status, const char *type, const struct err *e)
{
    struct str body = STR_INIT;
    write_error(&body, status, type, e);
    exchange_reply(x, status, ENGINE_JSON, body.at, body.len);
    str_release(&body);
}

static void fail_late(struct call *c)
{
    struct str body = STR_INIT;
    write_error(&body, 500, "server_error", &c->job.err);
    exchange_cork(c->x);
    exchange_sse(c->x, body.at, body.len);
    exchange_end(c->x);
    str_release(&body);
}

const struct dialect dialect_chat = {ASK_CHAT, "text/event-stream", 429, begin, text, finish, openai_error, fail_late};
const struct dialect dialect_completion = {ASK_COMPLETION, "text/event-stream", 429,      begin, text,
                                           finish,         openai_error,        fail_late};
