/* store.c: creating, opening and closing a result file. See store.h.
 *
 * A new file is made whole under another name and then renamed, so that a result file always has its plan. An existing one is
 * first judged by its first 100 bytes, then looked through while nothing may be written, and only then opened for more. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "store/db.h"
#include "store/lock.h"
#include "store/schema.h"

enum { BUSY_MS = 5000, CLOSE_BUSY_MS = 1000, MAX_VALUE_BYTES = 512 * 1024 * 1024 };

static struct store *store_new(const char *path)
{
    struct store *s = xcalloc(1, sizeof *s);
    s->path = xstrdup(path);
    return s;
}

static void store_free(struct store *s)
{
    if (!s)
        return;
    for (int i = 0; i < DB_STATEMENT_COUNT; i++)
        sqlite3_finalize(s->statements[i]);
    sqlite3_close(s->db);
    writer_lock_drop(s->lock);
    str_release(&s->blob);
    free(s->path);
    free(s);
}

/* Settings that hold for every connection. A result may come from anyone: its schema gets no say (no triggers, no views,
 * no functions), cells are checked, values are bounded. Memory stays small; nothing goes to temporary files. */
static int configure(struct store *s, struct err *e)
{
    static const char *const pragmas[] = {
        "PRAGMA mmap_size = 0",
        "PRAGMA temp_store = MEMORY",
        "PRAGMA cell_size_check = ON",
        "PRAGMA trusted_schema = OFF",
    };
    char cache[48];
    snprintf(cache, sizeof cache, "PRAGMA cache_size = -%d", STORE_CACHE_KIB);
    sqlite3_busy_timeout(s->db, BUSY_MS);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_limit(s->db, SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES);
    int rc = db_exec(s, cache, "open", e);
    for (size_t i = 0; !rc && i < sizeof pragmas / sizeof pragmas[0]; i++)
        rc = db_exec(s, pragmas[i], "open", e);
    return rc;
}

static int connect_to(struct store *s, const char *path, int flags, struct err *e)
{
    int rc = sqlite3_open_v2(path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    return rc == SQLITE_OK ? configure(s, e) : db_fail(s, rc, "open", e);
}

/* ---- creating ----------------------------------------------------------------------------------------------------- */

static int write_plan(struct store *s, const struct store_study *study, struct err *e)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->db, "INSERT INTO plan(position, block, arm) VALUES(?, ?, ?)", -1, &st, NULL);
    rc = rc == SQLITE_OK ? 0 : db_fail(s, rc, "write the plan", e);
    for (size_t i = 0; !rc && i < study->n_rows; i++) {
        const struct plan_row *row = &study->rows[i];
        if (row->position != (int32_t)i) {
            rc = err_set(e, ERR_INPUT, "the plan's row %zu has position %d: positions count from 0 without gaps", i,
                         row->position);
            break;
        }
        bind_int(st, 1, row->position);
        bind_int(st, 2, row->block);
        bind_z(st, 3, row->arm);
        rc = db_run(s, st, "write the plan", e);
    }
    sqlite3_finalize(st);
    return rc;
}

static int write_study(struct store *s, const struct store_study *study, struct err *e)
{
    char seed[24];
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->db,
                                "INSERT INTO study(id, name, question, source, plan_json, plan_sha256, seed,"
                                " chimera_version, chimera_commit, command, created_wall_ns)"
                                " VALUES(1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                                -1, &st, NULL);
    if (rc != SQLITE_OK)
        return db_fail(s, rc, "write the study", e);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)study->seed);
    const char *const texts[] = {
        study->name, study->question,        study->source,         study->plan_json, study->plan_sha256,
        seed,        study->chimera_version, study->chimera_commit, study->command};
    for (int i = 0; i < 9; i++)
        bind_z(st, i + 1, texts[i]);
    bind_int(st, 10, clock_wall_ns());
    rc = db_run(s, st, "write the study", e);
    sqlite3_finalize(st);
    return rc;
}

