/* claims_read.c: imported rows as lists of named numbers and short texts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "report/claims_view.h"

struct reading {
    struct arena *arena;
    struct str path, name; /* of the value that is being read */
    struct claim_field *fields;
    size_t n, cap;
};

static void add_value(struct reading *x, yyjson_val *value)
{
    struct claim_field f = {.number = NAN};
    if (yyjson_is_num(value))
        f.number = yyjson_get_num(value);
    else if (yyjson_is_bool(value))
        f.number = yyjson_get_bool(value);
    else if (yyjson_is_str(value) && yyjson_get_len(value) <= CLAIMS_TEXT_MAX)
        f.text = arena_dup(x->arena, yyjson_get_str(value), yyjson_get_len(value));
    else
        return;
    if (x->n == CLAIMS_FIELDS_MAX)
        return;
    f.path = arena_dup(x->arena, str_z(&x->path), x->path.len);
    bool same = x->path.len == x->name.len && !memcmp(str_z(&x->path), str_z(&x->name), x->path.len);
    f.name = same ? f.path : arena_dup(x->arena, str_z(&x->name), x->name.len);
    if (x->n == x->cap) {
        x->cap = x->cap ? 2 * x->cap : 64;
        x->fields = xrealloc(x->fields, x->cap * sizeof *x->fields);
    }
    x->fields[x->n++] = f;
}

static void add_part(struct str *path, const char *part)
{
    if (path->len)
        str_addc(path, '.');
    str_addz(path, part);
}

static void cut(struct str *path, size_t len)
{
    path->len = len;
    if (path->at)
        path->at[len] = 0;
}

static void add_values(struct reading *x, yyjson_val *value, int depth);

static void add_member(struct reading *x, const char *key, yyjson_val *value, int depth)
{
    size_t path = x->path.len, name = x->name.len;
    const char *known = claim_key(key);
    add_part(&x->path, key);
    if (known)
        add_part(&x->name, known);
    add_values(x, value, depth + 1);
    cut(&x->path, path);
    cut(&x->name, name);
}

/* Depth-first, in the order of the row; as deep as json_read lets a row be. */
static void add_values(struct reading *x, yyjson_val *value, int depth)
{
    size_t i, max;
    yyjson_val *k, *v;
    char place[24];
    if (depth > JSON_MAX_DEPTH)
        return;
    if (yyjson_is_obj(value)) {
        yyjson_obj_foreach (value, i, max, k, v) {
            add_member(x, yyjson_get_str(k), v, depth);
        }
    } else if (yyjson_is_arr(value)) {
        yyjson_arr_foreach (value, i, max, v) {
            snprintf(place, sizeof place, "%zu", i);
            add_member(x, place, v, depth);
        }
    } else {
        add_value(x, value);
    }
}

/* Runs lie in the order of their start, not of their number. */
static const struct run *run_of(const struct claims_view *v, int64_t id)
{
    for (size_t i = 0; id && i < v->n_runs; i++)
        if (v->runs[i].id == id)
            return &v->runs[i];
    return NULL;
}

static struct claim_row *new_row(struct claims_view *v)
{
    if (v->n_rows == v->cap_rows) {
        v->cap_rows = v->cap_rows ? 2 * v->cap_rows : 1024;
        v->rows = xrealloc(v->rows, v->cap_rows * sizeof *v->rows);
    }
    return &v->rows[v->n_rows++];
}

int claims_add_row(struct claims_view *v, const struct store_source *f, const struct store_source_row *r, struct err *e)
{
    yyjson_doc *doc = json_read(r->json, strlen(r->json), NULL, e);
    struct reading x = {.arena = &v->arena};
    if (!doc)
        return err_set(e, ERR_INPUT, "a row of %s is no JSON", f->path);
    add_values(&x, yyjson_doc_get_root(doc), 0);
    yyjson_doc_free(doc);
    struct claim_field *fields = arena_alloc(&v->arena, (x.n + 1) * sizeof *fields);
    if (x.n)
        memcpy(fields, x.fields, x.n * sizeof *fields);
    /* the rows of a file come one after the other */
    const char *file = v->n_rows ? v->rows[v->n_rows - 1].file : NULL;
    file = file && !strcmp(file, f->path) ? file : arena_dupz(&v->arena, f->path);
    *new_row(v) = (struct claim_row){.file = file,
                                     .line = r->line,
                                     .origin = arena_dupz(&v->arena, r->origin),
                                     .format = arena_dupz(&v->arena, f->format),
                                     .runs = run_of(v, r->run_id),
                                     .fields = fields,
                                     .n_fields = x.n};
    str_release(&x.path);
    str_release(&x.name);
    free(x.fields);
    return 0;
}

struct into {
    struct claims_view *view;
    struct err *e;
};

static int each_row(void *user, const struct store_source *f, const struct store_source_row *r)
{
    struct into *x = user;
    return claims_add_row(x->view, f, r, x->e);
}

int claims_read(struct store *s, struct claims_view *v, struct err *e)
{
    struct into x = {v, e};
    int rc = store_runs(s, 0, &v->arena, &v->runs, &v->n_runs, e);
    return rc ? rc : store_each_row(s, NULL, each_row, &x, e);
}
