/* body.c: see body.h. */
#include "backend/body.h"

#include <stdlib.h>
#include <string.h>

int body_begin(struct body *b, struct str *out, const char *extra_json, struct err *e)
{
    *b = (struct body){0};
    json_init(&b->w, out);
    if (extra_json) {
        b->extra = json_read(extra_json, strlen(extra_json), NULL, e);
        if (!b->extra) {
            err_prefix(e, "extra body");
            return ERR_INPUT;
        }
        b->over = yyjson_doc_get_root(b->extra);
        const char *fault = !yyjson_is_obj(b->over)             ? "not an object"
                            : yyjson_obj_get(b->over, "stream") ? "`stream` is set by the caller, not in the body"
                                                                : NULL;
        if (fault) {
            yyjson_doc_free(b->extra);
            return err_set(e, ERR_INPUT, "extra body: %s", fault);
        }
    }
    json_object(&b->w);
    return 0;
}

bool body_key(struct body *b, const char *key)
{
    if (b->over && yyjson_obj_get(b->over, key))
        return false;
    json_key(&b->w, key);
    return true;
}

void body_z(struct body *b, const char *key, const char *z)
{
    if (body_key(b, key))
        json_z(&b->w, z);
}

void body_bool(struct body *b, const char *key, bool v)
{
    if (body_key(b, key))
        json_bool(&b->w, v);
}

static void append_members(struct body *b, yyjson_val *object, const char *but)
{
    size_t i, max;
    yyjson_val *key, *v;
    yyjson_obj_foreach (object, i, max, key, v) {
        size_t n;
        char *text = yyjson_val_write(v, 0, &n);
        if (text && !(but && !strcmp(yyjson_get_str(key), but))) {
            json_key(&b->w, yyjson_get_str(key));
            json_raw(&b->w, text, n);
        }
        free(text);
    }
}

bool body_inner(struct body *b, const char *key)
{
    yyjson_val *mine = b->over ? yyjson_obj_get(b->over, key) : NULL;
    if (mine && !yyjson_is_obj(mine))
        return false;
    json_key(&b->w, key);
    json_object(&b->w);
    b->over = mine;
    b->merged = key;
    return true;
}

void body_inner_end(struct body *b)
{
    append_members(b, b->over, NULL);
    json_object_end(&b->w);
    b->over = b->extra ? yyjson_doc_get_root(b->extra) : NULL;
}

void body_end(struct body *b)
{
    append_members(b, b->over, b->merged);
    json_object_end(&b->w);
    yyjson_doc_free(b->extra);
}

static void message(struct json_writer *w, const char *role, const char *content)
{
    json_object(w);
    json_kz(w, "role", role);
    json_kz(w, "content", content);
    json_object_end(w);
}

void body_messages(struct body *b, const struct ask *ask)
{
    if (!body_key(b, "messages"))
        return;
    json_array(&b->w);
    if (ask->system)
        message(&b->w, "system", ask->system);
    message(&b->w, "user", ask->prompt);
    json_array_end(&b->w);
}

void body_option(struct body *b, const struct options *o, unsigned mask, enum option_bit_index i, const char *key)
{
    if (!(o->set & mask & 1u << i) || !body_key(b, key))
        return;
    double v = option_get(o, (int)i);
    if (i == OPTION_INDEX_IGNORE_EOS || i == OPTION_INDEX_CACHE_PROMPT)
        json_bool(&b->w, v != 0);
    else if (option_range((int)i).whole)
        json_int(&b->w, (int64_t)v);
    else
        json_double(&b->w, v);
}

void body_engine_stamps(struct body *b, const struct ask *ask)
{
    if (!ask->want_engine_stamps || !body_key(b, "chimera"))
        return;
    json_object(&b->w);
    json_kbool(&b->w, "stamps", true);
    json_object_end(&b->w);
}

void body_not_applied(const struct ask *ask, unsigned mask, struct str *out)
{
    for (int i = 0; i < OPTION_COUNT; i++)
        if (ask->options.set & ~mask & 1u << i)
            str_addf(out, "%s%s", out->len ? "," : "", option_name((enum option_bit_index)i));
    if (ask->system && ask->route == ROUTE_COMPLETION)
        str_addf(out, "%ssystem", out->len ? "," : "");
}
