/* sampler.c: see sampler.h. What this process uses comes from getrusage, because /proc counts its CPU time in ticks of
 * 10 ms and its context switches per thread. */
#include "probe/sampler.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "probe/nvml.h"
#include "probe/rapl.h"
#include "probe/read.h"
#include "probe/tree.h"

static const mono_ns default_every_ns = 200 * NS_PER_MS, least_every_ns = 100 * NS_PER_MS, rescan_ns = NS_PER_S;
enum { READ_BYTES = 4096 };

/* Everything that is read at once; -1 and NaN: could not be. Ticks are those of /proc/stat. */
struct counters {
    int64_t busy_ticks, steal_ticks, total_ticks;
    int64_t psi_us, retransmits;
    double self_cpu_s;
    int64_t self_rss_bytes, ctx_voluntary, ctx_involuntary;
};

struct sampler {
    struct sampler_spec spec;
    struct rapl rapl;
    struct nvml *nvml;  /* owned; NULL: no GPU */
    struct tree *trees; /* owned; one per server of the spec */
    int stat_fd, psi_fd, snmp_fd, statm_fd;
    long ticks_per_s, page_bytes;
    struct counters start, last;
    mono_ns started_ns, next_ns, next_scan_ns;
    int64_t samples, cost_ns;
    struct str text; /* of the sample being written */
};

/* ---- reading -------------------------------------------------------------------------------------------------------- */

static int open_below(const char *root, const char *path)
{
    struct str full = STR_INIT;
    str_addf(&full, "%s%s", root, path);
    int fd = open(full.at, O_RDONLY | O_CLOEXEC);
    str_release(&full);
    return fd;
}

static bool reread(int fd, char *out, size_t cap)
{
    ssize_t n = fd < 0 ? -1 : pread(fd, out, cap - 1, 0);
    out[n > 0 ? n : 0] = 0;
    return n > 0;
}

static void read_stat(struct sampler *s, struct counters *c)
{
    char text[256]; /* the first line */
    struct cpu_ticks t = {-1, -1, -1};
    if (reread(s->stat_fd, text, sizeof text))
        read_cpu_ticks(text, &t);
    c->busy_ticks = t.busy;
    c->steal_ticks = t.steal;
    c->total_ticks = t.total;
}

static void read_psi(struct sampler *s, struct counters *c)
{
    char text[256];
    const char *total = reread(s->psi_fd, text, sizeof text) && strncmp(text, "some", 4) == 0 ? strstr(text, "total=")
                                                                                              : NULL;
    c->psi_us = total ? strtoll(total + 6, NULL, 10) : -1;
}

/* Two lines begin with "Tcp:": the names, then the values. */
static void read_snmp(struct sampler *s, struct counters *c)
{
    char text[READ_BYTES];
    c->retransmits = -1;
    char *names = reread(s->snmp_fd, text, sizeof text) ? strstr(text, "Tcp: ") : NULL;
    char *values = names ? strstr(names + 5, "\nTcp: ") : NULL;
    const char *at = names ? strstr(names, "RetransSegs") : NULL;
    if (!values || !at || at > values)
        return;
    int column = 0;
    for (const char *p = names + 5; p < at; p++)
        column += *p == ' ';
    char *p = values + 6;
    for (int i = 0; i < column; i++)
        strtoll(p, &p, 10);
    c->retransmits = strtoll(p, NULL, 10);
}

