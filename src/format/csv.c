/* csv.c: see csv.h. All fields of a record are gathered in one string; only their ends are kept while it grows, because
 * it may move. Grammar: RFC 4180, section 2. */
#include "format/csv.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

void csv_init(struct csv *c, const char *name, const char *p, size_t n, char separator)
{
    memset(c, 0, sizeof *c);
    c->name = name;
    c->p = p;
    c->n = n;
    c->separator = separator;
    c->line = 1;
    if (n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
        c->at = c->line_start = 3;
}

void csv_release(struct csv *c)
{
    str_release(&c->text);
}

static int fail(struct csv *c, struct err *e, int code, const char *what)
{
    long column = (long)(c->at - c->line_start) + 1;
    return err_at(e, code, c->line, column, "%s:%ld:%ld: %s", c->name, c->line, column, what);
}

int csv_error(const struct csv *c, struct err *e, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_at(e, ERR_INPUT, c->record_line, 1, "%s:%ld:1: %s", c->name, c->record_line, text);
}

static bool at_line_end(const struct csv *c)
{
    return c->at >= c->n || c->p[c->at] == '\n' || (c->p[c->at] == '\r' && c->at + 1 < c->n && c->p[c->at + 1] == '\n');
}

static void skip_line_end(struct csv *c)
{
    if (c->at < c->n && c->p[c->at] == '\r')
        c->at++;
    if (c->at < c->n) {
        c->at++;
        c->line++;
        c->line_start = c->at;
    }
}

/* Takes one byte into the current field. */
static int take(struct csv *c, size_t field_start, struct err *e)
{
    char b = c->p[c->at];
    if (b == 0)
        return fail(c, e, ERR_INPUT, "a NUL byte: this is not a text file");
    if (c->text.len - field_start >= CSV_MAX_FIELD_BYTES)
        return fail(c, e, ERR_LIMIT, "the field is longer than 64 KiB");
    if (c->at - c->record_start >= CSV_MAX_RECORD_BYTES)
        return fail(c, e, ERR_LIMIT, "the record is longer than 1 MiB");
    str_addc(&c->text, b);
    c->at++;
    if (b == '\n') {
        c->line++;
        c->line_start = c->at;
    }
    return 0;
}

static int quoted(struct csv *c, struct err *e)
{
    size_t start = c->text.len;
    long line = c->line, column = (long)(c->at - c->line_start) + 1;
    c->at++;
    for (;;) {
        if (c->at >= c->n)
            return err_at(e, ERR_INPUT, line, column, "%s:%ld:%ld: the quote that opens here is never closed", c->name,
                          line, column);
        if (c->p[c->at] == '"') {
            c->at++;
            if (c->at >= c->n || c->p[c->at] != '"')
                break;
        }
        int rc = take(c, start, e);
        if (rc)
            return rc;
    }
    if (!at_line_end(c) && c->p[c->at] != c->separator)
        return fail(c, e, ERR_INPUT, "text behind a closing quote");
    return 0;
}

static int unquoted(struct csv *c, struct err *e)
{
    size_t start = c->text.len;
    int rc = 0;
    while (!rc && !at_line_end(c) && c->p[c->at] != c->separator) {
        if (c->p[c->at] == '"')
            return fail(c, e, ERR_INPUT, "a quote inside an unquoted field");
        if (c->p[c->at] == '\r')
            return fail(c, e, ERR_INPUT, "a carriage return without a line feed");
        rc = take(c, start, e);
    }
    return rc;
}

static void set_fields(struct csv *c)
{
    size_t start = 0;
    for (size_t i = 0; i < c->n_fields; i++) {
        c->field[i] = (struct span){str_z(&c->text) + start, c->ends[i] - start};
        start = c->ends[i];
    }
}

int csv_next(struct csv *c, struct err *e)
{
    c->n_fields = 0;
    str_clear(&c->text);
    while (c->at < c->n && at_line_end(c))
        skip_line_end(c);
    if (c->at >= c->n)
        return 0;
    c->record_line = c->line;
    c->record_start = c->at;
    for (;;) {
        if (c->n_fields == CSV_MAX_FIELDS)
            return fail(c, e, ERR_LIMIT, "more than 1024 fields");
        bool quote = c->at < c->n && c->p[c->at] == '"';
        int rc = quote ? quoted(c, e) : unquoted(c, e);
        if (rc)
            return rc;
        c->ends[c->n_fields++] = c->text.len;
        if (at_line_end(c))
            break;
        c->at++; /* the separator */
    }
    skip_line_end(c);
    set_fields(c);
    return 1;
}

/* ---- writing ------------------------------------------------------------------------------------------------ */

/* A spreadsheet must not take data from outside for a formula. */
static bool looks_like_formula(const char *p, size_t n)
{
    return n && (strchr("=+-@", p[0]) || (unsigned char)p[0] < 0x20);
}

void csv_add_text(struct str *line, const char *p, size_t n)
{
    str_addc(line, '"');
    if (looks_like_formula(p, n))
        str_addc(line, '\'');
    for (size_t i = 0; i < n;) {
        uint32_t code = 0;
        size_t len = utf8_next(p + i, n - i, &code);
        if (!len || !code)
            str_addz(line, "\xEF\xBF\xBD");
        else if (code == '"')
            str_addz(line, "\"\"");
        else
            str_add(line, p + i, len);
        i += len ? len : 1;
    }
    str_addc(line, '"');
}
