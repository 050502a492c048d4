/* The n-th call fails, for every n until none does, once and from then on for ever: each time a clean error, or no harm at
 * all, and afterwards a file that is whole. And disks that fill up: by a limit of ours, by the system's, by a real one. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

static struct {
    long countdown; /* the call that fails; 0: none */
    bool for_ever;
    int code;
    bool hit;
} fault; /* of this single-threaded test program */

static bool fails(void)
{
    if (!fault.countdown || --fault.countdown > 0)
        return false;
    fault.hit = true;
    fault.countdown = fault.for_ever ? 1 : 0;
    return true;
}

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker's names for --wrap */
int __real_sqlite3_step(sqlite3_stmt *st);
int __wrap_sqlite3_step(sqlite3_stmt *st);
int __wrap_sqlite3_step(sqlite3_stmt *st)
{
    return fails() ? fault.code : __real_sqlite3_step(st);
}

int __real_sqlite3_prepare_v2(sqlite3 *db, const char *sql, int n, sqlite3_stmt **st, const char **tail);
int __wrap_sqlite3_prepare_v2(sqlite3 *db, const char *sql, int n, sqlite3_stmt **st, const char **tail);
int __wrap_sqlite3_prepare_v2(sqlite3 *db, const char *sql, int n, sqlite3_stmt **st, const char **tail)
{
    *st = NULL;
    return fails() ? fault.code : __real_sqlite3_prepare_v2(db, sql, n, st, tail);
}

int __real_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int n, unsigned flags, sqlite3_stmt **st,
                              const char **tail);
int __wrap_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int n, unsigned flags, sqlite3_stmt **st,
                              const char **tail);
int __wrap_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int n, unsigned flags, sqlite3_stmt **st, const char **tail)
{
    *st = NULL;
    return fails() ? fault.code : __real_sqlite3_prepare_v3(db, sql, n, flags, st, tail);
}

int __real_sqlite3_open_v2(const char *path, sqlite3 **db, int flags, const char *vfs);
int __wrap_sqlite3_open_v2(const char *path, sqlite3 **db, int flags, const char *vfs);
int __wrap_sqlite3_open_v2(const char *path, sqlite3 **db, int flags, const char *vfs)
{
    *db = NULL;
    return fails() ? fault.code : __real_sqlite3_open_v2(path, db, flags, vfs);
}

int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);
int __wrap_flock(int fd, int operation)
{
    errno = ENOLCK;
    return fails() ? -1 : __real_flock(fd, operation);
}

int __real_renameat2(int d1, const char *a, int d2, const char *b, unsigned flags);
int __wrap_renameat2(int d1, const char *a, int d2, const char *b, unsigned flags);
int __wrap_renameat2(int d1, const char *a, int d2, const char *b, unsigned flags)
{
    errno = EIO;
    return fails() ? -1 : __real_renameat2(d1, a, d2, b, flags);
}

/* NOLINTEND(bugprone-reserved-identifier) */

/* ---- a whole study, small --------------------------------------------------------------------------------------------- */

enum { REQUESTS = 5 };

static void request_of(int64_t i, struct request *r)
{
    struct rng g = rng_stream(7000 + (uint64_t)i, "fault");
    any_request(&g, r, i);
}

static int one_run(struct store *s, int32_t position, struct err *e)
{
    struct session session = {.agent = "a", .ok = true};
    struct run run = {.position = position,
                      .block = fixture_rows[position].block,
                      .arm = fixture_rows[position].arm,
                      .state = RUN_COMPLETE,
                      .sessions = &session,
                      .n_sessions = 1};
    int rc = store_run_begin(s, &run, e);
    for (int64_t i = 0; !rc && i < REQUESTS; i++) {
        struct request r;
        request_of(i, &r);
        rc = store_request(s, run.id, &r, e);
        request_release(&r);
    }
    rc = rc ? rc : store_sample(s, run.id, 1, "{}", e);
    return rc ? rc : store_run_end(s, &run, e);
}

