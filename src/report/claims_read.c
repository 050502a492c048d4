/* claims_read.c: imported rows as lists of named numbers and short texts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format/json.h"
#include "report/claims_view.h"

enum { TEXT_MAX_BYTES = 200, FIELDS_MAX = 20000 }; /* longer texts are prompts and answers: no claim is about them */

struct reading {
    struct claims_view *v;
    struct str path, name; /* of the value that is being read */
    struct claim_field *fields;
    size_t n, cap;
    struct err *e;
};

static void add_value(struct reading *x, yyjson_val *value)
{
    struct claim_field f = {.number = NAN};
    if (yyjson_is_num(value))
        f.number = yyjson_get_num(value);
    else if (yyjson_is_bool(value))
        f.number = yyjson_get_bool(value);
    else if (yyjson_is_str(value) && yyjson_get_len(value) <= TEXT_MAX_BYTES)
        f.text = arena_dup(&x->v->arena, yyjson_get_str(value), yyjson_get_len(value));
    else
        return;
    if (x->n == FIELDS_MAX)
        return;
    f.path = arena_dup(&x->v->arena, str_z(&x->path), x->path.len);
    bool same = x->path.len == x->name.len && !memcmp(str_z(&x->path), str_z(&x->name), x->path.len);
    f.name = same ? f.path : arena_dup(&x->v->arena, str_z(&x->name), x->name.len);
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

static int add_row(void *user, const struct store_source *f, const struct store_source_row *r)
{
    struct reading *x = user;
    struct claims_view *v = x->v;
    yyjson_doc *doc = json_read(r->json, strlen(r->json), NULL, x->e);
    if (!doc)
        return x->e->code;
    x->n = 0;
    add_values(x, yyjson_doc_get_root(doc), 0);
    yyjson_doc_free(doc);
    if (v->n_rows == v->cap_rows) {
        v->cap_rows = v->cap_rows ? 2 * v->cap_rows : 1024;
        v->rows = xrealloc(v->rows, v->cap_rows * sizeof *v->rows);
    }
    /* the rows of a file come one after the other */
    bool again = v->n_rows && !strcmp(v->rows[v->n_rows - 1].file, f->path);
    v->rows[v->n_rows] = (struct claim_row){
        .file = again ? v->rows[v->n_rows - 1].file : arena_dupz(&v->arena, f->path),
        .line = r->line,
        .origin = arena_dupz(&v->arena, r->origin),
        .format = arena_dupz(&v->arena, f->format),
        .runs = run_of(v, r->run_id),
        .n_runs = (size_t)r->runs,
        .fields = memcpy(arena_alloc(&v->arena, (x->n + 1) * sizeof *x->fields),
                         x->n ? x->fields : &(struct claim_field){0}, (x->n ? x->n : 1) * sizeof *x->fields),
        .n_fields = x->n,
    };
    v->n_rows++;
    return 0;
}

int claims_read(struct store *s, struct claims_view *v, struct err *e)
{
    struct reading x = {.v = v, .e = e};
    int rc = store_runs(s, 0, &v->arena, &v->runs, &v->n_runs, e);
    rc = rc ? rc : store_each_row(s, NULL, add_row, &x, e);
    str_release(&x.path);
    str_release(&x.name);
    free(x.fields);
    return rc;
}