static void read_self(struct sampler *s, struct counters *c)
{
    struct rusage u = {0};
    char text[128];
    getrusage(RUSAGE_SELF, &u);
    c->self_cpu_s = (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
                    ((double)u.ru_utime.tv_usec + (double)u.ru_stime.tv_usec) / 1e6;
    c->ctx_voluntary = u.ru_nvcsw;
    c->ctx_involuntary = u.ru_nivcsw;
    char *p = text;
    c->self_rss_bytes = -1;
    if (reread(s->statm_fd, text, sizeof text)) {
        strtoll(p, &p, 10);
        c->self_rss_bytes = strtoll(p, NULL, 10) * s->page_bytes;
    }
}

static void read_all(struct sampler *s, struct counters *c, mono_ns now)
{
    read_stat(s, c);
    read_psi(s, c);
    read_snmp(s, c);
    read_self(s, c);
    rapl_read(&s->rapl);
    bool scan = now >= s->next_scan_ns;
    if (scan)
        s->next_scan_ns = now + rescan_ns;
    for (size_t i = 0; i < s->spec.n_servers; i++) {
        if (scan)
            tree_scan(&s->trees[i]);
        tree_read(&s->trees[i]);
    }
}

/* ---- a sample -------------------------------------------------------------------------------------------------------- */

static double since(int64_t now, int64_t start, double unit)
{
    return now < 0 || start < 0 ? NAN : (double)(now - start) / unit;
}

static void put_servers(struct sampler *s, struct str *out)
{
    put_key(out, "servers");
    str_addc(out, '[');
    for (size_t i = 0, n = 0; i < s->spec.n_servers; i++) {
        const struct tree *t = &s->trees[i];
        if (!t->pid)
            continue;
        if (n++)
            str_addc(out, ',');
        str_addc(out, '{');
        put_real(out, "cpu_s", t->n ? (double)tree_ticks(t) / (double)s->ticks_per_s : NAN);
        put_text(out, "name", s->spec.servers[i].name);
        put_int(out, "processes", (int64_t)t->n);
        put_int(out, "rss_bytes", t->n ? tree_rss_pages(t) * s->page_bytes : -1);
        str_addc(out, '}');
    }
    str_addc(out, ']');
}

static void write_sample(struct sampler *s)
{
    const struct counters *c = &s->last, *z = &s->start;
    double hz = (double)s->ticks_per_s;
    struct str *out = &s->text;
    str_clear(out);
    str_addc(out, '{');
    put_real(out, "client_cpu_s", c->self_cpu_s - z->self_cpu_s);
    put_int(out, "client_rss_bytes", c->self_rss_bytes);
    put_real(out, "cpu_busy_s", since(c->busy_ticks, z->busy_ticks, hz));
    put_real(out, "cpu_steal_s", since(c->steal_ticks, z->steal_ticks, hz));
    put_real(out, "cpu_total_s", since(c->total_ticks, z->total_ticks, hz));
    put_int(out, "ctx_involuntary", c->ctx_involuntary - z->ctx_involuntary);
    put_int(out, "ctx_voluntary", c->ctx_voluntary - z->ctx_voluntary);
    rapl_put(&s->rapl, out);
    if (s->nvml)
        nvml_put(s->nvml, out);
    put_real(out, "psi_cpu_s", since(c->psi_us, z->psi_us, 1e6));
    put_real(out, "retransmits", since(c->retransmits, z->retransmits, 1));
    put_servers(s, out);
    str_addc(out, '}');
}

static int64_t thread_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void take(struct sampler *s, mono_ns now, bool first)
{
    int64_t t0 = thread_cpu_ns();
    read_all(s, &s->last, now);
    if (first) {
        s->start = s->last;
        rapl_zero(&s->rapl);
        if (s->nvml)
            nvml_zero(s->nvml);
        for (size_t i = 0; i < s->spec.n_servers; i++)
            tree_zero(&s->trees[i]);
    }
    s->samples++;
    if (s->spec.emit) {
        write_sample(s);
        s->spec.emit(s->spec.user, now, s->text.at, s->text.len);
    }
    s->cost_ns += thread_cpu_ns() - t0;
}

/* ---- life ------------------------------------------------------------------------------------------------------------ */

int sampler_new(struct sampler **out, const struct sampler_spec *spec, struct err *e)
{
    *out = NULL;
    if (spec->n_servers > 1024)
        return err_set(e, ERR_LIMIT, "the sampler watches at most 1024 servers");
    struct sampler *s = xcalloc(1, sizeof *s);
    s->spec = *spec;
    if (!s->spec.root)
        s->spec.root = "";
    if (s->spec.every_ns <= 0)
        s->spec.every_ns = default_every_ns;
    if (s->spec.every_ns < least_every_ns)
        s->spec.every_ns = least_every_ns;
    s->stat_fd = open_below(s->spec.root, "/proc/stat");
    s->psi_fd = open_below(s->spec.root, "/proc/pressure/cpu");
    s->snmp_fd = open_below(s->spec.root, "/proc/net/snmp");
    s->statm_fd = open_below(s->spec.root, "/proc/self/statm");
    rapl_open(&s->rapl, s->spec.root);
    s->nvml = s->spec.root[0] ? NULL : nvml_open();
    s->ticks_per_s = sysconf(_SC_CLK_TCK);
    s->page_bytes = sysconf(_SC_PAGESIZE);
    s->trees = xcalloc(spec->n_servers + 1, sizeof *s->trees);
    for (size_t i = 0; i < spec->n_servers; i++)
        tree_init(&s->trees[i], s->spec.root, spec->servers[i].pid);
    str_reserve(&s->text, 1024);
    *out = s;
    return 0;
}

void sampler_free(struct sampler *s)
{
    if (!s)
        return;
    const int fds[] = {s->stat_fd, s->psi_fd, s->snmp_fd, s->statm_fd};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    for (size_t i = 0; i < s->spec.n_servers; i++)
        tree_release(&s->trees[i]);
    free(s->trees);
    rapl_close(&s->rapl);
    nvml_close(s->nvml);
    str_release(&s->text);
    free(s);
}

void sampler_start(struct sampler *s, mono_ns now)
{
    s->samples = s->cost_ns = 0;
    s->started_ns = now;
    s->next_scan_ns = now;
    s->next_ns = now + s->spec.every_ns;
    take(s, now, true);
}

bool sampler_tick(struct sampler *s, mono_ns now)
{
    if (now < s->next_ns)
        return false;
    take(s, now, false);
    while (s->next_ns <= now) /* an absolute schedule: a late tick does not shift those after it */
        s->next_ns += s->spec.every_ns;
    return true;
}

void sampler_stop(struct sampler *s, mono_ns now, struct health *h)
{
    struct rusage u = {0};
    take(s, now, false);
    const struct counters *c = &s->last, *z = &s->start;
    double total = since(c->total_ticks, z->total_ticks, 1), wall_us = (double)(now - s->started_ns) / 1e3;
    h->steal = total > 0 ? since(c->steal_ticks, z->steal_ticks, total) : NAN;
    h->host_busy = total > 0 ? since(c->busy_ticks, z->busy_ticks, total) : NAN;
    h->psi_cpu_some = wall_us > 0 ? since(c->psi_us, z->psi_us, wall_us) : NAN;
    h->ctx_voluntary = c->ctx_voluntary - z->ctx_voluntary;
    h->ctx_involuntary = c->ctx_involuntary - z->ctx_involuntary;
    h->client_cpu_s = c->self_cpu_s - z->self_cpu_s;
    h->client_rss_bytes = getrusage(RUSAGE_SELF, &u) == 0 ? (int64_t)u.ru_maxrss * 1024 : -1;
    h->samples = s->samples;
}

bool sampler_server_use(const struct sampler *s, size_t i, double *cpu_s, int64_t *rss_bytes)
{
    if (i >= s->spec.n_servers || !s->trees[i].n)
        return false;
    *cpu_s = (double)tree_ticks(&s->trees[i]) / (double)s->ticks_per_s;
    *rss_bytes = tree_rss_pages(&s->trees[i]) * s->page_bytes;
    return true;
}

int64_t sampler_cost_ns(const struct sampler *s)
{
    return s->cost_ns;
}
