/* ask.c: see ask.h. A table per dialect maps each field to its reader; a field in no table ends in not_applied unless
 * it is null, false, empty, or one that never changes what is generated. */
#include "engine/ask.h"

#include <stdio.h>
#include <string.h>

#include "engine/ask_fields.h"
#include "format/json.h"

static const struct ask_field chat_fields[] = {
    {"messages", ask_messages},
    {"model", ask_model},
    {"stream", ask_stream},
    {"stream_options", ask_stream_options},
    {"max_tokens", ask_max_tokens},
    {"max_completion_tokens", ask_max_tokens},
    {"stop", ask_stop},
    {"ignore_eos", ask_ignore_eos},
    {"chimera", ask_chimera},
    {"cache_prompt", ask_cache_prompt},
    {"n", ask_one},
    {NULL, NULL},
};
static const struct ask_field completion_fields[] = {
    {"prompt", ask_prompt},
    {"model", ask_model},
    {"stream", ask_stream},
    {"stream_options", ask_stream_options},
    {"max_tokens", ask_max_tokens},
    {"n_predict", ask_max_tokens},
    {"stop", ask_stop},
    {"ignore_eos", ask_ignore_eos},
    {"chimera", ask_chimera},
    {"cache_prompt", ask_cache_prompt},
    {"n", ask_one},
    {"best_of", ask_one},
    {NULL, NULL},
};
static const struct ask_field generate_fields[] = {
    {"prompt", ask_prompt},         {"model", ask_model},     {"stream", ask_stream},
    {"system", ask_system},         {"raw", ask_raw},         {"options", ask_options},
    {"keep_alive", ask_keep_alive}, {"chimera", ask_chimera}, {NULL, NULL},
};
static const struct ask_field ollama_chat_fields[] = {
    {"messages", ask_messages},     {"model", ask_model},     {"stream", ask_stream}, {"options", ask_options},
    {"keep_alive", ask_keep_alive}, {"chimera", ask_chimera}, {NULL, NULL},
};
static const struct ask_field option_fields[] = {
    {"num_predict", ask_num_predict},
    {"stop", ask_stop},
    {"ignore_eos", ask_ignore_eos},
    {"num_ctx", ask_num_ctx},
    {"num_thread", ask_num_thread},
    {"num_batch", ask_num_batch},
    {NULL, NULL},
};

static const struct ask_field *const fields_of[] = {
    [ASK_CHAT] = chat_fields,
    [ASK_COMPLETION] = completion_fields,
    [ASK_GENERATE] = generate_fields,
    [ASK_OLLAMA_CHAT] = ollama_chat_fields,
};

/* Fields without any effect on the generated text, which therefore need no report. */
static bool without_effect(const char *name)
{
    static const char *const names[] = {"user",
                                        "metadata",
                                        "store",
                                        "service_tier",
                                        "safety_identifier",
                                        "prompt_cache_key",
                                        "timings_per_token",
                                        "return_progress"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static bool is_empty_value(yyjson_val *v)
{
    return yyjson_is_null(v) || yyjson_is_false(v) || (yyjson_is_str(v) && yyjson_get_len(v) == 0) ||
           (yyjson_is_ctn(v) && yyjson_get_len(v) == 0);
}

void ask_not_applied(struct ask *a, const char *name)
{
    if (a->n_not_applied == ASK_MAX_NOT_APPLIED)
        return;
    for (size_t i = 0; i < a->n_not_applied; i++)
        if (strcmp(a->not_applied[i], name) == 0)
            return;
    size_t n = strnlen(name, ASK_MAX_NAME);
    a->not_applied[a->n_not_applied++] = arena_dup(&a->arena, name, n);
}

static int apply_one(struct ask_reader *r, const struct ask_field *table, bool samplings, const char *name,
                     yyjson_val *v)
{
    for (const struct ask_field *f = table; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return yyjson_is_null(v) ? 0 : f->read(r, name, v);
    if (samplings) {
        if (yyjson_is_null(v))
            return 0;
        int rc = sampling_set(&r->ask->sampling, name, yyjson_get_num(v), r->e);
        if (rc == 0 && !yyjson_is_num(v))
            return err_set(r->e, ERR_INPUT, "%s: expected a number", name);
        if (rc != ERR_NOTFOUND)
            return rc;
    }
    if (!is_empty_value(v) && !without_effect(name))
        ask_not_applied(r->ask, name);
    return 0;
}

static int apply_all(struct ask_reader *r, const struct ask_field *table, bool samplings, yyjson_val *object)
{
    size_t i, n;
    yyjson_val *key, *v;
    yyjson_obj_foreach (object, i, n, key, v) {
        int rc = apply_one(r, table, samplings, yyjson_get_str(key), v);
        if (rc)
            return rc;
    }
    return 0;
}

int ask_options(struct ask_reader *r, const char *name, yyjson_val *v)
{
    if (!yyjson_is_obj(v))
        return err_set(r->e, ERR_INPUT, "%s: expected an object", name);
    return apply_all(r, option_fields, true, v);
}

static int check_complete(struct ask *a, struct err *e)
{
    if (a->route == ASK_CHAT && !a->messages)
        return err_set(e, ERR_INPUT, "'messages' is required");
    if (a->route == ASK_CHAT && !a->n_messages)
        return err_set(e, ERR_INPUT, "[] is too short - 'messages'");
    if (a->route == ASK_COMPLETION && !a->prompt.at && !a->prompt_tokens)
        return err_set(e, ERR_INPUT, "'prompt' is required");
    return 0;
}

int ask_parse(struct ask *a, enum ask_route route, struct span body, const struct ask_limits *limits, struct err *e)
{
    *a = (struct ask){.route = route, .max_tokens = -1};
    a->sampling = ask_is_openai(a) ? sampling_openai() : sampling_ollama();
    a->stream = !ask_is_openai(a); /* each dialect's default */
    if (!body.len)
        return err_set(e, ERR_INPUT, "missing request body");
    yyjson_doc *doc = json_read(body.at, body.len, NULL, e);
    if (!doc)
        return ERR_INPUT;
    struct ask_reader r = {a, limits, e};
    yyjson_val *root = yyjson_doc_get_root(doc);
    int rc = yyjson_is_obj(root) ? 0 : err_set(e, ERR_INPUT, "the body is not a JSON object");
    rc = rc ? rc : apply_all(&r, fields_of[route], ask_is_openai(a), root);
    rc = rc ? rc : check_complete(a, e);
    yyjson_doc_free(doc);
    return rc;
}

void ask_release(struct ask *a)
{
    arena_release(&a->arena);
}

bool ask_is_chat(const struct ask *a)
{
    return a->route == ASK_CHAT || a->route == ASK_OLLAMA_CHAT;
}

bool ask_is_openai(const struct ask *a)
{
    return a->route == ASK_CHAT || a->route == ASK_COMPLETION;
}
