/* facts_md.c: headings and pipe tables of a Markdown file (the table extension of GitHub Flavored Markdown, section 4.10:
 * a header row, a row of dashes, then rows). Tables inside code blocks are text. See facts.h. */
#include <ctype.h>
#include <string.h>

#include "agent/facts.h"

enum { MAX_CELLS = 64 };

struct lines {
    const char *p;
    size_t n, at;
    long line; /* of the last line returned */
    bool in_code;
};

/* The next line without its end; false at the end. Code fences switch in_code. */
static bool next_line(struct lines *l, struct span *out)
{
    if (l->at >= l->n)
        return false;
    const char *start = l->p + l->at, *end = memchr(start, '\n', l->n - l->at);
    size_t len = end ? (size_t)(end - start) : l->n - l->at;
    l->at += len + 1;
    l->line++;
    while (len && isspace((unsigned char)start[len - 1]))
        len--;
    *out = (struct span){start, len};
    if (span_starts(*out, "```") || span_starts(*out, "~~~"))
        l->in_code = !l->in_code;
    return true;
}

static bool is_row(struct span line)
{
    return line.len > 1 && memchr(line.at, '|', line.len);
}

static bool is_dashes(struct span line)
{
    for (size_t i = 0; i < line.len; i++)
        if (!strchr("|-: ", line.at[i]))
            return false;
    return line.len >= 3 && memchr(line.at, '-', line.len) && is_row(line);
}

/* Cells between pipes; the outer pipes are optional, "\|" is a character of a cell. */
static size_t cut_cells(struct span line, struct span cells[MAX_CELLS])
{
    size_t n = 0, i = 0, start;
    while (i < line.len && isspace((unsigned char)line.at[i]))
        i++;
    if (i < line.len && line.at[i] == '|')
        i++;
    for (start = i; i < line.len && n < MAX_CELLS; i++) {
        if (line.at[i] != '|' || line.at[i - 1] == '\\')
            continue;
        cells[n++] = (struct span){line.at + start, i - start};
        start = i + 1;
    }
    if (start < line.len && n < MAX_CELLS)
        cells[n++] = (struct span){line.at + start, line.len - start};
    return n;
}

static struct span heading_text(struct span line)
{
    size_t i = 0;
    while (i < line.len && line.at[i] == '#')
        i++;
    if (i == 0 || i > 6 || i >= line.len || line.at[i] != ' ')
        return SPAN_NONE;
    return (struct span){line.at + i + 1, line.len - i - 1};
}

/* The rows of a table whose header was just read; stops at the first line that is no row. */
static int table(struct harvest *h, const char *file, struct lines *l, struct span header)
{
    struct span cells[MAX_CELLS], line;
    size_t n = cut_cells(header, cells);
    const char *place = arena_printf(&h->corpus->arena, "%s:%ld", file, l->line);
    struct table *t = table_new(cells, n, true);
    next_line(l, &line); /* the dashes */
    for (struct lines before = *l; next_line(l, &line); before = *l) {
        if (!is_row(line)) {
            *l = before;
            break;
        }
        n = cut_cells(line, cells);
        table_row(t, cells, n, l->line);
    }
    int rc = table_harvest(t, h, file, place);
    table_free(t);
    return rc;
}

int harvest_md(struct harvest *h, const char *file, const char *p, size_t n, const char **title)
{
    struct lines l = {.p = p, .n = n};
    struct span line, below;
    int rc = 0;
    if (memchr(p, 0, n))
        return err_set(h->e, ERR_INPUT, "%s holds a NUL byte: this is not a text file", file);
    if (n >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
        l.at = 3;
    while (!rc && next_line(&l, &line)) {
        if (l.in_code)
            continue;
        struct span heading = heading_text(line);
        if (heading.len && !*title)
            *title = arena_dup(&h->corpus->arena, heading.at, heading.len);
        struct lines ahead = l;
        if (is_row(line) && next_line(&ahead, &below) && is_dashes(below))
            rc = table(h, file, &l, line);
    }
    return rc;
}
