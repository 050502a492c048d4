/* table.c: see table.h. */
#include "format/table.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/utf8.h"
#include "format/escape.h"
#include "format/width.h"

enum { GAP = 2, NARROWEST = 6 };

void table_init(struct table *t, struct arena *a)
{
    *t = (struct table){.arena = a};
}

void table_column(struct table *t, const char *head, enum table_align align)
{
    if (t->n_columns == TABLE_COLUMNS_MAX)
        BUG("table: too many columns");
    t->head[t->n_columns] = arena_dupz(t->arena, head);
    t->align[t->n_columns++] = align;
}

static void add(struct table *t, const char *text)
{
    if (t->n_cells == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 64;
        t->cells = arena_grow(t->arena, t->cells, t->cap * sizeof *t->cells, cap * sizeof *t->cells);
        t->faint = arena_grow(t->arena, t->faint, t->cap * sizeof *t->faint, cap * sizeof *t->faint);
        t->notes = arena_grow(t->arena, t->notes, t->cap * sizeof *t->notes, cap * sizeof *t->notes);
        memset(t->faint + t->cap, 0, (cap - t->cap) * sizeof *t->faint);
        t->cap = cap;
    }
    t->notes[t->n_cells] = NULL;
    t->cells[t->n_cells++] = text;
}

void table_cell(struct table *t, const char *text)
{
    add(t, arena_dupz(t->arena, text ? text : ""));
}

void table_cellf(struct table *t, const char *fmt, ...)
{
    struct str s = STR_INIT;
    va_list ap;
    va_start(ap, fmt);
    str_addv(&s, fmt, ap);
    va_end(ap);
    table_cell(t, str_z(&s));
    str_release(&s);
}

void table_faint(struct table *t)
{
    if (t->n_cells)
        t->faint[(t->n_cells - 1) / t->n_columns] = true;
}

void table_note(struct table *t, const char *text)
{
    if (t->n_cells)
        t->notes[t->n_cells - 1] = arena_dupz(t->arena, text);
}

size_t table_rows(const struct table *t)
{
    return t->n_columns ? t->n_cells / t->n_columns : 0;
}

/* ---- lines ----------------------------------------------------------------------------------------------- */

/* "solo-alpha" may be broken behind its hyphen, "-1" not. */
static bool hyphen_between(struct span text, size_t at)
{
    return text.at[at] == '-' && at && at + 1 < text.len && isalpha((unsigned char)text.at[at - 1]) &&
           isalnum((unsigned char)text.at[at + 1]);
}

/* Cuts the next line of at most `columns` off *rest: at the last space that fits, else behind the last hyphen, else in the
 * middle of a word, never in the middle of a character. */
static struct span next_line(struct span *rest, size_t columns)
{
    size_t at = 0, used = 0, space = 0, hyphen = 0, resume = 0;
    while (at < rest->len) {
        uint32_t v = '?';
        size_t len = utf8_next(rest->at + at, rest->len - at, &v);
        size_t width = (size_t)width_of(v);
        len = len ? len : 1;
        if (used + width > columns && at)
            break;
        if (v == ' ') {
            space = at;
            resume = at + 1;
        }
        if (hyphen_between(*rest, at))
            hyphen = at + 1;
        used += width;
        at += len;
    }
    struct span line = {rest->at, at};
    if (at < rest->len && rest->at[at] == ' ')
        resume = at + 1;
    else if (at < rest->len && space)
        line.len = space;
    else
        resume = line.len = at < rest->len && hyphen ? hyphen : at;
    rest->at += resume;
    rest->len -= resume;
    return line;
}

static void spaces(struct str *out, size_t n)
{
    while (n--)
        str_addc(out, ' ');
}

void text_wrap(struct span text, size_t columns, size_t indent, struct str *out)
{
    size_t room = columns > indent + NARROWEST ? columns - indent : NARROWEST;
    while (text.len) {
        struct span line = next_line(&text, room);
        spaces(out, indent);
        str_add(out, line.at, line.len);
        str_addc(out, '\n');
    }
}

/* ---- terminal -------------------------------------------------------------------------------------------- */

/* A table whose cells are escaped and measured. Row 0 is the heads. */
struct layout {
    const struct table *t;
    struct span *cells;
    size_t rows, width[TABLE_COLUMNS_MAX], head[TABLE_COLUMNS_MAX], word[TABLE_COLUMNS_MAX];
};

static struct span escaped(const char *text, bool ascii)
{
    struct str s = STR_INIT;
    escape_terminal(span_z(text), ascii, &s);
    size_t len;
    char *at = str_detach(&s, &len);
    return (struct span){at, at ? len : 0};
}

