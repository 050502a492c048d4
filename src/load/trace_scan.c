/* trace_scan.c: see trace_scan.h. One table says what each format calls its fields. */
#include "load/trace_scan.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/csv.h"
#include "format/json.h"

static const struct fields {
    const char *time, *input, *output, *session, *hash_ids, *conversations; /* NULL: the format has none */
} fields[] = {
    [TRACE_MOONCAKE] = {"timestamp", "input_length", "output_length", "session_id", "hash_ids", NULL},
    [TRACE_AZURE] = {"TIMESTAMP", "ContextTokens", "GeneratedTokens", NULL, NULL, NULL},
    [TRACE_BURSTGPT] = {"Timestamp", "Request tokens", "Response tokens", "Session ID", NULL, NULL},
    [TRACE_SHAREGPT] = {NULL, NULL, NULL, NULL, NULL, "conversations"},
};

int trace_error(const char *name, long line, struct err *e, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_at(e, ERR_INPUT, line, 0, "%s:%ld: %s", name, line, text);
}

/* ---- CSV -------------------------------------------------------------------------------------------------------- */

struct columns {
    int time, input, output, session; /* -1: not there */
};

static int column(const struct csv *c, const char *name)
{
    for (size_t i = 0; name && i < c->n_fields; i++)
        if (span_eq_z(c->field[i], name))
            return (int)i;
    return -1;
}

static int find_columns(const struct csv *c, const struct fields *f, struct columns *at, struct err *e)
{
    *at = (struct columns){column(c, f->time), column(c, f->input), column(c, f->output), column(c, f->session)};
    const char *missing = at->time < 0 ? f->time : at->input < 0 ? f->input : at->output < 0 ? f->output : NULL;
    return missing ? csv_error(c, e, "no column \"%s\" in the header", missing) : 0;
}

static bool count_text(struct span text, int64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        *out = *out * 10 + (text.at[i] - '0');
        if (*out > TRACE_MAX_TOK)
            return false;
    }
    return text.len > 0;
}

static int csv_tokens(const struct csv *c, int at, const char *name, int64_t *out, struct err *e)
{
    if (count_text(c->field[at], out))
        return 0;
    return csv_error(c, e, "%s \"%.*s\" is not a number of tokens from 0 to %d", name,
                     (int)(c->field[at].len < 40 ? c->field[at].len : 40), c->field[at].at, TRACE_MAX_TOK);
}

static int csv_row(const struct csv *c, const struct columns *at, const struct fields *f, struct trace_raw *raw,
                   struct err *e)
{
    int last = at->time > at->input ? at->time : at->input;
    last = last > at->output ? last : at->output;
    last = last > at->session ? last : at->session;
    *raw = (struct trace_raw){.line = c->record_line};
    if ((size_t)last >= c->n_fields)
        return csv_error(c, e, "%zu fields, and the header has at least %d", c->n_fields, last + 1);
    struct span time = c->field[at->time];
    if (!trace_stamp_parse(time, &raw->stamp))
        return csv_error(c, e, "%s \"%.*s\" is no time", f->time, (int)(time.len < 40 ? time.len : 40), time.at);
    if (at->session >= 0)
        raw->session = c->field[at->session];
    int rc = csv_tokens(c, at->input, f->input, &raw->input_tok, e);
    return rc ? rc : csv_tokens(c, at->output, f->output, &raw->output_tok, e);
}

static int scan_csv(const struct trace_source *s, trace_row_fn *row, void *user, struct err *e)
{
    const struct fields *f = &fields[s->format];
    struct csv *c = xmalloc(sizeof *c); /* too large for the stack */
    struct columns at = {-1, -1, -1, -1};
    struct trace_raw raw;
    csv_init(c, s->name, s->p, s->n, ',');
    int rc = csv_next(c, e);
    rc = rc < 0 ? rc : rc == 0 ? err_set(e, ERR_INPUT, "%s is empty", s->name) : find_columns(c, f, &at, e);
    while (!rc) {
        rc = csv_next(c, e);
        if (rc <= 0)
            break;
        rc = csv_row(c, &at, f, &raw, e);
        if (!rc)
            rc = row(user, &raw, e);
    }
    csv_release(c);
    free(c);
    return rc < 0 ? rc : 0;
}

/* ---- JSON ------------------------------------------------------------------------------------------------------- */

/* Documents of a file: the lines of JSON lines, or the elements of one array. */
struct docs {
    const char *name, *p, *end;
    long line;
    bool array, first;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct docs *d)
{
    for (; d->p < d->end && is_blank(*d->p); d->p++)
        d->line += *d->p == '\n';
}

