/* host.c: see host.h. */
#include "probe/host.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hash.h"
#include "probe/read.h"

enum { CPUINFO_BYTES = 1 << 20, SMALL = 256 };

/* ---- cores ---------------------------------------------------------------------------------------------------------- */

struct cpus {
    char model[128], microcode[32], mhz[32];
    int logical, physical; /* physical: distinct (package, core) pairs; 0 unknown */
    bool hypervisor;
};

static bool pair_seen(long (*pairs)[2], int n, long package, long core)
{
    for (int i = 0; i < n; i++)
        if (pairs[i][0] == package && pairs[i][1] == core)
            return true;
    return false;
}

static int count_physical(const char *text, int logical)
{
    long(*pairs)[2] = xcalloc((size_t)logical + 1, sizeof *pairs);
    int n = 0;
    char v[SMALL];
    for (const char *p = strstr(text, "processor"); p && n < logical; p = strstr(p + 1, "\nprocessor")) {
        const char *one = *p == '\n' ? p + 1 : p;
        const char *end = strstr(one, "\n\n");
        char *part = xcalloc(1, (end ? (size_t)(end - one) : strlen(one)) + 1);
        memcpy(part, one, end ? (size_t)(end - one) : strlen(one));
        long package = read_field(part, "physical id", v, sizeof v) ? strtol(v, NULL, 10) : -1;
        long core = read_field(part, "core id", v, sizeof v) ? strtol(v, NULL, 10) : -1;
        free(part);
        if (package < 0 || core < 0) {
            n = 0;
            break;
        }
        if (!pair_seen(pairs, n, package, core)) {
            pairs[n][0] = package;
            pairs[n++][1] = core;
        }
    }
    free(pairs);
    return n;
}

static void read_cpus(const char *root, struct cpus *c)
{
    char *text = xcalloc(1, CPUINFO_BYTES), flags[4096];
    *c = (struct cpus){0};
    read_text(root, "/proc/cpuinfo", text, CPUINFO_BYTES);
    for (const char *p = text; (p = strstr(p, "processor")); p += 9)
        if (p == text || p[-1] == '\n')
            c->logical++;
    if (!read_field(text, "model name", c->model, sizeof c->model) && /* x86 */
        !read_field(text, "Model", c->model, sizeof c->model))        /* arm64 boards */
        read_field(text, "CPU part", c->model, sizeof c->model);      /* arm64 servers */
    read_field(text, "microcode", c->microcode, sizeof c->microcode);
    read_field(text, "cpu MHz", c->mhz, sizeof c->mhz);
    if (read_field(text, "flags", flags, sizeof flags))
        c->hypervisor = strstr(flags, " hypervisor") != NULL;
    c->physical = count_physical(text, c->logical);
    free(text);
}

/* "max 100000" or "150000 100000" of cgroup v2; 0: no limit. */
static double limit_v2(const char *root, const char *dir)
{
    char text[SMALL], path[1024];
    long long quota, period;
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", dir);
    if (!read_text(root, path, text, sizeof text) || sscanf(text, "%lld %lld", &quota, &period) != 2 || period <= 0)
        return 0;
    return (double)quota / (double)period;
}

static double limit_v1(const char *root)
{
    int64_t quota = read_int(root, "/sys/fs/cgroup/cpu/cpu.cfs_quota_us", -1);
    int64_t period = read_int(root, "/sys/fs/cgroup/cpu/cpu.cfs_period_us", -1);
    return quota > 0 && period > 0 ? (double)quota / (double)period : 0;
}

double host_cgroup_limit(const char *root)
{
    char text[4096], dir[512];
    double best = 0;
    read_text(root, "/proc/self/cgroup", text, sizeof text);
    const char *line = strstr(text, "0::/");
    if (line)
        snprintf(dir, sizeof dir, "%.*s", (int)strcspn(line + 3, "\n"), line + 3);
    for (bool more = line != NULL; more;) { /* "/a/b", "/a", "" */
        double one = limit_v2(root, dir);
        if (one > 0 && (best <= 0 || one < best))
            best = one;
        char *slash = strrchr(dir, '/');
        more = slash != NULL;
        if (slash)
            *slash = 0;
    }
    return best > 0 ? best : limit_v1(root);
}

int host_cores(const char *root)
{
    int n = 0;
    cpu_set_t set;
    if (!root[0] && sched_getaffinity(0, sizeof set, &set) == 0)
        n = CPU_COUNT(&set);
    if (n <= 0) {
        struct cpus c;
        read_cpus(root, &c);
        n = c.logical;
    }
    double limit = host_cgroup_limit(root);
    if (limit > 0 && limit < n)
        n = (int)floor(limit + 1e-9);
    return n > 0 ? n : 1;
}

/* ---- facts ---------------------------------------------------------------------------------------------------------- */

static int64_t meminfo(const char *text, const char *key)
{
    char v[SMALL];
    return read_field(text, key, v, sizeof v) ? strtoll(v, NULL, 10) * 1024 : -1;
}