static size_t longest_word(struct span s)
{
    size_t longest = 0;
    for (size_t from = 0, i = 0; i <= s.len; i++)
        if (i == s.len || s.at[i] == ' ') {
            size_t width = width_columns(s.at + from, i - from);
            longest = width > longest ? width : longest;
            from = i + 1;
        }
    return longest;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static void measure(struct layout *l, bool ascii)
{
    size_t n = l->t->n_columns;
    l->rows = table_rows(l->t) + 1;
    l->cells = xcalloc(l->rows * n, sizeof *l->cells);
    for (size_t i = 0; i < l->rows * n; i++) {
        l->cells[i] = escaped(i < n ? l->t->head[i] : l->t->cells[i - n], ascii);
        size_t width = width_columns(l->cells[i].at, l->cells[i].len);
        l->width[i % n] = larger(l->width[i % n], width);
        l->word[i % n] = larger(l->word[i % n], longest_word(l->cells[i]));
        if (i < n)
            l->head[i] = width;
    }
}

/* What gives way, in this order: text at spaces; numbers and heads at spaces; text within words; numbers so. */
enum { TEXT_AT_SPACES, ALL_AT_SPACES, TEXT_IN_WORDS, ALL_IN_WORDS, STEPS };

/* The widest column that may be narrowed at this step; n_columns: none. */
static size_t widest(const struct layout *l, int step)
{
    size_t n = l->t->n_columns, found = n;
    for (size_t i = 0; i < n; i++) {
        size_t least = step == TEXT_AT_SPACES ? larger(l->head[i], l->word[i]) : step == ALL_AT_SPACES ? l->word[i] : 0;
        bool may = step == ALL_AT_SPACES || step == ALL_IN_WORDS || l->t->align[i] == TABLE_LEFT;
        if (may && l->width[i] > larger(least, NARROWEST) && (found == n || l->width[i] > l->width[found]))
            found = i;
    }
    return found;
}

/* Takes columns away, one at a time, until the table fits or nothing can be taken. */
static void fit(struct layout *l, size_t room)
{
    size_t n = l->t->n_columns, total = GAP * (n - 1);
    for (size_t i = 0; i < n; i++)
        total += l->width[i];
    for (int step = 0; step < STEPS && total > room;) {
        size_t i = widest(l, step);
        if (i == n) {
            step++;
            continue;
        }
        l->width[i]--;
        total--;
    }
}

static void add_line(const struct layout *l, struct span *rest, size_t indent, struct str *out)
{
    size_t pending = indent;
    for (size_t i = 0; i < l->t->n_columns; i++) {
        struct span line = next_line(&rest[i], l->width[i]);
        size_t left = l->width[i] - width_columns(line.at, line.len);
        if (l->t->align[i] == TABLE_RIGHT) {
            pending += left;
            left = 0;
        }
        if (line.len) {
            spaces(out, pending); /* no spaces at a line's end */
            pending = 0;
        }
        str_add(out, line.at, line.len);
        pending += (line.len ? 0 : width_columns(line.at, line.len)) + left + GAP;
    }
    str_addc(out, '\n');
}

static void add_row(const struct layout *l, size_t row, size_t indent, struct str *out)
{
    struct span rest[TABLE_COLUMNS_MAX];
    size_t n = l->t->n_columns;
    bool more = true;
    memcpy(rest, l->cells + row * n, n * sizeof *rest);
    while (more) {
        add_line(l, rest, indent, out);
        more = false;
        for (size_t i = 0; i < n; i++)
            more = more || rest[i].len;
    }
}

static void add_rule(const struct layout *l, const struct table_style *style, struct str *out)
{
    spaces(out, style->indent);
    for (size_t i = 0; i < l->t->n_columns; i++) {
        for (size_t k = 0; k < l->width[i]; k++)
            str_addz(out, style->ascii ? "-" : "\u2500");
        if (i + 1 < l->t->n_columns)
            spaces(out, GAP);
    }
    str_addc(out, '\n');
}

void table_terminal(const struct table *t, const struct table_style *style, struct str *out)
{
    struct layout l = {.t = t};
    size_t columns = style->columns ? style->columns : 100;
    if (!t->n_columns)
        return;
    measure(&l, style->ascii);
    fit(&l, columns > style->indent ? columns - style->indent : columns);
    for (size_t row = 0; row < l.rows; row++) {
        bool faint = row && t->faint[row - 1];
        const char *on = row == 0 ? style->head_on : faint ? style->faint_on : NULL;
        const char *off = row == 0 ? style->head_off : faint ? style->faint_off : NULL;
        str_addz(out, on ? on : "");
        add_row(&l, row, style->indent, out);
        str_addz(out, off ? off : "");
        if (row == 0)
            add_rule(&l, style, out);
    }
    for (size_t i = 0; i < l.rows * t->n_columns; i++)
        free((char *)l.cells[i].at);
    free(l.cells);
}

/* ---- Markdown -------------------------------------------------------------------------------------------- */

void table_md(const struct table *t, struct str *out)
{
    for (size_t row = 0; t->n_columns && row <= table_rows(t); row++) {
        for (size_t i = 0; i < t->n_columns; i++) {
            str_addz(out, i ? " " : "| ");
            escape_md(span_z(row ? t->cells[(row - 1) * t->n_columns + i] : t->head[i]), out);
            str_addz(out, " |");
        }
        str_addc(out, '\n');
        for (size_t i = 0; !row && i < t->n_columns; i++)
            str_addz(out, i                            ? t->align[i] == TABLE_RIGHT ? "---:|" : "---|"
                          : t->align[i] == TABLE_RIGHT ? "|---:|"
                                                       : "|---|");
        if (!row)
            str_addc(out, '\n');
    }
}