static void docs_init(struct docs *d, const struct trace_source *s)
{
    *d = (struct docs){.name = s->name, .p = s->p, .end = s->p + s->n, .line = 1, .first = true};
    if (s->n >= 3 && memcmp(s->p, "\xEF\xBB\xBF", 3) == 0)
        d->p += 3;
    skip_blanks(d);
    if (d->p < d->end && *d->p == '[') {
        d->array = true;
        d->p++;
    }
}

/* From *p to behind one array element: to the comma or bracket that ends it, outside strings and deeper levels. */
static const char *element_end(const char *p, const char *end)
{
    int64_t depth = 0;
    bool in_string = false;
    for (; p < end; p++) {
        if (in_string) {
            if (*p == '\\')
                p++;
            else if (*p == '"')
                in_string = false;
        } else if (*p == '"') {
            in_string = true;
        } else if (*p == '{' || *p == '[') {
            depth++;
        } else if (depth == 0 && (*p == ',' || *p == ']')) {
            return p;
        } else if (*p == '}' || *p == ']') {
            depth--;
        }
    }
    return NULL;
}

/* The bytes of the next document; 1: there is one, 0: the end. */
static int next_element(struct docs *d, struct span *out, struct err *e)
{
    skip_blanks(d);
    if (d->p < d->end && *d->p == ']' && d->first)
        return 0;
    const char *stop = element_end(d->p, d->end);
    if (!stop)
        return trace_error(d->name, d->line, e, "the array has no end behind this line");
    *out = (struct span){d->p, (size_t)(stop - d->p)};
    d->first = false;
    return 1;
}

static int next_line(struct docs *d, struct span *out)
{
    skip_blanks(d);
    if (d->p >= d->end)
        return 0;
    const char *stop = memchr(d->p, '\n', (size_t)(d->end - d->p));
    *out = (struct span){d->p, (size_t)((stop ? stop : d->end) - d->p)};
    return 1;
}

/* Moves behind the document; false: the array ended with it. */
static bool pass(struct docs *d, struct span doc)
{
    for (size_t i = 0; i < doc.len; i++)
        d->line += doc.at[i] == '\n';
    d->p = doc.at + doc.len;
    return !d->array || *d->p++ == ',';
}

static int number_of(const struct docs *d, yyjson_val *obj, const char *key, int64_t *out, struct err *e)
{
    yyjson_val *v = yyjson_obj_get(obj, key);
    double value = yyjson_is_num(v) ? yyjson_get_num(v) : -1;
    if (!(value >= 0 && value <= TRACE_MAX_TOK && value == floor(value)))
        return trace_error(d->name, d->line, e, "%s is not a number of tokens from 0 to %d", key, TRACE_MAX_TOK);
    *out = (int64_t)value;
    return 0;
}

static int time_of(const struct docs *d, yyjson_val *obj, const char *key, struct trace_stamp *out, struct err *e)
{
    yyjson_val *v = yyjson_obj_get(obj, key);
    *out = (struct trace_stamp){.value = yyjson_is_num(v) ? yyjson_get_num(v) : -1};
    if (yyjson_is_num(v) && isfinite(out->value) && out->value >= 0)
        return 0;
    if (yyjson_is_str(v) && trace_stamp_parse((struct span){yyjson_get_str(v), yyjson_get_len(v)}, out))
        return 0;
    return trace_error(d->name, d->line, e, v ? "%s is no time" : "no %s", key);
}

/* A session may be a text or a whole number; `digits` holds the second. */
static struct span session_of(yyjson_val *obj, const char *key, char digits[32])
{
    yyjson_val *v = key ? yyjson_obj_get(obj, key) : NULL;
    if (yyjson_is_int(v))
        return (struct span){digits, (size_t)snprintf(digits, 32, "%lld", (long long)yyjson_get_sint(v))};
    return key ? json_get_text(obj, key) : SPAN_NONE;
}