/* What runs us: "none", "vm", or "vm: <product>". */
static void virtualisation(const char *root, const struct cpus *c, char *out, size_t cap)
{
    char type[64], product[96];
    bool xen = read_text(root, "/sys/hypervisor/type", type, sizeof type);
    bool named = read_text(root, "/sys/class/dmi/id/product_name", product, sizeof product);
    if (!c->hypervisor && !xen)
        snprintf(out, cap, "none");
    else
        snprintf(out, cap, "vm%s%s", named || xen ? ": " : "", named ? product : xen ? type : "");
}

static const char *container(const char *root)
{
    if (read_exists(root, "/.dockerenv"))
        return "docker";
    if (read_exists(root, "/run/.containerenv"))
        return "podman";
    return read_exists(root, "/var/run/secrets/kubernetes.io") ? "kubernetes" : "none";
}

static void hostname_hash(const char *root, char hex[SHA256_HEX])
{
    char name[SMALL];
    hex[0] = 0;
    if (read_text(root, "/proc/sys/kernel/hostname", name, sizeof name))
        sha256_hex(name, strlen(name), hex);
}

static int numa_nodes(const char *root)
{
    char path[64];
    int n = 0;
    for (; n < 256; n++) {
        snprintf(path, sizeof path, "/sys/devices/system/node/node%d", n);
        if (!read_exists(root, path))
            break;
    }
    return n ? n : -1;
}

static void put_stable(const char *root, struct str *out)
{
    char mem[8192], kernel[SMALL], source[64], governor[64], virt[192], hex[SHA256_HEX];
    const int64_t round = 64LL << 20;
    struct cpus c;
    struct utsname u;
    read_cpus(root, &c);
    read_text(root, "/proc/meminfo", mem, sizeof mem);
    read_text(root, "/proc/sys/kernel/osrelease", kernel, sizeof kernel);
    read_text(root, "/sys/devices/system/clocksource/clocksource0/current_clocksource", source, sizeof source);
    read_text(root, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", governor, sizeof governor);
    virtualisation(root, &c, virt, sizeof virt);
    hostname_hash(root, hex);
    int64_t total = meminfo(mem, "MemTotal"), smt = read_int(root, "/sys/devices/system/cpu/smt/active", -1);
    double limit = host_cgroup_limit(root);
    str_addc(out, '{');
    put_text(out, "arch", uname(&u) == 0 ? u.machine : NULL);
    put_real(out, "cgroup_cpu_limit", limit > 0 ? limit : NAN);
    put_text(out, "clocksource", source);
    put_text(out, "container", container(root));
    put_int(out, "cores", c.logical ? c.logical : -1);
    put_int(out, "cores_physical", c.physical ? c.physical : -1);
    put_text(out, "cpu", c.model);
    put_text(out, "cpu_microcode", c.microcode);
    put_text(out, "governor", governor);
    put_text(out, "hostname_sha256", hex);
    put_text(out, "kernel", kernel);
    /* The kernel keeps a little more or less for itself from boot to boot; that is no other host. */
    put_int(out, "memory_bytes", total < 0 ? -1 : (total + round / 2) / round * round);
    put_int(out, "numa_nodes", numa_nodes(root));
    put_int(out, "page_bytes", sysconf(_SC_PAGESIZE));
    put_int(out, "smt", smt);
    put_text(out, "virtualisation", virt);
    str_addc(out, '}');
}

static void put_momentary(const char *root, struct str *out)
{
    char mem[8192], text[SMALL], boot[64];
    double l1 = NAN, l5 = NAN, l15 = NAN, up = NAN, mhz = NAN;
    long long running = -1;
    struct cpus c;
    read_cpus(root, &c);
    read_text(root, "/proc/meminfo", mem, sizeof mem);
    read_text(root, "/proc/sys/kernel/random/boot_id", boot, sizeof boot);
    if (read_text(root, "/proc/loadavg", text, sizeof text))
        (void)sscanf(text, "%lf %lf %lf %lld/", &l1, &l5, &l15, &running);
    if (read_text(root, "/proc/uptime", text, sizeof text))
        (void)sscanf(text, "%lf", &up);
    int64_t khz = read_int(root, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq", -1);
    if (khz > 0)
        mhz = (double)khz / 1e3;
    else if (c.mhz[0])
        mhz = strtod(c.mhz, NULL);
    int64_t swap_total = meminfo(mem, "SwapTotal"), swap_free = meminfo(mem, "SwapFree");
    str_addc(out, '{');
    put_text(out, "boot_id", boot);
    put_real(out, "cpu_mhz", mhz);
    put_real(out, "load_1", l1);
    put_real(out, "load_15", l15);
    put_real(out, "load_5", l5);
    put_int(out, "memory_available_bytes", meminfo(mem, "MemAvailable"));
    put_int(out, "processes_running", running);
    put_int(out, "swap_used_bytes", swap_total < 0 || swap_free < 0 ? -1 : swap_total - swap_free);
    put_real(out, "uptime_s", up);
    str_addc(out, '}');
}

void host_facts(const char *root, struct str *stable, struct str *momentary)
{
    if (stable)
        put_stable(root, stable);
    if (momentary)
        put_momentary(root, momentary);
}
