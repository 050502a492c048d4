/* ollama.c: the Ollama dialect: one NDJSON line per text chunk and a done line with the durations. */
#include <string.h>

#include "format/json.h"
#include "stub/reply.h"

static bool is_chat(const struct reply *r)
{
    return r->dialect->route == ASK_OLLAMA_CHAT;
}

static void open_line(struct reply *r, struct json_writer *w, struct str *out)
{
    json_init(w, out);
    json_object(w);
    json_kz(w, "model", r->ask.model[0] ? r->ask.model : r->stub->o.model);
    json_kz(w, "created_at", "2026-01-01T00:00:00Z");
}

static void add_text(const struct reply *r, struct json_writer *w, const char *text)
{
    if (!is_chat(r)) {
        json_kz(w, "response", text);
        return;
    }
    json_key(w, "message");
    json_object(w);
    json_kz(w, "role", "assistant");
    json_kz(w, "content", text);
    json_object_end(w);
}

/* The line of a text "@", cut there: nothing behind the text holds an "@". */
static void frame(struct reply *r)
{
    struct json_writer w;
    str_clear(&r->line);
    open_line(r, &w, &r->line);
    add_text(r, &w, "@");
    json_kbool(&w, "done", false);
    json_object_end(&w);
    const char *at = strrchr(r->line.at, '@');
    str_add(&r->before, r->line.at + 1, (size_t)(at - r->line.at) - 1);
    str_addz(&r->after, at + 1);
}

/* Ids of the whole prompt, what was cut from it included, and of the answer. */
static void add_context(const struct reply *r, struct json_writer *w)
{
    json_key(w, "context");
    json_array(w);
    for (int64_t i = 0; i < r->log.prompt_tok + r->log.tokens; i++)
        json_int(w, i);
    json_array_end(w);
}

/* eval_duration begins with the first chunk, prompt_eval_duration ends there, so that queue = total - load - prompt_eval -
 * eval is the wait for the slot, to the nanosecond. */
static void add_counts(const struct reply *r, struct json_writer *w)
{
    const struct log_entry *l = &r->log;
    json_kint(w, "total_duration", r->due - l->t_read);
    json_kint(w, "load_duration", l->load_ns);
    json_kint(w, "prompt_eval_count", l->kept_tok);
    json_kint(w, "prompt_eval_duration", r->t_first - l->t_start - l->load_ns);
    json_kint(w, "eval_count", l->tokens);
    json_kint(w, "eval_duration", r->t_last - r->t_first);
}

static void write_done(struct reply *r, struct str *out, const char *text)
{
    struct json_writer w;
    const struct ask *a = &r->ask;
    const char *reason = !a->nothing ? reply_finish_reason(r) : a->unload ? "unload" : "load";
    open_line(r, &w, out);
    add_text(r, &w, text);
    json_kbool(&w, "done", true);
    json_kz(&w, "done_reason", reason);
    if (!a->nothing && !(r->fault->flags & FAULT_NO_USAGE)) {
        if (!is_chat(r) && !a->raw)
            add_context(r, &w);
        add_counts(r, &w);
    }
    json_object_end(&w);
}

static void finish(struct reply *r)
{
    str_clear(&r->line);
    write_done(r, &r->line, "");
    reply_event(r, r->line.at, r->line.len);
}

static void whole(struct reply *r, struct str *out)
{
    write_done(r, out, str_z(&r->text));
}

/* Ollama has no types: overload is known by its sentence. */
static void error(struct str *out, int status, const char *type, const char *text)
{
    struct json_writer w;
    (void)status;
    if (strcmp(type, "overloaded_error") == 0)
        text = "server busy, please try again.  maximum pending requests exceeded";
    json_init(&w, out);
    json_object(&w);
    json_kz(&w, "error", text);
    json_object_end(&w);
}

const struct dialect dialect_generate = {
    ASK_GENERATE, "/api/generate", "application/x-ndjson", false, frame, NULL, finish, whole, error};
const struct dialect dialect_ollama_chat = {
    ASK_OLLAMA_CHAT, "/api/chat", "application/x-ndjson", false, frame, NULL, finish, whole, error};
