/* ask_fields.c: the readers of single fields of a request body; which dialect has which is in ask.c's tables. */
#include "engine/ask_fields.h"

#include <string.h>

static int expected(struct ask_reader *r, const char *name, const char *what)
{
    return err_set(r->e, ERR_INPUT, "%s: expected %s", name, what);
}

static int read_bool(struct ask_reader *r, const char *name, yyjson_val *v, bool *out)
{
    if (!yyjson_is_bool(v))
        return expected(r, name, "true or false");
    *out = yyjson_get_bool(v);
    return 0;
}

static int read_span(struct ask_reader *r, const char *name, yyjson_val *v, struct span *out)
{
    if (!yyjson_is_str(v))
        return expected(r, name, "text");
    size_t n = yyjson_get_len(v);
    *out = (struct span){arena_dup(&r->ask->arena, yyjson_get_str(v), n), n};
    return 0;
}

/* libllama's templates take C strings: a NUL would cut a message without a word. */
static int read_text(struct ask_reader *r, const char *name, yyjson_val *v, struct str *out)
{
    if (!yyjson_is_str(v))
        return expected(r, name, "text");
    if (memchr(yyjson_get_str(v), 0, yyjson_get_len(v)))
        return err_set(r->e, ERR_INPUT, "%s: a NUL character cannot go through a chat template", name);
    str_add(out, yyjson_get_str(v), yyjson_get_len(v));
    return 0;
}

/* [{"type":"text","text":"…"}, …] */
static int read_parts(struct ask_reader *r, yyjson_val *v, struct str *out)
{
    size_t i, n;
    yyjson_val *part;
    yyjson_arr_foreach (v, i, n, part) {
        const char *type = yyjson_get_str(yyjson_obj_get(part, "type"));
        if (!type || strcmp(type, "text") != 0)
            return err_set(r->e, ERR_INPUT, "content: only parts of type text are understood");
        int rc = read_text(r, "text", yyjson_obj_get(part, "text"), out);
        if (rc)
            return rc;
    }
    return 0;
}

static int read_message(struct ask_reader *r, yyjson_val *v, struct ask_message *out)
{
    if (!yyjson_is_obj(v))
        return expected(r, "messages", "objects with role and content");
    struct str text = STR_INIT;
    yyjson_val *content = yyjson_obj_get(v, "content");
    int rc = read_text(r, "role", yyjson_obj_get(v, "role"), &text);
    if (rc == 0) {
        out->role = arena_dupz(&r->ask->arena, strcmp(str_z(&text), "developer") == 0 ? "system" : str_z(&text));
        str_clear(&text);
        if (yyjson_is_arr(content))
            rc = read_parts(r, content, &text);
        else if (content && !yyjson_is_null(content)) /* an assistant's tool call has none */
            rc = read_text(r, "content", content, &text);
        out->content = arena_dupz(&r->ask->arena, str_z(&text));
    }
    str_release(&text);
    static const char *const lost[] = {"tool_calls", "images", "thinking", "reasoning_content"};
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++) {
        yyjson_val *extra = yyjson_obj_get(v, lost[i]);
        if (extra && !yyjson_is_null(extra) && !(yyjson_is_arr(extra) && !yyjson_arr_size(extra)))
            ask_not_applied(r->ask, lost[i]);
    }
    return rc;
}

int ask_messages(struct ask_reader *r, const char *name, yyjson_val *v)
{
    if (!yyjson_is_arr(v))
        return err_set(r->e, ERR_INPUT, "Expected '%s' to be an array", name);
    size_t n = yyjson_arr_size(v), i, max;
    if (n > ASK_MAX_MESSAGES)
        return err_set(r->e, ERR_INPUT, "%s: more than %d", name, ASK_MAX_MESSAGES);
    struct ask_message *list = arena_alloc(&r->ask->arena, (n + 1) * sizeof *list);
    yyjson_val *one;
    yyjson_arr_foreach (v, i, max, one) {
        int rc = read_message(r, one, &list[i]);
        if (rc)
            return rc;
    }
    r->ask->messages = list;
    r->ask->n_messages = n;
    return 0;
}

static int read_token_ids(struct ask_reader *r, const char *name, yyjson_val *v)
{
    size_t n = yyjson_arr_size(v), i, max;
    int32_t *ids = arena_alloc(&r->ask->arena, (n + 1) * sizeof *ids);
    yyjson_val *one;
    yyjson_arr_foreach (v, i, max, one) {
        int64_t id = yyjson_is_int(one) ? yyjson_get_sint(one) : -1;
        if (id < 0 || id > INT32_MAX)
            return expected(r, name, "text, one text in a list, or a list of token ids");
        ids[i] = (int32_t)id;
    }
    r->ask->prompt_tokens = ids;
    r->ask->n_prompt_tokens = n;
    return 0;
}

int ask_prompt(struct ask_reader *r, const char *name, yyjson_val *v)
{
    if (r->ask->route == ASK_COMPLETION && yyjson_is_arr(v)) {
        if (yyjson_arr_size(v) == 1 && yyjson_is_str(yyjson_arr_get_first(v)))
            return read_span(r, name, yyjson_arr_get_first(v), &r->ask->prompt);
        if (yyjson_arr_size(v) > 1 && yyjson_is_str(yyjson_arr_get_first(v)))
            return err_set(r->e, ERR_INPUT, "%s: one prompt per request, not %zu", name, yyjson_arr_size(v));
        return read_token_ids(r, name, v);
    }
    return read_span(r, name, v, &r->ask->prompt);
}

