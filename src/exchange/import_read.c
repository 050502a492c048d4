/* import_read.c: see import_read.h. JSON is parsed twice: once for its values, once with its numbers as text, so that a record
 * is stored with the digits it came with. */
#include "exchange/import_read.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "format/csv.h"
#include "format/json.h"
#include "format/pyrepr.h"

/* A record that waits until the whole file is read. */
struct kept {
    long line;
    size_t at; /* of its JSON in kept_json */
};

struct reading {
    const struct import_format *formats;
    struct import_file *file;
    struct arena *arena;
    const struct import_sink *sink;
    struct err *e;
    struct import_runs whole; /* of a format whose files are one run each */
    struct kept *kept;        /* owned */
    size_t n_kept, cap_kept;
    struct str kept_json; /* texts with their NUL */
};

static void not_understood(struct reading *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void not_understood(struct reading *x, const char *fmt, ...)
{
    struct str s = STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    str_addv(&s, fmt, ap);
    va_end(ap);
    x->file->problem = arena_dupz(x->arena, str_z(&s));
    str_release(&s);
}

/* Only the first is kept: what follows in a damaged file is mostly the same. */
static void refuse(struct reading *x, long line, const char *why)
{
    x->file->refused++;
    if (!x->file->problem)
        x->file->problem = arena_printf(x->arena, "record %ld: %s", line, why);
}

static int hand_over(struct reading *x, struct import_row *row)
{
    row->format = x->file->format;
    int rc = x->sink->row(x->sink->user, row, x->e);
    x->file->rows++;
    x->file->runs += row->new_runs;
    return rc;
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------- */

/* A document twice. */
struct twice {
    yyjson_doc *plain, *exact;
};

static int parse(const char *p, size_t n, struct twice *t, struct err *why)
{
    *t = (struct twice){0};
    t->plain = json_read(p, n, NULL, why);
    if (t->plain)
        t->exact = yyjson_read_opts((char *)(uintptr_t)p, n, YYJSON_READ_NUMBER_AS_RAW, NULL, NULL);
    if (t->plain && !t->exact)
        return err_set(why, ERR_INPUT, "not JSON");
    return t->plain ? 0 : why->code;
}

static void twice_release(struct twice *t)
{
    yyjson_doc_free(t->plain);
    yyjson_doc_free(t->exact);
}

static void write_value(struct json_writer *w, yyjson_val *exact)
{
    size_t n = 0;
    char *text = yyjson_val_write(exact, YYJSON_WRITE_NOFLAG, &n);
    if (text)
        json_raw(w, text, n);
    else
        json_null(w);
    free(text);
}

/* The members of an object, without `without`, and with the member `repr` as what its text stands for. */
static int write_members(yyjson_val *exact, const char *without, const char *repr, struct str *out, struct err *why)
{
    struct json_writer w;
    size_t i, max;
    yyjson_val *k, *v;
    int rc = 0;
    json_init(&w, out);
    json_object(&w);
    yyjson_obj_foreach (exact, i, max, k, v) {
        const char *key = yyjson_get_str(k);
        if (without && !strcmp(key, without))
            continue;
        json_key(&w, key);
        if (repr && !strcmp(key, repr) && yyjson_is_str(v) && yyjson_get_len(v) && *yyjson_get_str(v) == '{') {
            struct str object = STR_INIT;
            rc = pyrepr_to_json((struct span){yyjson_get_str(v), yyjson_get_len(v)}, &object, why);
            json_raw(&w, str_z(&object), object.len);
            str_release(&object);
        } else {
            write_value(&w, v);
        }
        if (rc)
            break;
    }
    if (!rc)
        json_object_end(&w);
    return rc;
}

static const struct import_format *format_of(const struct reading *x, yyjson_val *object)
{
    for (const struct import_format *f = x->formats; f->id; f++)
        if (f->matches && f->matches(object))
            return f;
    return NULL;
}

static void keep(struct reading *x, long line, const struct str *json)
{
    if (x->n_kept == x->cap_kept) {
        x->cap_kept = x->cap_kept ? 2 * x->cap_kept : 256;
        x->kept = xrealloc(x->kept, x->cap_kept * sizeof *x->kept);
    }
    x->kept[x->n_kept++] = (struct kept){line, x->kept_json.len};
    str_add(&x->kept_json, str_z(json), json->len + 1);
}

/* The records of a file that is one run, each with that run. */
static int hand_over_kept(struct reading *x)
{
    int rc = 0;
    if (x->n_kept)
        x->file->format->finish(&x->whole);
    for (size_t i = 0; !rc && i < x->n_kept; i++) {
        struct import_row row = {.line = x->kept[i].line, .json = x->kept_json.at + x->kept[i].at, .runs = x->whole};
        rc = hand_over(x, &row);
    }
    return rc;
}

/* What is wrong with a record stands in *why. */
static void read_record(struct reading *x, yyjson_val *plain, yyjson_val *exact, struct import_row *row,
                        struct str *json, struct err *why)
{
    const struct import_format *f = x->file->format;
    struct import_runs *runs = f->finish ? &x->whole : &row->runs;
    if (!yyjson_is_obj(plain))
        err_set(why, ERR_INPUT, "not an object");
    else if (!f->list && !f->matches(plain))
        err_set(why, ERR_INPUT, "not of the same shape as the first");
    else if (write_members(exact, NULL, f->repr, json, why) == 0 && json->len > IMPORT_MAX_ROW_BYTES)
        err_set(why, ERR_LIMIT, "larger than %d bytes", IMPORT_MAX_ROW_BYTES);
    if (!why->code && f->runs)
        f->runs(plain, row->origin ? row->origin : x->file->path, runs, why);
}

/* One record of a format that is known. */
static int take_record(struct reading *x, long line, yyjson_val *plain, yyjson_val *exact)
{
    const struct import_format *f = x->file->format;
    struct arena arena = {0};
    struct str json = STR_INIT;
    struct err why = ERR_INIT;
    struct import_row row = {.line = line, .runs.arena = &arena};
    struct span origin = f->origin ? json_get_text(plain, f->origin) : SPAN_NONE;
    int rc = 0;
    if (origin.len)
        row.origin = arena_dup(&arena, origin.at, origin.len);
    read_record(x, plain, exact, &row, &json, &why);
    if (why.code) {
        refuse(x, line, why.text);
    } else if (f->finish) {
        keep(x, line, &json);
    } else {
        row.json = str_z(&json);
        rc = hand_over(x, &row);
    }
    import_runs_release(&row.runs);
    arena_release(&arena);
    str_release(&json);
    return rc;
}

static bool find_json_format(struct reading *x, yyjson_val *object)
{
    struct str keys = STR_INIT;
    size_t i, max;
    yyjson_val *k, *v;
    x->file->format = yyjson_is_obj(object) ? format_of(x, object) : NULL;
    if (x->file->format)
        return true;
    if (!yyjson_is_obj(object)) {
        not_understood(x, "JSON without an object in it");
        return false;
    }
    yyjson_obj_foreach (object, i, max, k, v) {
        if (i == 6)
            str_addz(&keys, ", \u2026");
        if (i < 6)
            str_addf(&keys, "%s%.40s", i ? ", " : "", yyjson_get_str(k));
    }
    not_understood(x, "JSON of no known shape: { %s }", str_z(&keys));
    str_release(&keys);
    return false;
}

static int take_elements(struct reading *x, yyjson_val *plain, yyjson_val *exact)
{
    size_t n = yyjson_arr_size(plain);
    yyjson_arr_iter a, b;
    int rc = 0;
    yyjson_arr_iter_init(plain, &a);
    yyjson_arr_iter_init(exact, &b);
    for (size_t i = 0; !rc && i < n; i++)
        rc = take_record(x, (long)i + 1, yyjson_arr_iter_next(&a), yyjson_arr_iter_next(&b));
    return rc;
}

static int read_document(struct reading *x, const char *p, size_t n)
{
    struct twice t;
    struct err why = ERR_INIT;
    int rc = 0;
    if (parse(p, n, &t, &why) != 0) {
        not_understood(x, "%s", why.text);
        twice_release(&t);
        return 0;
    }
    yyjson_val *plain = yyjson_doc_get_root(t.plain), *exact = yyjson_doc_get_root(t.exact);
    bool array = yyjson_is_arr(plain);
    if (find_json_format(x, array ? yyjson_arr_get_first(plain) : plain)) {
        const char *list = x->file->format->list;
        if (list && !array) {
            struct str head = STR_INIT;
            write_members(exact, list, NULL, &head, NULL);
            x->file->head_json = arena_dupz(x->arena, str_z(&head));
            str_release(&head);
            rc = take_elements(x, yyjson_obj_get(plain, list), yyjson_obj_get(exact, list));
        } else {
            rc = array ? take_elements(x, plain, exact) : take_record(x, 1, plain, exact);
        }
    }
    twice_release(&t);
    return rc;
}

/* The next line that is not blank, without its end; false at the end. */
static bool next_line(const char **p, const char *end, long *line, struct span *out)
{
    while (*p < end) {
        const char *stop = memchr(*p, '\n', (size_t)(end - *p));
        const char *start = *p;
        *p = stop ? stop + 1 : end;
        ++*line;
        out->at = start;
        out->len = (size_t)((stop ? stop : end) - start);
        while (out->len && strchr(" \t\r", out->at[out->len - 1]))
            out->len--;
        if (out->len)
            return true;
    }
    return false;
}

static int read_lines(struct reading *x, const char *p, size_t n)
{
    const char *end = p + n;
    struct span line;
    long number = 0;
    int rc = 0;
    while (!rc && next_line(&p, end, &number, &line)) {
        struct twice t = {0};
        struct err why = ERR_INIT;
        if (parse(line.at, line.len, &t, &why) != 0)
            refuse(x, number, why.text);
        else if (x->file->format || find_json_format(x, yyjson_doc_get_root(t.plain)))
            rc = take_record(x, number, yyjson_doc_get_root(t.plain), yyjson_doc_get_root(t.exact));
        twice_release(&t);
        if (!x->file->format)
            break; /* the first record decides */
    }
    return rc;
}

/* JSON Lines when the first line is a document and not all there is. */
static bool has_lines(const char *p, size_t n)
{
    const char *end = p + n;
    struct span line, more;
    long number = 0;
    if (!next_line(&p, end, &number, &line) || !next_line(&p, end, &number, &more))
        return false;
    yyjson_doc *doc = json_read(line.at, line.len, NULL, NULL);
    yyjson_doc_free(doc);
    return doc != NULL;
}

/* ---- tables --------------------------------------------------------------------------------------------------------- */

struct columns {
    const char *name[CSV_MAX_FIELDS];
    size_t n;
};

static bool has_column(const struct columns *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++)
        if (!strcmp(c->name[i], name))
            return true;
    return false;
}

/* Finds the format, or says which columns the nearest one lacks. */
static bool find_csv_format(struct reading *x, const struct columns *c)
{
    const struct import_format *nearest = NULL;
    const char *lacks = NULL;
    size_t best = 0;
    for (const struct import_format *f = x->formats; f->id; f++) {
        size_t have = 0, want = 0;
        const char *missing = NULL;
        for (; f->columns && f->columns[want]; want++) {
            bool there = has_column(c, f->columns[want]);
            have += there;
            missing = there || missing ? missing : f->columns[want];
        }
        if (want && have == want) {
            x->file->format = f;
            return true;
        }
        if (2 * have > want && have > best) {
            best = have;
            nearest = f;
            lacks = missing;
        }
    }
    if (nearest)
        not_understood(x, "a table like %s, but without its column '%s'", nearest->id, lacks);
    else
        not_understood(x, "a table with columns of no known format: %.60s, \u2026", c->n ? c->name[0] : "");
    return false;
}

static int take_record_line(struct reading *x, const struct csv *csv, const struct columns *c, struct str *json)
{
    struct json_writer w;
    struct import_row row = {.line = csv->record_line};
    str_clear(json);
    json_init(&w, json);
    json_object(&w);
    for (size_t i = 0; i < c->n; i++) {
        struct span field = csv->field[i];
        json_key(&w, c->name[i]);
        if (json_is_number(span_trim(field)))
            json_raw(&w, span_trim(field).at, span_trim(field).len);
        else
            json_text(&w, field.at, field.len);
    }
    json_object_end(&w);
    struct twice t = {0};
    struct err why = ERR_INIT;
    if (x->file->format->runs && parse(json->at, json->len, &t, &why) == 0) {
        int rc = take_record(x, row.line, yyjson_doc_get_root(t.plain), yyjson_doc_get_root(t.exact));
        twice_release(&t);
        return rc;
    }
    row.json = str_z(json);
    return hand_over(x, &row);
}

/* A line of dashes under the heads of a text table. */
static bool is_rule(const struct csv *csv)
{
    return csv->separator == '|' && csv->n_fields == 1 && csv->field[0].len &&
           !csv->field[0].at[strspn(csv->field[0].at, "-")];
}

static bool read_head(struct reading *x, struct csv *csv, struct columns *c)
{
    struct err why = ERR_INIT;
    if (csv_next(csv, &why) <= 0) {
        not_understood(x, "%s", why.code ? why.text : "no lines");
        return false;
    }
    for (size_t i = 0; i < csv->n_fields; i++) {
        struct span name = span_trim(csv->field[i]);
        const char *copy = arena_dup(x->arena, name.at, name.len);
        if (has_column(c, copy)) {
            not_understood(x, "a table with two columns '%.60s'", copy);
            return false;
        }
        c->name[c->n++] = copy;
    }
    return find_csv_format(x, c);
}

static int read_table(struct reading *x, const char *p, size_t n)
{
    size_t first = strcspn(p, "\n");
    bool bars = memchr(p, '|', first) && !memchr(p, ',', first);
    struct csv *csv = xmalloc(sizeof *csv); /* too large for the stack */
    struct columns *c = xcalloc(1, sizeof *c);
    struct str json = STR_INIT;
    struct err why = ERR_INIT;
    int rc = 0, more = 0;
    csv_init(csv, path_base(x->file->path), p, n, bars ? '|' : ',');
    if (!bars && !memchr(p, ',', first))
        not_understood(x, "neither JSON nor a table");
    else if (read_head(x, csv, c)) {
        while (!rc && (more = csv_next(csv, &why)) > 0) {
            if (is_rule(csv))
                continue;
            if (csv->n_fields == c->n)
                rc = take_record_line(x, csv, c, &json);
            else
                refuse(x, csv->record_line, "another number of fields than the first line");
        }
        if (more < 0)
            refuse(x, csv->record_line, why.text);
    }
    csv_release(csv);
    free(csv);
    free(c);
    str_release(&json);
    return rc;
}

/* ---- texts ---------------------------------------------------------------------------------------------------------- */

static bool find_text_format(struct reading *x, struct span text)
{
    for (const struct import_format *f = x->formats; f->id && !x->file->format; f++)
        if (f->is_text && f->is_text(text))
            x->file->format = f;
    return x->file->format != NULL;
}

static int take_text(struct reading *x, struct span text)
{
    struct str json = STR_INIT;
    struct json_writer w;
    struct import_row row = {.line = 1};
    int rc = 0;
    json_init(&w, &json);
    json_object(&w);
    json_key(&w, "text");
    json_text(&w, text.at, text.len);
    json_object_end(&w);
    row.json = str_z(&json);
    if (json.len > IMPORT_MAX_ROW_BYTES)
        refuse(x, 1, "a text that is too large");
    else
        rc = hand_over(x, &row);
    str_release(&json);
    return rc;
}

/* ---- a file --------------------------------------------------------------------------------------------------------- */

static int read_bytes(struct reading *x, const char *p, size_t n)
{
    if (n >= 3 && !memcmp(p, "\xEF\xBB\xBF", 3)) {
        p += 3;
        n -= 3;
    }
    size_t blank = n ? strspn(p, " \t\r\n") : 0;
    if (blank >= n) {
        not_understood(x, "an empty file");
        return 0;
    }
    if (memchr(p, 0, n)) {
        not_understood(x, "not a text file");
        return 0;
    }
    if (p[blank] != '{' && p[blank] != '[')
        return find_text_format(x, (struct span){p, n}) ? take_text(x, (struct span){p, n}) : read_table(x, p, n);
    return has_lines(p, n) ? read_lines(x, p, n) : read_document(x, p, n);
}

int import_read(const struct import_format *formats, struct import_file *f, const char *p, size_t n, struct arena *a,
                const struct import_sink *sink, struct err *e)
{
    struct arena of_whole = {0};
    struct reading x = {.formats = formats, .file = f, .arena = a, .sink = sink, .e = e, .whole.arena = &of_whole};
    int rc = read_bytes(&x, p, n);
    rc = rc ? rc : hand_over_kept(&x);
    import_runs_release(&x.whole);
    arena_release(&of_whole);
    free(x.kept);
    str_release(&x.kept_json);
    return rc;
}
