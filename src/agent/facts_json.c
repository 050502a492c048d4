/* facts_json.c: the numbers of a JSON file. Each number becomes a fact under its path ("results.0.ttft_ms"); a number
 * outside lists is also a series of one, and a key that the objects of a list share is a series of many. See facts.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/facts.h"
#include "format/json.h"

struct walk {
    struct harvest *h;
    const char *file;
    struct str path;
    int in_list; /* lists around the current value */
};

static int walk_value(struct walk *w, yyjson_val *v);

static int number(struct walk *w, double v)
{
    if (!isfinite(v))
        return 0;
    const char *name = str_z(&w->path);
    if (w->in_list)
        return harvest_fact(w->h, arena_printf(&w->h->corpus->arena, "%s: %s", w->file, name), v, w->file, false);
    return harvest_series(w->h, w->file, name, w->file, &v, 1);
}

/* Walks one member with its name put behind the path. */
static int step(struct walk *w, const char *name, yyjson_val *v)
{
    size_t before = w->path.len;
    if (before)
        str_addc(&w->path, '.');
    str_addz(&w->path, name);
    int rc = walk_value(w, v);
    w->path.len = before;
    if (w->path.at)
        w->path.at[before] = 0;
    return rc;
}

static int object(struct walk *w, yyjson_val *v)
{
    size_t i, max;
    yyjson_val *key, *value;
    yyjson_obj_foreach (v, i, max, key, value) {
        int rc = step(w, yyjson_get_str(key), value);
        if (rc)
            return rc;
    }
    return 0;
}

/* The series of `key` over the objects of a list; key NULL: of the list's own numbers. */
static int list_series(struct walk *w, yyjson_val *list, const char *key, const char *name)
{
    double *values = xcalloc(yyjson_arr_size(list), sizeof *values);
    size_t n = 0, i, max;
    yyjson_val *item;
    yyjson_arr_foreach (list, i, max, item) {
        yyjson_val *v = key ? yyjson_obj_get(item, key) : item;
        if (yyjson_is_num(v) && isfinite(yyjson_get_num(v)))
            values[n++] = yyjson_get_num(v);
    }
    int rc = 0;
    if (n > 1)
        rc = harvest_series(
            w->h, w->file, name,
            arena_printf(&w->h->corpus->arena, "%s: %s", w->file, w->path.len ? str_z(&w->path) : "list"), values, n);
    free(values);
    return rc;
}

static int list_items(struct walk *w, yyjson_val *v)
{
    size_t i, max;
    yyjson_val *item;
    int rc = 0;
    w->in_list++;
    yyjson_arr_foreach (v, i, max, item) {
        char index[24];
        snprintf(index, sizeof index, "%zu", i);
        rc = step(w, index, item);
        if (rc)
            break;
    }
    w->in_list--;
    return rc;
}

static int list(struct walk *w, yyjson_val *v)
{
    const char *dot = strrchr(str_z(&w->path), '.');
    const char *last = arena_dupz(&w->h->corpus->arena, dot ? dot + 1 : str_z(&w->path));
    size_t i, max;
    yyjson_val *key, *value, *first = yyjson_arr_get_first(v);
    const char *place = arena_printf(&w->h->corpus->arena, "%s: %s", w->file, last);
    int rc = harvest_fact(w->h, "entries", (double)yyjson_arr_size(v), place, false);
    if (!rc && yyjson_is_num(first))
        rc = list_series(w, v, NULL, *last ? last : "values");
    if (yyjson_is_obj(first) && w->in_list == 0) {
        yyjson_obj_foreach (first, i, max, key, value) {
            if (!rc && yyjson_is_num(value))
                rc = list_series(w, v, yyjson_get_str(key), yyjson_get_str(key));
        }
    }
    return rc ? rc : list_items(w, v);
}

static int walk_value(struct walk *w, yyjson_val *v)
{
    if (yyjson_is_num(v))
        return number(w, yyjson_get_num(v));
    if (yyjson_is_obj(v))
        return object(w, v);
    return yyjson_is_arr(v) ? list(w, v) : 0;
}

int harvest_json(struct harvest *h, const char *file, const char *p, size_t n)
{
    if (n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0) {
        p += 3;
        n -= 3;
    }
    yyjson_doc *doc = json_read(p, n, NULL, h->e);
    if (!doc) {
        int code = h->e && h->e->code ? h->e->code : ERR_INPUT;
        err_prefix(h->e, "%s", file);
        return code;
    }
    struct walk w = {.h = h, .file = file};
    int rc = walk_value(&w, yyjson_doc_get_root(doc));
    str_release(&w.path);
    yyjson_doc_free(doc);
    return rc;
}
