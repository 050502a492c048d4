/* trace.c: see trace.h. */
#include "load/trace.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "load/trace_scan.h"

static const char *const format_words[] = {"any",
#define X(name, word) word,
                                           TRACE_FORMAT_LIST(X)
#undef X
};
static const char *const unit_words[] = {"none",
#define X(name, word) word,
                                         TRACE_UNIT_LIST(X)
#undef X
};

static int find(const char *const *words, size_t n, const char *word)
{
    for (size_t i = 1; i < n; i++)
        if (strcmp(words[i], word) == 0)
            return (int)i;
    return -1;
}

const char *trace_format_word(enum trace_format f)
{
    return format_words[f];
}

int trace_format_find(const char *word)
{
    return find(format_words, sizeof format_words / sizeof format_words[0], word);
}

const char *trace_unit_word(enum trace_unit u)
{
    return unit_words[u];
}

int trace_unit_find(const char *word)
{
    return find(unit_words, sizeof unit_words / sizeof unit_words[0], word);
}

void trace_release(struct trace *t)
{
    str_release(&t->format_why);
    str_release(&t->unit_why);
    free(t->rows);
    arena_release(&t->arena);
    *t = (struct trace){0};
}

/* ---- the first rows: unit and first time ------------------------------------------------------------------------ */

enum { PROBE_ROWS = 4096 };

struct probe {
    const char *name;
    size_t n;
    bool iso;
    int64_t least_iso_ns;
    double least, most;
};

static int probe_row(void *user, const struct trace_raw *raw, struct err *e)
{
    struct probe *p = user;
    const struct trace_stamp *s = &raw->stamp;
    if (p->n && s->iso != p->iso)
        return trace_error(p->name, raw->line, e, "this time is %s, those above are not",
                           s->iso ? "a date" : "a number");
    if (!p->n || s->iso_ns < p->least_iso_ns)
        p->least_iso_ns = s->iso_ns;
    if (!p->n || s->value < p->least)
        p->least = s->value;
    if (!p->n || s->value > p->most)
        p->most = s->value;
    p->iso = s->iso;
    return ++p->n == PROBE_ROWS;
}

static int detect_unit(struct trace *t, const struct trace_spec *spec, const struct probe *p, struct err *e)
{
    if (p->iso && spec->unit && spec->unit != TRACE_UNIT_ISO)
        return err_set(e, ERR_USAGE, "%s: its times are dates, not numbers of %s", p->name, unit_words[spec->unit]);
    if (!p->iso && spec->unit == TRACE_UNIT_ISO)
        return err_set(e, ERR_USAGE, "%s: its times are numbers, not dates", p->name);
    if (p->iso) {
        t->unit = TRACE_UNIT_ISO;
        str_addz(&t->unit_why, "its times are dates");
    } else if (spec->unit) {
        t->unit = spec->unit;
        str_addz(&t->unit_why, "given");
    } else {
        t->unit = trace_detect_unit(t->format, p->least, p->most, p->n, &t->unit_why);
    }
    return 0;
}

/* ---- all rows --------------------------------------------------------------------------------------------------- */

struct keeper {
    struct trace *t;
    const struct trace_spec *spec;
    const struct probe *probe;
    const char *name;
    double speed;
    size_t cap;
    int64_t last_ns;
};

static void *keep_bytes(struct keeper *k, size_t n, struct err *e)
{
    k->t->kept_bytes += n;
    if (k->t->kept_bytes > TRACE_MAX_KEPT_BYTES) {
        err_set(e, ERR_LIMIT, "%s: its texts and ids take more than %zu bytes: keep fewer rows by count, from and to",
                k->name, TRACE_MAX_KEPT_BYTES);
        return NULL;
    }
    return arena_alloc(&k->t->arena, n ? n : 1);
}

static const char *keep_text(struct keeper *k, const char *p, size_t n, struct err *e)
{
    char *copy = keep_bytes(k, n + 1, e);
    if (copy && n)
        memcpy(copy, p, n);
    return copy;
}

/* Offset from the first row, unscaled. */
static int offset_of(struct keeper *k, const struct trace_raw *raw, int64_t *out, struct err *e)
{
    const double far_ns = 1e18; /* 31 years */
    if (raw->stamp.iso != k->probe->iso)
        return trace_error(k->name, raw->line, e, "this time is %s, those above are not",
                           raw->stamp.iso ? "a date" : "a number");
    double ns = raw->stamp.iso ? (double)(raw->stamp.iso_ns - k->probe->least_iso_ns)
                               : (raw->stamp.value - k->probe->least) * trace_unit_ns(k->t->unit);
    if (ns < 0)
        return trace_error(k->name, raw->line, e, "its time is before the first %d rows: sort the file by time",
                           PROBE_ROWS);
    if (ns > far_ns)
        return trace_error(k->name, raw->line, e, "its time is more than 31 years behind the first");
    *out = raw->stamp.iso ? raw->stamp.iso_ns - k->probe->least_iso_ns : llround(ns);
    return 0;
}

