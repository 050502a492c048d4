/* chimera selftest vectors: the statistics against reference vectors. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/selftest.h"
#include "format/json.h"
#include "format/table.h"
#include "vectors/vectors.h"

static void print_names(const struct vectors_report *r)
{
    if (!r->n_unknown)
        return;
    struct str names = STR_INIT, lines = STR_INIT;
    for (size_t i = 0; i < r->n_unknown; i++)
        str_addf(&names, "%s%s (%zu)", i ? ", " : "not built in: ", r->unknown[i].fn, r->unknown[i].failed);
    text_wrap((struct span){names.at, names.len}, 100, 0, &lines);
    fputs(str_z(&lines), stdout);
    str_release(&names);
    str_release(&lines);
}

static void print_text(const struct vectors_report *r)
{
    struct arena arena = {0};
    struct table t;
    struct table_style style = {.ascii = true};
    struct str out = STR_INIT;
    table_init(&t, &arena);
    table_column(&t, "function", TABLE_LEFT);
    table_column(&t, "passed", TABLE_RIGHT);
    table_column(&t, "failed", TABLE_RIGHT);
    table_column(&t, "worst relative error", TABLE_RIGHT);
    for (size_t i = 0; i < r->n_built_in; i++) {
        table_cell(&t, r->built_in[i].fn);
        table_cellf(&t, "%zu", r->built_in[i].passed);
        table_cellf(&t, "%zu", r->built_in[i].failed);
        table_cellf(&t, "%.1e", r->built_in[i].worst);
    }
    table_terminal(&t, &style, &out);
    fputs(str_z(&out), stdout);
    print_names(r);
    for (const char *line = str_z(&r->faults); *line;) {
        size_t n = strcspn(line, "\n");
        printf("FAIL %.*s\n", (int)n, line);
        line += n + (line[n] == '\n');
    }
    printf("%zu passed, %zu failed, %zu of functions not built in\n", r->passed, r->failed, r->not_checked);
    str_release(&out);
    arena_release(&arena);
}

static void print_json(const struct vectors_report *r)
{
    struct str out = STR_INIT;
    struct json_writer w;
    json_init(&w, &out);
    json_object(&w);
    json_key(&w, "functions");
    json_array(&w);
    for (size_t i = 0; i < r->n_built_in; i++) {
        json_object(&w);
        json_kz(&w, "function", r->built_in[i].fn);
        json_kint(&w, "passed", (int64_t)r->built_in[i].passed);
        json_kint(&w, "failed", (int64_t)r->built_in[i].failed);
        json_kdouble(&w, "worst_relative_error", r->built_in[i].worst);
        json_object_end(&w);
    }
    json_array_end(&w);
    json_key(&w, "not_built_in");
    json_object(&w);
    for (size_t i = 0; i < r->n_unknown; i++)
        json_kint(&w, r->unknown[i].fn, (int64_t)r->unknown[i].failed);
    json_object_end(&w);
    if (r->faults.len)
        json_kz(&w, "faults", str_z(&r->faults));
    json_kint(&w, "passed", (int64_t)r->passed);
    json_kint(&w, "failed", (int64_t)r->failed);
    json_kint(&w, "not_checked", (int64_t)r->not_checked);
    json_object_end(&w);
    puts(str_z(&out));
    str_release(&out);
}

int selftest_vectors(const char *path, bool json, struct err *e)
{
    struct str text = STR_INIT;
    struct vectors_report r = {0};
    int rc = file_read(path, VECTORS_MAX_BYTES, &text, e);
    if (!rc) {
        rc = vectors_check(text.at, text.len, &r, e);
        if (rc)
            err_prefix(e, "%s", path);
    }
    if (!rc) {
        (json ? print_json : print_text)(&r);
        if (r.failed)
            rc = err_set(e, ERR_GATE, "%zu of %zu vectors do not hold", r.failed, r.passed + r.failed);
    }
    vectors_report_release(&r);
    str_release(&text);
    return rc;
}
