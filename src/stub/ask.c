/* ask.c: see ask.h. */
#include "stub/ask.h"

#include <string.h>

#include "format/json.h"
#include "stub/words.h"

struct reader {
    struct ask *a;
    bool keep;
    struct err *e;
};

static int expected(struct reader *r, const char *name, const char *what)
{
    return err_set(r->e, ERR_INPUT, "%s: expected %s", name, what);
}

static void add_text(struct reader *r, yyjson_val *v)
{
    struct span text = {yyjson_get_str(v), yyjson_get_len(v)};
    r->a->prompt_tok += words_count(text);
    if (r->keep) {
        if (r->a->contents.len)
            str_addc(&r->a->contents, '\n');
        str_add(&r->a->contents, text.at, text.len);
    }
}

static int read_bool(struct reader *r, yyjson_val *obj, const char *name, bool *out)
{
    yyjson_val *v = yyjson_obj_get(obj, name);
    if (!v || yyjson_is_null(v))
        return 0;
    if (!yyjson_is_bool(v))
        return expected(r, name, "true or false");
    *out = yyjson_get_bool(v);
    return 0;
}

static int read_int(struct reader *r, yyjson_val *obj, const char *name, int64_t *out)
{
    yyjson_val *v = yyjson_obj_get(obj, name);
    if (!v || yyjson_is_null(v))
        return 0;
    if (!yyjson_is_int(v) || (yyjson_is_uint(v) && yyjson_get_uint(v) > (uint64_t)ASK_MAX_TOKENS))
        return expected(r, name, "a whole number up to 1e9");
    *out = yyjson_get_sint(v);
    return 0;
}

static void read_name(yyjson_val *obj, const char *name, char *out, size_t size)
{
    struct span s = json_get_text(obj, name);
    size_t n = s.len < size - 1 ? s.len : size - 1;
    if (n)
        memcpy(out, s.at, n);
    out[n] = 0;
}

/* content: a text, null, or a list of parts of which those with a text count. */
static int read_content(struct reader *r, yyjson_val *v)
{
    size_t i, n;
    yyjson_val *part;
    if (!v || yyjson_is_null(v))
        return 0;
    if (yyjson_is_str(v)) {
        add_text(r, v);
        return 0;
    }
    if (!yyjson_is_arr(v))
        return expected(r, "content", "text or a list of parts");
    yyjson_arr_foreach (v, i, n, part) {
        yyjson_val *text = yyjson_obj_get(part, "text");
        if (yyjson_is_str(text))
            add_text(r, text);
    }
    return 0;
}

static int read_messages(struct reader *r, yyjson_val *root, bool needed)
{
    yyjson_val *list = yyjson_obj_get(root, "messages"), *m;
    size_t i, n;
    if (!list && !needed) {
        r->a->nothing = true;
        return 0;
    }
    if (!yyjson_is_arr(list))
        return expected(r, "messages", "a list of messages");
    r->a->nothing = !needed && yyjson_arr_size(list) == 0;
    yyjson_arr_foreach (list, i, n, m) {
        if (!yyjson_is_obj(m))
            return expected(r, "messages", "objects with role and content");
        int rc = read_content(r, yyjson_obj_get(m, "content"));
        if (rc)
            return rc;
    }
    return 0;
}

/* A text, a list of texts, or a list of token ids. */
static int read_prompt(struct reader *r, yyjson_val *root, bool needed)
{
    yyjson_val *v = yyjson_obj_get(root, "prompt"), *one;
    size_t i, n;
    if (!v && !needed) {
        r->a->nothing = true;
        return 0;
    }
    if (yyjson_is_str(v)) {
        add_text(r, v);
        r->a->nothing = !needed && yyjson_get_len(v) == 0;
        return 0;
    }
    if (!needed || !yyjson_is_arr(v))
        return expected(r, "prompt", needed ? "text or a list" : "text");
    yyjson_arr_foreach (v, i, n, one) {
        if (yyjson_is_str(one))
            add_text(r, one);
        else if (yyjson_is_int(one))
            r->a->prompt_tok++;
        else
            return expected(r, "prompt", "texts or token ids");
    }
    return 0;
}