static int write_schema(struct store *s, const struct store_study *study, struct err *e)
{
    char pragma[64];
    int rc = db_exec(s, "BEGIN IMMEDIATE", "create", e);
    snprintf(pragma, sizeof pragma, "PRAGMA application_id = %d", SCHEMA_APPLICATION_ID);
    rc = rc ? rc : db_exec(s, pragma, "create", e);
    snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d", SCHEMA_NOW);
    rc = rc ? rc : db_exec(s, pragma, "create", e);
    for (int i = 0; !rc && schema_statement(i); i++)
        rc = db_exec(s, schema_statement(i), "create its tables", e);
    rc = rc ? rc : write_study(s, study, e);
    rc = rc ? rc : write_plan(s, study, e);
    return rc ? rc : db_exec(s, "COMMIT", "create", e);
}

/* The name must survive a power cut as well; best effort, as some file systems refuse to sync a folder. */
static void sync_folder_of(const char *path)
{
    struct str dir = STR_INIT;
    path_dir(&dir, path);
    int fd = open(str_z(&dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    str_release(&dir);
    if (fd < 0)
        return;
    fsync(fd);
    close(fd);
}

static int sync_file(const char *path, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
    if (fd < 0 || fsync(fd) != 0)
        rc = err_sys(e, ERR_IO, errno, "cannot write %s", path);
    if (fd >= 0)
        close(fd);
    return rc;
}

/* A file that is not there yet needs no protection while it is written: it waits for the disk once, before it gets its name. */
static int make_whole(const char *path, const char *temporary, const struct store_study *study, struct err *e)
{
    struct store *s = store_new(path);
    int rc = connect_to(s, temporary, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, e);
    rc = rc ? rc : db_exec(s, "PRAGMA journal_mode = MEMORY", "create", e);
    rc = rc ? rc : db_exec(s, "PRAGMA synchronous = OFF", "create", e);
    rc = rc ? rc : write_schema(s, study, e);
    rc = rc ? rc : db_exec(s, "PRAGMA journal_mode = WAL", "create", e); /* now, while it costs nothing */
    store_free(s);
    rc = rc ? rc : sync_file(temporary, e);
    if (!rc && renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) != 0) {
        /* some file systems cannot promise not to replace; our lock keeps other chimeras away, and we have looked */
        if ((errno != EINVAL && errno != ENOSYS) || rename(temporary, path) != 0)
            rc = err_sys(e, errno == EEXIST ? ERR_REFUSED : ERR_IO, errno, "cannot create %s", path);
    }
    if (!rc)
        sync_folder_of(path);
    return rc;
}

static void remove_temporary(const char *temporary)
{
    static const char *const tails[] = {"", "-journal", "-wal", "-shm"};
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        struct str name = STR_INIT;
        str_addf(&name, "%s%s", temporary, tails[i]);
        unlink(str_z(&name));
        str_release(&name);
    }
}

static int open_writing(struct store *s, struct err *e);

