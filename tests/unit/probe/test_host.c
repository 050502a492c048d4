/* Host facts from fake trees of several machines, and from this one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_root.h"
#include "format/json.h"
#include "probe/host.h"

static void write_cpuinfo(const struct fake_root *r, int packages, int cores, int threads, const char *flags)
{
    struct str s = STR_INIT;
    int n = 0;
    for (int p = 0; p < packages; p++)
        for (int t = 0; t < threads; t++)
            for (int c = 0; c < cores; c++)
                str_addf(
                    &s,
                    "processor\t: %d\nvendor_id\t: GenuineIntel\nmodel name\t: Fake CPU @ 2.00GHz\nmicrocode\t: 0x2b\n"
                    "cpu MHz\t\t: 2100.250\nphysical id\t: %d\ncore id\t\t: %d\nflags\t\t: fpu sse%s\n\n",
                    n++, p, c, flags);
    fake_write(r, "/proc/cpuinfo", s.at);
    str_release(&s);
}

static void write_server(const struct fake_root *r)
{
    write_cpuinfo(r, 2, 4, 2, "");
    fake_write(r, "/proc/meminfo",
               "MemTotal:       65843524 kB\nMemFree: 1 kB\nMemAvailable:   50000000 kB\n"
               "SwapTotal:  2048 kB\nSwapFree:  1024 kB\n");
    fake_write(r, "/proc/sys/kernel/osrelease", "6.1.0-13-amd64\n");
    fake_write(r, "/proc/sys/kernel/hostname", "box\n");
    fake_write(r, "/proc/sys/kernel/random/boot_id", "f4b5e0aa-0000-4000-8000-000000000001\n");
    fake_write(r, "/proc/loadavg", "0.50 0.25 0.10 3/456 789\n");
    fake_write(r, "/proc/uptime", "1234.56 999.99\n");
    fake_write(r, "/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
    fake_write(r, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n");
    fake_write(r, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", "3100000\n");
    fake_write(r, "/sys/devices/system/cpu/smt/active", "1\n");
    fake_write(r, "/sys/devices/system/node/node0/cpulist", "0-7\n");
    fake_write(r, "/sys/devices/system/node/node1/cpulist", "8-15\n");
}

static yyjson_doc *facts(const char *root, bool stable)
{
    struct str s = STR_INIT;
    struct err e = ERR_INIT;
    host_facts(root, stable ? &s : NULL, stable ? NULL : &s);
    yyjson_doc *doc = json_read(s.at, s.len, NULL, &e);
    if (!doc)
        fail_msg("%s in %s", e.text, s.at);
    /* sorted keys */
    yyjson_val *key, *val;
    size_t i, n;
    const char *last = "";
    yyjson_obj_foreach (yyjson_doc_get_root(doc), i, n, key, val) {
        assert_true(strcmp(last, yyjson_get_str(key)) < 0);
        last = yyjson_get_str(key);
    }
    str_release(&s);
    return doc;
}

static void check_text(yyjson_doc *d, const char *key, const char *want)
{
    struct span got = json_get_text(yyjson_doc_get_root(d), key);
    if (!want) {
        assert_true(yyjson_is_null(yyjson_obj_get(yyjson_doc_get_root(d), key)));
        return;
    }
    if (!span_eq_z(got, want))
        fail_msg("%s is %.*s, not %s", key, (int)got.len, got.at ? got.at : "", want);
}

static void check_int(yyjson_doc *d, const char *key, int64_t want)
{
    assert_int_equal(json_get_int(yyjson_doc_get_root(d), key, -99), want);
}

static void test_server(void **state)
{
    struct fake_root *r = *state;
    write_server(r);
    yyjson_doc *d = facts(r->dir, true);
    check_text(d, "cpu", "Fake CPU @ 2.00GHz");
    check_text(d, "cpu_microcode", "0x2b");
    check_int(d, "cores", 16);
    check_int(d, "cores_physical", 8);
    check_int(d, "smt", 1);
    check_int(d, "numa_nodes", 2);
    check_int(d, "memory_bytes", 1005LL * (64 << 20)); /* 65843524 kB is 1004.7 times 64 MiB */
    check_text(d, "kernel", "6.1.0-13-amd64");
    check_text(d, "clocksource", "tsc");
    check_text(d, "governor", "performance");
    check_text(d, "virtualisation", "none");
    check_text(d, "container", "none");
    check_text(d, "cgroup_cpu_limit", NULL);
    assert_int_equal(json_get_text(yyjson_doc_get_root(d), "hostname_sha256").len, 64);
    yyjson_doc_free(d);
    d = facts(r->dir, false);
    check_text(d, "boot_id", "f4b5e0aa-0000-4000-8000-000000000001");
    check_int(d, "cpu_mhz", 3100);
    check_int(d, "processes_running", 3);
    check_int(d, "memory_available_bytes", 50000000LL * 1024);
    check_int(d, "swap_used_bytes", 1024 * 1024);
    assert_true(json_get_double(yyjson_doc_get_root(d), "load_5", -1) == 0.25);
    yyjson_doc_free(d);
    assert_int_equal(host_cores(r->dir), 16);
}

