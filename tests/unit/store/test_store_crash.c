/* Two processes and one result file: kill -9 at any moment loses no committed row; one writer at a time; readers beside it. */
#include "fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

enum { REQUESTS = 60 };

/* The i-th request of the child, which the parent can make again. */
static void request_of(uint64_t seed, int64_t i, struct request *r)
{
    struct rng g = rng_stream(seed * 1000 + (uint64_t)i, "crash");
    any_request(&g, r, i);
}

/* Writes runs for ever and tells through the pipe, a byte each, what has been committed: 'b' a run began, 'r' a request,
 * 'e' a run ended. With batching a request counts once it is flushed. */
static void write_for_ever(const struct scratch *scratch, uint64_t seed, bool batching, int tell)
{
    struct err e = ERR_INIT;
    struct store *s = NULL;
    if (store_open(&s, scratch->path, true, &e))
        _exit(1);
    store_batching(s, batching);
    for (int32_t position = 0; position < 4; position++) {
        struct run run = {.arm = fixture_rows[position].arm,
                          .block = fixture_rows[position].block,
                          .position = position,
                          .state = RUN_COMPLETE};
        if (store_run_begin(s, &run, &e) || write(tell, "b", 1) != 1)
            _exit(2);
        for (int64_t i = 0; i < REQUESTS; i++) {
            struct request r;
            request_of(seed, i, &r);
            if (store_request(s, run.id, &r, &e))
                _exit(3);
            request_release(&r);
            if (batching && i % 10 == 9 && (store_flush(s, &e) || write(tell, "rrrrrrrrrr", 10) != 10))
                _exit(4);
            if (!batching && write(tell, "r", 1) != 1)
                _exit(5);
        }
        if (store_run_end(s, &run, &e) || write(tell, "e", 1) != 1)
            _exit(6);
    }
    store_close(s, &e);
    _exit(0);
}

struct told {
    int runs_begun, runs_ended, requests_of_last;
};

/* Reads at most n of what the child tells. */
static void listen(int fd, int n, struct told *t)
{
    char c;
    while (n-- && read(fd, &c, 1) == 1) {
        t->requests_of_last = c == 'b' ? 0 : t->requests_of_last + (c == 'r');
        t->runs_begun += c == 'b';
        t->runs_ended += c == 'e';
    }
}

static void check_survivors(const struct scratch *scratch, uint64_t seed, const struct told *told)
{
    struct arena a = {0};
    struct err e = ERR_INIT;
    struct run *runs;
    size_t n;
    struct store *s = fixture_open(scratch, true);
    must(store_check(s, &e), &e);
    must(store_runs(s, STORE_CHUNKS | STORE_TEXT, &a, &runs, &n, &e), &e);
    assert_true(n >= (size_t)told->runs_begun && n <= (size_t)told->runs_begun + 1);
    for (size_t k = 0; k < n; k++) {
        assert_true(runs[k].state == RUN_COMPLETE || runs[k].state == RUN_ABORTED);
        if (k < (size_t)told->runs_ended)
            assert_int_equal(runs[k].state, RUN_COMPLETE);
        if (runs[k].state == RUN_COMPLETE) {
            char stored[65], now[65];
            assert_int_equal(runs[k].n_requests, REQUESTS);
            must(store_run_stored_hash(s, runs[k].id, stored, &e), &e);
            must(store_run_hash(s, runs[k].id, now, &e), &e);
            assert_string_equal(stored, now);
        }
        if (k + 1 == (size_t)told->runs_begun)
            assert_true(runs[k].n_requests >= (size_t)told->requests_of_last);
        for (size_t i = 0; i < runs[k].n_requests; i++) {
            struct request r;
            request_of(seed, (int64_t)i, &r);
            same_request(&r, &runs[k].requests[i]);
            request_release(&r);
        }
    }
    store_runs_release(runs, n);
    fixture_close(s);
    assert_int_equal(scratch_others(scratch), 0);
    arena_release(&a);
}