int ask_system(struct ask_reader *r, const char *name, yyjson_val *v)
{
    return read_span(r, name, v, &r->ask->system);
}

int ask_model(struct ask_reader *r, const char *name, yyjson_val *v)
{
    return read_span(r, name, v, &r->ask->model);
}

int ask_stream(struct ask_reader *r, const char *name, yyjson_val *v)
{
    return read_bool(r, name, v, &r->ask->stream);
}

int ask_stream_options(struct ask_reader *r, const char *name, yyjson_val *v)
{
    if (!yyjson_is_obj(v))
        return expected(r, name, "an object");
    yyjson_val *usage = yyjson_obj_get(v, "include_usage");
    return usage ? read_bool(r, "include_usage", usage, &r->ask->include_usage) : 0;
}

int ask_raw(struct ask_reader *r, const char *name, yyjson_val *v)
{
    return read_bool(r, name, v, &r->ask->raw);
}

static int read_int(struct ask_reader *r, const char *name, yyjson_val *v, int64_t *out)
{
    if (!yyjson_is_int(v))
        return expected(r, name, "a whole number");
    if (yyjson_is_uint(v) && yyjson_get_uint(v) > INT64_MAX)
        return err_set(r->e, ERR_INPUT, "%s: too large", name);
    *out = yyjson_get_sint(v);
    return 0;
}

int ask_max_tokens(struct ask_reader *r, const char *name, yyjson_val *v)
{
    int rc = read_int(r, name, v, &r->ask->max_tokens);
    if (rc == 0 && r->ask->max_tokens == 0)
        return err_set(r->e, ERR_INPUT, "%s: 0 tokens are no completion; -1 is no limit", name);
    return rc;
}

/* Ollama: 0 and -1 are no limit, -2 fills the context, which here is the same. */
int ask_num_predict(struct ask_reader *r, const char *name, yyjson_val *v)
{
    int rc = read_int(r, name, v, &r->ask->max_tokens);
    if (rc == 0 && r->ask->max_tokens <= 0)
        r->ask->max_tokens = -1;
    return rc;
}

int ask_stop(struct ask_reader *r, const char *name, yyjson_val *v)
{
    yyjson_val *one = v;
    size_t i = 0, n = 1;
    bool list = yyjson_is_arr(v);
    if (list)
        n = yyjson_arr_size(v);
    if (n > ASK_MAX_STOPS)
        return err_set(r->e, ERR_INPUT, "%s: more than %d stop strings", name, ASK_MAX_STOPS);
    r->ask->n_stops = 0;
    for (; i < n; i++) {
        struct span s;
        if (list)
            one = yyjson_arr_get(v, i);
        int rc = read_span(r, name, one, &s);
        if (rc)
            return rc;
        if (s.len)
            r->ask->stops[r->ask->n_stops++] = s;
    }
    return 0;
}

int ask_ignore_eos(struct ask_reader *r, const char *name, yyjson_val *v)
{
    return read_bool(r, name, v, &r->ask->sampling.ignore_eos);
}

int ask_cache_prompt(struct ask_reader *r, const char *name, yyjson_val *v)
{
    return read_bool(r, name, v, &r->ask->cache_prompt);
}

int ask_chimera(struct ask_reader *r, const char *name, yyjson_val *v)
{
    if (!yyjson_is_obj(v))
        return expected(r, name, "an object");
    yyjson_val *stamps = yyjson_obj_get(v, "stamps");
    return stamps ? read_bool(r, "stamps", stamps, &r->ask->stamps) : 0;
}

/* A number of seconds or a text such as "5m". Only zero means something to an engine that never unloads. */
int ask_keep_alive(struct ask_reader *r, const char *name, yyjson_val *v)
{
    (void)name;
    const char *text = yyjson_get_str(v);
    if (yyjson_is_num(v))
        r->ask->unload = yyjson_get_num(v) == 0;
    else if (text && text[0] == '0' && strspn(text, "0smh") == strlen(text))
        r->ask->unload = true;
    return 0;
}

int ask_one(struct ask_reader *r, const char *name, yyjson_val *v)
{
    if (!yyjson_is_int(v) || yyjson_get_sint(v) != 1)
        return err_set(r->e, ERR_INPUT, "%s: only 1 is possible", name);
    return 0;
}

static int only(struct ask_reader *r, const char *name, yyjson_val *v, int64_t loaded)
{
    int64_t n = 0;
    int rc = read_int(r, name, v, &n);
    if (rc == 0 && n != loaded)
        ask_not_applied(r->ask, name);
    return rc;
}

int ask_num_ctx(struct ask_reader *r, const char *name, yyjson_val *v)
{
    return only(r, name, v, r->limits->n_ctx);
}

int ask_num_thread(struct ask_reader *r, const char *name, yyjson_val *v)
{
    return only(r, name, v, r->limits->n_threads);
}

int ask_num_batch(struct ask_reader *r, const char *name, yyjson_val *v)
{
    return only(r, name, v, r->limits->n_batch);
}
