/* facts.c: facts, series, tables and CSV. JSON and Markdown have their own files. See facts.h. */
#include "agent/facts.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "format/csv.h"

/* ---- facts and series -------------------------------------------------------------------------------------------- */

int harvest_fact(struct harvest *h, const char *name, double value, const char *origin, bool is_count)
{
    struct corpus *c = h->corpus;
    if (c->n_facts == CORPUS_MAX_FACTS)
        return err_set(h->e, ERR_LIMIT, "%s holds more than %d numbers (reached in %s)", c->dir, CORPUS_MAX_FACTS,
                       origin);
    if (c->n_facts == h->cap_facts) {
        h->cap_facts = h->cap_facts ? 2 * h->cap_facts : 256;
        c->facts = arena_grow(&c->arena, c->facts, c->n_facts * sizeof *c->facts, h->cap_facts * sizeof *c->facts);
    }
    c->facts[c->n_facts++] = (struct fact){.name = arena_dupz(&c->arena, name),
                                           .value = value,
                                           .origin = arena_dupz(&c->arena, origin),
                                           .is_count = is_count};
    return 0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void add_series(struct harvest *h, const struct series *s)
{
    struct corpus *c = h->corpus;
    if (c->n_series == h->cap_series) {
        h->cap_series = h->cap_series ? 2 * h->cap_series : 64;
        c->series = arena_grow(&c->arena, c->series, c->n_series * sizeof *c->series,
                               h->cap_series * sizeof *c->series);
    }
    c->series[c->n_series++] = *s;
}

int harvest_series(struct harvest *h, const char *file, const char *name, const char *origin, double *values, size_t n)
{
    static const char *const word[] = {"mean", "median", "min", "max"};
    if (!n)
        return 0;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    qsort(values, n, sizeof *values, by_value);
    struct series s = {arena_dupz(&h->corpus->arena, file),
                       arena_dupz(&h->corpus->arena, name),
                       n,
                       sum / (double)n,
                       n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2,
                       values[0],
                       values[n - 1]};
    add_series(h, &s);
    if (n == 1)
        return harvest_fact(h, name, s.mean, origin, false);
    const double value[] = {s.mean, s.median, s.min, s.max};
    int rc = 0;
    for (int i = 0; !rc && i < 4; i++)
        rc = harvest_fact(h, arena_printf(&h->corpus->arena, "%s %s", name, word[i]), value[i], origin, false);
    return rc;
}

int harvest_counts(struct harvest *h)
{
    static const char *const name[CORPUS_TYPE_COUNT] = {"csv files", "json files", "markdown files"};
    const struct corpus *c = h->corpus;
    int rc = harvest_fact(h, "files", (double)c->n_files, "the corpus", true);
    for (int i = 0; !rc && i < CORPUS_TYPE_COUNT; i++)
        rc = harvest_fact(h, name[i], (double)c->count[i], "the corpus", true);
    for (int i = 0; !rc && i < CORPUS_TYPE_COUNT; i++)
        rc = harvest_fact(h, arena_printf(&h->corpus->arena, "%s, share in %%", name[i]),
                          100.0 * (double)c->count[i] / (double)c->n_files, "the corpus", false);
    if (!rc)
        rc = harvest_fact(h, "bytes", (double)c->bytes, "the corpus", false);
    for (size_t i = 0; !rc && i < c->n_files; i++)
        rc = harvest_fact(h, "bytes", (double)c->files[i].bytes, c->files[i].path, false);
    return rc;
}

/* ---- cells ------------------------------------------------------------------------------------------------------- */

/* Behind the number may stand "%" or, after a blank, a unit of at most 8 letters, digits and slashes. */
static bool is_unit(const char *p, size_t n)
{
    if (n == 0 || (n == 1 && *p == '%'))
        return true;
    while (n && *p == ' ') {
        p++;
        n--;
    }
    if (n == 0 || n > 8 || isdigit((unsigned char)*p))
        return n == 0;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)p[i]) && !strchr("/%\xC2\xB5", p[i]))
            return false;
    return true;
}

bool cell_number(struct span cell, bool units, double *v)
{
    char text[40], *end;
    cell = span_trim(cell);
    if (units && cell.len > 4 && memcmp(cell.at, "**", 2) == 0 && memcmp(cell.at + cell.len - 2, "**", 2) == 0)
        cell = span_trim((struct span){cell.at + 2, cell.len - 4});
    if (cell.len == 0 || cell.len >= sizeof text)
        return false;
    size_t start = cell.at[0] == '-' || cell.at[0] == '+';
    if (start == cell.len || (!isdigit((unsigned char)cell.at[start]) && cell.at[start] != '.'))
        return false; /* keeps strtod from inf, nan and hexadecimal words */
    memcpy(text, cell.at, cell.len);
    text[cell.len] = 0;
    if (text[start] == '0' && tolower((unsigned char)text[start + 1]) == 'x')
        return false;
    *v = strtod(text, &end);
    if (end == text || !isfinite(*v))
        return false;
    return units ? is_unit(end, strlen(end)) : *end == 0;
}

