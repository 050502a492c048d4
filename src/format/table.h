/* A text table: cells are added row by row as they are; the renderers escape and align them, so the same
 * table can go to a terminal and into Markdown. Memory is the caller's arena. */
#ifndef FORMAT_TABLE_H
#define FORMAT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

enum { TABLE_COLUMNS_MAX = 32 };

enum table_align { TABLE_LEFT, TABLE_RIGHT };

struct table {
    struct arena *arena; /* borrowed */
    size_t n_columns;
    const char *head[TABLE_COLUMNS_MAX];
    enum table_align align[TABLE_COLUMNS_MAX];
    const char **cells; /* row after row */
    bool *faint;        /* by row */
    const char **notes; /* by cell; NULL: none */
    size_t n_cells, cap;
};

void table_init(struct table *t, struct arena *a);
void table_column(struct table *t, const char *head, enum table_align align);
/* The next cell, left to right, copied; NULL is an empty one. */
void table_cell(struct table *t, const char *text);
void table_cellf(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What the last cell is (definition, n, method), copied: for a page that can show it on demand. */
void table_note(struct table *t, const char *text);
/* The row of the last cell is not to be relied on: greyed where there is colour; its text must say so too. */
void table_faint(struct table *t);
size_t table_rows(const struct table *t); /* full rows; an unfinished one is not shown */

struct table_style {
    size_t columns; /* of the terminal; 0: 100 */
    size_t indent;
    bool ascii;
    const char *head_on, *head_off;   /* put around the line of heads; NULL: nothing */
    const char *faint_on, *faint_off; /* put around faint rows; NULL: nothing */
};

/* Aligned columns with two spaces between them and a line under the heads. A table that is too wide narrows
 * its widest columns, none below 6, and breaks their cells over several lines: text at spaces first, then
 * numbers and heads at spaces, and only then text and at last numbers within words. */
void table_terminal(const struct table *t, const struct table_style *style, struct str *out);
/* A GFM table. */
void table_md(const struct table *t, struct str *out);

/* Fills text (already escaped) into lines of at most `columns`, each with the indent; for paragraphs beside
 * tables. */
void text_wrap(struct span text, size_t columns, size_t indent, struct str *out);

#endif
