/* openai.c: the OpenAI dialect with llama-server's timings. A stream is: role chunk (chat), text chunks, finish chunk,
 * usage chunk when asked for, [DONE]. */
#include <string.h>

#include "format/json.h"
#include "stub/reply.h"

static bool is_chat(const struct reply *r)
{
    return r->dialect->route == ASK_CHAT;
}

static void open_object(struct reply *r, struct json_writer *w, struct str *out, const char *object)
{
    json_init(w, out);
    json_object(w);
    json_kz(w, "id", r->id);
    json_kz(w, "object", object);
    json_kint(w, "created", STUB_EPOCH_S);
    json_kz(w, "model", r->ask.model[0] ? r->ask.model : r->stub->o.model);
    json_kz(w, "system_fingerprint", "stub");
}

static const char *chunk_object(const struct reply *r)
{
    return is_chat(r) ? "chat.completion.chunk" : "text_completion";
}

static void add_usage(const struct reply *r, struct json_writer *w)
{
    const struct log_entry *l = &r->log;
    if (r->fault->flags & FAULT_NO_USAGE)
        return;
    json_key(w, "usage");
    json_object(w);
    json_kint(w, "completion_tokens", l->tokens);
    json_kint(w, "prompt_tokens", l->kept_tok);
    json_kint(w, "total_tokens", l->kept_tok + l->tokens);
    json_key(w, "prompt_tokens_details");
    json_object(w);
    json_kint(w, "cached_tokens", 0);
    json_object_end(w);
    json_object_end(w);
}

/* llama-server's definitions: the first token belongs to the prompt's time, the rate is over the others. */
static void add_timings(const struct reply *r, struct json_writer *w)
{
    const struct log_entry *l = &r->log;
    double prompt_n = (double)l->kept_tok, n = (double)l->tokens;
    double prompt_ms = (double)(r->t_first - l->t_start) / 1e6, ms = (double)(r->t_last - r->t_first) / 1e6;
    if (r->fault->flags & FAULT_NO_USAGE)
        return;
    json_key(w, "timings");
    json_object(w);
    json_kint(w, "cache_n", 0);
    json_kint(w, "prompt_n", l->kept_tok);
    json_kdouble(w, "prompt_ms", prompt_ms);
    json_kdouble(w, "prompt_per_token_ms", prompt_n > 0 ? prompt_ms / prompt_n : 0);
    json_kdouble(w, "prompt_per_second", prompt_ms > 0 ? 1e3 * prompt_n / prompt_ms : 0);
    json_kint(w, "predicted_n", l->tokens);
    json_kdouble(w, "predicted_ms", ms);
    json_kdouble(w, "predicted_per_token_ms", n > 1 ? ms / (n - 1) : 0);
    json_kdouble(w, "predicted_per_second", ms > 0 ? 1e3 * (n - 1) / ms : 0);
    json_object_end(w);
}

/* A chunk's choice. role: the first delta; text NULL: an empty one. */
static void add_choice(const struct reply *r, struct json_writer *w, const char *role, const char *text,
                       const char *finish)
{
    json_key(w, "choices");
    json_array(w);
    json_object(w);
    json_kint(w, "index", 0);
    if (is_chat(r)) {
        json_key(w, "delta");
        json_object(w);
        if (role)
            json_kz(w, "role", role);
        if (role || text)
            json_kz(w, "content", role ? "" : text);
        json_object_end(w);
    } else {
        json_kz(w, "text", text ? text : "");
        json_knull(w, "logprobs");
    }
    json_kz(w, "finish_reason", finish);
    json_object_end(w);
    json_array_end(w);
}

static void send_object(struct reply *r, struct json_writer *w)
{
    json_object_end(w);
    reply_event(r, r->line.at, r->line.len);
}

/* The event of a text "@", cut there: nothing behind the text holds an "@". */
static void frame(struct reply *r)
{
    struct json_writer w;
    str_clear(&r->line);
    open_object(r, &w, &r->line, chunk_object(r));
    add_choice(r, &w, NULL, "@", NULL);
    json_object_end(&w);
    const char *at = strrchr(r->line.at, '@');
    str_add(&r->before, r->line.at + 1, (size_t)(at - r->line.at) - 1);
    str_addz(&r->after, at + 1);
}

static void begin(struct reply *r)
{
    struct json_writer w;
    str_clear(&r->line);
    open_object(r, &w, &r->line, chunk_object(r));
    add_choice(r, &w, "assistant", NULL, NULL);
    send_object(r, &w);
}

static void finish(struct reply *r)
{
    struct json_writer w;
    str_clear(&r->line);
    open_object(r, &w, &r->line, chunk_object(r));
    add_choice(r, &w, NULL, NULL, reply_finish_reason(r));
    add_timings(r, &w);
    send_object(r, &w);
    if (r->ask.include_usage && !(r->fault->flags & FAULT_NO_USAGE)) {
        str_clear(&r->line);
        open_object(r, &w, &r->line, chunk_object(r));
        json_key(&w, "choices");
        json_array(&w);
        json_array_end(&w);
        add_usage(r, &w);
        send_object(r, &w);
    }
    reply_event(r, "[DONE]", 6);
}

static void whole(struct reply *r, struct str *out)
{
    struct json_writer w;
    open_object(r, &w, out, is_chat(r) ? "chat.completion" : "text_completion");
    json_key(&w, "choices");
    json_array(&w);
    json_object(&w);
    json_kint(&w, "index", 0);
    if (is_chat(r)) {
        json_key(&w, "message");
        json_object(&w);
        json_kz(&w, "role", "assistant");
        json_kz(&w, "content", str_z(&r->text));
        json_object_end(&w);
    } else {
        json_kz(&w, "text", str_z(&r->text));
        json_knull(&w, "logprobs");
    }
    json_kz(&w, "finish_reason", reply_finish_reason(r));
    json_object_end(&w);
    json_array_end(&w);
    add_usage(r, &w);
    add_timings(r, &w);
    json_object_end(&w);
}

static void error(struct str *out, int status, const char *type, const char *text)
{
    struct json_writer w;
    json_init(&w, out);
    json_object(&w);
    json_key(&w, "error");
    json_object(&w);
    json_kint(&w, "code", status);
    json_kz(&w, "message", text);
    json_kz(&w, "type", type);
    json_object_end(&w);
    json_object_end(&w);
}

const struct dialect dialect_chat = {
    ASK_CHAT, "/v1/chat/completions", "text/event-stream", true, frame, begin, finish, whole, error};
const struct dialect dialect_completion = {
    ASK_COMPLETION, "/v1/completions", "text/event-stream", true, frame, NULL, finish, whole, error};
