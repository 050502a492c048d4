/* The sampler on a fake tree whose counters are moved by hand, and on this host with a child that burns CPU. */
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
#include "format/json.h"
#include "probe/sampler.h"

struct seen {
    char last[2048];
    mono_ns last_t;
    int n;
};

static void keep(void *user, mono_ns t, const char *json, size_t n)
{
    struct seen *s = user;
    assert_true(n < sizeof s->last);
    memcpy(s->last, json, n);
    s->last[n] = 0;
    s->last_t = t;
    s->n++;
    struct err e = ERR_INIT;
    yyjson_doc *doc = json_read(json, n, NULL, &e);
    if (!doc)
        fail_msg("%s in %s", e.text, json);
    yyjson_doc_free(doc);
}

static void write_process(const struct fake_root *r, int pid, int utime, int stime, int rss, const char *children)
{
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    snprintf(text, sizeof text, "%d (a (b) c) S 1 %d %d 0 -1 4194560 100 0 0 0 %d %d 7 7 20 0 5 0 100 1000000 %d 0\n",
             pid, pid, pid, utime, stime, rss);
    fake_write(r, path, text);
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    fake_write(r, path, children);
}

static void write_host(const struct fake_root *r, const char *cpu, long psi, int retransmits)
{
    char text[512];
    snprintf(text, sizeof text, "cpu  %s\ncpu0 1 2 3\nintr 1\n", cpu);
    fake_write(r, "/proc/stat", text);
    snprintf(text, sizeof text, "some avg10=0.00 avg60=0.00 avg300=0.00 total=%ld\nfull avg10=0.00 total=99\n", psi);
    fake_write(r, "/proc/pressure/cpu", text);
    snprintf(text, sizeof text,
             "Ip: Forwarding DefaultTTL\nIp: 1 64\nTcp: RtoAlgorithm RtoMin MaxConn InSegs RetransSegs InErrs\n"
             "Tcp: 1 200 -1 555 %d 0\nUdp: X\nUdp: 1\n",
             retransmits);
    fake_write(r, "/proc/net/snmp", text);
    fake_write(r, "/proc/self/statm", "100 50 1 1 0 1 0\n");
}