static int keep_hash_ids(struct keeper *k, struct trace_row *row, const struct trace_raw *raw, struct err *e)
{
    size_t n = yyjson_arr_size(raw->hash_ids), i, max;
    yyjson_val *v;
    int64_t *ids = n ? keep_bytes(k, n * sizeof *ids, e) : NULL;
    if (n && !ids)
        return ERR_LIMIT;
    yyjson_arr_foreach (raw->hash_ids, i, max, v) {
        if (!yyjson_is_int(v))
            return trace_error(k->name, raw->line, e, "a hash id is not a whole number");
        ids[i] = yyjson_get_sint(v);
    }
    row->hash_ids = ids;
    row->n_hash_ids = n;
    return 0;
}

static int role_of(yyjson_val *turn)
{
    static const struct {
        const char *word;
        enum trace_role role;
    } roles[] = {{"human", TRACE_USER},        {"user", TRACE_USER},           {"gpt", TRACE_ASSISTANT},
                 {"chatgpt", TRACE_ASSISTANT}, {"assistant", TRACE_ASSISTANT}, {"system", TRACE_SYSTEM}};
    yyjson_val *from = yyjson_obj_get(turn, "from");
    if (!from)
        from = yyjson_obj_get(turn, "role");
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (yyjson_equals_str(from, roles[i].word))
            return (int)roles[i].role;
    return -1;
}

static yyjson_val *text_of(yyjson_val *turn)
{
    yyjson_val *text = yyjson_obj_get(turn, "value");
    if (!text)
        text = yyjson_obj_get(turn, "content");
    bool usable = yyjson_is_str(text) && strlen(yyjson_get_str(text)) == yyjson_get_len(text); /* no NUL inside */
    return usable ? text : NULL;
}

/* Every turn has a known role and a text, and a user says something. */
static bool conversation_ok(yyjson_val *conversations)
{
    size_t i, max;
    yyjson_val *turn;
    bool asked = false;
    yyjson_arr_foreach (conversations, i, max, turn) {
        int role = role_of(turn);
        yyjson_val *text = text_of(turn);
        if (role < 0 || !text)
            return false;
        asked = asked || (role == TRACE_USER && yyjson_get_len(text) > 0);
    }
    return asked;
}

static int keep_turns(struct keeper *k, struct trace_row *row, const struct trace_raw *raw, struct err *e)
{
    size_t n = yyjson_arr_size(raw->conversations), i, max;
    yyjson_val *v;
    struct trace_turn *turns = keep_bytes(k, n * sizeof *turns, e);
    if (!turns)
        return ERR_LIMIT;
    yyjson_arr_foreach (raw->conversations, i, max, v) {
        yyjson_val *text = text_of(v);
        turns[i].role = (enum trace_role)role_of(v);
        turns[i].text = keep_text(k, yyjson_get_str(text), yyjson_get_len(text), e);
        if (!turns[i].text)
            return ERR_LIMIT;
    }
    row->turns = turns;
    row->n_turns = n;
    return 0;
}

static int append(struct keeper *k, const struct trace_row *row, struct err *e)
{
    struct trace *t = k->t;
    if (t->n == TRACE_MAX_ROWS)
        return err_set(e, ERR_LIMIT, "%s: more than %d rows: keep fewer by count, from and to", k->name,
                       TRACE_MAX_ROWS);
    if (t->n == k->cap) {
        k->cap = k->cap ? k->cap * 2 : 256;
        t->rows = xrealloc(t->rows, k->cap * sizeof *t->rows);
    }
    t->rows[t->n++] = *row;
    return 0;
}

static int keep_row(void *user, const struct trace_raw *raw, struct err *e)
{
    struct keeper *k = user;
    struct trace *t = k->t;
    struct trace_row row = {.line = raw->line, .input_tok = raw->input_tok, .output_tok = raw->output_tok};
    int64_t at_ns = 0;
    int rc = t->has_times ? offset_of(k, raw, &at_ns, e) : 0;
    if (rc)
        return rc;
    t->n_out_of_order += at_ns < k->last_ns;
    k->last_ns = at_ns;
    if (at_ns < k->spec->from_ns || (k->spec->to_ns && at_ns >= k->spec->to_ns)) {
        t->n_outside++;
        return 0;
    }
    if (raw->conversations ? !conversation_ok(raw->conversations) : raw->input_tok == 0 || raw->output_tok == 0) {
        t->n_empty++;
        return 0;
    }
    row.at_ns = llround((double)(at_ns - k->spec->from_ns) / k->speed);
    rc = raw->hash_ids ? keep_hash_ids(k, &row, raw, e) : 0;
    if (!rc && raw->conversations)
        rc = keep_turns(k, &row, raw, e);
    if (!rc && raw->session.len && !(row.session = keep_text(k, raw->session.at, raw->session.len, e)))
        rc = ERR_LIMIT;
    if (!rc)
        rc = append(k, &row, e);
    return rc ? rc : k->spec->count && t->n >= (size_t)k->spec->count;
}

