/* json.c: see json.h. The writer keeps a comma flag per depth (idea: git's json-writer); misuse is a bug. */
#include "format/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

void json_init(struct json_writer *w, struct str *out)
{
    memset(w, 0, sizeof *w);
    w->out = out;
}

static void separate(struct json_writer *w)
{
    if (w->comma[w->depth])
        str_addc(w->out, ',');
    w->comma[w->depth] = true;
}

static void before_value(struct json_writer *w)
{
    if (w->key_open) {
        w->key_open = false;
        return;
    }
    if (w->object[w->depth])
        BUG("json_writer: a value without its key");
    separate(w);
}

static void open_level(struct json_writer *w, char c)
{
    before_value(w);
    str_addc(w->out, c);
    if (++w->depth > JSON_MAX_DEPTH)
        BUG("json_writer: too deep");
    w->comma[w->depth] = false;
    w->object[w->depth] = c == '{';
}

static void close_level(struct json_writer *w, char c)
{
    if (w->depth == 0 || w->key_open || w->object[w->depth] != (c == '}'))
        BUG("json_writer: unbalanced");
    w->depth--;
    str_addc(w->out, c);
}

void json_object(struct json_writer *w)
{
    open_level(w, '{');
}

void json_object_end(struct json_writer *w)
{
    close_level(w, '}');
}

void json_array(struct json_writer *w)
{
    open_level(w, '[');
}

void json_array_end(struct json_writer *w)
{
    close_level(w, ']');
}

static void add_escaped(struct str *out, unsigned char c)
{
    switch (c) {
    case '"': str_addz(out, "\\\""); break;
    case '\\': str_addz(out, "\\\\"); break;
    case '\n': str_addz(out, "\\n"); break;
    case '\r': str_addz(out, "\\r"); break;
    case '\t': str_addz(out, "\\t"); break;
    default:
        if (c < 0x20 || c == 0x7F)
            str_addf(out, "\\u%04x", c);
        else
            str_addc(out, (char)c);
    }
}

/* Whether c stands for itself in a string. */
static bool plain(unsigned char c)
{
    return (c >= ' ') & (c < 0x7F) & (c != '"') & (c != '\\');
}

/* Prompts are long: whole blocks first, without an early way out, which the compiler turns into vector code. */
size_t json_plain(const char *p, size_t n)
{
    enum { BLOCK = 16 };
    size_t i = 0;
    for (; n - i >= BLOCK; i += BLOCK) {
        unsigned char other = 0;
        for (size_t k = 0; k < BLOCK; k++)
            other |= !plain((unsigned char)p[i + k]);
        if (other)
            break;
    }
    while (i < n && plain((unsigned char)p[i]))
        i++;
    return i;
}

static void add_string(struct str *out, const char *p, size_t n)
{
    str_reserve(out, n + 2); /* usually all there is to it */
    str_addc(out, '"');
    for (size_t i = 0; i < n;) {
        size_t run = json_plain(p + i, n - i);
        str_add(out, p + i, run);
        i += run;
        if (i == n)
            break;
        size_t len = utf8_next(p + i, n - i, NULL);
        if (len == 1)
            add_escaped(out, (unsigned char)p[i]);
        else if (len)
            str_add(out, p + i, len);
        else
            str_addz(out, "\xEF\xBF\xBD");
        i += len ? len : 1;
    }
    str_addc(out, '"');
}

void json_key(struct json_writer *w, const char *key)
{
    if (w->key_open || (w->depth > 0 && !w->object[w->depth]))
        BUG("json_writer: a key where none may stand");
    separate(w);
    add_string(w->out, key, strlen(key));
    str_addc(w->out, ':');
    w->key_open = true;
}

void json_null(struct json_writer *w)
{
    before_value(w);
    str_addz(w->out, "null");
}

void json_bool(struct json_writer *w, bool v)
{
    before_value(w);
    str_addz(w->out, v ? "true" : "false");
}

void json_int(struct json_writer *w, int64_t v)
{
    before_value(w);
    str_addi(w->out, v);
}

void json_double(struct json_writer *w, double v)
{
    char text[40];
    if (!isfinite(v)) {
        json_null(w);
        return;
    }
    before_value(w);
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, v);
        if (strtod(text, NULL) == v)
            break;
    }
    str_addz(w->out, text);
}

void json_text(struct json_writer *w, const char *p, size_t n)
{
    before_value(w);
    add_string(w->out, p, n);
}

void json_z(struct json_writer *w, const char *z)
{
    if (z)
        json_text(w, z, strlen(z));
    else
        json_null(w);
}