static int read_openai(struct reader *r, yyjson_val *root, bool chat)
{
    struct ask *a = r->a;
    static const char *const limits[] = {"max_tokens", "max_completion_tokens", "n_predict"};
    int rc = chat ? read_messages(r, root, true) : read_prompt(r, root, true);
    for (size_t i = 0; !rc && i < sizeof limits / sizeof *limits; i++)
        rc = read_int(r, root, limits[i], &a->max_tokens);
    rc = rc ? rc : read_bool(r, root, "ignore_eos", &a->ignore_eos);
    return rc ? rc : read_bool(r, yyjson_obj_get(root, "stream_options"), "include_usage", &a->include_usage);
}

/* keep_alive: a number of seconds or a text such as "5m"; only zero means something here. */
static void read_keep_alive(struct ask *a, yyjson_val *v)
{
    const char *text = yyjson_get_str(v);
    a->unload = yyjson_is_num(v) ? yyjson_get_num(v) == 0 : text && text[0] == '0' && !text[strspn(text, "0smh")];
}

static int read_ollama(struct reader *r, yyjson_val *root, bool chat)
{
    struct ask *a = r->a;
    yyjson_val *options = yyjson_obj_get(root, "options"), *system = yyjson_obj_get(root, "system");
    if (!chat && yyjson_is_str(system))
        add_text(r, system);
    int rc = chat ? read_messages(r, root, false) : read_prompt(r, root, false);
    a->stream = true;
    rc = rc ? rc : read_int(r, options, "num_predict", &a->max_tokens);
    rc = rc ? rc : read_int(r, options, "num_ctx", &a->num_ctx);
    rc = rc ? rc : read_bool(r, options, "ignore_eos", &a->ignore_eos);
    rc = rc ? rc : read_bool(r, root, "raw", &a->raw);
    if (a->max_tokens == 0) /* Ollama: 0 is no limit, as -1 and -2 */
        a->max_tokens = -1;
    read_keep_alive(a, yyjson_obj_get(root, "keep_alive"));
    return rc;
}

static int read_root(struct reader *r, yyjson_val *root, enum ask_route route)
{
    if (!yyjson_is_obj(root))
        return err_set(r->e, ERR_INPUT, "the body is not a JSON object");
    bool chat = route == ASK_CHAT || route == ASK_OLLAMA_CHAT, openai = route == ASK_CHAT || route == ASK_COMPLETION;
    read_name(root, "model", r->a->model, sizeof r->a->model);
    read_name(root, "stub_fault", r->a->fault, sizeof r->a->fault);
    int rc = openai ? read_openai(r, root, chat) : read_ollama(r, root, chat);
    rc = rc ? rc : read_bool(r, root, "stream", &r->a->stream);
    if (!rc && openai && r->a->max_tokens == 0)
        rc = err_set(r->e, ERR_INPUT, "max_tokens: 0 tokens are no completion; -1 is no limit");
    if (r->a->max_tokens < 0)
        r->a->max_tokens = -1;
    if (r->a->num_ctx <= 0)
        r->a->num_ctx = -1;
    return rc;
}

int ask_parse(struct ask *a, enum ask_route route, struct span body, bool keep_contents, struct err *e)
{
    *a = (struct ask){.max_tokens = -1, .num_ctx = -1};
    struct reader r = {a, keep_contents, e};
    yyjson_doc *doc = json_read(body.at, body.len, NULL, e);
    if (!doc)
        return ERR_INPUT;
    int rc = read_root(&r, yyjson_doc_get_root(doc), route);
    yyjson_doc_free(doc);
    return rc;
}

void ask_release(struct ask *a)
{
    str_release(&a->contents);
}
