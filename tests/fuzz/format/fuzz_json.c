/* JSON both ways: what the reader takes, the writer writes so that it reads back the same; what it refuses has a place.
 * The same bytes as text survive the writer when they are UTF-8, and give JSON even when they are not. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "format/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void copy_value(struct json_writer *w, yyjson_val *v);

static void copy_object(struct json_writer *w, yyjson_val *v)
{
    size_t i, max;
    yyjson_val *key, *value;
    json_object(w);
    yyjson_obj_foreach (v, i, max, key, value) {
        json_key(w, yyjson_get_str(key));
        copy_value(w, value);
    }
    json_object_end(w);
}

static void copy_list(struct json_writer *w, yyjson_val *v)
{
    size_t i, max;
    yyjson_val *item;
    json_array(w);
    yyjson_arr_foreach (v, i, max, item)
        copy_value(w, item);
    json_array_end(w);
}

static void copy_number(struct json_writer *w, yyjson_val *v)
{
    char text[24];
    if (yyjson_is_real(v)) {
        json_double(w, yyjson_get_real(v));
    } else if (yyjson_is_uint(v) && yyjson_get_uint(v) > INT64_MAX) {
        int len = snprintf(text, sizeof text, "%llu", (unsigned long long)yyjson_get_uint(v));
        json_raw(w, text, (size_t)len);
    } else {
        json_int(w, yyjson_get_sint(v));
    }
}

static void copy_value(struct json_writer *w, yyjson_val *v)
{
    switch (yyjson_get_type(v)) {
    case YYJSON_TYPE_OBJ: copy_object(w, v); break;
    case YYJSON_TYPE_ARR: copy_list(w, v); break;
    case YYJSON_TYPE_STR: json_text(w, yyjson_get_str(v), yyjson_get_len(v)); break;
    case YYJSON_TYPE_NUM: copy_number(w, v); break;
    case YYJSON_TYPE_BOOL: json_bool(w, yyjson_get_bool(v)); break;
    default: json_null(w);
    }
}

/* Values of the same shape; a double that is whole may come back as an integer, a key ends at its first NUL. */
static bool same(yyjson_val *a, yyjson_val *b)
{
    size_t i, max;
    yyjson_val *key, *value;
    if (yyjson_get_type(a) != yyjson_get_type(b) || (yyjson_is_ctn(a) && yyjson_get_len(a) != yyjson_get_len(b)))
        return false;
    if (yyjson_is_num(a))
        return yyjson_is_real(a) || yyjson_is_real(b) ? yyjson_get_num(a) == yyjson_get_num(b) : yyjson_equals(a, b);
    if (!yyjson_is_ctn(a))
        return yyjson_equals(a, b);
    if (yyjson_is_arr(a)) {
        yyjson_arr_foreach (a, i, max, value) {
            if (!same(value, yyjson_arr_get(b, i)))
                return false;
        }
        return true;
    }
    yyjson_obj_iter other = yyjson_obj_iter_with(b); /* by place: a key may be there twice */
    yyjson_obj_foreach (a, i, max, key, value) {
        yyjson_val *twin = yyjson_obj_iter_next(&other);
        if (strcmp(yyjson_get_str(key), yyjson_get_str(twin)) != 0 || !same(value, yyjson_obj_iter_get_val(twin)))
            return false;
    }
    return true;
}

static void there_and_back(yyjson_doc *doc)
{
    struct str text = STR_INIT;
    struct json_writer w;
    struct err e = ERR_INIT;
    json_init(&w, &text);
    copy_value(&w, yyjson_doc_get_root(doc));
    yyjson_doc *again = json_read(str_z(&text), text.len, NULL, &e);
    if (!again)
        BUG("the writer wrote what the reader refuses");
    if (!same(yyjson_doc_get_root(doc), yyjson_doc_get_root(again)))
        BUG("what was written reads differently");
    yyjson_doc_free(again);
    str_release(&text);
}

/* Members read by name, whatever they are. */
static void try_getters(yyjson_val *root)
{
    static const char *const keys[] = {"a", "model", "n"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        yyjson_val *v = yyjson_obj_get(root, keys[i]);
        if (!yyjson_is_num(v) && json_get_int(root, keys[i], 7) != 7)
            BUG("an integer out of nothing");
        if (yyjson_is_str(v) != (json_get_text(root, keys[i]).at != NULL))
            BUG("a text that is not there, or one that is not found");
        if (!yyjson_is_bool(v) && !json_get_bool(root, keys[i], true))
            BUG("a switch out of nothing");
        json_get_double(root, keys[i], 0);
    }
}

static void as_text(const char *p, size_t n)
{
    struct str text = STR_INIT;
    struct json_writer w;
    struct err e = ERR_INIT;
    size_t valid = 0, len = 1;
    while (valid < n && (len = utf8_next(p + valid, n - valid, NULL)))
        valid += len;
    json_init(&w, &text);
    json_text(&w, p, n);
    yyjson_doc *doc = json_read(str_z(&text), text.len, NULL, &e);
    yyjson_val *v = yyjson_doc_get_root(doc);
    if (!doc || !yyjson_is_str(v))
        BUG("a text became something else");
    if (valid == n && (yyjson_get_len(v) != n || memcmp(yyjson_get_str(v), p, n) != 0))
        BUG("a text was changed");
    yyjson_doc_free(doc);
    str_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct err e = ERR_INIT;
    yyjson_doc *doc = json_read((const char *)p, n, NULL, &e);
    if (doc) {
        there_and_back(doc);
        try_getters(yyjson_doc_get_root(doc));
    } else if (e.code != ERR_LIMIT && (e.code != ERR_INPUT || e.line < 1 || e.column < 1)) {
        BUG("an error without its place");
    }
    yyjson_doc_free(doc);
    as_text((const char *)p, n);
    return 0;
}