static int by_time(const void *a, const void *b)
{
    const struct trace_row *x = a, *y = b;
    return x->at_ns != y->at_ns ? (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns)
                                : (x->line > y->line) - (x->line < y->line);
}

/* The block length with which every row's number of ids is its tokens divided, rounded up. */
static int64_t block_length(const struct trace *t)
{
    static const int64_t known[] = {512, 64, 16};
    for (size_t b = 0; b < sizeof known / sizeof known[0]; b++) {
        size_t i = 0;
        while (i < t->n && t->rows[i].n_hash_ids == (size_t)((t->rows[i].input_tok + known[b] - 1) / known[b]))
            i++;
        if (i == t->n && t->n)
            return known[b];
    }
    return 0;
}

static int check_spec(const struct trace_spec *spec, struct err *e)
{
    if (spec->speed != 0 && !(spec->speed >= 1e-6 && spec->speed <= 1e6))
        return err_set(e, ERR_USAGE, "the speed of a trace is from 0.000001 to 1000000");
    if (spec->from_ns < 0 || spec->to_ns < 0 || (spec->to_ns && spec->to_ns <= spec->from_ns))
        return err_set(e, ERR_USAGE, "the part of a trace begins at 0 or later and ends behind its begin");
    if (spec->count < 0)
        return err_set(e, ERR_USAGE, "the number of rows must be above 0");
    return 0;
}

static int read_rows(struct trace *t, const struct trace_source *s, const struct trace_spec *spec, struct err *e)
{
    struct probe probe = {.name = s->name};
    struct keeper k = {.t = t, .spec = spec, .probe = &probe, .name = s->name, .speed = spec->speed};
    int rc = 0;
    if (k.speed == 0)
        k.speed = 1;
    t->format = s->format;
    t->has_times = s->format != TRACE_SHAREGPT;
    if (t->has_times)
        rc = trace_scan(s, probe_row, &probe, e);
    else if (spec->unit || spec->from_ns || spec->to_ns || k.speed != 1)
        rc = err_set(e, ERR_USAGE, "%s: conversations have no times: unit, speed, from and to do not apply", s->name);
    if (!rc && t->has_times)
        rc = detect_unit(t, spec, &probe, e);
    if (!rc)
        rc = trace_scan(s, keep_row, &k, e);
    if (rc)
        return rc;
    if (!t->n)
        return err_set(e, ERR_INPUT, "%s: no row is left: %zu outside the asked part, %zu without tokens or text",
                       s->name, t->n_outside, t->n_empty);
    qsort(t->rows, t->n, sizeof *t->rows, by_time);
    t->block_tok = block_length(t);
    return 0;
}

int trace_read_bytes(struct trace *out, const char *name, const char *p, size_t n, const struct trace_spec *spec,
                     struct err *e)
{
    struct trace_source s = {.name = name, .p = p, .n = n};
    *out = (struct trace){0};
    int rc = check_spec(spec, e);
    if (!rc)
        rc = trace_detect_format(&s, spec->format, &out->format_why, e);
    if (!rc)
        rc = read_rows(out, &s, spec, e);
    if (rc)
        trace_release(out);
    return rc;
}

int trace_read(struct trace *out, const char *path, const struct trace_spec *spec, struct err *e)
{
    struct str bytes = STR_INIT;
    *out = (struct trace){0};
    int rc = file_read(path, TRACE_MAX_FILE_BYTES, &bytes, e);
    if (!rc)
        rc = trace_read_bytes(out, path, bytes.at, bytes.len, spec, e);
    str_release(&bytes);
    return rc;
}

int trace_schedule(const struct trace *t, struct schedule *out, struct err *e)
{
    *out = (struct schedule){0};
    if (!t->has_times)
        return err_set(e, ERR_USAGE, "a trace of conversations has no times: give a rate or a concurrency");
    out->at_ns = xmalloc((t->n + 1) * sizeof *out->at_ns);
    out->n = t->n;
    for (size_t i = 0; i < t->n; i++)
        out->at_ns[i] = t->rows[i].at_ns;
    return 0;
}
