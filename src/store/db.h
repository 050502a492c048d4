/* The open database behind a struct store: statements prepared once, transactions, SQLite's codes turned into ours; private
 * to this room. Every statement goes through db_step, so a test that fails the n-th sqlite3_step reaches them all.
 *
 * Transactions while writing: an operation opens one if none is open; when batching is off it commits at its end, when on
 * it leaves it open until BATCH_NS have passed. A failure rolls everything open back and marks the open run as `lost`: it
 * has holes now, and store_run_end refuses to call it complete. */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "store/store.h"

enum db_statement {
    DB_INSERT_HOST,
    DB_INSERT_SERVER,
    DB_INSERT_NOTE,
    DB_INSERT_RUN,
    DB_INSERT_REQUEST,
    DB_INSERT_CONTENT,
    DB_INSERT_SAMPLE,
    DB_INSERT_SESSION,
    DB_INSERT_HEALTH,
    DB_END_RUN,
    DB_ABORT_RUNNING,
    DB_PLAN_ROW,
    DB_ATTEMPTS,
    DB_SELECT_STUDY,
    DB_SELECT_PLAN,
    DB_COUNT_PLAN,
    DB_COUNT_RUNS,
    DB_SELECT_MISSING,
    DB_SELECT_RUNS,
    DB_SELECT_RUN,
    DB_SELECT_HEALTH,
    DB_SELECT_SESSIONS,
    DB_COUNT_SESSIONS,
    DB_SELECT_REQUESTS,
    DB_SELECT_NEW_REQUESTS,
    DB_COUNT_REQUESTS,
    DB_SELECT_CONTENT,
    DB_SELECT_CONTENT_SIZE,
    DB_SELECT_HOSTS,
    DB_SELECT_SERVERS,
    DB_SELECT_NOTE,
    DB_SELECT_SAMPLES,
    DB_SELECT_KEYED,
    DB_INSERT_SOURCE, /* from here on: only in files of version SCHEMA_SOURCES and later */
    DB_INSERT_SOURCE_ROW,
    DB_SELECT_SOURCES,
    DB_SELECT_SOURCE_ROWS,
    DB_STATEMENT_COUNT
};

struct store {
    sqlite3 *db;                                  /* owned */
    char *path;                                   /* owned; as the caller wrote it, for messages */
    sqlite3_stmt *statements[DB_STATEMENT_COUNT]; /* owned; prepared at first use */
    int64_t version;                              /* of the file's schema */
    struct writer_lock *lock;                     /* owned; NULL while reading */
    bool batching;
    mono_ns batch_since;                 /* when the open transaction began */
    bool discard_prompts, discard_texts; /* keep hashes only */
    int64_t open_run;                    /* 0: none */
    bool lost;                           /* rows of the open run could not be written */
    int dead;                            /* code of the i/o error after which nothing is written any more; 0: none */
    int unprepared;                      /* code of the last db_prepare that failed */
    struct str blob;                     /* scratch of write.c */
};

enum { STORE_CACHE_KIB = 256 };

/* The statement, reset and without bindings. NULL and *e when that fails: `unprepared` then holds the code, and db_step and
 * db_run of NULL return it. */
sqlite3_stmt *db_prepare(struct store *s, enum db_statement which, struct err *e);
/* 1: a row, 0: done, negative: failed, with the statement reset and *e set ("cannot `doing`"). */
int db_step(struct store *s, sqlite3_stmt *st, const char *doing, struct err *e);
/* A step of a statement that gives no row, then its reset. */
int db_run(struct store *s, sqlite3_stmt *st, const char *doing, struct err *e);
/* One SQL text without parameters, rows ignored. */
int db_exec(struct store *s, const char *sql, const char *doing, struct err *e);
/* The first column of the first row as an integer. */
int db_integer(struct store *s, const char *sql, int64_t *out, struct err *e);
int db_fail(struct store *s, int rc, const char *doing, struct err *e);

int db_begin(struct store *s, struct err *e);
int db_commit(struct store *s, struct err *e);
void db_rollback(struct store *s);
/* Brackets of a reading of several statements that must see one state; no-ops inside an open transaction. */
int db_read_begin(struct store *s, bool *began, struct err *e);
void db_read_end(struct store *s, bool began);

/* Binding: NULL for a NULL pointer, MONO_NONE, NaN, and a count below 0 (bind_count). */
void bind_z(sqlite3_stmt *st, int i, const char *z);
void bind_bytes(sqlite3_stmt *st, int i, const void *p, size_t n); /* text when plain UTF-8, else a blob */
void bind_checked(sqlite3_stmt *st, int i, const void *p, size_t n, bool plain); /* as bind_bytes, looked at before */
void bind_int(sqlite3_stmt *st, int i, int64_t v);
void bind_ns(sqlite3_stmt *st, int i, mono_ns v);
void bind_count(sqlite3_stmt *st, int i, int64_t v);
void bind_double(sqlite3_stmt *st, int i, double v);

mono_ns column_ns(sqlite3_stmt *st, int i);
int64_t column_count(sqlite3_stmt *st, int i);            /* -1 for NULL */
double column_double(sqlite3_stmt *st, int i);            /* NaN for NULL */
char *column_z(sqlite3_stmt *st, int i, struct arena *a); /* NULL for NULL; a NUL inside ends it */
/* Replaces *out; NULL leaves it empty, and an empty value is not NULL: out->at is set. */
void column_str(sqlite3_stmt *st, int i, struct str *out);

#endif