static void test_counters(void **state)
{
    struct fake_root *r = *state;
    struct seen seen = {.n = 0};
    struct health h = {0};
    struct sampler *s;
    struct err e = ERR_INIT;
    const struct sampler_server servers[] = {{"a", 101}, {"url", 0}, {"b", 102}};
    double cpu;
    int64_t rss;
    /*             user nice sys idle iowait irq softirq steal guest */
    write_host(r, "1000 0 500 8000 100 0 0 10 700 0", 5000, 40);
    write_process(r, 101, 50, 50, 1000, "103 ");
    write_process(r, 103, 10, 10, 2000, "");
    write_process(r, 102, 0, 0, 10, "");
    struct sampler_spec spec = {r->dir, servers, 3, 100 * NS_PER_MS, keep, &seen};
    assert_int_equal(sampler_new(&s, &spec, &e), 0);
    sampler_start(s, 1000 * NS_PER_MS);
    assert_int_equal(seen.n, 1);
    assert_false(sampler_tick(s, 1050 * NS_PER_MS)); /* not due */

    write_host(r, "1060 0 540 8080 100 0 0 30 700 0", 105000, 43); /* +60 +40 +80 idle +20 steal */
    write_process(r, 101, 80, 70, 1100, "103 104 ");
    write_process(r, 103, 30, 10, 2000, "");
    write_process(r, 104, 5, 0, 100, ""); /* born in the window */
    assert_true(sampler_tick(s, 1110 * NS_PER_MS));
    assert_false(sampler_tick(s, 1190 * NS_PER_MS)); /* the schedule is absolute: the next at 1200 */
    assert_true(sampler_tick(s, 1200 * NS_PER_MS));
    assert_true(sampler_server_use(s, 0, &cpu, &rss));
    assert_true(fabs(cpu - 0.70) < 1e-9); /* 50 + 20 ticks of 10 ms; 104 is found by the next scan */
    assert_false(sampler_server_use(s, 1, &cpu, &rss));

    write_process(r, 103, 40, 10, 2000, "");
    char gone[96];
    sampler_stop(s, 2000 * NS_PER_MS, &h); /* a second later: scans again */
    assert_true(sampler_server_use(s, 0, &cpu, &rss));
    assert_true(fabs(cpu - 0.85) < 1e-9); /* 50 + 30 + 5 */
    assert_int_equal(rss, 3200 * sysconf(_SC_PAGESIZE));
    assert_int_equal(h.samples, 4);
    assert_int_equal(seen.n, 4);
    assert_true(fabs(h.steal - 0.1) < 1e-9);        /* 20 of 200 ticks */
    assert_true(fabs(h.host_busy - 0.6) < 1e-9);    /* 120 of 200 */
    assert_true(fabs(h.psi_cpu_some - 0.1) < 1e-9); /* 100 ms of 1 s */
    assert_true(h.client_cpu_s >= 0 && h.client_rss_bytes > 0 && h.ctx_voluntary >= 0);
    assert_non_null(strstr(seen.last, "\"retransmits\":3"));
    assert_non_null(strstr(seen.last, "\"cpu_s\":0.85,\"name\":\"a\",\"processes\":3"));
    assert_null(strstr(seen.last, "\"url\""));
    print_message("    %s\n", seen.last);

    /* A process that ends keeps what it used: its file reads empty, as /proc's does. */
    snprintf(gone, sizeof gone, "/proc/%d/stat", 103);
    fake_write(r, gone, "");
    sampler_tick(s, 2300 * NS_PER_MS);
    assert_true(sampler_server_use(s, 0, &cpu, &rss));
    assert_true(fabs(cpu - 0.85) < 1e-9);
    assert_int_equal(rss, 1200 * sysconf(_SC_PAGESIZE));
    sampler_free(s);
}

static void write_zone(const struct fake_root *r, const char *zone, const char *name, const char *energy)
{
    char path[96];
    snprintf(path, sizeof path, "/sys/class/powercap/%s/name", zone);
    fake_write(r, path, name);
    snprintf(path, sizeof path, "/sys/class/powercap/%s/max_energy_range_uj", zone);
    fake_write(r, path, "262143328850\n");
    snprintf(path, sizeof path, "/sys/class/powercap/%s/energy_uj", zone);
    fake_write(r, path, energy);
}

static void test_energy(void **state)
{
    struct fake_root *r = *state;
    struct seen seen = {.n = 0};
    struct health h = {0};
    struct sampler *s;
    write_zone(r, "intel-rapl:0", "package-0\n", "262143328000\n");
    write_zone(r, "intel-rapl:0:0", "core\n", "5\n"); /* part of the package */
    write_zone(r, "intel-rapl:0:1", "dram\n", "1000000\n");
    write_zone(r, "intel-rapl:1", "psys\n", "7\n");
    struct sampler_spec spec = {r->dir, NULL, 0, 0, keep, &seen};
    assert_int_equal(sampler_new(&s, &spec, NULL), 0);
    sampler_start(s, 0);
    assert_non_null(strstr(seen.last, "\"energy\":[{\"joules\":0,\"name\":\"package-0\"},"));
    write_zone(r, "intel-rapl:0", "package-0\n", "1999150\n"); /* 850 to the end of its range, and on */
    write_zone(r, "intel-rapl:0:1", "dram\n", "1250000\n");
    assert_true(sampler_tick(s, NS_PER_S));
    write_zone(r, "intel-rapl:0", "package-0\n", "2999150\n");
    write_zone(r, "intel-rapl:1", "psys\n", ""); /* unreadable for once: nothing is made up */
    sampler_stop(s, 2 * NS_PER_S, &h);
    assert_non_null(strstr(seen.last, "\"energy\":[{\"joules\":3,\"name\":\"package-0\"},{\"joules\":0.25,\"name\":"
                                      "\"package-0/dram\"},{\"joules\":0,\"name\":\"psys\"}]"));
    sampler_free(s);
}