static int json_row(const struct docs *d, const struct fields *f, yyjson_val *obj, char digits[32],
                    struct trace_raw *raw, struct err *e)
{
    *raw = (struct trace_raw){.line = d->line, .input_tok = -1, .output_tok = -1};
    if (!yyjson_is_obj(obj))
        return trace_error(d->name, d->line, e, "not a JSON object");
    if (f->conversations) {
        raw->conversations = yyjson_obj_get(obj, f->conversations);
        return yyjson_is_arr(raw->conversations) ? 0
                                                 : trace_error(d->name, d->line, e, "no array %s", f->conversations);
    }
    raw->session = session_of(obj, f->session, digits);
    raw->hash_ids = f->hash_ids ? yyjson_obj_get(obj, f->hash_ids) : NULL;
    if (raw->hash_ids && !yyjson_is_arr(raw->hash_ids))
        return trace_error(d->name, d->line, e, "%s is no array", f->hash_ids);
    int rc = time_of(d, obj, f->time, &raw->stamp, e);
    rc = rc ? rc : number_of(d, obj, f->input, &raw->input_tok, e);
    return rc ? rc : number_of(d, obj, f->output, &raw->output_tok, e);
}

/* One document, from its bytes to the caller. */
static int take(const struct docs *d, const struct fields *f, struct span doc, trace_row_fn *row, void *user,
                struct err *e)
{
    struct err inner = ERR_INIT;
    struct trace_raw raw;
    char digits[32];
    if (doc.len > TRACE_MAX_DOC_BYTES)
        return err_at(e, ERR_LIMIT, d->line, 0, "%s:%ld: a JSON document of more than %d bytes", d->name, d->line,
                      TRACE_MAX_DOC_BYTES);
    yyjson_doc *json = json_read(doc.at, doc.len, NULL, &inner);
    if (!json)
        return err_at(e, inner.code, d->line, 0, "%s:%ld: the document that begins here: %s", d->name, d->line,
                      inner.text);
    int rc = json_row(d, f, yyjson_doc_get_root(json), digits, &raw, e);
    if (!rc)
        rc = row(user, &raw, e);
    yyjson_doc_free(json);
    return rc;
}

static int scan_json(const struct trace_source *s, trace_row_fn *row, void *user, struct err *e)
{
    struct docs d;
    struct span doc;
    int rc;
    docs_init(&d, s);
    while ((rc = d.array ? next_element(&d, &doc, e) : next_line(&d, &doc)) > 0) {
        rc = take(&d, &fields[s->format], doc, row, user, e);
        if (rc || !pass(&d, doc))
            break;
    }
    return rc < 0 ? rc : 0;
}

int trace_scan(const struct trace_source *s, trace_row_fn *row, void *user, struct err *e)
{
    return s->csv ? scan_csv(s, row, user, e) : scan_json(s, row, user, e);
}

/* ---- which format ----------------------------------------------------------------------------------------------- */

static bool mentions(struct span text, const char *word)
{
    return memmem(text.at, text.len, word, strlen(word)) != NULL;
}

/* The first line or document names its fields; each format has one that no other has. */
static enum trace_format by_field(struct span head, bool csv, const char **field)
{
    static const enum trace_format order[] = {TRACE_SHAREGPT, TRACE_MOONCAKE, TRACE_AZURE, TRACE_BURSTGPT};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        const struct fields *f = &fields[order[i]];
        *field = f->conversations ? f->conversations : f->input;
        bool possible = csv ? order[i] == TRACE_AZURE || order[i] == TRACE_BURSTGPT : order[i] != TRACE_BURSTGPT;
        if (possible && mentions(head, *field))
            return order[i];
    }
    return TRACE_ANY_FORMAT;
}

int trace_detect_format(struct trace_source *s, enum trace_format wanted, struct str *why, struct err *e)
{
    struct docs d;
    struct span head = {0};
    docs_init(&d, s);
    s->csv = d.p < d.end && *d.p != '{' && !d.array;
    int more = d.array ? next_element(&d, &head, e) : next_line(&d, &head);
    if (more < 0)
        return more;
    const char *field = "", *shape = s->csv ? "CSV" : d.array ? "a JSON array" : "JSON lines";
    s->format = wanted;
    if (wanted) {
        str_addf(why, "given");
        bool fits = s->csv ? wanted == TRACE_AZURE || wanted == TRACE_BURSTGPT : wanted != TRACE_BURSTGPT;
        return fits || !more
                   ? 0
                   : err_set(e, ERR_USAGE, "%s is %s: that is not %s", s->name, shape, trace_format_word(wanted));
    }
    s->format = more ? by_field(head, s->csv, &field) : TRACE_ANY_FORMAT;
    if (!s->format)
        return err_set(e, ERR_INPUT, "%s: not a trace that is known here (mooncake, azure, burstgpt, sharegpt)",
                       s->name);
    str_addf(why, "%s with \"%s\"", shape, field);
    return 0;
}
