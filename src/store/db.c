/* db.c: see db.h. */
#include "store/db.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/blob.h"
#include "store/schema.h"

#define SELECT(key, columns) "SELECT " key columns(COLUMN_NAME)
#define INSERT(table, key, value, columns)                                                                             \
    "INSERT INTO " table "(" key columns(COLUMN_NAME) ") VALUES(" value columns(COLUMN_PARAMETER) ")"

static const char *const sql_of[DB_STATEMENT_COUNT] = {
    [DB_INSERT_HOST] = "INSERT INTO host(sha256, facts, seen_wall_ns) VALUES(?, ?, ?) ON CONFLICT(sha256) DO NOTHING",
    [DB_INSERT_SERVER] = "INSERT INTO server(name, sha256, facts, seen_wall_ns) VALUES(?, ?, ?, ?)"
                         " ON CONFLICT(name, sha256) DO NOTHING",
    [DB_INSERT_NOTE] = "INSERT INTO note(key, json) VALUES(?, ?) ON CONFLICT(key) DO UPDATE SET json = excluded.json",
    [DB_INSERT_RUN] = INSERT("run", "id", "NULL", RUN_COLUMNS),
    [DB_INSERT_REQUEST] = INSERT("request", "id", "NULL", REQUEST_COLUMNS),
    [DB_INSERT_CONTENT] = "INSERT INTO content(sha256, bytes, chars, body) VALUES(?, ?, ?, ?) ON CONFLICT(sha256)"
                          " DO UPDATE SET bytes = excluded.bytes, chars = excluded.chars,"
                          " body = coalesce(content.body, excluded.body)"
                          " WHERE (content.body IS NULL AND excluded.body IS NOT NULL)"
                          " OR (content.bytes IS NULL AND excluded.bytes IS NOT NULL)",
    [DB_INSERT_SAMPLE] = "INSERT INTO sample(run_id, t_ns, json) VALUES(?, ?, ?)",
    [DB_INSERT_SESSION] = INSERT("session", "id", "NULL", SESSION_COLUMNS),
    [DB_INSERT_HEALTH] = INSERT("health", "run_id", "?", HEALTH_COLUMNS),
    [DB_END_RUN] = "UPDATE run SET state = ?2, started_ns = ?3, ended_ns = ?4, verdict = ?5, verdict_why = ?6,"
                   " start_state = coalesce(?7, start_state), rows_sha256 = ?8 WHERE id = ?1",
    [DB_ABORT_RUNNING] = "UPDATE run SET state = 'aborted' WHERE state = 'running'",
    [DB_PLAN_ROW] = "SELECT block, arm FROM plan WHERE position = ?",
    [DB_ATTEMPTS] = "SELECT count(*), coalesce(max(attempt), -1), coalesce(sum(state = 'complete'), 0) FROM run"
                    " WHERE position = ?",
    [DB_SELECT_STUDY] = "SELECT name, question, source, plan_json, plan_sha256, seed, chimera_version, chimera_commit,"
                        " command, created_wall_ns FROM study",
    [DB_SELECT_PLAN] = "SELECT position, block, arm FROM plan ORDER BY position",
    [DB_COUNT_PLAN] = "SELECT count(*) FROM plan",
    [DB_COUNT_RUNS] = "SELECT count(*), coalesce(sum(state = 'complete'), 0), coalesce(sum(state = 'aborted'), 0)"
                      " FROM run",
    [DB_SELECT_MISSING] = "SELECT position FROM plan WHERE position NOT IN"
                          " (SELECT position FROM run WHERE state = 'complete') ORDER BY position",
    [DB_SELECT_RUNS] = SELECT("id", RUN_COLUMNS) " FROM run ORDER BY id",
    [DB_SELECT_RUN] = SELECT("id", RUN_COLUMNS) " FROM run WHERE id = ?",
    [DB_SELECT_HEALTH] = SELECT("run_id", HEALTH_COLUMNS) " FROM health WHERE run_id = ?",
    [DB_SELECT_SESSIONS] = SELECT("id", SESSION_COLUMNS) " FROM session WHERE run_id = ? ORDER BY number",
    [DB_COUNT_SESSIONS] = "SELECT count(*) FROM session WHERE run_id = ?",
    [DB_SELECT_REQUESTS] = SELECT("id", REQUEST_COLUMNS) " FROM request WHERE run_id = ? ORDER BY seq",
    [DB_SELECT_NEW_REQUESTS] = SELECT("id", REQUEST_COLUMNS) " FROM request WHERE id > ? AND +run_id = ? ORDER BY id",
    [DB_COUNT_REQUESTS] = "SELECT count(*) FROM request WHERE run_id = ?",
    [DB_SELECT_CONTENT] = "SELECT body FROM content WHERE sha256 = ?",
    [DB_SELECT_CONTENT_SIZE] = "SELECT bytes, chars, body IS NOT NULL FROM content WHERE sha256 = ?",
    [DB_SELECT_HOSTS] = "SELECT sha256, facts FROM host ORDER BY rowid",
    [DB_SELECT_SERVERS] = "SELECT name, facts FROM server ORDER BY rowid",
    [DB_SELECT_NOTE] = "SELECT json FROM note WHERE key = ?",
    [DB_SELECT_SAMPLES] = "SELECT id, t_ns, json FROM sample WHERE run_id = ? ORDER BY id",
    [DB_SELECT_KEYED] = "SELECT 'the plan', plan_sha256, plan_json, NULL, NULL FROM study"
                        " UNION ALL SELECT 'the facts of a host', sha256, facts, NULL, NULL FROM host"
                        " UNION ALL SELECT 'the facts of server ' || name, sha256, facts, NULL, NULL FROM server"
                        " UNION ALL SELECT 'a text', sha256, body, bytes, chars FROM content WHERE body IS NOT NULL",
    [DB_INSERT_SOURCE] = INSERT("source", "id", "NULL", SOURCE_COLUMNS),
    [DB_INSERT_SOURCE_ROW] = INSERT("source_row", "id", "NULL", SOURCE_ROW_COLUMNS),
    [DB_SELECT_SOURCES] = SELECT("id", SOURCE_COLUMNS) " FROM source ORDER BY id",
    [DB_SELECT_SOURCE_ROWS] = SELECT("id", SOURCE_ROW_COLUMNS) " FROM source_row WHERE source = ? ORDER BY id",
};

