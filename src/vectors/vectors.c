/* vectors.c: see vectors.h and adapter.h. */
#include "vectors/vectors.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "format/escape.h"
#include "format/json.h"
#include "vectors/adapter.h"

static const struct vector_fn *const tables[] = {vector_fns_basic, vector_fns_planning, vector_fns_series,
                                                 vector_fns_tests};

enum { MAX_OUTPUTS = 64, MAX_NAME_BYTES = 100 };

struct vector {
    yyjson_val *datasets, *in, *out; /* borrowed */
    const char *id;
    double rel, abs;
    bool given[MAX_OUTPUTS]; /* the outputs that were compared, by their place in out */
    bool failed;
    double worst;
    struct str *faults; /* borrowed */
    double *steps_left; /* borrowed: of the file; below 0: it asked for more */
    struct arena arena; /* what the adapter works with */
};

static void fault(struct vector *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void fault(struct vector *v, const char *fmt, ...)
{
    va_list ap;
    v->failed = true;
    if (v->faults->len > VECTORS_MAX_FAULT_BYTES)
        return;
    str_addf(v->faults, "%s: ", v->id);
    va_start(ap, fmt);
    str_addv(v->faults, fmt, ap);
    va_end(ap);
    str_addc(v->faults, '\n');
}

bool vector_affords(struct vector *v, double steps)
{
    if (*v->steps_left >= 0)
        *v->steps_left = steps <= *v->steps_left ? *v->steps_left - steps : -1;
    return *v->steps_left >= 0;
}

/* ---- inputs ---- */

/* A number, "inf", "-inf", null (NaN) or a truth value (0, 1). */
static bool read_number(yyjson_val *val, double *out)
{
    const char *text = yyjson_get_str(val);
    if (yyjson_is_num(val))
        *out = yyjson_get_num(val);
    else if (yyjson_is_bool(val))
        *out = yyjson_get_bool(val) ? 1 : 0;
    else if (yyjson_is_null(val))
        *out = NAN;
    else if (text && !strcmp(text, "inf"))
        *out = INFINITY;
    else if (text && !strcmp(text, "-inf"))
        *out = -INFINITY;
    else
        return false;
    return true;
}

bool vector_has(const struct vector *v, const char *key)
{
    return yyjson_obj_get(v->in, key) != NULL;
}

double vector_number(struct vector *v, const char *key)
{
    double x = NAN;
    if (!read_number(yyjson_obj_get(v->in, key), &x))
        fault(v, "in.%s is no number", key);
    return x;
}

size_t vector_count(struct vector *v, const char *key)
{
    double x = vector_number(v, key);
    if (x >= 0 && x <= VECTOR_MAX_COUNT && x == floor(x))
        return (size_t)x;
    fault(v, "in.%s is no whole number from 0 to %d", key, VECTOR_MAX_COUNT);
    return 0;
}

uint64_t vector_u64(struct vector *v, const char *key)
{
    yyjson_val *val = yyjson_obj_get(v->in, key);
    if (!yyjson_is_uint(val))
        fault(v, "in.%s is no whole number", key);
    return yyjson_get_uint(val);
}

const char *vector_text(struct vector *v, const char *key)
{
    const char *text = yyjson_get_str(yyjson_obj_get(v->in, key));
    if (!text)
        fault(v, "in.%s is no text", key);
    return text ? text : "";
}

void *vector_memory(struct vector *v, size_t bytes)
{
    return arena_alloc(&v->arena, bytes);
}

/* Ten steps: they are read, and sorted as a rule. */
static struct numbers new_numbers(struct vector *v, size_t n)
{
    n = vector_affords(v, 10 * (double)n) ? n : 0;
    return (struct numbers){vector_memory(v, (n + 1) * sizeof(double)), n};
}

static bool from_array(struct vector *v, yyjson_val *array, struct numbers *out)
{
    size_t i, max;
    yyjson_val *val;
    if (!yyjson_is_arr(array))
        return false;
    *out = new_numbers(v, yyjson_arr_size(array));
    yyjson_arr_foreach (array, i, max, val) {
        if (i < out->n && !read_number(val, &out->at[i]))
            return false;
    }
    return true;
}

static bool from_pattern(struct vector *v, yyjson_val *pattern, struct numbers *out)
{
    const char *text = yyjson_get_str(yyjson_obj_get(pattern, "pattern"));
    int64_t n = json_get_int(pattern, "n", 0);
    unsigned cycle, last;
    double first, odd, even;
    if (!text)
        return false;
    if (sscanf(text, "i mod %u for i=0..%u", &cycle, &last) == 2 && cycle && last < VECTOR_MAX_COUNT) {
        *out = new_numbers(v, (size_t)last + 1);
        for (size_t i = 0; i < out->n; i++)
            out->at[i] = (double)(i % cycle);
        return true;
    }
    if (sscanf(text, "first=%lf then (%lf,%lf)", &first, &odd, &even) != 3 || n < 0 || n > VECTOR_MAX_COUNT)
        return false;
    *out = new_numbers(v, (size_t)n);
    for (size_t i = 0; i < out->n; i++)
        out->at[i] = !i ? first : i % 2 ? odd : even;
    return true;
}

struct numbers vector_numbers(struct vector *v, const char *key)
{
    struct numbers x = {NULL, 0};
    yyjson_val *val = yyjson_obj_get(v->in, key);
    if (yyjson_is_str(val))
        val = yyjson_obj_get(v->datasets, yyjson_get_str(val));
    if (from_array(v, val, &x) || from_pattern(v, val, &x))
        return x;
    fault(v, "in.%s is no array, dataset or pattern of numbers", key);
    return new_numbers(v, 0);
}

/* ---- outputs ---- */

size_t vector_wanted(const struct vector *v, const char *key)
{
    return yyjson_arr_size(yyjson_obj_get(v->out, key));
}

/* The wanted value, marked as compared; NULL when the vector has none. */
static yyjson_val *wanted(struct vector *v, const char *name)
{
    size_t i, max;
    yyjson_val *key, *val;
    yyjson_obj_foreach (v->out, i, max, key, val) {
        if (yyjson_equals_str(key, name)) {
            v->given[i] = true;
            return val;
        }
    }
    return NULL;
}

static void compare(struct vector *v, const char *key, yyjson_val *want_val, double got)
{
    double want;
    if (!read_number(want_val, &want)) {
        fault(v, "out.%s is no number", key);
        return;
    }
    if (got == want || (isnan(got) && isnan(want)))
        return;
    double off = fabs(got - want), relative = want == 0 ? off : off / fabs(want);
    v->worst = fmax(v->worst, isfinite(relative) ? relative : INFINITY);
    if (!isfinite(want) || !(off <= fmax(v->abs, v->rel * fabs(want))))
        fault(v, "%s: got %.17g, want %.17g", key, got, want);
}

void vector_give(struct vector *v, const char *key, double got)
{
    yyjson_val *want = wanted(v, key);
    if (want)
        compare(v, key, want, got);
}

void vector_give_numbers(struct vector *v, const char *key, const double *got, size_t n)
{
    yyjson_val *want = wanted(v, key), *val;
    size_t i, max;
    if (!want)
        return;
    if (!yyjson_is_arr(want) || yyjson_arr_size(want) != n) {
        fault(v, "%s: got %zu numbers, want %zu", key, n, yyjson_arr_size(want));
        return;
    }
    yyjson_arr_foreach (want, i, max, val) {
        compare(v, key, val, got[i]);
    }
}

void vector_give_u64s(struct vector *v, const char *key, const uint64_t *got, size_t n)
{
    yyjson_val *want = wanted(v, key);
    for (size_t i = 0; want && i < n; i++) {
        char text[24];
        snprintf(text, sizeof text, "%" PRIu64, got[i]);
        if (!yyjson_equals_str(yyjson_arr_get(want, i), text))
            fault(v, "%s: got %s in place %zu", key, text, i);
    }
    if (want && yyjson_arr_size(want) != n)
        fault(v, "%s: got %zu numbers, want %zu", key, n, yyjson_arr_size(want));
}

/* A name of the file, short and without what acts on a terminal. */
static const char *shown(struct arena *arena, const char *name)
{
    struct str text = STR_INIT;
    escape_terminal((struct span){name, strnlen(name, MAX_NAME_BYTES)}, false, &text);
    const char *copy = arena_dup(arena, text.at, text.len);
    str_release(&text);
    return copy;
}

static void complain_of_what_is_missing(struct vector *v)
{
    size_t i, max;
    yyjson_val *key, *val;
    yyjson_obj_foreach (v->out, i, max, key, val) {
        if (!v->given[i])
            fault(v, "out.%s is not computed", shown(&v->arena, yyjson_get_str(key)));
    }
}

/* ---- the whole file ---- */

static const struct vector_fn *find(const char *name)
{
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (const struct vector_fn *f = tables[t]; f->name; f++)
            if (!strcmp(f->name, name))
                return f;
    return NULL;
}

/* The lists have room for a tally per vector. */
static struct vector_tally *tally(struct vector_tally *list, size_t *n, const char *fn)
{
    for (size_t i = 0; i < *n; i++)
        if (!strcmp(list[i].fn, fn))
            return &list[i];
    list[*n] = (struct vector_tally){.fn = fn};
    return &list[(*n)++];
}

static int check_one(struct vectors_report *r, yyjson_val *datasets, yyjson_val *vector, const struct vector_fn *fn,
                     double *steps_left, struct err *e)
{
    struct vector v = {.datasets = datasets, .faults = &r->faults, .steps_left = steps_left};
    struct vector_tally *t = tally(r->built_in, &r->n_built_in, fn->name);
    yyjson_val *tol = yyjson_obj_get(vector, "tol");
    v.in = yyjson_obj_get(vector, "in");
    v.out = yyjson_obj_get(vector, "out");
    v.id = yyjson_get_str(yyjson_obj_get(vector, "id"));
    v.id = shown(&v.arena, v.id ? v.id : fn->name);
    v.rel = json_get_double(tol, "rel", NAN);
    v.abs = json_get_double(tol, "abs", NAN);
    if (!yyjson_obj_size(v.out) || yyjson_obj_size(v.out) > MAX_OUTPUTS)
        fault(&v, "out is no object of 1 to %d values", MAX_OUTPUTS);
    else if (!(v.rel >= 0) || !(v.abs >= 0))
        fault(&v, "tol lacks rel or abs");
    else {
        fn->run(&v);
        complain_of_what_is_missing(&v);
    }
    *(v.failed ? &t->failed : &t->passed) += 1;
    *(v.failed ? &r->failed : &r->passed) += 1;
    t->worst = fmax(t->worst, v.worst);
    int rc = *steps_left >= 0
                 ? 0
                 : err_set(e, ERR_LIMIT, "vector %s asks for more work than the %d million steps of a file", v.id,
                           VECTORS_MAX_STEPS / 1000000);
    arena_release(&v.arena);
    return rc;
}

static int check_all(yyjson_val *root, struct vectors_report *r, struct err *e)
{
    yyjson_val *vectors = yyjson_obj_get(root, "vectors"), *vector;
    size_t i, max, n = yyjson_arr_size(vectors);
    double steps_left = VECTORS_MAX_STEPS;
    if (!n || n > VECTORS_MAX)
        return err_set(e, ERR_INPUT, "'vectors' is no array of 1 to %d vectors", VECTORS_MAX);
    r->built_in = arena_alloc(&r->arena, n * sizeof *r->built_in);
    r->unknown = arena_alloc(&r->arena, n * sizeof *r->unknown);
    yyjson_arr_foreach (vectors, i, max, vector) {
        const char *name = yyjson_get_str(yyjson_obj_get(vector, "fn"));
        if (!name)
            return err_set(e, ERR_INPUT, "vector %zu has no 'fn'", i + 1);
        const struct vector_fn *fn = find(name);
        if (!fn) {
            tally(r->unknown, &r->n_unknown, shown(&r->arena, name))->failed++;
            r->not_checked++;
        } else if (check_one(r, yyjson_obj_get(root, "datasets"), vector, fn, &steps_left, e)) {
            return e->code;
        }
    }
    if (r->faults.len > VECTORS_MAX_FAULT_BYTES)
        str_addz(&r->faults, "and more\n");
    return 0;
}

int vectors_check(const char *text, size_t len, struct vectors_report *out, struct err *e)
{
    *out = (struct vectors_report){0};
    yyjson_doc *doc = json_read(text, len, NULL, e);
    int rc = doc ? check_all(yyjson_doc_get_root(doc), out, e) : e->code;
    yyjson_doc_free(doc);
    return rc;
}

void vectors_report_release(struct vectors_report *r)
{
    str_release(&r->faults);
    arena_release(&r->arena);
}
