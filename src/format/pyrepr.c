/* pyrepr.c: see pyrepr.h. */
#include "format/pyrepr.h"

#include <string.h>

#include "format/json.h"

struct repr {
    const char *p, *end, *start;
    struct json_writer w;
    struct str text; /* owned: the string that was read last */
    int depth;
    struct err *e;
};

static int value(struct repr *r);

static int fail(struct repr *r, const char *what)
{
    return err_set(r->e, ERR_INPUT, "not what Python prints of a dict: %s at byte %zu", what,
                   (size_t)(r->p - r->start));
}

static void skip_blanks(struct repr *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\n' || *r->p == '\r' || *r->p == '\t'))
        r->p++;
}

static bool next_is(struct repr *r, char c)
{
    skip_blanks(r);
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static void add_code_point(struct str *out, unsigned c)
{
    if (c < 0x80) {
        str_addc(out, (char)c);
    } else if (c < 0x800) {
        str_addc(out, (char)(0xC0 | c >> 6));
        str_addc(out, (char)(0x80 | (c & 0x3F)));
    } else {
        str_addc(out, (char)(0xE0 | c >> 12));
        str_addc(out, (char)(0x80 | (c >> 6 & 0x3F)));
        str_addc(out, (char)(0x80 | (c & 0x3F)));
    }
}

/* Behind a backslash. */
static int escape(struct repr *r)
{
    static const char from[] = "\\'\"nrtabfv", to[] = "\\'\"\n\r\t\a\b\f\v";
    char c = r->p < r->end ? *r->p++ : 0;
    const char *at = c ? strchr(from, c) : NULL;
    unsigned code = 0;
    if (at) {
        str_addc(&r->text, to[at - from]);
        return 0;
    }
    int digits = c == 'x' ? 2 : c == 'u' ? 4 : 0;
    if (!digits || r->end - r->p < digits)
        return fail(r, "an unknown escape");
    for (; digits; digits--) {
        int d = hex_digit(*r->p++);
        if (d < 0)
            return fail(r, "an unknown escape");
        code = code * 16 + (unsigned)d;
    }
    add_code_point(&r->text, code);
    return 0;
}

/* Into r->text; the quote is the next byte. */
static int string(struct repr *r)
{
    char quote = *r->p++;
    int rc = 0;
    str_clear(&r->text);
    while (!rc && r->p < r->end && *r->p != quote) {
        char c = *r->p++;
        if (c == '\\')
            rc = escape(r);
        else
            str_addc(&r->text, c);
    }
    if (rc)
        return rc;
    if (r->p == r->end)
        return fail(r, "a string that never ends");
    r->p++;
    return 0;
}

static int dict(struct repr *r)
{
    json_object(&r->w);
    while (!next_is(r, '}')) {
        skip_blanks(r);
        if (r->p == r->end || (*r->p != '\'' && *r->p != '"'))
            return fail(r, "a key that is no string");
        int rc = string(r);
        if (rc)
            return rc;
        json_key(&r->w, str_z(&r->text));
        if (!next_is(r, ':'))
            return fail(r, "no ':' behind a key");
        if ((rc = value(r)) != 0)
            return rc;
        if (!next_is(r, ',')) {
            if (next_is(r, '}'))
                break;
            return fail(r, "neither ',' nor '}'");
        }
    }
    json_object_end(&r->w);
    return 0;
}

static int list(struct repr *r, char close)
{
    json_array(&r->w);
    while (!next_is(r, close)) {
        int rc = value(r);
        if (rc)
            return rc;
        if (!next_is(r, ',')) {
            if (next_is(r, close))
                break;
            return fail(r, "a list that never ends");
        }
    }
    json_array_end(&r->w);
    return 0;
}

/* True, False, None, or a number that is one in JSON, too; nan and inf are not. */
static int word(struct repr *r)
{
    const char *start = r->p;
    while (r->p < r->end && *r->p && !strchr(",:]}) \t\r\n", *r->p))
        r->p++;
    struct span s = {start, (size_t)(r->p - start)};
    if (span_eq_z(s, "None"))
        json_null(&r->w);
    else if (span_eq_z(s, "True") || span_eq_z(s, "False"))
        json_bool(&r->w, *s.at == 'T');
    else if (json_is_number(s))
        json_raw(&r->w, s.at, s.len);
    else
        return fail(r, "an unknown word");
    return 0;
}

static int value(struct repr *r)
{
    int rc;
    skip_blanks(r);
    char c = r->p < r->end ? *r->p : 0;
    if (c == '\'' || c == '"') {
        rc = string(r);
        if (!rc)
            json_text(&r->w, str_z(&r->text), r->text.len);
        return rc;
    }
    if (c != '{' && c != '[' && c != '(')
        return word(r);
    if (++r->depth > PYREPR_MAX_DEPTH)
        return fail(r, "nested too deep");
    r->p++;
    rc = c == '{' ? dict(r) : list(r, c == '[' ? ']' : ')');
    r->depth--;
    return rc;
}

int pyrepr_to_json(struct span text, struct str *out, struct err *e)
{
    struct repr r = {.p = text.at, .start = text.at, .end = text.at + text.len, .e = e};
    struct str json = STR_INIT;
    json_init(&r.w, &json);
    int rc = text.len ? value(&r) : fail(&r, "nothing");
    skip_blanks(&r);
    if (!rc && r.p != r.end)
        rc = fail(&r, "something behind the value");
    if (!rc)
        str_add(out, json.at, json.len);
    str_release(&json);
    str_release(&r.text);
    return rc;
}