/* What a study does; the first error ends it, as it would there. */
static int a_study(const char *path, bool batching, struct err *e)
{
    struct store *s = NULL;
    struct store_study study = fixture_study();
    char hex[65];
    int rc = store_create(&s, path, &study, e);
    if (rc) {
        assert_null(s);
        return rc;
    }
    store_batching(s, batching);
    rc = store_host(s, "{}", hex, e);
    rc = rc ? rc : store_server(s, "s", "{}", e);
    rc = rc ? rc : one_run(s, 0, e);
    rc = rc ? rc : store_note(s, "k", "{}", e);
    rc = rc ? rc : one_run(s, 1, e);
    int closed = store_close(s, e);
    return rc ? rc : closed;
}

/* Everything of the file that exists is right; *complete counts the complete runs. Opens for writing, as a resume would. */
static void check_whole(const char *path, size_t *complete)
{
    struct arena a = {0};
    struct err e = ERR_INIT;
    struct store *s;
    struct run *runs;
    size_t n;
    *complete = 0;
    must(store_open(&s, path, true, &e), &e);
    must(store_check(s, &e), &e);
    must(store_runs(s, STORE_CHUNKS | STORE_TEXT, &a, &runs, &n, &e), &e);
    for (size_t k = 0; k < n; k++) {
        char stored[65], now[65];
        for (size_t i = 0; i < runs[k].n_requests; i++) {
            struct request r;
            request_of((int64_t)i, &r);
            same_request(&r, &runs[k].requests[i]);
            request_release(&r);
        }
        if (runs[k].state != RUN_COMPLETE)
            continue;
        ++*complete;
        assert_int_equal(runs[k].n_requests, REQUESTS);
        assert_int_equal(runs[k].n_sessions, 1);
        must(store_run_stored_hash(s, runs[k].id, stored, &e), &e);
        must(store_run_hash(s, runs[k].id, now, &e), &e);
        assert_string_equal(stored, now);
    }
    store_runs_release(runs, n);
    must(store_close(s, &e), &e);
    arena_release(&a);
}

static bool study_with_fault(long n, bool for_ever, int code, bool batching)
{
    struct scratch scratch;
    struct err e = ERR_INIT;
    size_t complete;
    scratch_make(&scratch);
    fault.countdown = n;
    fault.for_ever = for_ever;
    fault.code = code;
    fault.hit = false;
    int rc = a_study(scratch.path, batching, &e);
    fault.countdown = 0;
    if (rc && !(e.text[0] && e.code == rc))
        fail_msg("call %ld fails: rc %d but code %d, text \"%s\"", n, rc, e.code, e.text);
    if (!file_exists(scratch.path)) {
        assert_true(rc < 0);
        assert_int_equal(scratch_others(&scratch) & ~1,
                         0); /* at most the unfinished file, which the next try replaces */
        err_clear(&e);
        must(a_study(scratch.path, batching, &e), &e);
    }
    check_whole(scratch.path, &complete);
    if (!rc)
        assert_int_equal(complete, 2);
    assert_int_equal(scratch_others(&scratch), 0);
    scratch_remove(&scratch);
    return fault.hit;
}

static void every_call_fails(int code, bool for_ever, bool batching)
{
    long n = 1;
    while (study_with_fault(n, for_ever, code, batching))
        n++;
    assert_true(n > 100); /* the loop has met the calls */
}

static void i_o_errors(void **state)
{
    (void)state;
    every_call_fails(SQLITE_IOERR_WRITE, false, true);
    every_call_fails(SQLITE_IOERR_FSYNC, true, false);
}

static void a_full_disk_at_every_call(void **state)
{
    (void)state;
    every_call_fails(SQLITE_FULL, false, false);
}

static void a_busy_file_at_every_call(void **state)
{
    (void)state;
    every_call_fails(SQLITE_BUSY, false, true);
}

/* ---- reading ---------------------------------------------------------------------------------------------------------- */

static int ignore(void *user, const struct run *run, const struct request *r)
{
    (void)user, (void)run, (void)r;
    return 0;
}

static int ignore_sample(void *user, int64_t t_ns, const char *json)
{
    (void)user, (void)t_ns, (void)json;
    return 0;
}