/* The kill comes a little after the child has told `n` things. */
static struct told killed_after(uint64_t seed, bool batching, int n, useconds_t delay_us)
{
    struct scratch scratch;
    struct told told = {0};
    int fds[2], status;
    scratch_make(&scratch);
    fixture_close(fixture_create(&scratch));
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0) {
        close(fds[0]);
        write_for_ever(&scratch, seed, batching, fds[1]);
    }
    close(fds[1]);
    listen(fds[0], n, &told);
    usleep(delay_us); /* not to wait for anything: to hit another moment each time */
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status))
        assert_int_equal(WEXITSTATUS(status), 0);
    listen(fds[0], INT32_MAX, &told);
    close(fds[0]);
    check_survivors(&scratch, seed, &told);
    scratch_remove(&scratch);
    return told;
}

static void kill_9_loses_no_committed_row(void **state)
{
    (void)state;
    struct rng g = rng_stream(1, "kill");
    int inside = 0, ended = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        int n = (int)rng_below(&g, (uint64_t)4 * (REQUESTS + 2));
        struct told told = killed_after(seed, seed % 2, n, (useconds_t)rng_below(&g, 2000));
        inside += told.runs_begun > told.runs_ended;
        ended += told.runs_ended;
    }
    print_message("%d of 40 kills fell into a run; %d runs had ended before\n", inside, ended);
    assert_true(inside > 20);
}

/* Either there is no file, or it is one with its whole plan. */
static void created_and_killed(useconds_t delay_us, int *made)
{
    struct scratch scratch;
    struct arena a = {0};
    struct err e = ERR_INIT;
    struct store_info info;
    scratch_make(&scratch);
    pid_t child = fork();
    if (child == 0) {
        fixture_create(&scratch);
        _exit(0);
    }
    if (delay_us != UINT32_MAX) {
        usleep(delay_us);
        kill(child, SIGKILL);
    }
    waitpid(child, NULL, 0);
    *made += file_exists(scratch.path);
    struct store *s = file_exists(scratch.path) ? fixture_open(&scratch, true) : fixture_create(&scratch);
    must(store_info(s, &a, &info, &e), &e);
    assert_int_equal(info.study.n_rows, 4);
    fixture_close(s);
    assert_int_equal(scratch_others(&scratch), 0);
    arena_release(&a);
    scratch_remove(&scratch);
}

static void kill_9_while_creating(void **state)
{
    (void)state;
    struct rng g = rng_stream(2, "kill");
    int made = 0;
    mono_ns start = clock_now(NULL);
    created_and_killed(UINT32_MAX, &made);         /* not killed at all */
    mono_ns usual = (clock_now(NULL) - start) / 2; /* it includes opening, closing and removing */
    for (int i = 0; i < 40; i++)
        created_and_killed((useconds_t)rng_below(&g, (uint64_t)(usual / NS_PER_US) + 1), &made);
    print_message("%d of 40 kills came after the file was there\n", made);
}

/* A child that opens the result for writing, begins a run with three requests, says so, and waits for a byte to end. */
static pid_t writer_at_work(const struct scratch *scratch, int *to, int *from)
{
    int out[2], in[2];
    char c;
    assert_int_equal(pipe(out), 0);
    assert_int_equal(pipe(in), 0);
    pid_t child = fork();
    if (child == 0) {
        struct err e = ERR_INIT;
        struct store *s = NULL;
        struct run run = {.arm = "solo", .state = RUN_COMPLETE};
        close(out[1]);
        if (store_open(&s, scratch->path, true, &e) || store_run_begin(s, &run, &e))
            _exit(1);
        for (int64_t i = 0; i < 3; i++) {
            struct request r;
            request_of(5, i, &r);
            if (store_request(s, run.id, &r, &e))
                _exit(2);
            request_release(&r);
        }
        if (write(in[1], "w", 1) != 1 || read(out[0], &c, 1) != 1)
            _exit(3);
        _exit(store_run_end(s, &run, &e) || store_close(s, &e) ? 4 : 0);
    }
    close(out[0]);
    close(in[1]);
    assert_int_equal(read(in[0], &c, 1), 1);
    *to = out[1];
    *from = in[0];
    return child;
}

static size_t rows_seen(struct store *s, enum run_state expected)
{
    struct arena a = {0};
    struct err e = ERR_INIT;
    struct run *runs;
    size_t n;
    must(store_runs(s, STORE_CHUNKS | STORE_TEXT, &a, &runs, &n, &e), &e);
    assert_int_equal(n, 1);
    assert_int_equal(runs[0].state, expected);
    size_t rows = runs[0].n_requests;
    store_runs_release(runs, n);
    arena_release(&a);
    return rows;
}

