/* limits.c: see limits.h. */
#include "load/limits.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>

#include "net/client.h"

static const char range_file[] = "/proc/sys/net/ipv4/ip_local_port_range";

void limits_of_host(struct limits_host *h)
{
    struct rlimit r = {0};
    long from = 32768, to = 60999; /* Linux's own, where the file cannot be read */
    FILE *f = fopen(range_file, "r");
    if (f) {
        long a, b;
        if (fscanf(f, "%ld %ld", &a, &b) == 2 && a > 0 && a <= b && b <= 65535) {
            from = a;
            to = b;
        }
        fclose(f);
    }
    getrlimit(RLIMIT_NOFILE, &r);
    *h = (struct limits_host){.descriptors = r.rlim_cur > INT64_MAX ? INT64_MAX : (int64_t)r.rlim_cur,
                              .most_descriptors = r.rlim_max > INT64_MAX ? INT64_MAX : (int64_t)r.rlim_max,
                              .ports = to - from + 1};
}

static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int plan_ports(const struct limits_host *h, const struct limits_need *need, struct limits_plan *out,
                      struct err *e)
{
    int64_t each = h->ports > LIMITS_PORTS_LEFT ? h->ports - LIMITS_PORTS_LEFT : 0;
    int64_t most = need->loopback ? CLIENT_SOURCES * each : each;
    int64_t wanted = lesser(need->at_most, most);
    if (need->connections > most)
        return err_set(
            e, ERR_REFUSED,
            "%lld connections to one address need as many local ports, and %lld are to be had (%s has %lld, %d "
            "are left to others): fewer at once, or a wider range with "
            "`sysctl net.ipv4.ip_local_port_range=\"1024 65535\"`",
            (long long)need->connections, (long long)most, range_file, (long long)h->ports, LIMITS_PORTS_LEFT);
    out->sources = need->loopback && each ? (int)((wanted + each - 1) / each) : 1;
    out->sources = out->sources > 1 ? out->sources : 1;
    return 0;
}

int limits_plan(const struct limits_host *h, const struct limits_need *need, struct limits_plan *out, struct err *e)
{
    int64_t least = need->connections + LIMITS_OTHER_DESCRIPTORS, most = need->at_most + LIMITS_OTHER_DESCRIPTORS;
    if (least > h->most_descriptors)
        return err_set(e, ERR_REFUSED,
                       "%lld connections need %lld file descriptors, and this process may have %lld: fewer at once, or "
                       "`ulimit -n %lld` first, in a shell that is allowed to",
                       (long long)need->connections, (long long)least, (long long)h->most_descriptors,
                       (long long)least);
    most = lesser(most, h->most_descriptors);
    out->descriptors = h->descriptors > most ? h->descriptors : most;
    return plan_ports(h, need, out, e);
}

int limits_raise(const struct limits_plan *p, struct err *e)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r))
        return err_sys(e, ERR_IO, errno, "cannot read the limit of file descriptors");
    if (r.rlim_cur >= (rlim_t)p->descriptors)
        return 0;
    r.rlim_cur = (rlim_t)p->descriptors;
    return setrlimit(RLIMIT_NOFILE, &r)
               ? err_sys(e, ERR_IO, errno, "cannot raise the limit of file descriptors to %lld",
                         (long long)p->descriptors)
               : 0;
}
