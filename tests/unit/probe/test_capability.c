/* Capabilities of a good fake host, of an empty one, and of this one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_root.h"
#include "probe/capability.h"

static const struct capability *find(const struct capability *c, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(c[i].id, id) == 0)
            return &c[i];
    fail_msg("no capability %s", id);
    return NULL;
}

static void check(const struct capability *c, size_t n, const char *id, enum capability_state want, const char *words)
{
    const struct capability *one = find(c, n, id);
    if (one->state != want || !strstr(one->found, words))
        fail_msg("%s is %s: %s", id, capability_word(one->state), one->found);
}

static void test_good_host(void **state)
{
    struct fake_root *r = *state;
    struct capability c[CAPABILITY_MAX];
    struct str cpus = STR_INIT;
    for (int i = 0; i < 8; i++)
        str_addf(&cpus, "processor\t: %d\nphysical id\t: 0\ncore id\t: %d\nflags\t: fpu\n\n", i, i);
    fake_write(r, "/proc/cpuinfo", cpus.at);
    str_release(&cpus);
    fake_write(r, "/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
    fake_write(r, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
    fake_write(r, "/proc/pressure/cpu", "some avg10=0.00 total=1\n");
    fake_write(r, "/proc/self/task/1/children", "");
    fake_write(r, "/proc/net/snmp", "Tcp: RetransSegs\nTcp: 1\n");
    fake_write(r, "/proc/meminfo", "SwapTotal:        0 kB\n");
    fake_write(r, "/sys/class/powercap/intel-rapl:0/energy_uj", "123456\n");
    fake_write(r, "/proc/sys/kernel/perf_event_paranoid", "1\n");
    fake_write(r, "/sys/bus/event_source/devices/cpu/type", "4\n");
    size_t n = capability_read(r->dir, c);
    for (size_t i = 0; i < n; i++)
        check(c, n, c[i].id, CAPABILITY_YES, "");
    fake_write(r, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n");
    fake_write(r, "/proc/self/cgroup", "0::/\n");
    fake_write(r, "/sys/fs/cgroup/cpu.max", "150000 100000\n");
    fake_write(r, "/proc/meminfo", "SwapTotal:     2048 kB\n");
    fake_write(r, "/proc/sys/kernel/perf_event_paranoid", "3\n");
    n = capability_read(r->dir, c);
    check(c, n, "governor", CAPABILITY_PARTLY, "powersave");
    check(c, n, "cgroup", CAPABILITY_PARTLY, "1.50 cores");
    check(c, n, "cores", CAPABILITY_NO, "1 core for");
    check(c, n, "swap", CAPABILITY_PARTLY, "2048 kB");
    check(c, n, "perf", CAPABILITY_PARTLY, "perf_event_paranoid 3");
}

static void test_empty_host(void **state)
{
    struct fake_root *r = *state;
    struct capability c[CAPABILITY_MAX];
    size_t n = capability_read(r->dir, c);
    check(c, n, "psi", CAPABILITY_NO, "none");
    check(c, n, "rapl", CAPABILITY_NO, "intel-rapl");
    check(c, n, "perf", CAPABILITY_NO, "no perf_event_open");
    check(c, n, "governor", CAPABILITY_PARTLY, "no cpufreq");
}

static void test_this_host(void **state)
{
    (void)state;
    struct capability c[CAPABILITY_MAX];
    size_t n = capability_read("", c);
    for (size_t i = 0; i < n; i++) {
        print_message("    %-12s %-6s %s\n", c[i].id, capability_word(c[i].state), c[i].found);
        assert_true(c[i].found[0] && c[i].what[0] && c[i].cost[strlen(c[i].cost) - 1] == '.');
    }
    find(c, n, "timer");
    find(c, n, "nvml");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_make, fake_drop)
    const struct CMUnitTest tests[] = {
        TEST(test_good_host),
        TEST(test_empty_host),
        cmocka_unit_test(test_this_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
