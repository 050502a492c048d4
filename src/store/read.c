/* read.c: the study, its facts and its progress, back out of a result file. Runs and their rows: read_run.c. */
#include <stdlib.h>
#include <string.h>

#include "store/db.h"
#include "store/schema.h"
#include "store/store.h"

static int read_plan(struct store *s, struct arena *a, struct store_study *study, struct err *e)
{
    sqlite3_stmt *st = db_prepare(s, DB_COUNT_PLAN, e);
    int rc = db_step(s, st, "read the plan", e);
    size_t cap = rc > 0 ? (size_t)sqlite3_column_int64(st, 0) : 0, n = 0;
    sqlite3_reset(st);
    if (rc < 0)
        return rc;
    struct plan_row *rows = arena_alloc(a, cap * sizeof *rows);
    st = db_prepare(s, DB_SELECT_PLAN, e);
    while ((rc = db_step(s, st, "read the plan", e)) > 0 && n < cap) {
        rows[n].position = (int32_t)sqlite3_column_int64(st, 0);
        rows[n].block = (int32_t)sqlite3_column_int64(st, 1);
        rows[n].arm = column_z(st, 2, a);
        n++;
    }
    sqlite3_reset(st);
    study->rows = rows;
    study->n_rows = n;
    return rc < 0 ? rc : 0;
}

static int read_study(struct store *s, struct arena *a, struct store_info *out, struct err *e)
{
    struct store_study *study = &out->study;
    const char **const texts[] = {
        &study->name, &study->question,        &study->source,         &study->plan_json, &study->plan_sha256,
        NULL,         &study->chimera_version, &study->chimera_commit, &study->command};
    sqlite3_stmt *st = db_prepare(s, DB_SELECT_STUDY, e);
    int rc = db_step(s, st, "read the study", e);
    if (rc > 0) {
        for (int i = 0; i < 9; i++)
            if (texts[i])
                *texts[i] = column_z(st, i, a);
        const char *seed = (const char *)sqlite3_column_text(st, 5);
        study->seed = strtoull(seed ? seed : "0", NULL, 10);
        out->created_wall_ns = sqlite3_column_int64(st, 9);
    }
    sqlite3_reset(st);
    return rc < 0 ? rc : rc > 0 ? 0 : err_set(e, ERR_INPUT, "%s is damaged: it holds no study", s->path);
}

static int read_progress(struct store *s, struct store_info *out, struct err *e)
{
    sqlite3_stmt *st = db_prepare(s, DB_COUNT_RUNS, e);
    int rc = db_step(s, st, "count runs", e);
    if (rc > 0) {
        out->n_complete = (size_t)sqlite3_column_int64(st, 1);
        out->n_aborted = (size_t)sqlite3_column_int64(st, 2);
    }
    sqlite3_reset(st);
    return rc < 0 ? rc : 0;
}

int store_info(struct store *s, struct arena *a, struct store_info *out, struct err *e)
{
    bool began;
    int32_t *missing;
    size_t n_missing = 0;
    *out = (struct store_info){0};
    int rc = db_read_begin(s, &began, e);
    rc = rc ? rc : read_study(s, a, out, e);
    rc = rc ? rc : read_plan(s, a, &out->study, e);
    rc = rc ? rc : read_progress(s, out, e);
    rc = rc ? rc : store_missing(s, a, &missing, &n_missing, e);
    rc = rc ? rc : db_integer(s, "PRAGMA user_version", &out->schema, e);
    db_read_end(s, began);
    out->complete = !rc && !n_missing;
    return rc;
}

int store_missing(struct store *s, struct arena *a, int32_t **positions, size_t *n, struct err *e)
{
    size_t cap = 0;
    *positions = NULL;
    *n = 0;
    sqlite3_stmt *st = db_prepare(s, DB_SELECT_MISSING, e);
    int rc;
    while ((rc = db_step(s, st, "read what is missing", e)) > 0) {
        if (*n == cap) {
            cap = cap ? 2 * cap : 64;
            *positions = arena_grow(a, *positions, *n * sizeof **positions, cap * sizeof **positions);
        }
        (*positions)[(*n)++] = (int32_t)sqlite3_column_int64(st, 0);
    }
    sqlite3_reset(st);
    return rc;
}

static int read_named(struct store *s, enum db_statement which, struct arena *a, struct named_json **out, size_t *n,
                      struct err *e)
{
    size_t cap = 0;
    *out = NULL;
    *n = 0;
    sqlite3_stmt *st = db_prepare(s, which, e);
    int rc;
    while ((rc = db_step(s, st, "read facts", e)) > 0) {
        if (*n == cap) {
            cap = cap ? 2 * cap : 8;
            *out = arena_grow(a, *out, *n * sizeof **out, cap * sizeof **out);
        }
        (*out)[(*n)++] = (struct named_json){column_z(st, 0, a), column_z(st, 1, a)};
    }
    sqlite3_reset(st);
    return rc;
}

int store_hosts(struct store *s, struct arena *a, struct named_json **out, size_t *n, struct err *e)
{
    return read_named(s, DB_SELECT_HOSTS, a, out, n, e);
}

int store_servers(struct store *s, struct arena *a, struct named_json **out, size_t *n, struct err *e)
{
    return read_named(s, DB_SELECT_SERVERS, a, out, n, e);
}

const char *store_get_note(struct store *s, struct arena *a, const char *key)
{
    sqlite3_stmt *st = db_prepare(s, DB_SELECT_NOTE, NULL);
    if (!st)
        return NULL;
    bind_z(st, 1, key);
    const char *json = db_step(s, st, "read a note", NULL) > 0 ? column_z(st, 0, a) : NULL;
    sqlite3_reset(st);
    return json;
}

int store_each_sample(struct store *s, int64_t run_id, int (*fn)(void *user, int64_t t_ns, const char *json),
                      void *user, struct err *e)
{
    sqlite3_stmt *st = db_prepare(s, DB_SELECT_SAMPLES, e);
    if (st)
        bind_int(st, 1, run_id);
    int rc;
    while ((rc = db_step(s, st, "read samples", e)) > 0) {
        const char *json = (const char *)sqlite3_column_text(st, 2);
        if ((rc = fn(user, sqlite3_column_int64(st, 1), json ? json : "")) != 0)
            break;
    }
    sqlite3_reset(st);
    return rc;
}

bool store_text_size(struct store *s, const char *sha256, struct store_size *out)
{
    sqlite3_stmt *st = db_prepare(s, DB_SELECT_CONTENT_SIZE, NULL);
    *out = (struct store_size){-1, -1, false};
    if (!st)
        return false;
    bind_z(st, 1, sha256);
    bool found = db_step(s, st, "read a text's size", NULL) > 0;
    if (found)
        *out = (struct store_size){column_count(st, 0), column_count(st, 1), sqlite3_column_int(st, 2) != 0};
    sqlite3_reset(st);
    return found;
}
