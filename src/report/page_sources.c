/* page_sources.c: what was imported, and what of it was not understood. */
#include <string.h>

#include "report/page.h"

struct total {
    const char *format;
    int64_t files, rows;
};

/* In the order in which the formats were met. */
static size_t total_by_format(struct page *p, const struct report_view *v, struct total **out)
{
    struct total *t = arena_alloc(&p->arena, (v->n_sources + 1) * sizeof *t);
    size_t n = 0;
    for (size_t i = 0; i < v->n_sources; i++) {
        const char *format = v->sources[i].format ? v->sources[i].format : "(none)";
        size_t k = 0;
        while (k < n && strcmp(t[k].format, format) != 0)
            k++;
        n += k == n;
        t[k].format = format;
        t[k].files++;
        t[k].rows += v->sources[i].rows;
    }
    *out = t;
    return n;
}

static void problems(struct page *p, const struct report_view *v)
{
    struct table t;
    size_t n = 0;
    table_init(&t, &p->arena);
    table_column(&t, "not understood, or not all of it", TABLE_LEFT);
    table_column(&t, "refused", TABLE_RIGHT);
    table_column(&t, "why", TABLE_LEFT);
    for (size_t i = 0; i < v->n_sources; i++) {
        const struct store_source *f = &v->sources[i];
        if (!f->problem || !page_row_fits(p, n++))
            continue;
        table_cell(&t, f->path);
        table_cellf(&t, "%lld", (long long)f->refused);
        table_cell(&t, f->problem);
    }
    if (n)
        p->ops->table(p, &t);
    page_rest(p, n, "files");
}

void section_sources(struct page *p, const struct report_view *v)
{
    struct table t;
    struct total *totals;
    if (!v->n_sources)
        return;
    size_t n = total_by_format(p, v, &totals);
    p->ops->heading(p, "Imported files");
    table_init(&t, &p->arena);
    table_column(&t, "format", TABLE_LEFT);
    table_column(&t, "files", TABLE_RIGHT);
    table_column(&t, "rows", TABLE_RIGHT);
    for (size_t i = 0; i < n; i++) {
        table_cell(&t, totals[i].format);
        table_cellf(&t, "%lld", (long long)totals[i].files);
        table_cellf(&t, "%lld", (long long)totals[i].rows);
    }
    p->ops->table(p, &t);
    problems(p, v);
}