static int read_everything(const char *path, struct err *e)
{
    struct store *s = NULL;
    struct arena a = {0};
    struct store_info info;
    struct run *runs = NULL;
    struct named_json *rows;
    int32_t *positions;
    size_t n = 0, n_rows;
    char hex[65];
    int rc = store_open(&s, path, false, e);
    rc = rc ? rc : store_info(s, &a, &info, e);
    rc = rc ? rc : store_missing(s, &a, &positions, &n_rows, e);
    rc = rc ? rc : store_runs(s, STORE_CHUNKS | STORE_TEXT, &a, &runs, &n, e);
    store_runs_release(runs, n);
    rc = rc ? rc : store_each_request(s, ignore, NULL, e);
    rc = rc ? rc : store_each_sample(s, 1, ignore_sample, NULL, e);
    rc = rc ? rc : store_hosts(s, &a, &rows, &n_rows, e);
    rc = rc ? rc : store_servers(s, &a, &rows, &n_rows, e);
    rc = rc ? rc : store_run_hash(s, 1, hex, e);
    rc = rc ? rc : store_run_stored_hash(s, 1, hex, e);
    rc = rc ? rc : store_check(s, e);
    int closed = store_close(s, e);
    arena_release(&a);
    return rc ? rc : closed;
}

static void reading_reports_every_fault(void **state)
{
    (void)state;
    static const int codes[] = {SQLITE_IOERR_READ, SQLITE_CORRUPT, SQLITE_NOMEM};
    struct scratch scratch;
    struct err e = ERR_INIT;
    scratch_make(&scratch);
    must(a_study(scratch.path, true, &e), &e);
    for (size_t k = 0; k < 3; k++) {
        long n = 0;
        int silent = 0;
        do {
            err_clear(&e);
            fault.countdown = ++n;
            fault.for_ever = k == 1;
            fault.code = codes[k];
            fault.hit = false;
            int rc = read_everything(scratch.path, &e);
            fault.countdown = 0;
            silent += fault.hit && !rc;
            assert_int_equal(rc, e.code);
        } while (fault.hit);
        assert_true(n > 100);
        assert_true(silent <=
                    8); /* preparing and running the COMMITs that end four readings: nothing is lost with them */
    }
    scratch_remove(&scratch);
}

/* ---- full disks ------------------------------------------------------------------------------------------------------- */

/* Writes runs of growing texts until it fails; the error must say so. */
static int fill_up(struct store *s, struct err *e)
{
    struct rng g = rng_stream(3, "full");
    for (int32_t position = 0; position < 4; position++) {
        struct run run = {.position = position,
                          .block = fixture_rows[position].block,
                          .arm = fixture_rows[position].arm,
                          .state = RUN_COMPLETE};
        int rc = store_run_begin(s, &run, e);
        for (int64_t i = 0; !rc && i < (position ? 400 : 10); i++) {
            struct request r;
            request_init(&r);
            r.seq = i;
            for (int k = 0; k < 200; k++)
                str_addf(&r.text, "%016llx", (unsigned long long)rng_u64(&g));
            rc = store_request(s, run.id, &r, e);
            request_release(&r);
        }
        rc = rc ? rc : store_run_end(s, &run, e);
        if (!rc)
            continue;
        struct err second = ERR_INIT; /* it must not pretend to be complete now */
        if (run.id && s)
            assert_true(store_run_end(s, &run, &second) < 0);
        return rc;
    }
    return 0;
}

static void after_the_fill(const char *path)
{
    struct arena a = {0};
    struct err e = ERR_INIT;
    struct store_info info;
    struct store *s;
    int32_t *missing;
    size_t n;
    must(store_open(&s, path, true, &e), &e);
    must(store_check(s, &e), &e);
    must(store_info(s, &a, &info, &e), &e);
    assert_int_equal(info.n_complete, 1);
    must(store_missing(s, &a, &missing, &n, &e), &e);
    assert_int_equal(n, 3);
    assert_int_equal(missing[0], 1);
    must(store_close(s, &e), &e);
    arena_release(&a);
}

