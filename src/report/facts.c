/* facts.c: see facts.h. */
#include "report/facts.h"

#include <string.h>

#include "format/json.h"

struct collector {
    struct arena *arena;
    struct facts *facts;
};

static void add(struct collector *c, const char *key, const char *value)
{
    struct facts *f = c->facts;
    if (f->n < FACTS_MAX)
        f->rows[f->n++] = (struct fact_row){key, value};
}

static bool ends_with(const char *key, const char *end)
{
    size_t n = strlen(key), k = strlen(end);
    return n >= k && !strcmp(key + n - k, end);
}

static const char *number(struct arena *a, const char *key, yyjson_val *v)
{
    double d = yyjson_get_num(v);
    if (ends_with(key, "_bytes") && d >= 1 << 20)
        return arena_printf(a, d >= 1 << 30 ? "%.1f GiB" : "%.1f MiB", d >= 1 << 30 ? d / (1 << 30) : d / (1 << 20));
    if (yyjson_is_uint(v))
        return arena_printf(a, "%llu", (unsigned long long)yyjson_get_uint(v));
    if (yyjson_is_sint(v))
        return arena_printf(a, "%lld", (long long)yyjson_get_sint(v));
    return arena_printf(a, "%.6g", d);
}

/* NULL for null, objects and arrays. */
static const char *scalar(struct arena *a, const char *key, yyjson_val *v)
{
    if (yyjson_is_str(v))
        return arena_dup(a, yyjson_get_str(v), yyjson_get_len(v));
    if (yyjson_is_bool(v))
        return yyjson_get_bool(v) ? "yes" : "no";
    return yyjson_is_num(v) ? number(a, key, v) : NULL;
}

static const char *joined(struct arena *a, const char *key, yyjson_val *array)
{
    const char *text = "";
    size_t i, max, shown = 0;
    yyjson_val *v;
    yyjson_arr_foreach (array, i, max, v) {
        const char *one = scalar(a, key, v);
        if (one && shown++ < 64)
            text = arena_printf(a, "%s%s%s", text, *text ? " " : "", one);
    }
    return text;
}

static void collect(struct collector *c, const char *prefix, yyjson_val *obj, int depth)
{
    size_t i, max;
    yyjson_val *k, *v;
    yyjson_obj_foreach (obj, i, max, k, v) {
        const char *key = arena_printf(c->arena, "%s%s%s", prefix, *prefix ? "." : "", yyjson_get_str(k));
        if (yyjson_is_obj(v) && depth < 4)
            collect(c, key, v, depth + 1);
        else if (yyjson_is_arr(v))
            add(c, key, joined(c->arena, key, v));
        else if (scalar(c->arena, key, v))
            add(c, key, scalar(c->arena, key, v));
    }
}

struct facts facts_of(struct arena *a, const char *json)
{
    struct facts f = {arena_alloc(a, FACTS_MAX * sizeof(struct fact_row)), 0};
    struct collector c = {a, &f};
    yyjson_doc *doc = json_read_z(json);
    collect(&c, "", yyjson_doc_get_root(doc), 0);
    yyjson_doc_free(doc);
    return f;
}

const char *facts_get(const struct facts *f, const char *key)
{
    for (size_t i = 0; i < f->n; i++)
        if (!strcmp(f->rows[i].key, key))
            return f->rows[i].value;
    return NULL;
}
