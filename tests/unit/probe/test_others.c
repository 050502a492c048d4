/* What others do to a host, on a fake tree whose counters are moved by hand, and on this host with a child that burns CPU. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "fake_root.h"
#include "probe/others.h"

static void write_process(const struct fake_root *r, int pid, int ticks, const char *children)
{
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    snprintf(text, sizeof text, "%d (a) S 1 1 1 0 -1 4194560 100 0 0 0 %d 0 7 7 20 0 5 0 100 1000000 5 0\n", pid,
             ticks);
    fake_write(r, path, text);
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    fake_write(r, path, children);
}

/* In two seconds all cores were busy for 3 s (0.2 s of it stolen), this process for 0.5 s and its two servers for 1 s. */
static void test_own_time_is_not_others(void **state)
{
    struct fake_root *r = *state;
    struct others o;
    fake_write(r, "/proc/stat", "cpu  1000 50 500 9000 70 10 5 3 40 0\n");
    write_process(r, 10, 100, "11 ");
    write_process(r, 11, 900, "");
    others_begin(&o, r->dir, 10, NS_PER_S);
    fake_write(r, "/proc/stat", "cpu  1200 50 560 9100 99 20 15 23 40 0\n");
    write_process(r, 10, 150, "11 12 ");
    write_process(r, 11, 960, "");
    write_process(r, 12, 40, ""); /* born in between */
    double ticks = (double)sysconf(_SC_CLK_TCK);
    assert_true(fabs(others_end(&o, 3 * NS_PER_S) - ((300 - 150) / ticks / 2)) < 1e-9);
}

static void test_unknown_is_no_number(void **state)
{
    struct fake_root *r = *state;
    struct others o;
    others_begin(&o, r->dir, 10, 0);
    assert_true(isnan(others_end(&o, NS_PER_S)));
    assert_true(isnan(host_temperature(r->dir)));
}

static void test_hottest(void **state)
{
    struct fake_root *r = *state;
    fake_write(r, "/sys/class/thermal/thermal_zone0/temp", "47000\n");
    assert_true(fabs(host_temperature(r->dir) - (47)) < 1e-9);
    fake_write(r, "/sys/class/hwmon/hwmon2/temp3_input", "81500\n");
    fake_write(r, "/sys/class/hwmon/hwmon2/temp4_input", "255000\n"); /* not connected */
    assert_true(fabs(host_temperature(r->dir) - (81.5)) < 1e-9);
}

/* However busy this host is, a child's own time is not counted as that of others. */
static void test_here(void **state)
{
    struct others o;
    struct timespec t0, t = {0};
    (void)state;
    if (access("/proc/self/task", R_OK) != 0)
        skip();
    pid_t child = fork();
    if (child == 0)
        for (;;)
            ;
    clock_gettime(CLOCK_MONOTONIC, &t0);
    others_begin(&o, "", getpid(), t0.tv_sec * NS_PER_S + t0.tv_nsec);
    int64_t began = tree_ticks(&o.own);
    for (int i = 0; i < 1000 && tree_ticks(&o.own) < began + 20; i++) { /* until it has had 0.2 s */
        nanosleep(&(struct timespec){0, 10 * NS_PER_MS}, NULL);
        tree_read(&o.own);
    }
    assert_true(tree_ticks(&o.own) >= began + 20);
    clock_gettime(CLOCK_MONOTONIC, &t);
    double cores = others_end(&o, t.tv_sec * NS_PER_S + t.tv_nsec);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_true(cores >= 0 && cores < (double)sysconf(_SC_NPROCESSORS_ONLN) + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_own_time_is_not_others, fake_make, fake_drop),
        cmocka_unit_test_setup_teardown(test_unknown_is_no_number, fake_make, fake_drop),
        cmocka_unit_test_setup_teardown(test_hottest, fake_make, fake_drop),
        cmocka_unit_test(test_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
