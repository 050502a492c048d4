/* Child processes: start, stop, crash, a missing program, and what is left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/proc.h"

static char log_path[64];

static int name_log(void **state)
{
    (void)state;
    snprintf(log_path, sizeof log_path, "/tmp/chimera-proc-%ld.log", (long)getpid());
    return 0;
}

static int remove_log(void **state)
{
    (void)state;
    unlink(log_path);
    return 0;
}

/* Runs a shell script in p. */
static int shell(struct proc *p, const char *script, const char *const *env, const char *cwd, struct err *e)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    return proc_start(p, &(struct proc_spec){argv, env, cwd, log_path}, e);
}

static void pause_ms(long ms)
{
    struct timespec t = {0, ms * 1000000};
    nanosleep(&t, NULL);
}

/* Waits until the process ended by itself; fails after ten seconds. */
static void await_end(struct proc *p)
{
    mono_ns until = clock_now(NULL) + 10 * NS_PER_S;
    while (proc_running(p)) {
        assert_true(clock_now(NULL) < until);
        pause_ms(2);
    }
}

/* Waits until the log holds `word`. */
static void await_log(const char *word)
{
    mono_ns until = clock_now(NULL) + 10 * NS_PER_S;
    for (bool found = false; !found;) {
        struct str s = STR_INIT;
        file_read(log_path, 100000, &s, NULL);
        found = strstr(str_z(&s), word) != NULL;
        str_release(&s);
        assert_true(clock_now(NULL) < until);
        pause_ms(2);
    }
}

static void a_child_gets_environment_folder_and_log(void **state)
{
    (void)state;
    const char *const env[] = {"CHIMERA_TEST=works", NULL};
    struct proc p;
    struct err e = ERR_INIT;
    char status[64];
    unlink(log_path);
    assert_int_equal(shell(&p, "echo $CHIMERA_TEST; pwd; echo oops >&2; exit 3", env, "/", &e), 0);
    await_end(&p);
    assert_true(p.exited);
    proc_status_text(&p, status);
    assert_string_equal(status, "exited with 3");
    struct str s = STR_INIT;
    assert_int_equal(file_read(log_path, 1000, &s, &e), 0);
    assert_string_equal(str_z(&s), "works\n/\noops\n");
    str_release(&s);
    proc_stop(&p, 0); /* nothing runs: nothing happens */
    proc_kill(&p);
}

static void a_crash_is_told_by_its_signal(void **state)
{
    (void)state;
    struct proc p;
    struct err e = ERR_INIT;
    char status[64];
    assert_int_equal(shell(&p, "kill -SEGV $$", NULL, NULL, &e), 0);
    await_end(&p);
    proc_status_text(&p, status);
    assert_string_equal(status, "killed by signal 11");
}

static void a_missing_program_is_an_error_of_the_start(void **state)
{
    (void)state;
    const char *const none[] = {"/no/such/program", NULL}, *const folder[] = {"/", NULL}, *const sh[] = {"sh", NULL};
    struct proc p;
    struct err e = ERR_INIT;
    assert_int_equal(proc_start(&p, &(struct proc_spec){.argv = none}, &e), ERR_NOTFOUND);
    assert_non_null(strstr(e.text, "/no/such/program"));
    assert_false(proc_running(&p));
    err_clear(&e);
    assert_int_equal(proc_start(&p, &(struct proc_spec){.argv = folder}, &e), ERR_IO);
    err_clear(&e);
    assert_true(proc_start(&p, &(struct proc_spec){.argv = sh, .cwd = "/no/such/folder"}, &e) < 0);
    err_clear(&e);
    assert_true(proc_start(&p, &(struct proc_spec){.argv = sh, .log_path = "/no/such/folder/log"}, &e) < 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no zombie is left */
    assert_int_equal(errno, ECHILD);
}

static void stopping_is_polite_first(void **state)
{
    (void)state;
    struct proc p;
    struct err e = ERR_INIT;
    char status[64];
    unlink(log_path);
    assert_int_equal(shell(&p, "trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.01; done", NULL, NULL, &e),
                     0);
    await_log("up");
    proc_stop(&p, 10 * NS_PER_S);
    assert_true(p.exited);
    proc_status_text(&p, status);
    assert_string_equal(status, "exited with 5");
    await_log("bye");
}

static void a_deaf_process_is_killed_after_the_grace(void **state)
{
    (void)state;
    struct proc p;
    struct err e = ERR_INIT;
    char status[64];
    unlink(log_path);
    assert_int_equal(shell(&p, "trap '' TERM; echo up; while :; do sleep 0.01; done", NULL, NULL, &e), 0);
    await_log("up");
    mono_ns start = clock_now(NULL);
    proc_stop(&p, 50 * NS_PER_MS);
    assert_true(clock_now(NULL) - start >= 50 * NS_PER_MS);
    proc_status_text(&p, status);
    assert_string_equal(status, "killed by signal 9");
    assert_false(proc_running(&p));
}

static void the_whole_group_goes(void **state)
{
    (void)state;
    struct proc p;
    struct err e = ERR_INIT;
    unlink(log_path);
    assert_int_equal(shell(&p, "sleep 1000 & echo child $! end; wait", NULL, NULL, &e), 0);
    await_log("end");
    struct str s = STR_INIT;
    file_read(log_path, 1000, &s, &e);
    pid_t helper = (pid_t)atol(str_z(&s) + strlen("child "));
    assert_true(helper > 0);
    proc_kill(&p);
    mono_ns until = clock_now(NULL) + 10 * NS_PER_S;
    for (;;) { /* killed: gone, or a zombie until init reaps it */
        char path[64];
        snprintf(path, sizeof path, "/proc/%ld/stat", (long)helper);
        struct str stat = STR_INIT;
        bool gone = file_read(path, 1000, &stat, NULL) != 0 || strstr(str_z(&stat), ") Z ") != NULL;
        str_release(&stat);
        if (gone)
            break;
        assert_true(clock_now(NULL) < until);
        pause_ms(2);
    }
    str_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_gets_environment_folder_and_log),    cmocka_unit_test(a_crash_is_told_by_its_signal),
        cmocka_unit_test(a_missing_program_is_an_error_of_the_start), cmocka_unit_test(stopping_is_polite_first),
        cmocka_unit_test(a_deaf_process_is_killed_after_the_grace),   cmocka_unit_test(the_whole_group_goes),
    };
    return cmocka_run_group_tests(tests, name_log, remove_log);
}
