/* page_sources.c: what was imported, and what of it was not understood. */
#include <math.h>
#include <string.h>

#include "format/json.h"
#include "report/number.h"
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

static const char *text_of(struct page *p, yyjson_val *v, const char *key)
{
    struct span s = json_get_text(v, key);
    return s.at ? arena_dup(&p->arena, s.at, s.len) : "";
}

static const char *arm_of_run(const struct report_view *v, int64_t id)
{
    for (size_t i = 0; i < v->n_runs; i++)
        if (v->runs[i].id == id)
            return v->runs[i].arm;
    return "";
}

/* What the files say of their runs, by the definitions of their tool: a row for each number of each run. */
static void told(struct page *p, const struct report_view *v, yyjson_val *list)
{
    static const char *const heads[] = {"run", "arm", "as told", "unit", "n", "mean", "p50", "p90", "p99"};
    static const char *const keys[] = {"n", "mean", "p50", "p90", "p99"};
    struct table t;
    size_t i, n;
    yyjson_val *x;
    table_init(&t, &p->arena);
    for (size_t k = 0; k < sizeof heads / sizeof heads[0]; k++)
        table_column(&t, heads[k], k && k < 4 ? TABLE_LEFT : TABLE_RIGHT);
    yyjson_arr_foreach (list, i, n, x) {
        if (!page_row_fits(p, i))
            break;
        int64_t run = json_get_int(x, "run", -1);
        table_cellf(&t, "%lld", (long long)run);
        table_cell(&t, arm_of_run(v, run));
        table_cell(&t, text_of(p, x, "id"));
        table_cell(&t, text_of(p, x, "unit"));
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
            table_cell(&t, number_text(&p->arena, json_get_double(x, keys[k], NAN)));
    }
    if (!yyjson_arr_size(list))
        return;
    p->ops->text(
        p, "What the files themselves say of their runs, by their tool's definitions (chimera list peers): over its "
           "requests, not over runs.");
    p->ops->table(p, &t);
    page_rest(p, yyjson_arr_size(list), "numbers");
}

static void notes(struct page *p, const struct report_view *v)
{
    yyjson_doc *doc = json_read_z(v->import_json);
    yyjson_val *root = yyjson_doc_get_root(doc), *x;
    size_t i, n;
    yyjson_arr_foreach (yyjson_obj_get(root, "clocks"), i, n, x)
        page_itemf(p, "%s.", text_of(p, x, "clock"));
    yyjson_arr_foreach (yyjson_obj_get(root, "remarks"), i, n, x)
        page_itemf(p, "%s: %s.", text_of(p, x, "path"), text_of(p, x, "remark"));
    told(p, v, yyjson_obj_get(root, "told"));
    yyjson_doc_free(doc);
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
    notes(p, v);
}