/* SQLite calls only ENOSPC a full disk; a quota and a file size limit are the same thing to the user. sqlite3_system_errno
 * forgets its cause on the way out of a COMMIT, errno does not. */
static int kind_of(int rc, int sys)
{
    bool room = sys != ENOSPC && sys != EDQUOT && sys != EFBIG;
    return (rc & 0xFF) == SQLITE_IOERR && !room ? SQLITE_FULL : rc & 0xFF;
}

int db_fail(struct store *s, int rc, const char *doing, struct err *e)
{
    int kind = kind_of(rc, errno);
    const char *why = s->db && sqlite3_errcode(s->db) == (rc & 0xFF) ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc);
    switch (kind) {
    case SQLITE_FULL:
        return err_set(e, ERR_IO,
                       "%s: no room left on the disk to %s; finished runs are intact, and the same command "
                       "resumes once there is room",
                       s->path, doing);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return err_set(e, ERR_INPUT, "%s is damaged: cannot %s: %s", s->path, doing, why);
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_SCHEMA:
        return err_set(e, ERR_INPUT, "%s is not as its version says: cannot %s: %s", s->path, doing, why);
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return err_set(e, ERR_REFUSED, "%s is in use by another program: cannot %s", s->path, doing);
    case SQLITE_CONSTRAINT: return err_set(e, ERR_BUG, "%s: cannot %s: it is stored already", s->path, doing);
    case SQLITE_TOOBIG: return err_set(e, ERR_LIMIT, "%s: cannot %s: a value is too large to store", s->path, doing);
    case SQLITE_IOERR:
        s->dead = ERR_IO; /* what a failed fsync left on the disk is unknown: never write on (fsyncgate) */
    }
    return err_set(e, ERR_IO, "%s: cannot %s: %s", s->path, doing, why);
}

sqlite3_stmt *db_prepare(struct store *s, enum db_statement which, struct err *e)
{
    sqlite3_stmt **st = &s->statements[which];
    if (!*st) {
        int rc = sqlite3_prepare_v3(s->db, sql_of[which], -1, SQLITE_PREPARE_PERSISTENT, st, NULL);
        if (rc != SQLITE_OK) {
            s->unprepared = db_fail(s, rc, "prepare a statement", e);
            return NULL;
        }
    }
    sqlite3_reset(*st);
    sqlite3_clear_bindings(*st);
    return *st;
}

int db_step(struct store *s, sqlite3_stmt *st, const char *doing, struct err *e)
{
    if (!st) /* db_prepare has said why */
        return s->unprepared;
    errno = 0;
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        return 1;
    if (rc == SQLITE_DONE)
        return 0;
    int code = db_fail(s, rc, doing, e);
    sqlite3_reset(st);
    return code;
}

int db_run(struct store *s, sqlite3_stmt *st, const char *doing, struct err *e)
{
    int rc = db_step(s, st, doing, e);
    if (!st)
        return rc;
    sqlite3_reset(st);
    sqlite3_clear_bindings(st); /* what was bound is borrowed and may die now */
    return rc < 0 ? rc : 0;
}

