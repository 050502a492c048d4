/* capability.c: one function per row of a table. See capability.h. */
#include "probe/capability.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "probe/host.h"
#include "probe/read.h"

typedef enum capability_state look_fn(const char *root, char found[160]);

#define FOUND(...) snprintf(found, 160, __VA_ARGS__)

static enum capability_state look_cores(const char *root, char found[160])
{
    int n = host_cores(root);
    FOUND("%d core%s for this process", n, n == 1 ? "" : "s");
    return n >= 4 ? CAPABILITY_YES : n >= 2 ? CAPABILITY_PARTLY : CAPABILITY_NO;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* How late an absolute sleep of 200 µs wakes: the median of 15. */
static enum capability_state look_timer(const char *root, char found[160])
{
    enum { TRIES = 15 };
    int64_t late[TRIES];
    struct timespec res = {0};
    (void)root;
    clock_getres(CLOCK_MONOTONIC, &res);
    for (int i = 0; i < TRIES; i++) {
        mono_ns at = clock_now(NULL) + 200 * NS_PER_US;
        struct timespec t = {at / NS_PER_S, at % NS_PER_S};
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
        late[i] = clock_now(NULL) - at;
    }
    qsort(late, TRIES, sizeof *late, by_size);
    FOUND("resolution %ld ns; a sleep wakes %.0f us late (median of %d)", res.tv_nsec, (double)late[TRIES / 2] / 1e3,
          TRIES);
    return res.tv_nsec == 1 && late[TRIES / 2] < 500 * NS_PER_US ? CAPABILITY_YES : CAPABILITY_PARTLY;
}

static enum capability_state look_clocksource(const char *root, char found[160])
{
    char name[64];
    if (!read_text(root, "/sys/devices/system/clocksource/clocksource0/current_clocksource", name, sizeof name)) {
        FOUND("unknown");
        return CAPABILITY_PARTLY;
    }
    FOUND("%s", name);
    bool fast = !strcmp(name, "tsc") || !strcmp(name, "arch_sys_counter") || !strcmp(name, "kvm-clock") ||
                !strcmp(name, "hyperv_clocksource_tsc_page");
    return fast ? CAPABILITY_YES : CAPABILITY_PARTLY;
}

static enum capability_state look_governor(const char *root, char found[160])
{
    char name[64];
    if (!read_text(root, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", name, sizeof name)) {
        FOUND("no cpufreq (a virtual machine hides it)");
        return CAPABILITY_PARTLY;
    }
    FOUND("%s", name);
    return strcmp(name, "performance") == 0 ? CAPABILITY_YES : CAPABILITY_PARTLY;
}

static enum capability_state look_bare_metal(const char *root, char found[160])
{
    struct str facts = STR_INIT;
    host_facts(root, &facts, NULL);
    const char *at = strstr(facts.at, "\"virtualisation\":\"");
    at = at ? at + strlen("\"virtualisation\":\"") : "unknown";
    FOUND("%.*s", (int)strcspn(at, "\""), at);
    bool none = strncmp(at, "none", 4) == 0;
    str_release(&facts);
    return none ? CAPABILITY_YES : CAPABILITY_PARTLY;
}

static enum capability_state look_psi(const char *root, char found[160])
{
    char text[256];
    bool ok = read_text(root, "/proc/pressure/cpu", text, sizeof text) && strncmp(text, "some", 4) == 0;
    FOUND("%s", ok ? "/proc/pressure/cpu" : "none (kernel option CONFIG_PSI, or booted with psi=0)");
    return ok ? CAPABILITY_YES : CAPABILITY_NO;
}

static enum capability_state look_cgroup(const char *root, char found[160])
{
    double limit = host_cgroup_limit(root);
    if (limit <= 0) {
        FOUND("no CPU limit");
        return CAPABILITY_YES;
    }
    FOUND("limited to %.2f cores", limit);
    return CAPABILITY_PARTLY;
}

static enum capability_state look_children(const char *root, char found[160])
{
    char path[64];
    if (root[0])
        snprintf(path, sizeof path, "/proc/self/task/1/children");
    else
        snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    bool ok = read_exists(root, path);
    FOUND("%s", ok ? "/proc/PID/task/TID/children" : "none (kernel option CONFIG_PROC_CHILDREN)");
    return ok ? CAPABILITY_YES : CAPABILITY_NO;
}

static enum capability_state look_retransmits(const char *root, char found[160])
{
    char text[8192];
    bool ok = read_text(root, "/proc/net/snmp", text, sizeof text) && strstr(text, "RetransSegs");
    FOUND("%s", ok ? "/proc/net/snmp" : "none");
    return ok ? CAPABILITY_YES : CAPABILITY_NO;
}

static enum capability_state look_swap(const char *root, char found[160])
{
    char text[8192], total[64];
    if (!read_text(root, "/proc/meminfo", text, sizeof text) || !read_field(text, "SwapTotal", total, sizeof total)) {
        FOUND("unknown");
        return CAPABILITY_PARTLY;
    }
    bool none = strtoll(total, NULL, 10) == 0;
    FOUND("%s%s", none ? "no swap" : "swap of ", none ? "" : total);
    return none ? CAPABILITY_YES : CAPABILITY_PARTLY;
}

static enum capability_state look_rapl(const char *root, char found[160])
{
    static const char path[] = "/sys/class/powercap/intel-rapl:0/energy_uj";
    if (!read_exists(root, path)) {
        FOUND("no /sys/class/powercap/intel-rapl:0");
        return CAPABILITY_NO;
    }
    bool ok = read_int(root, path, -1) >= 0;
    FOUND("%s", ok ? "readable" : "there, but only root may read it");
    return ok ? CAPABILITY_YES : CAPABILITY_PARTLY;
}

static enum capability_state look_nvml(const char *root, char found[160])
{
    (void)root;
    void *lib = dlopen("libnvidia-ml.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (!lib) {
        FOUND("libnvidia-ml.so.1 is not there");
        return CAPABILITY_NO;
    }
    int (*init)(void), (*count)(unsigned *), (*shutdown)(void);
    unsigned n = 0;
    /* POSIX lets a void pointer of dlsym be used as a function; ISO C has no way to say so but copying it. */
    void *sym[] = {dlsym(lib, "nvmlInit_v2"), dlsym(lib, "nvmlDeviceGetCount_v2"), dlsym(lib, "nvmlShutdown")};
    memcpy(&init, &sym[0], sizeof init);
    memcpy(&count, &sym[1], sizeof count);
    memcpy(&shutdown, &sym[2], sizeof shutdown);
    if (init && count && shutdown && init() == 0) {
        if (count(&n) != 0)
            n = 0;
        shutdown();
    }
    dlclose(lib);
    FOUND("%u GPU%s", n, n == 1 ? "" : "s");
    return n ? CAPABILITY_YES : CAPABILITY_NO;
}

static enum capability_state look_perf(const char *root, char found[160])
{
    int64_t level = read_int(root, "/proc/sys/kernel/perf_event_paranoid", 100);
    if (level == 100) {
        FOUND("no perf_event_open in this kernel");
        return CAPABILITY_NO;
    }
    bool hardware = read_exists(root, "/sys/bus/event_source/devices/cpu/caps/pmu_name") ||
                    read_exists(root, "/sys/bus/event_source/devices/cpu/type");
    FOUND("perf_event_paranoid %lld, %s counters", (long long)level, hardware ? "hardware and software" : "software");
    return hardware && level <= 2 ? CAPABILITY_YES : CAPABILITY_PARTLY;
}

static enum capability_state look_files(const char *root, char found[160])
{
    struct rlimit r = {0};
    (void)root;
    getrlimit(RLIMIT_NOFILE, &r);
    FOUND("%llu open files, at most %llu", (unsigned long long)r.rlim_cur, (unsigned long long)r.rlim_max);
    return r.rlim_max >= 16384 ? CAPABILITY_YES : CAPABILITY_PARTLY;
}

static const struct {
    const char *id, *what;
    look_fn *look;
    bool real_only; /* left out under another root */
    const char *cost;
} rows[] = {
    {"cores", "cores", look_cores, false,
     "With fewer than four cores the servers and the load generator share them, and a pair of servers gets one thread each."},
    {"timer", "high-resolution timers", look_timer, true,
     "Requests leave later than planned; the send lag of each run says by how much."},
    {"clocksource", "fast clock", look_clocksource, false,
     "Reading the clock is a system call of about a microsecond, which every chunk pays."},
    {"governor", "CPU governor", look_governor, false,
     "The clock rate may change between runs unseen; compare runs of one block only, or set the governor to performance."},
    {"bare-metal", "bare metal", look_bare_metal, false,
     "Neighbours on the same machine take time (steal); runs above 1 % of it are marked."},
    {"cgroup", "whole cores", look_cgroup, false,
     "A CPU quota stops all threads for the rest of a period, which looks like a server's pause of tens of milliseconds."},
    {"psi", "pressure stall information", look_psi, false,
     "Waiting for a CPU cannot be told from working: its share in each run stays empty."},
    {"children", "list of child processes", look_children, false,
     "CPU and memory of a server's helper processes (Ollama's runner) are not counted."},
    {"retransmits", "TCP retransmission counter", look_retransmits, false,
     "A lost packet cannot be told from a slow server."},
    {"swap", "memory without swap", look_swap, false,
     "A model that is swapped out makes the first tokens of a run slow for no reason of its own."},
    {"rapl", "CPU energy counter (RAPL)", look_rapl, false, "No energy of the CPU: joules per token stay empty."},
    {"nvml", "GPU telemetry (NVML)", look_nvml, true, "No GPU energy, clock or memory: those columns stay empty."},
    {"perf", "performance counters", look_perf, false,
     "No cycles or cache misses; nothing that Chimera reports needs them today."},
    {"files", "open files", look_files, true, "A load of more streams than open files fails to connect."},
};

size_t capability_read(const char *root, struct capability out[CAPABILITY_MAX])
{
    size_t n = 0;
    _Static_assert(sizeof rows / sizeof *rows <= CAPABILITY_MAX, "raise CAPABILITY_MAX");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].real_only && root[0])
            continue;
        struct capability *c = &out[n++];
        *c = (struct capability){.id = rows[i].id, .what = rows[i].what, .cost = rows[i].cost};
        c->state = rows[i].look(root, c->found);
    }
    return n;
}

const char *capability_word(enum capability_state s)
{
    return s == CAPABILITY_YES ? "yes" : s == CAPABILITY_PARTLY ? "partly" : "no";
}