static void test_nothing_there(void **state)
{
    struct fake_root *r = *state;
    struct seen seen = {.n = 0};
    struct health h = {.chunks = 77};
    struct sampler *s;
    const struct sampler_server servers[] = {{"a", 101}};
    struct sampler_spec spec = {r->dir, servers, 1, 0, keep, &seen};
    assert_int_equal(sampler_new(&s, &spec, NULL), 0);
    sampler_start(s, 0);
    sampler_stop(s, NS_PER_S, &h);
    assert_true(isnan(h.steal) && isnan(h.host_busy) && isnan(h.psi_cpu_some));
    assert_int_equal(h.chunks, 77); /* the client's part is left alone */
    assert_non_null(strstr(seen.last, "\"psi_cpu_s\":null"));
    assert_non_null(strstr(seen.last, "\"retransmits\":null"));
    assert_non_null(strstr(seen.last, "\"cpu_s\":null"));
    assert_null(strstr(seen.last, "energy"));
    assert_null(strstr(seen.last, "gpus"));
    sampler_free(s);
}

/* PSI that is compiled in but booted off answers the read with an error; an snmp without the column exists too. */
static void test_odd_content(void **state)
{
    struct fake_root *r = *state;
    struct health h = {0};
    struct sampler *s;
    fake_write(r, "/proc/stat", "intr 5\n");
    fake_write(r, "/proc/pressure/cpu", "");
    fake_write(r, "/proc/net/snmp", "Tcp: RtoAlgorithm RtoMin\nTcp: 1 200\n");
    struct sampler_spec spec = {.root = r->dir};
    assert_int_equal(sampler_new(&s, &spec, NULL), 0);
    sampler_start(s, 0);
    sampler_stop(s, 0, &h); /* no time passed either */
    assert_true(isnan(h.steal) && isnan(h.psi_cpu_some));
    sampler_free(s);
}

static void spin_until(mono_ns t)
{
    while (clock_now(NULL) < t)
        ;
}

/* 0.4 s of a child of a child at work is seen as the server's; the sampler's own cost stays small. */
static void test_this_host(void **state)
{
    (void)state;
    struct seen seen = {.n = 0};
    struct health h = {0};
    struct sampler *s;
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        usleep(50000);
        if (fork() == 0)
            spin_until(clock_now(NULL) + 5 * NS_PER_S);
        pause();
        _exit(0);
    }
    struct sampler_server server = {"a", pid};
    struct sampler_spec spec = {"", &server, 1, 100 * NS_PER_MS, keep, &seen};
    assert_int_equal(sampler_new(&s, &spec, NULL), 0);
    mono_ns t0 = clock_now(NULL), now;
    sampler_start(s, t0);
    while ((now = clock_now(NULL)) < t0 + 1600 * NS_PER_MS) {
        usleep(10000);
        sampler_tick(s, now);
    }
    sampler_stop(s, clock_now(NULL), &h);
    double cpu = 0;
    int64_t rss = 0;
    assert_true(sampler_server_use(s, 0, &cpu, &rss));
    kill(-pid, SIGKILL);
    waitpid(pid, NULL, 0);
    print_message("    %s\n    cost: %.2f ms of CPU for %lld samples in 1.6 s\n", seen.last,
                  (double)sampler_cost_ns(s) / 1e6, (long long)h.samples);
    assert_true(cpu > 0.3);
    assert_true(rss > 0);
    assert_in_range(h.samples, 5, 18);
    assert_true(h.host_busy > 0 && h.host_busy <= 1);
    assert_true(sampler_cost_ns(s) < 50 * NS_PER_MS); /* the bench has the real bound; sanitizers are slow */
    sampler_free(s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_make, fake_drop)
    const struct CMUnitTest tests[] = {
        TEST(test_counters),
        TEST(test_energy),
        TEST(test_nothing_there),
        TEST(test_odd_content),
        cmocka_unit_test(test_this_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