int store_create(struct store **out, const char *path, const struct store_study *study, struct err *e)
{
    struct str dir = STR_INIT, temporary = STR_INIT;
    struct stat st;
    struct store *s = store_new(path);
    path_dir(&dir, path);
    str_addf(&temporary, "%s-new", path);
    int rc = dir_make(str_z(&dir), e);
    rc = rc ? rc : writer_lock_take(&s->lock, path, e);
    if (!rc && lstat(path, &st) == 0)
        rc = err_set(e, ERR_REFUSED, "%s exists already", path);
    if (!rc) {
        remove_temporary(str_z(&temporary)); /* of a chimera killed at this point */
        rc = make_whole(path, str_z(&temporary), study, e);
        if (rc)
            remove_temporary(str_z(&temporary));
    }
    rc = rc ? rc : open_writing(s, e);
    str_release(&dir);
    str_release(&temporary);
    if (rc) {
        store_free(s);
        s = NULL;
    }
    *out = s;
    return rc;
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

/* Through SQLite's own file layer, which knows that closing a descriptor would drop this process's locks on the file. */
static int read_header(const char *path, unsigned char bytes[SCHEMA_HEADER_BYTES], struct err *e)
{
    sqlite3_initialize();
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    char *full = xcalloc(1, (size_t)vfs->mxPathname + 1);
    sqlite3_file *file = xcalloc(1, (size_t)vfs->szOsFile);
    int flags = 0, rc = vfs->xFullPathname(vfs, path, vfs->mxPathname + 1, full);
    sqlite3_filename name = sqlite3_create_filename(full, "", "", 0, NULL);
    if ((rc & 0xFF) == SQLITE_OK)
        rc = vfs->xOpen(vfs, name, file, SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB, &flags);
    if (rc == SQLITE_OK)
        rc = file->pMethods->xRead(file, bytes, SCHEMA_HEADER_BYTES, 0);
    if (file->pMethods)
        file->pMethods->xClose(file);
    sqlite3_free_filename(name);
    free(file);
    free(full);
    if (rc == SQLITE_IOERR_SHORT_READ)
        return err_set(e, ERR_INPUT, "%s is not a result of chimera's: it is too short", path);
    return rc == SQLITE_OK ? 0 : err_set(e, ERR_IO, "%s: cannot read: %s", path, sqlite3_errstr(rc));
}

static int check_header(const char *path, struct err *e)
{
    unsigned char bytes[SCHEMA_HEADER_BYTES] = {0};
    struct stat st;
    if (stat(path, &st) != 0)
        return err_sys(e, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, errno, "cannot open %s", path);
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_INPUT, "%s is not a file", path);
    int rc = read_header(path, bytes, e);
    if (rc)
        return rc;
    struct schema_header h = schema_header_of(bytes);
    if (!h.sqlite || !h.ours)
        return err_set(e, ERR_INPUT, "%s is not a result of chimera's%s", path,
                       h.sqlite ? ": it is another program's database" : "");
    if (h.version > SCHEMA_NOW)
        return err_set(e, ERR_INPUT, "%s was written by a newer chimera (schema %lld, this one reads up to %d)", path,
                       (long long)h.version, SCHEMA_NOW);
    if (h.version < SCHEMA_OLDEST)
        return err_set(e, ERR_INPUT, "%s has schema %lld, which was never released", path, (long long)h.version);
    return 0;
}

/* Only plain tables and indexes, one study: a result from elsewhere could bring virtual tables or views with our names. */
static int check_schema(struct store *s, struct err *e)
{
    int64_t strange = 0, studies = 0;
    int rc = db_integer(s, "SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index') OR rootpage = 0",
                        &strange, e);
    rc = rc ? rc : db_integer(s, "SELECT count(*) FROM study", &studies, e);
    if (!rc && (strange || studies != 1))
        rc = err_set(e, ERR_INPUT, "%s is damaged: %s", s->path, strange ? "strange tables" : "it holds no study");
    rc = rc ? rc : db_integer(s, "PRAGMA user_version", &s->version, e);
    int n = s->version < SCHEMA_SOURCES ? DB_INSERT_SOURCE : DB_STATEMENT_COUNT;
    for (int i = 0; !rc && i < n; i++) {
        if (!db_prepare(s, (enum db_statement)i, e))
            return s->unprepared;
        sqlite3_finalize(s->statements[i]); /* prepared again when used: 30 statements would hold 100 KB */
        s->statements[i] = NULL;
    }
    return rc;
}

static int quick_check(struct store *s, const char *sql, struct err *e)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);
    if (rc != SQLITE_OK)
        return db_fail(s, rc, "check", e);
    rc = db_step(s, st, "check", e);
    const char *word = rc > 0 ? (const char *)sqlite3_column_text(st, 0) : "no answer";
    if (rc >= 0)
        rc = word && !strcmp(word, "ok") ? 0 : err_set(e, ERR_INPUT, "%s is damaged: %s", s->path, word ? word : "?");
    sqlite3_finalize(st);
    return rc;
}

int store_check(struct store *s, struct err *e)
{
    return quick_check(s, "PRAGMA integrity_check(1)", e);
}

/* Up to the end of the checks nothing is written: not even the checkpoint that SQLite makes when it closes. WAL with
 * synchronous NORMAL survives a kill at any moment; store_run_end alone waits for the disk. The log is copied back into the
 * file when it has 64 MB, or between runs, so that a checkpoint seldom falls into a measured window. */
