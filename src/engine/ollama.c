/* ollama.c: the Ollama dialect. A stream is one NDJSON line per token and a done line with the durations. The order of
 * the fields follows Ollama's answers, which differ between the two routes. */
#include <stdio.h>
#include <time.h>

#include "engine/dialects.h"
#include "format/json.h"

static bool is_chat(const struct call *c)
{
    return c->ask.route == ASK_OLLAMA_CHAT;
}

static void open_line(struct call *c, struct json_writer *w, mono_ns at)
{
    char seconds[32], text[48];
    int64_t wall = at + c->wall_offset_ns;
    clock_wall_text(wall, seconds);
    snprintf(text, sizeof text, "%.19s.%09dZ", seconds, (int)(wall % NS_PER_S));
    str_clear(&c->line);
    json_init(w, &c->line);
    json_object(w);
    json_key(w, "model");
    if (c->ask.model.len)
        json_text(w, c->ask.model.at, c->ask.model.len);
    else
        json_z(w, c->engine->alias);
    json_kz(w, "created_at", text);
}

static void add_text(const struct call *c, struct json_writer *w, struct span t)
{
    if (!is_chat(c)) {
        json_key(w, "response");
        json_text(w, t.at ? t.at : "", t.len);
        return;
    }
    json_key(w, "message");
    json_object(w);
    json_kz(w, "role", "assistant");
    json_key(w, "content");
    json_text(w, t.at ? t.at : "", t.len);
    json_object_end(w);
}

static void begin(struct call *c)
{
    (void)c;
}

static void text(struct call *c, struct span t, mono_ns stamp)
{
    struct json_writer w;
    open_line(c, &w, stamp);
    add_text(c, &w, t);
    json_kbool(&w, "done", false);
    json_object_end(&w);
    exchange_ndjson(c->x, c->line.at, c->line.len);
}

/* All token ids, prompt and answer, as /api/generate gives them for the next turn. */
static void add_context(const struct call *c, struct json_writer *w)
{
    const struct job *j = &c->job;
    json_key(w, "context");
    json_array(w);
    for (size_t i = 0; i < j->prompt.n; i++)
        json_int(w, j->prompt.at[i]);
    for (size_t i = 0; i < j->output.n; i++)
        json_int(w, j->output.at[i]);
    json_array_end(w);
}

/* eval_duration begins where prompt_eval_duration ends, so queue = total - load - prompt_eval - eval holds up to the
 * tokenising of the prompt and the last line's writing. */
static void add_counts(const struct call *c, struct json_writer *w)
{
    const struct job *j = &c->job;
    json_kint(w, "total_duration", j->done_ns - j->received_ns);
    json_kint(w, "load_duration", 0); /* this engine is loaded before it answers at all */
    json_kint(w, "prompt_eval_count", (int64_t)j->prompt.n);
    json_kint(w, "prompt_eval_duration", j->prefill_end_ns - j->prefill_start_ns);
    json_kint(w, "eval_count", (int64_t)j->output.n);
    json_kint(w, "eval_duration", j->token_ns[j->output.n - 1] - j->prefill_end_ns);
}

static void finish(struct call *c)
{
    struct json_writer w;
    bool generated = c->job.output.n > 0;
    const char *reason = generated ? call_finish_reason(c) : c->ask.unload ? "unload" : "load";
    open_line(c, &w, c->job.done_ns);
    add_text(c, &w, (struct span){c->answer.at, c->answer.len});
    if (is_chat(c))
        json_kz(&w, "done_reason", reason);
    json_kbool(&w, "done", true);
    if (!is_chat(c))
        json_kz(&w, "done_reason", reason);
    if (generated && !is_chat(c) && !c->ask.raw)
        add_context(c, &w);
    if (generated)
        add_counts(c, &w);
    call_chimera(c, &w);
    json_object_end(&w);
    if (c->ask.stream && generated) {
        exchange_cork(c->x);
        exchange_ndjson(c->x, c->line.at, c->line.len);
        exchange_end(c->x);
    } else {
        exchange_reply(c->x, 200, ENGINE_JSON, c->line.at, c->line.len);
    }
}

static void write_error(struct str *out, const struct err *e)
{
    struct json_writer w;
    json_init(&w, out);
    json_object(&w);
    json_kz(&w, "error", e->text);
    json_object_end(&w);
}

void ollama_error(struct exchange *x, int status, const char *type, const struct err *e)
{
    struct str body = STR_INIT;
    (void)type;
    write_error(&body, e);
    exchange_reply(x, status, ENGINE_JSON, body.at, body.len);
    str_release(&body);
}

static void fail_late(struct call *c)
{
    struct str body = STR_INIT;
    write_error(&body, &c->job.err);
    exchange_cork(c->x);
    exchange_ndjson(c->x, body.at, body.len);
    exchange_end(c->x);
    str_release(&body);
}

const struct dialect dialect_generate = {ASK_GENERATE, "application/x-ndjson", 503,      begin, text,
                                         finish,       ollama_error,           fail_late};
const struct dialect dialect_ollama_chat = {ASK_OLLAMA_CHAT, "application/x-ndjson", 503,      begin, text,
                                            finish,          ollama_error,           fail_late};