static bool is_missing(struct span cell)
{
    static const char *const words[] = {"", "-", "nan", "na", "n/a", "null", "none"};
    cell = span_trim(cell);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (cell.len == strlen(words[i]) && strncasecmp(cell.at, words[i], cell.len) == 0)
            return true;
    return false;
}

/* ---- tables ------------------------------------------------------------------------------------------------------ */

struct cell {
    double value; /* NaN: missing */
    long line;
    const char *row; /* the row's label */
};

struct column {
    const char *name;
    struct cell *cells; /* owned */
    size_t n, cap;
    bool text; /* a cell was neither number nor missing */
};

struct table {
    struct arena arena;
    struct column *columns;
    size_t n_columns, n_rows;
    bool units;
};

struct table *table_new(const struct span *header, size_t n, bool units)
{
    struct table *t = xcalloc(1, sizeof *t);
    t->n_columns = n;
    t->units = units;
    t->columns = arena_alloc(&t->arena, n * sizeof *t->columns);
    for (size_t i = 0; i < n; i++) {
        struct span name = span_trim(header[i]);
        t->columns[i].name = name.len ? arena_dup(&t->arena, name.at, name.len)
                                      : arena_printf(&t->arena, "column %zu", i + 1);
    }
    return t;
}

void table_free(struct table *t)
{
    for (size_t i = 0; i < t->n_columns; i++)
        free(t->columns[i].cells);
    arena_release(&t->arena);
    free(t);
}

static void add_cell(struct column *col, struct span cell, bool units, const char *row, long line)
{
    double v = NAN;
    if (!cell_number(cell, units, &v) && !is_missing(cell))
        col->text = true;
    if (col->n == col->cap) {
        col->cap = col->cap ? 2 * col->cap : 32;
        col->cells = xrealloc(col->cells, col->cap * sizeof *col->cells);
    }
    col->cells[col->n++] = (struct cell){v, line, row};
}

void table_row(struct table *t, const struct span *cells, size_t n, long line)
{
    struct span label = n ? span_trim(cells[0]) : SPAN_NONE;
    const char *row = arena_dup(&t->arena, label.at, label.len < 60 ? label.len : 60);
    for (size_t i = 0; i < t->n_columns; i++)
        add_cell(&t->columns[i], i < n ? cells[i] : SPAN_NONE, t->units, row, line);
    t->n_rows++;
}

static int harvest_column(const struct column *col, struct harvest *h, const char *file, const char *place)
{
    double *values = xcalloc(col->n, sizeof *values);
    size_t n = 0;
    for (size_t i = 0; i < col->n; i++)
        if (isfinite(col->cells[i].value))
            values[n++] = col->cells[i].value;
    int rc = harvest_series(h, file, col->name, place, values, n);
    free(values);
    for (size_t i = 0; !rc && n > 1 && i < col->n; i++) {
        const struct cell *c = &col->cells[i];
        if (!isfinite(c->value))
            continue;
        rc = harvest_fact(h, arena_printf(&h->corpus->arena, "%s, %s", col->name, c->row), c->value,
                          arena_printf(&h->corpus->arena, "%s:%ld", file, c->line), false);
    }
    return rc;
}

int table_harvest(const struct table *t, struct harvest *h, const char *file, const char *place)
{
    int rc = harvest_fact(h, "rows", (double)t->n_rows, place, false); // NOLINT: t is there
    if (!rc)
        rc = harvest_fact(h, "columns", (double)t->n_columns, place, false);
    for (size_t i = 0; !rc && i < t->n_columns; i++)
        if (!t->columns[i].text)
            rc = harvest_column(&t->columns[i], h, file, place);
    return rc;
}

/* ---- CSV --------------------------------------------------------------------------------------------------------- */

static int read_rows(struct csv *c, struct table **t, struct err *e)
{
    int more = csv_next(c, e);
    if (more == 0)
        return err_at(e, ERR_INPUT, 1, 1, "%s:1:1: the file has no header line", c->name);
    if (more > 0)
        *t = table_new(c->field, c->n_fields, false);
    while (more > 0 && (more = csv_next(c, e)) > 0) {
        if (c->n_fields != (*t)->n_columns)
            return csv_error(c, e, "%zu fields where the header has %zu", c->n_fields, (*t)->n_columns);
        table_row(*t, c->field, c->n_fields, c->record_line);
    }
    return more;
}

int harvest_csv(struct harvest *h, const char *file, const char *p, size_t n)
{
    struct csv *c = xmalloc(sizeof *c); /* too large for the stack */
    struct table *t = NULL;
    csv_init(c, file, p, n, ',');
    int rc = read_rows(c, &t, h->e);
    if (!rc)
        rc = table_harvest(t, h, file, file);
    if (t)
        table_free(t);
    csv_release(c);
    free(c);
    return rc;
}