static int open_writing(struct store *s, struct err *e)
{
    int rc = connect_to(s, s->path, SQLITE_OPEN_READWRITE, e);
    if (rc)
        return rc;
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    rc = check_schema(s, e);
    rc = rc ? rc : quick_check(s, "PRAGMA quick_check(1)", e);
    rc = rc ? rc : db_exec(s, "PRAGMA journal_mode = WAL", "open for writing", e);
    rc = rc ? rc : db_exec(s, "PRAGMA synchronous = NORMAL", "open for writing", e);
    rc = rc ? rc : db_exec(s, "PRAGMA wal_autocheckpoint = 16384", "open for writing", e);
    if (!rc)
        sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    rc = rc ? rc : db_begin(s, e);
    rc = rc ? rc : db_run(s, db_prepare(s, DB_ABORT_RUNNING, e), "mark broken runs as aborted", e);
    return rc ? rc : db_commit(s, e);
}

/* A writer that died while it went from journal to log or back left the way back beside the file, and before that is taken
 * nobody can read. A reader that may write takes it, as SQLite does at its first read. */
static int open_reading(struct store *s, struct err *e)
{
    struct err why = ERR_INIT;
    int rc = connect_to(s, s->path, SQLITE_OPEN_READONLY, &why);
    if (rc && s->db && sqlite3_extended_errcode(s->db) == SQLITE_READONLY_ROLLBACK) {
        sqlite3_close(s->db);
        s->db = NULL;
        err_clear(&why);
        rc = connect_to(s, s->path, SQLITE_OPEN_READWRITE, &why);
    }
    if (rc)
        return err_set(e, why.code, "%s", why.text);
    return check_schema(s, e);
}

int store_open(struct store **out, const char *path, bool write, struct err *e)
{
    *out = NULL;
    int rc = check_header(path, e);
    if (rc)
        return rc;
    struct store *s = store_new(path);
    if (write) {
        rc = writer_lock_take(&s->lock, path, e);
        rc = rc ? rc : open_writing(s, e);
    } else {
        rc = open_reading(s, e);
    }
    if (rc)
        store_free(s);
    else
        *out = s;
    return rc;
}

void store_activity(const struct store *s, struct store_activity *out)
{
    static const char *const tails[] = {"", "-wal"};
    int64_t written_ns = 0;
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        struct str name = STR_INIT;
        struct stat st;
        str_addf(&name, "%s%s", s->path, tails[i]);
        if (stat(str_z(&name), &st) == 0 && st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec > written_ns)
            written_ns = st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec;
        str_release(&name);
    }
    int64_t silent_ns = clock_wall_ns() - written_ns;
    *out = (struct store_activity){writer_lock_held(s->path), silent_ns > 0 ? silent_ns : 0};
}

/* ---- closing ------------------------------------------------------------------------------------------------------ */

/* Back to one file. A reader that has the result open right now keeps the log beside it; nothing is lost by that, and the
 * next writer tidies up. */
static int fold_log(struct store *s, struct err *e)
{
    struct err why = ERR_INIT;
    sqlite3_busy_timeout(s->db, CLOSE_BUSY_MS);
    int rc = db_exec(s, "PRAGMA wal_checkpoint(TRUNCATE)", "write the log back", &why);
    rc = rc ? rc : db_exec(s, "PRAGMA journal_mode = DELETE", "close", &why);
    if (!rc || rc == ERR_REFUSED)
        return 0;
    return err_set(e, why.code, "%s", why.text);
}

int store_close(struct store *s, struct err *e)
{
    int rc = 0;
    if (!s)
        return 0;
    if (s->lock && !s->dead) {
        rc = db_commit(s, e);
        if (!rc && s->open_run) {
            rc = db_begin(s, e);
            rc = rc ? rc : db_run(s, db_prepare(s, DB_ABORT_RUNNING, e), "mark the open run as aborted", e);
            rc = rc ? rc : db_commit(s, e);
        }
        for (int i = 0; i < DB_STATEMENT_COUNT; i++) {
            sqlite3_finalize(s->statements[i]);
            s->statements[i] = NULL;
        }
        int folded = fold_log(s, e);
        rc = rc ? rc : folded;
    }
    store_free(s);
    return rc;
}