static void test_stratum_ignores_the_moment(void **state)
{
    struct fake_root *r = *state;
    struct str a = STR_INIT, b = STR_INIT, c = STR_INIT;
    write_server(r);
    host_facts(r->dir, &a, NULL);
    fake_write(r, "/proc/loadavg", "9.50 0.25 0.10 3/456 789\n");
    fake_write(r, "/proc/sys/kernel/random/boot_id", "another\n");
    fake_write(r, "/proc/meminfo",
               "MemTotal:       65843000 kB\nMemAvailable: 1 kB\n"); /* another boot keeps a bit more */
    host_facts(r->dir, &b, NULL);
    assert_string_equal(a.at, b.at);
    fake_write(r, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n");
    host_facts(r->dir, &c, NULL);
    assert_string_not_equal(a.at, c.at);
    str_release(&a);
    str_release(&b);
    str_release(&c);
}

static void test_virtual_machine_with_quota(void **state)
{
    struct fake_root *r = *state;
    write_cpuinfo(r, 1, 4, 1, " hypervisor avx");
    fake_write(r, "/sys/class/dmi/id/product_name", "Standard \"PC\"\n");
    fake_write(r, "/.dockerenv", "");
    fake_write(r, "/proc/self/cgroup", "0::/outer/inner\n");
    fake_write(r, "/sys/fs/cgroup/outer/cpu.max", "250000 100000\n");
    fake_write(r, "/sys/fs/cgroup/outer/inner/cpu.max", "max 100000\n");
    yyjson_doc *d = facts(r->dir, true);
    check_text(d, "virtualisation", "vm: Standard \"PC\"");
    check_text(d, "container", "docker");
    check_text(d, "governor", NULL);
    assert_true(json_get_double(yyjson_doc_get_root(d), "cgroup_cpu_limit", 0) == 2.5);
    yyjson_doc_free(d);
    assert_int_equal(host_cores(r->dir), 2);
    fake_write(r, "/sys/fs/cgroup/outer/inner/cpu.max", "50000 100000\n");
    assert_true(host_cgroup_limit(r->dir) == 0.5);
    assert_int_equal(host_cores(r->dir), 1);
}

static void test_cgroup_v1(void **state)
{
    struct fake_root *r = *state;
    write_cpuinfo(r, 1, 4, 1, "");
    fake_write(r, "/proc/self/cgroup", "4:cpu,cpuacct:/x\n");
    fake_write(r, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n");
    fake_write(r, "/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    assert_true(host_cgroup_limit(r->dir) == 3.0);
    fake_write(r, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    assert_true(host_cgroup_limit(r->dir) == 0);
}

static void test_arm(void **state)
{
    struct fake_root *r = *state;
    fake_write(r, "/proc/cpuinfo",
               "processor\t: 0\nBogoMIPS\t: 108.00\nCPU part\t: 0xd0c\n\nprocessor\t: 1\n"
               "BogoMIPS\t: 108.00\nCPU part\t: 0xd0c\n\nModel\t\t: Some Board Rev 1\n");
    yyjson_doc *d = facts(r->dir, true);
    check_text(d, "cpu", "Some Board Rev 1");
    check_int(d, "cores", 2);
    assert_true(yyjson_is_null(yyjson_obj_get(yyjson_doc_get_root(d), "cores_physical")));
    yyjson_doc_free(d);
}

static void test_nothing_there(void **state)
{
    struct fake_root *r = *state;
    yyjson_doc *d = facts(r->dir, true);
    check_text(d, "cpu", NULL);
    check_text(d, "kernel", NULL);
    check_text(d, "hostname_sha256", NULL);
    yyjson_doc_free(d);
    yyjson_doc_free(facts(r->dir, false));
    assert_int_equal(host_cores(r->dir), 1);
}

static void test_this_host(void **state)
{
    (void)state;
    struct str a = STR_INIT, b = STR_INIT;
    host_facts("", &a, NULL);
    host_facts("", &b, NULL);
    assert_string_equal(a.at, b.at);
    print_message("    %s\n", a.at);
    yyjson_doc *d = facts("", true);
    assert_true(json_get_int(yyjson_doc_get_root(d), "cores", 0) >= 1);
    assert_true(json_get_int(yyjson_doc_get_root(d), "memory_bytes", 0) > 0);
    yyjson_doc_free(d);
    d = facts("", false);
    assert_true(json_get_int(yyjson_doc_get_root(d), "memory_available_bytes", 0) > 0);
    yyjson_doc_free(d);
    assert_in_range(host_cores(""), 1, sysconf(_SC_NPROCESSORS_ONLN));
    str_release(&a);
    str_release(&b);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_make, fake_drop)
    const struct CMUnitTest tests[] = {
        TEST(test_server),
        TEST(test_stratum_ignores_the_moment),
        TEST(test_virtual_machine_with_quota),
        TEST(test_cgroup_v1),
        TEST(test_arm),
        TEST(test_nothing_there),
        cmocka_unit_test(test_this_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