static void one_writer_many_readers(void **state)
{
    (void)state;
    struct scratch scratch;
    struct err e = ERR_INIT;
    struct store *s = NULL, *reader;
    int to, from, status;
    char pid[32], link[96];
    scratch_make(&scratch);
    fixture_close(fixture_create(&scratch));
    pid_t child = writer_at_work(&scratch, &to, &from);
    assert_int_equal(store_open(&s, scratch.path, true, &e), ERR_REFUSED);
    snprintf(pid, sizeof pid, "(process %ld)", (long)child);
    assert_non_null(strstr(e.text, "is being written by another chimera"));
    assert_non_null(strstr(e.text, pid));
    snprintf(link, sizeof link, "%s/other-name.db", scratch.dir); /* the same file by another name */
    assert_int_equal(symlink(scratch.path, link), 0);
    err_clear(&e);
    assert_int_equal(store_open(&s, link, true, &e), ERR_REFUSED);

    reader = fixture_open(&scratch, false);
    struct store *second = fixture_open(&scratch, false);
    assert_int_equal(rows_seen(reader, RUN_RUNNING), 3);
    assert_int_equal(rows_seen(second, RUN_RUNNING), 3);
    fixture_close(second); /* closing one must not take the other's locks */
    assert_int_equal(write(to, "x", 1), 1);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0); /* the writer ends in peace while a reader looks on */
    assert_int_equal(rows_seen(reader, RUN_COMPLETE), 3);
    fixture_close(reader);
    close(to);
    close(from);

    fixture_close(fixture_open(&scratch, true)); /* whoever writes next tidies up */
    assert_int_equal(scratch_others(&scratch), 0);
    scratch_remove(&scratch);
}

static void a_killed_writer_holds_no_lock(void **state)
{
    (void)state;
    struct scratch scratch;
    int to, from;
    scratch_make(&scratch);
    fixture_close(fixture_create(&scratch));
    pid_t child = writer_at_work(&scratch, &to, &from);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    struct store *s = fixture_open(&scratch, false); /* a report on the crashed study, before any resume */
    assert_int_equal(rows_seen(s, RUN_RUNNING), 3);
    fixture_close(s);
    s = fixture_open(&scratch, true);
    assert_int_equal(rows_seen(s, RUN_ABORTED), 3);
    fixture_close(s);
    assert_int_equal(scratch_others(&scratch), 0);
    close(to);
    close(from);
    scratch_remove(&scratch);
}

/* The last pages of the file are overwritten while committed rows are still in the log: the refusal changes neither. */
static void damage_beside_a_log_is_refused_untouched(void **state)
{
    (void)state;
    struct scratch scratch;
    struct str before = STR_INIT, after = STR_INIT, log = STR_INIT;
    struct err e = ERR_INIT;
    struct store *s = NULL;
    char wal[128];
    int to, from;
    scratch_make(&scratch);
    fixture_close(fixture_create(&scratch));
    pid_t child = writer_at_work(&scratch, &to, &from);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    snprintf(wal, sizeof wal, "%s-wal", scratch.path);
    must(file_read(wal, 1 << 24, &log, &e), &e);
    assert_true(log.len > 4096);
    must(file_read(scratch.path, 1 << 24, &before, &e), &e);
    memset(before.at + 8192, 0xEE, 4096); /* `study` or `plan`: not in the log */
    int fd = open(scratch.path, O_WRONLY);
    assert_int_equal(pwrite(fd, before.at, before.len, 0), before.len);
    close(fd);
    assert_int_equal(store_open(&s, scratch.path, true, &e), ERR_INPUT);
    err_clear(&e);
    must(file_read(scratch.path, 1 << 24, &after, &e), &e);
    same_str(&before, &after);
    str_clear(&after);
    must(file_read(wal, 1 << 24, &after, &e), &e);
    same_str(&log, &after);
    close(to);
    close(from);
    str_release(&before);
    str_release(&after);
    str_release(&log);
    scratch_remove(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kill_9_loses_no_committed_row),
        cmocka_unit_test(kill_9_while_creating),
        cmocka_unit_test(one_writer_many_readers),
        cmocka_unit_test(a_killed_writer_holds_no_lock),
        cmocka_unit_test(damage_beside_a_log_is_refused_untouched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