void json_raw(struct json_writer *w, const char *p, size_t n)
{
    before_value(w);
    str_add(w->out, p, n);
}

void json_kz(struct json_writer *w, const char *key, const char *z)
{
    json_key(w, key);
    json_z(w, z);
}

void json_kint(struct json_writer *w, const char *key, int64_t v)
{
    json_key(w, key);
    json_int(w, v);
}

void json_kdouble(struct json_writer *w, const char *key, double v)
{
    json_key(w, key);
    json_double(w, v);
}

void json_kbool(struct json_writer *w, const char *key, bool v)
{
    json_key(w, key);
    json_bool(w, v);
}

void json_knull(struct json_writer *w, const char *key)
{
    json_key(w, key);
    json_null(w);
}

static bool deeper_than(const char *p, size_t n, int max)
{
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < n; i++) {
        if (in_string) {
            if (p[i] == '\\')
                i++;
            else if (p[i] == '"')
                in_string = false;
        } else if (p[i] == '"') {
            in_string = true;
        } else if (p[i] == '{' || p[i] == '[') {
            if (++depth > max)
                return true;
        } else if (p[i] == '}' || p[i] == ']') {
            depth--;
        }
    }
    return false;
}

yyjson_doc *json_read(const char *p, size_t n, const yyjson_alc *alc, struct err *e)
{
    yyjson_read_err fault;
    if (deeper_than(p, n, JSON_MAX_DEPTH)) {
        err_set(e, ERR_LIMIT, "JSON nested deeper than %d levels", JSON_MAX_DEPTH);
        return NULL;
    }
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)p, n, 0, alc, &fault);
    if (doc)
        return doc;
    long line = 1, column = 1;
    for (size_t i = 0; i < fault.pos && i < n; i++) {
        column = p[i] == '\n' ? 1 : column + 1;
        line += p[i] == '\n';
    }
    err_at(e, ERR_INPUT, line, column, "not JSON at line %ld, column %ld: %s", line, column, fault.msg);
    return NULL;
}

yyjson_doc *json_read_z(const char *z)
{
    return z ? json_read(z, strlen(z), NULL, NULL) : NULL;
}

int64_t json_get_int(yyjson_val *obj, const char *key, int64_t dflt)
{
    yyjson_val *v = yyjson_obj_get(obj, key);
    if (yyjson_is_sint(v))
        return yyjson_get_sint(v);
    if (yyjson_is_uint(v))
        return yyjson_get_uint(v) <= INT64_MAX ? (int64_t)yyjson_get_uint(v) : dflt;
    if (yyjson_is_real(v) && fabs(yyjson_get_real(v)) < 9.2e18)
        return (int64_t)yyjson_get_real(v);
    return dflt;
}

double json_get_double(yyjson_val *obj, const char *key, double dflt)
{
    yyjson_val *v = yyjson_obj_get(obj, key);
    return yyjson_is_num(v) ? yyjson_get_num(v) : dflt;
}

struct span json_get_text(yyjson_val *obj, const char *key)
{
    yyjson_val *v = yyjson_obj_get(obj, key);
    if (!yyjson_is_str(v))
        return SPAN_NONE;
    return (struct span){yyjson_get_str(v), yyjson_get_len(v)};
}

bool json_get_bool(yyjson_val *obj, const char *key, bool dflt)
{
    yyjson_val *v = yyjson_obj_get(obj, key);
    return yyjson_is_bool(v) ? yyjson_get_bool(v) : dflt;
}

static size_t digits(struct span s, size_t at)
{
    size_t n = 0;
    while (at + n < s.len && s.at[at + n] >= '0' && s.at[at + n] <= '9')
        n++;
    return n;
}

bool json_is_number(struct span s)
{
    char text[64];
    size_t i = s.len && s.at[0] == '-', n = digits(s, i);
    if (!n || (n > 1 && s.at[i] == '0') || s.len >= sizeof text)
        return false;
    i += n;
    if (i < s.len && s.at[i] == '.') {
        if (!(n = digits(s, i + 1)))
            return false;
        i += n + 1;
    }
    if (i < s.len && (s.at[i] == 'e' || s.at[i] == 'E')) {
        i++;
        i += i < s.len && (s.at[i] == '+' || s.at[i] == '-');
        if (!(n = digits(s, i)))
            return false;
        i += n;
    }
    if (i != s.len)
        return false;
    memcpy(text, s.at, s.len);
    text[s.len] = 0;
    return isfinite(strtod(text, NULL));
}
