/* source.c: the files of an import and their records. See store.h. */
#include <string.h>

#include "store/db.h"
#include "store/schema.h"
#include "store/store.h"

/* An import is made anew when it breaks, so its rows share transactions with the runs around them (store_batching). */
static int insert(struct store *s, sqlite3_stmt *st, int64_t *id, struct err *e)
{
    int rc = db_run(s, st, "store an imported file", e);
    if (rc)
        db_rollback(s);
    else if (!s->batching)
        rc = db_commit(s, e);
    if (!rc)
        *id = sqlite3_last_insert_rowid(s->db);
    return rc;
}

int store_import_file(struct store *s, struct store_source *f, struct err *e)
{
    int rc = db_begin(s, e);
    sqlite3_stmt *st = rc ? NULL : db_prepare(s, DB_INSERT_SOURCE, e);
    if (!st)
        return rc ? rc : s->unprepared;
    bind_bytes(st, SOURCE_COL_path, f->path, strlen(f->path));
    bind_z(st, SOURCE_COL_sha256, f->sha256);
    bind_count(st, SOURCE_COL_bytes, f->bytes);
    bind_z(st, SOURCE_COL_format, f->format);
    bind_int(st, SOURCE_COL_rows, f->rows);
    bind_int(st, SOURCE_COL_refused, f->refused);
    bind_bytes(st, SOURCE_COL_problem, f->problem, f->problem ? strlen(f->problem) : 0);
    bind_z(st, SOURCE_COL_head_json, f->head_json);
    return insert(s, st, &f->id, e);
}

int store_import_row(struct store *s, struct store_source_row *r, struct err *e)
{
    int rc = db_begin(s, e);
    sqlite3_stmt *st = rc ? NULL : db_prepare(s, DB_INSERT_SOURCE_ROW, e);
    if (!st)
        return rc ? rc : s->unprepared;
    bind_int(st, SOURCE_ROW_COL_source, r->source);
    bind_int(st, SOURCE_ROW_COL_line, r->line);
    bind_bytes(st, SOURCE_ROW_COL_origin, r->origin, r->origin ? strlen(r->origin) : 0);
    bind_count(st, SOURCE_ROW_COL_run_id, r->runs ? r->run_id : -1);
    bind_int(st, SOURCE_ROW_COL_runs, r->runs);
    bind_z(st, SOURCE_ROW_COL_json, r->json);
    return insert(s, st, &r->id, e);
}

static struct store_source read_source(sqlite3_stmt *st, struct arena *a)
{
    return (struct store_source){
        .id = sqlite3_column_int64(st, SOURCE_COL_id),
        .path = column_z(st, SOURCE_COL_path, a),
        .sha256 = column_z(st, SOURCE_COL_sha256, a),
        .bytes = column_count(st, SOURCE_COL_bytes),
        .format = column_z(st, SOURCE_COL_format, a),
        .rows = sqlite3_column_int64(st, SOURCE_COL_rows),
        .refused = sqlite3_column_int64(st, SOURCE_COL_refused),
        .problem = column_z(st, SOURCE_COL_problem, a),
        .head_json = column_z(st, SOURCE_COL_head_json, a),
    };
}

int store_each_source(struct store *s, int (*fn)(void *user, const struct store_source *f), void *user, struct err *e)
{
    if (s->version < SCHEMA_SOURCES)
        return 0;
    sqlite3_stmt *st = db_prepare(s, DB_SELECT_SOURCES, e);
    int rc;
    while ((rc = db_step(s, st, "read imported files", e)) > 0) {
        struct arena a = {0};
        struct store_source f = read_source(st, &a);
        rc = fn(user, &f);
        arena_release(&a);
        if (rc)
            break;
    }
    sqlite3_reset(st);
    return rc;
}

struct rows_of {
    struct store *store;
    const char *format;
    int (*fn)(void *, const struct store_source *, const struct store_source_row *);
    void *user;
    struct err *e;
};

static int rows_of_source(void *user, const struct store_source *f)
{
    struct rows_of *x = user;
    if (!f->format || (x->format && strcmp(f->format, x->format) != 0))
        return 0;
    sqlite3_stmt *st = db_prepare(x->store, DB_SELECT_SOURCE_ROWS, x->e);
    if (st)
        bind_int(st, 1, f->id);
    int rc;
    while ((rc = db_step(x->store, st, "read imported rows", x->e)) > 0) {
        struct arena a = {0};
        const char *json = (const char *)sqlite3_column_text(st, SOURCE_ROW_COL_json);
        int64_t run_id = column_count(st, SOURCE_ROW_COL_run_id);
        struct store_source_row r = {
            .id = sqlite3_column_int64(st, SOURCE_ROW_COL_id),
            .source = f->id,
            .line = sqlite3_column_int64(st, SOURCE_ROW_COL_line),
            .origin = column_z(st, SOURCE_ROW_COL_origin, &a),
            .run_id = run_id < 0 ? 0 : run_id,
            .runs = sqlite3_column_int64(st, SOURCE_ROW_COL_runs),
            .json = json ? json : "",
        };
        rc = x->fn(x->user, f, &r);
        arena_release(&a);
        if (rc)
            break;
    }
    sqlite3_reset(st);
    return rc;
}

int store_each_row(struct store *s, const char *format,
                   int (*fn)(void *user, const struct store_source *f, const struct store_source_row *r), void *user,
                   struct err *e)
{
    struct rows_of x = {s, format, fn, user, e};
    bool began;
    int rc = db_read_begin(s, &began, e);
    rc = rc ? rc : store_each_source(s, rows_of_source, &x, e);
    db_read_end(s, began);
    return rc;
}