int db_exec(struct store *s, const char *sql, const char *doing, struct err *e)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    if (rc != SQLITE_OK)
        return db_fail(s, rc, doing, e);
    while ((rc = db_step(s, st, doing, e)) > 0)
        ;
    sqlite3_finalize(st);
    return rc;
}

int db_integer(struct store *s, const char *sql, int64_t *out, struct err *e)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    if (rc != SQLITE_OK)
        return db_fail(s, rc, "read", e);
    rc = db_step(s, st, "read", e);
    *out = rc > 0 ? sqlite3_column_int64(st, 0) : 0;
    sqlite3_finalize(st);
    return rc < 0 ? rc : 0;
}

/* ---- transactions --------------------------------------------------------------------------------------------- */

int db_begin(struct store *s, struct err *e)
{
    if (s->dead)
        return err_set(e, s->dead, "%s: not written to any more after an i/o error", s->path);
    if (!s->lock)
        return err_set(e, ERR_REFUSED, "%s is open for reading only", s->path);
    if (!sqlite3_get_autocommit(s->db))
        return 0;
    s->batch_since = clock_now(NULL);
    return db_exec(s, "BEGIN IMMEDIATE", "begin a transaction", e);
}

int db_commit(struct store *s, struct err *e)
{
    if (sqlite3_get_autocommit(s->db))
        return 0;
    int rc = db_exec(s, "COMMIT", "commit", e);
    if (rc)
        db_rollback(s);
    return rc;
}

void db_rollback(struct store *s)
{
    if (!sqlite3_get_autocommit(s->db))
        db_exec(s, "ROLLBACK", "roll back", NULL);
    s->lost = s->lost || s->open_run;
}

int db_read_begin(struct store *s, bool *began, struct err *e)
{
    *began = sqlite3_get_autocommit(s->db) != 0;
    return *began ? db_exec(s, "BEGIN", "begin reading", e) : 0;
}

void db_read_end(struct store *s, bool began)
{
    if (began && !sqlite3_get_autocommit(s->db))
        db_exec(s, "COMMIT", "end reading", NULL);
}

/* ---- values: a bind can only fail for lack of memory or a wrong number, and then the step says so ------------------- */

void bind_z(sqlite3_stmt *st, int i, const char *z)
{
    sqlite3_bind_text(st, i, z, -1, SQLITE_STATIC);
}

void bind_bytes(sqlite3_stmt *st, int i, const void *p, size_t n)
{
    bool plain = false;
    if (p)
        text_chars(p, n, &plain);
    bind_checked(st, i, p, n, plain);
}

void bind_checked(sqlite3_stmt *st, int i, const void *p, size_t n, bool plain)
{
    if (!p)
        sqlite3_bind_null(st, i);
    else if (plain)
        sqlite3_bind_text64(st, i, p, n, SQLITE_STATIC, SQLITE_UTF8);
    else
        sqlite3_bind_blob64(st, i, p, n, SQLITE_STATIC);
}

void bind_int(sqlite3_stmt *st, int i, int64_t v)
{
    sqlite3_bind_int64(st, i, v);
}

void bind_ns(sqlite3_stmt *st, int i, mono_ns v)
{
    if (v == MONO_NONE)
        sqlite3_bind_null(st, i);
    else
        sqlite3_bind_int64(st, i, v);
}

void bind_count(sqlite3_stmt *st, int i, int64_t v)
{
    if (v < 0)
        sqlite3_bind_null(st, i);
    else
        sqlite3_bind_int64(st, i, v);
}

void bind_double(sqlite3_stmt *st, int i, double v)
{
    sqlite3_bind_double(st, i, v); /* NaN becomes NULL */
}

mono_ns column_ns(sqlite3_stmt *st, int i)
{
    return sqlite3_column_type(st, i) == SQLITE_NULL ? MONO_NONE : sqlite3_column_int64(st, i);
}

int64_t column_count(sqlite3_stmt *st, int i)
{
    return sqlite3_column_type(st, i) == SQLITE_NULL ? -1 : sqlite3_column_int64(st, i);
}

double column_double(sqlite3_stmt *st, int i)
{
    return sqlite3_column_type(st, i) == SQLITE_NULL ? (double)NAN : sqlite3_column_double(st, i);
}

char *column_z(sqlite3_stmt *st, int i, struct arena *a)
{
    const void *p = sqlite3_column_blob(st, i);
    if (sqlite3_column_type(st, i) == SQLITE_NULL)
        return NULL;
    return arena_dup(a, p, (size_t)sqlite3_column_bytes(st, i));
}

void column_str(sqlite3_stmt *st, int i, struct str *out)
{
    str_clear(out);
    if (sqlite3_column_type(st, i) == SQLITE_NULL)
        return;
    const void *p = sqlite3_column_blob(st, i);
    str_add(out, p, (size_t)sqlite3_column_bytes(st, i));
}
