/* yaml.c: the parser half of yaml.h: libyaml's events become nodes in an arena, scalars get their core-schema type. The
 * readers of nodes are in yaml_read.c. */
#include "format/yaml.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/file.h"

struct reader {
    yaml_parser_t parser;
    yaml_event_t event; /* the current one; has_event tells whether it must be deleted */
    bool has_event;
    const char *name; /* in the arena */
    const char *bytes;
    size_t n_bytes;
    struct arena *arena;
    size_t nodes;
    struct err *e;
};

static int fail_at(struct reader *r, int code, long line, long column, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

static int fail_at(struct reader *r, int code, long line, long column, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_at(r->e, code, line, column, "%s:%ld:%ld: %s", r->name, line, column, text);
}

static int fail_mark(struct reader *r, int code, const char *text)
{
    yaml_mark_t m = r->event.start_mark;
    return fail_at(r, code, (long)m.line + 1, (long)m.column + 1, "%s", text);
}

/* The reader layer of libyaml (bad UTF-8) gives only a byte offset, the others a mark. */
static int fail_parser(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    long line = (long)p->problem_mark.line + 1, column = (long)p->problem_mark.column + 1;
    if (p->error == YAML_READER_ERROR) {
        line = column = 1;
        for (size_t i = 0; i < p->problem_offset && i < r->n_bytes; i++) {
            column = r->bytes[i] == '\n' ? 1 : column + 1;
            line += r->bytes[i] == '\n';
        }
    }
    return fail_at(r, ERR_INPUT, line, column, "not YAML: %s%s%s", p->problem ? p->problem : "cannot be read",
                   p->context ? " " : "", p->context ? p->context : "");
}

static int next(struct reader *r)
{
    if (r->has_event)
        yaml_event_delete(&r->event);
    r->has_event = false;
    if (!yaml_parser_parse(&r->parser, &r->event))
        return fail_parser(r);
    r->has_event = true;
    return 0;
}

/* ---- scalars: the core schema of YAML 1.2.2, section 10.3.2 ------------------------------------------------------ */

static bool is_one_of(const char *s, const char *a, const char *b, const char *c)
{
    return strcmp(s, a) == 0 || strcmp(s, b) == 0 || strcmp(s, c) == 0;
}

static bool all_of(const char *s, const char *set)
{
    return *s && s[strspn(s, set)] == 0;
}

static bool looks_like_int(const char *s, int *base)
{
    *base = 10;
    if (s[0] == '0' && (s[1] == 'x' || s[1] == 'o')) {
        *base = s[1] == 'x' ? 16 : 8;
        return all_of(s + 2, *base == 16 ? "0123456789abcdefABCDEF" : "01234567");
    }
    return all_of(s + (*s == '-' || *s == '+'), "0123456789");
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool looks_like_float(const char *s)
{
    static const char digits[] = "0123456789";
    s += *s == '-' || *s == '+';
    size_t whole = strspn(s, digits), fraction = 0;
    s += whole;
    if (*s == '.') {
        fraction = strspn(s + 1, digits);
        s += 1 + fraction;
    }
    if (whole + fraction == 0)
        return false;
    if (*s == 'e' || *s == 'E') {
        s++;
        s += *s == '-' || *s == '+';
        return all_of(s, digits);
    }
    return *s == 0;
}

static bool type_special_float(struct yaml_node *n)
{
    const char *s = n->text, *t = s + (*s == '-' || *s == '+');
    if (is_one_of(t, ".inf", ".Inf", ".INF"))
        n->f = *s == '-' ? -INFINITY : INFINITY;
    else if (is_one_of(s, ".nan", ".NaN", ".NAN"))
        n->f = NAN;
    else
        return false;
    n->type = YAML_FLOAT;
    return true;
}

static int type_plain(struct reader *r, struct yaml_node *n)
{
    const char *s = n->text;
    int base;
    if (!*s || strcmp(s, "~") == 0 || is_one_of(s, "null", "Null", "NULL")) {
        n->type = YAML_NULL;
    } else if (is_one_of(s, "true", "True", "TRUE") || is_one_of(s, "false", "False", "FALSE")) {
        n->type = YAML_BOOL;
        n->b = *s == 't' || *s == 'T';
    } else if (looks_like_int(s, &base)) {
        errno = 0;
        n->type = YAML_INT;
        n->i = strtoll(base == 10 ? s : s + 2, NULL, base);
        n->f = (double)n->i;
        if (errno)
            return fail_mark(r, ERR_INPUT, "the integer does not fit 64 bits");
    } else if (looks_like_float(s)) {
        n->type = YAML_FLOAT;
        n->f = strtod(s, NULL);
        if (!isfinite(n->f))
            return fail_mark(r, ERR_INPUT, "the number is too large");
    } else {
        type_special_float(n);
    }
    return 0;
}

/* ---- nodes -------------------------------------------------------------------------------------------------------- */

static int new_node(struct reader *r, enum yaml_type type, struct yaml_node **out)
{
    if (++r->nodes > YAML_MAX_NODES)
        return fail_mark(r, ERR_LIMIT, "more values than a study file may hold");
    struct yaml_node *n = arena_alloc(r->arena, sizeof *n);
    n->type = type;
    n->file = r->name;
    n->line = (long)r->event.start_mark.line + 1;
    n->column = (long)r->event.start_mark.column + 1;
    *out = n;
    return 0;
}

static int check_properties(struct reader *r, const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor)
        return fail_mark(r, ERR_INPUT, "anchors (&name) are not used in study files: write the value out");
    if (tag && strcmp((const char *)tag, YAML_STR_TAG) != 0)
        return fail_mark(r, ERR_INPUT, "tags (!name) are not used in study files");
    return 0;
}

static int read_scalar(struct reader *r, bool as_key, struct yaml_node **out)
{
    const char *value = (const char *)r->event.data.scalar.value;
    size_t len = r->event.data.scalar.length;
    struct yaml_node *n = NULL;
    int rc = check_properties(r, r->event.data.scalar.anchor, r->event.data.scalar.tag);
    if (!rc)
        rc = new_node(r, YAML_TEXT, &n);
    if (rc)
        return rc;
    if (memchr(value, 0, len))
        return fail_mark(r, ERR_INPUT, "the text holds a NUL character");
    n->text = arena_dup(r->arena, value, len); // NOLINT: new_node set it
    n->len = len;
    n->quoted = r->event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    *out = n;
    if (as_key || n->quoted || r->event.data.scalar.tag)
        return 0;
    return type_plain(r, n);
}

static int read_node(struct reader *r, int depth, struct yaml_node **out);

/* Room for one more pointer: the array doubles inside the arena. */
static void append(struct reader *r, struct yaml_node ***array, size_t n, struct yaml_node *value)
{
    size_t one = sizeof *array;
    if ((n & (n - 1)) == 0)
        *array = arena_grow(r->arena, *array, n * one, (n ? 2 * n : 1) * one);
    (*array)[n] = value;
}

static int read_list(struct reader *r, int depth, struct yaml_node **out)
{
    struct yaml_node *list, *child;
    int rc = check_properties(r, r->event.data.sequence_start.anchor, r->event.data.sequence_start.tag);
    if (!rc)
        rc = new_node(r, YAML_LIST, &list);
    while (!rc && !(rc = next(r)) && r->event.type != YAML_SEQUENCE_END_EVENT) {
        rc = read_node(r, depth + 1, &child);
        if (!rc)
            append(r, &list->item, list->n++, child);
    }
    if (!rc)
        *out = list;
    return rc;
}

static int read_key(struct reader *r, const struct yaml_node *map, struct yaml_node **key)
{
    if (r->event.type != YAML_SCALAR_EVENT)
        return fail_mark(r, ERR_INPUT, "a key must be a word, not a list, a map or an alias");
    int rc = read_scalar(r, true, key);
    if (rc)
        return rc;
    if ((*key)->len == 0)
        return fail_mark(r, ERR_INPUT, "a key is missing before ':'");
    for (size_t i = 0; i < map->n; i++)
        if (strcmp(map->key[i]->text, (*key)->text) == 0)
            return fail_at(r, ERR_INPUT, (*key)->line, (*key)->column, "'%.100s' is there twice, first on line %ld",
                           (*key)->text, map->key[i]->line);
    return map->n >= YAML_MAX_PAIRS ? fail_mark(r, ERR_LIMIT, "more keys than one map may hold") : 0;
}

static int read_map(struct reader *r, int depth, struct yaml_node **out)
{
    struct yaml_node *map, *key, *value;
    int rc = check_properties(r, r->event.data.mapping_start.anchor, r->event.data.mapping_start.tag);
    if (!rc)
        rc = new_node(r, YAML_MAP, &map);
    while (!rc && !(rc = next(r)) && r->event.type != YAML_MAPPING_END_EVENT) {
        rc = read_key(r, map, &key);
        if (!rc)
            rc = next(r);
        if (!rc)
            rc = read_node(r, depth + 1, &value);
        if (rc)
            break;
        append(r, &map->key, map->n, key);
        append(r, &map->item, map->n, value);
        map->n++;
    }
    if (!rc)
        *out = map;
    return rc;
}

/* Reads the node that starts at the current event; recursion is bounded by YAML_MAX_DEPTH. */
static int read_node(struct reader *r, int depth, struct yaml_node **out)
{
    if (depth > YAML_MAX_DEPTH)
        return fail_mark(r, ERR_LIMIT, "nested too deeply");
    switch (r->event.type) {
    case YAML_SCALAR_EVENT: return read_scalar(r, false, out);
    case YAML_SEQUENCE_START_EVENT: return read_list(r, depth, out);
    case YAML_MAPPING_START_EVENT: return read_map(r, depth, out);
    case YAML_ALIAS_EVENT:
        return fail_mark(r, ERR_INPUT, "aliases (*name) are not used in study files: write the value out");
    default: return fail_mark(r, ERR_INPUT, "a value is missing");
    }
}

static int read_stream(struct reader *r, struct yaml_node **out)
{
    int rc = next(r); /* stream start */
    if (!rc)
        rc = next(r);
    if (rc)
        return rc;
    if (r->event.type == YAML_STREAM_END_EVENT)
        return fail_at(r, ERR_INPUT, 1, 1, "the file is empty");
    rc = next(r); /* behind document start */
    if (!rc)
        rc = read_node(r, 0, out);
    if (!rc)
        rc = next(r); /* document end */
    if (!rc)
        rc = next(r);
    if (!rc && r->event.type != YAML_STREAM_END_EVENT)
        rc = fail_mark(r, ERR_INPUT, "a second document begins here: one file holds one study");
    return rc;
}

int yaml_parse(const char *name, const char *p, size_t n, struct arena *a, struct yaml_node **out, struct err *e)
{
    struct reader r = {.name = arena_dupz(a, name), .arena = a, .e = e};
    *out = NULL;
    if (n > YAML_MAX_BYTES)
        return fail_at(&r, ERR_LIMIT, 1, 1, "larger than %d bytes", YAML_MAX_BYTES);
    if (n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0) {
        p += 3;
        n -= 3;
    }
    r.bytes = p;
    r.n_bytes = n;
    if (!yaml_parser_initialize(&r.parser))
        BUG("out of memory");
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)p, n);
    int rc = read_stream(&r, out);
    if (r.has_event)
        yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    if (rc)
        *out = NULL;
    return rc;
}

int yaml_read(const char *path, struct arena *a, struct yaml_node **out, struct err *e)
{
    struct str bytes = STR_INIT;
    *out = NULL;
    int rc = file_read(path, YAML_MAX_BYTES, &bytes, e);
    if (!rc)
        rc = yaml_parse(path, str_z(&bytes), bytes.len, a, out, e);
    str_release(&bytes);
    return rc;
}