static void a_limit_is_a_full_disk(void **state)
{
    (void)state;
    struct scratch scratch;
    for (int batching = 0; batching < 2; batching++) {
        struct err e = ERR_INIT;
        scratch_make(&scratch);
        struct store *s = fixture_create(&scratch);
        store_batching(s, batching);
        must(store_limit_bytes(s, 300000, &e), &e);
        assert_int_equal(fill_up(s, &e), ERR_IO);
        assert_non_null(strstr(e.text, "no room left"));
        assert_non_null(strstr(e.text, "finished runs are intact"));
        err_clear(&e);
        must(store_limit_bytes(s, 0, &e), &e); /* there is room again: the same program may go on */
        struct run run = {.id = 2, .position = 1, .arm = "pair", .state = RUN_ABORTED};
        must(store_run_end(s, &run, &e), &e);
        must(one_run(s, 1, &e), &e);
        fixture_close(s);
        struct arena a = {0};
        struct store_info info;
        s = fixture_open(&scratch, false);
        must(store_check(s, &e), &e);
        must(store_info(s, &a, &info, &e), &e);
        assert_int_equal(info.n_complete, 2);
        assert_int_equal(info.n_aborted, 1);
        fixture_close(s);
        arena_release(&a);
        scratch_remove(&scratch);
    }
}

/* ulimit -f: write() fails with EFBIG where a full disk fails with ENOSPC. */
static void a_file_size_limit_is_a_full_disk(void **state)
{
    (void)state;
    struct scratch scratch;
    int status;
    scratch_make(&scratch);
    fixture_close(fixture_create(&scratch));
    pid_t child = fork();
    if (child == 0) {
        struct err e = ERR_INIT, closing = ERR_INIT;
        struct store *s = NULL;
        struct rlimit limit = {400000, 400000};
        signal(SIGXFSZ, SIG_IGN);
        if (store_open(&s, scratch.path, true, &e) || setrlimit(RLIMIT_FSIZE, &limit))
            _exit(1);
        int rc = fill_up(s, &e);
        store_close(s, &closing); /* may fail as well: the log has no room to be written back */
        _exit(rc == ERR_IO && strstr(e.text, "no room left") ? 0 : 2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    after_the_fill(scratch.path);
    scratch_remove(&scratch);
}

static bool write_once(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return ok;
}

/* A name space of our own, in which we may mount: as root, or as root of a name space of users. */
static bool own_mounts(void)
{
    char map[40];
    snprintf(map, sizeof map, "0 %u 1", (unsigned)getuid());
    if (unshare(CLONE_NEWNS) && (unshare(CLONE_NEWUSER | CLONE_NEWNS) || !write_once("/proc/self/uid_map", map)))
        return false;
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* A file system of 1 MB that only a child sees, where the kernel lets us make one; grown for the resume. */
static void a_real_full_disk(void **state)
{
    (void)state;
    struct scratch scratch;
    int status;
    scratch_make(&scratch);
    pid_t child = fork();
    if (child == 0) {
        struct err e = ERR_INIT, closing = ERR_INIT;
        struct store *s = NULL;
        struct store_study study = fixture_study();
        if (!own_mounts() || mount("none", scratch.dir, "tmpfs", 0, "size=1m"))
            _exit(77);
        if (store_create(&s, scratch.path, &study, &e))
            _exit(1);
        int rc = fill_up(s, &e);
        store_close(s, &closing);
        if (rc != ERR_IO || !strstr(e.text, "no room left") ||
            mount("none", scratch.dir, "tmpfs", MS_REMOUNT, "size=8m"))
            _exit(2);
        after_the_fill(scratch.path);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    scratch_remove(&scratch);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip(); /* no name spaces for us here */
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i_o_errors),
        cmocka_unit_test(a_full_disk_at_every_call),
        cmocka_unit_test(a_busy_file_at_every_call),
        cmocka_unit_test(reading_reports_every_fault),
        cmocka_unit_test(a_limit_is_a_full_disk),
        cmocka_unit_test(a_file_size_limit_is_a_full_disk),
        cmocka_unit_test(a_real_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
